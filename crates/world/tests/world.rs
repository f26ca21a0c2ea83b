//! Shows that a world comes out as it went in, and that everything wrong with one is told at once.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::too_many_lines,
    reason = "tests, their helpers included, and tables of cases written as `json!` values"
)]

use portcullis_model::document::Reason;
use portcullis_model::id::TenantId;
use portcullis_world::demo::{two_organisations, two_organisations_files};
use portcullis_world::error::WorldFindings;
use portcullis_world::files::Files;
use portcullis_world::parse::parse_world;
use portcullis_world::{WorldError, read_world, write_world};
use serde_json::{Value, json};

const NOBODY: &str = "99999999-9999-4999-8999-999999999999";
const FABRIKAM: &str = "fafafafa-0000-4000-8000-000000000001";
const CONTOSO: &str = "c0c0c0c0-0000-4000-8000-000000000001";

/// The demo world with `value` at a JSON pointer of a file.
fn with(file: &str, pointer: &str, value: Value) -> Files {
    let mut files = two_organisations_files();
    let mut document: Value = serde_json::from_slice(&files.0[file]).unwrap();
    let (parent, name) = pointer.rsplit_once('/').unwrap();
    match document.pointer_mut(parent).unwrap() {
        Value::Array(list) if name == "-" => list.push(value),
        Value::Array(list) => list[name.parse::<usize>().unwrap()] = value,
        Value::Object(members) => {
            members.insert(name.into(), value);
        }
        other => panic!("{other}"),
    }
    files
        .0
        .insert(file.into(), document.to_string().into_bytes());
    files
}

/// The value at a JSON pointer of a file of the demo world.
fn value_of(file: &str, pointer: &str) -> Value {
    let document: Value = serde_json::from_slice(&two_organisations_files().0[file]).unwrap();
    document.pointer(pointer).unwrap().clone()
}

fn refused(files: &Files) -> WorldFindings {
    match parse_world(files) {
        Err(WorldError::Refused(findings)) => findings,
        other => panic!("not refused: {other:?}"),
    }
}

/// The world is refused for exactly one reason, at this place.
#[track_caller]
fn refused_at(files: &Files, file: &str, path: &str, reason: Reason) {
    let findings = refused(files);
    let shown = findings.to_string();
    let found: Vec<_> = findings
        .0
        .iter()
        .map(|one| {
            (
                one.file.as_str(),
                one.finding.path.as_str(),
                one.finding.reason,
            )
        })
        .collect();
    assert_eq!(found, [(file, path, reason)], "{shown}");
}

#[test]
fn what_is_written_is_read_again_the_same() {
    let world = two_organisations().unwrap();
    let folder = tempfile::tempdir().unwrap();
    write_world(folder.path(), &world.tenants).unwrap();
    let again = read_world(folder.path()).unwrap();
    assert_eq!(again.tenants, world.tenants);
    let texts = Files::read(folder.path()).unwrap();
    let second = tempfile::tempdir().unwrap();
    write_world(second.path(), &again.tenants).unwrap();
    assert_eq!(Files::read(second.path()).unwrap(), texts);
}

#[test]
fn credentials_are_read_and_never_written() {
    let world = two_organisations().unwrap();
    let secrets: Vec<String> = world
        .credentials
        .iter()
        .flat_map(|one| {
            let passwords = one.passwords.iter().map(|one| one.password.expose());
            let clients = one.client_secrets.iter().map(|one| one.secret.expose());
            passwords.chain(clients).map(str::to_owned)
        })
        .collect();
    assert_eq!(secrets.len(), 7 + 7);
    assert_eq!(
        world
            .credentials
            .iter()
            .map(|one| one.totp.len())
            .sum::<usize>(),
        5
    );
    let folder = tempfile::tempdir().unwrap();
    write_world(folder.path(), &world.tenants).unwrap();
    let debug = format!("{world:?}");
    for secret in &secrets {
        assert!(!debug.contains(secret));
        for (name, bytes) in &Files::read(folder.path()).unwrap().0 {
            assert!(!String::from_utf8_lossy(bytes).contains(secret), "{name}");
        }
    }
    assert_eq!(
        two_organisations().unwrap(),
        world,
        "ids of authenticators stay the same"
    );
}

#[test]
fn all_findings_of_a_world_are_told_at_once_with_file_and_path() {
    let mut files = with("contoso/users.json", "/0/displayName", json!(""));
    files
        .0
        .insert("fabrikam/groups.json".into(), b"[{\"id\": 1}]".to_vec());
    files.0.insert("woodgrove/users.txt".into(), Vec::new());
    files.0.insert("stray.json".into(), b"{}".to_vec());
    let lines: Vec<_> = refused(&files).0.iter().map(ToString::to_string).collect();
    assert_eq!(lines.len(), 4, "{lines:#?}");
    for expected in [
        "stray.json: `$`: an unknown member: found a file outside every tenant's folder, expected",
        "contoso/users.json: `$[0].displayName`: not a known value: found ``, expected a name",
        "fabrikam/groups.json: `$[0].id`: the wrong kind of value: found invalid type: integer `1`, expected",
        "woodgrove/users.txt: `$`: an unknown member: found a file that belongs to no kind, expected",
    ] {
        assert!(
            lines.iter().any(|line| line.starts_with(expected)),
            "{expected}\n{lines:#?}"
        );
    }
}

#[test]
fn a_tenant_needs_its_organization() {
    let mut files = two_organisations_files();
    files.0.remove("woodgrove/organization.json");
    refused_at(&files, "woodgrove/organization.json", "$", Reason::Missing);
    assert_eq!(
        refused(&Files::default()).0.len(),
        1,
        "an empty folder is no world"
    );
}

#[test]
fn ids_names_and_domains_are_there_once() {
    let organization = value_of("fabrikam/organization.json", "/verifiedDomains/0/name");
    let taken = json!([{"name": "woodgrove.example", "isInitial": true}, {"name": organization}]);
    refused_at(
        &with(
            "woodgrove/organization.json",
            "/verifiedDomains/-",
            json!({"name": "fabrikam.example"}),
        ),
        "fabrikam/organization.json",
        "$.verifiedDomains[0].name",
        Reason::Duplicate,
    );
    let also = with("woodgrove/organization.json", "/verifiedDomains", taken);
    assert_eq!(refused(&also).0.len(), 1);
    for (file, copied, changes) in [
        (
            "contoso/users.json",
            "/0",
            vec![("/userPrincipalName", json!("other@contoso.example"))],
        ),
        (
            "contoso/users.json",
            "/0",
            vec![
                ("/id", json!(NOBODY)),
                ("/userPrincipalName", json!("CAROL@contoso.example")),
            ],
        ),
        (
            "contoso/groups.json",
            "/0",
            vec![("/displayName", json!("Another"))],
        ),
        (
            "contoso/groups.json",
            "/0",
            vec![("/id", value_of("contoso/users.json", "/0/id"))],
        ),
        (
            "contoso/roleAssignments.json",
            "/0",
            vec![("/id", json!("another"))],
        ),
        (
            "contoso/applications.json",
            "/3",
            vec![("/id", json!(NOBODY))],
        ),
        (
            "contoso/applications.json",
            "/3",
            vec![("/appId", json!(NOBODY))],
        ),
        (
            "contoso/applications.json",
            "/0",
            vec![("/appId", json!(NOBODY)), ("/id", json!(NOBODY))],
        ),
        (
            "contoso/servicePrincipals.json",
            "/0",
            vec![("/id", json!(NOBODY))],
        ),
        (
            "contoso/namedLocations.json",
            "/0",
            vec![("/displayName", json!("Elsewhere"))],
        ),
        (
            "contoso/users.json",
            "/2",
            vec![
                ("/id", json!(NOBODY)),
                ("/identities", json!([])),
                ("/userPrincipalName", json!("a#EXT#@contoso.example")),
            ],
        ),
    ] {
        let mut copy = value_of(file, copied);
        for (pointer, value) in &changes {
            copy[pointer.trim_start_matches('/')] = value.clone();
        }
        let findings = refused(&with(file, "/-", copy));
        assert_eq!(findings.0.len(), 1, "{file} {changes:?}\n{findings}");
        assert_eq!(
            findings.0[0].finding.reason,
            Reason::Duplicate,
            "{findings}"
        );
    }
}

#[test]
fn what_is_referred_to_is_there() {
    for (file, pointer, value, path) in [
        (
            "contoso/groups.json",
            "/0/members/-",
            json!(NOBODY),
            "$[0].members[1]",
        ),
        (
            "contoso/roleAssignments.json",
            "/0/principalId",
            json!(NOBODY),
            "$[0].principalId",
        ),
        (
            "contoso/servicePrincipals.json",
            "/0/appId",
            json!(NOBODY),
            "$[0].appId",
        ),
        (
            "contoso/servicePrincipals.json",
            "/0/assignedTo",
            json!([NOBODY]),
            "$[0].assignedTo[0]",
        ),
        (
            "contoso/servicePrincipals.json",
            "/0/appOwnerOrganizationId",
            json!(FABRIKAM),
            "$[0].appOwnerOrganizationId",
        ),
        (
            "contoso/users.json",
            "/2/homeAccount/userId",
            json!(NOBODY),
            "$[2].homeAccount.userId",
        ),
        (
            "contoso/users.json",
            "/0/userPrincipalName",
            json!("carol@fabrikam.example"),
            "$[0].userPrincipalName",
        ),
        (
            "contoso/conditionalAccessPolicies/report-block-outside-trusted-locations.json",
            "/conditions/locations/excludeLocations",
            json!([NOBODY]),
            "$.conditions.locations.excludeLocations[0]",
        ),
        (
            "contoso/crossTenantAccessPolicy.json",
            "/partners/0/b2bCollaborationOutbound",
            json!({"usersAndGroups": {"accessType": "blocked", "targets": [{"target": NOBODY, "targetType": "user"}]}}),
            "$.partners[0].b2bCollaborationOutbound.usersAndGroups.targets[0].target",
        ),
        (
            "contoso/credentials.json",
            "/clientSecrets/0/appId",
            json!(NOBODY),
            "$.clientSecrets[0].appId",
        ),
    ] {
        let mut files = with(file, pointer, value);
        if path.ends_with("userPrincipalName") {
            files.0.remove("contoso/credentials.json");
        }
        refused_at(&files, file, path, Reason::Reference);
    }
    // Another tenant's application must be open to other tenants.
    let principal = json!({"id": NOBODY, "appId": value_of("contoso/applications.json", "/0/appId"),
        "displayName": "Payroll", "appOwnerOrganizationId": CONTOSO});
    refused_at(
        &with("fabrikam/servicePrincipals.json", "/-", principal),
        "fabrikam/servicePrincipals.json",
        "$[2].appId",
        Reason::Reference,
    );
    // What belongs to a tenant outside the world cannot be checked here.
    let elsewhere = json!({"id": NOBODY, "appId": NOBODY, "displayName": "X", "appOwnerOrganizationId": NOBODY});
    assert!(parse_world(&with("fabrikam/servicePrincipals.json", "/-", elsewhere)).is_ok());
    let guest = json!({"tenantId": NOBODY, "userId": NOBODY});
    assert!(parse_world(&with("contoso/users.json", "/2/homeAccount", guest)).is_ok());
}

#[test]
fn a_home_account_is_elsewhere_and_no_guest_itself() {
    refused_at(
        &with(
            "contoso/users.json",
            "/2/homeAccount/tenantId",
            json!(CONTOSO),
        ),
        "contoso/users.json",
        "$[2].homeAccount.tenantId",
        Reason::Value,
    );
    let guest = json!({"tenantId": CONTOSO, "userId": value_of("contoso/users.json", "/3/id")});
    let mut ada = value_of("fabrikam/users.json", "/1");
    ada["userPrincipalName"] = json!("grace#EXT#@fabrikam.example");
    ada["homeAccount"] = guest;
    let mut files = with("fabrikam/users.json", "/1", ada);
    files.0.remove("fabrikam/credentials.json");
    let findings = refused(&files);
    assert_eq!(findings.0.len(), 2, "each points at the other: {findings}");
}

#[test]
fn trusted_locations_exist_before_policies_use_them() {
    refused_at(
        &with("contoso/namedLocations.json", "/0/isTrusted", json!(false)),
        "contoso/conditionalAccessPolicies/report-block-outside-trusted-locations.json",
        "$.conditions.locations.excludeLocations[0]",
        Reason::Rule("CA-V12"),
    );
    let mut files = two_organisations_files();
    files.0.remove("contoso/namedLocations.json");
    let world = parse_world(&files).unwrap();
    let contoso: TenantId = CONTOSO.parse().unwrap();
    let tenant = world
        .tenants
        .iter()
        .find(|one| one.organization.id == contoso)
        .unwrap();
    assert_eq!(
        tenant.named_locations, None,
        "the files do not speak of locations"
    );
}

#[test]
fn v05_a_policy_names_applications_that_are_there_or_microsofts_own() {
    const FILE: &str = "contoso/conditionalAccessPolicies/vault-needs-a-compliant-device.json";
    let nobodys = "11111111-1111-4111-8111-111111111111";
    for (side, list) in [
        ("includeApplications", json!([nobodys])),
        ("excludeApplications", json!([nobodys])),
    ] {
        let pointer = format!("/conditions/applications/{side}");
        refused_at(
            &with(FILE, &pointer, list),
            FILE,
            &format!("$.conditions.applications.{side}[0]"),
            Reason::Rule("CA-V05"),
        );
    }
    let included = "/conditions/applications/includeApplications";
    let exchange = json!(["00000002-0000-0ff1-ce00-000000000000"]);
    assert!(parse_world(&with(FILE, included, exchange)).is_ok());
    // Policies may be imported beside applications that are stored already.
    let mut files = with(FILE, included, json!([nobodys]));
    files.0.remove("contoso/servicePrincipals.json");
    assert!(parse_world(&files).is_ok());
}

#[test]
fn a_policy_that_is_not_enforced_refuses_the_world() {
    refused_at(
        &with(
            "contoso/conditionalAccessPolicies/mfa-for-guests.json",
            "/conditions/agentIdRiskLevels",
            json!("high"),
        ),
        "contoso/conditionalAccessPolicies/mfa-for-guests.json",
        "$.conditions.agentIdRiskLevels",
        Reason::NotEnforced("agent identity risk"),
    );
}

#[test]
fn a_kind_is_a_file_or_a_folder() {
    let mut files = two_organisations_files();
    files.0.insert(
        "contoso/conditionalAccessPolicies.json".into(),
        b"[]".to_vec(),
    );
    refused_at(
        &files,
        "contoso/conditionalAccessPolicies.json",
        "$",
        Reason::Duplicate,
    );
    let mut files = two_organisations_files();
    files.0.insert(
        "contoso/users/more.json".into(),
        b"{\"value\": []}".to_vec(),
    );
    assert_eq!(refused(&files).0.len(), 1);
}

#[test]
fn credentials_are_checked_and_not_shown() {
    for (pointer, value, path, reason) in [
        (
            "/passwords/0/password",
            json!(""),
            "$.passwords[0].password",
            Reason::Value,
        ),
        (
            "/passwords/0/password",
            json!(["PLANTED-1"]),
            "$.passwords[0].password",
            Reason::Shape,
        ),
        (
            "/passwords/0/userPrincipalName",
            json!("nobody@contoso.example"),
            "$.passwords[0]",
            Reason::Reference,
        ),
        (
            "/passwords/1/userPrincipalName",
            json!("carol@contoso.example"),
            "$.passwords[1]",
            Reason::Duplicate,
        ),
        (
            "/passwords/0/userPrincipalName",
            json!("ada_fabrikam.example#EXT#@contoso.example"),
            "$.passwords[0]",
            Reason::Value,
        ),
        (
            "/totp/0/secretBase32",
            json!("PLANTEDA"),
            "$.totp[0].secretBase32",
            Reason::Value,
        ),
        (
            "/totp/0/secretBase32",
            json!("1"),
            "$.totp[0].secretBase32",
            Reason::Value,
        ),
        (
            "/clientSecrets/0/secret",
            json!("PLANTED"),
            "$.clientSecrets[0].secret",
            Reason::Value,
        ),
        ("/pins", json!(["PLANTED"]), "$", Reason::Shape),
    ] {
        let files = with("contoso/credentials.json", pointer, value);
        let shown = refused(&files).to_string();
        assert!(!shown.contains("PLANTED"), "{shown}");
        let found = &refused(&files).0[0].finding;
        assert!(found.path.starts_with(path), "{shown}");
        assert_eq!(found.reason, reason, "{shown}");
    }
}

#[test]
fn only_an_empty_folder_is_written_to() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("here"), "already").unwrap();
    let world = two_organisations().unwrap();
    let error = write_world(folder.path(), &world.tenants).unwrap_err();
    assert!(matches!(error, WorldError::NotEmpty { .. }), "{error}");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[cfg(unix)]
#[test]
fn links_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let tenant = folder.path().join("contoso");
    std::fs::create_dir(&tenant).unwrap();
    let secret = folder.path().join("secret");
    std::fs::write(&secret, "{\"id\": \"PLANTED\"}").unwrap();
    std::os::unix::fs::symlink(&secret, tenant.join("organization.json")).unwrap();
    let shown = read_world(folder.path()).unwrap_err().to_string();
    assert!(
        shown.contains(
            "contoso/organization.json: `$`: an unknown member: found a link or a device"
        ),
        "{shown}"
    );
    assert!(!shown.contains("PLANTED"));
}

mod generated {
    //! Generated tenants and damaged files.

    use proptest::prelude::*;

    use super::*;

    fn user() -> impl Strategy<Value = Value> {
        (
            any::<u128>(),
            "[a-z]{1,12}",
            "\\PC{1,20}",
            any::<bool>(),
            proptest::option::of("[a-z]{3}@x.example"),
        )
            .prop_map(|(id, name, display, enabled, mail)| {
                let id = uuid::Builder::from_u128(id)
                    .with_variant(uuid::Variant::RFC4122)
                    .into_uuid();
                json!({"id": id, "userPrincipalName": format!("{name}-{}@g.example", id.simple()),
                    "displayName": format!("x{display}"), "accountEnabled": enabled, "mail": mail,
                    "onPremisesSyncEnabled": null, "department": display})
            })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn generated_tenants_survive_the_disk(
            users in proptest::collection::vec(user(), 0..6),
            hours in 1_u32..1000,
            names in proptest::collection::vec("\\PC{1,30}", 0..4),
        ) {
            let policies: Vec<_> = names.iter().enumerate().map(|(index, name)| json!({
                "DisplayName": format!("{index}{name}"), "state": "enabled",
                "conditions": {"users": {"includeUsers": ["All"]}, "applications": {"includeApplications": ["All"]}},
                "sessionControls": {"signInFrequency": {"isEnabled": true, "value": hours, "type": "hours"}}
            })).collect();
            let mut files = Files::default();
            for (name, value) in [
                ("organization", json!({"id": NOBODY, "displayName": "G", "verifiedDomains": [{"name": "g.example"}]})),
                ("users", json!(users)),
                ("conditionalAccessPolicies", json!({"value": policies})),
            ] {
                files.0.insert(format!("g/{name}.json"), value.to_string().into_bytes());
            }
            let world = parse_world(&files).unwrap();
            let folder = tempfile::tempdir().unwrap();
            write_world(folder.path(), &world.tenants).unwrap();
            prop_assert_eq!(read_world(folder.path()).unwrap(), world);
        }

        /// Whatever a byte becomes, the answer is a world or findings: no panic, and no finding without file and path.
        #[test]
        fn a_damaged_file_is_a_finding(index in any::<prop::sample::Index>(), place in any::<prop::sample::Index>(), byte: u8) {
            let mut files = two_organisations_files();
            let name = index.get(&files.0.keys().cloned().collect::<Vec<_>>()).clone();
            let bytes = files.0.get_mut(&name).unwrap();
            let place = place.index(bytes.len());
            bytes[place] = byte;
            match parse_world(&files) {
                Ok(_) => {}
                Err(WorldError::Refused(findings)) => {
                    prop_assert!(!findings.0.is_empty());
                    for one in findings.0 {
                        prop_assert!(files.0.contains_key(&one.file) && one.finding.path.starts_with('$'), "{}", one);
                    }
                }
                Err(other) => prop_assert!(false, "{}", other),
            }
        }
    }
}

#[test]
fn a03_a04_a_world_with_an_address_that_cannot_be_registered_is_refused_at_its_place() {
    let file = "contoso/applications.json";
    for bad in [
        "http://payroll.example/callback",
        "http://localhost.evil.example/callback",
        "http://127.0.0.1@evil.example/",
        "javascript:alert(1)",
        "JavaScript:alert(1)",
        "DATA:text/html,x",
        "vbscript:x",
        "file:///etc/passwd",
        "https://payroll.example/*",
        "https://*.payroll.example/callback",
        "http://localhost:*/callback",
        "https://payroll.example/#here",
        "https://user@payroll.example/",
        "",
    ] {
        for (pointer, path) in [
            ("/0/web/redirectUris/1", "$[0].web.redirectUris[1]"),
            (
                "/4/publicClient/redirectUris/0",
                "$[4].publicClient.redirectUris[0]",
            ),
        ] {
            let files = with(file, pointer, json!(bad));
            refused_at(&files, file, path, Reason::Value);
        }
        let spa = json!({ "redirectUris": ["https://payroll.example/spa", bad] });
        let files = with(file, "/0/spa", spa);
        refused_at(&files, file, "$[0].spa.redirectUris[1]", Reason::Value);
    }
}

mod references {
    //! Names in place of ids, and what policies refer to.
    use super::*;

    const POLICY: &str = "contoso/conditionalAccessPolicies/mfa-for-guests.json";

    #[test]
    fn a_policy_may_name_what_lies_beside() {
        let group = value_of("contoso/groups.json", "/0");
        let name = group["displayName"].as_str().unwrap().to_uppercase();
        let world = with(POLICY, "/conditions/users/excludeGroups", json!([name]));
        let world = parse_world(&world).unwrap();
        let contoso = world
            .tenants
            .iter()
            .find(|tenant| tenant.organization.id.to_string() == CONTOSO)
            .unwrap();
        let policies = contoso.conditional_access_policies.as_ref().unwrap();
        let found = policies.iter().any(|policy| {
            policy.document["conditions"]["users"]["excludeGroups"] == json!([group["id"]])
        });
        assert!(found, "the id stands where the name was");
    }

    #[test]
    fn a_name_of_nothing_or_of_two_things_is_refused() {
        let place = "$.conditions.users.excludeGroups[0]";
        let nobody = with(POLICY, "/conditions/users/excludeGroups", json!(["Nobody"]));
        refused_at(&nobody, POLICY, place, Reason::NameForId);
        let first = value_of("contoso/groups.json", "/0");
        let name = first["displayName"].clone();
        let mut files = with(POLICY, "/conditions/users/excludeGroups", json!([name]));
        let twin = json!({"id": NOBODY, "displayName": name});
        files.0.insert(
            "contoso/groups.json".into(),
            with("contoso/groups.json", "/-", twin).0["contoso/groups.json"].clone(),
        );
        refused_at(&files, POLICY, place, Reason::Reference);
    }

    #[test]
    fn strengths_agreements_and_contexts_are_there_when_their_kind_is() {
        for (kind, pointer, value, path) in [
            (
                "authenticationStrengths",
                "/grantControls",
                json!({"operator": "OR", "authenticationStrength": {"id": NOBODY}}),
                "$.grantControls.authenticationStrength",
            ),
            (
                "agreements",
                "/grantControls",
                json!({"operator": "OR", "termsOfUse": [NOBODY]}),
                "$.grantControls.termsOfUse",
            ),
            (
                "authenticationContextClassReferences",
                "/conditions/applications",
                json!({"includeAuthenticationContextClassReferences": ["c1"]}),
                "$.conditions.applications.includeAuthenticationContextClassReferences",
            ),
        ] {
            let mut files = with(POLICY, pointer, value);
            assert!(parse_world(&files).is_ok(), "no file speaks of {kind}");
            let file = format!("contoso/{kind}.json");
            files.0.insert(file.clone(), b"[]".to_vec());
            refused_at(&files, POLICY, path, Reason::Reference);
            let object = match kind {
                "authenticationStrengths" => {
                    json!([{"id": NOBODY, "displayName": "Keys", "allowedCombinations": ["fido2"]},
                        {"id": "00000000-0000-0000-0000-000000000002", "policyType": "builtIn"}])
                }
                "agreements" => json!([{"id": NOBODY, "displayName": "Terms"}]),
                _ => json!([{"id": "c1", "displayName": "Step up"}]),
            };
            files.0.insert(file, object.to_string().into_bytes());
            let world = parse_world(&files).unwrap();
            let folder = tempfile::tempdir().unwrap();
            write_world(folder.path(), &world.tenants).unwrap();
            assert_eq!(read_world(folder.path()).unwrap().tenants, world.tenants);
        }
    }
}

#[test]
fn a_large_world_costs_no_more_than_its_size() {
    // Quadratic, each of these lists would be a hundred million steps.
    const COUNT: u128 = 10_000;
    let id = |kind: u128, number: u128| uuid::Uuid::from_u128((kind << 64) + number);
    let each = |of: &dyn Fn(u128) -> Value| Value::Array((0..COUNT).map(of).collect());
    let residents = each(
        &|number| json!({"id": id(1, number), "displayName": "R", "userPrincipalName": format!("r{number}@home.example")}),
    );
    let guests = each(&|number| {
        json!({"id": id(2, number), "displayName": "G", "userPrincipalName": format!("r{number}_home.example#EXT#@shop.example"),
            "userType": "Guest", "homeAccount": {"tenantId": id(9, 1), "userId": id(1, number)}})
    });
    let locations = each(
        &|number| json!({"id": id(3, number), "displayName": format!("L{number}"), "countriesAndRegions": ["NL"]}),
    );
    let policy = json!({"displayName": "All of them", "state": "enabled",
        "conditions": {
            "users": {"includeUsers": ["All"], "excludeGroups": ["Friends"]},
            "applications": {"includeApplications": ["All"]},
            "locations": {"includeLocations": ["All"], "excludeLocations": each(&|number| json!(format!("L{number}")))}
        },
        "grantControls": {"operator": "OR", "builtInControls": ["block"]}});
    let passwords = each(
        &|number| json!({"userPrincipalName": format!("r{number}@home.example"), "password": "p"}),
    );
    let organization = |number: u128, domain: &str| json!({"id": id(9, number), "displayName": domain, "verifiedDomains": [{"name": domain}]});
    let files = [
        ("home/organization.json", organization(1, "home.example")),
        ("home/users.json", residents),
        ("home/credentials.json", json!({"passwords": passwords})),
        ("shop/organization.json", organization(2, "shop.example")),
        ("shop/users.json", guests),
        (
            "shop/groups.json",
            json!([{"id": id(4, 1), "displayName": "Friends"}]),
        ),
        ("shop/namedLocations.json", locations),
        ("shop/conditionalAccessPolicies.json", policy),
    ];
    let files = files.map(|(name, value)| (name.to_owned(), value.to_string().into_bytes()));
    let world = parse_world(&Files(files.into()));
    let world = world.unwrap_or_else(|_| panic!("the large world is refused"));
    assert_eq!(world.credentials[0].passwords.len() as u128, COUNT);
}
