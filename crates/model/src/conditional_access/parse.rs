//! Reads a Graph `conditionalAccessPolicy`: what the typed policy cannot hold is refused, never dropped.

use serde_json::Value;

use super::{ConditionalAccessPolicy, PolicyState, conditions, controls, rules};
use crate::document::{
    Document, Findings, Members, Reason, Refusal, WithoutId, in_graph_spelling, read_id, shown,
    shown_text, with_id,
};

impl ConditionalAccessPolicy {
    /// The policy a Graph document describes.
    ///
    /// Null, absent and empty members are "not configured"; `@odata` annotations and unknown members at the top are kept
    /// in [`ConditionalAccessPolicy::document`] and mean nothing. Everything else that is not enforced, and every
    /// broken rule of specification 3, refuses the document with *all* findings; rules about how the parts of a policy
    /// go together are looked at once each part is in order. Whether what it refers to exists is not asked here (see
    /// [`ConditionalAccessPolicy::named_locations`]).
    ///
    /// A document without `id` gets one that depends on its `displayName` only, so that reading it twice gives the
    /// same policy; the id is then part of [`ConditionalAccessPolicy::document`].
    pub fn from_document(document: Document) -> Result<Self, Refusal> {
        let mut findings = Findings::default();
        let document = in_graph_spelling(document, &mut findings);
        let root = Members::root(&document);
        let display_name = read_display_name(&root, &mut findings);
        let id = read_id(&root, WithoutId::Policy, display_name, &mut findings);
        let state = read_state(&root, &mut findings);
        read_what_must_be_unset(&root, &mut findings);
        let conditions = conditions::read(&root, &mut findings);
        let controls = controls::read(&root, &mut findings);
        if let (Some(conditions), true) = (&conditions, findings.is_empty()) {
            rules::check(conditions, &controls, &mut findings);
        }
        let display_name = display_name.map(str::to_owned);
        let policy = match (id, display_name, state, conditions) {
            (Some(id), Some(display_name), Some(state), Some(conditions)) => Some(Self {
                id,
                display_name,
                state,
                conditions,
                grant_controls: controls.grant,
                session_controls: controls.session,
                expanded_strength: controls.expanded_strength,
                document: with_id(document, id),
            }),
            _ => None,
        };
        findings.into_result(policy)
    }
}

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
