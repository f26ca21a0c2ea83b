//! Reads a policy's session controls.

use crate::conditional_access::conditions::read_name;
use crate::conditional_access::{
    CloudAppSecurity, ContinuousAccessEvaluation, FrequencyAuthenticationType, PersistentBrowser,
    SessionControls, SignInFrequency, SignInInterval,
};
use crate::document::{Findings, Members, Reason, shown, shown_text};

pub(super) fn read(root: &Members<'_>, findings: &mut Findings) -> SessionControls {
    let Some(session) = root.object("sessionControls", findings) else {
        return SessionControls::default();
    };
    refuse_if_enabled(
        &session,
        "networkAccessSecurity",
        "the session control `networkAccessSecurity`",
        findings,
    );
    session.refuse_unknown(KNOWN, findings);
    let mut control = |name| enabled(&session, name, findings);
    let frequency = control("signInFrequency");
    let persistent = control("persistentBrowser");
    let restrictions = control("applicationEnforcedRestrictions");
    let proxy = control("cloudAppSecurity");
    let token_protection = control("secureSignInSession");
    let profile = control("globalSecureAccessFilteringProfile");
    for plain in [&restrictions, &token_protection].into_iter().flatten() {
        plain.refuse_unknown(&["isEnabled"], findings);
    }
    SessionControls {
        sign_in_frequency: frequency.and_then(|control| read_frequency(&control, findings)),
        persistent_browser: persistent.and_then(|control| read_persistence(&control, findings)),
        application_enforced_restrictions: restrictions.is_some(),
        cloud_app_security: proxy.and_then(|control| read_proxy(&control, findings)),
        secure_sign_in_session: token_protection.is_some(),
        disable_resilience_defaults: read_flag(&session, "disableResilienceDefaults", findings),
        continuous_access_evaluation: read_evaluation(&session, findings),
        global_secure_access_filtering_profile: profile
            .and_then(|control| read_profile(&control, findings)),
    }
}

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

/// A control without `isEnabled` counts as enabled here: what is not applied must not pass as if it were off.
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

fn read_flag(members: &Members<'_>, name: &str, findings: &mut Findings) -> bool {
    match members.value(name) {
        None => false,
        Some(serde_json::Value::Bool(flag)) => *flag,
        Some(other) => {
            let expected = "`true` or `false`";
            findings.add(members.path_of(name), Reason::Shape, shown(other), expected);
            false
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
    const NAME: &str = "authenticationType";
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
    match control.text(NAME, findings) {
        None => Some(FrequencyAuthenticationType::PrimaryAndSecondaryAuthentication),
        Some(text) => read_name(
            (control.path_of(NAME), text),
            &TYPES,
            Reason::Value,
            findings,
        ),
    }
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
    const MODES: [(&str, PersistentBrowser); 2] = [
        ("always", PersistentBrowser::Always),
        ("never", PersistentBrowser::Never),
    ];
    control.refuse_unknown(&["isEnabled", "mode"], findings);
    read_required(control, "mode", &MODES, Reason::Rule("CA-V33"), findings)
}

fn read_proxy(control: &Members<'_>, findings: &mut Findings) -> Option<CloudAppSecurity> {
    const NAME: &str = "cloudAppSecurityType";
    const TYPES: [(&str, CloudAppSecurity); 3] = [
        ("monitorOnly", CloudAppSecurity::MonitorOnly),
        ("mcasConfigured", CloudAppSecurity::Configured),
        ("blockDownloads", CloudAppSecurity::BlockDownloads),
    ];
    control.refuse_unknown(&["isEnabled", NAME], findings);
    read_required(control, NAME, &TYPES, Reason::Value, findings)
}

/// The one session control without a switch: its mode says everything, though some documents write `isEnabled` as well.
fn read_evaluation(
    session: &Members<'_>,
    findings: &mut Findings,
) -> Option<ContinuousAccessEvaluation> {
    const MODES: [(&str, ContinuousAccessEvaluation); 3] = [
        ("disabled", ContinuousAccessEvaluation::Disabled),
        (
            "strictEnforcement",
            ContinuousAccessEvaluation::StrictEnforcement,
        ),
        ("strictLocation", ContinuousAccessEvaluation::StrictLocation),
    ];
    let control = session.object("continuousAccessEvaluation", findings)?;
    control.refuse_unknown(&["isEnabled", "mode"], findings);
    if control.value("isEnabled") == Some(&serde_json::Value::Bool(false)) {
        return None;
    }
    read_required(&control, "mode", &MODES, Reason::Value, findings)
}

fn read_profile(control: &Members<'_>, findings: &mut Findings) -> Option<String> {
    control.refuse_unknown(&["isEnabled", "profileId"], findings);
    let profile = control.text("profileId", findings);
    if profile.is_none() {
        let expected = "the id of a filtering profile";
        findings.add(
            control.path_of("profileId"),
            Reason::Missing,
            "none",
            expected,
        );
    }
    profile.map(str::to_owned)
}

/// A name that must be there, since the control says nothing without it.
fn read_required<T: Copy>(
    control: &Members<'_>,
    name: &str,
    names: &[(&str, T)],
    reason: Reason,
    findings: &mut Findings,
) -> Option<T> {
    let text = control.text(name, findings).unwrap_or("nothing");
    read_name((control.path_of(name), text), names, reason, findings)
}
