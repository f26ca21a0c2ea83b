//! What must hold, one file for each part of the specification.

mod combination;
mod cross_tenant;
mod crossing;
mod differential;
mod monotonicity;
mod scope;
mod session;
mod steps;
mod trace;
