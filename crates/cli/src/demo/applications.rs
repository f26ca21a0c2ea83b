//! The sample applications of the demo: whom they trust, and what they are for.

use portcullis_model::application::Application;
use portcullis_model::store::TenantWorld;
use portcullis_payroll::{AnswerMode, SampleApplication};
use portcullis_world::credentials::PlainCredentials;
use url::Url;

/// Name in the demo world, path, one sentence, what the step-up button says.
const PLAYED: [(&str, &str, &str, &str); 6] = [
    (
        "Payroll",
        "",
        "Salaries of Contoso. Guests need multifactor authentication.",
        "Approve salaries",
    ),
    (
        "Vault",
        "/vault",
        "Secrets of Contoso. Needs a compliant device.",
        "Open the inner vault",
    ),
    (
        "Shared Channel",
        "/channel",
        "A channel of Contoso that partners join without a guest account.",
        "Pin a message",
    ),
    (
        "Timesheet",
        "/timesheet",
        "Hours worked at Contoso. Its tokens are signed with ES256.",
        "Submit the week",
    ),
    (
        "Lunch menu",
        "/lunch",
        "What there is to eat. An application of Contoso that every organisation may use.",
        "Order for everybody",
    ),
    (
        "Intranet",
        "/intranet",
        "Fabrikam's own pages. Everybody needs multifactor authentication.",
        "Publish the news",
    ),
];

/// The applications that the demo plays, each with the provider it trusts.
pub(super) fn sample_applications(
    public_url: &Url,
    tenants: &[TenantWorld],
    credentials: &[PlainCredentials],
) -> Vec<SampleApplication> {
    PLAYED
        .iter()
        .filter_map(|(name, path, tagline, sensitive_action)| {
            let (tenant, application) = find(tenants, name)?;
            let secret = credentials
                .iter()
                .flat_map(|of_tenant| &of_tenant.client_secrets)
                .find(|secret| secret.client == application.app_id)?;
            let base = public_url.as_str().trim_end_matches('/');
            Some(SampleApplication {
                name: (*name).to_owned(),
                tagline: (*tagline).to_owned(),
                sensitive_action: (*sensitive_action).to_owned(),
                path: (*path).to_owned(),
                issuer: format!("{base}/{}/v2.0", tenant.organization.id),
                client_id: application.app_id.to_string(),
                client_secret: secret.secret.expose().to_owned(),
                scopes: ["profile", "email", "offline_access"]
                    .map(str::to_owned)
                    .to_vec(),
                answer_mode: AnswerMode::Query,
            })
        })
        .collect()
}

fn find<'w>(tenants: &'w [TenantWorld], name: &str) -> Option<(&'w TenantWorld, &'w Application)> {
    tenants.iter().find_map(|tenant| {
        let applications = tenant.applications.as_deref().unwrap_or_default();
        let application = applications
            .iter()
            .find(|application| application.display_name == name)?;
        Some((tenant, application))
    })
}
