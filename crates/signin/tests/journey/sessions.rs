//! Sessions and transactions: bound to their browser, their tenant and one step; reused, renewed, and never assumed.

use portcullis_model::conditional_access::ConditionalAccessPolicy;
use portcullis_signin::page::{ConsentChoice, Page, StayChoice, Submission};
use portcullis_testkit::browser::{Browser, Place};
use portcullis_testkit::house::{TestHouse, tenant_of};

use crate::world::*;

async fn sign_in(browser: &mut Browser<'_>, name: &str) -> Place {
    let mut somebody = person(browser.house, name);
    let hinted = request(
        PAYROLL,
        &format!("&login_hint={}", name.replace('@', "%40")),
    );
    let first = browser.authorize(CONTOSO, &hinted).await;
    let (_, end) = browser.walk(first, &mut somebody).await;
    assert_eq!(end.name(), "code");
    end
}

#[tokio::test]
async fn s02_every_proof_changes_the_cookie() {
    let house = demo().await;
    let mut browser = Browser::new(&house);
    sign_in(&mut browser, "carol@contoso.example").await;
    let first = browser.jar.clone();
    let mut carol = person(&house, "carol@contoso.example");
    let place = browser.authorize(CONTOSO, &request(VAULT, "")).await;
    assert_eq!(place.name(), "challenge");
    browser.walk(place, &mut carol).await;
    let cookies = |jar: &portcullis_testkit::browser::Jar| jar.sessions[&tenant(CONTOSO)].clone();
    assert_eq!(cookies(&browser.jar).len(), 1);
    assert_ne!(cookies(&browser.jar), cookies(&first));
    // The cookie from before is worth nothing.
    browser.jar = first;
    let place = browser.authorize(CONTOSO, &request(PAYROLL, "")).await;
    assert_eq!(place.name(), "name");
}

#[tokio::test]
async fn s06_a_cookie_of_one_tenant_is_nothing_in_another() {
    let house = demo().await;
    let mut browser = Browser::new(&house);
    sign_in(&mut browser, "carol@contoso.example").await;
    let cookies = browser.jar.sessions[&tenant(CONTOSO)].clone();
    browser.jar.sessions.insert(tenant(FABRIKAM), cookies);
    let place = browser.authorize(FABRIKAM, &request(LUNCH, "")).await;
    assert_eq!(place.name(), "name");
}

#[tokio::test]
async fn s04_a_transaction_goes_on_only_in_the_browser_that_began_it() {
    let house = demo().await;
    let mut victim = Browser::new(&house);
    let mut attacker = Browser::new(&house);
    let place = attacker.authorize(CONTOSO, &request(PAYROLL, "")).await;
    let handle = place.handle();
    let name = || Submission::UserName {
        name: "carol@contoso.example".to_owned(),
    };
    assert_eq!(
        victim.submit(handle, name()).await.name(),
        "refused 9900004"
    );
    victim.authorize(CONTOSO, &request(PAYROLL, "")).await;
    assert_eq!(
        victim.submit(handle, name()).await.name(),
        "refused 9900004"
    );
    assert_eq!(victim.open(handle).await.name(), "refused 9900004");
    assert_eq!(attacker.submit(handle, name()).await.name(), "password");
}

#[tokio::test]
async fn s05_two_tabs_with_two_people_keep_apart() {
    let house = demo().await;
    let mut browser = Browser::new(&house);
    let carol_at = browser
        .authorize(
            CONTOSO,
            &request(PAYROLL, "&login_hint=carol%40contoso.example"),
        )
        .await;
    let ada_at = browser
        .authorize(
            FABRIKAM,
            &request(LUNCH, "&login_hint=ada%40fabrikam.example"),
        )
        .await;
    let password = |name: &str| Submission::Password {
        password: house.password(name),
    };
    let ada_at = browser
        .submit(ada_at.handle(), password("ada@fabrikam.example"))
        .await;
    let carol_at = browser
        .submit(carol_at.handle(), password("carol@contoso.example"))
        .await;
    let mut ada = person(&house, "ada@fabrikam.example");
    let mut carol = person(&house, "carol@contoso.example");
    let (_, ada_end) = browser.walk(ada_at, &mut ada).await;
    let (_, carol_end) = browser.walk(carol_at, &mut carol).await;
    let subject = |user| portcullis_model::session::SessionSubject::User(id(user));
    assert_eq!(
        code(&house, &ada_end).await.grant.subject,
        subject(ADA_AT_HOME)
    );
    assert_eq!(
        code(&house, &carol_end).await.grant.subject,
        subject("c0c0c0c0-0001-4000-8000-000000000001")
    );
}

#[tokio::test]
async fn a27_a_step_is_taken_once_and_a_handle_fits_its_own_transaction_only() {
    let house = demo().await;
    let mut browser = Browser::new(&house);
    let hinted = request(PAYROLL, "&login_hint=dave%40contoso.example");
    let place = browser.authorize(CONTOSO, &hinted).await;
    let password = || Submission::Password {
        password: house.password("dave@contoso.example"),
    };
    let first = place.handle();
    let place = browser.submit(first, password()).await;
    assert_eq!(place.name(), "stay");
    // The same form again takes no step: the page that waits is shown.
    let checks = house.passwords.checks();
    let again = browser.submit(first, password()).await;
    assert_eq!(again.name(), "stay");
    assert_eq!(house.passwords.checks(), checks);
    let stay = Submission::StaySignedIn {
        choice: StayChoice::Leave,
    };
    let consent = browser.submit(place.handle(), stay).await;
    assert_eq!(consent.name(), "consent");
    // Approving one request cannot be replayed for another: the other one's page is not a consent page.
    let other = browser
        .authorize(
            CONTOSO,
            &request(TIMESHEET, "&prompt=login&login_hint=dave%40contoso.example"),
        )
        .await;
    let mut swapped = other.handle();
    swapped.version = consent.handle().version;
    let accept = || Submission::Consent {
        choice: ConsentChoice::Accept,
    };
    assert_eq!(browser.submit(swapped, accept()).await.name(), "password");
    let done = browser.submit(consent.handle(), accept()).await;
    assert_eq!(done.name(), "code");
    assert_eq!(
        browser.submit(consent.handle(), accept()).await.name(),
        "refused 9900004"
    );
}

#[tokio::test]
async fn a27_of_64_answers_to_one_page_one_is_taken() {
    let house = demo().await;
    let mut browser = Browser::new(&house);
    sign_in(&mut browser, "dave@contoso.example").await;
    let place = browser.authorize(CONTOSO, &request(TIMESHEET, "")).await;
    assert_eq!(place.name(), "consent");
    let handle = place.handle();
    let jar = browser.jar.clone();
    let attempts = (0..64).map(|_| {
        let (house, jar) = (&house, jar.clone());
        async move {
            let mut browser = Browser::new(house);
            browser.jar = jar;
            let choice = ConsentChoice::Accept;
            browser
                .submit(handle, Submission::Consent { choice })
                .await
                .name()
        }
    });
    let ends = futures::future::join_all(attempts).await;
    assert_eq!(
        ends.iter().filter(|end| *end == "code").count(),
        1,
        "{ends:?}"
    );
    assert!(
        ends.iter()
            .all(|end| end == "code" || end == "refused 9900004")
    );
}

#[tokio::test]
async fn a21_a_client_that_wants_no_page_gets_none() {
    let house = demo().await;
    let mut browser = Browser::new(&house);
    let silent = request(PAYROLL, "&prompt=none");
    assert_eq!(
        browser.authorize(CONTOSO, &silent).await.name(),
        "error login_required"
    );
    assert_eq!(log_codes(&house, CONTOSO).await, [50058]);
    sign_in(&mut browser, "carol@contoso.example").await;
    assert_eq!(browser.authorize(CONTOSO, &silent).await.name(), "code");
    let consent = request(TIMESHEET, "&prompt=none");
    assert_eq!(
        browser.authorize(CONTOSO, &consent).await.name(),
        "error consent_required"
    );
    let mfa = request(VAULT, "&prompt=none");
    assert_eq!(
        browser.authorize(CONTOSO, &mfa).await.name(),
        "error interaction_required"
    );
    assert_eq!(log_codes(&house, CONTOSO).await.last(), Some(&50076));
    let other = request(PAYROLL, "&prompt=none&login_hint=dave%40contoso.example");
    assert_eq!(
        browser.authorize(CONTOSO, &other).await.name(),
        "error login_required"
    );
}

#[tokio::test]
async fn a22_a23_a_fresh_proof_is_asked_for_and_given() {
    let house = demo().await;
    let mut browser = Browser::new(&house);
    let first = sign_in(&mut browser, "carol@contoso.example").await;
    let first = code(&house, &first).await.grant.authenticated_at;
    house.pass(100);
    let silent = |more: &str| request(PAYROLL, &format!("&prompt=none{more}"));
    let young = browser.authorize(CONTOSO, &silent("&max_age=10000")).await;
    assert_eq!(young.name(), "code");
    assert_eq!(code(&house, &young).await.grant.authenticated_at, first);
    let old = browser.authorize(CONTOSO, &silent("&max_age=1")).await;
    assert_eq!(old.name(), "error login_required");
    for more in ["&max_age=1", "&prompt=login"] {
        let place = browser.authorize(CONTOSO, &request(PAYROLL, more)).await;
        assert_eq!(place.name(), "password", "{more}");
        let mut carol = person(&house, "carol@contoso.example");
        let (_, end) = browser.walk(place, &mut carol).await;
        let again = code(&house, &end).await.grant.authenticated_at;
        assert!(house.now().duration_since(again).as_secs() < 1, "{more}");
        house.pass(100);
    }
}

#[tokio::test]
async fn several_accounts_are_picked_from_and_one_is_picked_by_its_session_only() {
    let house = demo().await;
    let mut browser = Browser::new(&house);
    sign_in(&mut browser, "carol@contoso.example").await;
    sign_in(&mut browser, "dave@contoso.example").await;
    sign_in(&mut browser, "ada@fabrikam.example").await;
    let place = browser.authorize(CONTOSO, &request(PAYROLL, "")).await;
    let Page::AccountPicker { accounts, .. } = place.page() else {
        panic!("{}", place.name());
    };
    let names: Vec<_> = accounts
        .iter()
        .map(|account| {
            (
                account.account_name.as_str(),
                account.organization_name.as_str(),
            )
        })
        .collect();
    assert_eq!(
        names,
        [
            ("ada@fabrikam.example", "Fabrikam"),
            ("dave@contoso.example", "Contoso"),
            ("carol@contoso.example", "Contoso")
        ]
    );
    let dave = accounts[1].session;
    let end = browser
        .submit(
            place.handle(),
            Submission::Account {
                session: Some(dave),
            },
        )
        .await;
    assert_eq!(
        code(&house, &end).await.grant.subject,
        portcullis_model::session::SessionSubject::User(id(DAVE))
    );
    // Somebody else's session id in the form leads nowhere.
    let mut stranger = Browser::new(&house);
    sign_in(&mut stranger, "carol@contoso.example").await;
    let place = stranger
        .authorize(CONTOSO, &request(PAYROLL, "&prompt=select_account"))
        .await;
    assert_eq!(place.name(), "picker");
    let picked = stranger
        .submit(
            place.handle(),
            Submission::Account {
                session: Some(dave),
            },
        )
        .await;
    assert_eq!(picked.name(), "name");
    let silent = request(PAYROLL, "&prompt=none");
    assert_eq!(
        browser.authorize(CONTOSO, &silent).await.name(),
        "error interaction_required"
    );
    let hinted = request(PAYROLL, "&prompt=none&login_hint=ada%40fabrikam.example");
    assert_eq!(browser.authorize(CONTOSO, &hinted).await.name(), "code");
}

#[tokio::test]
async fn s11_a_session_ends_by_itself_and_staying_signed_in_outlives_the_browser() {
    let house = demo().await;
    for (stay, after_two_days) in [(StayChoice::Leave, "name"), (StayChoice::Stay, "code")] {
        let mut browser = Browser::new(&house);
        let mut carol = person(&house, "carol@contoso.example");
        carol.stay = stay;
        let first = browser.authorize(CONTOSO, &request(PAYROLL, "")).await;
        browser.walk(first, &mut carol).await;
        house.pass(2 * 86_400);
        let place = browser.authorize(CONTOSO, &request(PAYROLL, "")).await;
        assert_eq!(place.name(), after_two_days);
    }
}

#[tokio::test]
async fn s11_sign_in_frequency_of_the_resource_tenant_asks_the_guest_again_at_home() {
    let house = demo().await;
    let mut browser = Browser::new(&house);
    sign_in(&mut browser, "ada@fabrikam.example").await;
    house.pass(13 * 3600);
    let silent = request(PAYROLL, "&prompt=none");
    assert_eq!(
        browser.authorize(CONTOSO, &silent).await.name(),
        "error login_required"
    );
    let place = browser.authorize(CONTOSO, &request(PAYROLL, "")).await;
    assert_eq!(
        (place.name().as_str(), place.handle().page),
        ("password", tenant(FABRIKAM))
    );
    let mut ada = person(&house, "ada@fabrikam.example");
    let (way, _) = browser.walk(place, &mut ada).await;
    assert_eq!(way, ["password", "challenge", "code"]);
}

#[tokio::test]
async fn s11_a_policy_answers_whether_to_stay_signed_in() {
    for (mode, is_persistent) in [("always", true), ("never", false)] {
        let house = edited(|world| {
            let contoso = tenant_of(world, tenant(CONTOSO));
            let policies = contoso.conditional_access_policies.as_mut().unwrap();
            let document = serde_json::json!({
                "displayName": "Stay or go",
                "state": "enabled",
                "conditions": {
                    "users": { "includeUsers": ["All"] },
                    "applications": { "includeApplications": ["All"] },
                    "clientAppTypes": ["all"]
                },
                "sessionControls": { "persistentBrowser": { "isEnabled": true, "mode": mode } }
            });
            let serde_json::Value::Object(document) = document else {
                panic!("an object");
            };
            *policies = vec![ConditionalAccessPolicy::from_document(document).unwrap()];
        })
        .await;
        let mut browser = Browser::new(&house);
        let mut dave = person(&house, "dave@contoso.example");
        let first = browser.authorize(CONTOSO, &request(PAYROLL, "")).await;
        let (way, end) = browser.walk(first, &mut dave).await;
        assert_eq!(
            way,
            ["name", "password", "consent", "code"],
            "nobody is asked"
        );
        let session = code(&house, &end).await.grant.session;
        let store = house.house.store.tenant(tenant(CONTOSO));
        let session = store.find_session(session).await.unwrap().unwrap();
        assert_eq!(session.is_persistent, is_persistent);
    }
}

#[tokio::test]
async fn s12_an_ended_session_at_home_is_asked_for_again() {
    let house = demo().await;
    let mut browser = Browser::new(&house);
    let end = sign_in(&mut browser, "ada@fabrikam.example").await;
    let home = code(&house, &end).await.grant.home_session.unwrap();
    let store = house.house.store.tenant(home.tenant_id);
    let change = portcullis_model::store::Change::EndSession(home.session_id);
    store.commit(vec![change]).await.unwrap();
    let place = browser.authorize(CONTOSO, &request(PAYROLL, "")).await;
    assert_eq!(
        (place.name().as_str(), place.handle().page),
        ("password", tenant(FABRIKAM))
    );
    let silent = request(PAYROLL, "&prompt=none");
    assert_eq!(
        browser.authorize(CONTOSO, &silent).await.name(),
        "error login_required"
    );
}

#[tokio::test]
async fn s12_without_a_first_factor_nobody_goes_on_even_where_no_policy_asks() {
    let house = edited(|world| {
        for tenant in &mut world.tenants {
            tenant.conditional_access_policies = Some(Vec::new());
        }
    })
    .await;
    let mut browser = Browser::new(&house);
    let end = sign_in(&mut browser, "ada@fabrikam.example").await;
    assert_eq!(
        browser
            .authorize(CONTOSO, &request(PAYROLL, ""))
            .await
            .name(),
        "code"
    );
    let home = code(&house, &end).await.grant.home_session.unwrap();
    let store = house.house.store.tenant(home.tenant_id);
    let change = portcullis_model::store::Change::EndSession(home.session_id);
    store.commit(vec![change]).await.unwrap();
    let place = browser.authorize(CONTOSO, &request(PAYROLL, "")).await;
    assert_eq!(
        (place.name().as_str(), place.handle().page),
        ("password", tenant(FABRIKAM))
    );
}

#[tokio::test]
async fn a27_a_form_of_an_earlier_page_of_the_same_kind_is_not_taken() {
    let house = demo().await;
    let mut browser = Browser::new(&house);
    let hinted = request(PAYROLL, "&login_hint=dave%40contoso.example");
    let first = browser.authorize(CONTOSO, &hinted).await.handle();
    let wrong = Submission::Password {
        password: portcullis_model::secret::SecretText::new("wrong"),
    };
    let second = browser.submit(first, wrong).await.handle();
    assert_eq!(second.version, first.version + 1);
    let right = || Submission::Password {
        password: house.password("dave@contoso.example"),
    };
    let checks = house.passwords.checks();
    let place = browser.submit(first, right()).await;
    assert_eq!(place.handle(), second, "the page that waits");
    assert_eq!(house.passwords.checks(), checks, "nothing was tried");
    assert_eq!(browser.submit(second, right()).await.name(), "stay");
}

#[tokio::test]
async fn consent_declined_is_access_denied_and_consent_given_is_remembered() {
    let house = demo().await;
    let mut browser = Browser::new(&house);
    let mut dave = person(&house, "dave@contoso.example");
    dave.stay = StayChoice::Leave;
    let hinted = request(PAYROLL, "&login_hint=dave%40contoso.example");
    let mut place = browser.authorize(CONTOSO, &hinted).await;
    while place.name() != "consent" {
        let answer = dave.answer(&place, &house).unwrap();
        place = browser.submit(place.handle(), answer).await;
    }
    let choice = ConsentChoice::Decline;
    let end = browser
        .submit(place.handle(), Submission::Consent { choice })
        .await;
    assert_eq!(end.name(), "error access_denied");
    assert_eq!(log_codes(&house, CONTOSO).await.last(), Some(&65004));
    sign_in(&mut browser, "dave@contoso.example").await;
    let again = request(PAYROLL, "");
    assert_eq!(browser.authorize(CONTOSO, &again).await.name(), "code");
    let more = again.replace("profile", "profile%20email");
    let place = browser.authorize(CONTOSO, &more).await;
    let Page::Consent { scopes, .. } = place.page() else {
        panic!("{}", place.name())
    };
    assert_eq!(scopes.len(), 1, "only what is new");
    let anew = request(PAYROLL, "&prompt=consent");
    assert_eq!(browser.authorize(CONTOSO, &anew).await.name(), "consent");
    // An administrator agreed for everyone.
    let mobile = request(MOBILE, "&prompt=none");
    assert_eq!(browser.authorize(CONTOSO, &mobile).await.name(), "code");
}

/// An id token of ours for this person at Payroll.
async fn id_token(house: &TestHouse, user: &str) -> String {
    use portcullis_model::application::SigningAlgorithm;
    use portcullis_protocol::oidc::id_token::IdTokenClaims;
    let subject = portcullis_model::session::SessionSubject::User(id(user));
    let (contoso, payroll) = (tenant(CONTOSO), client(PAYROLL));
    let now = house.now();
    let claims: IdTokenClaims = serde_json::from_value(serde_json::json!({
        "iss": format!("https://sts.example/{CONTOSO}/v2.0"),
        "sub": portcullis_signin::subject::pairwise(&house.house, contoso, payroll, subject),
        "aud": PAYROLL.0, "tid": CONTOSO, "ver": "2.0",
        "iat": now.as_second(), "nbf": now.as_second(), "exp": now.as_second() + 3600,
    }))
    .unwrap();
    let keys = &house.house.keys;
    let key = keys
        .signing_key(contoso, SigningAlgorithm::ES256, now)
        .await
        .unwrap();
    key.sign(&claims).unwrap().expose().to_owned()
}

#[tokio::test]
async fn a24_a_hint_for_somebody_else_is_login_required() {
    const CAROL: &str = "c0c0c0c0-0001-4000-8000-000000000001";
    let house = demo().await;
    let mut browser = Browser::new(&house);
    sign_in(&mut browser, "carol@contoso.example").await;
    for hint in ["x", "eyJhbGciOiJub25lIn0.e30."] {
        let hinted = request(PAYROLL, &format!("&prompt=none&id_token_hint={hint}"));
        assert_eq!(
            browser.authorize(CONTOSO, &hinted).await.name(),
            "error invalid_request"
        );
    }
    let (carol, dave) = (id_token(&house, CAROL).await, id_token(&house, DAVE).await);
    let silent = |hint: &str| request(PAYROLL, &format!("&prompt=none&id_token_hint={hint}"));
    assert_eq!(
        browser.authorize(CONTOSO, &silent(&carol)).await.name(),
        "code"
    );
    assert_eq!(
        browser.authorize(CONTOSO, &silent(&dave)).await.name(),
        "error login_required"
    );
    // With a person in front: whoever signs in must be the one.
    let asked = request(PAYROLL, &format!("&id_token_hint={dave}"));
    let place = browser.authorize(CONTOSO, &asked).await;
    assert_eq!(place.name(), "name");
    let mut carol = person(&house, "carol@contoso.example");
    let (way, _) = browser.walk(place, &mut carol).await;
    assert_eq!(way, ["name", "error login_required"]);
}
