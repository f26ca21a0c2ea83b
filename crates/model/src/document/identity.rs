//! Gives a document that came without an id one that depends on its name only, so that reading it twice gives the same object.

use serde_json::Value;
use uuid::Uuid;

use super::{Document, Findings, Members, Reason, shown_text};
use crate::id::Id;

/// The kinds of objects that may come without an id; each kind has ids of its own.
#[derive(Debug, Clone, Copy)]
pub(crate) enum WithoutId {
    Policy,
    NamedLocation,
    AuthenticationStrength,
    Agreement,
}

impl WithoutId {
    /// The namespace of the ids.
    const fn namespace(self) -> Uuid {
        Uuid::from_u128(match self {
            Self::Policy => 0x6f1d_51a2_9a3c_4c6e_8b57_2f0f_5d1e_77c4,
            Self::NamedLocation => 0x2c0a_7d54_3b1f_4e0d_a6c8_91e5_70f2_4b36,
            Self::AuthenticationStrength => 0xd85e_02c7_6f94_4a1b_b0d3_5c7e_18a9_f042,
            Self::Agreement => 0x417b_e9f0_c52d_4836_9e1a_a4d6_3b80_5f7c,
        })
    }
}

/// The object's id, given or made from its name.
pub(crate) fn read_id<K>(
    root: &Members<'_>,
    kind: WithoutId,
    display_name: Option<&str>,
    findings: &mut Findings,
) -> Option<Id<K>> {
    let Some(text) = root.text("id", findings) else {
        let is_absent = root.value("id").is_none_or(Value::is_string);
        let uuid = Uuid::new_v5(&kind.namespace(), display_name?.as_bytes());
        return is_absent.then(|| Id::new(uuid));
    };
    let id = text.parse().ok();
    if id.is_none() {
        findings.add(
            root.path_of("id"),
            Reason::NameForId,
            shown_text(text),
            "an object id (a GUID), or none at all",
        );
    }
    id
}

/// The document with its id in front.
pub(crate) fn with_id<K>(document: Document, id: Id<K>) -> Document {
    let given = document.get("id").and_then(Value::as_str);
    if given.is_some_and(|given| !given.is_empty()) {
        return document;
    }
    let mut with_id = Document::new();
    with_id.insert("id".into(), Value::String(id.to_string()));
    with_id.extend(document.into_iter().filter(|(name, _)| name != "id"));
    with_id
}
