//! Budgets of attempts: charged before an attempt is tried, so that parallel guesses cannot exceed them (Q06, Q08).

use std::net::IpAddr;

use portcullis_model::credential::ThrottleKey;
use portcullis_model::id::TenantId;
use portcullis_model::store::{Change, CommitError};

use super::walk::{Halt, Walk};

/// Whether an attempt may be tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Charged {
    /// It is paid for.
    Yes,
    /// The budget of one of the keys is used up.
    Locked,
}

impl Walk<'_, '_> {
    /// Charges one attempt against every key, or none of them.
    pub(super) async fn charge(
        &self,
        tenant: TenantId,
        keys: Vec<(ThrottleKey, u32)>,
    ) -> Result<Charged, Halt> {
        let changes = keys
            .into_iter()
            .map(|(key, attempts_max)| Change::ChargeThrottle {
                key,
                attempts_max,
                window_seconds: self.house.budgets.window_seconds,
                now: self.moment.now,
            })
            .collect();
        match self.house.store.tenant(tenant).commit(changes).await {
            Ok(()) => Ok(Charged::Yes),
            Err(CommitError::Lost { .. }) => Ok(Charged::Locked),
            Err(CommitError::Store(cause)) => Err(cause.into()),
        }
    }

    /// The key of the browser's address; an IPv6 subscriber has a whole /64.
    pub(super) fn address_key(&self) -> Option<ThrottleKey> {
        let address = self.moment.ip_address?;
        Some(ThrottleKey::Address(network(Some(address))))
    }
}

/// Where a request comes from, as budgets count it; an address nobody knows is one place.
pub(crate) fn network(address: Option<IpAddr>) -> String {
    match address {
        Some(IpAddr::V4(address)) => address.to_string(),
        Some(IpAddr::V6(address)) => {
            let [a, b, c, d, ..] = address.segments();
            format!("{a:x}:{b:x}:{c:x}:{d:x}::/64")
        }
        None => "unknown".to_owned(),
    }
}
