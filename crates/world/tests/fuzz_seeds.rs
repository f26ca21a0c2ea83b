//! Runs the seeds of the fuzz targets, so that what a fuzzer once found, or should begin from, is looked at in every test run.

use std::fs;
use std::panic::catch_unwind;
use std::path::Path;

#[cfg(test)]
mod fuzzed;

type Property = fn(&[u8]);

const TARGETS: [(&str, Property); 5] = [
    ("policy_json", fuzzed::policy_json),
    ("device_filter", fuzzed::device_filter),
    ("application_filter", fuzzed::application_filter),
    ("named_location_cidr", fuzzed::named_location_cidr),
    ("world_folder", fuzzed::world_folder),
];

#[test]
fn every_seed_passes() {
    for (target, check) in TARGETS {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/seeds");
        let entries = fs::read_dir(folder.join(target));
        let entries = entries.unwrap_or_else(|error| panic!("{target}: {error}"));
        let mut count = 0;
        for entry in entries {
            let path = entry.unwrap().path();
            let seed = fs::read(&path).unwrap();
            let checked = catch_unwind(|| check(&seed));
            assert!(checked.is_ok(), "{}, for the reason above", path.display());
            count += 1;
        }
        assert!(count >= 4, "{target} has only {count} seeds");
    }
}
