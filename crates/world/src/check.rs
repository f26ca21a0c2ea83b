//! Checks what no single document shows: names and ids are unique, and what is referred to is there.

mod applications;
mod people;
mod policies;
mod references;

use std::collections::BTreeMap;

use portcullis_model::document::Reason;

use crate::error::{Place, WorldFindings};
use crate::tenant::{Placed, PlacedTenant};

/// Checks all tenants, each by itself and all together.
pub(crate) fn check_world(tenants: &[PlacedTenant], findings: &mut WorldFindings) {
    check_tenants(tenants, findings);
    let residents = people::Residents::new(tenants);
    for tenant in tenants {
        people::check(tenant, findings);
        people::check_home_accounts(tenant, &residents, findings);
        policies::check(tenant, findings);
    }
    applications::check(tenants, findings);
}

/// A tenant and a domain are there once in a world: domains decide where a password is typed.
fn check_tenants(tenants: &[PlacedTenant], findings: &mut WorldFindings) {
    let mut ids = Uniques::new("each tenant id once");
    let mut domains = Uniques::new("each domain in one tenant");
    for tenant in tenants {
        let Placed { place, value } = &tenant.organization;
        ids.note(value.id.to_string(), || place.below(".id"), findings);
        for (index, domain) in value.verified_domains.iter().enumerate() {
            let place = || place.below(&format!(".verifiedDomains[{index}].name"));
            domains.note(domain.name.clone(), place, findings);
        }
    }
}

/// The objects of a kind, if any file speaks of it.
fn objects<T>(kind: Option<&[Placed<T>]>) -> &[Placed<T>] {
    kind.unwrap_or_default()
}

/// Keys that must differ, with the place where each was seen first.
struct Uniques {
    expected: &'static str,
    seen: BTreeMap<String, Place>,
}

impl Uniques {
    fn new(expected: &'static str) -> Self {
        Self {
            expected,
            seen: BTreeMap::new(),
        }
    }

    fn note(&mut self, key: String, place: impl Fn() -> Place, findings: &mut WorldFindings) {
        if let Some(first) = self.seen.get(&key) {
            let found = format!("`{key}`, also at {} `{}`", first.file, first.path);
            findings.add(&place(), Reason::Duplicate, found, self.expected);
        } else {
            self.seen.insert(key, place());
        }
    }
}
