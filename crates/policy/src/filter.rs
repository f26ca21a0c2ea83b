//! What a filter's rule comes to for one thing: operators over attributes, absent ones included.
//!
//! An attribute without a value fails every positive comparison and passes every negative one (specification 6.3).

use portcullis_model::conditional_access::filter::{
    Comparison, Expression, FilterOperator, Operand,
};

/// An attribute's value.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Value<'a> {
    /// It has none.
    Null,
    /// One text.
    Text(&'a str),
    /// A collection; an empty one is no value.
    Texts(&'a [String]),
}

/// Whether the rule is fulfilled, where `compare` looks at one attribute. As deep as the rule is nested, which its parser
/// limits.
pub(crate) fn is_fulfilled<P>(
    expression: &Expression<P>,
    compare: &impl Fn(&Comparison<P>) -> bool,
) -> bool {
    match expression {
        Expression::Or(any) => any.iter().any(|one| is_fulfilled(one, compare)),
        Expression::And(all) => all.iter().all(|one| is_fulfilled(one, compare)),
        Expression::Not(one) => !is_fulfilled(one, compare),
        Expression::Compare(comparison) => compare(comparison),
    }
}

/// What a comparison says of a value.
pub(crate) fn holds(value: Value<'_>, operator: FilterOperator, operand: &Operand) -> bool {
    use FilterOperator as O;
    match operator {
        O::Equal => is_equal(value, operand),
        O::NotEqual => !is_equal(value, operand),
        O::StartsWith => any(value, operand, starts_with),
        O::NotStartsWith => !any(value, operand, starts_with),
        O::EndsWith => any(value, operand, ends_with),
        O::NotEndsWith => !any(value, operand, ends_with),
        O::Contains => contains(value, operand),
        O::NotContains => !contains(value, operand),
        O::In => any(value, operand, same),
        O::NotIn => !any(value, operand, same),
    }
}

fn is_equal(value: Value<'_>, operand: &Operand) -> bool {
    match (operand, value) {
        (Operand::Null, Value::Null | Value::Texts([])) => true,
        (Operand::Null, Value::Text(_) | Value::Texts(_)) => false,
        (Operand::Text(_) | Operand::List(_), _) => any(value, operand, same),
    }
}

/// A part of a text, but a whole member of a collection (specification 6.2).
fn contains(value: Value<'_>, operand: &Operand) -> bool {
    match value {
        Value::Null => false,
        Value::Text(_) => any(value, operand, has_part),
        Value::Texts(_) => any(value, operand, same),
    }
}

/// Whether the test holds between any text of the value and any of the operand.
fn any(value: Value<'_>, operand: &Operand, holds: fn(&str, &str) -> bool) -> bool {
    let wanted = match operand {
        Operand::Null => &[][..],
        Operand::Text(one) => std::slice::from_ref(one),
        Operand::List(several) => several,
    };
    let found = |one: &str| wanted.iter().any(|wanted| holds(one, wanted));
    match value {
        Value::Null => false,
        Value::Text(one) => found(one),
        Value::Texts(several) => several.iter().any(|one| found(one)),
    }
}

// Without regard to case, in any alphabet, and without a copy of either text.

fn lower(text: &str) -> impl Iterator<Item = char> {
    text.chars().flat_map(char::to_lowercase)
}

fn same(text: &str, wanted: &str) -> bool {
    // Nearly every text ends at the second. (Letters outside of ASCII may become ones inside of it.)
    text.eq_ignore_ascii_case(wanted)
        || (!(text.is_ascii() && wanted.is_ascii()) && lower(text).eq(lower(wanted)))
}

fn starts_with(text: &str, wanted: &str) -> bool {
    let mut text = lower(text);
    lower(wanted).all(|letter| text.next() == Some(letter))
}

fn ends_with(text: &str, wanted: &str) -> bool {
    let whole = text.chars().flat_map(char::to_lowercase).count();
    let part = lower(wanted).count();
    part <= whole && lower(text).skip(whole - part).eq(lower(wanted))
}

fn has_part(text: &str, wanted: &str) -> bool {
    let mut rest = text.chars();
    loop {
        if starts_with(rest.as_str(), wanted) {
            return true;
        }
        if rest.next().is_none() {
            return false;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use FilterOperator as O;

    fn text(text: &str) -> Operand {
        Operand::Text(text.to_owned())
    }

    fn list(texts: &[&str]) -> Operand {
        Operand::List(texts.iter().map(|text| (*text).to_owned()).collect())
    }

    /// Specification 6.1 and 6.2, row by row: a positive operator, and the negative one that says the opposite.
    #[test]
    fn operators_over_texts_and_collections() {
        let labels = ["CloudPC".to_owned(), "M365Managed".to_owned()];
        let surface = Value::Text("Surface Pro 9");
        for (value, positive, negative, operand, expect) in [
            (surface, O::Equal, O::NotEqual, text("surface PRO 9"), true),
            (surface, O::Equal, O::NotEqual, text("surface"), false),
            (surface, O::StartsWith, O::NotStartsWith, text("SURF"), true),
            (surface, O::StartsWith, O::NotStartsWith, text("urf"), false),
            (surface, O::EndsWith, O::NotEndsWith, text("pro 9"), true),
            (
                surface,
                O::EndsWith,
                O::NotEndsWith,
                text("xxSurface Pro 9"),
                false,
            ),
            (surface, O::Contains, O::NotContains, text("ace p"), true),
            (surface, O::Contains, O::NotContains, text("aces"), false),
            (
                surface,
                O::In,
                O::NotIn,
                list(&["x", "SURFACE PRO 9"]),
                true,
            ),
            (surface, O::In, O::NotIn, list(&["Surface"]), false),
            // Of a collection whole members count, whatever the operator.
            (
                Value::Texts(&labels),
                O::Contains,
                O::NotContains,
                text("cloudpc"),
                true,
            ),
            (
                Value::Texts(&labels),
                O::Contains,
                O::NotContains,
                text("Cloud"),
                false,
            ),
            (
                Value::Texts(&labels),
                O::Equal,
                O::NotEqual,
                text("M365Managed"),
                true,
            ),
            // Letters that change their length with their case.
            (
                Value::Text("STRASSE İ"),
                O::EndsWith,
                O::NotEndsWith,
                text("e i\u{307}"),
                true,
            ),
        ] {
            assert_eq!(
                holds(value, positive, &operand),
                expect,
                "{value:?} {positive:?} {operand:?}"
            );
            assert_eq!(
                holds(value, negative, &operand),
                !expect,
                "{value:?} {negative:?} {operand:?}"
            );
        }
    }

    /// Specification 6.3: no value fails every positive operator and passes every negative one.
    #[test]
    fn v09_an_absent_attribute_fails_positive_and_passes_negative_operators() {
        for absent in [Value::Null, Value::Texts(&[])] {
            for positive in [O::Equal, O::StartsWith, O::EndsWith, O::Contains, O::In] {
                for operand in [text(""), text("SAW"), list(&["SAW"])] {
                    assert!(
                        !holds(absent, positive, &operand),
                        "{positive:?} {operand:?}"
                    );
                }
            }
            for negative in [
                O::NotEqual,
                O::NotStartsWith,
                O::NotEndsWith,
                O::NotContains,
                O::NotIn,
            ] {
                assert!(holds(absent, negative, &text("SAW")), "{negative:?}");
            }
            assert!(holds(absent, O::Equal, &Operand::Null));
            assert!(!holds(absent, O::NotEqual, &Operand::Null));
        }
        assert!(!holds(Value::Text(""), O::Equal, &Operand::Null));
        assert!(holds(Value::Text(""), O::NotEqual, &Operand::Null));
    }

    #[test]
    fn connectives() {
        let is = |wanted: bool| {
            Expression::Compare(Comparison {
                property: wanted,
                operator: O::Equal,
                operand: Operand::Null,
            })
        };
        let comes_to = |expression| is_fulfilled(&expression, &|comparison| comparison.property);
        assert!(comes_to(Expression::Or(vec![is(false), is(true)])));
        assert!(!comes_to(Expression::And(vec![is(false), is(true)])));
        assert!(comes_to(Expression::Not(Box::new(is(false)))));
    }
}
