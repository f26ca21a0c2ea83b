//! Terms of use: what somebody accepts before they get in (Graph `agreement`).

use serde_json::Value;

use crate::document::{
    Document, Findings, Members, Reason, Refusal, WithoutId, in_graph_spelling, read_id, shown,
    with_id,
};
use crate::id::AgreementId;
use crate::organization::check_name;

/// Graph `agreement`.
#[derive(Debug, Clone, PartialEq)]
pub struct Agreement {
    /// The object id.
    pub id: AgreementId,
    /// The name people see.
    pub display_name: String,
    /// Whether each device accepts anew; B2B users cannot (specification 2.11).
    pub is_per_device_acceptance_required: bool,
    /// The document as it was given, for export without loss.
    pub document: Document,
}

impl Agreement {
    /// The agreement a Graph document describes, with all that is wrong with it.
    pub fn from_document(document: Document) -> Result<Self, Refusal> {
        let mut findings = Findings::default();
        let document = in_graph_spelling(document, &mut findings);
        let root = Members::root(&document);
        let name = root.text("displayName", &mut findings);
        check_name(name.unwrap_or_default(), &mut findings);
        let id = read_id(&root, WithoutId::Agreement, name, &mut findings);
        let is_per_device_acceptance_required = match root.value("isPerDeviceAcceptanceRequired") {
            None => false,
            Some(Value::Bool(flag)) => *flag,
            Some(other) => {
                let path = "$.isPerDeviceAcceptanceRequired";
                findings.add(path, Reason::Shape, shown(other), "`true` or `false`");
                false
            }
        };
        let display_name = name.unwrap_or_default().to_owned();
        let agreement = id.map(|id| Self {
            id,
            display_name,
            is_per_device_acceptance_required,
            document: with_id(document, id),
        });
        findings.into_result(agreement)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_agreement_is_read_and_a_broken_one_is_not() {
        let id = "11111111-1111-4111-8111-111111111111";
        let read = |value: Value| Agreement::from_document(value.as_object().unwrap().clone());
        let agreement =
            read(json!({"id": id, "displayName": "Terms", "isPerDeviceAcceptanceRequired": true}));
        assert!(agreement.unwrap().is_per_device_acceptance_required);
        let nameless = read(json!({"displayName": "Terms"})).unwrap();
        assert_eq!(
            nameless.id,
            read(json!({"displayName": "Terms"})).unwrap().id
        );
        assert_eq!(nameless.document["id"], nameless.id.to_string());
        for (value, path) in [
            (json!({"id": id}), "$.displayName"),
            (json!({"id": "ToU", "displayName": "Terms"}), "$.id"),
            (
                json!({"id": id, "displayName": "T", "isPerDeviceAcceptanceRequired": 1}),
                "$.isPerDeviceAcceptanceRequired",
            ),
        ] {
            assert_eq!(read(value).unwrap_err().findings[0].path, path);
        }
    }
}
