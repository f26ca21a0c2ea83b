//! A row of the sign-in log in sentences, laid out like an answer.

use portcullis_model::sign_in_log::{
    AppliedConditionalAccessPolicy, AppliedPolicyResult, ConditionalAccessStatus, SignIn,
};

use super::control::demand;
use super::{Section, Told, Tone, capitalised};

/// The row in words.
pub fn tell_logged(row: &SignIn) -> Told {
    let (tone, verdict) = match row.status.error_code {
        0 => (Tone::Good, "Let in".to_owned()),
        _ => (Tone::Bad, "Refused".to_owned()),
    };
    let mut sections = Vec::new();
    let mut section = |heading, rows: Vec<Vec<String>>| {
        if !rows.is_empty() {
            sections.push(Section { heading, rows });
        }
    };
    section("Proven", proven(row));
    section("Policies", policies(row));
    Told {
        title: title(row),
        tone,
        verdict,
        sentences: sentences(row),
        sections,
    }
}

fn title(row: &SignIn) -> String {
    let who = row
        .user_display_name
        .as_deref()
        .or(row.service_principal_name.as_deref())
        .or(row.user_principal_name.as_deref())
        .unwrap_or("Somebody unknown");
    let to = application(row);
    let when = row.created_date_time.strftime("%Y-%m-%d %H:%M:%S UTC");
    let silently = if row.is_interactive {
        ""
    } else {
        ", without anybody in front of it"
    };
    format!("{who} at {to}, {when}{silently}")
}

/// The application a person used, and what it reached where that is something else.
pub fn application(row: &SignIn) -> String {
    // An application on its own behalf is who came, and is named already.
    let is_who_came = row.service_principal_id.is_some();
    let client = row.app_display_name.as_deref().filter(|_| !is_who_came);
    let resource = row.resource_display_name.as_deref();
    match (client, resource) {
        (Some(client), Some(resource)) if client != resource => format!("{client} for {resource}"),
        (Some(one), _) | (None, Some(one)) => one.to_owned(),
        (None, None) => "an unknown application".to_owned(),
    }
}

fn sentences(row: &SignIn) -> Vec<String> {
    let mut sentences = Vec::new();
    let code = row.status.error_code;
    if code != 0 {
        let reason = row.status.failure_reason.as_deref();
        let reason = reason.unwrap_or("the log does not say why");
        sentences.push(format!(
            "{} (error {code}).",
            capitalised(reason.trim_end_matches('.'))
        ));
        sentences.extend(row.status.additional_details.clone());
    }
    if let Some(home) = row
        .home_tenant_id
        .filter(|home| *home != row.resource_tenant_id)
    {
        sentences.push(format!(
            "The account lives in tenant {home} and came as {}.",
            row.cross_tenant_access_type
        ));
    }
    let of = |wanted: &dyn Fn(AppliedPolicyResult) -> bool| {
        let policies = row.applied_conditional_access_policies.iter();
        policies.filter(|policy| wanted(policy.result)).count()
    };
    let failed = of(&|result| {
        matches!(
            result,
            AppliedPolicyResult::Failure | AppliedPolicyResult::Unknown
        )
    });
    let met = of(&|result| result == AppliedPolicyResult::Success);
    sentences.push(match row.conditional_access_status {
        ConditionalAccessStatus::Success => {
            format!("Conditional Access let it pass: {met} policies in force applied and were met.")
        }
        ConditionalAccessStatus::Failure => format!(
            "Conditional Access did not let it pass: of {} policies in force that applied, {failed} did not let pass.",
            failed + met
        ),
        ConditionalAccessStatus::NotApplied => {
            "No policy of Conditional Access was about this user and this application.".to_owned()
        }
    });
    sentences
}

fn proven(row: &SignIn) -> Vec<Vec<String>> {
    let steps = row.authentication_details.iter();
    steps
        .map(|step| {
            let outcome = if step.succeeded {
                "was proven"
            } else {
                "was not proven"
            };
            vec![format!(
                "{}: {} {outcome} ({}).",
                step.authentication_step_requirement,
                step.authentication_method,
                step.authentication_step_result_detail
            )]
        })
        .collect()
}

/// A sentence or two on each; those that mattered first.
fn policies(row: &SignIn) -> Vec<Vec<String>> {
    let mut policies: Vec<&AppliedConditionalAccessPolicy> =
        row.applied_conditional_access_policies.iter().collect();
    policies.sort_by_key(|policy| rank(policy.result));
    let sentences = policies.into_iter().map(policy_sentence);
    sentences.map(|sentence| vec![sentence]).collect()
}

fn policy_sentence(policy: &AppliedConditionalAccessPolicy) -> String {
    let name = format!("“{}”", policy.display_name);
    let reason = policy.reason.trim_end_matches('.');
    let reason = reason.strip_prefix("not applied: ").unwrap_or(reason);
    let demand = demand(
        &policy.enforced_grant_controls,
        &policy.enforced_session_controls,
    );
    match policy.result {
        AppliedPolicyResult::Failure => {
            format!("{name} applied. {demand} That was not met: {reason}.")
        }
        AppliedPolicyResult::Unknown => {
            format!("{name} applied and could not be evaluated: {reason}.")
        }
        AppliedPolicyResult::Success if policy.enforced_grant_controls.is_empty() => {
            format!("{name} applied. {demand}")
        }
        AppliedPolicyResult::Success => format!("{name} applied. {demand} That was met: {reason}."),
        AppliedPolicyResult::ReportOnlyFailure => {
            format!("{name} only reports, and would have refused: {reason}.")
        }
        AppliedPolicyResult::ReportOnlyInterrupted => {
            format!("{name} only reports, and would have asked for more: {reason}.")
        }
        AppliedPolicyResult::ReportOnlySuccess => {
            format!("{name} only reports, and would have been met: {reason}.")
        }
        AppliedPolicyResult::NotApplied => format!("{name} did not apply: {reason}."),
        AppliedPolicyResult::ReportOnlyNotApplied => {
            format!("{name}, which only reports, did not apply: {reason}.")
        }
        AppliedPolicyResult::NotEnabled => format!("{name} is disabled."),
    }
}

/// Where a result stands.
const fn rank(result: AppliedPolicyResult) -> u8 {
    match result {
        AppliedPolicyResult::Failure | AppliedPolicyResult::Unknown => 0,
        AppliedPolicyResult::Success => 1,
        AppliedPolicyResult::ReportOnlyFailure
        | AppliedPolicyResult::ReportOnlyInterrupted
        | AppliedPolicyResult::ReportOnlySuccess => 2,
        AppliedPolicyResult::NotApplied | AppliedPolicyResult::ReportOnlyNotApplied => 3,
        AppliedPolicyResult::NotEnabled => 4,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn row() -> SignIn {
        serde_json::from_value(json!({
            "id": "c0c0c0c0-0009-4000-8000-000000000001",
            "createdDateTime": "2026-06-01T12:00:00Z",
            "correlationId": "c0c0c0c0-0009-4000-8000-000000000002",
            "userDisplayName": "Wendy Carlos", "userPrincipalName": "wendy@woodgrove.example",
            "appDisplayName": "Vault", "resourceDisplayName": "Vault",
            "isInteractive": true, "signInEventTypes": ["interactiveUser"],
            "authenticationProtocol": "authorizationCodeWithPkce", "incomingTokenType": "none",
            "homeTenantId": "b0b0b0b0-0000-4000-8000-000000000001",
            "resourceTenantId": "c0c0c0c0-0000-4000-8000-000000000001",
            "crossTenantAccessType": "b2bCollaboration",
            "status": { "errorCode": 530_004, "failureReason": "the device is not trusted." },
            "conditionalAccessStatus": "failure",
            "appliedConditionalAccessPolicies": [
                policy("Emergency stop", "notEnabled", "not evaluated: the policy is disabled"),
                demanding(policy("Guest sessions are short", "success", "no control is demanded"),
                    &json!([]), &json!(["SignInFrequency"])),
                demanding(policy("Vault needs a compliant device", "failure", "compliantDevice cannot be met"),
                    &json!(["RequireCompliantDevice"]), &json!([])),
            ],
            "conditionalAccessAudiences": [], "authenticationRequirement": "singleFactorAuthentication",
            "authenticationDetails": [{
                "authenticationStepDateTime": "2026-06-01T11:59:00Z", "authenticationMethod": "Password",
                "authenticationMethodDetail": null, "succeeded": true,
                "authenticationStepResultDetail": "Correct password",
                "authenticationStepRequirement": "Primary authentication"
            }],
            "deviceDetail": {}
        }))
        .unwrap()
    }

    fn policy(name: &str, result: &str, reason: &str) -> Value {
        json!({
            "id": "c0c0c0c0-0006-4000-8000-000000000001", "displayName": name, "result": result, "reason": reason,
            "enforcedGrantControls": [], "enforcedSessionControls": [], "conditionsSatisfied": [],
            "conditionsNotSatisfied": [], "includeRulesSatisfied": [], "excludeRulesSatisfied": [],
            "sessionControlsNotSatisfied": []
        })
    }

    fn demanding(mut policy: Value, grant: &Value, session: &Value) -> Value {
        policy["enforcedGrantControls"] = grant.clone();
        policy["enforcedSessionControls"] = session.clone();
        policy
    }

    #[test]
    fn the_application_that_was_used_is_named_before_what_it_reached() {
        let named = |client: Option<&str>, resource: Option<&str>, principal: Option<&str>| {
            let mut row = row();
            row.app_display_name = client.map(str::to_owned);
            row.resource_display_name = resource.map(str::to_owned);
            row.service_principal_id =
                principal.map(|_| "c0c0c0c0-0009-4000-8000-000000000001".parse().unwrap());
            application(&row)
        };
        let graph = Some("Microsoft Graph");
        assert_eq!(
            named(Some("Payroll"), graph, None),
            "Payroll for Microsoft Graph"
        );
        assert_eq!(named(Some("Payroll"), Some("Payroll"), None), "Payroll");
        assert_eq!(named(Some("Payroll"), None, None), "Payroll");
        assert_eq!(named(None, graph, None), "Microsoft Graph");
        assert_eq!(named(None, None, None), "an unknown application");
        // Who came is the job itself, so the line names what it reached.
        assert_eq!(
            named(Some("Nightly job"), graph, Some("id")),
            "Microsoft Graph"
        );
    }

    #[test]
    fn a_refusal_says_why_and_by_which_policy_first() {
        let told = tell_logged(&row());
        assert_eq!(told.title, "Wendy Carlos at Vault, 2026-06-01 12:00:00 UTC");
        assert_eq!((told.tone, told.verdict.as_str()), (Tone::Bad, "Refused"));
        assert_eq!(
            told.sentences,
            [
                "The device is not trusted (error 530004).",
                "The account lives in tenant b0b0b0b0-0000-4000-8000-000000000001 and came as b2bCollaboration.",
                "Conditional Access did not let it pass: of 2 policies in force that applied, 1 did not let pass.",
            ]
        );
        let rows = told.sections.iter().map(|section| section.rows.concat());
        let rows: Vec<_> = rows.collect();
        assert_eq!(
            rows,
            [
                vec!["Primary authentication: Password was proven (Correct password)."],
                vec![
                    "“Vault needs a compliant device” applied. It demands a compliant device. That was not met: compliantDevice cannot be met.",
                    "“Guest sessions are short” applied. It demands no control, and says of the session: how often to sign in again.",
                    "“Emergency stop” is disabled.",
                ]
            ]
        );
    }

    #[test]
    fn a_silent_sign_in_that_was_let_in_says_so() {
        let mut row = row();
        row.status.error_code = 0;
        row.is_interactive = false;
        row.conditional_access_status = ConditionalAccessStatus::NotApplied;
        row.home_tenant_id = None;
        let told = tell_logged(&row);
        assert!(
            told.title.ends_with(", without anybody in front of it"),
            "{}",
            told.title
        );
        assert_eq!((told.tone, told.verdict.as_str()), (Tone::Good, "Let in"));
        assert_eq!(
            told.sentences,
            ["No policy of Conditional Access was about this user and this application."]
        );
    }
}
