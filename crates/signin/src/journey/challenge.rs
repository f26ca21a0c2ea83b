//! Asks for what a decision found missing: in the home tenant where its word is trusted, else in the resource tenant
//! (seed article, steps 5 and 6).

use portcullis_model::credential::AuthenticationMethod;
use portcullis_model::id::UserId;
use portcullis_model::secret::SealPurpose;
use portcullis_policy::decision::{Decision, Place, Requirement};
use portcullis_protocol::oauth::error_catalogue::ErrorCode;

use super::arrival::Present;
use super::pages;
use super::refusal::refuse;
use super::state::{ProofPlace, Registration, SecondFactor, State};
use super::walk::{Halt, Progress, Walk};
use crate::page::{Step, WhyMfa};
use crate::totp;
use crate::visitor::Denied;

/// Lets a page wait: shown at once when a request began with it at its own tenant's address, else by a redirect, so that a
/// form is never answered by a page (requirement A18).
pub(super) async fn pause(
    walk: &mut Walk<'_, '_>,
    progress: Progress,
    state: State,
) -> Result<Step, Halt> {
    let is_first = match progress {
        Progress::New => true,
        Progress::Under(..) => false,
    };
    let handle = walk.wait(progress, &state).await?;
    if is_first && handle.page == handle.owner {
        let page = pages::page(walk, handle, &state).await?;
        Ok(Step::Show(Box::new(page)))
    } else {
        Ok(Step::SeeOther(handle.path()))
    }
}

/// Asks for a second factor, or for its registration, in the tenant the decision names.
pub(super) async fn mfa(
    walk: &mut Walk<'_, '_>,
    progress: Progress,
    present: Present,
    decision: &Decision,
    requirement: &Requirement,
) -> Result<Step, Halt> {
    let place = place(&present, requirement)?;
    let methods = walk
        .house
        .store
        .tenant(place.tenant)
        .list_totp(place.user)
        .await?;
    let case = present.case(Some(decision));
    if present.request.is_silent() {
        let code = if methods.is_empty() {
            ErrorCode::UserStrongAuthEnrollmentRequired
        } else if has_lapsed(&present, place) {
            ErrorCode::UserStrongAuthExpired
        } else {
            ErrorCode::UserStrongAuthClientAuthNRequired
        };
        let denied = Denied::by(&present.tenant, code);
        return refuse(walk, progress, &present.request, &case, denied).await;
    }
    let why = why(&present, place, requirement);
    let code = if methods.is_empty() {
        ErrorCode::UserStrongAuthEnrollmentRequiredInterrupt
    } else if has_lapsed(&present, place) {
        ErrorCode::UserStrongAuthExpired
    } else {
        ErrorCode::UserStrongAuthClientAuthNRequiredInterrupt
    };
    // If the person never comes back, this is what the log has of it.
    walk.record(&case, Some(code));
    let Present {
        request, traveller, ..
    } = present;
    let state = if methods.is_empty() {
        let seed = totp::fresh_seed(walk.moment.entropy);
        let sealer = &walk.house.sealer;
        let seed = sealer
            .seal(place.tenant, SealPurpose::PendingTotpSeed, &seed)
            .map_err(|_| Halt::Fault("a seed cannot be sealed"))?;
        State::Registration(Registration {
            request,
            traveller,
            place,
            why,
            seed,
            problem: None,
        })
    } else {
        State::SecondFactor(SecondFactor {
            request,
            traveller,
            place,
            why,
            problem: None,
        })
    };
    pause(walk, progress, state).await
}

/// Whose authenticator counts there: the account's own at home, the guest object's in the resource tenant.
fn place(present: &Present, requirement: &Requirement) -> Result<ProofPlace, Halt> {
    let account = present.traveller.account;
    let (Place::HomeTenant(tenant) | Place::ResourceTenant(tenant)) = requirement.place;
    let user: Option<UserId> = if tenant == account.tenant_id {
        Some(account.user_id)
    } else if tenant == present.tenant.id() {
        present.visitor.object.as_ref().map(|user| user.id)
    } else {
        None
    };
    user.map(|user| ProofPlace { tenant, user })
        .ok_or(Halt::Fault(
            "a second factor is asked for where nobody can give it",
        ))
}

/// Whether a second factor was proven there and has only become too old (requirement Q15).
fn has_lapsed(present: &Present, place: ProofPlace) -> bool {
    [&present.home, &present.resource]
        .into_iter()
        .flatten()
        .any(|held| {
            held.tenant == place.tenant && held.has_lapsed(AuthenticationMethod::SoftwareOath)
        })
}

fn why(present: &Present, place: ProofPlace, requirement: &Requirement) -> WhyMfa {
    if requirement.policies.is_empty() {
        return WhyMfa::DemandedByApplication;
    }
    if place.tenant == present.tenant.id() {
        return WhyMfa::DemandedHere;
    }
    let organization = &present.tenant.configuration.organization;
    WhyMfa::DemandedByPartner {
        organization: organization.display_name.clone(),
    }
}
