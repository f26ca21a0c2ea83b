//! A sample relying party: small applications that send people to an OpenID provider and show who came back.
//!
//! It is built as a stranger would build it, on a client library and on what the provider says over HTTP.
//! Must never know: any other crate of the workspace. It could be anyone's application.
//!
//! A second step is demanded with the `claims` parameter,
//! `{"id_token":{"amr":{"essential":true,"values":["mfa"]}}}`, and `max_age`; what comes back is checked.

mod bounded_map;
mod claims;
mod configuration;
mod cookies;
mod http_client;
mod page;
mod provider;
mod relying_party;
mod routes;
mod serve;
mod trouble;
mod visit;

#[cfg(test)]
mod tests;

pub use configuration::{AnswerMode, PayrollConfiguration, SampleApplication};
pub use serve::{ServeError, serve};
