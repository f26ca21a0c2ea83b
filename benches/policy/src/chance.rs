//! Numbers that look like chance and are the same on every machine (SplitMix64).

/// A seeded source of numbers.
pub struct Chance(u64);

impl Chance {
    /// Starts from a seed.
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// Any number.
    pub const fn number(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// A number below `limit`.
    pub const fn below(&mut self, limit: usize) -> usize {
        ((self.number() >> 33) as usize) % limit
    }

    /// A number from `low` to `high`, both included.
    pub const fn between(&mut self, low: usize, high: usize) -> usize {
        low + self.below(high - low + 1)
    }

    /// True so many times in a hundred.
    pub const fn percent(&mut self, share: usize) -> bool {
        self.below(100) < share
    }

    /// So many different numbers below `limit`, ascending.
    pub fn pick(&mut self, limit: usize, count: usize) -> Vec<usize> {
        let mut picked = Vec::new();
        while picked.len() < count.min(limit) {
            let number = self.below(limit);
            if !picked.contains(&number) {
                picked.push(number);
            }
        }
        picked.sort_unstable();
        picked
    }

    /// The index of one of these weights.
    pub fn weighted(&mut self, weights: &[usize]) -> usize {
        let mut rest = self.below(weights.iter().sum());
        for (index, weight) in weights.iter().enumerate() {
            match rest.checked_sub(*weight) {
                Some(less) => rest = less,
                None => return index,
            }
        }
        0
    }
}
