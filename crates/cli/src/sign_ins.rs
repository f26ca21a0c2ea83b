//! `portcullis signins`: a tenant's sign-in log, for people and for machines.

use comfy_table::{ContentArrangement, Table, presets};
use owo_colors::OwoColorize as _;
use portcullis_model::sign_in_log::{AppliedPolicyResult, ConditionalAccessStatus, SignIn};
use portcullis_model::store::{SignInQuery, Store as _};

use crate::command::SignInsOptions;
use crate::installation::Installation;
use crate::output::{self, OutputFormat};

pub(crate) async fn run(options: SignInsOptions) -> anyhow::Result<()> {
    let installation = Installation::open(&options.data).await?;
    let tenant = crate::tenant::find(installation.store.as_ref(), &options.tenant).await?;
    let query = SignInQuery {
        user: options.user,
        correlation_id: options.correlation_id,
        error_code: options.error_code,
        top: usize::from(options.top),
        ..SignInQuery::default()
    };
    let rows = installation
        .store
        .tenant(tenant.id)
        .list_sign_ins(&query)
        .await?;
    match options.output {
        OutputFormat::Json => output::json(&serde_json::json!({ "value": rows })),
        OutputFormat::Text if rows.is_empty() => {
            output::line(format_args!(
                "No sign-ins of {} match.",
                tenant.display_name
            ));
            Ok(())
        }
        OutputFormat::Text => {
            for row in &rows {
                print(row);
            }
            Ok(())
        }
    }
}

/// One sign-in: a line that says what happened, then every policy with its reason.
fn print(row: &SignIn) {
    let who = row
        .user_principal_name
        .as_deref()
        .or(row.service_principal_name.as_deref())
        .unwrap_or("somebody unknown");
    let outcome = match row.status.error_code {
        0 => "let in".green().to_string(),
        code => format!("refused ({code})").red().to_string(),
    };
    let when = row.created_date_time.strftime("%Y-%m-%d %H:%M:%S UTC");
    output::line(format_args!(
        "{when}  {}  {}  {outcome}",
        who.bold(),
        application(row)
    ));
    if let Some(reason) = &row.status.failure_reason {
        output::line(format_args!("  {reason}"));
    }
    output::line(format_args!("  {}", details(row).dimmed()));
    let mut table = Table::new();
    table
        .load_style(presets::NOTHING)
        .set_content_arrangement(ContentArrangement::Dynamic);
    for policy in &row.applied_conditional_access_policies {
        let cells = [
            format!("    {}", result_text(policy.result)),
            policy.display_name.clone(),
            policy.reason.clone(),
        ];
        table.add_row(cells);
    }
    if !row.applied_conditional_access_policies.is_empty() {
        output::line(table);
    }
    output::line("");
}

/// The application a person used, as "My sign-ins" names it, and what it reached where that is something else.
fn application(row: &SignIn) -> String {
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

fn details(row: &SignIn) -> String {
    let mut details = vec![format!("correlation {}", row.correlation_id)];
    if row.cross_tenant_access_type != "none" {
        details.push(row.cross_tenant_access_type.clone());
        details.extend(row.home_tenant_id.map(|home| format!("home tenant {home}")));
    }
    details.extend(
        row.ip_address
            .as_ref()
            .map(|address| format!("from {address}")),
    );
    let steps = row.authentication_details.iter();
    let proven: Vec<_> = steps
        .filter(|step| step.succeeded)
        .map(|step| step.authentication_method.clone())
        .collect();
    if !proven.is_empty() {
        details.push(proven.join(" + "));
    }
    details.push(match row.conditional_access_status {
        ConditionalAccessStatus::Success => "Conditional Access: success".to_owned(),
        ConditionalAccessStatus::Failure => "Conditional Access: failure".to_owned(),
        ConditionalAccessStatus::NotApplied => "Conditional Access: not applied".to_owned(),
    });
    details.join(", ")
}

/// Graph's name of a result, in words.
fn result_text(result: AppliedPolicyResult) -> &'static str {
    match result {
        AppliedPolicyResult::Success => "success",
        AppliedPolicyResult::Failure => "failure",
        AppliedPolicyResult::NotApplied => "not applied",
        AppliedPolicyResult::NotEnabled => "not enabled",
        AppliedPolicyResult::Unknown => "unknown",
        AppliedPolicyResult::ReportOnlySuccess => "report-only: success",
        AppliedPolicyResult::ReportOnlyFailure => "report-only: failure",
        AppliedPolicyResult::ReportOnlyNotApplied => "report-only: not applied",
        AppliedPolicyResult::ReportOnlyInterrupted => "report-only: would ask",
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_line_names_the_application_people_used_and_what_it_reached() {
        let named = |client: Option<&str>, resource: Option<&str>, principal: Option<&str>| {
            let row = serde_json::from_value(json!({
                "id": "c0c0c0c0-0009-4000-8000-000000000001",
                "createdDateTime": "2026-06-01T12:00:00Z",
                "correlationId": "c0c0c0c0-0009-4000-8000-000000000002",
                "appDisplayName": client, "resourceDisplayName": resource, "servicePrincipalId": principal,
                "isInteractive": true, "signInEventTypes": ["interactiveUser"],
                "authenticationProtocol": "authorizationCodeWithPkce", "incomingTokenType": "none",
                "resourceTenantId": "c0c0c0c0-0000-4000-8000-000000000001",
                "crossTenantAccessType": "none", "status": { "errorCode": 0 },
                "conditionalAccessStatus": "notApplied", "appliedConditionalAccessPolicies": [],
                "conditionalAccessAudiences": [], "authenticationRequirement": "singleFactorAuthentication",
                "authenticationDetails": [], "deviceDetail": {}
            }));
            application(&row.unwrap())
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
}
