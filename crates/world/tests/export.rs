//! Shows what an export becomes: what lies beside policies is used, what is missing is told, what is wrong stays outside.
#![expect(
    clippy::unwrap_used,
    clippy::needless_pass_by_value,
    reason = "tests, their helpers included, and `json!` values"
)]

use std::path::PathBuf;

use portcullis_model::conditional_access::{ConditionalAccessPolicy, UserCondition};
use portcullis_model::document::Reason;
use portcullis_world::export::{Export, parse_export, read_export};
use portcullis_world::names::NameKind;
use serde_json::{Value, json};

const ID: &str = "11111111-1111-4111-8111-111111111111";

fn export(files: &[(&str, Value)]) -> Export {
    let files: Vec<_> = files
        .iter()
        .map(|(name, value)| (PathBuf::from(name), value.to_string().into_bytes()))
        .collect();
    parse_export(&files)
}

fn policy(name: &str, users: Value) -> Value {
    json!({
        "displayName": name, "state": "enabled",
        "conditions": {"users": users, "applications": {"includeApplications": ["All"]}},
        "grantControls": {"operator": "OR", "builtInControls": ["mfa"]}
    })
}

fn named(export: &Export, name: &str) -> ConditionalAccessPolicy {
    let mut policies = export.policies.iter();
    let found = policies.find(|policy| policy.display_name == name);
    found.unwrap().clone()
}

#[test]
fn names_stand_for_what_lies_beside() {
    let mut strong = policy("Strong", json!({"includeRoles": ["Global Administrator"]}));
    strong["conditions"]["locations"] =
        json!({"includeLocations": ["All"], "excludeLocations": ["HQ"]});
    strong["grantControls"] = json!({"operator": "OR", "termsOfUse": ["Terms"],
        "authenticationStrength": {"displayName": "Keys"}});
    let export = export(&[
        (
            "policies.json",
            json!([
                policy(
                    "Groups",
                    json!({"includeGroups": ["STAFF"], "excludeUsers": ["ada@contoso.example"]})
                ),
                strong,
            ]),
        ),
        (
            "groups.json",
            json!({"value": [{"id": ID, "displayName": "Staff", "securityEnabled": true}]}),
        ),
        (
            "users.json",
            json!([{"id": ID, "displayName": "Ada", "userPrincipalName": "Ada@contoso.example"}]),
        ),
        (
            "hq.json",
            json!({"@odata.type": "#microsoft.graph.ipNamedLocation", "id": ID, "displayName": "HQ",
            "ipRanges": [{"cidrAddress": "192.0.2.0/24"}]}),
        ),
        (
            "keys.json",
            json!({"id": ID, "displayName": "Keys", "allowedCombinations": ["fido2"]}),
        ),
        (
            "terms.json",
            json!({"id": ID, "displayName": "Terms", "isPerDeviceAcceptanceRequired": false}),
        ),
    ]);
    assert_eq!(export.missing, []);
    assert!(export.files.iter().all(|file| file.refusal.is_none()));
    let groups = named(&export, "Groups").conditions.users;
    assert_eq!(groups.include, [UserCondition::Group(ID.parse().unwrap())]);
    assert_eq!(groups.exclude, [UserCondition::User(ID.parse().unwrap())]);
    let strong = named(&export, "Strong");
    let role = "62e90394-69f5-4237-9190-012177145e10".parse().unwrap();
    assert_eq!(strong.conditions.users.include, [UserCondition::Role(role)]);
    assert_eq!(strong.authentication_strength(), Some(ID.parse().unwrap()));
    assert_eq!(
        strong.named_locations().collect::<Vec<_>>(),
        [ID.parse().unwrap()]
    );
    assert_eq!(
        strong.agreements().collect::<Vec<_>>(),
        [ID.parse().unwrap()]
    );
    assert_eq!(export.named_locations.len(), 1);
}

#[test]
fn a_name_nobody_knows_stands_for_the_same_thing_everywhere_and_is_told_once() {
    let first = policy(
        "First",
        json!({"includeUsers": ["All"], "excludeGroups": ["<Break glass>"]}),
    );
    let second = policy("Second", json!({"includeGroups": ["<break glass>"]}));
    let export = export(&[("a.json", first), ("b.json", second)]);
    let [missing] = export.missing.as_slice() else {
        panic!("{:?}", export.missing);
    };
    assert_eq!(
        (missing.kind, missing.name.as_str()),
        (NameKind::Group, "<Break glass>")
    );
    assert_eq!(missing.policies.len(), 2);
    let group = UserCondition::Group(missing.id.parse().unwrap());
    let excluded = named(&export, "First").conditions.users.exclude;
    assert_eq!(excluded, std::slice::from_ref(&group));
    assert_eq!(named(&export, "Second").conditions.users.include, [group]);
}

#[test]
fn an_object_that_is_not_there_is_told_by_its_id() {
    let mut away = policy("Away", json!({"includeUsers": ["All"]}));
    away["conditions"]["locations"] = json!({"includeLocations": [ID]});
    away["grantControls"] =
        json!({"operator": "OR", "termsOfUse": [ID], "authenticationStrength": {"id": ID}});
    let mut built_in = policy("Built in", json!({"includeUsers": ["All"]}));
    built_in["grantControls"] = json!({"operator": "OR",
        "authenticationStrength": {"id": "00000000-0000-0000-0000-000000000004"}});
    let export = export(&[("a.json", json!([away, built_in]))]);
    let missing: Vec<_> = export
        .missing
        .iter()
        .map(|one| (one.kind, one.name.as_str()))
        .collect();
    assert_eq!(
        missing,
        [
            (NameKind::NamedLocation, ID),
            (NameKind::AuthenticationStrength, ID),
            (NameKind::Agreement, ID),
        ]
    );
}

#[test]
fn a_name_of_two_things_is_refused() {
    let other = "22222222-2222-4222-8222-222222222222";
    let export = export(&[
        (
            "policies.json",
            policy("Staff", json!({"includeGroups": ["Staff"]})),
        ),
        (
            "groups.json",
            json!([
                {"id": ID, "displayName": "Staff", "securityEnabled": true},
                {"id": other, "displayName": "staff", "securityEnabled": true}
            ]),
        ),
    ]);
    assert_eq!(export.policies, []);
    let refusal = export.files[0].refusal.as_ref().unwrap();
    assert_eq!(
        refusal.findings[0].path,
        "$.conditions.users.includeGroups[0]"
    );
    assert_eq!(refusal.findings[0].reason, Reason::Reference);
}

#[test]
fn what_is_wrong_stays_outside_and_the_rest_is_read() {
    let mut agents = policy("Agents", json!({"includeUsers": ["All"]}));
    agents["conditions"]["agents"] = json!({"includeAgentUsers": ["All"]});
    let good = policy("Good", json!({"includeUsers": ["All"]}));
    let export = export(&[
        ("a.json", json!([agents, good])),
        ("b.json", json!({"hello": 1})),
        ("c.json", json!("text")),
    ]);
    assert_eq!(export.policies.len(), 1);
    let [first, second, third] = export.files.as_slice() else {
        panic!("three files");
    };
    assert_eq!(first.policies, 1);
    assert_eq!(
        first.refusal.as_ref().unwrap().findings[0].path,
        "$[0].conditions.agents"
    );
    assert!(second.something_else.is_some() && second.refusal.is_none());
    assert_eq!(
        third.refusal.as_ref().unwrap().findings[0].reason,
        Reason::Shape
    );
}

/// The wrappers that exports are met in; each is opened where policies, or what they refer to, lie in it.
#[test]
fn every_wrapper_in_which_policies_are_met_is_opened() {
    let block = policy("Block", json!({"includeUsers": ["All"]}));
    for wrapped in [
        json!({"Value": [block]}),
        json!({"VALUE": [block]}),
        json!({"policies": [block]}),
        json!({"Policies": {"value": [block]}}),
        json!({"policy": block}),
        json!({"conditionalAccessPolicies": [block]}),
        json!([{"json": block}]),
        json!({"properties": block, "name": "x", "type": "Microsoft.Graph/policies"}),
        json!({"value": [{"id": "x", "Properties": block}]}),
        json!({"policies": block}),
    ] {
        let export = export(&[("a.json", wrapped.clone())]);
        let [file] = export.files.as_slice() else {
            panic!("one file");
        };
        assert_eq!(export.policies.len(), 1, "{wrapped}: {file:?}");
        assert_eq!(export.policies[0].display_name, "Block");
        assert_eq!((file.policies, &file.refusal), (1, &None), "{wrapped}");
    }
    let location = json!({"displayName": "HQ", "countriesAndRegions": ["NL"]});
    let everything = json!({
        "policies": [block], "namedLocations": [location], "servicePrincipals": [],
        "users": [{"id": ID, "displayName": "Ada", "userPrincipalName": "ada@contoso.example"}],
        "applications": {"value": [{"id": id(4), "appId": id(5), "displayName": "Payroll"}]},
        "version": 2,
    });
    let export = export(&[("a.json", everything)]);
    assert_eq!(export.files[0].refusal, None);
    assert_eq!(
        (export.policies.len(), export.named_locations.len()),
        (1, 1)
    );
    assert_eq!(export.directory.users.unwrap().len(), 1);
    assert_eq!(export.directory.applications.unwrap().len(), 1);
    assert_eq!(export.directory.service_principals, Some(Vec::new()));
}

/// A policy that nobody looked at could have blocked.
#[test]
fn what_could_be_a_policy_and_is_not_read_as_one_is_refused_where_it_lies() {
    let block = policy("Block", json!({"includeUsers": ["All"]}));
    let good = policy("Good", json!({"includeUsers": ["All"]}));
    let mut outer = json!({"displayName": "Outer", "state": "disabled"});
    outer["properties"] = block.clone();
    let mut beside = good.clone();
    beside["original"] = block.clone();
    for (value, path) in [
        (json!({"tool": {"baseline": [block]}}), "$.tool.baseline[0]"),
        (json!({"value": [good], "archive": block}), "$.archive"),
        (
            json!({"value": [good], "More": {"Deep": [[block]]}}),
            "$.More.Deep[0][0]",
        ),
        (
            json!({"a": {"b": {"c": {"Conditions": {"x": 1}}}}}),
            "$.a.b.c",
        ),
        (
            json!({"@odata.type": "#microsoft.graph.other", "conditions": {"x": 1}}),
            "$",
        ),
        (json!({"appId": ID, "policies": [block]}), "$.policies[0]"),
        (outer, "$.properties"),
        (beside, "$.original"),
    ] {
        let export = export(&[("a.json", value.clone())]);
        let refusal = export.files[0].refusal.as_ref();
        let refusal = refusal.unwrap_or_else(|| panic!("{value} is passed over"));
        let mut findings = refusal.findings.iter();
        let found = findings.find(|finding| finding.path == path);
        let told = found.unwrap_or_else(|| panic!("{refusal}")).to_string();
        assert!(told.contains("`conditions`"), "{told}");
        assert!(
            export
                .policies
                .iter()
                .all(|one| one.display_name != "Block")
        );
    }
    // A page of a list is no whole list, whatever the envelope is called.
    let page = json!({"Value": [good], "@odata.nextLink": "https://x"});
    let export = export(&[("a.json", page)]);
    let refusal = export.files[0].refusal.as_ref().unwrap().to_string();
    assert!(refusal.contains("one page of a longer list"), "{refusal}");
}

#[test]
fn the_same_policy_twice_is_one_and_two_of_a_name_are_two() {
    let everyone = json!({"includeUsers": ["All"]});
    let guests = json!({"includeUsers": ["GuestsOrExternalUsers"]});
    let one = policy("MFA", everyone.clone());
    let export_of = |second: Value| export(&[("a.json", one.clone()), ("b.json", second)]);
    assert_eq!(export_of(one.clone()).policies.len(), 1);
    let two = export_of(policy("MFA", guests.clone()));
    assert_eq!(two.policies.len(), 2);
    assert_ne!(two.policies[0].id, two.policies[1].id);
    let (mut first, mut second) = (one, policy("MFA", guests));
    first["id"] = json!(ID);
    second["id"] = json!(ID);
    let twice = export(&[("a.json", first), ("b.json", second)]);
    assert_eq!(twice.policies.len(), 1);
    let refusal = twice.files[1].refusal.as_ref().unwrap();
    assert_eq!(refusal.findings[0].reason, Reason::Duplicate);
}

#[test]
fn locations_inside_a_policy_are_beside_it() {
    let mut inside = policy("Inside", json!({"includeUsers": ["All"]}));
    inside["conditions"]["locations"] = json!({"includeLocations": ["Allowed countries"]});
    inside["LocationInfo"] =
        json!([{"displayName": "Allowed countries", "countriesAndRegions": ["NL"]}]);
    let export = export(&[("a.json", inside)]);
    assert_eq!(export.missing, []);
    assert_eq!(export.named_locations.len(), 1);
}

#[test]
fn cross_tenant_settings_are_put_together() {
    let export = export(&[
        (
            "default.json",
            json!({"isServiceDefault": true, "inboundTrust": {"isMfaAccepted": false}}),
        ),
        (
            "partners.json",
            json!({"value": [{"tenantId": ID, "inboundTrust": {"isMfaAccepted": true}}]}),
        ),
    ]);
    let settings = export.cross_tenant_access_policy.unwrap();
    assert_eq!(settings.partners.len(), 1);
    let trust = settings.default.inbound_trust.unwrap();
    assert_eq!(trust.is_mfa_accepted, Some(false));
    assert!(export.files.iter().all(|file| file.others == 1));
}

#[test]
fn a_file_with_all_cross_tenant_settings_is_read_as_world_files_have_it() {
    let trust = json!({ "inboundTrust": { "isCompliantDeviceAccepted": true } });
    let partner = json!({ "tenantId": ID, "b2bDirectConnectInbound": {
        "usersAndGroups": { "accessType": "allowed", "targets": [{ "target": "AllUsers", "targetType": "user" }] },
        "applications": { "accessType": "allowed", "targets": [{ "target": "AllApplications", "targetType": "application" }] },
    } });
    for whole in [
        json!({ "default": trust, "partners": [partner] }),
        json!({ "crossTenantAccessPolicy": { "default": trust, "partners": [partner] } }),
    ] {
        let export = export(&[
            (
                "policies.json",
                json!([policy("One", json!({ "includeUsers": ["All"] }))]),
            ),
            ("crossTenantAccessPolicy.json", whole),
        ]);
        let read = export.cross_tenant_access_policy.unwrap();
        let trusted = read.default.inbound_trust.unwrap();
        assert_eq!(trusted.is_compliant_device_accepted, Some(true));
        assert_eq!(read.partners[0].tenant_id.to_string(), ID);
    }
}

/// Files, where in them something is not understood, and what is said of it.
fn misunderstood() -> Vec<(&'static str, Value, &'static str, &'static str)> {
    let trust = json!({ "inboundTrust": { "isMfaAccepted": true } });
    let partner = json!({ "tenantId": ID, "inboundTrust": { "isMfaAccepted": true } });
    let typed = "#microsoft.graph.crossTenantAccessPolicy";
    vec![
        (
            "crossTenantAccessPolicy.json",
            json!({ "displayName": "x", "version": 1 }),
            "$",
            "it has `displayName`, `version`",
        ),
        ("crossTenant.json", json!({ "@x": 1 }), "$", "no member"),
        (
            "cross-tenant-access/a.json",
            json!({ "trust": true }),
            "$",
            "`policies/crossTenantAccessPolicy/default`",
        ),
        (
            "a.json",
            json!({ "@odata.type": typed, "displayName": "x" }),
            "$",
            "it has `displayName`",
        ),
        (
            "a.json",
            json!({ "@odata.context": "https://x/$metadata#policies/crossTenantAccessPolicy/$entity", "id": "x" }),
            "$",
            "it has `id`",
        ),
        (
            "a.json",
            json!({ "b2bInbound": { "x": 1 } }),
            "$",
            "it has `b2bInbound`",
        ),
        (
            "a.json",
            json!({ "default": trust, "partner": [partner] }),
            "$.partner",
            "something beside cross-tenant access settings",
        ),
        (
            "a.json",
            json!({ "default": { "inbundTrust": {} }, "partners": [partner] }),
            "$.default",
            "it has `inbundTrust`",
        ),
        (
            "a.json",
            json!({ "default": trust, "partners": [{ "tenantId": ID, "inbound": {} }] }),
            "$.partners[0]",
            "it has `tenantId`, `inbound`",
        ),
        (
            "crossTenantAccessPolicy.json",
            json!({ "default": { "inbundTrust": { "x": 1 } } }),
            "$.default.inbundTrust",
            "unknown member",
        ),
        (
            "a.json",
            json!({ "crossTenantAccessPolicy": { "default": trust, "partnrs": [partner] } }),
            "$.crossTenantAccessPolicy.partnrs",
            "beside",
        ),
    ]
}

/// In place of settings that are passed over, Microsoft's defaults would answer: nothing trusted, everybody let in.
#[test]
fn cross_tenant_settings_that_are_not_understood_are_refused_with_what_was_not() {
    for (name, settings, path, says) in misunderstood() {
        let policies = json!([policy("One", json!({ "includeUsers": ["All"] }))]);
        let export = export(&[("policies.json", policies), (name, settings.clone())]);
        let file = export
            .files
            .iter()
            .find(|file| file.path.ends_with(name))
            .unwrap();
        let refusal = file.refusal.as_ref();
        let refusal = refusal.unwrap_or_else(|| panic!("{settings} is {file:?}"));
        let told = refusal.to_string();
        assert_eq!(refusal.findings[0].path, path, "{told}");
        assert!(told.contains(says), "{says} is not in {told}");
    }
}

#[test]
fn settings_that_say_nothing_are_settings() {
    let typed = "#microsoft.graph.crossTenantAccessPolicy";
    let nothing = json!({ "tenantId": ID, "isServiceProvider": null, "inboundTrust": null });
    for (name, settings, partners) in [
        (
            "crossTenantAccessPolicy.json",
            json!({ "default": {}, "partners": [] }),
            0,
        ),
        ("crossTenantAccessPolicy.json", json!({ "Default": {} }), 0),
        (
            "a.json",
            json!({ "@odata.type": typed, "id": ID, "allowedCloudEndpoints": [], "default": {}, "partners": [nothing] }),
            1,
        ),
        ("partners.json", json!({ "value": [nothing] }), 1),
        (
            "a.json",
            json!({ "partners": [nothing], "default": null }),
            1,
        ),
    ] {
        let export = export(&[(name, settings.clone())]);
        let read = &export.files[0];
        assert_eq!(
            (&read.refusal, &read.something_else),
            (&None, &None),
            "{settings}"
        );
        let policy = export.cross_tenant_access_policy.unwrap();
        assert_eq!(policy.partners.len(), partners, "{settings}");
    }
    // A tool's own default is none of them.
    let block = policy("Block", json!({ "includeUsers": ["All"] }));
    let tool = json!({ "value": [block], "default": { "colour": "red" } });
    let export = export(&[("a.json", tool)]);
    assert_eq!(
        (&export.files[0].refusal, export.policies.len()),
        (&None, 1)
    );
}

#[test]
fn a_folder_is_read_with_everything_below_it() {
    let folder = tempfile::tempdir().unwrap();
    let below = folder.path().join("policies/more");
    std::fs::create_dir_all(&below).unwrap();
    let text = policy("MFA", json!({"includeUsers": ["All"]})).to_string();
    let utf16: Vec<u8> = std::iter::once('\u{feff}')
        .chain(text.chars())
        .flat_map(|one| (one as u16).to_le_bytes())
        .collect();
    std::fs::write(below.join("mfa.JSON"), utf16).unwrap();
    std::fs::write(folder.path().join("notes.txt"), "nothing").unwrap();
    let export = read_export(folder.path()).unwrap();
    assert_eq!((export.files.len(), export.policies.len()), (1, 1));
    let file = read_export(&below.join("mfa.JSON")).unwrap();
    assert_eq!(file.policies, export.policies);
    assert!(read_export(&folder.path().join("nowhere")).is_err());
}

#[test]
fn who_is_there_is_read_in_world_files_shape() {
    let (ada, staff, all) = (id(1), id(2), id(3));
    let world_files = export(&[
        (
            "policy.json",
            policy("Staff", json!({"includeGroups": ["Everybody"]})),
        ),
        (
            "users.json",
            json!([{"id": ada, "displayName": "Ada", "userPrincipalName": "ada@contoso.example"}]),
        ),
        (
            "groups.json",
            json!([{"id": staff, "displayName": "Staff", "members": [ada]},
                   {"id": all, "displayName": "Everybody", "members": [staff]}]),
        ),
        (
            "roleAssignments.json",
            json!({"value": [
                {"id": "x", "principalId": ada, "roleDefinitionId": ID, "directoryScopeId": "/"},
                {"id": "y", "principalId": ada, "roleDefinitionId": id(9), "directoryScopeId": "/administrativeUnits/1"},
            ]}),
        ),
        (
            "applications.json",
            json!([{"id": id(4), "appId": id(5), "displayName": "Payroll"}]),
        ),
        ("servicePrincipals.json", json!({"value": []})),
    ]);
    assert!(
        world_files.files.iter().all(|file| file.refusal.is_none()),
        "{:?}",
        world_files.files
    );
    let directory = &world_files.directory;
    assert_eq!(directory.users.as_ref().unwrap().len(), 1);
    assert_eq!(directory.groups.as_ref().unwrap().len(), 2);
    assert!(directory.groups_without_members.is_empty());
    // A role in one administrative unit is none for a policy.
    assert_eq!(directory.role_assignments.as_ref().unwrap().len(), 1);
    assert_eq!(directory.applications.as_ref().unwrap().len(), 1);
    // An empty list says that there are none; no file says nothing.
    assert_eq!(directory.service_principals, Some(Vec::new()));
    let bare = export(&[(
        "policy.json",
        policy("All", json!({"includeUsers": ["All"]})),
    )]);
    assert_eq!(
        bare.directory,
        portcullis_world::export::ExportedDirectory::default()
    );
}

#[test]
fn who_is_there_is_read_in_graphs_shape() {
    let (ada, staff, all) = (id(1), id(2), id(3));
    let graph = export(&[
        (
            "policy.json",
            policy("All", json!({"includeUsers": ["All"]})),
        ),
        (
            "a.json",
            json!({"value": [
                {"@odata.type": "#microsoft.graph.group", "id": staff, "displayName": "Staff", "securityEnabled": true},
                {"id": all, "displayName": "Everybody", "securityEnabled": true, "members@odata.context": "…",
                 "members": [{"@odata.type": "#microsoft.graph.user", "id": ada, "displayName": "Ada"}]},
            ]}),
        ),
        (
            "b.json",
            json!({"value": [
                {"id": id(6), "appId": id(5), "displayName": "Payroll", "servicePrincipalType": "Application",
                 "signInAudience": "AzureADMyOrg", "appOwnerOrganizationId": id(7), "appRoles": [{"value": null}],
                 "keyCredentials": [{"type": "AsymmetricX509Cert"}], "appRoleAssignmentRequired": true},
                {"id": id(8), "appId": id(10), "displayName": "Slides", "servicePrincipalType": "Application",
                 "signInAudience": "AzureADandPersonalMicrosoftAccount", "appOwnerOrganizationId": id(11)},
            ]}),
        ),
    ]);
    assert!(
        graph.files.iter().all(|file| file.refusal.is_none()),
        "{:?}",
        graph.files
    );
    let directory = &graph.directory;
    // Graph lists members to whoever expands them: without that nobody knows who is in it.
    assert!(
        directory
            .groups_without_members
            .contains(&staff.parse().unwrap())
    );
    assert!(
        !directory
            .groups_without_members
            .contains(&all.parse().unwrap())
    );
    assert_eq!(directory.tenant_id, Some(id(7).parse().unwrap()));
    let principals = directory.service_principals.as_ref().unwrap();
    let owners: Vec<_> = principals
        .iter()
        .map(|one| one.app_owner_organization_id)
        .collect();
    assert_eq!(owners, [None, Some(id(11).parse().unwrap())]);
    assert!(
        !principals[0].app_role_assignment_required,
        "nobody said who is assigned"
    );
    assert_eq!(directory.without_attributes.len(), 2);
}

fn id(number: u8) -> String {
    format!("22222222-2222-4222-8222-2222222222{number:02}")
}

#[test]
fn an_application_that_no_file_has_is_missing_where_files_list_them() {
    let mut payroll = policy("Payroll", json!({"includeUsers": ["All"]}));
    let exchange = "00000002-0000-0ff1-ce00-000000000000";
    payroll["conditions"]["applications"] =
        json!({"includeApplications": [id(5), exchange], "excludeApplications": [id(6)]});
    let bare = export(&[("policy.json", payroll.clone())]);
    assert_eq!(bare.missing, []);
    let listed = json!([{"id": id(4), "appId": id(5), "displayName": "Payroll"}]);
    let beside = export(&[("policy.json", payroll), ("servicePrincipals.json", listed)]);
    let [missing] = beside.missing.as_slice() else {
        panic!("{:?}", beside.missing);
    };
    assert_eq!(
        (missing.kind, missing.id.as_str()),
        (NameKind::Application, id(6).as_str())
    );
}
