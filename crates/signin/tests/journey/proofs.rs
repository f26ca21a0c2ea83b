//! Second factors: where they are given, that they count once, and that a home tenant speaks only for its own.

use portcullis_model::secret::SecretText;
use portcullis_signin::page::{Problem, Submission};
use portcullis_testkit::browser::{Browser, Place, code_at};
use portcullis_testkit::house::{TestHouse, tenant_of};

use crate::world::*;

fn code_of(text: &str) -> Submission {
    Submission::Code {
        code: SecretText::new(text),
    }
}

/// Ada in a new browser, as far as the page that asks for her code.
async fn ada_at_challenge(house: &TestHouse) -> (Browser<'_>, Place) {
    let mut browser = Browser::new(house);
    let hinted = request(PAYROLL, "&login_hint=ada%40fabrikam.example");
    let place = browser.authorize(CONTOSO, &hinted).await;
    let password = Submission::Password {
        password: house.password("ada@fabrikam.example"),
    };
    let place = browser.submit(place.handle(), password).await;
    assert_eq!(place.name(), "challenge");
    (browser, place)
}

#[tokio::test]
async fn q11_a_code_counts_once_over_all_browsers() {
    let house = demo().await;
    let code = code_at(&house.seed(id(ADA_AT_HOME)), &house);
    let (mut first, place) = ada_at_challenge(&house).await;
    let (mut second, other) = ada_at_challenge(&house).await;
    let place = first.submit(place.handle(), code_of(&code)).await;
    assert_eq!(place.name(), "consent");
    let other = second.submit(other.handle(), code_of(&code)).await;
    assert_eq!(other.name(), "challenge");
    assert_eq!(other.frame().problem, Some(Problem::CodeWrong));
    assert_eq!(log_codes(&house, CONTOSO).await.last(), Some(&500_121));
    assert_eq!(log_codes(&house, FABRIKAM).await.last(), Some(&500_121));
    house.pass(30);
    let code = code_at(&house.seed(id(ADA_AT_HOME)), &house);
    let other = second.submit(other.handle(), code_of(&code)).await;
    assert_eq!(other.name(), "consent");
}

#[tokio::test]
async fn q11_a_code_of_three_minutes_ago_is_refused() {
    let house = demo().await;
    let code = code_at(&house.seed(id(ADA_AT_HOME)), &house);
    house.pass(180);
    let (mut browser, place) = ada_at_challenge(&house).await;
    let place = browser.submit(place.handle(), code_of(&code)).await;
    assert_eq!(place.frame().problem, Some(Problem::CodeWrong));
}

#[tokio::test]
async fn q08_wrong_codes_are_counted_over_all_sessions() {
    let house = demo().await;
    let max = house.house.budgets.second_factor_attempts_max;
    for _ in 0..max {
        let (mut browser, place) = ada_at_challenge(&house).await;
        let place = browser.submit(place.handle(), code_of("000000")).await;
        assert_eq!(place.frame().problem, Some(Problem::CodeWrong));
    }
    let (mut browser, place) = ada_at_challenge(&house).await;
    let right = code_at(&house.seed(id(ADA_AT_HOME)), &house);
    let place = browser.submit(place.handle(), code_of(&right)).await;
    assert_eq!(place.name(), "challenge");
    assert_eq!(place.frame().problem, Some(Problem::TooManyAttempts));
    assert_eq!(log_codes(&house, CONTOSO).await.last(), Some(&50053));
}

#[tokio::test]
async fn q14_a_registration_belongs_to_its_own_transaction() {
    let house = demo().await;
    let mut pages = Vec::new();
    for _ in 0..2 {
        let mut browser = Browser::new(&house);
        let hinted = request(PAYROLL, "&login_hint=grace%40fabrikam.example");
        let place = browser.authorize(CONTOSO, &hinted).await;
        let password = Submission::Password {
            password: house.password("grace@fabrikam.example"),
        };
        let place = browser.submit(place.handle(), password).await;
        let portcullis_signin::page::Page::MfaRegistration { secret_base32, .. } = place.page()
        else {
            panic!("{}", place.name());
        };
        let seed = portcullis_testkit::browser::decode_base32(secret_base32.expose());
        pages.push((browser, place.handle(), seed));
    }
    let (mut second, second_handle, second_seed) = pages.pop().unwrap();
    let (mut first, first_handle, first_seed) = pages.pop().unwrap();
    assert_ne!(first_seed, second_seed);
    let place = first
        .submit(first_handle, code_of(&code_at(&second_seed, &house)))
        .await;
    assert_eq!(place.name(), "registration");
    assert_eq!(place.frame().problem, Some(Problem::CodeWrong));
    let place = first
        .submit(place.handle(), code_of(&code_at(&first_seed, &house)))
        .await;
    assert_eq!(place.name(), "consent");
    // Whoever still has the other page open cannot add a second authenticator with it: the first one is asked for.
    let place = second
        .submit(second_handle, code_of(&code_at(&second_seed, &house)))
        .await;
    assert_eq!(place.name(), "challenge");
    assert_eq!(authenticators(&house, FABRIKAM, GRACE_AT_HOME).await, 1);
    // The confirming code is spent.
    let place = second
        .submit(place.handle(), code_of(&code_at(&first_seed, &house)))
        .await;
    assert_eq!(place.frame().problem, Some(Problem::CodeWrong));
}

#[tokio::test]
async fn u10_home_mfa_counts_for_nothing_where_it_is_not_trusted() {
    let house = edited(|world| {
        let contoso = tenant_of(world, tenant(CONTOSO));
        let policy = contoso.cross_tenant_access_policy.as_mut().unwrap();
        for partner in &mut policy.partners {
            partner.settings.inbound_trust = None;
        }
    })
    .await;
    let mut browser = Browser::new(&house);
    let mut ada = person(&house, "ada@fabrikam.example");
    let first = browser.authorize(FABRIKAM, &request(INTRANET, "")).await;
    browser.walk(first, &mut ada).await;
    let first = browser.authorize(CONTOSO, &request(PAYROLL, "")).await;
    let (way, end) = browser.walk(first, &mut ada).await;
    assert_eq!(
        way,
        ["name", "registration", "consent", "code"],
        "MFA is done twice"
    );
    assert_eq!(authenticators(&house, CONTOSO, ADA_THE_GUEST).await, 1);
    assert_eq!(code(&house, &end).await.grant.proofs.len(), 1);
}

#[tokio::test]
async fn u11_a_guest_session_is_nobodys_home_session() {
    // Ada is a guest at Contoso. A guest object of Woodgrove that names *that* object as its home leads nowhere:
    // Contoso can speak only for its own users.
    let house = edited(|world| {
        let woodgrove = tenant_of(world, tenant(WOODGROVE));
        let users = woodgrove.users.as_mut().unwrap();
        let mut chained = users[0].clone();
        chained.id = id("b0b0b0b0-0001-4000-8000-00000000ffff");
        chained.user_principal_name = "chain@woodgrove.example".to_owned();
        chained.mail = None;
        chained.user_type = Some(portcullis_model::user::UserType::Guest);
        chained.home_account = Some(portcullis_model::user::HomeAccount {
            tenant_id: tenant(CONTOSO),
            user_id: id(ADA_THE_GUEST),
        });
        users.push(chained);
    })
    .await;
    let mut browser = Browser::new(&house);
    let mut ada = person(&house, "ada@fabrikam.example");
    let first = browser.authorize(CONTOSO, &request(PAYROLL, "")).await;
    let (_, end) = browser.walk(first, &mut ada).await;
    assert_eq!(end.name(), "code");
    let hinted = request(LUNCH, "&login_hint=chain%40woodgrove.example");
    let place = browser.authorize(WOODGROVE, &hinted).await;
    assert_eq!(
        place.name(),
        "password",
        "Ada's session at Contoso opens nothing at Woodgrove"
    );
    let password = Submission::Password {
        password: house.password("ada@fabrikam.example"),
    };
    let place = browser.submit(place.handle(), password).await;
    assert_eq!(place.frame().problem, Some(Problem::NameOrPasswordWrong));
}

#[tokio::test]
async fn j04_a_form_of_another_page_proves_nothing() {
    let house = demo().await;
    let (mut browser, place) = ada_at_challenge(&house).await;
    let submissions = [
        Submission::Consent {
            choice: portcullis_signin::page::ConsentChoice::Accept,
        },
        Submission::StaySignedIn {
            choice: portcullis_signin::page::StayChoice::Stay,
        },
        Submission::Password {
            password: house.password("ada@fabrikam.example"),
        },
        Submission::UserName {
            name: "carol@contoso.example".to_owned(),
        },
        Submission::Account { session: None },
    ];
    for submission in submissions {
        let place = browser.submit(place.handle(), submission).await;
        assert_eq!(place.name(), "challenge");
    }
}
