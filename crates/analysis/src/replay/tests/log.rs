//! What the log itself says: of other tenants, of refusals beside the policies, and of what the policies came to.

use super::*;

fn same() -> Replayer {
    replayer(&contoso(), &contoso())
}

#[test]
fn what_no_policy_ended_is_set_aside() {
    let ended = |code: u32, status: &str| {
        let changes = [
            ("/status/errorCode", json!(code)),
            ("/conditionalAccessStatus", json!(status)),
        ];
        decide(&same(), &with(row(), &changes))
    };
    assert_eq!(ended(50126, "notApplied"), Replayed::EndedElsewhere(50126));
    for (code, status) in [
        (50126, "failure"),
        (53003, "failure"),
        (50074, "notApplied"),
        (53000, "notApplied"),
    ] {
        assert!(
            matches!(ended(code, status), Replayed::Decided(_)),
            "{code} {status}"
        );
    }
    let outbound = with(row(), &[("/resourceTenantId", json!(FABRIKAM))]);
    assert_eq!(decide(&same(), &outbound), Replayed::OtherTenant);
}

#[test]
fn log_and_replay_are_compared_and_the_policy_named() {
    let agreed = verdicts(&same(), &row());
    assert_eq!(
        (agreed.before, agreed.logged),
        (
            Some(LoggedStatus::NotApplied),
            Some(LoggedStatus::NotApplied)
        )
    );
    let vault = |result: &str, status: &str| {
        let applied = json!([{"id": "c0c0c0c0-0006-4000-8000-000000000002", "displayName": "Vault needs a compliant device", "result": result}]);
        with(
            row(),
            &[
                ("/resourceId", json!(VAULT)),
                ("/conditionalAccessStatus", json!(status)),
                ("/appliedConditionalAccessPolicies", applied),
            ],
        )
    };
    let told = |row: &Value| -> Vec<Told> {
        let found = verdicts(&same(), row);
        found
            .told_otherwise
            .into_iter()
            .map(|(_, told)| told)
            .collect()
    };
    assert_eq!(told(&vault("success", "success")), []);
    assert_eq!(told(&vault("failure", "failure")), [Told::MetOnlyNow]);
    assert_eq!(
        told(&vault("notApplied", "notApplied")),
        [Told::AppliesOnlyNow]
    );
    let unnamed = with(
        vault("success", "notApplied"),
        &[("/appliedConditionalAccessPolicies", json!([]))],
    );
    assert_eq!(told(&unnamed), [Told::NotNamed]);
    let gone = with(
        vault("failure", "failure"),
        &[("/resourceId", json!(PAYROLL))],
    );
    assert_eq!(told(&gone), [Told::AppliedOnlyThen]);
}

#[test]
fn in_our_own_log_what_is_absent_was_not_there() {
    let risky = json!({"signInRiskLevels": ["high"], "userRiskLevels": ["high"]});
    let policy = policy(&risky, grant("block"), Value::Null);
    let bare = with(
        row(),
        &[
            ("/riskLevelDuringSignIn", Value::Null),
            ("/deviceDetail/deviceId", Value::Null),
            ("/originalTransferMethod", Value::Null),
        ],
    );
    assert_eq!(tried(policy.clone(), &bare).0, Category::CannotSay);
    let applied = json!([{"id": TRIED, "result": "notApplied", "reason": "not about this user"}]);
    let own = with(bare, &[("/appliedConditionalAccessPolicies", applied)]);
    assert_eq!(tried(policy, &own).0, Category::Unchanged);
    let device = super::policy(&json!({}), grant("compliantDevice"), Value::Null);
    assert_eq!(tried(device, &own).0, Category::NewlyBlocked);
}

#[test]
fn an_export_without_people_or_tenant_guesses_nobody() {
    let mut world = portcullis_world::demo::two_organisations().unwrap();
    world
        .tenants
        .retain(|tenant| tenant.organization.id.to_string() == CONTOSO);
    let mut tenant = world.tenants.remove(0);
    (tenant.users, tenant.groups, tenant.role_assignments) = (None, None, None);
    let before = DirectoryTenant::of_world(tenant);
    let everybody = policy(&json!({}), grant("block"), Value::Null);
    let guests = policy(
        &json!({"users": {"includeUsers": ["GuestsOrExternalUsers"]}}),
        grant("block"),
        Value::Null,
    );
    let category = |policy: ConditionalAccessPolicy, row: &Value| {
        let after = before.clone().with_drafts(drafts(policy));
        let replayer = Replayer::new(
            &before,
            after.configuration(),
            TenantIdentity::Unsaid,
            OwnLog::EachRowTells,
        );
        verdicts(&replayer, row).category
    };
    assert_eq!(category(everybody.clone(), &row()), Category::NewlyBlocked);
    assert_eq!(category(guests.clone(), &row()), Category::Unchanged);
    // Two tenants, and nobody said which of them the policies are of.
    let crossing = with(
        row(),
        &[
            ("/homeTenantId", json!(FABRIKAM)),
            ("/crossTenantAccessType", json!("b2bCollaboration")),
        ],
    );
    assert_eq!(category(everybody, &crossing), Category::CannotSay);
    assert_eq!(category(guests, &crossing), Category::CannotSay);
}

#[test]
fn our_own_log_says_where_and_by_which_method() {
    let proven = |method: &str, place: &str| {
        let own = |name: &str, requirement: &str, place: &str| {
            let mut step = step("Previously satisfied", requirement);
            step["authenticationMethodDetail"] = json!(format!("{name}{place}"));
            step
        };
        let steps = json!([
            own("password", "Primary authentication", " in the home tenant"),
            own(method, "Multifactor authentication", place),
        ]);
        let applied = json!([{"id": TRIED, "result": "notApplied", "reason": "x"}]);
        let changes = [
            ("/userId", json!(GRACE)),
            ("/userType", json!("guest")),
            ("/homeTenantId", json!(FABRIKAM)),
            ("/crossTenantAccessType", json!("b2bCollaboration")),
            ("/authenticationDetails", steps),
            ("/appliedConditionalAccessPolicies", applied),
        ];
        verdicts(&same(), &with(row(), &changes)).before
    };
    // Contoso trusts the MFA of Fabrikam, and then asks for none of its own.
    assert_eq!(
        proven("softwareOath", " in the home tenant"),
        Some(LoggedStatus::Success)
    );
    assert_eq!(proven("softwareOath", ""), Some(LoggedStatus::Failure));
}
