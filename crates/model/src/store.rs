//! The store's contract: what the use cases read, and the changes they ask for.
//!
//! Conventions, once for all methods:
//! * The tenant is in the handle ([`Store::tenant`]); no method can reach another tenant's rows.
//! * "Not found" is `Ok(None)`; [`StoreError`] means that the store itself failed, and the caller fails closed.
//! * Reads see every commit that was acknowledged before they began.
//! * All writing goes through [`TenantStore::commit`]: a list of [`Change`]s, applied all or none, durable before
//!   the answer. Each change that spends or moves something is one conditional statement; when its condition
//!   does not hold, nothing of the list is applied and the answer names the change that lost
//!   ([`CommitError::Lost`]). That is how races end: exactly one caller wins.
//! * A change that keeps something new also loses when its id, hash or `kid` is taken: nothing is overwritten.
//! * Whoever drops the future of a commit does not know whether it happened.
//! * Moments are kept to the microsecond; documents are kept as they are.
//!
//! Adding an artefact: a type in `artefact`, a `Change`, a look-up here; a table and two statements in the store;
//! a case in its contract suite, which runs on every engine.

use std::collections::BTreeMap;

use async_trait::async_trait;
use uuid::Uuid;

use crate::Timestamp;
use crate::application::{Application, ServicePrincipal, SigningAlgorithm};
use crate::artefact::{
    AuthorizationCode, AuthorizationCodeState, RefreshToken, RefreshTokenState, Transaction,
};
use crate::authentication_context::AuthenticationContextClassReference;
use crate::authentication_strength::AuthenticationStrengthPolicy;
use crate::conditional_access::ConditionalAccessPolicy;
use crate::credential::{ClientSecret, PasswordCredential, Throttle, ThrottleKey, TotpCredential};
use crate::cross_tenant_access::CrossTenantAccessPolicy;
use crate::declared_invariants::DeclaredInvariants;
use crate::group::{Group, Memberships, RoleAssignment};
use crate::id::{
    ClientId, GrantId, MethodId, PolicyId, SessionId, TenantId, TransactionId, UserId,
};
use crate::named_location::NamedLocation;
use crate::organization::Organization;
use crate::secret::{SealPurpose, SealedSecret, TokenHash};
use crate::session::{AuthenticationSession, SessionClient, SessionSubject, SessionUse};
use crate::sign_in_log::SignIn;
use crate::terms_of_use::Agreement;
use crate::user::{CanonicalName, HomeAccount, User};

/// One installation's data.
#[async_trait]
pub trait Store: Send + Sync {
    /// The handle of one tenant; cheap, and does not ask whether the tenant exists.
    fn tenant(&self, tenant: TenantId) -> Box<dyn TenantStore>;

    /// The tenant that has this id.
    async fn has_tenant(&self, tenant: TenantId) -> Result<bool, StoreError>;

    /// The tenant that has verified this domain (lower case).
    async fn find_tenant_by_domain(&self, domain: &str) -> Result<Option<TenantId>, StoreError>;

    /// The tenant that owns the registration of an application, for requests at `organizations` and `common`.
    async fn find_application_owner(
        &self,
        client: ClientId,
    ) -> Result<Option<TenantId>, StoreError>;

    /// Every tenant, by id.
    async fn list_tenants(&self) -> Result<Vec<Organization>, StoreError>;

    /// Makes the tenants named in `world` equal to it, in one transaction; kinds that are `None` stay as they are.
    /// Answers what changed, per tenant. With `dry_run` nothing is written, the answer is the same.
    ///
    /// A user who is removed takes credentials, consent, sessions and grants along. The id of a user, group, application
    /// or service principal never names anything else afterwards, in any tenant; the same object may come back.
    async fn import(
        &self,
        world: &[TenantWorld],
        now: Timestamp,
        dry_run: bool,
    ) -> Result<Vec<ImportSummary>, StoreError>;

    /// What [`Store::import`] would need to make these tenants again, credentials aside; every list by id.
    async fn export(&self) -> Result<Vec<TenantWorld>, StoreError>;

    /// The oldest of all sealed secrets, of any tenant: whoever can open it has the master key of this database.
    async fn find_oldest_sealed(&self) -> Result<Option<SealedRecord>, StoreError>;

    /// Whether the store answers; for the health endpoint.
    async fn ping(&self) -> Result<(), StoreError>;

    /// Deletes what expired before `now` (transactions, codes, tokens, sessions, throttles, assertion ids); answers how many rows.
    async fn purge_expired(&self, now: Timestamp) -> Result<u64, StoreError>;
}

/// One tenant's data.
#[async_trait]
pub trait TenantStore: Send + Sync {
    /// Whose data this handle sees.
    fn tenant_id(&self) -> TenantId;

    /// The tenant's configuration, whole; `None` when there is no such tenant.
    async fn configuration(&self) -> Result<Option<TenantConfiguration>, StoreError>;
    /// Grows with every change of the configuration; `None` when there is no such tenant.
    async fn configuration_version(&self) -> Result<Option<u64>, StoreError>;
    /// The tenant whole, credentials aside, with the version of its configuration, all from one moment; `None` when there is
    /// no such tenant.
    async fn export(&self) -> Result<Option<(u64, TenantWorld)>, StoreError>;

    /// A user object.
    async fn find_user(&self, user: UserId) -> Result<Option<User>, StoreError>;
    /// A user object with its groups, nesting followed, and its roles, all from one moment.
    async fn find_user_and_memberships(
        &self,
        user: UserId,
    ) -> Result<Option<(User, Memberships)>, StoreError>;
    /// The user that has this name: by UPN first, else the only one that has it as mail or other mail.
    async fn find_user_by_name(&self, name: &CanonicalName) -> Result<Option<User>, StoreError>;
    /// The guest object that stands for a home account.
    async fn find_user_by_home_account(
        &self,
        home: HomeAccount,
    ) -> Result<Option<User>, StoreError>;
    /// Groups, nesting followed, and roles.
    async fn memberships(&self, user: UserId) -> Result<Memberships, StoreError>;

    /// A user's password.
    async fn find_password(&self, user: UserId) -> Result<Option<PasswordCredential>, StoreError>;
    /// A user's confirmed TOTP authenticators.
    async fn list_totp(&self, user: UserId) -> Result<Vec<TotpCredential>, StoreError>;
    /// An application's secrets.
    async fn list_client_secrets(&self, client: ClientId) -> Result<Vec<ClientSecret>, StoreError>;
    /// The failed attempts of a key.
    async fn find_throttle(&self, key: &ThrottleKey) -> Result<Option<Throttle>, StoreError>;

    /// A transaction, expired or not.
    async fn find_transaction(
        &self,
        transaction: TransactionId,
    ) -> Result<Option<Transaction>, StoreError>;
    /// A live or expired session by its cookie; revoked ones are gone.
    async fn find_session_by_cookie(
        &self,
        cookie: TokenHash,
    ) -> Result<Option<AuthenticationSession>, StoreError>;
    /// A session by its id; revoked ones are gone.
    async fn find_session(
        &self,
        session: SessionId,
    ) -> Result<Option<AuthenticationSession>, StoreError>;
    /// A subject's sessions, live or expired, last used first; revoked ones are gone. At most
    /// [`SESSIONS_LISTED_MAX`].
    async fn list_sessions(
        &self,
        subject: SessionSubject,
    ) -> Result<Vec<AuthenticationSession>, StoreError>;
    /// Applications that got tokens in a session.
    async fn list_session_clients(
        &self,
        session: SessionId,
    ) -> Result<Vec<SessionClient>, StoreError>;
    /// A code and what became of it; one whose grant was revoked is burnt.
    async fn find_code(
        &self,
        hash: TokenHash,
    ) -> Result<Option<(AuthorizationCode, AuthorizationCodeState)>, StoreError>;
    /// A refresh token and what became of it.
    async fn find_refresh_token(
        &self,
        hash: TokenHash,
    ) -> Result<Option<(RefreshToken, RefreshTokenState)>, StoreError>;
    /// Whether a grant was revoked; access tokens of it are refused by our own endpoints.
    async fn is_grant_revoked(&self, grant: GrantId) -> Result<bool, StoreError>;
    /// Scopes a user has consented to for a client.
    async fn consented_scopes(
        &self,
        user: UserId,
        client: ClientId,
    ) -> Result<Vec<String>, StoreError>;
    /// The tenant's signing keys, newest first.
    async fn list_signing_keys(&self) -> Result<Vec<SigningKeyRecord>, StoreError>;
    /// What [`Change::KeepKeyCheck`] kept.
    async fn find_key_check(&self) -> Result<Option<SealedSecret>, StoreError>;

    /// Rows of the sign-in log, newest first.
    async fn list_sign_ins(&self, query: &SignInQuery) -> Result<Vec<SignIn>, StoreError>;

    /// Applies all changes or none; durable when it answers `Ok`.
    async fn commit(&self, changes: Vec<Change>) -> Result<(), CommitError>;
}

/// The most sessions [`TenantStore::list_sessions`] answers.
pub const SESSIONS_LISTED_MAX: u32 = 200;

/// Everything a tenant has configured: what `policy` compiles and `signin` reads, cached by version.
#[derive(Debug, Clone, PartialEq)]
pub struct TenantConfiguration {
    /// Grows with every change.
    pub version: u64,
    /// The organisation.
    pub organization: Organization,
    /// Registrations this tenant owns.
    pub applications: Vec<Application>,
    /// Applications this tenant uses.
    pub service_principals: Vec<ServicePrincipal>,
    /// Its policies, all states.
    pub conditional_access_policies: Vec<ConditionalAccessPolicy>,
    /// Its named locations.
    pub named_locations: Vec<NamedLocation>,
    /// Its own authentication strengths; the built-in ones everybody has.
    pub authentication_strengths: Vec<AuthenticationStrengthPolicy>,
    /// Its authentication contexts.
    pub authentication_contexts: Vec<AuthenticationContextClassReference>,
    /// Its terms of use.
    pub agreements: Vec<Agreement>,
    /// Its cross-tenant access settings.
    pub cross_tenant_access_policy: CrossTenantAccessPolicy,
    /// What must hold of every sign-in, whatever changes.
    pub invariants: Option<DeclaredInvariants>,
}

impl TenantConfiguration {
    /// A tenant that has configured nothing.
    pub fn empty(tenant: TenantId) -> Self {
        Self {
            version: 0,
            organization: Organization {
                id: tenant,
                display_name: String::new(),
                verified_domains: Vec::new(),
                branding: None,
                technical_notification_mails: Vec::new(),
                other: serde_json::Map::new(),
            },
            applications: Vec::new(),
            service_principals: Vec::new(),
            conditional_access_policies: Vec::new(),
            named_locations: Vec::new(),
            authentication_strengths: Vec::new(),
            authentication_contexts: Vec::new(),
            agreements: Vec::new(),
            cross_tenant_access_policy: CrossTenantAccessPolicy::default(),
            invariants: None,
        }
    }
}

/// One tenant of a world folder. `None` means the folder says nothing of the kind.
#[derive(Debug, Clone, PartialEq)]
pub struct TenantWorld {
    /// The organisation; names the tenant.
    pub organization: Organization,
    /// All users.
    pub users: Option<Vec<User>>,
    /// All groups.
    pub groups: Option<Vec<Group>>,
    /// All role assignments.
    pub role_assignments: Option<Vec<RoleAssignment>>,
    /// All registrations.
    pub applications: Option<Vec<Application>>,
    /// All service principals.
    pub service_principals: Option<Vec<ServicePrincipal>>,
    /// All policies.
    pub conditional_access_policies: Option<Vec<ConditionalAccessPolicy>>,
    /// All named locations.
    pub named_locations: Option<Vec<NamedLocation>>,
    /// All authentication strengths but the built-in ones.
    pub authentication_strengths: Option<Vec<AuthenticationStrengthPolicy>>,
    /// All authentication contexts.
    pub authentication_contexts: Option<Vec<AuthenticationContextClassReference>>,
    /// All terms of use.
    pub agreements: Option<Vec<Agreement>>,
    /// The cross-tenant access settings.
    pub cross_tenant_access_policy: Option<CrossTenantAccessPolicy>,
    /// What must hold of every sign-in; an empty list takes back what was declared.
    pub invariants: Option<DeclaredInvariants>,
    /// Credentials to set: write-only, never exported. Hashed and sealed before they come here.
    pub credentials: ImportedCredentials,
}

impl TenantWorld {
    /// Says who the tenant is and nothing else.
    pub fn of_organization(organization: Organization) -> Self {
        Self {
            organization,
            users: None,
            groups: None,
            role_assignments: None,
            applications: None,
            service_principals: None,
            conditional_access_policies: None,
            named_locations: None,
            authentication_strengths: None,
            authentication_contexts: None,
            agreements: None,
            cross_tenant_access_policy: None,
            invariants: None,
            credentials: ImportedCredentials::default(),
        }
    }
}

/// Credentials of an import, ready for rest. What is not named here keeps what it has.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ImportedCredentials {
    /// Passwords.
    pub passwords: Vec<PasswordCredential>,
    /// TOTP authenticators.
    pub totp: Vec<TotpCredential>,
    /// Client secrets; they replace all secrets of the clients they name.
    pub client_secrets: Vec<ClientSecret>,
}

/// What an import did to one tenant, by kind (Graph's plural name).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImportSummary {
    /// The tenant.
    pub tenant: TenantId,
    /// Its name.
    pub display_name: String,
    /// Counts by kind, for kinds the world speaks of.
    pub kinds: BTreeMap<String, ImportCounts>,
}

/// Counts of one kind.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ImportCounts {
    /// New objects.
    pub added: usize,
    /// Objects that differ.
    pub changed: usize,
    /// Objects the world no longer has.
    pub removed: usize,
    /// Objects that are as they were.
    pub unchanged: usize,
}

/// A sealed secret, with what it is bound to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealedRecord {
    /// Whose.
    pub tenant: TenantId,
    /// What for.
    pub purpose: SealPurpose,
    /// The secret.
    pub sealed: SealedSecret,
}

/// A signing key at rest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SigningKeyRecord {
    /// The `kid`.
    pub key_id: String,
    /// What it signs with.
    pub algorithm: SigningAlgorithm,
    /// PKCS#8, sealed.
    pub private_key: SealedSecret,
    /// The public part as a JWK (JSON).
    pub public_jwk: String,
    /// When it was made; it is published from then on.
    pub created_at: Timestamp,
    /// It signs from then on.
    pub active_from: Timestamp,
    /// It signs no more from then on, and is published until tokens of it have expired.
    pub retired_at: Option<Timestamp>,
    /// Never validates again from then on, whatever a cache says (requirement G14).
    pub not_after: Timestamp,
}

/// Which rows of the sign-in log.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SignInQuery {
    /// Only this user's: an object id, or a name compared without case.
    pub user: Option<String>,
    /// Only this sign-in.
    pub correlation_id: Option<Uuid>,
    /// Only this client's.
    pub client: Option<ClientId>,
    /// Only rows of this error number.
    pub error_code: Option<u32>,
    /// Only those with a person in front, or only those without.
    pub is_interactive: Option<bool>,
    /// Only rows after this moment.
    pub since: Option<Timestamp>,
    /// At most this many (the store caps it at 1,000; 0 means 100).
    pub top: usize,
    /// Rows to leave out, newest first.
    pub skip: usize,
}

/// One change of one tenant's data. Changes that name a condition lose when it does not hold.
#[derive(Debug, Clone, PartialEq)]
pub enum Change {
    /// Begins a transaction (version 0).
    BeginTransaction(Transaction),
    /// Moves a transaction on. Condition: it exists, is at `from_version`, and has not expired at `now`.
    /// Stores `transaction.state` and `expires_at` and raises the version by one.
    AdvanceTransaction {
        /// The transaction with its new state.
        transaction: Transaction,
        /// The version the caller read.
        from_version: u32,
        /// Now.
        now: Timestamp,
    },
    /// Ends a transaction. Condition: as for [`Change::AdvanceTransaction`].
    EndTransaction {
        /// The transaction.
        id: TransactionId,
        /// The version the caller read.
        from_version: u32,
        /// Now.
        now: Timestamp,
    },

    /// Opens a session.
    OpenSession(AuthenticationSession),
    /// Replaces cookie hash, proofs, device, home session, persistence, expiry and last use of a session. Condition: it
    /// exists and still has `from_cookie`.
    RenewSession {
        /// The session with its new cookie and proofs.
        session: AuthenticationSession,
        /// The cookie hash the caller read.
        from_cookie: TokenHash,
    },
    /// Notes that a session was used. No condition: an ended session stays ended.
    UseSession {
        /// The session.
        session: SessionId,
        /// When, from where, with what.
        last_use: SessionUse,
    },
    /// Ends a session and revokes the grants it gave. No condition: an ended session stays ended.
    EndSession(SessionId),
    /// Ends every session of a user, and revokes every grant. No condition.
    EndSessionsOfUser(UserId),
    /// Lets nothing count that a user has proven or was granted before a moment, here or where they are a guest: their
    /// `signInSessionsValidFromDateTime` is at least that. Imports do not take it back. Condition: the user exists.
    ForgetSignIns {
        /// The user.
        user: UserId,
        /// The moment.
        before: Timestamp,
    },
    /// Ends every session of a subject but one, and revokes every grant that is not of that one. No condition.
    EndOtherSessions {
        /// Whose.
        subject: SessionSubject,
        /// The one that stays.
        kept: SessionId,
    },
    /// Notes that a client got tokens in a session (idempotent). Condition: the session exists.
    JoinSession(SessionClient),

    /// Keeps a code. Condition: its grant is not revoked.
    IssueCode(AuthorizationCode),
    /// Spends a code. Condition: it is fresh, and its grant is not revoked.
    SpendCode(TokenHash),
    /// Keeps a refresh token. Condition: its family is not revoked.
    IssueRefreshToken(RefreshToken),
    /// Spends a refresh token. Condition: it is fresh and its family is not revoked.
    SpendRefreshToken(TokenHash),
    /// Revokes a grant with all its refresh tokens. No condition.
    RevokeGrant(GrantId),
    /// Notes a client assertion's `jti`. Condition: it was not noted before.
    SpendAssertionId {
        /// Whose assertion.
        client: ClientId,
        /// SHA-256 of the `jti`.
        id: TokenHash,
        /// Forgotten after this.
        expires_at: Timestamp,
    },

    /// Remembers consent (adds to what is there).
    GrantConsent {
        /// Who.
        user: UserId,
        /// To which client.
        client: ClientId,
        /// Which scopes.
        scopes: Vec<String>,
        /// When.
        at: Timestamp,
    },

    /// Replaces a password hash, for instance with newer parameters. Condition: the stored hash is `from_hash`.
    RehashPassword {
        /// The new one.
        password: PasswordCredential,
        /// The one the caller verified.
        from_hash: String,
    },
    /// Keeps a confirmed TOTP authenticator. Condition: the user exists, and nobody has one with this id.
    RegisterTotp(TotpCredential),
    /// Marks a time step as used. Condition: the stored step is smaller.
    UseTotpStep {
        /// Which authenticator.
        method: MethodId,
        /// The step that was accepted.
        step: i64,
    },

    /// Charges one attempt *before* it is tried, so that parallel guesses cannot exceed the budget.
    /// Condition: the key is not locked at `now` and has fewer than `attempts_max` attempts in the window, which
    /// begins with its first attempt; the attempts of a window or lock that is over are forgotten first. The attempt
    /// that uses up the budget is still allowed, and locks.
    ChargeThrottle {
        /// The key.
        key: ThrottleKey,
        /// The most attempts in a window.
        attempts_max: u32,
        /// The window and, once the budget is used up, the lock, in seconds.
        window_seconds: i64,
        /// Now.
        now: Timestamp,
    },
    /// Forgets a key's attempts after a success. No condition.
    ClearThrottle(ThrottleKey),
    /// Takes one charged attempt back, and the lock it may have set: it succeeded, or was never tried. Earlier attempts
    /// stay, so that one good sign-in does not buy an address a hundred new guesses. No condition.
    RefundThrottle(ThrottleKey),

    /// Moves the configuration on. Condition: it is at `from_version`. It goes before what changes in the configuration,
    /// in one list: so of two who read the same version one wins.
    AdvanceConfiguration {
        /// The version the caller read.
        from_version: u64,
        /// Now.
        now: Timestamp,
    },
    /// Keeps a policy, in place of the one with its id if there is one. Only behind [`Change::AdvanceConfiguration`].
    KeepPolicy(Box<ConditionalAccessPolicy>),
    /// Removes a policy. Condition: it exists. Only behind [`Change::AdvanceConfiguration`].
    RemovePolicy(PolicyId),

    /// Appends a row to this tenant's sign-in log.
    LogSignIn(Box<SignIn>),

    /// Keeps a new signing key. Condition: no key has this id.
    AddSigningKey(SigningKeyRecord),
    /// Keeps a known text, sealed. Condition: there is none yet.
    KeepKeyCheck(SealedSecret),
    /// Sets when a key stops signing and when it stops being valid. Condition: the key exists.
    RetireSigningKey {
        /// The `kid`.
        key_id: String,
        /// It signs no more from then on.
        retired_at: Timestamp,
        /// It never validates from then on.
        not_after: Timestamp,
    },
}

/// The store failed; whoever asked fails closed.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The engine refused or could not be reached.
    #[error("the database failed while it {doing}")]
    Engine {
        /// What it was doing, for instance `reads a user`.
        doing: &'static str,
        /// Why.
        #[source]
        cause: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A row does not hold what its table promises.
    #[error("a row of `{table}` is damaged: {what}")]
    Corrupt {
        /// The table.
        table: &'static str,
        /// Which column, and what is wrong.
        what: String,
    },
    /// An import contradicts what is there (a domain of another tenant, a UPN twice).
    #[error("the import contradicts itself or the store: {what}")]
    Contradiction {
        /// Which object and why.
        what: String,
    },
}

/// Why a commit did not happen.
#[derive(Debug, thiserror::Error)]
pub enum CommitError {
    /// The condition of a change did not hold; nothing was applied.
    #[error("change {index} lost: its condition no longer holds")]
    Lost {
        /// The change's place in the list.
        index: usize,
    },
    /// The store failed; nothing was acknowledged.
    #[error(transparent)]
    Store(#[from] StoreError),
}
