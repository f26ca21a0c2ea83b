//! What is said counts, and what settings that are not there would have said is not supposed in silence.

use serde_json::{Value, json};

use super::unsaid_tests::{APP, about, ask, ask_tenant, export, headline};
use super::*;
use crate::directory::Unsaid;

const HOME: &str = "aaaaaaaa-0000-4000-8000-0000000000aa";

/// Everybody is demanded this.
fn demands(control: &str) -> Value {
    json!({ "displayName": "P", "grantControls": { "operator": "OR", "builtInControls": [control] } })
}

fn without_settings(policy: Value, situation: Value) -> Answer {
    let tenant = DirectoryTenant::of_world(export(&[policy])).with_unsaid(Unsaid {
        cross_tenant_access: true,
        ..Unsaid::default()
    });
    ask_tenant(tenant, situation, Absent::Unknown)
}

fn guest(members: Value) -> Value {
    let mut situation = json!({
        "user": { "type": "b2bCollaborationGuest", "homeTenant": HOME, "groups": [], "roles": [] },
        "app": APP, "accepted": [], "methods": {} });
    let members: serde_json::Map<String, Value> = serde_json::from_value(members).unwrap();
    situation.as_object_mut().unwrap().extend(members);
    situation
}

#[test]
fn settings_that_lie_nowhere_are_told_and_what_hangs_on_them_depends_on_trust() {
    let compliant = guest(json!({ "device": { "isCompliant": true, "trustType": "AzureAD" } }));
    let answer = without_settings(demands("compliantDevice"), compliant.clone());
    assert_eq!(
        headline(&answer),
        "Depends: blocked unless the home tenant's word on MFA and devices is trusted"
    );
    assert!(answer.depends_on.contains(&Signal::Trust), "{answer:#?}");
    let told = answer.suppositions.join("; ");
    assert!(
        told.contains("no cross-tenant access settings")
            && told.contains("crossTenantAccessPolicy/default"),
        "{told}"
    );
    // Neither trust nor a device was said: both together would do.
    let answer = without_settings(demands("compliantDevice"), guest(json!({})));
    let both = answer.otherwise.iter().any(|one| {
        one.signals == [Signal::Device, Signal::Trust].into()
            && one.outcome == AnswerOutcome::Granted
    });
    assert!(both, "{answer:#?}");
    // Where settings lie beside the policies, and where trust is said, nothing is open.
    let tenant = DirectoryTenant::of_world(export(&[demands("compliantDevice")]));
    let answer = ask_tenant(tenant, compliant.clone(), Absent::Unknown);
    assert_eq!(answer.verdict(), Verdict::Blocked, "{answer:#?}");
    let mut said = compliant;
    said["trust"] = json!({ "compliantDevice": false });
    let answer = without_settings(demands("compliantDevice"), said);
    assert_eq!(answer.verdict(), Verdict::Blocked, "{answer:#?}");
    // A member crosses nothing.
    let member = json!({ "user": { "type": "member" }, "app": APP });
    let told = without_settings(demands("mfa"), member)
        .suppositions
        .join("; ");
    assert!(!told.contains("cross-tenant"), "{told}");
}

#[test]
fn who_is_held_back_by_settings_that_lie_nowhere_may_be_let_in_by_them() {
    for (kind, defaults) in [
        (
            "b2bDirectConnectUser",
            "nobody in through B2B direct connect",
        ),
        ("serviceProvider", "no service provider"),
    ] {
        let user = json!({ "type": kind, "homeTenant": HOME, "groups": [], "roles": [] });
        let off = json!({ "displayName": "P", "state": "disabled" });
        let answer = without_settings(off.clone(), guest(json!({ "user": user })));
        assert_eq!(
            headline(&answer),
            "Depends: blocked unless cross-tenant access settings let the user in"
        );
        let told = answer.suppositions.join("; ");
        assert!(told.contains(defaults), "{told}");
        for (is_let_in, verdict) in [(true, Verdict::Granted), (false, Verdict::Blocked)] {
            let said = guest(json!({ "user": user, "trust": { "inboundAccess": is_let_in } }));
            assert_eq!(
                without_settings(off.clone(), said.clone()).verdict(),
                verdict
            );
            // Whatever the settings say.
            assert_eq!(ask(std::slice::from_ref(&off), said).verdict(), verdict);
        }
    }
    for home in [json!(HOME), json!("none")] {
        let user = json!({ "type": "b2bCollaborationGuest", "homeTenant": home });
        let said = guest(json!({ "user": user, "trust": { "inboundAccess": false } }));
        let answer = ask(&[demands("mfa")], said);
        assert_eq!(answer.verdict(), Verdict::Blocked, "{answer:#?}");
        let AnswerOutcome::Blocked(blocked) = answer.outcome else {
            panic!()
        };
        assert_eq!(blocked.error, 500_213);
    }
}

#[test]
fn a_guest_of_no_tenant_is_said_by_none_or_null() {
    let policy = about(json!({ "includeGuestsOrExternalUsers": {
        "guestOrExternalUserTypes": "b2bCollaborationGuest",
        "externalTenants": { "@odata.type": "#microsoft.graph.conditionalAccessEnumeratedExternalTenants",
            "membershipKind": "enumerated", "members": [HOME] } } }));
    for none in [json!("none"), json!("None"), json!(null)] {
        let user = json!({ "type": "b2bCollaborationGuest", "homeTenant": none });
        let answer = ask(
            std::slice::from_ref(&policy),
            json!({ "user": user, "app": APP }),
        );
        assert_eq!(answer.verdict(), Verdict::Granted, "{none}: {answer:#?}");
        assert!(!answer.not_given.contains(&Signal::HomeTenant), "{none}");
        assert!(
            crate::unresolved::unresolved(
                &Directory::default(),
                &DirectoryTenant::of_world(export(&[])),
                &serde_json::from_value(json!({ "user": user, "app": APP })).unwrap()
            )
            .is_empty()
        );
    }
    // Who says nothing leaves it open.
    let user = json!({ "type": "b2bCollaborationGuest" });
    let answer = ask(&[policy], json!({ "user": user, "app": APP }));
    assert_eq!(answer.verdict(), Verdict::DependsOn);
    for kind in [
        "member",
        "internalGuest",
        "b2bDirectConnectUser",
        "serviceProvider",
    ] {
        let user = json!({ "type": kind, "homeTenant": "none" });
        let told = refused(json!({ "user": user, "app": APP }));
        assert!(told.contains(kind), "{told}");
    }
}

fn refused(situation: Value) -> String {
    let tenant = DirectoryTenant::of_world(export(&[]));
    let situation: Situation = serde_json::from_value(situation).unwrap();
    let question = (&situation, Absent::Unknown);
    let at = "2026-06-01T12:00:00Z".parse().unwrap();
    let told = evaluate(&Directory::new([tenant.clone()]), &tenant, question, at);
    told.unwrap_err().to_string()
}

#[test]
fn a_user_action_is_reached_alone() {
    for members in [
        json!({ "app": APP }),
        json!({ "authenticationContext": "c1" }),
    ] {
        let mut situation =
            json!({ "user": { "type": "member" }, "userAction": "registerSecurityInformation" });
        let members: serde_json::Map<String, Value> = serde_json::from_value(members).unwrap();
        situation.as_object_mut().unwrap().extend(members);
        let told = refused(situation);
        assert!(told.contains("reached alone"), "{told}");
    }
}

#[test]
fn whoever_has_just_proven_a_method_has_it_registered() {
    let policy = json!({ "displayName": "P", "conditions": { "users": { "includeUsers": ["All"] },
            "applications": { "includeApplications": ["All"] }, "userRiskLevels": ["high"] },
        "grantControls": { "operator": "AND", "builtInControls": ["mfa", "passwordChange"] } });
    let with = |proven: Value, registered: Value| {
        let said = json!({ "user": { "type": "member", "groups": [], "roles": [] }, "app": APP, "userRisk": "high",
            "clientApp": "browser", "proven": proven, "methods": { "home": { "registered": registered } } });
        ask(std::slice::from_ref(&policy), said)
    };
    let answer = with(json!(["password", "sms"]), json!(["sms"]));
    assert_eq!(answer.verdict(), Verdict::Asked, "{answer:#?}");
    let answer = with(json!(["password", "sms"]), json!([]));
    assert_eq!(answer.verdict(), Verdict::Asked, "{answer:#?}");
    // Nobody changes a password they do not have.
    let answer = with(json!(["fido2"]), json!(["sms"]));
    assert_eq!(answer.verdict(), Verdict::Blocked, "{answer:#?}");
}

#[test]
fn what_says_nothing_of_a_user_is_told() {
    let said = json!({ "user": { "type": "member" }, "app": APP, "servicePrincipalRisk": "high", "trust": { "mfa": true } });
    let told = ask(&[demands("mfa")], said).suppositions.join("; ");
    assert!(
        told.contains("`servicePrincipalRisk` was said of a user"),
        "{told}"
    );
    assert!(told.contains("the supposed trust says nothing"), "{told}");
}
