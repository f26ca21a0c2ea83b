//! Binds a code to whoever asked for it (RFC 7636), S256 only.

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq;

use super::error::Fault;
use super::error_catalogue::ErrorCode;
use super::parameters::Parameters;
use crate::secret::SecretText;

/// An S256 challenge: 43 characters of base64url.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct CodeChallenge(String);

impl CodeChallenge {
    /// Reads `code_challenge` and `code_challenge_method`. Whether one is required is the caller's to say (B01).
    pub fn parse(parameters: &Parameters) -> Result<Option<Self>, Fault> {
        let method = parameters.find("code_challenge_method");
        match (parameters.find("code_challenge"), method) {
            (None, None) => Ok(None),
            (None, Some(_)) => Err(refused("code_challenge_method without code_challenge")),
            // RFC 7636 §4.3: no method means `plain`, and `plain` is refused (B02).
            (Some(_), None) => Err(refused("code_challenge_method is missing; use S256")),
            (Some(challenge), Some("S256")) if is_base64url_sha256(challenge) => {
                Ok(Some(Self(challenge.to_owned())))
            }
            (Some(_), Some("S256")) => {
                Err(refused("code_challenge is not 43 characters of base64url"))
            }
            (Some(_), Some(_)) => Err(refused("code_challenge_method is not S256")),
        }
    }

    /// The challenge of a verifier.
    pub fn of(verifier: &CodeVerifier) -> Self {
        Self(URL_SAFE_NO_PAD.encode(digest(&SHA256, verifier.0.expose().as_bytes())))
    }

    /// The text on the wire.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn refused(detail: &str) -> Fault {
    Fault::with_detail(ErrorCode::PkceRequired, detail)
}

fn is_base64url_sha256(text: &str) -> bool {
    URL_SAFE_NO_PAD
        .decode(text)
        .is_ok_and(|octets| octets.len() == 32)
}

/// A code verifier: 43 to 128 unreserved characters (RFC 7636 §4.1).
#[derive(Debug, Clone)]
pub struct CodeVerifier(SecretText);

impl CodeVerifier {
    /// Reads a verifier; `None` if its length or characters are wrong.
    pub fn parse(text: &str) -> Option<Self> {
        let unreserved = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
        ((43..=128).contains(&text.len()) && text.bytes().all(unreserved))
            .then(|| Self(SecretText::new(text)))
    }
}

/// Shows that the code was redeemed by whoever asked for it, or that nobody had asked for that.
#[derive(Debug)]
pub struct PkceProof(());

/// Why a verifier does not fit; always `invalid_grant`, and always burns the code (B05).
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PkceMismatch {
    /// A challenge was given and no verifier is (requirement B03).
    #[error("the code was issued for a code_challenge and no code_verifier is given")]
    VerifierMissing,
    /// A verifier is given and no challenge was (requirement B04).
    #[error("a code_verifier is given and the code was issued without a code_challenge")]
    ChallengeMissing,
    /// They do not fit.
    #[error("the code_verifier does not fit the code_challenge")]
    Different,
}

/// Holds iff there is neither challenge nor verifier, or both and they fit. Compares in constant time.
pub fn check(
    challenge: Option<&str>,
    verifier: Option<&CodeVerifier>,
) -> Result<PkceProof, PkceMismatch> {
    match (challenge, verifier) {
        (None, None) => Ok(PkceProof(())),
        (Some(_), None) => Err(PkceMismatch::VerifierMissing),
        (None, Some(_)) => Err(PkceMismatch::ChallengeMissing),
        (Some(challenge), Some(verifier)) => {
            let computed = CodeChallenge::of(verifier);
            if bool::from(computed.0.as_bytes().ct_eq(challenge.as_bytes())) {
                Ok(PkceProof(()))
            } else {
                Err(PkceMismatch::Different)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 7636 appendix B.
    const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

    fn challenge(pairs: &[(&str, &str)]) -> Result<Option<CodeChallenge>, Fault> {
        CodeChallenge::parse(&pairs.iter().copied().collect())
    }

    #[test]
    fn b02_plain_is_refused_also_when_it_is_the_silent_default() {
        for pairs in [
            &[
                ("code_challenge", CHALLENGE),
                ("code_challenge_method", "plain"),
            ][..],
            &[("code_challenge", CHALLENGE)],
            &[
                ("code_challenge", CHALLENGE),
                ("code_challenge_method", "s256"),
            ],
            &[
                ("code_challenge", "short"),
                ("code_challenge_method", "S256"),
            ],
            &[("code_challenge_method", "S256")],
        ] {
            let fault = challenge(pairs).unwrap_err();
            assert_eq!(fault.code, ErrorCode::PkceRequired);
        }
        let good = challenge(&[
            ("code_challenge", CHALLENGE),
            ("code_challenge_method", "S256"),
        ]);
        assert_eq!(good.unwrap().unwrap().as_str(), CHALLENGE);
        assert_eq!(challenge(&[]).unwrap(), None);
    }

    #[test]
    fn b03_b04_b05_truth_table_of_challenge_and_verifier() {
        let right = CodeVerifier::parse(VERIFIER).unwrap();
        let wrong = CodeVerifier::parse(&"x".repeat(43)).unwrap();
        assert!(check(None, None).is_ok());
        assert!(check(Some(CHALLENGE), Some(&right)).is_ok());
        assert_eq!(
            check(Some(CHALLENGE), None).unwrap_err(),
            PkceMismatch::VerifierMissing
        );
        assert_eq!(
            check(None, Some(&right)).unwrap_err(),
            PkceMismatch::ChallengeMissing
        );
        assert_eq!(
            check(Some(CHALLENGE), Some(&wrong)).unwrap_err(),
            PkceMismatch::Different
        );
        assert_eq!(
            check(Some(""), Some(&right)).unwrap_err(),
            PkceMismatch::Different
        );
        // The downgrade: a plain challenge equal to the verifier does not fit.
        assert_eq!(
            check(Some(VERIFIER), Some(&right)).unwrap_err(),
            PkceMismatch::Different
        );
    }

    #[test]
    fn a_verifier_has_43_to_128_unreserved_characters() {
        for (length, legal) in [(42, false), (43, true), (128, true), (129, false)] {
            assert_eq!(
                CodeVerifier::parse(&"a".repeat(length)).is_some(),
                legal,
                "{length}"
            );
        }
        for character in ["+", "/", "=", " ", "é", "\0"] {
            assert!(CodeVerifier::parse(&format!("{}{character}", "a".repeat(50))).is_none());
        }
        assert!(CodeVerifier::parse(&format!("{}-._~", "a".repeat(50))).is_some());
        assert!(CodeVerifier::parse("").is_none());
    }
}
