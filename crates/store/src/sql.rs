//! Every SQL text of the store, as named constants: one text for all engines.
//!
//! `$1` is always the tenant, except in statements over all tenants (their names say `ALL` or they stand in
//! [`installation`]). Moments are bound as microseconds. A test prepares each of them on each engine.

/// Declares statements and the list of them that the test prepares.
macro_rules! statements {
    ($($(#[$doc:meta])* $name:ident = $text:literal;)*) => {
        $($(#[$doc])* pub(crate) const $name: &str = $text;)*

        /// The statements of this file, by name.
        #[cfg(test)]
        pub(crate) const ALL: &[(&str, &str)] = &[$((stringify!($name), $name)),*];
    };
}

pub(crate) mod artefact;
pub(crate) mod credential;
pub(crate) mod directory;
pub(crate) mod import;
pub(crate) mod installation;
pub(crate) mod key;
pub(crate) mod purge;
pub(crate) mod session;
pub(crate) mod sign_in_log;

#[cfg(test)]
pub(crate) fn all() -> impl Iterator<Item = &'static (&'static str, &'static str)> {
    [
        artefact::ALL,
        credential::ALL,
        directory::ALL,
        import::ALL,
        installation::ALL,
        key::ALL,
        purge::ALL,
        session::ALL,
        sign_in_log::ALL,
    ]
    .into_iter()
    .flatten()
}
