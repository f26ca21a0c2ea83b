//! A sign-in as a browser sees it: Ada of Fabrikam goes to Contoso's Payroll.

use http::{Method, StatusCode};
use portcullis_testkit::browser::code_at;

use super::browser::{Answer, Browser, Site, at_client};

pub(crate) const CONTOSO: &str = "contoso.example";
pub(crate) const PAYROLL: &str = "c0c0c0c0-0004-4000-8000-000000000001";
pub(crate) const CALLBACK: &str = "http://localhost:8401/callback";
/// RFC 7636, appendix B.
pub(crate) const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

pub(crate) fn authorize_path(more: &str) -> String {
    format!(
        "/{CONTOSO}/oauth2/v2.0/authorize?client_id={PAYROLL}&response_type=code&redirect_uri=http%3A%2F%2Flocalhost%3A8401%2Fcallback&scope=openid%20profile%20offline_access&state=st&nonce=no&code_challenge={CHALLENGE}&code_challenge_method=S256{more}"
    )
}

/// Walks Ada from the start page of the sign-in to the client; answers what the last page or redirect was.
pub(crate) async fn ada(browser: &mut Browser<'_>, page: Answer) -> (Vec<String>, Answer) {
    let house = std::sync::Arc::clone(&browser.site.house);
    let mut way = Vec::new();
    let mut page = page;
    while page.status == StatusCode::OK && page.body.contains("name=\"ctx\"") {
        way.push(page.heading().to_owned());
        assert!(way.len() < 10, "{way:?}");
        let password = house.password("ada@fabrikam.example");
        let seed = house
            .credentials
            .iter()
            .flat_map(|plain| &plain.totp)
            .find(|totp| totp.user_principal_name == "ada@fabrikam.example")
            .unwrap()
            .seed
            .to_vec();
        let code = code_at(&seed, &house);
        let form = page
            .fields()
            .into_iter()
            .find(|(name, _)| name == "form")
            .unwrap()
            .1;
        let typed: &[(&str, &str)] = match form.as_str() {
            "user-name" => &[("name", "ada@fabrikam.example")],
            "password" => &[("password", password.expose())],
            "code" => &[("code", &code)],
            "stay-signed-in" => &[("choice", "leave")],
            "consent" => &[("choice", "accept")],
            other => panic!("unexpected form {other}"),
        };
        page = browser.submit(&page, typed).await;
    }
    (way, page)
}

#[tokio::test]
async fn ada_proves_herself_at_home_and_comes_to_payroll_with_a_code() {
    let site = Site::demo().await;
    let mut browser = Browser::new(&site);
    let page = browser.open(&authorize_path("")).await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.body);
    let (way, end) = ada(&mut browser, page).await;
    assert_eq!(
        &way[..3],
        ["Sign in", "Enter your password", "Prove it is you"]
    );
    let told = at_client(&end);
    assert!(told.contains_key("code"), "{told:?}");
    assert_eq!(told.get("state").map(String::as_str), Some("st"));
    assert!(told.contains_key("iss"));
    // Requirement A18: after a form, 303 and nothing else.
    for (method, status) in &browser.statuses {
        if *method == Method::POST {
            assert!(
                *status == StatusCode::SEE_OTHER || *status == StatusCode::OK,
                "{status}"
            );
        }
        assert!(
            !status.is_redirection() || *status == StatusCode::SEE_OTHER,
            "{status}"
        );
    }
    // Silent, with the session: straight to the client.
    let again = browser.open(&authorize_path("&prompt=none")).await;
    assert!(at_client(&again).contains_key("code"), "{}", again.body);
}

#[tokio::test]
async fn the_page_behind_is_contosos_and_the_one_in_front_fabrikams() {
    let site = Site::demo().await;
    let mut browser = Browser::new(&site);
    let page = browser
        .open(&authorize_path("&login_hint=ada%40fabrikam.example"))
        .await;
    let page = if page.heading() == "Sign in" {
        browser
            .submit(&page, &[("name", "ada@fabrikam.example")])
            .await
    } else {
        page
    };
    assert_eq!(page.heading(), "Enter your password");
    assert!(page.body.contains("class=\"behind\""), "{}", page.body);
    assert!(
        page.body.contains("<bdi class=\"front-name\">Fabrikam"),
        "{}",
        page.body
    );
    assert!(page.body.contains("never sees it"), "{}", page.body);
}

#[tokio::test]
async fn s04_a_form_from_elsewhere_is_not_taken() {
    let site = Site::demo().await;
    let mut browser = Browser::new(&site);
    let page = browser.open(&authorize_path("")).await;
    let body = serde_urlencoded::to_string(page.fields()).unwrap();
    for (name, value) in [
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-site", "same-site"),
        ("origin", "https://evil.example"),
    ] {
        let mut request = super::browser::form_request(&page.action(), &body);
        request.headers_mut().insert(name, value.parse().unwrap());
        let answer = site.send(request).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{name}: {value}");
        assert_eq!(answer.heading(), "Not from here");
    }
    // Without the flow cookie the form leads nowhere either.
    let answer = site
        .send(super::browser::form_request(&page.action(), &body))
        .await;
    assert!(answer.status.is_client_error(), "{}", answer.status);
    assert!(answer.header("set-cookie").is_none());
    // The page still waits for its own browser.
    let answer = browser
        .submit(&page, &[("name", "ada@fabrikam.example")])
        .await;
    assert_eq!(answer.heading(), "Enter your password");
}

#[tokio::test]
async fn a01_a06_an_address_that_is_not_registered_is_never_gone_to() {
    let site = Site::demo().await;
    for target in [
        "https%3A%2F%2Fevil.example%2Fcallback",
        "http%3A%2F%2Flocalhost%3A8401%2Fcallback%2F",
        "http%3A%2F%2Flocalhost%3A8401%2FCallback",
        "http%3A%2F%2Flocalhost%3A8401%2Fcallback%3Fx%3D1",
        "http%3A%2F%2Flocalhost%3A8401%40evil.example%2Fcallback",
        "javascript%3Aalert(1)",
        "",
    ] {
        let path = authorize_path("").replace("http%3A%2F%2Flocalhost%3A8401%2Fcallback", target);
        let answer = site.get(&path).await;
        assert!(answer.header("location").is_none(), "{target}");
        assert!(
            answer.status.is_client_error(),
            "{target}: {}",
            answer.status
        );
        assert!(!answer.body.contains("evil.example"), "{target}");
        assert!(!answer.body.contains("javascript:"), "{target}");
    }
}

#[tokio::test]
async fn form_post_hands_the_answer_over_with_a_button() {
    let site = Site::demo().await;
    let mut browser = Browser::new(&site);
    let page = browser
        .open(&authorize_path("&response_mode=form_post"))
        .await;
    let (_, end) = ada(&mut browser, page).await;
    assert_eq!(end.status, StatusCode::OK);
    assert_eq!(end.action(), CALLBACK);
    assert!(
        end.fields()
            .iter()
            .any(|(name, value)| name == "code" && !value.is_empty())
    );
    let policy = end.header("content-security-policy").unwrap();
    assert!(
        policy.contains("form-action 'self' http://localhost:8401"),
        "{policy}"
    );
    assert_eq!(end.header("cache-control"), Some("no-store"));
}

#[tokio::test]
async fn a_refusal_leads_back_by_a_form_to_a_client_that_wants_forms() {
    let site = Site::demo().await;
    let path = authorize_path("&response_mode=form_post").replace("=S256", "=plain");
    let page = Browser::new(&site).open(&path).await;
    assert_eq!(page.status, StatusCode::BAD_REQUEST);
    assert_eq!(page.action(), CALLBACK);
    let fields: std::collections::BTreeMap<_, _> = page.fields().into_iter().collect();
    assert_eq!(fields["error"], "invalid_request");
    assert_eq!(fields["state"], "st");
    assert!(fields["iss"].ends_with("/v2.0"), "{fields:?}");
    let policy = page.header("content-security-policy").unwrap();
    assert!(
        policy.ends_with("form-action 'self' http://localhost:8401"),
        "{policy}"
    );
    // Nobody is sent anywhere without pressing the button (requirement A07).
    assert!(!page.body.contains("<script"), "{}", page.body);

    // Where the address is not known to be the client's there is no way there.
    let page = site.get(&path.replace("callback", "elsewhere")).await;
    assert!(!page.body.contains("<form"), "{}", page.body);
    let policy = page.header("content-security-policy").unwrap();
    assert!(policy.ends_with("form-action 'self'"), "{policy}");
}
