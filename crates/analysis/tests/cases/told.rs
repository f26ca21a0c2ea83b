//! How classes and witnesses are told: no more than is so.

use portcullis_analysis::analysis::Analysis;
use portcullis_analysis::gap::Without;
use portcullis_analysis::invariant::{Invariant, Statement, Verdict};
use portcullis_analysis::region::End;
use portcullis_analysis::selection::{Interest, Reaching, Selection};
use portcullis_analysis::side::Counted;
use portcullis_analysis::told::Names;
use portcullis_analysis::who::SubjectKind;
use portcullis_model::authentication_strength::AuthenticationStrengthPolicy;
use portcullis_model::user::User;
use portcullis_policy::compile::CompiledTenant;
use portcullis_whatif::directory::{Directory, DirectoryTenant, People};
use serde_json::{Value, json};

use crate::story::{PAYROLL, Story, block, contoso, countries, members, policy, ranges, text};

/// The classes without this, as told.
fn told(story: &Story, without: &Without, selection: &Selection) -> Vec<String> {
    let gaps = story.gaps(without, selection);
    assert_eq!(gaps.end, End::Complete);
    gaps.gaps.iter().map(|gap| gap.class.to_string()).collect()
}

fn inside(number: u128) -> Value {
    json!({ "locations": { "includeLocations": [text(number)] } })
}

fn outside(number: u128) -> Value {
    json!({ "locations": { "includeLocations": ["All"], "excludeLocations": [text(number)] } })
}

#[test]
fn all_named_ranges_together_are_told_without_two_negations() {
    let everywhere_but_nowhere = json!({ "locations": {
        "includeLocations": ["All"], "excludeLocations": [text(1), text(2), text(3)],
    } });
    let places = [
        ranges(1, &["10.0.0.0/8"]),
        ranges(2, &["11.0.0.0/8"]),
        ranges(3, &["12.0.0.0/8"]),
    ];
    let story = Story::new([policy(1, everywhere_but_nowhere.clone(), block())]);
    let classes = told(&story.at(places.clone()), &Without::AnyPolicy, &members());
    assert_eq!(
        classes,
        ["members, to any application, from inside some named address range"]
    );
    let story = Story::new([
        policy(1, everywhere_but_nowhere, block()),
        policy(2, inside(3), block()),
    ]);
    let mut places = places.to_vec();
    places.extend([ranges(4, &["13.0.0.0/8"]), ranges(5, &["14.0.0.0/8"])]);
    let classes = told(&story.at(places), &Without::AnyPolicy, &members());
    assert_eq!(
        classes,
        ["members, to any application, from inside Place 1 or inside Place 2"]
    );
}

#[test]
fn a_place_in_another_is_told_from_the_whole_of_it() {
    let story = Story::new([
        policy(1, outside(1), block()),
        policy(2, inside(2), block()),
    ]);
    let story = story.at([ranges(1, &["10.0.0.0/8"]), ranges(2, &["10.1.0.0/16"])]);
    let classes = told(&story, &Without::AnyPolicy, &members());
    assert_eq!(
        classes,
        ["members, to any application, from inside Place 1 and no other named address range"]
    );
    // Where the whole of it is open, nothing of the other is told.
    let story = Story::new([policy(1, outside(1), block())]);
    let story = story.at([ranges(1, &["10.0.0.0/8"]), ranges(2, &["10.1.0.0/16"])]);
    let classes = told(&story, &Without::AnyPolicy, &members());
    assert_eq!(
        classes,
        ["members, to any application, from inside Place 1"]
    );
    // What overlaps nothing has no other.
    let story = Story::new([policy(1, outside(1), block())]);
    let story = story.at([ranges(1, &["10.0.0.0/8"]), ranges(2, &["11.1.0.0/16"])]);
    let classes = told(&story, &Without::AnyPolicy, &members());
    assert_eq!(
        classes,
        ["members, to any application, from inside Place 1"]
    );
}

#[test]
fn a_class_of_applications_on_their_own_behalf_says_which() {
    let about = json!({
        "users": { "includeUsers": ["None"] },
        "clientApplications": { "includeServicePrincipals": [text(0x51)] },
    });
    let story = Story::new([policy(1, about, block())]);
    let classes = told(
        &story,
        &Without::AnyPolicy,
        &Selection::workload_identities(),
    );
    assert_eq!(
        classes,
        ["workload identities (any other application of this tenant), to any application"]
    );
    let everybody = Selection::default().reaching(Reaching::Applications);
    let classes = told(&story, &Without::AnyPolicy, &everybody);
    assert_eq!(classes.len(), 1);
    let which = format!(
        "(of workload identities: {})",
        "any other application of this tenant"
    );
    assert!(classes[0].contains(&which), "{classes:?}");
}

#[test]
fn whoever_never_comes_is_not_nothing() {
    let selection = Selection::of_kinds([SubjectKind::B2bDirectConnectUser]);
    let invariant = Invariant {
        name: "comes".to_owned(),
        why: None,
        source: None,
        selection: selection.reaching(Reaching::Applications),
        statement: Statement::NeverBlocked,
    };
    let story = Story::new([]);
    let mut analysis = story.analysis(&[&invariant.selection]);
    let Verdict::Violated { violations, .. } = analysis.check(&invariant, 10).unwrap() else {
        panic!("nobody is blocked");
    };
    let who: Vec<&str> = violations
        .iter()
        .map(|gap| gap.class.who.as_str())
        .collect();
    assert_eq!(who, ["B2B direct connect users"]);
}

const COMPLIANT: &str = "members or internal guests, to any application, by browser or mobile app or desktop client, \
                         not through deviceCodeFlow, on a compliant device";

#[test]
fn whoever_cannot_be_in_a_class_is_not_told_of() {
    let compliant = json!({ "operator": "OR", "builtInControls": ["compliantDevice"] });
    let story = Story::new([policy(1, json!({}), compliant)]);
    // No device of anybody else counts.
    let classes = told(&story, &Without::mfa(), &Selection::people());
    assert_eq!(classes, [COMPLIANT]);
    // Only applications on their own behalf have such a risk.
    let about = json!({
        "users": { "includeUsers": ["None"] },
        "clientApplications": { "includeServicePrincipals": ["ServicePrincipalsInMyTenant"] },
        "servicePrincipalRiskLevels": ["high"],
    });
    let blocked = policy(1, json!({}), block());
    let risky = policy(2, about, block());
    let everybody = Selection::default().reaching(Reaching::Applications);
    let classes = told(
        &Story::new([blocked, risky]),
        &Without::AnyPolicy,
        &everybody,
    );
    assert_eq!(
        classes,
        ["workload identities, to any application, not at service principal risk high"]
    );
}

/// A strength that wants one model of key is met by that model: asked about again, the witness has to be the same sign-in.
#[test]
fn a_witness_names_the_key_that_it_takes() {
    let model = "de1e552d-db1d-4423-a619-566b625cdc84";
    let mut story = Story::new([policy(
        1,
        json!({}),
        json!({ "operator": "OR", "authenticationStrength": { "id": text(0x61) } }),
    )]);
    story.configuration.authentication_strengths = vec![
        AuthenticationStrengthPolicy::from_document(
            json!({
                "id": text(0x61), "displayName": "One model", "allowedCombinations": ["fido2"],
                "combinationConfigurations": [{
                    "@odata.type": "#microsoft.graph.fido2CombinationConfiguration",
                    "id": text(0x62), "appliesToCombinations": ["fido2"], "allowedAAGUIDs": [model],
                }],
            })
            .as_object()
            .unwrap()
            .clone(),
        )
        .unwrap(),
    ];
    let witness = &story.is_open(&Without::managed_device(), &members())[0];
    let told = serde_json::to_value(witness.situation()).unwrap();
    assert_eq!(
        told["proven"],
        json!([{ "method": "fido2", "aaguid": model }])
    );
}

/// No device of another tenant is registered here, so that nobody is told that guests may register some.
#[test]
fn what_nobody_of_a_class_ever_does_is_not_told_of() {
    let about = json!({ "applications": { "includeApplications": [text(PAYROLL)] } });
    let story = Story::new([policy(1, about, block())]);
    let before = Story::new([]);
    let tenant = |story: &Story| {
        let configuration = story.configuration.clone();
        let compiled = CompiledTenant::compile(&configuration);
        DirectoryTenant::new(configuration, compiled, People::NotListed)
    };
    let (before, after) = (tenant(&before), tenant(&story));
    let directory = Directory::new([before.clone()]);
    let interest = Interest::default();
    let mut analysis =
        Analysis::of_change(&directory, &before, &after, Counted::Enabled, &interest);
    let external = Selection::of_kinds([SubjectKind::B2bCollaborationGuest]);
    let mut told = Vec::new();
    for change in analysis.differences(&external, 9).unwrap() {
        told.extend(change.classes.iter().map(|one| one.class.reaching.clone()));
    }
    assert!(!told.is_empty());
    assert!(
        !told.iter().any(|one| one.contains("joining a device")),
        "{told:?}"
    );
}

/// The class is a hole for an internal guest as well; today there is none, and an auditor is told so.
#[test]
fn whom_a_class_names_and_the_directory_does_not_have_is_told_beside_it() {
    let compliant = json!({ "operator": "OR", "builtInControls": ["compliantDevice"] });
    let story = Story::new([policy(1, json!({}), compliant)]);
    let nobody_today = |people: People| {
        let configuration = story.configuration.clone();
        let compiled = CompiledTenant::compile(&configuration);
        let tenant = DirectoryTenant::new(configuration, compiled, people);
        let directory = Directory::new([tenant.clone()]);
        let interest = Interest::default();
        let mut analysis = Analysis::new(&directory, &tenant, Counted::Enabled, &interest);
        let gaps = analysis
            .gaps(&Without::mfa(), &Selection::people(), 9)
            .unwrap();
        let [gap] = gaps.gaps.as_slice() else {
            panic!("{gaps:?}");
        };
        assert_eq!(gap.class.to_string(), COMPLIANT);
        let has_nobody = analysis.has_nobody(SubjectKind::InternalGuest);
        assert_eq!(has_nobody, !gap.class.nobody_today.is_empty());
        gap.class.nobody_today.clone()
    };
    let user = |number: u128, user_type: &str| -> User {
        serde_json::from_value(json!({
            "id": text(number), "userPrincipalName": format!("user{number}@contoso.example"),
            "displayName": format!("User {number}"), "userType": user_type,
        }))
        .unwrap()
    };
    let listed = |users: &[User]| People::listed(Some(users.to_vec()), &[], &[]);
    let (member, guest) = (user(1, "Member"), user(2, "Guest"));
    assert_eq!(
        nobody_today(listed(std::slice::from_ref(&member))),
        ["internal guests"]
    );
    assert_eq!(nobody_today(listed(&[member, guest])), [""; 0]);
    // Where nobody is listed, anybody may be there.
    assert_eq!(nobody_today(People::NotListed), [""; 0]);
}

#[test]
fn a_witness_tells_what_decides() {
    let filter = json!({ "devices": { "deviceFilter": {
        "mode": "exclude", "rule": "device.displayName -endsWith \"x\"",
    } } });
    let story = Story::new([policy(1, filter, block())]);
    let witness = &story.is_open(&Without::AnyPolicy, &members())[0];
    let name = witness
        .device
        .as_ref()
        .unwrap()
        .attributes
        .display_name
        .clone()
        .unwrap();
    let analysis = story.directory();
    let names = Names::new(analysis.tenant(contoso()).unwrap());
    let words = witness.told(&names);
    assert!(words.contains(&format!("displayName `{name}`")), "{words}");
    // No country but an unknown one is open.
    let story = Story::new([policy(1, outside(1), block())]);
    let story = story.at([countries(1, &[], true)]);
    let witness = &story.is_open(&Without::AnyPolicy, &members())[0];
    let words = witness.told(&names);
    assert!(words.contains("in an unknown country"), "{words}");
}
