//! Whatever is loaded as an export is loaded as the files of a tenant, or refused in the same place: one reader opens both.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "tests, their helpers included"
)]

use std::path::{Path, PathBuf};

use portcullis_model::document::Reason;
use portcullis_model::store::TenantWorld;
use portcullis_world::error::{WorldError, WorldFindings};
use portcullis_world::export::{Export, parse_export};
use portcullis_world::files::Files;
use portcullis_world::parse::parse_world;
use serde_json::{Value, json};

const ID: &str = "11111111-1111-4111-8111-111111111111";
const OTHER: &str = "22222222-2222-4222-8222-222222222222";

type Bytes = Vec<u8>;

fn exported(files: &[(String, Bytes)]) -> Export {
    let files = files
        .iter()
        .map(|(name, bytes)| (PathBuf::from(name), bytes.clone()));
    parse_export(&files.collect::<Vec<_>>())
}

/// The same files in a tenant's folder.
fn imported(files: &[(String, Bytes)]) -> Result<TenantWorld, WorldFindings> {
    let organization = json!({ "id": OTHER, "displayName": "Contoso",
        "verifiedDomains": [{ "name": "contoso.example", "isInitial": true, "isDefault": true }] });
    let organization = (
        "contoso/organization.json".to_owned(),
        organization.to_string().into_bytes(),
    );
    let files = files
        .iter()
        .map(|(name, bytes)| (format!("contoso/{name}"), bytes.clone()));
    match parse_world(&Files(files.chain([organization]).collect())) {
        Ok(world) => Ok(world.tenants.into_iter().next().unwrap()),
        Err(WorldError::Refused(findings)) => Err(findings),
        Err(other) => panic!("{other}"),
    }
}

/// Where each finding is, and what it is: file, path, reason.
fn places_of_export(export: &Export) -> Vec<(String, String, Reason)> {
    let files = export.files.iter().flat_map(|file| {
        let findings = file.refusal.iter().flat_map(|refusal| &refusal.findings);
        findings.map(|finding| {
            (
                file.path.display().to_string(),
                finding.path.clone(),
                finding.reason,
            )
        })
    });
    let mut places: Vec<_> = files.collect();
    places.sort_by_key(|place| format!("{place:?}"));
    places
}

fn places_of_import(findings: &WorldFindings) -> Vec<(String, String, Reason)> {
    let places = findings.0.iter().map(|one| {
        let file = one.file.strip_prefix("contoso/").unwrap();
        (
            file.to_owned(),
            one.finding.path.clone(),
            one.finding.reason,
        )
    });
    let mut places: Vec<_> = places.collect();
    places.sort_by_key(|place| format!("{place:?}"));
    places
}

/// That both readers find the same in these files, or refuse the same; what differs between them is only what an import must have
/// and a question need not: an object for each name, and something in each file.
#[track_caller]
fn compare(what: &str, files: &[(String, Bytes)]) -> bool {
    let export = exported(files);
    let refused = places_of_export(&export);
    let is_strange = |what: &String| what != "an empty list";
    let mut files_of_export = export.files.iter();
    let strange = files_of_export.any(|file| file.something_else.as_ref().is_some_and(is_strange));
    match imported(files) {
        Ok(tenant) => {
            assert_eq!(refused, [], "{what} is imported");
            assert!(!strange, "{what} is imported");
            let mut policies = export.policies;
            policies.sort_by_key(|policy| policy.id);
            let mut imported = tenant.conditional_access_policies.unwrap_or_default();
            imported.sort_by_key(|policy| policy.id);
            assert_eq!(imported, policies, "{what}");
            let locations = tenant.named_locations.unwrap_or_default();
            assert_eq!(locations.len(), export.named_locations.len(), "{what}");
            let strengths = tenant.authentication_strengths.unwrap_or_default();
            assert_eq!(strengths, export.authentication_strengths, "{what}");
            assert_eq!(
                tenant.cross_tenant_access_policy, export.cross_tenant_access_policy,
                "{what}"
            );
            assert_eq!(tenant.users, export.directory.users, "{what}");
            assert_eq!(tenant.groups, export.directory.groups, "{what}");
            let roles = export.directory.role_assignments;
            assert_eq!(tenant.role_assignments, roles, "{what}");
            true
        }
        Err(findings) => {
            let found = places_of_import(&findings);
            for place in &refused {
                assert!(
                    found.contains(place),
                    "{what}: {place:?} is not among {findings}"
                );
            }
            let names_missing = export.missing.iter().any(|one| one.name != one.id);
            for one in &findings.0 {
                let finding = &one.finding;
                let is_explained = !refused.is_empty()
                    || strange
                    || finding.found.starts_with("an empty list")
                    || (finding.reason == Reason::NameForId && names_missing)
                    || finding.reason == Reason::Duplicate;
                assert!(is_explained, "{what} is exported and refused: {one}");
                assert!(!finding.expected.is_empty());
            }
            false
        }
    }
}

fn policy(name: &str) -> Value {
    json!({
        "displayName": name, "state": "enabled",
        "conditions": { "users": { "includeUsers": ["All"] }, "applications": { "includeApplications": ["All"] } },
        "grantControls": { "operator": "OR", "builtInControls": ["mfa"] }
    })
}

fn utf16(text: &str, to_bytes: impl Fn(u16) -> [u8; 2], is_marked: bool) -> Bytes {
    let mark = is_marked.then_some('\u{feff}');
    let text: String = mark.into_iter().chain(text.chars()).collect();
    text.encode_utf16().flat_map(to_bytes).collect()
}

/// Every sort of envelope in which policies are met, by what it is; ONE and TWO are policies.
const ENVELOPES: [(&str, &str); 29] = [
    ("an object", "ONE"),
    ("a typed object", "TYPED"),
    ("an array", "[ONE, TWO]"),
    ("an empty array", "[]"),
    ("an empty list of Graph", r#"{"value": []}"#),
    (
        "a list of Graph",
        r#"{"@odata.context": "x", "value": [ONE, TWO]}"#,
    ),
    ("a list of PowerShell", r#"{"Value": [ONE], "Count": 1}"#),
    ("a policy in PascalCase", "PASCAL"),
    ("policies", r#"{"policies": [ONE]}"#),
    (
        "policies in a list of Graph",
        r#"{"Policies": {"value": [ONE]}}"#,
    ),
    (
        "a policy under its kind",
        r#"{"conditionalAccessPolicy": ONE}"#,
    ),
    (
        "policies under their kind",
        r#"{"conditionalAccessPolicies": [ONE]}"#,
    ),
    (
        "policies as JSON of a tool",
        r#"[{"json": ONE}, {"json": TWO}]"#,
    ),
    (
        "a template",
        r#"{"type": "Microsoft.Graph/policies", "name": "x", "properties": ONE}"#,
    ),
    (
        "properties in a list",
        r#"{"value": [{"id": "x", "Properties": ONE}]}"#,
    ),
    ("locations inside a policy", "[INSIDE, TWO]"),
    (
        "everything in one file",
        r#"{"policies": [ONE], "namedLocations": [{"displayName": "HQ", "countriesAndRegions": ["NL"]}], "users": [ADA],
            "groups": {"value": [STAFF]}, "version": 2}"#,
    ),
    (
        "one page of a list",
        r#"{"value": [ONE], "@odata.nextLink": "https://x"}"#,
    ),
    (
        "a policy beside a list",
        r#"{"value": [ONE], "archive": TWO}"#,
    ),
    (
        "a policy that a tool hides",
        r#"{"tool": {"baseline": [ONE]}}"#,
    ),
    (
        "a policy inside something else",
        r#"{"hello": 1, "original": TWO}"#,
    ),
    ("something else", r#"{"hello": 1}"#),
    ("no object", "[1]"),
    ("no list", r#""text""#),
    (
        "settings",
        r#"{"default": {"inboundTrust": {"isMfaAccepted": true}}, "partners": []}"#,
    ),
    (
        "settings under their name",
        r#"{"crossTenantAccessPolicy": {"default": {"inboundTrust": {"isMfaAccepted": true}}}}"#,
    ),
    (
        "a partner alone",
        r#"{"value": [{"tenantId": "ID", "inboundTrust": {"isMfaAccepted": true}}]}"#,
    ),
    (
        "settings that are misspelt",
        r#"{"default": {"inboundTrust": {"isMfaAccepted": true}}, "partner": [{"tenantId": "ID"}]}"#,
    ),
    (
        "settings that say nothing known",
        r#"{"b2bInbound": {"x": 1}}"#,
    ),
];

/// What is refused wherever it lies, unless its file is named after a kind.
const REFUSED: [&str; 11] = [
    "an empty array",
    "an empty list of Graph",
    "one page of a list",
    "a policy beside a list",
    "a policy that a tool hides",
    "a policy inside something else",
    "something else",
    "no object",
    "no list",
    "settings that are misspelt",
    "settings that say nothing known",
];

/// What stands in an envelope for these words.
fn filled(envelope: &str) -> String {
    let with = |members: &str| {
        let one = policy("One").to_string();
        one.replacen('{', &format!("{{{members}, "), 1)
    };
    let inside = r#""LocationInfo": [{"displayName": "Here", "countriesAndRegions": ["NL"]}]"#;
    let pascal = r#"{"DisplayName": "One", "State": "enabled",
        "Conditions": {"Users": {"IncludeUsers": ["All"]}, "Applications": {"IncludeApplications": ["All"]}},
        "GrantControls": {"Operator": "OR", "BuiltInControls": ["block"]}}"#;
    let ada = r#"{"id": "ID", "displayName": null, "userPrincipalName": "ada@contoso.example"}"#;
    let staff = r##"{"id": "OTHER", "displayName": "Staff", "securityEnabled": true,
        "members": [{"@odata.type": "#microsoft.graph.user", "id": "ID"}]}"##;
    envelope
        .replace("ONE", &policy("One").to_string())
        .replace("TWO", &policy("Two").to_string())
        .replace(
            "TYPED",
            &with(r##""@odata.type": "#microsoft.graph.conditionalAccessPolicy""##),
        )
        .replace("INSIDE", &with(inside))
        .replace("PASCAL", pascal)
        .replace("ADA", ada)
        .replace("STAFF", staff)
        .replace("OTHER", OTHER)
        .replace("\"ID\"", &format!("\"{ID}\""))
}

#[test]
fn every_sort_of_envelope_is_opened_by_both_or_refused_by_both() {
    for (what, envelope) in ENVELOPES {
        let text = filled(envelope);
        for (encoding, bytes) in [
            ("UTF-8", text.clone().into_bytes()),
            ("UTF-8 with a mark", format!("\u{feff}{text}").into_bytes()),
            (
                "UTF-16, little end first",
                utf16(&text, u16::to_le_bytes, true),
            ),
            (
                "UTF-16, big end first",
                utf16(&text, u16::to_be_bytes, true),
            ),
            (
                "UTF-16 without a mark",
                utf16(&text, u16::to_le_bytes, false),
            ),
        ] {
            for name in [
                "policies.JSON",
                "deep/er/a.json",
                "conditionalAccessPolicies.json",
                "conditionalAccessPolicies/a.json",
            ] {
                let told = format!("{what} in {encoding}, as {name}");
                let is_imported = compare(&told, &[(name.to_owned(), bytes.clone())]);
                if !name.starts_with("conditionalAccessPolicies") {
                    assert_eq!(is_imported, !REFUSED.contains(&what), "{told}");
                }
            }
        }
    }
}

#[test]
fn a_folder_of_many_files_and_sorts_is_imported_as_it_lies() {
    let one = |name: &str, value: Value| (name.to_owned(), value.to_string().into_bytes());
    let named = json!({
        "displayName": "Named", "state": "enabled",
        "conditions": {
            "users": { "includeGroups": ["Staff"], "excludeUsers": ["ada@contoso.example"] },
            "applications": { "includeApplications": ["All"] },
            "locations": { "includeLocations": ["All"], "excludeLocations": ["HQ"] },
        },
        "grantControls": { "operator": "OR", "builtInControls": ["mfa"] },
    });
    let partner = json!({ "tenantId": ID, "inboundTrust": { "isMfaAccepted": true } });
    let files = [
        one("CA001.json", named),
        one("more/CA002.json", json!({ "value": [policy("Other")] })),
        one(
            "Locations.json",
            json!([{ "displayName": "HQ", "countriesAndRegions": ["NL"] }]),
        ),
        one(
            "people.json",
            json!([{ "id": ID, "displayName": "Ada", "userPrincipalName": "ada@contoso.example" }]),
        ),
        one(
            "team.json",
            json!([{ "id": OTHER, "displayName": "Staff", "securityEnabled": true, "members": [ID] }]),
        ),
        one(
            "crossTenantAccessPolicy/default.json",
            json!({ "isServiceDefault": true, "inboundTrust": { "isMfaAccepted": false } }),
        ),
        one(
            "crossTenantAccessPolicy/partners.json",
            json!({ "value": [partner] }),
        ),
    ];
    assert!(compare("the folder", &files), "{:?}", imported(&files));
    // Of two that say something of the same, nobody knows which counts.
    let twice = [
        files.to_vec(),
        vec![one(
            "again.json",
            json!({ "default": {}, "partners": [partner] }),
        )],
    ]
    .concat();
    let findings = imported(&twice).unwrap_err();
    let places: Vec<_> = findings
        .0
        .iter()
        .map(|one| (one.file.as_str(), one.finding.path.as_str()))
        .collect();
    assert_eq!(
        places,
        [
            ("contoso/crossTenantAccessPolicy/default.json", "$"),
            (
                "contoso/crossTenantAccessPolicy/partners.json",
                "$.value[0]"
            ),
        ]
    );
}

/// A role in one administrative unit is none for a policy; Graph lists it among the others.
#[test]
fn what_does_not_say_what_it_is_is_what_its_file_folder_or_envelope_is_named_after_for_both() {
    let rules = json!({ "id": ID, "displayName": "House rules" });
    let asks = json!({
        "displayName": "Terms", "state": "enabled",
        "conditions": { "users": { "includeUsers": ["All"] },
            "applications": { "includeAuthenticationContextClassReferences": ["Trusted"] } },
        "grantControls": { "operator": "OR", "termsOfUse": [ID] },
    });
    let context = json!({ "id": "c7", "displayName": "Trusted", "isAvailable": null });
    for (name, inside) in [
        ("agreements.json", json!({ "value": [rules] })),
        ("Agreements/house.json", rules.clone()),
        ("all.json", json!({ "agreements": [rules] })),
    ] {
        let files = [
            ("policies.json".to_owned(), asks.to_string().into_bytes()),
            (name.to_owned(), inside.to_string().into_bytes()),
            (
                "authenticationContextClassReferences.json".to_owned(),
                json!([context]).to_string().into_bytes(),
            ),
        ];
        assert!(compare(name, &files), "{name}");
        let export = exported(&files);
        assert_eq!(export.agreements.len(), 1, "{name}");
        assert_eq!(export.authentication_contexts.len(), 1, "{name}");
        assert_eq!(export.missing, [], "{name}");
    }
    // What is named so and is none of its kind is refused, and so is a policy that has nothing but a state.
    for (name, inside) in [
        ("namedLocations.json", json!([{ "id": "1", "foo": 1 }])),
        ("agreements/a.json", json!({ "foo": 1 })),
        (
            "conditionalAccessPolicies.json",
            json!({ "displayName": "Lonely" }),
        ),
        (
            "policies2.json",
            json!({ "displayName": "Lonely", "state": "enabled" }),
        ),
    ] {
        let files = [
            ("a.json".to_owned(), policy("One").to_string().into_bytes()),
            (name.to_owned(), inside.to_string().into_bytes()),
        ];
        assert!(!compare(name, &files), "{name}");
        let refused = places_of_export(&exported(&files));
        assert!(
            refused.iter().all(|(file, ..)| file == name) && !refused.is_empty(),
            "{name}: {refused:?}"
        );
    }
}

#[test]
fn the_same_object_in_two_files_is_one_and_another_of_its_id_is_refused_by_both() {
    let one = |name: &str, value: &Value| (name.to_owned(), value.to_string().into_bytes());
    let with_id = |state: &str| {
        let mut policy = policy("One");
        policy["id"] = ID.into();
        policy["state"] = state.into();
        policy
    };
    let place = json!({ "id": OTHER, "displayName": "Here", "countriesAndRegions": ["NL"] });
    let twice = [
        one("a.json", &with_id("enabled")),
        one("b.json", &json!([with_id("enabled"), policy("Two"), place])),
        one("c.json", &json!({ "value": [policy("Two"), place] })),
    ];
    assert!(compare("word for word the same", &twice));
    assert_eq!(
        imported(&twice)
            .unwrap()
            .conditional_access_policies
            .unwrap()
            .len(),
        2
    );
    let other = [
        one("a.json", &with_id("enabled")),
        one("b.json", &with_id("disabled")),
    ];
    assert!(!compare("one id and two meanings", &other));
    assert_eq!(places_of_export(&exported(&other)).len(), 1);
}

#[test]
fn an_empty_list_of_policies_is_a_tenant_without_policies() {
    for (name, inside, is_one) in [
        ("policies.json", json!({ "value": [] }), true),
        ("conditionalAccessPolicies/all.json", json!([]), true),
        ("users.json", json!([]), false),
        ("a.json", json!([]), false),
        ("policies.json", json!({ "value": [{ "foo": 1 }] }), false),
    ] {
        let export = exported(&[(name.to_owned(), inside.to_string().into_bytes())]);
        assert_eq!(export.is_without_policies, is_one, "{name}: {inside}");
    }
    let some = [
        ("policies.json".to_owned(), b"[]".to_vec()),
        ("a.json".to_owned(), policy("One").to_string().into_bytes()),
    ];
    assert!(!exported(&some).is_without_policies);
    assert!(!exported(&[]).is_without_policies);
}

#[test]
fn what_cannot_be_meant_for_the_import_is_passed_over_and_named() {
    let text = |name: &str, text: &str| (format!("contoso/{name}"), text.as_bytes().to_vec());
    let organization = json!({ "id": OTHER, "displayName": "Contoso",
        "verifiedDomains": [{ "name": "contoso.example", "isInitial": true, "isDefault": true }] });
    let read = |file: (String, Bytes)| {
        let organization = text("organization.json", &organization.to_string());
        parse_world(&Files([organization, file].into_iter().collect()))
    };
    for (name, content) in [
        ("SOURCE.txt", "where this is from\n"),
        ("README.md", "[a link](https://example.com)"),
        ("deploy.ps1", "[CmdletBinding()]\nparam()"),
        ("docs/picture.png", "\u{0}PNG"),
        ("LICENSE", ""),
        ("site.js", "var x = 1;"),
    ] {
        let world = read(text(name, content)).unwrap();
        assert_eq!(world.passed_over, [format!("contoso/{name}")]);
    }
    let outside = ("notes.txt".to_owned(), b"x".to_vec());
    assert_eq!(read(outside).unwrap().passed_over, ["notes.txt"]);
    let list = policy("One").to_string();
    for (name, content) in [
        ("users.jsn", "x"),
        ("users.txt", "x"),
        ("Invariants.yml.bak", "x"),
        ("credentials", "x"),
        ("mfa.jsonc", "// x"),
        ("policy.json.txt", "x"),
        ("rules.yaml", "x"),
        ("mfa.txt", list.as_str()),
        ("mfa.txt", "{ \"displayName\": \"One\", }"),
        ("mfa.txt", "[ { \"displayName\": \"One\", } ]"),
        ("empty.json", ""),
    ] {
        let refused = read(text(name, content)).unwrap_err().to_string();
        assert!(refused.contains(name), "{name}: {refused}");
    }
}

#[test]
fn roles_for_a_part_of_the_tenant_are_passed_over_by_both() {
    let assignment = |scope: Value| json!({ "id": "x", "principalId": ID, "roleDefinitionId": OTHER, "directoryScopeId": scope });
    let list =
        json!({ "value": [assignment(json!("/administrativeUnits/1")), assignment(json!("/"))] });
    let ada = json!({ "id": ID, "displayName": "Ada", "userPrincipalName": "ada@contoso.example" });
    let one = |name: &str, value: Value| (name.to_owned(), value.to_string().into_bytes());
    let files = [
        one("roleAssignments.json", list),
        one("users.json", json!([ada])),
        one("p.json", policy("One")),
    ];
    assert!(compare("roles", &files), "{:?}", imported(&files));
    assert_eq!(imported(&files).unwrap().role_assignments.unwrap().len(), 1);
}

#[test]
fn every_file_of_the_corpus_is_opened_by_both_or_refused_by_both() {
    let Some(corpus) = corpus() else {
        eprintln!(
            "skipped: no corpus of policies beside the repository (PORTCULLIS_SHARED names another place)"
        );
        return;
    };
    let mut files = Vec::new();
    collect(&corpus, &mut files);
    let (mut loaded, mut refused) = (0, 0);
    for file in &files {
        let name = file.strip_prefix(&corpus).unwrap().display().to_string();
        let bytes = std::fs::read(file).unwrap();
        if compare(&name, &[(name.clone(), bytes)]) {
            loaded += 1;
        } else {
            refused += 1;
        }
    }
    eprintln!(
        "{} files, {loaded} imported, {refused} refused",
        files.len()
    );
    assert_eq!(files.len(), loaded + refused);
    // Of the others most have names in place of ids, for which nothing lies beside.
    assert!(loaded > 100, "{loaded}");
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    let mut entries: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    entries.sort();
    for path in entries {
        let is_json = path
            .extension()
            .is_some_and(|one| one.eq_ignore_ascii_case("json"));
        if path.is_dir() {
            collect(&path, files);
        } else if is_json {
            files.push(path);
        }
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "where a corpus outside the repository is found"
)]
fn corpus() -> Option<PathBuf> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared");
    let shared = std::env::var("PORTCULLIS_SHARED").map_or(beside, PathBuf::from);
    Some(shared.join("data/conditional-access")).filter(|folder| folder.is_dir())
}
