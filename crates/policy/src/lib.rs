//! Decides who may get a token: Conditional Access and cross-tenant access, compiled once and evaluated purely.
//!
//! One function decides ([`decide::decide`]); its trace is the explanation, and a granted decision is the only
//! source of a [`permit::Permit`], without which nothing is minted.
//!
//! Must never know: a clock, randomness, storage, HTTP, protocols, or how a challenge is shown. It sees facts
//! ([`facts::SignIn`]) and a compiled tenant ([`compile::CompiledTenant`]), nothing else.

mod attribute_class;
mod audience;
mod brief;
mod circumstance;
pub mod compile;
mod control;
pub mod cross_tenant;
pub mod decide;
pub mod decision;
mod demand;
mod device_rule;
mod device_test;
mod dimension;
mod evidence;
pub mod external_user;
pub mod facts;
mod filter;
pub mod hypothesis;
mod index;
mod judge;
mod location;
mod method_place;
mod open;
pub mod permit;
mod place;
pub mod platform;
mod policy_set;
mod results;
mod seen;
mod session_control;
mod strength;
mod table;
mod trace;
mod value;
mod visible_device;
pub mod well_known_applications;
pub mod what_if;
