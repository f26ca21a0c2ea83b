//! Every template is a policy that loads as it stands, and says on the wire what its file says.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use uuid::{Uuid, uuid};

use super::*;
use crate::conditional_access::{ConditionalAccessPolicy, PolicyState, UserCondition};

/// Microsoft's, as its documentation shows them.
const KNOWN: [&str; 4] = [
    "c7503427-338e-4c5e-902d-abe252abfb43",
    "b8bda7f8-6584-4446-bce9-d871480e53fa",
    "0b2282f9-2862-4178-88b5-d79340b36cb8",
    "a3d0a415-b068-4326-9251-f9cdf9feeb64",
];
/// The namespace of the ids that are ours: version 5, of the template's name.
const OURS: Uuid = uuid!("8f0d6b8e-52c7-4d35-9d0e-6a7c1f3b9e24");
const ADMINISTRATOR: UserId = UserId::new(uuid!("c0c0c0c0-0001-4000-8000-000000000003"));

#[test]
fn every_template_is_a_policy_that_reports_and_leaves_out_who_made_it() {
    for template in ConditionalAccessTemplate::catalogue().unwrap() {
        let document = template.policy(&[ADMINISTRATOR]);
        let policy = ConditionalAccessPolicy::from_document(document.clone())
            .unwrap_or_else(|refusal| panic!("{}: {refusal}", template.name));
        assert_eq!(policy.state, PolicyState::ReportOnly, "{}", template.name);
        assert_eq!(policy.display_name, template.name);
        let left_out = UserCondition::User(ADMINISTRATOR);
        assert!(policy.conditions.users.exclude.contains(&left_out));
        // Whoever made it, and nobody by the placeholder: without an administrator the list is shorter by one.
        let nobody = ConditionalAccessPolicy::from_document(template.policy(&[])).unwrap();
        let excluded = policy.conditions.users.exclude.len();
        assert_eq!(nobody.conditions.users.exclude.len(), excluded - 1);
        // What is read is what was said: the document comes back with nothing but an id more.
        let mut read = policy.document.clone();
        read.shift_remove("id");
        assert_eq!(read, document, "{}", template.name);
    }
}

#[test]
fn a_template_goes_round_without_loss() {
    let catalogue = ConditionalAccessTemplate::catalogue().unwrap();
    for (template, file) in catalogue.iter().zip(FILES) {
        let value: Value = serde_json::from_str(file).unwrap();
        assert_eq!(serde_json::to_value(template).unwrap(), value);
        let excluded = &value["details"]["conditions"]["users"]["excludeUsers"];
        let placeholder = json!(WHOEVER_MAKES_THE_POLICY);
        assert!(excluded.as_array().unwrap().contains(&placeholder));
    }
}

#[test]
fn ids_are_microsofts_where_it_shows_them_and_else_made_from_the_name() {
    let catalogue = ConditionalAccessTemplate::catalogue().unwrap();
    let ids: BTreeSet<_> = catalogue.iter().map(|one| one.id).collect();
    let names: BTreeSet<_> = catalogue.iter().map(|one| &one.name).collect();
    assert_eq!((ids.len(), names.len()), (FILES.len(), FILES.len()));
    let known: BTreeSet<TemplateId> = KNOWN.iter().map(|id| id.parse().unwrap()).collect();
    assert!(known.is_subset(&ids));
    for template in catalogue.iter().filter(|one| !known.contains(&one.id)) {
        let ours = Uuid::new_v5(&OURS, template.name.as_bytes());
        assert_eq!(template.id.uuid(), ours, "{}", template.name);
    }
}

#[test]
#[expect(
    clippy::disallowed_methods,
    reason = "the test looks at the repository; the crate reads no file"
)]
fn every_file_of_the_folder_is_in_the_catalogue() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("templates");
    let files: BTreeSet<String> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| std::fs::read_to_string(entry.unwrap().path()).unwrap())
        .collect();
    assert_eq!(files, FILES.into_iter().map(str::to_owned).collect());
}

#[test]
fn scenarios_are_flags_in_one_text() {
    let read = |text: &str| TemplateScenarios::try_from(text.to_owned());
    let both = read("secureFoundation,protectAdmins").unwrap();
    assert!(both.contains(TemplateScenario::ProtectAdmins));
    assert!(!both.contains(TemplateScenario::ZeroTrust));
    assert_eq!(both.to_string(), "secureFoundation,protectAdmins");
    let none = read("new").unwrap();
    assert_eq!(none.to_string(), "new");
    for scenario in TemplateScenario::ALL {
        assert!(!none.contains(scenario));
        assert_eq!(scenario.name().parse(), Ok(scenario));
    }
    for wrong in ["", "ZeroTrust", "zeroTrust,", "zeroTrust, remoteWork"] {
        assert!(read(wrong).is_err(), "{wrong}");
    }
}

/// The table of specification 2.13, for what is in the catalogue.
#[test]
fn scenarios_are_those_of_the_specification() {
    let catalogue = ConditionalAccessTemplate::catalogue().unwrap();
    let of = |scenario| {
        let with = catalogue
            .iter()
            .filter(|one| one.scenarios.contains(scenario));
        with.count()
    };
    assert_eq!(TemplateScenario::ALL.map(of), [8, 14, 12, 6, 1]);
}
