//! The interactive journey: from an authorization request, page by page, to a code or a refusal.
//!
//! [`authorize::authorize`] reads a request; [`resume::show`] and [`resume::resume`] serve the pages of a sign-in that
//! is under way. All state between two requests is one [`state::State`]; each step is taken once.

pub mod authorize;
pub mod resume;

mod account;
mod answer;
mod arrival;
mod assurance;
mod challenge;
mod client;
pub(crate) mod consent;
mod discovery;
mod frame;
mod home;
mod issue;
mod ledger;
mod pages;
mod password;
mod reach;
mod record;
mod refusal;
mod request;
mod second_factor;
mod session;
mod state;
pub(crate) mod throttle;
mod walk;
