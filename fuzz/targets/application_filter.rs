//! The text of a filter for applications or service principals: no text makes the reader panic, and what is printed is read as the same.
#![no_main]
#![allow(dead_code)]

use libfuzzer_sys::fuzz_target;

#[path = "../../crates/world/tests/fuzzed/mod.rs"]
mod fuzzed;

fuzz_target!(|bytes: &[u8]| fuzzed::application_filter(bytes));
