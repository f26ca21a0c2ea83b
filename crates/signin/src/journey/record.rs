//! Writes an attempt down: the rows join the other changes of the request and are committed with them.

use std::collections::BTreeSet;

use portcullis_model::Timestamp;
use portcullis_model::conditional_access::ClientAppType;
use portcullis_model::device::DeviceClaims;
use portcullis_model::id::{ClientId, CorrelationId, SessionId};
use portcullis_model::store::Change;
use portcullis_model::user::HomeAccount;
use portcullis_policy::decision::Decision;
use portcullis_policy::facts::Proof;
use portcullis_policy::platform::client_app_type;
use portcullis_protocol::oauth::error_catalogue::ErrorCode;

use super::request::Request;
use super::state::State;
use super::walk::{Halt, Walk};
use crate::house::LoadedTenant;
use crate::log::row::{Attempt, AttemptKind, Who};
use crate::log::step::{FailedStep, Steps};
use crate::visitor::HomeUser;

/// What is known of an attempt when it is written down.
#[derive(Clone)]
pub(super) struct Case<'c> {
    pub(super) resource: &'c LoadedTenant,
    pub(super) client: ClientId,
    pub(super) client_app_type: ClientAppType,
    pub(super) audiences: Option<&'c BTreeSet<ClientId>>,
    pub(super) kind: AttemptKind,
    pub(super) began_at: Timestamp,
    pub(super) correlation_id: Option<CorrelationId>,
    pub(super) who: Who<'c>,
    pub(super) decision: Option<&'c Decision>,
    pub(super) proofs: &'c [Proof],
    pub(super) failed: Option<FailedStep>,
    pub(super) device: Option<&'c DeviceClaims>,
    pub(super) session: Option<SessionId>,
}

impl<'c> Case<'c> {
    /// An attempt that came as far as a good request.
    pub(super) fn of(resource: &'c LoadedTenant, request: &'c Request, who: Who<'c>) -> Self {
        Self {
            client_app_type: client_app_type(request.client_kind()),
            audiences: Some(&request.reach.audiences),
            kind: if request.is_silent() {
                AttemptKind::Silent
            } else {
                AttemptKind::Interactive
            },
            correlation_id: Some(request.correlation_id),
            ..Self::of_client(resource, request.client, request.began_at, who)
        }
    }

    /// An attempt of which only the client is known.
    pub(super) fn of_client(
        resource: &'c LoadedTenant,
        client: ClientId,
        began_at: Timestamp,
        who: Who<'c>,
    ) -> Self {
        Self {
            resource,
            client,
            client_app_type: ClientAppType::Browser,
            audiences: None,
            kind: AttemptKind::Interactive,
            began_at,
            correlation_id: None,
            who,
            decision: None,
            proofs: &[],
            failed: None,
            device: None,
            session: None,
        }
    }
}

impl Walk<'_, '_> {
    /// Adds the rows of an attempt, one per tenant concerned; no failure is success.
    pub(super) fn record(&mut self, case: &Case<'_>, failure: Option<ErrorCode>) {
        let nothing = BTreeSet::new();
        let attempt = Attempt {
            at: self.moment.now,
            correlation_id: case.correlation_id.unwrap_or(self.moment.correlation_id),
            whereabouts: self.moment.whereabouts(),
            user_agent: self.moment.user_agent.as_deref(),
            kind: case.kind,
            resource: case.resource,
            client: Some(case.client),
            client_app_type: case.client_app_type,
            audiences: case.audiences.unwrap_or(&nothing),
            who: case.who,
            decision: case.decision,
            failure,
            steps: Steps {
                proofs: case.proofs,
                began_at: case.began_at,
                failed: case.failed,
            },
            device: case.device,
            session: case.session,
            unique_token_identifier: None,
        };
        for (tenant, row) in attempt.rows(self.moment.entropy) {
            self.ledger.push(tenant, Change::LogSignIn(row));
        }
    }
}

/// Writes down that a person left at some page.
pub(super) async fn note_leaving(
    walk: &mut Walk<'_, '_>,
    state: &State,
    tenant: &LoadedTenant,
    code: ErrorCode,
) -> Result<(), Halt> {
    let account = match state {
        State::Password(state) => state.lodging.user.map(|user_id| HomeAccount {
            tenant_id: state.lodging.tenant,
            user_id,
        }),
        State::SecondFactor(state) => Some(state.traveller.account),
        State::Registration(state) => Some(state.traveller.account),
        State::StaySignedIn(state) => Some(state.traveller.account),
        State::Consent(state) => Some(state.traveller.account),
        State::UserName(_) | State::Account(_) => None,
    };
    let home = match account {
        Some(account) => HomeUser::find(walk.house, account).await?,
        None => None,
    };
    let who = Who::Unproven {
        name: home
            .as_ref()
            .map(|home| home.user.user_principal_name.as_str()),
        home: home.as_ref().map(|home| &*home.tenant),
        account: home.as_ref().map(|home| &home.user),
    };
    walk.record(&Case::of(tenant, state.request(), who), Some(code));
    Ok(())
}
