//! Custom security attributes of a service principal: what a filter for applications looks at (specification 7).

use std::collections::BTreeMap;

use serde_json::Value;

use super::ServicePrincipal;
use crate::conditional_access::filter::SecurityAttribute;
use crate::document::{Findings, Reason, is_annotation, shown};

/// Graph's name of the member.
const MEMBER: &str = "customSecurityAttributes";

impl ServicePrincipal {
    /// Its custom security attributes of type text; one with several values has them all.
    ///
    /// Numbers and booleans are not there: no filter can look at them. Whoever compiles policies asks once and keeps the
    /// answer.
    pub fn custom_security_attributes(&self) -> BTreeMap<SecurityAttribute, Vec<String>> {
        let sets = self.other.get(MEMBER).and_then(Value::as_object);
        let mut attributes = BTreeMap::new();
        for (set, values) in sets.into_iter().flatten() {
            for (name, value) in values.as_object().into_iter().flatten() {
                if !is_annotation(name) {
                    let texts = texts(value).unwrap_or_default();
                    if !texts.is_empty() {
                        attributes.insert(SecurityAttribute::new(set, name), texts);
                    }
                }
            }
        }
        attributes
    }

    /// What does not have Graph's shape would be no attribute at all to a filter, which may open a door.
    pub(super) fn check_attributes(&self, findings: &mut Findings) {
        let Some(sets) = self.other.get(MEMBER) else {
            return;
        };
        let path = format!("$.{MEMBER}");
        let Some(sets) = sets.as_object() else {
            let expected = "an object with a member for each attribute set";
            findings.add(path, Reason::Shape, shown(sets), expected);
            return;
        };
        for (set, values) in sets.iter().filter(|(set, _)| !is_annotation(set)) {
            let path = format!("{path}.{set}");
            let Some(values) = values.as_object() else {
                let expected = "an object with a member for each attribute";
                findings.add(path, Reason::Shape, shown(values), expected);
                continue;
            };
            for (name, value) in values.iter().filter(|(name, _)| !is_annotation(name)) {
                if texts(value).is_none() {
                    let expected = "a text, a list of texts, a number, or `true` or `false`";
                    findings.add(
                        format!("{path}.{name}"),
                        Reason::Shape,
                        shown(value),
                        expected,
                    );
                }
            }
        }
    }
}

/// The texts of a value, none for other types that Graph has; `None` for what Graph does not have.
fn texts(value: &Value) -> Option<Vec<String>> {
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) => Some(Vec::new()),
        Value::String(text) => Some(vec![text.clone()]),
        Value::Array(list) => list
            .iter()
            .filter(|one| !one.is_number())
            .map(|one| one.as_str().map(str::to_owned))
            .collect(),
        Value::Object(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn principal(attributes: &Value) -> Result<ServicePrincipal, crate::document::Refusal> {
        let document = json!({
            "id": "11111111-1111-4111-8111-111111111111",
            "appId": "22222222-2222-4222-8222-222222222222",
            "displayName": "Payroll",
            "customSecurityAttributes": attributes
        });
        ServicePrincipal::from_document(document.as_object().unwrap().clone())
    }

    #[test]
    fn attributes_of_texts_are_found_without_regard_to_case() {
        let principal = principal(&json!({
            "Engineering": {
                "@odata.type": "#microsoft.graph.customSecurityAttributeValue",
                "Project@odata.type": "#Collection(String)",
                "Project": ["Baker", "Cascade"],
                "CostCenter": "1001",
                "Certification": true,
                "Level": 4,
                "Empty": []
            },
            "Finance": {"project": "Ledger"}
        }))
        .unwrap();
        let attributes = principal.custom_security_attributes();
        assert_eq!(attributes.len(), 3);
        let of = |set, name| attributes[&SecurityAttribute::new(set, name)].clone();
        assert_eq!(of("ENGINEERING", "project"), ["Baker", "Cascade"]);
        assert_eq!(of("engineering", "costcenter"), ["1001"]);
        assert_eq!(of("Finance", "Project"), ["Ledger"]);
    }

    #[test]
    fn a_principal_without_attributes_has_none() {
        for attributes in [json!(null), json!({}), json!({"Engineering": {}})] {
            let principal = principal(&attributes).unwrap();
            assert!(principal.custom_security_attributes().is_empty());
        }
    }

    #[test]
    fn attributes_of_another_shape_are_refused() {
        for (attributes, path) in [
            (json!("x"), "$.customSecurityAttributes"),
            (json!({"A": ["x"]}), "$.customSecurityAttributes.A"),
            (json!({"A": {"B": {}}}), "$.customSecurityAttributes.A.B"),
            (
                json!({"A": {"B": ["x", []]}}),
                "$.customSecurityAttributes.A.B",
            ),
        ] {
            let findings = principal(&attributes).unwrap_err().findings;
            assert_eq!(findings[0].path, path);
            assert_eq!(findings[0].reason, Reason::Shape);
        }
    }
}
