//! A private key that signs tokens: parsed once, bound to one algorithm, named by its thumbprint.

use std::fmt;

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair, RSA_PKCS1_SHA256, RsaKeyPair,
    RsaPublicKeyComponents,
};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;

use super::public_key::{Curve, KeyMaterial, PublicJwk, SignatureAlgorithm, VerificationKey};
use super::token::TokenClaims;
use crate::secret::SecretText;

/// The algorithms tokens are signed with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SigningAlgorithm {
    /// What every client library expects.
    RS256,
    /// Some twenty-five times cheaper to sign.
    ES256,
}

/// A private key with its public half.
pub struct SigningKey {
    pair: Pair,
    public: PublicJwk,
}

enum Pair {
    Rsa(RsaKeyPair),
    P256(EcdsaKeyPair),
}

/// Why a key cannot sign.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SigningError {
    /// The bytes are no such key.
    #[error("the bytes are no PKCS#8 private key for the algorithm")]
    NotAKey,
    /// The claims have no JSON form; a fault of ours.
    #[error("the claims cannot be written as JSON")]
    Claims,
    /// The signature could not be made; a fault of ours.
    #[error("the signature could not be made")]
    Signature,
}

impl SigningKey {
    /// Reads a PKCS#8 DER private key.
    pub fn from_pkcs8(algorithm: SigningAlgorithm, der: &[u8]) -> Result<Self, SigningError> {
        match algorithm {
            SigningAlgorithm::RS256 => {
                let pair = RsaKeyPair::from_pkcs8(der).map_err(|_| SigningError::NotAKey)?;
                let numbers = RsaPublicKeyComponents::<Vec<u8>>::from(pair.public_key());
                let (n, e) = (encode(&numbers.n), encode(&numbers.e));
                let public = PublicJwk::new(SignatureAlgorithm::RS256, KeyMaterial::Rsa { n, e });
                Ok(Self {
                    pair: Pair::Rsa(pair),
                    public,
                })
            }
            SigningAlgorithm::ES256 => {
                let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, der)
                    .map_err(|_| SigningError::NotAKey)?;
                // SEC 1 §2.3.3: 0x04, then two coordinates of 32 octets.
                let point = pair.public_key().as_ref().strip_prefix(&[0x04]);
                let (x, y) = point
                    .and_then(|point| point.split_at_checked(32))
                    .ok_or(SigningError::NotAKey)?;
                let material = KeyMaterial::P256 {
                    crv: Curve::P256,
                    x: encode(x),
                    y: encode(y),
                };
                let public = PublicJwk::new(SignatureAlgorithm::ES256, material);
                Ok(Self {
                    pair: Pair::P256(pair),
                    public,
                })
            }
        }
    }

    /// The public half, as published.
    pub fn public_jwk(&self) -> &PublicJwk {
        &self.public
    }

    /// The public half, to verify with.
    pub fn verification_key(&self) -> Result<VerificationKey, super::public_key::KeyError> {
        VerificationKey::from_public_jwk(&self.public)
    }

    /// The `kid` of its tokens.
    pub fn key_id(&self) -> &str {
        &self.public.kid
    }

    /// Signs claims as the kind of token they are.
    ///
    /// An RSA signature takes most of a millisecond: not for an async thread that others wait on.
    pub fn sign<C: TokenClaims>(&self, claims: &C) -> Result<SecretText, SigningError> {
        let header = Header {
            typ: C::TOKEN_TYPE.as_str(),
            alg: self.public.alg.as_str(),
            kid: &self.public.kid,
        };
        let header = serde_json::to_vec(&header).map_err(|_| SigningError::Claims)?;
        let claims = serde_json::to_vec(claims).map_err(|_| SigningError::Claims)?;
        let mut token = encode(&header);
        token.push('.');
        URL_SAFE_NO_PAD.encode_string(claims, &mut token);
        let signature = self.signature(token.as_bytes())?;
        token.push('.');
        URL_SAFE_NO_PAD.encode_string(signature, &mut token);
        Ok(SecretText::new(token))
    }

    pub(super) fn signature(&self, message: &[u8]) -> Result<Vec<u8>, SigningError> {
        let digest = digest(&SHA256, message);
        match &self.pair {
            Pair::Rsa(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign_digest(&RSA_PKCS1_SHA256, &digest, &mut signature)
                    .map_err(|_| SigningError::Signature)?;
                Ok(signature)
            }
            Pair::P256(pair) => {
                let signature = pair
                    .sign_digest(&digest)
                    .map_err(|_| SigningError::Signature)?;
                Ok(signature.as_ref().to_vec())
            }
        }
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("SigningKey")
            .field("key_id", &self.public.kid)
            .finish_non_exhaustive()
    }
}

#[derive(Serialize)]
struct Header<'a> {
    typ: &'static str,
    alg: &'static str,
    kid: &'a str,
}

fn encode(octets: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(octets)
}
