//! What must hold, one file for each part of the specification.

mod combination;
mod cross_tenant;
mod differential;
mod monotonicity;
mod scope;
mod session;
mod steps;
mod trace;
