//! Shows each condition and control beyond the plain ones: what it becomes, and the rules it must keep.

use super::*;
use crate::authentication_strength::BuiltInStrength;
use filter::FilterMode;
use signal::{InsiderRiskLevel, RiskLevel, TransferMethod};

const BEA: &str = "33333333-3333-4333-8333-333333333333";

/// The complete policy with each value at its pointer.
fn with_all(values: &[(&str, Value)]) -> Value {
    let mut document = complete();
    for (pointer, value) in values {
        let (parent, name) = pointer.rsplit_once('/').unwrap();
        let parent = document.pointer_mut(parent).unwrap();
        parent
            .as_object_mut()
            .unwrap()
            .insert(name.to_owned(), value.clone());
    }
    document
}

fn conditions(pointer: &str, value: Value) -> Conditions {
    loaded(with(&format!("/conditions/{pointer}"), value)).conditions
}

fn controls(grant: Value) -> Vec<GrantControl> {
    let policy = loaded(with("/grantControls", grant));
    policy.grant_controls.unwrap().controls
}

#[test]
fn resources_are_named_groups_ids_and_filters() {
    let policy = loaded(with(
        "/conditions/applications",
        json!({
            "includeApplications": ["office365", "MicrosoftAdminPortals", ADA],
            "excludeApplications": ["Office365"],
            "applicationFilter": {"mode": "exclude", "rule": "CustomSecurityAttribute.A_B -eq \"x\""}
        }),
    ));
    let about = applications(&policy);
    let application = ApplicationCondition::Application(ADA.parse().unwrap());
    assert_eq!(
        about.include,
        [
            ApplicationCondition::Office365,
            ApplicationCondition::MicrosoftAdminPortals,
            application
        ]
    );
    assert_eq!(about.exclude, [ApplicationCondition::Office365]);
    assert_eq!(about.filter.as_ref().unwrap().mode, FilterMode::Exclude);
    let by_filter = json!({"applicationFilter": {"mode": "include", "rule": "CustomSecurityAttribute.A_B -eq \"x\""}});
    let policy = loaded(with("/conditions/applications", by_filter));
    assert_eq!(applications(&policy).include, []);
    // A filter that only takes out leaves nothing.
    let nothing = json!({"applicationFilter": {"mode": "exclude", "rule": "CustomSecurityAttribute.A_B -eq \"x\""}});
    refused_for(
        with("/conditions/applications", nothing),
        "$.conditions.applications.includeApplications",
        Reason::Rule("CA-V03"),
    );
}

#[test]
fn a_policy_is_about_one_kind_of_target() {
    let target = |value| conditions("applications", value).target;
    let actions = ["urn:user:registersecurityinfo", "urn:user:registerdevice"];
    let expected = Target::UserActions(vec![
        UserAction::RegisterSecurityInformation,
        UserAction::RegisterOrJoinDevices,
    ]);
    assert_eq!(target(json!({"includeUserActions": actions})), expected);
    let beside_none = json!({"includeApplications": ["None"], "includeUserActions": actions});
    assert_eq!(target(beside_none), expected);
    let contexts = json!({"includeAuthenticationContextClassReferences": ["c1", "C99"]});
    let expected = ["c1", "c99"].map(|one| one.parse().unwrap());
    assert_eq!(
        target(contexts),
        Target::AuthenticationContexts(expected.to_vec())
    );
    for other in [
        json!({"includeApplications": [ADA], "includeUserActions": actions}),
        json!({"excludeApplications": [ADA], "includeUserActions": actions}),
        json!({"includeUserActions": actions, "includeAuthenticationContextClassReferences": ["c1"]}),
        json!({"includeAuthenticationContextClassReferences": ["c1"],
            "applicationFilter": {"mode": "include", "rule": "CustomSecurityAttribute.A_B -eq 'x'"}}),
    ] {
        refused_for(
            with("/conditions/applications", other),
            "$.conditions.applications",
            Reason::Rule("CA-V04"),
        );
    }
    for (name, value, rule) in [
        ("includeUserActions", "urn:user:fly", "CA-V07"),
        (
            "includeAuthenticationContextClassReferences",
            "c0",
            "CA-V08",
        ),
        (
            "includeAuthenticationContextClassReferences",
            "c100",
            "CA-V08",
        ),
        (
            "includeAuthenticationContextClassReferences",
            "Step up",
            "CA-V08",
        ),
    ] {
        let path = format!("$.conditions.applications.{name}[0]");
        let document = with("/conditions/applications", json!({name: [value]}));
        refused_for(document, &path, Reason::Rule(rule));
    }
}

#[test]
fn risk_is_a_set_of_levels() {
    let high_and_none = RiskLevels::default()
        .with(RiskLevel::High)
        .with(RiskLevel::None);
    let given = json!(["high", "None"]);
    let read = conditions("signInRiskLevels", given.clone());
    assert_eq!(read.sign_in_risk_levels, high_and_none);
    let read = conditions("userRiskLevels", given);
    assert_eq!(read.user_risk_levels, high_and_none);
    let insider = InsiderRiskLevels::default()
        .with(InsiderRiskLevel::Minor)
        .with(InsiderRiskLevel::Elevated);
    for given in [json!("minor,elevated"), json!(["minor", "elevated"])] {
        assert_eq!(
            conditions("insiderRiskLevels", given).insider_risk_levels,
            insider
        );
    }
    for name in [
        "signInRiskLevels",
        "userRiskLevels",
        "servicePrincipalRiskLevels",
    ] {
        for level in ["hidden", "unknownFutureValue", "severe"] {
            let path = format!("$.conditions.{name}[0]");
            let document = with(&format!("/conditions/{name}"), json!([level]));
            refused_for(document, &path, Reason::Rule("CA-V15"));
        }
    }
    let document = with("/conditions/insiderRiskLevels", json!("moderate,severe"));
    refused_for(document, "$.conditions.insiderRiskLevels", Reason::Value);
}

#[test]
fn ways_of_transfer_are_flags() {
    let both = TransferMethods::default()
        .with(TransferMethod::DeviceCodeFlow)
        .with(TransferMethod::AuthenticationTransfer);
    let flows = |methods: Value| json!({"transferMethods": methods});
    let given = flows(json!("deviceCodeFlow, authenticationTransfer"));
    assert_eq!(
        conditions("authenticationFlows", given).transfer_methods,
        both
    );
    refused_for(
        with("/conditions/authenticationFlows", flows(json!("pigeon"))),
        "$.conditions.authenticationFlows.transferMethods",
        Reason::Value,
    );
}

#[test]
fn devices_are_told_by_a_filter_or_by_deprecated_states() {
    let rule = "device.isCompliant -eq True";
    let filter = json!({"deviceFilter": {"mode": "Include", "rule": rule}});
    let Some(DeviceCondition::Filter(filter)) = conditions("devices", filter).devices else {
        panic!("no filter");
    };
    assert_eq!(
        (filter.mode, filter.rule.text.as_str()),
        (FilterMode::Include, rule)
    );
    let expected =
        DeviceCondition::AllExceptStates(vec![DeviceState::Compliant, DeviceState::DomainJoined]);
    let except = json!(["Compliant", "domainJoined"]);
    for (name, value) in [
        (
            "devices",
            json!({"includeDevices": ["All"], "excludeDevices": except}),
        ),
        (
            "devices",
            json!({"includeDeviceStates": ["All"], "excludeDeviceStates": except}),
        ),
        (
            "deviceStates",
            json!({"includeStates": ["All"], "excludeStates": except}),
        ),
    ] {
        assert_eq!(conditions(name, value).devices, Some(expected.clone()));
    }
    let all = json!({"includeDevices": ["All"], "excludeDevices": []});
    let one = json!({"includeDevices": ["All"], "excludeDevices": ["DomainJoined"]});
    let joined = DeviceCondition::AllExceptStates(vec![DeviceState::DomainJoined]);
    assert_eq!(conditions("devices", one).devices, Some(joined));
    assert_eq!(
        conditions("devices", all).devices,
        None,
        "no exception, no condition"
    );
    let states = json!({"mode": "include", "rule": rule});
    for (value, path) in [
        (
            json!({"deviceFilter": {"mode": "include"}}),
            ".deviceFilter.rule",
        ),
        (
            json!({"deviceFilter": {"rule": rule}}),
            ".deviceFilter.mode",
        ),
        (
            json!({"deviceFilter": {"mode": "exclude", "rule": "x"}}),
            ".deviceFilter.rule",
        ),
        (json!({"excludeDevices": except}), ".includeDevices"),
        (
            json!({"includeDevices": ["Compliant"]}),
            ".includeDevices[0]",
        ),
        (
            json!({"includeDevices": ["All"], "excludeDevices": ["All"]}),
            ".excludeDevices[0]",
        ),
        (
            json!({"deviceFilter": states, "includeDevices": ["All"]}),
            ".includeDevices",
        ),
    ] {
        let path = format!("$.conditions.devices{path}");
        refused_for(
            with("/conditions/devices", value),
            &path,
            Reason::Rule("CA-V14"),
        );
    }
    let unknown = json!({"deviceFilter": {"mode": "include", "rule": rule, "unless": "x"}});
    refused_for(
        with("/conditions/devices", unknown),
        "$.conditions.devices.deviceFilter.unless",
        Reason::Unknown,
    );
}

#[test]
fn a_filter_says_where_it_is_wrong() {
    let filter =
        json!({"deviceFilter": {"mode": "include", "rule": "device.isCompliant -eq 'yes'"}});
    let document = object(with("/conditions/devices", filter));
    let refusal = ConditionalAccessPolicy::from_document(document).unwrap_err();
    assert_eq!(
        refusal.to_string(),
        "`$.conditions.devices.deviceFilter.rule`: it breaks rule CA-V14: found the text `yes` at character 24, \
         expected `True`, `False` or `null`"
    );
}

fn workload(clients: Value) -> Value {
    with_all(&[
        ("/conditions/users", json!({"includeUsers": ["None"]})),
        ("/conditions/clientApplications", clients),
        (
            "/grantControls",
            json!({"operator": "OR", "builtInControls": ["block"]}),
        ),
    ])
}

#[test]
fn workload_identities_are_blocked_or_not() {
    let clients = json!({"includeServicePrincipals": ["ServicePrincipalsInMyTenant"], "excludeServicePrincipals": [ADA],
        "servicePrincipalFilter": {"mode": "exclude", "rule": "CustomSecurityAttribute.A_B -eq 'x'"}});
    let mut document = workload(clients);
    document["conditions"]["servicePrincipalRiskLevels"] = json!(["low"]);
    let read = loaded(document.clone()).conditions;
    let about = read.client_applications.unwrap();
    assert_eq!(about.include, [ServicePrincipalCondition::All]);
    let ada = ServicePrincipalCondition::ServicePrincipal(ADA.parse().unwrap());
    assert_eq!(about.exclude, [ada]);
    assert!(about.filter.is_some());
    assert!(!read.service_principal_risk_levels.is_empty());
    for (pointer, value, path) in [
        (
            "/conditions/users",
            json!({"includeUsers": ["All"]}),
            "$.conditions.users",
        ),
        (
            "/conditions/users",
            json!({"includeUsers": ["None"], "excludeUsers": [ADA]}),
            "$.conditions.users",
        ),
        (
            "/conditions/userRiskLevels",
            json!(["high"]),
            "$.conditions.userRiskLevels",
        ),
        (
            "/conditions/clientAppTypes",
            json!(["browser"]),
            "$.conditions.clientAppTypes",
        ),
        (
            "/grantControls/builtInControls",
            json!(["mfa"]),
            "$.grantControls",
        ),
        (
            "/sessionControls",
            json!({"signInFrequency": {"isEnabled": true, "value": 1, "type": "hours"}}),
            "$.grantControls",
        ),
    ] {
        let mut wrong = document.clone();
        let (parent, name) = pointer.rsplit_once('/').unwrap();
        wrong.pointer_mut(parent).unwrap()[name] = value;
        refused_for(wrong, path, Reason::Rule("CA-V41"));
    }
    refused_for(
        workload(json!({"excludeServicePrincipals": [ADA]})),
        "$.conditions.clientApplications.includeServicePrincipals",
        Reason::Rule("CA-V42"),
    );
    refused_for(
        with("/conditions/servicePrincipalRiskLevels", json!(["high"])),
        "$.conditions.servicePrincipalRiskLevels",
        Reason::Rule("CA-V41"),
    );
}

#[test]
fn each_grant_control_is_read_once_in_the_order_of_asking() {
    let strength = BEA.parse().unwrap();
    let agreements = [ADA, BEA].map(|id| GrantControl::TermsOfUse(id.parse().unwrap()));
    let [first, second] = agreements;
    assert_eq!(
        controls(json!({
            "operator": "AND",
            "builtInControls": ["compliantApplication", "approvedApplication", "compliantDevice", "compliantDevice"],
            "termsOfUse": [BEA, ADA],
            "customAuthenticationFactors": ["RequireDuoMfa"],
            "authenticationStrength": {"id": BEA}
        })),
        [
            GrantControl::AuthenticationStrength(strength),
            GrantControl::CompliantDevice,
            GrantControl::ApprovedApplication,
            GrantControl::CompliantApplication,
            first,
            second,
            GrantControl::CustomAuthenticationFactor("RequireDuoMfa".into()),
        ]
    );
}

#[test]
fn a_strength_is_named_in_any_of_the_ways_that_exports_have() {
    let expected = [GrantControl::AuthenticationStrength(BEA.parse().unwrap())];
    for (name, value) in [
        ("authenticationStrength", json!({"id": BEA})),
        ("authenticationStrength", json!(BEA)),
        (
            "authenticationStrength@odata.bind",
            json!(format!(
                "https://graph.microsoft.com/v1.0/policies/authenticationStrengthPolicies('{BEA}')"
            )),
        ),
        (
            "authenticationStrength@odata.bind",
            json!(format!(
                "https://graph.microsoft.com/v1.0/policies/authenticationStrengthPolicies/{BEA}"
            )),
        ),
    ] {
        let grant = json!({"operator": "OR", "builtInControls": [], name: value});
        assert_eq!(controls(grant), expected);
    }
    for (name, value, path) in [
        (
            "authenticationStrength",
            json!({"displayName": "Strong"}),
            ".authenticationStrength.id",
        ),
        (
            "authenticationStrength",
            json!({"id": "Strong"}),
            ".authenticationStrength.id",
        ),
        (
            "authenticationStrength@odata.bind",
            json!("https://x/y"),
            ".authenticationStrength@odata.bind",
        ),
    ] {
        let grant = json!({"operator": "OR", "builtInControls": [], name: value});
        let path = format!("$.grantControls{path}");
        refused_for(with("/grantControls", grant), &path, Reason::NameForId);
    }
}

#[test]
fn a_strength_inside_a_policy_is_kept_when_it_is_whole() {
    let read = |strength: Value| {
        let grant = json!({"operator": "OR", "authenticationStrength": strength});
        loaded(with("/grantControls", grant)).expanded_strength
    };
    let whole = read(
        json!({"id": BEA, "displayName": "Keys", "policyType": "custom",
        "allowedCombinations": ["fido2"], "combinationConfigurations": []}),
    );
    assert_eq!(whole.unwrap().display_name, "Keys");
    // Without its configurations it may be weaker than it is where it came from.
    let part = json!({"id": BEA, "displayName": "Keys", "allowedCombinations": ["fido2"]});
    assert_eq!(read(part), None);
    for built_in in BuiltInStrength::ALL {
        let strength = json!({"id": built_in.id, "displayName": "Mine", "policyType": "builtIn",
            "allowedCombinations": ["password"], "combinationConfigurations": []});
        assert_eq!(
            read(strength),
            None,
            "nobody changes {}",
            built_in.display_name
        );
    }
    let wrong = json!({"operator": "OR", "authenticationStrength": {"id": BEA, "displayName": "Keys",
        "allowedCombinations": ["email"], "combinationConfigurations": []}});
    refused_for(
        with("/grantControls", wrong),
        "$.grantControls.authenticationStrength.allowedCombinations[0]",
        Reason::Value,
    );
}

#[test]
fn controls_that_exclude_each_other_are_refused() {
    for (grant, path, rule) in [
        (
            json!({"operator": "AND", "builtInControls": ["mfa"], "authenticationStrength": {"id": BEA}}),
            "$.grantControls.authenticationStrength",
            "CA-V18",
        ),
        (
            json!({"operator": "OR", "builtInControls": ["block"], "termsOfUse": [ADA]}),
            "$.grantControls.builtInControls",
            "CA-V17",
        ),
        (
            json!({"operator": "OR", "builtInControls": ["block"], "authenticationStrength": {"id": BEA}}),
            "$.grantControls.builtInControls",
            "CA-V17",
        ),
    ] {
        refused_for(with("/grantControls", grant), path, Reason::Rule(rule));
    }
}

#[test]
fn a_password_is_changed_after_mfa_for_users_at_risk_everywhere() {
    const RULE: Reason = Reason::Rule("1032 InvalidPasswordResetControl");
    let change = |controls: Value, operator: &str| {
        with_all(&[
            ("/conditions/userRiskLevels", json!(["high"])),
            (
                "/grantControls",
                json!({"operator": operator, "builtInControls": controls}),
            ),
            (
                "/sessionControls",
                json!({"signInFrequency": {"isEnabled": true, "frequencyInterval": "everyTime"}}),
            ),
        ])
    };
    let good = change(json!(["passwordChange", "mfa"]), "AND");
    loaded(good.clone());
    let mut by_strength = change(json!(["passwordChange"]), "AND");
    by_strength["grantControls"]["authenticationStrength"] = json!({"id": BEA});
    loaded(by_strength);
    for (controls, operator) in [
        (json!(["passwordChange"]), "OR"),
        (json!(["passwordChange"]), "AND"),
        (json!(["passwordChange", "mfa"]), "OR"),
        (json!(["passwordChange", "mfa", "compliantDevice"]), "AND"),
    ] {
        refused_for(change(controls, operator), "$.grantControls", RULE);
    }
    for (pointer, value, path) in [
        (
            "/conditions/userRiskLevels",
            json!([]),
            "$.conditions.userRiskLevels",
        ),
        (
            "/conditions/clientAppTypes",
            json!(["browser"]),
            "$.conditions.clientAppTypes",
        ),
        (
            "/conditions/signInRiskLevels",
            json!(["low"]),
            "$.conditions.signInRiskLevels",
        ),
        (
            "/conditions/applications",
            json!({"includeApplications": ["All"], "excludeApplications": [ADA]}),
            "$.conditions.applications",
        ),
        (
            "/conditions/applications",
            json!({"includeUserActions": ["urn:user:registersecurityinfo"]}),
            "$.conditions.applications",
        ),
    ] {
        let mut wrong = good.clone();
        let (parent, name) = pointer.rsplit_once('/').unwrap();
        wrong.pointer_mut(parent).unwrap()[name] = value;
        refused_for(wrong, path, RULE);
    }
}

#[test]
fn risk_is_remedied_where_there_is_a_condition_on_it() {
    let grant = json!({"operator": "AND", "builtInControls": ["riskRemediation"]});
    let good = with_all(&[
        ("/conditions/userRiskLevels", json!(["high"])),
        ("/grantControls", grant.clone()),
    ]);
    loaded(good);
    let path = "$.conditions.userRiskLevels";
    refused_for(with("/grantControls", grant), path, Reason::Rule("CA-V21"));
}

#[test]
fn registering_a_device_takes_mfa_or_a_strength_only() {
    let register = |grant: Value| {
        with_all(&[
            (
                "/conditions/applications",
                json!({"includeUserActions": ["urn:user:registerdevice"]}),
            ),
            ("/grantControls", grant),
        ])
    };
    loaded(register(
        json!({"operator": "OR", "builtInControls": ["mfa"]}),
    ));
    loaded(register(
        json!({"operator": "OR", "authenticationStrength": {"id": BEA}}),
    ));
    for control in ["block", "compliantDevice"] {
        let grant = json!({"operator": "OR", "builtInControls": [control]});
        refused_for(register(grant), "$.grantControls", Reason::Rule("CA-V40"));
    }
    for (name, value) in [
        ("clientAppTypes", json!(["browser"])),
        (
            "devices",
            json!({"deviceFilter": {"mode": "include", "rule": "device.isCompliant -eq True"}}),
        ),
    ] {
        let mut document = register(json!({"operator": "OR", "builtInControls": ["mfa"]}));
        document["conditions"][name] = value;
        let path = format!("$.conditions.{name}");
        refused_for(document, &path, Reason::Rule("CA-V40"));
    }
}

#[test]
fn each_session_control_is_read() {
    let session = |value| loaded(with("/sessionControls", value)).session_controls;
    assert_eq!(
        session(json!({
            "applicationEnforcedRestrictions": {"isEnabled": true},
            "cloudAppSecurity": {"isEnabled": true, "cloudAppSecurityType": "blockDownloads"},
            "secureSignInSession": {"isEnabled": true},
            "disableResilienceDefaults": true,
            "continuousAccessEvaluation": {"mode": "strictLocation"},
            "globalSecureAccessFilteringProfile": {"isEnabled": true, "profileId": ADA}
        })),
        SessionControls {
            application_enforced_restrictions: true,
            cloud_app_security: Some(CloudAppSecurity::BlockDownloads),
            secure_sign_in_session: true,
            disable_resilience_defaults: true,
            continuous_access_evaluation: Some(ContinuousAccessEvaluation::StrictLocation),
            global_secure_access_filtering_profile: Some(ADA.into()),
            ..SessionControls::default()
        }
    );
    let off = json!({"continuousAccessEvaluation": {"isEnabled": false, "mode": "strictLocation"}});
    assert_eq!(session(off), SessionControls::default());
    for (control, path) in [
        (
            json!({"cloudAppSecurity": {"isEnabled": true}}),
            "cloudAppSecurity.cloudAppSecurityType",
        ),
        (
            json!({"cloudAppSecurity": {"isEnabled": true, "cloudAppSecurityType": "x"}}),
            "cloudAppSecurity.cloudAppSecurityType",
        ),
        (
            json!({"secureSignInSession": {"other": 1}}),
            "secureSignInSession.isEnabled",
        ),
        (
            json!({"disableResilienceDefaults": "yes"}),
            "disableResilienceDefaults",
        ),
        (
            json!({"continuousAccessEvaluation": {"mode": "x"}}),
            "continuousAccessEvaluation.mode",
        ),
        (
            json!({"globalSecureAccessFilteringProfile": {"isEnabled": true}}),
            "globalSecureAccessFilteringProfile.profileId",
        ),
    ] {
        let findings = refused(with("/sessionControls", control));
        assert_eq!(findings[0].0, format!("$.sessionControls.{path}"));
    }
}

#[test]
fn continuous_access_evaluation_is_switched_off_for_everything_or_not_at_all() {
    let off = json!({"continuousAccessEvaluation": {"mode": "disabled"}});
    let good = with("/sessionControls", off.clone());
    loaded(good);
    for (pointer, value) in [
        (
            "/conditions/platforms",
            json!({"includePlatforms": ["iOS"]}),
        ),
        ("/conditions/applications/includeApplications", json!([ADA])),
    ] {
        refused_for(
            with_all(&[("/sessionControls", off.clone()), (pointer, value)]),
            "$.sessionControls.continuousAccessEvaluation.mode",
            Reason::Rule("CA-V34"),
        );
    }
}
