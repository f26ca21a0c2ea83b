//! The stories of the demo world, as the seed article tells them.

use portcullis_model::device::{DeviceAttributes, DeviceClaims, DeviceTrustType};
use portcullis_model::sign_in_log::ConditionalAccessStatus;
use portcullis_signin::page::{Page, ReturnToClient, WhyMfa};
use portcullis_testkit::browser::Browser;

use crate::world::*;

#[tokio::test]
async fn story_1_ada_is_trusted_and_challenged_at_home_and_registers_nothing_at_contoso() {
    let house = demo().await;
    let mut browser = Browser::new(&house);
    let mut ada = person(&house, "ada@fabrikam.example");
    let first = browser.authorize(CONTOSO, &request(PAYROLL, "")).await;
    let (way, end) = browser.walk(first, &mut ada).await;
    assert_eq!(way, ["name", "password", "challenge", "consent", "code"]);
    assert_eq!(end.client().get("state"), Some("s-1"));
    assert_eq!(
        end.client().get("iss"),
        Some(format!("https://sts.example/{CONTOSO}/v2.0").as_str())
    );
    assert_eq!(authenticators(&house, CONTOSO, ADA_THE_GUEST).await, 0);

    let grant = code(&house, &end).await.grant;
    assert_eq!(grant.proofs, [], "nothing was proven at Contoso");
    assert_eq!(grant.home_proofs.len(), 2);
    assert_eq!(log_codes(&house, CONTOSO).await, [50074, 65001, 0]);
    assert_eq!(log_codes(&house, FABRIKAM).await, [50074, 65001, 0]);
    let here = log(&house, CONTOSO).await.pop().unwrap();
    assert_eq!(here.user_id.as_deref(), Some(ADA_THE_GUEST));
    assert_eq!(
        here.user_principal_name.as_deref(),
        Some("ada@fabrikam.example")
    );
    assert_eq!(here.cross_tenant_access_type, "b2bCollaboration");
    assert_eq!(here.authentication_requirement, "multiFactorAuthentication");
    assert_eq!(
        here.conditional_access_status,
        ConditionalAccessStatus::Success
    );
    assert!(!here.applied_conditional_access_policies.is_empty());
    let mfa = here.authentication_details.last().unwrap();
    assert_eq!(mfa.authentication_method, "Previously satisfied");
    assert_eq!(
        mfa.authentication_step_result_detail,
        "MFA requirement satisfied by claim in the token"
    );
    let home = log(&house, FABRIKAM).await.pop().unwrap();
    assert_eq!(home.user_id.as_deref(), Some(ADA_AT_HOME));
    assert_eq!(home.correlation_id, here.correlation_id);
    assert_eq!(home.applied_conditional_access_policies, []);
    let methods: Vec<&str> = home
        .authentication_details
        .iter()
        .map(|detail| detail.authentication_method.as_str())
        .collect();
    assert_eq!(methods, ["Password", "OATH verification code"]);
}

#[tokio::test]
async fn story_1_mfa_done_at_home_before_needs_no_page_at_contoso() {
    let house = demo().await;
    let mut browser = Browser::new(&house);
    let mut ada = person(&house, "ada@fabrikam.example");
    let first = browser.authorize(FABRIKAM, &request(INTRANET, "")).await;
    let (way, _) = browser.walk(first, &mut ada).await;
    assert_eq!(
        way,
        ["name", "password", "challenge", "stay", "consent", "code"]
    );
    // The name is typed once at Contoso; the rest is known.
    let first = browser.authorize(CONTOSO, &request(PAYROLL, "")).await;
    let (way, _) = browser.walk(first, &mut ada).await;
    assert_eq!(way, ["name", "consent", "code"]);
    // From then on, straight in.
    let again = browser.authorize(CONTOSO, &request(PAYROLL, "")).await;
    assert_eq!(again.name(), "code");
    let hinted = request(TIMESHEET, "&domain_hint=fabrikam.example");
    let hinted = browser.authorize(CONTOSO, &hinted).await;
    assert_eq!(hinted.name(), "consent");
}

#[tokio::test]
async fn story_2_grace_registers_at_home_because_contoso_trusts_fabrikam() {
    let house = demo().await;
    let mut browser = Browser::new(&house);
    let mut grace = person(&house, "grace@fabrikam.example");
    let request = request(PAYROLL, "&login_hint=grace%40fabrikam.example");
    let first = browser.authorize(CONTOSO, &request).await;
    let (way, end) = browser.walk(first, &mut grace).await;
    assert_eq!(way, ["password", "registration", "consent", "code"]);
    assert_eq!(authenticators(&house, CONTOSO, GRACE_THE_GUEST).await, 0);
    assert_eq!(authenticators(&house, FABRIKAM, GRACE_AT_HOME).await, 1);
    assert_eq!(code(&house, &end).await.grant.home_proofs.len(), 2);
    assert_eq!(log_codes(&house, CONTOSO).await, [50072, 65001, 0]);
}

#[tokio::test]
async fn story_2_the_page_says_which_organisation_demands_it() {
    let house = demo().await;
    let mut browser = Browser::new(&house);
    let grace = person(&house, "grace@fabrikam.example");
    let request = request(PAYROLL, "&login_hint=grace%40fabrikam.example");
    let place = browser.authorize(CONTOSO, &request).await;
    let password = portcullis_signin::page::Submission::Password {
        password: grace.password,
    };
    let place = browser.submit(place.handle(), password).await;
    assert_eq!(place.handle().page, tenant(FABRIKAM));
    let Page::MfaRegistration { frame, why, .. } = place.page() else {
        panic!("{}", place.name());
    };
    let organization = "Contoso".to_owned();
    assert_eq!(*why, WhyMfa::DemandedByPartner { organization });
    let names = [&frame.background, &frame.front, &frame.asking]
        .map(|organization| organization.as_ref().unwrap().display_name.as_str());
    assert_eq!(names, ["Contoso", "Fabrikam", "Fabrikam"]);
}

#[tokio::test]
async fn story_3_wendy_is_not_trusted_and_registers_at_contoso() {
    let house = demo().await;
    let mut browser = Browser::new(&house);
    let mut wendy = person(&house, "wendy@woodgrove.example");
    let first = browser.authorize(CONTOSO, &request(PAYROLL, "")).await;
    let (way, end) = browser.walk(first, &mut wendy).await;
    assert_eq!(way, ["name", "password", "registration", "consent", "code"]);
    assert_eq!(authenticators(&house, CONTOSO, WENDY_THE_GUEST).await, 1);
    assert_eq!(
        authenticators(&house, WOODGROVE, WENDY_AT_HOME).await,
        1,
        "as before"
    );
    let grant = code(&house, &end).await.grant;
    assert_eq!(grant.proofs.len(), 1, "the code was proven at Contoso");
    assert_eq!(grant.home_proofs.len(), 1, "the password at Woodgrove");

    // Next time, another browser: the authenticator of Contoso is asked for, not Woodgrove's.
    house.pass(60);
    let mut other = Browser::new(&house);
    let first = other.authorize(CONTOSO, &request(PAYROLL, "")).await;
    let (way, _) = other.walk(first, &mut wendy).await;
    assert_eq!(way, ["name", "password", "challenge", "code"]);
    // And in that browser nothing more is asked for.
    let again = other.authorize(CONTOSO, &request(PAYROLL, "")).await;
    assert_eq!(again.name(), "code");
}

#[tokio::test]
async fn story_3_the_home_logo_is_in_front_and_contoso_asks() {
    let house = demo().await;
    let mut browser = Browser::new(&house);
    let wendy = person(&house, "wendy@woodgrove.example");
    let request = request(PAYROLL, "&login_hint=wendy%40woodgrove.example");
    let place = browser.authorize(CONTOSO, &request).await;
    let password = portcullis_signin::page::Submission::Password {
        password: wendy.password,
    };
    let place = browser.submit(place.handle(), password).await;
    assert_eq!(place.handle().page, tenant(CONTOSO));
    let Page::MfaRegistration { frame, why, .. } = place.page() else {
        panic!("{}", place.name());
    };
    assert_eq!(*why, WhyMfa::DemandedHere);
    let names = [&frame.background, &frame.front, &frame.asking]
        .map(|organization| organization.as_ref().unwrap().display_name.as_str());
    assert_eq!(names, ["Contoso", "Woodgrove", "Contoso"]);
}

#[tokio::test]
async fn story_4_direct_connect_is_let_in_by_trust_and_refused_without() {
    let house = demo().await;
    let mut browser = Browser::new(&house);
    let mut frank = person(&house, "frank@fabrikam.example");
    let first = browser.authorize(CONTOSO, &request(CHANNEL, "")).await;
    let (way, end) = browser.walk(first, &mut frank).await;
    assert_eq!(
        way,
        ["name", "password", "challenge", "stay", "consent", "code"]
    );
    let row = log(&house, CONTOSO).await.pop().unwrap();
    assert_eq!(row.cross_tenant_access_type, "b2bDirectConnect");
    assert_eq!(
        row.user_id.as_deref(),
        Some("fafafafa-0001-4000-8000-000000000003")
    );
    assert!(matches!(
        code(&house, &end).await.grant.subject,
        portcullis_model::session::SessionSubject::DirectConnect(_)
    ));

    let mut browser = Browser::new(&house);
    let mut walter = person(&house, "walter@woodgrove.example");
    let first = browser.authorize(CONTOSO, &request(CHANNEL, "")).await;
    let (way, _) = browser.walk(first, &mut walter).await;
    assert_eq!(
        way,
        ["name", "password", "refused 90071"],
        "no wasted prompt"
    );
    assert_eq!(log_codes(&house, CONTOSO).await.last(), Some(&90071));
    assert_eq!(log_codes(&house, WOODGROVE).await, [90071]);
}

#[tokio::test]
async fn story_5_a_device_nobody_vouches_for() {
    let house = demo().await;
    for (name, way_expected) in [
        (
            "wendy@woodgrove.example",
            ["name", "password", "refused 530004"],
        ),
        (
            "ada@fabrikam.example",
            ["name", "password", "refused 53000"],
        ),
        (
            "dave@contoso.example",
            ["name", "password", "refused 53000"],
        ),
    ] {
        let mut browser = Browser::new(&house);
        let mut somebody = person(&house, name);
        let first = browser.authorize(CONTOSO, &request(VAULT, "")).await;
        let (way, end) = browser.walk(first, &mut somebody).await;
        assert_eq!(way, way_expected, "{name}");
        let portcullis_testkit::browser::Place::Refused(refusal) = end else {
            panic!("{name}");
        };
        let Some(ReturnToClient::Link(back)) = refusal.return_to_client else {
            panic!("{name}");
        };
        assert!(back.contains("error=access_denied"), "{back}");
        assert!(refusal.try_again.unwrap().contains("prompt=select_account"));
        let row = log(&house, CONTOSO).await.pop().unwrap();
        assert_eq!(row.status.error_code, refusal.error_code);
        assert_eq!(
            row.conditional_access_status,
            ConditionalAccessStatus::Failure
        );
    }
}

#[tokio::test]
async fn story_5_a_compliant_device_of_a_trusted_home_opens_the_vault() {
    let house = demo().await;
    for (home, evidence) in [(FABRIKAM, "laptop"), (WOODGROVE, "laptop")] {
        house.devices.enrol(
            evidence,
            DeviceClaims {
                tenant_id: tenant(home),
                device_id: id("dededede-0000-4000-8000-000000000001"),
                is_compliant: true,
                trust_type: DeviceTrustType::AzureAd,
                attributes: DeviceAttributes::default(),
            },
        );
    }
    let mut browser = Browser::new(&house);
    browser.device_evidence = Some("laptop".to_owned());
    let mut ada = person(&house, "ada@fabrikam.example");
    let first = browser.authorize(CONTOSO, &request(VAULT, "")).await;
    let (way, _) = browser.walk(first, &mut ada).await;
    assert_eq!(way, ["name", "password", "consent", "code"]);
    let row = log(&house, CONTOSO).await.pop().unwrap();
    assert_eq!(
        row.device_detail.device_id.as_deref(),
        Some("{PII Removed}")
    );
    assert_eq!(row.device_detail.is_compliant, Some(true));

    let mut browser = Browser::new(&house);
    browser.device_evidence = Some("laptop".to_owned());
    let mut wendy = person(&house, "wendy@woodgrove.example");
    let first = browser.authorize(CONTOSO, &request(VAULT, "")).await;
    let (way, _) = browser.walk(first, &mut wendy).await;
    assert_eq!(way, ["name", "password", "refused 530004"]);
    let row = log(&house, CONTOSO).await.pop().unwrap();
    assert_eq!(
        row.device_detail.is_compliant, None,
        "Woodgrove is not believed"
    );
}

#[tokio::test]
async fn story_5_carol_steps_up_from_the_session_she_has() {
    let house = demo().await;
    let mut browser = Browser::new(&house);
    let mut carol = person(&house, "carol@contoso.example");
    let first = browser.authorize(CONTOSO, &request(PAYROLL, "")).await;
    let (way, _) = browser.walk(first, &mut carol).await;
    assert_eq!(way, ["name", "password", "stay", "consent", "code"]);
    let first = browser.authorize(CONTOSO, &request(VAULT, "")).await;
    let (way, end) = browser.walk(first, &mut carol).await;
    assert_eq!(way, ["challenge", "consent", "code"]);
    assert_eq!(code(&house, &end).await.grant.proofs.len(), 2);
    assert_eq!(
        log(&house, CONTOSO).await.pop().unwrap().home_tenant_id,
        Some(tenant(CONTOSO))
    );
}
