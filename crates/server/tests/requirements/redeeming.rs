//! The token endpoint and what tokens open: forms only, one credential, errors that say no more than they should (B, G, K).

use std::collections::BTreeSet;

use axum::body::Body;
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use http::{Request, StatusCode};
use serde_json::Value;

use super::site::{
    App, CONTOSO, INTRANET, MOBILE, PAYROLL, REPORT, Site, TIMESHEET, claims, form_request, with,
};

const DAVE: &str = "dave@contoso.example";

fn urlencoded(pairs: &[(String, String)]) -> String {
    serde_urlencoded::to_string(pairs).unwrap()
}

/// The same pairs without some.
fn without(pairs: &[(String, String)], names: &[&str]) -> Vec<(String, String)> {
    let kept = pairs
        .iter()
        .filter(|(name, _)| !names.contains(&name.as_str()));
    kept.cloned().collect()
}

async fn is_still_good(site: &Site, app: App, code: &str) {
    let form = site.code_form(app, code);
    let answer = site.token(&app.token_path(), &form).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
}

#[tokio::test]
async fn b12_only_a_posted_form_is_read() {
    let site = Site::demo().await;
    let (_, code) = site.code(PAYROLL, DAVE).await;
    let form = site.code_form(PAYROLL, &code);
    let (path, body) = (PAYROLL.token_path(), urlencoded(&form));
    let json = serde_json::to_string(
        &form
            .iter()
            .cloned()
            .collect::<std::collections::BTreeMap<_, _>>(),
    );
    let json = json.unwrap();
    let in_query = format!("{path}?{body}");
    let kind = "application/x-www-form-urlencoded";
    let table: Vec<(&str, &str, Option<&str>, &str, u16)> = vec![
        ("GET", &in_query, None, "", 405),
        ("PUT", &path, Some(kind), &body, 405),
        ("POST", &in_query, None, "", 415),
        ("POST", &path, None, &body, 415),
        ("POST", &path, Some("application/json"), &json, 415),
        ("POST", &path, Some("text/plain"), &body, 415),
        (
            "POST",
            &path,
            Some("multipart/form-data; boundary=x"),
            &body,
            415,
        ),
        // A form, but not here: the query is not looked at.
        ("POST", &in_query, Some(kind), "", 400),
        (
            "POST",
            &in_query,
            Some(kind),
            "grant_type=authorization_code",
            400,
        ),
    ];
    for (method, uri, content_type, body, status) in table {
        let before = site.before().await;
        let mut request = Request::builder().method(method).uri(uri);
        if let Some(content_type) = content_type {
            request = request.header("content-type", content_type);
        }
        let answer = site
            .send(request.body(Body::from(body.to_owned())).unwrap())
            .await;
        assert_eq!(answer.status.as_u16(), status, "{method} {content_type:?}");
        if status == 400 {
            site.refused_somehow(&before, &answer).await;
        } else {
            // Not a form by POST: no request that could be refused.
            site.nothing_issued(&before, &answer).await;
        }
    }
    is_still_good(&site, PAYROLL, &code).await;
}

#[tokio::test]
async fn b13_b14_a_secret_in_the_address_is_nothing_and_two_credentials_are_one_too_many() {
    let site = Site::demo().await;
    let (_, code) = site.code(PAYROLL, DAVE).await;
    let form = site.code_form(PAYROLL, &code);
    let secret = site.secret(PAYROLL);
    let bare = without(&form, &["client_secret"]);
    let query = urlencoded(&with(Vec::new(), &[("client_secret", &secret)]));
    let before = site.before().await;
    let path = format!("{}?{query}", PAYROLL.token_path());
    let answer = site.token(&path, &bare).await;
    assert_eq!(answer.error().0, "invalid_client", "{}", answer.body);
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
    site.refused_somehow(&before, &answer).await;
    let encoded: String = url::form_urlencoded::byte_serialize(secret.as_bytes()).collect();
    let basic = format!(
        "Basic {}",
        STANDARD.encode(format!("{}:{encoded}", PAYROLL.client))
    );
    let assertion = with(
        bare.clone(),
        &[
            (
                "client_assertion_type",
                "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
            ),
            ("client_assertion", "a.b.c"),
        ],
    );
    let both = with(assertion.clone(), &[("client_secret", &secret)]);
    for (header, form) in [(true, &form), (true, &assertion), (false, &both)] {
        let before = site.before().await;
        let mut request = form_request(&PAYROLL.token_path(), &urlencoded(form));
        if header {
            request
                .headers_mut()
                .insert("authorization", basic.parse().unwrap());
        }
        let answer = site.send(request).await;
        assert_eq!(answer.error().0, "invalid_request", "{}", answer.body);
        site.refused(&before, &answer, 9_900_007).await;
    }
    // Either alone is good.
    let mut request = form_request(&PAYROLL.token_path(), &urlencoded(&bare));
    request
        .headers_mut()
        .insert("authorization", basic.parse().unwrap());
    let answer = site.send(request).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
}

#[expect(clippy::too_many_lines, reason = "one story, told in order")]
#[tokio::test]
async fn b15_provoked_errors_say_what_the_rfc_lets_them_say_and_no_more() {
    let site = Site::demo().await;
    let codes = [
        "invalid_request",
        "invalid_client",
        "invalid_grant",
        "unauthorized_client",
        "unsupported_grant_type",
        "invalid_scope",
        "interaction_required",
        "temporarily_unavailable",
    ];
    let grants = [
        "authorization_code",
        "refresh_token",
        "client_credentials",
        "password",
        "",
        "x\"y\\z",
    ];
    let values = [
        "",
        "x",
        "\"quoted\\\"",
        "\u{e9}\u{1f600}",
        "a\r\nSet-Cookie: x=1",
        "\u{0}",
        "SELECT 1; --",
        "<script>alert(1)</script>",
    ];
    let fields = [
        "code",
        "refresh_token",
        "scope",
        "client_secret",
        "client_id",
    ];
    let before = site.before().await;
    let mut provoked = 0;
    for grant in grants {
        for field in fields {
            for value in values {
                let form = with(
                    Vec::new(),
                    &[
                        ("grant_type", grant),
                        ("client_id", PAYROLL.client),
                        ("client_secret", "wrong"),
                        (field, value),
                    ],
                );
                let answer = site.token(&PAYROLL.token_path(), &form).await;
                let (error, number) = answer.error();
                assert!(
                    codes.contains(&error.as_str()),
                    "{grant} {field} {value:?}: {error}"
                );
                assert!(number > 0);
                assert!(
                    matches!(answer.status.as_u16(), 400 | 401 | 503),
                    "{}",
                    answer.status
                );
                assert_eq!(answer.header("cache-control"), Some("no-store"));
                assert!(
                    answer
                        .header("content-type")
                        .unwrap()
                        .starts_with("application/json")
                );
                assert_eq!(answer.header("set-cookie"), None);
                let body = answer.json();
                let description = body["error_description"].as_str().unwrap();
                let is_legal = |c: char| matches!(c, ' '..='!' | '#'..='[' | ']'..='~');
                assert!(description.chars().all(is_legal), "{description}");
                for inner in [
                    "sqlite",
                    "panicked",
                    ".rs:",
                    "src/",
                    "portcullis_",
                    "SELECT 1",
                ] {
                    assert!(!answer.body.contains(inner), "{}", answer.body);
                }
                provoked += 1;
            }
        }
    }
    assert!(provoked >= 200);
    assert!(!site.logged_since(&before).await.contains(&0));
    assert_eq!(site.house.issued().await, before.issued);
}

#[tokio::test]
async fn a14_u07_there_is_no_grant_that_acts_for_a_person_without_the_person() {
    let site = Site::demo().await;
    let document = site
        .get(&format!("/{CONTOSO}/v2.0/.well-known/openid-configuration"))
        .await;
    let offered = document.json()["grant_types_supported"].clone();
    for grant in [
        "password",
        "implicit",
        "urn:ietf:params:oauth:grant-type:jwt-bearer",
        "urn:ietf:params:oauth:grant-type:saml2-bearer",
        "urn:ietf:params:oauth:grant-type:token-exchange",
        "urn:ietf:params:oauth:grant-type:device_code",
        "urn:openid:params:grant-type:ciba",
    ] {
        assert!(
            !offered.as_array().unwrap().contains(&grant.into()),
            "{grant}"
        );
        let before = site.before().await;
        let password = site.house.password(DAVE);
        let secret = site.secret(PAYROLL);
        let fields = [
            ("grant_type", grant),
            ("client_id", PAYROLL.client),
            ("client_secret", &secret),
            ("username", DAVE),
            ("password", password.expose()),
            ("scope", "openid"),
        ];
        let answer = site.post(&PAYROLL.token_path(), &fields).await;
        assert_eq!(answer.error().0, "unsupported_grant_type", "{grant}");
        site.refused(&before, &answer, 70003).await;
    }
    // An application's own token is nobody's.
    let token = application_token(&site, REPORT).await;
    let told = claims(&token);
    assert_eq!(told["idtyp"], "app", "{told}");
    for name in ["scp", "upn", "amr", "name"] {
        assert!(told.get(name).is_none(), "{name}");
    }
    let answer = bearer(&site, "/oidc/userinfo", token.as_str().unwrap()).await;
    assert!(answer.status.is_client_error(), "{}", answer.status);
    assert!(!answer.body.contains("sub"));
}

async fn application_token(site: &Site, app: App) -> Value {
    let secret = site.secret(app);
    let fields = [
        ("grant_type", "client_credentials"),
        ("client_id", app.client),
        ("client_secret", &secret),
        ("scope", "https://graph.microsoft.com/.default"),
    ];
    let answer = site.post(&app.token_path(), &fields).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    answer.json()["access_token"].clone()
}

async fn bearer(site: &Site, path: &str, token: &str) -> super::site::Answer {
    let request = Request::get(path).header("authorization", format!("Bearer {token}"));
    site.send(request.body(Body::empty()).unwrap()).await
}

#[tokio::test]
async fn b16_b17_each_kind_of_client_has_its_own_grants() {
    let site = Site::demo().await;
    // Nobody comes in by an application that has no address to return to.
    let before = site.before().await;
    let answer = site
        .get(&REPORT.path_with(&[("redirect_uri", "http://localhost:8401/callback")]))
        .await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    assert_eq!(answer.header("location"), None);
    site.refused_somehow(&before, &answer).await;
    // A public client has nothing to show for a token of its own, and a confidential one must show what it has.
    let own = [
        ("grant_type", "client_credentials"),
        ("client_id", MOBILE.client),
        ("scope", "https://graph.microsoft.com/.default"),
    ];
    let before = site.before().await;
    let answer = site.post(&MOBILE.token_path(), &own).await;
    assert!(
        ["unauthorized_client", "invalid_client"].contains(&answer.error().0.as_str()),
        "{}",
        answer.body
    );
    site.refused(&before, &answer, 70001).await;
    let (_, code) = site.code(PAYROLL, DAVE).await;
    let before = site.before().await;
    let bare = without(&site.code_form(PAYROLL, &code), &["client_secret"]);
    let answer = site.token(&PAYROLL.token_path(), &bare).await;
    assert_eq!(answer.error().0, "invalid_client");
    site.refused_somehow(&before, &answer).await;
    is_still_good(&site, PAYROLL, &code).await;
}

#[expect(clippy::too_many_lines, reason = "one story, told in order")]
#[tokio::test]
async fn b21_k02_what_is_advertised_works_and_nothing_unsigned_is_among_it() {
    let site = Site::demo().await;
    let document = site
        .get(&format!("/{CONTOSO}/v2.0/.well-known/openid-configuration"))
        .await
        .json();
    let words = |name: &str| -> BTreeSet<String> {
        let list = document[name]
            .as_array()
            .unwrap_or_else(|| panic!("{name}"));
        list.iter()
            .map(|word| word.as_str().unwrap().to_owned())
            .collect()
    };
    assert!(!words("id_token_signing_alg_values_supported").contains("none"));
    assert_eq!(
        words("response_types_supported"),
        ["code".to_owned()].into()
    );
    assert_eq!(
        words("code_challenge_methods_supported"),
        ["S256".to_owned()].into()
    );
    assert_eq!(
        document["authorization_response_iss_parameter_supported"],
        true
    );
    let (mut browser, tokens) = site.tokens(PAYROLL, DAVE).await;
    for mode in words("response_modes_supported") {
        let end = browser
            .open(&PAYROLL.path_with(&[("response_mode", &mode)]))
            .await;
        let is_there = end.body.contains("name=\"code\"")
            || end
                .header("location")
                .is_some_and(|to| to.contains("code="));
        assert!(is_there, "{mode}");
    }
    // Both algorithms sign, each for the application that wants it; and both keys are published.
    let mut signed = BTreeSet::new();
    let (_, others) = site.tokens(TIMESHEET, DAVE).await;
    for token in [&tokens["id_token"], &others["id_token"]] {
        let header = token.as_str().unwrap().split('.').next().unwrap();
        let header: Value =
            serde_json::from_slice(&URL_SAFE_NO_PAD.decode(header).unwrap()).unwrap();
        signed.insert(header["alg"].as_str().unwrap().to_owned());
    }
    assert_eq!(signed, words("id_token_signing_alg_values_supported"));
    let given: BTreeSet<String> = claims(&tokens["id_token"])
        .as_object()
        .unwrap()
        .keys()
        .cloned()
        .collect();
    assert!(
        given.is_superset(
            &["iss", "sub", "aud", "exp", "iat", "nonce", "auth_time"]
                .map(str::to_owned)
                .into()
        ),
        "{given:?}"
    );
    for grant in words("grant_types_supported") {
        let answer = site
            .post(
                &PAYROLL.token_path(),
                &[("grant_type", &grant), ("client_id", PAYROLL.client)],
            )
            .await;
        assert_ne!(answer.error().0, "unsupported_grant_type", "{grant}");
    }
    for absent in [
        "registration_endpoint",
        "introspection_endpoint",
        "device_authorization_endpoint",
        "pushed_authorization_request_endpoint",
    ] {
        assert!(document.get(absent).is_none_or(Value::is_null), "{absent}");
    }
}

#[tokio::test]
async fn g02_u14_no_other_token_and_no_guests_or_members_token_opens_the_sign_in_log() {
    let site = Site::demo().await;
    let good = application_token(&site, REPORT).await;
    let report = "/v1.0/auditLogs/signIns";
    let answer = bearer(&site, report, good.as_str().unwrap()).await;
    assert_eq!(
        answer.status,
        StatusCode::OK,
        "positive control: {}",
        answer.body
    );
    let (_, tokens) = site.tokens(PAYROLL, DAVE).await;
    let (_, code) = site.code(PAYROLL, DAVE).await;
    let text = |name: &str| tokens[name].as_str().unwrap().to_owned();
    let tampered = format!("{}x", good.as_str().unwrap());
    let refused = [
        text("id_token"),
        text("refresh_token"),
        text("access_token"),
        code,
        tampered,
        "x".to_owned(),
        String::new(),
    ];
    for path in [report, "/oidc/userinfo"] {
        for token in &refused {
            if path == "/oidc/userinfo" && *token == text("access_token") {
                continue;
            }
            let answer = bearer(&site, path, token).await;
            assert!(
                matches!(answer.status.as_u16(), 400 | 401),
                "{path} {} {token}",
                answer.status
            );
            let is_unauthorized = answer.status == StatusCode::UNAUTHORIZED;
            assert!(!is_unauthorized || answer.header("www-authenticate").is_some());
            assert!(!answer.body.contains("\"value\"") && !answer.body.contains("\"sub\""));
        }
    }
    // A token for Graph, delegated: the permission alone opens nothing without a role that may read.
    for (person, status) in [
        (DAVE, 403),
        ("ada@fabrikam.example", 403),
        ("carol@contoso.example", 200),
    ] {
        let scope = "https://graph.microsoft.com/AuditLog.Read.All";
        let token = site.delegated(person, scope).await;
        let answer = bearer(&site, report, &token).await;
        assert_eq!(answer.status.as_u16(), status, "{person}: {}", answer.body);
        assert_eq!(answer.body.contains("\"value\""), status == 200);
    }
    // An application that was not given the permission.
    let answer = {
        let secret = site.secret(INTRANET);
        let fields = [
            ("grant_type", "client_credentials"),
            ("client_id", INTRANET.client),
            ("client_secret", &secret),
            ("scope", "https://graph.microsoft.com/.default"),
        ];
        site.post(&INTRANET.token_path(), &fields).await
    };
    if answer.status == StatusCode::OK {
        let token = answer.json()["access_token"].as_str().unwrap().to_owned();
        assert_eq!(
            bearer(&site, report, &token).await.status,
            StatusCode::FORBIDDEN
        );
    }
}

#[test]
fn g18_no_rsa_arithmetic_that_tells_the_time_signs_anything() {
    // RUSTSEC-2023-0071: the `rsa` crate leaks a private key by how long it takes. Only the client library of the sample
    // application brings it along, which has no private key and is no part of the provider.
    let lock = include_str!("../../../../Cargo.lock");
    let has_line = |package: &str, needle: &str| package.contains(&format!("\n \"{needle}\""));
    let dependents = |needle: &str| -> Vec<&str> {
        let packages = lock.split("[[package]]");
        packages
            .filter(|package| has_line(package, needle))
            .filter_map(|package| package.split('"').nth(1))
            .collect()
    };
    assert!(dependents("aws-lc-rs").contains(&"portcullis-protocol"));
    assert_eq!(dependents("rsa"), ["openidconnect"]);
    assert_eq!(dependents("openidconnect"), ["portcullis-payroll"]);
}
