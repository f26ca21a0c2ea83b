//! What must hold, one file for each part of the specification.

mod combination;
mod conditions;
mod cross_tenant;
mod crossing;
mod device_filter;
mod differential;
mod monotonicity;
mod scope;
mod session;
mod steps;
mod trace;
mod what_if;
