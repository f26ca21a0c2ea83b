//! The use cases of a sign-in: from an authorization request to tokens, and from tokens to signed out.
//!
//! Each step of the journey is a function from facts and a state to the next page or answer, plus the changes to
//! commit. It speaks to the store, keys, passwords and devices through traits ([`house`]).
//!
//! Must never know: HTTP, HTML, SQL, a clock or randomness of its own. The server hands in parsed requests and the
//! moment; the binary plugs the traits together.

pub mod house;
pub mod page;
pub mod realm;
pub mod token;
