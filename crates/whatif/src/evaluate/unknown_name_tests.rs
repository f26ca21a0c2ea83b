//! What policies name and nothing has may be whatever is reached or signs in: a block on it never ends in "granted".

#![expect(clippy::needless_pass_by_value, reason = "`json!` values")]

use serde_json::{Value, json};

use super::unsaid_tests::{APP, ask_tenant, export, hangs_on, headline};
use super::*;
use crate::directory::NameOf;

/// What stands in for a name.
const STAND_IN: &str = "cccccccc-0000-4000-8000-000000000001";
const EXCHANGE: &str = "00000002-0000-0ff1-ce00-000000000000";

/// An export whose one policy blocks, and names `My Own App` or `My daemon`, of which no file speaks.
fn tenant(conditions: &Value) -> DirectoryTenant {
    let policy = json!({ "displayName": "P", "conditions": conditions });
    DirectoryTenant::of_world(export(&[policy])).with_names(names())
}

fn names() -> [(NameOf, String, uuid::Uuid); 3] {
    let missing = "dddddddd-0000-4000-8000-000000000001";
    [
        (NameOf::Application, "My Own App", STAND_IN),
        (NameOf::ServicePrincipal, "My daemon", STAND_IN),
        // What is missing by its id is only that.
        (NameOf::Application, missing, missing),
    ]
    .map(|(of, name, id)| (of, name.to_owned(), id.parse().unwrap()))
}

fn targets(applications: Value) -> Value {
    json!({ "users": { "includeUsers": ["All"] }, "applications": applications })
}

fn ask_about(conditions: &Value, app: &str) -> Answer {
    let situation = json!({ "user": { "type": "member" }, "app": app });
    ask_tenant(tenant(conditions), situation, Absent::Unknown)
}

#[test]
fn a_policy_on_an_application_that_only_has_a_name_depends() {
    let only = targets(json!({ "includeApplications": [STAND_IN] }));
    let all_but =
        targets(json!({ "includeApplications": ["All"], "excludeApplications": [STAND_IN] }));
    for conditions in [&only, &all_but] {
        for app in [APP, EXCHANGE, "Exchange Online"] {
            let answer = ask_about(conditions, app);
            assert!(hangs_on(&answer, &[Signal::App]), "{app}: {answer:#?}");
            let told = headline(&answer);
            assert_eq!(told, "Depends: granted unless “P” applies", "{app}");
            let row = &crate::prose::tell(&answer).sections[0].rows[0];
            assert_eq!(
                row[2],
                "on the app's name in this tenant, which was not said"
            );
        }
    }
    // By its name it is known which one is meant.
    assert_eq!(ask_about(&only, "my own app").verdict(), Verdict::Blocked);
    assert_eq!(
        ask_about(&all_but, "my own app").verdict(),
        Verdict::Granted
    );
    // What a file lists under another name is another one; so is whatever has another id than one that is named by its id.
    let mut world = export(&[json!({ "displayName": "P", "conditions": only })]);
    let payroll = json!({ "id": "aaaaaaaa-0000-4000-8000-000000000003", "appId": APP, "displayName": "Payroll" });
    world.service_principals = Some(vec![serde_json::from_value(payroll).unwrap()]);
    let listed = DirectoryTenant::of_world(world).with_names(names());
    let situation = json!({ "user": { "type": "member" }, "app": "Payroll" });
    let answer = ask_tenant(listed, situation, Absent::Unknown);
    assert_eq!(answer.verdict(), Verdict::Granted, "{answer:#?}");
    let by_id = json!({ "includeApplications": ["dddddddd-0000-4000-8000-000000000001"] });
    let answer = ask_about(&targets(by_id), APP);
    assert_eq!(answer.verdict(), Verdict::Granted, "{answer:#?}");
    // Completely told, what is not there is not there.
    let situation = json!({ "user": { "type": "member" }, "app": APP });
    let answer = ask_tenant(tenant(&only), situation, Absent::Nothing);
    assert_eq!(answer.verdict(), Verdict::Granted, "{answer:#?}");
}

#[test]
fn a_policy_on_a_service_principal_that_only_has_a_name_depends() {
    let conditions = json!({
        "users": { "includeUsers": ["None"] }, "applications": { "includeApplications": ["All"] },
        "clientApplications": { "includeServicePrincipals": [STAND_IN] } });
    let ask = |principal: &str| {
        let situation = json!({ "servicePrincipal": principal, "app": APP });
        ask_tenant(tenant(&conditions), situation, Absent::Unknown)
    };
    let answer = ask("aaaaaaaa-0000-4000-8000-000000000002");
    assert!(
        hangs_on(&answer, &[Signal::ServicePrincipal]),
        "{answer:#?}"
    );
    assert_eq!(answer.verdict(), Verdict::DependsOn);
    assert_eq!(ask("My daemon").verdict(), Verdict::Blocked);
}

#[test]
fn a_policy_on_a_user_who_only_has_a_name_depends() {
    let conditions = json!({ "users": { "includeUsers": [STAND_IN] }, "applications": { "includeApplications": ["All"] } });
    let named = (
        NameOf::User,
        "Eve Nobody".to_owned(),
        STAND_IN.parse().unwrap(),
    );
    let ask = |user: Value| {
        let situation = json!({ "user": user, "app": APP });
        let tenant = tenant(&conditions).with_names([named.clone()]);
        ask_tenant(tenant, situation, Absent::Unknown).verdict()
    };
    assert_eq!(ask(json!({ "type": "member" })), Verdict::DependsOn);
    assert_eq!(ask(json!("joe@x.example")), Verdict::DependsOn);
    assert_eq!(ask(json!("eve nobody")), Verdict::Blocked);
}
