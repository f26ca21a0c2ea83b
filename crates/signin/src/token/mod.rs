//! The token endpoint: codes, refresh tokens and client credentials become tokens, each after a new decision.

pub mod application;
pub mod caller;
pub mod client;
pub mod code;
pub mod error;
pub mod grant_use;
pub mod handout;
pub mod record;
pub mod redeem;
pub mod refresh;
pub mod text;

pub use redeem::{TokenCall, redeem};
