//! Checks users, groups and roles: one name for one person, and nobody who is not there.

use std::collections::{BTreeMap, BTreeSet};

use portcullis_model::document::Reason;
use portcullis_model::id::{TenantId, UserId};
use portcullis_model::user::{CanonicalName, User};
use uuid::Uuid;

use super::{Uniques, objects};
use crate::error::WorldFindings;
use crate::tenant::{Placed, PlacedTenant};

pub(super) fn check(tenant: &PlacedTenant, findings: &mut WorldFindings) {
    let mut ids = Uniques::new("each object id once");
    let mut names = Uniques::new("each user principal name once");
    let mut homes = Uniques::new("one guest object for each home account");
    let mut identities = Uniques::new("each identity once");
    let domains = tenant.organization.value.verified_domains.iter();
    let domains: BTreeSet<_> = domains.map(|domain| domain.name.as_str()).collect();
    for Placed { place, value: user } in objects(tenant.users.as_deref()) {
        ids.note(user.id.to_string(), || place.below(".id"), findings);
        let place_of_name = || place.below(".userPrincipalName");
        if let Some(name) = CanonicalName::parse(&user.user_principal_name) {
            names.note(name.as_str().to_owned(), place_of_name, findings);
        }
        check_domain(user, &domains, place, findings);
        if let Some(home) = user.home_account {
            let key = format!("{} of {}", home.user_id, home.tenant_id);
            homes.note(key, || place.below(".homeAccount"), findings);
        }
        for (index, identity) in user.identities.iter().enumerate() {
            if let Some(id) = &identity.issuer_assigned_id {
                let key = format!("{} {id}", identity.issuer);
                let place = || place.below(&format!(".identities[{index}]"));
                identities.note(key, place, findings);
            }
        }
    }
    for Placed { place, value } in objects(tenant.groups.as_deref()) {
        ids.note(value.id.to_string(), || place.below(".id"), findings);
    }
    check_members(tenant, findings);
    check_roles(tenant, findings);
}

/// A name below a domain of somebody else would let this tenant speak for that domain.
fn check_domain(
    user: &User,
    domains: &BTreeSet<&str>,
    place: &crate::error::Place,
    findings: &mut WorldFindings,
) {
    let name = CanonicalName::parse(&user.user_principal_name);
    let domain = name.as_ref().and_then(CanonicalName::domain);
    let own = domain.is_some_and(|domain| domains.contains(domain));
    if !own {
        let found = format!("`{}`", user.user_principal_name);
        let expected = "a name below a verified domain of this tenant";
        let place = place.below(".userPrincipalName");
        findings.add(&place, Reason::Reference, found, expected);
    }
}

/// The ids of users and groups; `None` when the files do not speak of both, so that nobody can tell who is missing.
fn principals(tenant: &PlacedTenant) -> Option<BTreeSet<Uuid>> {
    let users = tenant.users.as_deref()?.iter();
    let groups = tenant.groups.as_deref().unwrap_or_default().iter();
    let ids = users.map(|user| user.value.id.uuid());
    Some(
        ids.chain(groups.map(|group| group.value.id.uuid()))
            .collect(),
    )
}

fn check_members(tenant: &PlacedTenant, findings: &mut WorldFindings) {
    let Some(principals) = principals(tenant) else {
        return;
    };
    for Placed { place, value } in objects(tenant.groups.as_deref()) {
        for (index, member) in value.members.iter().enumerate() {
            if !principals.contains(member) {
                let place = place.below(&format!(".members[{index}]"));
                let found = format!("`{member}`");
                let expected = "a user or group of this tenant";
                findings.add(&place, Reason::Reference, found, expected);
            }
        }
    }
    for Placed { place, value } in objects(tenant.service_principals.as_deref()) {
        for (index, assigned) in value.assigned_to.iter().enumerate() {
            if !principals.contains(assigned) {
                let place = place.below(&format!(".assignedTo[{index}]"));
                let found = format!("`{assigned}`");
                let expected = "a user or group of this tenant";
                findings.add(&place, Reason::Reference, found, expected);
            }
        }
    }
}

fn check_roles(tenant: &PlacedTenant, findings: &mut WorldFindings) {
    let principals = principals(tenant);
    let mut seen = Uniques::new("each assignment once");
    for Placed { place, value } in objects(tenant.role_assignments.as_deref()) {
        let key = format!("{} for {}", value.role_definition_id, value.principal_id);
        seen.note(key, || place.clone(), findings);
        let known = principals
            .as_ref()
            .is_none_or(|known| known.contains(&value.principal_id));
        if !known {
            let place = place.below(".principalId");
            let found = format!("`{}`", value.principal_id);
            let expected = "a user or group of this tenant";
            findings.add(&place, Reason::Reference, found, expected);
        }
    }
}

/// Who signs in at each tenant of the world; `None` where the files do not speak of users.
pub(super) struct Residents(BTreeMap<TenantId, Option<BTreeSet<UserId>>>);

impl Residents {
    pub(super) fn new(world: &[PlacedTenant]) -> Self {
        let of = |tenant: &PlacedTenant| {
            let users = tenant.users.as_ref()?.iter().map(|user| &user.value);
            let at_home = users.filter(|user| user.home_account.is_none());
            Some(at_home.map(|user| user.id).collect())
        };
        let tenants = world.iter();
        Self(
            tenants
                .map(|tenant| (tenant.organization.value.id, of(tenant)))
                .collect(),
        )
    }
}

/// A guest object stands for an account elsewhere: not here, and where its tenant is part of the world, a real one.
pub(super) fn check_home_accounts(
    tenant: &PlacedTenant,
    residents: &Residents,
    findings: &mut WorldFindings,
) {
    let own = tenant.organization.value.id;
    for Placed { place, value: user } in objects(tenant.users.as_deref()) {
        let Some(home) = user.home_account else {
            continue;
        };
        let place = place.below(".homeAccount");
        if home.tenant_id == own || home.tenant_id.uuid().is_nil() {
            let found = format!("`{}`", home.tenant_id);
            let expected = "another tenant than this one";
            findings.add(&place.below(".tenantId"), Reason::Value, found, expected);
            continue;
        }
        let Some(Some(there)) = residents.0.get(&home.tenant_id) else {
            continue;
        };
        let lives_there = there.contains(&home.user_id);
        if !lives_there {
            let found = format!("`{}`", home.user_id);
            let expected = "a user who signs in at the home tenant itself";
            findings.add(&place.below(".userId"), Reason::Reference, found, expected);
        }
    }
}
