//! The token endpoint: codes, refresh tokens and client credentials become tokens, each after a new decision.

pub mod text;
