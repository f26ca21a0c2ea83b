//! What a file holds takes the place of what its world has, and what is wrong with either is told where it is.

use std::collections::BTreeMap;

use portcullis_model::conditional_access::ConditionalAccessPolicy;
use portcullis_whatif::directory::Drafts;

use super::*;
use crate::read::read;

/// A world of two tenants and a folder of drafts.
struct TwoTenants;

fn organization(id: u8, name: &str, domain: &str) -> Vec<u8> {
    format!(
        r#"{{"id":"{id:08}-0000-4000-8000-000000000001","displayName":"{name}","verifiedDomains":[{{"name":"{domain}","isDefault":true,"isInitial":true}}]}}"#
    )
    .into_bytes()
}

fn policy(name: &str, state: &str) -> String {
    format!(
        r#"{{"displayName":"{name}","state":"{state}","conditions":{{"users":{{"includeUsers":["All"]}},"applications":{{"includeApplications":["All"]}}}},"grantControls":{{"operator":"OR","builtInControls":["block"]}}}}"#
    )
}

impl Surroundings for TwoTenants {
    fn world(&self, _: &str, path: &str) -> Result<Base, String> {
        if path == "export" {
            let files = Files(BTreeMap::from([(
                "one/organization.json".to_owned(),
                organization(1, "One", "one.example"),
            )]));
            let world = parse_world(&files).unwrap().tenants.remove(0);
            return Ok(Base::Exported(Arc::new(DirectoryTenant::of_world(world))));
        }
        if path == "loose" || path == "mixed" {
            let stored = policy("stored", "enabled");
            let here = r#"{"displayName":"Here","countriesAndRegions":["NL"]}"#;
            let policies = match path {
                "loose" => format!("[{stored}]"),
                _ => format!(r#"{{"policies":[{stored}],"namedLocations":[{here}]}}"#),
            };
            let files = [
                (
                    "one/organization.json",
                    organization(1, "One", "one.example"),
                ),
                ("one/CA/all of them.json", policies.into_bytes()),
            ];
            let files = files.map(|(name, bytes)| (name.to_owned(), bytes));
            return Ok(Base::World(Arc::new(Files(files.into_iter().collect()))));
        }
        if path != "world" {
            return Err(format!("there is no `{path}`"));
        }
        let files = [
            (
                "one/organization.json",
                organization(1, "One", "one.example"),
            ),
            (
                "two/organization.json",
                organization(2, "Two", "two.example"),
            ),
            (
                "one/conditionalAccessPolicies/a.json",
                policy("stored", "enabled").into_bytes(),
            ),
            ("one/credentials.json", b"{\"passwords\": 7}".to_vec()),
        ];
        let files = files.map(|(name, bytes)| (name.to_owned(), bytes));
        Ok(Base::World(Arc::new(Files(files.into_iter().collect()))))
    }

    fn with_policies(
        &self,
        tenant: &DirectoryTenant,
        _: &str,
        path: &str,
    ) -> Result<DirectoryTenant, String> {
        if path != "drafts" {
            return Err(format!("there is no `{path}`"));
        }
        let document = serde_json::from_str(&policy("draft", "enabled")).unwrap();
        Ok(tenant.clone().with_drafts(Drafts {
            policies: vec![ConditionalAccessPolicy::from_document(document).unwrap()],
            ..Drafts::default()
        }))
    }
}

fn prepared(head: &str) -> Result<Prepared, String> {
    let text = format!(
        "name: x\n{head}signIns:\n  - {{ name: a, user: {{ type: member }}, app: 00000000-0000-4000-8000-00000000000a, expect: {{ outcome: granted }} }}\n"
    );
    let tests = read("a.test.yaml", text.as_bytes()).unwrap();
    prepare(tests, &TwoTenants).map_err(|faults| {
        let faults: Vec<_> = faults.iter().map(ToString::to_string).collect();
        faults.join("\n")
    })
}

fn policies(head: &str) -> Vec<String> {
    let prepared = prepared(head).unwrap();
    let tenant = prepared.directory.find_tenant("one").unwrap();
    let policies = &tenant.configuration().conditional_access_policies;
    policies
        .iter()
        .map(|one| one.display_name.clone())
        .collect()
}

#[test]
fn a_kind_of_the_file_replaces_the_same_kind_of_the_world() {
    let own = policy("own", "enabled");
    assert_eq!(policies("world: world\ntenant: one\n"), ["stored"]);
    let head = format!("world: world\ntenant: One\nconditionalAccessPolicies: [{own}]\n");
    assert_eq!(policies(&head), ["own"]);
    let head = "world: world\ntenant: one.example\nconditionalAccessPolicies: []\n";
    assert_eq!(policies(head), Vec::<String>::new());
}

#[test]
fn a_kind_of_the_file_replaces_what_files_of_any_name_hold() {
    let own = policy("own", "enabled");
    assert_eq!(policies("world: loose\n"), ["stored"]);
    let head = format!("world: loose\nconditionalAccessPolicies: [{own}]\n");
    assert_eq!(policies(&head), ["own"]);
    assert_eq!(policies("world: mixed\n"), ["stored"]);
    let both = format!("world: mixed\nconditionalAccessPolicies: [{own}]\nnamedLocations: []\n");
    assert_eq!(policies(&both), ["own"]);
    let head = format!("world: mixed\nconditionalAccessPolicies: [{own}]\n");
    let faults = prepared(&head).unwrap_err();
    let says = "a.test.yaml:3:1: `conditionalAccessPolicies` replaces that kind, and `CA/all of them.json` of the world holds it among others";
    assert!(faults.contains(says), "{faults}");
}

#[test]
fn policies_of_other_files_are_added() {
    let head = "world: world\ntenant: one\npolicies: drafts\n";
    assert_eq!(policies(head), ["stored", "draft"]);
}

#[test]
fn a_file_may_do_without_a_world() {
    let own = policy("own", "enabled");
    let prepared = prepared(&format!("conditionalAccessPolicies: [{own}]\n")).unwrap();
    let tenant = prepared.directory.find_tenant("Contoso").unwrap();
    assert_eq!(tenant.configuration().conditional_access_policies.len(), 1);
}

#[test]
fn what_is_wrong_is_told_where_it_is() {
    let broken = "conditionalAccessPolicies:\n  - displayName: x\n    state: maybe\n";
    for (head, says) in [
        ("world: nowhere\n", "a.test.yaml:2:1: there is no `nowhere`"),
        (
            "world: world\ntenant: three\n",
            "a.test.yaml:3:1: this world has no tenant `three`",
        ),
        ("world: world\nusers: []\n", "say with `tenant`"),
        (
            "policies: missing\n",
            "a.test.yaml:2:1: there is no `missing`",
        ),
        (
            "world: export\nusers: []\n",
            "a.test.yaml:3:1: `users` replaces what a world folder has",
        ),
        ("world: world\npolicies: drafts\n", "to which of them"),
        (
            broken,
            "a.test.yaml:4:5: conditionalAccessPolicies: `$[0].state`",
        ),
    ] {
        let faults = prepared(head).unwrap_err();
        let wanted = says.replace("this world has", "the world has");
        assert!(faults.contains(&wanted), "{head}: {faults}");
    }
}
