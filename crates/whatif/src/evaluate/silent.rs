//! What a client gets where something is asked for and nobody is there to answer (specification 5.5 and 5.14).

use portcullis_policy::decision::Challenge;

use super::{Answer, AnswerOutcome};

/// The answer of the authorization or the token endpoint to a request that nobody can complete.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SilentRefusal {
    /// OAuth's code: the client sends the person to sign in again.
    pub oauth_error: &'static str,
    /// The number in the description and in the log.
    pub error: u32,
}

impl Answer {
    /// What a client gets if it ends so; `None` where somebody is there, or where nothing is asked for.
    pub fn silent_refusal(&self, outcome: &AnswerOutcome) -> Option<SilentRefusal> {
        let AnswerOutcome::Asked(asked) = outcome else {
            return None;
        };
        let first = asked.first().filter(|_| self.is_silent)?;
        let (oauth_error, error) = match &first.challenge {
            Challenge::PrimaryAuthentication => ("login_required", 50058),
            Challenge::MultifactorAuthentication | Challenge::AuthenticationStrength(_) => {
                ("interaction_required", 50076)
            }
            Challenge::PasswordChange => ("interaction_required", 50142),
            Challenge::RiskRemediation
            | Challenge::TermsOfUse(_)
            | Challenge::CustomAuthenticationFactor(_) => ("interaction_required", 50158),
        };
        Some(SilentRefusal { oauth_error, error })
    }
}
