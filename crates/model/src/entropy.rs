//! Chance as a parameter: whoever mints a secret is handed its source.

/// A source of random bytes. The binary's is the operating system's; tests seed theirs.
pub trait Entropy: Send + Sync {
    /// Fills `bytes` with unpredictable bytes.
    fn fill(&mut self, bytes: &mut [u8]);
}
