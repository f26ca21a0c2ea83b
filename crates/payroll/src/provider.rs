//! Speaks with the OpenID provider through the client library: discovery, codes, refresh, sign-out, logout tokens.

use std::fmt;

use openidconnect::core::{
    CoreAuthDisplay, CoreAuthPrompt, CoreGenderClaim, CoreIdToken, CoreJsonWebKey,
    CoreJweContentEncryptionAlgorithm, CoreJwsSigningAlgorithm, CoreRevocableToken,
    CoreRevocationErrorResponse, CoreTokenIntrospectionResponse, CoreTokenResponse,
};
use openidconnect::{
    AdditionalClaims, AuthorizationCode, ClaimsVerificationError, Client, ClientId, ClientSecret,
    ConfigurationError, DiscoveryError, EmptyAdditionalClaims, EndSessionUrl, EndpointMaybeSet,
    EndpointNotSet, EndpointSet, ErrorResponse, IdToken, IdTokenVerifier, IssuerUrl,
    JsonWebTokenType, Nonce, OAuth2TokenResponse, PkceCodeVerifier, ProviderMetadataWithLogout,
    RedirectUrl, RefreshToken, RequestTokenError, TokenResponse,
};
use serde::{Deserialize, Serialize};

use crate::configuration::SampleApplication;
use crate::http_client::{HttpClient, HttpError};

/// The library's client, with our own reading of refusals.
pub(crate) type OidcClient = Client<
    EmptyAdditionalClaims,
    CoreAuthDisplay,
    CoreGenderClaim,
    CoreJweContentEncryptionAlgorithm,
    CoreJsonWebKey,
    CoreAuthPrompt,
    TokenRefusal,
    CoreTokenResponse,
    CoreTokenIntrospectionResponse,
    CoreRevocableToken,
    CoreRevocationErrorResponse,
    EndpointSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointMaybeSet,
    EndpointMaybeSet,
>;

/// A refusal of the token endpoint, with the extras that this provider sends.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct TokenRefusal {
    pub(crate) error: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) error_description: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) error_uri: Option<String>,
    /// What to send back to the authorization endpoint.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) claims: Option<String>,
}

impl ErrorResponse for TokenRefusal {}

impl fmt::Display for TokenRefusal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.error)
    }
}

/// Why the provider could not be asked or believed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ProviderError {
    #[error("discovery failed")]
    Discovery(#[source] Box<DiscoveryError<HttpError>>),
    #[error("an address is not valid")]
    Address(#[source] url::ParseError),
    #[error("the provider has no token endpoint")]
    Incomplete(#[source] ConfigurationError),
    #[error("the provider has no address for signing out")]
    NoEndSession,
    #[error("the answer of the token endpoint cannot be read")]
    Tokens(#[source] Box<RequestTokenError<HttpError, TokenRefusal>>),
    #[error("the provider gave no id token")]
    NoIdToken,
    #[error("the token is not what it must be")]
    Claims(#[source] ClaimsVerificationError),
    #[error("the token cannot be read")]
    Unreadable,
}

/// What came of asking for tokens.
pub(crate) enum Tokens {
    Granted(Box<CoreTokenResponse>),
    Refused(TokenRefusal),
}

/// A provider that was discovered, for one application.
pub(crate) struct Provider {
    pub(crate) client: OidcClient,
    pub(crate) issuer: String,
    end_session: Option<EndSessionUrl>,
}

/// What a logout token must have beside the ordinary claims (Back-Channel Logout §2.4).
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct LogoutClaims {
    pub(crate) sid: Option<String>,
    pub(crate) jti: String,
    events: std::collections::BTreeMap<String, serde_json::Map<String, serde_json::Value>>,
}

impl AdditionalClaims for LogoutClaims {}

type LogoutToken = IdToken<
    LogoutClaims,
    CoreGenderClaim,
    CoreJweContentEncryptionAlgorithm,
    CoreJwsSigningAlgorithm,
>;

/// Who was signed out elsewhere.
pub(crate) struct SignedOut {
    pub(crate) session: Option<String>,
    pub(crate) subject: String,
}

impl Provider {
    pub(crate) async fn discover(
        application: &SampleApplication,
        redirect_uri: &str,
        http: &HttpClient,
    ) -> Result<Self, ProviderError> {
        let issuer = IssuerUrl::new(application.issuer.clone()).map_err(ProviderError::Address)?;
        let metadata = ProviderMetadataWithLogout::discover_async(issuer, http)
            .await
            .map_err(|cause| ProviderError::Discovery(Box::new(cause)))?;
        let end_session = metadata.additional_metadata().end_session_endpoint.clone();
        let client_id = ClientId::new(application.client_id.clone());
        let secret = ClientSecret::new(application.client_secret.clone());
        let redirect_uri =
            RedirectUrl::new(redirect_uri.to_owned()).map_err(ProviderError::Address)?;
        let client = OidcClient::from_provider_metadata(metadata, client_id, Some(secret))
            .set_redirect_uri(redirect_uri);
        Ok(Self {
            client,
            issuer: application.issuer.clone(),
            end_session,
        })
    }

    pub(crate) fn end_session(&self) -> Result<EndSessionUrl, ProviderError> {
        self.end_session.clone().ok_or(ProviderError::NoEndSession)
    }

    pub(crate) async fn redeem(
        &self,
        code: String,
        verifier: PkceCodeVerifier,
        http: &HttpClient,
    ) -> Result<Tokens, ProviderError> {
        let request = self.client.exchange_code(AuthorizationCode::new(code));
        let request = request
            .map_err(ProviderError::Incomplete)?
            .set_pkce_verifier(verifier);
        tokens(request.request_async(http).await)
    }

    pub(crate) async fn refresh(
        &self,
        refresh_token: &RefreshToken,
        http: &HttpClient,
    ) -> Result<Tokens, ProviderError> {
        let request = self.client.exchange_refresh_token(refresh_token);
        tokens(
            request
                .map_err(ProviderError::Incomplete)?
                .request_async(http)
                .await,
        )
    }

    /// The id token of a code, verified against the nonce that was sent.
    pub(crate) fn id_token(
        &self,
        tokens: &CoreTokenResponse,
        nonce: &Nonce,
    ) -> Result<CoreIdToken, ProviderError> {
        let token = tokens.id_token().ok_or(ProviderError::NoIdToken)?;
        token
            .claims(&self.verifier(), nonce)
            .map_err(ProviderError::Claims)?;
        Ok(token.clone())
    }

    /// The id token of a refresh, if there is one; the provider need not repeat the nonce.
    pub(crate) fn refreshed_id_token(
        &self,
        tokens: &CoreTokenResponse,
    ) -> Result<Option<CoreIdToken>, ProviderError> {
        let Some(token) = tokens.id_token() else {
            return Ok(None);
        };
        let any_nonce = |_: Option<&Nonce>| Ok(());
        token
            .claims(&self.verifier(), any_nonce)
            .map_err(ProviderError::Claims)?;
        Ok(Some(token.clone()))
    }

    /// Who a logout token signs out. It must be of its own kind, carry the event, and no nonce.
    pub(crate) fn signed_out(&self, token: &str) -> Result<SignedOut, ProviderError> {
        let token: LogoutToken = token.parse().map_err(|_| ProviderError::Unreadable)?;
        let kind = JsonWebTokenType::new("logout+jwt".to_owned()).normalize();
        let verifier = self.verifier().set_allowed_jose_types(kind);
        let no_nonce = |nonce: Option<&Nonce>| match nonce {
            None => Ok(()),
            Some(_) => Err("a logout token has no nonce".to_owned()),
        };
        let claims = token
            .claims(&verifier, no_nonce)
            .map_err(ProviderError::Claims)?;
        if !claims.additional_claims().events.contains_key(LOGOUT_EVENT) {
            return Err(ProviderError::Unreadable);
        }
        Ok(SignedOut {
            session: claims.additional_claims().sid.clone(),
            subject: claims.subject().to_string(),
        })
    }

    fn verifier(&self) -> IdTokenVerifier<'_, CoreJsonWebKey> {
        self.client.id_token_verifier().set_allowed_algs([
            CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256,
            CoreJwsSigningAlgorithm::EcdsaP256Sha256,
        ])
    }
}

const LOGOUT_EVENT: &str = "http://schemas.openid.net/event/backchannel-logout";

fn tokens(
    answer: Result<CoreTokenResponse, RequestTokenError<HttpError, TokenRefusal>>,
) -> Result<Tokens, ProviderError> {
    match answer {
        Ok(tokens) => Ok(Tokens::Granted(Box::new(tokens))),
        Err(RequestTokenError::ServerResponse(refusal)) => Ok(Tokens::Refused(refusal)),
        Err(
            cause @ (RequestTokenError::Request(_)
            | RequestTokenError::Parse(..)
            | RequestTokenError::Other(_)),
        ) => Err(ProviderError::Tokens(Box::new(cause))),
    }
}

/// Holds iff a token could not be verified because the provider may have changed its keys.
pub(crate) fn may_be_new_keys(error: &ProviderError) -> bool {
    matches!(
        error,
        ProviderError::Claims(ClaimsVerificationError::SignatureVerification(_))
    )
}

/// The scopes that were granted, in words.
pub(crate) fn granted_scopes(tokens: &CoreTokenResponse) -> String {
    let scopes = tokens.scopes().map(Vec::as_slice).unwrap_or_default();
    scopes
        .iter()
        .map(|scope| scope.as_str())
        .collect::<Vec<_>>()
        .join(" ")
}
