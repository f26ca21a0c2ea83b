//! Shows what a policy document becomes, and why one is refused.
#![expect(
    clippy::too_many_lines,
    clippy::needless_pass_by_value,
    reason = "tables of cases, written as `json!` values"
)]

mod damage;
mod whole_language;

use serde_json::{Value, json};

use super::*;
use crate::document::{Document, Reason};

const ADA: &str = "11111111-1111-4111-8111-111111111111";

fn complete() -> Value {
    json!({
        "id": "22222222-2222-4222-8222-222222222222",
        "displayName": "MFA for everyone",
        "state": "enabled",
        "conditions": {
            "users": {"includeUsers": ["All"]},
            "applications": {"includeApplications": ["All"]},
            "clientAppTypes": ["all"]
        },
        "grantControls": {"operator": "OR", "builtInControls": ["mfa"]}
    })
}

/// The complete policy with `value` at `pointer`.
fn with(pointer: &str, value: Value) -> Value {
    let mut document = complete();
    let (parent, name) = pointer.rsplit_once('/').unwrap();
    let parent = document.pointer_mut(parent).unwrap();
    parent.as_object_mut().unwrap().insert(name.into(), value);
    document
}

fn applications(policy: &ConditionalAccessPolicy) -> &ApplicationConditions {
    match &policy.conditions.target {
        Target::Applications(applications) => applications,
        other => panic!("{other:?}"),
    }
}

fn object(value: Value) -> Document {
    value.as_object().unwrap().clone()
}

fn loaded(value: Value) -> ConditionalAccessPolicy {
    let shown = value.to_string();
    ConditionalAccessPolicy::from_document(object(value))
        .unwrap_or_else(|refusal| panic!("{shown}\nrefused: {refusal}"))
}

/// The paths and reasons for which the document is refused.
fn refused(value: Value) -> Vec<(String, Reason)> {
    let shown = value.to_string();
    match ConditionalAccessPolicy::from_document(object(value)) {
        Ok(_) => panic!("{shown}\nwas not refused"),
        Err(refusal) => {
            assert!(!refusal.findings.is_empty());
            refusal
                .findings
                .into_iter()
                .map(|finding| (finding.path, finding.reason))
                .collect()
        }
    }
}

#[track_caller]
fn refused_for(value: Value, path: &str, reason: Reason) {
    assert_eq!(refused(value), [(path.to_owned(), reason)]);
}

#[test]
fn a_complete_policy_becomes_its_typed_form() {
    let policy = loaded(json!({
        "id": "22222222-2222-4222-8222-222222222222",
        "displayName": "Everything that is enforced",
        "state": "enabledForReportingButNotEnforced",
        "conditions": {
            "users": {
                "includeUsers": [ADA], "includeGroups": [ADA], "includeRoles": [ADA],
                "excludeUsers": ["GuestsOrExternalUsers"],
                "excludeGuestsOrExternalUsers": {
                    "guestOrExternalUserTypes": "internalGuest,serviceProvider",
                    "externalTenants": {
                        "@odata.type": "#microsoft.graph.conditionalAccessEnumeratedExternalTenants",
                        "membershipKind": "enumerated", "members": [ADA]
                    }
                }
            },
            "applications": {"includeApplications": ["All"], "excludeApplications": [ADA]},
            "clientAppTypes": ["browser", "other"],
            "platforms": {"includePlatforms": ["all"], "excludePlatforms": ["iOS", "macOS"]},
            "locations": {"includeLocations": ["All"], "excludeLocations": ["AllTrusted", ADA]}
        },
        "grantControls": {"operator": "and", "builtInControls": ["mfa", "compliantDevice"]},
        "sessionControls": {
            "signInFrequency": {"isEnabled": true, "value": 2, "type": "days"},
            "persistentBrowser": {"isEnabled": true, "mode": "never"},
            "cloudAppSecurity": {"isEnabled": false, "cloudAppSecurityType": "monitorOnly"}
        }
    }));
    assert_eq!(policy.state, PolicyState::ReportOnly);
    let id = ADA.parse().unwrap();
    assert_eq!(
        policy.conditions.users.include,
        [
            UserCondition::User(ADA.parse().unwrap()),
            UserCondition::Group(ADA.parse().unwrap()),
            UserCondition::Role(ADA.parse().unwrap()),
        ]
    );
    let types = ExternalUserTypes::NONE
        .with(ExternalUserType::InternalGuest)
        .with(ExternalUserType::ServiceProvider);
    let tenants = Some(vec![ADA.parse().unwrap()]);
    assert_eq!(
        policy.conditions.users.exclude,
        [
            UserCondition::GuestsOrExternalUsers,
            UserCondition::ExternalUsers { types, tenants },
        ]
    );
    assert_eq!(applications(&policy).include, [ApplicationCondition::All]);
    assert_eq!(
        policy.conditions.client_app_types,
        Some(vec![ClientAppType::Browser, ClientAppType::Other])
    );
    let platforms = policy.conditions.platforms.as_ref().unwrap();
    assert_eq!(platforms.include, [PlatformCondition::All]);
    assert_eq!(
        platforms.exclude,
        [
            PlatformCondition::Platform(DevicePlatform::Ios),
            PlatformCondition::Platform(DevicePlatform::MacOs)
        ]
    );
    let locations = policy.conditions.locations.as_ref().unwrap();
    assert_eq!(
        locations.exclude,
        [
            LocationCondition::AllTrusted,
            LocationCondition::NamedLocation(id)
        ]
    );
    assert_eq!(policy.named_locations().collect::<Vec<_>>(), [id]);
    let grant = policy.grant_controls.unwrap();
    assert_eq!(grant.operator, GrantOperator::And);
    assert_eq!(
        grant.controls,
        [GrantControl::Mfa, GrantControl::CompliantDevice]
    );
    let frequency = policy.session_controls.sign_in_frequency.unwrap();
    assert_eq!(frequency.interval, SignInInterval::Hours(48));
    assert_eq!(
        policy.session_controls.persistent_browser,
        Some(PersistentBrowser::Never)
    );
}

#[test]
fn what_is_not_configured_says_nothing() {
    let plain = loaded(complete());
    assert_eq!(plain.conditions.client_app_types, None);
    for (pointer, value) in [
        ("/templateId", Value::Null),
        ("/Tracking_Data", json!({"State": "whatever"})),
        ("/@odata.context", json!("https://graph.microsoft.com/…")),
        ("/#microsoft.graph.restore", json!({"target": "…"})),
        ("/sessionControls", Value::Null),
        (
            "/sessionControls",
            json!({"signInFrequency": null, "disableResilienceDefaults": false}),
        ),
        (
            "/sessionControls",
            json!({"signInFrequency": {"isEnabled": false, "value": 1, "type": "hours"}}),
        ),
        ("/conditions/signInRiskLevels", json!([])),
        ("/conditions/signInRiskLevels", Value::Null),
        ("/conditions/locations", json!([])),
        (
            "/conditions/locations",
            json!({"includeLocations": [], "excludeLocations": []}),
        ),
        ("/conditions/clientAppTypes", json!([])),
        (
            "/conditions/devices",
            json!({"@odata.type": "#x", "includeDevices": [], "deviceFilter": null}),
        ),
        (
            "/conditions/clientApplications",
            json!({"includeServicePrincipals": [], "servicePrincipalFilter": null}),
        ),
        (
            "/conditions/authenticationFlows",
            json!({"transferMethods": "none"}),
        ),
        ("/conditions/insiderRiskLevels", json!("none")),
        ("/conditions/agents", Value::Null),
        (
            "/conditions/users/includeGuestsOrExternalUsers",
            Value::Null,
        ),
        (
            "/conditions/users/excludeUsers@odata.type",
            json!("#Collection(String)"),
        ),
        ("/conditions/applications/includeUserActions", json!([])),
        ("/grantControls/termsOfUse", json!([])),
        (
            "/grantControls/authenticationStrength@odata.context",
            json!("…"),
        ),
    ] {
        let policy = loaded(with(pointer, value));
        assert_eq!(policy.conditions, plain.conditions, "{pointer}");
        assert_eq!(policy.grant_controls, plain.grant_controls, "{pointer}");
        assert_eq!(policy.session_controls, plain.session_controls, "{pointer}");
    }
}

#[test]
fn what_is_not_enforced_is_never_dropped() {
    for (pointer, value) in [
        ("/partialEnablementStrategy", json!("x")),
        ("/conditions/agentIdRiskLevels", json!("high")),
        ("/conditions/times", json!({"all": true})),
        ("/conditions/agents", json!({"includeAgentUsers": ["All"]})),
        (
            "/conditions/agentContext",
            json!({"includeAgentContexts": ["x"]}),
        ),
        (
            "/conditions/clientApplications",
            json!({"includeAgentIdServicePrincipals": ["All"]}),
        ),
        (
            "/conditions/applications/includeApplications",
            json!(["AllAgentIdResources"]),
        ),
        (
            "/conditions/applications/globalSecureAccess",
            json!({"includeTrafficProfiles": "m365"}),
        ),
        (
            "/conditions/applications/networkAccess",
            json!({"includeTrafficProfiles": "m365"}),
        ),
        (
            "/conditions/locations",
            json!({"includeLocations": ["00000000-0000-0000-0000-000000000000"]}),
        ),
        (
            "/grantControls/builtInControls",
            json!(["compliantNetwork"]),
        ),
        ("/grantControls/builtInControls", json!(["verifiedID"])),
        (
            "/sessionControls",
            json!({"networkAccessSecurity": {"policyId": ADA}}),
        ),
    ] {
        let findings = refused(with(pointer, value.clone()));
        let (path, reason) = &findings[0];
        assert!(
            matches!(reason, Reason::NotEnforced(_)),
            "{pointer}: {findings:?}"
        );
        let expected = pointer.replace('/', ".");
        assert!(
            path.starts_with(&format!("${expected}")),
            "{pointer}: {path}"
        );
    }
}

#[test]
fn an_unknown_condition_or_control_is_refused() {
    for (pointer, value) in [
        ("/conditions/moonPhase", json!("full")),
        ("/conditions/colour", json!({"includeColours": ["All"]})),
        ("/conditions/users/includeMoods", json!(["bad"])),
        ("/conditions/applications/includeColours", json!(["red"])),
        (
            "/conditions/locations",
            json!({"includeLocations": ["All"], "includeWeather": ["rain"]}),
        ),
        (
            "/conditions/platforms",
            json!({"includePlatforms": ["all"], "includeShapes": ["round"]}),
        ),
        ("/grantControls/humour", json!(true)),
        (
            "/sessionControls",
            json!({"blockSensitiveActions": {"isEnabled": true}}),
        ),
        (
            "/sessionControls",
            json!({"persistentBrowser": {"isEnabled": true, "mode": "never", "unless": 1}}),
        ),
    ] {
        let findings = refused(with(pointer, value));
        assert!(
            findings
                .iter()
                .any(|(_, reason)| *reason == Reason::Unknown),
            "{pointer}: {findings:?}"
        );
    }
}

#[test]
fn a_name_where_an_object_id_belongs_is_refused() {
    for (pointer, path) in [
        (
            "/conditions/users/includeUsers",
            "$.conditions.users.includeUsers[0]",
        ),
        (
            "/conditions/users/excludeUsers",
            "$.conditions.users.excludeUsers[0]",
        ),
        (
            "/conditions/users/excludeGroups",
            "$.conditions.users.excludeGroups[0]",
        ),
        (
            "/conditions/users/includeRoles",
            "$.conditions.users.includeRoles[0]",
        ),
        (
            "/conditions/applications/includeApplications",
            "$.conditions.applications.includeApplications[0]",
        ),
    ] {
        refused_for(
            with(pointer, json!(["Break glass"])),
            path,
            Reason::NameForId,
        );
    }
    let document = object(with("/conditions/users/excludeGroups", json!(["<Group>"])));
    let refusal = ConditionalAccessPolicy::from_document(document).unwrap_err();
    assert_eq!(
        refusal.to_string(),
        "`$.conditions.users.excludeGroups[0]`: a name where an object id belongs: found `<Group>`, \
         expected the object id (a GUID) of a group"
    );
    let members = json!({"guestOrExternalUserTypes": "serviceProvider",
        "externalTenants": {"membershipKind": "enumerated", "members": ["%tenant%"]}});
    refused_for(
        with("/conditions/users/excludeGuestsOrExternalUsers", members),
        "$.conditions.users.excludeGuestsOrExternalUsers.externalTenants.members[0]",
        Reason::NameForId,
    );
    refused_for(with("/id", json!("CA001")), "$.id", Reason::NameForId);
    // Keywords mean something only where Graph has them.
    refused_for(
        with("/conditions/users/excludeUsers", json!(["All"])),
        "$.conditions.users.excludeUsers[0]",
        Reason::NameForId,
    );
}

#[test]
fn the_rules_of_writing_hold() {
    let frequency = |control: Value| json!({"signInFrequency": control});
    for (pointer, value, rule) in [
        ("/displayName", json!(""), "CA-V02"),
        ("/displayName", Value::Null, "CA-V02"),
        ("/state", Value::Null, "CA-V02"),
        ("/state", json!("on"), "CA-V02"),
        ("/conditions", Value::Null, "CA-V03"),
        ("/conditions/users", Value::Null, "CA-V03"),
        ("/conditions/applications", json!({}), "CA-V03"),
        (
            "/conditions/applications",
            json!({"excludeApplications": [ADA]}),
            "CA-V03",
        ),
        ("/grantControls", Value::Null, "CA-V03"),
        (
            "/conditions/applications/includeApplications",
            json!(["All", ADA]),
            "CA-V06",
        ),
        (
            "/conditions/applications/includeApplications",
            json!(["None", ADA]),
            "CA-V06",
        ),
        (
            "/conditions/clientAppTypes",
            json!(["all", "browser"]),
            "CA-V06",
        ),
        (
            "/conditions/users",
            json!({"excludeUsers": [ADA]}),
            "CA-V09",
        ),
        (
            "/conditions/users/includeUsers",
            json!(["All", ADA]),
            "CA-V09",
        ),
        (
            "/conditions/users/includeUsers",
            json!(["None", "GuestsOrExternalUsers"]),
            "CA-V09",
        ),
        (
            "/conditions/users/includeGuestsOrExternalUsers",
            json!({"guestOrExternalUserTypes": "none"}),
            "CA-V10",
        ),
        (
            "/conditions/users/includeGuestsOrExternalUsers",
            json!({"externalTenants": {"membershipKind": "all"}}),
            "CA-V10",
        ),
        (
            "/conditions/users/includeGuestsOrExternalUsers",
            json!({"guestOrExternalUserTypes": "internalGuest", "externalTenants": {"membershipKind": "enumerated"}}),
            "CA-V11",
        ),
        (
            "/conditions/users/includeGuestsOrExternalUsers",
            json!({"guestOrExternalUserTypes": "internalGuest",
                "externalTenants": {"membershipKind": "all", "members": [ADA]}}),
            "CA-V11",
        ),
        (
            "/conditions/users/includeGuestsOrExternalUsers",
            json!({"guestOrExternalUserTypes": "internalGuest", "externalTenants": {"membershipKind": "some"}}),
            "CA-V11",
        ),
        (
            "/conditions/locations",
            json!({"excludeLocations": ["AllTrusted"]}),
            "CA-V12",
        ),
        (
            "/conditions/platforms",
            json!({"excludePlatforms": ["iOS"]}),
            "CA-V13",
        ),
        (
            "/conditions/platforms",
            json!({"includePlatforms": ["all", "iOS"]}),
            "CA-V13",
        ),
        (
            "/conditions/platforms",
            json!({"includePlatforms": ["iOS"], "excludePlatforms": ["all"]}),
            "CA-V13",
        ),
        ("/grantControls/operator", Value::Null, "CA-V16"),
        ("/grantControls/operator", json!("XOR"), "CA-V16"),
        ("/grantControls/builtInControls", json!([]), "CA-V16"),
        (
            "/grantControls/builtInControls",
            json!(["block", "mfa"]),
            "CA-V17",
        ),
        (
            "/sessionControls",
            frequency(json!({"isEnabled": true})),
            "CA-V30",
        ),
        (
            "/sessionControls",
            frequency(json!({"isEnabled": true, "value": 0, "type": "hours"})),
            "CA-V30",
        ),
        (
            "/sessionControls",
            frequency(json!({"isEnabled": true, "value": "4", "type": "hours"})),
            "CA-V30",
        ),
        (
            "/sessionControls",
            frequency(json!({"isEnabled": true, "value": 4, "type": "weeks"})),
            "CA-V30",
        ),
        (
            "/sessionControls",
            frequency(json!({"isEnabled": true, "value": 4_000_000_000_u32, "type": "days"})),
            "CA-V30",
        ),
        (
            "/sessionControls",
            frequency(json!({"isEnabled": true, "value": 4, "type": "hours",
            "authenticationType": "secondaryAuthentication"})),
            "CA-V30",
        ),
        (
            "/sessionControls",
            frequency(json!({"isEnabled": true, "value": 4,
            "frequencyInterval": "everyTime"})),
            "CA-V31",
        ),
        (
            "/sessionControls",
            json!({"persistentBrowser": {"isEnabled": true}}),
            "CA-V33",
        ),
    ] {
        let findings = refused(with(pointer, value.clone()));
        let broken: Vec<_> = findings.iter().map(|(_, reason)| *reason).collect();
        assert!(
            broken.iter().all(|reason| *reason == Reason::Rule(rule)),
            "{pointer} {value}: {broken:?}"
        );
    }
    let mut document = with("/conditions/applications/includeApplications", json!([ADA]));
    document["sessionControls"] =
        json!({"persistentBrowser": {"isEnabled": true, "mode": "never"}});
    refused_for(
        document,
        "$.conditions.applications.includeApplications",
        Reason::Rule("CA-V33"),
    );
    let mut document = with(
        "/conditions/applications/includeUserActions",
        json!(["urn:user:registerdevice"]),
    );
    document["conditions"]["applications"]["includeApplications"] = json!(["All"]);
    refused_for(
        document,
        "$.conditions.applications",
        Reason::Rule("CA-V04"),
    );
}

#[test]
fn a_session_control_without_its_switch_is_refused() {
    let control = json!({"signInFrequency": {"value": 4, "type": "hours"}});
    refused_for(
        with("/sessionControls", control),
        "$.sessionControls.signInFrequency.isEnabled",
        Reason::Missing,
    );
}

#[test]
fn every_time_may_ask_for_the_second_factor_only() {
    let control = json!({"signInFrequency": {"isEnabled": true, "frequencyInterval": "everyTime",
        "authenticationType": "secondaryAuthentication", "value": null, "type": null}});
    let frequency = loaded(with("/sessionControls", control))
        .session_controls
        .sign_in_frequency;
    assert_eq!(
        frequency,
        Some(SignInFrequency {
            interval: SignInInterval::EveryTime,
            authentication_type: FrequencyAuthenticationType::SecondaryAuthentication,
        })
    );
}

#[test]
fn none_names_nobody_and_nothing() {
    let mut document = with("/conditions/users/includeUsers", json!(["None"]));
    document["conditions"]["applications"]["includeApplications"] = json!(["None"]);
    let policy = loaded(document);
    assert_eq!(policy.conditions.users.include, []);
    assert_eq!(applications(&policy).include, []);
}

#[test]
fn spellings_of_members_and_values_do_not_matter() {
    let policy = loaded(json!({
        "Id": ADA, "DisplayName": "Pascal", "State": "Enabled",
        "Conditions": {
            "Users": {"IncludeUsers": "all"},
            "Applications": {"IncludeApplications": ["ALL"]},
            "ClientAppTypes": ["All"],
            "SignInRiskLevels": null
        },
        "GrantControls": {"Operator": "or", "BuiltInControls": ["MFA"]}
    }));
    assert_eq!(policy.conditions.users.include, [UserCondition::All]);
    assert_eq!(
        policy.document["conditions"]["users"]["includeUsers"],
        "all"
    );
    let risky = loaded(json!({
        "DisplayName": "Pascal", "State": "enabled",
        "Conditions": {
            "Users": {"IncludeUsers": ["All"]}, "Applications": {"IncludeApplications": ["All"]},
            "SIGNINRISKLEVELS": ["High"]
        },
        "GrantControls": {"Operator": "or", "BuiltInControls": ["mfa"]}
    }));
    let levels = risky.conditions.sign_in_risk_levels;
    assert_eq!(levels, RiskLevels::default().with(signal::RiskLevel::High));
}

#[test]
fn a_member_in_two_spellings_is_refused() {
    refused_for(
        with("/State", json!("disabled")),
        "$.state",
        Reason::Duplicate,
    );
}

#[test]
fn a_policy_without_id_gets_the_same_one_each_time() {
    let mut document = complete();
    document.as_object_mut().unwrap().remove("id");
    let first = loaded(document.clone());
    let second = loaded(document);
    assert_eq!(first, second);
    assert_eq!(first.document["id"], first.id.to_string());
    assert_eq!(first.document.keys().next().unwrap(), "id");
    assert_eq!(loaded(Value::Object(first.document.clone())), first);
}

#[test]
fn a_deleted_policy_is_refused() {
    refused_for(
        with("/deletedDateTime", json!("2026-01-01T00:00:00Z")),
        "$.deletedDateTime",
        Reason::Value,
    );
}

#[test]
fn all_findings_of_a_document_are_reported() {
    let mut document = with("/conditions/users/excludeGroups", json!(["a", "b"]));
    document["state"] = json!("on");
    document["conditions"]["userRiskLevels"] = json!(["hidden"]);
    assert_eq!(refused(document).len(), 4);
}
