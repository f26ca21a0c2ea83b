//! Opens what exports are wrapped in, and refuses what could be a policy and lies where none is looked for.

use portcullis_model::document::{
    Document, Findings, PlacedDocument, Reason, Refusal, read_json, shown,
};
use serde_json::Value;

use super::kind::ListKind;
use super::piece::{Piece, has, piece};

/// A document, and what the envelope around it says it is.
#[derive(Debug)]
pub(crate) struct Enclosed {
    pub(crate) placed: PlacedDocument,
    /// By the name of the member it lies in.
    pub(crate) kind: Option<ListKind>,
    /// Whether it lies where cross-tenant access settings do.
    pub(crate) is_of_settings: bool,
}

/// What the envelopes around an object say of it.
#[derive(Debug, Clone, Copy, Default)]
struct Around {
    kind: Option<ListKind>,
    is_of_settings: bool,
}

/// What lies in one file.
#[derive(Debug, Default)]
pub(crate) struct Opened {
    pub(crate) documents: Vec<Enclosed>,
    /// The names of the members that are lists of something, whatever is in them.
    pub(crate) lists: Vec<String>,
    pub(crate) findings: Findings,
}

/// Members that hold what is exported, or a list of it; those that name users, groups and the like are envelopes too.
const ENVELOPES: [&str; 15] = [
    "value",
    "policies",
    "policy",
    "conditionalAccessPolicies",
    "conditionalAccessPolicy",
    "json",
    "properties",
    "namedLocations",
    "authenticationStrengths",
    "authenticationStrengthPolicies",
    "authenticationContexts",
    "agreements",
    "crossTenantAccessPolicy",
    "default",
    "partners",
];

/// Members by which an object could be a policy.
const OF_POLICIES: [&str; 3] = ["conditions", "grantControls", "sessionControls"];

/// Envelopes lie at most so deep in each other.
const DEPTH_MAX: usize = 6;

/// Everything in the bytes of one file.
pub(crate) fn open(bytes: &[u8]) -> Opened {
    let mut opened = Opened::default();
    match read_json(bytes) {
        Ok(Value::Object(members)) => {
            opened.object("$".into(), members, Around::default(), DEPTH_MAX);
        }
        Ok(Value::Array(list)) => opened.list("$", list, Around::default(), DEPTH_MAX),
        Ok(other) => opened.findings.add(
            "$",
            Reason::Shape,
            shown(&other),
            "an object or a list of objects",
        ),
        Err(refusal) => opened.refuse(refusal),
    }
    opened
}

impl Opened {
    fn refuse(&mut self, refusal: Refusal) {
        self.findings.take_over("$", refusal);
    }

    fn object(&mut self, path: String, members: Document, around: Around, depth: usize) {
        let is_open = is_wrapper(&members)
            && depth > 0
            && members
                .iter()
                .any(|(name, value)| is_envelope(name) && is_worth_opening(name, value, depth - 1));
        if !is_open {
            self.refuse_strays_beside(&path, &members);
            let Around {
                kind,
                is_of_settings,
            } = around;
            self.documents.push(Enclosed {
                placed: PlacedDocument { path, members },
                kind,
                is_of_settings,
            });
            return;
        }
        self.refuse_part_of_a_list(&path, &members);
        let mut envelopes = members.keys().filter(|name| is_envelope(name));
        let is_of_settings = envelopes.all(|name| is_part_of_settings(name));
        for (name, value) in members {
            let path = format!("{path}.{name}");
            let inner = Around {
                kind: ListKind::named(&name).or(around.kind),
                is_of_settings: is_of_settings
                    || (around.is_of_settings && name.eq_ignore_ascii_case("value")),
            };
            match value {
                Value::Object(inside) if is_envelope(&name) => {
                    self.object(path, inside, inner, depth - 1);
                }
                Value::Array(list) if is_envelope(&name) => {
                    self.list(&path, list, inner, depth - 1);
                    self.lists.push(name);
                }
                other => {
                    self.refuse_strays(&path, &other);
                    if is_of_settings && !name.contains('@') {
                        self.refuse_beside_settings(&path, &other);
                    }
                }
            }
        }
    }

    fn list(&mut self, path: &str, list: Vec<Value>, around: Around, depth: usize) {
        for (index, value) in list.into_iter().enumerate() {
            let path = format!("{path}[{index}]");
            match value {
                Value::Object(members) => self.object(path, members, around, depth),
                other => {
                    self.findings
                        .add(path, Reason::Shape, shown(&other), "an object");
                }
            }
        }
    }

    /// Beside the default and the partners lies nothing: `partner` would be a tenant that nobody trusts or keeps out.
    fn refuse_beside_settings(&mut self, path: &str, value: &Value) {
        let is_empty = match value {
            Value::Object(members) => members.is_empty(),
            Value::Array(list) => list.is_empty(),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => true,
        };
        if !is_empty {
            let found = format!(
                "something beside cross-tenant access settings, {}",
                shown(value)
            );
            let expected = "`default` and `partners`, and nothing else";
            self.findings.add(path, Reason::Unknown, found, expected);
        }
    }

    /// What a missing page would have demanded, nobody would demand.
    fn refuse_part_of_a_list(&mut self, path: &str, envelope: &Document) {
        if let Some(link) = has(envelope, "@odata.nextLink") {
            self.findings.add(
                format!("{path}.@odata.nextLink"),
                Reason::Missing,
                format!("one page of a longer list ({})", shown(link)),
                "the whole list in one file",
            );
        }
    }

    /// What lies in a document and is not read with it. A policy is read whole but for the members that nobody knows.
    fn refuse_strays_beside(&mut self, path: &str, members: &Document) {
        let is_policy = piece(members) == Piece::Policy;
        if !is_policy {
            self.refuse_if_policy(path, members);
        }
        for (name, value) in members {
            let is_read = is_policy && OF_POLICIES.iter().any(|one| one.eq_ignore_ascii_case(name));
            if !is_read {
                self.refuse_strays(&format!("{path}.{name}"), value);
            }
        }
    }

    /// As deep as the value is nested, which its parser limits.
    fn refuse_strays(&mut self, path: &str, value: &Value) {
        match value {
            Value::Object(members) => {
                if self.refuse_if_policy(path, members) {
                    return;
                }
                for (name, value) in members {
                    self.refuse_strays(&format!("{path}.{name}"), value);
                }
            }
            Value::Array(list) => {
                for (index, value) in list.iter().enumerate() {
                    self.refuse_strays(&format!("{path}[{index}]"), value);
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }

    fn refuse_if_policy(&mut self, path: &str, members: &Document) -> bool {
        let Some(name) = OF_POLICIES.iter().find(|name| has(members, name).is_some()) else {
            return false;
        };
        self.findings.add(
            path,
            Reason::Unknown,
            format!("an object with `{name}`, which could be a policy and is not read as one"),
            "policies alone, in a list, or below `value`, `policies`, `policy`, `conditionalAccessPolicies`, `json` or `properties`",
        );
        true
    }
}

/// Nothing by itself. What has a state of its own is no wrapper: nobody could tell which of two states counts.
fn is_wrapper(members: &Document) -> bool {
    let is_nothing = matches!(piece(members), Piece::SomethingElse(_));
    let is_list = has(members, "value").is_some_and(Value::is_array);
    let is_declared = members.contains_key("@odata.type") && !is_list;
    is_nothing && !is_declared && has(members, "state").is_none()
}

fn is_envelope(name: &str) -> bool {
    let mut known = ENVELOPES.iter();
    known.any(|one| one.eq_ignore_ascii_case(name)) || ListKind::named(name).is_some()
}

fn is_part_of_settings(name: &str) -> bool {
    name.eq_ignore_ascii_case("default") || name.eq_ignore_ascii_case("partners")
}

/// Graph's list is one whatever is in it; of what other tools write, only what holds something that is read here.
fn is_worth_opening(name: &str, value: &Value, depth: usize) -> bool {
    let is_graphs = name.eq_ignore_ascii_case("value") && value.is_array();
    is_graphs || holds_something(value, depth) || is_list_of_names(name, value)
}

/// Terms of use and contexts need no member that only they have: there the name of the list must do.
fn is_list_of_names(name: &str, value: &Value) -> bool {
    let is_kind = matches!(
        ListKind::named(name),
        Some(ListKind::Agreements | ListKind::Contexts)
    );
    let is_named = |one: &Value| one.get("id").is_some() && one.get("displayName").is_some();
    is_kind
        && value
            .as_array()
            .is_some_and(|list| list.iter().any(is_named))
}

fn holds_something(value: &Value, depth: usize) -> bool {
    match value {
        Value::Array(list) => list.iter().any(|one| holds_something(one, depth)),
        Value::Object(members) if matches!(piece(members), Piece::SomethingElse(_)) => {
            let mut members = members.iter();
            depth > 0
                && members
                    .any(|(name, value)| is_envelope(name) && holds_something(value, depth - 1))
        }
        Value::Object(_) => true,
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
    }
}
