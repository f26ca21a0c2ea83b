//! An installation's data folder, opened: the database, the master key, and the house built on them.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context as _;
use portcullis_custody::change_guarding::ChangeGuarding;
use portcullis_custody::country_database::CountryDatabase;
use portcullis_custody::keyring::Keyring;
use portcullis_custody::master_key::MasterKey;
use portcullis_custody::master_key_check;
use portcullis_custody::password_hashing::PasswordHashing;
use portcullis_custody::system_entropy::SystemEntropy;
use portcullis_custody::tenant_cache::TenantCache;
use portcullis_model::device::DeviceClaims;
use portcullis_model::id::TenantId;
use portcullis_model::secret::SecretText;
use portcullis_signin::house::{Budgets, DeviceEvidence, House, Lifetimes};
use portcullis_signin::whereabouts::{Countries, NoCountries};
use portcullis_store::{SqliteOptions, SqliteStore};
use url::Url;

use crate::command::DataOptions;

/// Passwords that wait for a worker before others are told to come back.
const PASSWORD_QUEUE: usize = 64;
/// Changes of policies that are looked at at a time, and those that wait: each takes milliseconds, and sign-ins go on beside it.
const GUARD_WORKERS: usize = 1;
const GUARD_QUEUE: usize = 16;

/// The parts every command needs.
pub(crate) struct Installation {
    pub(crate) folder: PathBuf,
    pub(crate) store: Arc<SqliteStore>,
    pub(crate) master_key: Arc<MasterKey>,
    pub(crate) passwords: Arc<PasswordHashing>,
    pub(crate) keyring: Arc<Keyring>,
}

impl Installation {
    /// Whether there is one in this folder.
    pub(crate) fn exists(options: &DataOptions) -> bool {
        database_file(&options.data).exists()
    }

    /// Opens the data folder, and makes it when it is not there.
    pub(crate) async fn open_or_create(options: &DataOptions) -> anyhow::Result<Self> {
        create_private(&options.data)?;
        Self::open_parts(options).await
    }

    /// Opens a data folder that must be there: commands that only read do not leave an empty one behind.
    pub(crate) async fn open(options: &DataOptions) -> anyhow::Result<Self> {
        anyhow::ensure!(
            Self::exists(options),
            "there is no installation in `{}`: name its folder with --data, or make one with `portcullis import` or `portcullis demo`",
            options.data.display()
        );
        Self::open_parts(options).await
    }

    async fn open_parts(options: &DataOptions) -> anyhow::Result<Self> {
        let key_file = options
            .master_key_file
            .clone()
            .unwrap_or_else(|| options.data.join("master.key"));
        anyhow::ensure!(
            key_file.exists() || !Self::exists(options),
            "the master key file `{}` is missing: restore it from your backup, nothing sealed with it can be opened without it",
            key_file.display()
        );
        let master_key = Arc::new(MasterKey::open_or_create(
            &key_file,
            &mut SystemEntropy::new(),
        )?);
        let store = SqliteStore::open(&database_file(&options.data), SqliteOptions::default())
            .await
            .with_context(|| {
                format!(
                    "cannot open the installation in `{}`",
                    options.data.display()
                )
            })?;
        let store = Arc::new(store);
        master_key_check::check(store.as_ref(), master_key.as_ref())
            .await
            .with_context(|| {
                format!(
                    "the master key file `{}` does not fit the installation in `{}`; name another with --master-key-file",
                    key_file.display(),
                    options.data.display()
                )
            })?;
        let workers = std::thread::available_parallelism().map_or(1, usize::from);
        let keyring = Keyring::new(
            Arc::clone(&store) as Arc<_>,
            Arc::clone(&master_key) as Arc<_>,
        );
        Ok(Self {
            folder: options.data.clone(),
            store,
            master_key,
            passwords: Arc::new(PasswordHashing::new(workers, PASSWORD_QUEUE)?),
            keyring: Arc::new(keyring),
        })
    }

    /// The house that serves at this address.
    pub(crate) fn house(&self, public_url: Url, countries: Option<&Arc<CountryDatabase>>) -> House {
        let countries: Arc<dyn Countries> = match countries {
            Some(database) => Arc::clone(database) as Arc<_>,
            None => Arc::new(NoCountries),
        };
        let pairwise_key = self.master_key.derive("pairwise-subject");
        House {
            store: Arc::clone(&self.store) as Arc<_>,
            tenants: Arc::new(TenantCache::new(Arc::clone(&self.store) as Arc<_>)),
            keys: Arc::clone(&self.keyring) as Arc<_>,
            sealer: Arc::clone(&self.master_key) as Arc<_>,
            passwords: Arc::clone(&self.passwords) as Arc<_>,
            guard: Arc::new(ChangeGuarding::new(GUARD_WORKERS, GUARD_QUEUE)),
            devices: Arc::new(NoDevices),
            countries,
            public_url,
            pairwise_key: SecretText::new(hexadecimal(&pairwise_key)),
            lifetimes: Lifetimes::default(),
            budgets: Budgets::default(),
        }
    }
}

/// Nobody vouches for a device yet: device registration is not built, and a claim must never come from elsewhere.
struct NoDevices;

impl DeviceEvidence for NoDevices {
    fn device(&self, _tenant: TenantId, _evidence: Option<&str>) -> Option<DeviceClaims> {
        None
    }
}

fn database_file(folder: &Path) -> PathBuf {
    folder.join("portcullis.sqlite")
}

/// Makes a folder that only this account may enter.
pub(crate) fn create_private(folder: &Path) -> anyhow::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder
        .create(folder)
        .with_context(|| format!("cannot make the data folder `{}`", folder.display()))
}

fn hexadecimal(bytes: &[u8]) -> String {
    data_encoding::HEXLOWER.encode(bytes)
}
