//! The store: SQL behind the contract that `portcullis_model::store` declares.
//!
//! One SQL text serves every engine; an engine is one file that knows how to connect, bind and fetch
//! ([`sqlite`] today). All writing goes through one task that commits whole groups of callers at once,
//! so that durability costs one flush per group.
//!
//! Must never know: HTTP, OAuth, policies' meaning, a clock, randomness. It keeps what it is handed and answers
//! races; it decides nothing.

mod change;
mod configuration;
mod engine;
mod export;
mod import;
mod joined;
mod purge;
mod query;
mod row;
mod schema;
mod sign_in_query;
mod sql;
mod sqlite;
mod statement;
mod store;
mod tenant;
mod writer;

pub use schema::OpenError;
pub use sqlite::{SqliteOptions, SqliteStore};
