//! A block on the account holds wherever the user goes (decision 4), and hangs on whatever of it nobody said.

#![expect(clippy::needless_pass_by_value, reason = "`json!` values")]

use std::path::Path;

use portcullis_model::conditional_access::ConditionalAccessPolicy;
use serde_json::{Value, json};

use super::*;
use crate::graph_answer::answer_json;
use crate::prose::tell;

/// The tenants of the demo, where Fabrikam has a policy that blocks at high user risk, changed like this.
fn world(change: Value) -> Directory {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scenarios/two-organisations");
    let mut world = portcullis_world::read_world(&folder).unwrap();
    let mut policy = json!({
        "id": "fabfabfa-0000-4000-8000-000000000001", "displayName": "no entry at user risk", "state": "enabled",
        "conditions": {
            "users": { "includeUsers": ["All"] }, "applications": { "includeApplications": ["All"] },
            "userRiskLevels": ["high"],
        },
        "grantControls": { "operator": "OR", "builtInControls": ["block"] },
    });
    let members = policy.as_object_mut().unwrap();
    for (name, value) in change.as_object().unwrap() {
        match name.as_str() {
            "state" | "grantControls" => members.insert(name.clone(), value.clone()),
            condition => {
                let conditions = members.get_mut("conditions").unwrap();
                let conditions = conditions.as_object_mut().unwrap();
                conditions.insert(condition.to_owned(), value.clone())
            }
        };
    }
    let policy = ConditionalAccessPolicy::from_document(members.clone()).unwrap();
    let mut tenants = world.tenants.iter_mut();
    let fabrikam = tenants.find(|tenant| tenant.organization.display_name == "Fabrikam");
    fabrikam.unwrap().conditional_access_policies = Some(vec![policy]);
    Directory::of_world(world.tenants)
}

fn ask(world: &Directory, mut situation: Value, absent: Absent) -> Answer {
    let members = situation.as_object_mut().unwrap();
    members.entry("app").or_insert_with(|| json!("Payroll"));
    let situation: Situation = serde_json::from_value(situation).unwrap();
    let contoso = world.find_tenant("Contoso").unwrap();
    let at = "2026-06-01T12:00:00Z".parse().unwrap();
    evaluate(world, contoso, (&situation, absent), at).unwrap()
}

/// What is said of the gate at home, and the signals that it hangs on.
fn at_home(answer: &Answer) -> Option<(Vec<Signal>, u32)> {
    answer.gates.iter().find_map(|gate| match &gate.passage {
        Passage::DependsOn { signals, error } => Some((signals.iter().copied().collect(), *error)),
        Passage::Open | Passage::Refused(_) => None,
    })
}

fn refusal(answer: &Answer) -> Option<u32> {
    match &answer.outcome {
        AnswerOutcome::Blocked(blocked) => Some(blocked.error),
        AnswerOutcome::Granted | AnswerOutcome::Asked(_) => None,
    }
}

const ADA: &str = "ada@fabrikam.example";

#[test]
fn an_account_that_its_own_tenant_blocks_for_risk_gets_nowhere() {
    let fabrikam = world(json!({}));
    let disabled = world(json!({ "state": "disabled", "userRiskLevels": ["low"] }));
    for (world, user, app, risk, error) in [
        (&fabrikam, ADA, "Payroll", "high", Some(53011)),
        (&fabrikam, ADA, "Payroll", "medium", None),
        (&disabled, ADA, "Payroll", "low", None),
        (
            &fabrikam,
            "frank@fabrikam.example",
            "Shared Channel",
            "high",
            Some(53011),
        ),
        (
            &fabrikam,
            "wendy@woodgrove.example",
            "Payroll",
            "high",
            None,
        ),
    ] {
        let situation = json!({ "user": user, "app": app, "userRisk": risk });
        for absent in [Absent::Unknown, Absent::Nothing] {
            let answer = ask(world, situation.clone(), absent);
            assert_eq!(refusal(&answer), error, "{user} at {risk}: {answer:#?}");
            assert_eq!(at_home(&answer), None);
        }
    }
}

#[test]
fn whether_it_does_hangs_on_the_risk_at_home_that_nobody_said() {
    let world = world(json!({}));
    let answer = ask(&world, json!({ "user": ADA }), Absent::Unknown);
    assert_eq!(answer.verdict(), Verdict::DependsOn);
    assert_eq!(at_home(&answer), Some((vec![Signal::UserRisk], 53011)));
    assert!(answer.depends_on.contains(&Signal::UserRisk));
    let supposed = answer.suppositions.join(", ");
    assert!(!supposed.contains("risk"), "{supposed}");

    let told = tell(&answer);
    let clause = "Fabrikam blocks the account for its user risk";
    assert!(
        told.verdict.starts_with("Depends: ") && told.verdict.contains(clause),
        "{told:#?}"
    );
    let sentence = format!(
        "That hangs on userRisk, which was not said. If {clause}: blocked. Fabrikam: a policy blocks the account for its user risk (error 53011)."
    );
    assert!(told.sentences.contains(&sentence), "{:#?}", told.sentences);

    let json = answer_json(&answer);
    assert_eq!(json["outcome"], "dependsOn");
    let gate = &json["beforePolicies"][0];
    assert_eq!(
        (&gate["tenantDisplayName"], &gate["error"]),
        (&json!("Fabrikam"), &Value::Null)
    );
    assert_eq!(gate["dependsOn"], json!(["userRisk"]));
    let said = gate["said"].as_str().unwrap();
    assert!(
        said.ends_with("depends on userRisk at home, which was not said"),
        "{said}"
    );
    let otherwise = json["otherwise"].as_array().unwrap();
    let blocked = otherwise.iter().find(|one| one["error"] == 53011).unwrap();
    assert_eq!(blocked["dependsOn"], json!(["userRisk"]));

    // Silence may also mean that there is none.
    let answer = ask(&world, json!({ "user": ADA }), Absent::Nothing);
    assert_eq!((at_home(&answer), refusal(&answer)), (None, None));
    assert_ne!(answer.verdict(), Verdict::DependsOn);
}

#[test]
fn it_hangs_on_whatever_else_the_policy_at_home_looks_at() {
    let windows = world(json!({ "platforms": { "includePlatforms": ["windows"] } }));
    let of = |situation| at_home(&ask(&windows, situation, Absent::Unknown)).map(|(on, _)| on);
    let risky = |platform: &str| json!({ "user": ADA, "userRisk": "high", "platform": platform });
    assert_eq!(
        of(json!({ "user": ADA, "userRisk": "high" })),
        Some(vec![Signal::Platform])
    );
    assert_eq!(
        of(json!({ "user": ADA, "platform": "windows" })),
        Some(vec![Signal::UserRisk])
    );
    assert_eq!(of(json!({ "user": ADA, "platform": "linux" })), None);
    assert_eq!(of(risky("linux")), None);
    assert_eq!(
        refusal(&ask(&windows, risky("windows"), Absent::Unknown)),
        Some(53011)
    );
}

#[test]
fn of_somebody_described_nobody_knows_who_they_are_at_home() {
    let guest = |risk: Value| json!({ "userRisk": risk, "user": { "type": "b2bCollaborationGuest", "homeTenant": "Fabrikam", "groups": [], "roles": [] } });
    let some_id = "fabfabfa-0000-4000-8000-0000000000aa";
    for (users, on) in [
        (
            json!({ "includeUsers": ["All"], "includeGroups": [some_id] }),
            None,
        ),
        (json!({ "includeUsers": [some_id] }), Some(Signal::User)),
        (json!({ "includeGroups": [some_id] }), Some(Signal::Groups)),
        (
            json!({ "includeRoles": ["62e90394-69f5-4237-9190-012177145e10"] }),
            Some(Signal::Roles),
        ),
        (json!({ "includeUsers": ["GuestsOrExternalUsers"] }), None),
        (json!({ "includeUsers": ["None"] }), None),
    ] {
        let world = world(json!({ "users": users }));
        let answer = ask(&world, guest(json!("high")), Absent::Unknown);
        let wanted = on.map(|signal| (vec![signal], 53011));
        assert_eq!(at_home(&answer), wanted, "{users}");
        let answer = ask(&world, guest(json!("high")), Absent::Nothing);
        assert_eq!(at_home(&answer), None, "{users}");
        // Who Ada is at home is known, and her groups; no file of Fabrikam has roles.
        let ada = json!({ "user": ADA, "userRisk": "high" });
        let on = at_home(&ask(&world, ada, Absent::Unknown)).map(|(on, _)| on);
        let roles = users.get("includeRoles").map(|_| vec![Signal::Roles]);
        assert_eq!(on, roles, "{users}");
    }
}

#[test]
fn a_guest_of_no_said_tenant_could_be_one_whom_it_blocks() {
    let world = world(json!({}));
    let guest = json!({ "user": { "type": "b2bCollaborationGuest" } });
    let answer = ask(&world, guest, Absent::Unknown);
    let mut otherwise = answer.otherwise.iter();
    let blocked = otherwise.find(|one| {
        let on = [Signal::HomeTenant, Signal::UserRisk].into_iter().collect();
        one.signals == on && matches!(&one.outcome, AnswerOutcome::Blocked(it) if it.error == 53011)
    });
    let words = "the account belongs to Fabrikam and Fabrikam blocks the account for its user risk";
    assert_eq!(blocked.unwrap().words, words);
}

#[test]
fn whoever_is_refused_anyway_hangs_on_nothing_at_home() {
    let world = world(json!({}));
    let lunch = json!({ "user": "frank@fabrikam.example", "app": "Payroll" });
    let answer = ask(&world, lunch, Absent::Unknown);
    assert!(refusal(&answer).is_some(), "{answer:#?}");
    assert!(answer.gates.iter().any(|gate| gate.refusal().is_some()));
    assert!(
        answer
            .otherwise
            .iter()
            .all(|one| !one.words.contains("user risk")),
        "{answer:#?}"
    );
    assert_eq!(answer.verdict(), Verdict::Blocked);
}
