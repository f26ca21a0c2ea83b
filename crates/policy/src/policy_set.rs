//! Sets of policies by number: dense while a decision is made, sparse where they are kept.

use std::num::NonZeroU64;

const WORD_BITS: usize = u64::BITS as usize;
/// Sets of up to 2,048 policies (decision 17) are not put on the heap.
const INLINE_WORDS: usize = 32;

/// One bit for each policy of a tenant. Sets of one tenant are equally long.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PolicySet {
    /// Of how many words; no more are touched.
    count: usize,
    inline: [u64; INLINE_WORDS],
    /// Takes the place of `inline` where that does not suffice.
    heap: Vec<u64>,
}

/// Sets of one tenant, one after the other: what is asked for again and again, worked out beforehand.
#[derive(Debug)]
pub(crate) struct PolicySets {
    /// Of how many words each is.
    width: usize,
    words: Vec<u64>,
}

/// One of [`PolicySets`], as long as every set of the tenant.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Row<'a>(&'a [u64]);

impl PolicySets {
    /// None yet, of the same tenant.
    pub(crate) fn like(set: &PolicySet) -> Self {
        Self {
            width: set.count,
            words: Vec::new(),
        }
    }

    pub(crate) fn push(&mut self, set: &PolicySet) {
        self.words.extend(set.words());
    }

    /// The set that was pushed as this one, counted from 0.
    #[inline]
    pub(crate) fn get(&self, number: usize) -> Option<Row<'_>> {
        self.at_word(number.checked_mul(self.width)?)
    }

    /// The set that begins at this word.
    #[inline]
    pub(crate) fn at_word(&self, begin: usize) -> Option<Row<'_>> {
        let words = self.words.get(begin..)?;
        words.get(..self.width).map(Row)
    }

    /// How many words all of them are.
    pub(crate) fn word_count(&self) -> usize {
        self.words.len()
    }

    /// Takes the place of the present ones: what each of them has in common with the first of `others`, then with the
    /// second, and so on.
    pub(crate) fn multiply(&mut self, others: &[&PolicySet]) {
        let present = std::mem::take(&mut self.words);
        for other in others {
            let theirs = other.words().iter().cycle();
            let words = present.iter().zip(theirs);
            self.words.extend(words.map(|(word, theirs)| word & theirs));
        }
    }
}

/// The words of a set that are not zero, in order: a value named by few policies costs little among thousands.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct SparsePolicySet {
    words: Vec<(usize, u64)>,
}

/// The same, kept among others.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sparse<'a>(pub(crate) &'a [(usize, u64)]);

impl PolicySet {
    /// The empty set among `count` policies.
    pub(crate) fn empty(count: usize) -> Self {
        Self::of_words(count.div_ceil(WORD_BITS))
    }

    /// The empty set of the same tenant.
    #[inline]
    pub(crate) fn empty_like(other: &Self) -> Self {
        Self::of_words(other.count)
    }

    /// All of `count` policies.
    pub(crate) fn full(count: usize) -> Self {
        let mut set = Self::empty(count);
        for number in 0..count {
            set.insert(number);
        }
        set
    }

    /// The set as one of many.
    #[inline]
    pub(crate) fn row(&self) -> Row<'_> {
        Row(self.words())
    }

    #[inline]
    fn of_words(count: usize) -> Self {
        // Filled in where it will lie: a set is not moved for nothing.
        let mut set = Self {
            count,
            inline: [0; INLINE_WORDS],
            heap: Vec::new(),
        };
        if count > INLINE_WORDS {
            set.heap = vec![0; count];
        }
        set
    }

    /// Policies 0 to 63 in the first, and so on.
    #[inline]
    pub(crate) fn words(&self) -> &[u64] {
        self.inline.get(..self.count).unwrap_or(&self.heap)
    }

    #[inline]
    pub(crate) fn words_mut(&mut self) -> &mut [u64] {
        match self.inline.get_mut(..self.count) {
            Some(words) => words,
            None => &mut self.heap,
        }
    }

    /// Becomes equal to the other, of the same tenant.
    pub(crate) fn copy_from(&mut self, other: &Self) {
        for (word, theirs) in self.words_mut().iter_mut().zip(other.words()) {
            *word = *theirs;
        }
    }

    pub(crate) fn insert(&mut self, number: usize) {
        if let Some(word) = self.words_mut().get_mut(number / WORD_BITS) {
            *word |= 1 << (number % WORD_BITS);
        }
    }

    pub(crate) fn contains(&self, number: usize) -> bool {
        self.words()
            .get(number / WORD_BITS)
            .is_some_and(|word| word & (1 << (number % WORD_BITS)) != 0)
    }

    /// Keeps what both have.
    #[inline]
    pub(crate) fn keep(&mut self, row: Row<'_>) {
        for (word, theirs) in self.words_mut().iter_mut().zip(row.0) {
            *word &= theirs;
        }
    }

    /// Keeps what all three have, and says whether that is anything.
    #[inline]
    pub(crate) fn keep_common(&mut self, one: Row<'_>, other: Row<'_>) -> bool {
        let mut any = 0;
        let theirs = one.0.iter().zip(other.0);
        for (word, (one, other)) in self.words_mut().iter_mut().zip(theirs) {
            *word &= one & other;
            any |= *word;
        }
        any != 0
    }

    /// Keeps what is included and not excluded.
    #[inline]
    pub(crate) fn keep_included(&mut self, (included, excluded): (Row<'_>, Row<'_>)) {
        let theirs = included.0.iter().zip(excluded.0);
        for (word, (included, excluded)) in self.words_mut().iter_mut().zip(theirs) {
            *word &= included & !excluded;
        }
    }

    /// Keeps what either of two includes and neither excludes.
    pub(crate) fn keep_included_by_either(
        &mut self,
        (included, excluded): (Row<'_>, Row<'_>),
        (also_included, also_excluded): (Row<'_>, Row<'_>),
    ) {
        let one = included.0.iter().zip(excluded.0);
        let other = also_included.0.iter().zip(also_excluded.0);
        for (word, (one, other)) in self.words_mut().iter_mut().zip(one.zip(other)) {
            *word &= (one.0 | other.0) & !(one.1 | other.1);
        }
    }

    /// Keeps what both have.
    pub(crate) fn intersect(&mut self, other: &Self) {
        self.keep(other.row());
    }

    /// Drops what the other has.
    pub(crate) fn subtract(&mut self, other: &Self) {
        for (word, theirs) in self.words_mut().iter_mut().zip(other.words()) {
            *word &= !theirs;
        }
    }

    /// Adds what the other has.
    pub(crate) fn unite(&mut self, other: &Self) {
        for (word, theirs) in self.words_mut().iter_mut().zip(other.words()) {
            *word |= theirs;
        }
    }

    #[inline]
    pub(crate) fn add(&mut self, some: Sparse<'_>) {
        some.add_to(self.words_mut());
    }

    #[inline]
    pub(crate) fn remove(&mut self, some: Sparse<'_>) {
        some.remove_from(self.words_mut());
    }

    /// Whether any number is in it that is not in the other.
    #[inline]
    pub(crate) fn has_beyond(&self, other: &Self) -> bool {
        let mut words = self.words().iter().zip(other.words());
        words.any(|(word, theirs)| word & !theirs != 0)
    }

    /// Asks of each number that is not in the other whether it stays.
    #[inline]
    pub(crate) fn retain_beyond(&mut self, other: &Self, mut stays: impl FnMut(usize) -> bool) {
        let words = self.words_mut().iter_mut().zip(other.words());
        for (index, (word, theirs)) in words.enumerate() {
            let mut rest = *word & !theirs;
            while rest != 0 {
                let others = rest & (rest - 1);
                if !stays(number(index, rest)) {
                    *word ^= rest ^ others;
                }
                rest = others;
            }
        }
    }

    /// Calls with each number in both sets, ascending.
    #[inline]
    pub(crate) fn for_each_common(&self, other: &Self, mut call: impl FnMut(usize)) {
        for (index, (word, theirs)) in self.words().iter().zip(other.words()).enumerate() {
            let mut rest = word & theirs;
            while rest != 0 {
                call(number(index, rest));
                // Clears the lowest bit.
                rest &= rest - 1;
            }
        }
    }

    /// Whether any number is in both sets.
    #[inline]
    pub(crate) fn has_common(&self, other: &Self) -> bool {
        let mut words = self.words().iter().zip(other.words());
        words.any(|(word, theirs)| word & theirs != 0)
    }

    /// The numbers in both sets, ascending.
    pub(crate) fn common<'a>(
        &'a self,
        other: &'a Self,
    ) -> impl Iterator<Item = usize> + Clone + 'a {
        self.words()
            .iter()
            .zip(other.words())
            .enumerate()
            .flat_map(|(index, (word, theirs))| bits(index, word & theirs))
    }
}

impl SparsePolicySet {
    pub(crate) fn is_empty(&self) -> bool {
        self.words.is_empty()
    }

    /// Adds a policy. Numbers come in ascending order, since policies are compiled in order.
    pub(crate) fn push(&mut self, number: usize) {
        let (index, bit) = (number / WORD_BITS, 1 << (number % WORD_BITS));
        match self.words.last_mut() {
            Some((last, word)) if *last == index => *word |= bit,
            Some(_) | None => self.words.push((index, bit)),
        }
    }

    #[inline]
    pub(crate) fn view(&self) -> Sparse<'_> {
        Sparse(&self.words)
    }

    /// As it is kept.
    pub(crate) fn kept(self) -> Box<[(usize, u64)]> {
        self.words.into_boxed_slice()
    }
}

impl<'a> Sparse<'a> {
    #[inline]
    pub(crate) fn is_empty(self) -> bool {
        self.0.is_empty()
    }

    /// Adds it to a set of the same tenant.
    #[inline]
    pub(crate) fn add_to(self, words: &mut [u64]) {
        self.for_each_word(words, |word, ours| *word |= ours);
    }

    /// Drops it from a set of the same tenant.
    #[inline]
    pub(crate) fn remove_from(self, words: &mut [u64]) {
        self.for_each_word(words, |word, ours| *word &= !ours);
    }

    /// Calls with each word of another set that it has a part of, and that part.
    #[inline]
    fn for_each_word(self, words: &mut [u64], call: impl Fn(&mut u64, u64)) {
        // Hardly ever more than one.
        if let [(index, ours)] = self.0 {
            if let Some(word) = words.get_mut(*index) {
                call(word, *ours);
            }
            return;
        }
        for (index, ours) in self.0 {
            if let Some(word) = words.get_mut(*index) {
                call(word, *ours);
            }
        }
    }

    pub(crate) fn iter(self) -> impl Iterator<Item = usize> + 'a {
        self.0.iter().flat_map(|(index, word)| bits(*index, *word))
    }
}

/// The numbers of the bits that are set in the word at `index`.
fn bits(index: usize, word: u64) -> impl Iterator<Item = usize> + Clone {
    // Each step clears the lowest bit.
    let rest = |word: &NonZeroU64| NonZeroU64::new(word.get() & (word.get() - 1));
    std::iter::successors(NonZeroU64::new(word), rest).map(move |word| number(index, word.get()))
}

/// The number of the lowest bit that is set in the word at `index`.
#[inline]
pub(crate) const fn number(index: usize, word: u64) -> usize {
    index << WORD_BITS.trailing_zeros() | word.trailing_zeros() as usize
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    fn sparse(numbers: &BTreeSet<usize>) -> SparsePolicySet {
        let mut set = SparsePolicySet::default();
        for number in numbers {
            set.push(*number);
        }
        set
    }

    fn dense(numbers: &BTreeSet<usize>) -> PolicySet {
        let mut set = PolicySet::empty(200);
        set.add(sparse(numbers).view());
        set
    }

    proptest! {
        #[test]
        fn they_are_sets(
            left in proptest::collection::btree_set(0..200usize, 0..40),
            right in proptest::collection::btree_set(0..200usize, 0..40),
        ) {
            let set = |operate: &dyn Fn(&mut PolicySet)| -> BTreeSet<usize> {
                let mut result = dense(&left);
                operate(&mut result);
                result.common(&result).collect()
            };
            prop_assert_eq!(sparse(&left).view().iter().collect::<BTreeSet<_>>(), left.clone());
            prop_assert_eq!(set(&|it| it.unite(&dense(&right))), &left | &right);
            prop_assert_eq!(set(&|it| it.add(sparse(&right).view())), &left | &right);
            prop_assert_eq!(set(&|it| it.intersect(&dense(&right))), &left & &right);
            prop_assert_eq!(set(&|it| it.subtract(&dense(&right))), &left - &right);
            prop_assert_eq!(set(&|it| it.remove(sparse(&right).view())), &left - &right);
            let mut rows = PolicySets::like(&dense(&left));
            rows.push(&dense(&left));
            rows.push(&dense(&right));
            let row = || rows.get(1).unwrap();
            prop_assert_eq!(set(&|it| it.keep(row())), &left & &right);
            prop_assert_eq!(rows.at_word(4).unwrap().0, row().0);
            prop_assert!(rows.get(2).is_none());
            let full = PolicySet::full(200);
            let empty = PolicySet::empty_like(&full);
            let [all, none] = [(full.row(), row()), (empty.row(), empty.row())];
            prop_assert_eq!(set(&|it| it.keep_included(all)), &left - &right);
            prop_assert_eq!(set(&|it| it.keep_included_by_either(none, all)), &left - &right);
            let one = (row(), none.1);
            prop_assert_eq!(set(&|it| it.keep_included_by_either(one, none)), &left & &right);
            prop_assert_eq!(set(&|it| { it.keep_common(full.row(), row()); }), &left & &right);
            prop_assert_eq!(dense(&left).keep_common(row(), full.row()), !left.is_disjoint(&right));
            prop_assert_eq!(dense(&left).has_beyond(&dense(&right)), !left.is_subset(&right));
            rows.multiply(&[&dense(&right), &full]);
            let product: Vec<BTreeSet<usize>> = (0..4)
                .map(|number| {
                    let mut set = full.clone();
                    set.keep(rows.get(number).unwrap());
                    set.common(&full).collect()
                })
                .collect();
            let both = &left & &right;
            prop_assert_eq!(product, [both, right.clone(), left.clone(), right.clone()]);
            let even = |number: &usize| number.is_multiple_of(2);
            let mut retained = left.clone();
            retained.retain(|number| right.contains(number) || even(number));
            prop_assert_eq!(set(&|it| it.retain_beyond(&dense(&right), |one| even(&one))), retained);
            let [one, other] = [&left, &right].map(dense);
            let mut both = BTreeSet::new();
            one.for_each_common(&other, |number| { both.insert(number); });
            prop_assert_eq!(both, &left & &right);
            prop_assert_eq!(one.has_common(&other), !left.is_disjoint(&right));
            for number in 0..200 {
                prop_assert_eq!(dense(&left).contains(number), left.contains(&number));
            }
        }
    }
}
