//! Reads a policy's conditions: whom and what it is about.

mod applications;
mod clients;
mod devices;
mod locations;
mod signals;
mod workloads;

use super::{Conditions, users};
use crate::document::{Findings, Members, Reason, shown_text};
use crate::id::Id;

pub(super) fn read(root: &Members<'_>, findings: &mut Findings) -> Option<Conditions> {
    let Some(conditions) = root.object("conditions", findings) else {
        if root.set("conditions").is_none() {
            findings.add(
                "$.conditions",
                Reason::Rule("CA-V03"),
                "no conditions",
                "an object with `users` and `applications`",
            );
        }
        return None;
    };
    for (name, feature) in NOT_ENFORCED {
        conditions.refuse(name, feature, findings);
    }
    conditions.refuse_unknown(KNOWN, findings);
    Some(Conditions {
        users: users::read(&conditions, findings),
        client_applications: workloads::read(&conditions, findings),
        target: applications::read(&conditions, findings),
        client_app_types: clients::read_types(&conditions, findings),
        platforms: clients::read_platforms(&conditions, findings),
        locations: locations::read(&conditions, findings),
        sign_in_risk_levels: signals::read_risk(&conditions, "signInRiskLevels", findings),
        user_risk_levels: signals::read_risk(&conditions, "userRiskLevels", findings),
        service_principal_risk_levels: signals::read_risk(
            &conditions,
            "servicePrincipalRiskLevels",
            findings,
        ),
        insider_risk_levels: signals::read_insider_risk(&conditions, findings),
        devices: devices::read(&conditions, findings),
        transfer_methods: signals::read_transfer(&conditions, findings),
    })
}

const NOT_ENFORCED: [(&str, &str); 4] = [
    ("agentIdRiskLevels", "agent identity risk"),
    ("times", "a condition on times"),
    ("agents", "a condition on agents"),
    ("agentContext", "a condition on agents"),
];

const KNOWN: &[&str] = &[
    "users",
    "applications",
    "clientAppTypes",
    "platforms",
    "locations",
    "signInRiskLevels",
    "userRiskLevels",
    "servicePrincipalRiskLevels",
    "agentIdRiskLevels",
    "insiderRiskLevels",
    "authenticationFlows",
    "clientApplications",
    "devices",
    "deviceStates",
    "times",
    "agents",
    "agentContext",
];

/// An object id, or a finding that says what stands there instead.
pub(super) fn read_id<K>(
    (path, text): (String, &str),
    whose: &str,
    findings: &mut Findings,
) -> Option<Id<K>> {
    let id = text.trim().parse().ok();
    if id.is_none() {
        findings.add(
            path,
            Reason::NameForId,
            shown_text(text),
            format!("the object id (a GUID) of {whose}"),
        );
    }
    id
}

/// What a name stands for, compared without case; a finding with the known names otherwise.
pub(super) fn read_name<T: Copy>(
    (path, text): (String, &str),
    names: &[(&str, T)],
    reason: Reason,
    findings: &mut Findings,
) -> Option<T> {
    let known = names
        .iter()
        .find(|(name, _)| name.eq_ignore_ascii_case(text));
    if known.is_none() {
        findings.add(path, reason, shown_text(text), one_of(names));
    }
    known.map(|(_, value)| *value)
}

/// Refuses a list in which one of `keywords` has company.
pub(super) fn check_stands_alone(
    list: &[(String, &str)],
    keywords: &[&str],
    rule: &'static str,
    findings: &mut Findings,
) {
    for (path, text) in list {
        let keyword = keywords.iter().find(|name| name.eq_ignore_ascii_case(text));
        if let Some(keyword) = keyword.filter(|_| list.len() > 1) {
            findings.add(
                path,
                Reason::Rule(rule),
                format!("`{keyword}` beside {} more", list.len() - 1),
                format!("`{keyword}` alone in its list"),
            );
        }
    }
}

/// The known names, for a finding.
pub(super) fn one_of<T>(names: &[(&str, T)]) -> String {
    let names: Vec<_> = names.iter().map(|(name, _)| format!("`{name}`")).collect();
    format!("one of {}", names.join(", "))
}

/// A condition that only excludes would never bring a sign-in in (CA-V12, CA-V13).
fn check_include_side(
    condition: &Members<'_>,
    include: &str,
    count: usize,
    findings: &mut Findings,
) {
    if count == 0 && condition.set(include).is_none() {
        let rule = if include == "includeLocations" {
            "CA-V12"
        } else {
            "CA-V13"
        };
        findings.add(
            condition.path_of(include),
            Reason::Rule(rule),
            "an empty list in a configured condition",
            "at least one entry, for instance `All`",
        );
    }
}
