//! Splits a rule into words, texts and punctuation, each with its place.

use super::FilterError;

/// One piece of a rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Token {
    pub(super) kind: TokenKind,
    /// The place of its first character, counted from 1.
    pub(super) position: usize,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum TokenKind {
    /// `(` or `)` or `[` or `]` or `,`.
    Mark(char),
    /// What stood in quotes.
    Text(String),
    /// Anything else up to the next space, quote or mark.
    Word(String),
}

const MARKS: [char; 5] = ['(', ')', '[', ']', ','];
const QUOTES: [char; 2] = ['"', '\''];

/// The tokens of the rule.
pub(super) fn tokens(rule: &str) -> Result<Vec<Token>, FilterError> {
    let mut rest = rule.chars().zip(1..).peekable();
    let mut tokens = Vec::new();
    while let Some((character, position)) = rest.next() {
        if character.is_whitespace() {
            continue;
        }
        let kind = if MARKS.contains(&character) {
            TokenKind::Mark(character)
        } else if QUOTES.contains(&character) {
            TokenKind::Text(text(character, position, &mut rest)?)
        } else {
            let mut word = String::from(character);
            while let Some((next, _)) = rest.next_if(|(next, _)| is_of_word(*next)) {
                word.push(next);
            }
            TokenKind::Word(word)
        };
        tokens.push(Token { kind, position });
    }
    Ok(tokens)
}

fn is_of_word(character: char) -> bool {
    !character.is_whitespace() && !MARKS.contains(&character) && !QUOTES.contains(&character)
}

/// What stands before the closing quote; a backtick takes the meaning of a quote or backtick that follows.
fn text(
    quote: char,
    position: usize,
    rest: &mut std::iter::Peekable<impl Iterator<Item = (char, usize)>>,
) -> Result<String, FilterError> {
    let mut text = String::new();
    while let Some((character, _)) = rest.next() {
        let escaped = (character == '`')
            .then(|| rest.next_if(|(next, _)| *next == '`' || QUOTES.contains(next)))
            .flatten();
        match escaped {
            Some((next, _)) => text.push(next),
            None if character == quote => return Ok(text),
            None => text.push(character),
        }
    }
    Err(FilterError {
        position,
        found: format!("a text that does not end ({quote})"),
        expected: format!("a closing {quote}"),
    })
}
