//! Every category, and what makes the difference.

use super::*;

use portcullis_model::conditional_access::PolicyState;

fn grace() -> Value {
    with(
        row(),
        &[
            ("/userId", json!(GRACE)),
            ("/userPrincipalName", json!("grace@fabrikam.example")),
            ("/userType", json!("guest")),
            ("/homeTenantId", json!(FABRIKAM)),
            ("/crossTenantAccessType", json!("b2bCollaboration")),
        ],
    )
}

/// Contoso after a change to one of its policies.
fn changed(name: &str, change: impl Fn(&mut ConditionalAccessPolicy)) -> DirectoryTenant {
    let tenant = contoso();
    let policies = &tenant.configuration().conditional_access_policies;
    let found = policies
        .iter()
        .find(|policy| policy.display_name.contains(name));
    let mut policy = found.unwrap().clone();
    change(&mut policy);
    let drafts = Drafts {
        policies: vec![policy],
        ..Drafts::default()
    };
    tenant.with_drafts(drafts)
}

#[test]
fn a_policy_that_is_switched_on_stops_whom_it_is_about() {
    let after = changed("Rehearsal", |policy| policy.state = PolicyState::Enabled);
    let replayer = replayer(&contoso(), &after);
    assert_eq!(
        replayer.differences().values().collect::<Vec<_>>(),
        [&Difference::Changed]
    );
    let stopped = verdicts(&replayer, &row());
    assert_eq!(stopped.category, Category::NewlyBlocked);
    let (policy, why) = &stopped.because[0];
    assert_eq!(
        replayer.name_of(policy.unwrap()),
        Some("Rehearsal: block outside trusted locations")
    );
    assert_eq!(report::sentence(why), "a policy blocks");
    let office = with(row(), &[("/ipAddress", json!("203.0.113.7"))]);
    assert_eq!(verdicts(&replayer, &office).category, Category::Unchanged);
}

#[test]
fn a_policy_that_is_switched_off_lets_in_and_asks_no_longer() {
    let no_device = with(
        row(),
        &[
            ("/resourceId", json!(VAULT)),
            ("/deviceDetail/deviceId", json!("")),
        ],
    );
    let off = |name| changed(name, |policy| policy.state = PolicyState::Disabled);
    let let_in = verdicts(&replayer(&contoso(), &off("Vault needs")), &no_device);
    assert_eq!(let_in.category, Category::NewlyLetIn);
    let asked = verdicts(&replayer(&contoso(), &off("MFA for guests")), &grace());
    assert_eq!(asked.category, Category::NoLongerAsked);
    assert_eq!(
        report::sentence(&asked.because[0].1),
        "multifactor authentication"
    );
}

#[test]
fn who_is_asked_already_is_not_newly_asked() {
    let again = policy(&json!({}), grant("mfa"), Value::Null);
    assert_eq!(tried(again.clone(), &grace()).0, Category::Unchanged);
    assert_eq!(tried(again, &row()).0, Category::NewlyAsked);
}

#[test]
fn who_was_blocked_before_is_not_newly_blocked() {
    let no_device = with(
        row(),
        &[
            ("/resourceId", json!(VAULT)),
            ("/deviceDetail/deviceId", json!("")),
        ],
    );
    let block = policy(&json!({}), grant("block"), Value::Null);
    assert_eq!(tried(block.clone(), &no_device).0, Category::Unchanged);
    assert_eq!(tried(block, &grace()).0, Category::NewlyBlocked);
}

#[test]
fn a_guests_proofs_count_where_trust_says() {
    let mfa_at_home = json!([
        step("Previously satisfied", "Primary authentication"),
        step("Previously satisfied", "Multifactor authentication"),
    ]);
    // Contoso trusts Fabrikam's MFA: the claim is of there.
    let row = with(
        grace(),
        &[
            ("/authenticationDetails", mfa_at_home),
            (
                "/authenticationRequirement",
                json!("multiFactorAuthentication"),
            ),
        ],
    );
    let verdicts = verdicts(&replayer(&contoso(), &contoso()), &row);
    assert_eq!(
        verdicts.before, None,
        "how old the proof is, is not said, and a policy asks"
    );
    let without_frequency = changed("Guest sessions", |policy| {
        policy.state = PolicyState::Disabled;
    });
    let verdicts = super::verdicts(&replayer(&without_frequency, &without_frequency), &row);
    assert_eq!(verdicts.before, Some(LoggedStatus::Success));
}

#[test]
fn what_policies_lean_on_counts_as_a_difference_too() {
    let before = contoso();
    let mut after = before.configuration().clone();
    after.named_locations.clear();
    let identity = TenantIdentity::Known(before.id());
    let replayer = Replayer::new(&before, &after, identity, OwnLog::EachRowTells);
    let names: Vec<_> = replayer
        .differences()
        .keys()
        .map(|id| replayer.name_of(*id))
        .collect();
    assert_eq!(names, [Some("Rehearsal: block outside trusted locations")]);
    after.cross_tenant_access_policy.partners.clear();
    let replayer = Replayer::new(&before, &after, identity, OwnLog::EachRowTells);
    assert_eq!(
        replayer.differences().len(),
        after.conditional_access_policies.len()
    );
    after.conditional_access_policies.clear();
    let replayer = Replayer::new(&before, &after, identity, OwnLog::EachRowTells);
    assert!(
        replayer
            .differences()
            .values()
            .all(|one| *one == Difference::Removed)
    );
}

/// Both sides demand this at an insider risk that no row says; the later one blocks somebody too.
fn dave_is_blocked_beside_what_depends_on_insider_risk(
    demand: &str,
) -> (DirectoryTenant, DirectoryTenant) {
    let insider = policy(
        &json!({"insiderRiskLevels": "elevated"}),
        grant(demand),
        Value::Null,
    );
    let mut block = policy(
        &json!({"users": {"includeUsers": [DAVE]}}),
        grant("block"),
        Value::Null,
    );
    block.id = THERE.parse().unwrap();
    let before = contoso().with_drafts(drafts(insider));
    let after = before.clone().with_drafts(drafts(block));
    (before, after)
}

#[test]
fn masked_uncertainty_of_shared_policies_does_not_hide_a_certain_difference() {
    // Both sides ask for a risk that no row says; the new policy does not.
    let (before, after) = dave_is_blocked_beside_what_depends_on_insider_risk("mfa");
    let found = verdicts(&replayer(&before, &after), &row());
    assert_eq!(found.category, Category::NewlyBlocked);
    assert_eq!(found.before, None);
}

#[test]
fn what_the_log_says_of_a_shared_policy_is_believed() {
    // Both sides block for a risk that no row says; the log says that this policy did not apply.
    let (before, after) = dave_is_blocked_beside_what_depends_on_insider_risk("block");
    let replayer = replayer(&before, &after);
    let said = |result: &str| {
        let applied = json!([{"id": TRIED, "result": result}]);
        verdicts(
            &replayer,
            &with(row(), &[("/appliedConditionalAccessPolicies", applied)]),
        )
        .category
    };
    assert_eq!(verdicts(&replayer, &row()).category, Category::CannotSay);
    assert_eq!(said("notApplied"), Category::NewlyBlocked);
    assert_eq!(said("failure"), Category::CannotSay);
    let because = verdicts(&replayer, &row()).because;
    let shared = TRIED.parse().unwrap();
    assert_eq!(
        because,
        [(Some(shared), Why::Missing(missing::Missing::InsiderRisk))]
    );
}

#[test]
fn service_principals_meet_policies_about_workloads_only() {
    let service = json!({
        "createdDateTime": "2026-06-01T12:00:00Z", "servicePrincipalId": "c0c0c0c0-0005-4000-8000-000000000004",
        "servicePrincipalName": "Sign-in report", "userId": "", "resourceId": PAYROLL, "resourceTenantId": CONTOSO,
        "ipAddress": "198.51.100.7", "status": {"errorCode": 0},
    });
    assert_eq!(
        tried(policy(&json!({}), grant("block"), Value::Null), &service).0,
        Category::Unchanged
    );
    let workloads = json!({
        "users": {"includeUsers": ["None"]},
        "clientApplications": {"includeServicePrincipals": ["ServicePrincipalsInMyTenant"]},
        "locations": {"includeLocations": ["All"], "excludeLocations": ["AllTrusted"]},
    });
    let workloads = policy(&workloads, grant("block"), Value::Null);
    assert_eq!(tried(workloads.clone(), &service).0, Category::NewlyBlocked);
    let unsaid = with(service, &[("/ipAddress", Value::Null)]);
    assert_eq!(tried(workloads, &unsaid).0, Category::CannotSay);
}

#[test]
fn a_stranger_of_unknown_type_may_be_in_any_that_is_excluded() {
    let stranger = with(
        grace(),
        &[("/userId", json!(STRANGER)), ("/userType", Value::Null)],
    );
    let but = |types: &str| {
        let external = json!({
            "guestOrExternalUserTypes": types,
            "externalTenants": {
                "@odata.type": "#microsoft.graph.conditionalAccessAllExternalTenants", "membershipKind": "all",
            },
        });
        let users =
            json!({"users": {"includeUsers": ["All"], "excludeGuestsOrExternalUsers": external}});
        tried(policy(&users, grant("block"), Value::Null), &stranger).0
    };
    assert_eq!(but("otherExternalUser"), Category::CannotSay);
    assert_eq!(but("b2bCollaborationGuest"), Category::CannotSay);
}
