//! The logout endpoint, top down: whose request is it, which sessions end, where does the browser go.
//!
//! A genuine hint about a session of this browser ends it at once. Everything else is asked first (requirement K06).
//! The browser goes on to the client only if the client is known and the address is registered, exactly (K05).

use std::sync::Arc;

use portcullis_model::id::ClientId;
use portcullis_model::organization::Organization;
use portcullis_model::secret::SecretText;
use portcullis_model::store::StoreError;
use portcullis_protocol::oauth::error_catalogue::ErrorCode;
use portcullis_protocol::oauth::parameters::Parameters;
use portcullis_protocol::oauth::redirect_uri::match_exactly;
use portcullis_protocol::oidc::logout::{LogoutRequest, post_logout_location};

use crate::access_token::danger_unverified_tenant;
use crate::house::{House, KeyError, LoadedTenant, Moment};
use crate::my_sign_ins::{frame, refuse};
use crate::page::{Answer, Cookies, Frame, Page, Step};
use crate::realm::{self, Realm, RealmError, Registration};
use crate::sign_out::confirmation::{PARAMETER, Pending};
use crate::sign_out::end::{BrowserSessions, Ended, LogoutDelivery, browser_sessions, end};
use crate::sign_out::hint::Hint;
use crate::visitor::Visitor;
use crate::well_known;

/// A request to the logout endpoint: GET with a query, or POST with a form; the form of our own page comes here too.
#[derive(Clone, Copy)]
pub struct SignOutCall<'a> {
    /// The first segment of the path.
    pub tenant_segment: &'a str,
    /// The query of a GET, the form body of a POST.
    pub parameters: &'a [u8],
    /// How it came.
    pub method: SignOutMethod,
}

/// How a request came: only a posted form can be a person's answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignOutMethod {
    /// GET.
    Get,
    /// POST.
    Post,
}

/// What the browser is shown, and what the server delivers meanwhile.
#[derive(Debug)]
pub struct SignOutAnswer {
    /// For the browser.
    pub answer: Answer,
    /// For applications' servers: after the answer, each with its own time-out (requirement K09).
    pub deliveries: Vec<LogoutDelivery>,
}

/// What went wrong on the way.
enum Failure {
    Refused(ErrorCode),
    Unavailable,
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        tracing::error!(
            error = &error as &dyn std::error::Error,
            "the store failed at sign-out"
        );
        Self::Unavailable
    }
}

impl From<KeyError> for Failure {
    fn from(error: KeyError) -> Self {
        tracing::error!(
            error = &error as &dyn std::error::Error,
            "no key at sign-out"
        );
        Self::Unavailable
    }
}

impl From<RealmError> for Failure {
    fn from(error: RealmError) -> Self {
        match error {
            RealmError::Unknown => Self::Refused(ErrorCode::InvalidTenantName),
            RealmError::Store(error) => error.into(),
        }
    }
}

/// Signs out, or asks first.
pub async fn sign_out(
    house: &House,
    moment: &mut Moment<'_>,
    call: SignOutCall<'_>,
    cookies: &dyn Cookies,
) -> SignOutAnswer {
    let code = match answer(house, moment, call, cookies).await {
        Ok(answer) => return answer,
        Err(Failure::Refused(code)) => code,
        Err(Failure::Unavailable) => ErrorCode::MsodsServiceUnavailable,
    };
    SignOutAnswer {
        answer: Answer {
            step: refuse(moment, None, code),
            cookies: Vec::new(),
        },
        deliveries: Vec::new(),
    }
}

async fn answer(
    house: &House,
    moment: &mut Moment<'_>,
    call: SignOutCall<'_>,
    cookies: &dyn Cookies,
) -> Result<SignOutAnswer, Failure> {
    let parameters = Parameters::parse(call.parameters)
        .map_err(|_| Failure::Refused(ErrorCode::InvalidUserInput))?;
    let request =
        LogoutRequest::parse(&parameters).map_err(|fault| Failure::Refused(fault.code))?;
    let realm = Realm::find(house, call.tenant_segment).await?;
    let hint = find_hint(house, moment, &realm, &request).await?;
    let tenants = tenants(house, &realm, hint).await?;
    let mut browser = Vec::new();
    for tenant in tenants {
        browser.push(browser_sessions(house, tenant, cookies).await?);
    }
    let values = cookie_values(&browser);
    let confirmed = match (call.method, parameters.find(PARAMETER)) {
        (SignOutMethod::Post, Some(text)) => Pending::open(house, &values, moment.now, text),
        (SignOutMethod::Post | SignOutMethod::Get, _) => None,
    };
    if let Some(pending) = confirmed {
        let leaving = Leaving {
            client: pending.client,
            post_logout_redirect_uri: pending.post_logout_redirect_uri,
            state: pending.state,
        };
        return finish(house, moment, &browser, None, leaving).await;
    }
    let has_sessions = browser.iter().any(|sessions| !sessions.live.is_empty());
    let is_proven = hint.is_some_and(|hint| has_session_of(&browser, hint));
    let leaving = Leaving::of(&request, hint);
    if is_proven || !has_sessions {
        // With nobody signed in there is nothing to ask; a client without a hint is still not followed.
        return finish(house, moment, &browser, hint, leaving).await;
    }
    let pending = Pending {
        client: leaving.client.or_else(|| named_client(&request)),
        post_logout_redirect_uri: leaving.post_logout_redirect_uri.clone(),
        state: leaving.state.clone(),
        asked_at: moment.now.as_second(),
    };
    ask(house, moment, &browser, &pending, &values).await
}

/// Where the client wants the browser, and who the client is.
struct Leaving {
    client: Option<ClientId>,
    post_logout_redirect_uri: Option<String>,
    state: Option<String>,
}

impl Leaving {
    fn of(request: &LogoutRequest, hint: Option<Hint>) -> Self {
        // A hint that is no token of ours takes its request's address with it (requirement K05).
        let is_forged = request.id_token_hint.is_some() && hint.is_none();
        let wanted = request.post_logout_redirect_uri.clone();
        Self {
            client: hint.map(|hint| hint.client),
            post_logout_redirect_uri: wanted.filter(|_| !is_forged),
            state: request.state.clone(),
        }
    }
}

/// `client_id` counts once the person has agreed.
fn named_client(request: &LogoutRequest) -> Option<ClientId> {
    request.client_id.as_deref()?.parse().ok()
}

/// The hint, if it is a token of the tenant the path names (at `organizations`: of the tenant it names itself) and of
/// the client the request names.
async fn find_hint(
    house: &House,
    moment: &Moment<'_>,
    realm: &Realm,
    request: &LogoutRequest,
) -> Result<Option<Hint>, Failure> {
    let Some(token) = request.id_token_hint.as_deref() else {
        return Ok(None);
    };
    let tenant = match realm {
        Realm::Tenant(tenant) => Some(tenant.id()),
        Realm::Undiscovered => danger_unverified_tenant(token),
    };
    let Some(tenant) = tenant else {
        return Ok(None);
    };
    // Keys are made on first use: not for tenants that somebody invented.
    if house.tenants.find(tenant).await?.is_none() {
        return Ok(None);
    }
    let hint = Hint::open(house, moment.now, tenant, token).await?;
    let agrees = |hint: &Hint| match &request.client_id {
        Some(client) => *client == hint.client.to_string(),
        None => true,
    };
    Ok(hint.filter(agrees))
}

/// Whose sessions are meant. At `organizations` without a hint: all that this browser has.
async fn tenants(
    house: &House,
    realm: &Realm,
    hint: Option<Hint>,
) -> Result<Vec<Arc<LoadedTenant>>, Failure> {
    match (realm, hint) {
        (Realm::Tenant(tenant), _) => Ok(vec![Arc::clone(tenant)]),
        (Realm::Undiscovered, Some(hint)) => Ok(vec![realm::load(house, hint.tenant).await?]),
        (Realm::Undiscovered, None) => {
            let mut tenants = Vec::new();
            for organization in house.store.list_tenants().await? {
                tenants.extend(house.tenants.find(organization.id).await?);
            }
            Ok(tenants)
        }
    }
}

fn cookie_values(browser: &[BrowserSessions]) -> Vec<SecretText> {
    let live = browser.iter().flat_map(|sessions| &sessions.live);
    live.map(|(cookie, _)| cookie.clone()).collect()
}

fn has_session_of(browser: &[BrowserSessions], hint: Hint) -> bool {
    browser
        .iter()
        .filter(|sessions| sessions.tenant.id() == hint.tenant)
        .flat_map(|sessions| &sessions.live)
        .any(|(_, session)| hint.is_about(session))
}

/// Ends what is meant: with a hint the sessions it is about, else all of them; then goes on.
async fn finish(
    house: &House,
    moment: &mut Moment<'_>,
    browser: &[BrowserSessions],
    hint: Option<Hint>,
    leaving: Leaving,
) -> Result<SignOutAnswer, Failure> {
    let mut ended = Ended::default();
    for sessions in browser.iter().filter(|sessions| !sessions.live.is_empty()) {
        let which = |session: &_| hint.is_none_or(|hint| hint.is_about(session));
        end(house, moment, sessions, which, &mut ended).await?;
    }
    let first = browser.first().map(|sessions| &sessions.tenant);
    let location = match first {
        Some(tenant) => location(house, tenant, &leaving).await?,
        None => None,
    };
    let home_sign_out = home_sign_out(house, &ended).await?;
    let step = match location {
        // Frames need a page to stand in, and the offer of the other sign-out a reader.
        Some(location) if ended.front_channel.is_empty() && home_sign_out.is_none() => {
            Step::Redirect(location)
        }
        location => Step::Show(Box::new(Page::SignedOut {
            frame: page_frame(moment, first.map(Arc::as_ref), leaving.client),
            front_channel: ended.front_channel,
            continue_to: location,
            home_sign_out,
        })),
    };
    Ok(SignOutAnswer {
        answer: Answer {
            step,
            cookies: ended.cookies,
        },
        deliveries: ended.deliveries,
    })
}

/// The registered address the client asked for; anything else is not followed.
async fn location(
    house: &House,
    tenant: &Arc<LoadedTenant>,
    leaving: &Leaving,
) -> Result<Option<String>, StoreError> {
    let (Some(client), Some(wanted)) = (leaving.client, &leaving.post_logout_redirect_uri) else {
        return Ok(None);
    };
    let Some(registration) = Registration::find(house, tenant, client).await? else {
        return Ok(None);
    };
    let Some(application) = registration.application() else {
        return Ok(None);
    };
    let registered = application
        .web
        .redirect_uris
        .iter()
        .chain(&application.spa.redirect_uris)
        .chain(&application.public_client.redirect_uris)
        .map(String::as_str);
    let matched = match_exactly(Some(wanted), registered).ok();
    Ok(matched.map(|address| post_logout_location(&address, leaving.state.as_deref())))
}

/// Guests are offered the sign-out at home; it is never done for them (requirement K10).
async fn home_sign_out(
    house: &House,
    ended: &Ended,
) -> Result<Option<(Organization, String)>, StoreError> {
    let Some(home) = ended.home_tenants.first() else {
        return Ok(None);
    };
    let path = format!(
        "{}/{home}/oauth2/v2.0/logout",
        realm::base(&house.public_url)
    );
    let tenant = house.tenants.find(*home).await?;
    Ok(tenant.map(|tenant| (tenant.configuration.organization.clone(), path)))
}

async fn ask(
    house: &House,
    moment: &Moment<'_>,
    browser: &[BrowserSessions],
    pending: &Pending,
    values: &[SecretText],
) -> Result<SignOutAnswer, Failure> {
    let occupied = browser.iter().find(|sessions| !sessions.live.is_empty());
    let tenant = occupied.map(|sessions| &sessions.tenant);
    let mut account_name = None;
    if let Some(sessions) = occupied
        && let Some((_, session)) = sessions.live.first()
        && let Ok(visitor) = Visitor::find(house, &sessions.tenant, session.subject).await
    {
        account_name = Some(visitor.account_name().to_owned());
    }
    let leaving = Leaving {
        client: pending.client,
        post_logout_redirect_uri: pending.post_logout_redirect_uri.clone(),
        state: pending.state.clone(),
    };
    // Only a registered address may stand in the page's policy for forms.
    let client_redirect_uri = match tenant {
        Some(tenant) => location(house, tenant, &leaving).await?,
        None => None,
    };
    let is_one_tenant = browser.len() == 1;
    let around = tenant.filter(|_| is_one_tenant).map(Arc::as_ref);
    let page = Page::ConfirmSignOut {
        frame: Frame {
            account_name,
            client_redirect_uri,
            ..page_frame(moment, around, pending.client)
        },
        continuation: pending.seal(house, values),
    };
    Ok(SignOutAnswer {
        answer: Answer {
            step: Step::Show(Box::new(page)),
            cookies: Vec::new(),
        },
        deliveries: Vec::new(),
    })
}

fn page_frame(
    moment: &Moment<'_>,
    tenant: Option<&LoadedTenant>,
    client: Option<ClientId>,
) -> Frame {
    let name = tenant
        .zip(client)
        .and_then(|(tenant, client)| well_known::application_name(tenant, client));
    Frame {
        application_name: name.unwrap_or_default(),
        ..frame(moment, tenant)
    }
}
