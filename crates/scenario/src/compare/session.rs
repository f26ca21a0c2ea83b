//! What holds of the session.

use portcullis_model::conditional_access::{
    CloudAppSecurity, ContinuousAccessEvaluation, FrequencyAuthenticationType, PersistentBrowser,
    SignInInterval,
};
use portcullis_policy::decision::SessionDecision;

use portcullis_whatif::situation::OneOrMany;

use super::Difference;
use crate::expectation::{
    AuthenticationTypeWord, CloudAppSecurityWord, ContinuousAccessEvaluationWord, FrequencyText,
    PersistentBrowserWord, SessionExpectation, word,
};

/// Compares every member that is expected.
pub(super) fn compare(expected: &SessionExpectation, found: &SessionDecision) -> Vec<Difference> {
    let found = rows(&observed(found));
    rows(expected)
        .into_iter()
        .zip(found)
        .filter_map(|((member, expected), (_, found))| {
            let (expected, found) = (expected?, found.unwrap_or_default());
            let member = format!("session.{member}");
            (expected != found).then(|| Difference::new(member, expected, found))
        })
        .collect()
}

/// Every member with its value in words, always in the same order.
fn rows(session: &SessionExpectation) -> [(&'static str, Option<String>); 9] {
    let SessionExpectation {
        sign_in_frequency,
        authentication_type,
        persistent_browser,
        application_enforced_restrictions,
        cloud_app_security,
        secure_sign_in_session,
        disable_resilience_defaults,
        continuous_access_evaluation,
        global_secure_access_filtering_profiles,
    } = session;
    let profiles = global_secure_access_filtering_profiles
        .as_ref()
        .map(|profiles| {
            let mut profiles = profiles.0.clone();
            profiles.sort();
            profiles.join(", ")
        });
    let restrictions = application_enforced_restrictions.map(word);
    [
        ("signInFrequency", sign_in_frequency.map(word)),
        ("authenticationType", authentication_type.map(word)),
        ("persistentBrowser", persistent_browser.map(word)),
        ("applicationEnforcedRestrictions", restrictions),
        ("cloudAppSecurity", cloud_app_security.map(word)),
        ("secureSignInSession", secure_sign_in_session.map(word)),
        (
            "disableResilienceDefaults",
            disable_resilience_defaults.map(word),
        ),
        (
            "continuousAccessEvaluation",
            continuous_access_evaluation.map(word),
        ),
        ("globalSecureAccessFilteringProfiles", profiles),
    ]
}

/// A decision in the words of files, every member filled.
fn observed(decision: &SessionDecision) -> SessionExpectation {
    let frequency = decision.sign_in_frequency.as_ref();
    SessionExpectation {
        sign_in_frequency: Some(match frequency {
            None => FrequencyText::None,
            Some((SignInInterval::EveryTime, ..)) => FrequencyText::EveryTime,
            Some((SignInInterval::Hours(hours), ..)) => FrequencyText::Hours(*hours),
        }),
        authentication_type: Some(match frequency {
            None => AuthenticationTypeWord::None,
            Some((_, FrequencyAuthenticationType::PrimaryAndSecondaryAuthentication, _)) => {
                AuthenticationTypeWord::PrimaryAndSecondaryAuthentication
            }
            Some((_, FrequencyAuthenticationType::SecondaryAuthentication, _)) => {
                AuthenticationTypeWord::SecondaryAuthentication
            }
        }),
        persistent_browser: Some(match &decision.persistent_browser {
            None => PersistentBrowserWord::None,
            Some((PersistentBrowser::Always, _)) => PersistentBrowserWord::Always,
            Some((PersistentBrowser::Never, _)) => PersistentBrowserWord::Never,
        }),
        application_enforced_restrictions: Some(
            !decision.application_enforced_restrictions.is_empty(),
        ),
        cloud_app_security: Some(match &decision.cloud_app_security {
            None => CloudAppSecurityWord::None,
            Some((CloudAppSecurity::MonitorOnly, _)) => CloudAppSecurityWord::MonitorOnly,
            Some((CloudAppSecurity::Configured, _)) => CloudAppSecurityWord::McasConfigured,
            Some((CloudAppSecurity::BlockDownloads, _)) => CloudAppSecurityWord::BlockDownloads,
        }),
        secure_sign_in_session: Some(!decision.secure_sign_in_session.is_empty()),
        disable_resilience_defaults: Some(!decision.disable_resilience_defaults.is_empty()),
        continuous_access_evaluation: Some(match &decision.continuous_access_evaluation {
            None => ContinuousAccessEvaluationWord::None,
            Some((ContinuousAccessEvaluation::Disabled, _)) => {
                ContinuousAccessEvaluationWord::Disabled
            }
            Some((ContinuousAccessEvaluation::StrictEnforcement, _)) => {
                ContinuousAccessEvaluationWord::StrictEnforcement
            }
            Some((ContinuousAccessEvaluation::StrictLocation, _)) => {
                ContinuousAccessEvaluationWord::StrictLocation
            }
        }),
        global_secure_access_filtering_profiles: Some(OneOrMany(
            decision
                .global_secure_access_filtering_profiles
                .keys()
                .cloned()
                .collect(),
        )),
    }
}
