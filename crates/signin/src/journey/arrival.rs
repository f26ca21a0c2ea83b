//! At the resource tenant's door: look the person up, gather what both tenants vouch for, decide, and go on (specification 2.2).

use std::sync::Arc;

use portcullis_model::Timestamp;
use portcullis_model::credential::{AuthenticationMethod, Factor};
use portcullis_model::device::DeviceClaims;
use portcullis_model::session::SessionSubject;
use portcullis_policy::decision::{Decision, Outcome};
use portcullis_policy::facts::{Interaction, Proof};
use portcullis_policy::platform::client_app_type;
use portcullis_protocol::oauth::error_catalogue::{Channel, ErrorCode};

use super::answer::deliver;
use super::challenge::{self, pause};
use super::consent;
use super::home::{Evidence, Vouch};
use super::record::Case;
use super::refusal::refuse;
use super::request::Request;
use super::session::Held;
use super::state::{FirstFactor, Lodging, Password, State, Traveller};
use super::walk::{Halt, Progress, Walk};
use crate::facts::{self, Circumstances, proofs_in};
use crate::house::LoadedTenant;
use crate::log::row::Who;
use crate::next_step::{Next, next_step};
use crate::page::Step;
use crate::subject;
use crate::visitor::{Denied, Entrance, HomeUser, Stop, Visitor};

/// Somebody on the way, with the sessions that are in hand already.
pub(super) struct Arrival {
    pub(super) request: Box<Request>,
    pub(super) traveller: Traveller,
    pub(super) home: Option<Held>,
    pub(super) resource: Option<Held>,
}

/// Somebody at the door, looked up and vouched for.
pub(super) struct Present {
    pub(super) request: Box<Request>,
    pub(super) traveller: Traveller,
    pub(super) tenant: Arc<LoadedTenant>,
    pub(super) visitor: Visitor,
    /// The session at home (in the resource tenant itself for its own users).
    pub(super) home: Option<Held>,
    /// The session in the resource tenant of a user of another tenant.
    pub(super) resource: Option<Held>,
    /// Every proof, with its tenant.
    pub(super) proofs: Vec<Proof>,
    pub(super) device: Option<DeviceClaims>,
}

impl Arrival {
    pub(super) fn new(request: Box<Request>, traveller: Traveller) -> Self {
        Self {
            request,
            traveller,
            home: None,
            resource: None,
        }
    }
}

impl Present {
    /// As the log tells it.
    pub(super) fn case<'c>(&'c self, decision: Option<&'c Decision>) -> Case<'c> {
        Case {
            decision,
            proofs: &self.proofs,
            device: self.device.as_ref(),
            session: self.resource_session().map(|held| held.session.id),
            ..Case::of(&self.tenant, &self.request, Who::Visitor(&self.visitor))
        }
    }

    /// The session in the resource tenant, whoever's user it is.
    pub(super) fn resource_session(&self) -> Option<&Held> {
        match self.visitor.home {
            Some(_) => self.resource.as_ref(),
            None => self.home.as_ref(),
        }
    }

    /// When the first factor was last proven, where it is proven; what was proven before sessions were ended does not count.
    pub(super) fn authenticated_at(&self) -> Option<Timestamp> {
        let valid_from = self.visitor.sessions_valid_from();
        self.proofs
            .iter()
            .filter(|proof| match proof.method.factor() {
                Factor::First | Factor::Both => proof.tenant == self.traveller.account.tenant_id,
                Factor::Second => false,
            })
            .filter(|proof| valid_from.is_none_or(|from| proof.at >= from))
            .map(|proof| proof.at)
            .max()
    }

    /// Whether the first factor was proven here and has only become too old (requirement Q15).
    fn first_factor_has_lapsed(&self) -> bool {
        let home = self.home.as_ref();
        home.is_some_and(|held| held.has_lapsed(AuthenticationMethod::Password))
    }
}

/// Decides on what is known now, and takes the next step: a page, a refusal, or the answer.
pub(super) async fn go_on(
    walk: &mut Walk<'_, '_>,
    progress: Progress,
    arrival: Arrival,
) -> Result<Step, Halt> {
    // On the heap: half a dozen callers would otherwise each carry the whole of it.
    Box::pin(decide_and_go_on(walk, progress, arrival)).await
}

async fn decide_and_go_on(
    walk: &mut Walk<'_, '_>,
    progress: Progress,
    arrival: Arrival,
) -> Result<Step, Halt> {
    let present = match look_up(walk, arrival).await? {
        Ok(present) => present,
        Err(unknown) => return unknown.refuse(walk, progress).await,
    };
    if !is_expected(walk, &present) {
        return tell_login_required(walk, progress, &present).await;
    }
    if !is_fresh(walk, &present) {
        let code = if present.first_factor_has_lapsed() {
            ErrorCode::SsoArtifactInvalidOrExpired
        } else {
            ErrorCode::UserInformationNotProvided
        };
        return ask_again(walk, progress, present, code).await;
    }
    let interaction = if present.request.is_silent() {
        Interaction::Silent
    } else {
        Interaction::Interactive
    };
    let sign_in = facts::sign_in(
        &present.tenant,
        &present.visitor,
        Circumstances {
            client: present.request.client,
            client_app_type: client_app_type(present.request.client_kind()),
            audiences: &present.request.reach.audiences,
            whereabouts: walk.moment.whereabouts(),
            user_agent: walk.moment.user_agent.as_deref(),
            device: present.device.clone(),
            proofs: present.proofs.clone(),
            interaction,
            requests_mfa: present.request.requests_mfa,
            authentication_contexts: &present.request.authentication_contexts,
            at: walk.moment.now,
        },
    );
    let decision = match sign_in {
        Ok(sign_in) => {
            facts::decided(walk.house, &present.tenant, &present.visitor, sign_in).await?
        }
        Err(denied) => {
            let request = &present.request;
            return refuse(walk, progress, request, &present.case(None), denied).await;
        }
    };
    Box::pin(follow(walk, progress, present, decision)).await
}

/// Does what a decision says: hands over, refuses, or asks for what is open.
async fn follow(
    walk: &mut Walk<'_, '_>,
    progress: Progress,
    present: Present,
    decision: Decision,
) -> Result<Step, Halt> {
    match &decision.outcome {
        Outcome::Granted => Box::pin(consent::or_issue(walk, progress, present, decision)).await,
        Outcome::Blocked(block) => {
            let code = ErrorCode::find(block.reason.error_code());
            let code = code.unwrap_or(ErrorCode::BlockedByConditionalAccess);
            let denied = Denied::by(&present.tenant, code);
            let case = present.case(Some(&decision));
            refuse(walk, progress, &present.request, &case, denied).await
        }
        Outcome::Open(requirements) => match next_step(requirements) {
            Next::FirstFactor => {
                let code = ErrorCode::BadTokenDueToSignInFrequency;
                ask_again(walk, progress, present, code).await
            }
            Next::SecondFactor(requirement) => {
                challenge::mfa(walk, progress, present, &decision, &requirement).await
            }
            Next::Refuse(code) => {
                let denied = Denied::by(&present.tenant, code);
                let case = present.case(Some(&decision));
                refuse(walk, progress, &present.request, &case, denied).await
            }
        },
    }
}

/// Somebody whose account at home is proven, and whom the resource tenant does not know.
struct Unknown {
    request: Box<Request>,
    tenant: Arc<LoadedTenant>,
    home: Option<HomeUser>,
    proofs: Vec<Proof>,
    denied: Denied,
}

impl Unknown {
    async fn refuse(self, walk: &mut Walk<'_, '_>, progress: Progress) -> Result<Step, Halt> {
        let who = match &self.home {
            Some(home) => Who::AtHomeOnly(home),
            None => Who::Unproven {
                name: None,
                home: None,
                account: None,
            },
        };
        let mut case = Case::of(&self.tenant, &self.request, who);
        case.proofs = &self.proofs;
        refuse(walk, progress, &self.request, &case, self.denied).await
    }
}

async fn look_up(
    walk: &Walk<'_, '_>,
    arrival: Arrival,
) -> Result<Result<Present, Box<Unknown>>, Halt> {
    let Arrival {
        request,
        traveller,
        home,
        resource,
    } = arrival;
    let tenant = walk.tenant(request.owner()).await?;
    let account = traveller.account;
    let home = match (home, traveller.home_session) {
        (Some(held), _) => Some(held),
        (None, Some(id)) => walk.live_session(account.tenant_id, id).await?,
        (None, None) => None,
    };
    let vouch = home
        .as_ref()
        .and_then(|held| Vouch::by(held, account, walk.moment.now));
    let evidence = vouch.map(Vouch::spend).unwrap_or_default();
    let mut proofs = proofs_in(account.tenant_id, &evidence.proofs);
    let visitor = match find_visitor(walk, &tenant, &request, &traveller, &evidence).await? {
        Ok(visitor) => visitor,
        Err((denied, home)) => {
            return Ok(Err(Box::new(Unknown {
                request,
                tenant,
                home,
                proofs,
                denied,
            })));
        }
    };
    let resource = match &visitor.home {
        Some(_) => resource_session(walk, &tenant, &traveller, (&visitor, resource)).await?,
        None => None,
    };
    if visitor.home.is_some() {
        if let Some(held) = &resource {
            proofs.extend(proofs_in(tenant.id(), &held.session.proofs));
        }
        proofs.extend(proofs_in(tenant.id(), &traveller.resource_proofs));
    }
    Ok(Ok(Present {
        request,
        traveller,
        tenant,
        visitor,
        home,
        resource,
        proofs,
        device: evidence.device,
    }))
}

/// The person as the resource tenant knows them. An account of another tenant counts only with that tenant's word, except
/// where a session in the resource tenant already says who it is and the password is to be asked again.
async fn find_visitor(
    walk: &Walk<'_, '_>,
    tenant: &LoadedTenant,
    request: &Request,
    traveller: &Traveller,
    evidence: &Evidence,
) -> Result<Result<Visitor, (Denied, Option<HomeUser>)>, Halt> {
    let account = traveller.account;
    let unknown = || Denied::by(tenant, ErrorCode::UserAccountNotFound);
    let found = if account.tenant_id == tenant.id() {
        let subject = SessionSubject::User(account.user_id);
        Visitor::find(walk.house, tenant, subject).await
    } else {
        if evidence.session.is_none() && traveller.resource_session.is_none() {
            return Ok(Err((unknown(), None)));
        }
        let Some(home) = HomeUser::find(walk.house, account).await? else {
            return Ok(Err((unknown(), None)));
        };
        let entrance = entrance(walk, tenant, request).await?;
        match Visitor::arriving(walk.house, tenant, home.clone(), entrance).await {
            Err(Stop::Denied(denied)) => return Ok(Err((denied, Some(home)))),
            found @ (Ok(_) | Err(Stop::Store(_))) => found,
        }
    };
    match found {
        // A session from before the account became a guest's proves nothing of the account at home.
        Ok(visitor) if visitor.home_tenant(tenant).id() != account.tenant_id => {
            Ok(Err((unknown(), None)))
        }
        Ok(visitor) => Ok(Ok(visitor)),
        Err(Stop::Denied(denied)) => Ok(Err((denied, None))),
        Err(Stop::Store(cause)) => Err(cause.into()),
    }
}

/// Whether the application takes people without an object; its owner's registration says so.
async fn entrance(
    walk: &Walk<'_, '_>,
    tenant: &LoadedTenant,
    request: &Request,
) -> Result<Entrance, Halt> {
    let principal = tenant.service_principal(request.client);
    let owner = principal.and_then(|principal| principal.app_owner_organization_id);
    let application = match owner {
        Some(owner) => walk
            .tenant(owner)
            .await?
            .application(request.client)
            .cloned(),
        None => tenant.application(request.client).cloned(),
    };
    Ok(match application {
        Some(application) if application.supports_direct_connect => Entrance::DirectConnectToo,
        Some(_) | None => Entrance::CollaborationOnly,
    })
}

async fn resource_session(
    walk: &Walk<'_, '_>,
    tenant: &LoadedTenant,
    traveller: &Traveller,
    (visitor, in_hand): (&Visitor, Option<Held>),
) -> Result<Option<Held>, Halt> {
    let found = match (in_hand, traveller.resource_session) {
        (Some(held), _) => Some(held),
        (None, Some(id)) => walk.live_session(tenant.id(), id).await?,
        (None, None) => walk.live_session_of(tenant.id(), visitor.subject).await?,
    };
    Ok(found.filter(|held| held.session.subject == visitor.subject))
}

/// Whether this is the person the client asked for, by `id_token_hint` or the `claims` parameter (requirements A24, A26).
fn is_expected(walk: &Walk<'_, '_>, present: &Present) -> bool {
    let request = &present.request;
    let known = subject::pairwise(
        walk.house,
        present.tenant.id(),
        request.client,
        present.visitor.subject,
    );
    let hinted = request.expected_subject.as_ref();
    hinted.is_none_or(|expected| *expected == known) && request.asked.claims.allows_subject(&known)
}

async fn tell_login_required(
    walk: &mut Walk<'_, '_>,
    progress: Progress,
    present: &Present,
) -> Result<Step, Halt> {
    let code = ErrorCode::UserInformationNotProvided;
    walk.record(&present.case(None), Some(code));
    walk.end(progress);
    walk.commit(present.tenant.id()).await?;
    let address = present.request.address.clone();
    // `login_required` also with a person in front: nobody but the one asked for will do.
    Ok(deliver(walk.tell(address, &code.into(), Channel::Silent)))
}

/// Whether the first factor is as fresh as the client asked for: given in this sign-in, or not asked for anew and young
/// enough (requirements A22, A23). Without a first factor nothing is fresh.
fn is_fresh(walk: &Walk<'_, '_>, present: &Present) -> bool {
    let Some(at) = present.authenticated_at() else {
        return false;
    };
    let asked = &present.request.asked;
    match present.traveller.first_factor {
        FirstFactor::Given => true,
        FirstFactor::Remembered => {
            let age = walk.moment.now.duration_since(at).as_secs();
            let young = |max: u64| i64::try_from(max).map_or(true, |max| age <= max);
            !asked.prompt.pages().login && asked.max_age_seconds.is_none_or(young)
        }
    }
}

/// Asks for the first factor again, where this person gives it.
async fn ask_again(
    walk: &mut Walk<'_, '_>,
    progress: Progress,
    present: Present,
    code: ErrorCode,
) -> Result<Step, Halt> {
    if present.request.is_silent() {
        let denied = Denied::by(&present.tenant, code);
        return refuse(
            walk,
            progress,
            &present.request,
            &present.case(None),
            denied,
        )
        .await;
    }
    if present.first_factor_has_lapsed() {
        walk.record(&present.case(None), Some(code));
    }
    let account = present.traveller.account;
    let lodging = Lodging {
        tenant: account.tenant_id,
        user: Some(account.user_id),
        name: present.visitor.account_name().to_owned(),
    };
    ask_password(walk, progress, present.request, lodging).await
}

/// Asks for the password, at the page of the tenant where the name lives.
pub(super) async fn ask_password(
    walk: &mut Walk<'_, '_>,
    progress: Progress,
    request: Box<Request>,
    lodging: Lodging,
) -> Result<Step, Halt> {
    if request.is_silent() {
        let code = ErrorCode::UserInformationNotProvided;
        return super::account::silent(walk, progress, &request, code).await;
    }
    let state = State::Password(Password {
        request,
        lodging,
        problem: None,
    });
    pause(walk, progress, state).await
}
