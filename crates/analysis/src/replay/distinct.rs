//! Counts distinct users in bounded memory: exactly while they are few, within a few per cent beyond that.

use std::collections::BTreeSet;

/// So many are counted exactly. Beyond it the count is an estimate with a standard error of 1/√k, here about 2 %.
pub const EXACT_MAX: usize = 2048;

/// How many different users were seen: the k smallest of their hashes (Bar-Yossef et al. 2002). Sets of two workers merge
/// without loss, in whatever order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Distinct {
    smallest: BTreeSet<u64>,
    is_full: bool,
}

/// A number of users.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Users {
    /// Counted.
    Exactly(u64),
    /// Estimated.
    About(u64),
}

impl Distinct {
    /// Takes note of one.
    pub fn insert(&mut self, hash: u64) {
        if self.smallest.len() < EXACT_MAX {
            self.smallest.insert(hash);
            return;
        }
        let largest = self.smallest.last().copied().unwrap_or(u64::MAX);
        if hash < largest {
            if self.smallest.insert(hash) {
                self.smallest.pop_last();
                self.is_full = true;
            }
        } else if hash > largest {
            self.is_full = true;
        }
    }

    /// Takes note of all that another saw.
    pub fn merge(&mut self, other: &Self) {
        self.is_full |= other.is_full;
        for hash in &other.smallest {
            self.insert(*hash);
        }
    }

    /// How many there were.
    pub fn count(&self) -> Users {
        let kept = u64::try_from(self.smallest.len()).unwrap_or(u64::MAX);
        if !self.is_full {
            return Users::Exactly(kept);
        }
        // The k-th smallest of n numbers spread evenly over the whole range lies at about k/n of it.
        let largest = u128::from(self.smallest.last().copied().unwrap_or(u64::MAX)).max(1);
        let estimate = (u128::from(kept) - 1) * (u128::from(u64::MAX)) / largest;
        Users::About(u64::try_from(estimate).unwrap_or(u64::MAX))
    }
}

/// A hash of what names a user, the same in every run: FNV-1a, its bits then mixed (the finisher of `SplitMix64`). Nobody is
/// let in by it.
pub fn hash(name: &[u8]) -> u64 {
    let mut hash: u64 = 0xcbf2_9ce4_8422_2325;
    for byte in name {
        hash = (hash ^ u64::from(byte.to_ascii_lowercase())).wrapping_mul(0x0100_0000_01b3);
    }
    hash = (hash ^ (hash >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    hash = (hash ^ (hash >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    hash ^ (hash >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(users: std::ops::Range<u32>) -> Distinct {
        let mut distinct = Distinct::default();
        for user in users {
            distinct.insert(hash(user.to_string().as_bytes()));
        }
        distinct
    }

    #[test]
    fn few_are_counted_exactly_and_each_once() {
        assert_eq!(Distinct::default().count(), Users::Exactly(0));
        let mut some = of(0..2048);
        some.merge(&of(1000..2048));
        assert_eq!(some.count(), Users::Exactly(2048));
        assert_eq!(hash(b"ADA@fabrikam.example"), hash(b"ada@fabrikam.example"));
    }

    #[test]
    fn many_are_estimated_in_bounded_memory() {
        let many = of(0..300_000);
        assert_eq!(many.smallest.len(), EXACT_MAX);
        let Users::About(estimate) = many.count() else {
            panic!("{:?}", many.count());
        };
        assert!(estimate.abs_diff(300_000) < 300_000 / 10, "{estimate}");
    }

    #[test]
    fn halves_merge_to_the_whole_whatever_the_order() {
        let whole = of(0..9_000);
        for (one, two) in [
            (of(0..5_000), of(4_000..9_000)),
            (of(4_000..9_000), of(0..5_000)),
        ] {
            let mut merged = one;
            merged.merge(&two);
            assert_eq!(merged, whole);
        }
        let mut empty = Distinct::default();
        empty.merge(&whole);
        assert_eq!(empty, whole);
    }
}
