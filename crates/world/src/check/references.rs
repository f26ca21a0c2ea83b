//! What of a tenant's files policies may refer to.

use std::collections::BTreeSet;

use portcullis_model::conditional_access::referable::Referable;

use crate::tenant::{Placed, PlacedTenant};

/// The ids of a tenant's objects; of a kind that no file speaks of nothing is missing: policies may be imported beside what
/// is stored.
pub(super) fn referable(tenant: &PlacedTenant) -> Referable {
    fn ids<T, K: Ord>(kind: Option<&Vec<Placed<T>>>, id: impl Fn(&T) -> K) -> Option<BTreeSet<K>> {
        Some(kind?.iter().map(|placed| id(&placed.value)).collect())
    }
    let mut locations = tenant.named_locations.iter().flatten();
    Referable {
        has_trusted: locations.any(|location| location.value.is_trusted()),
        locations: ids(tenant.named_locations.as_ref(), |one| one.id),
        strengths: ids(tenant.authentication_strengths.as_ref(), |one| one.id),
        agreements: ids(tenant.agreements.as_ref(), |one| one.id),
        contexts: ids(tenant.authentication_contexts.as_ref(), |one| one.id),
        applications: ids(tenant.service_principals.as_ref(), |one| one.app_id).map(
            |mut principals| {
                let registered = tenant.applications.iter().flatten();
                principals.extend(registered.map(|one| one.value.app_id));
                principals
            },
        ),
    }
}
