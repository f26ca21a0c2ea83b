//! What the enabled policies in scope came to, one bit for each: nothing is put on the heap for it, however many apply.

use smallvec::SmallVec;

use crate::policy_set::{PolicySet, WORD_BITS};

/// The enabled policies in scope, and which of them are satisfied. Of up to 2,048 policies (decision 17) it is not on the
/// heap.
#[derive(Debug, Clone, Default)]
pub(crate) struct Results(SmallVec<[Marks; 32]>);

/// Of as many policies as a word has bits.
#[derive(Debug, Clone, Copy, Default)]
struct Marks {
    in_scope: u64,
    satisfied: u64,
}

impl Results {
    /// Asks of each policy in both sets, in order, whether it is satisfied.
    #[inline]
    pub(crate) fn judge(
        &mut self,
        scope: &PolicySet,
        enabled: &PolicySet,
        mut is_satisfied: impl FnMut(usize) -> bool,
    ) {
        scope.for_each_common_word(enabled, |index, in_scope| {
            let (mut rest, mut satisfied) = (in_scope, 0);
            while rest != 0 {
                let others = rest & (rest - 1);
                if is_satisfied(index * WORD_BITS + rest.trailing_zeros() as usize) {
                    satisfied |= rest ^ others;
                }
                rest = others;
            }
            self.0.push(Marks {
                in_scope,
                satisfied,
            });
        });
    }

    /// Whether every policy in scope is satisfied.
    pub(crate) fn are_satisfied(&self) -> bool {
        self.0.iter().all(|marks| marks.in_scope == marks.satisfied)
    }

    /// The numbers of the policies in scope, ascending, and whether each is satisfied.
    pub(crate) fn iter(&self) -> Iter<'_> {
        Iter {
            words: self.0.iter().enumerate(),
            first: 0,
            marks: Marks::default(),
        }
    }
}

/// See [`Results::iter`].
#[derive(Debug)]
pub(crate) struct Iter<'a> {
    words: std::iter::Enumerate<std::slice::Iter<'a, Marks>>,
    /// The number of the first policy of the present word.
    first: usize,
    /// What is left of that.
    marks: Marks,
}

impl Iterator for Iter<'_> {
    type Item = (usize, bool);

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        while self.marks.in_scope == 0 {
            let (index, marks) = self.words.next()?;
            (self.first, self.marks) = (index * WORD_BITS, *marks);
        }
        let rest = self.marks.in_scope;
        self.marks.in_scope = rest & (rest - 1);
        let is_satisfied = self.marks.satisfied & (rest ^ self.marks.in_scope) != 0;
        Some((self.first + rest.trailing_zeros() as usize, is_satisfied))
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
            enabled in proptest::collection::btree_set(0..200usize, 0..100),
            satisfied in proptest::collection::btree_set(0..200usize, 0..100),
        ) {
            let set = |numbers: &BTreeSet<usize>| {
                let mut set = PolicySet::empty(200);
                for number in numbers {
                    set.insert(*number);
                }
                set
            };
            let mut results = Results::default();
            results.judge(&set(&scope), &set(&enabled), |number| satisfied.contains(&number));
            let expect: BTreeMap<usize, bool> = (&scope & &enabled)
                .into_iter()
                .map(|number| (number, satisfied.contains(&number)))
                .collect();
            prop_assert_eq!(results.are_satisfied(), expect.values().all(|it| *it));
            prop_assert_eq!(results.iter().collect::<BTreeMap<_, _>>(), expect);
        }
    }
}
