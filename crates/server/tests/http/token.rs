//! From the code to tokens, and what they open: the token endpoint, userinfo, metadata, sign-out.

use axum::body::Body;
use http::{Request, StatusCode};
use portcullis_model::sign_in_log::AppliedPolicyResult;

use super::browser::{Browser, Site, at_client};
use super::journey::{CALLBACK, CONTOSO, PAYROLL, VERIFIER, ada, authorize_path};

async fn code(browser: &mut Browser<'_>) -> String {
    let page = browser.open(&authorize_path("")).await;
    let (_, end) = ada(browser, page).await;
    at_client(&end).remove("code").expect("a code")
}

fn secret(site: &Site) -> String {
    let secrets = site
        .house
        .credentials
        .iter()
        .flat_map(|plain| &plain.client_secrets);
    let payroll = secrets
        .into_iter()
        .find(|secret| secret.client.to_string() == PAYROLL);
    payroll.unwrap().secret.expose().to_owned()
}

async fn redeem(site: &Site, code: &str) -> super::browser::Answer {
    let path = format!("/{CONTOSO}/oauth2/v2.0/token");
    let secret = secret(site);
    site.post(
        &path,
        &[
            ("grant_type", "authorization_code"),
            ("client_id", PAYROLL),
            ("client_secret", &secret),
            ("code", code),
            ("redirect_uri", CALLBACK),
            ("code_verifier", VERIFIER),
        ],
    )
    .await
}

#[tokio::test]
async fn a_code_becomes_tokens_that_open_userinfo_and_a_second_time_nothing() {
    let site = Site::demo().await;
    let mut browser = Browser::new(&site);
    let code = code(&mut browser).await;
    let answer = redeem(&site, &code).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    let tokens = answer.json();
    assert_eq!(tokens["token_type"], "Bearer");
    assert!(tokens["id_token"].is_string() && tokens["refresh_token"].is_string());

    let bearer = format!("Bearer {}", tokens["access_token"].as_str().unwrap());
    let ask = |request: http::request::Builder| {
        request
            .header("authorization", bearer.clone())
            .body(Body::empty())
            .unwrap()
    };
    let by_get = site.send(ask(Request::get("/oidc/userinfo"))).await;
    assert_eq!(by_get.status, StatusCode::OK, "{}", by_get.body);
    let by_post = site.send(ask(Request::post("/oidc/userinfo"))).await;
    assert_eq!(by_get.json(), by_post.json());
    // Requirement K03: not in the query.
    let query = format!(
        "/oidc/userinfo?access_token={}",
        tokens["access_token"].as_str().unwrap()
    );
    let refused = site.get(&query).await;
    assert_eq!(refused.status, StatusCode::UNAUTHORIZED);
    assert_eq!(refused.header("www-authenticate"), Some("Bearer"));

    let again = redeem(&site, &code).await;
    assert_eq!(again.status, StatusCode::BAD_REQUEST);
    assert_eq!(again.json()["error"], "invalid_grant");
    assert_eq!(again.json()["error_codes"][0], 54005);
}

/// Requirement C07: the seam between the two endpoints. What the pages asked the policies, the token endpoint asks again.
#[tokio::test]
async fn c07_a_code_and_a_refresh_are_decided_by_the_policies_that_decided_the_sign_in() {
    let site = Site::demo().await;
    let mut browser = Browser::new(&site);
    let code = code(&mut browser).await;
    let tokens = redeem(&site, &code).await.json();
    let form = [
        ("grant_type", "refresh_token"),
        ("client_id", PAYROLL),
        ("client_secret", &secret(&site)),
        ("refresh_token", tokens["refresh_token"].as_str().unwrap()),
    ];
    let path = format!("/{CONTOSO}/oauth2/v2.0/token");
    assert_eq!(site.post(&path, &form).await.status, StatusCode::OK);

    let contoso = "c0c0c0c0-0000-4000-8000-000000000001".parse().unwrap();
    let mut rows = site.house.log(contoso).await;
    rows.retain(|row| row.status.error_code == 0);
    assert_eq!(rows.len(), 3, "the sign-in, the code, the refresh");
    for row in rows {
        let came_from = &row.incoming_token_type;
        let mut policies = row.applied_conditional_access_policies.iter();
        let guests = policies
            .find(|policy| policy.display_name == "MFA for guests")
            .unwrap();
        assert_eq!(guests.result, AppliedPolicyResult::Success, "{came_from}");
    }
}

#[tokio::test]
async fn k01_the_documents_name_this_tenant_and_are_for_everybody() {
    let site = Site::demo().await;
    let document = site
        .get(&format!("/{CONTOSO}/v2.0/.well-known/openid-configuration"))
        .await;
    assert_eq!(document.status, StatusCode::OK);
    assert_eq!(document.header("access-control-allow-origin"), Some("*"));
    let document = document.json();
    let issuer = document["issuer"].as_str().unwrap();
    assert!(
        issuer.starts_with("https://sts.example/") && issuer.ends_with("/v2.0"),
        "{issuer}"
    );
    // Requirement K02: whatever is named is there.
    for name in [
        "authorization_endpoint",
        "token_endpoint",
        "jwks_uri",
        "userinfo_endpoint",
        "end_session_endpoint",
    ] {
        let address = document[name].as_str().unwrap();
        let path = address.strip_prefix("https://sts.example").unwrap();
        let answer = site.get(path).await;
        assert_ne!(answer.status, StatusCode::NOT_FOUND, "{name}");
    }
    let keys = document["jwks_uri"]
        .as_str()
        .unwrap()
        .strip_prefix("https://sts.example")
        .unwrap()
        .to_owned();
    let keys = site.get(&keys).await.json();
    assert!(keys["keys"].is_array());
    assert!(!keys.to_string().contains("\"d\""));

    let unknown = site
        .get("/nobody.example/v2.0/.well-known/openid-configuration")
        .await;
    assert_eq!(unknown.status, StatusCode::BAD_REQUEST);
    assert_eq!(unknown.json()["error_codes"][0], 90002);
}

#[tokio::test]
async fn refusals_at_the_token_endpoint_are_json_with_a_number() {
    let site = Site::demo().await;
    let path = format!("/{CONTOSO}/oauth2/v2.0/token");
    let answer = site
        .post(&path, &[("grant_type", "password"), ("username", "x")])
        .await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    assert_eq!(answer.json()["error"], "unsupported_grant_type");
    let answer = site
        .post(
            &path,
            &[
                ("grant_type", "client_credentials"),
                ("client_id", PAYROLL),
                ("client_secret", "wrong"),
                ("scope", "https://graph.microsoft.com/.default"),
            ],
        )
        .await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
    assert_eq!(answer.json()["error"], "invalid_client");
    let answer = site.get(&path).await;
    assert_eq!(answer.status, StatusCode::METHOD_NOT_ALLOWED);
}

#[tokio::test]
async fn what_no_handler_answers_is_told_to_programs_in_their_own_words() {
    const ID: &str = "0f8fad5b-d9cb-469f-a165-70867728950e";
    let site = Site::demo().await;
    let token = format!("/{CONTOSO}/oauth2/v2.0/token");
    let keys = format!("/{CONTOSO}/discovery/v2.0/keys");
    let form = "application/x-www-form-urlencoded";
    let too_long = "x".repeat(portcullis_server::route::BODY_BYTES_MAX + 1);
    for (method, path, kind, body, status) in [
        ("GET", &*token, form, "", 405),
        ("PUT", &token, form, "grant_type=x", 405),
        ("POST", &token, "text/plain", "grant_type=x", 415),
        ("POST", &token, "application/json", "{}", 415),
        ("POST", &token, form, &too_long, 413),
        ("POST", &keys, form, "", 405),
        ("DELETE", "/oidc/userinfo", form, "", 405),
        ("DELETE", "/v1.0/auditLogs/signIns", form, "", 405),
    ] {
        let request = Request::builder().method(method).uri(path);
        let request = request
            .header("content-type", kind)
            .header("client-request-id", ID);
        let answer = site
            .send(request.body(Body::from(body.to_owned())).unwrap())
            .await;
        let what = format!("{method} {path} {kind}: {}", answer.body);
        assert_eq!(answer.status.as_u16(), status, "{what}");
        assert_eq!(
            answer.header("content-type"),
            Some("application/json"),
            "{what}"
        );
        assert_eq!(answer.header("allow").is_some(), status == 405, "{what}");
        let told = answer.json();
        if path.starts_with("/v1.0/") {
            assert_eq!(told["error"]["code"], "BadRequest", "{what}");
        } else {
            // RFC 6749 §5.2.
            assert_eq!(told["error"], "invalid_request", "{what}");
            assert_eq!(told["correlation_id"], ID, "{what}");
        }
    }
    // A person still gets a page.
    let page = site.send(
        Request::delete(format!("/{CONTOSO}/signin"))
            .body(Body::empty())
            .unwrap(),
    );
    assert!(page.await.body.contains("<main"));
}

#[tokio::test]
async fn t06_the_log_has_the_address_a_trusted_proxy_saw_and_no_other() {
    use ipnet::IpNet;
    use portcullis_server::route::ServerConfiguration;
    use portcullis_testkit::house::TestHouse;

    for (trusted, expected) in [
        (vec![], "127.0.0.1"),
        (
            vec!["127.0.0.1/32".parse::<IpNet>().unwrap()],
            "203.0.113.9",
        ),
    ] {
        let configuration = ServerConfiguration {
            trusted_proxies: trusted,
            is_secure: true,
            ..ServerConfiguration::default()
        };
        let site = Site::configured(TestHouse::demo().await, configuration);
        let path = authorize_path("&prompt=none");
        let request = Request::get(&path).header("x-forwarded-for", "192.0.2.66, 203.0.113.9");
        let answer = site.send(request.body(Body::empty()).unwrap()).await;
        assert_eq!(at_client(&answer)["error"], "login_required");
        let metrics = site
            .send(
                Request::get("/metrics")
                    .header("x-forwarded-for", "203.0.113.9")
                    .body(Body::empty())
                    .unwrap(),
            )
            .await;
        let is_local = expected == "127.0.0.1";
        assert_eq!(metrics.status == StatusCode::OK, is_local);
    }
}

#[tokio::test]
async fn k05_k06_k07_signing_out_asks_first_and_then_ends_the_session() {
    let site = Site::demo().await;
    let mut browser = Browser::new(&site);
    code(&mut browser).await;
    let path = format!("/{CONTOSO}/oauth2/v2.0/logout");
    let page = browser.open(&path).await;
    assert_eq!(page.heading(), "Do you want to sign out?", "{}", page.body);
    // Still signed in: nobody has confirmed.
    assert!(at_client(&browser.open(&authorize_path("&prompt=none")).await).contains_key("code"));
    let old = browser.cookies.clone();
    let done = browser.submit(&page, &[]).await;
    assert_eq!(done.heading(), "You are signed out", "{}", done.body);
    assert!(
        done.header("content-security-policy")
            .unwrap()
            .contains("frame-src http://localhost:8401")
    );
    assert_eq!(
        at_client(&browser.open(&authorize_path("&prompt=none")).await)["error"],
        "login_required"
    );
    // The old cookies are worth nothing.
    browser.cookies = old;
    assert_eq!(
        at_client(&browser.open(&authorize_path("&prompt=none")).await)["error"],
        "login_required"
    );
}

#[tokio::test]
async fn my_sign_ins_are_shown_to_whom_they_belong() {
    let site = Site::demo().await;
    let path = format!("/{CONTOSO}/my-sign-ins");
    let stranger = site.get(&path).await;
    assert_eq!(stranger.status, StatusCode::UNAUTHORIZED);
    assert!(
        stranger.body.contains("You are not signed in")
            && !stranger.body.contains("without showing a page"),
        "no application is in it: {}",
        stranger.body
    );
    let mut browser = Browser::new(&site);
    let code = code(&mut browser).await;
    let page = browser.open(&path).await;
    assert_eq!(page.heading(), "My sign-ins", "{}", page.body);
    let lines = page.body.matches("Payroll").count();
    assert!(lines > 0, "{}", page.body);
    assert_eq!(redeem(&site, &code).await.status, StatusCode::OK);
    let page = browser.open(&path).await;
    let now = page.body.matches("Payroll").count();
    assert_eq!(now, lines, "one sign-in reads like one: {}", page.body);
    // No rows of the sign-in log for whoever has no token.
    let report = site.get("/v1.0/auditLogs/signIns").await;
    assert_eq!(report.status, StatusCode::UNAUTHORIZED);
    assert_eq!(report.json()["error"]["code"], "InvalidAuthenticationToken");
}

#[tokio::test]
async fn a_script_reads_tokens_only_at_the_origin_of_its_registered_single_page_application() {
    use portcullis_testkit::house::TestHouse;

    const SPA: &str = "https://spa.example";
    let house = TestHouse::edited(|world| {
        for tenant in &mut world.tenants {
            for application in tenant.applications.iter_mut().flatten() {
                if application.app_id.to_string() == PAYROLL {
                    application
                        .spa
                        .redirect_uris
                        .push(format!("{SPA}/callback"));
                }
            }
        }
    })
    .await;
    let site = Site::of(house);
    let path = format!("/{CONTOSO}/oauth2/v2.0/token");
    for (origin, is_allowed) in [
        (SPA, true),
        ("https://spa.example.evil.example", false),
        ("https://spa.example:444", false),
        ("null", false),
    ] {
        let preflight = Request::options(&path)
            .header("origin", origin)
            .header("access-control-request-method", "POST");
        let preflight = site.send(preflight.body(Body::empty()).unwrap()).await;
        assert_eq!(
            preflight.header("access-control-allow-origin").is_some(),
            is_allowed,
            "{origin}"
        );
        let mut post = super::browser::form_request(
            &path,
            &format!("grant_type=authorization_code&code=x&client_id={PAYROLL}"),
        );
        post.headers_mut().insert("origin", origin.parse().unwrap());
        let post = site.send(post).await;
        let expected = is_allowed.then_some(origin);
        assert_eq!(
            post.header("access-control-allow-origin"),
            expected,
            "{origin}"
        );
        assert_eq!(post.header("access-control-allow-credentials"), None);
    }
    // Another client of the same tenant has no such page.
    let mut other = super::browser::form_request(
        &path,
        "grant_type=authorization_code&code=x&client_id=c0c0c0c0-0004-4000-8000-000000000002",
    );
    other.headers_mut().insert("origin", SPA.parse().unwrap());
    assert_eq!(
        site.send(other).await.header("access-control-allow-origin"),
        None
    );
}
