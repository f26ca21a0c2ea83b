//! Policies that name users by id, asked of somebody whose id nobody said.

#![expect(
    clippy::needless_pass_by_value,
    reason = "`json!` values, and tenants that are made for one question"
)]

use serde_json::{Value, json};

use super::unsaid_tests::{APP, about, ask, ask_tenant, ask_world, export, hangs_on, headline};
use super::*;
use crate::directory::NameOf;

const EVE: &str = "eeeeeeee-0000-4000-8000-000000000001";
const BREAK_GLASS: &str = "eeeeeeee-0000-4000-8000-000000000002";

fn including(ids: Value) -> Value {
    about(json!({ "includeUsers": ids }))
}

fn at_app(user: Value) -> Value {
    json!({ "user": user, "app": APP })
}

#[test]
fn whoever_is_not_listed_may_be_one_of_those_whom_policies_name() {
    let policy = including(json!([EVE]));
    for user in [
        json!("joe@example.com"),
        json!({ "type": "member", "groups": [], "roles": [] }),
    ] {
        let answer = ask(std::slice::from_ref(&policy), at_app(user.clone()));
        assert!(hangs_on(&answer, &[Signal::User]), "{user}: {answer:#?}");
        assert_eq!(answer.verdict(), Verdict::DependsOn, "{user}");
        assert_eq!(
            headline(&answer),
            format!("Depends: granted unless the user is {EVE}")
        );
        let told = answer.suppositions.join("; ");
        assert!(
            told.contains("the user is none of those whom policies name by an id"),
            "{told}"
        );
        // Who says that everything is said is taken at their word.
        let complete = ask_world(
            export(std::slice::from_ref(&policy)),
            at_app(user),
            Absent::Nothing,
        );
        assert_eq!(complete.verdict(), Verdict::Granted);
    }
    // Who gives an id has said who it is.
    let itself = ask(std::slice::from_ref(&policy), at_app(json!(EVE)));
    assert_eq!(itself.verdict(), Verdict::Blocked);
    let another = ask(std::slice::from_ref(&policy), at_app(json!(BREAK_GLASS)));
    assert_eq!(another.verdict(), Verdict::Granted, "{another:#?}");
    assert!(!another.not_given.contains(&Signal::User));
}

#[test]
fn what_else_a_policy_asks_for_does_not_hide_whom_it_names() {
    let mut policy = including(json!([EVE]));
    policy["conditions"]["platforms"] = json!({ "includePlatforms": ["iOS"] });
    let answer = ask(&[policy], at_app(json!("joe@example.com")));
    assert!(
        hangs_on(&answer, &[Signal::User, Signal::Platform]),
        "{answer:#?}"
    );
    assert_eq!(answer.verdict(), Verdict::DependsOn, "{answer:#?}");
}

#[test]
fn what_was_not_tried_of_many_named_users_is_told() {
    let untried = |count: u32| {
        let policies = (0..count).map(|number| {
            let mut policy = including(json!([format!("eeeeeeee-0000-4000-8000-{number:012}")]));
            policy["displayName"] = json!(format!("policy {number}"));
            policy["conditions"]["platforms"] = json!({ "includePlatforms": ["iOS", "linux"] });
            policy["conditions"]["signInRiskLevels"] = json!(["high"]);
            let controls = ["mfa", "compliantApplication"];
            policy["grantControls"] = json!({ "operator": "AND", "builtInControls": controls });
            policy
        });
        let policies: Vec<Value> = policies.collect();
        let answer = ask(&policies, at_app(json!("joe@example.com")));
        let mut told = answer.suppositions.into_iter();
        told.find(|supposed| supposed.contains("combinations were tried"))
    };
    assert_eq!(untried(2), None);
    let told = untried(300).expect("it is told");
    assert!(told.contains("of each of 300 users"), "{told}");
}

#[test]
fn the_same_of_guests_whose_kind_is_not_said() {
    let mut policy = about(json!({ "includeUsers": ["GuestsOrExternalUsers"] }));
    policy["conditions"]["platforms"] = json!({ "includePlatforms": ["iOS"] });
    let answer = ask(&[policy], at_app(json!("joe@example.com")));
    assert!(
        hangs_on(&answer, &[Signal::UserType, Signal::Platform]),
        "{answer:#?}"
    );
    assert_eq!(answer.verdict(), Verdict::DependsOn, "{answer:#?}");
}

#[test]
fn that_nobody_is_an_excluded_one_is_supposed_and_told() {
    let policy = about(json!({ "includeUsers": ["All"], "excludeUsers": [BREAK_GLASS] }));
    let answer = ask(
        std::slice::from_ref(&policy),
        at_app(json!("joe@example.com")),
    );
    assert_eq!(answer.verdict(), Verdict::Blocked);
    let told = answer.suppositions.join("; ");
    assert!(told.contains("none of those whom policies name"), "{told}");
    // A disabled policy names nobody.
    let mut disabled = including(json!([EVE]));
    disabled["state"] = json!("disabled");
    let answer = ask(&[disabled], at_app(json!("joe@example.com")));
    assert!(!answer.not_given.contains(&Signal::User), "{answer:#?}");
}

#[test]
fn names_are_told_apart_from_names_and_not_from_ids() {
    let policy = including(json!([EVE]));
    let world = || export(std::slice::from_ref(&policy));
    let named = |name: &str| {
        let names = [(NameOf::User, name.to_owned(), EVE.parse().unwrap())];
        DirectoryTenant::of_world(world()).with_names(names)
    };
    let ask_as = |tenant: &DirectoryTenant, user: &str| {
        ask_tenant(tenant.clone(), at_app(json!(user)), Absent::Unknown).verdict()
    };
    let eve = named("eve@example.com");
    assert_eq!(ask_as(&eve, "eve@example.com"), Verdict::Blocked);
    assert_eq!(ask_as(&eve, "joe@example.com"), Verdict::Granted);
    assert_eq!(ask_as(&eve, BREAK_GLASS), Verdict::DependsOn);
    assert_eq!(ask_as(&named("Eve"), "joe@example.com"), Verdict::DependsOn);
}

#[test]
fn many_who_are_named_alike_are_asked_as_one() {
    let crowd: Vec<String> = (0..500)
        .map(|number| format!("eeeeeeee-0000-4000-8000-{number:012}"))
        .collect();
    let answer = ask(
        &[including(json!(crowd)), including(json!([crowd[7]]))],
        at_app(json!("joe@example.com")),
    );
    assert!(hangs_on(&answer, &[Signal::User]));
    assert_eq!(answer.otherwise.len(), 1, "{:#?}", answer.otherwise);
}

#[test]
fn a_group_and_a_user_are_told_apart() {
    let group = about(json!({ "includeGroups": ["eeeeeeee-0001-4000-8000-000000000001"] }));
    let answer = ask(
        &[group, including(json!([EVE]))],
        at_app(json!("joe@example.com")),
    );
    assert!(hangs_on(&answer, &[Signal::Groups]), "{answer:#?}");
    let user = Applicability::DependsOn(BTreeSet::from([Signal::User]));
    assert_eq!(answer.policies[1].applicability, user);
    assert_eq!(answer.verdict(), Verdict::DependsOn);
}
