//! The gates before the policies: accounts here and at home, both tenants' cross-tenant settings, assignment.

use portcullis_model::conditional_access::ConditionalAccessPolicy;
use portcullis_model::cross_tenant_access::{
    AccessType, B2bSetting, Target, TargetConfiguration, TargetType,
};
use portcullis_model::sign_in_log::{AppliedPolicyResult, ConditionalAccessStatus};
use portcullis_model::user::ExternalUserState;
use portcullis_testkit::browser::{Browser, Place};
use portcullis_testkit::house::{TestHouse, World, tenant_of};

use crate::world::*;

/// Signs somebody in at Payroll and expects a refusal; nothing may be issued and both logs must know.
async fn refused(house: &TestHouse, name: &str, here: u32, at_home: u32) -> Place {
    let mut browser = Browser::new(house);
    let mut somebody = person(house, name);
    let first = browser.authorize(CONTOSO, &request(PAYROLL, "")).await;
    let (way, end) = browser.walk(first, &mut somebody).await;
    assert_eq!(way, ["name", "password", &format!("refused {here}")]);
    assert_eq!(
        browser.jar.sessions.get(&tenant(CONTOSO)),
        None,
        "no session at Contoso"
    );
    assert_eq!(log_codes(house, CONTOSO).await, [here]);
    assert_eq!(log_codes(house, FABRIKAM).await, [at_home]);
    end
}

fn block(types: TargetType, target: &str) -> TargetConfiguration {
    TargetConfiguration {
        access_type: AccessType::Blocked,
        targets: vec![Target {
            target: target.to_owned(),
            target_type: types,
        }],
    }
}

fn block_everything() -> B2bSetting {
    B2bSetting {
        users_and_groups: Some(block(TargetType::User, "AllUsers")),
        applications: Some(block(TargetType::Application, "AllApplications")),
    }
}

fn guests(world: &mut World, change: impl Fn(&mut portcullis_model::user::User)) {
    let contoso = tenant_of(world, tenant(CONTOSO));
    for user in contoso.users.iter_mut().flatten() {
        if user.id == id(ADA_THE_GUEST) {
            change(user);
        }
    }
}

#[tokio::test]
async fn inbound_refusal_is_500213() {
    let house = edited(|world| {
        let contoso = tenant_of(world, tenant(CONTOSO));
        let policy = contoso.cross_tenant_access_policy.as_mut().unwrap();
        for partner in &mut policy.partners {
            partner.settings.b2b_collaboration_inbound = Some(block_everything());
        }
    })
    .await;
    let end = refused(&house, "ada@fabrikam.example", 500_213, 500_213).await;
    let Place::Refused(refusal) = end else {
        panic!()
    };
    assert_eq!(refusal.organization_name.as_deref(), Some("Contoso"));
    let row = log(&house, CONTOSO).await.pop().unwrap();
    assert_eq!(
        row.applied_conditional_access_policies,
        [],
        "refused before the policies"
    );
}

#[tokio::test]
async fn u09_outbound_refusal_is_500212_and_wins_over_inbound() {
    let house = edited(|world| {
        for (owner, inbound) in [(FABRIKAM, false), (CONTOSO, true)] {
            let entry = tenant_of(world, tenant(owner));
            let policy = entry.cross_tenant_access_policy.as_mut().unwrap();
            for partner in &mut policy.partners {
                if inbound {
                    partner.settings.b2b_collaboration_inbound = Some(block_everything());
                } else {
                    partner.settings.b2b_collaboration_outbound = Some(block_everything());
                }
            }
        }
    })
    .await;
    let end = refused(&house, "ada@fabrikam.example", 500_212, 500_212).await;
    let Place::Refused(refusal) = end else {
        panic!()
    };
    assert_eq!(refusal.organization_name.as_deref(), Some("Fabrikam"));
}

#[tokio::test]
async fn m01_u08_without_an_object_it_is_50020_here_and_90072_at_home_whatever_the_mail_says() {
    let house = edited(|world| {
        // The object has Ada's mail address and stands for nobody: a mail address links nothing.
        guests(world, |user| user.home_account = None);
    })
    .await;
    let mut browser = Browser::new(&house);
    let place = browser.authorize(CONTOSO, &request(PAYROLL, "")).await;
    // By name she is now a user of Contoso without a password; she cannot come in there either.
    let name = "ada@fabrikam.example".to_owned();
    let submission = portcullis_signin::page::Submission::UserName { name };
    let place = browser.submit(place.handle(), submission).await;
    assert_eq!(place.handle().page, tenant(CONTOSO));

    let house = demo().await;
    let mut frank = person(&house, "frank@fabrikam.example");
    let mut browser = Browser::new(&house);
    let first = browser.authorize(CONTOSO, &request(PAYROLL, "")).await;
    let (way, _) = browser.walk(first, &mut frank).await;
    assert_eq!(way, ["name", "password", "refused 50020"]);
    assert_eq!(log_codes(&house, CONTOSO).await, [50020]);
    assert_eq!(log_codes(&house, FABRIKAM).await, [90072]);
    let row = log(&house, CONTOSO).await.pop().unwrap();
    assert_eq!(
        row.user_principal_name.as_deref(),
        Some("frank@fabrikam.example")
    );
}

#[tokio::test]
async fn a_pending_invitation_is_50014() {
    let house = edited(|world| {
        guests(world, |user| {
            user.external_user_state = Some(ExternalUserState::PendingAcceptance);
        });
    })
    .await;
    refused(&house, "ada@fabrikam.example", 50014, 50014).await;
}

/// Ada is invited to Contoso and has not accepted: the object there stands for no account yet.
fn unclaimed(user: &mut portcullis_model::user::User) {
    user.external_user_state = Some(ExternalUserState::PendingAcceptance);
    user.home_account = None;
}

#[tokio::test]
async fn an_invitation_that_stands_for_no_account_yet_is_50014_as_well() {
    let house = edited(|world| guests(world, unclaimed)).await;
    let end = refused(&house, "ada@fabrikam.example", 50014, 50014).await;
    let Place::Refused(refusal) = end else {
        panic!()
    };
    assert_eq!(refusal.organization_name.as_deref(), Some("Contoso"));

    // Signed in at home already, so that no name is typed.
    let house = edited(|world| guests(world, unclaimed)).await;
    let mut browser = Browser::new(&house);
    let mut ada = person(&house, "ada@fabrikam.example");
    let first = browser.authorize(FABRIKAM, &request(INTRANET, "")).await;
    browser.walk(first, &mut ada).await;
    let hinted = request(PAYROLL, "&domain_hint=fabrikam.example");
    let place = browser.authorize(CONTOSO, &hinted).await;
    assert_eq!(place.name(), "refused 50014");
}

#[tokio::test]
async fn u08_an_address_tells_of_an_invitation_only_where_the_home_tenant_owns_its_domain() {
    let house = edited(|world| {
        guests(world, |user| {
            unclaimed(user);
            user.mail = Some("wilma@woodgrove.example".to_owned());
            user.other_mails = vec!["frank@fabrikam.example".to_owned()];
        });
        let fabrikam = tenant_of(world, tenant(FABRIKAM));
        for user in fabrikam.users.iter_mut().flatten() {
            if user.id == id(ADA_AT_HOME) {
                user.mail = Some("wilma@woodgrove.example".to_owned());
            }
        }
    })
    .await;
    for (name, number) in [
        ("ada@fabrikam.example", "refused 50020"),
        ("frank@fabrikam.example", "refused 50014"),
    ] {
        let mut browser = Browser::new(&house);
        let first = browser.authorize(CONTOSO, &request(PAYROLL, "")).await;
        let mut somebody = person(&house, name);
        let (way, _) = browser.walk(first, &mut somebody).await;
        assert_eq!(way, ["name", "password", number], "{name}");
    }
}

#[tokio::test]
async fn u15_an_account_switched_off_here_or_at_home_is_50057() {
    let house = edited(|world| guests(world, |user| user.account_enabled = false)).await;
    let end = refused(&house, "ada@fabrikam.example", 50057, 50057).await;
    let Place::Refused(refusal) = end else {
        panic!()
    };
    assert_eq!(refusal.organization_name.as_deref(), Some("Contoso"));

    let house = edited(|world| {
        let fabrikam = tenant_of(world, tenant(FABRIKAM));
        for user in fabrikam.users.iter_mut().flatten() {
            user.account_enabled = false;
        }
    })
    .await;
    let end = refused(&house, "ada@fabrikam.example", 50057, 50057).await;
    let Place::Refused(refusal) = end else {
        panic!()
    };
    assert_eq!(refusal.organization_name.as_deref(), Some("Fabrikam"));
}

#[tokio::test]
async fn an_application_that_asks_for_an_assignment_refuses_the_others_with_50105() {
    let assigned_to = [
        vec![],
        vec![id::<()>("c0c0c0c0-0002-4000-8000-000000000003").uuid()],
    ];
    for (assigned_to, expected) in assigned_to.into_iter().zip(["refused 50105", "challenge"]) {
        let house = edited(|world| {
            let contoso = tenant_of(world, tenant(CONTOSO));
            for principal in contoso.service_principals.iter_mut().flatten() {
                principal.app_role_assignment_required = true;
                principal.assigned_to.clone_from(&assigned_to);
            }
        })
        .await;
        let mut browser = Browser::new(&house);
        let ada = person(&house, "ada@fabrikam.example");
        let hinted = request(PAYROLL, "&login_hint=ada%40fabrikam.example");
        let place = browser.authorize(CONTOSO, &hinted).await;
        let password = portcullis_signin::page::Submission::Password {
            password: ada.password,
        };
        let place = browser.submit(place.handle(), password).await;
        assert_eq!(place.name(), expected);
    }
}

#[tokio::test]
async fn a_disabled_application_lets_nobody_in() {
    let house = edited(|world| {
        let contoso = tenant_of(world, tenant(CONTOSO));
        for principal in contoso.service_principals.iter_mut().flatten() {
            principal.account_enabled = false;
        }
    })
    .await;
    let place = Browser::new(&house)
        .authorize(CONTOSO, &request(PAYROLL, ""))
        .await;
    assert_eq!(place.name(), "refused 7000112");
}

/// Everybody, everything, this state: block.
fn blocking_policy(state: &str) -> ConditionalAccessPolicy {
    let document = serde_json::json!({
        "displayName": "Nobody",
        "state": state,
        "conditions": {
            "users": { "includeUsers": ["All"] },
            "applications": { "includeApplications": ["All"] },
            "clientAppTypes": ["all"]
        },
        "grantControls": { "operator": "OR", "builtInControls": ["block"] }
    });
    let serde_json::Value::Object(document) = document else {
        panic!("an object");
    };
    ConditionalAccessPolicy::from_document(document).unwrap()
}

#[tokio::test]
async fn a_block_is_53003_and_a_report_only_block_only_reported() {
    let house = edited(|world| {
        let contoso = tenant_of(world, tenant(CONTOSO));
        contoso.conditional_access_policies = Some(vec![blocking_policy("enabled")]);
    })
    .await;
    refused(&house, "ada@fabrikam.example", 53003, 53003).await;
    let row = log(&house, CONTOSO).await.pop().unwrap();
    assert_eq!(
        row.conditional_access_status,
        ConditionalAccessStatus::Failure
    );
    let results: Vec<_> = row
        .applied_conditional_access_policies
        .iter()
        .map(|policy| (policy.display_name.as_str(), policy.result))
        .collect();
    assert_eq!(results, [("Nobody", AppliedPolicyResult::Failure)]);
    let home = log(&house, FABRIKAM).await.pop().unwrap();
    assert_eq!(
        home.applied_conditional_access_policies,
        [],
        "not the home tenant's business"
    );

    let house = edited(|world| {
        let contoso = tenant_of(world, tenant(CONTOSO));
        let policy = blocking_policy("enabledForReportingButNotEnforced");
        contoso.conditional_access_policies = Some(vec![policy]);
    })
    .await;
    let mut browser = Browser::new(&house);
    let mut dave = person(&house, "dave@contoso.example");
    let first = browser.authorize(CONTOSO, &request(PAYROLL, "")).await;
    let (_, end) = browser.walk(first, &mut dave).await;
    assert_eq!(end.name(), "code");
    let row = log(&house, CONTOSO).await.pop().unwrap();
    let policy = &row.applied_conditional_access_policies[0];
    assert_eq!(policy.result, AppliedPolicyResult::ReportOnlyFailure);
}

#[tokio::test]
async fn the_log_of_a_browser_tells_the_country_of_its_address_and_both_tenants_read_it() {
    let house = demo().await;
    let mut browser = Browser::new(&house);
    house.countries.put(browser.address, "NL");
    let mut ada = person(&house, "ada@fabrikam.example");
    let place = browser.authorize(CONTOSO, &request(PAYROLL, "")).await;
    browser.walk(place, &mut ada).await;
    for tenant in [CONTOSO, FABRIKAM] {
        let rows = log(&house, tenant).await;
        assert!(!rows.is_empty(), "{tenant}");
        for row in rows {
            let country = row.location.country_or_region.map(|it| it.to_string());
            assert_eq!(country.as_deref(), Some("NL"), "{tenant}");
        }
    }
}
