//! After the decision: whether to stay signed in, and what the person lets the application do (specification 2.2 step 11).

use std::collections::BTreeSet;

use portcullis_model::store::{Change, StoreError};
use portcullis_policy::decision::Decision;
use portcullis_protocol::oauth::error_catalogue::{Channel, ErrorCode};
use portcullis_protocol::oauth::scope::RequestedScope;

use super::answer::deliver;
use super::arrival::{self, Arrival, Present};
use super::challenge::pause;
use super::issue;
use super::refusal::refuse;
use super::state::{Consent, FirstFactor, State, StaySignedIn};
use super::walk::{Halt, Progress, Walk};
use crate::house::LoadedTenant;
use crate::page::{ConsentChoice, ConsentScope, StayChoice, Step};
use crate::realm::Registration;
use crate::resource::Resource;
use crate::visitor::Denied;

/// Asks what is still to be asked of a person who may come in; then issues.
pub(super) async fn or_issue(
    walk: &mut Walk<'_, '_>,
    progress: Progress,
    present: Present,
    decision: Decision,
) -> Result<Step, Halt> {
    if asks_to_stay(&present, &decision) {
        let Present {
            request, traveller, ..
        } = present;
        let state = State::StaySignedIn(StaySignedIn { request, traveller });
        return pause(walk, progress, state).await;
    }
    let missing = missing_scopes(walk, &present).await?;
    if missing.is_empty() {
        return issue::issue(walk, progress, present, decision).await;
    }
    let code = ErrorCode::DelegationDoesNotExist;
    let case = present.case(Some(&decision));
    if present.request.is_silent() {
        let denied = Denied::by(&present.tenant, code);
        return refuse(walk, progress, &present.request, &case, denied).await;
    }
    walk.record(&case, Some(code));
    let scopes = describe(walk, &present, missing).await?;
    let Present {
        request, traveller, ..
    } = present;
    let state = State::Consent(Consent {
        request,
        traveller,
        scopes,
    });
    pause(walk, progress, state).await
}

/// The question is put once, after a first factor was given, unless a policy has answered it (specification 5.9).
fn asks_to_stay(present: &Present, decision: &Decision) -> bool {
    let is_given = match present.traveller.first_factor {
        FirstFactor::Given => true,
        FirstFactor::Remembered => false,
    };
    let persists = |held: &super::session::Held| held.session.is_persistent;
    is_given
        && !present.request.is_silent()
        && present.traveller.stay.is_none()
        && decision.session_controls().persistent_browser.is_none()
        && !present.home.as_ref().is_some_and(persists)
}

/// Scopes nobody has agreed to: no administrator for everyone, not this person for this client.
async fn missing_scopes(
    walk: &Walk<'_, '_>,
    present: &Present,
) -> Result<BTreeSet<String>, StoreError> {
    let request = &present.request;
    let asks_anew = request.asked.prompt.pages().consent && present.traveller.consented.is_empty();
    let mut missing: BTreeSet<String> = request.asked.scopes.iter().map(str::to_owned).collect();
    if asks_anew {
        return Ok(missing);
    }
    missing.retain(|scope| !present.traveller.consented.contains(scope));
    if let Some(principal) = present.tenant.service_principal(request.client) {
        let by_administrator = &principal.admin_consented_scopes;
        missing.retain(|scope| !is_consented(by_administrator, scope));
    }
    if !missing.is_empty()
        && let Some(object) = &present.visitor.object
    {
        let store = walk.house.store.tenant(present.tenant.id());
        let consented = store.consented_scopes(object.id, request.client).await?;
        missing.retain(|scope| !consented.contains(scope));
    }
    Ok(missing)
}

/// An administrator's consent to any permission of a resource covers its `.default`, which asks for no more than that.
pub(crate) fn is_consented(consented: &[String], scope: &str) -> bool {
    match RequestedScope::of(scope) {
        RequestedScope::Default { resource } => consented.iter().any(|word| {
            word == scope
                || match RequestedScope::of(word) {
                    RequestedScope::Permission {
                        resource: other, ..
                    } => other == resource,
                    RequestedScope::OpenId
                    | RequestedScope::Profile
                    | RequestedScope::Email
                    | RequestedScope::OfflineAccess
                    | RequestedScope::Default { .. }
                    | RequestedScope::Directory { .. } => false,
                }
        }),
        RequestedScope::OpenId
        | RequestedScope::Profile
        | RequestedScope::Email
        | RequestedScope::OfflineAccess
        | RequestedScope::Permission { .. }
        | RequestedScope::Directory { .. } => consented.iter().any(|word| word == scope),
    }
}

async fn describe(
    walk: &Walk<'_, '_>,
    present: &Present,
    scopes: BTreeSet<String>,
) -> Result<Vec<ConsentScope>, Halt> {
    let mut lines = Vec::new();
    let mut scopes = Vec::from_iter(scopes);
    scopes.sort_by_key(|scope| place_in_list(scope));
    for scope in scopes {
        let meaning = match RequestedScope::of(&scope) {
            RequestedScope::OpenId => "Sign you in".to_owned(),
            RequestedScope::Profile => "See your name".to_owned(),
            RequestedScope::Email => "See your mail address".to_owned(),
            RequestedScope::OfflineAccess => "Keep the access you gave it".to_owned(),
            RequestedScope::Default { .. } => "Do what was agreed to before".to_owned(),
            RequestedScope::Directory { name } => name.to_owned(),
            RequestedScope::Permission { resource, name } => {
                let words = permission_words(walk, present, resource, name).await?;
                words.unwrap_or_else(|| name.to_owned())
            }
        };
        lines.push(ConsentScope { scope, meaning });
    }
    Ok(lines)
}

/// From who somebody is to what may be done in their name, and for how long last.
fn place_in_list(scope: &str) -> u8 {
    match RequestedScope::of(scope) {
        RequestedScope::OpenId => 0,
        RequestedScope::Profile => 1,
        RequestedScope::Email => 2,
        RequestedScope::Permission { .. }
        | RequestedScope::Default { .. }
        | RequestedScope::Directory { .. } => 3,
        RequestedScope::OfflineAccess => 4,
    }
}

/// What the resource itself says a permission means.
async fn permission_words(
    walk: &Walk<'_, '_>,
    present: &Present,
    resource: &str,
    name: &str,
) -> Result<Option<String>, StoreError> {
    let Some(found) = Resource::find(walk.house, &present.tenant, resource).await? else {
        return Ok(None);
    };
    let registration = Registration::find(walk.house, &present.tenant, found.client).await?;
    let application = registration.as_ref().and_then(Registration::application);
    Ok(application.and_then(|application| {
        let mut scopes = application.api.oauth2_permission_scopes.iter();
        scopes
            .find(|scope| scope.value == name)
            .and_then(|scope| scope.user_consent_display_name.clone())
    }))
}

/// The person's choice. Consent is to what was on the page of this very transaction (requirement A27).
pub(super) async fn choose(
    walk: &mut Walk<'_, '_>,
    progress: Progress,
    mut state: Consent,
    choice: ConsentChoice,
) -> Result<Step, Halt> {
    let tenant = walk.tenant(state.request.owner()).await?;
    match choice {
        ConsentChoice::Accept => {
            let scopes: Vec<String> = state.scopes.into_iter().map(|line| line.scope).collect();
            state.traveller.consented = scopes;
            let arrival = Arrival::new(state.request, state.traveller);
            arrival::go_on(walk, progress, arrival).await
        }
        ConsentChoice::Decline => {
            let code = ErrorCode::UserDeclinedConsent;
            leave(walk, progress, &State::Consent(state), &tenant, code).await
        }
    }
}

/// Remembers, with the code, what the person agreed to in this sign-in.
pub(super) fn remember(walk: &mut Walk<'_, '_>, present: &Present) {
    let Some(object) = &present.visitor.object else {
        // A direct connect user has no object to remember it with; they are asked again.
        return;
    };
    if present.traveller.consented.is_empty() {
        return;
    }
    walk.ledger.push(
        present.tenant.id(),
        Change::GrantConsent {
            user: object.id,
            client: present.request.client,
            scopes: present.traveller.consented.clone(),
            at: walk.moment.now,
        },
    );
}

/// The answer to "stay signed in?".
pub(super) async fn stay(
    walk: &mut Walk<'_, '_>,
    progress: Progress,
    mut state: StaySignedIn,
    choice: StayChoice,
) -> Result<Step, Halt> {
    state.traveller.stay = Some(choice);
    let arrival = Arrival::new(state.request, state.traveller);
    arrival::go_on(walk, progress, arrival).await
}

/// The person leaves: the client is told, the log too.
pub(super) async fn leave(
    walk: &mut Walk<'_, '_>,
    progress: Progress,
    state: &State,
    tenant: &LoadedTenant,
    code: ErrorCode,
) -> Result<Step, Halt> {
    let request = state.request();
    super::record::note_leaving(walk, state, tenant, code).await?;
    walk.end(progress);
    walk.commit(request.owner()).await?;
    let response = walk.tell(request.address.clone(), &code.into(), Channel::Interactive);
    Ok(deliver(response))
}
