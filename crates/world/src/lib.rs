//! Worlds as files: a folder of Graph-shaped JSON becomes tenants, or is refused whole with everything that is wrong.
//!
//! The pure half ([`parse::parse_world`]) works on files in memory; only [`files`] and [`write`] touch a disk.
//!
//! Must never know: a database, the network, a clock, cryptography (credentials leave here in clear, to be hashed and
//! sealed by the caller), or what a policy means.

pub mod credentials;
pub mod demo;
pub mod error;
pub mod files;
pub mod parse;
pub mod policies;
pub mod write;

mod check;
mod tenant;

pub use error::WorldError;
pub use parse::{World, read_world};
pub use write::write_world;
