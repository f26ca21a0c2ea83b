//! The token side of a sign-in, on a real database: codes, refresh tokens, clients, claims, sign-out, our own endpoints.

mod application;
mod claims;
mod code;
mod own_endpoints;
mod refresh;
mod scene;
mod sign_out;
