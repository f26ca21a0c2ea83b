//! What was proven lapses by level of assurance: it is asked for again, and the log says why (requirement Q15).

use portcullis_model::conditional_access::ConditionalAccessPolicy;
use portcullis_signin::page::StayChoice;
use portcullis_testkit::browser::{Browser, Place};
use portcullis_testkit::house::{TestHouse, tenant_of};

use crate::world::*;

const HOUR: i64 = 3600;
const DAY: i64 = 24 * HOUR;
const SECOND_FACTOR_EXPIRED: u32 = 50078;
const SESSION_EXPIRED: u32 = 50132;

/// Signs in and wants to stay; what the client gets must be a code.
async fn enter(browser: &mut Browser<'_>, name: &str, app: (&str, &str)) {
    let mut somebody = person(browser.house, name);
    somebody.stay = StayChoice::Stay;
    let place = browser.authorize(CONTOSO, &request(app, "")).await;
    let (_, end) = browser.walk(place, &mut somebody).await;
    assert_eq!(end.name(), "code");
}

async fn arrive(browser: &mut Browser<'_>, app: (&str, &str)) -> Place {
    browser.authorize(CONTOSO, &request(app, "")).await
}

async fn silently(browser: &mut Browser<'_>, app: (&str, &str)) -> String {
    let silent = request(app, "&prompt=none");
    browser.authorize(CONTOSO, &silent).await.name()
}

async fn last_code(house: &TestHouse, tenant: &str) -> u32 {
    *log_codes(house, tenant).await.last().unwrap()
}

#[tokio::test]
async fn q15_an_idle_hour_asks_for_the_second_factor_again_and_the_log_says_so() {
    let house = demo().await;
    let mut browser = Browser::new(&house);
    enter(&mut browser, "carol@contoso.example", VAULT).await;
    enter(&mut browser, "carol@contoso.example", PAYROLL).await;
    // Each use begins the hour anew, whichever application it was for.
    for app in [VAULT, PAYROLL, PAYROLL, VAULT] {
        house.pass(HOUR - 60);
        assert_eq!(arrive(&mut browser, app).await.name(), "code");
    }
    house.pass(HOUR);
    assert_eq!(
        silently(&mut browser, VAULT).await,
        "error interaction_required"
    );
    assert_eq!(last_code(&house, CONTOSO).await, SECOND_FACTOR_EXPIRED);
    // The first factor still counts; and that use does not bring the second one back.
    assert_eq!(arrive(&mut browser, PAYROLL).await.name(), "code");
    let place = arrive(&mut browser, VAULT).await;
    assert_eq!(place.name(), "challenge");
    let mut carol = person(&house, "carol@contoso.example");
    let (way, _) = browser.walk(place, &mut carol).await;
    assert_eq!(way, ["challenge", "code"]);
    assert_eq!(arrive(&mut browser, VAULT).await.name(), "code");
}

#[tokio::test]
async fn q15_a_day_asks_for_the_second_factor_again_however_much_the_session_was_used() {
    let house = demo().await;
    let mut browser = Browser::new(&house);
    enter(&mut browser, "carol@contoso.example", VAULT).await;
    enter(&mut browser, "carol@contoso.example", PAYROLL).await;
    for _ in 0..47 {
        house.pass(HOUR / 2);
        assert_eq!(silently(&mut browser, VAULT).await, "code");
    }
    house.pass(HOUR / 2);
    let place = arrive(&mut browser, VAULT).await;
    assert_eq!(place.name(), "challenge");
    assert_eq!(last_code(&house, CONTOSO).await, SECOND_FACTOR_EXPIRED);
    assert_eq!(silently(&mut browser, PAYROLL).await, "code");
}

#[tokio::test]
async fn q15_thirty_days_ask_for_the_password_again_and_the_log_says_so() {
    let house = demo().await;
    let mut browser = Browser::new(&house);
    enter(&mut browser, "carol@contoso.example", PAYROLL).await;
    for _ in 0..29 {
        house.pass(DAY);
        assert_eq!(arrive(&mut browser, PAYROLL).await.name(), "code");
    }
    house.pass(DAY);
    let issued = house.issued().await;
    assert_eq!(
        silently(&mut browser, PAYROLL).await,
        "error login_required"
    );
    assert_eq!(last_code(&house, CONTOSO).await, SESSION_EXPIRED);
    let place = arrive(&mut browser, PAYROLL).await;
    assert_eq!(place.name(), "password", "it is still known whom to ask");
    assert_eq!(last_code(&house, CONTOSO).await, SESSION_EXPIRED);
    assert_eq!(
        house.issued().await["authorization_code"],
        issued["authorization_code"]
    );
    let mut carol = person(&house, "carol@contoso.example");
    let (way, _) = browser.walk(place, &mut carol).await;
    assert_eq!(way, ["password", "code"]);
    assert_eq!(arrive(&mut browser, PAYROLL).await.name(), "code");
}

#[tokio::test]
async fn q15_what_the_home_tenant_vouches_for_lapses_at_home() {
    let house = demo().await;
    let mut browser = Browser::new(&house);
    enter(&mut browser, "ada@fabrikam.example", PAYROLL).await;
    house.pass(HOUR - 60);
    assert_eq!(arrive(&mut browser, PAYROLL).await.name(), "code");
    house.pass(HOUR);
    let place = arrive(&mut browser, PAYROLL).await;
    assert_eq!(
        (place.name().as_str(), place.handle().page),
        ("challenge", tenant(FABRIKAM))
    );
    for both in [CONTOSO, FABRIKAM] {
        assert_eq!(last_code(&house, both).await, SECOND_FACTOR_EXPIRED);
    }
}

#[tokio::test]
async fn q15_a_sign_in_frequency_asks_more_often_and_never_less() {
    for (hours, passed, expected) in [
        // The policy is the stricter one.
        (2, HOUR * 2, "password"),
        // The house is.
        (72, 30 * DAY, "password"),
        (72, HOUR, "code"),
    ] {
        let house = edited(|world| {
            let contoso = tenant_of(world, tenant(CONTOSO));
            let document = serde_json::json!({
                "displayName": "Ask again",
                "state": "enabled",
                "conditions": {
                    "users": { "includeUsers": ["All"] },
                    "applications": { "includeApplications": ["All"] },
                    "clientAppTypes": ["all"]
                },
                "sessionControls": { "signInFrequency": {
                    "isEnabled": true, "type": "hours", "value": hours,
                    "frequencyInterval": "timeBased",
                    "authenticationType": "primaryAndSecondaryAuthentication"
                } }
            });
            let serde_json::Value::Object(document) = document else {
                panic!("an object");
            };
            let policy = ConditionalAccessPolicy::from_document(document).unwrap();
            contoso.conditional_access_policies = Some(vec![policy]);
        })
        .await;
        let mut browser = Browser::new(&house);
        enter(&mut browser, "carol@contoso.example", PAYROLL).await;
        house.pass(passed);
        let place = arrive(&mut browser, PAYROLL).await;
        assert_eq!(place.name(), expected, "{hours} hours, {passed} seconds");
    }
}
