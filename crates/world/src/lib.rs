//! Worlds as files: a folder of Graph-shaped JSON becomes tenants, or is refused whole with everything that is wrong.
//!
//! An [`export`] of policies without tenants is read as far as it goes, and says what is missing.
//!
//! The pure half ([`parse::parse_world`], [`export::parse_export`]) works on files in memory; only [`files`], [`export`] and
//! [`write`] touch a disk.
//!
//! Must never know: a database, the network, a clock, cryptography (credentials leave here in clear, to be hashed and
//! sealed by the caller), or what a policy means.

pub mod credentials;
pub mod demo;
pub mod error;
pub mod export;
pub mod files;
pub mod names;
pub mod parse;
pub mod write;

mod check;
mod tenant;

pub use error::WorldError;
pub use parse::{World, is_world, read_world};
pub use tenant::kinds_in;
pub use write::write_world;
