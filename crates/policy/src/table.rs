//! Finds the number of a value at once, and passes over values that nobody named: somebody in many groups is looked up
//! many times, mostly in vain.

/// A value that can be looked up.
pub(crate) trait Key: Copy + Ord {
    /// The value that every sign-in has, if the dimension has one.
    const EVERYTHING: Option<Self>;

    /// The value as two numbers, equal for equal values.
    fn halves(self) -> (u64, u64);
}

/// Where ascending values are; the values themselves are kept by whoever asks.
///
/// Whoever writes policies chooses the ids in them. However they are chosen, a search looks at [`PROBES_MAX`] slots, or
/// the table is given up and values are found by halving.
#[derive(Debug, Default)]
pub(crate) struct Table {
    /// As many as a power of two, at most half of them taken; none where values are found by halving.
    slots: Vec<Slot>,
    /// How far a hash is shifted to become a place.
    shift: u32,
}

#[derive(Debug, Clone, Copy, Default)]
struct Slot {
    /// A part of the hash, so that other values are seldom looked at.
    tag: u32,
    /// One more than the number; 0 is a free slot.
    next: u32,
}

const PROBES_MAX: usize = 8;
/// How often a table is made twice as large before it is given up.
const DOUBLINGS_MAX: u32 = 4;

impl Table {
    /// The table of these values.
    pub(crate) fn of<K: Key>(values: &[K]) -> Self {
        let least = (values.len() * 2).next_power_of_two().max(16);
        (0..DOUBLINGS_MAX)
            .find_map(|doublings| Self::sized(values, least << doublings))
            .unwrap_or_default()
    }

    fn sized<K: Key>(values: &[K], size: usize) -> Option<Self> {
        let mut table = Self {
            slots: vec![Slot::default(); size],
            shift: u64::BITS - size.trailing_zeros(),
        };
        for (value, next) in values.iter().zip(1..) {
            let hash = hash(*value);
            let free = table
                .probes(hash)
                .find(|at| table.slots.get(*at).is_some_and(|slot| slot.next == 0))?;
            *table.slots.get_mut(free)? = Slot {
                tag: tag(hash),
                next,
            };
        }
        Some(table)
    }

    fn probes(&self, hash: u64) -> impl Iterator<Item = usize> + use<> {
        let first = usize::try_from(hash >> self.shift).unwrap_or_default();
        let last = self.slots.len() - 1;
        (first..first + PROBES_MAX).map(move |at| at & last)
    }

    /// The number of a value among those the table was made of.
    #[inline]
    pub(crate) fn find<K: Key>(&self, value: K, values: &[K]) -> Option<usize> {
        if self.slots.is_empty() {
            return values.binary_search(&value).ok();
        }
        let hash = hash(value);
        for at in self.probes(hash) {
            let slot = self.slots.get(at)?;
            let number = (slot.next as usize).checked_sub(1)?;
            if slot.tag == tag(hash) && values.get(number) == Some(&value) {
                return Some(number);
            }
        }
        None
    }
}

/// Both halves multiplied into each other: ids are random already, but for those that somebody made up.
#[inline]
#[expect(
    clippy::cast_possible_truncation,
    reason = "the two halves of a product"
)]
fn hash<K: Key>(value: K) -> u64 {
    let (high, low) = value.halves();
    let (high, low) = (high ^ 0x9e37_79b9_7f4a_7c15, low ^ 0xd1b5_4a32_d192_ed03);
    let product = u128::from(high) * u128::from(low);
    (product as u64) ^ ((product >> 64) as u64)
}

#[inline]
#[expect(
    clippy::cast_possible_truncation,
    reason = "a part of the hash, the lower one"
)]
const fn tag(hash: u64) -> u32 {
    hash as u32
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    impl Key for (u64, u64) {
        const EVERYTHING: Option<Self> = None;

        fn halves(self) -> (u64, u64) {
            self
        }
    }

    fn check(values: &BTreeSet<(u64, u64)>, others: &[(u64, u64)]) {
        let values: Vec<_> = values.iter().copied().collect();
        let table = Table::of(&values);
        for (number, value) in values.iter().enumerate() {
            assert_eq!(table.find(*value, &values), Some(number));
        }
        for other in others {
            assert_eq!(
                table.find(*other, &values),
                values.binary_search(other).ok()
            );
        }
    }

    proptest! {
        #[test]
        fn every_value_is_found_and_no_other(
            values in proptest::collection::btree_set((0..40u64, any::<u64>()), 0..200),
            others in proptest::collection::vec((0..40u64, any::<u64>()), 0..50),
        ) {
            check(&values, &others);
        }
    }

    #[test]
    fn values_that_fall_together_are_found_all_the_same() {
        // One factor is zero, and so is every hash.
        let values: BTreeSet<_> = (0..1000).map(|low| (0x9e37_79b9_7f4a_7c15, low)).collect();
        let all: Vec<_> = values.iter().copied().collect();
        assert!(Table::of(&all).slots.is_empty());
        check(&values, &[(0, 0), (0x9e37_79b9_7f4a_7c15, 1000)]);
        check(&BTreeSet::new(), &[(0, 0)]);
    }
}
