//! The guard of an import: what it refuses, what it lets through with a warning, and what it leaves alone.

use std::fs;

use serde_json::{Value, json};

use crate::running::Place;
use crate::worlds::{DEMO_WORLD, copied, files};

const ORGANIZATION: &str = "world/contoso/organization.json";
const POLICIES: &str = "world/contoso/conditionalAccessPolicies";
const MFA_FOR_GUESTS: &str = "world/contoso/conditionalAccessPolicies/mfa-for-guests.json";
const CAROL: &str = "c0c0c0c0-0001-4000-8000-000000000001";
const SPARED: &str = "c0c0c0c0-0002-4000-8000-00000000000f";
const GUESTS_NEED_MFA: &str = "
name: House rules
invariants:
  - name: guests need MFA for Payroll
    why: Payroll has everybody's salary
    signIns: { user: { type: b2bCollaborationGuest }, app: Payroll }
    require: mfa
";

/// The demo world in a folder, with invariants of Contoso's.
fn guarded(place: &Place, invariants: &str) {
    copied(place);
    fs::write(place.path("world/contoso/invariants.yaml"), invariants).unwrap();
}

fn change(place: &Place, file: &str, edit: impl Fn(&mut Value)) {
    let path = place.path(file);
    let mut document: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    edit(&mut document);
    fs::write(path, document.to_string()).unwrap();
}

fn setting(place: &Place, word: &str) {
    change(place, ORGANIZATION, |organization| {
        organization["policyChangeGuard"] = word.into();
    });
}

/// A policy that blocks everybody but these.
fn block_all(place: &Place, excluded: &[&str]) {
    let policy = json!({
        "displayName": "Block everything", "state": "enabled",
        "conditions": {
            "users": {"includeUsers": ["All"], "excludeUsers": excluded},
            "applications": {"includeApplications": ["All"]},
            "clientAppTypes": ["all"]
        },
        "grantControls": {"operator": "OR", "builtInControls": ["block"]}
    });
    let path = place.path(POLICIES).join("block-everything.json");
    fs::write(path, policy.to_string()).unwrap();
}

fn disable_mfa_for_guests(place: &Place) {
    change(place, MFA_FOR_GUESTS, |policy| {
        policy["state"] = "disabled".into();
    });
}

#[test]
fn an_import_that_locks_every_administrator_out_is_refused_with_one_who_tries() {
    let place = Place::new();
    copied(&place);
    block_all(&place, &[]);
    let parts = [
        "Contoso: no administrator gets in, whatever they show and wherever they come from",
        "for instance Carol Shaw",
        "held back by Block everything",
        "nothing was imported from `world`: it would break what must hold",
        "policyChangeGuard",
    ];
    place.run(&["import", "world"]).assert_refused(1, &parts);
    assert!(!place.path("portcullis-data").exists());
    place
        .run(&["import", "world", "--dry-run"])
        .assert_refused(1, &parts);

    // Into an installation that has tenants: they stay as they were.
    place.run_well(&["import", DEMO_WORLD]);
    place.run_well(&["export", "before"]);
    place.run(&["import", "world"]).assert_refused(1, &parts);
    place.run_well(&["export", "after"]);
    assert_eq!(files(&place.path("before")), files(&place.path("after")));

    block_all(&place, &["carol@contoso.example"]);
    place.run_well(&["import", "world"]);
}

#[test]
fn an_import_that_breaks_an_invariant_is_refused_with_a_sign_in_that_shows_it() {
    let place = Place::new();
    guarded(&place, GUESTS_NEED_MFA);
    place.run_well(&["import", "world"]);
    place.run_well(&["export", "before"]);
    disable_mfa_for_guests(&place);
    let parts = [
        "Contoso: the invariant `guests need MFA for Payroll` does not hold\n",
        "why: Payroll has everybody's salary",
        "• B2B collaboration guests",
        "to Payroll",
        "for instance ",
        "nothing was imported",
    ];
    place.run(&["import", "world"]).assert_refused(1, &parts);
    place.run_well(&["export", "after"]);
    assert_eq!(files(&place.path("before")), files(&place.path("after")));
}

#[test]
fn a_tenant_that_wants_warnings_is_warned_and_one_that_wants_nothing_is_left_alone() {
    let place = Place::new();
    guarded(&place, GUESTS_NEED_MFA);
    place.run_well(&["import", "world"]);
    disable_mfa_for_guests(&place);
    setting(&place, "warn");
    let check = place.run(&["import", "world", "--check"]);
    assert_eq!(check.code, Some(1));
    assert!(
        check
            .out
            .contains("It would be imported, with the warnings above.")
    );
    let said = place.run(&["import", "world", "--output", "json"]);
    assert_eq!(said.code, Some(0), "{}", said.error);
    assert!(
        said.error
            .contains("`guests need MFA for Payroll` does not hold\n")
    );
    let told: Value = serde_json::from_str(&said.out).unwrap();
    let breach = &told["guard"][0]["breaches"][0];
    assert_eq!(breach["kind"], "invariant");
    assert_eq!(breach["invariant"], "guests need MFA for Payroll");
    assert_eq!(breach["brokenBefore"], false);
    assert!(breach["witnesses"][0]["signIn"].is_object(), "{breach}");

    let place = Place::new();
    guarded(&place, GUESTS_NEED_MFA);
    disable_mfa_for_guests(&place);
    setting(&place, "off");
    let check = place.run(&["import", "world", "--check"]);
    assert_eq!(check.code, Some(0), "{}", check.error);
    assert!(check.error.contains("`policyChangeGuard` is `off`"));
    let said = place.run(&["import", "world"]);
    assert_eq!((said.code, said.error.as_str()), (Some(0), ""));
    setting(&place, "sometimes");
    let parts = [
        "organization.json: `$.policyChangeGuard`",
        "`warn` or `off`",
    ];
    place.run(&["import", "world"]).assert_refused(1, &parts);
}

#[test]
fn what_was_broken_before_is_told_and_refuses_only_what_makes_it_worse() {
    let place = Place::new();
    let members = "
invariants:
  - name: members need MFA
    signIns: { user: { type: member } }
    require: mfa
  - name: guests need MFA for Payroll
    signIns: { user: { type: b2bCollaborationGuest }, app: Payroll }
    require: mfa
";
    copied(&place);
    place.run_well(&["import", "world"]);
    // To declare what does not hold yet is the first step of mending it.
    guarded(&place, members);
    let said = place.run(&["import", "world"]);
    assert_eq!(said.code, Some(0), "{}", said.error);
    let before = "`members need MFA` does not hold (it was so before, and is no worse)";
    assert!(said.error.contains(before), "{}", said.error);
    assert_eq!(place.run(&["import", "world", "--check"]).error, "");

    // Another policy changes; what was broken stays broken.
    change(&place, ORGANIZATION, |organization| {
        organization["strengthsForAllGuests"] = true.into();
    });
    let said = place.run(&["import", "world", "--check"]);
    assert_eq!(said.code, Some(0), "{}", said.error);
    assert!(said.error.contains(before), "{}", said.error);

    // What held is broken now: only that refuses.
    disable_mfa_for_guests(&place);
    let said = place.run(&["import", "world"]);
    let broken = "`guests need MFA for Payroll` does not hold\n";
    said.assert_refused(1, &[before, broken]);
}

#[test]
fn the_part_of_an_invariant_that_still_held_is_guarded_although_the_rest_was_broken_before() {
    let place = Place::new();
    let everybody = "
invariants:
  - name: everybody needs MFA for Payroll
    signIns: { app: Payroll }
    require: mfa
";
    copied(&place);
    place.run_well(&["import", "world"]);
    guarded(&place, everybody);
    place.run_well(&["import", "world"]);
    disable_mfa_for_guests(&place);
    let said = place.run(&["import", "world"]);
    said.assert_refused(1, &["`everybody needs MFA for Payroll` does not hold\n"]);
    assert!(said.error.contains("guest"), "{}", said.error);
    assert!(!said.error.contains("• members"), "{}", said.error);
}

/// Getting in to something, somehow, is not administering.
#[test]
fn an_administrator_who_does_not_reach_the_directory_or_only_by_old_protocols_is_locked_out() {
    let locked = "Contoso: no administrator gets in";
    for conditions in [
        json!({"applications": {"includeApplications": ["All"],
            "excludeApplications": ["c0c0c0c0-0004-4000-8000-000000000001"]}, "clientAppTypes": ["all"]}),
        json!({"applications": {"includeApplications": ["All"]},
            "clientAppTypes": ["browser", "mobileAppsAndDesktopClients"]}),
        json!({"applications": {"includeApplications": ["MicrosoftAdminPortals"]},
            "clientAppTypes": ["all"]}),
    ] {
        let place = Place::new();
        copied(&place);
        block_all(&place, &[]);
        let file = format!("{POLICIES}/block-everything.json");
        change(&place, &file, |policy| {
            for member in ["applications", "clientAppTypes"] {
                policy["conditions"][member] = conditions[member].clone();
            }
        });
        let said = place.run(&["import", "world", "--check"]);
        assert_eq!(said.code, Some(1), "{conditions}: {}", said.error);
        assert!(said.error.contains(locked), "{}", said.error);
    }
}

#[test]
fn the_last_administrator_is_neither_disabled_nor_robbed_of_the_role() {
    let left = "Contoso: no administrator is left";
    let users = "world/contoso/users.json";
    let disable = |users: &mut Value| {
        let carol = users.as_array_mut().unwrap().iter_mut();
        let mut carol = carol.filter(|user| user["userPrincipalName"] == "carol@contoso.example");
        carol.next().unwrap()["accountEnabled"] = false.into();
    };
    let place = Place::new();
    copied(&place);
    change(&place, users, disable);
    place.run(&["import", "world"]).assert_refused(1, &[left]);

    let place = Place::new();
    copied(&place);
    place.run_well(&["import", "world"]);
    change(&place, users, disable);
    place.run(&["import", "world"]).assert_refused(1, &[left]);
    copied(&place);
    change(&place, "world/contoso/roleAssignments.json", |roles| {
        *roles = json!([]);
    });
    let check = place.run(&["import", "world", "--check"]);
    assert_eq!(check.code, Some(1), "{}", check.error);
    assert!(check.error.contains(left), "{}", check.error);
}

/// Nobody could take such a block back; a tenant that nobody administers is not free to have one.
#[test]
fn everybody_is_not_blocked_in_a_tenant_without_administrators() {
    let place = Place::new();
    copied(&place);
    change(&place, "world/contoso/roleAssignments.json", |roles| {
        *roles = json!([]);
    });
    place.run_well(&["import", "world"]);
    block_all(&place, &[]);
    let told = "nobody is a Global Administrator, and whoever became one would not get in";
    place.run(&["import", "world"]).assert_refused(1, &[told]);
    // Carol could be given the role, and take it back.
    block_all(&place, &[CAROL]);
    place.run_well(&["import", "world"]);
}

/// To loosen an invariant under its own name is no way around it; to withdraw it is one that is seen.
#[test]
fn an_invariant_that_is_changed_is_told_and_still_guards_the_change_that_changes_it() {
    let place = Place::new();
    guarded(&place, GUESTS_NEED_MFA);
    place.run_well(&["import", "world"]);
    // Why it matters is not what it says.
    guarded(
        &place,
        &GUESTS_NEED_MFA.replace("everybody's salary", "salaries"),
    );
    let said = place.run(&["import", "world", "--check"]);
    assert_eq!((said.code, said.error.as_str()), (Some(0), ""));

    let hollow = GUESTS_NEED_MFA.replace("b2bCollaborationGuest", "internalGuest");
    guarded(&place, &hollow);
    let changed =
        "Contoso: the invariant `guests need MFA for Payroll` says something else than before";
    let said = place.run(&["import", "world", "--check"]);
    assert_eq!(said.code, Some(0), "{}", said.error);
    assert!(said.error.contains(changed), "{}", said.error);
    disable_mfa_for_guests(&place);
    let broken =
        "the invariant `guests need MFA for Payroll (as it was declared before)` does not hold\n";
    let said = place.run(&["import", "world"]);
    said.assert_refused(1, &[changed, broken, "• B2B collaboration guests"]);

    // The words are as they were; what they speak of is not.
    guarded(&place, GUESTS_NEED_MFA);
    for file in ["applications", "servicePrincipals"] {
        change(&place, &format!("world/contoso/{file}.json"), |named| {
            for one in named.as_array_mut().unwrap() {
                let swapped = match one["displayName"].as_str() {
                    Some("Payroll") => "Vault",
                    Some("Vault") => "Payroll",
                    _ => continue,
                };
                one["displayName"] = swapped.into();
            }
        });
    }
    let said = place.run(&["import", "world", "--check"]);
    assert!(said.error.contains(changed), "{}", said.error);

    guarded(
        &place,
        &hollow.replace("name: guests need", "name: internal guests need"),
    );
    disable_mfa_for_guests(&place);
    let said = place.run(&["import", "world", "--output", "json"]);
    assert_eq!(said.code, Some(0), "{}", said.error);
    let withdrawn = "`guests need MFA for Payroll` is withdrawn";
    assert!(said.error.contains(withdrawn), "{}", said.error);
    let told: Value = serde_json::from_str(&said.out).unwrap();
    assert_eq!(told["guard"][0]["changed"], json!([]));
}

#[test]
fn two_invariants_of_one_name_are_refused() {
    let place = Place::new();
    let (head, entry) = GUESTS_NEED_MFA.split_once("invariants:").unwrap();
    guarded(&place, &format!("{head}invariants:{entry}{entry}"));
    let parts = [
        "`guests need MFA for Payroll`",
        "two invariants have this name",
    ];
    place.run(&["import", "world"]).assert_refused(1, &parts);
}

/// The policy stays as it is; whom it spares does not.
#[test]
fn a_change_of_members_is_guarded_as_a_change_of_policies_is() {
    let place = Place::new();
    copied(&place);
    let spared = json!([{
        "id": SPARED, "displayName": "Spared", "members": [CAROL],
    }]);
    let groups = "world/contoso/groups.json";
    change(&place, groups, |groups| {
        let more = spared.as_array().unwrap().clone();
        groups.as_array_mut().unwrap().extend(more);
    });
    block_all(&place, &[]);
    let block = format!("{POLICIES}/block-everything.json");
    change(&place, &block, |policy| {
        policy["conditions"]["users"]["excludeGroups"] = json!([SPARED]);
    });
    place.run_well(&["import", "world"]);
    change(&place, groups, |groups| {
        groups.as_array_mut().unwrap().last_mut().unwrap()["members"] = json!([]);
    });
    let refused = place.run(&["import", "world"]);
    refused.assert_refused(1, &["no administrator gets in", "Block everything"]);
}

#[test]
fn a_lockout_that_was_there_before_refuses_nothing() {
    let place = Place::new();
    copied(&place);
    block_all(&place, &[]);
    setting(&place, "off");
    place.run_well(&["import", "world"]);
    setting(&place, "refuse");
    let said = place.run(&["import", "world"]);
    assert_eq!(said.code, Some(0), "{}", said.error);
    assert!(said.error.contains("no administrator gets in"));
    assert!(said.error.contains("(it was so before, and is no worse)"));
}

#[test]
fn an_invariant_that_names_nothing_is_refused_with_its_file_and_its_name() {
    let place = Place::new();
    let nobody = GUESTS_NEED_MFA.replace("app: Payroll", "app: Nowhere");
    guarded(&place, &nobody);
    let parts = [
        "contoso/invariants.yaml cannot be used",
        "invariant `guests need MFA for Payroll`",
        "Nowhere",
    ];
    place.run(&["import", "world"]).assert_refused(1, &parts);
    place
        .run(&["import", "world", "--check"])
        .assert_refused(2, &parts);
    setting(&place, "off");
    place.run(&["import", "world"]).assert_refused(1, &parts);
    for (wrong, part) in [
        ("invariants: [", "contoso/invariants.yaml: `$`"),
        ("name: x", "contoso/invariants.yaml: `$.invariants`"),
        ("invariants: [{name: x, never: sometimes}]", "invariant `x`"),
        ("invariants: [{nmae: x}]", "invariant `number 1`"),
    ] {
        guarded(&place, wrong);
        place.run(&["import", "world"]).assert_refused(1, &[part]);
    }
}

#[test]
fn a_check_changes_nothing_and_needs_no_installation() {
    let place = Place::new();
    guarded(&place, GUESTS_NEED_MFA);
    assert_eq!(
        place.run_well(&["import", "world", "--check"]),
        "Nothing would be broken.\n"
    );
    disable_mfa_for_guests(&place);
    let said = place.run(&["import", "world", "--check"]);
    assert_eq!(
        (said.code, said.out.as_str()),
        (Some(1), "It would be refused.\n")
    );
    let said = place.run(&["import", "world", "--check", "--output", "json"]);
    assert_eq!(said.code, Some(1));
    let told: Value = serde_json::from_str(&said.out).unwrap();
    assert_eq!(told[0]["policyChangeGuard"], "refuse");
    place
        .run(&["import", "nowhere", "--check"])
        .assert_refused(2, &["cannot read `nowhere`"]);
    assert!(!place.path("portcullis-data").exists());
}

#[test]
fn invariants_are_exported_again_and_an_empty_list_takes_them_back() {
    let place = Place::new();
    guarded(&place, GUESTS_NEED_MFA);
    place.run_well(&["import", "world"]);
    let declared = |folder: &str| {
        let file = place.path(folder).join("contoso.example/invariants.json");
        fs::read(file).ok()
    };
    place.run_well(&["export", "one"]);
    let kept: Value = serde_json::from_slice(&declared("one").unwrap()).unwrap();
    assert_eq!(kept["name"], "House rules");
    assert_eq!(kept["invariants"][0]["require"], "mfa");
    place.run_well(&["import", "one", "--data", "other"]);
    place.run_well(&["export", "two", "--data", "other"]);
    assert_eq!(files(&place.path("one")), files(&place.path("two")));

    // A folder that says nothing of them leaves them as they are, and they still guard.
    fs::remove_file(place.path("world/contoso/invariants.yaml")).unwrap();
    disable_mfa_for_guests(&place);
    place
        .run(&["import", "world"])
        .assert_refused(1, &["`guests need MFA for Payroll` does not hold"]);
    guarded(&place, "invariants: []");
    disable_mfa_for_guests(&place);
    let check = place.run(&["import", "world", "--check"]);
    let withdrawn = "Contoso: the invariant `guests need MFA for Payroll` is withdrawn";
    assert!(check.error.contains(withdrawn), "{}", check.error);
    let said = place.run(&["import", "world"]);
    assert_eq!(said.code, Some(0), "{}", said.error);
    assert!(said.out.contains("invariants"), "{}", said.out);
    assert!(said.error.contains(withdrawn), "{}", said.error);
    place.run_well(&["export", "three"]);
    assert_eq!(declared("three"), None);
}
