//! Who called, as far as it was understood: what refuses a request early is written down as well, as often as a budget allows.

use std::sync::Arc;

use portcullis_model::application::ServicePrincipal;
use portcullis_model::credential::ThrottleKey;
use portcullis_model::id::ClientId;
use portcullis_model::store::{Change, CommitError};
use portcullis_protocol::oauth::error::Fault;

use crate::house::{House, LoadedTenant, Moment};
use crate::journey::throttle::network;
use crate::token::error::TokenError;
use crate::token::record;

/// What is known of a request before it is granted or refused.
#[derive(Default)]
pub struct Caller {
    /// The tenant it is addressed to; without one there is nobody's log to write to.
    pub tenant: Option<Arc<LoadedTenant>>,
    /// The client it names, proven or not.
    pub client: Option<String>,
}

/// In whose name a row is written.
enum Author<'a> {
    /// An application this tenant knows.
    Client(&'a ServicePrincipal),
    /// None was named.
    Nobody,
}

impl Caller {
    /// Writes a refusal down that has no row yet. A client that is named and unknown leaves none, or strangers would fill
    /// the log with names of their own.
    pub async fn log_refusal(
        &self,
        house: &House,
        moment: &mut Moment<'_>,
        fault: Fault,
    ) -> TokenError {
        let Some((tenant, author)) = self.author() else {
            return TokenError::Refused(fault);
        };
        let budgets = house.budgets;
        let (key, attempts_max, rows) = match author {
            Author::Client(principal) => (
                ThrottleKey::Client(principal.app_id),
                budgets.client_attempts_max,
                record::client_refused(moment, tenant, principal, fault.code),
            ),
            Author::Nobody => (
                ThrottleKey::Refusal(network(moment.ip_address)),
                budgets.address_attempts_max,
                record::nobody_refused(moment, tenant, fault.code),
            ),
        };
        let budget = Change::ChargeThrottle {
            key,
            attempts_max,
            window_seconds: budgets.window_seconds,
            now: moment.now,
        };
        let changes = std::iter::once(budget).chain(rows).collect();
        match house.store.tenant(tenant.id()).commit(changes).await {
            // What is wrong with a request is told however often; only the rows are bounded.
            Ok(()) | Err(CommitError::Lost { .. }) => TokenError::Logged(fault),
            Err(CommitError::Store(error)) => error.into(),
        }
    }

    fn author(&self) -> Option<(&LoadedTenant, Author<'_>)> {
        let tenant = self.tenant.as_deref()?;
        let Some(named) = &self.client else {
            return Some((tenant, Author::Nobody));
        };
        let client: ClientId = named.parse().ok()?;
        let principal = tenant.service_principal(client)?;
        Some((tenant, Author::Client(principal)))
    }
}
