//! Which accounts are a way in for emergencies: those that need nothing but what they hold themselves.

use portcullis_analysis::analysis::Analysis;
use portcullis_analysis::lint::{Administrators, Lockout, Rule};
use portcullis_analysis::side::Counted;
use portcullis_model::authentication_strength::AuthenticationStrengthPolicy;
use portcullis_model::conditional_access::ConditionalAccessPolicy;
use portcullis_model::store::TenantWorld;
use portcullis_whatif::directory::{Directory, DirectoryTenant};
use serde_json::{Value, json};

use crate::story::{FABRIKAM, Story, block, contoso, mfa, policy, strength, text};

const EMERGENCY: u128 = 0xe1;
const GLOBAL_ADMINISTRATOR: &str = "62e90394-69f5-4237-9190-012177145e10";

/// A member whose account is enabled.
fn member(number: u128) -> Value {
    json!({
        "id": text(number), "displayName": format!("User {number}"), "accountEnabled": true,
        "userPrincipalName": format!("user{number}@contoso.example"), "userType": "Member",
    })
}

/// The same, as a guest of Fabrikam.
fn guest(number: u128) -> Value {
    let mut guest = member(number);
    guest["userType"] = json!("Guest");
    guest["homeAccount"] = json!({ "tenantId": text(FABRIKAM), "userId": text(number) });
    guest
}

/// A tenant that lists these people, the first of whom is Global Administrator.
fn tenant(people: &[Value], policies: Vec<ConditionalAccessPolicy>) -> DirectoryTenant {
    DirectoryTenant::of_world(world(people, policies))
}

fn world(people: &[Value], policies: Vec<ConditionalAccessPolicy>) -> TenantWorld {
    let story = Story::new([]).with_settings(json!({ "default": {}, "partners": [{
        "tenantId": text(FABRIKAM), "inboundTrust": { "isMfaAccepted": true },
    }] }));
    let read = |people: &[Value]| {
        let people = people.iter().cloned();
        people
            .map(|one| serde_json::from_value(one).unwrap())
            .collect()
    };
    let assigned = people.first().map(|first| {
        json!({
            "id": "assigned", "principalId": first["id"],
            "roleDefinitionId": GLOBAL_ADMINISTRATOR, "directoryScopeId": "/",
        })
    });
    let assigned = assigned.into_iter();
    TenantWorld {
        users: Some(read(people)),
        role_assignments: Some(
            assigned
                .map(|one| serde_json::from_value(one).unwrap())
                .collect(),
        ),
        conditional_access_policies: Some(policies),
        cross_tenant_access_policy: Some(story.configuration.cross_tenant_access_policy),
        ..TenantWorld::of_organization(story.configuration.organization)
    }
}

fn rules(tenant: &DirectoryTenant, administrators: &Administrators) -> Vec<Rule> {
    assert_eq!(tenant.id(), contoso());
    let directory = Directory::new([tenant.clone()]);
    let interest = administrators.interest();
    let mut analysis = Analysis::new(&directory, tenant, Counted::Enabled, &interest);
    let found = analysis.lint(administrators).unwrap();
    found.into_iter().map(|one| one.rule).collect()
}

#[track_caller]
fn is_a_way_in(expected: bool, policies: Vec<ConditionalAccessPolicy>) {
    let tenant = tenant(&[member(EMERGENCY), member(2)], policies);
    let rules = rules(&tenant, &Administrators::default());
    assert_eq!(!rules.contains(&Rule::NoBreakGlass), expected, "{rules:?}");
}

/// Where a strength with these combinations alone is demanded.
#[track_caller]
fn is_a_way_in_by(expected: bool, combinations: &[&str]) {
    let own = json!({ "operator": "OR", "builtInControls": [], "authenticationStrength": {
        "id": text(0x51),
    } });
    let mut tenant = world(&[member(EMERGENCY)], vec![policy(1, json!({}), own)]);
    let strength = json!({
        "id": text(0x51), "displayName": "Own", "policyType": "custom",
        "requirementsSatisfied": "mfa", "allowedCombinations": combinations,
    });
    let strength = strength.as_object().unwrap().clone();
    let strength = AuthenticationStrengthPolicy::from_document(strength).unwrap();
    tenant.authentication_strengths = Some(vec![strength]);
    let tenant = DirectoryTenant::of_world(tenant);
    let rules = rules(&tenant, &Administrators::default());
    assert_eq!(!rules.contains(&Rule::NoBreakGlass), expected, "{rules:?}");
}

#[test]
fn a_password_a_key_or_a_certificate_is_enough() {
    is_a_way_in(true, vec![policy(1, json!({}), mfa())]);
    is_a_way_in(true, vec![policy(1, json!({}), strength(2))]);
    is_a_way_in(true, Vec::new());
}

#[test]
fn whatever_hangs_on_a_device_a_place_or_somebody_elses_word_is_not() {
    let compliant = json!({ "operator": "OR", "builtInControls": ["compliantDevice"] });
    is_a_way_in(false, vec![policy(1, json!({}), compliant)]);
    let abroad =
        json!({ "platforms": { "includePlatforms": ["all"], "excludePlatforms": ["windows"] } });
    is_a_way_in(false, vec![policy(1, abroad, block())]);
    let vouched = json!({
        "operator": "OR", "builtInControls": [], "customAuthenticationFactors": ["Elsewhere"],
    });
    is_a_way_in(false, vec![policy(1, json!({}), vouched)]);
    is_a_way_in_by(false, &["windowsHelloForBusiness"]);
    is_a_way_in_by(false, &["federatedMultiFactor"]);
    is_a_way_in_by(true, &["windowsHelloForBusiness", "fido2"]);
}

#[test]
fn a_guest_is_never_a_way_in_for_emergencies() {
    let tenant = tenant(&[guest(EMERGENCY), member(2)], Vec::new());
    let administrators = Administrators::default();
    let directory = Directory::new([tenant.clone()]);
    let interest = administrators.interest();
    let mut analysis = Analysis::new(&directory, &tenant, Counted::Enabled, &interest);
    // Whoever is left to repair things is a member.
    let lockout = analysis.lockout(&administrators).unwrap();
    assert!(matches!(lockout, Lockout::NoAdministrator), "{lockout:?}");
}

#[test]
fn nobody_is_an_administrator_where_no_role_is_one_and_where_nobody_has_it() {
    let nobody = Administrators { roles: [].into() };
    let everybody_blocked = vec![policy(1, json!({}), block())];
    let of_none = tenant(&[member(EMERGENCY)], everybody_blocked.clone());
    assert!(!rules(&of_none, &nobody).contains(&Rule::NoBreakGlass));
    assert!(!rules(&of_none, &nobody).contains(&Rule::Lockout));
    let directory = Directory::new([of_none.clone()]);
    let interest = nobody.interest();
    let mut analysis = Analysis::new(&directory, &of_none, Counted::Enabled, &interest);
    let lockout = analysis.lockout(&nobody).unwrap();
    assert!(matches!(lockout, Lockout::NoAdministrator), "{lockout:?}");
    // No accounts at all, as opposed to a tenant that does not say who there is.
    let empty = tenant(&[], everybody_blocked);
    let rules = rules(&empty, &Administrators::default());
    assert!(!rules.contains(&Rule::NoBreakGlass), "{rules:?}");
}

/// Mail is no way to repair anything.
#[test]
fn whoever_reaches_what_administering_needs_is_one_though_something_else_is_shut() {
    let at =
        |applications: &[&str]| json!({ "applications": { "includeApplications": applications } });
    let azure = "c44b4083-3bb0-49c1-b47d-974e53cbdf3c";
    let graph = "00000003-0000-0000-c000-000000000000";
    is_a_way_in(true, vec![policy(1, at(&["Office365"]), block())]);
    is_a_way_in(true, vec![policy(1, at(&[azure]), block())]);
    let abroad = |applications: &[&str]| {
        let mut conditions = at(applications);
        conditions["platforms"] = json!({ "includePlatforms": ["windows"] });
        vec![policy(1, conditions, block())]
    };
    is_a_way_in(true, abroad(&["Office365"]));
    is_a_way_in(false, abroad(&[graph]));
    is_a_way_in(false, abroad(&["MicrosoftAdminPortals"]));
    is_a_way_in(false, abroad(&["All"]));
    // What nobody names is shut with the rest.
    let mut conditions = json!({ "platforms": { "includePlatforms": ["windows"] } });
    conditions["applications"] = json!({
        "includeApplications": ["All"],
        "excludeApplications": ["00000002-0000-0000-c000-000000000000"],
    });
    is_a_way_in(false, vec![policy(1, conditions, block())]);
}
