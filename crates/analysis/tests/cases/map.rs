//! The map of a small tenant, cell by cell.

use portcullis_analysis::lint::Administrators;
use portcullis_analysis::map::{Applying, Cell, Gate, Lacks, Level, Map, Section};
use portcullis_analysis::side::Counted;
use portcullis_model::conditional_access::PolicyState;
use portcullis_policy::decision::Outcome;
use serde_json::{Value, json};

use crate::story::{FABRIKAM, PAYROLL, Story, WIKI, block, id, mfa, policy, strength, text};

const VAULT: u128 = 0xa3;
const MAIL: u128 = 0xa4;
const EMERGENCY: u128 = 0xe1;
const GLOBAL_ADMINISTRATOR: &str = "62e90394-69f5-4237-9190-012177145e10";

fn at(application: u128) -> Value {
    json!({ "includeApplications": [text(application)] })
}

fn grant(controls: &[&str]) -> Value {
    json!({ "operator": "OR", "builtInControls": controls })
}

fn story() -> Story {
    let all_but_emergency = json!({ "includeUsers": ["All"], "excludeUsers": [text(EMERGENCY)] });
    Story::new([
        policy(
            1,
            json!({ "users": all_but_emergency, "applications": at(PAYROLL) }),
            mfa(),
        ),
        policy(
            2,
            json!({ "users": { "includeRoles": [GLOBAL_ADMINISTRATOR] } }),
            strength(2),
        ),
        policy(
            3,
            json!({ "applications": at(WIKI) }),
            grant(&["mfa", "compliantDevice", "domainJoinedDevice"]),
        ),
        policy(
            4,
            json!({
                "users": { "includeUsers": ["GuestsOrExternalUsers"] },
                "applications": { "includeApplications": ["All"], "excludeApplications": [text(PAYROLL)] },
            }),
            block(),
        ),
        policy(
            5,
            json!({ "applications": at(VAULT) }),
            grant(&["compliantDevice"]),
        ),
        policy(
            6,
            json!({ "applications": at(MAIL) }),
            grant(&["approvedApplication"]),
        ),
    ])
    .with_settings(json!({
        "partners": [{
            "tenantId": text(FABRIKAM),
            "inboundTrust": { "isMfaAccepted": true },
            "b2bCollaborationInbound": {
                "usersAndGroups": { "accessType": "allowed", "targets": [{ "target": "AllUsers", "targetType": "user" }] },
                "applications": { "accessType": "blocked", "targets": [not_for_partners(WIKI), not_for_partners(VAULT), not_for_partners(MAIL)] },
            },
        }],
    }))
}

fn not_for_partners(application: u128) -> Value {
    json!({ "target": text(application), "targetType": "application" })
}

fn map(story: &Story) -> Map {
    let administrators = Administrators::default();
    let mut analysis = story.analysis(&[&administrators.selection()]);
    let mut last = (0, 0);
    let map = analysis
        .map(&administrators, &mut |done, total| last = (done, total))
        .unwrap();
    assert_eq!(last.0, last.1, "the progress ends at its end");
    map
}

/// The cell of a row to an application.
#[track_caller]
fn cell<'m>(map: &'m Map, row: &str, application: u128) -> &'m Cell {
    let member = text(application);
    let mut columns = map.columns.iter();
    let column = columns
        .position(|one| one.members.contains(&member))
        .unwrap();
    let mut rows = map.rows.iter();
    let row = rows.position(|one| one.name.starts_with(row)).unwrap();
    &map.cells[row][column]
}

#[test]
fn every_cell_is_the_strongest_statement_that_holds() {
    use Level::{
        Blocked, CannotCome, ManagedDevice, Mfa, MfaOrManagedDevice, PhishingResistantMfa,
        Something, SometimesNothing,
    };
    let map = map(&story());
    for (row, levels) in [
        (
            "Members",
            [Mfa, MfaOrManagedDevice, ManagedDevice, Something],
        ),
        (
            "Global Administrator",
            [
                PhishingResistantMfa,
                PhishingResistantMfa,
                PhishingResistantMfa,
                PhishingResistantMfa,
            ],
        ),
        ("B2B collaboration guests", [Mfa, Blocked, Blocked, Blocked]),
        ("Users of tenant", [Mfa, CannotCome, CannotCome, CannotCome]),
        (
            "User 00000000…00e1",
            [
                SometimesNothing,
                MfaOrManagedDevice,
                ManagedDevice,
                Something,
            ],
        ),
    ] {
        for (application, level) in [PAYROLL, WIKI, VAULT, MAIL].into_iter().zip(levels) {
            let cell = cell(&map, row, application);
            assert_eq!(cell.level, level, "{row} at {application:x}");
            assert!(!cell.may_be_stronger);
        }
    }
    assert!(cell(&map, "Global Administrator", VAULT).managed_device_too);
    assert!(!cell(&map, "Members", PAYROLL).managed_device_too);
    let rest = map.columns.iter().position(|one| one.is_rest).unwrap();
    assert_eq!(map.columns[rest].name, "Any other application");
    assert_eq!(map.cells[0][rest].level, Level::SometimesNothing);
    let workloads = map.rows.last().unwrap();
    assert_eq!(workloads.section, Section::Workloads);
    assert_eq!(map.cells.last().unwrap()[rest].level, Level::Nothing);
}

#[test]
fn each_way_in_was_granted_by_the_engine_and_lacks_the_next_stronger_demand() {
    let map = map(&story());
    for (row, application, lacks) in [
        ("Members", PAYROLL, Lacks::PhishingResistantMfa),
        ("Members", WIKI, Lacks::Mfa),
        ("Members", VAULT, Lacks::Mfa),
        ("Members", MAIL, Lacks::MfaAndManagedDevice),
        ("User 00000000…00e1", PAYROLL, Lacks::AnyDemand),
        ("Global Administrator", PAYROLL, Lacks::Nothing),
    ] {
        let way_in = cell(&map, row, application).way_in.as_ref().unwrap();
        assert_eq!(way_in.without, lacks, "{row} at {application:x}");
        assert_eq!(way_in.witness.outcome, Outcome::Granted);
        assert_eq!(way_in.witness.application(), Some(id(application)));
    }
    assert!(
        cell(&map, "B2B collaboration guests", WIKI)
            .way_in
            .is_none()
    );
}

#[test]
fn a_cell_names_the_policies_that_apply_always_and_at_times() {
    let map = map(&story());
    let of = |number: u128, is_always: bool| Applying {
        policy: id(number),
        is_always,
    };
    let policies = |row, application| cell(&map, row, application).policies.clone();
    // A member may be a Global Administrator.
    assert_eq!(policies("Members", PAYROLL), [of(1, true), of(2, false)]);
    assert_eq!(
        policies("Global Administrator", VAULT),
        [of(2, true), of(5, true)]
    );
    assert_eq!(policies("Users of tenant", WIKI), []);
    let sixth = map.policies.iter().find(|one| one.id == id(6)).unwrap();
    assert_eq!(sixth.demands, "an approved application");
    assert!(sixth.cells > 0 && sixth.cells == sixth.always);
    assert_eq!(map.policies[1].demands, "strength “Phishing resistant MFA”");
}

#[test]
fn neighbours_are_told_as_the_settings_have_them() {
    let map = map(&story());
    let [fabrikam, others] = &map.neighbours[..] else {
        panic!("{:?}", map.neighbours);
    };
    assert_eq!(fabrikam.tenant, Some(id(FABRIKAM)));
    assert!(
        matches!(&fabrikam.collaboration_in, Gate::Partly(whom) if whom.contains("all users at everything but"))
    );
    assert_eq!(fabrikam.collaboration_out, Gate::Open);
    assert_eq!(fabrikam.direct_connect_in, Gate::Shut(None));
    assert!(fabrikam.trust.mfa && !fabrikam.trust.compliant_device);
    assert_eq!(others.tenant, None);
    assert_eq!(others.collaboration_in, Gate::Open);
    assert!(!others.trust.mfa);
}

#[test]
fn an_entry_that_names_nobody_lets_nobody_through() {
    let nobody = json!({ "accessType": "allowed", "targets": [] });
    let story = Story::new([]).with_settings(json!({
        "default": { "b2bCollaborationInbound": { "usersAndGroups": nobody } },
    }));
    let map = map(&story);
    assert!(matches!(
        map.neighbours[0].collaboration_in,
        Gate::Shut(Some(_))
    ));
    assert!(map.absent.contains(&"Users of any other tenant".to_owned()));
}

#[test]
fn without_policies_nothing_is_demanded_of_anybody() {
    let map = map(&Story::new([]));
    assert!(map.policies.is_empty() && map.findings.is_empty());
    for (level, count) in map.totals() {
        assert!(
            matches!(level, Level::Nobody | Level::Nothing),
            "{count} {level:?}"
        );
    }
    let guests = cell_of_rest(&map, "B2B collaboration guests");
    assert_eq!(guests.way_in.as_ref().unwrap().without, Lacks::AnyDemand);
}

fn cell_of_rest<'m>(map: &'m Map, row: &str) -> &'m Cell {
    let rest = map.columns.iter().position(|one| one.is_rest).unwrap();
    let row = map.rows.iter().position(|one| one.name == row).unwrap();
    &map.cells[row][rest]
}

#[test]
fn a_policy_that_only_reports_counts_when_it_is_asked_for() {
    let mut reporting = policy(1, json!({}), mfa());
    reporting.state = PolicyState::ReportOnly;
    let mut story = Story::new([reporting]);
    let without = map(&story);
    assert_eq!(cell_of_rest(&without, "Members").level, Level::Nothing);
    assert!(!without.policies[0].is_counted);
    story.counted = Counted::ReportOnlyToo;
    let with = map(&story);
    assert_eq!(cell_of_rest(&with, "Members").level, Level::Mfa);
    assert!(with.policies[0].is_counted);
}
