//! Reads a corpus of exported policies: each file loads, or is refused with a reason that a second, simpler rule confirms.
//!
//! The corpus is not part of the repository. It is looked for beside it; where it is not, the test says so and passes.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test and its helpers")]

use std::path::{Path, PathBuf};

use portcullis_model::conditional_access::ConditionalAccessPolicy;
use portcullis_model::document::{Reason, Refusal, read_documents, read_json};
use portcullis_world::export::{ExportFile, read_export};
use serde_json::Value;

/// Members that change whom a policy is about or what it demands, and that are not enforced.
const NOT_ENFORCED: &[&str] = &[
    "agentidrisklevels",
    "agents",
    "agentcontext",
    "includeagentidserviceprincipals",
    "times",
    "networkaccess",
    "globalsecureaccess",
    "networkaccesssecurity",
    "blocksensitiveactions",
];

/// Values that are not enforced, wherever they stand.
const VALUES_NOT_ENFORCED: &[&str] = &["allagentidresources", "compliantnetwork"];

#[test]
fn every_export_loads_or_is_refused_for_a_reason_that_is_true() {
    let Some(corpus) = corpus() else {
        eprintln!(
            "skipped: no corpus of policies beside the repository (PORTCULLIS_SHARED names another place)"
        );
        return;
    };
    let mut folders: Vec<_> = std::fs::read_dir(&corpus)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_dir())
        .collect();
    folders.sort();
    let mut counts = Counts::default();
    for folder in folders {
        let export = read_export(&folder).unwrap();
        counts.distinct += export.policies.len();
        counts.missing += export.missing.len();
        for missing in &export.missing {
            assert!(!missing.policies.is_empty(), "{missing:?}");
            if wanted(&folder.display().to_string()) {
                eprintln!("missing: {} {}", missing.kind, missing.name);
            }
        }
        for policy in &export.policies {
            // What is kept is read again as the same: an export of an export.
            let again = ConditionalAccessPolicy::from_document(policy.document.clone());
            assert_eq!(again.as_ref(), Ok(policy));
        }
        for file in &export.files {
            counts.check(file, &corpus);
        }
    }
    eprintln!("{counts:?}");
    assert!(counts.loaded > 450 && counts.refused < 30);
    assert_eq!(counts.files, counts.loaded + counts.refused + counts.others);
}

#[derive(Debug, Default)]
struct Counts {
    files: usize,
    /// Files from which everything was read.
    loaded: usize,
    /// Files with something that is refused.
    refused: usize,
    /// Files that have nothing to do with policies.
    others: usize,
    policies: usize,
    distinct: usize,
    objects: usize,
    missing: usize,
}

impl Counts {
    fn check(&mut self, file: &ExportFile, corpus: &Path) {
        let bytes = std::fs::read(&file.path).unwrap();
        let path = file.path.strip_prefix(corpus).unwrap().display();
        if wanted(&path.to_string()) {
            eprintln!("{path}: {}", shown(file));
        }
        self.files += 1;
        self.policies += file.policies;
        self.objects += file.others;
        if let Some(refusal) = &file.refusal {
            self.refused += 1;
            confirm(refusal, &bytes).unwrap_or_else(|why| panic!("{path}: {why}"));
            return;
        }
        let documents = read_documents(&bytes).unwrap();
        if let Some(what) = &file.something_else {
            self.others += 1;
            assert!(!what.is_empty());
            let policies = objects_with_conditions(&read_json(&bytes).unwrap());
            assert_eq!(policies, 0, "{path} holds policies and is taken for {what}");
            return;
        }
        self.loaded += 1;
        let policies = objects_with_conditions(&read_json(&bytes).unwrap());
        assert_eq!(file.policies, policies, "{path}");
        assert_eq!(file.policies + file.others, documents.len(), "{path}");
        for document in documents {
            let suspicious = unsupported(&Value::Object(document.members));
            assert_eq!(suspicious, None, "{path} was loaded");
        }
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the one place where a corpus outside the repository is found"
)]
fn corpus() -> Option<PathBuf> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared");
    let shared = std::env::var("PORTCULLIS_SHARED").map_or(beside, PathBuf::from);
    Some(shared.join("data/conditional-access")).filter(|folder| folder.is_dir())
}

/// `PORTCULLIS_CORPUS=part-of-a-path` prints what became of those files.
#[expect(
    clippy::disallowed_methods,
    reason = "an aid for reading refusals by hand"
)]
fn wanted(path: &str) -> bool {
    std::env::var("PORTCULLIS_CORPUS").is_ok_and(|part| path.contains(&part))
}

fn shown(file: &ExportFile) -> String {
    match (&file.refusal, &file.something_else) {
        (Some(refusal), _) => refusal.to_string(),
        (None, Some(what)) => format!("something else: {what}"),
        (None, None) => format!("{} policies, {} others", file.policies, file.others),
    }
}

/// How many objects at any depth have conditions: found by a walk that knows nothing of envelopes.
fn objects_with_conditions(value: &Value) -> usize {
    let inside =
        |values: &mut dyn Iterator<Item = &Value>| values.map(objects_with_conditions).sum();
    match value {
        Value::Object(members) => {
            let mut names = members.keys();
            if names.any(|name| name.eq_ignore_ascii_case("conditions")) {
                return 1;
            }
            inside(&mut members.values())
        }
        Value::Array(list) => inside(&mut list.iter()),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => 0,
    }
}

fn says_something(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => false,
        Value::Bool(true) | Value::Number(_) => true,
        Value::String(text) => !text.is_empty() && text != "none",
        Value::Array(list) => !list.is_empty(),
        Value::Object(members) => {
            members.get("isEnabled") != Some(&Value::Bool(false))
                && members
                    .iter()
                    .any(|(name, value)| !name.contains('@') && says_something(value))
        }
    }
}

/// The first member or value below that is not enforced: found by a walk that knows nothing of the policy's structure.
fn unsupported(value: &Value) -> Option<String> {
    match value {
        Value::Object(members) => members.iter().find_map(|(name, value)| {
            let lower = name.to_lowercase();
            if NOT_ENFORCED.contains(&lower.as_str()) && says_something(value) {
                return Some(name.clone());
            }
            unsupported(value)
        }),
        Value::Array(list) => list.iter().find_map(unsupported),
        Value::String(text) => {
            let lower = text.to_lowercase();
            VALUES_NOT_ENFORCED
                .contains(&lower.as_str())
                .then_some(lower)
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => None,
    }
}

/// Confirms each finding by looking at the bytes again.
fn confirm(refusal: &Refusal, bytes: &[u8]) -> Result<(), String> {
    if refusal.findings.is_empty() {
        return Err("refused without a finding".into());
    }
    let documents = read_documents(bytes).map_err(|again| again.to_string());
    for finding in &refusal.findings {
        let Ok(documents) = &documents else {
            if finding.reason == Reason::Text || finding.reason == Reason::Shape {
                continue;
            }
            return Err(format!("{finding}: but the bytes cannot be read at all"));
        };
        let document = documents
            .iter()
            .find(|document| finding.path.starts_with(&document.path));
        let document = document.ok_or_else(|| format!("{finding}: no such document"))?;
        let rest = finding.path.trim_start_matches(document.path.as_str());
        let value = at(&Value::Object(document.members.clone()), rest);
        let holds = match finding.reason {
            Reason::NotEnforced(_) | Reason::Unknown => value.as_ref().is_some_and(says_something),
            Reason::NameForId => value.as_ref().is_some_and(|value| !is_id(value)),
            Reason::Value | Reason::Shape | Reason::Duplicate => value.is_some(),
            Reason::Missing => value.is_none_or(|value| value.is_null()),
            Reason::Rule(rule) => breaks(rule, value.as_ref(), &document.members),
            Reason::Text | Reason::Reference => false,
        };
        if !holds {
            return Err(format!("not confirmed: {finding}"));
        }
    }
    Ok(())
}

fn is_id(value: &Value) -> bool {
    let hexadecimal = |text: &str| text.bytes().all(|byte| byte.is_ascii_hexdigit());
    value.as_str().is_some_and(|text| {
        text.len() == 36 && text.split('-').count() == 5 && text.split('-').all(hexadecimal)
    })
}

/// A second, independent look at the rules that the corpus breaks.
fn breaks(rule: &str, value: Option<&Value>, members: &serde_json::Map<String, Value>) -> bool {
    let text = Value::Object(members.clone()).to_string().to_lowercase();
    match rule {
        "CA-V02" | "CA-V16" | "CA-V12" | "CA-V13" => !value.is_some_and(says_something),
        "CA-V03" => !value.is_some_and(says_something) || !text.contains("\"isenabled\":true"),
        "CA-V06" | "CA-V09" => {
            text.contains("\"all\",")
                || text.contains(",\"all\"")
                || text.contains("\"none\"")
                || !value.is_some_and(says_something)
                || value.is_some_and(Value::is_object)
        }
        "CA-V17" => text.contains("\"block\""),
        "CA-V30" | "CA-V31" => text.contains("\"signinfrequency\""),
        "CA-V33" => text.contains("\"persistentbrowser\""),
        _ => false,
    }
}

/// The value at a path such as `.conditions.users.includeUsers[0]`, members compared without case.
fn at(value: &Value, path: &str) -> Option<Value> {
    let mut value = value.clone();
    for step in path.split('.').filter(|step| !step.is_empty()) {
        let (name, indices) = step
            .split_once('[')
            .map_or((step, None), |(a, b)| (a, Some(b)));
        if !name.is_empty() {
            let members = value.as_object()?.clone();
            value = members
                .into_iter()
                .find(|(member, _)| member.eq_ignore_ascii_case(name))?
                .1;
        }
        for index in indices.into_iter().flat_map(|indices| indices.split('[')) {
            let index: usize = index.trim_end_matches(']').parse().ok()?;
            value = match value {
                Value::Array(list) => list.into_iter().nth(index)?,
                other => other,
            };
        }
    }
    Some(value)
}
