//! Authentication contexts: names under which an application asks for more (Graph `authenticationContextClassReference`).

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::document::{
    Document, Findings, Members, Reason, Refusal, in_graph_spelling, shown, shown_text,
};
use crate::organization::check_name;

/// `c1` to `c99`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct AuthenticationContextId(u8);

impl TryFrom<String> for AuthenticationContextId {
    type Error = AuthenticationContextIdError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<AuthenticationContextId> for String {
    fn from(id: AuthenticationContextId) -> Self {
        id.to_string()
    }
}

/// A text that is no authentication context.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an authentication context (`c1` to `c99`)")]
pub struct AuthenticationContextIdError;

impl FromStr for AuthenticationContextId {
    type Err = AuthenticationContextIdError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let digits = text.strip_prefix('c').ok_or(AuthenticationContextIdError)?;
        let canonical = !digits.starts_with(['0', '+']) && digits.len() <= 2;
        match digits.parse() {
            Ok(number @ 1..=99) if canonical => Ok(Self(number)),
            Ok(_) | Err(_) => Err(AuthenticationContextIdError),
        }
    }
}

impl fmt::Display for AuthenticationContextId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "c{}", self.0)
    }
}

impl AuthenticationContextId {
    /// The number behind the `c`.
    pub const fn number(self) -> u8 {
        self.0
    }
}

/// Graph `authenticationContextClassReference`.
#[derive(Debug, Clone, PartialEq)]
pub struct AuthenticationContextClassReference {
    /// `c1` to `c99`.
    pub id: AuthenticationContextId,
    /// The name people see.
    pub display_name: String,
    /// Whether applications may ask for it.
    pub is_available: bool,
    /// The document as it was given, for export without loss.
    pub document: Document,
}

impl AuthenticationContextClassReference {
    /// The context a Graph document describes, with all that is wrong with it.
    pub fn from_document(document: Document) -> Result<Self, Refusal> {
        let mut findings = Findings::default();
        let document = in_graph_spelling(document, &mut findings);
        let root = Members::root(&document);
        let text = root.text("id", &mut findings).unwrap_or_default();
        let id = text.to_ascii_lowercase().parse().ok();
        if id.is_none() {
            let rule = Reason::Rule("CA-V08");
            findings.add("$.id", rule, shown_text(text), "`c1` to `c99`");
        }
        let display_name = root.text("displayName", &mut findings).unwrap_or_default();
        check_name(display_name, &mut findings);
        let is_available = match root.value("isAvailable") {
            None => false,
            Some(Value::Bool(flag)) => *flag,
            Some(other) => {
                let expected = "`true` or `false`";
                findings.add("$.isAvailable", Reason::Shape, shown(other), expected);
                false
            }
        };
        let display_name = display_name.to_owned();
        let context = id.map(|id| Self {
            id,
            display_name,
            is_available,
            document,
        });
        findings.into_result(context)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_c1_to_c99_are_contexts() {
        for text in ["c1", "c9", "c10", "c25", "c99"] {
            let id: AuthenticationContextId = text.parse().unwrap();
            assert_eq!(id.to_string(), text);
        }
        for text in [
            "", "c", "c0", "c01", "c100", "C1", "1", "c+1", "c-1", "c1 ", "urn:c1",
        ] {
            assert!(text.parse::<AuthenticationContextId>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_context_is_read_with_its_name_and_whether_it_is_published() {
        let read = |value: serde_json::Value| {
            let document = value.as_object().unwrap().clone();
            AuthenticationContextClassReference::from_document(document)
        };
        let context =
            read(json!({"id": "c7", "displayName": "Step up", "isAvailable": true})).unwrap();
        assert_eq!((context.id.number(), context.is_available), (7, true));
        let quiet = read(json!({"Id": "c7", "DisplayName": "Step up"})).unwrap();
        assert!(!quiet.is_available);
        for (value, path) in [
            (json!({"id": "c100", "displayName": "x"}), "$.id"),
            (json!({"displayName": "x"}), "$.id"),
            (json!({"id": "c1"}), "$.displayName"),
            (
                json!({"id": "c1", "displayName": "x", "isAvailable": "yes"}),
                "$.isAvailable",
            ),
        ] {
            assert_eq!(read(value).unwrap_err().findings[0].path, path);
        }
    }
}
