//! Decides who may get a token: Conditional Access and cross-tenant access, compiled once and evaluated purely.
//!
//! One function decides ([`decide::decide`]); its trace is the explanation, and a granted decision is the only
//! source of a [`permit::Permit`], without which nothing is minted.
//!
//! Must never know: a clock, randomness, storage, HTTP, protocols, or how a challenge is shown. It sees facts
//! ([`facts::SignIn`]) and a compiled tenant ([`compile::CompiledTenant`]), nothing else.

pub mod compile;
mod control;
pub mod cross_tenant;
pub mod decide;
pub mod decision;
mod demand;
mod evidence;
pub mod external_user;
pub mod facts;
pub mod hypothesis;
mod index;
mod judge;
mod location;
mod method_place;
pub mod permit;
pub mod platform;
mod policy_set;
mod session_control;
mod strength;
mod trace;
