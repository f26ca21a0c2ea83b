//! The handlers, one file per family of URLs: each parses a request, calls one use case, and renders its answer.

pub(crate) mod authorize;
pub(crate) mod branding;
pub(crate) mod fixed;
pub(crate) mod form;
pub(crate) mod metadata;
pub(crate) mod operator;
pub(crate) mod policy;
pub(crate) mod resource;
pub(crate) mod session;
pub(crate) mod sign_in;
pub(crate) mod token;
