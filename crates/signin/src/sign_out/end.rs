//! Ends sessions and makes what tells their applications: addresses for frames, signed notices for servers.

use portcullis_model::application::Application;
use portcullis_model::id::{ClientId, TenantId, UserId};
use portcullis_model::secret::SecretText;
use portcullis_model::session::{AuthenticationSession, SessionClient, SessionSubject};
use portcullis_model::store::{Change, CommitError, StoreError, TenantStore};
use portcullis_protocol::oidc::logout::{
    LogoutNotice, LogoutTokenClaims, front_channel_logout_url,
};
use portcullis_protocol::secret::SecretText as WireSecret;
use std::sync::Arc;
use url::Url;

use crate::house::{House, LoadedTenant, Moment};
use crate::page::{CookieChange, Cookies};
use crate::realm::{self, Registration};
use crate::token::text;

/// A notice for the server to deliver after the answer has left: one POST of `logout_token` (requirement K09).
#[derive(Debug, Clone)]
pub struct LogoutDelivery {
    /// Whose address it is.
    pub client: ClientId,
    /// Where to.
    pub address: Url,
    /// What to post.
    pub logout_token: WireSecret,
}

/// The sessions of one browser in one tenant.
pub struct BrowserSessions {
    /// The tenant.
    pub tenant: Arc<LoadedTenant>,
    /// The live ones, each with its cookie.
    pub live: Vec<(SecretText, AuthenticationSession)>,
}

/// What ended sessions leave to be done.
#[derive(Debug, Default)]
pub struct Ended {
    /// Addresses for hidden frames.
    pub front_channel: Vec<String>,
    /// Notices to deliver.
    pub deliveries: Vec<LogoutDelivery>,
    /// Cookies to change.
    pub cookies: Vec<CookieChange>,
    /// Home tenants of guests among them; their sessions there go on (requirement K10).
    pub home_tenants: Vec<TenantId>,
}

/// The sessions this browser has at a tenant; cookies that mean nothing are passed over.
pub async fn browser_sessions(
    house: &House,
    tenant: Arc<LoadedTenant>,
    cookies: &dyn Cookies,
) -> Result<BrowserSessions, StoreError> {
    let store = house.store.tenant(tenant.id());
    let mut live = Vec::new();
    for cookie in cookies.sessions(tenant.id()) {
        let found = store
            .find_session_by_cookie(text::hash(cookie.expose()))
            .await?;
        // Expired ones too: their applications may still hold tokens.
        if let Some(session) = found {
            live.push((cookie, session));
        }
    }
    Ok(BrowserSessions { tenant, live })
}

/// Ends those sessions that `which` picks, in one commit, and revokes what they gave.
pub async fn end(
    house: &House,
    moment: &mut Moment<'_>,
    browser: &BrowserSessions,
    which: impl Fn(&AuthenticationSession) -> bool,
    ended: &mut Ended,
) -> Result<(), StoreError> {
    let tenant = &browser.tenant;
    let store = house.store.tenant(tenant.id());
    let mut changes = Vec::new();
    let mut kept: Vec<&(SecretText, AuthenticationSession)> = Vec::new();
    for entry in &browser.live {
        let (_, session) = entry;
        if !which(session) {
            kept.push(entry);
            continue;
        }
        changes.push(Change::EndSession(session.id));
        for client in store.list_session_clients(session.id).await? {
            tell(house, moment, tenant, &client, ended).await?;
        }
        ended
            .home_tenants
            .extend(session.home_session.map(|home| home.tenant_id));
    }
    if !changes.is_empty() {
        commit(&*store, changes).await?;
    }
    let persistent = kept.iter().filter(|(_, session)| session.is_persistent);
    ended.cookies.push(CookieChange::SetSessions {
        tenant: tenant.id(),
        expires_at: persistent.map(|(_, session)| session.expires_at).max(),
        values: kept.iter().map(|(cookie, _)| cookie.clone()).collect(),
    });
    Ok(())
}

/// Ends sessions of other browsers by these changes. Their frames cannot be reached: only applications' servers are told.
pub async fn end_elsewhere(
    house: &House,
    moment: &mut Moment<'_>,
    tenant: &Arc<LoadedTenant>,
    sessions: &[AuthenticationSession],
    changes: Vec<Change>,
) -> Result<Vec<LogoutDelivery>, StoreError> {
    let deliveries = notices_of(house, moment, tenant, sessions).await?;
    let store = house.store.tenant(tenant.id());
    commit(&*store, changes).await?;
    Ok(deliveries)
}

/// What tells applications' servers that every session of a user is over.
pub async fn notices(
    house: &House,
    moment: &mut Moment<'_>,
    tenant: &Arc<LoadedTenant>,
    user: UserId,
) -> Result<Vec<LogoutDelivery>, StoreError> {
    let store = house.store.tenant(tenant.id());
    let sessions = store.list_sessions(SessionSubject::User(user)).await?;
    notices_of(house, moment, tenant, &sessions).await
}

async fn notices_of(
    house: &House,
    moment: &mut Moment<'_>,
    tenant: &Arc<LoadedTenant>,
    sessions: &[AuthenticationSession],
) -> Result<Vec<LogoutDelivery>, StoreError> {
    let store = house.store.tenant(tenant.id());
    let mut ended = Ended::default();
    for session in sessions {
        for client in store.list_session_clients(session.id).await? {
            tell(house, moment, tenant, &client, &mut ended).await?;
        }
    }
    Ok(ended.deliveries)
}

async fn commit(store: &dyn TenantStore, changes: Vec<Change>) -> Result<(), StoreError> {
    match store.commit(changes).await {
        Ok(()) => Ok(()),
        // Ending has no condition; whatever it is, the session is not known to be over.
        Err(CommitError::Lost { .. }) => Err(StoreError::Corrupt {
            table: "sessions",
            what: "ending a session lost".to_owned(),
        }),
        Err(CommitError::Store(error)) => Err(error),
    }
}

/// Both ways, for the application that registered them.
async fn tell(
    house: &House,
    moment: &mut Moment<'_>,
    tenant: &Arc<LoadedTenant>,
    client: &SessionClient,
    ended: &mut Ended,
) -> Result<(), StoreError> {
    let Some(registration) = Registration::find(house, tenant, client.client).await? else {
        return Ok(());
    };
    let Some(application) = registration.application() else {
        return Ok(());
    };
    let issuer = realm::issuer(&house.public_url, tenant.id());
    if let Some(address) = &application.web.logout_url {
        let session = client.session.to_string();
        let url = front_channel_logout_url(address.as_str(), &issuer, &session);
        ended.front_channel.push(url);
    }
    if let Some(address) = &application.web.back_channel_logout_url {
        match notice(house, moment, tenant.id(), application, client).await {
            Ok(logout_token) => ended.deliveries.push(LogoutDelivery {
                client: client.client,
                address: address.clone(),
                logout_token,
            }),
            // The person is signed out all the same: an application that is not told learns it at its next refresh.
            Err(error) => {
                tracing::error!(client = %client.client, error, "a logout token could not be made");
            }
        }
    }
    Ok(())
}

async fn notice(
    house: &House,
    moment: &mut Moment<'_>,
    tenant: TenantId,
    application: &Application,
    client: &SessionClient,
) -> Result<WireSecret, String> {
    let algorithm = application.token_signing_algorithm;
    let key = house.keys.signing_key(tenant, algorithm, moment.now).await;
    let key = key.map_err(|error| error.to_string())?;
    let mut octets = [0; 16];
    moment.entropy.fill(&mut octets);
    let notice = LogoutNotice {
        issuer: realm::issuer(&house.public_url, tenant),
        client_id: client.client.to_string(),
        subject: Some(client.subject.clone()),
        session_id: client.session.to_string(),
        token_id: uuid::Uuid::from_bytes(octets).to_string(),
    };
    let claims = LogoutTokenClaims::new(notice, moment.now);
    key.sign(&claims).map_err(|error| error.to_string())
}
