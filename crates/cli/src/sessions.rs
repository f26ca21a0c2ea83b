//! `portcullis sessions`: where a user is signed in, and the end of it (requirement S13).

use anyhow::Context as _;
use comfy_table::{ContentArrangement, Table, presets};
use owo_colors::OwoColorize as _;
use portcullis_model::Timestamp;
use portcullis_model::organization::Organization;
use portcullis_model::session::{AuthenticationSession, SessionSubject};
use portcullis_model::store::{Store as _, TenantStore};
use portcullis_model::user::User;
use portcullis_signin::session_revocation;
use portcullis_signin::user_agent;
use serde_json::{Value, json};

use crate::command::{SessionsCommand, SessionsOfUser, SessionsOptions};
use crate::installation::Installation;
use crate::output::{self, OutputFormat};

pub(crate) async fn run(options: SessionsOptions) -> anyhow::Result<()> {
    match options.command {
        SessionsCommand::List(whose) => list(whose).await,
        SessionsCommand::Revoke(whose) => revoke(whose).await,
    }
}

/// The tenant and the user somebody named, and the tenant's data.
async fn find(
    whose: &SessionsOfUser,
) -> anyhow::Result<(Organization, User, Box<dyn TenantStore>)> {
    let installation = Installation::open(&whose.data).await?;
    let tenant = crate::tenant::find(installation.store.as_ref(), &whose.tenant).await?;
    let store = installation.store.tenant(tenant.id);
    let user = session_revocation::find(&*store, &whose.user).await?;
    let user = user.with_context(|| {
        format!(
            "{} has no user `{}`: give an object id or a userPrincipalName",
            tenant.display_name, whose.user
        )
    })?;
    Ok((tenant, user, store))
}

async fn list(whose: SessionsOfUser) -> anyhow::Result<()> {
    let (tenant, user, store) = find(&whose).await?;
    let now = Timestamp::now();
    let mut sessions = store.list_sessions(SessionSubject::User(user.id)).await?;
    sessions.retain(|session| now < session.expires_at);
    match whose.output {
        OutputFormat::Json => {
            let value: Vec<Value> = sessions.iter().map(document).collect();
            output::json(&json!({ "value": value }))
        }
        OutputFormat::Text if sessions.is_empty() => {
            output::line(format_args!(
                "{} has no session at {}.",
                user.user_principal_name, tenant.display_name
            ));
            Ok(())
        }
        OutputFormat::Text => {
            output::line(table(&sessions));
            Ok(())
        }
    }
}

async fn revoke(whose: SessionsOfUser) -> anyhow::Result<()> {
    let (tenant, user, store) = find(&whose).await?;
    let sessions = store.list_sessions(SessionSubject::User(user.id)).await?;
    let changes = session_revocation::changes(user.id, Timestamp::now());
    store.commit(changes).await?;
    match whose.output {
        OutputFormat::Json => output::json(&json!({
            "tenant": tenant.id, "user": user.id, "endedSessions": sessions.len()
        })),
        OutputFormat::Text => {
            output::line(format_args!(
                "{} is signed out of {} everywhere: {} ended, and every refresh token is void. Applications are not \
                 notified; they learn it at their next refresh.",
                user.user_principal_name.bold(),
                tenant.display_name,
                match sessions.len() {
                    1 => "1 session".to_owned(),
                    number => format!("{number} sessions"),
                }
            ));
            Ok(())
        }
    }
}

/// A session for machines; nothing in it opens anything.
fn document(session: &AuthenticationSession) -> Value {
    json!({
        "id": session.id,
        "createdDateTime": session.created_at,
        "expirationDateTime": session.expires_at,
        "isPersistent": session.is_persistent,
        "lastUsedDateTime": session.last_use.at,
        "ipAddress": session.last_use.ip_address,
        "userAgent": session.last_use.user_agent,
        "homeTenantId": session.home_session.map(|home| home.tenant_id),
    })
}

fn table(sessions: &[AuthenticationSession]) -> Table {
    let time = |at: Timestamp| at.strftime("%Y-%m-%d %H:%M:%S UTC").to_string();
    let mut table = Table::new();
    table
        .load_style(presets::NOTHING)
        .set_content_arrangement(ContentArrangement::Dynamic)
        .set_header(["last used", "started", "from", "browser", "session"]);
    for session in sessions {
        let last_use = &session.last_use;
        let agent = last_use.user_agent.as_deref();
        let browser = [
            agent.and_then(user_agent::browser),
            agent.and_then(user_agent::operating_system),
        ];
        let browser: Vec<String> = browser.into_iter().flatten().collect();
        table.add_row([
            time(last_use.at),
            time(session.created_at),
            last_use
                .ip_address
                .map_or_else(|| "unknown".to_owned(), |address| address.to_string()),
            browser.join(", "),
            session.id.to_string(),
        ]);
    }
    table
}
