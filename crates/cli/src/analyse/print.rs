//! Classes of sign-ins and witnesses, for people and for machines.

use owo_colors::OwoColorize as _;
use portcullis_analysis::gap::Gap;
use portcullis_analysis::region::End;
use portcullis_analysis::told::{Class, Names};
use portcullis_analysis::witness::Witness;
use portcullis_model::authentication_strength::BuiltInStrength;
use portcullis_model::conditional_access::GrantControl;
use portcullis_whatif::directory::DirectoryTenant;
use serde_json::{Value, json};

use crate::output;

/// So many people are named.
const PEOPLE_MAX: usize = 5;

/// A class and one of its sign-ins.
pub(super) fn gap(gap: &Gap, names: &Names<'_>) {
    class(&gap.class, names);
    witness(&gap.witness, names);
}

pub(super) fn class(class: &Class, names: &Names<'_>) {
    output::line(format_args!("  {} {class}", "•".bold()));
    if !class.people.is_empty() {
        let all = class.people.iter();
        let mut people: Vec<String> = all.take(PEOPLE_MAX).map(|id| names.user(*id)).collect();
        let more = class.people.len().saturating_sub(PEOPLE_MAX);
        if more > 0 {
            people.push(format!("{more} more"));
        }
        output::line(format_args!(
            "    {} {}",
            "today:".dimmed(),
            people.join(", ")
        ));
    }
    if !class.nobody_today.is_empty() {
        output::line(format_args!(
            "    {} {}",
            "nobody today:".dimmed(),
            class.nobody_today.join(", ")
        ));
    }
}

pub(super) fn witness(witness: &Witness, names: &Names<'_>) {
    output::line(format_args!(
        "    {} {}",
        "for instance".dimmed(),
        witness.told(names)
    ));
}

/// Whether there is more than was told.
pub(super) fn end(end: End) {
    match end {
        End::Complete => {}
        End::Limit => output::line(format_args!(
            "  {}",
            "… and there is more: --limit tells how much".yellow()
        )),
        End::Unknown => output::line(format_args!(
            "  {}",
            "… and there may be more: that is not known".yellow()
        )),
    }
}

/// What no answer covers.
pub(super) fn unknown(unknown: &[String]) {
    if !unknown.is_empty() {
        output::warning(
            "not everything could be looked at, and what was not looked at is not known to be safe:",
        );
        for one in unknown {
            output::note(one);
        }
    }
}

pub(super) fn class_json(class: &Class, names: &Names<'_>) -> Value {
    let people: Vec<Value> = class
        .people
        .iter()
        .map(|id| json!({ "id": id, "displayName": names.user(*id) }))
        .collect();
    json!({
        "text": class.to_string(),
        "who": class.who,
        "reaching": class.reaching,
        "conditions": class.conditions,
        "people": people,
        "nobodyToday": class.nobody_today,
    })
}

/// The sign-in as What If and policy tests write it.
pub(super) fn witness_json(witness: &Witness, names: &Names<'_>) -> Value {
    json!({ "text": witness.told(names), "signIn": witness.situation() })
}

pub(super) fn gap_json(gap: &Gap, names: &Names<'_>) -> Value {
    json!({
        "class": class_json(&gap.class, names),
        "witness": witness_json(&gap.witness, names),
    })
}

pub(super) const fn end_word(end: End) -> &'static str {
    match end {
        End::Complete => "complete",
        End::Limit => "limit",
        End::Unknown => "unknown",
    }
}

/// What a strength or terms of use are called, by the first of these tenants that knows them.
pub(super) fn name_of(control: &GrantControl, tenants: &[&DirectoryTenant]) -> Option<String> {
    let mut configurations = tenants.iter().map(|tenant| tenant.configuration());
    match control {
        GrantControl::AuthenticationStrength(id) => {
            let own = configurations.flat_map(|one| {
                let policies = one.conditional_access_policies.iter();
                let brought = policies.filter_map(|policy| policy.expanded_strength.as_deref());
                one.authentication_strengths.iter().chain(brought)
            });
            let own = own.map(|one| (one.id, one.display_name.as_str()));
            let built_in = BuiltInStrength::ALL.iter();
            let mut all = own.chain(built_in.map(|one| (one.id, one.display_name)));
            all.find(|(known, _)| known == id)
                .map(|(_, name)| name.to_owned())
        }
        GrantControl::TermsOfUse(id) => configurations.find_map(|one| {
            let mut agreements = one.agreements.iter();
            let found = agreements.find(|one| one.id == *id);
            found.map(|one| one.display_name.clone())
        }),
        GrantControl::Block
        | GrantControl::Mfa
        | GrantControl::CompliantDevice
        | GrantControl::DomainJoinedDevice
        | GrantControl::ApprovedApplication
        | GrantControl::CompliantApplication
        | GrantControl::PasswordChange
        | GrantControl::RiskRemediation
        | GrantControl::CustomAuthenticationFactor(_) => None,
    }
}
