//! The binary from outside: a process on a folder of data, and clients that know of it only what HTTP tells.

pub mod client;
pub mod process;
pub mod world;
