//! Shows that only the client's own fresh assertion proves the client.

use serde::Serialize;
use serde_json::{Value, json};

use super::*;
use crate::jose::signing_key::SigningKey;
use crate::jose::test_key;
use crate::jose::token::{TokenClaims, TokenType};

const NOW: i64 = 1_800_000_000;
const TOKEN_ENDPOINT: &str = "https://sts.example/t/oauth2/v2.0/token";
const ISSUER: &str = "https://sts.example/t/v2.0";

/// Any claims at all, under a `typ` that clients use.
#[derive(Serialize)]
#[serde(transparent)]
struct Anything(Value);

impl TokenClaims for Anything {
    const TOKEN_TYPE: TokenType = TokenType::IdToken;
}

/// The same under the `typ` of an access token.
#[derive(Serialize)]
#[serde(transparent)]
struct AccessToken(Value);

impl TokenClaims for AccessToken {
    const TOKEN_TYPE: TokenType = TokenType::AccessToken;
}

fn good() -> Value {
    json!({"iss": "app", "sub": "app", "aud": TOKEN_ENDPOINT, "iat": NOW, "nbf": NOW, "exp": NOW + 600, "jti": "j-1"})
}

fn check(key: &SigningKey, claims: &Value) -> Result<ClientAssertionProof, Fault> {
    let token = key.sign(&Anything(claims.clone())).unwrap();
    check_token(key, token.expose())
}

fn check_token(key: &SigningKey, token: &str) -> Result<ClientAssertionProof, Fault> {
    let expected = ExpectedAssertion {
        client_id: "app",
        audiences: &[TOKEN_ENDPOINT, ISSUER],
        now: Timestamp::from_second(NOW).unwrap(),
    };
    verify(token, [&key.verification_key().unwrap()], &expected)
}

#[test]
fn f01_a_fresh_assertion_of_the_client_is_taken() {
    for key in [test_key::rsa(), test_key::p256()] {
        let proof = check(&key, &good()).unwrap();
        assert_eq!((proof.client_id(), proof.jti()), ("app", "j-1"));
        assert_eq!(proof.expires_at().as_second(), NOW + 600 + LEEWAY_SECONDS);
        let mut to_issuer = good();
        to_issuer["aud"] = json!([ISSUER]);
        assert!(check(&key, &to_issuer).is_ok());
    }
}

#[test]
fn f01_each_mutation_of_an_assertion_is_refused() {
    use ErrorCode::{
        ClientAssertionAudienceMismatch as Audience, ClientAssertionOutsideValidity as Validity,
        InvalidClientAssertion as Invalid,
    };
    let key = test_key::p256();
    for (name, value, code) in [
        ("iss", json!("other"), Invalid),
        ("sub", json!("other"), Invalid),
        ("sub", json!(["app"]), Invalid),
        (
            "aud",
            json!("https://sts.example/other/oauth2/v2.0/token"),
            Audience,
        ),
        (
            "aud",
            json!("https://sts.example/t/oauth2/v2.0/token/"),
            Audience,
        ),
        ("aud", json!([]), Audience),
        ("exp", json!(NOW - LEEWAY_SECONDS), Validity),
        (
            "exp",
            json!(NOW + LIFETIME_SECONDS_MAX + LEEWAY_SECONDS + 1),
            Validity,
        ),
        ("exp", json!("soon"), Validity),
        ("exp", json!(1.9e9), Validity),
        ("nbf", json!(NOW + LEEWAY_SECONDS + 1), Validity),
        ("iat", json!(NOW + LEEWAY_SECONDS + 1), Validity),
        ("jti", json!(""), Invalid),
        ("jti", json!(1), Invalid),
        ("jti", json!("j".repeat(JTI_BYTES_MAX + 1)), Invalid),
    ] {
        let mut claims = good();
        claims[name] = value.clone();
        let fault = check(&key, &claims).unwrap_err();
        assert_eq!(fault.code, code, "{name} {value}");
        let oauth = fault
            .code
            .oauth_error(crate::oauth::error_catalogue::Channel::Token);
        assert_eq!(oauth.as_str(), "invalid_client");
    }
    for name in ["iss", "sub", "aud", "exp", "jti"] {
        let mut claims = good();
        claims.as_object_mut().unwrap().remove(name);
        assert!(check(&key, &claims).is_err(), "{name} is missing");
    }
}

#[test]
fn f01_another_key_another_kind_or_no_key_is_refused() {
    let (ours, theirs) = (test_key::p256(), test_key::p256());
    let token = theirs.sign(&Anything(good())).unwrap();
    assert!(check_token(&ours, token.expose()).is_err());
    let access = ours.sign(&AccessToken(good())).unwrap();
    assert!(check_token(&ours, access.expose()).is_err());
    let expected = ExpectedAssertion {
        client_id: "app",
        audiences: &[],
        now: Timestamp::from_second(NOW).unwrap(),
    };
    let token = ours.sign(&Anything(good())).unwrap();
    let keys = [ours.verification_key().unwrap()];
    assert!(
        verify(token.expose(), &keys, &expected).is_err(),
        "no audience is ours"
    );
    assert!(
        verify(token.expose(), [], &expected).is_err(),
        "no key is registered"
    );
}

#[test]
fn the_client_is_named_by_the_assertion_only_to_find_its_keys() {
    let token = test_key::p256().sign(&Anything(good())).unwrap();
    assert_eq!(
        danger_unverified_client_id(token.expose()).as_deref(),
        Some("app")
    );
    for bad in ["", "a.b.c", "e30.e30.", "x"] {
        assert_eq!(danger_unverified_client_id(bad), None);
    }
}
