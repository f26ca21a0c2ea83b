//! What the policies in force came to, one bit for each: nothing is put on the heap for it where all are satisfied, however many
//! apply.

use smallvec::SmallVec;

use crate::policy_set::{PolicySet, number};

/// Which of the policies in force are not satisfied; nothing where all are. Of up to 256 policies it is never on the heap.
#[derive(Debug, Clone, Default)]
pub(crate) struct Failed(SmallVec<[u64; WORDS]>);

const WORDS: usize = 4;

impl Failed {
    /// Asks of each policy in force, in order, whether it is satisfied.
    #[inline]
    pub(crate) fn among(in_force: &PolicySet, mut is_satisfied: impl FnMut(usize) -> bool) -> Self {
        let mut failed = Self::default();
        for (index, word) in in_force.words().iter().enumerate() {
            let (mut rest, mut bits) = (*word, 0);
            while rest != 0 {
                let others = rest & (rest - 1);
                if !is_satisfied(number(index, rest)) {
                    bits |= rest ^ others;
                }
                rest = others;
            }
            if bits != 0 {
                failed.add(in_force, index, bits);
            }
        }
        failed
    }

    fn add(&mut self, in_force: &PolicySet, index: usize, bits: u64) {
        if self.0.is_empty() {
            self.0 = match in_force.words().len() {
                few @ 0..=WORDS => SmallVec::from_buf_and_len([0; WORDS], few),
                many => SmallVec::from_vec(vec![0; many]),
            };
        }
        if let Some(word) = self.0.get_mut(index) {
            *word |= bits;
        }
    }

    /// Whether every policy is satisfied.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The numbers of the policies in force, the same as before, ascending; and whether each is satisfied.
    pub(crate) fn results<'a>(&'a self, in_force: &'a PolicySet) -> Results<'a> {
        Results {
            in_force: in_force.words().iter().enumerate(),
            failed: &self.0,
            index: 0,
            rest: 0,
        }
    }
}

/// See [`Failed::results`].
#[derive(Debug)]
pub(crate) struct Results<'a> {
    in_force: std::iter::Enumerate<std::slice::Iter<'a, u64>>,
    failed: &'a [u64],
    /// The present word, and what is left of it.
    index: usize,
    rest: u64,
}

impl Iterator for Results<'_> {
    type Item = (usize, bool);

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        while self.rest == 0 {
            let (index, word) = self.in_force.next()?;
            (self.index, self.rest) = (index, *word);
        }
        let rest = self.rest;
        self.rest = rest & (rest - 1);
        let failed = self.failed.get(self.index).copied().unwrap_or(0);
        let is_satisfied = failed & (rest ^ self.rest) == 0;
        Some((number(self.index, rest), is_satisfied))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_was_judged_is_told(
            scope in proptest::collection::btree_set(0..200usize, 0..40),
            satisfied in proptest::collection::btree_set(0..200usize, 0..100),
        ) {
            let set = |numbers: &BTreeSet<usize>| {
                let mut set = PolicySet::empty(200);
                for number in numbers {
                    set.insert(*number);
                }
                set
            };
            let in_force = set(&scope);
            let failed = Failed::among(&in_force, |number| satisfied.contains(&number));
            let expect: BTreeMap<usize, bool> = scope
                .into_iter()
                .map(|number| (number, satisfied.contains(&number)))
                .collect();
            prop_assert_eq!(failed.is_empty(), expect.values().all(|it| *it));
            prop_assert_eq!(failed.results(&in_force).collect::<BTreeMap<_, _>>(), expect);
        }
    }
}
