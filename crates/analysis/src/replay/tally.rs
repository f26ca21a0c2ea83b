//! Counts what a replay finds, in memory that does not grow with the log; the tallies of several workers merge.

use std::collections::BTreeMap;

use portcullis_model::Timestamp;
use portcullis_model::id::PolicyId;

use super::compare::{Category, LoggedStatus, Why};
use super::distinct::{Distinct, hash};
use super::row::{NoRow, Row, said};
use super::split::RowPlace;
use super::{Replayed, Replayer, Told, Verdicts};

/// A sign-in is counted under so many of its reasons at most: whoever is stopped by more is stopped.
const REASONS_PER_ROW_MAX: usize = 16;
/// So many different numbers are told of sign-ins that ended elsewhere; further ones are counted together.
const ERROR_CODES_MAX: usize = 64;
/// Texts of examples are cut here.
const TEXT_CHARACTERS_MAX: usize = 120;

/// What a replay found so far.
#[derive(Debug, Clone, Default)]
pub struct Tally {
    examples_max: usize,
    /// Sign-ins that were decided.
    pub decided: Count,
    /// By what would differ.
    pub categories: BTreeMap<Category, Count>,
    /// By what would differ, by which policy and why.
    pub groups: BTreeMap<Group, Found>,
    /// What is no row.
    pub unreadable: u64,
    /// The first of that, with the line.
    pub unreadable_examples: Vec<(RowPlace, NoRow)>,
    /// Sign-ins that ended before or beside the policies, by number; 0 is all others.
    pub ended_elsewhere: BTreeMap<u32, u64>,
    /// Sign-ins at applications of other tenants.
    pub other_tenants: u64,
    /// What the log says against what the policies before come to.
    pub agreement: Agreement,
    /// The first and the last moment.
    pub span: Option<(Timestamp, Timestamp)>,
}

/// Sign-ins and whose.
#[derive(Debug, Clone, Default)]
pub struct Count {
    /// How many.
    pub sign_ins: u64,
    /// By how many different users.
    pub users: Distinct,
}

/// What is counted together.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Group {
    /// What would differ.
    pub category: Category,
    /// By which policy; `None`: by none alone.
    pub policy: Option<PolicyId>,
    /// Why.
    pub why: Why,
}

/// What was found of one group.
#[derive(Debug, Clone, Default)]
pub struct Found {
    /// How much.
    pub count: Count,
    /// The first ones.
    pub examples: Vec<Example>,
}

/// One sign-in, for showing.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Example {
    /// Its place in the log.
    pub place: RowPlace,
    /// When.
    pub at: Option<Timestamp>,
    /// Who.
    pub who: String,
    /// What was reached.
    pub reached: String,
    /// From where.
    pub from: Option<String>,
    /// To find it again.
    pub correlation_id: Option<String>,
}

/// How far log and replay agree about the policies before.
#[derive(Debug, Clone, Default)]
pub struct Agreement {
    /// Both say the same.
    pub agreed: u64,
    /// They do not: what the log says, what the replay says, how often.
    pub disagreed: BTreeMap<(LoggedStatus, LoggedStatus), u64>,
    /// One of them does not say.
    pub not_comparable: u64,
    /// The policies whose part is told otherwise, and how.
    pub policies: BTreeMap<(PolicyId, Told), u64>,
    /// The first that disagree.
    pub examples: Vec<Example>,
}

impl Tally {
    /// An empty one, which will keep so many examples of each group.
    pub fn new(examples_max: usize) -> Self {
        Self {
            examples_max,
            ..Self::default()
        }
    }

    /// Reads, decides and counts what stands in this place.
    pub fn take(&mut self, replayer: &Replayer, place: RowPlace, json: &[u8]) {
        match Row::read(json) {
            Err(why) => self.take_no_row(place, why),
            Ok(row) => self.count(place, &row, replayer.decide(&row)),
        }
    }

    /// Counts what is no row.
    pub fn take_no_row(&mut self, place: RowPlace, why: NoRow) {
        self.unreadable += 1;
        self.unreadable_examples.push((place, why));
        keep_first(&mut self.unreadable_examples, self.examples_max, |one| {
            one.0
        });
    }

    /// Counts a row that was decided.
    pub fn count(&mut self, place: RowPlace, row: &Row<'_>, replayed: Replayed) {
        let verdicts = match replayed {
            Replayed::OtherTenant => {
                self.other_tenants += 1;
                return;
            }
            Replayed::EndedElsewhere(code) => {
                let codes = &mut self.ended_elsewhere;
                let is_known = codes.contains_key(&code) || codes.len() < ERROR_CODES_MAX;
                *codes.entry(if is_known { code } else { 0 }).or_default() += 1;
                return;
            }
            Replayed::Decided(verdicts) => verdicts,
        };
        if let Some(at) = row.created_date_time {
            let (first, last) = self.span.unwrap_or((at, at));
            self.span = Some((first.min(at), last.max(at)));
        }
        let user = hash(row.identity().as_bytes());
        self.decided.add(user);
        self.categories
            .entry(verdicts.category)
            .or_default()
            .add(user);
        self.compare_with_log(place, row, &verdicts);
        let reasons = verdicts.because.into_iter().take(REASONS_PER_ROW_MAX);
        for (policy, why) in reasons {
            let group = Group {
                category: verdicts.category,
                policy,
                why,
            };
            let found = self.groups.entry(group).or_default();
            found.count.add(user);
            add_example(&mut found.examples, self.examples_max, (place, row));
        }
    }

    fn compare_with_log(&mut self, place: RowPlace, row: &Row<'_>, verdicts: &Verdicts) {
        let agreement = &mut self.agreement;
        match (verdicts.logged, verdicts.before) {
            (Some(logged), Some(before)) if logged == before => agreement.agreed += 1,
            (Some(logged), Some(before)) => {
                *agreement.disagreed.entry((logged, before)).or_default() += 1;
                for told in &verdicts.told_otherwise {
                    *agreement.policies.entry(*told).or_default() += 1;
                }
                add_example(&mut agreement.examples, self.examples_max, (place, row));
            }
            (None, _) | (_, None) => agreement.not_comparable += 1,
        }
    }

    /// Adds what another worker found.
    pub fn merge(&mut self, other: Self) {
        let examples_max = self.examples_max.max(other.examples_max);
        self.examples_max = examples_max;
        self.decided.merge(&other.decided);
        for (category, count) in &other.categories {
            self.categories.entry(*category).or_default().merge(count);
        }
        for (group, found) in other.groups {
            let own = self.groups.entry(group).or_default();
            own.count.merge(&found.count);
            own.examples.extend(found.examples);
            keep_first(&mut own.examples, examples_max, |one| one.place);
        }
        self.unreadable += other.unreadable;
        self.unreadable_examples.extend(other.unreadable_examples);
        keep_first(&mut self.unreadable_examples, examples_max, |one| one.0);
        for (code, count) in other.ended_elsewhere {
            *self.ended_elsewhere.entry(code).or_default() += count;
        }
        self.other_tenants += other.other_tenants;
        self.agreement.merge(other.agreement, examples_max);
        self.span = match (self.span, other.span) {
            (Some((first, last)), Some((from, to))) => Some((first.min(from), last.max(to))),
            (one, two) => one.or(two),
        };
    }

    /// How many sign-ins are of this category.
    pub fn sign_ins_of(&self, category: Category) -> u64 {
        self.categories
            .get(&category)
            .map_or(0, |count| count.sign_ins)
    }

    /// Everything that was read, rows or not.
    pub fn seen(&self) -> u64 {
        let elsewhere: u64 = self.ended_elsewhere.values().sum();
        self.decided.sign_ins + elsewhere + self.other_tenants + self.unreadable
    }
}

impl Count {
    fn add(&mut self, user: u64) {
        self.sign_ins += 1;
        self.users.insert(user);
    }

    fn merge(&mut self, other: &Self) {
        self.sign_ins += other.sign_ins;
        self.users.merge(&other.users);
    }
}

impl Agreement {
    fn merge(&mut self, other: Self, examples_max: usize) {
        self.agreed += other.agreed;
        self.not_comparable += other.not_comparable;
        for (pair, count) in other.disagreed {
            *self.disagreed.entry(pair).or_default() += count;
        }
        for (policy, count) in other.policies {
            *self.policies.entry(policy).or_default() += count;
        }
        self.examples.extend(other.examples);
        keep_first(&mut self.examples, examples_max, |one| one.place);
    }
}

/// The first in the log, whichever worker had them.
fn keep_first<T, K: Ord>(examples: &mut Vec<T>, examples_max: usize, place: fn(&T) -> K) {
    examples.sort_by_key(place);
    examples.truncate(examples_max);
}

fn add_example(
    examples: &mut Vec<Example>,
    examples_max: usize,
    (place, row): (RowPlace, &Row<'_>),
) {
    let is_late = examples.last().is_none_or(|last| last.place <= place);
    if examples.len() >= examples_max && is_late {
        return;
    }
    examples.push(Example {
        place,
        at: row.created_date_time,
        who: row.who().map(shortened).unwrap_or_default(),
        reached: [
            &row.resource_display_name,
            &row.app_display_name,
            &row.resource_id,
        ]
        .into_iter()
        .find_map(|name| said(name.as_ref()))
        .map(shortened)
        .unwrap_or_default(),
        from: said(row.ip_address.as_ref()).map(shortened),
        correlation_id: said(row.correlation_id.as_ref()).map(shortened),
    });
    keep_first(examples, examples_max, |one| one.place);
}

/// Without what could move a cursor.
fn shortened(text: &str) -> String {
    let shown = text.chars().take(TEXT_CHARACTERS_MAX);
    shown
        .map(|one| if one.is_control() { '\u{fffd}' } else { one })
        .collect()
}

#[cfg(test)]
mod tests;
