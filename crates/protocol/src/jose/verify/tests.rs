//! The corpus of bent tokens: none may be taken.

use std::time::Instant;

use aws_lc_rs::hmac;
use base64::engine::general_purpose::STANDARD;
use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::jose::public_key::{KeyMaterial, VerificationKey};
use crate::jose::signing_key::SigningKey;
use crate::jose::test_key;
use crate::oidc::access_token::{AccessTokenClaims, ClientAuthenticationClass, SubjectKind};
use crate::oidc::id_token::IdTokenClaims;
use crate::oidc::logout::{LogoutNotice, LogoutTokenClaims};

const ISSUER: &str = "https://sts.example/t/v2.0";
const NOW: i64 = 1_800_000_000;

fn expected() -> Expected<'static> {
    Expected {
        issuer: ISSUER,
        audience: Audience::OneOf(&["api"]),
        lifetime: Lifetime::Enforced,
        now: Timestamp::from_second(NOW).unwrap(),
    }
}

fn access_token() -> AccessTokenClaims {
    AccessTokenClaims {
        iss: ISSUER.into(),
        sub: "s".into(),
        aud: "api".into(),
        exp: NOW + 3600,
        iat: NOW,
        nbf: NOW,
        jti: "j".into(),
        client_id: "app".into(),
        azp: "app".into(),
        azpacr: ClientAuthenticationClass::Public,
        ver: "2.0".into(),
        tid: "t".into(),
        oid: None,
        idtyp: SubjectKind::User,
        scope: Some("Reports.Read".into()),
        scp: Some("Reports.Read".into()),
        roles: vec![],
        idp: None,
        acct: Some(0),
        auth_time: Some(NOW),
        amr: vec!["pwd".into()],
        acr: Some("1".into()),
        acrs: std::collections::BTreeSet::new(),
        sid: None,
        name: None,
        preferred_username: None,
        email: None,
        gid: None,
        uti: None,
    }
}

fn claims() -> Value {
    serde_json::to_value(access_token()).unwrap()
}

fn take(token: &str, key: &SigningKey) -> Result<AccessTokenClaims, VerifyError> {
    verify(token, [&key.verification_key().unwrap()], &expected())
}

fn encode(octets: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(octets)
}

/// A token of any header and claims, signed by `sign`.
fn forge(header: &str, claims: &str, sign: impl Fn(&[u8]) -> Vec<u8>) -> String {
    let message = format!("{}.{}", encode(header), encode(claims));
    let signature = sign(message.as_bytes());
    format!("{message}.{}", encode(signature))
}

/// A token of any header and claims under the right key.
fn signed(key: &SigningKey, header: &Value, claims: &str) -> String {
    forge(&header.to_string(), claims, |message| {
        key.signature(message).unwrap()
    })
}

fn header(key: &SigningKey) -> Value {
    json!({"typ": "at+jwt", "alg": key.public_jwk().alg, "kid": key.key_id()})
}

#[test]
fn what_we_sign_we_take_with_either_algorithm() {
    for key in [test_key::rsa(), test_key::p256()] {
        let token = key.sign(&access_token()).unwrap();
        assert_eq!(take(token.expose(), &key).unwrap(), access_token());
        let without_kid = signed(
            &key,
            &json!({"typ": "AT+JWT", "alg": key.public_jwk().alg}),
            &claims().to_string(),
        );
        assert!(
            take(&without_kid, &key).is_ok(),
            "kid is optional, typ has no letter case"
        );
    }
}

#[test]
fn g01_an_access_token_has_the_claims_of_rfc_9068() {
    for name in [
        "iss",
        "exp",
        "aud",
        "sub",
        "client_id",
        "iat",
        "jti",
        "scope",
        "auth_time",
        "acr",
        "amr",
    ] {
        assert!(claims().get(name).is_some(), "{name}");
    }
    let token = test_key::p256().sign(&access_token()).unwrap();
    let header = jsonwebtoken::decode_header(token.expose()).unwrap();
    assert_eq!(header.typ.as_deref(), Some("at+jwt"));
}

#[test]
fn g02_a_token_of_another_kind_is_not_an_access_token() {
    let key = test_key::p256();
    for kind in [
        "JWT",
        "logout+jwt",
        "",
        "at",
        "at+jwt ",
        "secevent+jwt",
        "client-authentication+jwt",
        "dpop+jwt",
    ] {
        let mut header = header(&key);
        header["typ"] = kind.into();
        assert_eq!(
            take(&signed(&key, &header, &claims().to_string()), &key),
            Err(VerifyError::Kind),
            "{kind}"
        );
    }
    let mut without = header(&key);
    without.as_object_mut().unwrap().remove("typ");
    assert_eq!(
        take(&signed(&key, &without, &claims().to_string()), &key),
        Err(VerifyError::Kind)
    );

    let id_token = signed(
        &key,
        &json!({"typ": "JWT", "alg": "ES256"}),
        &claims().to_string(),
    );
    let notice = LogoutNotice {
        issuer: ISSUER.into(),
        client_id: "api".into(),
        subject: None,
        session_id: "s".into(),
        token_id: "j".into(),
    };
    let logout = key
        .sign(&LogoutTokenClaims::new(notice, expected().now))
        .unwrap();
    assert_eq!(take(&id_token, &key), Err(VerifyError::Kind));
    assert_eq!(take(logout.expose(), &key), Err(VerifyError::Kind));
    let keys = [key.verification_key().unwrap()];
    assert!(
        verify::<LogoutTokenClaims>(logout.expose(), &keys, &expected()).is_ok(),
        "positive control"
    );
    let access = key.sign(&access_token()).unwrap();
    assert_eq!(
        verify::<IdTokenClaims>(access.expose(), &keys, &expected()),
        Err(VerifyError::Kind)
    );
    assert_eq!(
        verify::<LogoutTokenClaims>(access.expose(), &keys, &expected()),
        Err(VerifyError::Kind)
    );
}

#[test]
fn g03_none_is_refused_in_all_letter_cases_and_no_header_chooses_the_algorithm() {
    let key = test_key::rsa();
    let cases = (0..16).map(|mask| {
        let letters = "none".chars().enumerate();
        letters
            .map(|(at, letter)| {
                if mask >> at & 1 == 1 {
                    letter.to_ascii_uppercase()
                } else {
                    letter
                }
            })
            .collect::<String>()
    });
    let others = [
        "", " none", "none ", "HS256", "RS384", "RS512", "PS256", "ES256", "rs256", "RS256 ",
        "EdDSA",
    ];
    for algorithm in cases.chain(others.map(str::to_owned)) {
        let header = json!({"typ": "at+jwt", "alg": algorithm, "kid": key.key_id()});
        let unsigned = forge(&header.to_string(), &claims().to_string(), |_| vec![]);
        let right = signed(&key, &header, &claims().to_string());
        for token in [unsigned, right] {
            assert_eq!(
                take(&token, &key),
                Err(VerifyError::UnknownKey),
                "{algorithm}"
            );
        }
    }
    for algorithm in [json!(null), json!(["RS256"]), json!(1), json!({"RS256": 1})] {
        let header = json!({"typ": "at+jwt", "alg": algorithm});
        assert_eq!(
            take(&signed(&key, &header, &claims().to_string()), &key),
            Err(VerifyError::UnknownKey)
        );
    }
    let stripped = key.sign(&access_token()).unwrap();
    let (message, _) = stripped.expose().rsplit_once('.').unwrap();
    assert_eq!(
        take(&format!("{message}."), &key),
        Err(VerifyError::Signature)
    );
    assert_eq!(take(message, &key), Err(VerifyError::Malformed));
}

/// What an attacker may believe to be the shared secret: everything public about the key.
fn public_texts(key: &SigningKey) -> Vec<Vec<u8>> {
    let jwk = key.public_jwk();
    let mut texts = vec![
        serde_json::to_vec(jwk).unwrap(),
        serde_json::to_vec_pretty(jwk).unwrap(),
        serde_json::to_vec(&jwk.material).unwrap(),
        serde_json::to_vec(&json!({"keys": [jwk]})).unwrap(),
        jwk.kid.clone().into_bytes(),
        b"RSA".to_vec(),
        b"EC".to_vec(),
        b"sig".to_vec(),
        b"RS256".to_vec(),
        b"".to_vec(),
        vec![0],
    ];
    let numbers = match &jwk.material {
        KeyMaterial::Rsa { n, e } => [n, e],
        KeyMaterial::P256 { x, y, .. } => [x, y],
    };
    let mut joined = Vec::new();
    for number in numbers {
        let raw = URL_SAFE_NO_PAD.decode(number).unwrap();
        joined.extend_from_slice(&raw);
        texts.extend([
            number.clone().into_bytes(),
            raw.clone(),
            STANDARD.encode(&raw).into_bytes(),
        ]);
    }
    for der in [joined.clone(), [b"\x04", joined.as_slice()].concat()] {
        let body = STANDARD.encode(&der);
        for label in ["PUBLIC KEY", "RSA PUBLIC KEY", "CERTIFICATE"] {
            let pem = format!("-----BEGIN {label}-----\n{body}\n-----END {label}-----");
            texts.extend([pem.clone().into_bytes(), format!("{pem}\n").into_bytes()]);
        }
        texts.push(der);
    }
    texts
}

#[test]
fn g04_a_public_key_is_no_shared_secret() {
    for key in [test_key::rsa(), test_key::p256()] {
        let secrets = public_texts(&key);
        assert!(secrets.len() >= 20, "twenty variants at least");
        for secret in &secrets {
            for (algorithm, name) in [
                (hmac::HMAC_SHA256, "HS256"),
                (hmac::HMAC_SHA384, "HS384"),
                (hmac::HMAC_SHA512, "HS512"),
            ] {
                for claimed in [name, key.public_jwk().alg.as_str()] {
                    let header = json!({"typ": "at+jwt", "alg": claimed, "kid": key.key_id()});
                    let secret = hmac::Key::new(algorithm, secret);
                    let token = forge(&header.to_string(), &claims().to_string(), |message| {
                        hmac::sign(&secret, message).as_ref().to_vec()
                    });
                    assert!(take(&token, &key).is_err());
                }
            }
        }
    }
}

#[test]
fn g05_keys_in_the_header_are_not_looked_at() {
    let (ours, theirs) = (test_key::p256(), test_key::p256());
    let jwk = serde_json::to_value(theirs.public_jwk()).unwrap();
    let extras = [
        ("jwk", jwk),
        ("jku", json!("https://evil.example/keys")),
        ("x5u", json!("https://evil.example/c")),
        ("x5c", json!(["MIIB"])),
        ("x5t", json!("x")),
        ("x5t#S256", json!("x")),
    ];
    for (name, value) in &extras {
        for kid in [
            json!(ours.key_id()),
            json!("https://evil.example/keys#1"),
            json!("../../dev/null"),
            json!("' OR 1=1"),
        ] {
            let mut header = header(&theirs);
            header["kid"] = kid;
            header[*name] = value.clone();
            assert!(
                take(&signed(&theirs, &header, &claims().to_string()), &ours).is_err(),
                "{name}"
            );
        }
        let mut harmless = header(&ours);
        harmless[*name] = value.clone();
        assert!(
            take(&signed(&ours, &harmless, &claims().to_string()), &ours).is_ok(),
            "ignored: {name}"
        );
    }
}

#[test]
fn g06_a_critical_header_is_refused() {
    let key = test_key::p256();
    for critical in [
        json!(["b64"]),
        json!(["exp"]),
        json!([]),
        json!("b64"),
        json!(null),
    ] {
        let mut header = header(&key);
        header["crit"] = critical;
        header["b64"] = json!(false);
        assert_eq!(
            take(&signed(&key, &header, &claims().to_string()), &key),
            Err(VerifyError::CriticalHeader)
        );
    }
}

#[test]
fn g07_duplicate_members_are_refused_in_header_and_claims() {
    let key = test_key::p256();
    let sign = |message: &[u8]| key.signature(message).unwrap();
    let good = header(&key).to_string();
    let doubled_header = good.replacen('{', r#"{"alg":"none","#, 1);
    assert_eq!(
        take(&forge(&doubled_header, &claims().to_string(), sign), &key),
        Err(VerifyError::Malformed)
    );
    let doubled_claims = claims().to_string().replacen('{', r#"{"sub":"victim","#, 1);
    assert_eq!(
        take(&forge(&good, &doubled_claims, sign), &key),
        Err(VerifyError::Malformed)
    );
    assert!(
        take(&forge(&good, &claims().to_string(), sign), &key).is_ok(),
        "positive control"
    );
}

#[test]
#[expect(clippy::disallowed_methods, reason = "the requirement is a time")]
fn g08_encrypted_and_oversized_tokens_are_refused_at_once() {
    let key = test_key::p256();
    let header = encode(
        r#"{"alg":"PBES2-HS512+A256KW","p2c":2147483647,"p2s":"AA","enc":"A256GCM","zip":"DEF"}"#,
    );
    let jwe = format!("{header}.AA.AA.AA.AA");
    let hostile = [
        jwe,
        "a".repeat(50_000_000),
        ".".repeat(TOKEN_BYTES_MAX),
        forge(&"[".repeat(8000), "{}", |_| vec![]),
    ];
    for token in &hostile {
        let started = Instant::now();
        assert_eq!(take(token, &key), Err(VerifyError::Malformed));
        assert!(started.elapsed().as_millis() < 50);
    }
    let mut long = access_token();
    long.name = Some("n".repeat(TOKEN_BYTES_MAX));
    assert_eq!(
        take(key.sign(&long).unwrap().expose(), &key),
        Err(VerifyError::Malformed)
    );
}

#[test]
fn g09_bent_ecdsa_signatures_are_refused() {
    let key = test_key::p256();
    let token = key.sign(&access_token()).unwrap();
    let (message, signature) = token.expose().rsplit_once('.').unwrap();
    let good = URL_SAFE_NO_PAD.decode(signature).unwrap();
    let der = [
        &[0x30, 0x44, 0x02, 0x20],
        &good[..32],
        &[0x02, 0x20],
        &good[32..],
    ]
    .concat();
    let half_zero = [&good[..32], &[0; 32]].concat();
    for bent in [
        vec![0; 64],
        vec![0xff; 64],
        vec![],
        good[..63].to_vec(),
        [&good[..], &[0]].concat(),
        der,
        half_zero,
    ] {
        assert_eq!(
            take(&format!("{message}.{}", encode(bent)), &key),
            Err(VerifyError::Signature)
        );
    }
    for (at, _) in good.iter().enumerate() {
        let mut flipped = good.clone();
        flipped[at] ^= 1;
        assert_eq!(
            take(&format!("{message}.{}", encode(flipped)), &key),
            Err(VerifyError::Signature)
        );
    }
    assert!(take(token.expose(), &key).is_ok(), "positive control");
    for padded in [
        format!("{message}.{signature}=="),
        format!("{message}.{signature} "),
        format!(" {message}.{signature}"),
    ] {
        assert_eq!(take(&padded, &key), Err(VerifyError::Malformed));
    }
}

#[test]
fn g10_times_are_whole_seconds_with_a_minute_of_leeway() {
    let key = test_key::p256();
    let with = |name: &str, value: Value| {
        let mut claims = claims();
        claims[name] = value;
        take(&signed(&key, &header(&key), &claims.to_string()), &key)
    };
    assert!(with("exp", json!(NOW - LEEWAY_SECONDS + 1)).is_ok());
    assert_eq!(
        with("exp", json!(NOW - LEEWAY_SECONDS)),
        Err(VerifyError::Expired)
    );
    for name in ["nbf", "iat"] {
        assert!(with(name, json!(NOW + LEEWAY_SECONDS)).is_ok());
        assert_eq!(
            with(name, json!(NOW + LEEWAY_SECONDS + 1)),
            Err(VerifyError::NotYetValid),
            "{name}"
        );
    }
    for name in ["exp", "nbf", "iat"] {
        for strange in [
            json!(1.8e9),
            json!(1_800_003_600.0),
            json!(-1),
            json!(i64::MIN),
            json!(u64::MAX),
            json!(1_u64 << 63),
            json!("1800003600"),
            json!(null),
            json!(true),
            json!([NOW]),
            json!({}),
            json!(253_402_300_800_i64),
        ] {
            assert_eq!(
                with(name, strange.clone()),
                Err(VerifyError::Claim(name_of(name))),
                "{name} {strange}"
            );
        }
    }
    let mut without = claims();
    without.as_object_mut().unwrap().remove("exp");
    assert_eq!(
        take(&signed(&key, &header(&key), &without.to_string()), &key),
        Err(VerifyError::Claim("exp"))
    );
    let huge = claims()
        .to_string()
        .replace(&format!("\"exp\":{}", NOW + 3600), "\"exp\":1e400");
    assert!(take(&signed(&key, &header(&key), &huge), &key).is_err());
}

fn name_of(name: &str) -> &'static str {
    ["exp", "nbf", "iat"]
        .into_iter()
        .find(|known| *known == name)
        .unwrap()
}

#[test]
fn an_expired_hint_may_be_taken_where_that_is_wanted() {
    let key = test_key::p256();
    let mut claims = access_token();
    claims.exp = NOW - 100_000;
    let token = key.sign(&claims).unwrap();
    let lenient = Expected {
        lifetime: Lifetime::MayBeOver,
        ..expected()
    };
    let keys = [key.verification_key().unwrap()];
    assert!(verify::<AccessTokenClaims>(token.expose(), &keys, &lenient).is_ok());
    assert_eq!(take(token.expose(), &key), Err(VerifyError::Expired));
}

#[test]
fn g11_a_token_of_one_tenant_is_never_taken_at_another() {
    let (ours, theirs) = (test_key::p256(), test_key::p256());
    let token = theirs.sign(&access_token()).unwrap();
    assert_eq!(take(token.expose(), &ours), Err(VerifyError::UnknownKey));
    let renamed = theirs.verification_key().unwrap();
    assert!(
        verify::<AccessTokenClaims>(token.expose(), [&renamed], &expected()).is_ok(),
        "positive control"
    );
    let same_name = ours.verification_key().unwrap().named(theirs.key_id());
    assert_eq!(
        verify::<AccessTokenClaims>(token.expose(), [&same_name], &expected()),
        Err(VerifyError::Signature)
    );
    // Same keys, another issuer or audience.
    for (name, value, error) in [
        (
            "iss",
            json!("https://sts.example/other/v2.0"),
            VerifyError::Issuer,
        ),
        (
            "iss",
            json!("https://sts.example/t/v2.0/"),
            VerifyError::Issuer,
        ),
        ("iss", json!([ISSUER]), VerifyError::Claim("iss")),
        ("aud", json!("other"), VerifyError::Audience),
        ("aud", json!([]), VerifyError::Audience),
        ("aud", json!(["api", 1]), VerifyError::Claim("aud")),
        ("aud", json!(null), VerifyError::Claim("aud")),
    ] {
        let mut claims = claims();
        claims[name] = value;
        assert_eq!(
            take(&signed(&ours, &header(&ours), &claims.to_string()), &ours),
            Err(error)
        );
    }
    assert_eq!(
        verify::<AccessTokenClaims>(token.expose(), [], &expected()),
        Err(VerifyError::UnknownKey),
        "no keys"
    );
    let nobody = Expected {
        audience: Audience::OneOf(&[]),
        ..expected()
    };
    let keys = [theirs.verification_key().unwrap()];
    assert_eq!(
        verify::<AccessTokenClaims>(token.expose(), &keys, &nobody),
        Err(VerifyError::Audience)
    );
}

#[test]
fn g15_the_published_key_has_no_private_members() {
    for key in [test_key::rsa(), test_key::p256()] {
        let published = serde_json::to_value(key.public_jwk()).unwrap();
        let names: Vec<&str> = published
            .as_object()
            .unwrap()
            .keys()
            .map(String::as_str)
            .collect();
        let allowed = ["kid", "use", "alg", "kty", "n", "e", "crv", "x", "y"];
        assert!(names.iter().all(|name| allowed.contains(name)), "{names:?}");
        assert!(VerificationKey::from_jwk(published.as_object().unwrap()).is_ok());
        assert!(!format!("{key:?}").contains("pair"));
    }
}

#[test]
fn a_key_is_used_with_one_algorithm_and_private_or_weak_keys_are_refused() {
    use crate::jose::public_key::KeyError;
    let rsa = serde_json::to_value(test_key::rsa().public_jwk()).unwrap();
    let change = |name: &str, value: Value| {
        let mut jwk = rsa.as_object().unwrap().clone();
        jwk.insert(name.into(), value);
        VerificationKey::from_jwk(&jwk)
    };
    assert_eq!(
        change("alg", json!("PS256")).unwrap().algorithm.as_str(),
        "PS256"
    );
    for algorithm in ["ES256", "HS256", "none", "RS512", "RSA-OAEP"] {
        assert_eq!(
            change("alg", json!(algorithm)).unwrap_err(),
            KeyError::Algorithm,
            "{algorithm}"
        );
    }
    assert_eq!(change("d", json!("AA")).unwrap_err(), KeyError::Private);
    assert_eq!(change("k", json!("AA")).unwrap_err(), KeyError::Private);
    assert_eq!(
        change("use", json!("enc")).unwrap_err(),
        KeyError::Unsupported
    );
    assert_eq!(
        change("kty", json!("oct")).unwrap_err(),
        KeyError::Unsupported
    );
    let modulus = URL_SAFE_NO_PAD.decode(rsa["n"].as_str().unwrap()).unwrap();
    let padded = encode([&[0], modulus.as_slice()].concat());
    for weak in [encode(vec![0xff; 128]), padded, String::new(), "!".into()] {
        assert_eq!(change("n", json!(weak)).unwrap_err(), KeyError::Malformed);
    }
    for exponent in ["AAEAAQ", "AQ", "Aw", "Ag", "", "AQAA", "AQAC", "AQABAQAB"] {
        assert_eq!(
            change("e", json!(exponent)).unwrap_err(),
            KeyError::Malformed,
            "{exponent}"
        );
    }
    let mut curve = serde_json::to_value(test_key::p256().public_jwk()).unwrap();
    curve["x"] = json!(encode([1; 32]));
    assert_eq!(
        VerificationKey::from_jwk(curve.as_object().unwrap()).unwrap_err(),
        KeyError::Malformed,
        "off the curve"
    );
    assert!(
        SigningKey::from_pkcs8(
            crate::jose::signing_key::SigningAlgorithm::ES256,
            test_key::rsa_pkcs8()
        )
        .is_err()
    );
    assert!(
        SigningKey::from_pkcs8(crate::jose::signing_key::SigningAlgorithm::RS256, b"").is_err()
    );
}

#[test]
fn another_library_takes_our_tokens_and_names_our_keys_the_same() {
    for key in [test_key::rsa(), test_key::p256()] {
        let token = key.sign(&access_token()).unwrap();
        let jwk: jsonwebtoken::jwk::Jwk =
            serde_json::from_value(serde_json::to_value(key.public_jwk()).unwrap()).unwrap();
        assert_eq!(
            jwk.thumbprint(jsonwebtoken::jwk::ThumbprintHash::SHA256)
                .unwrap(),
            key.key_id()
        );
        let algorithm: jsonwebtoken::Algorithm = key.public_jwk().alg.as_str().parse().unwrap();
        let mut validation = jsonwebtoken::Validation::new(algorithm);
        validation.set_audience(&["api"]);
        let theirs = jsonwebtoken::DecodingKey::from_jwk(&jwk).unwrap();
        let read = jsonwebtoken::decode::<AccessTokenClaims>(token.expose(), &theirs, &validation)
            .unwrap();
        assert_eq!(read.claims, access_token());
    }
}

proptest! {
    #[test]
    fn arbitrary_tokens_never_panic(token in "[a-zA-Z0-9_.-]{0,200}|.{0,60}") {
        prop_assert!(UnverifiedToken::parse(&token).map_or(true, |token| token.check_signature([]).is_err()));
    }

    #[test]
    fn arbitrary_json_in_a_token_never_panics(header in "[{}\\[\\]\":,a-z0-9]{0,40}", claims in "[{}\\[\\]\":,a-z0-9]{0,40}") {
        let key = test_key::p256();
        let sign = |message: &[u8]| key.signature(message).unwrap();
        prop_assert!(take(&forge(&header, &claims, sign), &key).is_err());
    }
}
