//! Runs the seeds of the fuzz target `decision`, whose worlds engine and reference evaluator once decided, and must still.

use std::fs;
use std::path::Path;

use crate::agreement::seed;

#[test]
#[expect(
    clippy::disallowed_methods,
    reason = "the test reads the seeds in the repository; the crate reads nothing"
)]
fn every_seed_of_the_fuzz_target_is_decided_alike() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/seeds/decision");
    let mut count = 0;
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let checked = seed::check(&fs::read(&path).unwrap());
        checked.unwrap_or_else(|disagreement| panic!("{}: {disagreement}", path.display()));
        count += 1;
    }
    assert!(count >= 4, "only {count} seeds");
}
