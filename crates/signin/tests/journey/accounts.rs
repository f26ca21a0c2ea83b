//! Names and passwords: where they lead, what is told of them, and how many may be tried.

use portcullis_model::id::TenantId;
use portcullis_model::secret::SecretText;
use portcullis_signin::page::{Problem, Submission};
use portcullis_testkit::browser::{Browser, Place};
use portcullis_testkit::house::{TestHouse, tenant_of};

use crate::world::*;

fn password(text: &str) -> Submission {
    Submission::Password {
        password: SecretText::new(text),
    }
}

async fn at_password<'h>(house: &'h TestHouse, name: &str) -> (Browser<'h>, Place) {
    let mut browser = Browser::new(house);
    let name = name.replace('@', "%40");
    let hinted = request(PAYROLL, &format!("&login_hint={name}"));
    let place = browser.authorize(CONTOSO, &hinted).await;
    assert_eq!(place.name(), "password");
    (browser, place)
}

#[tokio::test]
async fn q19_a_name_nobody_has_is_treated_like_one_somebody_has() {
    let house = demo().await;
    for (name, home) in [
        ("dave@contoso.example", CONTOSO),
        ("nobody@contoso.example", CONTOSO),
        ("ada@fabrikam.example", FABRIKAM),
        ("nobody@fabrikam.example", FABRIKAM),
        ("nobody@elsewhere.example", CONTOSO),
        ("nobody", CONTOSO),
    ] {
        let (mut browser, place) = at_password(&house, name).await;
        assert_eq!(place.handle().page, tenant(home), "{name}");
        let before = house.passwords.checks();
        let place = browser.submit(place.handle(), password("wrong")).await;
        assert_eq!(place.name(), "password", "{name}");
        assert_eq!(
            place.frame().problem,
            Some(Problem::NameOrPasswordWrong),
            "{name}"
        );
        assert_eq!(
            house.passwords.checks(),
            before + 1,
            "the same work is done for {name}"
        );
        let row = log(&house, CONTOSO).await.pop().unwrap();
        assert_eq!(row.status.error_code, 50126, "{name}");
        assert_eq!(row.user_principal_name.as_deref(), Some(name));
        assert!(!row.authentication_details.iter().any(|step| step.succeeded));
        if home == FABRIKAM {
            assert_eq!(log_codes(&house, FABRIKAM).await.last(), Some(&50126));
            assert_eq!(row.user_id, None, "Contoso learns of no id before a proof");
        }
    }
}

#[tokio::test]
async fn q06_q07_a_name_is_locked_however_it_is_written_and_the_right_password_too() {
    let house = demo().await;
    let max = house.house.budgets.password_attempts_max;
    let spellings = [
        "dave@contoso.example",
        "DAVE@contoso.example",
        " Dave@Contoso.Example ",
    ];
    for attempt in 0..max {
        let spelling = spellings[attempt as usize % 3].replace(' ', "%20");
        let (mut browser, place) = at_password(&house, &spelling).await;
        let place = browser.submit(place.handle(), password("wrong")).await;
        assert_eq!(place.frame().problem, Some(Problem::NameOrPasswordWrong));
    }
    let right = house.password("dave@contoso.example");
    let (mut browser, place) = at_password(&house, "dave@contoso.example").await;
    let checks = house.passwords.checks();
    let place = browser
        .submit(place.handle(), password(right.expose()))
        .await;
    assert_eq!(place.frame().problem, Some(Problem::TooManyAttempts));
    assert_eq!(house.passwords.checks(), checks, "nothing is even checked");
    assert_eq!(log_codes(&house, CONTOSO).await.last(), Some(&50053));
    assert!(browser.jar.sessions.is_empty());
    // A while later it opens again.
    house.pass(house.house.budgets.window_seconds * 2);
    let place = browser
        .submit(place.handle(), password(right.expose()))
        .await;
    assert_eq!(place.name(), "stay");
}

#[tokio::test]
async fn q06_an_address_is_locked_over_all_names() {
    let house = demo()
        .await
        .with(|house| house.budgets.address_attempts_max = 3);
    for number in 0..3 {
        let (mut browser, place) = at_password(&house, &format!("u{number}@contoso.example")).await;
        browser.submit(place.handle(), password("wrong")).await;
    }
    let (mut browser, place) = at_password(&house, "dave@contoso.example").await;
    let place = browser.submit(place.handle(), password("wrong")).await;
    assert_eq!(place.frame().problem, Some(Problem::TooManyAttempts));
    browser.address = "2001:db8::1".parse().unwrap();
    let place = browser.submit(place.handle(), password("wrong")).await;
    assert_eq!(place.frame().problem, Some(Problem::NameOrPasswordWrong));
}

#[tokio::test]
async fn q02_a_password_beyond_all_measure_is_not_looked_at() {
    let house = demo().await;
    let (mut browser, place) = at_password(&house, "dave@contoso.example").await;
    let place = browser
        .submit(place.handle(), password(&"x".repeat(513)))
        .await;
    assert_eq!(place.frame().problem, Some(Problem::NameOrPasswordWrong));
    assert_eq!(house.passwords.checks(), 0);
}

#[tokio::test]
async fn q20_when_passwords_are_busy_the_page_says_when_to_come_back_and_still_waits() {
    let house = demo().await;
    let (mut browser, place) = at_password(&house, "dave@contoso.example").await;
    let right = house.password("dave@contoso.example");
    house.passwords.busy_after(0);
    let handle = place.handle();
    let place = browser.submit(handle, password(right.expose())).await;
    let Place::Refused(refusal) = place else {
        panic!()
    };
    assert_eq!(
        (refusal.status, refusal.retry_after_seconds),
        (503, Some(3))
    );
    assert_eq!(refusal.try_again, Some(handle.path()));
    let row = log(&house, CONTOSO).await.pop().unwrap();
    assert_eq!(row.status.error_code, 90055);
    assert_eq!(row.correlation_id, refusal.frame.correlation_id);
    assert_eq!(
        row.user_principal_name.as_deref(),
        Some("dave@contoso.example")
    );
    assert!(row.authentication_details.is_empty(), "nothing was tried");
    house.passwords.busy_after(1);
    let place = browser.submit(handle, password(right.expose())).await;
    assert_eq!(place.name(), "stay");
}

#[tokio::test]
async fn q20_a_guest_turned_away_for_want_of_room_is_in_both_logs_and_no_flood_fills_them() {
    let house = demo()
        .await
        .with(|house| house.budgets.address_attempts_max = 3);
    let (mut browser, place) = at_password(&house, "ada@fabrikam.example").await;
    let handle = place.handle();
    house.passwords.busy_after(0);
    for _ in 0..5 {
        let place = browser.submit(handle, password("right or wrong")).await;
        assert_eq!(place.name(), "refused 90055");
    }
    for tenant in [CONTOSO, FABRIKAM] {
        assert_eq!(log_codes(&house, tenant).await, [90055; 3], "{tenant}");
    }
    house.passwords.busy_after(1);
    let right = house.password("ada@fabrikam.example");
    let place = browser.submit(handle, password(right.expose())).await;
    assert!(!place.name().starts_with("refused"), "{}", place.name());
}

#[tokio::test]
async fn a_disabled_account_is_told_so_only_with_the_right_password() {
    let house = edited(|world| {
        let contoso = tenant_of(world, tenant(CONTOSO));
        for user in contoso.users.iter_mut().flatten() {
            user.account_enabled = user.id != id(DAVE);
        }
    })
    .await;
    let (mut browser, place) = at_password(&house, "dave@contoso.example").await;
    let place = browser.submit(place.handle(), password("wrong")).await;
    assert_eq!(place.frame().problem, Some(Problem::NameOrPasswordWrong));
    let right = house.password("dave@contoso.example");
    let place = browser
        .submit(place.handle(), password(right.expose()))
        .await;
    assert_eq!(place.name(), "refused 50057");
    assert!(browser.jar.sessions.is_empty());
    assert_eq!(log_codes(&house, CONTOSO).await, [50126, 50057]);
}

#[tokio::test]
async fn the_resource_tenant_never_sees_a_home_password() {
    let house = demo().await;
    let (mut browser, place) = at_password(&house, "ada@fabrikam.example").await;
    let mut handle = place.handle();
    assert_eq!(
        (handle.page, handle.owner),
        (tenant(FABRIKAM), tenant(CONTOSO))
    );
    let right = house.password("ada@fabrikam.example");
    for elsewhere in [CONTOSO, WOODGROVE] {
        handle.page = tenant(elsewhere);
        let place = browser.submit(handle, password(right.expose())).await;
        assert_eq!(place.name(), "refused 9900004");
        assert_eq!(house.passwords.checks(), 0);
    }
    handle.page = TenantId::UNDISCOVERED;
    let place = browser.submit(handle, password(right.expose())).await;
    assert_eq!(place.name(), "refused 9900004");
}

#[tokio::test]
async fn a_guest_object_has_no_password_of_its_own() {
    // Whoever knows a guest's `#EXT#` name is sent home with it.
    let house = demo().await;
    let mut browser = Browser::new(&house);
    let place = browser.authorize(CONTOSO, &request(PAYROLL, "")).await;
    let name = "ada_fabrikam.example#EXT#@contoso.example".to_owned();
    let place = browser
        .submit(place.handle(), Submission::UserName { name })
        .await;
    assert_eq!(place.handle().page, tenant(FABRIKAM));
}

#[tokio::test]
async fn an_empty_or_unreadable_name_is_asked_for_again() {
    let house = demo().await;
    let mut browser = Browser::new(&house);
    let mut place = browser.authorize(CONTOSO, &request(PAYROLL, "")).await;
    for name in ["", "  ", "a\u{7}b", &"x".repeat(400)] {
        let name = name.to_owned();
        place = browser
            .submit(place.handle(), Submission::UserName { name })
            .await;
        assert_eq!(place.name(), "name");
        assert_eq!(place.frame().problem, Some(Problem::FieldMissing));
    }
}

#[tokio::test]
async fn cancel_tells_the_client_and_the_log() {
    let house = demo().await;
    let (mut browser, place) = at_password(&house, "dave@contoso.example").await;
    let handle = place.handle();
    let place = browser.submit(handle, Submission::Cancel).await;
    assert_eq!(place.name(), "error access_denied");
    let description = place.client().get("error_description").unwrap();
    assert!(
        description.starts_with("AADSTS9900010:"),
        "not that nobody is signed in: {description}"
    );
    assert_eq!(log_codes(&house, CONTOSO).await, [9_900_010]);
    let place = browser.submit(handle, Submission::Cancel).await;
    assert_eq!(place.name(), "refused 9900004", "a sign-in ends once");
}

#[tokio::test]
async fn cancel_before_a_name_is_typed_is_told_too_in_a_tenant_or_in_none() {
    let house = demo().await;
    for segment in [CONTOSO, "organizations"] {
        let mut browser = Browser::new(&house);
        let asked = request(LUNCH, "");
        let place = browser.authorize(segment, &asked).await;
        assert_eq!(place.name(), "name", "{segment}");
        let place = browser.submit(place.handle(), Submission::Cancel).await;
        assert_eq!(place.name(), "error access_denied", "{segment}");
        let description = place.client().get("error_description").unwrap();
        assert!(
            description.starts_with("AADSTS9900010:"),
            "{segment} {description}"
        );
    }
    assert_eq!(log_codes(&house, CONTOSO).await, [9_900_010]);
}
