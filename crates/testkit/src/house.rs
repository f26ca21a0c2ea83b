//! A house for one test: a temporary database, the demo world (edited as the test likes), a clock and seeded chance.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use portcullis_custody::change_guarding::ChangeGuarding;
use portcullis_custody::keyring::Keyring;
use portcullis_custody::master_key::MasterKey;
use portcullis_custody::tenant_cache::TenantCache;
use portcullis_model::Timestamp;
use portcullis_model::country::CountryCode;
use portcullis_model::credential::{ClientSecret, PasswordCredential, TotpCredential};
use portcullis_model::device::DeviceClaims;
use portcullis_model::entropy::Entropy;
use portcullis_model::id::{CorrelationId, TenantId, UserId};
use portcullis_model::secret::{SealPurpose, Sealer, SecretText};
use portcullis_model::sign_in_log::SignIn;
use portcullis_model::store::{
    ImportedCredentials, SignInQuery, Store, TenantConfiguration, TenantWorld,
};
use portcullis_policy::compile::CompiledTenant;
use portcullis_signin::house::{
    Budgets, DeviceEvidence, House, Lifetimes, LoadedTenant, Moment, PasswordVerdict, Passwords,
    PasswordsBusy, Tenants,
};
use portcullis_signin::token::text;
use portcullis_signin::whereabouts::Countries;
use portcullis_store::{SqliteOptions, SqliteStore};
pub use portcullis_world::World;
use portcullis_world::credentials::PlainCredentials;
use portcullis_world::demo::two_organisations;
use zeroize::Zeroizing;

use crate::faulty_store::{Faults, FaultyStore};

/// Where a test begins: Sunday, 22 November 2026, 12:00 UTC.
pub const BEGINNING: i64 = 1_795_348_800;

const DATABASE: &str = "house.sqlite";

/// What somebody could hold in hand, or hold on to, by table: a refusal must add to none of them.
const ISSUED: [&str; 6] = [
    "authorization_code",
    "authentication_session",
    "consent",
    "grant_family",
    "refresh_token",
    "totp",
];

/// A house of its own for one test; gone with it.
pub struct TestHouse {
    /// What use cases are handed.
    pub house: Arc<House>,
    /// What home tenants say of devices, by the evidence a test offers.
    pub devices: Arc<FakeDevices>,
    /// Countries of addresses: none is known until a test says so.
    pub countries: Arc<FakeCountries>,
    /// Passwords, and how many checks may still be made before they are busy.
    pub passwords: Arc<FakePasswords>,
    /// Every credential of the world, in clear.
    pub credentials: Vec<PlainCredentials>,
    now_milliseconds: AtomicI64,
    requests: AtomicU64,
    folder: tempfile::TempDir,
}

impl TestHouse {
    /// The demo world.
    pub async fn demo() -> Self {
        Self::of(demo_world()).await
    }

    /// The demo world, changed first.
    pub async fn edited(edit: impl FnOnce(&mut World)) -> Self {
        let mut world = demo_world();
        edit(&mut world);
        Self::of(world).await
    }

    /// A world in a fresh database.
    pub async fn of(world: World) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let file = folder.path().join(DATABASE);
        let store = SqliteStore::open(&file, SqliteOptions::default())
            .await
            .expect("a fresh database");
        let store: Arc<dyn Store> = Arc::new(store);
        let key = MasterKey::from_bytes(Zeroizing::new([7; 32])).expect("a master key");
        let sealer: Arc<dyn Sealer> = Arc::new(key);
        let World {
            mut tenants,
            credentials,
            invariant_files: _,
            passed_over: _,
        } = world;
        let now = Timestamp::from_second(BEGINNING).expect("a moment");
        for (tenant, plain) in tenants.iter_mut().zip(&credentials) {
            tenant.credentials = prepare(&*sealer, plain, now);
        }
        store
            .import(&tenants, now, false)
            .await
            .expect("the world is kept");
        let devices = Arc::new(FakeDevices::default());
        let passwords = Arc::new(FakePasswords::default());
        let countries = Arc::new(FakeCountries::default());
        let house = House {
            tenants: Arc::new(TenantCache::new(Arc::clone(&store))),
            keys: Arc::new(Keyring::new(Arc::clone(&store), Arc::clone(&sealer))),
            store,
            sealer,
            passwords: Arc::clone(&passwords) as Arc<_>,
            guard: Arc::new(ChangeGuarding::new(2, 16)),
            devices: Arc::clone(&devices) as Arc<_>,
            countries: Arc::clone(&countries) as Arc<_>,
            public_url: "https://sts.example".parse().expect("an address"),
            pairwise_key: SecretText::new("a pairwise key of the tests, 32 bytes"),
            lifetimes: Lifetimes::default(),
            budgets: Budgets::default(),
        };
        Self {
            house: Arc::new(house),
            devices,
            countries,
            passwords,
            credentials,
            now_milliseconds: AtomicI64::new(BEGINNING * 1000),
            requests: AtomicU64::new(1),
            folder,
        }
    }

    /// Reads configurations anew at every request: for tests that change one while it is running.
    #[must_use]
    pub fn without_cache(mut self) -> Self {
        let house = Arc::get_mut(&mut self.house).expect("nobody holds the house yet");
        house.tenants = Arc::new(UncachedTenants(Arc::clone(&house.store)));
        self
    }

    /// Puts the whole house on a store that fails when a test says so, caches and keyring included.
    #[must_use]
    pub fn on_faulty_store(mut self) -> (Self, Arc<Faults>) {
        let faults = Arc::new(Faults::default());
        let house = Arc::get_mut(&mut self.house).expect("nobody holds the house yet");
        let sound = Arc::clone(&house.store);
        house.store = Arc::new(FaultyStore::new(sound, Arc::clone(&faults)));
        house.tenants = Arc::new(TenantCache::new(Arc::clone(&house.store)));
        house.keys = Arc::new(Keyring::new(
            Arc::clone(&house.store),
            Arc::clone(&house.sealer),
        ));
        (self, faults)
    }

    /// Changes the house before anybody uses it.
    #[must_use]
    pub fn with(mut self, change: impl FnOnce(&mut House)) -> Self {
        change(Arc::get_mut(&mut self.house).expect("nobody holds the house yet"));
        self
    }

    /// The time.
    pub fn now(&self) -> Timestamp {
        let milliseconds = self.now_milliseconds.load(Ordering::SeqCst);
        Timestamp::from_millisecond(milliseconds).expect("a moment")
    }

    /// Lets time pass.
    pub fn pass(&self, seconds: i64) {
        self.now_milliseconds
            .fetch_add(seconds * 1000, Ordering::SeqCst);
    }

    /// Chance for one request: never the same twice, always the same in the next run.
    pub fn entropy(&self) -> SeededEntropy {
        SeededEntropy(self.requests.fetch_add(1, Ordering::SeqCst) << 32)
    }

    /// A request a millisecond later, from an address, with this chance: no two requests are at the same time.
    pub fn moment<'e>(&self, entropy: &'e mut SeededEntropy, address: IpAddr) -> Moment<'e> {
        let correlation_id = CorrelationId::random(entropy);
        self.now_milliseconds.fetch_add(1, Ordering::SeqCst);
        Moment {
            now: self.now(),
            entropy,
            ip_address: Some(address),
            country: self.house.countries.country(address),
            user_agent: Some(
                "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0".to_owned(),
            ),
            correlation_id,
        }
    }

    /// The folder of the database, with whatever the engine keeps beside it.
    pub fn folder(&self) -> &std::path::Path {
        self.folder.path()
    }

    /// How many codes, sessions, consents, grants, refresh tokens and authenticators there are.
    ///
    /// # Panics
    /// When the database cannot be read.
    pub async fn issued(&self) -> BTreeMap<&'static str, i64> {
        use sqlx::Connection as _;
        let file = self.folder.path().join(DATABASE);
        let options = sqlx::sqlite::SqliteConnectOptions::new().filename(file);
        let mut connection = sqlx::SqliteConnection::connect_with(&options)
            .await
            .expect("the database of the house");
        let mut counts = BTreeMap::new();
        for table in ISSUED {
            let query = sqlx::AssertSqlSafe(format!("SELECT count(*) FROM {table}"));
            let count: i64 = sqlx::query_scalar(query)
                .fetch_one(&mut connection)
                .await
                .expect("a count");
            counts.insert(table, count);
        }
        counts
    }

    /// A tenant's sign-in log, newest first.
    pub async fn log(&self, tenant: TenantId) -> Vec<SignIn> {
        let query = SignInQuery {
            top: 1000,
            ..SignInQuery::default()
        };
        let store = self.house.store.tenant(tenant);
        store.list_sign_ins(&query).await.expect("the log")
    }

    /// The seed of a user's authenticator, as the world says.
    pub fn seed(&self, user: UserId) -> Vec<u8> {
        let mut seeds = self.credentials.iter().flat_map(|plain| &plain.totp);
        let found = seeds.find(|totp| totp.user == user);
        found.expect("an authenticator").seed.to_vec()
    }

    /// A user's password, as the world says.
    pub fn password(&self, user_principal_name: &str) -> SecretText {
        let mut passwords = self.credentials.iter().flat_map(|plain| &plain.passwords);
        let found = passwords.find(|entry| entry.user_principal_name == user_principal_name);
        found.expect("a password").password.clone()
    }
}

fn demo_world() -> World {
    two_organisations().unwrap_or_else(|error| panic!("the demo world: {error}"))
}

/// The tenant of a world, to edit.
pub fn tenant_of(world: &mut World, tenant: TenantId) -> &mut TenantWorld {
    let mut tenants = world.tenants.iter_mut();
    tenants
        .find(|entry| entry.organization.id == tenant)
        .expect("a tenant of the world")
}

fn prepare(sealer: &dyn Sealer, plain: &PlainCredentials, now: Timestamp) -> ImportedCredentials {
    let password = |entry: &portcullis_world::credentials::PlainPassword| PasswordCredential {
        user: entry.user,
        hash: FakePasswords::hash(&entry.password),
        changed_at: now,
    };
    let totp = |entry: &portcullis_world::credentials::PlainTotp| TotpCredential {
        id: entry.id,
        user: entry.user,
        seed: sealer
            .seal(plain.tenant, SealPurpose::TotpSeed, &entry.seed)
            .expect("a sealed seed"),
        last_step: 0,
        created_at: now,
    };
    let secret = |entry: &portcullis_world::credentials::PlainClientSecret| ClientSecret {
        client: entry.client,
        hash: text::hash(entry.secret.expose()),
        hint: entry.secret.expose().chars().take(3).collect(),
        expires_at: None,
    };
    ImportedCredentials {
        passwords: plain.passwords.iter().map(password).collect(),
        totp: plain.totp.iter().map(totp).collect(),
        client_secrets: plain.client_secrets.iter().map(secret).collect(),
    }
}

/// Chance that is the same in every run (`SplitMix64`).
pub struct SeededEntropy(u64);

impl Entropy for SeededEntropy {
    fn fill(&mut self, bytes: &mut [u8]) {
        for chunk in bytes.chunks_mut(8) {
            self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mut mixed = self.0;
            mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            mixed ^= mixed >> 31;
            for (byte, fresh) in chunk.iter_mut().zip(mixed.to_le_bytes()) {
                *byte = fresh;
            }
        }
    }
}

/// Passwords without argon2: tests check hundreds.
pub struct FakePasswords {
    left: AtomicI64,
    checks: AtomicU64,
}

impl Default for FakePasswords {
    fn default() -> Self {
        Self {
            left: AtomicI64::new(i64::MAX),
            checks: AtomicU64::new(0),
        }
    }
}

impl FakePasswords {
    /// The stored form of a password.
    pub fn hash(password: &SecretText) -> String {
        format!("test:{}", password.expose())
    }

    /// Busy after so many more checks.
    pub fn busy_after(&self, checks: i64) {
        self.left.store(checks, Ordering::SeqCst);
    }

    /// How many checks were made, those for nobody included.
    pub fn checks(&self) -> u64 {
        self.checks.load(Ordering::SeqCst)
    }
}

#[async_trait]
impl Passwords for FakePasswords {
    async fn verify(
        &self,
        _tenant: TenantId,
        hash: Option<String>,
        typed: SecretText,
    ) -> Result<PasswordVerdict, PasswordsBusy> {
        if self.left.fetch_sub(1, Ordering::SeqCst) <= 0 {
            return Err(PasswordsBusy {
                retry_after_seconds: 3,
            });
        }
        self.checks.fetch_add(1, Ordering::SeqCst);
        Ok(match hash {
            Some(hash) if hash == Self::hash(&typed) => PasswordVerdict::Right,
            Some(_) | None => PasswordVerdict::Wrong,
        })
    }
}

/// Devices by evidence: what a client certificate would be, once there are any.
#[derive(Default)]
pub struct FakeDevices(Mutex<BTreeMap<(TenantId, String), DeviceClaims>>);

impl FakeDevices {
    /// Whoever offers `evidence` at the claims' tenant is on this device.
    pub fn enrol(&self, evidence: &str, claims: DeviceClaims) {
        let mut devices = self.0.lock().expect("a test does not poison");
        devices.insert((claims.tenant_id, evidence.to_owned()), claims);
    }
}

impl DeviceEvidence for FakeDevices {
    fn device(&self, tenant: TenantId, evidence: Option<&str>) -> Option<DeviceClaims> {
        let devices = self.0.lock().expect("a test does not poison");
        devices.get(&(tenant, evidence?.to_owned())).cloned()
    }
}

/// Countries by address.
#[derive(Default)]
pub struct FakeCountries(Mutex<BTreeMap<IpAddr, CountryCode>>);

impl FakeCountries {
    /// This address is in that country from now on.
    pub fn put(&self, address: IpAddr, country: &str) {
        let country = country.parse().expect("two letters");
        let mut countries = self.0.lock().expect("a test does not poison");
        countries.insert(address, country);
    }
}

impl Countries for FakeCountries {
    fn country(&self, address: IpAddr) -> Option<CountryCode> {
        let countries = self.0.lock().expect("a test does not poison");
        countries.get(&address).copied()
    }
}

/// Compiles a tenant at every look.
struct UncachedTenants(Arc<dyn Store>);

#[async_trait]
impl Tenants for UncachedTenants {
    async fn find(
        &self,
        tenant: TenantId,
    ) -> Result<Option<Arc<LoadedTenant>>, portcullis_model::store::StoreError> {
        let found: Option<TenantConfiguration> = self.0.tenant(tenant).configuration().await?;
        Ok(found.map(|configuration| {
            Arc::new(LoadedTenant {
                compiled: CompiledTenant::compile(&configuration),
                configuration,
            })
        }))
    }

    async fn last_known(&self, _segment: &str) -> Option<TenantId> {
        None
    }
}
