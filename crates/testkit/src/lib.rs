//! What tests stand on: a house with a database of its own, a clock that is set, chance that is seeded, and a browser.
//!
//! Never shipped: no crate of the binary depends on it outside of tests.

#![expect(
    clippy::expect_used,
    clippy::missing_panics_doc,
    clippy::panic,
    reason = "a test without its house must fail, and says so here"
)]

pub mod browser;
pub mod faulty_store;
pub mod house;
#[cfg(feature = "remote")]
pub mod remote;
