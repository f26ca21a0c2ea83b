//! Reads a Graph `conditionalAccessPolicy`: what the typed policy cannot hold is refused, never dropped.

use serde_json::Value;
use uuid::Uuid;

use super::conditions::{self, ReadConditions};
use super::controls;
use super::spelling::in_graph_spelling;
use super::{ApplicationCondition, ConditionalAccessPolicy, PolicyState, Target};
use crate::document::{Document, Findings, Members, Reason, Refusal, shown, shown_text};
use crate::id::PolicyId;

impl ConditionalAccessPolicy {
    /// The policy a Graph document describes.
    ///
    /// Null, absent and empty members are "not configured"; `@odata` annotations and unknown members at the top are kept
    /// in [`ConditionalAccessPolicy::document`] and mean nothing. Everything else that is not enforced, and every
    /// broken rule of specification 3, refuses the document with *all* findings. Whether the named locations it
    /// refers to exist is not asked here (see [`ConditionalAccessPolicy::named_locations`]).
    ///
    /// A document without `id` gets one that depends on its `displayName` only, so that reading it twice gives the
    /// same policy; the id is then part of [`ConditionalAccessPolicy::document`].
    pub fn from_document(document: Document) -> Result<Self, Refusal> {
        let mut findings = Findings::default();
        let document = in_graph_spelling(document, &mut findings);
        let root = Members::root(&document);
        let display_name = read_display_name(&root, &mut findings);
        let id = read_id(&root, display_name, &mut findings);
        let state = read_state(&root, &mut findings);
        read_what_must_be_unset(&root, &mut findings);
        let read_conditions = conditions::read(&root, &mut findings);
        let read_controls = controls::read(&root, &mut findings);
        if let Some(conditions) = &read_conditions {
            check_persistent_browser(conditions, &read_controls, &mut findings);
        }
        let display_name = display_name.map(str::to_owned);
        let policy = match (id, display_name, state, read_conditions) {
            (Some(id), Some(display_name), Some(state), Some(conditions)) => Some(Self {
                id,
                display_name,
                state,
                conditions: conditions.conditions,
                grant_controls: read_controls.grant,
                session_controls: read_controls.session,
                expanded_strength: None,
                document: with_id(&document, id),
            }),
            _ => None,
        };
        findings.into_result(policy)
    }

    /// The named locations it refers to; a policy that names one which is not there must not be stored (decision 18).
    pub fn named_locations(&self) -> impl Iterator<Item = crate::id::NamedLocationId> {
        let locations = self.conditions.locations.iter();
        locations
            .flat_map(|condition| condition.include.iter().chain(&condition.exclude))
            .filter_map(|one| match one {
                super::LocationCondition::NamedLocation(id) => Some(*id),
                super::LocationCondition::All | super::LocationCondition::AllTrusted => None,
            })
    }
}

/// The namespace of ids for policies that came without one.
const POLICIES_WITHOUT_ID: Uuid = Uuid::from_u128(0x6f1d_51a2_9a3c_4c6e_8b57_2f0f_5d1e_77c4);

fn read_display_name<'d>(root: &Members<'d>, findings: &mut Findings) -> Option<&'d str> {
    let name = root.text("displayName", findings);
    let blank = name.is_none_or(|name| name.trim().is_empty());
    let text = root.value("displayName").is_none_or(Value::is_string);
    if blank && text {
        findings.add(
            "$.displayName",
            Reason::Rule("CA-V02"),
            "no name",
            "a name that is not empty",
        );
    }
    name
}

fn read_id(
    root: &Members<'_>,
    display_name: Option<&str>,
    findings: &mut Findings,
) -> Option<PolicyId> {
    let Some(text) = root.text("id", findings) else {
        let name = display_name?;
        let uuid = Uuid::new_v5(&POLICIES_WITHOUT_ID, name.as_bytes());
        return root
            .value("id")
            .is_none_or(Value::is_string)
            .then(|| PolicyId::new(uuid));
    };
    let id = text.parse().ok();
    if id.is_none() {
        findings.add(
            "$.id",
            Reason::NameForId,
            shown_text(text),
            "an object id (a GUID), or none at all",
        );
    }
    id
}

fn read_state(root: &Members<'_>, findings: &mut Findings) -> Option<PolicyState> {
    const STATES: [(&str, PolicyState); 3] = [
        ("enabled", PolicyState::Enabled),
        ("disabled", PolicyState::Disabled),
        ("enabledForReportingButNotEnforced", PolicyState::ReportOnly),
    ];
    let given = root.text("state", findings);
    let state = given.and_then(|given| {
        let known = STATES
            .iter()
            .find(|(name, _)| name.eq_ignore_ascii_case(given));
        known.map(|(_, state)| *state)
    });
    if state.is_none() {
        findings.add(
            "$.state",
            Reason::Rule("CA-V02"),
            given.map_or_else(|| "no state".into(), shown_text),
            "`enabled`, `disabled` or `enabledForReportingButNotEnforced`",
        );
    }
    state
}

fn read_what_must_be_unset(root: &Members<'_>, findings: &mut Findings) {
    root.refuse(
        "partialEnablementStrategy",
        "enabling a policy for a part of its users",
        findings,
    );
    if let Some(value) = root.set("deletedDateTime") {
        findings.add(
            "$.deletedDateTime",
            Reason::Value,
            format!("a policy deleted at {}", shown(value)),
            "a policy that is not deleted; restore it, or leave it out",
        );
    }
}

/// All tabs of a browser share one session: persistence for some applications only would mean nothing (CA-V33).
fn check_persistent_browser(
    conditions: &ReadConditions,
    controls: &controls::ReadControls,
    findings: &mut Findings,
) {
    let all = match &conditions.conditions.target {
        Target::Applications(applications) => {
            applications.include.contains(&ApplicationCondition::All)
        }
        Target::UserActions(_) | Target::AuthenticationContexts(_) => false,
    };
    if controls.session.persistent_browser.is_some() && !all && conditions.applications_are_clear {
        findings.add(
            "$.conditions.applications.includeApplications",
            Reason::Rule("CA-V33"),
            "single applications in a policy with `persistentBrowser`",
            "`All`",
        );
    }
}

/// The document with its id in front.
fn with_id(document: &Document, id: PolicyId) -> Document {
    let given = document.get("id").and_then(Value::as_str);
    if given.is_some_and(|given| !given.is_empty()) {
        return document.clone();
    }
    let mut with_id = Document::new();
    with_id.insert("id".into(), Value::String(id.to_string()));
    let rest = document.iter().filter(|(name, _)| *name != "id");
    with_id.extend(rest.map(|(name, value)| (name.clone(), value.clone())));
    with_id
}
