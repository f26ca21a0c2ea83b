//! Reads what a policy demands (grant controls) and what it says of the session (session controls).

use super::conditions::one_of;
use super::{
    FrequencyAuthenticationType, GrantControl, GrantControls, GrantOperator, PersistentBrowser,
    SessionControls, SignInFrequency, SignInInterval,
};
use crate::document::{Findings, Members, Reason, shown, shown_text};

/// Both kinds of controls.
pub(super) struct ReadControls {
    pub(super) grant: Option<GrantControls>,
    pub(super) session: SessionControls,
}

pub(super) fn read(root: &Members<'_>, findings: &mut Findings) -> ReadControls {
    let before = findings.count();
    let controls = ReadControls {
        grant: read_grant_controls(root, findings),
        session: read_session_controls(root, findings),
    };
    let demands_nothing =
        controls.grant.is_none() && controls.session == SessionControls::default();
    if demands_nothing && findings.count() == before {
        findings.add(
            "$",
            Reason::Rule("CA-V03"),
            "neither a grant control nor a session control that is enabled",
            "at least one of `grantControls` and `sessionControls`",
        );
    }
    controls
}

fn read_grant_controls(root: &Members<'_>, findings: &mut Findings) -> Option<GrantControls> {
    let grant = root.object("grantControls", findings)?;
    let before = findings.count();
    for (name, feature) in [
        ("customAuthenticationFactors", "a custom control"),
        ("termsOfUse", "the control `termsOfUse`"),
        ("authenticationStrength", "an authentication strength"),
    ] {
        grant.refuse(name, feature, findings);
    }
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
    let given = grant.texts("builtInControls", findings);
    let only_one = given.len() == 1;
    let mut built_in_controls = Vec::new();
    for entry in given {
        let control = read_grant_control(entry, findings);
        built_in_controls.extend(control.filter(|one| !built_in_controls.contains(one)));
    }
    let refused = findings.count() > before;
    if built_in_controls.is_empty() {
        if !refused {
            findings.add(
                grant.path_of("builtInControls"),
                Reason::Rule("CA-V16"),
                "no control",
                "at least one control, or no `grantControls` at all",
            );
        }
        return None;
    }
    if built_in_controls.contains(&GrantControl::Block) && (refused || !only_one) {
        findings.add(
            grant.path_of("builtInControls"),
            Reason::Rule("CA-V17"),
            "`block` beside other controls",
            "`block` alone",
        );
    }
    Some(GrantControls {
        operator: read_operator(&grant, findings)?,
        controls: built_in_controls,
    })
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

fn read_grant_control(
    (path, text): (String, &str),
    findings: &mut Findings,
) -> Option<GrantControl> {
    const CONTROLS: [(&str, GrantControl); 4] = [
        ("block", GrantControl::Block),
        ("mfa", GrantControl::Mfa),
        ("compliantDevice", GrantControl::CompliantDevice),
        ("domainJoinedDevice", GrantControl::DomainJoinedDevice),
    ];
    const NOT_ENFORCED: [(&str, &str); 5] = [
        ("approvedApplication", "the control `approvedApplication`"),
        ("compliantApplication", "the control `compliantApplication`"),
        ("passwordChange", "the control `passwordChange`"),
        ("riskRemediation", "the control `riskRemediation`"),
        ("compliantNetwork", "the control `compliantNetwork`"),
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

fn read_session_controls(root: &Members<'_>, findings: &mut Findings) -> SessionControls {
    let Some(session) = root.object("sessionControls", findings) else {
        return SessionControls::default();
    };
    for (name, feature) in NOT_APPLIED {
        refuse_if_enabled(&session, name, feature, findings);
    }
    session.refuse(
        "disableResilienceDefaults",
        "the session control `disableResilienceDefaults`",
        findings,
    );
    session.refuse_unknown(KNOWN, findings);
    let frequency = enabled(&session, "signInFrequency", findings);
    let persistent = enabled(&session, "persistentBrowser", findings);
    SessionControls {
        sign_in_frequency: frequency.and_then(|control| read_frequency(&control, findings)),
        persistent_browser: persistent.and_then(|control| read_persistence(&control, findings)),
        ..SessionControls::default()
    }
}

const NOT_APPLIED: [(&str, &str); 6] = [
    (
        "applicationEnforcedRestrictions",
        "the session control `applicationEnforcedRestrictions`",
    ),
    ("cloudAppSecurity", "the session control `cloudAppSecurity`"),
    (
        "secureSignInSession",
        "the session control `secureSignInSession`",
    ),
    (
        "continuousAccessEvaluation",
        "the session control `continuousAccessEvaluation`",
    ),
    (
        "globalSecureAccessFilteringProfile",
        "the session control `globalSecureAccessFilteringProfile`",
    ),
    (
        "networkAccessSecurity",
        "the session control `networkAccessSecurity`",
    ),
];

const KNOWN: &[&str] = &[
    "signInFrequency",
    "persistentBrowser",
    "disableResilienceDefaults",
    "applicationEnforcedRestrictions",
    "cloudAppSecurity",
    "secureSignInSession",
    "continuousAccessEvaluation",
    "globalSecureAccessFilteringProfile",
    "networkAccessSecurity",
];

/// A control without `isEnabled` (continuous access evaluation has none in old exports) counts as enabled here:
/// what is not applied must not pass as if it were off.
fn refuse_if_enabled(
    session: &Members<'_>,
    name: &str,
    feature: &'static str,
    findings: &mut Findings,
) {
    let switch = session
        .set(name)
        .and_then(|control| control.get("isEnabled"));
    if switch != Some(&serde_json::Value::Bool(false)) {
        session.refuse(name, feature, findings);
    }
}

/// The control's members when it is switched on.
fn enabled<'d>(session: &Members<'d>, name: &str, findings: &mut Findings) -> Option<Members<'d>> {
    let control = session.object(name, findings)?;
    match control.value("isEnabled") {
        Some(serde_json::Value::Bool(true)) => Some(control),
        Some(serde_json::Value::Bool(false)) => None,
        other => {
            findings.add(
                control.path_of("isEnabled"),
                Reason::Missing,
                other.map_or_else(|| "nothing".into(), shown),
                "`true` or `false`",
            );
            None
        }
    }
}

fn read_frequency(control: &Members<'_>, findings: &mut Findings) -> Option<SignInFrequency> {
    control.refuse_unknown(
        &[
            "isEnabled",
            "value",
            "type",
            "authenticationType",
            "frequencyInterval",
        ],
        findings,
    );
    let authentication_type = read_authentication_type(control, findings)?;
    let interval = match control.text("frequencyInterval", findings) {
        None => read_hours(control, authentication_type, findings)?,
        Some(text) if text.eq_ignore_ascii_case("timeBased") => {
            read_hours(control, authentication_type, findings)?
        }
        Some(text) if text.eq_ignore_ascii_case("everyTime") => read_every_time(control, findings)?,
        Some(text) => {
            findings.add(
                control.path_of("frequencyInterval"),
                Reason::Value,
                shown_text(text),
                "`timeBased` or `everyTime`",
            );
            return None;
        }
    };
    Some(SignInFrequency {
        interval,
        authentication_type,
    })
}

fn read_authentication_type(
    control: &Members<'_>,
    findings: &mut Findings,
) -> Option<FrequencyAuthenticationType> {
    const TYPES: [(&str, FrequencyAuthenticationType); 2] = [
        (
            "primaryAndSecondaryAuthentication",
            FrequencyAuthenticationType::PrimaryAndSecondaryAuthentication,
        ),
        (
            "secondaryAuthentication",
            FrequencyAuthenticationType::SecondaryAuthentication,
        ),
    ];
    let Some(text) = control.text("authenticationType", findings) else {
        return Some(FrequencyAuthenticationType::PrimaryAndSecondaryAuthentication);
    };
    let known = TYPES
        .iter()
        .find(|(name, _)| name.eq_ignore_ascii_case(text));
    if known.is_none() {
        findings.add(
            control.path_of("authenticationType"),
            Reason::Value,
            shown_text(text),
            one_of(&TYPES),
        );
    }
    known.map(|(_, one)| *one)
}

fn read_hours(
    control: &Members<'_>,
    authentication_type: FrequencyAuthenticationType,
    findings: &mut Findings,
) -> Option<SignInInterval> {
    if authentication_type == FrequencyAuthenticationType::SecondaryAuthentication {
        findings.add(
            control.path_of("authenticationType"),
            Reason::Rule("CA-V30"),
            "`secondaryAuthentication` with a time",
            "`primaryAndSecondaryAuthentication`, or `everyTime`",
        );
    }
    let value = control.value("value");
    let count = value
        .and_then(serde_json::Value::as_u64)
        .and_then(|count| u32::try_from(count).ok())
        .filter(|count| *count > 0);
    let hours_per_unit = match control.text("type", findings) {
        Some(text) if text.eq_ignore_ascii_case("hours") => Some(1),
        Some(text) if text.eq_ignore_ascii_case("days") => Some(24),
        Some(_) | None => None,
    };
    let hours = count
        .zip(hours_per_unit)
        .and_then(|(count, hours)| count.checked_mul(hours));
    if hours.is_none() {
        let unit = control.value("type");
        findings.add(
            control.path(),
            Reason::Rule("CA-V30"),
            format!(
                "value {} and type {}",
                value.map_or_else(|| "none".into(), shown),
                unit.map_or_else(|| "none".into(), shown)
            ),
            "a whole number from 1 on and `hours` or `days`",
        );
    }
    hours.map(SignInInterval::Hours)
}

fn read_every_time(control: &Members<'_>, findings: &mut Findings) -> Option<SignInInterval> {
    let extra = ["value", "type"]
        .into_iter()
        .find_map(|name| Some((name, control.value(name)?)));
    match extra {
        None => Some(SignInInterval::EveryTime),
        Some((name, value)) => {
            findings.add(
                control.path_of(name),
                Reason::Rule("CA-V31"),
                format!("{} beside `everyTime`", shown(value)),
                "no `value` and no `type`",
            );
            None
        }
    }
}

fn read_persistence(control: &Members<'_>, findings: &mut Findings) -> Option<PersistentBrowser> {
    control.refuse_unknown(&["isEnabled", "mode"], findings);
    match control.text("mode", findings) {
        Some(text) if text.eq_ignore_ascii_case("always") => Some(PersistentBrowser::Always),
        Some(text) if text.eq_ignore_ascii_case("never") => Some(PersistentBrowser::Never),
        other => {
            findings.add(
                control.path_of("mode"),
                Reason::Rule("CA-V33"),
                other.map_or_else(|| "no mode".into(), shown_text),
                "`always` or `never`",
            );
            None
        }
    }
}
