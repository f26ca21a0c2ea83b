//! What a change makes of the invariants that were declared before it: one that is gone is withdrawn; one that keeps its name and
//! says something else still guards this change as it was, so that a name never covers up that nothing is guarded any more.

use super::Version;
use super::declared::entries;
use crate::invariant::Invariant;
use crate::invariant::file::InvariantFile;

/// The invariants declared before a change that are not declared so after it.
#[derive(Debug, Clone, Default)]
pub struct Former {
    /// The names of those that are gone.
    pub withdrawn: Vec<String>,
    /// Those of whose name another one is declared now, as they were.
    pub changed: Vec<Invariant>,
}

impl Former {
    /// The changed ones, to be asked about beside those that are declared now.
    pub fn still_guarding(&self) -> impl Iterator<Item = Invariant> {
        self.changed.iter().map(|former| Invariant {
            name: format!("{} (as it was declared before)", former.name),
            ..former.clone()
        })
    }
}

/// What becomes of the invariants of a tenant as it was, where these are declared now. Names are looked up in the tenant as it was,
/// so that one of the same words is changed as well where a name in it stands for something else now.
pub fn former(before: Version<'_>, now: &[Invariant]) -> Former {
    let mut former = Former::default();
    let declared = before.tenant.configuration().invariants.as_ref();
    let Some(declared) = declared else {
        return former;
    };
    for (name, entry) in entries(&declared.document) {
        let Some(kept) = now.iter().find(|one| one.name == name) else {
            former.withdrawn.push(name.to_owned());
            continue;
        };
        // What could not be understood guarded nothing.
        let Ok(entry) = serde_json::from_value(entry.clone()) else {
            continue;
        };
        let alone = InvariantFile {
            name: None,
            invariants: vec![entry],
        };
        let was = alone.resolve(before.directory, before.tenant);
        let was = was.into_iter().flatten();
        let is_other =
            |one: &Invariant| one.selection != kept.selection || one.statement != kept.statement;
        former.changed.extend(was.filter(is_other));
    }
    former
}
