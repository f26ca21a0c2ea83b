//! A row of the sign-in log in sentences, laid out like an answer.

use portcullis_model::sign_in_log::{
    AppliedConditionalAccessPolicy, AppliedPolicyResult, ConditionalAccessStatus, SignIn,
};

use super::{Section, Told, Tone, capitalised};

/// The row in words.
pub fn tell_logged(row: &SignIn) -> Told {
    let (tone, verdict) = match row.status.error_code {
        0 => (Tone::Good, "Let in"),
        _ => (Tone::Bad, "Refused"),
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
    let to = row
        .resource_display_name
        .as_deref()
        .or(row.app_display_name.as_deref())
        .unwrap_or("an unknown application");
    let when = row.created_date_time.strftime("%Y-%m-%d %H:%M:%S UTC");
    let silently = if row.is_interactive {
        ""
    } else {
        ", without anybody in front of it"
    };
    format!("{who} at {to}, {when}{silently}")
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
            "Conditional Access did not let it pass: of {} policies in force that applied, {failed} were not met.",
            failed + met
        ),
        ConditionalAccessStatus::NotApplied => {
            "No policy of Conditional Access was about this user and this application.".to_owned()
        }
    });
    sentences
}

fn proven(row: &SignIn) -> Vec<Vec<String>> {
    row.authentication_details
        .iter()
        .map(|step| {
            let outcome = if step.succeeded {
                "proven"
            } else {
                "not proven"
            };
            vec![
                step.authentication_step_requirement.clone(),
                step.authentication_method.clone(),
                format!("{outcome}: {}", step.authentication_step_result_detail),
            ]
        })
        .collect()
}

/// Those that mattered first.
fn policies(row: &SignIn) -> Vec<Vec<String>> {
    let mut policies: Vec<&AppliedConditionalAccessPolicy> =
        row.applied_conditional_access_policies.iter().collect();
    policies.sort_by_key(|policy| words(policy.result).0);
    policies
        .into_iter()
        .map(|policy| {
            let (_, word) = words(policy.result);
            vec![
                word.to_owned(),
                policy.display_name.clone(),
                policy.reason.clone(),
            ]
        })
        .collect()
}

/// Where a result stands, and the word for it.
const fn words(result: AppliedPolicyResult) -> (u8, &'static str) {
    match result {
        AppliedPolicyResult::Failure => (0, "not met"),
        AppliedPolicyResult::Unknown => (0, "not evaluable"),
        AppliedPolicyResult::Success => (1, "met"),
        AppliedPolicyResult::ReportOnlyFailure => (2, "report-only: would refuse"),
        AppliedPolicyResult::ReportOnlyInterrupted => (2, "report-only: would ask"),
        AppliedPolicyResult::ReportOnlySuccess => (2, "report-only: met"),
        AppliedPolicyResult::NotApplied => (3, "no"),
        AppliedPolicyResult::ReportOnlyNotApplied => (3, "report-only: no"),
        AppliedPolicyResult::NotEnabled => (4, "disabled"),
    }
}
