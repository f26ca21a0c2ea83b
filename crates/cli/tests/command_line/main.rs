//! Runs the binary as a stranger would, and reads what it says: texts, exit codes, and what is left behind.

#[cfg(test)]
mod exports;
#[cfg(test)]
mod guard;
#[cfg(test)]
mod map;
#[cfg(test)]
mod policy_tests;
#[cfg(test)]
mod questions;
#[cfg(test)]
mod replay;
#[cfg(test)]
mod running;
#[cfg(test)]
mod serving;
#[cfg(test)]
mod templates;
#[cfg(test)]
mod what_if;
#[cfg(test)]
mod worlds;
