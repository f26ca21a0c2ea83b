//! Reads only the Conditional Access policies of any file or folder of exports, and says of each file what it is.

use std::fs;
use std::path::{Path, PathBuf};

use portcullis_model::conditional_access::ConditionalAccessPolicy;
use portcullis_model::document::{
    Document, Findings, PlacedDocument, Reason, Refusal, read_documents,
};

use crate::error::WorldError;
use crate::files::{cannot_read, read_file};

/// One file of an export.
#[derive(Debug, Clone, PartialEq)]
pub struct PolicyFile {
    /// The file.
    pub path: PathBuf,
    /// What is in it.
    pub outcome: PolicyFileOutcome,
}

/// What became of a file.
#[derive(Debug, Clone, PartialEq)]
pub enum PolicyFileOutcome {
    /// Every policy in it was read.
    Loaded(Vec<ConditionalAccessPolicy>),
    /// At least one policy in it is refused, and so is the file.
    Refused(Refusal),
    /// It holds something else; the text says what.
    NotPolicies(String),
}

/// The policies of the file at `path`, or of every `.json` file below the folder at `path`, ordered by path.
pub fn read_policies(path: &Path) -> Result<Vec<PolicyFile>, WorldError> {
    let mut paths = Vec::new();
    collect_files(path, &mut paths, 0)?;
    paths.sort();
    let read = |path: PathBuf| {
        let outcome = policies_in(&read_file(&path)?);
        Ok(PolicyFile { path, outcome })
    };
    paths.into_iter().map(read).collect()
}

fn collect_files(path: &Path, paths: &mut Vec<PathBuf>, depth: usize) -> Result<(), WorldError> {
    const DEPTH_MAX: usize = 16;
    let metadata = fs::metadata(path).map_err(|cause| cannot_read(path, cause))?;
    if !metadata.is_dir() {
        paths.push(path.to_owned());
        return Ok(());
    }
    for entry in fs::read_dir(path).map_err(|cause| cannot_read(path, cause))? {
        let entry = entry.map_err(|cause| cannot_read(path, cause))?;
        let kind = entry
            .file_type()
            .map_err(|cause| cannot_read(&entry.path(), cause))?;
        let path = entry.path();
        let json = path
            .extension()
            .is_some_and(|extension| extension.eq_ignore_ascii_case("json"));
        if kind.is_dir() && depth < DEPTH_MAX {
            collect_files(&path, paths, depth + 1)?;
        } else if kind.is_file() && json {
            paths.push(path);
        }
    }
    Ok(())
}

/// What the bytes of one file hold.
pub fn policies_in(bytes: &[u8]) -> PolicyFileOutcome {
    let documents = match read_documents(bytes) {
        Ok(documents) => documents,
        Err(refusal) => return PolicyFileOutcome::Refused(refusal),
    };
    if documents.is_empty() {
        return PolicyFileOutcome::NotPolicies("an empty list".into());
    }
    let mut findings = Findings::default();
    let mut policies: Vec<ConditionalAccessPolicy> = Vec::new();
    let mut others = Vec::new();
    for PlacedDocument { path, members } in documents {
        if let Some(other) = what_else(&members) {
            others.push((path, other));
            continue;
        }
        match ConditionalAccessPolicy::from_document(members) {
            Ok(policy) => {
                if policies.iter().any(|other| other.id == policy.id) {
                    let found = format!(
                        "a second policy `{}` (`{}`)",
                        policy.display_name, policy.id
                    );
                    let expected = "each id once; without ids, each displayName once";
                    findings.add(path, Reason::Duplicate, found, expected);
                }
                policies.push(policy);
            }
            Err(refusal) => findings.take_over(&path, refusal),
        }
    }
    if policies.is_empty() && findings.is_empty() {
        let kinds = others
            .first()
            .map_or("nothing", |(_, other)| other.as_str());
        return PolicyFileOutcome::NotPolicies(kinds.to_owned());
    }
    for (path, other) in others {
        findings.add(
            path,
            Reason::Shape,
            other,
            "a policy, as its neighbours are",
        );
    }
    match findings.into_result(Some(policies)) {
        Ok(policies) => PolicyFileOutcome::Loaded(policies),
        Err(refusal) => PolicyFileOutcome::Refused(refusal),
    }
}

/// What a document is when it is no policy: by its type, or because it has none of a policy's members.
fn what_else(members: &Document) -> Option<String> {
    let kind = members
        .get("@odata.type")
        .and_then(serde_json::Value::as_str);
    match kind.map(|kind| kind.trim_start_matches("#microsoft.graph.")) {
        Some("conditionalAccessPolicy") => None,
        Some(other) => Some(format!("a document of type `{other}`")),
        None => {
            let is_policy = members.keys().any(|name| {
                ["conditions", "grantControls", "sessionControls"]
                    .iter()
                    .any(|known| known.eq_ignore_ascii_case(name))
            });
            let names: Vec<_> = members
                .keys()
                .take(3)
                .map(|name| format!("`{name}`"))
                .collect();
            (!is_policy).then(|| {
                format!(
                    "an object without `conditions`, `grantControls` and `sessionControls` (it has {})",
                    if names.is_empty() { "no member".to_owned() } else { names.join(", ") }
                )
            })
        }
    }
}
