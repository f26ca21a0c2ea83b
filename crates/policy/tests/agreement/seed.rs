//! One tenant and one sign-in from a seed, as the fuzz target `decision` draws them.

use proptest::strategy::{Strategy as _, ValueTree as _};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

use crate::generated;

/// The first 32 bytes are the seed; a shorter one is filled up with zeros.
///
/// A seed, not the choices themselves: generators that draw again until something fits would never end on an input of
/// zeros. What a fuzzer keeps are the seeds that reached new code.
pub(crate) fn check(seed: &[u8]) -> Result<(), String> {
    let mut bytes = [0; 32];
    for (byte, given) in bytes.iter_mut().zip(seed) {
        *byte = *given;
    }
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &bytes);
    let mut runner = TestRunner::new_with_rng(Config::default(), rng);
    let strategy = (generated::configuration(), generated::sign_in());
    let Ok(tree) = strategy.new_tree(&mut runner) else {
        return Ok(());
    };
    let (configuration, sign_in) = tree.current();
    super::compare(&configuration, &sign_in)
        .map_err(|disagreement| format!("{disagreement}\n{configuration:#?}\n{sign_in:#?}"))
}
