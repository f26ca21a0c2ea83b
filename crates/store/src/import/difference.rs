//! What separates the objects of a kind in the store from the ones in a world.

use std::collections::BTreeMap;

use portcullis_model::store::{ImportCounts, StoreError};
use serde::Serialize;
use serde_json::Value;
use uuid::Uuid;

use crate::row::json;

/// An object the world has, with the document that would be stored.
pub(super) struct Wanted<'w, T> {
    pub(super) id: Uuid,
    pub(super) object: &'w T,
    pub(super) document: String,
}

/// What is to be done.
pub(super) struct Difference<'w, T> {
    pub(super) added: Vec<Wanted<'w, T>>,
    /// With the document that is stored.
    pub(super) changed: Vec<(Wanted<'w, T>, String)>,
    pub(super) removed: Vec<Uuid>,
    pub(super) counts: ImportCounts,
}

impl<'w, T: Serialize> Wanted<'w, T> {
    /// The objects of a world with the documents serde gives them.
    pub(super) fn list(
        objects: &'w [T],
        table: &'static str,
        id: impl Fn(&T) -> Uuid,
    ) -> Result<Vec<Self>, StoreError> {
        objects
            .iter()
            .map(|object| {
                Ok(Self {
                    id: id(object),
                    object,
                    document: json(object, table)?,
                })
            })
            .collect()
    }
}

impl<'w, T> Difference<'w, T> {
    /// `Err` is an id that the world has twice.
    pub(super) fn between(
        mut stored: BTreeMap<Uuid, String>,
        wanted: Vec<Wanted<'w, T>>,
    ) -> Result<Self, Uuid> {
        let mut difference = Self {
            added: Vec::new(),
            changed: Vec::new(),
            removed: Vec::new(),
            counts: ImportCounts::default(),
        };
        let mut seen = std::collections::BTreeSet::new();
        for one in wanted {
            if !seen.insert(one.id) {
                return Err(one.id);
            }
            match stored.remove(&one.id) {
                None => difference.added.push(one),
                Some(document) if is_same(&document, &one.document) => {
                    difference.counts.unchanged += 1;
                }
                Some(document) => difference.changed.push((one, document)),
            }
        }
        difference.removed = stored.into_keys().collect();
        difference.counts.added = difference.added.len();
        difference.counts.changed = difference.changed.len();
        difference.counts.removed = difference.removed.len();
        Ok(difference)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.counts.added + self.counts.changed + self.counts.removed == 0
    }
}

/// Whether two documents say the same; the order of members says nothing.
pub(super) fn is_same(stored: &str, wanted: &str) -> bool {
    let parse = |text| serde_json::from_str::<Value>(text).ok();
    stored == wanted || parse(stored).is_some_and(|stored| Some(stored) == parse(wanted))
}
