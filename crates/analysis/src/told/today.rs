//! Which kinds and homes a class names in words, and of which of them the directory has nobody today.

use std::collections::{BTreeMap, BTreeSet};

use super::Telling;
use super::words::kind;
use crate::who::{Home, SubjectKind};

/// Kinds of subjects with their homes.
pub(super) type Kinds = BTreeMap<SubjectKind, BTreeSet<Home>>;

/// How the subjects of a class are told.
pub(super) enum Naming {
    /// By one word for all of them.
    Word(&'static str),
    /// As all but these.
    But(Kinds),
    /// One by one.
    Each(Kinds),
}

impl Telling<'_> {
    pub(super) fn naming(&self) -> Naming {
        let candidates = self.candidates();
        let kinds = self.kinds(&candidates);
        let homes = |kind: &SubjectKind| kinds.get(kind).cloned().unwrap_or_default();
        let missing: Kinds = candidates
            .iter()
            .map(|(kind, all)| (*kind, all.difference(&homes(kind)).copied().collect()))
            .filter(|(_, homes): &(SubjectKind, BTreeSet<Home>)| !homes.is_empty())
            .collect();
        let externals = |kinds: &Kinds| {
            kinds
                .keys()
                .all(|kind| kind.is_external() || *kind == SubjectKind::InternalGuest)
        };
        let without_externals = missing.keys().all(|kind| *kind == SubjectKind::Member);
        if missing.is_empty() && candidates.len() == 1 {
            Naming::Each(kinds)
        } else if missing.is_empty() && externals(&candidates) {
            Naming::Word("any guest or external user")
        } else if missing.is_empty() {
            Naming::Word("anybody")
        } else if without_externals && externals(&kinds) {
            Naming::Word("any guest or external user")
        } else if missing.len() < kinds.len() {
            Naming::But(missing)
        } else {
            Naming::Each(kinds)
        }
    }

    /// Whom the class names although the directory has nobody of them: a hole for whoever is invited next. Who needs no object
    /// here is listed nowhere.
    pub(super) fn nobody_today(&self) -> Vec<String> {
        let Naming::Each(kinds) = self.naming() else {
            return Vec::new();
        };
        let space = self.space;
        if !space.lists_people {
            return Vec::new();
        }
        let has = |home: &Home| {
            let whos = space.listed.iter();
            let mut whos = whos.filter_map(|class| space.whos.values.get(class.who));
            whos.any(|who| who.home == *home)
        };
        let unlisted = kinds.keys().filter(|kind| space.has_nobody(**kind));
        let unlisted: BTreeSet<SubjectKind> = unlisted.copied().collect();
        let candidates = self.candidates();
        let mut homes: BTreeSet<Home> = BTreeSet::new();
        for (kind, its) in &kinds {
            let is_told_by_home = candidates.get(kind) != Some(its);
            if is_told_by_home && !unlisted.contains(kind) {
                homes.extend(its);
            }
        }
        let needs_no_object = |home: &Home| {
            let mut of_home = kinds.iter().filter(|(_, its)| its.contains(home));
            of_home.any(|(kind, _)| !kind.has_object())
        };
        let is_told =
            |home: &Home| matches!(home, Home::Tenant(_)) && !needs_no_object(home) && !has(home);
        let kinds = unlisted.iter().map(|one| kind(*one).to_owned());
        let homes = homes.into_iter().filter(is_told);
        let homes = homes.map(|home| format!("users of {}", self.names.home(home)));
        kinds.chain(homes).collect()
    }
}
