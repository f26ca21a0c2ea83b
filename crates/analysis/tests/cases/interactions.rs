//! What one policy makes of the others: strengths that replace strengths, methods that nobody may register; and what is said of
//! them where a policy cannot be evaluated.

use portcullis_analysis::gap::Without;
use portcullis_analysis::lint::{Administrators, Rule};
use portcullis_analysis::map::Level;
use portcullis_analysis::selection::Reaching;
use portcullis_analysis::target::Reached;
use portcullis_model::conditional_access::UserAction;
use serde_json::{Value, json};

use super::lints::{analysis, demanding, finds, lint, spares};
use crate::story::{Story, block, members, mfa, policy, strength, text};

fn registering() -> Value {
    json!({ "applications": { "includeUserActions": ["urn:user:registersecurityinfo"] } })
}

/// Phishing-resistant everywhere; while a method is registered a weaker strength is enough, which is what the second is for.
#[test]
fn a_strength_that_replaces_a_stronger_one_is_not_redundant() {
    let replaced = Story::new([
        policy(1, json!({}), strength(2)),
        policy(2, registering(), strength(0)),
    ]);
    spares(&replaced, Rule::Redundant);
    // A twin replaces the same.
    let twins = Story::new([
        policy(1, json!({}), strength(2)),
        policy(2, registering(), strength(0)),
        policy(3, registering(), strength(0)),
    ]);
    let found = finds(&twins, Rule::Redundant);
    assert!(
        found.what.starts_with("without `Policy 3`"),
        "{}",
        found.what
    );
}

/// To register a device is no such thing.
#[test]
fn a_policy_about_registering_is_not_covered_by_one_about_resources() {
    let of_methods = Story::new([policy(1, json!({}), mfa()), policy(2, registering(), mfa())]);
    spares(&of_methods, Rule::Redundant);
    let devices = json!({ "applications": { "includeUserActions": ["urn:user:registerdevice"] } });
    let of_devices = Story::new([policy(1, json!({}), mfa()), policy(2, devices, mfa())]);
    finds(&of_devices, Rule::Redundant);
}

/// Without the policy about risk whoever has no method would register one in a risky sign-in.
#[test]
fn a_policy_about_risk_is_not_covered_by_one_at_any_risk() {
    let at = |levels: Value| json!({ "signInRiskLevels": levels });
    let risky = policy(2, at(json!(["medium", "high"])), mfa());
    let story = |other| Story::new([policy(1, json!({}), other), risky.clone()]);
    spares(&story(mfa()), Rule::Redundant);
    finds(&story(block()), Rule::Redundant);
    let wider = policy(1, at(json!(["low", "medium", "high"])), mfa());
    finds(&Story::new([wider, risky]), Rule::Redundant);
    // No risk is none.
    let at_none = policy(2, at(json!(["none"])), mfa());
    finds(
        &Story::new([policy(1, json!({}), mfa()), at_none]),
        Rule::Redundant,
    );
}

#[test]
fn a_risk_remediation_is_not_redundant_beside_a_stronger_demand() {
    let at_risk = json!({ "userRiskLevels": ["high"] });
    let remediation = demanding("OR", &["riskRemediation"]);
    let story = Story::new([
        policy(1, at_risk.clone(), block()),
        policy(2, at_risk, remediation),
    ]);
    spares(&story, Rule::Redundant);
}

/// What replaces the strength is not there, or is there in places that are not: nobody knows what is asked.
#[test]
fn what_a_strength_replaces_that_is_not_there_is_not_known() {
    let missing = json!({
        "operator": "OR", "builtInControls": [], "authenticationStrength": { "id": text(0x99) },
    });
    let trusted = json!({
        "applications": registering()["applications"],
        "locations": { "includeLocations": ["AllTrusted"] },
    });
    let phishing_resistant = Without::phishing_resistant_mfa();
    let registers = Reached::Action(UserAction::RegisterSecurityInformation);
    let members = members().reaching(Reaching::Any([registers].into()));
    let everywhere = policy(1, json!({}), strength(2));
    Story::new([everywhere.clone()]).is_covered(&phishing_resistant, &members);
    for replacing in [
        policy(2, registering(), missing),
        policy(2, trusted, strength(0)),
    ] {
        let story = Story::new([everywhere.clone(), replacing]);
        story.is_not_known(&phishing_resistant, &members);
    }
}

#[test]
fn what_a_missing_strength_shuts_is_not_said_to_be_blocked_by_what_it_replaces() {
    let missing = json!({
        "operator": "OR", "builtInControls": [], "authenticationStrength": { "id": text(0x99) },
    });
    let story = Story::new([
        policy(1, json!({}), strength(2)),
        policy(2, registering(), missing),
    ]);
    let map = analysis(&story).map(&Administrators::default(), &mut |_, _| {});
    let map = map.unwrap();
    let mut columns = map.columns.iter();
    let action = columns.position(|one| one.name.contains("ecurity info"));
    assert_eq!(map.cells[0][action.unwrap()].level, Level::Unknown);
    assert!(
        lint(&story)
            .iter()
            .any(|one| one.rule == Rule::NotEvaluable)
    );
    spares(&story, Rule::NobodyGetsIn);
}
