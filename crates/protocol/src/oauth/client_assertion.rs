//! Opens a client's signed assertion (RFC 7523, `private_key_jwt`).

use jiff::Timestamp;

use crate::jose::public_key::VerificationKey;
use crate::jose::verify::{LEEWAY_SECONDS, Lifetime, UnverifiedToken, VerifyError};

use super::error::Fault;
use super::error_catalogue::ErrorCode;

/// An assertion may be valid for this long at most: MSAL makes them for ten minutes.
pub const LIFETIME_SECONDS_MAX: i64 = 600;
/// `jti` may not be longer than this.
pub const JTI_BYTES_MAX: usize = 256;

/// What an assertion must say.
#[derive(Debug, Clone, Copy)]
pub struct ExpectedAssertion<'a> {
    /// The client: both `iss` and `sub`.
    pub client_id: &'a str,
    /// The token endpoint and the issuer of the tenant; one of them is `aud`.
    pub audiences: &'a [&'a str],
    /// The time of the check.
    pub now: Timestamp,
}

/// Shows that the client holds a registered key. It counts only once `jti` was entered as used (requirement F02).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientAssertionProof {
    client_id: String,
    jti: String,
    expires_at: Timestamp,
}

impl ClientAssertionProof {
    /// The client that proved itself.
    pub fn client_id(&self) -> &str {
        &self.client_id
    }

    /// To be entered as used; a second time is a replay.
    pub fn jti(&self) -> &str {
        &self.jti
    }

    /// From then on the entry may be forgotten: the assertion is refused as expired, clock difference included.
    pub fn expires_at(&self) -> Timestamp {
        self.expires_at
    }
}

/// Verifies an assertion against the keys the client registered. Always `invalid_client` when it fails.
pub fn verify<'k>(
    assertion: &str,
    keys: impl IntoIterator<Item = &'k VerificationKey>,
    expected: &ExpectedAssertion<'_>,
) -> Result<ClientAssertionProof, Fault> {
    open(assertion, keys, expected)
        .map_err(|error| Fault::with_detail(error_code(error), error.to_string()))
}

fn open<'k>(
    assertion: &str,
    keys: impl IntoIterator<Item = &'k VerificationKey>,
    expected: &ExpectedAssertion<'_>,
) -> Result<ClientAssertionProof, VerifyError> {
    let token = UnverifiedToken::parse(assertion)?;
    token.check_kind(&["", "JWT", "client-authentication+jwt"])?;
    let claims = token.check_signature(keys)?;
    claims.check_issuer(expected.client_id)?;
    if claims.text("sub")? != expected.client_id {
        return Err(VerifyError::Claim("sub"));
    }
    claims.check_audience(expected.audiences)?;
    claims.check_times(expected.now, Lifetime::Enforced)?;
    let expires_at = claims.time("exp")?.ok_or(VerifyError::Claim("exp"))?;
    if expires_at > expected.now.as_second() + LIFETIME_SECONDS_MAX + LEEWAY_SECONDS {
        return Err(VerifyError::Claim("exp"));
    }
    let jti = claims.text("jti")?;
    if jti.is_empty() || jti.len() > JTI_BYTES_MAX {
        return Err(VerifyError::Claim("jti"));
    }
    let forgotten_at = Timestamp::from_second(expires_at + LEEWAY_SECONDS);
    Ok(ClientAssertionProof {
        client_id: expected.client_id.to_owned(),
        jti: jti.to_owned(),
        expires_at: forgotten_at.map_err(|_| VerifyError::Claim("exp"))?,
    })
}

fn error_code(error: VerifyError) -> ErrorCode {
    match error {
        VerifyError::Expired
        | VerifyError::NotYetValid
        | VerifyError::Claim("exp" | "nbf" | "iat") => ErrorCode::ClientAssertionOutsideValidity,
        VerifyError::Audience | VerifyError::Claim("aud") => {
            ErrorCode::ClientAssertionAudienceMismatch
        }
        VerifyError::Malformed
        | VerifyError::CriticalHeader
        | VerifyError::Kind
        | VerifyError::UnknownKey
        | VerifyError::Signature
        | VerifyError::Issuer
        | VerifyError::Claim(_) => ErrorCode::InvalidClientAssertion,
    }
}

/// The client an assertion claims to be from; only to find the keys to verify it with.
pub fn danger_unverified_client_id(assertion: &str) -> Option<String> {
    UnverifiedToken::parse(assertion)
        .ok()?
        .danger_unverified_claim("iss")
}

#[cfg(test)]
mod tests;
