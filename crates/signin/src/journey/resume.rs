//! Goes on with a sign-in: shows the page that waits, or takes its form. Each step is taken once, in one browser.

use portcullis_model::artefact::Transaction;
use portcullis_model::id::TenantId;
use portcullis_protocol::oauth::error::Fault;
use portcullis_protocol::oauth::error_catalogue::{Channel, ErrorCode};
use subtle::ConstantTimeEq;

use super::answer::deliver;
use super::state::{PickAccount, State, UserName};
use super::walk::{Halt, Progress, Walk};
use super::{account, challenge, consent, pages, password, refusal, second_factor};
use crate::house::{House, Moment};
use crate::page::{Answer, Cookies, Handle, Step, Submission};
use crate::token::text;

/// Shows the page that waits at this step.
pub async fn show(
    house: &House,
    moment: Moment<'_>,
    cookies: &dyn Cookies,
    handle: Handle,
) -> Answer {
    let mut walk = Walk::new(house, moment, cookies);
    let step = match show_step(&mut walk, handle).await {
        Ok(step) => step,
        Err(halt) => refusal::halted(&mut walk, &halt, None),
    };
    walk.answer(step)
}

async fn show_step(walk: &mut Walk<'_, '_>, handle: Handle) -> Result<Step, Halt> {
    let (transaction, state) = find(walk, handle).await?;
    let current = current(&transaction, handle.owner, &state);
    if current != handle {
        return Ok(Step::SeeOther(current.path()));
    }
    let page = pages::page(walk, handle, &state).await?;
    Ok(Step::Show(Box::new(page)))
}

/// Takes a form. `device_evidence` is what the transport says of the device, never a field of the form.
pub async fn resume(
    house: &House,
    moment: Moment<'_>,
    cookies: &dyn Cookies,
    handle: Handle,
    submission: Submission,
    device_evidence: Option<&str>,
) -> Answer {
    let mut walk = Walk::new(house, moment, cookies);
    let step = match submit(&mut walk, handle, submission, device_evidence).await {
        Ok(step) => step,
        Err(halt) => {
            let again = match &halt {
                // The step was not taken: the same page still waits.
                Halt::Busy(_) | Halt::Store(_) => Some(handle.path()),
                Halt::Taken | Halt::Gone | Halt::Fault(_) | Halt::Refused(_) => None,
            };
            refusal::halted(&mut walk, &halt, again)
        }
    };
    walk.answer(step)
}

async fn submit(
    walk: &mut Walk<'_, '_>,
    handle: Handle,
    submission: Submission,
    device_evidence: Option<&str>,
) -> Result<Step, Halt> {
    let (transaction, state) = find(walk, handle).await?;
    let current = current(&transaction, handle.owner, &state);
    if current.version != handle.version {
        // A form of an earlier step does nothing; whoever sent it is shown where things are (requirement A27).
        return Ok(Step::SeeOther(current.path()));
    }
    if current.page != handle.page {
        // A proof typed at another tenant's address is not looked at.
        return Err(Halt::Gone);
    }
    let progress = Progress::Under(transaction, handle.owner);
    match (state, submission) {
        (State::UserName(state), Submission::UserName { name }) => {
            account::with_name(walk, progress, state.request, name).await
        }
        (State::Account(state), Submission::Account { session }) => match session {
            Some(id) => picked(walk, progress, state, id).await,
            None => ask_anew(walk, progress, State::Account(state)).await,
        },
        (State::Password(state), Submission::Password { password }) => {
            password::submit(walk, progress, state, password, device_evidence).await
        }
        (State::SecondFactor(state), Submission::Code { code }) => {
            second_factor::submit(walk, progress, state, code).await
        }
        (State::Registration(state), Submission::Code { code }) => {
            second_factor::register(walk, progress, state, code).await
        }
        (State::StaySignedIn(state), Submission::StaySignedIn { choice }) => {
            consent::stay(walk, progress, state, choice).await
        }
        (State::Consent(state), Submission::Consent { choice }) => {
            consent::choose(walk, progress, state, choice).await
        }
        (state, Submission::StartOver) => ask_anew(walk, progress, state).await,
        (state, Submission::Cancel) => cancel(walk, progress, &state).await,
        // A form of another page: nothing is taken, the page that waits is shown.
        (
            State::UserName(_)
            | State::Account(_)
            | State::Password(_)
            | State::SecondFactor(_)
            | State::Registration(_)
            | State::StaySignedIn(_)
            | State::Consent(_),
            Submission::UserName { .. }
            | Submission::Account { .. }
            | Submission::Password { .. }
            | Submission::Code { .. }
            | Submission::StaySignedIn { .. }
            | Submission::Consent { .. },
        ) => Ok(Step::SeeOther(current.path())),
    }
}

/// The transaction, if it is this browser's and not over (requirements S04, S05).
async fn find(walk: &mut Walk<'_, '_>, handle: Handle) -> Result<(Transaction, State), Halt> {
    let store = walk.house.store.tenant(handle.owner);
    let found = store.find_transaction(handle.transaction).await?;
    let cookie = walk.cookies.flow().ok_or(Halt::Gone)?;
    let browser = text::hash(cookie.expose());
    let is_here = |transaction: &Transaction| {
        bool::from(transaction.browser_hash.0.ct_eq(&browser.0))
            && transaction.expires_at > walk.moment.now
    };
    let transaction = found.filter(is_here).ok_or(Halt::Gone)?;
    let state: State = serde_json::from_str(&transaction.state)
        .map_err(|_| Halt::Fault("the state of a sign-in cannot be read"))?;
    walk.moment.correlation_id = state.request().correlation_id;
    Ok((transaction, state))
}

fn current(transaction: &Transaction, owner: TenantId, state: &State) -> Handle {
    Handle {
        page: state.page_tenant(),
        owner,
        transaction: transaction.id,
        version: transaction.version,
    }
}

/// Goes on with a session that was picked: one of this browser's own, whatever the form says.
async fn picked(
    walk: &mut Walk<'_, '_>,
    progress: Progress,
    state: PickAccount,
    id: portcullis_model::id::SessionId,
) -> Result<Step, Halt> {
    let sessions = walk.live_sessions(state.request.owner()).await?;
    match sessions.into_iter().find(|held| held.session.id == id) {
        Some(held) => account::go_on_with(walk, progress, state.request, held).await,
        None => account::ask_name(walk, progress, state.request, None, None).await,
    }
}

/// "Use another account": the same request, and the question who it is.
async fn ask_anew(walk: &mut Walk<'_, '_>, progress: Progress, state: State) -> Result<Step, Halt> {
    let mut request = state.into_request();
    request.asked.login_hint = None;
    let state = State::UserName(UserName {
        request,
        hinted: None,
        problem: None,
    });
    challenge::pause(walk, progress, state).await
}

/// "Cancel": the client is told `access_denied`. No published number is that of leaving a sign-in; 65004 is of declining
/// what the application asks for (decision 21).
async fn cancel(walk: &mut Walk<'_, '_>, progress: Progress, state: &State) -> Result<Step, Halt> {
    let code = match state {
        State::Consent(_) => ErrorCode::UserDeclinedConsent,
        State::UserName(_)
        | State::Account(_)
        | State::Password(_)
        | State::SecondFactor(_)
        | State::Registration(_)
        | State::StaySignedIn(_) => ErrorCode::SignInCancelled,
    };
    let request = state.request();
    if let Some(tenant) = request.tenant {
        let tenant = walk.tenant(tenant).await?;
        return consent::leave(walk, progress, state, &tenant, code).await;
    }
    walk.end(progress);
    walk.commit(request.owner()).await?;
    let fault = Fault::new(code);
    let address = request.address.clone();
    Ok(deliver(walk.tell(address, &fault, Channel::Interactive)))
}
