//! Questions about policies, answered over all possible sign-ins at once, with a concrete sign-in as a witness.
//!
//! Must never know: a clock, a file, the network, a database or HTTP. Whatever it finds is shown to
//! [`decide`](portcullis_policy::decide::decide) before anybody sees it.

pub mod analysis;
mod circuit;
mod device;
pub mod difference;
mod evidence;
pub mod gap;
mod grant;
pub mod guard;
pub mod invariant;
pub mod lint;
pub mod map;
mod mentions;
mod place;
mod probe;
pub mod region;
pub mod replay;
mod scope;
pub mod selection;
pub mod side;
mod space;
pub mod target;
#[cfg(test)]
mod tests;
mod through;
pub mod told;
pub mod who;
pub mod witness;
