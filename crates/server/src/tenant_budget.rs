//! How much of the server one tenant may use: a bucket of requests per tenant that fills again as time passes.

use std::collections::HashMap;
use std::num::NonZeroU32;

use portcullis_model::Timestamp;
use portcullis_model::id::TenantId;

/// What each tenant may ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TenantAllowance {
    /// Requests per second; four seconds' worth may come at once.
    pub requests_per_second: NonZeroU32,
}

/// More than a server of a few cores answers: felt by a flood only.
pub const REQUESTS_PER_SECOND: NonZeroU32 = NonZeroU32::MIN.saturating_add(999);

impl Default for TenantAllowance {
    fn default() -> Self {
        Self {
            requests_per_second: REQUESTS_PER_SECOND,
        }
    }
}

/// Whose bucket a request is taken from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Payer {
    /// A tenant there is.
    Tenant(TenantId),
    /// `organizations` and `common`.
    Undiscovered,
    /// Everybody who names a tenant there is none of, or none at all: one bucket, so that names thought up on the way cost
    /// no memory.
    Unknown,
}

/// The bucket is empty.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Exhausted {
    /// When there will be room again.
    pub retry_after_seconds: u32,
    /// Nobody was told for a while that this payer's bucket is empty.
    pub is_news: bool,
}

/// Everybody's buckets. Time is handed in.
///
/// A bucket is kept as the moment at which it will be full again (the generic cell rate algorithm), so that one that is
/// full need not be kept at all.
#[derive(Debug)]
pub struct TenantBudgets {
    microseconds_per_request: i64,
    buckets: HashMap<Payer, Bucket>,
    sweep_at: usize,
}

#[derive(Debug, Clone, Copy)]
struct Bucket {
    full_at: i64,
    told_at: Option<i64>,
}

const SECOND: i64 = 1_000_000;
/// How much time's worth of requests a full bucket holds.
const DEPTH: i64 = 4 * SECOND;
/// A flood is told of so often.
const NEWS_EVERY: i64 = 10 * SECOND;
/// So many buckets are kept before full ones are looked for.
const SWEEP_AT_LEAST: usize = 1024;
/// A request weighs one, and one more for each of these.
const WEIGHING_BYTES: u64 = 8 * 1024;

impl TenantBudgets {
    /// Full buckets for everybody.
    pub fn new(allowance: TenantAllowance) -> Self {
        let per_second = i64::from(allowance.requests_per_second.get());
        Self {
            microseconds_per_request: (SECOND / per_second).max(1),
            buckets: HashMap::new(),
            sweep_at: SWEEP_AT_LEAST,
        }
    }

    /// Takes a request with a body of so many bytes out of a bucket, or says when to come back.
    pub fn charge(
        &mut self,
        payer: Payer,
        body_bytes: u64,
        now: Timestamp,
    ) -> Result<(), Exhausted> {
        let now = now.as_microsecond();
        self.sweep(now);
        let bucket = self.buckets.entry(payer).or_insert(Bucket {
            full_at: now,
            told_at: None,
        });
        // A clock that was set back must not leave a bucket empty for as long as that.
        bucket.full_at = bucket.full_at.clamp(now, now.saturating_add(DEPTH));
        let weight = i64::try_from(1 + body_bytes / WEIGHING_BYTES).unwrap_or(i64::MAX);
        // What is heavier than a bucket is deep takes a full one.
        let price = weight
            .saturating_mul(self.microseconds_per_request)
            .min(DEPTH);
        let after = bucket.full_at.saturating_add(price);
        let missing = after - now - DEPTH;
        if missing <= 0 {
            bucket.full_at = after;
            return Ok(());
        }
        let is_news = bucket
            .told_at
            .is_none_or(|told_at| !(told_at..told_at.saturating_add(NEWS_EVERY)).contains(&now));
        if is_news {
            bucket.told_at = Some(now);
        }
        Err(Exhausted {
            // At most the depth, so it fits.
            retry_after_seconds: u32::try_from((missing + SECOND - 1) / SECOND).unwrap_or(1),
            is_news,
        })
    }

    /// Forgets full buckets, now and then.
    fn sweep(&mut self, now: i64) {
        if self.buckets.len() >= self.sweep_at {
            self.buckets.retain(|_, bucket| bucket.full_at > now);
            self.sweep_at = self.buckets.len().saturating_mul(2).max(SWEEP_AT_LEAST);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn budgets(requests_per_second: u32) -> TenantBudgets {
        TenantBudgets::new(TenantAllowance {
            requests_per_second: NonZeroU32::new(requests_per_second).unwrap(),
        })
    }

    fn tenant(number: u32) -> Payer {
        let id = format!("{number:08x}-0000-4000-8000-000000000001");
        Payer::Tenant(id.parse().unwrap())
    }

    fn at(milliseconds: i64) -> Timestamp {
        Timestamp::from_millisecond(1_795_348_800_000 + milliseconds).unwrap()
    }

    fn granted(budgets: &mut TenantBudgets, payer: Payer, now: Timestamp, of: usize) -> usize {
        (0..of)
            .filter(|_| budgets.charge(payer, 0, now).is_ok())
            .count()
    }

    #[test]
    fn u17_one_tenants_flood_empties_its_own_bucket_only_and_time_fills_it_again() {
        let mut budgets = budgets(10);
        assert_eq!(granted(&mut budgets, tenant(1), at(0), 1000), 40);
        for other in [tenant(2), Payer::Undiscovered, Payer::Unknown] {
            assert_eq!(granted(&mut budgets, other, at(0), 1000), 40, "{other:?}");
        }
        assert_eq!(granted(&mut budgets, tenant(1), at(99), 10), 0);
        assert_eq!(granted(&mut budgets, tenant(1), at(100), 10), 1);
        assert_eq!(granted(&mut budgets, tenant(1), at(1100), 100), 10);
        assert_eq!(granted(&mut budgets, tenant(1), at(3_600_000), 100), 40);
        // Somebody set the clock back by an hour: no more than a bucket's depth is lost.
        assert_eq!(granted(&mut budgets, tenant(1), at(0), 100), 0);
        assert_eq!(granted(&mut budgets, tenant(1), at(1000), 100), 10);
    }

    #[test]
    fn u17_large_bodies_weigh_more_and_the_largest_still_gets_in() {
        let weight = |bytes| {
            let mut budgets = budgets(100);
            (0..400)
                .filter(|_| budgets.charge(Payer::Unknown, bytes, at(0)).is_ok())
                .count()
        };
        assert_eq!([0, 8191, 8192, 65_536].map(weight), [400, 400, 200, 44]);
        let mut slow = budgets(1);
        assert_eq!(slow.charge(tenant(1), u64::MAX, at(0)), Ok(()));
        let refused = slow.charge(tenant(1), u64::MAX, at(0)).unwrap_err();
        assert_eq!(refused.retry_after_seconds, 4);
    }

    #[test]
    fn who_comes_back_when_told_gets_in_and_a_flood_is_told_of_now_and_then() {
        let mut budgets = budgets(1);
        assert_eq!(granted(&mut budgets, tenant(1), at(0), 9), 4);
        let again = budgets.charge(tenant(1), 0, at(0)).unwrap_err();
        assert_eq!((again.retry_after_seconds, again.is_news), (1, false));
        assert_eq!(budgets.charge(tenant(1), 0, at(1000)), Ok(()));
        assert!(!budgets.charge(tenant(1), 0, at(1000)).unwrap_err().is_news);
        granted(&mut budgets, tenant(1), at(11_000), 4);
        assert!(
            budgets
                .charge(tenant(1), 0, at(11_000))
                .unwrap_err()
                .is_news
        );
    }

    #[test]
    fn u17_unknown_tenants_share_a_bucket_and_full_buckets_are_forgotten() {
        let mut budgets = budgets(1000);
        granted(&mut budgets, Payer::Unknown, at(0), 10_000);
        assert_eq!(budgets.buckets.len(), 1);
        for number in 0..10_000 {
            let now = at(i64::from(number) * 10);
            assert_eq!(budgets.charge(tenant(number), 0, now), Ok(()));
            assert!(budgets.buckets.len() <= SWEEP_AT_LEAST);
        }
    }

    #[test]
    fn even_the_largest_allowance_costs_something() {
        let mut budgets = budgets(u32::MAX);
        budgets.charge(tenant(1), 0, at(0)).unwrap();
        assert_eq!(budgets.buckets.len(), 1);
        assert!(granted(&mut budgets, tenant(1), at(0), 10_000) == 10_000);
    }
}
