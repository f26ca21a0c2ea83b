//! Shows which cross-tenant access settings are read, and which are refused (specification 1.5).

use serde_json::{Value, json};

use super::*;

const OWN: &str = "11111111-1111-4111-8111-111111111111";
const PARTNER: &str = "22222222-2222-4222-8222-222222222222";
const SOMEBODY: &str = "33333333-3333-4333-8333-333333333333";

fn read(document: &Value) -> Result<CrossTenantAccessPolicy, Refusal> {
    let own = OWN.parse().unwrap();
    CrossTenantAccessPolicy::from_document(document.as_object().unwrap(), own)
}

fn half(access: &str, target: &str, kind: &str) -> Value {
    json!({"accessType": access, "targets": [{"target": target, "targetType": kind}]})
}

fn setting(users: (&str, &str), applications: (&str, &str)) -> Value {
    let kind = if users.1 == "AllUsers" {
        "user"
    } else {
        "group"
    };
    json!({
        "usersAndGroups": half(users.0, users.1, kind),
        "applications": half(applications.0, applications.1, "application"),
    })
}

fn partner(members: &Value) -> Value {
    let mut entry = json!({"tenantId": PARTNER});
    entry
        .as_object_mut()
        .unwrap()
        .extend(members.as_object().unwrap().clone());
    json!({"partners": [entry]})
}

#[track_caller]
fn refused_at(document: &Value, path: &str) {
    let refusal = read(document).expect_err(&document.to_string());
    let paths: Vec<_> = refusal
        .findings
        .iter()
        .map(|one| one.path.as_str())
        .collect();
    assert_eq!(paths, [path], "{refusal}");
}

#[test]
fn a_partner_may_leave_holes() {
    let policy = read(&partner(&json!({
        "inboundTrust": {"isMfaAccepted": true, "isCompliantDeviceAccepted": null},
        "b2bCollaborationInbound": null,
        "b2bDirectConnectInbound": {"applications": half("allowed", SOMEBODY, "application")},
    })))
    .unwrap();
    let partner = &policy.partners[0];
    assert_eq!(partner.settings.b2b_collaboration_inbound, None);
    assert_eq!(
        partner.settings.inbound_trust.unwrap().is_mfa_accepted,
        Some(true)
    );
    assert_eq!(
        partner
            .settings
            .inbound_trust
            .unwrap()
            .is_compliant_device_accepted,
        None
    );
    assert_eq!(
        read(&json!({})).unwrap(),
        CrossTenantAccessPolicy::default()
    );
    assert!(partner.settings.other.is_empty());
}

#[test]
fn the_pairs_that_graph_refuses_are_refused() {
    for (users, applications, fine) in [
        (
            ("allowed", "AllUsers"),
            ("allowed", "AllApplications"),
            true,
        ),
        (("allowed", "AllUsers"), ("allowed", SOMEBODY), true),
        (("allowed", SOMEBODY), ("blocked", SOMEBODY), true),
        (("blocked", SOMEBODY), ("allowed", "AllApplications"), true),
        (("blocked", SOMEBODY), ("blocked", "AllApplications"), true),
        (
            ("blocked", "AllUsers"),
            ("blocked", "AllApplications"),
            true,
        ),
        (("blocked", "AllUsers"), ("blocked", SOMEBODY), false),
        (
            ("blocked", "AllUsers"),
            ("allowed", "AllApplications"),
            false,
        ),
        (
            ("allowed", "AllUsers"),
            ("blocked", "AllApplications"),
            false,
        ),
        (("allowed", SOMEBODY), ("blocked", "AllApplications"), false),
    ] {
        let document = partner(&json!({"b2bCollaborationInbound": setting(users, applications)}));
        assert_eq!(read(&document).is_ok(), fine, "{users:?} {applications:?}");
    }
}

#[test]
fn a_pair_may_be_completed_by_the_default() {
    let document = json!({
        "default": {"b2bCollaborationInbound": setting(("allowed", "AllUsers"), ("allowed", "AllApplications"))},
        "partners": [{"tenantId": PARTNER,
            "b2bCollaborationInbound": {"applications": half("blocked", "AllApplications", "application")}}],
    });
    refused_at(&document, "$.partners[0].b2bCollaborationInbound");
}

#[test]
fn the_default_names_no_single_users_inbound() {
    let single = setting(("blocked", SOMEBODY), ("allowed", "AllApplications"));
    refused_at(
        &json!({"default": {"b2bCollaborationInbound": single}}),
        "$.default.b2bCollaborationInbound.usersAndGroups.targets",
    );
    assert!(read(&json!({"default": {"b2bCollaborationOutbound": single}})).is_ok());
    assert!(read(&partner(&json!({"b2bCollaborationInbound": single}))).is_ok());
}

#[test]
fn targets_are_ids_or_keywords_of_their_list() {
    for (half_name, half, path) in [
        (
            "usersAndGroups",
            half("allowed", "Ada", "user"),
            ".targets[0].target",
        ),
        (
            "usersAndGroups",
            half("allowed", "AllApplications", "user"),
            ".targets[0].target",
        ),
        (
            "usersAndGroups",
            half("allowed", "AllUsers", "group"),
            ".targets[0].target",
        ),
        (
            "usersAndGroups",
            half("allowed", SOMEBODY, "application"),
            ".targets[0].target",
        ),
        (
            "applications",
            half("allowed", "AllUsers", "application"),
            ".targets[0].target",
        ),
        (
            "applications",
            half("allowed", SOMEBODY, "user"),
            ".targets[0].target",
        ),
        (
            "applications",
            half("blocked", "Office365", "application"),
            ".targets[0].target",
        ),
        (
            "applications",
            json!({"accessType": "allowed", "targets": []}),
            ".targets",
        ),
        (
            "applications",
            json!({"accessType": "allowed", "targets": [
            {"target": "AllApplications", "targetType": "application"},
            {"target": SOMEBODY, "targetType": "application"}]}),
            ".targets[0]",
        ),
    ] {
        let document = partner(&json!({"b2bCollaborationOutbound": {half_name: half}}));
        refused_at(
            &document,
            &format!("$.partners[0].b2bCollaborationOutbound.{half_name}{path}"),
        );
    }
}

#[test]
fn a_partner_is_another_tenant_and_named_once() {
    refused_at(
        &json!({"partners": [{"tenantId": OWN}]}),
        "$.partners[0].tenantId",
    );
    refused_at(
        &json!({"partners": [{"tenantId": "contoso.example"}]}),
        "$.partners[0].tenantId",
    );
    refused_at(&json!({"partners": [{}]}), "$.partners[0].tenantId");
    refused_at(
        &json!({"partners": [{"tenantId": PARTNER}, {"tenantId": PARTNER}]}),
        "$.partners[1].tenantId",
    );
}

#[test]
fn a_misspelled_setting_is_refused() {
    for (members, path) in [
        (
            json!({"b2BCollaborationInbound": {"applications": null, "x": 1}}),
            "b2BCollaborationInbound",
        ),
        (
            json!({"inboundTrust": {"isMFAAccepted": true}}),
            "inboundTrust.isMFAAccepted",
        ),
        (
            json!({"b2bCollaborationInbound": {"users": [1]}}),
            "b2bCollaborationInbound.users",
        ),
    ] {
        refused_at(&partner(&members), &format!("$.partners[0].{path}"));
    }
    refused_at(
        &partner(&json!({"inboundTrust": {"isMfaAccepted": "yes"}})),
        "$.partners[0].inboundTrust.isMfaAccepted",
    );
    refused_at(&json!({"partner": [1]}), "$.partner");
}

#[test]
fn what_is_not_interpreted_is_kept() {
    let restrictions = setting(("blocked", "AllUsers"), ("blocked", "AllApplications"));
    let policy =
        read(&json!({"default": {"isServiceDefault": true, "tenantRestrictions": restrictions}}))
            .unwrap();
    assert_eq!(policy.default.other["isServiceDefault"], true);
    assert!(policy.default.other.contains_key("tenantRestrictions"));
}
