//! Turns a document into a typed object, with the JSON path of what does not fit.

use serde::de::DeserializeOwned;
use serde_json::Value;

use super::{Document, Findings, Reason, Refusal};

/// The typed object; null members are as good as absent ones, as Graph means them.
pub fn read_typed<T: DeserializeOwned>(document: Document) -> Result<T, Refusal> {
    let value = without_nulls(Value::Object(document));
    serde_path_to_error::deserialize(value).map_err(|error| {
        let path = match error.path().to_string().as_str() {
            "." => "$".to_owned(),
            path => format!("$.{path}"),
        };
        let message = error.inner().to_string();
        let mut findings = Findings::default();
        match message.split_once(", expected ") {
            Some((found, expected)) => findings.add(path, Reason::Shape, found, expected),
            None => match message.strip_prefix("missing field ") {
                Some(name) => {
                    findings.add(path, Reason::Missing, format!("no member {name}"), "one");
                }
                None => findings.add(path, Reason::Value, message, "a value that can be read"),
            },
        }
        Refusal {
            findings: findings.list,
        }
    })
}

fn without_nulls(value: Value) -> Value {
    match value {
        Value::Object(members) => Value::Object(
            members
                .into_iter()
                .filter(|(_, value)| !value.is_null())
                .map(|(name, value)| (name, without_nulls(value)))
                .collect(),
        ),
        Value::Array(list) => Value::Array(list.into_iter().map(without_nulls).collect()),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::user::User;

    fn refused(document: &Value) -> String {
        let document = document.as_object().unwrap().clone();
        read_typed::<User>(document).unwrap_err().to_string()
    }

    #[test]
    fn a_finding_names_path_found_and_expected() {
        let id = "11111111-1111-4111-8111-111111111111";
        assert_eq!(
            refused(
                &json!({"id": id, "userPrincipalName": "a@b", "displayName": "A", "otherMails": [1]})
            ),
            "`$.otherMails[0]`: the wrong kind of value: found invalid type: integer `1`, expected a string"
        );
        assert_eq!(
            refused(&json!({"id": id, "displayName": "A", "mail": null})),
            "`$`: something is missing: found no member `userPrincipalName`, expected one"
        );
        assert_eq!(
            refused(&json!({"id": "x", "userPrincipalName": "a@b", "displayName": "A"})),
            "`$.id`: the wrong kind of value: found invalid value: string \"x\", expected an object id (a GUID)"
        );
    }

    #[test]
    fn null_is_absent() {
        let document = json!({"id": "11111111-1111-4111-8111-111111111111", "userPrincipalName": "a@b",
            "displayName": "A", "otherMails": null, "mail": null, "jobTitle": null});
        let user: User = read_typed(document.as_object().unwrap().clone()).unwrap();
        assert!(user.other.is_empty());
    }
}
