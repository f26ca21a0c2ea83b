//! Controls in words, from the names that the log has for them.

/// What a policy that applies demands and says of the session, in a sentence.
pub(super) fn demand(grant: &[String], session: &[String]) -> String {
    let words = |names: &[String]| {
        let words: Vec<String> = names.iter().map(|name| word(name)).collect();
        words.join(", ")
    };
    let demanded = match grant {
        [] => "It demands no control".to_owned(),
        [one] if one.eq_ignore_ascii_case("block") => "It blocks".to_owned(),
        controls => format!("It demands {}", words(controls)),
    };
    if session.is_empty() {
        format!("{demanded}.")
    } else {
        format!("{demanded}, and says of the session: {}.", words(session))
    }
}

/// The control in words; a name that is not known stays.
fn word(name: &str) -> String {
    let known = match name {
        "Block" => "a refusal",
        "Mfa" => "multifactor authentication",
        "RequireCompliantDevice" => "a compliant device",
        "RequireAuthenticationStrength" => "an authentication strength",
        "RequireDomainJoinedDevice" => "a hybrid joined device",
        "RequireApprovedApp" => "an approved client application",
        "RequireCompliantApp" => "a client application under a protection policy",
        "RequirePasswordChange" => "a change of password",
        "RequireRiskRemediation" => "a remediation of the user's risk",
        "RequireTermsOfUse" => "acceptance of terms of use",
        "RequireCustomControl" => "a custom control",
        "ApplicationEnforcedRestrictions" => "the application limits what unmanaged devices can do",
        "CloudAppSecurity" => "it goes through the proxy",
        "SignInFrequency" => "how often to sign in again",
        "PersistentBrowserSessionMode" => "whether it outlives the browser",
        "SignInTokenProtection" => "tokens are bound to the device",
        "DisableResilienceDefaults" => "nobody is let in on old answers during an outage",
        "ContinuousAccessEvaluation" => "continuous access evaluation",
        "GlobalSecureAccessFilteringProfile" => "network traffic is filtered",
        other => other,
    };
    known.to_owned()
}

#[cfg(test)]
mod tests {
    use portcullis_model::conditional_access::GrantControl;
    use portcullis_policy::decision::grant_control_text;

    use super::*;

    #[test]
    fn controls_are_told_in_words_and_unknown_ones_as_they_are() {
        let mfa = grant_control_text(&GrantControl::Mfa).to_owned();
        let session = ["SignInFrequency".to_owned(), "Novelty".to_owned()];
        assert_eq!(
            demand(std::slice::from_ref(&mfa), &session),
            "It demands multifactor authentication, and says of the session: how often to sign in again, Novelty."
        );
        assert_eq!(demand(&["Block".to_owned()], &[]), "It blocks.");
        assert_eq!(demand(&[], &[]), "It demands no control.");
        for control in [
            GrantControl::CompliantDevice,
            GrantControl::DomainJoinedDevice,
            GrantControl::ApprovedApplication,
            GrantControl::CompliantApplication,
            GrantControl::PasswordChange,
            GrantControl::RiskRemediation,
        ] {
            let name = grant_control_text(&control);
            assert_ne!(word(name), name);
        }
    }
}
