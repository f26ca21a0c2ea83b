//! A person's sessions, seen and ended by themselves and by an administrator's application (requirements S12, S13).

use axum::body::Body;
use http::{Request, StatusCode};
use portcullis_model::application::GrantedAppRole;
use portcullis_testkit::house::TestHouse;

use super::site::{
    Answer, Browser, CONTOSO, FABRIKAM, INTRANET, PAYROLL, REPORT, Site, at_client, form_request,
};

const DAVE: &str = "dave@contoso.example";
const CAROL: &str = "carol@contoso.example";
const ADA: &str = "ada@fabrikam.example";

fn path(tenant: &str) -> String {
    format!("/{tenant}/my-sessions")
}

/// The values of the page's buttons, in order.
fn buttons(page: &Answer) -> Vec<String> {
    let parts = page.body.split("name=\"end\" value=\"").skip(1);
    parts
        .map(|part| part.split('"').next().unwrap().to_owned())
        .collect()
}

fn refresh_token(tokens: &serde_json::Value) -> &str {
    tokens["refresh_token"].as_str().unwrap()
}

async fn is_signed_in(browser: &mut Browser<'_>) -> bool {
    let answer = browser
        .open(&PAYROLL.path_with(&[("prompt", "none")]))
        .await;
    at_client(&answer).contains_key("code")
}

#[tokio::test]
async fn s13_a_person_sees_their_sessions_and_ends_one_with_its_tokens() {
    let site = Site::demo().await;
    let (mut here, own) = site.tokens(PAYROLL, DAVE).await;
    site.house.pass(600);
    let mut there = Browser::new(&site);
    there.address = "198.51.100.7".to_owned();
    let end = there.sign_in(&PAYROLL.path(), DAVE).await;
    let form = site.code_form(PAYROLL, &at_client(&end)["code"]);
    let other = site.token(&PAYROLL.token_path(), &form).await.json();
    let (mut carol, _) = site.tokens(PAYROLL, CAROL).await;

    let page = here.open(&path(CONTOSO)).await;
    assert_eq!(page.heading(), "Where you are signed in", "{}", page.body);
    assert_eq!(page.body.matches("This browser").count(), 1);
    assert!(page.body.contains("192.0.2.1") && page.body.contains("198.51.100.7"));
    let ends = buttons(&page);
    assert_eq!(ends.len(), 2, "one other session, and all others: {ends:?}");
    let shown = here.submit(&page, &[("end", &ends[0])]).await;
    assert_eq!(buttons(&shown), [""; 0], "{}", shown.body);
    assert!(!shown.body.contains("198.51.100.7"));
    assert!(shown.body.contains("You are signed in nowhere else."));

    assert!(!is_signed_in(&mut there).await);
    let refused = site.refresh(PAYROLL, refresh_token(&other)).await;
    assert_eq!(refused.error().0, "invalid_grant", "{}", refused.body);
    assert!(is_signed_in(&mut here).await);
    assert!(is_signed_in(&mut carol).await);
    let refreshed = site.refresh(PAYROLL, refresh_token(&own)).await;
    assert_eq!(refreshed.status, StatusCode::OK, "{}", refreshed.body);
    // The button again, from the page that was shown before: there is nothing left to end.
    let again = here.submit(&page, &[("end", &ends[0])]).await;
    assert_eq!(again.heading(), "Where you are signed in");
}

#[tokio::test]
async fn s13_all_others_end_with_their_tokens_and_this_one_goes_on() {
    let site = Site::demo().await;
    let (mut here, own) = site.tokens(PAYROLL, ADA).await;
    // A code of hers counts once.
    site.house.pass(60);
    let (mut there, other) = site.tokens(PAYROLL, ADA).await;
    site.house.pass(60);
    let (mut elsewhere, third) = site.tokens(PAYROLL, ADA).await;
    let page = here.open(&path(CONTOSO)).await;
    assert_eq!(buttons(&page).len(), 3);
    let shown = here.submit(&page, &[("end", "others")]).await;
    assert_eq!(buttons(&shown), [""; 0], "{}", shown.body);
    for tokens in [&other, &third] {
        let refused = site.refresh(PAYROLL, refresh_token(tokens)).await;
        assert_eq!(refused.error().0, "invalid_grant", "{}", refused.body);
    }
    let refreshed = site.refresh(PAYROLL, refresh_token(&own)).await;
    assert_eq!(refreshed.status, StatusCode::OK, "{}", refreshed.body);
    for browser in [&mut there, &mut elsewhere] {
        let gone = browser.open(&path(CONTOSO)).await;
        assert_eq!(gone.status, StatusCode::UNAUTHORIZED);
        // The sessions at home are another list, at home.
        let at_home = browser.open(&path(FABRIKAM)).await;
        assert_eq!(buttons(&at_home).len(), 3, "{}", at_home.body);
    }
    // Ended at home, the session here that stands on it shows nothing any more.
    let page = there.open(&path(FABRIKAM)).await;
    there.submit(&page, &[("end", "others")]).await;
    let gone = here.open(&path(CONTOSO)).await;
    assert_eq!(gone.status, StatusCode::UNAUTHORIZED);
    let refused = site.refresh(PAYROLL, refresh_token(&own)).await;
    assert_eq!(refused.error().0, "invalid_grant", "{}", refused.body);
}

#[tokio::test]
async fn s04_s13_nobody_else_ends_a_session() {
    let site = Site::demo().await;
    let (mut dave, _) = site.tokens(PAYROLL, DAVE).await;
    let (mut second, _) = site.tokens(PAYROLL, DAVE).await;
    let (mut carol, _) = site.tokens(PAYROLL, CAROL).await;
    let page = dave.open(&path(CONTOSO)).await;
    let ends = buttons(&page);
    let (field, value) = page.fields().remove(0);
    assert_eq!(field, "continuation");
    let form = |continuation: &str| {
        let pairs = [("continuation", continuation), ("end", "others")];
        serde_urlencoded::to_string(pairs).unwrap()
    };
    // A form that a page elsewhere made the browser send, with or without what the page holds.
    for site_of_page in ["cross-site", "same-site"] {
        let mut request = form_request(&path(CONTOSO), &form(&value));
        let headers = request.headers_mut();
        headers.insert("sec-fetch-site", site_of_page.parse().unwrap());
        assert_eq!(dave.go(request).await.status, StatusCode::FORBIDDEN);
    }
    // A form of our address, without the field, with a spoiled one, or with that of somebody else or of another tenant.
    let foreign = carol.open(&path(CONTOSO)).await.fields().remove(0).1;
    let spoiled = format!("{value}x");
    for continuation in ["", "x.y", &spoiled, &foreign] {
        let answer = dave
            .go(form_request(&path(CONTOSO), &form(continuation)))
            .await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{continuation}");
    }
    let answer = dave.go(form_request(&path(FABRIKAM), &form(&value))).await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
    // Carol's form with the id of Dave's session.
    let page = carol.open(&path(CONTOSO)).await;
    carol.submit(&page, &[("end", &ends[0])]).await;
    // By GET nothing ends.
    let query = format!("{}?{}", path(CONTOSO), form(&value));
    dave.open(&query).await;
    for browser in [&mut dave, &mut second, &mut carol] {
        assert!(is_signed_in(browser).await);
    }
    // Too late: the page has to be shown again.
    let page = dave.open(&path(CONTOSO)).await;
    site.house.pass(16 * 60);
    let late = dave.submit(&page, &[("end", "others")]).await;
    assert_eq!(late.status, StatusCode::BAD_REQUEST);
    assert!(late.body.contains(&path(CONTOSO)), "{}", late.body);
    assert!(is_signed_in(&mut second).await);
    let stranger = site.get(&path(CONTOSO)).await;
    assert_eq!(stranger.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn q15_s13_who_was_asked_too_long_ago_is_shown_nothing() {
    let site = Site::demo().await;
    let mut browser = Browser::new(&site);
    let page = browser.open(&PAYROLL.path()).await;
    let page = browser.walk_until(page, DAVE, "stay-signed-in").await;
    browser.submit(&page, &[("choice", "stay")]).await;
    site.house.pass(29 * 86_400);
    let shown = browser.open(&path(CONTOSO)).await;
    assert_eq!(shown.status, StatusCode::OK, "{}", shown.body);
    site.house.pass(86_400);
    for page in ["my-sessions", "my-sign-ins"] {
        let gone = browser.open(&format!("/{CONTOSO}/{page}")).await;
        assert_eq!(gone.status, StatusCode::UNAUTHORIZED, "{page}");
    }
}

/// The demo, in which the application of the sign-in report may end sessions too.
async fn with_an_administrators_application() -> Site {
    let house = TestHouse::edited(|world| {
        for tenant in &mut world.tenants {
            for principal in tenant.service_principals.iter_mut().flatten() {
                if principal.app_id.to_string() == REPORT.client {
                    let first = principal.granted_app_roles[0].clone();
                    principal.granted_app_roles.push(GrantedAppRole {
                        value: "User.RevokeSessions.All".to_owned(),
                        ..first
                    });
                }
            }
        }
    });
    Site::of(house.await)
}

async fn application_token(site: &Site) -> String {
    let secret = site.secret(REPORT);
    let fields = [
        ("grant_type", "client_credentials"),
        ("client_id", REPORT.client),
        ("client_secret", &secret),
        ("scope", "https://graph.microsoft.com/.default"),
    ];
    let answer = site.post(&REPORT.token_path(), &fields).await;
    answer.json()["access_token"].as_str().unwrap().to_owned()
}

async fn revoke(site: &Site, user: &str, token: Option<&str>) -> Answer {
    let path = format!("/v1.0/users/{user}/revokeSignInSessions");
    let mut request = Request::post(path);
    if let Some(token) = token {
        request = request.header("authorization", format!("Bearer {token}"));
    }
    site.send(request.body(Body::empty()).unwrap()).await
}

#[tokio::test]
async fn s12_s13_an_administrators_application_ends_everything_of_a_user() {
    let site = with_an_administrators_application().await;
    let (mut dave, of_dave) = site.tokens(PAYROLL, DAVE).await;
    let (mut carol, of_carol) = site.tokens(PAYROLL, CAROL).await;
    let token = application_token(&site).await;
    let answer = revoke(&site, "DAVE@contoso.example", Some(&token)).await;
    assert_eq!(answer.status, StatusCode::NO_CONTENT, "{}", answer.body);
    assert_eq!(answer.body, "");
    assert!(!is_signed_in(&mut dave).await);
    let refused = site.refresh(PAYROLL, refresh_token(&of_dave)).await;
    assert_eq!(refused.error().0, "invalid_grant", "{}", refused.body);
    let bearer = format!("Bearer {}", of_dave["access_token"].as_str().unwrap());
    let request = Request::get("/oidc/userinfo").header("authorization", bearer);
    let answer = site.send(request.body(Body::empty()).unwrap()).await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
    assert!(is_signed_in(&mut carol).await);
    let refreshed = site.refresh(PAYROLL, refresh_token(&of_carol)).await;
    assert_eq!(refreshed.status, StatusCode::OK);
    // Dave comes back by proving who he is.
    let (mut dave, _) = site.tokens(PAYROLL, DAVE).await;
    assert!(is_signed_in(&mut dave).await);
}

#[tokio::test]
async fn s13_only_an_application_with_the_permission_ends_sessions_and_only_in_its_own_tenant() {
    let site = with_an_administrators_application().await;
    let (mut dave, of_dave) = site.tokens(PAYROLL, DAVE).await;
    let (mut ada, _) = site.tokens(INTRANET, ADA).await;
    let of_dave = of_dave["access_token"].as_str().unwrap();
    for (token, status) in [(None, 401), (Some("x"), 401), (Some(of_dave), 401)] {
        let answer = revoke(&site, DAVE, token).await;
        assert_eq!(answer.status.as_u16(), status, "{}", answer.body);
    }
    // Another tenant's user is nobody here.
    let token = application_token(&site).await;
    let ada_at_home = "fafafafa-0001-4000-8000-000000000001";
    for user in [ADA, ada_at_home, "nobody@contoso.example", "%00", "x"] {
        let answer = revoke(&site, user, Some(&token)).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{user}");
    }
    // The application of the demo may read the log, and no more.
    let plain = Site::demo().await;
    let (mut other_dave, _) = plain.tokens(PAYROLL, DAVE).await;
    let token = application_token(&plain).await;
    let answer = revoke(&plain, DAVE, Some(&token)).await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN, "{}", answer.body);
    assert!(is_signed_in(&mut dave).await && is_signed_in(&mut other_dave).await);
    let silent = INTRANET.path_with(&[("prompt", "none")]);
    assert!(at_client(&ada.open(&silent).await).contains_key("code"));
}
