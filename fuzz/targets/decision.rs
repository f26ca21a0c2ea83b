//! A tenant and a sign-in generated from the input as a seed: the engine and the reference evaluator come to the same.
#![no_main]
#![allow(dead_code)]

use libfuzzer_sys::fuzz_target;
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

#[path = "../../crates/policy/tests/agreement/mod.rs"]
mod agreement;
#[path = "../../crates/policy/tests/generated/mod.rs"]
mod generated;
#[path = "../../crates/policy/tests/reference/mod.rs"]
mod reference;
#[path = "../../crates/policy/tests/world/mod.rs"]
mod world;

// A seed, not the choices themselves: generators that draw again until something fits would never end on an input of zeros.
// What the fuzzer keeps are the seeds that reached new code.
fuzz_target!(|seed: &[u8]| {
    let mut bytes = [0; 32];
    for (byte, given) in bytes.iter_mut().zip(seed) {
        *byte = *given;
    }
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &bytes);
    let mut runner = TestRunner::new_with_rng(Config::default(), rng);
    let strategy = (generated::configuration(), generated::sign_in());
    let Ok(tree) = strategy.new_tree(&mut runner) else {
        return;
    };
    let (configuration, sign_in) = tree.current();
    if let Err(disagreement) = agreement::compare(&configuration, &sign_in) {
        panic!("{disagreement}\n{configuration:#?}\n{sign_in:#?}");
    }
});
