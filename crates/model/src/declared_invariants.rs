//! What a tenant has declared must hold of every sign-in, kept as it was written; the analysis knows what it means.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::document::{Document, Findings, Reason, Refusal, shown};

/// The member that lists them.
const INVARIANTS: &str = "invariants";

/// One tenant's invariants: the content of a file of invariants (P).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct DeclaredInvariants {
    /// The document as it came.
    pub document: Document,
}

impl DeclaredInvariants {
    /// The invariants of a document that lists some, or none any more. What each says is not looked at.
    pub fn from_document(document: Document) -> Result<Self, Refusal> {
        let mut findings = Findings::default();
        let path = format!("$.{INVARIANTS}");
        match document.get(INVARIANTS) {
            Some(Value::Array(_)) => {}
            Some(other) => findings.add(path, Reason::Shape, shown(other), "a list of invariants"),
            None => findings.add(path, Reason::Missing, "nothing", "a list of invariants"),
        }
        findings.into_result(Some(Self { document }))
    }

    /// Whether nothing is declared.
    pub fn is_empty(&self) -> bool {
        let listed = self.document.get(INVARIANTS).and_then(Value::as_array);
        listed.is_none_or(Vec::is_empty)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(document: &Value) -> Result<DeclaredInvariants, Refusal> {
        DeclaredInvariants::from_document(document.as_object().unwrap().clone())
    }

    #[test]
    fn a_list_may_be_empty_and_must_be_there() {
        assert!(read(&json!({"invariants": []})).unwrap().is_empty());
        let one = read(&json!({"name": "kept", "invariants": [{"name": "x"}]})).unwrap();
        assert!(!one.is_empty() && one.document.contains_key("name"));
        for (wrong, reason) in [
            (json!({}), Reason::Missing),
            (json!({"invariants": {}}), Reason::Shape),
        ] {
            assert_eq!(read(&wrong).unwrap_err().findings[0].reason, reason);
        }
    }
}
