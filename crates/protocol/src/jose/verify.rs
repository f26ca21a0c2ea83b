//! Opens a signed token: signature by the key's own algorithm, kind, issuer, audience, times; then the claims.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::public_key::VerificationKey;
use super::token::TokenClaims;
use crate::json;

/// A token may not be longer than this.
pub const TOKEN_BYTES_MAX: usize = 16 * 1024;
/// Clocks may differ by this much (requirement G10).
pub const LEEWAY_SECONDS: i64 = 60;

/// What a token must say to be taken.
#[derive(Debug, Clone, Copy)]
pub struct Expected<'a> {
    /// The issuer whose keys are tried.
    pub issuer: &'a str,
    /// Whom the token must be for.
    pub audience: Audience<'a>,
    /// Whether it may be old.
    pub lifetime: Lifetime,
    /// The time of the check.
    pub now: Timestamp,
}

/// Whom a token must be for.
#[derive(Debug, Clone, Copy)]
pub enum Audience<'a> {
    /// One of these is among the token's audiences.
    OneOf(&'a [&'a str]),
    /// The caller looks at `aud` itself, as with an `id_token_hint` that names the client.
    CheckedByCaller,
}

/// Whether `exp` counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lifetime {
    /// An expired token is refused.
    Enforced,
    /// An expired token will do: an `id_token_hint` (RP-Initiated Logout §2).
    MayBeOver,
}

/// Why a token was not taken. For the log; the other side learns nothing of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum VerifyError {
    /// Not a compact JWS of three parts, or too long, or its JSON is not plain.
    #[error("the token is not a signed JWT of at most {TOKEN_BYTES_MAX} bytes")]
    Malformed,
    /// A `crit` header: there is no extension we know (requirement G06).
    #[error("the token demands an extension that is not known")]
    CriticalHeader,
    /// `typ` is that of another kind of token.
    #[error("the token is of another kind")]
    Kind,
    /// No key has this `kid` and algorithm.
    #[error("the token names no key of the issuer")]
    UnknownKey,
    /// The signature is wrong.
    #[error("the signature is wrong")]
    Signature,
    /// `iss` is another.
    #[error("the token is from another issuer")]
    Issuer,
    /// `aud` is another.
    #[error("the token is for another audience")]
    Audience,
    /// `exp` is over.
    #[error("the token has expired")]
    Expired,
    /// `nbf` or `iat` is yet to come.
    #[error("the token is not valid yet")]
    NotYetValid,
    /// A claim is missing or is not what it must be.
    #[error("claim `{0}` is missing or is not what it must be")]
    Claim(&'static str),
}

/// Opens a token of this kind. Every check must hold; none is left to the caller but the audience, if asked so.
pub fn verify<'k, C: TokenClaims + DeserializeOwned>(
    token: &str,
    keys: impl IntoIterator<Item = &'k VerificationKey>,
    expected: &Expected<'_>,
) -> Result<C, VerifyError> {
    let unverified = UnverifiedToken::parse(token)?;
    unverified.check_kind(&[C::TOKEN_TYPE.as_str()])?;
    let claims = unverified.check_signature(keys)?;
    claims.check_issuer(expected.issuer)?;
    match expected.audience {
        Audience::OneOf(audiences) => claims.check_audience(audiences)?,
        Audience::CheckedByCaller => {}
    }
    claims.check_times(expected.now, expected.lifetime)?;
    serde_json::from_value(Value::Object(claims.0)).map_err(|_| VerifyError::Claim("*"))
}

/// A token whose signature nobody has looked at.
pub(crate) struct UnverifiedToken<'a> {
    header: Map<String, Value>,
    message: &'a str,
    signature: Vec<u8>,
    claims: Vec<u8>,
}

/// Claims under a good signature.
pub(crate) struct SignedClaims(pub(crate) Map<String, Value>);

impl<'a> UnverifiedToken<'a> {
    pub(crate) fn parse(token: &'a str) -> Result<Self, VerifyError> {
        if token.len() > TOKEN_BYTES_MAX {
            return Err(VerifyError::Malformed);
        }
        let (message, signature) = token.rsplit_once('.').ok_or(VerifyError::Malformed)?;
        let (header, claims) = message.split_once('.').ok_or(VerifyError::Malformed)?;
        // Five parts would be a JWE, whose dots fail here as base64url.
        let decode = |part: &str| {
            URL_SAFE_NO_PAD
                .decode(part)
                .map_err(|_| VerifyError::Malformed)
        };
        let header = json::parse_object(&decode(header)?).map_err(|_| VerifyError::Malformed)?;
        if header.contains_key("crit") {
            return Err(VerifyError::CriticalHeader);
        }
        Ok(Self {
            header,
            message,
            signature: decode(signature)?,
            claims: decode(claims)?,
        })
    }

    /// Compares `typ` without regard to letter case; `""` among the kinds allows a token without it.
    pub(crate) fn check_kind(&self, kinds: &[&str]) -> Result<(), VerifyError> {
        let kind = match self.header.get("typ") {
            None => "",
            Some(Value::String(kind)) => kind.strip_prefix("application/").unwrap_or(kind),
            Some(_) => return Err(VerifyError::Malformed),
        };
        let known = kinds
            .iter()
            .any(|allowed| allowed.eq_ignore_ascii_case(kind));
        known.then_some(()).ok_or(VerifyError::Kind)
    }

    /// Tries the keys that the header can mean. `jwk`, `jku`, `x5u`, `x5c` are not looked at (requirement G05).
    pub(crate) fn check_signature<'k>(
        self,
        keys: impl IntoIterator<Item = &'k VerificationKey>,
    ) -> Result<SignedClaims, VerifyError> {
        let key_id = match self.header.get("kid") {
            None => None,
            Some(Value::String(key_id)) => Some(key_id.as_str()),
            Some(_) => return Err(VerifyError::Malformed),
        };
        let algorithm = self.header.get("alg").and_then(Value::as_str);
        let mut outcome = VerifyError::UnknownKey;
        for key in keys {
            let named = key_id.is_none_or(|key_id| key.key_id.as_deref() == Some(key_id));
            // The algorithm is the key's; the header can only agree with it (requirement G03).
            if !named || algorithm != Some(key.algorithm.as_str()) {
                continue;
            }
            if key.verifies(self.message.as_bytes(), &self.signature) {
                let claims =
                    json::parse_object(&self.claims).map_err(|_| VerifyError::Malformed)?;
                return Ok(SignedClaims(claims));
            }
            outcome = VerifyError::Signature;
        }
        Err(outcome)
    }

    /// What the token says of itself; only to find the keys to check it with.
    pub(crate) fn danger_unverified_claim(&self, name: &str) -> Option<String> {
        let claims = json::parse_object(&self.claims).ok()?;
        claims.get(name)?.as_str().map(str::to_owned)
    }
}

impl SignedClaims {
    pub(crate) fn text(&self, name: &'static str) -> Result<&str, VerifyError> {
        self.0
            .get(name)
            .and_then(Value::as_str)
            .ok_or(VerifyError::Claim(name))
    }

    pub(crate) fn check_issuer(&self, issuer: &str) -> Result<(), VerifyError> {
        if self.text("iss")? == issuer {
            Ok(())
        } else {
            Err(VerifyError::Issuer)
        }
    }

    pub(crate) fn check_audience(&self, audiences: &[&str]) -> Result<(), VerifyError> {
        let named = match self.0.get("aud") {
            Some(Value::String(audience)) => vec![audience.as_str()],
            Some(Value::Array(list)) => list
                .iter()
                .map(Value::as_str)
                .collect::<Option<_>>()
                .ok_or(VerifyError::Claim("aud"))?,
            _ => return Err(VerifyError::Claim("aud")),
        };
        let meant = named.iter().any(|audience| audiences.contains(audience));
        meant.then_some(()).ok_or(VerifyError::Audience)
    }

    pub(crate) fn check_times(
        &self,
        now: Timestamp,
        lifetime: Lifetime,
    ) -> Result<(), VerifyError> {
        let now = now.as_second();
        let expires_at = self.time("exp")?.ok_or(VerifyError::Claim("exp"))?;
        let begins = [self.time("nbf")?, self.time("iat")?];
        if begins
            .into_iter()
            .flatten()
            .any(|begin| begin > now + LEEWAY_SECONDS)
        {
            return Err(VerifyError::NotYetValid);
        }
        match lifetime {
            Lifetime::Enforced if now >= expires_at + LEEWAY_SECONDS => Err(VerifyError::Expired),
            Lifetime::Enforced | Lifetime::MayBeOver => Ok(()),
        }
    }

    /// A time is a whole number of seconds that a calendar has; `None` if absent (requirement G10).
    pub(crate) fn time(&self, name: &'static str) -> Result<Option<i64>, VerifyError> {
        let Some(value) = self.0.get(name) else {
            return Ok(None);
        };
        let seconds = value
            .as_u64()
            .and_then(|seconds| i64::try_from(seconds).ok());
        match seconds {
            Some(seconds) if seconds <= LAST_SECOND => Ok(Some(seconds)),
            Some(_) | None => Err(VerifyError::Claim(name)),
        }
    }
}

/// The end of the year 9999.
const LAST_SECOND: i64 = 253_402_300_799;

#[cfg(test)]
mod tests;
