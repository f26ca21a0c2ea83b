//! Questions over all possible sign-ins, asked as a stranger would: gaps, invariants, differences, lint; exit codes and both outputs.

use std::fs;

use serde_json::{Value, json};

use crate::running::Place;
use crate::worlds::copied;

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
fn a_strength_is_told_by_its_name_and_kinds_that_nobody_is_of_as_that() {
    let place = Place::new();
    let by_id = "00000000-0000-0000-0000-000000000004";
    let (said, _, _) = ask(&place, "gaps", &["--without", by_id]);
    assert!(
        said.contains("without `Phishing resistant MFA`") && !said.contains(by_id),
        "{said}"
    );
    let internal_guests = said.lines().find(|line| line.contains("internal guests"));
    assert!(internal_guests.unwrap().ends_with("nobody today"), "{said}");
}

/// Policies about all applications say less of registering than they seem to, where another says more.
#[test]
fn gaps_look_at_what_people_register_unless_applications_are_named() {
    let place = Place::new();
    let folder = place.path("export");
    fs::create_dir(&folder).unwrap();
    let policy = |name: &str, applications: Value, strength: Value| {
        json!({
            "id": uuid::Uuid::new_v5(&uuid::Uuid::NAMESPACE_URL, name.as_bytes()),
            "displayName": name, "state": "enabled",
            "conditions": {
                "users": { "includeUsers": ["All"] }, "applications": applications,
                "clientAppTypes": ["all"],
            },
            "grantControls": { "operator": "OR", "builtInControls": [], "authenticationStrength": strength },
        })
    };
    let any = json!({
        "id": "33333333-0000-4000-8000-000000000001", "displayName": "Anything",
        "allowedCombinations": ["password", "fido2"],
    });
    let strengths = json!([any.clone()]).to_string();
    fs::write(folder.join("authenticationStrengths.json"), strengths).unwrap();
    let policies = json!([
        policy(
            "Phishing-resistant everywhere",
            json!({ "includeApplications": ["All"] }),
            json!({ "id": "00000000-0000-0000-0000-000000000004" }),
        ),
        policy(
            "A password to register",
            json!({ "includeUserActions": ["urn:user:registersecurityinfo"] }),
            any,
        ),
    ]);
    fs::write(folder.join("policies.json"), policies.to_string()).unwrap();
    let world = folder.to_str().unwrap();
    let (said, wrong, code) = run(&place, &["gaps", world]);
    assert_eq!(code, 1, "{said}{wrong}");
    assert!(said.contains("People without mfa: nobody"), "{said}");
    let members = said
        .lines()
        .find(|line| line.trim().starts_with("members "));
    assert!(
        members.unwrap().ends_with("can register something only"),
        "{said}"
    );
    let class = said.lines().find(|line| line.contains("•")).unwrap();
    assert!(
        class.contains("to registering security information"),
        "{said}"
    );
    let (json, _, _) = run(&place, &["gaps", world, "--output", "json"]);
    let answer: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(answer["people"]["classes"], json!([]));
    assert_eq!(
        answer["registering"]["classes"].as_array().unwrap().len(),
        1
    );
    // Whoever names an application asks about that one.
    let (said, wrong, code) = run(&place, &["gaps", world, "--app", "Office365"]);
    assert!(code == 2 || !said.contains("egister"), "{said}{wrong}");
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
            "invariants: [{ name: x, require: mfa, signIns: { app: [] } }]",
            "`signIns.app` is an empty list",
        ),
        (
            "invariants: [{ name: x, never: granted, signIns: { workloadIdentities: true, clientApp: browser } }]",
            "`signIns.clientApp` is said of people only",
        ),
        (
            "invariants: [{ name: x, never: granted, signIns: { workloadIdentities: true, userRisk: high } }]",
            "`signIns.userRisk` is said of people only",
        ),
        (
            "invariants: [{ name: x, require: mfa, signIns: { user: { notGroups: [] } } }]",
            "`signIns.user.notGroups` is an empty list",
        ),
        (
            "invariants: [{ name: x, require: mfa, signIns: { app: 0badbad0-0000-4000-8000-000000000001 } }]",
            "of an application that is there",
        ),
        (
            "invariants: [{ name: x, require: mfa, signIns: { user: { users: 0badbad0-0000-4000-8000-000000000001 } } }]",
            "of a user that is there",
        ),
        (
            "invariants: [{ name: x, require: mfa, signIns: { user: { notGroups: 0badbad0-0000-4000-8000-000000000001 } } }]",
            "of a group that is there",
        ),
        (
            "invariants: [{ name: x, require: mfa, signIns: { user: { homeTenant: 0badbad0-0000-4000-8000-000000000001 } } }]",
            "of a tenant that is there",
        ),
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

/// Fabrikam's MFA is no longer believed; each witness is a policy test of both worlds.
#[test]
fn who_proves_mfa_elsewhere_after_a_change_of_trust_is_shown_on_both_sides() {
    let place = Place::new();
    let later = copied(&place);
    let settings = place.path("world/contoso/crossTenantAccessPolicy.json");
    let text = fs::read_to_string(&settings).unwrap();
    let distrusting = text.replacen("\"isMfaAccepted\": true", "\"isMfaAccepted\": false", 1);
    assert_ne!(distrusting, text);
    fs::write(&settings, distrusting).unwrap();
    let diff = ["diff", DEMO_WORLD, &later, "--tenant", "Contoso"];
    let (said, wrong, code) = run(&place, &diff);
    assert_eq!(code, 1, "{said}{wrong}");
    for part in [
        "What is proven here now counts for mfa",
        "What is proven at home no longer counts for mfa",
        "of Fabrikam",
        "(proven here)",
    ] {
        assert!(said.contains(part), "`{part}` in: {said}");
    }
    let (json, _, _) = run(&place, &[&diff[..], &["--output", "json"]].concat());
    let answer: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(answer["unknown"], json!([]));
    let changes = answer["changes"].as_array().unwrap().iter();
    let moved = changes.filter(|one| one["kind"].as_str().unwrap().starts_with("counts"));
    let classes: Vec<&Value> = moved
        .flat_map(|one| one["classes"].as_array().unwrap())
        .collect();
    assert!(classes.len() > 1);
    for (side, world) in [("before", DEMO_WORLD), ("after", later.as_str())] {
        let sign_ins: Vec<Value> = classes
            .iter()
            .enumerate()
            .map(|(number, class)| {
                let mut sign_in = class["witness"]["signIn"].clone();
                sign_in["name"] = json!(format!("witness {number}"));
                sign_in["expect"] = json!({ "outcome": class[side]["outcome"] });
                sign_in
            })
            .collect();
        let world = fs::canonicalize(place.path(world)).unwrap();
        let document = json!({
            "name": side, "world": world, "tenant": "Contoso", "signals": "complete",
            "signIns": sign_ins,
        });
        let file = place.path(&format!("{side}.test.json"));
        fs::write(&file, document.to_string()).unwrap();
        let (said, wrong, code) = run(&place, &["test", file.to_str().unwrap()]);
        assert_eq!(code, 0, "{said}{wrong}");
    }
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

/// Writes a policy of Contoso's into a copy of the demo world.
fn block(place: &Place, state: &str, users: &Value) {
    let policy = json!({
        "displayName": "Block", "state": state,
        "conditions": {
            "users": users, "applications": { "includeApplications": ["All"] },
            "clientAppTypes": ["all"],
        },
        "grantControls": { "operator": "OR", "builtInControls": ["block"] },
    });
    let file = place.path("world/contoso/conditionalAccessPolicies/block.json");
    fs::write(file, policy.to_string()).unwrap();
}

#[test]
fn each_administrator_who_never_gets_in_is_told() {
    let place = Place::new();
    copied(&place);
    let users: Value =
        serde_json::from_slice(&fs::read(place.path("world/contoso/users.json")).unwrap()).unwrap();
    let users = users.as_array().unwrap().iter();
    let mut others = users.filter(|user| {
        user["userPrincipalName"] != "carol@contoso.example" && user["userType"] == "Member"
    });
    let other = others.next().unwrap().clone();
    let assign = |role: &str| {
        let roles = json!([
            { "principalId": "c0c0c0c0-0001-4000-8000-000000000001",
              "roleDefinitionId": "62e90394-69f5-4237-9190-012177145e10" },
            { "principalId": other["id"], "roleDefinitionId": role },
        ]);
        let file = place.path("world/contoso/roleAssignments.json");
        fs::write(file, roles.to_string()).unwrap();
    };
    let lint = || run(&place, &["lint", "world", "--tenant", "Contoso"]).0;
    // Helpdesk Administrator, and Global Administrator.
    for role in [
        "729827e3-9c14-49f7-bb1b-9608f156bbb8",
        "62e90394-69f5-4237-9190-012177145e10",
    ] {
        assign(role);
        block(&place, "enabled", &json!({ "includeUsers": [other["id"]] }));
        let said = lint();
        let name = other["displayName"].as_str().unwrap();
        assert!(said.contains("warning administrator-shut-out"), "{said}");
        assert!(said.contains(&format!("by {name} (")), "{said}");
        assert!(!said.contains("error lockout"), "{said}");
        block(
            &place,
            "disabled",
            &json!({ "includeUsers": [other["id"]] }),
        );
        assert!(!lint().contains("administrator-shut-out"));
    }
    // Nobody has a role, and nobody would get in with one.
    fs::write(place.path("world/contoso/roleAssignments.json"), "[]").unwrap();
    block(&place, "enabled", &json!({ "includeUsers": ["All"] }));
    let said = lint();
    assert!(said.contains("error lockout"), "{said}");
}

/// "Broken" was said of what nobody knows.
#[test]
fn invariants_of_which_it_is_not_known_are_counted_apart() {
    let place = Place::new();
    let lost = json!([{
        "displayName": "Nobody knows", "state": "enabled",
        "conditions": {
            "users": { "includeUsers": ["All"] }, "clientAppTypes": ["all"],
            "applications": { "includeApplications": ["All"] },
        },
        "grantControls": { "operator": "OR", "builtInControls": [], "authenticationStrength": { "id": "33333333-0000-4000-8000-000000000009" } },
    }]);
    fs::write(place.path("lost.json"), lost.to_string()).unwrap();
    fs::write(
        place.path("rules.yaml"),
        "invariants: [{ name: all, require: mfa }]",
    )
    .unwrap();
    let (said, _, code) = run(
        &place,
        &["check", "lost.json", "--invariants", "rules.yaml"],
    );
    assert_eq!(code, 1, "{said}");
    assert!(
        said.contains("0 hold, 0 are broken, 1 are not known, 0 are about nobody"),
        "{said}"
    );
}

#[test]
fn a_built_in_strength_is_known_by_the_name_that_graph_has_for_it() {
    let place = Place::new();
    for name in ["Phishing-resistant MFA", "phishing resistant mfa"] {
        let (_, wrong, code) = ask(&place, "gaps", &["--without", name, "--app", "Vault"]);
        assert_eq!(code, 1, "{wrong}");
    }
}

#[test]
fn lint_and_gaps_say_when_no_policy_is_in_force() {
    let place = Place::new();
    copied(&place);
    let folder = place.path("world/contoso/conditionalAccessPolicies");
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let text = fs::read_to_string(&path).unwrap();
        let mut policy: Value = serde_json::from_str(&text).unwrap();
        policy["state"] = "enabledForReportingButNotEnforced".into();
        fs::write(path, policy.to_string()).unwrap();
    }
    let of = ["lint", "world", "--tenant", "Contoso"];
    let (said, _, _) = run(&place, &of);
    assert!(
        said.contains("0 of ") && said.contains("policies are in force"),
        "{said}"
    );
    assert!(said.contains("--report-only-too"), "{said}");
    let (gaps, _, _) = run(&place, &[&["gaps"], &of[1..]].concat());
    assert!(gaps.contains("policies are in force"), "{gaps}");
    let (said, _, _) = run(&place, &[&of[..], &["--output", "json"]].concat());
    let answer: Value = serde_json::from_str(&said).unwrap();
    assert_eq!(answer["policies"]["inForce"], 0, "{said}");
    let (said, _, _) = run(&place, &[&of[..], &["--report-only-too"]].concat());
    assert!(!said.contains("are in force"), "{said}");
}
