//! The columns of the map: what policies and cross-tenant access settings tell apart, by names people know.

use std::collections::BTreeSet;

use batsat::Lit;
use portcullis_policy::well_known_applications::{microsoft_admin_portals, office_365};

use super::{Column, brief, capitalised};
use crate::analysis::Analysis;
use crate::target::{ANY_OTHER_APPLICATION, Reached};
use crate::told::Names;

/// So many applications are named at the head of a column before the rest is counted.
const HEAD_NAMES_MAX: usize = 2;

impl Analysis {
    /// The columns, each with the literal of reaching it: named applications, all the others, actions.
    pub(super) fn columns(&self) -> Vec<(Lit, Column)> {
        let names = self.names();
        let mut columns: Vec<(u8, Lit, Column)> = Vec::new();
        for (class, literal) in self.space.targets.iter() {
            let is_application = class.members.iter().any(|one| one.application().is_some());
            let order = match (is_application, class.is_rest) {
                (true, true) => 0,
                (true, false) => 1,
                (false, _) => 2,
            };
            columns.push((
                order,
                literal,
                column(&class.members, class.is_rest, &names),
            ));
        }
        columns.sort_by(|one, other| (one.0, &one.2.name).cmp(&(other.0, &other.2.name)));
        columns
            .into_iter()
            .map(|(_, literal, column)| (literal, column))
            .collect()
    }
}

fn column(reached: &[Reached], is_rest: bool, names: &Names<'_>) -> Column {
    let mut left: BTreeSet<Reached> = reached.iter().copied().collect();
    left.remove(&Reached::Application(ANY_OTHER_APPLICATION));
    let members = left.iter().map(|one| names.reached(*one));
    let mut members: Vec<String> = members.collect();
    members.sort();
    if is_rest {
        members.push("every application that neither a policy nor a setting names".to_owned());
        return Column {
            name: "Any other application".to_owned(),
            members,
            is_rest,
            is_action: false,
        };
    }
    let mut heads = suites(&mut left);
    heads.extend(parts_of_suites(&mut left, names));
    let mut single: Vec<String> = left.iter().map(|one| short(names.reached(*one))).collect();
    single.sort();
    let more = single.len().saturating_sub(HEAD_NAMES_MAX);
    if more > 1 || (more == 1 && !heads.is_empty()) {
        single.truncate(HEAD_NAMES_MAX);
        heads.extend(single);
        heads.push(format!("{more} more"));
    } else {
        heads.extend(single);
    }
    Column {
        name: capitalised(&heads.join(", ")),
        members,
        is_rest,
        is_action: reached.iter().all(|one| one.application().is_none()),
    }
}

/// What policies name by one word.
fn all_suites() -> [(&'static str, BTreeSet<Reached>); 2] {
    [
        (
            "Office 365",
            office_365().map(Reached::Application).collect(),
        ),
        (
            "Microsoft admin portals",
            microsoft_admin_portals()
                .map(Reached::Application)
                .collect(),
        ),
    ]
}

/// Takes out applications of a suite that have no name of their own.
fn parts_of_suites(left: &mut BTreeSet<Reached>, names: &Names<'_>) -> Vec<String> {
    let mut heads = Vec::new();
    for (name, suite) in all_suites() {
        let nameless = |one: &Reached| is_id(&names.reached(*one)) && suite.contains(one);
        let count = left.iter().filter(|one| nameless(one)).count();
        if count > 0 {
            heads.push(format!("{name}: {count} of {}", suite.len()));
            left.retain(|one| !nameless(one));
        }
    }
    heads
}

fn is_id(name: &str) -> bool {
    name.parse::<uuid::Uuid>().is_ok()
}

/// Of an application that nobody named the beginning of its id.
fn short(name: String) -> String {
    brief("application", &name).unwrap_or(name)
}

/// Takes out suites: all of one, or most of it.
fn suites(left: &mut BTreeSet<Reached>) -> Vec<String> {
    let whole = left.clone();
    let mut heads = Vec::new();
    for (name, suite) in all_suites() {
        let inside = whole.intersection(&suite).count();
        if suite.is_subset(&whole) {
            heads.push(name.to_owned());
        } else if inside * 2 > suite.len() && left.intersection(&suite).count() == inside {
            heads.push(format!("{name}, the rest of it"));
        } else {
            continue;
        }
        left.retain(|one| !suite.contains(one));
    }
    heads
}
