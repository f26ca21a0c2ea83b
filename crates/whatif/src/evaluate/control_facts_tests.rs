//! Facts that controls look at are three-valued, too: what is told as certain holds whatever they are.

use std::borrow::Borrow;
use std::collections::BTreeSet;

use portcullis_model::authentication_strength::AuthenticationStrengthPolicy;
use portcullis_model::named_location::NamedLocation;
use serde_json::{Value, json};

use super::unsaid_tests::{APP, ask, ask_world, export, headline};
use super::*;

/// A policy for everybody with these conditions that demands any of these controls.
fn policy(name: &str, conditions: impl Borrow<Value>, controls: impl Borrow<Value>) -> Value {
    let mut all = json!({ "users": { "includeUsers": ["All"] }, "applications": { "includeApplications": ["All"] } });
    all.as_object_mut()
        .unwrap()
        .extend(conditions.borrow().as_object().unwrap().clone());
    json!({ "displayName": name, "conditions": all,
        "grantControls": { "operator": "OR", "builtInControls": controls.borrow() } })
}

/// A member of whom nothing else is said than this.
fn member(more: impl Borrow<Value>) -> Value {
    let mut said = json!({ "user": { "type": "member", "groups": [], "roles": [] }, "app": APP });
    said.as_object_mut()
        .unwrap()
        .extend(more.borrow().as_object().unwrap().clone());
    said
}

fn on(signals: &[Signal]) -> BTreeSet<Signal> {
    signals.iter().copied().collect()
}

fn error(outcome: &AnswerOutcome) -> Option<u32> {
    match outcome {
        AnswerOutcome::Blocked(blocked) => Some(blocked.error),
        AnswerOutcome::Granted | AnswerOutcome::Asked(_) => None,
    }
}

#[test]
fn what_a_legacy_client_or_a_device_code_cannot_show_is_told() {
    let compliant = policy("Managed", json!({}), json!(["compliantDevice"]));
    let with = |more: Value| {
        let mut said = json!({ "device": { "isCompliant": true } });
        said.as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        ask(std::slice::from_ref(&compliant), member(said))
    };
    let nothing = with(json!({}));
    assert_eq!(nothing.verdict(), Verdict::DependsOn, "{nothing:#?}");
    assert_eq!(nothing.outcome, AnswerOutcome::Granted);
    assert_eq!(nothing.depends_on, on(&[Signal::ClientApp, Signal::Flow]));
    assert_eq!(
        headline(&nothing),
        "Granted, but blocked from a legacy client or by device code flow"
    );
    let sentences = crate::prose::tell(&nothing).sentences;
    assert_eq!(
        sentences,
        [
            "Everything that is demanded is met.",
            "Blocked from a legacy client (error 53003) or by device code flow (error 530033): that hangs on clientApp and flow, which were not said."
        ]
    );
    // Each said one way and the other.
    let legacy = with(json!({ "clientApp": "other" }));
    assert_eq!(error(&legacy.outcome), Some(53003));
    let by_code = with(json!({ "clientApp": "browser", "flow": "deviceCodeFlow" }));
    assert_eq!(error(&by_code.outcome), Some(530_033));
    let settled = with(json!({ "clientApp": "browser", "flow": "none" }));
    assert_eq!(settled.verdict(), Verdict::Granted, "{settled:#?}");
    assert_eq!(settled.depends_on, BTreeSet::new());
}

#[test]
fn where_nothing_is_demanded_nothing_hangs_on_how_it_is_shown() {
    for policies in [vec![], vec![policy("Shut", json!({}), json!(["block"]))]] {
        let answer = ask(&policies, member(json!({})));
        assert_eq!(answer.depends_on, BTreeSet::new(), "{answer:#?}");
        assert_ne!(answer.verdict(), Verdict::DependsOn);
    }
}

#[test]
fn a_policy_that_hangs_on_a_fact_applies_with_it() {
    let on_ios = json!({ "platforms": { "includePlatforms": ["iOS"] } });
    let on_ios = policy("iOS", on_ios, json!(["compliantApplication"]));
    let said = json!({ "clientApp": "browser", "protectedApp": true });
    let answer = ask(std::slice::from_ref(&on_ios), member(said));
    assert_eq!(answer.verdict(), Verdict::Granted, "{answer:#?}");
    let unprotected = ask(&[on_ios], member(json!({ "clientApp": "browser" })));
    assert_eq!(
        headline(&unprotected),
        "Depends: granted unless “iOS” applies"
    );
    // By device code no device is shown, and that is when the policy applies.
    let by_code = json!({ "authenticationFlows": { "transferMethods": "deviceCodeFlow" } });
    let by_code = policy("By code", by_code, json!(["compliantDevice"]));
    let said = json!({ "clientApp": "browser", "device": { "isCompliant": true } });
    let answer = ask(&[by_code], member(said));
    assert_eq!(
        headline(&answer),
        "Depends: granted unless “By code” applies"
    );
    assert_eq!(
        error(answer.if_everything_applies.as_ref().unwrap()),
        Some(530_033)
    );
    // MFA on legacy clients is a block, whoever has proven it.
    let legacy = policy(
        "Old",
        json!({ "clientAppTypes": ["other"] }),
        json!(["mfa"]),
    );
    let answer = ask(&[legacy], member(json!({ "proven": ["password", "sms"] })));
    assert_eq!(headline(&answer), "Depends: granted unless “Old” applies");
}

#[test]
fn whoever_is_at_risk_registers_nothing() {
    let at_risk = json!({ "signInRiskLevels": ["high"] });
    let at_risk = policy("At risk", at_risk, json!(["mfa"]));
    let everywhere = policy("MFA", json!({}), json!(["mfa"]));
    let registrable = json!({ "registered": [], "registrable": ["sms"] });
    let said = json!({ "clientApp": "browser", "flow": "none",
        "methods": { "home": registrable, "resource": registrable } });
    let answer = ask(&[everywhere, at_risk.clone()], member(said.clone()));
    assert_eq!(
        headline(&answer),
        "Depends: asked for more unless “At risk” applies"
    );
    let alone = ask(&[at_risk], member(said));
    assert_eq!(
        error(alone.if_everything_applies.as_ref().unwrap()),
        Some(53004)
    );
}

#[test]
fn where_a_method_may_be_registered_is_told_where_nobody_said_the_place() {
    let everywhere = policy("MFA", json!({}), json!(["mfa"]));
    let mut inside = policy(
        "Register inside",
        json!({ "locations": { "includeLocations": ["All"], "excludeLocations": ["AllTrusted"] } }),
        json!(["block"]),
    );
    inside["conditions"]["applications"] =
        json!({ "includeUserActions": ["urn:user:registersecurityinfo"] });
    let office = json!({ "displayName": "Office", "isTrusted": true, "ipRanges": [{ "cidrAddress": "192.0.2.0/24" }] });
    let with = |registered: &[&str]| {
        let methods = json!({ "registered": registered, "registrable": ["sms"] });
        let said = json!({ "clientApp": "browser", "methods": { "resource": methods } });
        let mut world = export(&[everywhere.clone(), inside.clone()]);
        let office = NamedLocation::from_document(office.as_object().unwrap().clone());
        world.named_locations = Some(vec![office.unwrap()]);
        ask_world(world, member(said), Absent::Unknown)
    };
    let nothing = with(&[]);
    assert_eq!(error(&nothing.outcome), Some(53010));
    assert_eq!(
        headline(&nothing),
        "Depends: blocked unless no policy keeps methods from being registered"
    );
    assert!(nothing.depends_on.contains(&Signal::Ip), "{nothing:#?}");
    // Whoever has registered before is asked wherever they are.
    assert_eq!(with(&["sms"]).verdict(), Verdict::Asked);
}

#[test]
fn the_risk_of_a_guest_is_remedied_at_home() {
    let change = json!({ "userRiskLevels": ["high"] });
    let mut change = policy("Change", change, json!(["mfa", "passwordChange"]));
    change["grantControls"]["operator"] = json!("AND");
    let said = json!({ "user": { "type": "b2bCollaborationGuest", "homeTenant": "bbbbbbbb-0000-4000-8000-000000000001",
        "groups": [], "roles": [] }, "app": APP, "clientApp": "browser" });
    let answer = ask(&[change], said);
    assert_eq!(
        error(answer.if_everything_applies.as_ref().unwrap()),
        Some(53011)
    );
}

#[test]
fn applications_are_approved_and_protected_on_some_platforms_alone() {
    let either = json!(["approvedApplication", "compliantApplication"]);
    let either = policy("Mobile", json!({}), either);
    let nothing = ask(std::slice::from_ref(&either), member(json!({})));
    assert_eq!(nothing.verdict(), Verdict::DependsOn);
    for signal in [Signal::Platform, Signal::ApprovedApp, Signal::ProtectedApp] {
        assert!(nothing.depends_on.contains(&signal), "{nothing:#?}");
    }
    let protected = json!({ "clientApp": "browser", "protectedApp": true });
    let protected = ask(std::slice::from_ref(&either), member(protected));
    assert_eq!(
        headline(&protected),
        "Depends: blocked unless the platform is android, iOS or windows"
    );
    let said = json!({ "clientApp": "browser", "protectedApp": true, "platform": "windows" });
    assert_eq!(ask(&[either], member(said)).verdict(), Verdict::Granted);
}

#[test]
fn where_each_value_has_a_policy_of_its_own_one_of_them_applies() {
    let kinds = [
        json!(["browser", "mobileAppsAndDesktopClients"]),
        json!(["exchangeActiveSync", "easSupported", "other"]),
    ];
    let shut =
        kinds.map(|kinds| policy("Shut", json!({ "clientAppTypes": kinds }), json!(["block"])));
    let answer = ask(&shut, member(json!({})));
    assert_eq!(answer.verdict(), Verdict::Blocked, "{answer:#?}");
}

#[test]
fn what_a_reported_policy_comes_to_hangs_on_what_its_controls_look_at() {
    let mut reported = policy("Trial", json!({}), json!(["mfa"]));
    reported["state"] = json!("enabledForReportingButNotEnforced");
    let answer = ask(std::slice::from_ref(&reported), member(json!({})));
    assert_eq!(answer.verdict(), Verdict::Granted, "it is only reported");
    assert_eq!(
        answer.policies[0].result_depends_on,
        on(&[Signal::ClientApp])
    );
    assert!(answer.depends_on.contains(&Signal::ClientApp));
    let said = ask(&[reported], member(json!({ "clientApp": "browser" })));
    assert_eq!(said.policies[0].result_depends_on, BTreeSet::new());
}

const STRENGTH: &str = "eeeeeeee-0000-4000-8000-000000000001";
const MODEL: &str = "de1e552d-db1d-4423-a619-566b625cdc84";

/// Asks about a tenant that demands this strength.
fn with_strength(combination: &str, configuration: &Value, proven: impl Borrow<Value>) -> Answer {
    let strong = json!({ "displayName": "Strong", "grantControls": { "operator": "OR", "builtInControls": [],
        "authenticationStrength": { "id": STRENGTH } } });
    let strength = json!({ "id": STRENGTH, "displayName": "Keys", "policyType": "custom",
        "allowedCombinations": [combination], "combinationConfigurations": [configuration] });
    let mut world = export(&[strong]);
    let strength = strength.as_object().unwrap().clone();
    world.authentication_strengths = Some(vec![
        AuthenticationStrengthPolicy::from_document(strength).unwrap(),
    ]);
    let said = member(json!({ "clientApp": "browser", "proven": proven.borrow() }));
    ask_world(world, said, Absent::Unknown)
}

#[test]
fn a_key_of_which_nobody_said_the_model_may_be_of_any() {
    let models = json!({ "@odata.type": "#microsoft.graph.fido2CombinationConfiguration", "id": "1",
        "allowedAAGUIDs": [MODEL], "appliesToCombinations": ["fido2"] });
    let bare = with_strength("fido2", &models, json!(["fido2"]));
    assert_eq!(
        headline(&bare),
        format!("Depends: asked for more unless the security key is of the model {MODEL}")
    );
    assert_eq!(bare.depends_on, on(&[Signal::Proven]));
    let said = |model: &str| json!([{ "method": "fido2", "aaguid": model }]);
    let right = with_strength("fido2", &models, said(MODEL));
    assert_eq!(right.verdict(), Verdict::Granted, "{right:#?}");
    let wrong = with_strength("fido2", &models, said(STRENGTH));
    assert_eq!(wrong.verdict(), Verdict::Asked, "{wrong:#?}");
    // Whoever has proven nothing has shown no key.
    let nothing = with_strength("fido2", &models, json!([]));
    assert_eq!(nothing.depends_on, BTreeSet::new(), "{nothing:#?}");
}

#[test]
fn a_certificate_of_which_nobody_said_the_issuer_may_be_of_any() {
    let method = "x509CertificateMultiFactor";
    let kinds = json!({ "@odata.type": "#microsoft.graph.x509CertificateCombinationConfiguration", "id": "1",
        "allowedIssuerSkis": ["9A4248C6AC8C2931AB2A86537818E92E7B6C97B6"], "allowedPolicyOIDs": ["1.2.3"],
        "appliesToCombinations": [method] });
    let hangs = |proven: Value| {
        let answer = with_strength(method, &kinds, proven);
        answer.depends_on.contains(&Signal::Proven)
    };
    assert!(hangs(json!([method])));
    assert!(hangs(
        json!([{ "method": method, "policyOids": ["1.2.3"] }])
    ));
    assert!(!hangs(
        json!([{ "method": method, "policyOids": ["1.2.4"] }])
    ));
    assert!(!hangs(json!([])));
}

#[test]
fn each_of_many_whom_policies_name_is_asked_about() {
    let named = |number: usize| {
        let id = format!("cccccccc-0000-4000-8000-{number:012}");
        json!({ "displayName": format!("P{number}"), "conditions": { "users": { "includeUsers": [id] },
            "applications": { "includeApplications": ["All"] } },
            "grantControls": { "operator": "OR", "builtInControls": [if number == 299 { "block" } else { "mfa" }] } })
    };
    let policies: Vec<Value> = (0..300).map(named).collect();
    let answer = ask(
        &policies,
        member(json!({ "clientApp": "browser", "flow": "none" })),
    );
    let ends: Vec<Verdict> = answer
        .otherwise
        .iter()
        .map(|one| Verdict::of(&one.outcome))
        .collect();
    assert!(
        ends.contains(&Verdict::Asked) && ends.contains(&Verdict::Blocked),
        "{ends:?}"
    );
    let hangs = Applicability::DependsOn(on(&[Signal::User]));
    assert!(
        answer
            .policies
            .iter()
            .all(|policy| policy.applicability == hangs)
    );
}

/// Whatever could be said is said, in every combination: a verdict that is told as certain is the one that comes out.
#[test]
fn what_is_certain_comes_out_whatever_is_said() {
    let controls = [
        json!(["mfa"]),
        json!(["compliantDevice"]),
        json!(["approvedApplication", "compliantApplication"]),
        json!(["block"]),
    ];
    let conditions = [
        json!({}),
        json!({ "clientAppTypes": ["exchangeActiveSync", "other"] }),
        json!({ "platforms": { "includePlatforms": ["all"], "excludePlatforms": ["iOS"] } }),
        json!({ "signInRiskLevels": ["high"] }),
        json!({ "authenticationFlows": { "transferMethods": "deviceCodeFlow" } }),
    ];
    let said = json!({ "device": { "isCompliant": true, "trustType": "AzureAD" }, "approvedApp": false, "protectedApp": true,
        "methods": { "resource": { "registered": [], "registrable": ["sms"] } } });
    let mut certain = 0;
    for (number, first) in conditions.iter().enumerate() {
        for (control, second) in controls.iter().zip(&conditions) {
            let policies = [
                policy("A", first.clone(), control.clone()),
                policy(
                    "B",
                    second.clone(),
                    controls[number % controls.len()].clone(),
                ),
            ];
            let open = ask(&policies, member(said.clone()));
            let told: BTreeSet<u8> = open.outcomes().map(|one| Verdict::of(one) as u8).collect();
            for (client, platform, flow, risk) in everything_sayable() {
                let mut said = said.clone();
                let more = json!({ "clientApp": client, "platform": platform, "flow": flow, "signInRisk": risk });
                said.as_object_mut()
                    .unwrap()
                    .extend(more.as_object().unwrap().clone());
                let settled = ask(&policies, member(said));
                let verdict = Verdict::of(&settled.outcome);
                assert!(
                    told.contains(&(verdict as u8)),
                    "{policies:?} {more} {open:#?}"
                );
            }
            certain += usize::from(open.verdict() != Verdict::DependsOn);
        }
    }
    assert!(certain > 0, "some verdict is certain");
}

fn everything_sayable() -> Vec<(&'static str, &'static str, &'static str, &'static str)> {
    let mut all = Vec::new();
    for client in ["browser", "exchangeActiveSync", "other"] {
        for platform in ["iOS", "windows", "unknown"] {
            for flow in ["none", "deviceCodeFlow"] {
                all.extend(["none", "high"].map(|risk| (client, platform, flow, risk)));
            }
        }
    }
    all
}
