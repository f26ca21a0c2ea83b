//! Signing keys of tenants: made on first use, published before they sign and after they stop, opened once.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use aws_lc_rs::encoding::AsDer as _;
use aws_lc_rs::rsa::{KeyPair as RsaKeyPair, KeySize};
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
use jiff::SignedDuration;
use portcullis_model::Timestamp;
use portcullis_model::application::SigningAlgorithm;
use portcullis_model::id::TenantId;
use portcullis_model::secret::{SealPurpose, Sealer};
use portcullis_model::store::{Change, CommitError, SigningKeyRecord, Store};
use portcullis_protocol::jose::public_key::PublicJwk;
use portcullis_protocol::jose::signing_key::{self, SigningKey};
use portcullis_signin::house::{KeyError, Keys};
use tokio::sync::{Mutex, RwLock};
use zeroize::Zeroizing;

/// A key signs for so long, then its successor does.
const SIGNS_FOR: SignedDuration = SignedDuration::from_hours(90 * 24);
/// A successor is published so long before it signs: longer than clients keep a JWKS (specification 7.2: a day).
const PUBLISHED_BEFORE: SignedDuration = SignedDuration::from_hours(25);
/// A retired key is published so long: longer than any token of it lives.
const PUBLISHED_AFTER: SignedDuration = SignedDuration::from_hours(25);
/// No key validates after this, whatever happened to its successor (requirement G14).
const VALID_FOR: SignedDuration = SignedDuration::from_hours(365 * 24);
/// How long the store is not asked again: an emergency removal counts within this (requirement G14).
const BELIEVED: Duration = Duration::from_secs(2);
/// How long keys are still published when the store does not answer: shorter than [`PUBLISHED_BEFORE`], so that nobody is
/// told a set without the key that signs (requirement G15).
const REMEMBERED: SignedDuration = SignedDuration::from_hours(24);

/// Keeps the signing keys of all tenants.
pub struct Keyring {
    store: Arc<dyn Store>,
    sealer: Arc<dyn Sealer>,
    tenants: RwLock<HashMap<TenantId, TenantKeys>>,
    /// One key is made at a time: making one takes long, and two requests must not both make the first.
    making: Mutex<()>,
}

#[derive(Clone)]
struct TenantKeys {
    keys: Arc<Vec<OpenKey>>,
    read_at: Instant,
    as_of: Timestamp,
}

struct OpenKey {
    record: SigningKeyRecord,
    public: PublicJwk,
    key: Arc<SigningKey>,
}

/// How a key is replaced by hand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rotation {
    /// The successor is published now and signs in a day: no client notices.
    Planned,
    /// The successor signs at once; tokens of the old key stay good until they expire.
    Immediate,
    /// The old key leaked: its tokens are void at once.
    Compromised,
}

impl Keyring {
    /// An empty ring over a store.
    pub fn new(store: Arc<dyn Store>, sealer: Arc<dyn Sealer>) -> Self {
        Self {
            store,
            sealer,
            tenants: RwLock::default(),
            making: Mutex::default(),
        }
    }

    /// Replaces the key that signs with `algorithm`; answers the new `kid`.
    pub async fn rotate(
        &self,
        tenant: TenantId,
        algorithm: SigningAlgorithm,
        rotation: Rotation,
        now: Timestamp,
    ) -> Result<String, KeyError> {
        let _making = self.making.lock().await;
        let keys = self.read(tenant, now).await?;
        let active_from = match rotation {
            Rotation::Planned => after(now, PUBLISHED_BEFORE),
            Rotation::Immediate | Rotation::Compromised => now,
        };
        let record = self.make(tenant, algorithm, active_from, now).await?;
        let new_key_id = record.key_id.clone();
        let not_after = match rotation {
            Rotation::Planned | Rotation::Immediate => after(active_from, PUBLISHED_AFTER),
            Rotation::Compromised => now,
        };
        let mut changes = vec![Change::AddSigningKey(record)];
        changes.extend(retirements(&keys, algorithm, active_from, not_after));
        self.commit(tenant, changes, now).await?;
        Ok(new_key_id)
    }

    /// The keys of a tenant, from memory when they were read a moment ago.
    async fn keys(&self, tenant: TenantId, now: Timestamp) -> Result<Arc<Vec<OpenKey>>, KeyError> {
        if let Some(known) = self.tenants.read().await.get(&tenant)
            && known.read_at.elapsed() < BELIEVED
        {
            return Ok(Arc::clone(&known.keys));
        }
        self.read(tenant, now).await
    }

    /// The keys of a tenant as the store has them now; a key that is already open is not opened again.
    async fn read(&self, tenant: TenantId, now: Timestamp) -> Result<Arc<Vec<OpenKey>>, KeyError> {
        let records = self.store.tenant(tenant).list_signing_keys().await?;
        let known = self.tenants.read().await.get(&tenant).cloned();
        let mut keys = Vec::with_capacity(records.len());
        for record in records {
            let open = known
                .iter()
                .flat_map(|known| known.keys.iter())
                .find(|key| key.record.key_id == record.key_id)
                .map(|key| (Arc::clone(&key.key), key.public.clone()));
            let (key, public) = match open {
                Some(open) => open,
                None => self.open(tenant, &record)?,
            };
            keys.push(OpenKey {
                record,
                public,
                key,
            });
        }
        let keys = Arc::new(keys);
        if !keys.is_empty() {
            let read = TenantKeys {
                keys: Arc::clone(&keys),
                read_at: Instant::now(),
                as_of: now,
            };
            self.tenants.write().await.insert(tenant, read);
        }
        Ok(keys)
    }

    fn open(
        &self,
        tenant: TenantId,
        record: &SigningKeyRecord,
    ) -> Result<(Arc<SigningKey>, PublicJwk), KeyError> {
        let pkcs8 = self
            .sealer
            .open(tenant, SealPurpose::SigningKey, &record.private_key)
            .map_err(|error| KeyError::Key(error.to_string()))?;
        let key = SigningKey::from_pkcs8(jose_algorithm(record.algorithm), &pkcs8)
            .map_err(|error| KeyError::Key(error.to_string()))?;
        let public = key.public_jwk().clone();
        Ok((Arc::new(key), public))
    }

    async fn make(
        &self,
        tenant: TenantId,
        algorithm: SigningAlgorithm,
        active_from: Timestamp,
        now: Timestamp,
    ) -> Result<SigningKeyRecord, KeyError> {
        let pkcs8 = tokio::task::spawn_blocking(move || generate(algorithm))
            .await
            .map_err(|error| KeyError::Key(error.to_string()))??;
        let key = SigningKey::from_pkcs8(jose_algorithm(algorithm), &pkcs8)
            .map_err(|error| KeyError::Key(error.to_string()))?;
        let public = key.public_jwk();
        let sealed = self
            .sealer
            .seal(tenant, SealPurpose::SigningKey, &pkcs8)
            .map_err(|error| KeyError::Key(error.to_string()))?;
        Ok(SigningKeyRecord {
            key_id: key.key_id().to_owned(),
            algorithm,
            private_key: sealed,
            public_jwk: serde_json::to_string(public)
                .map_err(|error| KeyError::Key(error.to_string()))?,
            created_at: now,
            active_from,
            retired_at: None,
            not_after: after(now, VALID_FOR),
        })
    }

    async fn commit(
        &self,
        tenant: TenantId,
        changes: Vec<Change>,
        now: Timestamp,
    ) -> Result<(), KeyError> {
        match self.store.tenant(tenant).commit(changes).await {
            Ok(()) => {
                self.read(tenant, now).await?;
                Ok(())
            }
            Err(CommitError::Store(error)) => Err(error.into()),
            Err(lost @ CommitError::Lost { .. }) => Err(KeyError::Key(lost.to_string())),
        }
    }

    /// Makes the first key, or the successor of one that is about to stop; answers the keys as they are then.
    async fn tend(
        &self,
        tenant: TenantId,
        algorithm: SigningAlgorithm,
        now: Timestamp,
    ) -> Result<Arc<Vec<OpenKey>>, KeyError> {
        let _making = self.making.lock().await;
        let keys = self.read(tenant, now).await?;
        let changes = match signing(&keys, algorithm, now) {
            None => vec![Change::AddSigningKey(
                self.make(tenant, algorithm, now, now).await?,
            )],
            Some(current) if needs_successor(current, now) => {
                let active_from = after(now, PUBLISHED_BEFORE);
                let record = self.make(tenant, algorithm, active_from, now).await?;
                let not_after = after(active_from, PUBLISHED_AFTER);
                let mut changes = vec![Change::AddSigningKey(record)];
                changes.extend(retirements(&keys, algorithm, active_from, not_after));
                changes
            }
            Some(_) => return Ok(keys),
        };
        tracing::info!(%tenant, ?algorithm, "made a signing key");
        self.commit(tenant, changes, now).await?;
        self.keys(tenant, now).await
    }
}

#[async_trait]
impl Keys for Keyring {
    async fn signing_key(
        &self,
        tenant: TenantId,
        algorithm: SigningAlgorithm,
        now: Timestamp,
    ) -> Result<Arc<SigningKey>, KeyError> {
        let mut keys = self.keys(tenant, now).await?;
        if signing(&keys, algorithm, now).is_none_or(|key| needs_successor(key, now)) {
            keys = self.tend(tenant, algorithm, now).await?;
        }
        signing(&keys, algorithm, now)
            .map(|key| Arc::clone(&key.key))
            .ok_or_else(|| KeyError::Key("no key may sign now".to_owned()))
    }

    async fn published_keys(
        &self,
        tenant: TenantId,
        now: Timestamp,
    ) -> Result<Vec<PublicJwk>, KeyError> {
        let mut keys = self.keys(tenant, now).await?;
        if signing(&keys, SigningAlgorithm::RS256, now).is_none() {
            // A client that reads the JWKS before the first token must find the key of that token.
            keys = self.tend(tenant, SigningAlgorithm::RS256, now).await?;
        }
        Ok(valid(&keys, now))
    }

    async fn last_published_keys(
        &self,
        tenant: TenantId,
        now: Timestamp,
    ) -> Option<Vec<PublicJwk>> {
        let tenants = self.tenants.read().await;
        let known = tenants.get(&tenant)?;
        let is_recent = now.duration_since(known.as_of) < REMEMBERED;
        let keys = is_recent.then(|| valid(&known.keys, now))?;
        (!keys.is_empty()).then_some(keys)
    }
}

/// The public part of every key that may still verify something.
fn valid(keys: &[OpenKey], now: Timestamp) -> Vec<PublicJwk> {
    keys.iter()
        .filter(|key| key.record.not_after > now)
        .map(|key| key.public.clone())
        .collect()
}

/// The key that signs: of those that may, the one that began last.
fn signing(keys: &[OpenKey], algorithm: SigningAlgorithm, now: Timestamp) -> Option<&OpenKey> {
    keys.iter()
        .filter(|key| key.record.algorithm == algorithm)
        .filter(|key| key.record.active_from <= now && now < key.record.not_after)
        .filter(|key| key.record.retired_at.is_none_or(|retired| now < retired))
        .max_by_key(|key| (key.record.active_from, key.record.key_id.clone()))
}

/// A key whose end is not settled and near needs a successor.
fn needs_successor(key: &OpenKey, now: Timestamp) -> bool {
    key.record.retired_at.is_none() && after(key.record.active_from, SIGNS_FOR) <= now
}

fn retirements(
    keys: &[OpenKey],
    algorithm: SigningAlgorithm,
    retired_at: Timestamp,
    not_after: Timestamp,
) -> Vec<Change> {
    keys.iter()
        .filter(|key| key.record.algorithm == algorithm && key.record.not_after > not_after)
        .map(|key| Change::RetireSigningKey {
            key_id: key.record.key_id.clone(),
            retired_at: key
                .record
                .retired_at
                .map_or(retired_at, |before| before.min(retired_at)),
            not_after,
        })
        .collect()
}

fn after(moment: Timestamp, span: SignedDuration) -> Timestamp {
    moment.saturating_add(span).unwrap_or(Timestamp::MAX)
}

fn jose_algorithm(algorithm: SigningAlgorithm) -> signing_key::SigningAlgorithm {
    match algorithm {
        SigningAlgorithm::RS256 => signing_key::SigningAlgorithm::RS256,
        SigningAlgorithm::ES256 => signing_key::SigningAlgorithm::ES256,
    }
}

/// A new private key in PKCS#8.
fn generate(algorithm: SigningAlgorithm) -> Result<Zeroizing<Vec<u8>>, KeyError> {
    let unspecified =
        |_: aws_lc_rs::error::Unspecified| KeyError::Key("a key could not be generated".to_owned());
    let der = match algorithm {
        SigningAlgorithm::RS256 => RsaKeyPair::generate(KeySize::Rsa2048)
            .and_then(|pair| pair.as_der())
            .map_err(unspecified)?
            .as_ref()
            .to_vec(),
        SigningAlgorithm::ES256 => EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING)
            .and_then(|pair| pair.to_pkcs8v1())
            .map_err(unspecified)?
            .as_ref()
            .to_vec(),
    };
    Ok(Zeroizing::new(der))
}

#[cfg(test)]
mod tests;
