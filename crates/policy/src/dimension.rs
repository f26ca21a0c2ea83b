//! One dimension of the index: for each value, the policies it satisfies or is excluded from.
//!
//! Matching a sign-in is then a few AND and AND-NOT over words: the cost grows with policies / 64.

use std::collections::{BTreeMap, BTreeSet};

use smallvec::SmallVec;

use crate::policy_set::{PolicySet, Sparse, SparsePolicySet};
use crate::table::{Key, Parts, Table, hash};
use crate::value::See;

/// One dimension: which policies each of its values brings the sign-in into, and which it takes it out of.
#[derive(Debug)]
pub(crate) struct Dimension<V> {
    /// Policies that say nothing of this dimension, or whose include list cannot be evaluated and could match anybody.
    pub(crate) always: PolicySet,
    /// Ascending.
    values: Vec<V>,
    named: Named,
}

/// What the values of a dimension include and exclude, whatever kind of value they are.
#[derive(Debug)]
struct Named {
    table: Table<Entry>,
    /// `always`, and what the value that every sign-in has includes: many policies, and asked for every time.
    everything: PolicySet,
    /// What it excludes: hardly ever anything.
    everything_excluded: Option<SparsePolicySet>,
}

/// What one value includes and excludes.
#[derive(Debug)]
struct Entry {
    included: Box<[(usize, u64)]>,
    excluded: Box<[(usize, u64)]>,
}

impl Entry {
    #[inline]
    fn included(&self) -> Sparse<'_> {
        Sparse(&self.included)
    }

    #[inline]
    fn excluded(&self) -> Sparse<'_> {
        Sparse(&self.excluded)
    }
}

/// What excludes, until everything that includes is in.
type Excluding<'a> = SmallVec<[Sparse<'a>; 16]>;

/// The policies that the values seen so far match, while values are added.
pub(crate) struct Matching<'a, V> {
    dimension: &'a Dimension<V>,
    /// The words of the set.
    policies: &'a mut [u64],
    excluding: Excluding<'a>,
}

impl<V: Key> Matching<'_, V> {
    /// Adds what a value includes, and remembers what it excludes. Values come in any order, each once.
    #[inline(always)]
    #[expect(
        clippy::inline_always,
        reason = "what kind of value it is need not be asked again of each group"
    )]
    pub(crate) fn add(&mut self, value: V) {
        let value = value.parts();
        let hash = hash(value);
        if self.dimension.named.table.may_hold(hash) {
            let [kind, high, low] = value.apart();
            self.add_hashed(kind, high, low, hash);
        }
    }

    /// Apart from the loop over somebody's groups, most of which nobody names.
    #[inline(never)]
    fn add_hashed(&mut self, kind: u64, high: u64, low: u64, hash: u64) {
        let named = &self.dimension.named;
        let value = Parts::together(kind, high, low);
        let Some(entry) = named.table.find_hashed(value, hash) else {
            return;
        };
        entry.included().add_to(self.policies);
        let excluded = entry.excluded();
        if !excluded.is_empty() {
            self.excluding.push(excluded);
        }
    }
}

impl<V: Key> See<V> for Matching<'_, V> {
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "as for `add`")]
    fn see(&mut self, value: V) {
        self.add(value);
    }
}

/// What policies say of a dimension while they are compiled, in the order of their numbers.
#[derive(Debug)]
pub(crate) struct DimensionBuilder<V> {
    pub(crate) always: PolicySet,
    entries: BTreeMap<V, Lists>,
}

#[derive(Debug, Default)]
struct Lists {
    included: SparsePolicySet,
    excluded: SparsePolicySet,
}

impl<V: Key> DimensionBuilder<V> {
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
        let mut everything = self.always.clone();
        let mut everything_excluded = None;
        if let Some(entry) = V::EVERYTHING.and_then(|value| self.entries.get(&value)) {
            everything.add(entry.included.view());
            everything_excluded = Some(entry.excluded.clone()).filter(|it| !it.is_empty());
        }
        let values = self.entries.keys().copied().collect();
        let entries = self.entries.into_iter().map(|(value, lists)| {
            let entry = Entry {
                included: lists.included.kept(),
                excluded: lists.excluded.kept(),
            };
            (value, entry)
        });
        let table = Table::of(entries);
        Dimension {
            always: self.always,
            named: Named {
                table,
                everything,
                everything_excluded,
            },
            values,
        }
    }
}

impl<V: Key> Dimension<V> {
    /// The policies whose condition these values satisfy: any include brings the sign-in in, any exclude wins over that.
    pub(crate) fn matching(&self, values: impl Iterator<Item = V>) -> PolicySet {
        let mut policies = self.always.clone();
        let show = |matching: &mut Matching<'_, V>| values.for_each(|value| matching.add(value));
        self.add_shown(&mut policies, show);
        policies
    }

    /// Policies that no value includes and none excludes: they match whatever the sign-in's values are.
    pub(crate) fn untouched(&self) -> PolicySet {
        let mut untouched = self.always.clone();
        for entry in self.named.table.kept() {
            untouched.remove(entry.excluded());
        }
        untouched
    }

    /// What these values include, and what they exclude.
    pub(crate) fn lists(&self, values: impl Iterator<Item = V>) -> (PolicySet, PolicySet) {
        let mut included = PolicySet::empty_like(&self.always);
        let mut excluded = PolicySet::empty_like(&self.always);
        for entry in values.filter_map(|value| self.entry(value)) {
            included.add(entry.included());
            excluded.add(entry.excluded());
        }
        (included, excluded)
    }

    /// The values that policies name, ascending.
    pub(crate) fn values(&self) -> &[V] {
        &self.values
    }

    /// Puts what a sign-in satisfies in the place of whatever is in `policies`, of the same tenant. It has
    /// [`Key::EVERYTHING`], and the values that `show` shows.
    #[inline]
    pub(crate) fn match_shown<'a>(
        &'a self,
        policies: &'a mut PolicySet,
        show: impl FnOnce(&mut Matching<'a, V>),
    ) {
        policies.copy_from(&self.named.everything);
        self.add_shown(policies, |matching| {
            if let Some(excluded) = &self.named.everything_excluded {
                matching.excluding.push(excluded.view());
            }
            show(matching);
        });
    }

    /// Adds what the values include that `show` shows, and takes away what any of them excludes.
    #[inline]
    fn add_shown<'a>(
        &'a self,
        policies: &'a mut PolicySet,
        show: impl FnOnce(&mut Matching<'a, V>),
    ) {
        // Filled in where it lies.
        let mut matching = Matching {
            dimension: self,
            policies: policies.words_mut(),
            excluding: Excluding::new(),
        };
        show(&mut matching);
        for excluded in &matching.excluding {
            excluded.remove_from(matching.policies);
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
        for (value, entry) in self.values.iter().zip(self.named.table.kept()) {
            if known.contains(value) || (bound == Bound::Possible && open(*value)) {
                matching.add(entry.included());
            }
        }
        for (value, entry) in self.values.iter().zip(self.named.table.kept()) {
            if known.contains(value) || (bound == Bound::Definite && open(*value)) {
                matching.remove(entry.excluded());
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
        for value in values {
            let Some(entry) = self.entry(value) else {
                continue;
            };
            for policy in entry.included().iter() {
                rules.included.entry(policy).or_default().push(value);
            }
            for policy in entry.excluded().iter() {
                rules.excluded.entry(policy).or_default().push(value);
            }
        }
        rules
    }

    fn entry(&self, value: V) -> Option<&Entry> {
        self.named.table.find(value.parts())
    }
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
    use proptest::prelude::*;

    use super::*;

    #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
    struct Number(u64);

    impl Key for Number {
        const EVERYTHING: Option<Self> = Some(Self(0));

        fn parts(self) -> Parts {
            Parts::one(0, self.0)
        }
    }

    type Lists = Vec<(BTreeSet<u64>, BTreeSet<u64>)>;

    fn lists() -> impl Strategy<Value = Lists> {
        let list = || proptest::collection::btree_set(0..40u64, 0..4);
        proptest::collection::vec((list(), list()), 0..90)
    }

    fn dimension(lists: &Lists) -> Dimension<Number> {
        let mut builder = DimensionBuilder::new(lists.len());
        for (policy, (included, excluded)) in lists.iter().enumerate() {
            for value in included {
                builder.include(Number(*value), policy);
            }
            for value in excluded {
                builder.exclude(Number(*value), policy);
            }
        }
        builder.build()
    }

    proptest! {
        #[test]
        fn a_policy_matches_what_it_includes_and_does_not_exclude(
            lists in lists(),
            mut values in proptest::collection::btree_set(0..40u64, 0..9),
            has_few in any::<bool>(),
        ) {
            let few: Lists = lists.iter().take(3).cloned().collect();
            let lists = if has_few { few } else { lists };
            let dimension = dimension(&lists);
            let expect = |values: &BTreeSet<u64>| -> Vec<usize> {
                let matches = |(included, excluded): &(BTreeSet<u64>, BTreeSet<u64>)| {
                    !included.is_disjoint(values) && excluded.is_disjoint(values)
                };
                (0..lists.len()).filter(|policy| matches(&lists[*policy])).collect()
            };
            let found = dimension.matching(values.iter().copied().map(Number));
            prop_assert_eq!(found.common(&found).collect::<Vec<_>>(), expect(&values));
            let mut begun = PolicySet::empty(lists.len());
            values.remove(&0);
            dimension.match_shown(&mut begun, |matching| {
                for value in &values {
                    matching.add(Number(*value));
                }
            });
            values.insert(0);
            prop_assert_eq!(begun.common(&begun).collect::<Vec<_>>(), expect(&values));
        }
    }
}
