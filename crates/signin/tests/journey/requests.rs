//! The table of the authorization endpoint: what is refused, where, and that nothing comes of it.

use portcullis_signin::page::{ReturnToClient, Step, Submission};
use portcullis_testkit::browser::{Browser, Place};
use portcullis_testkit::house::TestHouse;

use crate::world::*;

/// Signs Carol in, so that somebody is there.
async fn with_carol(house: &TestHouse) -> Browser<'_> {
    let mut browser = Browser::new(house);
    let mut carol = person(house, "carol@contoso.example");
    let first = browser.authorize(CONTOSO, &request(PAYROLL, "")).await;
    let (_, end) = browser.walk(first, &mut carol).await;
    assert_eq!(end.name(), "code");
    browser
}

#[tokio::test]
async fn a01_a06_an_unregistered_address_gets_a_page_and_nothing_else() {
    let house = demo().await;
    let mut browser = with_carol(&house).await;
    let good = request(PAYROLL, "");
    for (good_part, bad_part) in [
        ("callback", "Callback"),
        ("callback", "callback%2F"),
        ("callback", "callback%3Fa%3Db"),
        ("callback", "callback%23f"),
        ("%2F%2Flocalhost%3A8401", "%2F%2Fevil%40localhost%3A8401"),
        ("%2F%2Flocalhost%3A8401", "%2F%2Flocalhost.evil%3A8401"),
        ("http%3A", "https%3A%5C"),
    ] {
        let bad = good.replacen(good_part, bad_part, 1);
        assert_ne!(bad, good);
        let place = browser.authorize(CONTOSO, &bad).await;
        assert_eq!(place.name(), "refused 50011", "{bad_part}");
        let Place::Refused(refusal) = place else {
            panic!()
        };
        assert_eq!(refusal.return_to_client, None);
        assert_eq!(refusal.try_again, None);
        assert_eq!(refusal.frame.client_redirect_uri, None);
    }
    assert_eq!(log_codes(&house, CONTOSO).await.last(), Some(&50011));
}

#[tokio::test]
async fn a06_unknown_clients_and_tenants_get_a_page_and_nothing_else() {
    let house = demo().await;
    let mut browser = with_carol(&house).await;
    for (tenant, parameters, expected) in [
        ("nobody.example", request(PAYROLL, ""), "refused 90002"),
        (
            CONTOSO,
            request(("c0c0c0c0-0004-4000-8000-00000000ffff", PAYROLL.1), ""),
            "refused 700016",
        ),
        (CONTOSO, request(("x", PAYROLL.1), ""), "refused 700016"),
        // Known elsewhere, not here.
        (FABRIKAM, request(PAYROLL, ""), "refused 700016"),
        (CONTOSO, request(INTRANET, ""), "refused 700016"),
        ("organizations", request(PAYROLL, ""), "refused 50194"),
        (CONTOSO, "response_type=code".to_owned(), "refused 900144"),
        // A05: more than one address is registered, and none is named.
        (
            CONTOSO,
            format!("client_id={}&response_type=code", PAYROLL.0),
            "refused 500113",
        ),
    ] {
        let place = browser.authorize(tenant, &parameters).await;
        assert_eq!(place.name(), expected, "{parameters}");
    }
}

#[tokio::test]
async fn a08_a_parameter_twice_is_refused() {
    let house = demo().await;
    let mut browser = with_carol(&house).await;
    for name in ["client_id", "redirect_uri", "scope", "state"] {
        let twice = request(PAYROLL, &format!("&{name}=x"));
        let place = browser.authorize(CONTOSO, &twice).await;
        assert_eq!(place.name(), "refused 9000411", "{name}");
    }
}

#[tokio::test]
async fn a07_the_client_is_told_where_somebody_is_and_offered_where_nobody_is() {
    let house = demo().await;
    let good = request(PAYROLL, "");
    let cases = [
        (
            "response_type=code",
            "response_type=token",
            "unsupported_response_type",
            70005,
        ),
        ("&response_type=code", "", "invalid_request", 900_144),
        ("scope=openid", "scope=nope%2Fx", "invalid_scope", 500_011),
        (
            "scope=openid",
            "scope=api%3A%2F%2Fpayroll%2Fnope",
            "invalid_scope",
            70011,
        ),
        // A word alone is Microsoft Graph's, and Graph has no such permission.
        (
            "scope=openid",
            "scope=access_as_user",
            "invalid_scope",
            70011,
        ),
        (
            "scope=openid",
            "scope=https%3A%2F%2Fgraph.microsoft.com%2FEverything.Read",
            "invalid_scope",
            70011,
        ),
        (
            "code_challenge_method=S256",
            "code_challenge_method=plain",
            "invalid_request",
            9_900_002,
        ),
        (
            "state=s-1",
            "state=s-1&response_mode=x",
            "invalid_request",
            70007,
        ),
    ];
    let mut browser = with_carol(&house).await;
    for (good_part, bad_part, error, code) in cases {
        let bad = good.replacen(good_part, bad_part, 1);
        let place = browser.authorize(CONTOSO, &bad).await;
        assert_eq!(place.name(), format!("error {error}"), "{bad_part}");
        // J01: the issuer goes with errors too, and the state is untouched.
        assert!(place.client().get("iss").unwrap().ends_with("/v2.0"));
        assert_eq!(place.client().get("state"), Some("s-1"));
        assert_eq!(log_codes(&house, CONTOSO).await.last(), Some(&code));

        let mut stranger = Browser::new(&house);
        let place = stranger.authorize(CONTOSO, &bad).await;
        assert_eq!(place.name(), format!("refused {code}"), "{bad_part}");
        let Place::Refused(refusal) = place else {
            panic!()
        };
        let Some(ReturnToClient::Link(back)) = refusal.return_to_client else {
            panic!("{bad_part}");
        };
        assert!(back.contains(&format!("error={error}")), "{back}");
        let silent = format!("{bad}&prompt=none");
        let place = stranger.authorize(CONTOSO, &silent).await;
        assert_eq!(place.name(), format!("error {error}"), "{bad_part}");
    }
}

#[tokio::test]
async fn what_graph_publishes_may_be_asked_for_without_a_resource_in_any_letter_case() {
    let house = demo().await;
    let mut browser = Browser::new(&house);
    for scope in [
        "User.Read",
        "user.read%20mail.read",
        ".default",
        "https%3A%2F%2Fgraph.microsoft.com%2FUser.Read",
    ] {
        let asked = request(PAYROLL, "").replacen("scope=openid", &format!("scope={scope}"), 1);
        let place = browser.authorize(CONTOSO, &asked).await;
        assert_eq!(place.name(), "name", "{scope}");
    }
}

#[tokio::test]
async fn b01_pkce_is_required_of_every_client() {
    let house = demo().await;
    for application in [PAYROLL, MOBILE] {
        let mut browser = with_carol(&house).await;
        let good = request(application, "");
        let without = good.split("&code_challenge=").next().unwrap();
        let place = browser.authorize(CONTOSO, without).await;
        assert_eq!(place.name(), "error invalid_request");
        assert_eq!(log_codes(&house, CONTOSO).await.last(), Some(&9_900_002));
    }
}

#[tokio::test]
async fn a09_a25_unknown_parameters_and_odd_hints_change_nothing() {
    let house = demo().await;
    let mut browser = with_carol(&house).await;
    let odd =
        "&extra=foobar&ui_locales=xx%20yy&display=popup&claims_locales=zz&whr=nowhere.example";
    let place = browser.authorize(CONTOSO, &request(PAYROLL, odd)).await;
    // An unknown domain is no session of ours: the name is asked for.
    assert_eq!(place.name(), "name");
    let place = browser
        .authorize(CONTOSO, &request(PAYROLL, "&extra=foobar&ui_locales=xx"))
        .await;
    assert_eq!(place.name(), "code");
}

#[tokio::test]
async fn a02_only_the_port_of_a_loopback_address_varies() {
    let house = demo().await;
    let mut browser = with_carol(&house).await;
    let at = |uri: &'static str| request((MOBILE.0, uri), "");
    for uri in ["http://localhost:49152", "http://127.0.0.1:49152/"] {
        let place = browser.authorize(CONTOSO, &at(uri)).await;
        assert_eq!(place.name(), "code", "{uri}");
    }
    for uri in [
        "http://localhost.evil",
        "http://127.0.0.1.nip",
        "http://127.0.0.1@evil",
    ] {
        let place = browser.authorize(CONTOSO, &at(uri)).await;
        assert_eq!(place.name(), "refused 50011", "{uri}");
    }
}

#[tokio::test]
async fn a16_a17_the_answer_travels_as_asked_with_the_state_untouched() {
    let house = demo().await;
    let mut browser = with_carol(&house).await;
    let long = "é/+ ~".repeat(60);
    let encoded: String = url::form_urlencoded::byte_serialize(long.as_bytes()).collect();
    for mode in ["query", "fragment", "form_post"] {
        let parameters = request(PAYROLL, &format!("&response_mode={mode}"))
            .replace("state=s-1", &format!("state={encoded}"));
        let place = browser.authorize(CONTOSO, &parameters).await;
        assert_eq!(place.name(), "code", "{mode}");
        assert_eq!(place.client().get("state"), Some(long.as_str()), "{mode}");
    }
    // A native application has no server a form could go to.
    let form = request(MOBILE, "&response_mode=form_post");
    assert_eq!(
        browser.authorize(CONTOSO, &form).await.name(),
        "error invalid_request"
    );
    let endless = "x".repeat(1025);
    let parameters = request(PAYROLL, "").replace("s-1", &endless);
    assert_eq!(
        browser.authorize(CONTOSO, &parameters).await.name(),
        "refused 90013"
    );
}

#[tokio::test]
async fn j03_what_cannot_be_given_is_refused_and_mfa_is_asked_for() {
    let house = demo().await;
    let mut browser = with_carol(&house).await;
    let claims = |text: &str| {
        let encoded: String = url::form_urlencoded::byte_serialize(text.as_bytes()).collect();
        request(PAYROLL, &format!("&claims={encoded}"))
    };
    let unmet = claims(r#"{"id_token":{"acr":{"essential":true,"value":"urn:gold"}}}"#);
    let place = browser.authorize(CONTOSO, &unmet).await;
    assert_eq!(place.name(), "error unmet_authentication_requirements");
    let mfa = claims(r#"{"id_token":{"amr":{"essential":true,"values":["mfa"]}}}"#);
    let place = browser.authorize(CONTOSO, &mfa).await;
    assert_eq!(place.name(), "challenge");
    let place = browser
        .authorize(CONTOSO, &format!("{mfa}&prompt=none"))
        .await;
    assert_eq!(place.name(), "error interaction_required");
    let place = browser
        .authorize(CONTOSO, &request(PAYROLL, "&acr_values=mfa"))
        .await;
    let portcullis_signin::page::Page::MfaChallenge { why, .. } = place.page() else {
        panic!("{}", place.name())
    };
    assert_eq!(*why, portcullis_signin::page::WhyMfa::DemandedByApplication);
}

#[tokio::test]
async fn a26_a_token_for_somebody_else_is_not_issued() {
    let house = demo().await;
    let mut browser = with_carol(&house).await;
    let encode =
        |text: &str| -> String { url::form_urlencoded::byte_serialize(text.as_bytes()).collect() };
    let somebody = encode(r#"{"id_token":{"sub":{"value":"somebody-else"}}}"#);
    let place = browser
        .authorize(CONTOSO, &request(PAYROLL, &format!("&claims={somebody}")))
        .await;
    assert_eq!(place.name(), "error login_required");
    let several = encode(r#"{"id_token":{"sub":{"values":["a","b"]}}}"#);
    let place = browser
        .authorize(CONTOSO, &request(PAYROLL, &format!("&claims={several}")))
        .await;
    assert_eq!(place.name(), "error invalid_request");
}

#[tokio::test]
async fn a18_a_form_is_answered_by_a_redirect_never_by_a_page() {
    use portcullis_signin::journey::resume::resume;
    let house = demo().await;
    let mut browser = Browser::new(&house);
    let place = browser.authorize(CONTOSO, &request(PAYROLL, "")).await;
    let mut entropy = house.entropy();
    let moment = house.moment(&mut entropy, browser.address);
    let name = "carol@contoso.example".to_owned();
    let submission = Submission::UserName { name };
    let answer = resume(
        &house.house,
        moment,
        &browser.jar,
        place.handle(),
        submission,
        None,
    )
    .await;
    assert!(matches!(answer.step, Step::SeeOther(_)));
}

#[tokio::test]
async fn organizations_discovers_the_home_realm_and_needs_a_multi_tenant_application() {
    let house = demo().await;
    let mut browser = Browser::new(&house);
    let mut ada = person(&house, "ada@fabrikam.example");
    let first = browser
        .authorize("organizations", &request(LUNCH, ""))
        .await;
    let (way, end) = browser.walk(first, &mut ada).await;
    assert_eq!(way, ["name", "password", "stay", "consent", "code"]);
    assert_eq!(
        end.client().get("iss"),
        Some(format!("https://sts.example/{FABRIKAM}/v2.0").as_str()),
        "a home user's tokens are the home tenant's"
    );
    let mut browser = Browser::new(&house);
    let place = browser.authorize("common", &request(LUNCH, "")).await;
    let name = "ada@nowhere.example".to_owned();
    let place = browser
        .submit(place.handle(), Submission::UserName { name })
        .await;
    assert_eq!(place.name(), "name");
    assert_eq!(
        place.frame().problem,
        Some(portcullis_signin::page::Problem::UnknownRealm)
    );
    let hinted = request(LUNCH, "&login_hint=ada%40fabrikam.example");
    let place = browser.authorize("common", &hinted).await;
    assert_eq!(
        (place.name().as_str(), place.handle().owner),
        ("password", tenant(FABRIKAM))
    );
    let silent = request(LUNCH, "&prompt=none");
    assert_eq!(
        browser.authorize("common", &silent).await.name(),
        "error login_required"
    );
}
