//! Signing out: whose request is it, what ends, who is told, where the browser goes (requirements K05-K08, K10).

use std::net::IpAddr;

use portcullis_model::id::TenantId;
use portcullis_model::secret::SecretText;
use portcullis_protocol::oauth::error::OauthError;
use portcullis_signin::page::{CookieChange, Page, Step};
use portcullis_signin::sign_out::{SignOutAnswer, SignOutCall, request::SignOutMethod, sign_out};

use crate::own_endpoints::Jar;
use crate::scene::{
    App, CONTOSO, FABRIKAM, OFFICE, Person, Scene, claims, id, refresh_text, refused,
};

async fn leave(
    scene: &Scene,
    segment: &str,
    method: SignOutMethod,
    fields: &[(&str, &str)],
    jar: &Jar,
) -> SignOutAnswer {
    let parameters = url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs(fields)
        .finish();
    let mut entropy = scene.kit.entropy();
    let mut moment = scene.kit.moment(&mut entropy, id::<IpAddr>(OFFICE));
    let call = SignOutCall {
        tenant_segment: segment,
        parameters: parameters.as_bytes(),
        method,
    };
    sign_out(scene.house(), &mut moment, call, jar).await
}

fn page(answer: SignOutAnswer) -> Page {
    match answer.answer.step {
        Step::Show(page) => *page,
        other => panic!("{other:?}"),
    }
}

fn is_asked(answer: SignOutAnswer) -> String {
    assert!(answer.answer.cookies.is_empty() && answer.deliveries.is_empty());
    match page(answer) {
        Page::ConfirmSignOut { continuation, .. } => continuation,
        other => panic!("{other:?}"),
    }
}

async fn is_alive(scene: &Scene, tenant: TenantId, cookie: &SecretText) -> bool {
    let hash = portcullis_signin::token::text::hash(cookie.expose());
    scene
        .house()
        .store
        .tenant(tenant)
        .find_session_by_cookie(hash)
        .await
        .unwrap()
        .is_some()
}

#[tokio::test]
async fn k05_k07_a_genuine_hint_ends_the_session_and_leads_to_the_registered_address() {
    let scene = Scene::new().await;
    let (arrival, response) = scene.tokens(Person::Dave, App::Payroll).await;
    let hint = response.id_token.as_ref().unwrap().expose();
    // An expired hint serves as well.
    scene.kit.pass(7200);
    let jar = Jar(id(CONTOSO), vec![arrival.cookie.clone()]);
    let fields = [
        ("id_token_hint", hint),
        ("post_logout_redirect_uri", App::Payroll.redirect_uri()),
        ("state", "a b&c"),
    ];
    let answer = leave(&scene, CONTOSO, SignOutMethod::Get, &fields, &jar).await;
    let removal = CookieChange::SetSessions {
        tenant: id(CONTOSO),
        values: Vec::new(),
        expires_at: None,
    };
    assert_eq!(answer.answer.cookies, [removal]);
    assert_eq!(answer.deliveries.len(), 1);
    let Page::SignedOut {
        front_channel,
        continue_to,
        home_sign_out,
        ..
    } = page(answer)
    else {
        panic!()
    };
    assert_eq!(
        continue_to.as_deref(),
        Some("http://localhost:8401/callback?state=a+b%26c")
    );
    assert_eq!(front_channel.len(), 1);
    let session = arrival.grant.session;
    assert!(
        front_channel[0].starts_with(
            "http://localhost:8401/frontchannel-logout?iss=https%3A%2F%2Fsts.example%2F"
        )
    );
    assert!(front_channel[0].ends_with(&format!("&sid={session}")));
    assert!(home_sign_out.is_none());
    assert!(!is_alive(&scene, id(CONTOSO), &arrival.cookie).await);
    let refresh = scene.refresh_form(App::Payroll, &refresh_text(&response));
    refused(
        &scene,
        scene.send(&refresh).await,
        OauthError::InvalidGrant,
        70008,
    )
    .await;
}

#[tokio::test]
async fn k05_addresses_and_hints_that_do_not_fit_lead_nowhere() {
    let scene = Scene::new().await;
    let (_, fabrikams) = scene.tokens(Person::Dave, App::Timesheet).await;
    let (_, response) = scene.tokens(Person::Dave, App::Payroll).await;
    let hint = response.id_token.as_ref().unwrap().expose().to_owned();
    let good = App::Payroll.redirect_uri();
    for bad in [
        "http://localhost:8401/callback?x=1",
        "http://localhost:8401/callback/",
        "https://evil.example/callback",
        "http://localhost:8401/callback#x",
        App::Timesheet.redirect_uri(),
    ] {
        let (arrival, _) = scene.tokens(Person::Dave, App::Payroll).await;
        let jar = Jar(id(CONTOSO), vec![arrival.cookie]);
        let fields = [
            ("id_token_hint", hint.as_str()),
            ("post_logout_redirect_uri", bad),
        ];
        let Page::SignedOut { continue_to, .. } =
            page(leave(&scene, CONTOSO, SignOutMethod::Get, &fields, &jar).await)
        else {
            panic!()
        };
        assert_eq!(continue_to, None, "{bad}");
    }
    let parts: Vec<&str> = hint.split('.').collect();
    let unsigned = format!("eyJhbGciOiJub25lIn0.{}.", parts[1]);
    let access = response.access_token.expose().to_owned();
    let client = App::Payroll.client().to_string();
    let mismatched = fabrikams.id_token.as_ref().unwrap().expose().to_owned();
    for forged in [unsigned.as_str(), &access, "x", &mismatched] {
        let (arrival, _) = scene.tokens(Person::Dave, App::Payroll).await;
        let jar = Jar(id(CONTOSO), vec![arrival.cookie.clone()]);
        let fields = [
            ("id_token_hint", forged),
            ("client_id", client.as_str()),
            ("post_logout_redirect_uri", good),
        ];
        let answer = leave(&scene, CONTOSO, SignOutMethod::Get, &fields, &jar).await;
        let continuation = is_asked(answer);
        assert!(is_alive(&scene, id(CONTOSO), &arrival.cookie).await);
        let fields = [("continuation", continuation.as_str())];
        let Page::SignedOut { continue_to, .. } =
            page(leave(&scene, CONTOSO, SignOutMethod::Post, &fields, &jar).await)
        else {
            panic!()
        };
        assert_eq!(continue_to, None, "{forged}");
    }
    let jar = Jar(id(FABRIKAM), Vec::new());
    let fields = [
        ("id_token_hint", hint.as_str()),
        ("post_logout_redirect_uri", good),
    ];
    let Page::SignedOut { continue_to, .. } =
        page(leave(&scene, FABRIKAM, SignOutMethod::Get, &fields, &jar).await)
    else {
        panic!()
    };
    assert_eq!(continue_to, None, "a hint of another tenant");
}

#[tokio::test]
async fn k06_without_a_hint_the_person_is_asked_and_only_this_browsers_answer_counts() {
    let scene = Scene::new().await;
    let (arrival, response) = scene.tokens(Person::Dave, App::Payroll).await;
    let (other, _) = scene.tokens(Person::Carol, App::Payroll).await;
    let jar = Jar(id(CONTOSO), vec![arrival.cookie.clone()]);
    let stranger = Jar(id(CONTOSO), vec![other.cookie.clone()]);
    let client = App::Payroll.client().to_string();
    let fields = [
        ("client_id", client.as_str()),
        ("post_logout_redirect_uri", App::Payroll.redirect_uri()),
    ];
    let continuation = is_asked(leave(&scene, CONTOSO, SignOutMethod::Get, &fields, &jar).await);
    // Another person's hint does not help either.
    let carols = [(
        "id_token_hint",
        response.id_token.as_ref().unwrap().expose(),
    )];
    is_asked(leave(&scene, CONTOSO, SignOutMethod::Get, &carols, &stranger).await);

    let answer = [("continuation", continuation.as_str())];
    is_asked(leave(&scene, CONTOSO, SignOutMethod::Post, &answer, &stranger).await);
    is_asked(leave(&scene, CONTOSO, SignOutMethod::Get, &answer, &jar).await);
    let mut bent = continuation.clone();
    bent.replace_range(0..1, "x");
    is_asked(
        leave(
            &scene,
            CONTOSO,
            SignOutMethod::Post,
            &[("continuation", &bent)],
            &jar,
        )
        .await,
    );
    assert!(is_alive(&scene, id(CONTOSO), &arrival.cookie).await);

    let done = leave(&scene, CONTOSO, SignOutMethod::Post, &answer, &jar).await;
    let Page::SignedOut { continue_to, .. } = page(done) else {
        panic!()
    };
    assert_eq!(continue_to.as_deref(), Some(App::Payroll.redirect_uri()));
    assert!(!is_alive(&scene, id(CONTOSO), &arrival.cookie).await);
    assert!(is_alive(&scene, id(CONTOSO), &other.cookie).await);
}

#[tokio::test]
async fn a_confirmation_that_waited_too_long_is_asked_again() {
    let scene = Scene::new().await;
    let (arrival, _) = scene.tokens(Person::Dave, App::Payroll).await;
    let jar = Jar(id(CONTOSO), vec![arrival.cookie]);
    let continuation = is_asked(leave(&scene, CONTOSO, SignOutMethod::Get, &[], &jar).await);
    scene
        .kit
        .pass(scene.house().lifetimes.transaction_seconds + 1);
    is_asked(
        leave(
            &scene,
            CONTOSO,
            SignOutMethod::Post,
            &[("continuation", &continuation)],
            &jar,
        )
        .await,
    );
}

#[tokio::test]
async fn k08_the_logout_token_says_what_the_specification_wants() {
    let scene = Scene::new().await;
    for (app, algorithm) in [(App::Payroll, "RS256"), (App::Timesheet, "ES256")] {
        let (arrival, response) = scene.tokens(Person::Dave, app).await;
        let jar = Jar(id(CONTOSO), vec![arrival.cookie]);
        let hint = response.id_token.as_ref().unwrap().expose();
        let answer = leave(
            &scene,
            CONTOSO,
            SignOutMethod::Post,
            &[("id_token_hint", hint)],
            &jar,
        )
        .await;
        let delivery = &answer.deliveries[0];
        assert_eq!(delivery.client, app.client());
        assert!(delivery.address.path().ends_with("/backchannel-logout"));
        let token = delivery.logout_token.expose();
        let header = claims(&format!(".{}", token.split('.').next().unwrap()));
        assert_eq!(
            (header["typ"].as_str(), header["alg"].as_str()),
            (Some("logout+jwt"), Some(algorithm))
        );
        let said = claims(token);
        let expected = claims(hint);
        for name in ["iss", "sub", "aud", "sid"] {
            assert_eq!(said[name], expected[name], "{name}");
        }
        assert!(said["exp"].as_i64().unwrap() - said["iat"].as_i64().unwrap() <= 120);
        assert!(said.get("nonce").is_none() && said["jti"].is_string());
        assert!(said["events"]["http://schemas.openid.net/event/backchannel-logout"].is_object());
    }
}

#[tokio::test]
async fn k10_a_guest_leaves_the_resource_tenant_and_is_offered_the_way_out_at_home() {
    let scene = Scene::new().await;
    let (arrival, response) = scene.tokens(Person::Ada, App::Payroll).await;
    let jar = Jar(id(CONTOSO), vec![arrival.cookie.clone()]);
    let hint = response.id_token.as_ref().unwrap().expose();
    let fields = [
        ("id_token_hint", hint),
        ("post_logout_redirect_uri", App::Payroll.redirect_uri()),
    ];
    let answer = leave(&scene, CONTOSO, SignOutMethod::Get, &fields, &jar).await;
    let Page::SignedOut { home_sign_out, .. } = page(answer) else {
        panic!()
    };
    let (organization, address) = home_sign_out.unwrap();
    assert_eq!(organization.display_name, "Fabrikam");
    assert_eq!(
        address,
        format!("https://sts.example/{FABRIKAM}/oauth2/v2.0/logout")
    );
    let home_cookie = arrival.home_cookie.unwrap();
    assert!(is_alive(&scene, id(FABRIKAM), &home_cookie).await);
    // There the person is asked.
    let jar = Jar(id(FABRIKAM), vec![home_cookie.clone()]);
    let continuation = is_asked(leave(&scene, FABRIKAM, SignOutMethod::Get, &[], &jar).await);
    leave(
        &scene,
        FABRIKAM,
        SignOutMethod::Post,
        &[("continuation", &continuation)],
        &jar,
    )
    .await;
    assert!(!is_alive(&scene, id(FABRIKAM), &home_cookie).await);
}

#[tokio::test]
async fn at_organizations_all_sessions_of_the_browser_are_meant() {
    let scene = Scene::new().await;
    let (arrival, _) = scene.tokens(Person::Dave, App::Payroll).await;
    let jar = Jar(id(CONTOSO), vec![arrival.cookie.clone()]);
    let continuation =
        is_asked(leave(&scene, "organizations", SignOutMethod::Get, &[], &jar).await);
    leave(
        &scene,
        "organizations",
        SignOutMethod::Post,
        &[("continuation", &continuation)],
        &jar,
    )
    .await;
    assert!(!is_alive(&scene, id(CONTOSO), &arrival.cookie).await);
}

#[tokio::test]
async fn nobody_signed_in_is_signed_out_at_once_and_led_nowhere_unproven() {
    let scene = Scene::new().await;
    let jar = Jar(id(CONTOSO), Vec::new());
    let client = App::Payroll.client().to_string();
    let fields = [
        ("client_id", client.as_str()),
        ("post_logout_redirect_uri", App::Payroll.redirect_uri()),
    ];
    let Page::SignedOut { continue_to, .. } =
        page(leave(&scene, CONTOSO, SignOutMethod::Get, &fields, &jar).await)
    else {
        panic!()
    };
    assert_eq!(continue_to, None);
    let (_, response) = scene.tokens(Person::Dave, App::Payroll).await;
    let fields = [
        (
            "id_token_hint",
            response.id_token.as_ref().unwrap().expose(),
        ),
        fields[1],
    ];
    let answer = leave(&scene, CONTOSO, SignOutMethod::Get, &fields, &jar).await;
    assert!(
        matches!(answer.answer.step, Step::Redirect(address) if address == App::Payroll.redirect_uri())
    );
}
