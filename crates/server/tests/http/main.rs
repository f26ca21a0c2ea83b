//! Shows over HTTP, in process, what the routes, pages, cookies and headers promise.

mod browser;
mod headers;
mod journey;
mod token;
