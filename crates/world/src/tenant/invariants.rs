//! Reads the invariants of a tenant: YAML or JSON, as the command line takes them, kept as a document.

use portcullis_model::declared_invariants::DeclaredInvariants;
use portcullis_model::document::{Document, Findings, Reason, Refusal, read_json, shown};
use serde_json::Value;

use super::{Placed, TenantFiles, accept};
use crate::error::WorldFindings;

/// What the file may be called.
pub(super) const FILES: [&str; 2] = ["invariants.yaml", JSON_FILE];
const JSON_FILE: &str = "invariants.json";
/// Such a file is small; larger ones are made by mistake, or to be slow.
const SIZE_BYTES_MAX: usize = 1024 * 1024;

impl TenantFiles<'_> {
    pub(super) fn invariants(
        &self,
        findings: &mut WorldFindings,
    ) -> Option<Placed<DeclaredInvariants>> {
        let mut present = FILES
            .into_iter()
            .filter_map(|name| Some((name, self.files.get(name)?)));
        let (name, bytes) = present.next()?;
        if let Some((other, _)) = present.next() {
            let found = format!("beside `{name}`");
            let expected = "one file of invariants";
            findings.add(&self.place(other), Reason::Duplicate, found, expected);
        }
        let read = document(name, bytes).and_then(DeclaredInvariants::from_document);
        accept(self.place(name), read, findings)
    }
}

fn document(name: &str, bytes: &[u8]) -> Result<Document, Refusal> {
    let refuse = |reason, found: String, expected: &str| {
        let mut findings = Findings::default();
        findings.add("$", reason, found, expected);
        findings.into_result(None::<Document>)
    };
    if bytes.len() > SIZE_BYTES_MAX {
        let found = format!("{} bytes", bytes.len());
        return refuse(Reason::Text, found, "at most 1 MiB");
    }
    let value = if name == JSON_FILE {
        read_json(bytes)?
    } else {
        let Ok(text) = std::str::from_utf8(bytes) else {
            let found = "bytes that are no text".to_owned();
            return refuse(Reason::Text, found, "UTF-8");
        };
        match serde_saphyr::from_str::<Value>(text) {
            Ok(value) => value,
            Err(error) => return refuse(Reason::Text, error.to_string(), "YAML"),
        }
    };
    match value {
        Value::Object(document) => Ok(document),
        other => refuse(Reason::Shape, shown(&other), "one object"),
    }
}
