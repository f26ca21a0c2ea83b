//! Answers in sentences: the verdict first, then what would be asked and where, the session, and each policy with its reason.

mod control;
pub mod logged;
#[cfg(test)]
mod tests;
mod verdict;
mod why;

use std::collections::BTreeSet;

use portcullis_model::conditional_access::{
    CloudAppSecurity, ContinuousAccessEvaluation, FrequencyAuthenticationType, PersistentBrowser,
    PolicyState, SignInInterval,
};
use portcullis_model::credential::AuthenticationMethod;
use portcullis_model::id::PolicyId;
use portcullis_model::sign_in_log::AppliedPolicyResult;
use portcullis_policy::decision::{BlockReason, Challenge, SessionDecision};

use crate::evaluate::{Answer, Applicability, Asked, PolicyAnswer, Reason, Signal, WhoSignsIn};
use crate::situation::PlaceWord;

pub use why::explain;

/// An answer, ready to be laid out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// Who signs in, and who decides.
    pub title: String,
    /// How it ends.
    pub tone: Tone,
    /// The verdict in a word, for instance `Blocked`, or what it depends on.
    pub verdict: String,
    /// The verdict in sentences.
    pub sentences: Vec<String>,
    /// What follows, each under its heading.
    pub sections: Vec<Section>,
}

/// How an answer feels to whoever signs in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    /// In.
    Good,
    /// In, once something is done.
    Open,
    /// Out.
    Bad,
}

/// Rows under a heading.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Section {
    /// The heading.
    pub heading: &'static str,
    /// The rows; all of a section are equally long.
    pub rows: Vec<Vec<String>>,
}

/// The answer in words.
pub fn tell(answer: &Answer) -> Told {
    tell_listing(answer, |_| true)
}

/// The answer in words, without the policies that surely do not apply.
pub fn tell_applied(answer: &Answer) -> Told {
    tell_listing(answer, |policy| {
        !matches!(policy.applicability, Applicability::DoesNotApply { .. })
    })
}

fn tell_listing(answer: &Answer, is_listed: fn(&PolicyAnswer) -> bool) -> Told {
    let (tone, verdict, sentences) = verdict::tell_verdict(answer);
    let mut sections = Vec::new();
    let mut section = |heading, rows: Vec<Vec<String>>| {
        if !rows.is_empty() {
            sections.push(Section { heading, rows });
        }
    };
    let gates = answer.gates.iter();
    section(
        "Before the policies",
        gates
            .map(|gate| vec![gate.tenant_name.clone(), gate.said.clone()])
            .collect(),
    );
    section("Session", session_rows(answer));
    section("Policies", policy_rows(answer, is_listed));
    let supposed = answer.suppositions.iter();
    section(
        "Supposed",
        supposed.map(|what| vec![what.clone()]).collect(),
    );
    Told {
        title: title(answer),
        tone,
        verdict,
        sentences,
        sections,
    }
}

fn title(answer: &Answer) -> String {
    let reached = if answer.reached.is_empty() {
        String::new()
    } else {
        format!(" at {}", answer.reached.join(", "))
    };
    let who = who(&answer.who);
    format!("{who}{reached}, decided by {}", answer.tenant_name)
}

fn who(who: &WhoSignsIn) -> String {
    let home = match (who.home_tenant, &who.home_tenant_name) {
        (None, _) => String::new(),
        (Some(_), Some(name)) => format!(" of {name}"),
        (Some(id), None) if id.uuid().is_nil() => " of an unknown tenant".to_owned(),
        (Some(id), None) => format!(" of tenant {id}"),
    };
    if who.user_types.is_empty() {
        format!("{}{home}", who.name)
    } else {
        format!("{} ({}{home})", who.name, who.user_types.join(", "))
    }
}

fn is_in_force(policy: &PolicyAnswer) -> bool {
    policy.state == PolicyState::Enabled && policy.applicability == Applicability::Applies
}

fn ask_sentence(answer: &Answer, asked: &Asked) -> String {
    let what = match &asked.challenge {
        Challenge::PrimaryAuthentication => "The first factor".to_owned(),
        Challenge::MultifactorAuthentication => "Multifactor authentication".to_owned(),
        Challenge::AuthenticationStrength(id) => {
            let name = asked.named.clone().unwrap_or_else(|| id.to_string());
            format!("The authentication strength “{name}”")
        }
        Challenge::RiskRemediation => "A remediation of the user's risk".to_owned(),
        Challenge::PasswordChange => "A change of password".to_owned(),
        Challenge::TermsOfUse(id) => {
            let name = asked.named.clone().unwrap_or_else(|| id.to_string());
            format!("Acceptance of the terms of use “{name}”")
        }
        Challenge::CustomAuthenticationFactor(id) => format!("The custom control `{id}`"),
    };
    let whose = match (asked.place, answer.who.home_tenant) {
        (PlaceWord::Home, _) => ", the user's own tenant",
        (PlaceWord::Resource, Some(_)) => ", the tenant whose application is reached",
        (PlaceWord::Resource, None) => "",
    };
    let combinations: Vec<_> = asked
        .combinations
        .iter()
        .map(|one| {
            one.iter()
                .map(AuthenticationMethod::name)
                .collect::<Vec<_>>()
                .join(" + ")
        })
        .collect();
    let by = if combinations.is_empty() {
        String::new()
    } else {
        format!(", by {}", any_of(&combinations))
    };
    let policies = names(answer, &asked.policies);
    let because = if policies.is_empty() {
        "the request itself".to_owned()
    } else {
        policies
    };
    format!("{what} at {}{whose}{by}: {because}.", asked.tenant_name)
}

/// The policies with these ids, by name.
fn names(answer: &Answer, policies: &[PolicyId]) -> String {
    let names: Vec<String> = policies
        .iter()
        .map(|id| {
            let policy = answer.policies.iter().find(|policy| policy.id == *id);
            policy.map_or_else(
                || id.to_string(),
                |policy| format!("“{}”", policy.display_name),
            )
        })
        .collect();
    names.join(", ")
}

fn session_rows(answer: &Answer) -> Vec<Vec<String>> {
    session_words(&answer.session)
        .into_iter()
        .map(|(control, value, policies)| vec![control.to_owned(), value, names(answer, policies)])
        .collect()
}

/// Each session control that is set: Graph's name, what it says, and the policies that say so.
pub fn session_words(session: &SessionDecision) -> Vec<(&'static str, String, &[PolicyId])> {
    let mut words: Vec<(&'static str, String, &[PolicyId])> = Vec::new();
    if let Some((interval, factors, policies)) = &session.sign_in_frequency {
        let often = match interval {
            SignInInterval::EveryTime => "every time".to_owned(),
            SignInInterval::Hours(1) => "every hour".to_owned(),
            SignInInterval::Hours(hours) if hours.checked_rem(24) == Some(0) => {
                match hours.checked_div(24) {
                    Some(1) => "every day".to_owned(),
                    Some(days) => format!("every {days} days"),
                    None => format!("every {hours} hours"),
                }
            }
            SignInInterval::Hours(hours) => format!("every {hours} hours"),
        };
        let which = match factors {
            FrequencyAuthenticationType::PrimaryAndSecondaryAuthentication => "both factors",
            FrequencyAuthenticationType::SecondaryAuthentication => "the second factor",
        };
        words.push(("signInFrequency", format!("{which} {often}"), policies));
    }
    if let Some((mode, policies)) = &session.persistent_browser {
        let mode = match mode {
            PersistentBrowser::Always => "always: the session outlives the browser",
            PersistentBrowser::Never => "never: the session ends with the browser",
        };
        words.push(("persistentBrowser", mode.to_owned(), policies));
    }
    if let Some((kind, policies)) = &session.cloud_app_security {
        let kind = match kind {
            CloudAppSecurity::MonitorOnly => "through the proxy, which watches",
            CloudAppSecurity::Configured => "through the proxy, as its own policies say",
            CloudAppSecurity::BlockDownloads => "through the proxy, which blocks downloads",
        };
        words.push(("cloudAppSecurity", kind.to_owned(), policies));
    }
    if let Some((mode, policies)) = &session.continuous_access_evaluation {
        let mode = match mode {
            ContinuousAccessEvaluation::Disabled => "disabled",
            ContinuousAccessEvaluation::StrictEnforcement => "strict enforcement",
            ContinuousAccessEvaluation::StrictLocation => "strict location",
        };
        words.push(("continuousAccessEvaluation", mode.to_owned(), policies));
    }
    let flags: [(&'static str, &str, &[PolicyId]); 3] = [
        (
            "applicationEnforcedRestrictions",
            "the application limits what unmanaged devices can do",
            &session.application_enforced_restrictions,
        ),
        (
            "secureSignInSession",
            "tokens are bound to the device",
            &session.secure_sign_in_session,
        ),
        (
            "disableResilienceDefaults",
            "nobody is let in on old answers during an outage",
            &session.disable_resilience_defaults,
        ),
    ];
    for (control, what, policies) in flags {
        if !policies.is_empty() {
            words.push((control, what.to_owned(), policies));
        }
    }
    for (profile, policies) in &session.global_secure_access_filtering_profiles {
        let what = format!("network traffic is filtered by profile {profile}");
        words.push(("globalSecureAccessFilteringProfile", what, policies));
    }
    words
}

/// Policies that apply first, then those that could, then the others; each as `applies`, its name, why.
fn policy_rows(answer: &Answer, is_listed: fn(&PolicyAnswer) -> bool) -> Vec<Vec<String>> {
    let rank = |policy: &&PolicyAnswer| match policy.applicability {
        Applicability::Applies => 0,
        Applicability::DependsOn(_) => 1,
        Applicability::DoesNotApply { .. } => 2,
    };
    let policies = answer.policies.iter().filter(|policy| is_listed(policy));
    let mut policies: Vec<&PolicyAnswer> = policies.collect();
    policies.sort_by_key(rank);
    policies.into_iter().map(policy_row).collect()
}

fn policy_row(policy: &PolicyAnswer) -> Vec<String> {
    let report_only = match policy.state {
        PolicyState::ReportOnly => " (report-only)",
        PolicyState::Enabled | PolicyState::Disabled => "",
    };
    let (applies, why) = match &policy.applicability {
        Applicability::Applies => {
            let session = &policy.applied.enforced_session_controls;
            let mut why = policy.reason.clone();
            if !session.is_empty() {
                why = format!("{why}; session: {}", session.join(", "));
            }
            if !policy.result_depends_on.is_empty() {
                why = format!("{why}; that hangs on {}", unsaid(&policy.result_depends_on));
            }
            ("applies".to_owned(), why)
        }
        Applicability::DependsOn(signals) => {
            ("depends".to_owned(), format!("on {}", unsaid(signals)))
        }
        Applicability::DoesNotApply { condition } => {
            let reason = policy.reason.as_str();
            let reason = reason.strip_prefix("not applied: ").unwrap_or(reason);
            let why = if *condition == Reason::PolicyNotEnabled {
                "the policy is disabled".to_owned()
            } else {
                format!("{}: {reason}", condition.name())
            };
            ("no".to_owned(), why)
        }
    };
    vec![
        applies,
        format!("{}{report_only}", policy.display_name),
        why,
    ]
}

/// The signals, and that nobody said them.
fn unsaid(signals: &BTreeSet<Signal>) -> String {
    let called = |signal: &Signal| match signal {
        Signal::App => "the app's name in this tenant",
        Signal::ServicePrincipal => "the service principal's name in this tenant",
        other => other.name(),
    };
    let names: Vec<_> = signals.iter().map(called).collect();
    match names.as_slice() {
        [] => "nothing".to_owned(),
        [one] => format!("{one}, which was not said"),
        [first @ .., last] => format!("{} and {last}, which were not said", first.join(", ")),
    }
}

fn any_of(choices: &[String]) -> String {
    match choices.split_last() {
        None => String::new(),
        Some((last, [])) => last.clone(),
        Some((last, first)) => format!("{} or {last}", first.join(", ")),
    }
}

/// What a policy that applies came to, in words; the log and What If say it alike.
const fn which_passed(result: AppliedPolicyResult) -> &'static str {
    match result {
        AppliedPolicyResult::Failure => "not met",
        AppliedPolicyResult::Unknown => "not evaluable",
        AppliedPolicyResult::Success => "met",
        AppliedPolicyResult::ReportOnlyFailure => "report-only: would refuse",
        AppliedPolicyResult::ReportOnlyInterrupted => "report-only: would ask",
        AppliedPolicyResult::ReportOnlySuccess => "report-only: met",
        AppliedPolicyResult::NotApplied => "no",
        AppliedPolicyResult::ReportOnlyNotApplied => "report-only: no",
        AppliedPolicyResult::NotEnabled => "disabled",
    }
}

fn capitalised(sentence: &str) -> String {
    let mut letters = sentence.chars();
    match letters.next() {
        None => String::new(),
        Some(first) => first.to_uppercase().chain(letters).collect(),
    }
}

/// The name of what is asked for: Graph's, where Graph has one.
pub const fn challenge_name(challenge: &Challenge) -> &'static str {
    match challenge {
        Challenge::PrimaryAuthentication => "primaryAuthentication",
        Challenge::MultifactorAuthentication => "mfa",
        Challenge::AuthenticationStrength(_) => "authenticationStrength",
        Challenge::RiskRemediation => "riskRemediation",
        Challenge::PasswordChange => "passwordChange",
        Challenge::TermsOfUse(_) => "termsOfUse",
        Challenge::CustomAuthenticationFactor(_) => "customAuthenticationFactors",
    }
}

/// Why a sign-in is refused, without a full stop.
pub const fn block_sentence(reason: BlockReason) -> &'static str {
    match reason {
        BlockReason::BlockedByPolicy => "a policy blocks",
        BlockReason::InboundMfaTrustRequired => {
            "MFA is demanded of somebody without an object here, and the home tenant's is not trusted"
        }
        BlockReason::DeviceNotCompliant => "the user's own tenant vouches for no compliant device",
        BlockReason::DeviceNotDomainJoined => {
            "the user's own tenant vouches for no hybrid joined device"
        }
        BlockReason::DeviceTrustNotConfigured => {
            "a device is demanded, and the home tenant's word on devices is not trusted"
        }
        BlockReason::UserRiskAtHome => {
            "the user is at risk, which only their own tenant can remedy"
        }
        BlockReason::ServiceProviderAtRisk => {
            "the service provider's user is at risk, which only their own tenant can remedy"
        }
        BlockReason::ProofUpBlockedByRisk => {
            "MFA is demanded, nothing is registered, and nothing may be while there is risk"
        }
        BlockReason::ProofUpBlockedByPolicy => {
            "MFA is demanded, nothing is registered, and a policy about security information keeps it from being done here"
        }
        BlockReason::NoMultifactorMethod => {
            "MFA is demanded, and the user has no method for it and can register none"
        }
        BlockReason::StrengthNeedsHomeTenant => {
            "a strength is demanded of a guest whose identity is no tenant's"
        }
        BlockReason::StrengthNotObtainable => {
            "a strength is demanded, and no allowed combination of methods is within the user's reach"
        }
        BlockReason::DeviceInDeviceCodeFlow => {
            "a device is demanded, and a sign-in by device code shows none"
        }
        BlockReason::DeviceNotRegistered => {
            "terms of use are accepted on each registered device, and this device is not registered"
        }
        BlockReason::ApplicationNotApproved => {
            "an approved client application is demanded, and this is none"
        }
        BlockReason::ApplicationNotProtected => {
            "a client application under a protection policy is demanded, and this is none"
        }
        BlockReason::PasswordNotChangeable => "the password must be changed and cannot be",
        BlockReason::NotForExternalUsers => {
            "a control is demanded that is not offered to this kind of external user"
        }
        BlockReason::PolicyNotEvaluable => {
            "a policy cannot be evaluated, and so the door stays shut"
        }
        BlockReason::NoAudience => {
            "no application is reached (name one by its appId), and an empty set opens no door"
        }
        BlockReason::NotAdmitted => "the tenants did not let the user cross for this request",
    }
}
