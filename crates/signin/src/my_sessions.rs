//! "Where you are signed in": a person's sessions at one tenant, and their end, one by one or all others (requirement S13).

use std::sync::Arc;

use portcullis_model::id::SessionId;
use portcullis_model::session::AuthenticationSession;
use portcullis_model::store::{Change, StoreError};
use portcullis_protocol::oauth::error_catalogue::ErrorCode;
use portcullis_protocol::oauth::parameters::Parameters;
use serde::{Deserialize, Serialize};

use crate::browser_seal::SealedForm;
use crate::house::{House, LoadedTenant, Moment};
use crate::my_sign_ins::refuse;
use crate::onlooker::Onlooker;
use crate::page::{Answer, Cookies, Page, SessionLine, Step};
use crate::realm::{Realm, RealmError};
use crate::sign_out::end::{LogoutDelivery, end_elsewhere};

/// The form field that shows the form to be of our own page.
pub const CONTINUATION: &str = "continuation";
/// The form field that says what ends: a session's id, or [`OTHERS`].
pub const END: &str = "end";
/// Everything but the session that asks.
pub const OTHERS: &str = "others";

/// What the browser is shown, and what the server delivers meanwhile.
#[derive(Debug)]
pub struct SessionsAnswer {
    /// For the browser.
    pub answer: Answer,
    /// For applications' servers.
    pub deliveries: Vec<LogoutDelivery>,
}

/// Where the page of a tenant is.
pub fn path(tenant: portcullis_model::id::TenantId) -> String {
    format!("/{tenant}/my-sessions")
}

/// What a page's form carries back: for which session it was shown, and when.
#[derive(Serialize, Deserialize)]
struct Shown {
    session: SessionId,
    at: i64,
}

enum Failure {
    Refused(Option<Arc<LoadedTenant>>, ErrorCode),
    Unavailable,
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        tracing::error!(
            error = &error as &dyn std::error::Error,
            "the store failed at a list of sessions"
        );
        Self::Unavailable
    }
}

/// Shows the sessions of whoever is signed in at this tenant in this browser.
pub async fn my_sessions(
    house: &House,
    moment: &Moment<'_>,
    segment: &str,
    cookies: &dyn Cookies,
) -> Answer {
    let shown = list(house, moment, segment, cookies).await;
    answer(moment, shown.map(|page| Step::Show(Box::new(page))))
}

/// Ends what the form of that page says.
pub async fn end_sessions(
    house: &House,
    moment: &mut Moment<'_>,
    (segment, form): (&str, &[u8]),
    cookies: &dyn Cookies,
) -> SessionsAnswer {
    let (step, deliveries) = match end(house, moment, (segment, form), cookies).await {
        Ok((path, deliveries)) => (Ok(Step::SeeOther(path)), deliveries),
        Err(failure) => (Err(failure), Vec::new()),
    };
    SessionsAnswer {
        answer: answer(moment, step),
        deliveries,
    }
}

fn answer(moment: &Moment<'_>, step: Result<Step, Failure>) -> Answer {
    let step = step.unwrap_or_else(|failure| match failure {
        Failure::Refused(tenant, code) => {
            let mut step = refuse(moment, tenant.as_deref(), code);
            if let (Step::Refuse(refusal), Some(tenant), ErrorCode::SignInExpired) =
                (&mut step, &tenant, code)
            {
                refusal.try_again = Some(path(tenant.id()));
            }
            step
        }
        Failure::Unavailable => refuse(moment, None, ErrorCode::MsodsServiceUnavailable),
    });
    Answer {
        step,
        cookies: Vec::new(),
    }
}

async fn list(
    house: &House,
    moment: &Moment<'_>,
    segment: &str,
    cookies: &dyn Cookies,
) -> Result<Page, Failure> {
    let (tenant, onlooker) = find(house, moment, segment, cookies).await?;
    let own = &onlooker.session;
    let shown = Shown {
        session: own.id,
        at: moment.now.as_second(),
    };
    let shown = serde_json::to_vec(&shown).unwrap_or_default();
    let sessions = cookies.sessions(tenant.id());
    let store = house.store.tenant(tenant.id());
    let mut listed = store.list_sessions(own.subject).await?;
    listed.retain(|session| moment.now < session.expires_at);
    // The one that asks comes first, also when it is not among the last used.
    listed.retain(|session| session.id != own.id);
    listed.insert(0, own.clone());
    Ok(Page::MySessions {
        frame: onlooker.frame(moment, &tenant),
        sessions: listed.iter().map(|session| line(session, own.id)).collect(),
        continuation: SealedForm::EndSessions.seal(house, &sessions, &shown),
    })
}

fn line(session: &AuthenticationSession, own: SessionId) -> SessionLine {
    SessionLine {
        session: session.id,
        is_this_browser: session.id == own,
        began_at: session.created_at,
        last_use: session.last_use.clone(),
    }
}

async fn end(
    house: &House,
    moment: &mut Moment<'_>,
    (segment, form): (&str, &[u8]),
    cookies: &dyn Cookies,
) -> Result<(String, Vec<LogoutDelivery>), Failure> {
    let (tenant, onlooker) = find(house, moment, segment, cookies).await?;
    let refused = |code| Failure::Refused(Some(Arc::clone(&tenant)), code);
    let form = Parameters::parse(form).map_err(|_| refused(ErrorCode::InvalidUserInput))?;
    let own = &onlooker.session;
    let sessions = cookies.sessions(tenant.id());
    let shown = form
        .find(CONTINUATION)
        .and_then(|text| SealedForm::EndSessions.open(house, &sessions, text))
        .and_then(|content| serde_json::from_slice::<Shown>(&content).ok());
    let age_seconds = shown
        .filter(|shown| shown.session == own.id)
        .map(|shown| moment.now.as_second().saturating_sub(shown.at));
    if !age_seconds.is_some_and(|age| (0..=house.lifetimes.transaction_seconds).contains(&age)) {
        return Err(refused(ErrorCode::SignInExpired));
    }
    let store = house.store.tenant(tenant.id());
    let (ended, change) = match form.find(END) {
        Some(OTHERS) => {
            let mut others = store.list_sessions(own.subject).await?;
            others.retain(|session| session.id != own.id);
            let change = Change::EndOtherSessions {
                subject: own.subject,
                kept: own.id,
            };
            (others, change)
        }
        Some(id) => {
            let id: SessionId = id
                .parse()
                .map_err(|_| refused(ErrorCode::InvalidUserInput))?;
            if id == own.id {
                // This browser has a way out of its own, which also tells the applications in it.
                return Ok((format!("/{}/oauth2/v2.0/logout", tenant.id()), Vec::new()));
            }
            let found = store.find_session(id).await?;
            match found.filter(|session| session.subject == own.subject) {
                Some(session) => (vec![session], Change::EndSession(id)),
                // Ended meanwhile, or somebody else's: there is nothing of theirs to end.
                None => return Ok((path(tenant.id()), Vec::new())),
            }
        }
        None => return Err(refused(ErrorCode::MissingRequiredParameter)),
    };
    let deliveries = end_elsewhere(house, moment, &tenant, &ended, vec![change]).await?;
    tracing::info!(tenant = %tenant.id(), sessions = ended.len(), "a person ended sessions of theirs");
    Ok((path(tenant.id()), deliveries))
}

async fn find(
    house: &House,
    moment: &Moment<'_>,
    segment: &str,
    cookies: &dyn Cookies,
) -> Result<(Arc<LoadedTenant>, Onlooker), Failure> {
    let tenant = match Realm::find(house, segment).await {
        Ok(Realm::Tenant(tenant)) => tenant,
        // Which organisation's sessions are meant must be said.
        Ok(Realm::Undiscovered) => {
            return Err(Failure::Refused(None, ErrorCode::MissingTenantRealm));
        }
        Err(RealmError::Unknown) => {
            return Err(Failure::Refused(None, ErrorCode::InvalidTenantName));
        }
        Err(RealmError::Store(error)) => return Err(error.into()),
    };
    match Onlooker::find(house, moment, &tenant, cookies).await? {
        Some(onlooker) => Ok((tenant, onlooker)),
        None => Err(Failure::Refused(
            Some(tenant),
            ErrorCode::UserInformationNotProvided,
        )),
    }
}
