//! Which account: a session of this browser, a hint, or a question (OpenID Connect Core §3.1.2.1).

use portcullis_model::id::TenantId;
use portcullis_model::session::SessionSubject;
use portcullis_model::user::{CanonicalName, HomeAccount};
use portcullis_protocol::oauth::authorization_request::DomainHint;
use portcullis_protocol::oauth::error_catalogue::ErrorCode;

use super::arrival::{self, Arrival};
use super::challenge::pause;
use super::discovery::{self, Found};
use super::record::Case;
use super::refusal;
use super::request::Request;
use super::session::Held;
use super::state::{PickAccount, State, Traveller, UserName};
use super::walk::{Halt, Progress, Walk};
use crate::log::row::Who;
use crate::page::{PickableAccount, Problem, Step};
use crate::subject;
use crate::visitor::{Denied, Stop, Visitor};

/// Begins a sign-in: goes on with the one account that is meant, or asks.
pub(super) async fn choose(
    walk: &mut Walk<'_, '_>,
    progress: Progress,
    request: Box<Request>,
) -> Result<Step, Halt> {
    let pages = request.asked.prompt.pages();
    // A hint and the wish to choose contradict each other; choosing wins.
    let hint = request
        .asked
        .login_hint
        .clone()
        .filter(|_| !pages.select_account);
    let Some(tenant) = request.tenant else {
        return choose_anywhere(walk, progress, request, hint).await;
    };
    let mut sessions = walk.live_sessions(tenant).await?;
    if let Some(expected) = &request.expected_subject {
        let house = walk.house;
        sessions.retain(|held| {
            let known = subject::pairwise(house, tenant, request.client, held.session.subject);
            known == *expected
        });
    }
    if let Some(hint) = hint {
        let mut meant = None;
        for held in sessions {
            if is_named(walk, tenant, &held, &hint).await? {
                meant = Some(held);
                break;
            }
        }
        return match meant {
            Some(held) => go_on_with(walk, progress, request, held).await,
            None => with_name(walk, progress, request, hint).await,
        };
    }
    if let Some(DomainHint::Domain(domain)) = request.asked.domain_hint.clone() {
        return with_domain(walk, progress, request, (tenant, sessions), &domain).await;
    }
    if pages.select_account && !sessions.is_empty() {
        return pick(walk, progress, request).await;
    }
    let mut sessions = sessions.into_iter();
    match (sessions.next(), sessions.next()) {
        (Some(only), None) => go_on_with(walk, progress, request, only).await,
        (Some(_), Some(_)) => pick(walk, progress, request).await,
        (None, _) => ask_name(walk, progress, request, None, None).await,
    }
}

/// At `organizations` and `common` only a name or a domain says whose page it is.
async fn choose_anywhere(
    walk: &mut Walk<'_, '_>,
    progress: Progress,
    request: Box<Request>,
    hint: Option<String>,
) -> Result<Step, Halt> {
    if let Some(hint) = hint {
        return with_name(walk, progress, request, hint).await;
    }
    if let Some(DomainHint::Domain(domain)) = &request.asked.domain_hint
        && let Some(found) = discovery::tenant_of_domain(walk, domain).await?
    {
        return discovery::re_enter(walk, progress, &request, found, None).await;
    }
    ask_name(walk, progress, request, None, None).await
}

/// An account of another organisation is expected: its sessions in this browser count, whether or not they were here before.
async fn with_domain(
    walk: &mut Walk<'_, '_>,
    progress: Progress,
    request: Box<Request>,
    (tenant, sessions): (TenantId, Vec<Held>),
    domain: &str,
) -> Result<Step, Halt> {
    let hinted = match domain.parse() {
        Ok(id) => Some(id),
        Err(_) => discovery::tenant_of_domain(walk, domain).await?,
    };
    let Some(hinted) = hinted else {
        return ask_name(walk, progress, request, None, None).await;
    };
    let lives_there = |held: &Held| {
        held.session
            .home_session
            .map_or(tenant, |home| home.tenant_id)
            == hinted
    };
    let mut known: Vec<Held> = sessions.into_iter().filter(lives_there).collect();
    if known.is_empty() && hinted != tenant {
        known = walk.live_sessions(hinted).await?;
        known.retain(|held| held.session.home_session.is_none());
    }
    let mut known = known.into_iter();
    match (known.next(), known.next()) {
        (Some(only), None) => go_on_with(walk, progress, request, only).await,
        (Some(_), Some(_)) | (None, _) => {
            ask_name(walk, progress, request, Some(hinted), None).await
        }
    }
}

/// Goes on with a session of this browser, in the resource tenant or in the home tenant.
pub(super) async fn go_on_with(
    walk: &mut Walk<'_, '_>,
    progress: Progress,
    request: Box<Request>,
    held: Held,
) -> Result<Step, Halt> {
    let resource = request.owner();
    let account = match (held.session.subject, held.session.home_session) {
        (SessionSubject::User(user_id), None) => Some(HomeAccount {
            tenant_id: held.tenant,
            user_id,
        }),
        (SessionSubject::DirectConnect(account), _) => Some(account),
        (SessionSubject::User(user), Some(_)) => {
            let found = walk.house.store.tenant(held.tenant).find_user(user).await?;
            found.and_then(|user| user.home_account)
        }
    };
    let Some(account) = account else {
        return ask_name(walk, progress, request, None, None).await;
    };
    let mut traveller = Traveller::new(account);
    let mut arrival = Arrival::new(request, traveller.clone());
    if held.session.home_session.is_none() && held.tenant == account.tenant_id {
        traveller.home_session = Some(held.session.id);
        arrival.home = Some(held);
    } else if held.tenant == resource {
        traveller.home_session = held.session.home_session.map(|home| home.session_id);
        traveller.resource_session = Some(held.session.id);
        arrival.resource = Some(held);
    }
    arrival.traveller = traveller;
    arrival::go_on(walk, progress, arrival).await
}

/// Goes on with a name that was typed or hinted.
pub(super) async fn with_name(
    walk: &mut Walk<'_, '_>,
    progress: Progress,
    request: Box<Request>,
    typed: String,
) -> Result<Step, Halt> {
    let Some(name) = CanonicalName::parse(&typed) else {
        let problem = Some(Problem::FieldMissing);
        return ask_name(walk, progress, request, None, problem).await;
    };
    let Some(tenant) = request.tenant else {
        let found = match name.domain() {
            Some(domain) => discovery::tenant_of_domain(walk, domain).await?,
            None => None,
        };
        if let Some(found) = found {
            return discovery::re_enter(walk, progress, &request, found, Some(typed)).await;
        }
        let problem = Some(Problem::UnknownRealm);
        return ask_name(walk, progress, request, None, problem).await;
    };
    match discovery::find(walk, tenant, &name, typed).await? {
        Found::Session(held) => go_on_with(walk, progress, request, *held).await,
        Found::Lodging(lodging) => arrival::ask_password(walk, progress, request, lodging).await,
    }
}

/// Asks for the name; a client that wants no page is told `login_required` (requirement A21).
pub(super) async fn ask_name(
    walk: &mut Walk<'_, '_>,
    progress: Progress,
    request: Box<Request>,
    hinted: Option<TenantId>,
    problem: Option<Problem>,
) -> Result<Step, Halt> {
    if request.is_silent() {
        return silent(
            walk,
            progress,
            &request,
            ErrorCode::UserInformationNotProvided,
        )
        .await;
    }
    let state = State::UserName(UserName {
        request,
        hinted,
        problem,
    });
    pause(walk, progress, state).await
}

async fn pick(
    walk: &mut Walk<'_, '_>,
    progress: Progress,
    request: Box<Request>,
) -> Result<Step, Halt> {
    if request.is_silent() {
        return silent(walk, progress, &request, ErrorCode::InteractionRequired).await;
    }
    pause(walk, progress, State::Account(PickAccount { request })).await
}

/// A client that wants no page gets its error; nobody was proven.
pub(super) async fn silent(
    walk: &mut Walk<'_, '_>,
    progress: Progress,
    request: &Request,
    code: ErrorCode,
) -> Result<Step, Halt> {
    let nobody = Who::Unproven {
        name: request.asked.login_hint.as_deref(),
        home: None,
        account: None,
    };
    let denied = Denied {
        code,
        organization_name: None,
    };
    match request.tenant {
        Some(tenant) => {
            let resource = walk.tenant(tenant).await?;
            let case = Case::of(&resource, request, nobody);
            refusal::refuse(walk, progress, request, &case, denied).await
        }
        None => refusal::refuse_anywhere(walk, progress, request, denied).await,
    }
}

/// The accounts of this browser, for the picker.
pub(super) async fn pickable(
    walk: &Walk<'_, '_>,
    tenant: TenantId,
) -> Result<Vec<PickableAccount>, Halt> {
    let resource = walk.tenant(tenant).await?;
    let mut accounts = Vec::new();
    for held in walk.live_sessions(tenant).await? {
        let found = Visitor::find(walk.house, &resource, held.session.subject).await;
        let visitor = match found {
            Ok(visitor) => visitor,
            // The account is gone; so is its line.
            Err(Stop::Denied(_)) => continue,
            Err(Stop::Store(cause)) => return Err(cause.into()),
        };
        let organization = &visitor.home_tenant(&resource).configuration.organization;
        accounts.push(PickableAccount {
            session: held.session.id,
            display_name: visitor.display_name().to_owned(),
            account_name: visitor.account_name().to_owned(),
            organization_name: organization.display_name.clone(),
        });
    }
    Ok(accounts)
}

/// Whether a session is that of the account a hint names.
async fn is_named(
    walk: &Walk<'_, '_>,
    tenant: TenantId,
    held: &Held,
    hint: &str,
) -> Result<bool, Halt> {
    let Some(hint) = CanonicalName::parse(hint) else {
        return Ok(false);
    };
    let resource = walk.tenant(tenant).await?;
    match Visitor::find(walk.house, &resource, held.session.subject).await {
        Ok(visitor) => {
            let home = visitor.home.as_ref().map(|home| &home.user);
            let accounts = [visitor.object.as_ref(), home];
            Ok(accounts
                .into_iter()
                .flatten()
                .any(|user| user.names().any(|name| name == hint)))
        }
        Err(Stop::Denied(_)) => Ok(false),
        Err(Stop::Store(cause)) => Err(cause.into()),
    }
}
