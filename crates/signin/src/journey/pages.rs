//! The page of each state, as a value.

use portcullis_model::secret::SealPurpose;

use super::account;
use super::frame::{self, Organizations};
use super::request::Request;
use super::state::{Consent, ProofPlace, Registration, State, StaySignedIn, Traveller};
use super::walk::{Halt, Walk};
use crate::house::LoadedTenant;
use crate::page::{Frame, Handle, Page};
use crate::realm::Registration as ClientRegistration;
use crate::totp;
use crate::visitor::HomeUser;

/// The page that waits in this state.
pub(super) async fn page(walk: &Walk<'_, '_>, handle: Handle, state: &State) -> Result<Page, Halt> {
    let request = state.request();
    let resource = match request.tenant {
        Some(tenant) => Some(walk.tenant(tenant).await?),
        None => None,
    };
    let resource = resource.as_deref();
    Ok(match state {
        State::UserName(state) => {
            let front = match state.hinted {
                Some(hinted) => Some(walk.tenant(hinted).await?),
                None => None,
            };
            let organizations = Organizations {
                background: resource,
                front: front.as_deref(),
                asking: resource,
            };
            Page::UserName {
                frame: frame::around(request, organizations, Some(handle))
                    .with_problem(state.problem.clone()),
                login_hint: request.asked.login_hint.clone(),
            }
        }
        State::Account(_) => Page::AccountPicker {
            frame: frame::around(request, of_resource(resource), Some(handle)),
            accounts: account::pickable(walk, request.owner()).await?,
        },
        State::Password(state) => {
            let home = walk.tenant(state.lodging.tenant).await?;
            let organizations = Organizations {
                background: resource,
                front: Some(&home),
                asking: Some(&home),
            };
            Page::Password {
                frame: frame::around(request, organizations, Some(handle))
                    .for_account(&state.lodging.name)
                    .with_problem(state.problem.clone()),
            }
        }
        State::SecondFactor(state) => Page::MfaChallenge {
            frame: proof_frame(
                walk,
                (request, resource),
                handle,
                (&state.traveller, state.place),
            )
            .await?
            .with_problem(state.problem.clone()),
            why: state.why.clone(),
        },
        State::Registration(state) => {
            registration(walk, (request, resource), handle, state).await?
        }
        State::StaySignedIn(StaySignedIn { traveller, .. }) => Page::StaySignedIn {
            frame: person_frame(walk, (request, resource), handle, traveller).await?,
        },
        State::Consent(state) => consent(walk, (request, resource), handle, state).await?,
    })
}

fn of_resource(resource: Option<&LoadedTenant>) -> Organizations<'_> {
    Organizations {
        background: resource,
        front: None,
        asking: resource,
    }
}

/// The home tenant in front, the resource tenant behind, and whichever asks for the proof named in words.
async fn proof_frame(
    walk: &Walk<'_, '_>,
    (request, resource): (&Request, Option<&LoadedTenant>),
    handle: Handle,
    (traveller, place): (&Traveller, ProofPlace),
) -> Result<Frame, Halt> {
    let home = walk.tenant(traveller.account.tenant_id).await?;
    let asking = walk.tenant(place.tenant).await?;
    let organizations = Organizations {
        background: resource,
        front: Some(&home),
        asking: Some(&asking),
    };
    let name = account_name(walk, traveller).await?;
    Ok(frame::around(request, organizations, Some(handle)).for_account(&name))
}

/// The resource tenant asks, of somebody who is known.
async fn person_frame(
    walk: &Walk<'_, '_>,
    (request, resource): (&Request, Option<&LoadedTenant>),
    handle: Handle,
    traveller: &Traveller,
) -> Result<Frame, Halt> {
    let home = walk.tenant(traveller.account.tenant_id).await?;
    let organizations = Organizations {
        background: resource,
        front: Some(&home),
        asking: resource,
    };
    let name = account_name(walk, traveller).await?;
    Ok(frame::around(request, organizations, Some(handle)).for_account(&name))
}

async fn account_name(walk: &Walk<'_, '_>, traveller: &Traveller) -> Result<String, Halt> {
    let home = HomeUser::find(walk.house, traveller.account).await?;
    Ok(home.map_or_else(String::new, |home| home.user.user_principal_name))
}

async fn registration(
    walk: &Walk<'_, '_>,
    (request, resource): (&Request, Option<&LoadedTenant>),
    handle: Handle,
    state: &Registration,
) -> Result<Page, Halt> {
    let person = (&state.traveller, state.place);
    let frame = proof_frame(walk, (request, resource), handle, person).await?;
    let seed = walk
        .house
        .sealer
        .open(
            state.place.tenant,
            SealPurpose::PendingTotpSeed,
            &state.seed,
        )
        .map_err(|_| Halt::Fault("a pending seed cannot be opened"))?;
    let organization = frame
        .asking
        .as_ref()
        .map_or("", |asking| &asking.display_name);
    let account = frame.account_name.as_deref().unwrap_or_default();
    let enrolment = totp::enrolment(&seed, organization, account).ok_or(Halt::Fault(
        "an authenticator's address does not fit into a QR code",
    ))?;
    Ok(Page::MfaRegistration {
        frame: frame.with_problem(state.problem.clone()),
        why: state.why.clone(),
        qr_svg: enrolment.qr_svg,
        secret_base32: enrolment.secret_base32,
    })
}

/// Consent is given to the resource tenant's application: its page, its name (specification 9).
async fn consent(
    walk: &Walk<'_, '_>,
    (request, resource): (&Request, Option<&LoadedTenant>),
    handle: Handle,
    state: &Consent,
) -> Result<Page, Halt> {
    let publisher = match request.tenant {
        Some(tenant) => {
            let tenant = walk.tenant(tenant).await?;
            let found = ClientRegistration::find(walk.house, &tenant, request.client).await?;
            found.map(|found| found.owner.configuration.organization.display_name.clone())
        }
        None => None,
    };
    let mut frame = person_frame(walk, (request, resource), handle, &state.traveller).await?;
    frame.front.clone_from(&frame.background);
    Ok(Page::Consent {
        frame,
        scopes: state.scopes.clone(),
        publisher,
    })
}
