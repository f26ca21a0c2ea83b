//! Graph's shape and semantics, on the tenants of the demo (specification 9.4 to 9.6).

use std::path::Path;

use super::*;
use crate::directory::Drafts;

const CONTOSO_USER: &str = "c0c0c0c0-0001-4000-8000-000000000002";
const PAYROLL: &str = "c0c0c0c0-0004-4000-8000-000000000001";

fn ask(body: &Value) -> Value {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scenarios/two-organisations");
    let world = Directory::of_world(portcullis_world::read_world(&folder).unwrap().tenants);
    let contoso = world.find_tenant("contoso").unwrap();
    let request = GraphRequest::parse(body.to_string().as_bytes()).unwrap();
    let at = "2026-06-01T12:00:00Z".parse().unwrap();
    graph_answer(&world, contoso, request.question(), at).unwrap()
}

fn body(user: &str, app: &str, conditions: &Value) -> Value {
    json!({
        "signInIdentity": { "@odata.type": "#microsoft.graph.userSignIn", "userId": user },
        "signInContext": { "@odata.type": "#microsoft.graph.applicationContext", "includeApplications": [app] },
        "signInConditions": conditions,
    })
}

/// What each policy came to: its name, and `notSet` or why not.
fn reasons(answer: &Value) -> Vec<(&str, &str)> {
    let results = answer.get("value").and_then(Value::as_array).unwrap();
    let mut reasons: Vec<_> = results
        .iter()
        .map(|result| {
            let reason = result
                .get("analysisReasons")
                .and_then(Value::as_str)
                .unwrap();
            let applies = result.get("policyApplies") == Some(&json!(true));
            assert_eq!(applies, reason == "notSet", "{result}");
            (
                result.get("displayName").and_then(Value::as_str).unwrap(),
                reason,
            )
        })
        .collect();
    reasons.sort_unstable();
    reasons
}

#[test]
fn each_policy_comes_whole_with_whether_it_applies() {
    let answer = ask(&body(
        CONTOSO_USER,
        PAYROLL,
        &json!({ "ipAddress": "198.51.100.1" }),
    ));
    assert_eq!(
        reasons(&answer),
        [
            ("Emergency stop (switched off)", "policyNotEnabled"),
            ("Guest sessions are short", "users"),
            ("MFA for guests", "users"),
            ("Rehearsal: block outside trusted locations", "notSet"),
            ("Vault needs a compliant device", "application"),
            ("Vault: MFA for administrators", "users"),
        ]
    );
    let first = answer.pointer("/value/0").unwrap();
    for member in [
        "id",
        "state",
        "conditions",
        "grantControls",
        "sessionControls",
    ] {
        assert!(first.get(member).is_some(), "{member}: {first}");
    }
    assert_eq!(
        answer.pointer("/portcullis/outcome"),
        Some(&json!("granted"))
    );
    // Ours is one member, and nothing else is new.
    let members: Vec<_> = answer.as_object().unwrap().keys().collect();
    assert_eq!(members, ["@odata.context", "value", "portcullis"]);
}

#[test]
fn applied_policies_only_leaves_the_others_out() {
    let mut body = body(
        CONTOSO_USER,
        PAYROLL,
        &json!({ "ipAddress": "198.51.100.1" }),
    );
    body.as_object_mut()
        .unwrap()
        .insert("appliedPoliciesOnly".to_owned(), json!(true));
    assert_eq!(
        reasons(&ask(&body)),
        [("Rehearsal: block outside trusted locations", "notSet")]
    );
}

/// Complaint: exclusion through a group or a role was ignored (specification 9.6). Here the guest's memberships count although the
/// body gives her type as well.
#[test]
fn memberships_count_also_where_the_body_says_the_type() {
    let carol = "c0c0c0c0-0001-4000-8000-000000000001";
    let vault = "c0c0c0c0-0004-4000-8000-000000000002";
    let answer = ask(&body(carol, vault, &json!({})));
    let told = reasons(&answer);
    assert!(
        told.contains(&("Vault needs a compliant device", "users")),
        "excluded by role: {told:?}"
    );
    assert!(
        told.contains(&("Vault: MFA for administrators", "notSet")),
        "included by role: {told:?}"
    );
}

#[test]
fn a_guest_by_type_and_tenant_gets_what_such_guests_get() {
    let body = json!({
        "signInIdentity": {
            "@odata.type": "#microsoft.graph.userSignIn", "externalUserType": "b2bCollaborationGuest",
            "externalTenantId": "fafafafa-0000-4000-8000-000000000001"
        },
        "signInContext": { "@odata.type": "#microsoft.graph.applicationContext", "includeApplications": [PAYROLL] },
        "signInConditions": {},
    });
    let answer = ask(&body);
    assert!(reasons(&answer).contains(&("MFA for guests", "notSet")));
    assert_eq!(
        answer.pointer("/portcullis/ifNoOtherPolicyApplies/asks/0/at"),
        Some(&json!("home"))
    );
    assert_eq!(
        answer.pointer("/portcullis/ifNoOtherPolicyApplies/asks/0/tenantDisplayName"),
        Some(&json!("Fabrikam"))
    );
}

/// Group names in the request match nothing (specification 9.5), not even a policy about all resources.
#[test]
fn a_group_of_applications_in_the_request_matches_nothing() {
    let answer = ask(&body(CONTOSO_USER, "Office365", &json!({})));
    assert!(
        reasons(&answer)
            .iter()
            .all(|(_, reason)| *reason != "notSet"),
        "{answer}"
    );
    assert!(
        answer
            .pointer("/portcullis/notes/0")
            .unwrap()
            .as_str()
            .unwrap()
            .contains("Office365")
    );
}

#[test]
fn clients_that_are_told_by_their_platform_are_a_condition_on_clients() {
    let policy = |name: &str, conditions: Value| {
        let mut conditions = conditions;
        conditions["users"] = json!({ "includeUsers": ["All"] });
        conditions["applications"] = json!({ "includeApplications": ["All"] });
        let policy = json!({ "displayName": name, "state": "enabled", "conditions": conditions,
            "grantControls": { "operator": "OR", "builtInControls": ["block"] } });
        ConditionalAccessPolicy::from_document(policy.as_object().unwrap().clone()).unwrap()
    };
    let policies = vec![
        policy("clients", json!({ "clientAppTypes": ["easSupported"] })),
        policy(
            "platforms",
            json!({ "clientAppTypes": ["easSupported"], "platforms": { "includePlatforms": ["android"] } }),
        ),
    ];
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scenarios/two-organisations");
    let world = Directory::of_world(portcullis_world::read_world(&folder).unwrap().tenants);
    let contoso = world.find_tenant("contoso").unwrap();
    let tenant = contoso.with_only(|_| false).with_drafts(Drafts {
        policies,
        ..Drafts::default()
    });
    let body = body(
        CONTOSO_USER,
        PAYROLL,
        &json!({ "clientAppType": "exchangeActiveSync" }),
    );
    let request = GraphRequest::parse(body.to_string().as_bytes()).unwrap();
    let at = "2026-06-01T12:00:00Z".parse().unwrap();
    let answer = graph_answer(&world, &tenant, request.question(), at).unwrap();
    assert_eq!(
        reasons(&answer),
        [("clients", "clientApps"), ("platforms", "devicePlatform")]
    );
}
