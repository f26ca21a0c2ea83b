//! What must hold, one file for each part of the specification.

mod cross_tenant;
mod differential;
mod steps;
