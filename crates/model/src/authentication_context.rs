//! Authentication contexts: names under which an application asks for more (Graph `authenticationContextClassReference`).

use std::fmt;
use std::str::FromStr;

use crate::document::Document;

/// `c1` to `c99`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AuthenticationContextId(u8);

/// A text that is no authentication context.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an authentication context (`c1` to `c99`)")]
pub struct AuthenticationContextIdError;

impl FromStr for AuthenticationContextId {
    type Err = AuthenticationContextIdError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let digits = text.strip_prefix('c').ok_or(AuthenticationContextIdError)?;
        let canonical = !digits.starts_with(['0', '+']) && digits.len() <= 2;
        match digits.parse() {
            Ok(number @ 1..=99) if canonical => Ok(Self(number)),
            Ok(_) | Err(_) => Err(AuthenticationContextIdError),
        }
    }
}

impl fmt::Display for AuthenticationContextId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "c{}", self.0)
    }
}

/// Graph `authenticationContextClassReference`.
#[derive(Debug, Clone, PartialEq)]
pub struct AuthenticationContextClassReference {
    /// `c1` to `c99`.
    pub id: AuthenticationContextId,
    /// The name people see.
    pub display_name: String,
    /// Whether applications may ask for it.
    pub is_available: bool,
    /// The document as it was given, for export without loss.
    pub document: Document,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_c1_to_c99_are_contexts() {
        for text in ["c1", "c9", "c10", "c25", "c99"] {
            let id: AuthenticationContextId = text.parse().unwrap();
            assert_eq!(id.to_string(), text);
        }
        for text in [
            "", "c", "c0", "c01", "c100", "C1", "1", "c+1", "c-1", "c1 ", "urn:c1",
        ] {
            assert!(text.parse::<AuthenticationContextId>().is_err(), "{text}");
        }
    }
}
