//! HTTP: routes, pages, cookies, security headers, and the impure parts (keys, passwords, clock) the use cases need.
//!
//! Handlers are thin: they parse a request, call one function of `signin`, and render its answer. Whatever decides
//! something about a sign-in is in `signin`, `policy` or `protocol`; this crate must never decide who gets in, and
//! must never write SQL.

mod app;
mod arrival;
pub mod asset;
pub mod back_channel;
pub mod branding;
mod charge;
pub mod client_address;
pub mod cookies;
mod endpoint;
mod error_body;
mod frame;
pub mod listen;
pub mod page;
mod respond;
pub mod route;
pub mod security_headers;
pub mod surroundings;
pub mod tenant_budget;
