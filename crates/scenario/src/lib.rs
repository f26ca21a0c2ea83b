//! Policy tests as data: sign-ins and what they should come to, read from YAML or JSON, run, and compared.
//!
//! [`load::load`] reads a file's text ([`read::read`]) and finds the world it speaks of ([`prepare::prepare`]); [`run::Runner`]
//! answers each sign-in and tells what differs. Whatever is wrong with a file is told at once, with its line.
//!
//! Must never know: a clock, a file system, a terminal, or any rule of Conditional Access. It asks `whatif`, and compares.

pub mod compare;
pub mod expectation;
pub mod fault;
pub mod file;
pub mod junit;
pub mod load;
pub mod prepare;
pub mod read;
pub mod run;

mod located;
mod look_up;
mod names;
