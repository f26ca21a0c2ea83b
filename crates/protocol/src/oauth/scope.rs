//! Scopes: the words of the `scope` parameter and the resource each of them names.

use std::collections::BTreeSet;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::error::Fault;
use super::error_catalogue::ErrorCode;

/// More scopes than this are refused.
pub const COUNT_MAX: usize = 100;

/// The words of a `scope` parameter, each once, sorted.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Scopes(BTreeSet<String>);

impl Scopes {
    /// Reads a `scope` value; no value is no scope (requirement A10).
    pub fn parse(text: Option<&str>) -> Result<Self, Fault> {
        let words: BTreeSet<String> = text
            .unwrap_or_default()
            .split(' ')
            .filter(|word| !word.is_empty())
            .map(str::to_owned)
            .collect();
        // RFC 6749 §3.3.
        let legal = |byte: u8| matches!(byte, 0x21 | 0x23..=0x5b | 0x5d..=0x7e);
        if words.len() > COUNT_MAX || !words.iter().all(|word| word.bytes().all(legal)) {
            return Err(Fault::with_detail(
                ErrorCode::InvalidScope,
                "scope has illegal characters or too many words",
            ));
        }
        Ok(Self(words))
    }

    /// Holds iff the word is among them.
    pub fn contains(&self, word: &str) -> bool {
        self.0.contains(word)
    }

    /// The words.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }

    /// Holds iff there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Holds iff each of them is among `others` (requirements A28, C06).
    pub fn is_subset(&self, others: &Self) -> bool {
        self.0.is_subset(&others.0)
    }

    /// The words as a set.
    pub fn into_set(self) -> BTreeSet<String> {
        self.0
    }
}

impl From<BTreeSet<String>> for Scopes {
    fn from(words: BTreeSet<String>) -> Self {
        Self(words)
    }
}

impl fmt::Display for Scopes {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words: Vec<&str> = self.iter().collect();
        formatter.write_str(&words.join(" "))
    }
}

/// What one scope asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RequestedScope<'a> {
    /// `openid`: an id token.
    OpenId,
    /// `profile`: names.
    Profile,
    /// `email`: the mail address.
    Email,
    /// `offline_access`: a refresh token.
    OfflineAccess,
    /// `<resource>/.default`: all that was consented to (or, for applications, granted) at the resource.
    Default {
        /// Client id or identifier URI of the resource.
        resource: &'a str,
    },
    /// `<resource>/<name>`: one permission.
    Permission {
        /// Client id or identifier URI of the resource.
        resource: &'a str,
        /// The permission.
        name: &'a str,
    },
    /// A bare name such as `User.Read`, which belongs to the directory itself.
    Directory {
        /// The permission.
        name: &'a str,
    },
}

impl<'a> RequestedScope<'a> {
    /// Understands one word of a scope parameter.
    pub fn of(word: &'a str) -> Self {
        match word {
            "openid" => Self::OpenId,
            "profile" => Self::Profile,
            "email" => Self::Email,
            "offline_access" => Self::OfflineAccess,
            // The last slash divides; `https://r//.default` names the resource `https://r/`.
            other => match other.rsplit_once('/') {
                Some((resource, ".default")) => Self::Default { resource },
                Some((resource, name)) => Self::Permission { resource, name },
                None if other == ".default" => Self::Default { resource: "" },
                None => Self::Directory { name: other },
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scopes_are_words_each_once() {
        let read = Scopes::parse(Some("openid  profile openid ")).unwrap();
        assert_eq!(read.to_string(), "openid profile");
        assert!(Scopes::parse(None).unwrap().is_empty());
        assert!(Scopes::parse(Some(" ")).unwrap().is_empty());
        for bad in ["a\tb", "a\"b", "a\\b", "ü", "a\n"] {
            assert_eq!(
                Scopes::parse(Some(bad)).unwrap_err().code,
                ErrorCode::InvalidScope,
                "{bad:?}"
            );
        }
        let many: Vec<String> = (0..=COUNT_MAX).map(|number| number.to_string()).collect();
        assert!(Scopes::parse(Some(&many.join(" "))).is_err());
    }

    #[test]
    fn the_last_slash_divides_resource_and_permission() {
        use RequestedScope::{Default, Directory, OpenId, Permission};
        assert_eq!(RequestedScope::of("openid"), OpenId);
        assert_eq!(
            RequestedScope::of("User.Read"),
            Directory { name: "User.Read" }
        );
        assert_eq!(
            RequestedScope::of("api://pay/Reports.Read"),
            Permission {
                resource: "api://pay",
                name: "Reports.Read"
            }
        );
        assert_eq!(
            RequestedScope::of("api://pay/.default"),
            Default {
                resource: "api://pay"
            }
        );
        assert_eq!(
            RequestedScope::of("https://r//.default"),
            Default {
                resource: "https://r/"
            }
        );
        assert_eq!(RequestedScope::of(".default"), Default { resource: "" });
    }

    #[test]
    fn a28_subset_is_of_whole_words() {
        let of = |text| Scopes::parse(Some(text)).unwrap();
        assert!(of("a").is_subset(&of("a b")));
        assert!(of("").is_subset(&of("a")));
        assert!(!of("a c").is_subset(&of("a b")));
        assert!(!of("ab").is_subset(&of("a b")));
    }
}
