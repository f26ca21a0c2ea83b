//! What lies beside exported policies, and what does not: read alike by What If and the import, and told.

use std::fs;

use serde_json::{Value, json};

use crate::running::{Place, Said};

const EXCHANGE: [&str; 2] = ["--app", "Exchange Online"];

fn export(files: &[(&str, String)]) -> Place {
    let place = Place::new();
    for (name, content) in files {
        let path = place.path(&format!("export/{name}"));
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }
    place
}

fn ask(place: &Place, who: &[&str]) -> Said {
    place.run(&[&["whatif", "export"], who, &EXCHANGE[..]].concat())
}

fn policy(name: &str, users: &Value, grant: &Value) -> String {
    json!([{ "displayName": name, "state": "enabled",
        "conditions": { "users": users, "applications": { "includeApplications": ["All"] } },
        "grantControls": grant }])
    .to_string()
}

fn everybody() -> Value {
    json!({ "includeUsers": ["All"] })
}

fn block() -> Value {
    json!({ "operator": "OR", "builtInControls": ["block"] })
}

#[test]
fn a_user_who_is_listed_without_a_type_is_no_member_in_silence() {
    let guests = json!({ "includeGuestsOrExternalUsers": {
        "guestOrExternalUserTypes": "b2bCollaborationGuest,internalGuest", "externalTenants": null } });
    let users = |more: Value| {
        let mut user = json!({ "id": "22222222-0000-4000-8000-000000000004", "displayName": "Ed",
            "userPrincipalName": "ed@contoso.example" });
        let more: serde_json::Map<String, Value> = serde_json::from_value(more).unwrap();
        user.as_object_mut().unwrap().extend(more);
        json!([user]).to_string()
    };
    for (more, headline) in [
        (
            json!({}),
            "Depends: granted unless the user is a guest with credentials",
        ),
        (json!({ "userType": null }), "Depends: granted unless"),
        (
            json!({ "userPrincipalName": "ed_y.example#EXT#@x.example" }),
            "Depends: blocked unless",
        ),
        (json!({ "userType": "Member" }), "Granted"),
    ] {
        let place = export(&[
            ("policies.json", policy("Guests", &guests, &block())),
            ("users.json", users(more)),
        ]);
        let said = ask(&place, &["--user", "Ed"]);
        assert!(said.out.contains(&format!("\n{headline}")), "{said:?}");
    }
}

#[test]
fn terms_of_use_beside_policies_are_found_by_the_name_of_their_file() {
    let id = "22222222-0000-4000-8000-000000000009";
    let asks = json!({ "operator": "AND", "termsOfUse": [id] });
    let rules = json!({ "id": id, "displayName": "House rules" });
    for (name, content) in [
        ("agreements.json", json!({ "value": [rules] })),
        ("agreements/house.json", rules.clone()),
    ] {
        let place = export(&[
            ("policies.json", policy("Terms", &everybody(), &asks)),
            (name, content.to_string()),
        ]);
        let said = ask(&place, &["--user-type", "member"]);
        assert!(said.out.contains("terms of use “House rules”"), "{said:?}");
    }
    let broken = json!([{ "id": "1", "foo": 1 }]).to_string();
    let place = export(&[
        ("policies.json", policy("B", &everybody(), &block())),
        ("namedLocations.json", broken),
    ]);
    ask(&place, &["--user-type", "member"]).assert_refused(1, &["namedLocations.json: `$[0]"]);
}

#[test]
fn settings_that_lie_nowhere_are_told_with_the_cure() {
    let compliant = json!({ "operator": "OR", "builtInControls": ["compliantDevice"] });
    let place = export(&[("policies.json", policy("Devices", &everybody(), &compliant))]);
    let guest = [
        "--user-type",
        "b2bCollaborationGuest",
        "--home-tenant",
        "22222222-0000-4000-8000-000000000001",
    ];
    let said = ask(&place, &[&guest[..], &["--output", "json"]].concat());
    let answer: Value = serde_json::from_str(&said.out).unwrap();
    let told = answer["portcullis"].to_string();
    for part in [
        "no cross-tenant access settings lie beside the policies",
        "crossTenantAccessPolicy/default",
        "\"trust\"",
    ] {
        assert!(told.contains(part), "`{part}` in {told}");
    }
    let no = [&guest[..], &["--trust", "compliantDevice=no"]].concat();
    assert!(ask(&place, &no).out.contains("\nBlocked"));
    // Where they lie beside, there is nothing to suppose.
    fs::write(
        place.path("export/crossTenantAccessPolicy.json"),
        r#"{ "default": {} }"#,
    )
    .unwrap();
    let said = ask(&place, &guest);
    assert!(
        said.out.contains("\nBlocked") && !said.out.contains("lie beside"),
        "{said:?}"
    );
    let direct = [
        "--user-type",
        "b2bDirectConnectUser",
        "--trust",
        "inboundAccess=yes,compliantDevice=yes",
        "--device",
        "isCompliant=true",
    ];
    assert!(ask(&place, &direct).out.contains("\nGranted"));
}

#[test]
fn a_tenant_without_policies_is_one_and_says_so() {
    let place = export(&[("policies.json", json!({ "value": [] }).to_string())]);
    let said = ask(&place, &["--user-type", "member"]);
    assert!(said.out.contains("\nGranted"), "{said:?}");
    assert!(said.error.contains("a tenant without policies"), "{said:?}");
}

#[test]
fn an_import_passes_over_what_is_for_people_and_refuses_what_is_misspelt() {
    let organization = json!({ "id": "22222222-0000-4000-8000-000000000002", "displayName": "Example",
        "verifiedDomains": [{ "name": "example.com", "isInitial": true, "isDefault": true }] });
    let mfa = json!({ "operator": "OR", "builtInControls": ["mfa"] });
    let place = export(&[
        ("organization.json", organization.to_string()),
        ("a.json", policy("One", &everybody(), &mfa)),
        ("b.json", policy("One", &everybody(), &mfa)),
        ("SOURCE.txt", "from a friend".to_owned()),
    ]);
    let said = place.run(&["import", "export", "--dry-run"]);
    assert_eq!(said.code, Some(0), "{said:?}");
    assert!(
        said.error.contains("passed over") && said.error.contains("`export/SOURCE.txt`"),
        "{said:?}"
    );
    fs::write(place.path("export/users.jsn"), "[]").unwrap();
    let said = place.run(&["import", "export", "--dry-run"]);
    said.assert_refused(1, &["export/users.jsn", "belongs to no kind"]);
}

#[test]
fn a_name_does_not_turn_the_line_it_is_told_in() {
    let place = export(&[(
        "policies.json",
        policy("Block \u{202e}nimda", &everybody(), &block()),
    )]);
    for more in [&[][..], &["--output", "json"]] {
        let said = ask(&place, &[&["--user-type", "member"], more].concat());
        assert!(
            said.out.contains("nimda") && !said.out.contains('\u{202e}'),
            "{said:?}"
        );
    }
}

#[test]
fn each_command_has_examples_of_its_own() {
    let place = Place::new();
    for (command, other) in [
        ("whatif", "portcullis explain"),
        ("explain", "portcullis whatif"),
    ] {
        let help = place.run_well(&[command, "--help"]);
        let (_, examples) = help.split_once("Examples:").unwrap();
        assert!(
            examples.contains(&format!("portcullis {command} ")),
            "{help}"
        );
        assert!(!examples.contains(other), "{help}");
        assert!(help.contains("qrCodePin"), "{help}");
    }
}
