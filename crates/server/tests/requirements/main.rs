//! The security requirements that are about HTTP, each test named after the id of its requirement.

mod apart;
mod asking;
mod redeeming;
mod site;
