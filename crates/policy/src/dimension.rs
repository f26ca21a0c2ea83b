//! One dimension of the index: for each value, the policies it satisfies or is excluded from.
//!
//! Matching a sign-in is then a few AND and AND-NOT over words: the cost grows with policies / 64.

use std::collections::{BTreeMap, BTreeSet};

use smallvec::SmallVec;

use crate::policy_set::{PolicySet, SparsePolicySet};

/// One dimension: which policies each of its values brings the sign-in into, and which it takes it out of.
#[derive(Debug)]
pub(crate) struct Dimension<V> {
    /// Policies that say nothing of this dimension, or whose include list cannot be evaluated and could match anybody.
    pub(crate) always: PolicySet,
    /// Ascending; apart from the entries, so that a search touches little memory.
    values: Vec<V>,
    /// Of each value, in the same order.
    entries: Vec<Entry>,
}

#[derive(Debug, Clone, Default)]
struct Entry {
    included: SparsePolicySet,
    excluded: SparsePolicySet,
}

/// What policies say of a dimension while they are compiled, in the order of their numbers.
#[derive(Debug)]
pub(crate) struct DimensionBuilder<V> {
    pub(crate) always: PolicySet,
    entries: BTreeMap<V, Entry>,
}

impl<V: Copy + Ord> DimensionBuilder<V> {
    pub(crate) fn new(count: usize) -> Self {
        Self {
            always: PolicySet::empty(count),
            entries: BTreeMap::new(),
        }
    }

    pub(crate) fn include(&mut self, value: V, policy: usize) {
        self.entries.entry(value).or_default().included.push(policy);
    }

    pub(crate) fn exclude(&mut self, value: V, policy: usize) {
        self.entries.entry(value).or_default().excluded.push(policy);
    }

    pub(crate) fn build(self) -> Dimension<V> {
        let (values, entries) = self.entries.into_iter().unzip();
        Dimension {
            always: self.always,
            values,
            entries,
        }
    }
}

impl<V: Copy + Ord> Dimension<V> {
    /// Whether no policy names any value of it.
    pub(crate) fn is_silent(&self) -> bool {
        self.entries.is_empty()
    }

    /// The policies whose condition these values, in ascending order, satisfy: any include brings the sign-in in, any
    /// exclude wins over that.
    pub(crate) fn matching(&self, values: impl Iterator<Item = V>) -> PolicySet {
        let mut matching = PolicySet::empty_like(&self.always);
        self.match_into(values, &mut matching);
        matching
    }

    /// Keeps of `standing` what these values satisfy. `scratch` is of the same tenant, whatever is in it.
    pub(crate) fn keep_matching(
        &self,
        values: impl Iterator<Item = V>,
        standing: &mut PolicySet,
        scratch: &mut PolicySet,
    ) {
        self.match_into(values, scratch);
        standing.intersect(scratch);
    }

    fn match_into(&self, values: impl Iterator<Item = V>, matching: &mut PolicySet) {
        matching.copy_from(&self.always);
        // What excludes is taken away when everything that includes is in.
        let mut excluding: SmallVec<[&SparsePolicySet; 32]> = SmallVec::new();
        for (_, entry) in self.find(values) {
            matching.add(&entry.included);
            if !entry.excluded.is_empty() {
                excluding.push(&entry.excluded);
            }
        }
        for excluded in excluding {
            matching.remove(excluded);
        }
    }

    /// The same where some values are not known to be the sign-in's: those `open` names may be its or may not be. All that
    /// matches whatever they turn out to be, or all that matches in some case.
    pub(crate) fn matching_within(
        &self,
        values: impl Iterator<Item = V>,
        open: impl Fn(V) -> bool,
        bound: Bound,
    ) -> PolicySet {
        let known: BTreeSet<V> = values.collect();
        let mut matching = self.always.clone();
        for (value, entry) in self.values.iter().zip(&self.entries) {
            if known.contains(value) || (bound == Bound::Possible && open(*value)) {
                matching.add(&entry.included);
            }
        }
        for (value, entry) in self.values.iter().zip(&self.entries) {
            if known.contains(value) || (bound == Bound::Definite && open(*value)) {
                matching.remove(&entry.excluded);
            }
        }
        matching
    }

    /// Which of these values include and exclude which policies: the same entries the decision looked at.
    pub(crate) fn rules(&self, values: impl Iterator<Item = V>) -> RulesByPolicy<V> {
        let mut rules = RulesByPolicy {
            included: BTreeMap::new(),
            excluded: BTreeMap::new(),
        };
        for (value, entry) in self.find(values) {
            for policy in entry.included.iter() {
                rules.included.entry(policy).or_default().push(value);
            }
            for policy in entry.excluded.iter() {
                rules.excluded.entry(policy).or_default().push(value);
            }
        }
        rules
    }

    /// The entries of these values, both walked once in ascending order: somebody in ten thousand groups costs little
    /// more than the ten thousand.
    ///
    /// INVARIANT (ascending values): a value out of order would be passed over, and its policies with it. The functions
    /// of `value.rs` keep it; every test run checks it.
    fn find(&self, values: impl Iterator<Item = V>) -> impl Iterator<Item = (V, &Entry)> {
        let mut at = 0;
        let mut last = None;
        values.filter_map(move |value| {
            debug_assert!(last.replace(value).is_none_or(|last| last < value));
            at += gallop(self.values.get(at..).unwrap_or_default(), &value);
            let found = self.values.get(at)?;
            let entry = self.entries.get(at)?;
            (*found == value).then_some((value, entry))
        })
    }
}

/// How many entries come before `value`: looks ahead in growing steps, then closes in.
fn gallop<V: Ord>(values: &[V], value: &V) -> usize {
    let is_before = |index: usize| values.get(index).is_some_and(|other| other < value);
    let mut step = 1;
    while is_before(step) {
        step *= 2;
    }
    let (low, high) = (step / 2, step.min(values.len()));
    let near = values.get(low..high).unwrap_or_default();
    low + near.partition_point(|other| other < value)
}

/// The values that included or excluded a sign-in, by policy number.
pub(crate) struct RulesByPolicy<V> {
    pub(crate) included: BTreeMap<usize, Vec<V>>,
    pub(crate) excluded: BTreeMap<usize, Vec<V>>,
}

/// What is asked where a signal was not given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Bound {
    /// What matches whatever the signal is.
    Definite,
    /// What matches for some value of it.
    Possible,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn galloping_finds_every_place_in_every_length() {
        for length in 0..40usize {
            let entries: Vec<usize> = (0..length).map(|number| number * 2).collect();
            for value in 0..=length * 2 {
                let expect = entries.partition_point(|other| *other < value);
                assert_eq!(gallop(&entries, &value), expect, "{value} among {length}");
            }
        }
    }

    #[test]
    fn a_value_is_found_wherever_the_walk_stands() {
        let mut builder = DimensionBuilder::new(3);
        for (policy, value) in [(0, 10), (1, 20), (2, 30)] {
            builder.include(value, policy);
        }
        let dimension = builder.build();
        for values in [
            &[][..],
            &[10],
            &[30],
            &[5, 10, 11, 30, 99],
            &[20, 30],
            &[1, 2, 3, 4, 5, 20],
        ] {
            let found: Vec<usize> = dimension
                .find(values.iter().copied())
                .map(|(value, _)| value)
                .collect();
            let expect: Vec<usize> = values
                .iter()
                .copied()
                .filter(|value| [10, 20, 30].contains(value))
                .collect();
            assert_eq!(found, expect);
        }
    }
}
