//! `portcullis sessions`: where a user is signed in, and the end of it (requirement S13).

use anyhow::Context as _;
use comfy_table::{ContentArrangement, Table, presets};
use owo_colors::OwoColorize as _;
use portcullis_model::Timestamp;
use portcullis_model::id::SessionId;
use portcullis_model::organization::Organization;
use portcullis_model::session::{AuthenticationSession, SessionSubject};
use portcullis_model::store::{Change, Store as _, TenantStore};
use portcullis_model::user::User;
use portcullis_signin::session_revocation;
use portcullis_signin::user_agent;
use serde_json::{Value, json};

use crate::command::{
    DataOptions, SessionsCommand, SessionsOfUser, SessionsOptions, SessionsToRevoke,
};
use crate::installation::Installation;
use crate::output::{self, OutputFormat};

pub(crate) async fn run(options: SessionsOptions) -> anyhow::Result<()> {
    match options.command {
        SessionsCommand::List(whose) => list(whose).await,
        SessionsCommand::Revoke(whose) => revoke(whose).await,
    }
}

/// The tenant somebody named, and its data.
async fn open(
    data: &DataOptions,
    tenant: &str,
) -> anyhow::Result<(Organization, Box<dyn TenantStore>)> {
    let installation = Installation::open(data).await?;
    let tenant = crate::tenant::find(installation.store.as_ref(), tenant).await?;
    let store = installation.store.tenant(tenant.id);
    Ok((tenant, store))
}

/// The user somebody named.
async fn find(tenant: &Organization, store: &dyn TenantStore, named: &str) -> anyhow::Result<User> {
    let user = session_revocation::find(store, named).await?;
    user.with_context(|| {
        format!(
            "{} has no user `{named}`: give an object id or a userPrincipalName",
            tenant.display_name
        )
    })
}

async fn list(whose: SessionsOfUser) -> anyhow::Result<()> {
    let (tenant, store) = open(&whose.data, &whose.tenant).await?;
    let user = find(&tenant, &*store, &whose.user).await?;
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

async fn revoke(options: SessionsToRevoke) -> anyhow::Result<()> {
    let (tenant, store) = open(&options.data, &options.tenant).await?;
    match (&options.what.user, options.what.session) {
        (Some(named), None) => {
            let user = find(&tenant, &*store, named).await?;
            revoke_all(&tenant, &*store, (&user, options.output)).await
        }
        (None, Some(session)) => revoke_one(&tenant, &*store, (session, options.output)).await,
        (None, None) | (Some(_), Some(_)) => {
            anyhow::bail!("say either whose sessions end (--user) or which one does (--session)")
        }
    }
}

async fn revoke_all(
    tenant: &Organization,
    store: &dyn TenantStore,
    (user, output): (&User, OutputFormat),
) -> anyhow::Result<()> {
    let sessions = store.list_sessions(SessionSubject::User(user.id)).await?;
    let changes = session_revocation::changes(user.id, Timestamp::now());
    store.commit(changes).await?;
    match output {
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

/// Ends one session; also one of a B2B direct connect user, who has no object that could be named.
async fn revoke_one(
    tenant: &Organization,
    store: &dyn TenantStore,
    (id, output): (SessionId, OutputFormat),
) -> anyhow::Result<()> {
    let session = store.find_session(id).await?.with_context(|| {
        format!(
            "{} has no session `{id}`: `portcullis sessions list` shows a user's, and one that ended is gone",
            tenant.display_name
        )
    })?;
    let user = match session.subject {
        SessionSubject::User(user) => Some(user),
        SessionSubject::DirectConnect(_) => None,
    };
    store.commit(vec![Change::EndSession(id)]).await?;
    match output {
        OutputFormat::Json => output::json(&json!({
            "tenant": tenant.id, "user": user, "session": id, "endedSessions": 1
        })),
        OutputFormat::Text => {
            output::line(format_args!(
                "The session {} at {} ended, and its refresh tokens are void; other sessions go on. Applications are not \
                 notified; they learn it at their next refresh.",
                id.bold(),
                tenant.display_name,
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
