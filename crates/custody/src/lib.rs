//! Keeps what must not leak (signing keys, sealed secrets, password checks, the source of random bytes), and what is kept
//! warm for all requests (compiled tenants, the country database); bounds what is heavy (password checks, the guard of changes).
//!
//! Implements the traits of `signin::house` that need cryptography with chance, or a cache shared by all requests.
//!
//! Must never know: HTTP, pages, SQL, or which use case asks.

pub mod change_guarding;
pub mod country_database;
mod fair_queue;
pub mod keyring;
pub mod master_key;
pub mod master_key_check;
pub mod password_hashing;
pub mod system_entropy;
pub mod tenant_cache;
