//! Whatever is wrong with a file is told in one go, however it was found out.

use super::*;
use crate::prepare::NothingBeside;

fn faults(text: &str) -> Vec<String> {
    let faults = load("a.test.yaml", text.as_bytes(), &NothingBeside).unwrap_err();
    faults.iter().map(ToString::to_string).collect()
}

const PEOPLE: &str = "
users: [{ id: 00000000-0000-4000-8000-000000000001, displayName: Dave, userPrincipalName: dave@contoso.example }]
groups: []
";

fn check(text: &str, says: &[(&str, &str)]) {
    let told = faults(text);
    assert_eq!(told.len(), says.len(), "{told:#?}");
    for ((place, part), told) in says.iter().zip(&told) {
        let place = format!("a.test.yaml:{place}: ");
        assert!(
            told.starts_with(&place) && told.contains(part),
            "{place}{part} is not {told}"
        );
    }
}

#[test]
fn a_name_is_looked_up_though_another_sign_in_is_misspelt() {
    let text = format!(
        "name: x{PEOPLE}signIns:
  - {{ name: a, user: dav@contoso.example, app: Payrol, expect: {{ outcome: granted }} }}
  - {{ name: b, user: eve, platform: beos, app: Payrol, expect: {{ outcome: maybe }} }}
  - {{ name: c, user: dave@contoso.example, userAction: registerSecurityInformation, expect: {{ outcome: granted }} }}
  - {{ user: mallory, app: 00000003-0000-0ff1-ce00-000000000000, expect: {{ outcome: granted }} }}
"
    );
    check(
        &text,
        &[
            ("5:16", "did you mean `dave@contoso.example`?"),
            ("5:43", "application `Payrol`"),
            ("6:16", "user `eve`"),
            ("6:27", "`beos` is none of"),
            ("6:43", "application `Payrol`"),
            ("6:66", "unknown variant `maybe`"),
            ("8:5", "`name` is missing"),
            (
                "8:7",
                "user `mallory` is not known in Contoso; known are: dave@contoso.example",
            ),
        ],
    );
}

#[test]
fn a_name_is_looked_up_though_a_policy_is_broken_or_added_policies_are_not_there() {
    let text = format!(
        "name: x{PEOPLE}conditionalAccessPolicies:
  - {{ displayName: x, state: maybe }}
policies: drafts
signIns:
  - {{ name: a, user: eve, app: 00000003-0000-0ff1-ce00-000000000000, onlyPolicies: x, expect: {{ outcome: granted }} }}
"
    );
    check(
        &text,
        &[
            ("5:5", "$[0].conditions"),
            ("5:5", "neither a grant control"),
            ("5:23", "$[0].state"),
            ("6:1", "there is no `drafts`"),
            ("8:16", "user `eve`"),
        ],
    );
}

#[test]
fn what_is_wrong_with_the_defaults_is_told_once_and_nothing_is_made_up_of_it() {
    let sign_ins = "signIns:
  - { name: a, user: { type: member }, expect: { outcome: granted } }
  - { name: b, user: { type: member }, expect: { outcome: granted } }
";
    let text = format!("name: x{PEOPLE}world: [1]\n{sign_ins}");
    check(&text, &[("4:8", "`world`: invalid type")]);
    let text = format!("name: x{PEOPLE}defaults: {{ app: Payrol, platform: beos }}\n{sign_ins}");
    check(
        &text,
        &[
            ("4:13", "`defaults`: application `Payrol`"),
            ("4:26", "`beos`"),
        ],
    );
    // Nobody is told that nothing is reached, which may be what is misspelt.
    let text = format!("name: x{PEOPLE}defaults: {{ app: {{}} }}\n{sign_ins}");
    check(&text, &[("4:13", "`app`: invalid type")]);
}

#[test]
fn without_its_world_a_file_says_what_it_can() {
    let text = "name: x\nworld: nowhere\nsignIns:\n  - { name: a, user: eve, expect: {} }\n";
    check(
        text,
        &[
            ("2:1", "there is no `nowhere`"),
            ("4:27", "nothing is expected"),
        ],
    );
}
