//! Bytes to messages and back: JOSE, OAuth 2.0 and OpenID Connect as typed values.
//!
//! A request in hand is a legal one, because the parser is its only constructor; an answer is built from
//! values that cannot be sent to an unregistered address or without the issuer.
//!
//! Must never know: tenants, users, policies, stores (ids are plain text here), a clock, configuration,
//! HTTP, or any other crate of the workspace. `now` and keys are handed in.

pub mod jose;
pub mod json;
pub mod oauth;
pub mod oidc;
pub mod secret;
