//! One request of a journey on its way: what it was handed, what it wants to change, and how it ends.

use std::sync::Arc;

use portcullis_model::artefact::Transaction;
use portcullis_model::id::{TenantId, TransactionId};
use portcullis_model::secret::SecretText;
use portcullis_model::store::{Change, CommitError, StoreError};
use portcullis_protocol::oauth::error_catalogue::ErrorCode;

use super::ledger::Ledger;
use super::session::fresh_secret;
use super::state::State;
use crate::house::{House, LoadedTenant, Moment};
use crate::page::{Answer, CookieChange, Cookies, Handle, Step};
use crate::token::text;

/// One request on its way.
pub(super) struct Walk<'a, 'm> {
    pub(super) house: &'a House,
    pub(super) moment: Moment<'m>,
    pub(super) cookies: &'a dyn Cookies,
    /// Cookies to set once everything is committed.
    pub(super) set: Vec<CookieChange>,
    /// Changes to commit.
    pub(super) ledger: Ledger,
}

/// Whether the browser is already in a transaction.
#[derive(Debug)]
pub(super) enum Progress {
    /// Not yet; the first page begins one.
    New,
    /// At this step of this one.
    Under(Transaction, TenantId),
}

/// Why a request ends without an answer of its own: nothing of it was applied.
#[derive(Debug, thiserror::Error)]
pub(super) enum Halt {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Another request was faster, or the step was taken before.
    #[error("the step was already taken")]
    Taken,
    /// There is no such transaction for this browser, or not any more.
    #[error("no such sign-in in this browser")]
    Gone,
    /// Something that was stored or sealed cannot be read, or a configuration points nowhere.
    #[error("{0}")]
    Fault(&'static str),
    /// Too many passwords are being checked.
    #[error("busy for {0} seconds")]
    Busy(u32),
    /// Refused before there was a request to log; the code says why.
    #[error("refused with {}", .0.number())]
    Refused(ErrorCode),
}

impl From<CommitError> for Halt {
    fn from(error: CommitError) -> Self {
        match error {
            CommitError::Lost { .. } => Self::Taken,
            CommitError::Store(cause) => Self::Store(cause),
        }
    }
}

impl<'a, 'm> Walk<'a, 'm> {
    pub(super) fn new(house: &'a House, moment: Moment<'m>, cookies: &'a dyn Cookies) -> Self {
        Self {
            house,
            moment,
            cookies,
            set: Vec::new(),
            ledger: Ledger::default(),
        }
    }

    /// The tenant, which must exist: a transaction or session names it.
    pub(super) async fn tenant(&self, tenant: TenantId) -> Result<Arc<LoadedTenant>, Halt> {
        let found = self.house.tenants.find(tenant).await?;
        found.ok_or(Halt::Fault("a tenant that is named is gone"))
    }

    /// Commits what was gathered, `last` last.
    pub(super) async fn commit(&mut self, last: TenantId) -> Result<(), Halt> {
        let ledger = std::mem::take(&mut self.ledger);
        Ok(ledger.commit(self.house, last).await?)
    }

    /// The browser's flow cookie, set now if it has none.
    fn flow(&mut self) -> SecretText {
        let readable = |cookie: &SecretText| cookie.expose().len() == FLOW_CHARACTERS;
        if let Some(cookie) = self.cookies.flow().filter(readable) {
            return cookie;
        }
        let cookie = fresh_secret(self.moment.entropy);
        self.set.push(CookieChange::SetFlow(cookie.clone()));
        cookie
    }

    /// Lets a page wait for its form: begins the transaction or moves it on by one step, and commits. Answers the handle
    /// of that page.
    pub(super) async fn wait(&mut self, progress: Progress, state: &State) -> Result<Handle, Halt> {
        let owner = state.request().owner();
        let now = self.moment.now;
        let text = serde_json::to_string(state).map_err(|_| Halt::Fault("a state has no JSON"))?;
        let lifetime = self.house.lifetimes.transaction_seconds;
        let (transaction, version) = match progress {
            Progress::Under(mut transaction, held_by) if held_by == owner => {
                let from_version = transaction.version;
                let id = transaction.id;
                transaction.state = text;
                self.ledger.push(
                    owner,
                    Change::AdvanceTransaction {
                        transaction,
                        from_version,
                        now,
                    },
                );
                (id, from_version.saturating_add(1))
            }
            progress @ (Progress::New | Progress::Under(..)) => {
                self.end(progress);
                let id = TransactionId::random(self.moment.entropy);
                let browser_hash = text::hash(self.flow().expose());
                self.ledger.push(
                    owner,
                    Change::BeginTransaction(Transaction {
                        id,
                        version: 0,
                        browser_hash,
                        state: text,
                        expires_at: later(now, lifetime),
                    }),
                );
                (id, 0)
            }
        };
        self.commit(owner).await?;
        Ok(Handle {
            page: state.page_tenant(),
            owner,
            transaction,
            version,
        })
    }

    /// Ends the transaction with the other changes of this request: its last step is taken once, too.
    pub(super) fn end(&mut self, progress: Progress) {
        match progress {
            Progress::New => {}
            Progress::Under(transaction, owner) => self.ledger.push(
                owner,
                Change::EndTransaction {
                    id: transaction.id,
                    from_version: transaction.version,
                    now: self.moment.now,
                },
            ),
        }
    }

    /// What the browser is told, with the cookies of what was committed.
    pub(super) fn answer(self, step: Step) -> Answer {
        Answer {
            step,
            cookies: self.set,
        }
    }
}

/// 32 octets in base64url.
const FLOW_CHARACTERS: usize = 43;

/// A moment so many seconds later; the same moment if that is beyond time.
pub(super) fn later(now: portcullis_model::Timestamp, seconds: i64) -> portcullis_model::Timestamp {
    now.checked_add(jiff::SignedDuration::from_secs(seconds))
        .unwrap_or(now)
}
