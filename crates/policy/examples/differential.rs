//! Looks for sign-ins on which the engine and the reference evaluator disagree, as many as it is told.
//!
//! `cargo run --release -p portcullis-policy --example differential -- 1000000 [SEED]` prints the seed, and the smallest
//! disagreement it finds; the same seed generates the same sign-ins again.

#![expect(
    clippy::disallowed_methods,
    clippy::disallowed_macros,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    clippy::wildcard_imports,
    dead_code,
    reason = "it reads the clock and prints, which the crate does not, and is made of the modules of the tests"
)]

use std::process::ExitCode;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestRng, TestRunner};

#[path = "../tests/agreement/mod.rs"]
mod agreement;
#[path = "../tests/generated/mod.rs"]
mod generated;
#[path = "../tests/reference/mod.rs"]
mod reference;
#[path = "../tests/world/mod.rs"]
mod world;

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let mut number = || arguments.next().map(|text| text.parse().expect("a number"));
    let count: u64 = number().unwrap_or(100_000);
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let seed: u64 = number().unwrap_or(now.as_secs());
    println!("{count} sign-ins, seed {seed}");

    let began = Instant::now();
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    let config = Config {
        cases: u32::try_from(count).expect("at most 4,294,967,295"),
        failure_persistence: None,
        ..Config::default()
    };
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &bytes);
    let strategy = (generated::configuration(), generated::sign_in());
    let result =
        TestRunner::new_with_rng(config, rng).run(&strategy, |(configuration, sign_in)| {
            agreement::compare(&configuration, &sign_in).map_err(TestCaseError::fail)
        });
    let seconds = began.elapsed().as_secs();
    match result {
        Ok(()) => {
            println!("they agree on all of them, after {seconds} s");
            ExitCode::SUCCESS
        }
        Err(disagreement) => {
            println!("{disagreement}");
            ExitCode::FAILURE
        }
    }
}
