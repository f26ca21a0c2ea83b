//! `portcullis signins`: a tenant's sign-in log, for people and for machines.

use comfy_table::{ContentArrangement, Table, presets};
use owo_colors::OwoColorize as _;
use portcullis_model::sign_in_log::{AppliedPolicyResult, ConditionalAccessStatus, SignIn};
use portcullis_model::store::{SignInQuery, Store as _};
use portcullis_whatif::prose::logged::application;

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
