//! Questions over all possible sign-ins, asked as a stranger would: gaps, invariants, differences, lint; exit codes and both outputs.

use std::fs;

use serde_json::{Value, json};

use crate::running::Place;

const DEMO_WORLD: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../../scenarios/two-organisations"
);
const OF_CONTOSO: [&str; 3] = [DEMO_WORLD, "--tenant", "Contoso"];

/// What is printed, and the exit code.
fn run(place: &Place, arguments: &[&str]) -> (String, String, i32) {
    let output = place.command(arguments).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    let code = output.status.code().unwrap();
    (text(output.stdout), text(output.stderr), code)
}

fn ask(place: &Place, command: &str, options: &[&str]) -> (String, String, i32) {
    run(place, &[&[command], &OF_CONTOSO[..], options].concat())
}

#[test]
fn gaps_are_classes_with_people_and_a_sign_in_that_whatif_grants() {
    let place = Place::new();
    let vault = ["--without", "phishingResistantMfa", "--app", "Vault"];
    let (said, _, code) = ask(&place, "gaps", &vault);
    assert_eq!(code, 1);
    for part in [
        "Who can get in without phishingResistantMfa",
        "users of Fabrikam",
        "to Vault",
        "today:",
        "for instance",
    ] {
        assert!(said.contains(part), "`{part}` in: {said}");
    }
    assert!(!said.contains('\u{1b}'), "colour without a terminal");
    let (json, _, _) = ask(
        &place,
        "gaps",
        &[&vault[..], &["--output", "json"]].concat(),
    );
    let answer: Value = serde_json::from_str(&json).unwrap();
    let classes = answer["people"]["classes"].as_array().unwrap();
    assert!(!classes.is_empty());
    // Each witness is a policy test that passes.
    let tests: Vec<Value> = classes
        .iter()
        .enumerate()
        .map(|(number, class)| {
            let mut sign_in = class["witness"]["signIn"].clone();
            sign_in["name"] = json!(format!("witness {number}"));
            sign_in["expect"] = json!({ "outcome": "granted" });
            sign_in
        })
        .collect();
    let file = place.path("witnesses.test.json");
    let document = json!({
        "name": "Witnesses", "world": DEMO_WORLD, "tenant": "Contoso", "signals": "complete",
        "signIns": tests,
    });
    fs::write(&file, document.to_string()).unwrap();
    let (said, wrong, code) = run(&place, &["test", file.to_str().unwrap()]);
    assert_eq!(code, 0, "{said}{wrong}");
}

#[test]
fn several_tenants_and_unknown_words_are_refused_with_what_would_do() {
    let place = Place::new();
    let (_, wrong, code) = run(&place, &["gaps", DEMO_WORLD]);
    assert_eq!(code, 2);
    assert!(
        wrong.contains("--tenant") && wrong.contains("Contoso"),
        "{wrong}"
    );
    let (_, wrong, code) = ask(&place, "gaps", &["--without", "magic"]);
    assert_eq!(code, 2);
    assert!(
        wrong.contains("`magic`") && wrong.contains("phishingResistantMfa"),
        "{wrong}"
    );
    let (_, wrong, code) = run(&place, &["lint", "nowhere"]);
    assert_eq!(code, 2);
    assert!(wrong.contains("nowhere"), "{wrong}");
}

#[test]
fn invariants_hold_or_are_shown_broken_and_build_servers_read_it() {
    let place = Place::new();
    let file = place.path("rules.yaml");
    fs::write(
        &file,
        "name: House rules
invariants:
  - name: nobody from Woodgrove reaches Vault
    signIns: { user: { homeTenant: Woodgrove }, app: Vault }
    never: granted
  - name: Payroll needs MFA of guests
    signIns: { user: { type: b2bCollaborationGuest }, app: Payroll }
    require: mfa
  - name: members need MFA at Payroll
    why: it is about money
    signIns: { user: { type: member }, app: Payroll }
    require: [mfa, phishingResistantMfa]
",
    )
    .unwrap();
    let report = place.path("reports/invariants.xml");
    let options = [
        "--invariants",
        file.to_str().unwrap(),
        "--junit",
        report.to_str().unwrap(),
    ];
    let (said, wrong, code) = ask(&place, "check", &options);
    assert_eq!(code, 1, "{said}{wrong}");
    assert!(
        said.contains("holds  Payroll needs MFA of guests"),
        "{said}"
    );
    assert!(
        said.contains("broken  members need MFA at Payroll\n  it is about money"),
        "{said}"
    );
    let xml = fs::read_to_string(report).unwrap();
    assert!(
        xml.contains("tests=\"3\"") && xml.contains("<failure message="),
        "{xml}"
    );
}

#[test]
fn files_of_invariants_that_say_nothing_or_too_much_are_refused() {
    let place = Place::new();
    let file = place.path("rules.yaml");
    for (text, expected) in [
        ("invariants: []", "empty"),
        ("invariants: [{ name: x }]", "never: granted"),
        (
            "invariants: [{ name: x, never: granted, require: mfa }]",
            "say either",
        ),
        ("invariants: [{ name: x, requires: mfa }]", "requires"),
        (
            "invariants: [{ name: x, require: mfa, signIns: { app: Nowhere } }]",
            "Nowhere",
        ),
    ] {
        fs::write(&file, text).unwrap();
        let (_, wrong, code) = ask(&place, "check", &["--invariants", file.to_str().unwrap()]);
        assert_eq!(code, 2, "{text}: {wrong}");
        assert!(wrong.contains(expected), "`{expected}` in: {wrong}");
    }
}

#[test]
fn the_starter_set_is_understood_by_every_tenant_of_the_demo() {
    let place = Place::new();
    for tenant in ["Contoso", "Fabrikam"] {
        let options = [
            "check",
            DEMO_WORLD,
            "--tenant",
            tenant,
            "--starter",
            "--limit",
            "1",
        ];
        let (said, wrong, code) = run(&place, &options);
        assert_eq!(code, 1, "{said}{wrong}");
        assert!(said.contains("source: CISA SCuBA"), "{said}");
    }
}

#[test]
fn a_draft_that_blocks_is_a_difference_and_the_same_policies_are_none() {
    let place = Place::new();
    let (said, _, code) = ask(&place, "diff", &["--policies", &draft(&place)]);
    assert_eq!(code, 1, "{said}");
    assert!(
        said.contains("Gets in no more") && said.contains("is blocked (53003)"),
        "{said}"
    );
    let (said, wrong, code) = run(
        &place,
        &["diff", DEMO_WORLD, DEMO_WORLD, "--tenant", "Contoso"],
    );
    assert_eq!(code, 0, "{said}{wrong}");
    assert!(
        said.contains("alike about every possible sign-in"),
        "{said}"
    );
    let (_, wrong, code) = ask(&place, "diff", &[]);
    assert_eq!(code, 2);
    assert!(wrong.contains("--policies"), "{wrong}");
}

fn draft(place: &Place) -> String {
    let file = place.path("draft.json");
    let draft = json!({
        "displayName": "Nobody by a legacy client", "state": "enabled",
        "conditions": {
            "users": { "includeUsers": ["All"] }, "applications": { "includeApplications": ["All"] },
            "clientAppTypes": ["exchangeActiveSync", "other"],
        },
        "grantControls": { "operator": "OR", "builtInControls": ["block"] },
    });
    fs::write(&file, draft.to_string()).unwrap();
    file.to_str().unwrap().to_owned()
}

#[test]
fn lint_says_what_why_and_what_to_do_and_fails_as_it_is_told() {
    let place = Place::new();
    let (said, _, code) = ask(&place, "lint", &[]);
    assert_eq!(code, 1);
    for part in [
        "error never-met",
        "why: ",
        "do: ",
        "for instance",
        "2 errors",
    ] {
        assert!(said.contains(part), "`{part}` in: {said}");
    }
    let (_, _, code) = ask(&place, "lint", &["--except", "never-met"]);
    assert_eq!(code, 0);
    let (_, wrong, code) = ask(&place, "lint", &["--except", "no-such-rule"]);
    assert_eq!(code, 2);
    assert!(wrong.contains("lockout"), "{wrong}");
}
