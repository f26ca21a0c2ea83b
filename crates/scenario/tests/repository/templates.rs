//! The policy tests of the templates speak of the templates that are shipped, and try each of them both ways.

use std::collections::BTreeMap;

use portcullis_model::conditional_access::template::ConditionalAccessTemplate;
use portcullis_model::id::UserId;
use serde_json::Value;

/// Erin, who is excluded there.
const ADMINISTRATOR: &str = "c0c0c0c0-0001-4000-8000-000000000003";

const ABOUT_AN_ACTION: &str = "Securing security info registration";

fn tests() -> Value {
    let text = include_str!("../../../../scenarios/policy-tests/2.13-templates.test.yaml");
    serde_saphyr::from_str(text).unwrap()
}

#[test]
fn the_policies_tried_are_those_the_templates_make() {
    let administrator: UserId = ADMINISTRATOR.parse().unwrap();
    let mut made: Vec<_> = ConditionalAccessTemplate::catalogue()
        .unwrap()
        .iter()
        .map(|template| Value::Object(template.policy(&[administrator])))
        .collect();
    // Report-only looks at no user action, so the template about one is there enforced as well.
    let about_an_action = |one: &&Value| one["displayName"] == ABOUT_AN_ACTION;
    let mut enforced = made.iter().find(about_an_action).unwrap().clone();
    enforced["displayName"] = format!("{ABOUT_AN_ACTION}, enforced").into();
    enforced["state"] = "enabled".into();
    made.push(enforced);
    assert_eq!(tests()["conditionalAccessPolicies"], Value::Array(made));
}

#[test]
fn every_template_is_tried_on_a_sign_in_it_is_for_and_on_one_it_is_not_for() {
    let tests = tests();
    let mut tried: BTreeMap<&str, (u32, u32)> = BTreeMap::new();
    for sign_in in tests["signIns"].as_array().unwrap() {
        let expected = sign_in["expect"]["policies"].as_object();
        for (name, result) in expected.into_iter().flatten() {
            let (applied, not_applied) = tried
                .entry(name.trim_end_matches(", enforced"))
                .or_default();
            match result.as_str().unwrap() {
                "reportOnlyNotApplied" | "notApplied" => *not_applied += 1,
                _ => *applied += 1,
            }
        }
    }
    // About everybody and everything: only who made it is left out, which the last sign-in of the file shows.
    let about_everybody = [
        "Require multifactor authentication for all users",
        "Require compliant or Microsoft Entra hybrid joined device or multifactor authentication for all users",
        "Require compliant device",
    ];
    for template in ConditionalAccessTemplate::catalogue().unwrap() {
        let name = template.name.as_str();
        let (applied, not_applied) = tried.get(name).copied().unwrap_or_default();
        assert!(applied > 0, "`{name}` is never tried on what it is for");
        let is_about_everybody = about_everybody.contains(&name);
        assert!(
            not_applied > 0 || is_about_everybody,
            "`{name}` is only tried on what it is for"
        );
    }
}
