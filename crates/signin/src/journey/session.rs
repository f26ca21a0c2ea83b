//! Sessions of this browser: read by their cookies, changed in memory, written back with a new cookie.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use portcullis_model::Timestamp;
use portcullis_model::credential::{AuthenticationMethod, Factor};
use portcullis_model::device::DeviceClaims;
use portcullis_model::entropy::Entropy;
use portcullis_model::id::{SessionId, TenantId};
use portcullis_model::secret::{SecretText, TokenHash};
use portcullis_model::session::{
    AuthenticationSession, HomeSession, ProvenMethod, SessionSubject, SessionUse,
};
use portcullis_model::store::{Change, StoreError};

use super::walk::{Walk, later};
use crate::assurance_timer::AssuranceTimers;
use crate::house::Lifetimes;
use crate::page::CookieChange;
use crate::token::text;

/// A fresh secret of 256 bits, as text.
pub(super) fn fresh_secret(entropy: &mut dyn Entropy) -> SecretText {
    let mut octets = [0; 32];
    entropy.fill(&mut octets);
    SecretText::new(URL_SAFE_NO_PAD.encode(octets))
}

/// A session in hand: as it was read, or as it will be opened.
#[derive(Debug, Clone)]
pub(super) struct Held {
    pub(super) tenant: TenantId,
    pub(super) session: AuthenticationSession,
    /// What was proven in it and did not count any more when it was read.
    lapsed: Vec<AuthenticationMethod>,
    kept: Kept,
}

/// How it stands to the store.
#[derive(Debug, Clone)]
enum Kept {
    /// As read.
    Unchanged,
    /// Changed since it was read with this cookie; the new cookie is not set yet.
    Changed {
        from_cookie: TokenHash,
        cookie: SecretText,
    },
    /// Not in the store yet.
    New { cookie: SecretText },
}

impl Held {
    fn read(
        tenant: TenantId,
        mut session: AuthenticationSession,
        now: Timestamp,
        timers: AssuranceTimers,
    ) -> Self {
        let lapsed = timers.lapse(&mut session, now);
        Self {
            tenant,
            session,
            lapsed,
            kept: Kept::Unchanged,
        }
    }

    /// A session that begins now. It says who and, once something is proven, what; nobody gets in by it without a decision.
    pub(super) fn open(
        tenant: TenantId,
        subject: SessionSubject,
        now: Timestamp,
        lifetimes: Lifetimes,
        entropy: &mut dyn Entropy,
    ) -> Self {
        let cookie = fresh_secret(entropy);
        Self {
            tenant,
            session: AuthenticationSession {
                id: SessionId::random(entropy),
                cookie_hash: text::hash(cookie.expose()),
                subject,
                home_session: None,
                proofs: Vec::new(),
                device: None,
                created_at: now,
                expires_at: later(now, lifetimes.session_seconds),
                is_persistent: false,
                last_use: SessionUse {
                    at: now,
                    ip_address: None,
                    user_agent: None,
                },
            },
            lapsed: Vec::new(),
            kept: Kept::New { cookie },
        }
    }

    /// Every change of a session changes its cookie (requirement S02).
    fn touch(&mut self, entropy: &mut dyn Entropy) {
        if let Kept::Unchanged = self.kept {
            let cookie = fresh_secret(entropy);
            let from_cookie = self.session.cookie_hash;
            self.session.cookie_hash = text::hash(cookie.expose());
            self.kept = Kept::Changed {
                from_cookie,
                cookie,
            };
        }
    }

    /// Notes a proof; the latest of each method counts. A new first factor begins the session's time anew.
    pub(super) fn prove(
        &mut self,
        method: AuthenticationMethod,
        at: Timestamp,
        lifetimes: Lifetimes,
        entropy: &mut dyn Entropy,
    ) {
        self.touch(entropy);
        self.session.proofs.retain(|proof| proof.method != method);
        self.session.proofs.push(ProvenMethod { method, at });
        match method.factor() {
            Factor::First | Factor::Both => {
                let seconds = if self.session.is_persistent {
                    lifetimes.persistent_session_seconds
                } else {
                    lifetimes.session_seconds
                };
                self.session.expires_at = later(at, seconds);
            }
            Factor::Second => {}
        }
    }

    /// Whether this was proven in it and lapsed since, and nobody has proven it again (requirement Q15).
    pub(super) fn has_lapsed(&self, method: AuthenticationMethod) -> bool {
        let is_proven = self.session.proofs.iter().any(|p| p.method == method);
        self.lapsed.contains(&method) && !is_proven
    }

    /// What its tenant says of the device.
    pub(super) fn on_device(&mut self, device: Option<DeviceClaims>, entropy: &mut dyn Entropy) {
        if self.session.device != device {
            self.touch(entropy);
            self.session.device = device;
        }
    }

    /// The session at home that stands behind it.
    pub(super) fn stand_on(&mut self, home: HomeSession, entropy: &mut dyn Entropy) {
        if self.session.home_session != Some(home) {
            self.touch(entropy);
            self.session.home_session = Some(home);
        }
    }

    /// Adds proofs of this tenant that were given before the session was in hand.
    pub(super) fn take_proofs(&mut self, proofs: &[ProvenMethod], entropy: &mut dyn Entropy) {
        for proof in proofs {
            if self.session.proofs.contains(proof) {
                continue;
            }
            self.touch(entropy);
            self.session
                .proofs
                .retain(|earlier| earlier.method != proof.method);
            self.session.proofs.push(*proof);
        }
    }

    /// Whether the cookie outlives the browser.
    pub(super) fn persist(
        &mut self,
        persistence: Persistence,
        now: Timestamp,
        lifetimes: Lifetimes,
        entropy: &mut dyn Entropy,
    ) {
        let (is_persistent, seconds) = match persistence {
            Persistence::OutlivesBrowser => (true, lifetimes.persistent_session_seconds),
            Persistence::EndsWithBrowser => (false, lifetimes.session_seconds),
        };
        if self.session.is_persistent != is_persistent {
            self.touch(entropy);
            self.session.is_persistent = is_persistent;
            self.session.expires_at = later(now, seconds);
        }
    }

    /// As the session of another tenant points to it.
    pub(super) fn pointer(&self) -> HomeSession {
        HomeSession {
            tenant_id: self.tenant,
            session_id: self.session.id,
            expires_at: self.session.expires_at,
        }
    }
}

/// Whether a session outlives the browser.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Persistence {
    OutlivesBrowser,
    EndsWithBrowser,
}

impl Walk<'_, '_> {
    /// The live sessions this browser has in a tenant, most recent first. A cookie of another tenant is nothing here (S06).
    pub(super) async fn live_sessions(&self, tenant: TenantId) -> Result<Vec<Held>, StoreError> {
        let store = self.house.store.tenant(tenant);
        let mut live = Vec::new();
        for cookie in self.cookies.sessions(tenant).iter().take(SESSIONS_MAX) {
            let found = store
                .find_session_by_cookie(text::hash(cookie.expose()))
                .await?;
            live.extend(
                found
                    .filter(|session| session.expires_at > self.moment.now)
                    .map(|session| self.read(tenant, session)),
            );
        }
        Ok(live)
    }

    /// A session by its id, as the transaction or another session points to it; `None` when it has ended.
    pub(super) async fn live_session(
        &self,
        tenant: TenantId,
        session: SessionId,
    ) -> Result<Option<Held>, StoreError> {
        let found = self
            .house
            .store
            .tenant(tenant)
            .find_session(session)
            .await?;
        Ok(found
            .filter(|session| session.expires_at > self.moment.now)
            .map(|session| self.read(tenant, session)))
    }

    fn read(&self, tenant: TenantId, session: AuthenticationSession) -> Held {
        let timers = self.house.lifetimes.assurance;
        Held::read(tenant, session, self.moment.now, timers)
    }

    /// The live session of one subject, if this browser has one.
    pub(super) async fn live_session_of(
        &self,
        tenant: TenantId,
        subject: SessionSubject,
    ) -> Result<Option<Held>, StoreError> {
        let sessions = self.live_sessions(tenant).await?;
        Ok(sessions
            .into_iter()
            .find(|held| held.session.subject == subject))
    }

    /// Writes a session back, if it is new or changed, and sets its cookie in front of the browser's others; of one that
    /// is as it was only the use is noted.
    pub(super) fn save(&mut self, held: &mut Held) {
        let has_lapsed = !std::mem::take(&mut held.lapsed).is_empty();
        let last_use = self.moment.session_use();
        let is_noted = is_noted(&held.session.last_use, &last_use) && !has_lapsed;
        if let (Kept::Unchanged, true) = (&held.kept, is_noted) {
            return;
        }
        held.session.last_use = last_use.clone();
        let (cookie, replaced) = match std::mem::replace(&mut held.kept, Kept::Unchanged) {
            Kept::Unchanged => {
                let change = if has_lapsed {
                    // Else the use that is noted now would make it count again. The cookie stays: nothing was gained.
                    Change::RenewSession {
                        session: held.session.clone(),
                        from_cookie: held.session.cookie_hash,
                    }
                } else {
                    let session = held.session.id;
                    Change::UseSession { session, last_use }
                };
                self.ledger.push(held.tenant, change);
                return;
            }
            Kept::New { cookie } => {
                let session = held.session.clone();
                self.ledger.push(held.tenant, Change::OpenSession(session));
                (cookie, None)
            }
            Kept::Changed {
                from_cookie,
                cookie,
            } => {
                let session = held.session.clone();
                self.ledger.push(
                    held.tenant,
                    Change::RenewSession {
                        session,
                        from_cookie,
                    },
                );
                (cookie, Some(from_cookie))
            }
        };
        let is_other = |value: &SecretText| Some(text::hash(value.expose())) != replaced;
        let mut values = vec![cookie];
        values.extend(self.other_cookies(held.tenant).into_iter().filter(is_other));
        values.truncate(SESSIONS_MAX);
        let expires_at = held
            .session
            .is_persistent
            .then_some(held.session.expires_at);
        self.set.push(CookieChange::SetSessions {
            tenant: held.tenant,
            values,
            expires_at,
        });
    }

    /// The values the browser will have for a tenant, as far as this request has decided.
    fn other_cookies(&mut self, tenant: TenantId) -> Vec<SecretText> {
        let earlier = self.set.iter().rposition(|change| match change {
            CookieChange::SetSessions { tenant: of, .. } => *of == tenant,
            CookieChange::SetFlow(_) => false,
        });
        match earlier.map(|position| self.set.remove(position)) {
            Some(CookieChange::SetSessions { values, .. }) => values,
            Some(CookieChange::SetFlow(_)) | None => self.cookies.sessions(tenant),
        }
    }
}

/// Whether a use is told well enough by the one that was noted last: the same browser at the same address, a moment ago.
/// A browser that goes from application to application does not cost a row each time.
fn is_noted(noted: &SessionUse, now: &SessionUse) -> bool {
    let age_seconds = now.at.duration_since(noted.at).as_secs();
    noted.ip_address == now.ip_address
        && noted.user_agent == now.user_agent
        && (0..USE_NOTED_SECONDS).contains(&age_seconds)
}

/// A use is noted once in so many seconds; an idle time may seem longer by as much, never shorter.
const USE_NOTED_SECONDS: i64 = 60;

/// The most accounts one browser has in one tenant.
const SESSIONS_MAX: usize = 5;
