//! Rows of the demo world's Contoso, decided before and after somebody tries a policy.

mod differences;
mod fields;
mod log;

use portcullis_model::conditional_access::ConditionalAccessPolicy;
use portcullis_model::named_location::NamedLocation;
use portcullis_whatif::directory::{Directory, DirectoryTenant, Drafts};
use serde_json::{Value, json};

use super::*;

const CONTOSO: &str = "c0c0c0c0-0000-4000-8000-000000000001";
const FABRIKAM: &str = "fafafafa-0000-4000-8000-000000000001";
const DAVE: &str = "c0c0c0c0-0001-4000-8000-000000000002";
const GRACE: &str = "c0c0c0c0-0001-4000-8000-000000000012";
const PAYROLL: &str = "c0c0c0c0-0004-4000-8000-000000000001";
const VAULT: &str = "c0c0c0c0-0004-4000-8000-000000000002";
const FINANCE: &str = "c0c0c0c0-0002-4000-8000-000000000001";
/// A user whom the world does not list.
const STRANGER: &str = "c0c0c0c0-0001-4000-8000-0000000000ff";
const TRIED: &str = "dddddddd-0006-4000-8000-000000000001";
const THERE: &str = "dddddddd-0007-4000-8000-000000000001";

/// Contoso, without its own people where `people` says so.
fn contoso() -> DirectoryTenant {
    let world = portcullis_world::demo::two_organisations().unwrap();
    let directory = Directory::of_world(world.tenants);
    directory.tenant(CONTOSO.parse().unwrap()).unwrap().clone()
}

fn document(value: &Value) -> serde_json::Map<String, Value> {
    value.as_object().unwrap().clone()
}

/// A policy about everybody at everything, but for what `conditions` says; with these controls.
fn policy(conditions: &Value, grant: Value, session: Value) -> ConditionalAccessPolicy {
    let mut whole = json!({
        "users": {"includeUsers": ["All"]}, "applications": {"includeApplications": ["All"]}, "clientAppTypes": ["all"],
    });
    let members = conditions.as_object().unwrap().clone();
    whole.as_object_mut().unwrap().extend(members);
    let mut policy =
        json!({"id": TRIED, "displayName": "Tried", "state": "enabled", "conditions": whole});
    for (name, controls) in [("grantControls", grant), ("sessionControls", session)] {
        if !controls.is_null() {
            policy[name] = controls;
        }
    }
    ConditionalAccessPolicy::from_document(document(&policy)).unwrap()
}

fn grant(control: &str) -> Value {
    json!({"operator": "OR", "builtInControls": [control]})
}

fn drafts(policy: ConditionalAccessPolicy) -> Drafts {
    let there = json!({
        "@odata.type": "#microsoft.graph.countryNamedLocation", "id": THERE, "displayName": "There",
        "countriesAndRegions": ["NL"], "includeUnknownCountriesAndRegions": false,
    });
    Drafts {
        policies: vec![policy],
        named_locations: vec![NamedLocation::from_document(document(&there)).unwrap()],
        ..Drafts::default()
    }
}

/// Dave at Payroll, with everything stated that a `signIn` can state.
fn row() -> Value {
    json!({
        "id": "e0e0e0e0-0001-4000-8000-000000000001", "createdDateTime": "2026-06-01T12:00:00Z",
        "userId": DAVE, "userPrincipalName": "dave@contoso.example", "userType": "member",
        "appId": PAYROLL, "resourceId": PAYROLL, "clientAppUsed": "Browser", "isInteractive": true,
        "deviceDetail": {
            "deviceId": "dddddddd-0001-4000-8000-000000000001", "operatingSystem": "Windows10",
            "isCompliant": true, "isManaged": true, "trustType": "Azure AD joined",
        },
        "location": {"countryOrRegion": "NL"}, "ipAddress": "198.51.100.7", "riskLevelDuringSignIn": "none",
        "homeTenantId": CONTOSO, "resourceTenantId": CONTOSO, "crossTenantAccessType": "none",
        "signInEventTypes": ["interactiveUser"], "originalTransferMethod": "none",
        "authenticationContextClassReferences": [], "authenticationRequirement": "singleFactorAuthentication",
        "authenticationDetails": [step("Password", "Primary authentication")],
        "status": {"errorCode": 0}, "conditionalAccessStatus": "notApplied", "appliedConditionalAccessPolicies": [],
    })
}

fn step(method: &str, requirement: &str) -> Value {
    json!({
        "authenticationStepDateTime": "2026-06-01T11:59:00Z", "authenticationMethod": method, "succeeded": true,
        "authenticationStepRequirement": requirement,
    })
}

/// The row with other members; null takes one away.
fn with(mut row: Value, changes: &[(&str, Value)]) -> Value {
    for (pointer, value) in changes {
        let (parent, name) = pointer.rsplit_once('/').unwrap();
        let parent = row.pointer_mut(parent).unwrap().as_object_mut().unwrap();
        if value.is_null() {
            parent.remove(name);
        } else {
            parent.insert(name.to_owned(), value.clone());
        }
    }
    row
}

fn replayer(before: &DirectoryTenant, after: &DirectoryTenant) -> Replayer {
    let identity = TenantIdentity::Known(before.id());
    Replayer::new(
        before,
        after.configuration(),
        identity,
        OwnLog::EachRowTells,
    )
}

fn decide(replayer: &Replayer, row: &Value) -> Replayed {
    let text = row.to_string();
    replayer.decide(&Row::read(text.as_bytes()).unwrap())
}

fn verdicts(replayer: &Replayer, row: &Value) -> Verdicts {
    match decide(replayer, row) {
        Replayed::Decided(verdicts) => verdicts,
        other => panic!("{other:?}: {row}"),
    }
}

/// What trying this policy would do to this sign-in, in short.
fn tried(policy: ConditionalAccessPolicy, row: &Value) -> (Category, Vec<String>) {
    let before = contoso();
    let after = before.clone().with_drafts(drafts(policy));
    let verdicts = verdicts(&replayer(&before, &after), row);
    let because = verdicts.because.iter().map(|(_, why)| match why {
        Why::Missing(missing) => missing.member().to_owned(),
        Why::Blocks(_) | Why::Asks(_) => report::sentence(why),
    });
    (verdicts.category, because.collect())
}
