//! Reads a policy's grant controls.

use crate::authentication_strength::{AuthenticationStrengthPolicy, BuiltInStrength};
use crate::conditional_access::conditions::{one_of, read_id};
use crate::conditional_access::{GrantControl, GrantControls, GrantOperator};
use crate::document::{Findings, Members, Reason, shown, shown_text};
use crate::id::AuthenticationStrengthId;

/// The controls, and the strength among them when the document holds it whole.
pub(super) struct ReadGrant {
    pub(super) controls: GrantControls,
    pub(super) expanded_strength: Option<Box<AuthenticationStrengthPolicy>>,
}

pub(super) fn read(root: &Members<'_>, findings: &mut Findings) -> Option<ReadGrant> {
    let grant = root.object("grantControls", findings)?;
    let before = findings.count();
    grant.refuse_unknown(
        &[
            "operator",
            "builtInControls",
            "customAuthenticationFactors",
            "termsOfUse",
            "authenticationStrength",
        ],
        findings,
    );
    let strength = read_strength(&grant, findings);
    let controls = read_controls(&grant, strength.as_ref().map(|one| one.id), findings);
    if controls.is_empty() {
        if findings.count() == before {
            findings.add(
                grant.path_of("builtInControls"),
                Reason::Rule("CA-V16"),
                "no control",
                "at least one control, or no `grantControls` at all",
            );
        }
        return None;
    }
    check_company(&grant, &controls, findings.count() > before, findings);
    Some(ReadGrant {
        controls: GrantControls {
            operator: read_operator(&grant, findings)?,
            controls,
        },
        expanded_strength: strength.and_then(|one| one.expanded),
    })
}

/// All controls, each once, in the order in which they are asked for.
fn read_controls(
    grant: &Members<'_>,
    strength: Option<AuthenticationStrengthId>,
    findings: &mut Findings,
) -> Vec<GrantControl> {
    let mut controls = Vec::new();
    for entry in grant.texts("builtInControls", findings) {
        controls.extend(read_built_in(entry, findings));
    }
    controls.extend(strength.map(GrantControl::AuthenticationStrength));
    for entry in grant.texts("termsOfUse", findings) {
        controls.extend(read_id(entry, "terms of use", findings).map(GrantControl::TermsOfUse));
    }
    for (path, text) in grant.texts("customAuthenticationFactors", findings) {
        if text.trim().is_empty() {
            let expected = "the id of a custom control";
            findings.add(path, Reason::Value, shown_text(text), expected);
        } else {
            controls.push(GrantControl::CustomAuthenticationFactor(text.to_owned()));
        }
    }
    controls.sort();
    controls.dedup();
    controls
}

/// What excludes each other (CA-V17, CA-V18).
fn check_company(
    grant: &Members<'_>,
    controls: &[GrantControl],
    refused_others: bool,
    findings: &mut Findings,
) {
    let blocks = controls.contains(&GrantControl::Block);
    if blocks && (refused_others || controls.len() > 1) {
        findings.add(
            grant.path_of("builtInControls"),
            Reason::Rule("CA-V17"),
            "`block` beside other controls",
            "`block` alone",
        );
    }
    let by_strength = |one: &GrantControl| matches!(one, GrantControl::AuthenticationStrength(_));
    if controls.contains(&GrantControl::Mfa) && controls.iter().any(by_strength) {
        findings.add(
            grant.path_of("authenticationStrength"),
            Reason::Rule("CA-V18"),
            "an authentication strength beside `mfa`",
            "one of the two",
        );
    }
}

fn read_operator(grant: &Members<'_>, findings: &mut Findings) -> Option<GrantOperator> {
    let given = grant.text("operator", findings);
    let operator = match given {
        Some(text) if text.eq_ignore_ascii_case("AND") => Some(GrantOperator::And),
        Some(text) if text.eq_ignore_ascii_case("OR") => Some(GrantOperator::Or),
        Some(_) | None => None,
    };
    if operator.is_none() {
        findings.add(
            grant.path_of("operator"),
            Reason::Rule("CA-V16"),
            given.map_or_else(|| "no operator".into(), shown_text),
            "`AND` or `OR`",
        );
    }
    operator
}

fn read_built_in((path, text): (String, &str), findings: &mut Findings) -> Option<GrantControl> {
    const CONTROLS: [(&str, GrantControl); 8] = [
        ("block", GrantControl::Block),
        ("mfa", GrantControl::Mfa),
        ("compliantDevice", GrantControl::CompliantDevice),
        ("domainJoinedDevice", GrantControl::DomainJoinedDevice),
        ("approvedApplication", GrantControl::ApprovedApplication),
        ("compliantApplication", GrantControl::CompliantApplication),
        ("passwordChange", GrantControl::PasswordChange),
        ("riskRemediation", GrantControl::RiskRemediation),
    ];
    const NOT_ENFORCED: [(&str, &str); 2] = [
        ("compliantNetwork", "the control `compliantNetwork`"),
        ("verifiedID", "the control `verifiedID`"),
    ];
    let known = CONTROLS
        .iter()
        .find(|(name, _)| name.eq_ignore_ascii_case(text));
    if known.is_none() {
        let feature = NOT_ENFORCED
            .iter()
            .find(|(name, _)| name.eq_ignore_ascii_case(text));
        let reason = feature.map_or(Reason::Value, |(_, feature)| Reason::NotEnforced(feature));
        findings.add(path, reason, shown_text(text), one_of(&CONTROLS));
    }
    known.map(|(_, control)| control.clone())
}

struct ReadStrength {
    id: AuthenticationStrengthId,
    expanded: Option<Box<AuthenticationStrengthPolicy>>,
}

/// How a policy that is written refers to its strength without holding it.
const BIND: &str = "authenticationStrength@odata.bind";

fn read_strength(grant: &Members<'_>, findings: &mut Findings) -> Option<ReadStrength> {
    const WHOSE: &str = "an authentication strength";
    let name = "authenticationStrength";
    match grant.set(name) {
        None => {
            let address = grant.set(BIND)?;
            let text = address.as_str().unwrap_or_default();
            let last = text.trim_end_matches(['\'', ')']);
            let last = last.rsplit(['/', '\'', '(']).next().unwrap_or_default();
            let id = read_id((grant.path_of(BIND), last), WHOSE, findings)?;
            Some(ReadStrength { id, expanded: None })
        }
        Some(serde_json::Value::String(text)) => {
            let id = read_id((grant.path_of(name), text), WHOSE, findings)?;
            Some(ReadStrength { id, expanded: None })
        }
        Some(_) => {
            let strength = grant.object(name, findings)?;
            let path = strength.path_of("id");
            let Some(id) = strength.text("id", findings) else {
                let shown_name = strength.value("displayName").map(shown);
                let found = shown_name.unwrap_or_else(|| "no id".into());
                let expected = format!("the object id (a GUID) of {WHOSE}");
                findings.add(path, Reason::NameForId, found, expected);
                return None;
            };
            let id = read_id((path, id), WHOSE, findings)?;
            let expanded = read_expanded(&strength, id, findings);
            Some(ReadStrength { id, expanded })
        }
    }
}

/// The strength itself, when it lies inside the policy and is whole: without its configurations it may be weaker than it is.
/// What everybody has is not taken from a policy.
fn read_expanded(
    strength: &Members<'_>,
    id: AuthenticationStrengthId,
    findings: &mut Findings,
) -> Option<Box<AuthenticationStrengthPolicy>> {
    let is_built_in = BuiltInStrength::ALL.iter().any(|one| one.id == id);
    let is_whole = strength.set("allowedCombinations").is_some()
        && strength.value("combinationConfigurations").is_some();
    if is_built_in || !is_whole {
        return None;
    }
    match AuthenticationStrengthPolicy::from_document(strength.without(&[])) {
        Ok(policy) => Some(Box::new(policy)),
        Err(refusal) => {
            findings.take_over(strength.path(), refusal);
            None
        }
    }
}
