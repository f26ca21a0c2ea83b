//! The guard of an import: what would be stored is asked whether it breaks a declared invariant or locks every administrator
//! out, before anything is stored.

use std::collections::BTreeMap;

use anyhow::Context as _;
use portcullis_analysis::guard::{self, Breach, Examined, Former, Standing, Version};
use portcullis_analysis::told::Names;
use portcullis_model::id::TenantId;
use portcullis_model::organization::PolicyChangeGuard;
use portcullis_model::store::TenantWorld;
use portcullis_whatif::directory::{Directory, DirectoryTenant};
use portcullis_world::World;
use portcullis_world::export::{MissingReference, missing_references};
use serde_json::{Value, json};

use crate::output;
use crate::whatif::world::warn_of_missing;

/// Of each invariant so many classes are shown.
const CLASSES_MAX: usize = 3;

/// What the guard found in one tenant.
pub(super) struct Guarded {
    tenant: TenantId,
    setting: PolicyChangeGuard,
    examined: Examined,
    /// What becomes of invariants that were declared before.
    former: Former,
    /// What its policies would refer to and would not be there.
    missing: Vec<MissingReference>,
}

/// What the guard found, with what it takes to tell it.
pub(super) struct Report {
    after: Directory,
    guarded: Vec<Guarded>,
}

/// Looks at every tenant of the world whose answers may change.
pub(super) fn look(stored: &[TenantWorld], world: &World) -> anyhow::Result<Report> {
    let before: BTreeMap<TenantId, &TenantWorld> = stored
        .iter()
        .map(|tenant| (tenant.organization.id, tenant))
        .collect();
    let merged: Vec<TenantWorld> = world
        .tenants
        .iter()
        .map(|tenant| merged(before.get(&tenant.organization.id).copied(), tenant))
        .collect();
    let borders_change = merged.iter().any(|after| {
        let before = before.get(&after.organization.id);
        before.map(|before| &before.cross_tenant_access_policy)
            != Some(&after.cross_tenant_access_policy)
    });
    let stored = Directory::of_world(stored.iter().cloned());
    let mut after = stored.clone();
    for tenant in &merged {
        after.put(DirectoryTenant::of_world(tenant.clone()));
    }
    let mut guarded = Vec::new();
    for tenant in &merged {
        let id = tenant.organization.id;
        let was = before.get(&id).copied();
        if was.is_some_and(|was| !borders_change && is_answered_alike(was, tenant)) {
            continue;
        }
        let version = Version {
            directory: &after,
            tenant: after.tenant(id).context("the tenant is gone")?,
        };
        let invariants = guard::declared(version).with_context(|| {
            let file = world.invariant_files.get(&id);
            let name = &tenant.organization.display_name;
            file.map_or_else(
                || format!("`{name}` has declared an invariant that cannot be used any more"),
                |file| format!("{file} cannot be used"),
            )
        })?;
        let setting = tenant.organization.policy_change_guard();
        let before = stored.tenant(id).map(|tenant| Version {
            directory: &stored,
            tenant,
        });
        let former = before.map(|before| guard::former(before, &invariants));
        let former = former.unwrap_or_default();
        let examined = match setting {
            PolicyChangeGuard::Off => Examined::default(),
            PolicyChangeGuard::Refuse | PolicyChangeGuard::Warn => {
                let mut asked = invariants;
                asked.extend(former.still_guarding());
                guard::examine(before, version, &asked, CLASSES_MAX)?
            }
        };
        guarded.push(Guarded {
            tenant: id,
            setting,
            examined,
            former,
            missing: missing_references(tenant),
        });
    }
    Ok(Report { after, guarded })
}

impl Report {
    /// Whether a tenant that refuses such changes is one of those that the world breaks.
    pub(super) fn is_refused(&self) -> bool {
        let mut guarded = self.guarded.iter();
        guarded.any(|one| one.setting == PolicyChangeGuard::Refuse && one.breaks())
    }

    /// Whether anything is broken by the world.
    pub(super) fn is_broken(&self) -> bool {
        self.guarded.iter().any(Guarded::breaks)
    }

    /// Tells all of it as warnings.
    pub(super) fn warn(&self) {
        for (guarded, names) in self.named() {
            for breach in &guarded.examined.breaches {
                let mut lines = breach.told(&names).into_iter();
                let first = lines.next().unwrap_or_default();
                let tenant = names.tenant(guarded.tenant);
                output::warning(format_args!("{tenant}: {first}"));
                lines.for_each(output::note);
            }
            guarded.warn_of_former(&names);
            warn_of_missing(&guarded.missing);
            let unknown = &guarded.examined.unknown;
            if !unknown.is_empty() {
                output::warning(
                    "not everything could be looked at, and what was not looked at is not known to be safe:",
                );
                unknown.iter().for_each(output::note);
            }
        }
    }

    /// Tells whose changes nobody looks at.
    pub(super) fn note_unguarded(&self) {
        for (guarded, names) in self.named() {
            if guarded.setting == PolicyChangeGuard::Off {
                let tenant = names.tenant(guarded.tenant);
                output::note(format_args!(
                    "the changes of {tenant} were not looked at: its `policyChangeGuard` is `off`"
                ));
            }
        }
    }

    /// For machines: an entry for each tenant that was looked at.
    pub(super) fn json(&self) -> Value {
        let tenants = self.named().map(|(guarded, names)| {
            let breaches = guarded.examined.breaches.iter();
            json!({
                "tenantId": guarded.tenant,
                "policyChangeGuard": guarded.setting.word(),
                "breaches": breaches.map(|one| one.json(&names)).collect::<Vec<_>>(),
                "unknown": guarded.examined.unknown,
                "withdrawn": guarded.former.withdrawn,
                "changed": guarded.former.changed.iter().map(|one| &one.name).collect::<Vec<_>>(),
                "missing": guarded.missing.iter().map(missing_json).collect::<Vec<_>>(),
            })
        });
        tenants.collect()
    }

    fn named(&self) -> impl Iterator<Item = (&Guarded, Names<'_>)> {
        self.guarded.iter().filter_map(|guarded| {
            let tenant = self.after.tenant(guarded.tenant)?;
            Some((guarded, Names::new(tenant).with(&self.after)))
        })
    }
}

impl Guarded {
    fn warn_of_former(&self, names: &Names<'_>) {
        let tenant = names.tenant(self.tenant);
        for name in &self.former.withdrawn {
            output::warning(format_args!(
                "{tenant}: the invariant `{name}` is withdrawn: nothing guards it any more"
            ));
        }
        for former in &self.former.changed {
            output::warning(format_args!(
                "{tenant}: the invariant `{}` says something else than before: this change must keep what it said, too; to withdraw that, give the new one another name",
                former.name
            ));
        }
    }

    fn breaks(&self) -> bool {
        let mut breaches = self.examined.breaches.iter();
        breaches.any(|breach: &Breach| breach.standing == Standing::Breaks)
    }
}

fn missing_json(missing: &MissingReference) -> Value {
    json!({ "kind": missing.kind.to_string(), "name": missing.name, "policies": missing.policies })
}

/// The tenant as it would be stored: what the world does not speak of stays as it is.
fn merged(stored: Option<&TenantWorld>, world: &TenantWorld) -> TenantWorld {
    let mut all = world.clone();
    let Some(stored) = stored else {
        return all;
    };
    keep(&mut all.users, stored.users.as_ref());
    keep(&mut all.groups, stored.groups.as_ref());
    keep(&mut all.role_assignments, stored.role_assignments.as_ref());
    keep(&mut all.applications, stored.applications.as_ref());
    keep(
        &mut all.service_principals,
        stored.service_principals.as_ref(),
    );
    keep(
        &mut all.conditional_access_policies,
        stored.conditional_access_policies.as_ref(),
    );
    keep(&mut all.named_locations, stored.named_locations.as_ref());
    keep(
        &mut all.authentication_strengths,
        stored.authentication_strengths.as_ref(),
    );
    keep(
        &mut all.authentication_contexts,
        stored.authentication_contexts.as_ref(),
    );
    keep(&mut all.agreements, stored.agreements.as_ref());
    keep(
        &mut all.cross_tenant_access_policy,
        stored.cross_tenant_access_policy.as_ref(),
    );
    keep(&mut all.invariants, stored.invariants.as_ref());
    all
}

/// What the world does not speak of.
fn keep<T: Clone>(wanted: &mut Option<T>, stored: Option<&T>) {
    if wanted.is_none() {
        *wanted = stored.cloned();
    }
}

/// Whether nothing differs that an answer of the guard could hang on. The order of objects says nothing.
fn is_answered_alike(stored: &TenantWorld, after: &TenantWorld) -> bool {
    let in_order = |tenant: &TenantWorld| {
        let mut tenant = tenant.clone();
        sort(&mut tenant.users, |one| one.id);
        sort(&mut tenant.groups, |one| one.id);
        sort(&mut tenant.role_assignments, |one| {
            (one.principal_id, one.role_definition_id)
        });
        sort(&mut tenant.applications, |one| one.id);
        sort(&mut tenant.service_principals, |one| one.id);
        sort(&mut tenant.conditional_access_policies, |one| one.id);
        sort(&mut tenant.named_locations, |one| one.id);
        sort(&mut tenant.authentication_strengths, |one| one.id);
        sort(&mut tenant.authentication_contexts, |one| one.id);
        sort(&mut tenant.agreements, |one| one.id);
        tenant
    };
    in_order(stored) == in_order(after)
}

fn sort<T, K: Ord>(list: &mut Option<Vec<T>>, key: impl Fn(&T) -> K) {
    if let Some(list) = list {
        list.sort_by_key(key);
    }
}
