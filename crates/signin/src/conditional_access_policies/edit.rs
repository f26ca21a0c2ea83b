//! A change of a policy as its body says it: what of the body counts, and how it goes over what is there.

use portcullis_model::Timestamp;
use portcullis_model::document::{Document, is_annotation, read_json, shown};
use portcullis_model::id::PolicyId;
use serde_json::Value;

use super::refusal::PolicyRefusal;

/// What the server says of a policy, whatever a body says.
const CREATED: &str = "createdDateTime";
const MODIFIED: &str = "modifiedDateTime";

/// The members of a body, without what says nothing about the policy or is not the caller's to say.
pub(super) fn members(body: &[u8]) -> Result<Document, PolicyRefusal> {
    let mut members = match read_json(body)? {
        Value::Object(members) => members,
        other => {
            let found = shown(&other);
            return Err(PolicyRefusal::bad(format!(
                "`$`: found {found}, expected one object"
            )));
        }
    };
    members.retain(|name, _| !is_annotation(name) && name != CREATED && name != MODIFIED);
    Ok(members)
}

/// A new policy. Its id is ours.
pub(super) fn created(mut members: Document, id: PolicyId, now: Timestamp) -> Document {
    members.insert("id".to_owned(), Value::String(id.to_string()));
    members.insert(CREATED.to_owned(), Value::String(now.to_string()));
    members.insert(MODIFIED.to_owned(), Value::Null);
    members
}

/// A policy with the members of a body over its own (`OData` 4.01 part 1, 11.4.3): what is not mentioned stays, also inside
/// of objects; a list is replaced whole.
pub(super) fn updated(
    mut stored: Document,
    members: Document,
    id: PolicyId,
    now: Timestamp,
) -> Result<Document, PolicyRefusal> {
    if let Some(named) = members.get("id") {
        let is_same = named.as_str().and_then(|text| text.parse().ok()) == Some(id);
        if !is_same {
            return Err(PolicyRefusal::bad(format!(
                "`$.id`: found {}, expected the id of the address, or nothing there",
                shown(named)
            )));
        }
    }
    lay_over(&mut stored, members);
    stored.insert("id".to_owned(), Value::String(id.to_string()));
    stored.insert(MODIFIED.to_owned(), Value::String(now.to_string()));
    Ok(stored)
}

fn lay_over(stored: &mut Document, members: Document) {
    for (name, value) in members {
        match (stored.get_mut(&name), value) {
            (Some(Value::Object(inner)), Value::Object(more)) if !is_another_type(inner, &more) => {
                lay_over(inner, more);
            }
            (_, value) => {
                stored.insert(name, value);
            }
        }
    }
}

/// Whether an object of another type takes the place of one: then nothing of the old one means anything.
fn is_another_type(stored: &Document, members: &Document) -> bool {
    const TYPE: &str = "@odata.type";
    let wanted = members.get(TYPE);
    wanted.is_some() && wanted != stored.get(TYPE)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn document(value: &Value) -> Document {
        value.as_object().unwrap().clone()
    }

    #[test]
    fn what_is_not_mentioned_stays_and_lists_are_replaced() {
        let mut stored = document(&json!({
            "state": "enabled",
            "conditions": {"users": {"includeUsers": ["All"], "excludeUsers": ["a", "b"]}, "locations": null}
        }));
        let members = json!({
            "state": "disabled",
            "conditions": {"users": {"excludeUsers": ["c"]}, "locations": {"includeLocations": ["All"]}}
        });
        lay_over(&mut stored, document(&members));
        let expected = json!({
            "state": "disabled",
            "conditions": {
                "users": {"includeUsers": ["All"], "excludeUsers": ["c"]},
                "locations": {"includeLocations": ["All"]}
            }
        });
        assert_eq!(Value::Object(stored), expected);
    }

    #[test]
    fn an_object_of_another_type_takes_the_whole_place() {
        let mut stored =
            document(&json!({"externalTenants": {"@odata.type": "#some", "members": ["x"]}}));
        let members = json!({"externalTenants": {"@odata.type": "#all"}});
        lay_over(&mut stored, document(&members));
        assert_eq!(Value::Object(stored), members);
    }

    #[test]
    fn dates_and_annotations_of_a_body_say_nothing() {
        let body = r#"{"@odata.context": "x", "state": "enabled", "createdDateTime": "y", "modifiedDateTime": "z"}"#;
        assert_eq!(
            Value::Object(members(body.as_bytes()).unwrap()),
            json!({"state": "enabled"})
        );
        for wrong in ["[]", "", "{\"a\":1,\"a\":2}"] {
            assert_eq!(
                members(wrong.as_bytes()).unwrap_err().status(),
                400,
                "{wrong}"
            );
        }
    }

    #[test]
    fn a_policy_keeps_its_id() {
        let id: PolicyId = "c0c0c0c0-0006-4000-8000-000000000001".parse().unwrap();
        let other = document(&json!({"id": "c0c0c0c0-0006-4000-8000-000000000002"}));
        assert!(updated(Document::new(), other, id, Timestamp::UNIX_EPOCH).is_err());
        let same = document(&json!({"id": "C0C0C0C0-0006-4000-8000-000000000001"}));
        let kept = updated(Document::new(), same, id, Timestamp::UNIX_EPOCH).unwrap();
        assert_eq!(kept["id"], id.to_string());
        assert_eq!(kept["modifiedDateTime"], "1970-01-01T00:00:00Z");
    }
}
