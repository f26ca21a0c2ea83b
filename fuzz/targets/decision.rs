//! A tenant and a sign-in generated from the input as a seed: the engine and the reference evaluator come to the same.
#![no_main]
#![allow(dead_code)]

use libfuzzer_sys::fuzz_target;

#[path = "../../crates/policy/tests/agreement/mod.rs"]
mod agreement;
#[path = "../../crates/policy/tests/generated/mod.rs"]
mod generated;
#[path = "../../crates/policy/tests/reference/mod.rs"]
mod reference;
#[path = "../../crates/policy/tests/world/mod.rs"]
mod world;

fuzz_target!(|seed: &[u8]| {
    if let Err(disagreement) = agreement::seed::check(seed) {
        panic!("{disagreement}");
    }
});
