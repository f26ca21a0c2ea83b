//! Random traces against a naive model: maps, one caller at a time, written from the contract and not from the SQL.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use portcullis_model::artefact::{AuthorizationCodeState, RefreshTokenState};
use portcullis_model::credential::ThrottleKey;
use portcullis_model::store::{Change, CommitError, Store, TenantStore};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, RngSeed, TestRunner};

use super::samples::*;

/// A step of a trace. Numbers are small, so that steps meet.
#[derive(Debug, Clone)]
enum Act {
    IssueCode {
        code: u32,
        grant: u32,
    },
    SpendCode(u32),
    IssueToken {
        token: u32,
        grant: u32,
    },
    SpendToken(u32),
    Revoke(u32),
    OpenSession {
        session: u32,
        cookie: u32,
        user: u32,
    },
    RenewSession {
        session: u32,
        from: u32,
        to: u32,
    },
    EndSession(u32),
    EndSessionsOfUser(u32),
    Charge {
        key: u32,
        seconds: i64,
    },
    Clear(u32),
}

/// What is known after some acts. A grant's session is `grant % 4`, its user `grant % 2`.
#[derive(Debug, Clone, Default, PartialEq)]
struct Model {
    codes: BTreeMap<u32, (u32, bool)>,
    tokens: BTreeMap<u32, (u32, bool)>,
    grants: BTreeSet<u32>,
    revoked: BTreeSet<u32>,
    sessions: BTreeMap<u32, (u32, u32)>,
    throttles: BTreeMap<u32, (u32, i64, Option<i64>)>,
}

const ATTEMPTS_MAX: u32 = 3;
const WINDOW_SECONDS: i64 = 10;

impl Model {
    /// Whether the act wins; applied when it does.
    fn apply(&mut self, act: &Act) -> bool {
        match *act {
            Act::IssueCode { code, grant } => {
                let wins = !self.revoked.contains(&grant) && !self.codes.contains_key(&code);
                if wins {
                    self.codes.insert(code, (grant, false));
                    self.grants.insert(grant);
                }
                wins
            }
            Act::SpendCode(code) => spend(&mut self.codes, &self.revoked, code),
            Act::IssueToken { token, grant } => {
                let wins = !self.revoked.contains(&grant) && !self.tokens.contains_key(&token);
                if wins {
                    self.tokens.insert(token, (grant, false));
                    self.grants.insert(grant);
                }
                wins
            }
            Act::SpendToken(token) => spend(&mut self.tokens, &self.revoked, token),
            Act::Revoke(grant) => {
                self.revoked.insert(grant);
                true
            }
            Act::OpenSession {
                session,
                cookie,
                user,
            } => {
                let mut taken = self.sessions.values().map(|(cookie, _)| *cookie);
                let wins = !taken.any(|one| one == cookie) && !self.sessions.contains_key(&session);
                if wins {
                    self.sessions.insert(session, (cookie, user));
                }
                wins
            }
            Act::RenewSession { session, from, to } => match self.sessions.get_mut(&session) {
                Some((cookie, _)) if *cookie == from => {
                    *cookie = to;
                    true
                }
                Some(_) | None => false,
            },
            Act::EndSession(session) => {
                self.sessions.remove(&session);
                let gone = self.grants.iter().filter(|grant| *grant % 4 == session);
                self.revoked.extend(gone);
                true
            }
            Act::EndSessionsOfUser(user) => {
                self.sessions.retain(|_, (_, owner)| *owner != user);
                let gone = self.grants.iter().filter(|grant| *grant % 2 == user);
                self.revoked.extend(gone);
                true
            }
            Act::Charge { key, seconds } => self.charge(key, seconds),
            Act::Clear(key) => {
                self.throttles.remove(&key);
                true
            }
        }
    }

    fn charge(&mut self, key: u32, now: i64) -> bool {
        let (attempts, began, locked) = self.throttles.get(&key).copied().unwrap_or((0, now, None));
        if locked.is_some_and(|until| now < until) {
            return false;
        }
        let is_over = locked.is_some() || now >= began + WINDOW_SECONDS;
        let (attempts, began) = if is_over {
            (1, now)
        } else {
            (attempts + 1, began)
        };
        let locked = (attempts >= ATTEMPTS_MAX).then_some(now + WINDOW_SECONDS);
        self.throttles.insert(key, (attempts, began, locked));
        true
    }
}

fn spend(kept: &mut BTreeMap<u32, (u32, bool)>, revoked: &BTreeSet<u32>, key: u32) -> bool {
    match kept.get_mut(&key) {
        Some((grant, is_spent)) if !*is_spent && !revoked.contains(grant) => {
            *is_spent = true;
            true
        }
        Some(_) | None => false,
    }
}

fn change(act: &Act) -> Change {
    let grant = |n: u32| grant(n, id(n % 2), n % 4);
    match *act {
        Act::IssueCode { code: n, grant: of } => Change::IssueCode(code(n, &grant(of))),
        Act::SpendCode(n) => Change::SpendCode(hash(n)),
        Act::IssueToken { token, grant: of } => {
            Change::IssueRefreshToken(refresh_token(token, &grant(of)))
        }
        Act::SpendToken(n) => Change::SpendRefreshToken(hash(n)),
        Act::Revoke(n) => Change::RevokeGrant(id(n)),
        Act::OpenSession {
            session: n,
            cookie,
            user,
        } => {
            let mut opened = session(n, id(user));
            opened.cookie_hash = hash(cookie);
            Change::OpenSession(opened)
        }
        Act::RenewSession {
            session: n,
            from,
            to,
        } => {
            let mut renewed = session(n, id(0));
            renewed.cookie_hash = hash(to);
            Change::RenewSession {
                session: renewed,
                from_cookie: hash(from),
            }
        }
        Act::EndSession(n) => Change::EndSession(id(n)),
        Act::EndSessionsOfUser(n) => Change::EndSessionsOfUser(id(n)),
        Act::Charge { key, seconds } => Change::ChargeThrottle {
            key: ThrottleKey::Client(id(key)),
            attempts_max: ATTEMPTS_MAX,
            window_seconds: WINDOW_SECONDS,
            now: at(seconds),
        },
        Act::Clear(key) => Change::ClearThrottle(ThrottleKey::Client(id(key))),
    }
}

/// Lists of acts, as callers commit them. A renewed cookie is always a new one.
fn traces() -> impl Strategy<Value = Vec<Vec<Act>>> {
    let act =
        prop_oneof![
            (0..6_u32, 0..4_u32).prop_map(|(code, grant)| Act::IssueCode { code, grant }),
            (0..6_u32).prop_map(Act::SpendCode),
            (0..6_u32, 0..4_u32).prop_map(|(token, grant)| Act::IssueToken { token, grant }),
            (0..6_u32).prop_map(Act::SpendToken),
            (0..4_u32).prop_map(Act::Revoke),
            (0..4_u32, 0..5_u32, 0..2_u32).prop_map(|(session, cookie, user)| Act::OpenSession {
                session,
                cookie,
                user
            }),
            (0..4_u32, 0..5_u32, 1_000..u32::MAX)
                .prop_map(|(session, from, to)| Act::RenewSession { session, from, to }),
            (0..4_u32).prop_map(Act::EndSession),
            (0..2_u32).prop_map(Act::EndSessionsOfUser),
            (0..2_u32, 0..40_i64).prop_map(|(key, seconds)| Act::Charge { key, seconds }),
            (0..2_u32).prop_map(Act::Clear),
        ];
    proptest::collection::vec(proptest::collection::vec(act, 0..4), 1..40)
}

/// Runs a trace; every answer must be the model's.
async fn run(tenant: &dyn TenantStore, trace: &[Vec<Act>]) -> Model {
    let mut model = Model::default();
    for acts in trace {
        let mut attempt = model.clone();
        let lost = acts.iter().position(|act| !attempt.apply(act));
        let result = tenant.commit(acts.iter().map(change).collect()).await;
        match (lost, result) {
            (None, Ok(())) => model = attempt,
            (Some(expected), Err(CommitError::Lost { index })) if index == expected => {}
            (expected, result) => {
                panic!("{acts:?} should have lost at {expected:?}, but: {result:?}")
            }
        }
        assert_eq!(observed(tenant, &model).await, model, "after {acts:?}");
    }
    model
}

/// What the store says of everything the model could know.
async fn observed(tenant: &dyn TenantStore, model: &Model) -> Model {
    let mut seen = Model {
        grants: model.grants.clone(),
        ..Model::default()
    };
    for n in 0..6 {
        if let Some((code, state)) = tenant.find_code(hash(n)).await.unwrap() {
            let grant = number(code.grant.id.uuid());
            let is_revoked = model.revoked.contains(&grant);
            let is_spent = state == AuthorizationCodeState::Spent;
            // Revoked codes look spent; whether they were is no longer to be seen.
            let is_spent = if is_revoked {
                assert!(is_spent, "a code of a revoked grant is fresh");
                model.codes[&n].1
            } else {
                is_spent
            };
            seen.codes.insert(n, (grant, is_spent));
        }
        if let Some((token, state)) = tenant.find_refresh_token(hash(n)).await.unwrap() {
            let grant = number(token.grant.id.uuid());
            let is_revoked = model.revoked.contains(&grant);
            assert_eq!(state == RefreshTokenState::Revoked, is_revoked);
            let is_spent = match state {
                RefreshTokenState::Fresh => false,
                RefreshTokenState::Spent => true,
                RefreshTokenState::Revoked => model.tokens[&n].1,
            };
            seen.tokens.insert(n, (grant, is_spent));
        }
    }
    for n in 0..4 {
        if tenant.is_grant_revoked(id(n)).await.unwrap() {
            seen.revoked.insert(n);
        }
        if let Some(session) = tenant.find_session(id(n)).await.unwrap() {
            let by_cookie = tenant.find_session_by_cookie(session.cookie_hash).await;
            assert_eq!(by_cookie.unwrap().as_ref(), Some(&session));
            let cookie = u32::from_le_bytes(session.cookie_hash.0[..4].try_into().unwrap());
            seen.sessions.insert(n, (cookie, model.sessions[&n].1));
        }
    }
    for n in 0..2 {
        let key = ThrottleKey::Client(id(n));
        if let Some(throttle) = tenant.find_throttle(&key).await.unwrap() {
            let seconds =
                |moment: portcullis_model::Timestamp| moment.as_second() - at(0).as_second();
            let began = model.throttles.get(&n).map_or(0, |known| known.1);
            let locked = throttle.locked_until.map(seconds);
            seen.throttles.insert(n, (throttle.attempts, began, locked));
        }
    }
    seen
}

fn number(uuid: uuid::Uuid) -> u32 {
    u32::try_from(uuid.as_u128() - self::uuid(0).as_u128()).unwrap()
}

/// Traces from a fixed seed, each in a tenant of its own.
fn sampled(count: u32) -> Vec<Vec<Vec<Act>>> {
    let mut runner = TestRunner::new(Config {
        rng_seed: RngSeed::Fixed(20_261_122),
        ..Config::default()
    });
    (0..count)
        .map(|_| traces().new_tree(&mut runner).unwrap().current())
        .collect()
}

pub(crate) async fn random_traces_agree_with_a_naive_model(store: Arc<dyn Store>) {
    for (n, trace) in (100..).zip(sampled(150)) {
        run(&*store.tenant(id(n)), &trace).await;
    }
}

pub(crate) async fn u03_activity_in_another_tenant_is_not_seen(store: Arc<dyn Store>) {
    let traces = sampled(60);
    let mut running = tokio::task::JoinSet::new();
    // Two traces at a time in two tenants, over the same ids: each must find what it would find alone.
    for (n, pair) in (100..).step_by(2).zip(traces.chunks(2)) {
        for (offset, trace) in (0..).zip(pair) {
            let (tenant, trace) = (store.tenant(id(n + offset)), trace.clone());
            running.spawn(async move {
                run(&*tenant, &trace).await;
            });
        }
    }
    running.join_all().await;
}
