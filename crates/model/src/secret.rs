//! Secrets that never print, and their forms at rest: hashed when only compared, sealed when needed again.

use std::fmt;

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::id::TenantId;

/// A secret text (a password, a code, a token in clear). Never printed, never serialised, wiped when dropped.
#[derive(Clone, PartialEq, Eq)]
pub struct SecretText(Zeroizing<String>);

impl SecretText {
    /// Takes the text into custody.
    pub fn new(text: impl Into<String>) -> Self {
        Self(Zeroizing::new(text.into()))
    }

    /// The text in clear; name the reason where it is called.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for SecretText {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("[redacted]")
    }
}

impl<'de> Deserialize<'de> for SecretText {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Self::new)
    }
}

/// SHA-256 of an artefact with at least 128 bits of entropy (code, refresh token, session cookie): all the store keeps of it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct TokenHash(pub [u8; 32]);

impl fmt::Debug for TokenHash {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("[token hash]")
    }
}

/// A secret encrypted at rest (TOTP seed, private signing key), opened only by a [`Sealer`].
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SealedSecret(pub Vec<u8>);

impl fmt::Debug for SealedSecret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("[sealed]")
    }
}

/// What a sealed secret is for: a seed sealed for one purpose or tenant cannot be opened for another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SealPurpose {
    /// The seed of a TOTP authenticator.
    TotpSeed,
    /// A private key that signs tokens.
    SigningKey,
    /// A TOTP seed that is shown but not yet confirmed, carried in the transaction.
    PendingTotpSeed,
    /// A known text, which tells whether a key is the one that sealed everything else.
    KeyCheck,
}

/// Seals and opens secrets (AEAD, bound to tenant and purpose).
pub trait Sealer: Send + Sync {
    /// Encrypts `clear` for this tenant and purpose.
    fn seal(
        &self,
        tenant: TenantId,
        purpose: SealPurpose,
        clear: &[u8],
    ) -> Result<SealedSecret, SealError>;
    /// Opens what [`Sealer::seal`] made for the same tenant and purpose.
    fn open(
        &self,
        tenant: TenantId,
        purpose: SealPurpose,
        sealed: &SealedSecret,
    ) -> Result<Zeroizing<Vec<u8>>, SealError>;
}

/// A sealed secret could not be made or opened: wrong key, wrong tenant or purpose, or damaged bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("cannot seal or open a secret: wrong master key, tenant or purpose, or damaged bytes")]
pub struct SealError;
