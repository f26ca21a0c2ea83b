//! Kills the binary under load and audits what is left.

#[cfg(test)]
mod drill;
