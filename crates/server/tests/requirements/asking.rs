//! The authorization endpoint: what it refuses, where it never sends anybody, and what `prompt` and `max_age` mean (A, J).

use axum::body::Body;
use http::{Request, StatusCode};

use super::site::{
    Browser, CHALLENGE, CONTOSO, MOBILE, PAYROLL, Site, TIMESHEET, at_client, claims, form_request,
    path_of, with,
};

const DAVE: &str = "dave@contoso.example";

#[tokio::test]
async fn a01_no_mutation_of_a_redirect_uri_is_ever_gone_to() {
    let site = Site::demo().await;
    let mut browser = Browser::new(&site);
    browser.sign_in(&PAYROLL.path(), DAVE).await;
    let control = browser.open(&PAYROLL.path()).await;
    assert!(at_client(&control).contains_key("code"), "positive control");
    let mutations = [
        "http://localhost:8401/Callback",
        "http://localhost:8401/callback/",
        "http://localhost:8401/callback//",
        "http://localhost:8401//callback",
        "http://localhost:8401/callback/..;/",
        "http://localhost:8401/callback/../callback",
        "http://localhost:8401/./callback",
        "http://localhost:8401/%63allback",
        "http://localhost:8401/callback%2e",
        "http://localhost:8401/callback?",
        "http://localhost:8401/callback?next=1",
        "http://localhost:8401/callback#",
        "http://localhost:8401/callback#fragment",
        "http://localhost:8401@evil.example/callback",
        "http://user@localhost:8401/callback",
        "http://user@localhost@evil.example:8401/callback",
        "http://localhost:8401\\@evil.example/callback",
        "http://localhost.evil.example:8401/callback",
        "http://localhost\u{3002}evil.example:8401/callback",
        "http://l\u{f6}calhost:8401/callback",
        "http://evil.example/callback",
        "//localhost:8401/callback",
        "ftp://localhost:8401/callback",
        "javascript:alert(1)",
        "data:text/html,x",
        " http://localhost:8401/callback",
        "http://localhost:8401/callback\u{0}",
        "http://localhost:8401/callback\r\nLocation: http://evil.example/",
        "http://localhost:8401/*",
        "*",
    ];
    for mutation in mutations {
        // With a session, so that nothing but the address stands between the mutation and a code.
        for prompt in ["", "none"] {
            let before = site.before().await;
            let path = PAYROLL.path_with(&[("redirect_uri", mutation), ("prompt", prompt)]);
            let answer = browser.open(&path).await;
            assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{mutation:?}");
            assert_eq!(answer.header("location"), None, "{mutation:?}");
            for part in ["evil.example", "javascript:", "data:text"] {
                assert!(!answer.body.contains(part), "{mutation:?}");
            }
            site.refused(&before, &answer, 50011).await;
        }
    }
}

#[tokio::test]
async fn a02_another_port_is_for_loopback_addresses_of_native_clients() {
    let site = Site::demo().await;
    let mut browser = Browser::new(&site);
    for good in [
        "http://127.0.0.1",
        "http://127.0.0.1:49152",
        "http://127.0.0.1:1/",
    ] {
        let end = browser
            .sign_in(&MOBILE.path_with(&[("redirect_uri", good)]), DAVE)
            .await;
        assert!(at_client(&end).contains_key("code"), "{good}");
    }
    for bad in [
        "http://localhost.evil:49152",
        "http://127.0.0.1.nip.io:49152",
        "http://127.0.0.1@evil.example:49152",
        "http://127.0.0.2:49152",
        "https://127.0.0.1:49152",
        "http://127.0.0.1:49152/other",
    ] {
        let before = site.before().await;
        let answer = browser
            .open(&MOBILE.path_with(&[("redirect_uri", bad)]))
            .await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{bad}");
        assert_eq!(answer.header("location"), None, "{bad}");
        site.refused(&before, &answer, 50011).await;
    }
}

#[tokio::test]
async fn a05_without_a_redirect_uri_nobody_is_sent_to_one_of_several() {
    let site = Site::demo().await;
    let mut browser = Browser::new(&site);
    browser.sign_in(&PAYROLL.path(), DAVE).await;
    let before = site.before().await;
    let answer = browser
        .open(&PAYROLL.path_with(&[("redirect_uri", "")]))
        .await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    assert_eq!(answer.header("location"), None);
    site.refused(&before, &answer, 500_113).await;
}

#[tokio::test]
async fn a06_an_unknown_client_or_tenant_is_never_answered_with_a_redirect() {
    let site = Site::demo().await;
    for client in [
        "",
        "c0c0c0c0-0004-4000-8000-0000000000ff",
        "not-a-client",
        "fafafafa-0004-4000-8000-000000000001",
        "<script>alert(1)</script>",
    ] {
        let before = site.before().await;
        let path = PAYROLL.path_with(&[
            ("client_id", client),
            ("redirect_uri", "https://evil.example/callback"),
        ]);
        let answer = site.get(&path).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{client}");
        assert_eq!(answer.header("location"), None, "{client}");
        assert!(!answer.body.contains("evil.example"), "{client}");
        assert!(!answer.body.contains("<script>alert"), "{client}");
        site.nothing_issued(&before, &answer).await;
    }
    let answer = site
        .get(&path_of("nobody.example", &PAYROLL.request()))
        .await;
    assert!(answer.status.is_client_error());
    assert_eq!(answer.header("location"), None);
}

#[tokio::test]
async fn a07_a_stranger_who_follows_a_bad_link_is_not_bounced_to_the_client() {
    let site = Site::demo().await;
    let bad = PAYROLL.path_with(&[("scope", "openid api://payroll/no-such-scope")]);
    let before = site.before().await;
    let answer = site.get(&bad).await;
    assert_eq!(answer.header("location"), None);
    assert!(answer.status.is_client_error());
    site.nothing_issued(&before, &answer).await;
    // Who is signed in is sent back with the error.
    let mut browser = Browser::new(&site);
    browser.sign_in(&PAYROLL.path(), DAVE).await;
    let answer = browser.open(&bad).await;
    assert_eq!(at_client(&answer)["error"], "invalid_scope");
    assert!(!at_client(&answer).contains_key("code"));
}

#[tokio::test]
async fn a08_a_parameter_given_twice_spoils_the_request() {
    let site = Site::demo().await;
    let mut browser = Browser::new(&site);
    browser.sign_in(&PAYROLL.path(), DAVE).await;
    for (name, value) in PAYROLL.request() {
        for second in [value.as_str(), "another"] {
            let before = site.before().await;
            let more = serde_urlencoded::to_string([(&name, second)]).unwrap();
            let answer = browser.open(&format!("{}&{more}", PAYROLL.path())).await;
            assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{name}");
            assert_eq!(answer.header("location"), None, "{name}");
            site.nothing_issued(&before, &answer).await;
        }
    }
}

#[tokio::test]
async fn a09_a10_a11_unknown_parameters_empty_ones_and_the_method_change_nothing() {
    let site = Site::demo().await;
    let mut browser = Browser::new(&site);
    browser.sign_in(&PAYROLL.path(), DAVE).await;
    let by_get = browser
        .open(&PAYROLL.path_with(&[("extra", "foobar")]))
        .await;
    assert!(at_client(&by_get).contains_key("code"));
    let pairs = PAYROLL.request();
    let body = serde_urlencoded::to_string(&pairs).unwrap();
    let path = format!("/{CONTOSO}/oauth2/v2.0/authorize");
    let by_post = browser.go(form_request(&path, &body)).await;
    assert_eq!(by_post.status, by_get.status);
    assert_eq!(at_client(&by_post)["state"], "st-1");
    assert!(at_client(&by_post).contains_key("code"));
    // An empty scope is no scope: refused like one that is missing.
    let empty = browser.open(&PAYROLL.path_with(&[("scope", "")])).await;
    let without: Vec<_> = pairs
        .into_iter()
        .filter(|(name, _)| name != "scope")
        .collect();
    let absent = browser.open(&path_of(CONTOSO, &without)).await;
    let told = |answer| (at_client(answer).get("error").cloned(), answer.status);
    assert_eq!(told(&empty), told(&absent));
    for name in [
        "state",
        "nonce",
        "prompt",
        "login_hint",
        "max_age",
        "claims",
    ] {
        let answer = browser.open(&PAYROLL.path_with(&[(name, "")])).await;
        assert!(
            at_client(&answer).contains_key("code"),
            "{name}: {}",
            answer.body
        );
        assert!(!at_client(&answer).contains_key("state") || name != "state");
    }
}

#[tokio::test]
async fn a13_a15_b01_b02_j01_what_is_not_a_code_with_pkce_is_refused_and_the_issuer_says_by_whom() {
    let site = Site::demo().await;
    let mut browser = Browser::new(&site);
    browser.sign_in(&PAYROLL.path(), DAVE).await;
    let table: &[(&[(&str, &str)], &str)] = &[
        (&[("response_type", "token")], "unsupported_response_type"),
        (
            &[("response_type", "id_token")],
            "unsupported_response_type",
        ),
        (
            &[("response_type", "code token")],
            "unsupported_response_type",
        ),
        (
            &[("response_type", "code id_token")],
            "unsupported_response_type",
        ),
        (&[("response_type", "none")], "unsupported_response_type"),
        (&[("response_type", "")], "invalid_request"),
        (&[("code_challenge", "")], "invalid_request"),
        (
            &[("code_challenge", ""), ("code_challenge_method", "")],
            "invalid_request",
        ),
        (&[("code_challenge_method", "plain")], "invalid_request"),
        (&[("code_challenge_method", "")], "invalid_request"),
        (&[("code_challenge", "short")], "invalid_request"),
        (
            &[("scope", "openid api://payroll/no-such-scope")],
            "invalid_scope",
        ),
        (&[("prompt", "none login")], "invalid_request"),
        (&[("prompt", "dance")], "invalid_request"),
        (&[("max_age", "-1")], "invalid_request"),
        (&[("nonce", &"n".repeat(1025))], "invalid_request"),
        (&[("request", "a.b.c")], "request_not_supported"),
        (
            &[("request_uri", "https://a.example/")],
            "request_uri_not_supported",
        ),
        (&[("id_token_hint", "a.b.c")], "invalid_request"),
    ];
    let issuer = format!("https://sts.example/{CONTOSO}/v2.0");
    for (more, error) in table {
        let before = site.before().await;
        let answer = browser.open(&PAYROLL.path_with(more)).await;
        let told = at_client(&answer);
        assert_eq!(told["error"], *error, "{more:?}");
        assert_eq!(told["iss"], issuer, "{more:?}");
        assert_eq!(told["state"], "st-1", "{more:?}");
        site.refused_somehow(&before, &answer).await;
    }
    let good = browser.open(&PAYROLL.path()).await;
    assert_eq!(at_client(&good)["iss"], issuer);
}

#[tokio::test]
async fn a17_state_and_nonce_come_back_to_the_byte_or_not_at_all() {
    let site = Site::demo().await;
    let mut browser = Browser::new(&site);
    browser.sign_in(&PAYROLL.path(), DAVE).await;
    let texts = [
        "s".repeat(64),
        "s".repeat(384),
        "s".repeat(1024),
        "a b+c%20&=?#/\u{e9}\u{1f600}\"'<>".to_owned(),
    ];
    for text in &texts {
        let end = browser
            .open(&PAYROLL.path_with(&[("state", text), ("nonce", text)]))
            .await;
        let told = at_client(&end);
        assert_eq!(&told["state"], text);
        let form = site.code_form(PAYROLL, &told["code"]);
        let tokens = site.token(&PAYROLL.token_path(), &form).await.json();
        assert_eq!(claims(&tokens["id_token"])["nonce"], text.as_str());
    }
    let before = site.before().await;
    let long = "s".repeat(1025);
    let answer = browser.open(&PAYROLL.path_with(&[("state", &long)])).await;
    assert!(!answer.body.contains(&long));
    site.nothing_issued(&before, &answer).await;
}

#[tokio::test]
async fn a21_prompt_none_never_shows_a_page() {
    let site = Site::where_people_consent().await;
    // Nobody is here.
    let before = site.before().await;
    let answer = site.get(&PAYROLL.path_with(&[("prompt", "none")])).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER);
    assert_eq!(at_client(&answer)["error"], "login_required");
    site.refused(&before, &answer, 50058).await;
    // Somebody is, but more would have to be proven.
    let mut browser = Browser::new(&site);
    browser.sign_in(&PAYROLL.path(), DAVE).await;
    let before = site.before().await;
    let demand = r#"{"id_token":{"amr":{"essential":true,"values":["mfa"]}}}"#;
    let path = PAYROLL.path_with(&[("prompt", "none"), ("claims", demand)]);
    let answer = browser.open(&path).await;
    assert_eq!(at_client(&answer)["error"], "interaction_required");
    site.refused_somehow(&before, &answer).await;
    // Or consent is missing.
    let before = site.before().await;
    let path = TIMESHEET.path_with(&[("prompt", "none")]);
    let answer = browser.open(&path).await;
    assert_eq!(at_client(&answer)["error"], "consent_required");
    site.refused(&before, &answer, 65001).await;
}

#[tokio::test]
async fn a22_prompt_login_asks_again_and_the_time_of_sign_in_advances() {
    let site = Site::demo().await;
    let (mut browser, tokens) = site.tokens(PAYROLL, DAVE).await;
    let first = claims(&tokens["id_token"])["auth_time"].as_i64().unwrap();
    site.house.pass(100);
    let page = browser
        .open(&PAYROLL.path_with(&[("prompt", "login")]))
        .await;
    assert!(
        page.form_name().is_some(),
        "a page that asks: {:?}",
        page.status
    );
    let end = browser.walk(page, DAVE).await;
    let form = site.code_form(PAYROLL, &at_client(&end)["code"]);
    let tokens = site.token(&PAYROLL.token_path(), &form).await.json();
    let second = claims(&tokens["id_token"])["auth_time"].as_i64().unwrap();
    assert_eq!(second, first + 100);
}

#[tokio::test]
async fn a23_max_age_is_kept_and_the_time_of_sign_in_is_told() {
    let site = Site::demo().await;
    let (mut browser, _) = site.tokens(PAYROLL, DAVE).await;
    site.house.pass(100);
    for (max_age, asks) in [
        ("10000", false),
        ("100", false),
        ("99", true),
        ("1", true),
        ("0", true),
    ] {
        let path = PAYROLL.path_with(&[("max_age", max_age), ("prompt", "none")]);
        let before = site.before().await;
        let answer = browser.open(&path).await;
        let told = at_client(&answer);
        if asks {
            assert_eq!(told["error"], "login_required", "{max_age}");
            site.refused_somehow(&before, &answer).await;
        } else {
            let form = site.code_form(PAYROLL, &told["code"]);
            let tokens = site.token(&PAYROLL.token_path(), &form).await.json();
            assert!(
                claims(&tokens["id_token"])["auth_time"].is_i64(),
                "{max_age}"
            );
        }
    }
    let page = browser.open(&PAYROLL.path_with(&[("max_age", "1")])).await;
    let end = browser.walk(page, DAVE).await;
    assert!(at_client(&end).contains_key("code"));
}

#[tokio::test]
async fn a24_a_hint_at_one_person_never_gives_a_token_for_another() {
    let site = Site::demo().await;
    let (_, tokens) = site.tokens(PAYROLL, "carol@contoso.example").await;
    let hint = tokens["id_token"].as_str().unwrap();
    let (mut browser, own) = site.tokens(PAYROLL, DAVE).await;
    let own = own["id_token"].as_str().unwrap();
    let path = |hint: &str| PAYROLL.path_with(&[("id_token_hint", hint), ("prompt", "none")]);
    let control = browser.open(&path(own)).await;
    assert!(at_client(&control).contains_key("code"), "positive control");
    let before = site.before().await;
    let answer = browser.open(&path(hint)).await;
    assert_eq!(at_client(&answer)["error"], "login_required");
    site.refused_somehow(&before, &answer).await;
    let before = site.before().await;
    // At a page: even who signs in as Dave all the same gets no code.
    let mut other = Browser::new(&site);
    let end = other
        .sign_in(&PAYROLL.path_with(&[("id_token_hint", hint)]), DAVE)
        .await;
    let location = end.header("location").unwrap_or_default();
    assert!(!location.contains("code="), "{location}");
    let codes = site.logged_since(&before).await;
    assert!(!codes.is_empty() && !codes.contains(&0), "{codes:?}");
}

#[tokio::test]
async fn a27_the_consent_to_one_request_approves_no_other() {
    let site = Site::where_people_consent().await;
    let mut browser = Browser::new(&site);
    let page = browser.open(&PAYROLL.path()).await;
    let first = browser.walk_until(page, DAVE, "consent").await;
    assert_eq!(
        first.form_name().as_deref(),
        Some("consent"),
        "{}",
        first.body
    );
    let page = browser.open(&TIMESHEET.path()).await;
    let second = browser.walk_until(page, DAVE, "consent").await;
    assert_eq!(second.form_name().as_deref(), Some("consent"));
    let handle = |page: &super::site::Answer| {
        let fields = page.fields();
        fields
            .into_iter()
            .find(|(name, _)| name == "ctx")
            .unwrap()
            .1
    };
    let (mine, theirs) = (handle(&first), handle(&second));
    assert_ne!(mine, theirs);
    // Another browser that knows the handle gets nothing.
    let before = site.before().await;
    let mut stranger = Browser::new(&site);
    stranger.open(&PAYROLL.path()).await;
    let answer = stranger.submit(&first, &[("choice", "accept")]).await;
    assert!(answer.status.is_client_error(), "{}", answer.status);
    site.nothing_issued(&before, &answer).await;
    // Handles that were never given: other transactions, other versions, other tenants.
    for forged in [
        mine.replace(CONTOSO, super::site::FABRIKAM),
        format!("{mine}9"),
        mine.rsplit_once('.').unwrap().0.to_owned() + ".0",
    ] {
        let before = site.before().await;
        let answer = browser
            .submit(&first, &[("ctx", &forged), ("choice", "accept")])
            .await;
        assert!(
            !answer
                .header("location")
                .unwrap_or_default()
                .contains("code="),
            "{forged}"
        );
        site.nothing_issued(&before, &answer).await;
    }
    // Each consent leads to the address of its own request.
    let end = browser.submit(&second, &[("choice", "accept")]).await;
    assert!(
        end.header("location")
            .unwrap()
            .starts_with(TIMESHEET.callback)
    );
    let end = browser.submit(&first, &[("choice", "accept")]).await;
    assert!(
        end.header("location")
            .unwrap()
            .starts_with(PAYROLL.callback)
    );
    // And is spent with it.
    let before = site.before().await;
    let answer = browser.submit(&first, &[("choice", "accept")]).await;
    site.nothing_issued(&before, &answer).await;
}

#[tokio::test]
async fn a28_no_more_scopes_come_out_than_went_in() {
    let site = Site::where_people_consent().await;
    let mut browser = Browser::new(&site);
    let end = browser
        .sign_in(&PAYROLL.path_with(&[("scope", "openid")]), DAVE)
        .await;
    let code = at_client(&end).remove("code").unwrap();
    let form = site.code_form(PAYROLL, &code);
    let wider = with(form, &[("scope", "openid profile email offline_access")]);
    let answer = site.token(&PAYROLL.token_path(), &wider).await;
    if answer.status == StatusCode::OK {
        assert_eq!(answer.json()["scope"], "openid");
        assert!(answer.json()["refresh_token"].is_null());
    } else {
        assert_eq!(answer.error().0, "invalid_scope");
    }
    // What a person declines is not given either.
    let page = browser.open(&TIMESHEET.path()).await;
    let page = browser.walk_until(page, DAVE, "consent").await;
    let before = site.before().await;
    let end = browser.submit(&page, &[("choice", "decline")]).await;
    assert_eq!(at_client(&end)["error"], "access_denied");
    site.refused_somehow(&before, &end).await;
}

#[tokio::test]
async fn a29_codes_and_tokens_are_long_and_never_the_same() {
    let site = Site::demo().await;
    let mut browser = Browser::new(&site);
    browser.sign_in(&PAYROLL.path(), DAVE).await;
    let mut seen = std::collections::BTreeSet::new();
    for _ in 0..200 {
        let end = browser.open(&PAYROLL.path()).await;
        let code = at_client(&end).remove("code").unwrap();
        // 43 characters of base64url hold 256 bits.
        let chance = code.rsplit('.').next().unwrap();
        assert!(chance.len() >= 43, "{code}");
        let is_known = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
        assert!(code.chars().all(is_known), "{code}");
        assert!(seen.insert(chance.to_owned()), "{code}");
    }
    for cookie in browser.sessions().values() {
        assert!(cookie.len() >= 43);
    }
}

#[tokio::test]
async fn j07_a_step_up_on_the_way_changes_nothing_of_the_request() {
    let site = Site::demo().await;
    let mut browser = Browser::new(&site);
    let carol = "carol@contoso.example";
    browser.sign_in(&PAYROLL.path(), carol).await;
    let demand = r#"{"id_token":{"amr":{"essential":true,"values":["mfa"]}}}"#;
    let state = "kept & byte=for/byte \u{e9}";
    let more = [("claims", demand), ("state", state), ("nonce", "n-step-up")];
    let page = browser.open(&PAYROLL.path_with(&more)).await;
    assert_eq!(page.form_name().as_deref(), Some("code"), "{}", page.body);
    let end = browser.walk(page, carol).await;
    assert!(
        end.header("location")
            .unwrap()
            .starts_with(PAYROLL.callback)
    );
    let told = at_client(&end);
    assert_eq!(told["state"], state);
    let form = site.code_form(PAYROLL, &told["code"]);
    let wrong = with(form, &[("code_verifier", &"x".repeat(43))]);
    let answer = site.token(&PAYROLL.token_path(), &wrong).await;
    assert_eq!(
        answer.error().0,
        "invalid_grant",
        "the challenge is kept: {CHALLENGE}"
    );
    let end = browser.open(&PAYROLL.path_with(&more)).await;
    let form = site.code_form(PAYROLL, &at_client(&end)["code"]);
    let tokens = site.token(&PAYROLL.token_path(), &form).await.json();
    let told = claims(&tokens["id_token"]);
    assert_eq!(told["nonce"], "n-step-up");
    assert!(
        told["amr"].as_array().unwrap().contains(&"mfa".into()),
        "{told}"
    );
}

#[tokio::test]
async fn a12_no_origin_is_let_in_by_the_authorization_endpoint() {
    let site = Site::demo().await;
    for method in ["GET", "POST", "OPTIONS"] {
        let request = Request::builder()
            .method(method)
            .uri(PAYROLL.path())
            .header("origin", "http://localhost:8401")
            .header("access-control-request-method", "GET");
        let answer = site.send(request.body(Body::empty()).unwrap()).await;
        assert_eq!(
            answer.header("access-control-allow-origin"),
            None,
            "{method}"
        );
    }
}
