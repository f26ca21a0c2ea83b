//! The invariants that a tenant has declared, with every name looked up.

use portcullis_model::document::Document;
use serde_json::Value;

use super::Version;
use crate::invariant::Invariant;
use crate::invariant::file::{InvariantEntry, InvariantError, InvariantFile};

/// The invariants of a tenant; none, if it declares none.
pub fn declared(version: Version<'_>) -> Result<Vec<Invariant>, InvariantError> {
    let Version { directory, tenant } = version;
    let declared = tenant.configuration().invariants.as_ref();
    let Some(declared) = declared.filter(|declared| !declared.is_empty()) else {
        return Ok(Vec::new());
    };
    read(&declared.document)?.resolve(directory, tenant)
}

/// The entries of a document that have a name, each with it.
pub(super) fn entries(document: &Document) -> impl Iterator<Item = (&str, &Value)> {
    let listed = document.get("invariants").and_then(Value::as_array);
    let entries = listed.into_iter().flatten();
    entries.filter_map(|entry| Some((entry.get("name")?.as_str()?, entry)))
}

/// A document as a file of invariants; what is wrong is told of the first invariant that is wrong.
fn read(document: &Document) -> Result<InvariantFile, InvariantError> {
    let listed = document.get("invariants").and_then(Value::as_array);
    for (at, entry) in listed.into_iter().flatten().enumerate() {
        if let Err(error) = serde_json::from_value::<InvariantEntry>(entry.clone()) {
            let name = entry.get("name").and_then(Value::as_str);
            return Err(InvariantError {
                name: name.map_or_else(|| format!("number {}", at + 1), str::to_owned),
                reason: error.to_string(),
            });
        }
    }
    serde_json::from_value(Value::Object(document.clone())).map_err(|error| InvariantError {
        name: "of the file".to_owned(),
        reason: error.to_string(),
    })
}
