//! Finds the number of a value at once, and passes over values that nobody named: somebody in many groups is looked up
//! many times, mostly in vain.

use uuid::Uuid;

/// A value that can be looked up.
pub(crate) trait Key: Copy + Ord {
    /// The value that every sign-in has, if the dimension has one.
    const EVERYTHING: Option<Self>;

    /// The value as numbers: equal for equal values, different for others, and in their order.
    fn parts(self) -> Parts;
}

/// A value as numbers: its kind and, where it has one, its id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Parts {
    kind: u64,
    high: u64,
    low: u64,
}

impl Parts {
    /// One of a kind.
    #[inline]
    pub(crate) const fn one(kind: u64, number: u64) -> Self {
        Self {
            kind,
            high: 0,
            low: number,
        }
    }

    #[inline]
    pub(crate) const fn id(kind: u64, id: Uuid) -> Self {
        let (high, low) = id.as_u64_pair();
        Self { kind, high, low }
    }

    /// Apart, so that they can be handed on without a place in memory.
    #[inline]
    pub(crate) const fn apart(self) -> [u64; 3] {
        [self.kind, self.high, self.low]
    }

    /// The same together.
    #[inline]
    pub(crate) const fn together(kind: u64, high: u64, low: u64) -> Self {
        Self { kind, high, low }
    }
}

/// Where ascending values are.
///
/// Whoever writes policies chooses the ids in them. However they are chosen, a search looks at [`PROBES_MAX`] slots, or
/// the table is given up and values are found by halving.
#[derive(Debug)]
pub(crate) struct Table<T> {
    /// Each with what is kept of it, side by side: whoever finds one wants the other.
    values: Vec<(Parts, T)>,
    /// One bit for each hash that a value has: nearly all others are passed over by a glance at little memory.
    filter: Vec<u64>,
    filter_shift: u32,
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
/// Bits of the filter for each value, at least.
const FILTER_BITS: usize = 16;
/// How often a table is made twice as large before it is given up.
const DOUBLINGS_MAX: u32 = 4;

impl<T> Table<T> {
    /// The table of these values, each with what is to be kept of it.
    pub(crate) fn of<K: Key>(values: impl Iterator<Item = (K, T)>) -> Self {
        let kept: Vec<(Parts, T)> = values.map(|(value, one)| (value.parts(), one)).collect();
        let values: Vec<Parts> = kept.iter().map(|(value, _)| *value).collect();
        debug_assert!(values.is_sorted());
        let least = (values.len() * 2).next_power_of_two().max(16);
        let sized = (0..DOUBLINGS_MAX).find_map(|doublings| sized(&values, least << doublings));
        let (slots, shift) = sized.unwrap_or_default();
        let bits = (values.len() * FILTER_BITS).next_power_of_two().max(64);
        let mut table = Self {
            values: kept,
            filter: vec![0; bits / 64],
            filter_shift: u64::BITS - bits.trailing_zeros(),
            slots,
            shift,
        };
        for value in &values {
            let bit = hash(*value) >> table.filter_shift;
            if let Some(word) = table.filter.get_mut(place(bit / 64)) {
                *word |= 1 << (bit % 64);
            }
        }
        table
    }

    /// What is kept of each value, in their order.
    pub(crate) fn kept(&self) -> impl Iterator<Item = &T> {
        self.values.iter().map(|(_, kept)| kept)
    }

    /// What is kept of a value.
    #[inline]
    pub(crate) fn find(&self, value: Parts) -> Option<&T> {
        let hash = hash(value);
        self.may_hold(hash).then(|| self.find_hashed(value, hash))?
    }

    /// Whether any value may have this hash.
    #[inline]
    pub(crate) fn may_hold(&self, hash: u64) -> bool {
        let bit = hash.wrapping_shr(self.filter_shift);
        let word = self.filter.get(place(bit / 64)).copied().unwrap_or(0);
        word >> (bit % 64) & 1 != 0
    }

    /// What [`Table::find`] says of a value with this hash that may be there.
    #[inline(always)]
    #[expect(
        clippy::inline_always,
        reason = "so that the value need not lie in memory"
    )]
    pub(crate) fn find_hashed(&self, value: Parts, hash: u64) -> Option<&T> {
        for at in probes(hash, self.shift, self.slots.len()) {
            let Some(slot) = self.slots.get(at) else {
                return self.find_by_halving(value);
            };
            let number = (slot.next as usize).checked_sub(1)?;
            if slot.tag == tag(hash)
                && let Some((known, kept)) = self.values.get(number)
                && *known == value
            {
                return Some(kept);
            }
        }
        None
    }

    #[cold]
    fn find_by_halving(&self, value: Parts) -> Option<&T> {
        let number = self
            .values
            .binary_search_by_key(&value, |(known, _)| *known);
        self.values.get(number.ok()?).map(|(_, kept)| kept)
    }
}

/// So many slots with every value in its place, and how far a hash is shifted to become one.
fn sized(values: &[Parts], size: usize) -> Option<(Vec<Slot>, u32)> {
    let mut slots = vec![Slot::default(); size];
    let shift = u64::BITS - size.trailing_zeros();
    for (value, next) in values.iter().zip(1..) {
        let hash = hash(*value);
        let mut probes = probes(hash, shift, size);
        let free = probes.find(|at| slots.get(*at).is_some_and(|slot| slot.next == 0))?;
        *slots.get_mut(free)? = Slot {
            tag: tag(hash),
            next,
        };
    }
    Some((slots, shift))
}

/// The places where a value may be.
#[inline]
fn probes(hash: u64, shift: u32, size: usize) -> impl Iterator<Item = usize> {
    let first = place(hash.wrapping_shr(shift));
    (0..PROBES_MAX).map(move |further| first.wrapping_add(further) & size.wrapping_sub(1))
}

/// The upper bits are the good ones: ids are random already, but for those that somebody made up, and of them any half may
/// be the one that differs.
#[inline]
pub(crate) const fn hash(value: Parts) -> u64 {
    let kind = value.kind.wrapping_mul(0xd1b5_4a32_d192_ed03);
    let folded = value.high ^ value.low.rotate_left(32) ^ kind;
    folded.wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

#[inline]
#[expect(
    clippy::cast_possible_truncation,
    reason = "a part of the hash, the middle one"
)]
const fn tag(hash: u64) -> u32 {
    (hash >> 16) as u32
}

#[inline]
fn place(number: u64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    impl Key for (u64, u64) {
        const EVERYTHING: Option<Self> = None;

        fn parts(self) -> Parts {
            Parts {
                kind: 1,
                high: self.0,
                low: self.1,
            }
        }
    }

    fn check(values: &BTreeSet<(u64, u64)>, others: &[(u64, u64)]) {
        let values: Vec<_> = values.iter().copied().collect();
        let table = Table::of(values.iter().copied().zip(0..));
        for (number, value) in values.iter().enumerate() {
            assert_eq!(table.find(value.parts()), Some(&number));
        }
        for other in others {
            let expect = values.binary_search(other).ok();
            assert_eq!(table.find(other.parts()), expect.as_ref());
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
        // One half undoes the other, and every hash is the same.
        let undone = |low: u64| (low.rotate_left(32), low);
        let values: BTreeSet<_> = (0..1000).map(undone).collect();
        let all: Vec<_> = values.iter().copied().collect();
        assert!(Table::of(all.iter().copied().zip(0..)).slots.is_empty());
        check(&values, &[(0, 1), undone(1000)]);
        check(&BTreeSet::new(), &[(0, 0)]);
    }
}
