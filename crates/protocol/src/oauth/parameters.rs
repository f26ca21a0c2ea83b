//! Reads a query string or a form body into parameters, each at most once (RFC 6749 §3.1, requirements A08-A10).

use std::collections::BTreeMap;
use std::fmt;

/// A query or form may not be longer than this.
pub const TOTAL_BYTES_MAX: usize = 32 * 1024;
/// No single value may be longer than this.
pub const VALUE_BYTES_MAX: usize = 8 * 1024;
/// No query or form may hold more parameters than this.
pub const COUNT_MAX: usize = 100;

/// The parameters of one request. Each name occurs once; empty values are absent; nobody need know all names.
#[derive(Clone, Default)]
pub struct Parameters {
    values: BTreeMap<String, String>,
}

/// Why a query or form was refused. Never sent to a redirect URI: what it says cannot be relied on.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ParametersError {
    /// More than [`TOTAL_BYTES_MAX`].
    #[error("the request is longer than {TOTAL_BYTES_MAX} bytes")]
    TooLong,
    /// More than [`COUNT_MAX`].
    #[error("the request has more than {COUNT_MAX} parameters")]
    TooMany,
    /// One value has more than [`VALUE_BYTES_MAX`].
    #[error("parameter `{name}` is longer than {VALUE_BYTES_MAX} bytes")]
    ValueTooLong {
        /// The parameter.
        name: String,
    },
    /// A name occurs twice (requirement A08).
    #[error("parameter `{name}` is given more than once")]
    Repeated {
        /// The parameter.
        name: String,
    },
    /// The octets are not UTF-8.
    #[error("the request is not UTF-8")]
    NotUtf8,
}

impl Parameters {
    /// Reads `application/x-www-form-urlencoded` octets: the query of a URL without `?`, or a form body.
    pub fn parse(bytes: &[u8]) -> Result<Self, ParametersError> {
        if bytes.len() > TOTAL_BYTES_MAX {
            return Err(ParametersError::TooLong);
        }
        let mut values = BTreeMap::new();
        for (position, pair) in bytes
            .split(|byte| *byte == b'&')
            .filter(|pair| !pair.is_empty())
            .enumerate()
        {
            if position >= COUNT_MAX {
                return Err(ParametersError::TooMany);
            }
            let (name, value) = split_pair(pair);
            let name = decode_component(name).ok_or(ParametersError::NotUtf8)?;
            let value = decode_component(value).ok_or(ParametersError::NotUtf8)?;
            if value.len() > VALUE_BYTES_MAX {
                return Err(ParametersError::ValueTooLong {
                    name: excerpt(&name),
                });
            }
            // An empty value counts here, so that `scope=&scope=x` is not read two ways.
            if values.contains_key(&name) {
                return Err(ParametersError::Repeated {
                    name: excerpt(&name),
                });
            }
            values.insert(name, value);
        }
        values.retain(|_, value| !value.is_empty());
        Ok(Self { values })
    }

    /// The value of a parameter; `None` when it is missing or empty (requirement A10).
    pub fn find(&self, name: &str) -> Option<&str> {
        self.values.get(name).map(String::as_str)
    }

    /// The value of a parameter as an owned text.
    pub(crate) fn find_owned(&self, name: &str) -> Option<String> {
        self.find(name).map(str::to_owned)
    }

    /// Writes them back, sorted by name; reading that gives the same parameters.
    pub fn print(&self) -> String {
        url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs(&self.values)
            .finish()
    }
}

/// Only the names: values may be secrets.
impl fmt::Debug for Parameters {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_set().entries(self.values.keys()).finish()
    }
}

impl<'a> FromIterator<(&'a str, &'a str)> for Parameters {
    /// For tests and tools: the last of two equal names wins here.
    fn from_iter<I: IntoIterator<Item = (&'a str, &'a str)>>(pairs: I) -> Self {
        let owned = pairs
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value.to_owned()));
        Self {
            values: owned.filter(|(_, value)| !value.is_empty()).collect(),
        }
    }
}

/// Holds iff a `Content-Type` says that the body is a form (requirement B12: JSON is not read).
pub fn is_form(content_type: &str) -> bool {
    let media_type = content_type.split(';').next().unwrap_or_default().trim();
    media_type.eq_ignore_ascii_case("application/x-www-form-urlencoded")
}

fn split_pair(pair: &[u8]) -> (&[u8], &[u8]) {
    let mut halves = pair.splitn(2, |byte| *byte == b'=');
    (
        halves.next().unwrap_or_default(),
        halves.next().unwrap_or_default(),
    )
}

/// Decodes one name or value. `%` without two hex digits stands for itself, as the URL standard has it.
///
/// `None` if the octets are not UTF-8: replacing them silently would return a `state` that was never sent.
pub(crate) fn decode_component(encoded: &[u8]) -> Option<String> {
    let mut decoded = Vec::with_capacity(encoded.len());
    let mut rest = encoded;
    while let Some((first, after)) = rest.split_first() {
        rest = after;
        match (first, after) {
            (b'+', _) => decoded.push(b' '),
            (b'%', [high, low, tail @ ..]) => match (hex_digit(*high), hex_digit(*low)) {
                (Some(high), Some(low)) => {
                    decoded.push(high << 4 | low);
                    rest = tail;
                }
                (None, _) | (_, None) => decoded.push(b'%'),
            },
            (other, _) => decoded.push(*other),
        }
    }
    String::from_utf8(decoded).ok()
}

fn hex_digit(byte: u8) -> Option<u8> {
    char::from(byte)
        .to_digit(16)
        .and_then(|digit| u8::try_from(digit).ok())
}

/// Enough of a hostile name to recognise it by.
fn excerpt(name: &str) -> String {
    name.chars().take(64).collect()
}

#[cfg(test)]
mod tests;
