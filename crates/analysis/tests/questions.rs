//! Questions as administrators ask them, of worlds written by hand: what tools that match patterns get wrong, what this one once
//! got wrong, and sizes that nobody has.

// The attribute tells clippy that these are tests throughout, where unwrap and indexing are fine.
#[cfg(test)]
mod cases;
#[cfg(test)]
mod story;
