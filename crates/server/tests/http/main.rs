//! Shows over HTTP, in process, what the routes, pages, cookies and headers promise.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test without its page must fail, and says so here"
)]

mod browser;
mod flood;
mod headers;
mod journey;
mod sockets;
mod token;
