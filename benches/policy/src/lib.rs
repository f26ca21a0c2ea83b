//! Generated worlds, decided by our engine, by a plain loop, by bare bitmaps, by Cedar and by Rego: all must agree before any is timed.
//!
//! A workspace of its own: what is compared with must not enter the product's dependency tree, its lock file or its tests.

pub mod answer;
pub mod bitmap;
#[cfg(feature = "others")]
pub mod cedar;
pub mod chance;
pub mod measure;
pub mod memory;
pub mod naive;
pub mod ours;
#[cfg(feature = "others")]
pub mod rego;
pub mod report;
pub mod world;
