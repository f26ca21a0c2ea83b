//! Rows of the token endpoint: who asked with what, and what came of it.

use std::collections::BTreeSet;

use portcullis_model::application::ServicePrincipal;
use portcullis_model::conditional_access::ClientAppType;
use portcullis_model::id::{ClientId, TenantId};
use portcullis_model::store::Change;
use portcullis_policy::decision::Decision;
use portcullis_protocol::oauth::error_catalogue::ErrorCode;

use crate::house::{LoadedTenant, Moment};
use crate::log::row::{Attempt, AttemptKind, Who};
use crate::log::step::Steps;

/// The rows of one attempt, each for its tenant.
pub struct Rows {
    /// For the user's own tenant, if it is another one.
    pub home: Option<(TenantId, Change)>,
    /// For the tenant of the application.
    pub resource: Vec<Change>,
}

impl Rows {
    /// Writes an attempt down.
    pub fn of(attempt: &Attempt<'_>, moment: &mut Moment<'_>) -> Self {
        let here = attempt.resource.id();
        let mut rows = Self {
            home: None,
            resource: Vec::new(),
        };
        for (tenant, row) in attempt.rows(moment.entropy) {
            if tenant == here {
                rows.resource.push(Change::LogSignIn(row));
            } else {
                rows.home = Some((tenant, Change::LogSignIn(row)));
            }
        }
        rows
    }
}

/// What an application did on its own behalf.
pub struct ApplicationAttempt<'a> {
    /// In which tenant.
    pub tenant: &'a LoadedTenant,
    /// Which application.
    pub principal: &'a ServicePrincipal,
    /// What it wanted to reach.
    pub audiences: &'a BTreeSet<ClientId>,
    /// The decision, if it came to one.
    pub decision: Option<&'a Decision>,
    /// Why it failed, if it did.
    pub failure: Option<ErrorCode>,
    /// The `uti` of its token.
    pub unique_token_identifier: Option<String>,
}

impl ApplicationAttempt<'_> {
    /// Writes it down.
    pub fn rows(self, moment: &mut Moment<'_>) -> Vec<Change> {
        let user_agent = moment.user_agent.clone();
        let attempt = Attempt {
            at: moment.now,
            correlation_id: moment.correlation_id,
            whereabouts: moment.whereabouts(),
            user_agent: user_agent.as_deref(),
            kind: AttemptKind::ClientCredentials,
            resource: self.tenant,
            client: Some(self.principal.app_id),
            client_app_type: APPLICATION_CLIENT_TYPE,
            audiences: self.audiences,
            who: Who::Application(self.principal),
            decision: self.decision,
            failure: self.failure,
            steps: Steps::none(moment.now),
            device: None,
            session: None,
            unique_token_identifier: self.unique_token_identifier,
        };
        Rows::of(&attempt, moment).resource
    }
}

/// What an application on its own behalf counts as; conditions on people's client applications never match it.
pub const APPLICATION_CLIENT_TYPE: ClientAppType = ClientAppType::MobileAppsAndDesktopClients;

/// The row of a client that failed before it was known what it wanted.
pub fn client_refused(
    moment: &mut Moment<'_>,
    tenant: &LoadedTenant,
    principal: &ServicePrincipal,
    code: ErrorCode,
) -> Vec<Change> {
    ApplicationAttempt {
        tenant,
        principal,
        audiences: &BTreeSet::new(),
        decision: None,
        failure: Some(code),
        unique_token_identifier: None,
    }
    .rows(moment)
}

/// The row of a request that names no client.
pub fn nobody_refused(
    moment: &mut Moment<'_>,
    tenant: &LoadedTenant,
    code: ErrorCode,
) -> Vec<Change> {
    let user_agent = moment.user_agent.clone();
    let attempt = Attempt {
        at: moment.now,
        correlation_id: moment.correlation_id,
        whereabouts: moment.whereabouts(),
        user_agent: user_agent.as_deref(),
        kind: AttemptKind::ClientCredentials,
        resource: tenant,
        client: None,
        client_app_type: APPLICATION_CLIENT_TYPE,
        audiences: &BTreeSet::new(),
        who: Who::Unproven {
            name: None,
            home: None,
            account: None,
        },
        decision: None,
        failure: Some(code),
        steps: Steps::none(moment.now),
        device: None,
        session: None,
        unique_token_identifier: None,
    };
    Rows::of(&attempt, moment).resource
}
