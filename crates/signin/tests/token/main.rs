//! The token side of a sign-in, on a real database: codes, refresh tokens, clients, claims, sign-out, our own endpoints.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::too_many_lines,
    clippy::disallowed_methods,
    reason = "a test that cannot set its scene must fail, and keys of clients are made on the spot"
)]

mod application;
mod claims;
mod code;
mod contexts;
mod mint;
mod own_endpoints;
mod places;
mod refresh;
mod refusals;
mod registration;
mod scene;
mod sign_out;
