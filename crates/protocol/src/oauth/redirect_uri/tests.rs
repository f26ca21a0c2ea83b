//! The corpora of mutated redirect URIs: none may match.

use proptest::prelude::*;

use super::*;

const REGISTERED: &str = "https://app.example/callback";

fn accepts(registered: &[&str], requested: &str) -> bool {
    match_exactly(Some(requested), registered.iter().copied()).is_ok()
}

#[test]
fn a01_every_mutation_of_a_redirect_uri_is_refused() {
    assert!(
        accepts(&["https://other.example/", REGISTERED], REGISTERED),
        "positive control"
    );
    let mutations = [
        "https://app.example/Callback",
        "https://APP.example/callback",
        "HTTPS://app.example/callback",
        "https://app.example/callback/",
        "https://app.example//callback",
        "https://app.example/./callback",
        "https://app.example/x/../callback",
        "https://app.example/callback/..;/",
        "https://app.example/%63allback",
        "https://app.example/callback%2e",
        "https://app.example/callback%00",
        "https://app.example/callback?",
        "https://app.example/callback?x=1",
        "https://app.example/callback#",
        "https://app.example/callback#x",
        "https://app.example:443/callback",
        "https://app.example:8443/callback",
        "https://app.example./callback",
        "https://app.example@evil.example/callback",
        "https://a@b@app.example/callback",
        "https://user:password@app.example/callback",
        "https://app.example\\@evil.example/callback",
        "https://evil.example\\app.example/callback",
        "https://app\u{3002}example/callback",
        "https://app\u{ff0e}example/callback",
        "https://app.example.evil.example/callback",
        "https://xapp.example/callback",
        "http://app.example/callback",
        "//app.example/callback",
        "https:/app.example/callback",
        "https:app.example/callback",
        "/callback",
        " https://app.example/callback",
        "https://app.example/callback ",
        "https://app.example/callback\r\nX: y",
        "https://app.example/callback\0",
        "https://app.example/callbac",
        "https://app.example/",
        "",
        "javascript:alert(1)//https://app.example/callback",
    ];
    for mutation in mutations {
        assert!(!accepts(&[REGISTERED], mutation), "{mutation:?}");
    }
    assert!(!accepts(&[], REGISTERED), "nothing is registered");
}

#[test]
fn a02_only_a_loopback_address_may_vary_its_port() {
    for (registered, requested) in [
        ("http://127.0.0.1", "http://127.0.0.1:49152"),
        ("http://127.0.0.1/", "http://127.0.0.1:49152"),
        ("http://127.0.0.1:1/cb", "http://127.0.0.1:65535/cb"),
        ("http://127.0.0.1:1/cb", "http://127.0.0.1/cb"),
        ("http://[::1]/cb?x=1", "http://[::1]:49152/cb?x=1"),
        ("http://localhost", "http://localhost:49152"),
        ("http://localhost", "http://localhost:49152/"),
    ] {
        assert!(
            accepts(&[registered], requested),
            "{registered} {requested}"
        );
    }
    for (registered, requested) in [
        ("http://127.0.0.1/cb", "http://127.0.0.1:49152/other"),
        ("http://127.0.0.1/cb", "http://127.0.0.1:49152/cb/"),
        ("http://127.0.0.1/cb", "http://127.0.0.1:49152/cb?x"),
        ("http://127.0.0.1/cb", "http://127.0.0.1:49152/CB"),
        ("http://127.0.0.1/cb", "https://127.0.0.1:49152/cb"),
        ("http://127.0.0.1/cb", "http://localhost:49152/cb"),
        ("http://localhost/cb", "http://127.0.0.1:49152/cb"),
        ("http://[::1]/cb", "http://127.0.0.1:49152/cb"),
        ("http://127.0.0.1", "http://127.0.0.1.nip:80"),
        ("http://127.0.0.1", "http://127.0.0.1.nip.io"),
        ("http://127.0.0.1", "http://127.0.0.1@evil.example"),
        ("http://127.0.0.1", "http://127.0.0.1:80@evil.example"),
        ("http://127.0.0.1", "http://127.0.0.1:@evil.example/"),
        ("http://127.0.0.1", "http://127.0.0.12:80"),
        ("http://127.0.0.1", "http://127.0.0.1:0"),
        ("http://127.0.0.1", "http://127.0.0.1:"),
        ("http://127.0.0.1", "http://127.0.0.1:65536"),
        ("http://127.0.0.1", "http://127.0.0.1:000080"),
        ("http://127.0.0.1", "http://127.0.0.1:+80"),
        ("http://127.0.0.1", "http://127.0.0.1:80#x"),
        ("http://127.0.0.1", "http://127.0.0.1:80\\.evil.example"),
        ("http://127.0.0.1", "http://127.1:80"),
        ("http://127.0.0.1", "http://2130706433:80"),
        ("http://localhost", "http://localhost.evil:80"),
        ("http://localhost", "http://LOCALHOST:80"),
        ("http://localhost", "http://localhost.:80"),
        ("https://app.example/cb", "https://app.example:8443/cb"),
        ("https://localhost/cb", "https://localhost:8443/cb"),
    ] {
        assert!(
            !accepts(&[registered], requested),
            "{registered} {requested}"
        );
    }
}

#[test]
fn a03_schemes_that_run_in_the_browser_are_refused_in_any_letter_case() {
    for uri in [
        "javascript:alert(1)",
        "JavaScript:alert(1)",
        "jAvAsCrIpT://%0aalert(1)",
        "data:text/html,x",
        "DATA:text/html,x",
        "vbscript:x",
        "file:///etc/passwd",
        "blob:https://app.example/1",
        "view-source:https://app.example",
    ] {
        assert_eq!(
            check_registrable(uri),
            Err(RegistrationError::DangerousScheme),
            "{uri}"
        );
        assert!(
            !accepts(&[uri], uri),
            "{uri} is refused also when it got into the registration"
        );
    }
    for uri in [
        "http://app.example/cb",
        "HTTP://app.example/cb",
        "http://localhost.evil/cb",
    ] {
        assert_eq!(
            check_registrable(uri),
            Err(RegistrationError::PlainHttp),
            "{uri}"
        );
        assert!(!accepts(&[uri], uri), "{uri}");
    }
    for uri in [
        "https://app.example",
        "http://localhost:3000/x",
        "msauth.com.example.app://auth",
        "com.example:/cb",
    ] {
        assert_eq!(check_registrable(uri), Ok(()), "{uri}");
        assert!(accepts(&[uri], uri), "{uri}");
    }
}

#[test]
fn a04_a_wildcard_is_refused_and_never_matches() {
    for uri in ["https://app.example/*", "https://*.app.example/cb"] {
        assert_eq!(check_registrable(uri), Err(RegistrationError::Wildcard));
        assert!(!accepts(&[uri], uri));
        assert!(!accepts(&[uri], "https://app.example/anything"));
        assert!(!accepts(&[uri], "https://x.app.example/cb"));
    }
}

#[test]
fn a05_without_a_redirect_uri_only_a_single_registered_one_is_meant() {
    let choose = |registered: &[&str]| match_exactly(None, registered.iter().copied());
    assert_eq!(choose(&[REGISTERED]).unwrap().as_str(), REGISTERED);
    for registered in [
        &[][..],
        &[REGISTERED, "https://b.example/"],
        &["http://evil.example/"],
    ] {
        assert_eq!(
            choose(registered).unwrap_err().code,
            ErrorCode::NoReplyAddress
        );
    }
}

#[test]
fn what_cannot_be_an_address_is_not_registrable() {
    let long = format!("https://app.example/{}", "a".repeat(BYTES_MAX));
    for (uri, error) in [
        ("", RegistrationError::Malformed),
        ("callback", RegistrationError::Malformed),
        ("https://app.example/ü", RegistrationError::Malformed),
        ("https://app.example/a b", RegistrationError::Malformed),
        ("https://app.example\\@evil", RegistrationError::Malformed),
        ("https://app.example/#x", RegistrationError::Fragment),
        (
            "https://user@app.example/",
            RegistrationError::UserInformation,
        ),
        (long.as_str(), RegistrationError::Malformed),
    ] {
        assert_eq!(check_registrable(uri), Err(error), "{uri}");
    }
}

proptest! {
    #[test]
    fn a01_any_other_text_is_refused(requested in "https://app[.]example/callback.{1,8}|.{0,40}") {
        prop_assume!(requested != REGISTERED);
        prop_assert!(!accepts(&[REGISTERED], &requested));
    }
}
