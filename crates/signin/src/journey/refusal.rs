//! Refusal pages: what happened, what to do next, and the numbers support asks for.

use portcullis_protocol::oauth::authorization_response::ReturnAddress;
use portcullis_protocol::oauth::error::Fault;
use portcullis_protocol::oauth::error_catalogue::{Channel, ErrorCode, Kind};

use super::answer::deliver;
use super::client::Client;
use super::frame::{self, Organizations};
use super::record::Case;
use super::request::Request;
use super::walk::{Halt, Progress, Walk};
use crate::house::LoadedTenant;
use crate::log::row::Who;
use crate::page::{Frame, Refusal, ReturnToClient, Step};
use crate::realm::Realm;
use crate::visitor::Denied;

/// Ends a sign-in: written down in every tenant concerned, then shown, or told to a client that wants no page.
pub(super) async fn refuse(
    walk: &mut Walk<'_, '_>,
    progress: Progress,
    request: &Request,
    case: &Case<'_>,
    denied: Denied,
) -> Result<Step, Halt> {
    walk.record(case, Some(denied.code));
    walk.end(progress);
    walk.commit(request.owner()).await?;
    let fault = Fault::new(denied.code);
    if request.is_silent() {
        let response = walk.tell(request.address.clone(), &fault, Channel::Silent);
        return Ok(deliver(response));
    }
    let account = match case.who {
        Who::Visitor(visitor) => visitor.account_name(),
        Who::AtHomeOnly(home) => home.user.user_principal_name.as_str(),
        Who::Unproven { name, .. } => name.unwrap_or_default(),
        Who::Application(_) => "",
    };
    let organizations = Organizations {
        background: Some(case.resource),
        front: home_of(case),
        asking: None,
    };
    let frame = frame::around(request, organizations, None).for_account(account);
    let mut refusal = page(walk, frame, denied.code);
    refusal.organization_name = denied.organization_name;
    refusal.try_again = Some(request.start_over_path());
    refusal.return_to_client = way_back(walk, request.address.clone(), &fault);
    Ok(Step::Refuse(Box::new(refusal)))
}

/// The same before a tenant is known: there is nobody's log to write to.
pub(super) async fn refuse_anywhere(
    walk: &mut Walk<'_, '_>,
    progress: Progress,
    request: &Request,
    denied: Denied,
) -> Result<Step, Halt> {
    walk.end(progress);
    walk.commit(request.owner()).await?;
    let channel = if request.is_silent() {
        Channel::Silent
    } else {
        Channel::Interactive
    };
    let response = walk.tell(request.address.clone(), &Fault::new(denied.code), channel);
    Ok(deliver(response))
}

fn home_of<'c>(case: &Case<'c>) -> Option<&'c LoadedTenant> {
    match case.who {
        Who::Visitor(visitor) => visitor.home.as_ref().map(|home| &*home.tenant),
        Who::AtHomeOnly(home) => Some(&home.tenant),
        Who::Unproven { home, .. } => home,
        Who::Application(_) => None,
    }
}

/// A refusal before the client's address is known to be good: nothing of the request is on the page.
pub(super) fn shown(
    walk: &mut Walk<'_, '_>,
    realm: &Realm,
    client: Option<&Client>,
    fault: &Fault,
) -> Step {
    let name = client.map_or("", |client| client.name.as_str());
    let frame = frame::bare(walk, tenant_of(realm), name);
    let refusal = page(walk, frame, fault.code);
    Step::Refuse(Box::new(refusal))
}

/// A refusal the client may be told, when nobody is signed in: the person decides whether to return (requirement A07).
pub(super) fn offered(
    walk: &mut Walk<'_, '_>,
    realm: &Realm,
    client: &Client,
    address: ReturnAddress,
    fault: &Fault,
) -> Step {
    let mut frame = frame::bare(walk, tenant_of(realm), &client.name);
    frame.client_redirect_uri = Some(address.redirect_uri.as_str().to_owned());
    let mut refusal = page(walk, frame, fault.code);
    refusal.return_to_client = way_back(walk, address, fault);
    Step::Refuse(Box::new(refusal))
}

/// A request that could not be carried out; nothing of it was applied.
pub(super) fn halted(walk: &mut Walk<'_, '_>, halt: &Halt, try_again: Option<String>) -> Step {
    walk.set.clear();
    let (code, retry_after_seconds) = match halt {
        Halt::Store(cause) => {
            tracing::error!(error = %cause, "a sign-in stopped: the store failed");
            (ErrorCode::MsodsServiceUnavailable, Some(RETRY_SECONDS))
        }
        Halt::Fault(what) => {
            tracing::error!(what, "a sign-in stopped");
            (ErrorCode::InternalFault, None)
        }
        Halt::Taken | Halt::Gone => (ErrorCode::SignInExpired, None),
        Halt::Busy(seconds) => (ErrorCode::TooManyRequests, Some(*seconds)),
        Halt::Refused(code) => (*code, None),
    };
    let frame = frame::bare(walk, None, "");
    let mut refusal = page(walk, frame, code);
    refusal.retry_after_seconds = retry_after_seconds;
    refusal.try_again = try_again;
    Step::Refuse(Box::new(refusal))
}

const RETRY_SECONDS: u32 = 5;

fn page(walk: &Walk<'_, '_>, frame: Frame, code: ErrorCode) -> Refusal {
    Refusal {
        frame,
        error_code: code.number(),
        at: walk.moment.now,
        organization_name: None,
        try_again: None,
        status: status(code),
        return_to_client: None,
        retry_after_seconds: None,
    }
}

fn status(code: ErrorCode) -> u16 {
    match code.kind() {
        Kind::Fixed(error) => error.status(),
        Kind::NeedsSignIn | Kind::NeedsInteraction | Kind::NeedsConsent => 400,
        Kind::Refused => 403,
    }
}

/// The way back to the client: a link, or a form for one that wants forms.
fn way_back(
    walk: &mut Walk<'_, '_>,
    address: ReturnAddress,
    fault: &Fault,
) -> Option<ReturnToClient> {
    match deliver(walk.tell(address, fault, Channel::Interactive)) {
        Step::Redirect(location) => Some(ReturnToClient::Link(location)),
        Step::FormPost { action, fields } => Some(ReturnToClient::Form { action, fields }),
        Step::Show(_) | Step::SeeOther(_) | Step::Refuse(_) => None,
    }
}

fn tenant_of(realm: &Realm) -> Option<&LoadedTenant> {
    match realm {
        Realm::Tenant(tenant) => Some(tenant),
        Realm::Undiscovered => None,
    }
}
