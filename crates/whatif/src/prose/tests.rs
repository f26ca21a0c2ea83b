//! What people read, on the tenants of the demo.

use std::path::Path;

use serde_json::json;

use super::*;
use crate::directory::Directory;
use crate::evaluate::evaluate;
use crate::situation::{Absent, Situation};

fn told(situation: serde_json::Value) -> Told {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scenarios/two-organisations");
    let world = Directory::of_world(portcullis_world::read_world(&folder).unwrap().tenants);
    let situation: Situation = serde_json::from_value(situation).unwrap();
    let tenant = world.tenant_of(&situation).unwrap();
    let at = "2026-06-01T12:00:00Z".parse().unwrap();
    tell(&evaluate(&world, tenant, (&situation, Absent::Nothing), at).unwrap())
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
