//! The nouns of the house: tenants, users, applications, policies, sessions, grants, and the store's contract.
//!
//! Everything that enters or leaves as JSON has the names and shapes of Microsoft Graph.
//!
//! Must never know: a clock, randomness, the network, a database, HTTP, or any other crate of the
//! workspace. `now` and entropy are handed in. The [`store`] traits are declared here and implemented
//! elsewhere, so that the use cases and the database never see each other.

pub mod application;
pub mod artefact;
pub mod authentication_context;
pub mod authentication_strength;
pub mod built_in_role;
pub mod conditional_access;
pub mod country;
pub mod credential;
pub mod cross_tenant_access;
pub mod declared_invariants;
pub mod device;
pub mod document;
pub mod entropy;
pub mod group;
pub mod id;
pub mod microsoft_application;
pub mod named_location;
pub mod organization;
pub mod secret;
pub mod session;
pub mod sign_in_log;
pub mod store;
pub mod terms_of_use;
pub mod user;

pub use jiff::Timestamp;
