//! The address of an IP range in a named location: no text makes the reader panic, and none is wider than /8.
#![no_main]
#![allow(dead_code)]

use libfuzzer_sys::fuzz_target;

#[path = "../../crates/world/tests/fuzzed/mod.rs"]
mod fuzzed;

fuzz_target!(|bytes: &[u8]| fuzzed::named_location_cidr(bytes));
