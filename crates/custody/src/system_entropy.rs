//! Chance from the operating system, by way of AWS-LC's generator.

use aws_lc_rs::rand::{SecureRandom, SystemRandom};
use portcullis_model::entropy::Entropy;

/// The source of every id, code, token and key in production.
#[derive(Debug)]
pub struct SystemEntropy(SystemRandom);

impl SystemEntropy {
    /// A handle; cheap.
    pub fn new() -> Self {
        Self(SystemRandom::new())
    }
}

impl Default for SystemEntropy {
    fn default() -> Self {
        Self::new()
    }
}

impl Entropy for SystemEntropy {
    fn fill(&mut self, bytes: &mut [u8]) {
        #[expect(
            clippy::expect_used,
            reason = "without random bytes no secret may be made; the process must not go on"
        )]
        self.0
            .fill(bytes)
            .expect("the operating system gives random bytes");
    }
}
