//! A folder of files, as a world and as an export: no bytes make a reader panic, and each file of an export is told of.
#![no_main]
#![allow(dead_code)]

use libfuzzer_sys::fuzz_target;

#[path = "../../crates/world/tests/fuzzed/mod.rs"]
mod fuzzed;

fuzz_target!(|bytes: &[u8]| fuzzed::world_folder(bytes));
