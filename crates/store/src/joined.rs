//! Several statements as one text, for engines that take a list in one round trip.

use std::collections::HashMap;
use std::sync::Arc;

use crate::statement::Statement;

/// The texts of the lists that were run, by the texts of their statements. Callers ask for few different lists, so each is
/// joined once, and the driver keeps it prepared.
#[derive(Debug, Default)]
pub(crate) struct JoinedTexts {
    texts: HashMap<Vec<&'static str>, Arc<str>>,
}

/// The most texts that are kept; lists of other lengths (consent to many scopes) must not fill the memory.
const TEXTS_MAX: usize = 128;

impl JoinedTexts {
    /// The text of these statements, for the values of all of them one after the other.
    pub(crate) fn text(&mut self, statements: &[&Statement]) -> Arc<str> {
        let key: Vec<&'static str> = statements.iter().map(|statement| statement.sql).collect();
        if let Some(text) = self.texts.get(&key) {
            return Arc::clone(text);
        }
        if self.texts.len() >= TEXTS_MAX {
            self.texts.clear();
        }
        let mut text = String::new();
        let mut values_before = 0;
        for statement in statements {
            append_shifted(&mut text, statement.sql, values_before);
            text.push(';');
            values_before += statement.values.len();
        }
        let text: Arc<str> = text.into();
        self.texts.insert(key, Arc::clone(&text));
        text
    }
}

/// Appends a statement with each `$n` raised. Our texts have `$` nowhere else.
fn append_shifted(text: &mut String, sql: &str, by: usize) {
    let mut parts = sql.split('$');
    text.push_str(parts.next().unwrap_or_default());
    for part in parts {
        let digits = part.bytes().take_while(u8::is_ascii_digit).count();
        let (number, rest) = part.split_at(digits);
        let number: usize = number.parse().unwrap_or_default();
        text.push('$');
        text.push_str(&(number + by).to_string());
        text.push_str(rest);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::statement::statement;

    #[test]
    fn each_statement_finds_its_own_values() {
        let mut joined = JoinedTexts::default();
        let first = statement!("A $1, $2, $1", 1_u32, 2_u32);
        let second = statement!("B");
        let third = statement!("C $12 $2", 1_u32, 2_u32);
        let text = joined.text(&[&first, &second, &third]);
        assert_eq!(&*text, "A $1, $2, $1;B;C $14 $4;");
        assert!(Arc::ptr_eq(&text, &joined.text(&[&first, &second, &third])));
        assert_eq!(&*joined.text(&[]), "");
    }

    #[test]
    fn texts_that_are_kept_are_limited() {
        let mut joined = JoinedTexts::default();
        let statement = statement!("A $1", 1_u32);
        for length in 0..TEXTS_MAX * 3 {
            let list = vec![&statement; length];
            joined.text(&list);
            assert!(joined.texts.len() <= TEXTS_MAX);
        }
    }
}
