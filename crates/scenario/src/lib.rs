//! Policy tests as data: sign-ins and what they should come to, read from YAML or JSON, run, and compared.
//!
//! [`read::read`] makes [`file::PolicyTests`] of a file's text, [`prepare::prepare`] finds the world it speaks of, and
//! [`run::run`] answers each sign-in and tells what differs. Whatever is wrong with a file is told with its line.
//!
//! Must never know: a clock, a file system, a terminal, or any rule of Conditional Access. It asks `whatif`, and compares.

pub mod compare;
pub mod expectation;
pub mod fault;
pub mod file;
pub mod junit;
pub mod prepare;
pub mod read;
pub mod run;

mod located;
mod names;
