//! Shows what the text of a rule means, and that no text can do harm.

use proptest::prelude::*;

use super::*;

type Device = FilterRule<DeviceProperty>;
type Attribute = FilterRule<SecurityAttribute>;

/// The rule as printed from what it means.
#[track_caller]
fn means(text: &str, printed: &str) {
    let rule = Device::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
    assert_eq!(rule.expression.to_string(), printed, "{text}");
    assert_eq!(rule.text, text, "the text is kept");
}

#[track_caller]
fn refused(text: &str, error: &str) {
    let refusal = Device::parse(text).unwrap_err();
    assert_eq!(refusal.to_string(), error, "{text}");
}

#[test]
fn rules_of_real_exports_are_read() {
    means(
        r#"device.isCompliant -eq True -or device.trustType -eq "ServerAD""#,
        r#"device.isCompliant -eq "True" -or device.trustType -eq "ServerAD""#,
    );
    means(
        r#"device.deviceOwnership -eq "Company" -and device.isCompliant -ne True"#,
        r#"device.deviceOwnership -eq "Company" -and device.isCompliant -ne "True""#,
    );
    means(
        r#"device.systemLabels -eq "CloudPC""#,
        r#"device.systemLabels -eq "CloudPC""#,
    );
    means(
        r#"device.operatingSystem eq "Doors""#,
        r#"device.operatingSystem -eq "Doors""#,
    );
    means(
        r#"device.deviceid -in ["a", 'b' ,"c"]"#,
        r#"device.deviceId -in ["a", "b", "c"]"#,
    );
}

#[test]
fn hyphens_case_quotes_and_escapes_are_read_in_every_form() {
    for text in [
        r#"device.model -eq "X" -and -not device.isCompliant -eq "true""#,
        "DEVICE.Model –EQ 'X' –AND –NOT (device.iscompliant eq TRUE)",
        "device.model\teq\n\"X\"and not device.isCompliant -eq'True'",
    ] {
        means(
            text,
            r#"device.model -eq "X" -and -not device.isCompliant -eq "True""#,
        );
    }
    let rule = Device::parse(r#"device.model -eq "a`"b``c`d'e""#).unwrap();
    let Expression::Compare(comparison) = rule.expression else {
        panic!("{rule:?}");
    };
    assert_eq!(comparison.operand, Operand::Text(r#"a"b`c`d'e"#.into()));
    means("device.model -eq null", "device.model -eq null");
    means("device.model -eq 'null'", r#"device.model -eq "null""#);
    means("device.model -eq ''", r#"device.model -eq """#);
}

#[test]
fn not_binds_more_tightly_than_and_and_that_more_than_or() {
    let (a, b, c) = (
        "device.model -eq 'a'",
        "device.model -eq 'b'",
        "device.model -eq 'c'",
    );
    let expression = |text: String| Device::parse(&text).unwrap().expression;
    assert_eq!(
        expression(format!("{a} -or {b} -and {c}")),
        expression(format!("{a} -or ({b} -and {c})"))
    );
    assert_eq!(
        expression(format!("-not {a} -and {b}")),
        expression(format!("(-not {a}) -and {b}"))
    );
    assert_ne!(
        expression(format!("-not {a} -or {b}")),
        expression(format!("-not ({a} -or {b})"))
    );
}

#[test]
fn what_is_wrong_is_told_with_its_place() {
    refused(
        "",
        "at character 1: found the end of the rule, expected a property of the device, for instance `device.isCompliant`",
    );
    refused(
        "device.model -eq",
        "at character 17: found the end of the rule, expected a text in quotes or `null`",
    );
    refused(
        "device.isCompliant -startsWith 'T'",
        "at character 20: found `-startsWith`, expected `-eq` or `-ne` after `device.isCompliant`",
    );
    refused(
        "device.isCompliant -eq 'yes'",
        "at character 24: found the text `yes`, expected `True`, `False` or `null`",
    );
    refused(
        "(device.model -eq 'a'",
        "at character 22: found the end of the rule, expected `-and`, `-or` or `)`",
    );
    refused(
        "device.model -eq 'a') -or device.model -eq 'b'",
        "at character 21: found `)`, expected `-and`, `-or` or the end of the rule",
    );
    refused(
        "device.model -eq 'ä' -xor device.model -eq 'b'",
        "at character 22: found `-xor`, expected `-and`, `-or` or the end of the rule",
    );
    refused(
        "device.model -eq \"a",
        "at character 18: found a text that does not end (\"), expected a closing \"",
    );
    refused(
        "device.model -in ['a' 'b']",
        "at character 23: found the text `b`, expected `,` or `]`",
    );
    refused(
        "device.model -in []",
        "at character 19: found `]`, expected a text in quotes",
    );
}

#[test]
fn what_no_rule_may_say_is_refused() {
    for text in [
        "user.department -eq 'x'",
        "device.color -eq 'x'",
        "model -eq 'x'",
        "device.model 'x'",
        "device.model -eq x",
        "device.model -match 'x'",
        "device.model -startsWith null",
        "device.model -in 'a'",
        "device.model -in [null]",
        "device.model -eq ['a']",
        "device.physicalIds -startsWith '[ZTDId]'",
        "device.extensionAttribute0 -eq 'x'",
        "device.extensionAttribute16 -eq 'x'",
        "device.model --eq 'x'",
        "device.model -eq 'x' device.model -eq 'y'",
        "-and device.model -eq 'x'",
        "()",
        "-not",
    ] {
        assert!(Device::parse(text).is_err(), "{text}");
    }
}

#[test]
fn attributes_of_applications_have_a_set_and_a_name() {
    let rule = Attribute::parse(
        "CustomSecurityAttribute.Engineering_Project_Phase -contains \"requireMFA\"",
    );
    let Expression::Compare(comparison) = rule.unwrap().expression else {
        panic!("one comparison");
    };
    assert_eq!(comparison.property.set(), "engineering");
    assert_eq!(comparison.property.name(), "project_phase");
    assert_eq!(comparison.operator, FilterOperator::Contains);
    for text in [
        "CustomSecurityAttribute.Engineering -eq 'x'",
        "CustomSecurityAttribute._Project -eq 'x'",
        "CustomSecurityAttribute.Engineering_ -eq 'x'",
        "device.model -eq 'x'",
    ] {
        assert!(Attribute::parse(text).is_err(), "{text}");
    }
}

/// Holds for every kind of rule: they share the reader, and a fork of it would be caught here.
fn check_limits<P: FilterProperty + std::fmt::Debug>(property: &str) {
    let max = FilterRule::<P>::CHARACTERS_MAX;
    assert_eq!(max, 3072);
    let head = format!("{property} -eq '");
    let of = |length: usize| format!("{head}{}'", "ä".repeat(length - head.len() - 1));
    assert!(FilterRule::<P>::parse(&of(max)).is_ok());
    let error = FilterRule::<P>::parse(&of(max + 1)).unwrap_err();
    assert_eq!(error.position, max + 1);
    let nested = |open: &str, close: &str, count: usize| {
        let (open, close) = (open.repeat(count), close.repeat(count));
        format!("{open}{property} -eq 'x'{close}")
    };
    for (open, close) in [("(", ")"), ("-not ", "")] {
        let max = FilterRule::<P>::DEPTH_MAX;
        assert!(FilterRule::<P>::parse(&nested(open, close, max)).is_ok());
        let error = FilterRule::<P>::parse(&nested(open, close, max + 1)).unwrap_err();
        assert!(error.expected.contains("64"), "{error}");
        assert!(FilterRule::<P>::parse(&open.repeat(600)).is_err());
    }
}

#[test]
fn a_rule_has_at_most_3072_characters_and_64_levels() {
    check_limits::<DeviceProperty>("device.model");
    check_limits::<SecurityAttribute>("CustomSecurityAttribute.Engineering_Project");
}

#[test]
fn a_rule_that_is_far_too_long_costs_no_more_than_its_length() {
    // Quadratic, this would be minutes; what is cut off is not looked at.
    for piece in ["(", "-not ", "'", "`\"", "device.model -eq 'x' -or ", "ä"] {
        let error = Device::parse(&piece.repeat(2_000_000)).unwrap_err();
        assert_eq!(error.position, Device::CHARACTERS_MAX + 1, "{piece}");
    }
}

fn operand(operator: FilterOperator, is_boolean: bool) -> BoxedStrategy<Operand> {
    let text = "[ -~äß`\"']{0,8}";
    let texts = proptest::collection::vec(text, 1..4).prop_map(Operand::List);
    match operator {
        FilterOperator::In | FilterOperator::NotIn => texts.boxed(),
        FilterOperator::Equal | FilterOperator::NotEqual if is_boolean => {
            prop_oneof!["True|False".prop_map(Operand::Text), Just(Operand::Null)].boxed()
        }
        FilterOperator::Equal | FilterOperator::NotEqual => {
            prop_oneof![text.prop_map(Operand::Text), Just(Operand::Null)].boxed()
        }
        FilterOperator::StartsWith
        | FilterOperator::NotStartsWith
        | FilterOperator::EndsWith
        | FilterOperator::NotEndsWith
        | FilterOperator::Contains
        | FilterOperator::NotContains => text.prop_map(Operand::Text).boxed(),
    }
}

fn expression() -> impl Strategy<Value = Expression<DeviceProperty>> {
    let extension = (1_u8..=15).prop_map(DeviceProperty::ExtensionAttribute);
    let named = proptest::sample::select(&DeviceProperty::NAMED[..]);
    let comparison = prop_oneof![3 => named, 1 => extension]
        .prop_flat_map(|property| {
            let operators = proptest::sample::select(property.operators());
            (Just(property), operators)
        })
        .prop_flat_map(|(property, operator)| {
            let operand = operand(operator, property.is_boolean());
            operand.prop_map(move |operand| Comparison {
                property,
                operator,
                operand,
            })
        })
        .prop_map(Expression::Compare);
    comparison.prop_recursive(5, 16, 3, |inner| {
        let list = proptest::collection::vec(inner.clone(), 2..4);
        prop_oneof![
            list.clone().prop_map(Expression::Or),
            list.prop_map(Expression::And),
            inner.prop_map(|one| Expression::Not(Box::new(one))),
        ]
    })
}

proptest! {
    #[test]
    fn what_is_printed_is_read_as_the_same(expression in expression()) {
        let text = expression.to_string();
        prop_assume!(text.chars().count() <= Device::CHARACTERS_MAX);
        prop_assert_eq!(Device::parse(&text).unwrap().expression, expression);
    }

    #[test]
    fn no_text_makes_the_reader_panic(text in "\\PC{0,200}") {
        let _ = Device::parse(&text);
        let _ = Attribute::parse(&text);
    }

    #[test]
    fn no_jumble_of_tokens_makes_the_reader_panic(
        words in proptest::collection::vec(
            proptest::sample::select(vec![
                "device.model", "device.isCompliant", "-eq", "-in", "-not", "not", "-and", "-or", "(", ")", "[", "]",
                ",", "\"x\"", "'y'", "True", "null", "`", "\"", "–",
            ]),
            0..40,
        ),
    ) {
        if let Ok(rule) = Device::parse(&words.join(" ")) {
            let again = Device::parse(&rule.expression.to_string()).unwrap();
            prop_assert_eq!(again.expression, rule.expression);
        }
    }
}
