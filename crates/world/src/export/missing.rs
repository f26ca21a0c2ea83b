//! Collects what policies refer to and is not there, each thing once.

use std::collections::{BTreeMap, BTreeSet};

use portcullis_model::id::PolicyId;
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
