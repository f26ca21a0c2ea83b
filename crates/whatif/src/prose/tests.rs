//! What people read, on the tenants of the demo.

use std::path::Path;

use serde_json::json;

use super::*;
use crate::directory::Directory;
use crate::evaluate::evaluate;
use crate::situation::{Absent, Situation};

fn answer(situation: serde_json::Value, absent: Absent) -> Answer {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scenarios/two-organisations");
    let world = Directory::of_world(portcullis_world::read_world(&folder).unwrap().tenants);
    let situation: Situation = serde_json::from_value(situation).unwrap();
    let tenant = world.tenant_of(&situation).unwrap();
    let at = "2026-06-01T12:00:00Z".parse().unwrap();
    evaluate(&world, tenant, (&situation, absent), at).unwrap()
}

fn told(situation: serde_json::Value) -> Told {
    tell(&answer(situation, Absent::Nothing))
}

#[test]
fn where_nobody_is_there_the_client_is_told_to_fetch_somebody() {
    let mut situation =
        json!({ "user": "ada@fabrikam.example", "app": "Payroll", "interactive": false });
    let ada = told(situation.clone());
    assert_eq!(
        (ada.tone, ada.verdict.as_str()),
        (Tone::Open, "Interaction required")
    );
    let told_last = ada.sentences.last().unwrap();
    assert_eq!(
        told_last,
        "Nobody is there to answer: the client gets `interaction_required` (error 50076) and no token."
    );
    let told_json = crate::graph_answer::answer_json(&answer(situation.clone(), Absent::Nothing));
    assert_eq!(
        told_json["clientGets"],
        json!({ "error": "interaction_required", "error_codes": [50076] })
    );
    // Who has proven nothing is sent to sign in.
    situation["proven"] = json!([]);
    let sentences = told(situation).sentences.join(" ");
    assert!(
        sentences.contains("`login_required` (error 50058)"),
        "{sentences}"
    );
    // Where somebody is there, nothing of this is said.
    let there = answer(
        json!({ "user": "ada@fabrikam.example", "app": "Payroll" }),
        Absent::Nothing,
    );
    assert_eq!(there.silent_refusal(&there.outcome), None);
}

#[test]
fn a_shorter_list_of_policies_changes_no_name_and_no_verdict() {
    let situation =
        json!({ "user": "ada@fabrikam.example", "app": "Payroll", "proven": ["fido2"] });
    let answer = answer(situation, Absent::Unknown);
    let (whole, short) = (tell(&answer), tell_applied(&answer));
    assert_eq!(
        (&whole.verdict, &whole.sentences),
        (&short.verdict, &short.sentences)
    );
    let rows = |told: &Told| {
        let mut sections = told.sections.iter();
        let section = sections.find(|section| section.heading == "Policies");
        section.unwrap().rows.clone()
    };
    let (all, listed) = (rows(&whole), rows(&short));
    assert!(all.iter().any(|row| row[0] == "no"));
    assert!(listed.iter().any(|row| row[0] == "depends"), "{listed:?}");
    assert!(listed.iter().all(|row| row[0] != "no"), "{listed:?}");
}

#[test]
fn the_verdict_comes_first_and_names_place_and_policy() {
    let ada = told(json!({ "user": "ada@fabrikam.example", "app": "Payroll" }));
    assert_eq!(
        ada.title,
        "Ada Lovelace (b2bCollaborationGuest of Fabrikam) at Payroll, decided by Contoso"
    );
    assert_eq!(
        (ada.tone, ada.verdict.as_str()),
        (Tone::Open, "Asked for more")
    );
    assert_eq!(
        ada.sentences,
        ["Multifactor authentication at Fabrikam, the user's own tenant: “MFA for guests”."]
    );
    let headings: Vec<_> = ada.sections.iter().map(|section| section.heading).collect();
    assert_eq!(
        headings,
        ["Before the policies", "Session", "Policies", "Supposed"]
    );
    let session = &ada
        .sections
        .iter()
        .find(|section| section.heading == "Session")
        .unwrap()
        .rows;
    assert_eq!(
        session.first().unwrap(),
        &[
            "signInFrequency",
            "both factors every 12 hours",
            "“Guest sessions are short”"
        ]
    );
    let walter = told(json!({ "user": "walter@woodgrove.example", "app": "Shared Channel" }));
    assert_eq!(
        (walter.tone, walter.verdict.as_str()),
        (Tone::Bad, "Blocked")
    );
    assert!(
        walter
            .sentences
            .join(" ")
            .contains("(error 90071): “MFA for guests”."),
        "{walter:#?}"
    );
    let frank = told(json!({ "user": "frank@fabrikam.example", "app": "Payroll" }));
    assert_eq!(
        frank.sentences,
        ["Fabrikam: its outbound access settings hold the user back (error 500212)."]
    );
    let dave = told(json!({ "user": "dave@contoso.example", "app": "Payroll" }));
    assert_eq!(
        (dave.tone, dave.sentences.join(" ").as_str()),
        (Tone::Good, "No policy in force applies.")
    );
}

#[test]
fn every_policy_has_a_row_and_the_ones_that_apply_come_first() {
    let ada = told(json!({ "user": "ada@fabrikam.example", "app": "Payroll" }));
    let rows = &ada
        .sections
        .iter()
        .find(|section| section.heading == "Policies")
        .unwrap()
        .rows;
    assert_eq!(rows.len(), 6);
    let applies: Vec<_> = rows
        .iter()
        .map(|row| row.first().unwrap().as_str())
        .collect();
    let mut sorted = applies.clone();
    sorted.sort_unstable();
    assert_eq!(applies, sorted, "applies, then no");
    let row = |name: &str| {
        rows.iter()
            .find(|row| row.get(1).unwrap().starts_with(name))
            .unwrap()
    };
    assert_eq!(
        row("Emergency stop").last().unwrap(),
        "the policy is disabled"
    );
    assert!(
        row("Vault: MFA").last().unwrap().starts_with("users: "),
        "{rows:#?}"
    );
    assert!(row("Rehearsal").get(1).unwrap().ends_with("(report-only)"));
}
