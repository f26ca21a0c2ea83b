//! Questions about policies, answered over all possible sign-ins at once, with a concrete sign-in as a witness.
//!
//! Must never know: a clock, a file, the network, a database or HTTP. Whatever it finds is shown to
//! [`decide`](portcullis_policy::decide::decide) before anybody sees it.

pub mod replay;
