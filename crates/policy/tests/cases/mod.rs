//! What must hold, one file for each part of the specification.

mod combination;
mod conditions;
mod controls;
mod cross_tenant;
mod crossing;
mod device_filter;
mod differential;
mod documents;
mod fuzz_seeds;
mod monotonicity;
mod risk;
mod scope;
mod security_information;
mod session;
mod steps;
mod strength;
mod trace;
mod what_if;
