//! Shows what an authorization request means, and that every way to bend it is refused.

use proptest::prelude::*;

use super::*;

const GOOD: &[(&str, &str)] = &[
    ("client_id", "app"),
    ("redirect_uri", "https://app.example/cb"),
    ("response_type", "code"),
    ("scope", "openid profile"),
];

fn with(changes: &[(&str, &str)]) -> Parameters {
    GOOD.iter().chain(changes).copied().collect()
}

fn read(changes: &[(&str, &str)]) -> Result<AuthorizationRequest, Fault> {
    AuthorizationRequest::parse(&with(changes))
}

fn refusal(changes: &[(&str, &str)]) -> ErrorCode {
    read(changes).unwrap_err().code
}

#[test]
fn a13_nothing_but_a_code_comes_through_the_front_channel() {
    assert!(read(&[]).is_ok(), "positive control");
    for kind in [
        "token",
        "id_token",
        "code id_token",
        "id_token token",
        "none",
        "CODE",
        "code code",
    ] {
        assert_eq!(
            refusal(&[("response_type", kind)]),
            ErrorCode::UnsupportedResponseType,
            "{kind}"
        );
    }
}

#[test]
fn a15_a_missing_response_type_is_refused() {
    let parameters: Parameters = [("client_id", "app")].into_iter().collect();
    let fault = AuthorizationRequest::parse(&parameters).unwrap_err();
    assert_eq!(
        (fault.code, fault.detail.as_str()),
        (ErrorCode::MissingRequiredParameter, "response_type")
    );
}

#[test]
fn a17_state_and_nonce_are_kept_to_the_byte_and_never_cut() {
    for length in [64, 384, OPAQUE_BYTES_MAX] {
        let text: String = "aé %+&=#\"<".chars().cycle().take(length / 2).collect();
        let parameters = with(&[("state", &text), ("nonce", &text)]);
        let again = Parameters::parse(parameters.print().as_bytes()).unwrap();
        assert_eq!(
            AuthorizationTarget::parse(&again).unwrap().state.as_deref(),
            Some(text.as_str())
        );
        assert_eq!(
            AuthorizationRequest::parse(&again)
                .unwrap()
                .nonce
                .as_deref(),
            Some(text.as_str())
        );
    }
    let long = "a".repeat(OPAQUE_BYTES_MAX + 1);
    assert!(read(&[("nonce", &"a".repeat(OPAQUE_BYTES_MAX))]).is_ok());
    assert_eq!(refusal(&[("nonce", &long)]), ErrorCode::InvalidUserInput);
    let fault = AuthorizationTarget::parse(&with(&[("state", &long)])).unwrap_err();
    assert_eq!(fault.code, ErrorCode::InvalidUserInput);
}

#[test]
fn prompt_is_a_set_and_none_stands_alone() {
    let prompt = |text| read(&[("prompt", text)]).map(|request| request.prompt);
    assert_eq!(read(&[]).unwrap().prompt, Prompt::WhenNeeded);
    assert_eq!(prompt("none").unwrap(), Prompt::Never);
    let both = prompt("login consent").unwrap().pages();
    assert_eq!(
        both,
        PromptedPages {
            login: true,
            consent: true,
            select_account: false
        }
    );
    assert!(prompt("none").unwrap().is_silent() && !prompt("login").unwrap().is_silent());
    for bad in ["none login", "login none", "create", "NONE", "none none"] {
        assert_eq!(
            prompt(bad).unwrap_err().code,
            ErrorCode::InvalidUserInput,
            "{bad}"
        );
    }
}

#[test]
fn max_age_is_a_number_of_seconds() {
    for (text, value) in [("0", 0), ("1", 1), ("10000", 10_000)] {
        assert_eq!(
            read(&[("max_age", text)]).unwrap().max_age_seconds,
            Some(value)
        );
    }
    for bad in ["-1", "+1", "1.5", "1e3", " 1", "x", "99999999999"] {
        assert_eq!(
            refusal(&[("max_age", bad)]),
            ErrorCode::InvalidUserInput,
            "{bad}"
        );
    }
}

#[test]
fn request_objects_are_refused_by_their_own_codes() {
    assert_eq!(
        refusal(&[("request", "e30.e30.")]),
        ErrorCode::RequestParameterNotSupported
    );
    assert_eq!(
        refusal(&[("request_uri", "https://x")]),
        ErrorCode::RequestUriParameterNotSupported
    );
}

#[test]
fn an_unknown_response_mode_is_refused_and_answered_in_the_query() {
    for mode in ResponseMode::ALL {
        assert_eq!(
            read(&[("response_mode", mode.as_str())])
                .unwrap()
                .response_mode,
            mode
        );
    }
    let strange = with(&[("response_mode", "web_message")]);
    assert_eq!(
        AuthorizationTarget::parse(&strange).unwrap().response_mode,
        ResponseMode::Query
    );
    assert_eq!(
        refusal(&[("response_mode", "web_message")]),
        ErrorCode::UnsupportedResponseMode
    );
}

#[test]
fn a25_hints_never_break_a_sign_in() {
    let long = "a".repeat(5000);
    for name in [
        "login_hint",
        "domain_hint",
        "whr",
        "ui_locales",
        "claims_locales",
        "display",
    ] {
        for value in [long.as_str(), "\u{0}", "🦀", "a b c", "zz-ZZ"] {
            assert!(read(&[(name, value)]).is_ok(), "{name}");
        }
    }
    assert_eq!(read(&[("login_hint", &long)]).unwrap().login_hint, None);
    let hint = |name, value| read(&[(name, value)]).unwrap().domain_hint;
    assert_eq!(
        hint("domain_hint", "Fabrikam.example"),
        Some(DomainHint::Domain("fabrikam.example".into()))
    );
    assert_eq!(
        hint("whr", "fabrikam.example"),
        Some(DomainHint::Domain("fabrikam.example".into()))
    );
    assert_eq!(
        hint("domain_hint", "organizations"),
        Some(DomainHint::Organizations)
    );
}

#[test]
fn a_request_without_a_client_is_only_shown() {
    let parameters: Parameters = [("redirect_uri", "https://evil.example")]
        .into_iter()
        .collect();
    assert_eq!(
        AuthorizationTarget::parse(&parameters).unwrap_err().code,
        ErrorCode::MissingRequiredParameter
    );
}

#[test]
fn b02_a_plain_challenge_spoils_the_request() {
    let challenge = "a".repeat(43);
    assert_eq!(
        refusal(&[
            ("code_challenge", &challenge),
            ("code_challenge_method", "plain")
        ]),
        ErrorCode::PkceRequired
    );
}

#[test]
fn j07_a_request_survives_being_kept() {
    let request = read(&[
        ("prompt", "login select_account"),
        ("nonce", "n é"),
        ("max_age", "5"),
        ("login_hint", "ada@fabrikam.example"),
        ("domain_hint", "fabrikam.example"),
        (
            "claims",
            r#"{"id_token":{"amr":{"essential":true,"values":["mfa"]}}}"#,
        ),
        ("acr_values", "1 2"),
        (
            "code_challenge",
            "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
        ),
        ("code_challenge_method", "S256"),
        ("client_info", "1"),
    ])
    .unwrap();
    let kept = serde_json::to_string(&request).unwrap();
    assert_eq!(
        serde_json::from_str::<AuthorizationRequest>(&kept).unwrap(),
        request
    );
}

proptest! {
    #[test]
    fn arbitrary_queries_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        if let Ok(parameters) = Parameters::parse(&bytes) {
            let _ = AuthorizationTarget::parse(&parameters);
            let _ = AuthorizationRequest::parse(&parameters);
        }
    }

    #[test]
    fn arbitrary_values_never_panic(
        name in prop::sample::select(vec!["prompt", "claims", "max_age", "scope", "code_challenge", "nonce", "response_mode", "acr_values", "login_hint"]),
        value in ".{1,60}",
    ) {
        let _ = read(&[(name, &value)]);
    }
}
