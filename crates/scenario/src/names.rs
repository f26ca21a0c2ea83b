//! What a configuration calls its objects, so that files may name policies, strengths and agreements as people do.

use portcullis_model::authentication_strength::BuiltInStrength;
use portcullis_model::id::PolicyId;
use portcullis_model::store::TenantConfiguration;
use portcullis_policy::decision::Challenge;

/// Whether this is a policy's id or its name, whatever the case.
pub(crate) fn names_policy(text: &str, id: PolicyId, display_name: &str) -> bool {
    same(text, display_name) || same(text, &id.to_string())
}

pub(crate) fn same(one: &str, other: &str) -> bool {
    one.trim().to_lowercase() == other.trim().to_lowercase()
}

/// The id and the name of what a challenge is about, where it is about something that has them.
pub(crate) fn object_of(
    challenge: &Challenge,
    configuration: &TenantConfiguration,
) -> Option<(String, String)> {
    match challenge {
        Challenge::PrimaryAuthentication
        | Challenge::MultifactorAuthentication
        | Challenge::RiskRemediation
        | Challenge::PasswordChange => None,
        Challenge::AuthenticationStrength(id) => {
            let mut strengths = configuration.authentication_strengths.iter();
            let own = strengths.find(|strength| strength.id == *id);
            let built_in = BuiltInStrength::ALL.into_iter().find(|one| one.id == *id);
            let name = own.map(|strength| strength.display_name.clone());
            let name = name.or_else(|| built_in.map(|one| one.display_name.to_owned()));
            Some((id.to_string(), name.unwrap_or_else(|| id.to_string())))
        }
        Challenge::TermsOfUse(id) => {
            let mut agreements = configuration.agreements.iter();
            let agreement = agreements.find(|agreement| agreement.id == *id);
            let name = agreement.map(|agreement| agreement.display_name.clone());
            Some((id.to_string(), name.unwrap_or_else(|| id.to_string())))
        }
        Challenge::CustomAuthenticationFactor(id) => Some((id.clone(), id.clone())),
    }
}
