//! Each member of a row: what it decides when it is there, and that nobody decides when it is not.

use super::*;

use Category::{CannotSay, NewlyAsked, NewlyBlocked, Unchanged};

fn block_if(conditions: &Value) -> ConditionalAccessPolicy {
    policy(conditions, grant("block"), Value::Null)
}

fn demand(control: &str) -> ConditionalAccessPolicy {
    policy(&json!({}), grant(control), Value::Null)
}

/// With the whole row the policy does this; with these changes nobody can say without that member.
fn check(
    policy: &ConditionalAccessPolicy,
    whole: Category,
    cases: &[&[(&str, Value)]],
    missing: &str,
) {
    assert_eq!(tried(policy.clone(), &row()).0, whole, "{missing}");
    for changes in cases {
        let (category, because) = tried(policy.clone(), &with(row(), changes));
        assert_eq!(category, CannotSay, "{missing}: {changes:?}: {because:?}");
        assert!(
            because.iter().any(|one| one == missing),
            "{missing}: {because:?}"
        );
    }
}

fn gone(pointer: &str) -> (&str, Value) {
    (pointer, Value::Null)
}

#[test]
fn conditions_on_circumstances_hang_on_their_members() {
    let outside =
        json!({"locations": {"includeLocations": ["All"], "excludeLocations": ["AllTrusted"]}});
    let there = json!({"locations": {"includeLocations": [THERE]}});
    let flow = json!({"authenticationFlows": {"transferMethods": "deviceCodeFlow"}});
    for (conditions, whole, cases, missing) in [
        (
            json!({"clientAppTypes": ["other"]}),
            Unchanged,
            vec![
                vec![gone("/clientAppUsed")],
                vec![("/clientAppUsed", json!("Something new"))],
            ],
            "clientAppUsed",
        ),
        (
            json!({"platforms": {"includePlatforms": ["windows"]}}),
            NewlyBlocked,
            vec![
                vec![gone("/deviceDetail/operatingSystem")],
                vec![("/deviceDetail/operatingSystem", json!(""))],
            ],
            "deviceDetail.operatingSystem",
        ),
        (
            outside,
            NewlyBlocked,
            vec![
                vec![gone("/ipAddress")],
                vec![("/ipAddress", json!("198.51.100.xxx"))],
            ],
            "ipAddress",
        ),
        (
            there,
            NewlyBlocked,
            vec![
                vec![gone("/location")],
                vec![("/location/countryOrRegion", json!(""))],
            ],
            "location.countryOrRegion",
        ),
        (
            json!({"signInRiskLevels": ["high"]}),
            Unchanged,
            vec![
                vec![gone("/riskLevelDuringSignIn")],
                vec![("/riskLevelDuringSignIn", json!("hidden"))],
            ],
            "riskLevelDuringSignIn",
        ),
        (
            flow,
            Unchanged,
            vec![vec![gone("/originalTransferMethod")]],
            "originalTransferMethod",
        ),
    ] {
        let cases: Vec<&[(&str, Value)]> = cases.iter().map(Vec::as_slice).collect();
        check(&block_if(&conditions), whole, &cases, missing);
    }
}

#[test]
fn conditions_on_who_and_what_hang_on_their_members() {
    for (conditions, whole, cases, missing) in [
        (
            json!({"users": {"includeGroups": [FINANCE]}}),
            NewlyBlocked,
            vec![vec![("/userId", json!(STRANGER))]],
            "memberships",
        ),
        (
            json!({"users": {"includeUsers": ["All"], "excludeGroups": [FINANCE]}}),
            Unchanged,
            vec![vec![("/userId", json!(STRANGER))]],
            "memberships",
        ),
        (
            json!({"users": {"includeUsers": ["GuestsOrExternalUsers"]}}),
            Unchanged,
            vec![vec![("/userId", json!(STRANGER)), gone("/userType")]],
            "userType",
        ),
        (
            json!({"applications": {"includeApplications": [PAYROLL]}}),
            NewlyBlocked,
            vec![vec![gone("/resourceId")]],
            "resourceId",
        ),
        (
            json!({"users": {"includeUsers": [DAVE]}}),
            NewlyBlocked,
            vec![
                vec![gone("/userId")],
                vec![("/userId", json!("00000000-0000-0000-0000-000000000000"))],
            ],
            "userId",
        ),
        (
            json!({}),
            NewlyBlocked,
            vec![vec![
                ("/userId", json!(STRANGER)),
                gone("/homeTenantId"),
                gone("/crossTenantAccessType"),
            ]],
            "crossTenantAccessType",
        ),
    ] {
        let cases: Vec<&[(&str, Value)]> = cases.iter().map(Vec::as_slice).collect();
        check(&block_if(&conditions), whole, &cases, missing);
    }
}

#[test]
fn devices_hang_on_what_is_said_of_them() {
    let filter = |rule: &str| {
        block_if(&json!({"devices": {"deviceFilter": {"mode": "include", "rule": rule}}}))
    };
    check(
        &demand("compliantDevice"),
        Unchanged,
        &[&[gone("/deviceDetail")], &[gone("/deviceDetail/deviceId")]],
        "deviceDetail.deviceId",
    );
    check(
        &demand("compliantDevice"),
        Unchanged,
        &[&[gone("/deviceDetail/isCompliant")]],
        "deviceDetail.isCompliant",
    );
    check(
        &demand("domainJoinedDevice"),
        NewlyBlocked,
        &[
            &[gone("/deviceDetail/trustType")],
            &[("/deviceDetail/trustType", json!("By carrier pigeon"))],
        ],
        "deviceDetail.trustType",
    );
    check(
        &filter("device.isCompliant -eq True"),
        NewlyBlocked,
        &[&[gone("/deviceDetail/isCompliant")]],
        "deviceDetail.isCompliant",
    );
    check(
        &filter("device.isCompliant -eq True"),
        NewlyBlocked,
        &[&[gone("/deviceDetail")]],
        "deviceDetail.deviceId",
    );
    check(
        &filter("device.model -eq \"X\""),
        CannotSay,
        &[&[]],
        "deviceAttributes",
    );
    // An empty id says that there is no registered device: that is known.
    let unregistered = with(row(), &[("/deviceDetail/deviceId", json!(""))]);
    assert_eq!(
        tried(demand("compliantDevice"), &unregistered).0,
        NewlyBlocked
    );
    assert_eq!(
        tried(filter("device.model -eq \"X\""), &unregistered).0,
        Unchanged
    );
}

#[test]
fn what_no_log_says_is_never_supposed() {
    for (policy, missing) in [
        (block_if(&json!({"userRiskLevels": ["high"]})), "userRisk"),
        (
            block_if(&json!({"insiderRiskLevels": "elevated"})),
            "insiderRisk",
        ),
    ] {
        check(&policy, CannotSay, &[&[]], missing);
    }
    // On Windows there is no approved application, whatever it was.
    let phone = ("/deviceDetail/operatingSystem", json!("Ios 17.5"));
    check(
        &demand("approvedApplication"),
        NewlyBlocked,
        &[&[phone]],
        "clientProtection",
    );
}

#[test]
fn mfa_hangs_on_what_the_steps_tell() {
    let second = |method: &str| {
        json!([
            step("Password", "Primary authentication"),
            step(method, "Multifactor authentication")
        ])
    };
    let details = |steps: Value| with(row(), &[("/authenticationDetails", steps)]);
    check(
        &demand("mfa"),
        NewlyAsked,
        &[
            &[gone("/authenticationDetails")],
            &[("/authenticationDetails", json!([]))],
            &[(
                "/authenticationDetails",
                json!([step("Previously satisfied", "Primary authentication")]),
            )],
        ],
        "authenticationDetails",
    );
    for method in [
        "OATH verification code",
        "Text message",
        "Previously satisfied",
        "Something new",
    ] {
        assert_eq!(
            tried(demand("mfa"), &details(second(method))),
            (Unchanged, vec![]),
            "{method}"
        );
    }
    let hello = json!([step("Windows Hello for Business", "Primary authentication")]);
    assert_eq!(tried(demand("mfa"), &details(hello)).0, Unchanged);
    let mut failed = second("Text message");
    failed[1]["succeeded"] = json!(false);
    assert_eq!(tried(demand("mfa"), &details(failed)).0, NewlyAsked);
    // It was demanded and the user let in: then it was proven.
    let demanded = with(
        row(),
        &[
            gone("/authenticationDetails"),
            (
                "/authenticationRequirement",
                json!("multiFactorAuthentication"),
            ),
        ],
    );
    assert_eq!(tried(demand("mfa"), &demanded).0, Unchanged);
    let refused = with(demanded, &[("/status/errorCode", json!(50074))]);
    assert_eq!(tried(demand("mfa"), &refused).0, CannotSay);
    let used = with(
        row(),
        &[
            gone("/authenticationDetails"),
            (
                "/authenticationMethodsUsed",
                json!(["Password", "Text message"]),
            ),
        ],
    );
    assert_eq!(tried(demand("mfa"), &used).0, Unchanged);
}

#[test]
fn strengths_hang_on_the_method_where_they_tell_it_apart() {
    let strong = |id: &str| {
        let strength =
            json!({"operator": "OR", "builtInControls": [], "authenticationStrength": {"id": id}});
        policy(&json!({}), strength, Value::Null)
    };
    let phishing_resistant = strong("00000000-0000-0000-0000-000000000004");
    let multifactor = strong("00000000-0000-0000-0000-000000000002");
    let second = |method: &str| {
        let steps = [
            step("Password", "Primary authentication"),
            step(method, "Multifactor authentication"),
        ];
        with(row(), &[("/authenticationDetails", json!(steps))])
    };
    assert_eq!(
        tried(multifactor.clone(), &second("Previously satisfied")).0,
        Unchanged
    );
    assert_eq!(
        tried(multifactor, &second("OATH verification code")).0,
        Unchanged
    );
    assert_eq!(
        tried(
            phishing_resistant.clone(),
            &second("OATH verification code")
        )
        .0,
        NewlyAsked
    );
    assert_eq!(
        tried(phishing_resistant.clone(), &second("Passkey (FIDO2)")).0,
        Unchanged
    );
    let (category, because) = tried(phishing_resistant, &second("Previously satisfied"));
    assert_eq!(category, CannotSay);
    assert!(
        because.contains(&"authenticationDetails.authenticationMethod".to_owned()),
        "{because:?}"
    );
}

#[test]
fn frequencies_hang_on_how_old_the_proof_is() {
    let frequency = json!({"signInFrequency": {
        "isEnabled": true, "value": 1, "type": "hours", "frequencyInterval": "timeBased",
        "authenticationType": "primaryAndSecondaryAuthentication",
    }});
    let policy = policy(&json!({}), Value::Null, frequency);
    check(
        &policy,
        Unchanged,
        &[&[(
            "/authenticationDetails",
            json!([step("Previously satisfied", "Primary authentication")]),
        )]],
        "authenticationDetails.authenticationStepDateTime",
    );
    let old = with(
        row(),
        &[(
            "/authenticationDetails/0/authenticationStepDateTime",
            Value::Null,
        )],
    );
    assert_eq!(tried(policy.clone(), &old).0, CannotSay);
    let mut old = row();
    old["authenticationDetails"][0]["authenticationStepDateTime"] = json!("2026-06-01T10:00:00Z");
    assert_eq!(tried(policy, &old).0, NewlyAsked);
}

#[test]
fn contexts_and_legacy_clients() {
    let context = json!({"applications": {"includeAuthenticationContextClassReferences": ["c1"]}});
    check(
        &policy(&context, grant("mfa"), Value::Null),
        Unchanged,
        &[&[gone("/authenticationContextClassReferences")]],
        "authenticationContextClassReferences",
    );
    let asked = with(
        row(),
        &[(
            "/authenticationContextClassReferences",
            json!([{"id": "c1", "detail": "required"}]),
        )],
    );
    assert_eq!(
        tried(policy(&context, grant("mfa"), Value::Null), &asked).0,
        NewlyAsked
    );
    for (client, expect) in [
        ("IMAP4", NewlyBlocked),
        ("Authenticated SMTP", NewlyBlocked),
        ("Browser", NewlyAsked),
    ] {
        let row = with(row(), &[("/clientAppUsed", json!(client))]);
        assert_eq!(tried(demand("mfa"), &row).0, expect, "{client}");
    }
}

#[test]
fn a_resource_is_found_by_whatever_names_it() {
    let at_payroll = block_if(&json!({"applications": {"includeApplications": [PAYROLL]}}));
    for (member, value, expect) in [
        (
            "/conditionalAccessAudiences",
            json!([PAYROLL]),
            NewlyBlocked,
        ),
        (
            "/conditionalAccessAudiences",
            json!([VAULT, PAYROLL]),
            NewlyBlocked,
        ),
        ("/conditionalAccessAudiences", json!([VAULT]), Unchanged),
        (
            "/resourceServicePrincipalId",
            json!("c0c0c0c0-0005-4000-8000-000000000001"),
            NewlyBlocked,
        ),
        ("/resourceDisplayName", json!("payroll"), NewlyBlocked),
        ("/resourceDisplayName", json!("Vault"), Unchanged),
        ("/resourceDisplayName", json!("Nobody knows"), CannotSay),
    ] {
        let row = with(row(), &[gone("/resourceId"), (member, value.clone())]);
        assert_eq!(
            tried(at_payroll.clone(), &row).0,
            expect,
            "{member} {value}"
        );
    }
}

#[test]
fn nothing_is_missing_where_no_differing_policy_could_have_a_say() {
    let bare = json!({"createdDateTime": "2026-06-01T12:00:00Z", "userPrincipalName": "dave@contoso.example"});
    let before = contoso();
    let same = verdicts(&replayer(&before, &before), &bare);
    assert_eq!((same.category, same.because.len()), (Unchanged, 0));
    let elsewhere =
        json!({"applications": {"includeApplications": [VAULT]}, "insiderRiskLevels": "elevated"});
    assert_eq!(tried(block_if(&elsewhere), &row()), (Unchanged, vec![]));
    assert_eq!(tried(block_if(&elsewhere), &bare).0, CannotSay);
}
