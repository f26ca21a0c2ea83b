//! What would happen: sign-ins that somebody types, resolved against a directory, decided by `policy`, and told in Graph's shape and in
//! sentences.
//!
//! [`situation::Situation`] is what is typed, [`directory::Directory`] what it is resolved against, and
//! [`evaluate::evaluate`] the one function that answers; the command line, policy tests and the server all call it.
//!
//! Must never know: a clock, a file, the network, a database, HTTP, or any rule of Conditional Access. Whether a policy applies
//! and what it comes to is the business of `policy` alone; nothing here hands out a permit.

pub mod directory;
pub mod evaluate;
pub mod graph_answer;
pub mod graph_request;
pub mod prose;
pub mod situation;
pub mod unresolved;

mod resolve;
mod word;
