//! The decision engine from outside: tables of the specification, properties, and a second evaluator to disagree with.

// The attribute tells clippy that these are tests throughout, where unwrap and indexing are fine.
#[cfg(test)]
mod agreement;
#[cfg(test)]
mod cases;
#[cfg(test)]
mod generated;
#[cfg(test)]
mod reference;
#[cfg(test)]
#[path = "reference/crossing.rs"]
mod reference_crossing;
#[cfg(test)]
mod world;
