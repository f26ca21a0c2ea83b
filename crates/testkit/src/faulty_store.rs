//! A store that fails when a test says so: shows that a failure anywhere closes the door (requirement B19).
//!
//! Count the calls of a flow once ([`Faults::calls`]), then run it again for each of them with [`Faults::fail`].

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use async_trait::async_trait;
use portcullis_model::Timestamp;
use portcullis_model::artefact::{
    AuthorizationCode, AuthorizationCodeState, RefreshToken, RefreshTokenState, Transaction,
};
use portcullis_model::credential::{
    ClientSecret, PasswordCredential, Throttle, ThrottleKey, TotpCredential,
};
use portcullis_model::group::Memberships;
use portcullis_model::id::{ClientId, GrantId, SessionId, TenantId, TransactionId, UserId};
use portcullis_model::organization::Organization;
use portcullis_model::secret::{SealedSecret, TokenHash};
use portcullis_model::session::{AuthenticationSession, SessionClient, SessionSubject};
use portcullis_model::sign_in_log::SignIn;
use portcullis_model::store::{
    Change, CommitError, ImportSummary, SealedRecord, SignInQuery, SigningKeyRecord, Store,
    StoreError, TenantConfiguration, TenantStore, TenantWorld,
};
use portcullis_model::user::{CanonicalName, HomeAccount, User};

/// When a call fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Before it reaches the store: nothing happened.
    Before,
    /// After the store did it: the answer is lost, and the caller cannot know.
    After,
}

/// Which call fails next; shared by the store and all of its handles.
#[derive(Debug, Default)]
pub struct Faults {
    calls: AtomicU64,
    before: AtomicU64,
    after: AtomicU64,
    away: AtomicBool,
}

impl Faults {
    /// How many calls there were.
    pub fn calls(&self) -> u64 {
        self.calls.load(Ordering::SeqCst)
    }

    /// The `n`-th call from now on (1 is the next one) fails, and only that one.
    pub fn fail(&self, n: u64, fault: Fault) {
        let at = self.calls() + n;
        match fault {
            Fault::Before => self.before.store(at, Ordering::SeqCst),
            Fault::After => self.after.store(at, Ordering::SeqCst),
        }
    }

    /// Every call fails, until [`Faults::stop`].
    pub fn go_away(&self) {
        self.away.store(true, Ordering::SeqCst);
    }

    /// No call fails any more.
    pub fn stop(&self) {
        self.away.store(false, Ordering::SeqCst);
        self.before.store(0, Ordering::SeqCst);
        self.after.store(0, Ordering::SeqCst);
    }

    /// The number of a call that begins now.
    fn begin(&self) -> Result<u64, StoreError> {
        let call = self.calls.fetch_add(1, Ordering::SeqCst) + 1;
        if self.away.load(Ordering::SeqCst) || self.before.load(Ordering::SeqCst) == call {
            return Err(failed());
        }
        Ok(call)
    }

    fn end(&self, call: u64) -> Result<(), StoreError> {
        if self.after.load(Ordering::SeqCst) == call {
            return Err(failed());
        }
        Ok(())
    }
}

fn failed() -> StoreError {
    StoreError::Engine {
        doing: "fails on purpose",
        cause: "the test said so".into(),
    }
}

/// A store whose calls fail as its [`Faults`] say.
pub struct FaultyStore {
    inner: Arc<dyn Store>,
    faults: Arc<Faults>,
}

impl FaultyStore {
    /// A store that does what `inner` does until `faults` says otherwise.
    pub fn new(inner: Arc<dyn Store>, faults: Arc<Faults>) -> Self {
        Self { inner, faults }
    }
}

struct FaultyTenant {
    inner: Box<dyn TenantStore>,
    faults: Arc<Faults>,
}

/// Passes a call on, unless it is the one that fails.
macro_rules! pass {
    ($self:ident.$method:ident($($argument:expr),*)) => {{
        let call = $self.faults.begin()?;
        let answer = $self.inner.$method($($argument),*).await;
        $self.faults.end(call)?;
        answer
    }};
}

#[async_trait]
impl Store for FaultyStore {
    fn tenant(&self, tenant: TenantId) -> Box<dyn TenantStore> {
        Box::new(FaultyTenant {
            inner: self.inner.tenant(tenant),
            faults: Arc::clone(&self.faults),
        })
    }
    async fn has_tenant(&self, tenant: TenantId) -> Result<bool, StoreError> {
        pass!(self.has_tenant(tenant))
    }
    async fn find_tenant_by_domain(&self, domain: &str) -> Result<Option<TenantId>, StoreError> {
        pass!(self.find_tenant_by_domain(domain))
    }
    async fn find_application_owner(
        &self,
        client: ClientId,
    ) -> Result<Option<TenantId>, StoreError> {
        pass!(self.find_application_owner(client))
    }
    async fn list_tenants(&self) -> Result<Vec<Organization>, StoreError> {
        pass!(self.list_tenants())
    }
    async fn import(
        &self,
        world: &[TenantWorld],
        now: Timestamp,
        dry_run: bool,
    ) -> Result<Vec<ImportSummary>, StoreError> {
        pass!(self.import(world, now, dry_run))
    }
    async fn export(&self) -> Result<Vec<TenantWorld>, StoreError> {
        pass!(self.export())
    }
    async fn find_oldest_sealed(&self) -> Result<Option<SealedRecord>, StoreError> {
        pass!(self.find_oldest_sealed())
    }
    async fn ping(&self) -> Result<(), StoreError> {
        pass!(self.ping())
    }
    async fn purge_expired(&self, now: Timestamp) -> Result<u64, StoreError> {
        pass!(self.purge_expired(now))
    }
}

#[async_trait]
impl TenantStore for FaultyTenant {
    fn tenant_id(&self) -> TenantId {
        self.inner.tenant_id()
    }
    async fn configuration(&self) -> Result<Option<TenantConfiguration>, StoreError> {
        pass!(self.configuration())
    }
    async fn configuration_version(&self) -> Result<Option<u64>, StoreError> {
        pass!(self.configuration_version())
    }
    async fn export(&self) -> Result<Option<(u64, TenantWorld)>, StoreError> {
        pass!(self.export())
    }
    async fn find_user(&self, user: UserId) -> Result<Option<User>, StoreError> {
        pass!(self.find_user(user))
    }
    async fn find_user_and_memberships(
        &self,
        user: UserId,
    ) -> Result<Option<(User, Memberships)>, StoreError> {
        pass!(self.find_user_and_memberships(user))
    }
    async fn find_user_by_name(&self, name: &CanonicalName) -> Result<Option<User>, StoreError> {
        pass!(self.find_user_by_name(name))
    }
    async fn find_user_by_home_account(
        &self,
        home: HomeAccount,
    ) -> Result<Option<User>, StoreError> {
        pass!(self.find_user_by_home_account(home))
    }
    async fn memberships(&self, user: UserId) -> Result<Memberships, StoreError> {
        pass!(self.memberships(user))
    }
    async fn find_password(&self, user: UserId) -> Result<Option<PasswordCredential>, StoreError> {
        pass!(self.find_password(user))
    }
    async fn list_totp(&self, user: UserId) -> Result<Vec<TotpCredential>, StoreError> {
        pass!(self.list_totp(user))
    }
    async fn list_client_secrets(&self, client: ClientId) -> Result<Vec<ClientSecret>, StoreError> {
        pass!(self.list_client_secrets(client))
    }
    async fn find_throttle(&self, key: &ThrottleKey) -> Result<Option<Throttle>, StoreError> {
        pass!(self.find_throttle(key))
    }
    async fn find_transaction(
        &self,
        transaction: TransactionId,
    ) -> Result<Option<Transaction>, StoreError> {
        pass!(self.find_transaction(transaction))
    }
    async fn find_session_by_cookie(
        &self,
        cookie: TokenHash,
    ) -> Result<Option<AuthenticationSession>, StoreError> {
        pass!(self.find_session_by_cookie(cookie))
    }
    async fn find_session(
        &self,
        session: SessionId,
    ) -> Result<Option<AuthenticationSession>, StoreError> {
        pass!(self.find_session(session))
    }
    async fn list_sessions(
        &self,
        subject: SessionSubject,
    ) -> Result<Vec<AuthenticationSession>, StoreError> {
        pass!(self.list_sessions(subject))
    }
    async fn list_session_clients(
        &self,
        session: SessionId,
    ) -> Result<Vec<SessionClient>, StoreError> {
        pass!(self.list_session_clients(session))
    }
    async fn find_code(
        &self,
        hash: TokenHash,
    ) -> Result<Option<(AuthorizationCode, AuthorizationCodeState)>, StoreError> {
        pass!(self.find_code(hash))
    }
    async fn find_refresh_token(
        &self,
        hash: TokenHash,
    ) -> Result<Option<(RefreshToken, RefreshTokenState)>, StoreError> {
        pass!(self.find_refresh_token(hash))
    }
    async fn is_grant_revoked(&self, grant: GrantId) -> Result<bool, StoreError> {
        pass!(self.is_grant_revoked(grant))
    }
    async fn consented_scopes(
        &self,
        user: UserId,
        client: ClientId,
    ) -> Result<Vec<String>, StoreError> {
        pass!(self.consented_scopes(user, client))
    }
    async fn list_signing_keys(&self) -> Result<Vec<SigningKeyRecord>, StoreError> {
        pass!(self.list_signing_keys())
    }
    async fn find_key_check(&self) -> Result<Option<SealedSecret>, StoreError> {
        pass!(self.find_key_check())
    }
    async fn list_sign_ins(&self, query: &SignInQuery) -> Result<Vec<SignIn>, StoreError> {
        pass!(self.list_sign_ins(query))
    }
    async fn commit(&self, changes: Vec<Change>) -> Result<(), CommitError> {
        pass!(self.commit(changes))
    }
}

#[cfg(test)]
mod tests {
    use portcullis_model::id::Id;
    use portcullis_store::{SqliteOptions, SqliteStore};
    use uuid::Uuid;

    use super::*;

    #[tokio::test]
    async fn the_call_that_was_named_fails_and_no_other() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("portcullis.db");
        let store = SqliteStore::open(&path, SqliteOptions::default()).await;
        let faults = Arc::new(Faults::default());
        let store = FaultyStore::new(Arc::new(store.unwrap()), Arc::clone(&faults));
        let tenant = store.tenant(Id::new(Uuid::from_u128(1)));
        let grant = |n| Id::new(Uuid::from_u128(n));
        let revoke = |n| vec![Change::RevokeGrant(grant(n))];

        store.ping().await.unwrap();
        tenant.commit(revoke(1)).await.unwrap();
        assert_eq!(faults.calls(), 2);
        faults.fail(2, Fault::Before);
        store.ping().await.unwrap();
        assert!(matches!(
            tenant.commit(revoke(2)).await,
            Err(CommitError::Store(_))
        ));
        assert!(!tenant.is_grant_revoked(grant(2)).await.unwrap());
        // With the answer lost, it happened none the less.
        faults.fail(1, Fault::After);
        assert!(matches!(
            tenant.commit(revoke(3)).await,
            Err(CommitError::Store(_))
        ));
        assert!(tenant.is_grant_revoked(grant(3)).await.unwrap());
        faults.fail(1, Fault::Before);
        faults.stop();
        store.ping().await.unwrap();
        faults.go_away();
        store.ping().await.unwrap_err();
        store.ping().await.unwrap_err();
        faults.stop();
        store.ping().await.unwrap();
    }
}
