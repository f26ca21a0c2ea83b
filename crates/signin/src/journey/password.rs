//! The first factor, at the home tenant's page: the resource tenant never sees a home password (specification 2.2 step 3).

use portcullis_model::credential::{AuthenticationMethod, PasswordCredential, ThrottleKey};
use portcullis_model::secret::SecretText;
use portcullis_model::session::SessionSubject;
use portcullis_model::store::{Change, CommitError};
use portcullis_model::user::{CanonicalName, HomeAccount, User};
use portcullis_protocol::oauth::error_catalogue::ErrorCode;

use super::arrival::{self, Arrival};
use super::challenge::pause;
use super::record::Case;
use super::refusal::refuse;
use super::request::Request;
use super::session::Held;
use super::state::{FirstFactor, Lodging, Password, State, Traveller};
use super::throttle::{Charged, network};
use super::walk::{Halt, Progress, Walk};
use crate::house::{LoadedTenant, PasswordVerdict, PasswordsBusy};
use crate::log::row::Who;
use crate::log::step::FailedStep;
use crate::page::{Problem, Step};
use crate::visitor::Denied;

/// Longer passwords are not looked at (requirement Q02).
const PASSWORD_BYTES_MAX: usize = 512;

/// Takes a password that was typed.
pub(super) async fn submit(
    walk: &mut Walk<'_, '_>,
    progress: Progress,
    state: Password,
    typed: SecretText,
    device_evidence: Option<&str>,
) -> Result<Step, Halt> {
    let Password {
        request, lodging, ..
    } = state;
    let home = walk.tenant(lodging.tenant).await?;
    let store = walk.house.store.tenant(lodging.tenant);
    let user = match lodging.user {
        Some(id) => store.find_user(id).await?,
        None => None,
    };
    // A guest object has no password here, whatever its row says.
    let user = user.filter(|user| user.home_account.is_none());
    let name = throttle_name(user.as_ref(), &lodging);
    let mut keys: Vec<_> = name
        .clone()
        .map(|key| (key, walk.house.budgets.password_attempts_max))
        .into_iter()
        .collect();
    let address = walk.address_key();
    let address_max = walk.house.budgets.address_attempts_max;
    keys.extend(address.clone().map(|key| (key, address_max)));
    if walk.charge(lodging.tenant, keys).await? == Charged::Locked {
        let failure = (ErrorCode::IdsLocked, Problem::TooManyAttempts);
        return fail(walk, progress, (request, lodging), (&home, user), failure).await;
    }
    let stored = match &user {
        Some(user) => store.find_password(user.id).await?,
        None => None,
    };
    let verdict = match verify(walk, &lodging, stored.as_ref(), typed).await {
        Ok(verdict) => verdict,
        Err(busy) => {
            let paid = name.into_iter().chain(address).collect();
            note_busy(walk, &request, (&lodging, paid), (&home, user.as_ref())).await?;
            return Err(Halt::Busy(busy.retry_after_seconds));
        }
    };
    let (Some(user), true) = (&user, is_right(&verdict)) else {
        let failure = (
            ErrorCode::InvalidUserNameOrPassword,
            Problem::NameOrPasswordWrong,
        );
        return fail(walk, progress, (request, lodging), (&home, user), failure).await;
    };
    forgive(walk, &lodging, name, address);
    if !user.account_enabled {
        return refuse_disabled(walk, progress, &request, (&home, user)).await;
    }
    if let (PasswordVerdict::RightButOutdated(hash), Some(stored)) = (verdict, stored) {
        rehash(walk, &lodging, stored, hash).await?;
    }
    let user = user.id;
    let held = open_session(walk, &lodging, user, device_evidence).await?;
    let mut traveller = Traveller::new(HomeAccount {
        tenant_id: lodging.tenant,
        user_id: user,
    });
    traveller.first_factor = FirstFactor::Given;
    traveller.home_session = Some(held.session.id);
    let mut arrival = Arrival::new(request, traveller);
    arrival.home = Some(held);
    arrival::go_on(walk, progress, arrival).await
}

/// One bucket per account, by whichever of its names it was called (requirement Q07); names nobody has get their own.
fn throttle_name(user: Option<&User>, lodging: &Lodging) -> Option<ThrottleKey> {
    let name = user.map_or(lodging.name.as_str(), |user| &user.user_principal_name);
    CanonicalName::parse(name).map(ThrottleKey::Name)
}

/// Checks the password, or does the same work for nobody (requirement Q19).
async fn verify(
    walk: &Walk<'_, '_>,
    lodging: &Lodging,
    stored: Option<&PasswordCredential>,
    typed: SecretText,
) -> Result<PasswordVerdict, PasswordsBusy> {
    if typed.expose().len() > PASSWORD_BYTES_MAX {
        return Ok(PasswordVerdict::Wrong);
    }
    let hash = stored.map(|stored| stored.hash.clone());
    let is_known = hash.is_some();
    let passwords = &walk.house.passwords;
    match passwords.verify(lodging.tenant, hash, typed).await? {
        verdict if is_known => Ok(verdict),
        PasswordVerdict::Right | PasswordVerdict::RightButOutdated(_) | PasswordVerdict::Wrong => {
            Ok(PasswordVerdict::Wrong)
        }
    }
}

/// There was no room to check the password: nothing was tried, so what was paid is given back. The rows have a budget of
/// their own, or a flood that is turned away here would drown the log.
async fn note_busy(
    walk: &mut Walk<'_, '_>,
    request: &Request,
    (lodging, paid): (&Lodging, Vec<ThrottleKey>),
    (home, account): (&LoadedTenant, Option<&User>),
) -> Result<(), Halt> {
    let refusal = ThrottleKey::Refusal(network(walk.moment.ip_address));
    let rows_max = walk.house.budgets.address_attempts_max;
    let refunds = paid.into_iter().map(Change::RefundThrottle).collect();
    let store = walk.house.store.tenant(lodging.tenant);
    store.commit(refunds).await?;
    if walk
        .charge(lodging.tenant, vec![(refusal, rows_max)])
        .await?
        == Charged::Locked
    {
        return Ok(());
    }
    let resource = walk.tenant(request.owner()).await?;
    let who = Who::Unproven {
        name: Some(&lodging.name),
        home: Some(home),
        account,
    };
    let case = Case::of(&resource, request, who);
    walk.record(&case, Some(ErrorCode::TooManyRequests));
    walk.commit(request.owner()).await
}

/// After the right password the account's wrong ones are forgotten; the address only gets this attempt back, or one known
/// account would buy it as many guesses at others as it likes.
fn forgive(
    walk: &mut Walk<'_, '_>,
    lodging: &Lodging,
    name: Option<ThrottleKey>,
    address: Option<ThrottleKey>,
) {
    let forgotten = name.map(Change::ClearThrottle);
    let refunded = address.map(Change::RefundThrottle);
    for change in forgotten.into_iter().chain(refunded) {
        walk.ledger.push(lodging.tenant, change);
    }
}

fn is_right(verdict: &PasswordVerdict) -> bool {
    match verdict {
        PasswordVerdict::Right | PasswordVerdict::RightButOutdated(_) => true,
        PasswordVerdict::Wrong => false,
    }
}

/// Says the same of a wrong password and of a name nobody has, and writes it down in both tenants.
async fn fail(
    walk: &mut Walk<'_, '_>,
    progress: Progress,
    (request, lodging): (Box<Request>, Lodging),
    (home, user): (&LoadedTenant, Option<User>),
    (code, problem): (ErrorCode, Problem),
) -> Result<Step, Halt> {
    let resource = walk.tenant(request.owner()).await?;
    let who = Who::Unproven {
        name: Some(&lodging.name),
        home: Some(home),
        account: user.as_ref(),
    };
    let mut case = Case::of(&resource, &request, who);
    case.failed = Some(FailedStep {
        tenant: lodging.tenant,
        method: AuthenticationMethod::Password,
        at: walk.moment.now,
    });
    walk.record(&case, Some(code));
    let state = State::Password(Password {
        request,
        lodging,
        problem: Some(problem),
    });
    pause(walk, progress, state).await
}

/// Only the right password is told that the account is switched off (50057).
async fn refuse_disabled(
    walk: &mut Walk<'_, '_>,
    progress: Progress,
    request: &Request,
    (home, user): (&LoadedTenant, &User),
) -> Result<Step, Halt> {
    let resource = walk.tenant(request.owner()).await?;
    let who = Who::Unproven {
        name: Some(&user.user_principal_name),
        home: Some(home),
        account: Some(user),
    };
    let case = Case::of(&resource, request, who);
    let denied = Denied::by(home, ErrorCode::UserDisabled);
    refuse(walk, progress, request, &case, denied).await
}

/// Replaces a hash of old parameters. Somebody else may have been faster; the password is right all the same.
async fn rehash(
    walk: &Walk<'_, '_>,
    lodging: &Lodging,
    stored: PasswordCredential,
    hash: String,
) -> Result<(), Halt> {
    let change = Change::RehashPassword {
        from_hash: stored.hash,
        password: PasswordCredential {
            user: stored.user,
            hash,
            changed_at: stored.changed_at,
        },
    };
    let store = walk.house.store.tenant(lodging.tenant);
    match store.commit(vec![change]).await {
        Ok(()) | Err(CommitError::Lost { .. }) => Ok(()),
        Err(CommitError::Store(cause)) => Err(cause.into()),
    }
}

/// The session of the account in its own tenant, with a new cookie: a cookie from before a proof is worth nothing after it.
async fn open_session(
    walk: &mut Walk<'_, '_>,
    lodging: &Lodging,
    user: portcullis_model::id::UserId,
    device_evidence: Option<&str>,
) -> Result<Held, Halt> {
    let subject = SessionSubject::User(user);
    let (now, lifetimes) = (walk.moment.now, walk.house.lifetimes);
    let mut held = match walk.live_session_of(lodging.tenant, subject).await? {
        Some(held) => held,
        None => Held::open(lodging.tenant, subject, now, lifetimes, walk.moment.entropy),
    };
    held.prove(
        AuthenticationMethod::Password,
        now,
        lifetimes,
        walk.moment.entropy,
    );
    let device = walk.house.devices.device(lodging.tenant, device_evidence);
    held.on_device(device, walk.moment.entropy);
    walk.save(&mut held);
    Ok(held)
}
