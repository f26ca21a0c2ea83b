//! Throttles: an attempt is charged before it is tried.

use std::sync::Arc;

use portcullis_model::credential::{Throttle, ThrottleKey};
use portcullis_model::store::{Change, Store, TenantStore};

use super::samples::*;

fn key() -> ThrottleKey {
    ThrottleKey::Name(name("ada@tenant-1.example"))
}

/// Three attempts in sixty seconds.
fn charge(seconds: i64) -> Change {
    Change::ChargeThrottle {
        key: key(),
        attempts_max: 3,
        window_seconds: 60,
        now: at(seconds),
    }
}

async fn throttle(tenant: &dyn TenantStore) -> Option<Throttle> {
    tenant.find_throttle(&key()).await.unwrap()
}

pub(crate) async fn a_budget_is_used_up_locks_and_comes_back(store: Arc<dyn Store>) {
    let tenant = contoso(&store).await;
    assert_eq!(throttle(&*tenant).await, None);
    for (attempts, seconds) in [(1, 0), (2, 10), (3, 20)] {
        apply(&*tenant, charge(seconds)).await;
        let expected = Throttle {
            attempts,
            last_at: at(seconds),
            locked_until: (attempts == 3).then(|| at(80)),
        };
        assert_eq!(throttle(&*tenant).await, Some(expected));
    }
    // Locked for a whole window after the last attempt, though the window itself ended at 60.
    for seconds in [20, 59, 61, 79] {
        loses(&*tenant, vec![charge(seconds)], 0).await;
    }
    let other = Change::ChargeThrottle {
        key: ThrottleKey::SecondFactor(ada()),
        attempts_max: 3,
        window_seconds: 60,
        now: at(30),
    };
    apply(&*tenant, other).await;
    apply(&*tenant, charge(80)).await;
    let again = Throttle {
        attempts: 1,
        last_at: at(80),
        locked_until: None,
    };
    assert_eq!(throttle(&*tenant).await, Some(again));
    apply(&*tenant, charge(80)).await;
    apply(&*tenant, charge(80)).await;
    loses(&*tenant, vec![charge(80)], 0).await;
}

pub(crate) async fn a_success_forgets_the_attempts(store: Arc<dyn Store>) {
    let tenant = contoso(&store).await;
    apply(&*tenant, Change::ClearThrottle(key())).await;
    for _ in 0..3 {
        apply(&*tenant, charge(0)).await;
    }
    apply(&*tenant, Change::ClearThrottle(key())).await;
    assert_eq!(throttle(&*tenant).await, None);
    apply(&*tenant, charge(1)).await;
}

pub(crate) async fn an_attempt_that_is_taken_back_leaves_the_others(store: Arc<dyn Store>) {
    let tenant = contoso(&store).await;
    apply(&*tenant, Change::RefundThrottle(key())).await;
    assert_eq!(throttle(&*tenant).await, None);
    for _ in 0..3 {
        apply(&*tenant, charge(0)).await;
    }
    apply(&*tenant, Change::RefundThrottle(key())).await;
    let two = Throttle {
        attempts: 2,
        last_at: at(0),
        locked_until: None,
    };
    assert_eq!(throttle(&*tenant).await, Some(two));
    apply(&*tenant, charge(1)).await;
    loses(&*tenant, vec![charge(1)], 0).await;
}

pub(crate) async fn a_new_window_forgets_old_attempts(store: Arc<dyn Store>) {
    let tenant = contoso(&store).await;
    apply(&*tenant, charge(0)).await;
    apply(&*tenant, charge(59)).await;
    apply(&*tenant, charge(60)).await;
    assert_eq!(throttle(&*tenant).await.unwrap().attempts, 1);
}

pub(crate) async fn an_empty_budget_allows_nothing(store: Arc<dyn Store>) {
    let tenant = contoso(&store).await;
    let charge = |attempts_max, now| Change::ChargeThrottle {
        key: key(),
        attempts_max,
        window_seconds: 60,
        now,
    };
    for seconds in [0, 100] {
        loses(&*tenant, vec![charge(0, at(seconds))], 0).await;
    }
    assert_eq!(throttle(&*tenant).await, None);
    apply(&*tenant, charge(1, at(0))).await;
    loses(&*tenant, vec![charge(1, at(59))], 0).await;
    loses(&*tenant, vec![charge(0, at(200))], 0).await;
    apply(&*tenant, charge(1, at(60))).await;
    loses(&*tenant, vec![charge(1, at(61))], 0).await;
}

pub(crate) async fn a_smaller_budget_holds_at_once(store: Arc<dyn Store>) {
    let tenant = contoso(&store).await;
    apply(&*tenant, charge(0)).await;
    apply(&*tenant, charge(1)).await;
    let smaller = |seconds| Change::ChargeThrottle {
        key: key(),
        attempts_max: 2,
        window_seconds: 60,
        now: at(seconds),
    };
    loses(&*tenant, vec![smaller(2)], 0).await;
    apply(&*tenant, smaller(60)).await;
}

pub(crate) async fn a_lost_change_charges_nothing(store: Arc<dyn Store>) {
    let tenant = contoso(&store).await;
    loses(&*tenant, vec![charge(0), Change::SpendCode(hash(1))], 1).await;
    assert_eq!(throttle(&*tenant).await, None);
}
