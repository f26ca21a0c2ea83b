//! The policy tests of the repository pass, and the published schema says what is read.

#[cfg(test)]
mod files;
#[cfg(test)]
mod reference;
#[cfg(test)]
mod schema;
#[cfg(test)]
mod templates;
