//! Codes of authenticators: checked against a budget, spent once, registered after one good code (requirements Q08, Q11).

use portcullis_model::credential::{AuthenticationMethod, ThrottleKey, TotpCredential};
use portcullis_model::id::MethodId;
use portcullis_model::secret::{SealPurpose, SecretText};
use portcullis_model::session::ProvenMethod;
use portcullis_model::store::{Change, CommitError};
use portcullis_protocol::oauth::error_catalogue::ErrorCode;

use super::arrival::{self, Arrival};
use super::challenge::pause;
use super::record::Case;
use super::request::Request;
use super::state::{ProofPlace, Registration, SecondFactor, State, Traveller};
use super::throttle::Charged;
use super::walk::{Halt, Progress, Walk};
use crate::house::LoadedTenant;
use crate::log::row::Who;
use crate::log::step::FailedStep;
use crate::page::{Problem, Step};
use crate::totp;
use crate::visitor::HomeUser;

/// Takes a code of a registered authenticator.
pub(super) async fn submit(
    walk: &mut Walk<'_, '_>,
    progress: Progress,
    mut state: SecondFactor,
    typed: SecretText,
) -> Result<Step, Halt> {
    let problem = match charge(walk, state.place).await? {
        Charged::Locked => Problem::TooManyAttempts,
        Charged::Yes => {
            if spend(walk, state.place, &typed).await? {
                let SecondFactor {
                    request,
                    traveller,
                    place,
                    ..
                } = state;
                return proven(walk, progress, (request, traveller), place).await;
            }
            Problem::CodeWrong
        }
    };
    note_failure(
        walk,
        &state.request,
        &state.traveller,
        state.place,
        &problem,
    )
    .await?;
    state.problem = Some(problem);
    pause(walk, progress, State::SecondFactor(state)).await
}

/// Takes the code that confirms a new authenticator.
pub(super) async fn register(
    walk: &mut Walk<'_, '_>,
    progress: Progress,
    mut state: Registration,
    typed: SecretText,
) -> Result<Step, Halt> {
    let place = state.place;
    let store = walk.house.store.tenant(place.tenant);
    if !store.list_totp(place.user).await?.is_empty() {
        // Registered meanwhile, elsewhere: from now on that one is asked for (specification 5.4).
        let arrival = Arrival::new(state.request, state.traveller);
        return arrival::go_on(walk, progress, arrival).await;
    }
    let sealer = &walk.house.sealer;
    let problem = match charge(walk, place).await? {
        Charged::Locked => Problem::TooManyAttempts,
        Charged::Yes => {
            let seed = sealer
                .open(place.tenant, SealPurpose::PendingTotpSeed, &state.seed)
                .map_err(|_| Halt::Fault("a pending seed cannot be opened"))?;
            match totp::matching_step(&seed, typed.expose(), walk.moment.now) {
                Some(last_step) => {
                    let seed = sealer
                        .seal(place.tenant, SealPurpose::TotpSeed, &seed)
                        .map_err(|_| Halt::Fault("a seed cannot be sealed"))?;
                    let credential = TotpCredential {
                        id: MethodId::random(walk.moment.entropy),
                        user: place.user,
                        seed,
                        // The confirming code is spent with it.
                        last_step,
                        created_at: walk.moment.now,
                    };
                    walk.ledger
                        .push(place.tenant, Change::RegisterTotp(credential));
                    let key = ThrottleKey::SecondFactor(place.user);
                    walk.ledger.push(place.tenant, Change::ClearThrottle(key));
                    let person = (state.request, state.traveller);
                    return proven(walk, progress, person, place).await;
                }
                None => Problem::CodeWrong,
            }
        }
    };
    note_failure(walk, &state.request, &state.traveller, place, &problem).await?;
    state.problem = Some(problem);
    pause(walk, progress, State::Registration(state)).await
}

/// One budget per person and tenant, over all sessions and transactions: a new one resets nothing (requirement Q08).
async fn charge(walk: &Walk<'_, '_>, place: ProofPlace) -> Result<Charged, Halt> {
    let key = ThrottleKey::SecondFactor(place.user);
    let attempts_max = walk.house.budgets.second_factor_attempts_max;
    walk.charge(place.tenant, vec![(key, attempts_max)]).await
}

/// Whether the code is one of the person's authenticators', and its step was not used before.
async fn spend(walk: &Walk<'_, '_>, place: ProofPlace, typed: &SecretText) -> Result<bool, Halt> {
    let store = walk.house.store.tenant(place.tenant);
    for method in store.list_totp(place.user).await? {
        let seed = walk
            .house
            .sealer
            .open(place.tenant, SealPurpose::TotpSeed, &method.seed)
            .map_err(|_| Halt::Fault("a seed cannot be opened"))?;
        let Some(step) = totp::matching_step(&seed, typed.expose(), walk.moment.now) else {
            continue;
        };
        let changes = vec![
            Change::UseTotpStep {
                method: method.id,
                step,
            },
            Change::ClearThrottle(ThrottleKey::SecondFactor(place.user)),
        ];
        match store.commit(changes).await {
            Ok(()) => return Ok(true),
            // Used before: a replay proves nothing.
            Err(CommitError::Lost { .. }) => {}
            Err(CommitError::Store(cause)) => return Err(cause.into()),
        }
    }
    Ok(false)
}

/// Notes the proof where it was given, and decides again.
async fn proven(
    walk: &mut Walk<'_, '_>,
    progress: Progress,
    (request, mut traveller): (Box<Request>, Traveller),
    place: ProofPlace,
) -> Result<Step, Halt> {
    let method = AuthenticationMethod::SoftwareOath;
    let (now, lifetimes) = (walk.moment.now, walk.house.lifetimes);
    let mut home = None;
    if place.tenant == traveller.account.tenant_id {
        if let Some(id) = traveller.home_session
            && let Some(mut held) = walk.live_session(place.tenant, id).await?
        {
            held.prove(method, now, lifetimes, walk.moment.entropy);
            walk.save(&mut held);
            home = Some(held);
        }
    } else {
        traveller
            .resource_proofs
            .push(ProvenMethod { method, at: now });
    }
    let mut arrival = Arrival::new(request, traveller);
    arrival.home = home;
    arrival::go_on(walk, progress, arrival).await
}

async fn note_failure(
    walk: &mut Walk<'_, '_>,
    request: &Request,
    traveller: &Traveller,
    place: ProofPlace,
    problem: &Problem,
) -> Result<(), Halt> {
    let code = match problem {
        Problem::TooManyAttempts => ErrorCode::IdsLocked,
        Problem::CodeWrong
        | Problem::NameOrPasswordWrong
        | Problem::Busy { .. }
        | Problem::FieldMissing
        | Problem::UnknownRealm => ErrorCode::AuthenticationFailedDuringStrongAuthenticationRequest,
    };
    let resource = walk.tenant(request.owner()).await?;
    let home = HomeUser::find(walk.house, traveller.account).await?;
    let home_tenant: Option<&LoadedTenant> = home.as_ref().map(|home| &*home.tenant);
    let who = Who::Unproven {
        name: home
            .as_ref()
            .map(|home| home.user.user_principal_name.as_str()),
        home: home_tenant,
        account: home.as_ref().map(|home| &home.user),
    };
    let mut case = Case::of(&resource, request, who);
    case.failed = Some(FailedStep {
        tenant: place.tenant,
        method: AuthenticationMethod::SoftwareOath,
        at: walk.moment.now,
    });
    walk.record(&case, Some(code));
    Ok(())
}
