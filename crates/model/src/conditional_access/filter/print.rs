//! Writes an expression as a rule that is read as the same expression again.

use std::fmt;

use super::{Comparison, Expression, FilterProperty, Operand};

impl<P: FilterProperty> fmt::Display for Expression<P> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Or(list) => write_list(list, " -or ", formatter),
            Self::And(list) => write_list(list, " -and ", formatter),
            Self::Not(inner) => {
                formatter.write_str("-not ")?;
                write_inner(inner, formatter)
            }
            Self::Compare(comparison) => write!(formatter, "{comparison}"),
        }
    }
}

fn write_list<P: FilterProperty>(
    list: &[Expression<P>],
    separator: &str,
    formatter: &mut fmt::Formatter<'_>,
) -> fmt::Result {
    for (index, one) in list.iter().enumerate() {
        if index > 0 {
            formatter.write_str(separator)?;
        }
        write_inner(one, formatter)?;
    }
    Ok(())
}

/// Lists inside anything else stand in parentheses: nobody needs to know what binds more tightly.
fn write_inner<P: FilterProperty>(
    inner: &Expression<P>,
    formatter: &mut fmt::Formatter<'_>,
) -> fmt::Result {
    match inner {
        Expression::Or(_) | Expression::And(_) => write!(formatter, "({inner})"),
        Expression::Not(_) | Expression::Compare(_) => write!(formatter, "{inner}"),
    }
}

impl<P: FilterProperty> fmt::Display for Comparison<P> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (property, operator) = (self.property.name(), self.operator.name());
        write!(formatter, "{property} -{operator} ")?;
        match &self.operand {
            Operand::Null => formatter.write_str("null"),
            Operand::Text(text) => write_text(text, formatter),
            Operand::List(list) => {
                for (index, text) in list.iter().enumerate() {
                    formatter.write_str(if index == 0 { "[" } else { ", " })?;
                    write_text(text, formatter)?;
                }
                formatter.write_str("]")
            }
        }
    }
}

fn write_text(text: &str, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
    formatter.write_str("\"")?;
    for character in text.chars() {
        match character {
            '"' | '\'' | '`' => write!(formatter, "`{character}")?,
            other => write!(formatter, "{other}")?,
        }
    }
    formatter.write_str("\"")
}
