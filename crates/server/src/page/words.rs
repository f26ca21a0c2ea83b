//! The message catalogue: every word the pages say, by key, with values put in safely.

use std::collections::BTreeMap;

use askama::filters::{Html, escape};

/// The catalogue of one language.
#[derive(Debug, Clone)]
pub(super) struct Words {
    messages: BTreeMap<String, String>,
}

/// The catalogue cannot be read; it is compiled in, so only a build can be at fault.
#[derive(Debug, thiserror::Error)]
#[error("cannot read the message catalogue")]
pub struct WordsError(#[from] toml::de::Error);

impl Words {
    /// The English catalogue.
    pub(super) fn english() -> Result<Self, WordsError> {
        let table: toml::Table = include_str!("../../../../pages/messages/en.toml").parse()?;
        let mut messages = BTreeMap::new();
        flatten("", &table, &mut messages);
        Ok(Self { messages })
    }

    /// The message as it stands. An unknown key shows itself: a test keeps that from happening.
    pub(super) fn text<'a>(&'a self, key: &'a str) -> &'a str {
        self.messages.get(key).map_or(key, String::as_str)
    }

    /// The message with its values, as plain text.
    pub(super) fn plain(&self, key: &str, values: &[(&str, &str)]) -> String {
        let mut text = String::new();
        for part in parts(self.text(key)) {
            match part {
                Part::Text(words) => text.push_str(words),
                Part::Name(name) => text.push_str(value(values, name)),
            }
        }
        text
    }

    /// The message with its values in bold, as HTML: everything escaped, values isolated from the text's direction.
    pub(super) fn sentence(&self, key: &str, values: &[(&str, &str)]) -> String {
        let mut html = String::new();
        for part in parts(self.text(key)) {
            match part {
                Part::Text(words) => push_escaped(&mut html, words),
                Part::Name(name) => {
                    html.push_str("<strong><bdi>");
                    push_escaped(&mut html, value(values, name));
                    html.push_str("</bdi></strong>");
                }
            }
        }
        html
    }

    /// A text from elsewhere, as HTML.
    pub(super) fn bare(text: &str) -> String {
        let mut html = String::new();
        push_escaped(&mut html, text);
        html
    }

    /// Whether there is such a message.
    pub(super) fn has(&self, key: &str) -> bool {
        self.messages.contains_key(key)
    }

    /// The key of a family (`error`, `status`) for this number, or the family's default.
    pub(super) fn numbered(&self, family: &str, number: u32, what: &str) -> String {
        let key = format!("{family}.{number}.{what}");
        if self.has(&key) {
            return key;
        }
        let default = match family {
            "status" => "500",
            _ => "default",
        };
        format!("{family}.{default}.{what}")
    }

    /// Every key, for the tests.
    #[cfg(test)]
    pub(super) fn keys(&self) -> impl Iterator<Item = &str> {
        self.messages.keys().map(String::as_str)
    }
}

enum Part<'a> {
    Text(&'a str),
    Name(&'a str),
}

/// Splits `a {name} b` into its parts; a brace without a partner is text.
fn parts(message: &str) -> Vec<Part<'_>> {
    let mut parts = Vec::new();
    let mut rest = message;
    while let Some((before, after)) = rest.split_once('{') {
        let Some((name, tail)) = after.split_once('}') else {
            break;
        };
        parts.push(Part::Text(before));
        parts.push(Part::Name(name));
        rest = tail;
    }
    parts.push(Part::Text(rest));
    parts
}

fn value<'a>(values: &[(&str, &'a str)], name: &str) -> &'a str {
    values
        .iter()
        .find(|(known, _)| *known == name)
        .map_or("", |(_, value)| value)
}

fn push_escaped(html: &mut String, text: &str) {
    use std::fmt::Write as _;
    let Ok(escaped) = escape(text, Html);
    // Writing to a String cannot fail.
    let _ = write!(html, "{escaped}");
}

fn flatten(prefix: &str, table: &toml::Table, messages: &mut BTreeMap<String, String>) {
    for (name, value) in table {
        let key = if prefix.is_empty() {
            name.clone()
        } else {
            format!("{prefix}.{name}")
        };
        match value {
            toml::Value::Table(inner) => flatten(&key, inner, messages),
            toml::Value::String(text) => {
                messages.insert(key, text.clone());
            }
            // A number or list in the catalogue is a slip; the test of unused keys cannot see it, its reader can.
            other => {
                messages.insert(key, other.to_string());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(message: &str) -> Words {
        Words {
            messages: BTreeMap::from([("key".to_owned(), message.to_owned())]),
        }
    }

    #[test]
    fn values_are_escaped_and_cannot_bring_placeholders_of_their_own() {
        let words = words("{a} & {b}");
        let values = [("a", "<script>"), ("b", "{a}")];
        assert_eq!(words.plain("key", &values), "<script> & {a}");
        assert_eq!(
            words.sentence("key", &values),
            "<strong><bdi>&#60;script&#62;</bdi></strong> &#38; <strong><bdi>{a}</bdi></strong>"
        );
        assert_eq!(words.plain("key", &[]), " & ");
    }

    #[test]
    fn a_lonely_brace_is_text() {
        assert_eq!(words("a { b").plain("key", &[]), "a { b");
    }
}
