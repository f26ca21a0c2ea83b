//! The text of a filter for applications or service principals: no text makes the reader panic, and what is printed is read as the same.
#![no_main]

use libfuzzer_sys::fuzz_target;
use portcullis_model::conditional_access::filter::{SecurityAttribute, FilterRule};

fuzz_target!(|text: &str| {
    if let Ok(rule) = FilterRule::<SecurityAttribute>::parse(text) {
        let printed = rule.expression.to_string();
        // Escapes and hyphens may make the printed rule longer than a rule may be.
        if printed.chars().count() <= FilterRule::<SecurityAttribute>::CHARACTERS_MAX {
            let again = FilterRule::<SecurityAttribute>::parse(&printed).expect("a printed rule is a rule");
            assert_eq!(again.expression, rule.expression);
        }
    }
});
