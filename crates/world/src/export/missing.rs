//! Collects what policies refer to and is not there, each thing once.

use std::collections::{BTreeMap, BTreeSet};

use portcullis_model::authentication_strength::BuiltInStrength;
use portcullis_model::conditional_access::ConditionalAccessPolicy;
use portcullis_model::id::{
    AgreementId, AuthenticationStrengthId, ClientId, NamedLocationId, PolicyId,
};
use portcullis_model::microsoft_application::is_microsoft_application;
use portcullis_model::store::TenantWorld;
use uuid::Uuid;

use super::MissingReference;
use crate::names::NameKind;

/// The namespace of ids that stand in for names nobody knows.
const STAND_INS: Uuid = Uuid::from_u128(0x3be2_7f90_d1a4_4c58_8f06_e5b9_20c7_4d13);

/// The id that stands in for a name: the same in every policy and at every reading.
pub(super) fn stand_in(kind: NameKind, name: &str) -> String {
    let name = format!("{kind}/{}", name.trim().to_lowercase());
    Uuid::new_v5(&STAND_INS, name.as_bytes()).to_string()
}

/// What policies may refer to, by id.
pub(super) struct Beside {
    /// `None`: no file lists them.
    pub(super) applications: Option<BTreeSet<ClientId>>,
    pub(super) locations: BTreeSet<NamedLocationId>,
    pub(super) strengths: BTreeSet<AuthenticationStrengthId>,
    pub(super) agreements: BTreeSet<AgreementId>,
}

/// What the policies of a tenant refer to and the tenant does not have, as it is told of exports.
pub fn missing_references(tenant: &TenantWorld) -> Vec<MissingReference> {
    fn ids<T, K: Ord>(kind: Option<&Vec<T>>, id: impl Fn(&T) -> K) -> BTreeSet<K> {
        kind.into_iter().flatten().map(id).collect()
    }
    let applications = tenant.service_principals.as_ref().map(|principals| {
        let registered = tenant.applications.iter().flatten();
        let principals = principals.iter().map(|one| one.app_id);
        principals.chain(registered.map(|one| one.app_id)).collect()
    });
    let beside = Beside {
        applications,
        locations: ids(tenant.named_locations.as_ref(), |one| one.id),
        strengths: ids(tenant.authentication_strengths.as_ref(), |one| one.id),
        agreements: ids(tenant.agreements.as_ref(), |one| one.id),
    };
    let mut missing = Missing::default();
    let policies = tenant.conditional_access_policies.iter().flatten();
    missing.note_objects(policies, &beside);
    missing.into_list()
}

/// Everything that is missing, by kind and id.
#[derive(Debug, Default)]
pub(super) struct Missing {
    by_id: BTreeMap<(NameKind, String), Referred>,
}

#[derive(Debug)]
struct Referred {
    name: String,
    policies: BTreeSet<PolicyId>,
}

impl Missing {
    /// Notes that a policy refers to it; the first name is kept.
    pub(super) fn note(&mut self, kind: NameKind, (name, id): (&str, String), policy: PolicyId) {
        let referred = self.by_id.entry((kind, id)).or_insert_with(|| Referred {
            name: name.to_owned(),
            policies: BTreeSet::new(),
        });
        referred.policies.insert(policy);
    }

    /// Notes what cannot be evaluated without an object that is not there. Users, groups and roles are facts of a sign-in, not of a
    /// policy: their ids say enough.
    pub(super) fn note_objects<'p>(
        &mut self,
        policies: impl IntoIterator<Item = &'p ConditionalAccessPolicy>,
        beside: &Beside,
    ) {
        for policy in policies {
            let mut note = |kind, id: String| self.note(kind, (&id.clone(), id), policy.id);
            // CA-V05; where no file lists applications, every id is as good as another.
            for id in policy.applications() {
                let listed = beside.applications.as_ref();
                let is_there = listed.is_none_or(|one| one.contains(&id));
                if !is_there && !is_microsoft_application(id) {
                    note(NameKind::Application, id.to_string());
                }
            }
            for id in policy.named_locations() {
                if !beside.locations.contains(&id) {
                    note(NameKind::NamedLocation, id.to_string());
                }
            }
            if let Some(id) = policy.authentication_strength() {
                let is_built_in = BuiltInStrength::ALL.iter().any(|one| one.id == id);
                let is_there = beside.strengths.contains(&id);
                if !is_built_in && !is_there && policy.expanded_strength.is_none() {
                    note(NameKind::AuthenticationStrength, id.to_string());
                }
            }
            for id in policy.agreements() {
                if !beside.agreements.contains(&id) {
                    note(NameKind::Agreement, id.to_string());
                }
            }
        }
    }

    pub(super) fn into_list(self) -> Vec<MissingReference> {
        let list = self.by_id.into_iter();
        list.map(|((kind, id), referred)| MissingReference {
            kind,
            name: referred.name,
            id,
            policies: referred.policies.into_iter().collect(),
        })
        .collect()
    }
}
