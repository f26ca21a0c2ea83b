//! Reads a rule: `-or` of `-and` of `-not` of comparisons (specification 6.1), in one pass and never deeper than it may.

use std::vec;

use super::property::{FilterProperty, one_of};
use super::token::{Token, TokenKind, tokens};
use super::{Comparison, Expression, FilterOperator, FilterRule, Operand};
use crate::document::shown_text;

/// Why a text is no rule.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("at character {position}: found {found}, expected {expected}")]
pub struct FilterError {
    /// The place, in characters from 1.
    pub position: usize,
    /// What is there.
    pub found: String,
    /// What should be there.
    pub expected: String,
}

impl<P: FilterProperty> FilterRule<P> {
    /// The rule that a text says.
    pub fn parse(text: &str) -> Result<Self, FilterError> {
        let length = text.chars().count();
        if length > Self::CHARACTERS_MAX {
            return Err(FilterError {
                position: Self::CHARACTERS_MAX + 1,
                found: format!("a rule of {length} characters"),
                expected: format!("at most {}", Self::CHARACTERS_MAX),
            });
        }
        let mut parser = Parser {
            tokens: tokens(text)?.into_iter().peekable(),
            end: length + 1,
        };
        let expression = parser.any(0)?;
        match parser.tokens.next() {
            None => Ok(Self {
                text: text.to_owned(),
                expression,
            }),
            Some(token) => Err(unexpected(&token, "`-and`, `-or` or the end of the rule")),
        }
    }
}

struct Parser {
    tokens: std::iter::Peekable<vec::IntoIter<Token>>,
    /// The place behind the last character.
    end: usize,
}

impl Parser {
    /// One or more alternatives.
    fn any<P: FilterProperty>(&mut self, depth: usize) -> Result<Expression<P>, FilterError> {
        let first = self.all(depth)?;
        let mut list = Vec::new();
        while self.takes_keyword("or") {
            list.push(self.all(depth)?);
        }
        if list.is_empty() {
            return Ok(first);
        }
        list.insert(0, first);
        Ok(Expression::Or(list))
    }

    /// One or more demands.
    fn all<P: FilterProperty>(&mut self, depth: usize) -> Result<Expression<P>, FilterError> {
        let first = self.one(depth)?;
        let mut list = Vec::new();
        while self.takes_keyword("and") {
            list.push(self.one(depth)?);
        }
        if list.is_empty() {
            return Ok(first);
        }
        list.insert(0, first);
        Ok(Expression::And(list))
    }

    /// A comparison, its opposite, or a whole rule in parentheses.
    fn one<P: FilterProperty>(&mut self, depth: usize) -> Result<Expression<P>, FilterError> {
        let position = self.tokens.peek().map_or(self.end, |token| token.position);
        if depth > FilterRule::<P>::DEPTH_MAX {
            return Err(FilterError {
                position,
                found: "one more parenthesis or negation inside the others".into(),
                expected: format!("at most {} inside each other", FilterRule::<P>::DEPTH_MAX),
            });
        }
        if self.takes_keyword("not") {
            return Ok(Expression::Not(Box::new(self.one(depth + 1)?)));
        }
        if self.takes_mark('(') {
            let inner = self.any(depth + 1)?;
            self.expect_mark(')', "`-and`, `-or` or `)`")?;
            return Ok(inner);
        }
        self.comparison().map(Expression::Compare)
    }

    fn comparison<P: FilterProperty>(&mut self) -> Result<Comparison<P>, FilterError> {
        let token = self.next(P::EXPECTED)?;
        let property = match &token.kind {
            TokenKind::Word(name) => P::from_name(name),
            TokenKind::Mark(_) | TokenKind::Text(_) => None,
        };
        let property = property.ok_or_else(|| unexpected(&token, P::EXPECTED))?;
        let expected = format!(
            "{} after `{}`",
            one_of(property.operators()),
            property.name()
        );
        let token = self.next(&expected)?;
        let operator = match &token.kind {
            TokenKind::Word(word) => FilterOperator::from_name(word),
            TokenKind::Mark(_) | TokenKind::Text(_) => None,
        };
        let operator = operator
            .filter(|operator| property.operators().contains(operator))
            .ok_or_else(|| unexpected(&token, &expected))?;
        let operand = self.operand(&property, operator)?;
        Ok(Comparison {
            property,
            operator,
            operand,
        })
    }

    fn operand<P: FilterProperty>(
        &mut self,
        property: &P,
        operator: FilterOperator,
    ) -> Result<Operand, FilterError> {
        if matches!(operator, FilterOperator::In | FilterOperator::NotIn) {
            return self.list();
        }
        let knows_null = matches!(operator, FilterOperator::Equal | FilterOperator::NotEqual);
        let expected = match (property.is_boolean(), knows_null) {
            (true, _) => "`True`, `False` or `null`",
            (false, true) => "a text in quotes or `null`",
            (false, false) => "a text in quotes",
        };
        let token = self.next(expected)?;
        let boolean = match &token.kind {
            TokenKind::Word(word) | TokenKind::Text(word) => ["True", "False"]
                .into_iter()
                .find(|name| name.eq_ignore_ascii_case(word)),
            TokenKind::Mark(_) => None,
        };
        match (&token.kind, boolean) {
            (TokenKind::Word(word), _) if knows_null && word.eq_ignore_ascii_case("null") => {
                Ok(Operand::Null)
            }
            (TokenKind::Word(_), Some(name)) => Ok(Operand::Text(name.into())),
            (TokenKind::Text(_), Some(name)) if property.is_boolean() => {
                Ok(Operand::Text(name.into()))
            }
            (TokenKind::Text(text), _) if !property.is_boolean() => Ok(Operand::Text(text.clone())),
            (TokenKind::Word(_) | TokenKind::Text(_) | TokenKind::Mark(_), _) => {
                Err(unexpected(&token, expected))
            }
        }
    }

    fn list(&mut self) -> Result<Operand, FilterError> {
        self.expect_mark('[', "a list of texts, for instance `[\"a\", \"b\"]`")?;
        let mut list = Vec::new();
        loop {
            let token = self.next("a text in quotes")?;
            match token.kind {
                TokenKind::Text(text) => list.push(text),
                TokenKind::Mark(_) | TokenKind::Word(_) => {
                    return Err(unexpected(&token, "a text in quotes"));
                }
            }
            if !self.takes_mark(',') {
                self.expect_mark(']', "`,` or `]`")?;
                return Ok(Operand::List(list));
            }
        }
    }

    fn next(&mut self, expected: &str) -> Result<Token, FilterError> {
        self.tokens.next().ok_or_else(|| FilterError {
            position: self.end,
            found: "the end of the rule".into(),
            expected: expected.to_owned(),
        })
    }

    fn takes_keyword(&mut self, keyword: &str) -> bool {
        let is_keyword = |token: &Token| match &token.kind {
            TokenKind::Word(word) => without_hyphen(word).eq_ignore_ascii_case(keyword),
            TokenKind::Mark(_) | TokenKind::Text(_) => false,
        };
        self.tokens.next_if(is_keyword).is_some()
    }

    fn takes_mark(&mut self, mark: char) -> bool {
        let is_mark = |token: &Token| token.kind == TokenKind::Mark(mark);
        self.tokens.next_if(is_mark).is_some()
    }

    fn expect_mark(&mut self, mark: char, expected: &str) -> Result<(), FilterError> {
        let token = self.next(expected)?;
        if token.kind == TokenKind::Mark(mark) {
            Ok(())
        } else {
            Err(unexpected(&token, expected))
        }
    }
}

impl FilterOperator {
    /// The operator of this name, with or without its hyphen, in any case.
    fn from_name(word: &str) -> Option<Self> {
        let name = without_hyphen(word);
        Self::ALL
            .into_iter()
            .find(|operator| operator.name().eq_ignore_ascii_case(name))
    }
}

/// The hyphen may be missing, or be the dash that word processors make of it.
fn without_hyphen(word: &str) -> &str {
    word.strip_prefix(['-', '–']).unwrap_or(word)
}

fn unexpected(token: &Token, expected: &str) -> FilterError {
    let found = match &token.kind {
        TokenKind::Mark(mark) => format!("`{mark}`"),
        TokenKind::Text(text) => format!("the text {}", shown_text(text)),
        TokenKind::Word(word) => shown_text(word),
    };
    FilterError {
        position: token.position,
        found,
        expected: expected.to_owned(),
    }
}
