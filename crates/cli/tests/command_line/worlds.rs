//! Worlds in and out: import, export, and what they refuse.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::running::Place;

pub(crate) const DEMO_WORLD: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../../scenarios/two-organisations"
);

/// Every file below a folder, by its path.
pub(crate) fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        if path.is_dir() {
            let below = files(&path).into_iter();
            found.extend(below.map(|(file, bytes)| (format!("{name}/{file}"), bytes)));
        } else {
            found.insert(name, fs::read(&path).unwrap());
        }
    }
    found
}

/// A copy of the demo world that a test may spoil.
pub(crate) fn copied(place: &Place) -> String {
    for (file, bytes) in files(Path::new(DEMO_WORLD)) {
        let path = place.path("world").join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }
    "world".to_owned()
}

#[test]
fn importing_twice_changes_nothing() {
    let place = Place::new();
    let first = place.run_well(&["import", DEMO_WORLD]);
    assert!(
        first.contains("Contoso") && first.contains("changes made."),
        "{first}"
    );
    let second = place.run_well(&["import", DEMO_WORLD]);
    assert!(second.ends_with("Nothing changed.\n"), "{second}");
    let third = place.run_well(&["import", DEMO_WORLD, "--output", "json"]);
    let third: Value = serde_json::from_str(&third).unwrap();
    let tenants = third["tenants"].as_array().unwrap();
    assert_eq!(tenants.len(), 3);
    for counts in tenants
        .iter()
        .flat_map(|tenant| tenant["kinds"].as_object().unwrap().values())
    {
        assert_eq!(
            (&counts["added"], &counts["changed"]),
            (&0.into(), &0.into())
        );
    }
}

#[test]
fn a_dry_run_says_what_would_change_and_changes_nothing() {
    let place = Place::new();
    let said = place.run_well(&["import", DEMO_WORLD, "--dry-run"]);
    assert!(said.contains("changes would be made; nothing was changed (--dry-run)."));
    assert!(!place.path("portcullis-data").exists());
    place.run_well(&["import", DEMO_WORLD]);
    fs::remove_dir_all(place.path("portcullis-data")).unwrap();
}

#[test]
fn a_bad_world_is_refused_whole_and_every_fault_is_named() {
    let place = Place::new();
    let world = copied(&place);
    let users = place.path("world/contoso/users.json");
    let mut document: Value = serde_json::from_slice(&fs::read(&users).unwrap()).unwrap();
    document[0]["userType"] = "Alien".into();
    document[1]["id"] = 5.into();
    fs::write(users, document.to_string()).unwrap();
    fs::write(place.path("world/fabrikam/groups.json"), "{nope").unwrap();
    place.run(&["import", &world]).assert_refused(
        1,
        &[
            "nothing was imported from `world`",
            "contoso/users.json: `$[0].userType`",
            "found unknown variant `Alien`, expected `Member` or `Guest`",
            "contoso/users.json: `$[1].id`",
            "found invalid type: integer `5`, expected a string",
            "fabrikam/groups.json: `$`",
        ],
    );
    assert!(!place.path("portcullis-data").exists());

    // Into an installation that has tenants: they stay as they were.
    place.run_well(&["import", DEMO_WORLD]);
    place.run_well(&["export", "before"]);
    assert_eq!(place.run(&["import", &world]).code, Some(1));
    place.run_well(&["export", "after"]);
    assert_eq!(files(&place.path("before")), files(&place.path("after")));
}

#[test]
fn a_folder_that_is_no_world_is_refused() {
    let place = Place::new();
    place
        .run(&["import", "nowhere"])
        .assert_refused(1, &["cannot read `nowhere`"]);
    fs::create_dir(place.path("empty")).unwrap();
    let parts = ["found no tenant", "`organization.json`"];
    place.run(&["import", "empty"]).assert_refused(1, &parts);
}

#[test]
fn export_then_import_then_export_gives_an_equal_world() {
    let place = Place::new();
    place.run_well(&["import", DEMO_WORLD]);
    let said = place.run_well(&["export", "one"]);
    assert!(said.contains("Wrote 3 tenants to one."), "{said}");
    place.run_well(&["import", "one", "--data", "other"]);
    place.run_well(&["export", "two", "--data", "other"]);
    let (one, two) = (files(&place.path("one")), files(&place.path("two")));
    assert!(one.len() > 10);
    assert_eq!(one, two);
    let text = String::from_utf8(one.into_values().flatten().collect()).unwrap();
    assert!(
        !text.contains("password\""),
        "credentials are never written"
    );
    let parts = ["cannot export to `one`", "not empty"];
    place.run(&["export", "one"]).assert_refused(1, &parts);
}

#[test]
fn a_missing_or_short_master_key_is_refused_and_none_is_made() {
    let place = Place::new();
    place.run_well(&["import", DEMO_WORLD]);
    let key = place.path("portcullis-data/master.key");
    fs::write(&key, "short").unwrap();
    let arguments = ["signins", "--tenant", "contoso"];
    place
        .run(&arguments)
        .assert_refused(1, &["exactly 32 bytes"]);
    fs::remove_file(&key).unwrap();
    let parts = ["is missing", "restore it from your backup"];
    place.run(&arguments).assert_refused(1, &parts);
    assert!(!key.exists());
}

#[test]
fn a_master_key_of_the_right_length_that_is_another_is_refused_by_every_command() {
    let place = Place::new();
    place.run_well(&["import", DEMO_WORLD]);
    let key = place.path("portcullis-data/master.key");
    let right = fs::read(&key).unwrap();
    fs::write(&key, [7; 32]).unwrap();
    let parts = [
        "master.key`",
        "does not fit",
        "--master-key-file",
        "restore it from your backup",
    ];
    for arguments in [
        &["serve", "--port", "0"][..],
        &["signins", "--tenant", "contoso"],
        &["import", DEMO_WORLD],
        &["export", "elsewhere"],
        &["keys", "rotate", "--tenant", "contoso"],
    ] {
        place.run(arguments).assert_refused(1, &parts);
    }
    fs::write(&key, right).unwrap();
    place.run_well(&["signins", "--tenant", "contoso"]);
}

#[test]
fn the_sign_in_log_of_a_tenant_nobody_came_to_is_empty_and_an_unknown_tenant_is_told_the_known_ones()
 {
    let place = Place::new();
    place.run_well(&["import", DEMO_WORLD]);
    let said = place.run_well(&["signins", "--tenant", "CONTOSO"]);
    assert_eq!(said, "No sign-ins of Contoso match.\n");
    let said = place.run_well(&["signins", "--tenant", "contoso", "--output", "json"]);
    let said: Value = serde_json::from_str(&said).unwrap();
    assert_eq!(said, serde_json::json!({ "value": [] }));
    for unknown in ["nobody", ""] {
        let parts = ["no tenant is called", "Woodgrove, Contoso, Fabrikam"];
        place
            .run(&["signins", "--tenant", unknown])
            .assert_refused(1, &parts);
    }
}

const POLICY: &str = r#"{"displayName": "MFA", "state": "enabled",
    "conditions": {"users": {"includeUsers": ["All"]}, "applications": {"includeApplications": ["00000002-0000-0ff1-ce00-000000000000"]},
        "locations": {"includeLocations": ["All"], "excludeLocations": ["11111111-0000-4000-8000-00000000000a"]}},
    "grantControls": {"operator": "OR", "builtInControls": ["mfa"]}}"#;
const ORGANIZATION: &str = r#"{"id": "11111111-0000-4000-8000-000000000001", "displayName": "Contoso",
    "verifiedDomains": [{"name": "contoso.example", "isInitial": true, "isDefault": true}]}"#;

/// What can be asked about can be run, once somebody says whose it is.
#[test]
fn exported_policies_are_imported_as_they_lie_beside_an_organization() {
    let place = Place::new();
    fs::create_dir_all(place.path("export/more")).unwrap();
    let wrapped = format!(r#"{{"Policies": {{"value": [{POLICY}]}}}}"#);
    let marked: Vec<u8> = format!("\u{feff}{wrapped}")
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    fs::write(place.path("export/more/CA 001.JSON"), marked).unwrap();
    let missing = "named location `11111111-0000-4000-8000-00000000000a`, in 1 policy";
    let asked = ["--user-type", "member", "--app", "Exchange Online"];
    let whatif = place.run(&[&["whatif", "export"], &asked[..]].concat());
    assert_eq!(whatif.code, Some(0), "{whatif:?}");
    assert!(whatif.error.contains(missing), "{whatif:?}");
    // The same is told where nobody knows whose the policies are.
    for arguments in [&["import", "export"][..], &["import", "export", "--check"]] {
        let said = place.run(arguments);
        assert_ne!(said.code, Some(0), "{said:?}");
        for part in [
            missing,
            "`export` holds one policy",
            "no `organization.json`",
            "lay one beside",
        ] {
            assert!(said.error.contains(part), "`{part}` in {said:?}");
        }
    }
    assert!(!place.path("portcullis-data").exists());
    fs::write(place.path("export/organization.json"), ORGANIZATION).unwrap();
    let again = place.run_well(&[&["whatif", "export"], &asked[..]].concat());
    assert!(again.contains("decided by Contoso"), "{again}");
    let check = place.run(&["import", "export", "--check"]);
    assert!(check.error.contains(missing), "{check:?}");
    let json = place.run_well(&["import", "export", "--check", "--output", "json"]);
    let json: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json[0]["missing"][0]["kind"], "named location", "{json}");
    let said = place.run(&["import", "export"]);
    assert_eq!(said.code, Some(0), "{said:?}");
    assert!(said.error.contains(missing), "{said:?}");
    place.run_well(&["export", "out"]);
    let out = files(&place.path("out"));
    let policies = out.get("contoso.example/conditionalAccessPolicies.json");
    assert!(String::from_utf8_lossy(policies.unwrap()).contains("\"MFA\""));
}

#[test]
fn settings_that_nobody_understands_are_told_wherever_policies_are_read() {
    let place = Place::new();
    fs::create_dir(place.path("export")).unwrap();
    fs::write(place.path("export/policies.json"), POLICY).unwrap();
    let settings = r#"{"displayName": "CrossTenantAccessPolicy", "allowedCloudEndpoints": []}"#;
    fs::write(place.path("export/crossTenantAccessPolicy.json"), settings).unwrap();
    let told = |arguments: &[&str], code: i32| {
        let parts = [
            "crossTenantAccessPolicy.json: `$`",
            "it has `displayName`, `allowedCloudEndpoints`",
            "`policies/crossTenantAccessPolicy/default`",
        ];
        place.run(arguments).assert_refused(code, &parts);
    };
    let asked = ["--user-type", "member", "--app", "Exchange Online"];
    told(&[&["whatif", "export"], &asked[..]].concat(), 1);
    told(&["gaps", "export"], 2);
    told(&["lint", "export"], 2);
    told(&["import", "export", "--check"], 2);
    fs::write(place.path("export/organization.json"), ORGANIZATION).unwrap();
    told(&["import", "export", "--check"], 2);
    told(&["import", "export"], 1);
    told(&[&["whatif", "export"], &asked[..]].concat(), 1);
}
