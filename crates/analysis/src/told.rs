//! Classes of sign-ins in words.

mod names;
mod surroundings;
mod today;
mod words;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use portcullis_model::id::UserId;
use portcullis_policy::well_known_applications::{microsoft_admin_portals, office_365};

use crate::region::Region;
use crate::selection::{Principals, Reaching, Selection};
use crate::space::{AxisId, Listed, Space, Switch};
use crate::target::{ANY_OTHER_APPLICATION, Reached};
use crate::who::{Home, SubjectKind};

pub use names::Names;
use today::Naming;
pub use words::{client, join_words, kind, one_of_kind, platform, who};
pub(crate) use words::{kinds_of, property_name};

/// So many names are told before the rest is counted.
const NAMES_MAX: usize = 6;

/// A class of sign-ins, told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Class {
    /// Who, for instance `any guest of Fabrikam`.
    pub who: String,
    /// What is reached, for instance `any application but Payroll`.
    pub reaching: String,
    /// What else must be so, each in a few words.
    pub conditions: Vec<String>,
    /// The people of the directory who are in it.
    pub people: BTreeSet<UserId>,
    /// Of what the class names, whom the directory has nobody of, for instance `internal guests`: the class speaks of those who
    /// may come.
    pub nobody_today: Vec<String>,
}

impl fmt::Display for Class {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}, to {}", self.who, self.reaching)?;
        for condition in &self.conditions {
            write!(formatter, ", {condition}")?;
        }
        Ok(())
    }
}

/// A region on its way into words.
struct Telling<'a> {
    space: &'a Space,
    names: &'a Names<'a>,
    /// Among which sign-ins: what is not selected is not told of.
    selection: &'a Selection,
    region: &'a Region,
}

impl Class {
    pub(crate) fn of(
        space: &Space,
        names: &Names<'_>,
        selection: &Selection,
        region: &Region,
    ) -> Self {
        let telling = Telling {
            space,
            names,
            selection,
            region,
        };
        let mut conditions = Vec::new();
        conditions.extend(telling.through());
        conditions.extend(telling.words(AxisId::Context, "asking for", |at| {
            let members = &space.contexts.values.get(at)?.members;
            Some(if members.is_empty() {
                "no authentication context".to_owned()
            } else {
                or(members.iter().map(ToString::to_string).collect())
            })
        }));
        conditions.extend(telling.words(AxisId::Client, "by", |at| {
            space
                .clients
                .values
                .get(at)
                .map(|one| client(*one).to_owned())
        }));
        conditions.extend(telling.words(AxisId::Platform, "from", |at| {
            space
                .platforms
                .values
                .get(at)
                .map(|one| platform(*one).to_owned())
        }));
        conditions.extend(telling.places());
        conditions.extend(telling.words(AxisId::SignInRisk, "at sign-in risk", |at| {
            space
                .sign_in_risks
                .values
                .get(at)
                .map(|one| one.name().to_owned())
        }));
        conditions.extend(telling.words(AxisId::UserRisk, "at user risk", |at| {
            space
                .user_risks
                .values
                .get(at)
                .map(|one| one.name().to_owned())
        }));
        conditions.extend(telling.words(
            AxisId::PrincipalRisk,
            "at service principal risk",
            |at| {
                let level = space.principal_risks.values.get(at);
                level.map(|one| one.name().to_owned())
            },
        ));
        conditions.extend(telling.words(AxisId::InsiderRisk, "at insider risk", |at| {
            let level = space.insider_risks.values.get(at)?;
            Some(level.map_or("none", |one| one.name()).to_owned())
        }));
        conditions.extend(telling.words(AxisId::Flow, "through", |at| {
            let flow = space.flows.values.get(at)?;
            Some(flow.map_or("no transfer", |one| one.name()).to_owned())
        }));
        conditions.extend(telling.device());
        Self {
            who: telling.who(),
            reaching: telling.reaching(),
            conditions,
            people: telling.people(),
            nobody_today: telling.nobody_today(),
        }
    }
}

/// `a, b or c`; of many the first few, and how many more there are.
pub(crate) fn or(mut names: Vec<String>) -> String {
    let more = names.len().saturating_sub(NAMES_MAX);
    if more > 1 {
        names.truncate(NAMES_MAX);
        names.push(format!("{more} more"));
    }
    or_all(&names)
}

/// `a, b or c`, however many: what is left out of a class must be known.
fn or_all(names: &[String]) -> String {
    match names.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, others)) => format!("{} or {last}", others.join(", ")),
        None => "nothing".to_owned(),
    }
}

impl Telling<'_> {
    /// The values of an axis that are in, or those that are not where these are fewer.
    fn words(
        &self,
        axis: AxisId,
        preposition: &str,
        word: impl Fn(usize) -> Option<String>,
    ) -> Option<String> {
        let inside = self.region.axes.get(&axis)?;
        if !self.concerns(axis) {
            return None;
        }
        let all = self.space.literals(axis).len();
        let names = |is_inside: bool| {
            let chosen = (0..all).filter(|at| inside.contains(at) == is_inside);
            let mut names: Vec<String> = Vec::new();
            for name in chosen.filter_map(&word) {
                if !names.contains(&name) {
                    names.push(name);
                }
            }
            names
        };
        let (within, without) = (names(true), names(false));
        Some(if within.len() <= without.len() {
            format!("{preposition} {}", or(within))
        } else {
            format!("not {preposition} {}", or(without))
        })
    }

    /// Whether somebody in the class can have more than one value of this axis: people have no risk of a service principal, and
    /// applications on their own behalf no risk of a person.
    fn concerns(&self, axis: AxisId) -> bool {
        let has = |is_person: bool| {
            let kinds = self.kinds(&self.candidates());
            kinds.keys().any(|kind| kind.is_person() == is_person)
        };
        match axis {
            AxisId::PrincipalRisk => has(false),
            AxisId::Context
            | AxisId::SignInRisk
            | AxisId::UserRisk
            | AxisId::InsiderRisk
            | AxisId::Flow
            | AxisId::DeviceJoin => has(true),
            AxisId::Who
            | AxisId::User
            | AxisId::Principal
            | AxisId::Target
            | AxisId::Through
            | AxisId::Client
            | AxisId::Platform
            | AxisId::Address
            | AxisId::Country
            | AxisId::Coordinates
            | AxisId::CompliantNetwork => true,
        }
    }

    /// The kinds of subjects that may be meant at all, with their homes: those that may come, and those that the class names
    /// although they never do.
    fn candidates(&self) -> BTreeMap<SubjectKind, BTreeSet<Home>> {
        let selected = &self.selection.kinds;
        let named = self.region.axes.get(&AxisId::Who);
        let is_named = |at: usize| named.is_some_and(|named| named.contains(&at));
        let needs_object = self.needs_object();
        let mut kinds: BTreeMap<SubjectKind, BTreeSet<Home>> = BTreeMap::new();
        for (at, who) in self.space.whos.values.iter().enumerate() {
            let is_selected = selected.is_empty() || selected.contains(&who.kind);
            let may_come = self.space.can_come(at) || is_named(at);
            if is_selected && may_come && (!needs_object || who.kind.has_object()) {
                kinds.entry(who.kind).or_default().insert(who.home);
            }
        }
        kinds
    }

    /// Those of them that are in the class.
    fn kinds(
        &self,
        candidates: &BTreeMap<SubjectKind, BTreeSet<Home>>,
    ) -> BTreeMap<SubjectKind, BTreeSet<Home>> {
        let space = self.space;
        let inside = self.region.axes.get(&AxisId::Who);
        let principals = self.region.axes.get(&AxisId::Principal);
        let person = space.principals.values.iter().position(Option::is_none);
        let may_be = |is_person: bool| {
            principals
                .is_none_or(|inside| inside.iter().any(|at| (Some(*at) == person) == is_person))
        };
        let (person, workload) = (may_be(true), may_be(false));
        let mut kinds: BTreeMap<SubjectKind, BTreeSet<Home>> = BTreeMap::new();
        for (at, who) in space.whos.values.iter().enumerate() {
            let fits = if who.kind.is_person() {
                person
            } else {
                workload
            };
            let is_candidate = candidates
                .get(&who.kind)
                .is_some_and(|homes| homes.contains(&who.home));
            if fits && is_candidate && inside.is_none_or(|inside| inside.contains(&at)) {
                kinds.entry(who.kind).or_default().insert(who.home);
            }
        }
        kinds
    }

    fn who(&self) -> String {
        let candidates = self.candidates();
        let mut who = match self.naming() {
            Naming::Word(word) => word.to_owned(),
            Naming::But(missing) => format!("anybody but {}", self.phrase(&missing, &candidates)),
            Naming::Each(kinds) => self.phrase(&kinds, &candidates),
        };
        let memberships = self.memberships();
        // "anybody but members with a role" would be read as sparing those members only.
        if let Some(but) = who.strip_prefix("anybody but ")
            && !memberships.is_empty()
        {
            who = format!("anybody (but {but})");
        }
        for part in memberships {
            who.push(' ');
            who.push_str(&part);
        }
        who
    }

    /// Kinds with their homes, those with the same homes together.
    fn phrase(
        &self,
        kinds: &BTreeMap<SubjectKind, BTreeSet<Home>>,
        candidates: &BTreeMap<SubjectKind, BTreeSet<Home>>,
    ) -> String {
        let is_whole =
            |kind: SubjectKind, homes: &BTreeSet<Home>| candidates.get(&kind) == Some(homes);
        kinds_of(kinds, self.names, is_whole)
    }

    fn needs_object(&self) -> bool {
        let held = self.region.switches.iter();
        let mut held = held.filter(|(_, holds)| **holds);
        let users = self.region.axes.get(&AxisId::User);
        held.any(|(switch, _)| matches!(switch, Switch::Group(_) | Switch::Role(_)))
            || users.is_some_and(|inside| !inside.contains(&0))
    }

    /// Named users, groups and roles.
    fn memberships(&self) -> Vec<String> {
        let names = self.names;
        let mut parts = Vec::new();
        if let Some(inside) = self.region.axes.get(&AxisId::User) {
            let users = |is_inside: bool| {
                let all = self.space.users.values.iter().enumerate();
                let chosen = all.filter(|(at, _)| inside.contains(at) == is_inside);
                let ids = chosen.flat_map(|(_, users)| users.iter());
                ids.map(|id| names.user(*id)).collect::<Vec<String>>()
            };
            if inside.contains(&0) {
                parts.push(format!("who is not {}", or(users(false))));
            } else {
                parts.push(format!("who is {}", or(users(true))));
            }
        }
        parts.extend(self.principals());
        let switches = |wanted: bool, pick: &dyn Fn(&Switch) -> Option<String>| {
            let all = self.region.switches.iter();
            let held = all.filter(|(_, holds)| **holds == wanted);
            held.filter_map(|(switch, _)| pick(switch))
                .collect::<Vec<String>>()
        };
        let group = |switch: &Switch| match switch {
            Switch::Group(id) => Some(names.group(*id)),
            _ => None,
        };
        let role = |switch: &Switch| match switch {
            Switch::Role(id) => Some(names.role(*id)),
            _ => None,
        };
        let and = |names: Vec<String>| names.join(" and ");
        let phrases = [
            ("in group", and(switches(true, &group))),
            ("not in group", or_nothing(switches(false, &group))),
            ("with role", and(switches(true, &role))),
            ("without role", or_nothing(switches(false, &role))),
        ];
        for (phrase, named) in phrases {
            if !named.is_empty() {
                parts.push(format!("{phrase} {named}"));
            }
        }
        parts
    }

    /// Which applications on their own behalf, where these are not all there are.
    fn principals(&self) -> Option<String> {
        let kinds = self.kinds(&self.candidates());
        let inside = self.region.axes.get(&AxisId::Principal)?;
        if !kinds.contains_key(&SubjectKind::WorkloadIdentity) {
            return None;
        }
        let named = |is_inside: bool| {
            let all = self.space.principals.values.iter().enumerate();
            let chosen = all.filter(|(at, _)| inside.contains(at) == is_inside);
            let ids = chosen.flat_map(|(_, ids)| ids.iter().flatten());
            ids.map(|id| self.names.service_principal(*id))
                .collect::<Vec<String>>()
        };
        let (within, without) = (named(true), named(false));
        if without.is_empty() {
            return None;
        }
        let which = if within.len() <= without.len() {
            or(within)
        } else {
            format!("not {}", or(without))
        };
        Some(if kinds.len() == 1 {
            format!("({which})")
        } else {
            format!("(of workload identities: {which})")
        })
    }

    fn reaching(&self) -> String {
        let space = self.space;
        let all = || space.targets.values.iter().enumerate();
        let every: BTreeSet<usize> = all().map(|(at, _)| at).collect();
        let constrained = self.region.axes.get(&AxisId::Target);
        if constrained.is_none() && self.selection.reaching == Reaching::Anything {
            return "anything".to_owned();
        }
        let inside = constrained.unwrap_or(&every);
        let is_application = |reached: &Reached| reached.application().is_some();
        let kinds = self.kinds(&self.candidates());
        let is_done = |reached: &Reached| kinds.keys().any(|kind| reached.is_done_by(*kind));
        let members = |is_inside: bool, applications: bool| {
            let chosen = all().filter(|(at, _)| inside.contains(at) == is_inside);
            let members = chosen.flat_map(|(_, class)| class.members.iter());
            let members = members.filter(|one| {
                is_application(one) == applications
                    && self.selection.reaching.holds(**one)
                    && is_done(one)
            });
            let (known, members) = bundled(members.copied().collect());
            let known = known.into_iter().map(str::to_owned);
            let members = members.iter();
            let members = members.map(|one| self.names.reached(*one));
            known.chain(members).collect::<Vec<String>>()
        };
        let may_be_any = self
            .selection
            .reaching
            .holds(Reached::Application(ANY_OTHER_APPLICATION));
        let has_rest = may_be_any && all().any(|(at, class)| class.is_rest && inside.contains(&at));
        let (others, applications) = (members(true, false), members(true, true));
        let mut words = Vec::new();
        if has_rest {
            let without = members(false, true);
            words.push(if without.is_empty() {
                "any application".to_owned()
            } else {
                format!("any application but {}", or_all(&without))
            });
        } else if !applications.is_empty() {
            words.push(or(applications));
        }
        if !others.is_empty() {
            words.push(or(others));
        }
        words.join(", or ")
    }

    /// Whether these people are among the selected ones.
    fn is_selected(&self, class: &Listed) -> bool {
        let selection = self.selection;
        let Some(who) = self.space.whos.values.get(class.who) else {
            return false;
        };
        let is_named = |principals: &Principals| {
            class
                .users
                .iter()
                .any(|user| principals.users.contains(user))
                || !class.groups.is_disjoint(&principals.groups)
                || !class.roles.is_disjoint(&principals.roles)
        };
        let is_home = |home: &Home| match (home, who.home) {
            (Home::AnyOtherTenant(_), Home::AnyOtherTenant(_)) => true,
            (one, other) => *one == other,
        };
        (selection.kinds.is_empty() || selection.kinds.contains(&who.kind))
            && (selection.homes.is_empty() || selection.homes.iter().any(is_home))
            && (selection.any_of.is_empty() || is_named(&selection.any_of))
            && (selection.none_of.is_empty() || !is_named(&selection.none_of))
    }

    fn people(&self) -> BTreeSet<UserId> {
        let region = self.region;
        let inside = |axis: AxisId, at: usize| {
            let inside = region.axes.get(&axis);
            inside.is_none_or(|inside| inside.contains(&at))
        };
        let listed = self.space.listed.iter().filter(|class| {
            inside(AxisId::Who, class.who)
                && inside(AxisId::User, class.user)
                && self.is_selected(class)
                && region.switches.iter().all(|(switch, holds)| match switch {
                    Switch::Group(id) => class.groups.contains(id) == *holds,
                    Switch::Role(id) => class.roles.contains(id) == *holds,
                    _ => true,
                })
        });
        listed
            .flat_map(|class| class.users.iter().copied())
            .collect()
    }
}

/// Applications that are all there of those that policies name by one word, and the others.
fn bundled(mut reached: BTreeSet<Reached>) -> (Vec<&'static str>, BTreeSet<Reached>) {
    let bundles: [(&str, BTreeSet<Reached>); 2] = [
        (
            "Office 365",
            office_365().map(Reached::Application).collect(),
        ),
        (
            "the Microsoft admin portals",
            microsoft_admin_portals()
                .map(Reached::Application)
                .collect(),
        ),
    ];
    let whole = reached.clone();
    let mut named = Vec::new();
    for (name, bundle) in bundles {
        if bundle.is_subset(&whole) {
            named.push(name);
            reached.retain(|one| !bundle.contains(one));
        }
    }
    (named, reached)
}

fn or_nothing(names: Vec<String>) -> String {
    if names.is_empty() {
        String::new()
    } else {
        or(names)
    }
}
