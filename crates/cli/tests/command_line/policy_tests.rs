//! `portcullis test` as a build server runs it: what is said and answered of good, failing, broken and missing tests.

use std::fs;

use serde_json::Value;

use crate::running::Place;

const APP: &str = "00000003-0000-0ff1-ce00-000000000000";

fn write(place: &Place, name: &str, sign_ins: &str) {
    let text = format!(
        "name: Guests
world: export
defaults: {{ app: {APP} }}
signIns:
{sign_ins}"
    );
    fs::write(place.path(name), text).unwrap();
}

/// Exported policies, with a name in place of an id, and a test that holds.
fn place() -> Place {
    let place = Place::new();
    fs::create_dir(place.path("export")).unwrap();
    let policies = r#"{"value": [{"displayName": "MFA for guests", "state": "enabled",
        "conditions": {"users": {"includeUsers": ["GuestsOrExternalUsers"], "excludeGroups": ["Partners"]}, "applications": {"includeApplications": ["All"]}},
        "grantControls": {"operator": "OR", "builtInControls": ["mfa"]}}]}"#;
    fs::write(place.path("export/policies.json"), policies).unwrap();
    let good = "  - { name: a guest, user: { type: internalGuest }, expect: { outcome: asked, asks: mfa } }
  - { name: a partner, user: { type: internalGuest, groups: Partners }, expect: { applied: [] } }
";
    write(&place, "good.test.yaml", good);
    place
}

#[test]
fn what_passes_exits_0() {
    let place = place();
    let said = place.run(&["test", "."]);
    assert_eq!(said.code, Some(0), "{said:?}");
    assert!(
        said.out.contains("Guests (./good.test.yaml), 2 sign-ins"),
        "{said:?}"
    );
    assert!(said.out.contains("2 passed in 1 file"), "{said:?}");
    assert!(!said.out.contains('\u{1b}') && !said.error.contains('\u{1b}'));
    assert!(said.error.contains("group `Partners`"), "{said:?}");
    let verbose = place.run_well(&["test", "good.test.yaml", "--verbose", "--filter", "PARTNER"]);
    assert!(verbose.contains("pass  a partner"), "{verbose}");
    assert!(
        verbose.contains("1 passed, 1 left out by --filter"),
        "{verbose}"
    );
}

#[test]
fn what_fails_exits_1_and_shows_the_difference_the_reason_and_the_line() {
    let place = place();
    let bad = "  - { name: \"a <guest> & more\", user: { type: internalGuest }, expect: { outcome: granted, policies: { MFA for guests: success } } }\n";
    write(&place, "bad.test.yaml", bad);
    let said = place.run(&["test", ".", "--junit", "reports/new/report.xml"]);
    assert_eq!(said.code, Some(1), "{said:?}");
    for part in [
        "not ok  Guests (./bad.test.yaml)",
        "./bad.test.yaml:5",
        "expected  granted",
        "found     asked",
        "policies.MFA for guests",
        "because",
        "how it came about:",
        "2 passed, 1 failed in 2 files",
    ] {
        assert!(said.out.contains(part), "`{part}` in: {}", said.out);
    }
    let report = fs::read_to_string(place.path("reports/new/report.xml")).unwrap();
    for part in [
        "tests=\"3\" failures=\"1\" errors=\"0\"",
        "<testcase name=\"a &lt;guest&gt; &amp; more\" classname=\"Guests\" file=\"./bad.test.yaml\" line=\"5\"",
        "<failure message=\"outcome: expected granted, found asked;",
    ] {
        assert!(report.contains(part), "`{part}` in: {report}");
    }
    let json = place.run(&["test", ".", "--output", "json"]);
    assert_eq!(json.code, Some(1));
    let json: Value = serde_json::from_str(&json.out).unwrap();
    assert_eq!((&json["passed"], &json["failed"]), (&2.into(), &1.into()));
    let failed = &json["files"][0]["signIns"][0];
    assert_eq!(failed["result"], "failed");
    assert_eq!(failed["differences"][0]["found"], "asked");
    assert_eq!(failed["line"], 5);
}

#[test]
fn what_cannot_be_run_exits_2_with_file_and_line() {
    let place = place();
    write(
        &place,
        "typo.test.yaml",
        "  - { name: a, user: { type: gest }, expect: { outcome: granted } }
  - { name: b, user: { type: member, groups: [Partnres] }, expect: { outcome: granted } }\n",
    );
    write(
        &place,
        "who.test.yaml",
        "  - { name: a, user: { type: member }, app: Payrol, expect: { outcome: granted } }\n",
    );
    fs::write(place.path("tabs.test.yaml"), "name: x\n\tsignIns: []\n").unwrap();
    fs::write(place.path("empty.test.yaml"), "").unwrap();
    let said = place.run(&["test", "."]);
    assert_eq!(said.code, Some(2), "{said:?}");
    for part in [
        "./typo.test.yaml:5:",
        "`gest` is none of: member",
        "./typo.test.yaml:6:47: `b`: group `Partnres` is not known",
        "./who.test.yaml:5:40: `a`: application `Payrol` is not known",
        "./tabs.test.yaml:1:7: ",
        "./empty.test.yaml:1:1: this is no policy test",
        "2 passed, 4 cannot be run in 5 files",
    ] {
        assert!(said.out.contains(part), "`{part}` in: {}", said.out);
    }
}

#[test]
fn without_a_test_there_is_nothing_that_passed() {
    let place = place();
    place.run(&["test"]).assert_refused(2, &["<PATH>"]);
    let parts = ["cannot read `nowhere`"];
    place.run(&["test", "nowhere"]).assert_refused(2, &parts);
    let parts = ["no policy tests in `export`", ".test.yaml"];
    place.run(&["test", "export"]).assert_refused(2, &parts);
    let said = place.run(&["test", ".", "--filter", "nobody"]);
    assert_eq!(said.code, Some(2), "{said:?}");
    assert!(said.error.contains("no test was run"), "{said:?}");
}

/// The first block in this language of a guide, without what indents it.
fn example(guide: &str, language: &str) -> String {
    let (_, block) = guide.split_once(&format!("```{language}\n")).unwrap();
    let (block, _) = block.split_once("```").unwrap();
    let lines = block.lines();
    let lines: Vec<&str> = lines
        .map(|line| line.strip_prefix("   ").unwrap_or(line))
        .collect();
    lines.join("\n")
}

/// What Graph exports: everybody but one group does MFA, and old protocols are closed to guests.
fn exported(place: &Place, folder: &str) {
    let policies = r#"{"@odata.context": "…", "value": [
        {"id": "11111111-0000-4000-8000-000000000001", "displayName": "MFA", "state": "enabled",
         "conditions": {"users": {"includeUsers": ["All"], "excludeGroups": ["11111111-0000-4000-8000-00000000000a"]},
                        "applications": {"includeApplications": ["All"]}},
         "grantControls": {"operator": "OR", "builtInControls": ["mfa"]}},
        {"id": "11111111-0000-4000-8000-000000000002", "displayName": "No old protocols", "state": "enabled",
         "conditions": {"users": {"includeUsers": ["GuestsOrExternalUsers"]}, "applications": {"includeApplications": ["All"]},
                        "clientAppTypes": ["exchangeActiveSync", "other"]},
         "grantControls": {"operator": "OR", "builtInControls": ["block"]}}]}"#;
    fs::create_dir(place.path(folder)).unwrap();
    let file = format!("{folder}/conditionalAccessPolicies.json");
    fs::write(place.path(&file), policies).unwrap();
}

#[test]
fn the_examples_of_the_guides_hold() {
    let place = Place::new();
    exported(&place, "tenant");
    let guide = include_str!("../../../../docs/guides/policy-tests-in-ci.md");
    fs::create_dir(place.path("tests")).unwrap();
    fs::write(place.path("tests/guests.test.yaml"), example(guide, "yaml")).unwrap();
    // Without the groups, their names stand for nothing.
    let said = place.run(&["test", "tests"]);
    assert_eq!(said.code, Some(2), "{said:?}");
    let groups = r##"{"value": [{"id": "11111111-0000-4000-8000-00000000000a", "displayName": "Break glass",
        "securityEnabled": true, "members": [{"@odata.type": "#microsoft.graph.user", "id": "11111111-0000-4000-8000-00000000000b"}]}]}"##;
    fs::write(place.path("tenant/groups.json"), groups).unwrap();
    let said = place.run_well(&["test", "tests"]);
    assert!(said.contains("2 passed in 1 file"), "{said}");

    exported(&place, "export");
    let guide = include_str!("../../../../docs/guides/import-your-policies.md");
    fs::write(place.path("guests.test.yaml"), example(guide, "yaml")).unwrap();
    let said = place.run_well(&["test", "guests.test.yaml"]);
    assert!(said.contains("1 passed in 1 file"), "{said}");
}
