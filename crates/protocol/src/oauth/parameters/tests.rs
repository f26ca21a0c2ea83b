//! Shows that a query means one thing or is refused.

use proptest::prelude::*;

use super::*;

fn read(text: &str) -> Result<Parameters, ParametersError> {
    Parameters::parse(text.as_bytes())
}

#[test]
fn a08_a_parameter_given_twice_is_refused() {
    for (text, name) in [
        ("redirect_uri=a&redirect_uri=a", "redirect_uri"),
        ("client_id=a&x=1&client_id=b", "client_id"),
        ("scope=a&sco%70e=b", "scope"),
        ("scope=&scope=b", "scope"),
        ("extra=1&extra=2", "extra"),
    ] {
        assert_eq!(
            read(text).unwrap_err(),
            ParametersError::Repeated { name: name.into() }
        );
    }
    assert!(read("redirect_uri=a&client_id=b&scope=c").is_ok());
}

#[test]
fn a09_unknown_parameters_are_carried_and_ignored() {
    let read = read("extra=foobar&client_id=a").unwrap();
    assert_eq!(read.find("client_id"), Some("a"));
}

#[test]
fn a10_an_empty_parameter_is_an_absent_one() {
    let read = read("scope=&state&client_id=a&&").unwrap();
    assert_eq!((read.find("scope"), read.find("state")), (None, None));
    assert_eq!(read.find("client_id"), Some("a"));
    assert!(Parameters::parse(b"").unwrap().find("scope").is_none());
}

#[test]
fn limits_are_exact() {
    let value = |size| format!("v={}", "a".repeat(size));
    assert!(read(&value(VALUE_BYTES_MAX)).is_ok());
    assert_eq!(
        read(&value(VALUE_BYTES_MAX + 1)).unwrap_err(),
        ParametersError::ValueTooLong { name: "v".into() }
    );
    let many = |count: usize| {
        (0..count)
            .map(|number| format!("p{number}=1"))
            .collect::<Vec<_>>()
            .join("&")
    };
    assert!(read(&many(COUNT_MAX)).is_ok());
    assert_eq!(
        read(&many(COUNT_MAX + 1)).unwrap_err(),
        ParametersError::TooMany
    );
    let long = |size: usize| {
        let five = (0..5).map(|number| format!("p{number}={}", "a".repeat(6000)));
        let text = five.collect::<Vec<_>>().join("&");
        let filler = size - text.len() - 3;
        format!("{text}&q={}", "a".repeat(filler))
    };
    assert!(read(&long(TOTAL_BYTES_MAX)).is_ok());
    assert_eq!(
        read(&long(TOTAL_BYTES_MAX + 1)).unwrap_err(),
        ParametersError::TooLong
    );
}

#[test]
fn values_are_decoded_as_the_url_standard_says() {
    let read = read("a=x+y&b=%C3%BC&c=100%&d=%zz%4&e=a=b").unwrap();
    assert_eq!(read.find("a"), Some("x y"));
    assert_eq!(read.find("b"), Some("ü"));
    assert_eq!(read.find("c"), Some("100%"));
    assert_eq!(read.find("d"), Some("%zz%4"));
    assert_eq!(read.find("e"), Some("a=b"));
    assert_eq!(
        Parameters::parse(b"a=%FF").unwrap_err(),
        ParametersError::NotUtf8
    );
    assert_eq!(
        Parameters::parse(b"a=\xff").unwrap_err(),
        ParametersError::NotUtf8
    );
}

#[test]
fn debug_prints_no_value() {
    let printed = format!("{:?}", read("client_secret=hunter2").unwrap());
    assert!(printed.contains("client_secret") && !printed.contains("hunter2"));
}

#[test]
fn b12_only_a_form_is_a_form() {
    assert!(is_form("application/x-www-form-urlencoded"));
    assert!(is_form("Application/X-WWW-Form-Urlencoded; charset=utf-8"));
    assert!(!is_form("application/json"));
    assert!(!is_form("text/plain; application/x-www-form-urlencoded"));
    assert!(!is_form(""));
}

proptest! {
    #[test]
    fn arbitrary_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let _ = Parameters::parse(&bytes);
    }

    #[test]
    fn what_is_printed_is_read_back(pairs in proptest::collection::btree_map(".{1,12}", ".{1,40}", 0..8)) {
        let written: Parameters = pairs.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let read = Parameters::parse(written.print().as_bytes()).unwrap();
        for (name, value) in &pairs {
            prop_assert_eq!(read.find(name), Some(value.as_str()));
        }
    }

    #[test]
    fn our_decoder_agrees_with_the_url_crate(text in "[a-zA-Z0-9%+=é ]{0,40}") {
        let theirs: String = url::form_urlencoded::parse(format!("v={}", text.replace('&', "")).as_bytes())
            .find(|(name, _)| name == "v").map(|(_, value)| value.into_owned()).unwrap_or_default();
        if let Some(ours) = decode_component(text.as_bytes()) {
            prop_assert_eq!(ours, theirs);
        } else {
            let replaced = theirs.contains(char::REPLACEMENT_CHARACTER);
            prop_assert!(replaced);
        }
    }
}
