//! What went wrong, for the person in front of the page: what the provider said, readably, and what to do next.

use axum::http::StatusCode;

use crate::provider::{ProviderError, TokenRefusal};

/// Why a request to the application ended in an error page.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Trouble {
    /// The provider answered with an error instead of a code.
    #[error("the sign-in ended without letting you in")]
    Refused(ProviderAnswer),
    /// The answer belongs to no sign-in that this browser began here.
    #[error("this answer belongs to no sign-in that your browser began here, or it came twice")]
    UnknownSignIn,
    /// The answer came from another provider than the one that was asked (RFC 9207).
    #[error("the answer came from another provider than the one that was asked")]
    AnotherIssuer,
    /// Nobody is signed in here.
    #[error("you are not signed in here")]
    NotSignedIn,
    /// The provider let the person in, without the second step that was demanded.
    #[error("the provider did not vouch for a recent second step, so nothing was approved")]
    StepUpUnmet,
    /// The step-up came back with somebody else.
    #[error("somebody else came back than the person who is signed in here")]
    AnotherPerson,
    /// There is no refresh token.
    #[error("the provider gave no refresh token")]
    NoRefreshToken,
    /// The provider's token endpoint refused.
    #[error("the provider refused to give tokens")]
    TokensRefused(TokenRefusal),
    /// The provider could not be asked, or its answer could not be believed.
    #[error("the provider could not be asked, or its answer cannot be believed")]
    Provider(#[source] ProviderError),
}

/// An error answer from the authorization endpoint, as it came.
#[derive(Debug, Clone, Default)]
pub(crate) struct ProviderAnswer {
    pub(crate) error: String,
    pub(crate) description: Option<String>,
    pub(crate) address: Option<String>,
}

impl Trouble {
    pub(crate) fn status(&self) -> StatusCode {
        match self {
            Self::Refused(_) | Self::StepUpUnmet | Self::AnotherPerson | Self::TokensRefused(_) => {
                StatusCode::FORBIDDEN
            }
            Self::UnknownSignIn | Self::AnotherIssuer | Self::NoRefreshToken => {
                StatusCode::BAD_REQUEST
            }
            Self::NotSignedIn => StatusCode::UNAUTHORIZED,
            Self::Provider(_) => StatusCode::BAD_GATEWAY,
        }
    }

    /// What the provider said, if it said something.
    pub(crate) fn answer(&self) -> Option<ProviderAnswer> {
        match self {
            Self::Refused(answer) => Some(answer.clone()),
            Self::TokensRefused(refusal) => Some(ProviderAnswer {
                error: refusal.error.clone(),
                description: refusal.error_description.clone(),
                address: refusal.error_uri.clone(),
            }),
            Self::UnknownSignIn
            | Self::AnotherIssuer
            | Self::NotSignedIn
            | Self::StepUpUnmet
            | Self::AnotherPerson
            | Self::NoRefreshToken
            | Self::Provider(_) => None,
        }
    }

    /// The chain of causes, for whoever tries the demo.
    pub(crate) fn causes(&self) -> Vec<String> {
        let mut causes = Vec::new();
        let mut next = std::error::Error::source(self);
        while let Some(cause) = next {
            causes.push(cause.to_string());
            next = cause.source();
        }
        causes
    }
}
