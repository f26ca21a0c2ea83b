//! Public keys: as we publish them (JWK), and as we verify with them, each bound to one algorithm (RFC 8725 §3.1).

use std::fmt;

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256, RSA_PSS_2048_8192_SHA256,
    RsaPublicKeyComponents, UnparsedPublicKey,
};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// The algorithms a signature is verified with: asymmetric ones only.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum SignatureAlgorithm {
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    RS256,
    /// RSASSA-PSS with SHA-256; for the assertions of clients.
    PS256,
    /// ECDSA on P-256 with SHA-256.
    ES256,
}

impl SignatureAlgorithm {
    /// The `alg` value.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::RS256 => "RS256",
            Self::PS256 => "PS256",
            Self::ES256 => "ES256",
        }
    }
}

/// A public key as the JWKS publishes it (RFC 7517). It has no room for private members (requirement G15).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PublicJwk {
    /// The key's name: its thumbprint (RFC 7638).
    pub kid: String,
    /// `sig`.
    #[serde(rename = "use")]
    pub key_use: String,
    /// The one algorithm it is used with.
    pub alg: SignatureAlgorithm,
    /// The numbers.
    #[serde(flatten)]
    pub material: KeyMaterial,
}

/// The numbers of a public key, base64url.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kty")]
pub enum KeyMaterial {
    /// An RSA key.
    #[serde(rename = "RSA")]
    Rsa {
        /// Modulus.
        n: String,
        /// Exponent.
        e: String,
    },
    /// A key on the curve P-256.
    #[serde(rename = "EC")]
    P256 {
        /// `P-256`.
        crv: Curve,
        /// First coordinate.
        x: String,
        /// Second coordinate.
        y: String,
    },
}

/// The one curve.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Curve {
    /// NIST P-256.
    #[serde(rename = "P-256")]
    P256,
}

/// A JWK set document.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct JwkSet {
    /// The keys, the current one first.
    pub keys: Vec<PublicJwk>,
}

impl PublicJwk {
    /// A published key, named by its thumbprint.
    pub fn new(alg: SignatureAlgorithm, material: KeyMaterial) -> Self {
        Self {
            kid: material.thumbprint(),
            key_use: "sig".to_owned(),
            alg,
            material,
        }
    }
}

impl KeyMaterial {
    /// RFC 7638: base64url of SHA-256 over the required members in their order.
    pub fn thumbprint(&self) -> String {
        let canonical = match self {
            Self::Rsa { n, e } => format!(r#"{{"e":"{e}","kty":"RSA","n":"{n}"}}"#),
            Self::P256 {
                crv: Curve::P256,
                x,
                y,
            } => {
                format!(r#"{{"crv":"P-256","kty":"EC","x":"{x}","y":"{y}"}}"#)
            }
        };
        URL_SAFE_NO_PAD.encode(digest(&SHA256, canonical.as_bytes()))
    }
}

/// Why a key cannot be verified with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// Not RSA and not P-256, or for another use.
    #[error("a key is RSA or EC on P-256, with `use` `sig` if it has one")]
    Unsupported,
    /// `alg` does not go with the kind of key, or is none of ours.
    #[error("`alg` is RS256, PS256 (RSA keys) or ES256 (EC keys)")]
    Algorithm,
    /// The numbers are no key, or a weak one.
    #[error(
        "the key's numbers are malformed, or an RSA key has fewer than 2048 or more than 8192 bits"
    )]
    Malformed,
    /// A private key where a public one belongs.
    #[error("this is a private key: keep it, and register its public half")]
    Private,
}

/// A key that signatures are verified with, and the only algorithm it is verified with.
pub struct VerificationKey {
    pub(crate) key_id: Option<String>,
    pub(crate) algorithm: SignatureAlgorithm,
    key: ParsedPublicKey,
}

impl VerificationKey {
    /// Reads one of our own keys.
    pub fn from_public_jwk(jwk: &PublicJwk) -> Result<Self, KeyError> {
        Self::new(Some(jwk.kid.clone()), jwk.alg, &jwk.material)
    }

    /// Reads a key that a client registered. An RSA key without `alg` is used with RS256.
    pub fn from_jwk(jwk: &Map<String, Value>) -> Result<Self, KeyError> {
        if PRIVATE_MEMBERS
            .iter()
            .any(|member| jwk.contains_key(*member))
        {
            return Err(KeyError::Private);
        }
        let text = |name: &str| {
            jwk.get(name)
                .map(|value| value.as_str().ok_or(KeyError::Unsupported))
        };
        if text("use").transpose()?.is_some_and(|usage| usage != "sig") {
            return Err(KeyError::Unsupported);
        }
        let number = |name: &str| {
            text(name)
                .transpose()?
                .map(str::to_owned)
                .ok_or(KeyError::Malformed)
        };
        let (material, default) = match (text("kty").transpose()?, text("crv").transpose()?) {
            (Some("RSA"), None) => (
                KeyMaterial::Rsa {
                    n: number("n")?,
                    e: number("e")?,
                },
                SignatureAlgorithm::RS256,
            ),
            (Some("EC"), Some("P-256")) => {
                let material = KeyMaterial::P256 {
                    crv: Curve::P256,
                    x: number("x")?,
                    y: number("y")?,
                };
                (material, SignatureAlgorithm::ES256)
            }
            (_, _) => return Err(KeyError::Unsupported),
        };
        let algorithm = match text("alg").transpose()? {
            None => default,
            Some("RS256") => SignatureAlgorithm::RS256,
            Some("PS256") => SignatureAlgorithm::PS256,
            Some("ES256") => SignatureAlgorithm::ES256,
            Some(_) => return Err(KeyError::Algorithm),
        };
        Self::new(
            text("kid").transpose()?.map(str::to_owned),
            algorithm,
            &material,
        )
    }

    /// The same key under another name, for instance the one in the registration.
    #[must_use]
    pub fn named(mut self, key_id: impl Into<String>) -> Self {
        self.key_id = Some(key_id.into());
        self
    }

    fn new(
        key_id: Option<String>,
        algorithm: SignatureAlgorithm,
        material: &KeyMaterial,
    ) -> Result<Self, KeyError> {
        let key = match (algorithm, material) {
            (SignatureAlgorithm::RS256, KeyMaterial::Rsa { n, e }) => {
                rsa_components(n, e)?.to_parsed_public_key(&RSA_PKCS1_2048_8192_SHA256)
            }
            (SignatureAlgorithm::PS256, KeyMaterial::Rsa { n, e }) => {
                rsa_components(n, e)?.to_parsed_public_key(&RSA_PSS_2048_8192_SHA256)
            }
            (
                SignatureAlgorithm::ES256,
                KeyMaterial::P256 {
                    crv: Curve::P256,
                    x,
                    y,
                },
            ) => UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point(x, y)?).parse(),
            (SignatureAlgorithm::RS256 | SignatureAlgorithm::PS256, KeyMaterial::P256 { .. })
            | (SignatureAlgorithm::ES256, KeyMaterial::Rsa { .. }) => {
                return Err(KeyError::Algorithm);
            }
        };
        Ok(Self {
            key_id,
            algorithm,
            key: key.map_err(|_| KeyError::Malformed)?,
        })
    }

    pub(crate) fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        self.key.verify_sig(message, signature).is_ok()
    }
}

impl fmt::Debug for VerificationKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("VerificationKey")
            .field("key_id", &self.key_id)
            .field("algorithm", &self.algorithm)
            .finish_non_exhaustive()
    }
}

/// Members of private and symmetric keys (RFC 7518 §6.2.2, §6.3.2, §6.4.1).
const PRIVATE_MEMBERS: [&str; 8] = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"];

fn rsa_components(n: &str, e: &str) -> Result<RsaPublicKeyComponents<Vec<u8>>, KeyError> {
    let n = octets(n)?;
    let e = octets(e)?;
    let sized = (RSA_MODULUS_BYTES_MIN..=RSA_MODULUS_BYTES_MAX).contains(&n.len());
    if !sized || !is_exponent(&e) {
        return Err(KeyError::Malformed);
    }
    Ok(RsaPublicKeyComponents { n, e })
}

/// Odd, at least 65537, without leading zeros, which would give one key two thumbprints. With 1 anybody can sign.
///
/// The library looks at the exponent only when it verifies.
fn is_exponent(octets: &[u8]) -> bool {
    let value = octets
        .iter()
        .fold(0_u64, |value, octet| value << 8 | u64::from(*octet));
    (3..=4).contains(&octets.len())
        && octets.first() != Some(&0)
        && value >= 65_537
        && value % 2 == 1
}

const RSA_MODULUS_BYTES_MIN: usize = 2048 / 8;
const RSA_MODULUS_BYTES_MAX: usize = 8192 / 8;

/// The uncompressed point (SEC 1 §2.3.3).
fn point(x: &str, y: &str) -> Result<Vec<u8>, KeyError> {
    let (x, y) = (octets(x)?, octets(y)?);
    if x.len() != P256_COORDINATE_BYTES || y.len() != P256_COORDINATE_BYTES {
        return Err(KeyError::Malformed);
    }
    Ok([&[0x04], x.as_slice(), y.as_slice()].concat())
}

const P256_COORDINATE_BYTES: usize = 32;

fn octets(text: &str) -> Result<Vec<u8>, KeyError> {
    URL_SAFE_NO_PAD
        .decode(text)
        .map_err(|_| KeyError::Malformed)
}

#[cfg(test)]
mod wycheproof;
