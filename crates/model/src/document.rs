//! What is wrong with a Graph document: every finding with its place, what was found and what was expected.

mod bytes;
mod identity;
mod spelling;
mod typed;

use std::fmt;

use serde_json::{Map, Value};

pub use bytes::{FILE_SIZE_BYTES_MAX, PlacedDocument, read_documents, read_json};
pub(crate) use identity::{WithoutId, read_id, with_id};
pub(crate) use spelling::in_graph_spelling;
pub use typed::read_typed;

/// The members of one JSON object.
pub type Document = Map<String, Value>;

/// One thing that is wrong with a document.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{path}`: {reason}: found {found}, expected {expected}")]
pub struct Finding {
    /// Where, as a JSON path from the document's root (`$`).
    pub path: String,
    /// What kind of thing it is.
    pub reason: Reason,
    /// What was found there, shortened.
    pub found: String,
    /// What should be there.
    pub expected: String,
}

/// Why a document is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// Graph can say it, but it is not enforced here; without it the policy would mean something else.
    NotEnforced(&'static str),
    /// A name stands where an object id belongs.
    NameForId,
    /// The bytes are no JSON text.
    Text,
    /// The value is of the wrong kind, for instance a text where a list belongs.
    Shape,
    /// The value is of the right kind, but not one of those that mean something.
    Value,
    /// A member that nobody here knows, where an unknown member could change the meaning.
    Unknown,
    /// The same member or object twice.
    Duplicate,
    /// Something that must be there is not.
    Missing,
    /// It names something that is not there.
    Reference,
    /// It breaks a rule of the reference pages, by its id there.
    Rule(&'static str),
}

impl fmt::Display for Reason {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotEnforced(feature) => write!(formatter, "{feature} is not enforced yet"),
            Self::NameForId => formatter.write_str("a name where an object id belongs"),
            Self::Text => formatter.write_str("no JSON text"),
            Self::Shape => formatter.write_str("the wrong kind of value"),
            Self::Value => formatter.write_str("not a known value"),
            Self::Unknown => formatter.write_str("an unknown member"),
            Self::Duplicate => formatter.write_str("twice the same"),
            Self::Missing => formatter.write_str("something is missing"),
            Self::Reference => formatter.write_str("it names something that is not there"),
            Self::Rule(id) => write!(formatter, "it breaks rule {id}"),
        }
    }
}

/// A document that was refused, with everything that is wrong with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// At least one finding.
    pub findings: Vec<Finding>,
}

impl fmt::Display for Refusal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, finding) in self.findings.iter().enumerate() {
            let separator = if index == 0 { "" } else { "; " };
            write!(formatter, "{separator}{finding}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Refusal {}

/// Collects findings, so that a document's author reads all of them at once.
#[derive(Debug, Default)]
pub struct Findings {
    list: Vec<Finding>,
}

impl Findings {
    /// Notes one finding.
    pub fn add(
        &mut self,
        path: impl Into<String>,
        reason: Reason,
        found: impl Into<String>,
        expected: impl Into<String>,
    ) {
        self.list.push(Finding {
            path: path.into(),
            reason,
            found: found.into(),
            expected: expected.into(),
        });
    }

    /// Whether nothing is wrong so far.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// How much is wrong so far; tells whether a step added something.
    pub fn count(&self) -> usize {
        self.list.len()
    }

    /// Takes over the findings of a document that lies at `path` inside this one.
    pub fn take_over(&mut self, path: &str, refusal: Refusal) {
        self.list
            .extend(refusal.findings.into_iter().map(|finding| Finding {
                path: rebase(path, &finding.path),
                ..finding
            }));
    }

    /// The value, or the refusal when anything was found.
    pub fn into_result<T>(self, value: Option<T>) -> Result<T, Refusal> {
        match value {
            Some(value) if self.list.is_empty() => Ok(value),
            Some(_) | None => Err(Refusal {
                findings: self.list,
            }),
        }
    }
}

/// The path `inner` (which starts at `$`) as seen from where the document itself lies.
pub fn rebase(outer: &str, inner: &str) -> String {
    format!("{outer}{}", inner.strip_prefix('$').unwrap_or(inner))
}

/// A value as shown in a finding: JSON in backticks, shortened.
pub fn shown(value: &Value) -> String {
    shown_text(&value.to_string())
}

/// A text as shown in a finding: in backticks, control characters spelled out, shortened.
pub fn shown_text(text: &str) -> String {
    const LENGTH_CHARACTERS_MAX: usize = 120;
    let mut short: String = text
        .chars()
        .take(LENGTH_CHARACTERS_MAX)
        .flat_map(|character| {
            let control = character.is_control();
            let spelled = control.then(|| character.escape_default());
            spelled
                .into_iter()
                .flatten()
                .chain((!control).then_some(character))
        })
        .collect();
    if text.chars().nth(LENGTH_CHARACTERS_MAX).is_some() {
        short.push('…');
    }
    format!("`{short}`")
}

/// Whether a value says nothing: null, empty, false, or an object of which that is true (annotations aside).
///
/// Graph serialises "not configured" in all these ways.
pub fn is_unset(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => true,
        Value::Bool(true) | Value::Number(_) => false,
        Value::String(text) => text.is_empty(),
        Value::Array(list) => list.is_empty(),
        Value::Object(members) => members
            .iter()
            .all(|(name, value)| is_annotation(name) || is_unset(value)),
    }
}

/// Whether a member is talk of `OData` about the document instead of a part of it (`@odata.type`, `#microsoft.graph.restore`).
pub fn is_annotation(name: &str) -> bool {
    name.contains('@') || name.starts_with('#')
}

/// An object inside a document, with its path.
#[derive(Debug, Clone)]
pub(crate) struct Members<'d> {
    path: String,
    members: &'d Document,
}

impl<'d> Members<'d> {
    pub(crate) fn root(document: &'d Document) -> Self {
        Self {
            path: "$".into(),
            members: document,
        }
    }

    pub(crate) fn path(&self) -> &str {
        &self.path
    }

    pub(crate) fn path_of(&self, name: &str) -> String {
        format!("{}.{name}", self.path)
    }

    /// The member, unless it says nothing.
    pub(crate) fn set(&self, name: &str) -> Option<&'d Value> {
        self.members.get(name).filter(|value| !is_unset(value))
    }

    /// The member as it stands, null included.
    pub(crate) fn value(&self, name: &str) -> Option<&'d Value> {
        self.members.get(name).filter(|value| !value.is_null())
    }

    /// The value of the object's own `@odata.type` without its `#microsoft.graph.` prefix.
    pub(crate) fn odata_type(&self) -> Option<&'d str> {
        let kind = self.members.get("@odata.type")?.as_str()?;
        Some(kind.strip_prefix("#microsoft.graph.").unwrap_or(kind))
    }

    pub(crate) fn text(&self, name: &str, findings: &mut Findings) -> Option<&'d str> {
        let value = self.value(name)?;
        let text = value.as_str();
        if text.is_none() {
            findings.add(self.path_of(name), Reason::Shape, shown(value), "a text");
        }
        text.filter(|text| !text.is_empty())
    }

    /// A list of texts with the path of each; one text alone is a list of one, as PowerShell writes it.
    pub(crate) fn texts(&self, name: &str, findings: &mut Findings) -> Vec<(String, &'d str)> {
        let path = self.path_of(name);
        match self.set(name) {
            None => Vec::new(),
            Some(Value::String(text)) => vec![(path, text)],
            Some(Value::Array(list)) => {
                let mut texts = Vec::with_capacity(list.len());
                for (index, value) in list.iter().enumerate() {
                    let path = format!("{path}[{index}]");
                    match value.as_str() {
                        Some(text) => texts.push((path, text)),
                        None => findings.add(path, Reason::Shape, shown(value), "a text"),
                    }
                }
                texts
            }
            Some(value) => {
                findings.add(path, Reason::Shape, shown(value), "a list of texts");
                Vec::new()
            }
        }
    }

    /// The object below this member, unless it says nothing.
    pub(crate) fn object(&self, name: &str, findings: &mut Findings) -> Option<Members<'d>> {
        let value = self.set(name)?;
        let path = self.path_of(name);
        if value.as_object().is_none() {
            findings.add(path.clone(), Reason::Shape, shown(value), "an object");
        }
        let members = value.as_object()?;
        Some(Members { path, members })
    }

    /// The objects in the list below this member.
    pub(crate) fn objects(&self, name: &str, findings: &mut Findings) -> Vec<Members<'d>> {
        let path = self.path_of(name);
        let list = match self.set(name) {
            None => return Vec::new(),
            Some(value) => value.as_array().ok_or(value),
        };
        let mut objects = Vec::new();
        match list {
            Ok(list) => {
                for (index, value) in list.iter().enumerate() {
                    let path = format!("{path}[{index}]");
                    match value.as_object() {
                        Some(members) => objects.push(Members { path, members }),
                        None => findings.add(path, Reason::Shape, shown(value), "an object"),
                    }
                }
            }
            Err(value) => findings.add(path, Reason::Shape, shown(value), "a list of objects"),
        }
        objects
    }

    /// A copy of the members, without those named.
    pub(crate) fn without(&self, names: &[&str]) -> Document {
        let members = self.members.iter();
        members
            .filter(|(name, _)| !names.contains(&name.as_str()))
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect()
    }

    /// Refuses a member that says something which is not enforced here.
    pub(crate) fn refuse(&self, name: &str, feature: &'static str, findings: &mut Findings) {
        if let Some(value) = self.set(name) {
            findings.add(
                self.path_of(name),
                Reason::NotEnforced(feature),
                shown(value),
                "nothing there",
            );
        }
    }

    /// Refuses members outside `known` that say something: here, they could change what the document means.
    pub(crate) fn refuse_unknown(&self, known: &[&str], findings: &mut Findings) {
        for (name, value) in self.members {
            if !known.contains(&name.as_str()) && !is_annotation(name) && !is_unset(value) {
                findings.add(
                    self.path_of(name),
                    Reason::Unknown,
                    shown(value),
                    "no member whose meaning is unknown here",
                );
            }
        }
    }
}
