//! Changes gathered over one request and committed tenant by tenant at its end.

use portcullis_model::id::TenantId;
use portcullis_model::store::{Change, CommitError};

use crate::house::House;

/// What one request wants to change, in order.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    entries: Vec<(TenantId, Change)>,
}

impl Ledger {
    /// Adds a change of one tenant's data.
    pub(super) fn push(&mut self, tenant: TenantId, change: Change) {
        self.entries.push((tenant, change));
    }

    /// Commits each tenant's changes at once: all other tenants first, `last` last. The artefact that leaves the house is
    /// among the changes of `last`, so nobody holds one whose record is missing elsewhere; there are no transactions
    /// across tenants (architecture 5).
    pub(super) async fn commit(self, house: &House, last: TenantId) -> Result<(), CommitError> {
        let mut order: Vec<TenantId> = Vec::new();
        for (tenant, _) in &self.entries {
            if *tenant != last && !order.contains(tenant) {
                order.push(*tenant);
            }
        }
        order.push(last);
        let mut entries = self.entries;
        for tenant in order {
            let (own, rest): (Vec<_>, Vec<_>) =
                entries.into_iter().partition(|(owner, _)| *owner == tenant);
            entries = rest;
            if own.is_empty() {
                continue;
            }
            let changes = own.into_iter().map(|(_, change)| change).collect();
            house.store.tenant(tenant).commit(changes).await?;
        }
        Ok(())
    }
}
