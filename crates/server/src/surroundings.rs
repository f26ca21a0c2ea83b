//! Where the handlers take time and chance from: the system's in the binary, a test's own in tests.

use std::sync::Arc;

use aws_lc_rs::rand::{SecureRandom, SystemRandom};
use portcullis_model::Timestamp;
use portcullis_model::entropy::Entropy;

/// Tells the time.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// Gives a source of random bytes for one request.
pub type EntropySource = Arc<dyn Fn() -> Box<dyn Entropy> + Send + Sync>;

/// Time and chance.
#[derive(Clone)]
pub struct Surroundings {
    /// The time.
    pub clock: Clock,
    /// The chance.
    pub entropy: EntropySource,
}

impl Surroundings {
    /// The system's.
    pub fn system() -> Self {
        Self {
            clock: Arc::new(Timestamp::now),
            entropy: Arc::new(|| Box::new(SystemChance(SystemRandom::new()))),
        }
    }
}

struct SystemChance(SystemRandom);

impl Entropy for SystemChance {
    fn fill(&mut self, bytes: &mut [u8]) {
        if self.0.fill(bytes).is_err() {
            tracing::error!("the operating system gives no random bytes");
            // Without chance every code and cookie could be guessed; nothing may be answered any more.
            std::process::abort();
        }
    }
}
