//! What an application remembers: sign-ins under way, answers on their way, people who are in.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use openidconnect::core::CoreIdToken;
use openidconnect::{Nonce, PkceCodeVerifier, RefreshToken};

use crate::bounded_map::BoundedMap;
use crate::claims::Claims;

/// A sign-in is forgotten after this.
const SIGN_IN_SECONDS_MAX: u64 = 15 * 60;
const REMEMBERED_MAX: usize = 10_000;

/// Why somebody was sent to the provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// To come in.
    SignIn,
    /// To take a second step for the sensitive action.
    StepUp,
    /// To answer a claims challenge of the token endpoint.
    Challenge {
        /// Sent back as it came.
        claims: String,
    },
}

/// A sign-in under way, found by its `state`.
pub(crate) struct PendingSignIn {
    pub(crate) browser: String,
    pub(crate) nonce: Nonce,
    pub(crate) verifier: PkceCodeVerifier,
    pub(crate) purpose: Purpose,
    pub(crate) begun_at: SystemTime,
}

impl PendingSignIn {
    pub(crate) fn is_over(&self, now: SystemTime) -> bool {
        let age = now.duration_since(self.begun_at).unwrap_or_default();
        age > Duration::from_secs(SIGN_IN_SECONDS_MAX)
    }
}

/// The provider's answer as it arrives, in a query or in a form.
#[derive(Debug, Clone, Default, serde::Deserialize)]
pub(crate) struct Answer {
    pub(crate) code: Option<String>,
    pub(crate) state: Option<String>,
    pub(crate) iss: Option<String>,
    pub(crate) error: Option<String>,
    pub(crate) error_description: Option<String>,
    pub(crate) error_uri: Option<String>,
}

/// Somebody who is in.
pub(crate) struct Visit {
    pub(crate) id_token: CoreIdToken,
    pub(crate) claims: Claims,
    pub(crate) refresh_token: Option<RefreshToken>,
    pub(crate) scopes: String,
    pub(crate) expires_at: Option<i64>,
    pub(crate) refreshed: u32,
    pub(crate) approved_at: Option<i64>,
    /// What the token endpoint asked for the last time it refused.
    pub(crate) challenge: Option<String>,
}

/// All an application remembers. Everything is bounded, and gone when it stops.
pub(crate) struct Memory {
    pub(crate) pending: Mutex<BoundedMap<PendingSignIn>>,
    pub(crate) answers: Mutex<BoundedMap<Answer>>,
    pub(crate) visits: Mutex<BoundedMap<Visit>>,
}

impl Memory {
    pub(crate) fn new() -> Self {
        Self {
            pending: Mutex::new(BoundedMap::new(REMEMBERED_MAX)),
            answers: Mutex::new(BoundedMap::new(REMEMBERED_MAX)),
            visits: Mutex::new(BoundedMap::new(REMEMBERED_MAX)),
        }
    }
}

/// Locks also after a panic elsewhere: each change to these maps is whole in itself.
pub(crate) fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Seconds since 1970.
pub(crate) fn seconds(time: SystemTime) -> i64 {
    let elapsed = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(elapsed.as_secs()).unwrap_or(i64::MAX)
}
