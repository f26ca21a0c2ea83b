//! What a sign-in should come to. A member that is absent is not compared; one that is there is compared whole.

use std::collections::BTreeMap;
use std::fmt;

use portcullis_model::sign_in_log::{AppliedPolicyResult, ConditionalAccessStatus};
use portcullis_whatif::evaluate::Signal;
use portcullis_whatif::situation::{OneOrMany, PlaceWord};
use serde::de::value::MapAccessDeserializer;
use serde::de::{Error, IntoDeserializer, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

/// What somebody expects of a sign-in.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Expectation {
    /// How it ends.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outcome: Option<OutcomeWord>,
    /// The number of the refusal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<u32>,
    /// Everything that is asked for, in the order of asking.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub asks: Option<OneOrMany<Ask>>,
    /// Exactly the policies that apply, enforced or report-only, by id or name, in any order.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub applied: Option<OneOrMany<String>>,
    /// What single policies come to, by id or name.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub policies: BTreeMap<String, ResultWord>,
    /// What holds of the session.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session: Option<SessionExpectation>,
    /// What the log would say of all policies.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<ConditionalAccessStatus>,
    /// Exactly the signals that were not given and that some policy hangs on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub depends_on: Option<OneOrMany<Signal>>,
}

impl Expectation {
    /// Whether nothing at all is expected: such a test could not fail.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
            || self
                .session
                .as_ref()
                .is_some_and(SessionExpectation::is_empty)
    }
}

/// How a sign-in ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum OutcomeWord {
    /// Let in.
    Granted,
    /// Something is asked for.
    Asked,
    /// Refused.
    Blocked,
    /// One or another of these, by what was not said (`signals: partial`).
    DependsOn,
}

/// What is asked for.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Ask {
    /// Only what.
    Control(ControlWord),
    /// With more to say.
    Detailed(DetailedAsk),
}

impl<'de> Deserialize<'de> for Ask {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Forms;
        impl<'de> Visitor<'de> for Forms {
            type Value = Ask;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a control such as `mfa`, or an object with `control`")
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Ask, E> {
                ControlWord::deserialize(text.into_deserializer()).map(Ask::Control)
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Ask, A::Error> {
                DetailedAsk::deserialize(MapAccessDeserializer::new(map)).map(Ask::Detailed)
            }
        }
        deserializer.deserialize_any(Forms)
    }
}

/// What is asked for, and where and how it can be met.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DetailedAsk {
    /// What.
    pub control: ControlWord,
    /// Which strength, agreement or custom control, by id or name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Where.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<PlaceWord>,
    /// Of a strength: exactly the combinations within reach, such as `password,sms`, in any order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub methods: Option<OneOrMany<String>>,
}

/// Something that people can be asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum ControlWord {
    /// The first factor again.
    PrimaryAuthentication,
    /// An authentication strength.
    AuthenticationStrength,
    /// MFA.
    Mfa,
    /// Whatever the risk demands.
    RiskRemediation,
    /// A new password.
    PasswordChange,
    /// An agreement.
    TermsOfUse,
    /// A custom control.
    CustomAuthenticationFactors,
}

/// What a policy comes to: Graph's `appliedConditionalAccessPolicyResult`, or a word of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum ResultWord {
    /// In scope and met.
    Success,
    /// In scope and unmet, or it blocks.
    Failure,
    /// Not in scope.
    NotApplied,
    /// Disabled.
    NotEnabled,
    /// Could not be evaluated.
    Unknown,
    /// Report-only: would have been met.
    ReportOnlySuccess,
    /// Report-only: would have refused.
    ReportOnlyFailure,
    /// Report-only: not in scope.
    ReportOnlyNotApplied,
    /// Report-only: would have asked the user.
    ReportOnlyInterrupted,
    /// Portcullis: in scope, whatever it comes to.
    Applies,
    /// Portcullis: nobody can say without a signal that was not given.
    DependsOn,
}

impl From<AppliedPolicyResult> for ResultWord {
    fn from(result: AppliedPolicyResult) -> Self {
        match result {
            AppliedPolicyResult::Success => Self::Success,
            AppliedPolicyResult::Failure => Self::Failure,
            AppliedPolicyResult::NotApplied => Self::NotApplied,
            AppliedPolicyResult::NotEnabled => Self::NotEnabled,
            AppliedPolicyResult::Unknown => Self::Unknown,
            AppliedPolicyResult::ReportOnlySuccess => Self::ReportOnlySuccess,
            AppliedPolicyResult::ReportOnlyFailure => Self::ReportOnlyFailure,
            AppliedPolicyResult::ReportOnlyNotApplied => Self::ReportOnlyNotApplied,
            AppliedPolicyResult::ReportOnlyInterrupted => Self::ReportOnlyInterrupted,
        }
    }
}

/// What holds of the session; a member that is absent is not compared, and `none` means that no policy says anything.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct SessionExpectation {
    /// How often proofs are renewed: `none`, `everyTime`, `4 hours`, `1 day`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sign_in_frequency: Option<FrequencyText>,
    /// Which proofs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub authentication_type: Option<AuthenticationTypeWord>,
    /// Whether the session outlives the browser.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub persistent_browser: Option<PersistentBrowserWord>,
    /// Whether the application limits what unmanaged devices can do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub application_enforced_restrictions: Option<bool>,
    /// How the proxy treats the session.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cloud_app_security: Option<CloudAppSecurityWord>,
    /// Whether tokens are bound to the device.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secure_sign_in_session: Option<bool>,
    /// Whether nobody is let in on old answers during an outage.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub disable_resilience_defaults: Option<bool>,
    /// How continuous access evaluation behaves.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub continuous_access_evaluation: Option<ContinuousAccessEvaluationWord>,
    /// Exactly the profiles that filter network traffic.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub global_secure_access_filtering_profiles: Option<OneOrMany<String>>,
}

impl SessionExpectation {
    fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// How often proofs are renewed, as somebody wrote it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum FrequencyText {
    /// No policy says.
    None,
    /// Each time.
    EveryTime,
    /// After so many hours.
    Hours(u32),
}

impl TryFrom<String> for FrequencyText {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let wrong = || {
            let shown: String = text.chars().take(40).collect();
            format!(
                "`{shown}` is no frequency: give `none`, `everyTime`, or a number of hours or days such as `4 hours`"
            )
        };
        match text.as_str() {
            "none" => return Ok(Self::None),
            "everyTime" => return Ok(Self::EveryTime),
            _ => {}
        }
        let (number, unit) = text.split_once(' ').ok_or_else(wrong)?;
        let number: u32 = number.parse().map_err(|_| wrong())?;
        let hours = match unit {
            "hour" | "hours" => Some(number),
            "day" | "days" => number.checked_mul(24),
            _ => None,
        };
        hours
            .filter(|hours| *hours > 0)
            .map(Self::Hours)
            .ok_or_else(wrong)
    }
}

impl From<FrequencyText> for String {
    fn from(frequency: FrequencyText) -> Self {
        match frequency {
            FrequencyText::None => "none".to_owned(),
            FrequencyText::EveryTime => "everyTime".to_owned(),
            FrequencyText::Hours(1) => "1 hour".to_owned(),
            FrequencyText::Hours(hours) => format!("{hours} hours"),
        }
    }
}

/// Which proofs are renewed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum AuthenticationTypeWord {
    /// No policy says.
    None,
    /// First and second factor.
    PrimaryAndSecondaryAuthentication,
    /// The second factor.
    SecondaryAuthentication,
}

/// Whether a session outlives the browser.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum PersistentBrowserWord {
    /// No policy says; the user chooses.
    None,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// How the proxy treats a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum CloudAppSecurityWord {
    /// Not sent there.
    None,
    /// Watched.
    MonitorOnly,
    /// As the proxy's own policy says.
    McasConfigured,
    /// Without downloads.
    BlockDownloads,
}

/// How continuous access evaluation behaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum ContinuousAccessEvaluationWord {
    /// No policy says.
    None,
    /// Off.
    Disabled,
    /// The older word.
    StrictEnforcement,
    /// Strict about the location.
    StrictLocation,
}

/// The word of one of the enums above, as files have it.
pub(crate) fn word(value: impl Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(word)) => word,
        Ok(other) => other.to_string(),
        Err(error) => error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frequencies_are_read_by_their_hours() {
        for (text, hours) in [("1 hour", 1), ("4 hours", 4), ("1 day", 24), ("2 days", 48)] {
            let read = FrequencyText::try_from(text.to_owned());
            assert_eq!(read, Ok(FrequencyText::Hours(hours)), "{text}");
        }
        for text in [
            "",
            "4",
            "hours",
            "0 hours",
            "-1 hours",
            "4 weeks",
            "4294967295 days",
        ] {
            assert!(FrequencyText::try_from(text.to_owned()).is_err(), "{text}");
        }
    }
}
