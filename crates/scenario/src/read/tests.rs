//! What a file may hold, and what is said of the rest: every fault with its line.

use super::*;

fn faults(text: &str) -> Vec<String> {
    let faults = read("a.test.yaml", text.as_bytes()).unwrap_err();
    faults.iter().map(ToString::to_string).collect()
}

const GOOD: &str = "\
name: Payroll
defaults:
  app: Payroll
  platform: windows
signIns:
  - name: alice
    user: alice@contoso.example
    platform: linux
    expect: { outcome: granted }
";

#[test]
fn a_sign_in_says_what_differs_from_the_defaults() {
    let tests = read("a.test.yaml", GOOD.as_bytes()).unwrap();
    assert_eq!(tests.name, "Payroll");
    assert_eq!(tests.absent, Absent::Nothing);
    let [test] = tests.sign_ins.as_slice() else {
        panic!("{:?}", tests.sign_ins)
    };
    let told = serde_json::to_value(&test.situation).unwrap();
    let expected =
        serde_json::json!({"user": "alice@contoso.example", "app": "Payroll", "platform": "linux"});
    assert_eq!(told, expected);
    assert_eq!((test.name.as_str(), test.position.line), ("alice", 6));
}

#[test]
fn json_is_read_like_yaml() {
    let text = r#"{"name": "x", "signals": "partial", "signIns": [{"name": "a", "user": "u", "app": "b", "expect": {"asks": ["mfa"]}}]}"#;
    let tests = read("a.test.json", text.as_bytes()).unwrap();
    assert_eq!(tests.absent, Absent::Unknown);
    assert_eq!(tests.sign_ins.len(), 1);
}

#[test]
fn every_fault_is_told_at_once_with_its_line() {
    let text = "\
name: x
wrold: here
signIns:
  - name: a
    platform: beos
    expect: { outcome: maybe }
  - name: a
    usr: alice
    expect: {}
  - name: b
    expect: { asks: [{ control: mfa, at: work }] }
  - name: c
  - user: u
    expect: { session: { signInFrequency: 4 weeks } }
";
    let faults = faults(text);
    let all = faults.join("\n");
    for says in [
        "a.test.yaml:2:1: unknown member `wrold`",
        "a.test.yaml:5:5: `beos` is none of: android",
        "a.test.yaml:6:15: unknown variant `maybe`",
        "unknown field `usr`, expected one of `name`, `description`, `onlyPolicies`, `expect`, `user`",
        "a.test.yaml:9:5: nothing is expected",
        "`work` is none of: home, resource",
        "a.test.yaml:12:5: `expect` is missing",
        "a.test.yaml:13:5: `name` is missing",
        "a.test.yaml:14:26: `4 weeks` is no frequency",
    ] {
        assert!(all.contains(says), "{says} is not in\n{all}");
    }
    let lines: Vec<_> = faults.iter().map(|fault| fault.split(':').nth(1)).collect();
    assert!(lines.iter().all(|line| *line != Some("0")), "{all}");
}

#[test]
fn several_faults_of_one_sign_in_are_told_together() {
    let text = "\
name: x
name: y
";
    assert_eq!(
        faults(text),
        ["a.test.yaml:2:1: a second member `name`: each is given once"]
    );
    let text = "\
name: x
signIns:
  - name: a
    platform: nothing
    country: DEU
    device: { colour: red, trustType: Joined }
    proven: [pasword, sms, fid]
    user: { type: stranger, groups: 7 }
    expect: { outcome: [granted], error: many, asks: nothing }
";
    let told = faults(text);
    let all = told.join("\n");
    for says in [
        "a.test.yaml:4:5: `nothing` is none of: android",
        "a.test.yaml:5:5: `DEU` is neither a country",
        "a.test.yaml:6:15: unknown field `colour`, expected one of `vouchedBy`",
        "a.test.yaml:6:28: `Joined` is none of",
        "`pasword` is no method",
        "`fid` is no method",
        "a.test.yaml:8:13: `stranger` is none of",
        "a.test.yaml:8:29: `groups`: invalid type",
        "a.test.yaml:9:15: `outcome`: invalid type: sequence",
        "a.test.yaml:9:35: `error`: invalid type",
    ] {
        assert!(all.contains(says), "{says} is not in\n{all}");
    }
    // A device has no member of a sign-in.
    let colour = told.iter().find(|one| one.contains("colour")).unwrap();
    assert!(!colour.contains("onlyPolicies"), "{colour}");
    assert!(!all.contains("`sms` is no"), "{all}");
}

#[test]
fn a_file_without_a_test_is_no_test() {
    for (text, says) in [
        ("", "this is no policy test"),
        ("- a\n", "this is no policy test"),
        ("name: x\n", "there is no sign-in"),
        ("name: x\nsignIns: []\n", "there is no sign-in"),
        ("name: x\nsignIns: 7\n", "is a list of sign-ins"),
        (
            "signIns: [{name: a, expect: {outcome: granted}}]\n",
            "`name` is missing",
        ),
        ("name: x\nsignIns: [7]\n", "a sign-in is an object"),
        (
            "name: x\nsignIns: [{name: ' ', expect: {outcome: granted}}]\n",
            "`name` is missing: say what this sign-in shows",
        ),
    ] {
        let faults = faults(text);
        assert!(
            faults.iter().any(|fault| fault.contains(says)),
            "{text}: {faults:?}"
        );
    }
}

#[test]
fn an_empty_choice_of_policies_is_refused_and_does_not_mean_none() {
    let test = |only: &str| {
        format!(
            "name: x\nsignIns:\n  - name: a\n    onlyPolicies: {only}\n    expect: {{ outcome: granted }}\n"
        )
    };
    assert_eq!(
        faults(&test("[]")),
        [
            "a.test.yaml:4:5: no policy is named, so this test would ask none: name one at least, or leave `onlyPolicies` out for all"
        ]
    );
    assert!(read("a.test.yaml", test("[One]").as_bytes()).is_ok());
}

#[test]
fn names_are_unique() {
    let text = "\
name: x
signIns:
  - { name: a, user: u, app: b, expect: { outcome: granted } }
  - { name: a, user: u, app: b, expect: { outcome: granted } }
";
    assert_eq!(
        faults(text),
        ["a.test.yaml:4:5: a second sign-in `a`, also in line 3"]
    );
}

#[test]
fn what_is_too_large_or_no_text_is_refused() {
    let large = vec![b' '; FILE_SIZE_BYTES_MAX + 1];
    for bytes in [large.as_slice(), b"\xff\xfe"] {
        let faults = read("a", bytes).unwrap_err();
        assert_eq!(faults.len(), 1, "{faults:?}");
    }
    assert!(read("a", format!("\u{feff}{GOOD}").as_bytes()).is_ok());
}
