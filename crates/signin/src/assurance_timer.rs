//! How long a proof counts in a browser's session: each level of assurance is reached for a time, then asked for again
//! (requirement Q15).
//!
//! A session does not end with its second factor: it falls to the level of the first one, and whoever demands more asks.
//! Policies may ask more often (sign-in frequency); nobody asks less often.

use jiff::SignedDuration;
use portcullis_model::Timestamp;
use portcullis_model::credential::{AuthenticationMethod, Factor};
use portcullis_model::session::{AuthenticationSession, ProvenMethod};

/// NIST SP 800-63B-4 §2.1.3: one factor is proven again after thirty days at most.
pub const FIRST_LEVEL_OVERALL_SECONDS: i64 = 30 * 86_400;
/// NIST SP 800-63B-4 §2.2.3: two factors are proven again after a day at most …
pub const SECOND_LEVEL_OVERALL_SECONDS: i64 = 86_400;
/// … and when the session was not used for an hour. The third level (12 hours, 15 minutes) needs a kind of key that
/// nobody can register here yet.
pub const SECOND_LEVEL_IDLE_SECONDS: i64 = 3600;

/// The times of all levels, one set per installation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AssuranceTimers {
    /// For what one factor has proven.
    pub first_level: LevelTimers,
    /// For what a second one has added.
    pub second_level: LevelTimers,
}

/// The times of one level.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LevelTimers {
    /// From the proof on, whatever happens.
    pub overall_seconds: i64,
    /// Without the session being used; `None` is without end.
    pub idle_seconds: Option<i64>,
}

impl Default for AssuranceTimers {
    fn default() -> Self {
        Self {
            first_level: LevelTimers {
                overall_seconds: FIRST_LEVEL_OVERALL_SECONDS,
                idle_seconds: None,
            },
            second_level: LevelTimers {
                overall_seconds: SECOND_LEVEL_OVERALL_SECONDS,
                idle_seconds: Some(SECOND_LEVEL_IDLE_SECONDS),
            },
        }
    }
}

impl AssuranceTimers {
    /// Takes from a session that was read what does not count any more at `now`, and answers what that was.
    pub fn lapse(
        &self,
        session: &mut AuthenticationSession,
        now: Timestamp,
    ) -> Vec<AuthenticationMethod> {
        let used_at = session.last_use.at;
        let (counting, lapsed) = std::mem::take(&mut session.proofs)
            .into_iter()
            .partition::<Vec<ProvenMethod>, _>(|proof| {
                self.of(proof.method).are_running(proof.at, used_at, now)
            });
        session.proofs = counting;
        lapsed.into_iter().map(|proof| proof.method).collect()
    }

    /// The times of the level a method takes a session to.
    fn of(&self, method: AuthenticationMethod) -> LevelTimers {
        match method.factor() {
            Factor::First => self.first_level,
            Factor::Second | Factor::Both => self.second_level,
        }
    }
}

impl LevelTimers {
    fn are_running(self, proven_at: Timestamp, used_at: Timestamp, now: Timestamp) -> bool {
        let within = |since: Timestamp, seconds: i64| {
            now.duration_since(since) < SignedDuration::from_secs(seconds)
        };
        // A proof is a use: one that is noted later than the last use cannot be idle since before it.
        let active_at = used_at.max(proven_at);
        within(proven_at, self.overall_seconds)
            && self
                .idle_seconds
                .is_none_or(|seconds| within(active_at, seconds))
    }
}

#[cfg(test)]
mod tests {
    use portcullis_model::secret::TokenHash;
    use portcullis_model::session::{SessionSubject, SessionUse};

    use super::*;

    const PASSWORD: AuthenticationMethod = AuthenticationMethod::Password;
    const TOTP: AuthenticationMethod = AuthenticationMethod::SoftwareOath;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_795_348_800 + second).unwrap()
    }

    fn session(proofs: &[(AuthenticationMethod, i64)], used_at: i64) -> AuthenticationSession {
        let id = "c0c0c0c0-0000-4000-8000-000000000001";
        let proven = |(method, second): &(AuthenticationMethod, i64)| ProvenMethod {
            method: *method,
            at: at(*second),
        };
        AuthenticationSession {
            id: id.parse().unwrap(),
            cookie_hash: TokenHash([1; 32]),
            subject: SessionSubject::User(id.parse().unwrap()),
            home_session: None,
            proofs: proofs.iter().map(proven).collect(),
            device: None,
            created_at: at(0),
            expires_at: Timestamp::MAX,
            is_persistent: true,
            last_use: SessionUse {
                at: at(used_at),
                ip_address: None,
                user_agent: None,
            },
        }
    }

    /// What lapsed by `now` of a session with these proofs, last used then; the rest must still be there.
    fn lapsed(
        proofs: &[(AuthenticationMethod, i64)],
        used_at: i64,
        now: i64,
    ) -> Vec<AuthenticationMethod> {
        let mut session = session(proofs, used_at);
        let lapsed = AssuranceTimers::default().lapse(&mut session, at(now));
        assert_eq!(session.proofs.len() + lapsed.len(), proofs.len());
        assert!(session.proofs.iter().all(|p| !lapsed.contains(&p.method)));
        lapsed
    }

    #[test]
    fn q15_no_time_is_longer_than_nist_allows() {
        let timers = AssuranceTimers::default();
        assert!(timers.first_level.overall_seconds <= 30 * 86_400);
        assert!(timers.second_level.overall_seconds <= 24 * 3600);
        assert!(timers.second_level.idle_seconds.unwrap() <= 3600);
    }

    #[test]
    fn q15_a_first_factor_counts_for_thirty_days_used_or_not() {
        let end = 30 * 86_400;
        for used_at in [0, end - 1] {
            assert_eq!(lapsed(&[(PASSWORD, 0)], used_at, end - 1), []);
            assert_eq!(lapsed(&[(PASSWORD, 0)], used_at, end), [PASSWORD]);
        }
    }

    #[test]
    fn q15_a_second_factor_counts_for_a_day_and_an_idle_hour() {
        let both = [(PASSWORD, 0), (TOTP, 10)];
        // In use all the time: until a day after its own proof.
        let end = 10 + 86_400;
        assert_eq!(lapsed(&both, end - 2, end - 1), []);
        assert_eq!(lapsed(&both, end - 1, end), [TOTP]);
        // Left alone: until an hour after the last use.
        assert_eq!(lapsed(&both, 5000, 5000 + 3599), []);
        assert_eq!(lapsed(&both, 5000, 5000 + 3600), [TOTP]);
        // A proof that is later than the noted use counts from itself.
        assert_eq!(lapsed(&[(PASSWORD, 0), (TOTP, 4000)], 0, 7000), []);
        assert_eq!(lapsed(&both, 0, 31 * 86_400), [PASSWORD, TOTP]);
        assert_eq!(lapsed(&[], 0, 31 * 86_400), []);
    }

    #[test]
    fn q15_a_clock_that_was_set_back_ends_nothing() {
        assert_eq!(lapsed(&[(PASSWORD, 90), (TOTP, 95)], 99, 0), []);
    }
}
