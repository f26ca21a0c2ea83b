//! What every use case is handed: the installation's parts behind traits, and the moment of the request.

use std::net::IpAddr;
use std::sync::Arc;

use async_trait::async_trait;
use portcullis_model::Timestamp;
use portcullis_model::application::{Application, ServicePrincipal, SigningAlgorithm};
use portcullis_model::country::CountryCode;
use portcullis_model::device::DeviceClaims;
use portcullis_model::entropy::Entropy;
use portcullis_model::id::{ClientId, CorrelationId, TenantId};
use portcullis_model::secret::{Sealer, SecretText};
use portcullis_model::session::SessionUse;
use portcullis_model::store::{Store, StoreError, TenantConfiguration};
use portcullis_policy::compile::CompiledTenant;
use portcullis_protocol::jose::public_key::PublicJwk;
use portcullis_protocol::jose::signing_key::SigningKey;
use url::Url;

use crate::assurance_timer::AssuranceTimers;
use crate::change_guard::ChangeGuard;
use crate::whereabouts::Countries;

/// The installation: one value, built by the binary, shared by all requests.
pub struct House {
    /// The database.
    pub store: Arc<dyn Store>,
    /// Tenants' configuration, compiled, cached by version.
    pub tenants: Arc<dyn Tenants>,
    /// Signing keys.
    pub keys: Arc<dyn Keys>,
    /// Opens TOTP seeds.
    pub sealer: Arc<dyn Sealer>,
    /// Checks passwords, a bounded number at a time.
    pub passwords: Arc<dyn Passwords>,
    /// Looks at changes of policies before they are made, a bounded number at a time.
    pub guard: Arc<dyn ChangeGuard>,
    /// What home tenants say of devices.
    pub devices: Arc<dyn DeviceEvidence>,
    /// Tells the country of an address.
    pub countries: Arc<dyn Countries>,
    /// Where people and clients reach us, without a trailing slash; every issuer begins with it (never the Host header).
    pub public_url: Url,
    /// Key of the pairwise subject function, one per installation, at least 32 bytes.
    pub pairwise_key: SecretText,
    /// How long things live.
    pub lifetimes: Lifetimes,
    /// How many attempts are allowed.
    pub budgets: Budgets,
}

/// How long things live, in seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lifetimes {
    /// A sign-in from its first request to its end.
    pub transaction_seconds: i64,
    /// An authorization code; at most 60 (requirement B08).
    pub code_seconds: i64,
    /// An access token and an id token.
    pub access_token_seconds: i64,
    /// A refresh token that is not used.
    pub refresh_token_idle_seconds: i64,
    /// A refresh token family, however often it rotates.
    pub refresh_token_family_seconds: i64,
    /// A browser session that ends with the browser.
    pub session_seconds: i64,
    /// A browser session that outlives the browser. What was proven in it lapses before (see `assurance`); the session
    /// then still knows whom to ask.
    pub persistent_session_seconds: i64,
    /// What was proven in a browser session, by level of assurance (requirement Q15).
    pub assurance: AssuranceTimers,
}

impl Default for Lifetimes {
    fn default() -> Self {
        Self {
            transaction_seconds: 15 * 60,
            code_seconds: 60,
            access_token_seconds: 3600,
            refresh_token_idle_seconds: 14 * 86_400,
            refresh_token_family_seconds: 90 * 86_400,
            session_seconds: 86_400,
            persistent_session_seconds: 90 * 86_400,
            assurance: AssuranceTimers::default(),
        }
    }
}

/// Attempts per window, before a key is locked for a while.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Budgets {
    /// Wrong passwords per name (smart lockout).
    pub password_attempts_max: u32,
    /// Wrong second factors per user, over all sessions and paths (requirement Q08).
    pub second_factor_attempts_max: u32,
    /// Failed attempts per address.
    pub address_attempts_max: u32,
    /// Failed client authentications per client.
    pub client_attempts_max: u32,
    /// The window and the lock, in seconds.
    pub window_seconds: i64,
}

impl Default for Budgets {
    fn default() -> Self {
        Self {
            password_attempts_max: 10,
            second_factor_attempts_max: 10,
            address_attempts_max: 100,
            client_attempts_max: 100,
            window_seconds: 60,
        }
    }
}

/// The moment of a request: when, from where, and the chance it may use.
pub struct Moment<'a> {
    /// Now.
    pub now: Timestamp,
    /// Fresh random bytes.
    pub entropy: &'a mut dyn Entropy,
    /// The client's address, after trusted proxies (requirement T06).
    pub ip_address: Option<IpAddr>,
    /// The country of that address; `None` is unknown.
    pub country: Option<CountryCode>,
    /// The user agent as sent.
    pub user_agent: Option<String>,
    /// Ties log rows and pages together; the client's own if it sent a valid one, else fresh.
    pub correlation_id: CorrelationId,
}

impl Moment<'_> {
    /// This request as the use of a session.
    pub fn session_use(&self) -> SessionUse {
        let agent = self.user_agent.as_ref();
        SessionUse {
            at: self.now,
            ip_address: self.ip_address,
            user_agent: agent.map(|text| text.chars().take(USER_AGENT_CHARACTERS_MAX).collect()),
        }
    }
}

/// More of a user agent is not kept.
pub const USER_AGENT_CHARACTERS_MAX: usize = 512;

/// A tenant's configuration and its compiled form, of one version.
pub struct LoadedTenant {
    /// As configured.
    pub configuration: TenantConfiguration,
    /// Ready to decide.
    pub compiled: CompiledTenant,
}

impl LoadedTenant {
    /// The tenant id.
    pub fn id(&self) -> TenantId {
        self.configuration.organization.id
    }

    /// A registration this tenant owns.
    pub fn application(&self, client: ClientId) -> Option<&Application> {
        self.configuration
            .applications
            .iter()
            .find(|application| application.app_id == client)
    }

    /// An application as this tenant sees it.
    pub fn service_principal(&self, client: ClientId) -> Option<&ServicePrincipal> {
        self.configuration
            .service_principals
            .iter()
            .find(|principal| principal.app_id == client)
    }
}

/// Finds tenants, compiled.
#[async_trait]
pub trait Tenants: Send + Sync {
    /// The tenant, as of at most a second ago; `None` when there is none.
    async fn find(&self, tenant: TenantId) -> Result<Option<Arc<LoadedTenant>>, StoreError>;

    /// The tenant that had this id or domain (in lower case) when the store last spoke of it. Only for documents that
    /// are served while the store is away (requirement G15): nobody is let in by what is merely remembered.
    async fn last_known(&self, segment: &str) -> Option<TenantId>;
}

/// Signing keys of tenants; made on first use, rotated, opened once and kept in memory.
#[async_trait]
pub trait Keys: Send + Sync {
    /// The key that signs now.
    async fn signing_key(
        &self,
        tenant: TenantId,
        algorithm: SigningAlgorithm,
        now: Timestamp,
    ) -> Result<Arc<SigningKey>, KeyError>;
    /// Every key that may still validate at `now`, for the JWKS and for our own verification; retired and hard-expired ones left out.
    async fn published_keys(
        &self,
        tenant: TenantId,
        now: Timestamp,
    ) -> Result<Vec<PublicJwk>, KeyError>;

    /// What [`Keys::published_keys`] answered last, without what has expired since; `None` when that is unknown or older
    /// than a day. Only for the JWKS while the store is away (requirement G15): our own verification asks the store.
    async fn last_published_keys(&self, tenant: TenantId, now: Timestamp)
    -> Option<Vec<PublicJwk>>;
}

/// No key can be had; nothing is signed.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A key could not be made, opened or read.
    #[error("cannot use the signing key: {0}")]
    Key(String),
}

/// Checks passwords with a bounded number of workers.
#[async_trait]
pub trait Passwords: Send + Sync {
    /// Whether `typed` is the password behind `hash`. With `None` the same work is done and the answer is no, so that
    /// an account that does not exist takes as long as one that does (requirement Q19). Tenants that ask at the same time
    /// share what there is of workers and room (requirement U17).
    async fn verify(
        &self,
        tenant: TenantId,
        hash: Option<String>,
        typed: SecretText,
    ) -> Result<PasswordVerdict, PasswordsBusy>;
}

/// What a password check came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PasswordVerdict {
    /// It is the password.
    Right,
    /// It is the password, and the hash should be replaced by this one with current parameters.
    RightButOutdated(String),
    /// It is not.
    Wrong,
}

/// Too many passwords are being checked; try again after so many seconds (requirement Q20).
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("too many sign-ins at once; try again in {retry_after_seconds} seconds")]
pub struct PasswordsBusy {
    /// When to try again.
    pub retry_after_seconds: u32,
}

/// What a tenant says of the device a session is made on. The binary has no source yet and answers `None`.
pub trait DeviceEvidence: Send + Sync {
    /// The device behind a first-factor sign-in in `tenant`. `evidence` is what the transport offered, never a form field.
    fn device(&self, tenant: TenantId, evidence: Option<&str>) -> Option<DeviceClaims>;
}
