//! The use cases of a sign-in: from an authorization request to tokens, and from tokens to signed out.
//!
//! Each step of the journey is a function from facts and a state to the next page or answer, plus the changes to
//! commit. It speaks to the store, keys, passwords and devices through traits ([`house`]).
//!
//! Must never know: HTTP, HTML, SQL, a clock or randomness of its own. The server hands in parsed requests and the
//! moment; the binary plugs the traits together.

pub mod access_token;
pub mod assurance_timer;
mod authentication_contexts;
mod browser_seal;
pub mod change_guard;
pub mod conditional_access_evaluation;
pub mod conditional_access_policies;
pub mod conditional_access_templates;
pub mod discovery;
pub mod facts;
pub mod graph_caller;
pub mod graph_permissions;
pub mod house;
pub mod journey;
pub mod log;
pub mod mint;
pub mod my_sessions;
pub mod my_sign_ins;
mod next_step;
mod onlooker;
pub mod page;
pub mod realm;
pub mod resource;
pub mod session_revocation;
pub mod sign_in_report;
pub mod sign_out;
pub mod subject;
pub mod token;
pub mod totp;
pub mod user_agent;
pub mod user_info;
pub mod visitor;
pub mod well_known;
pub mod whereabouts;
