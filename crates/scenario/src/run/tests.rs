//! Tests that pass, that fail and that cannot be run, from text to verdict.

use super::*;
use crate::prepare::{NothingBeside, prepare};
use crate::read::read;

const APP: &str = "c0c0c0c0-0004-4000-8000-000000000001";

fn text(sign_ins: &str) -> String {
    format!(
        "\
name: MFA
conditionalAccessPolicies:
  - displayName: mfa for all
    state: enabled
    conditions: {{ users: {{ includeUsers: [All] }}, applications: {{ includeApplications: [All] }} }}
    grantControls: {{ operator: OR, builtInControls: [mfa] }}
    sessionControls: {{ persistentBrowser: {{ isEnabled: true, mode: never }} }}
  - displayName: no windows
    state: enabled
    conditions: {{ users: {{ includeUsers: [All] }}, applications: {{ includeApplications: [All] }}, platforms: {{ includePlatforms: [windows] }} }}
    grantControls: {{ operator: OR, builtInControls: [block] }}
defaults: {{ user: {{ type: member }}, app: {APP} }}
signIns:
{sign_ins}"
    )
}

fn run(sign_ins: &str) -> Vec<TestResult> {
    let tests = read("a.test.yaml", text(sign_ins).as_bytes()).unwrap();
    let prepared = prepare(tests, &NothingBeside).unwrap();
    let mut runner = Runner::new(&prepared, Timestamp::UNIX_EPOCH);
    let tests = prepared.tests.sign_ins.iter();
    tests.map(|test| runner.run(test)).collect()
}

fn differences(expect: &str) -> Vec<(String, String, String)> {
    let results = run(&format!("  - {{ name: a, expect: {expect} }}\n"));
    match results[0].verdict.clone() {
        Verdict::Passed => Vec::new(),
        Verdict::Failed { differences, trace } => {
            assert!(!trace.is_empty());
            let told = |one: Difference| (one.member, one.expected, one.found);
            differences.into_iter().map(told).collect()
        }
        Verdict::Faulty { faults } => panic!("{faults:?}"),
    }
}

#[test]
fn what_is_as_expected_passes() {
    for expect in [
        "{ outcome: asked }",
        "{ asks: mfa }",
        "{ asks: [{ control: mfa, at: resource }] }",
        "{ applied: mfa for all }",
        "{ policies: { mfa for all: failure, No Windows: notApplied } }",
        "{ policies: { mfa for all: applies } }",
        "{ session: { persistentBrowser: never, signInFrequency: none } }",
        "{ status: failure }",
        "{ dependsOn: [] }",
    ] {
        assert_eq!(differences(expect), [], "{expect}");
    }
}

#[test]
fn what_a_client_gets_is_an_error_where_nobody_is_there() {
    let silent = |error: &str| {
        let results = run(&format!(
            "  - {{ name: a, interactive: false, expect: {{ outcome: asked, error: {error} }} }}\n"
        ));
        results[0].verdict == Verdict::Passed
    };
    assert!(silent("50076"));
    assert!(!silent("53003"));
}

#[test]
fn a_context_takes_no_application_out_of_the_test() {
    let results = run(
        "  - { name: a, authenticationContext: c1, expect: { outcome: asked, applied: mfa for all } }\n",
    );
    assert_eq!(results[0].verdict, Verdict::Passed);
}

#[test]
fn what_is_not_as_expected_fails_in_its_member() {
    for (expect, member, expected, found) in [
        ("{ outcome: granted }", "outcome", "granted", "asked"),
        ("{ error: 53003 }", "error", "53003", "no refusal"),
        ("{ asks: [] }", "asks", "nothing", "mfa at resource"),
        (
            "{ asks: [mfa, passwordChange] }",
            "asks",
            "mfa, passwordChange",
            "mfa at resource",
        ),
        (
            "{ asks: [{ control: mfa, at: home }] }",
            "asks",
            "mfa at home",
            "mfa at resource",
        ),
        ("{ applied: [] }", "applied", "nothing", "mfa for all"),
        (
            "{ applied: [mfa for all, no windows] }",
            "applied",
            "mfa for all, no windows",
            "mfa for all",
        ),
        (
            "{ policies: { mfa for all: success } }",
            "policies.mfa for all",
            "success",
            "failure",
        ),
        (
            "{ policies: { no windows: applies } }",
            "policies.no windows",
            "applies",
            "notApplied",
        ),
        (
            "{ session: { persistentBrowser: always } }",
            "session.persistentBrowser",
            "always",
            "never",
        ),
        ("{ status: success }", "status", "success", "failure"),
        (
            "{ dependsOn: [platform] }",
            "dependsOn",
            "platform",
            "nothing",
        ),
    ] {
        let differences = differences(expect);
        let wanted = [(member.to_owned(), expected.to_owned(), found.to_owned())];
        assert_eq!(differences, wanted, "{expect}");
    }
}

#[test]
fn only_the_policies_that_are_named_are_looked_at() {
    let results = run("  - { name: a, platform: windows, expect: { outcome: blocked, error: 53003 } }
  - { name: b, platform: windows, onlyPolicies: mfa for all, expect: { outcome: asked } }
  - { name: c, platform: windows, onlyPolicies: [mfa for all], expect: { outcome: asked, asks: mfa } }
  - { name: d, platform: windows, expect: { outcome: blocked } }
  - { name: e, onlyPolicies: nothing like it, expect: { outcome: granted } }
");
    let passed = |result: &TestResult| result.verdict == Verdict::Passed;
    assert!(results[..4].iter().all(passed), "{results:?}");
    let told = faults(&results[4]).join("\n");
    let says = "there is no policy `nothing like it`; known are: mfa for all, no windows";
    assert!(told.contains(says), "{told}");
    assert!(told.starts_with("a.test.yaml:18:16: `e`: "), "{told}");
}

fn faults(result: &TestResult) -> Vec<String> {
    let Verdict::Faulty { faults } = &result.verdict else {
        panic!("{result:?}")
    };
    faults.iter().map(ToString::to_string).collect()
}

#[test]
fn a_policy_that_nothing_is_called_cannot_be_expected() {
    let results = run("  - { name: a, expect: { policies: { mfa for al: success } } }
  - { name: b, app: Payrol, expect: { applied: [no windows, x], policies: { mfa for all: success } } }
  - { name: c, expect: { applied: [] } }
  - { name: d, onlyPolicies: mfa for all, expect: { policies: { no windows: notApplied } } }
");
    let told = faults(&results[0]);
    let says = "`a`: there is no policy `mfa for al`; did you mean `mfa for all`? ";
    assert!(told.len() == 1 && told[0].contains(says), "{told:?}");
    assert!(told[0].starts_with("a.test.yaml:14:"), "{told:?}");
    let told = faults(&results[1]).join("\n");
    assert!(told.contains("application `Payrol`"), "{told}");
    assert!(
        told.contains("there is no policy `x`; known are: mfa for all, no windows"),
        "{told}"
    );
    // A set of none names nothing; one that is not looked at is there, and not as expected.
    for result in &results[2..] {
        assert!(
            matches!(result.verdict, Verdict::Failed { .. }),
            "{result:?}"
        );
    }
}

#[test]
fn a_user_action_beside_an_application_cannot_be_run() {
    let results = run("  - { name: a, app: Exchange Online, userAction: registerSecurityInformation, expect: { outcome: granted } }
  - { name: b, userAction: registerSecurityInformation, expect: { outcome: granted } }
");
    let told = faults(&results[0]).join("\n");
    assert!(told.contains("a user action is reached alone"), "{told}");
    // The application of the defaults gives way.
    assert!(
        !matches!(results[1].verdict, Verdict::Faulty { .. }),
        "{results:?}"
    );
}

#[test]
fn every_name_that_stands_for_nothing_is_told_where_it_is_with_the_nearest() {
    let results = run("  - name: a
    user: { type: b2bCollaborationGuest, homeTenant: contso, groups: [x], roles: [Global Admin] }
    app: [Payrol, exchange onlin]
    client: Outlok
    accepted: [NDA]
    onlyPolicies: [mfa for al, no windows, x]
    expect: { outcome: granted }
");
    let told = faults(&results[0]);
    let says = [
        ("15:42", "tenant `contso`", "did you mean `Contoso`?"),
        ("15:71", "group `x`", "none is known"),
        (
            "15:83",
            "role `Global Admin`",
            "did you mean `Global Administrator`?",
        ),
        ("16:11", "application `Payrol`", "give an appId"),
        (
            "16:19",
            "application `exchange onlin`",
            "did you mean `Exchange Online`?",
        ),
        ("17:5", "application `Outlok`", "give an appId"),
        ("18:16", "terms of use `NDA`", "give an id"),
        (
            "19:20",
            "policy `mfa for al`",
            "did you mean `mfa for all`?",
        ),
        ("19:44", "policy `x`", "known are: mfa for all, no windows"),
    ];
    assert_eq!(told.len(), says.len(), "{told:#?}");
    for (place, name, cure) in says {
        let place = format!("a.test.yaml:{place}: `a`: ");
        let is_it = |one: &&String| one.starts_with(&place) && one.contains(name);
        let found = told.iter().find(is_it);
        let found = found.unwrap_or_else(|| panic!("{place}{name} is not in {told:#?}"));
        assert!(found.contains(cure), "{found}");
    }
}

#[test]
fn what_is_left_out_is_told_beside_a_wrong_name() {
    let told = |sign_in: &str| {
        let text = text(sign_in).replace("defaults: { user: { type: member }, app: ", "x: ");
        let text: Vec<&str> = text
            .lines()
            .filter(|line| !line.starts_with("x: "))
            .collect();
        let tests = read("a.test.yaml", text.join("\n").as_bytes()).unwrap();
        let prepared = prepare(tests, &NothingBeside).unwrap();
        let mut runner = Runner::new(&prepared, Timestamp::UNIX_EPOCH);
        faults(&runner.run(&prepared.tests.sign_ins[0]))
    };
    let one = told("  - { name: a, app: Payrol, expect: { outcome: granted } }\n");
    assert!(
        one[0].starts_with("a.test.yaml:13:16: `a`: application `Payrol`"),
        "{one:?}"
    );
    assert!(
        one[1].starts_with("a.test.yaml:13:5: `a`: nobody signs in"),
        "{one:?}"
    );
    assert_eq!(one.len(), 2, "{one:?}");
    let one = told("  - { name: a, user: { type: member }, expect: { outcome: granted } }\n");
    assert_eq!(one.len(), 1, "{one:?}");
    assert!(one[0].contains("nothing is reached"), "{one:?}");
}
