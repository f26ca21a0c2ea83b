//! Text that must never be printed: codes, refresh tokens, client secrets, assertions, code verifiers.

use std::fmt;

use zeroize::Zeroizing;

/// A secret as it came over the wire or is about to leave. Never printed, wiped when dropped.
#[derive(Clone)]
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
