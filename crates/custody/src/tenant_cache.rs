//! Compiled tenants in memory, looked at again after a second: a changed policy counts almost at once.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use portcullis_model::id::TenantId;
use portcullis_model::store::{Store, StoreError};
use portcullis_policy::compile::CompiledTenant;
use portcullis_signin::house::{LoadedTenant, Tenants};
use tokio::sync::RwLock;

/// How long a version is believed without asking the store.
const BELIEVED: Duration = Duration::from_secs(1);
/// How long a tenant's id and domains are remembered while the store does not answer, for its public documents only.
const REMEMBERED: Duration = Duration::from_hours(24);

/// Compiles each tenant once per version of its configuration.
pub struct TenantCache {
    store: Arc<dyn Store>,
    tenants: RwLock<HashMap<TenantId, Cached>>,
}

struct Cached {
    tenant: Arc<LoadedTenant>,
    checked_at: Instant,
}

impl TenantCache {
    /// An empty cache over a store.
    pub fn new(store: Arc<dyn Store>) -> Self {
        Self {
            store,
            tenants: RwLock::default(),
        }
    }

    async fn load(&self, tenant: TenantId) -> Result<Option<Arc<LoadedTenant>>, StoreError> {
        let Some(configuration) = self.store.tenant(tenant).configuration().await? else {
            self.tenants.write().await.remove(&tenant);
            return Ok(None);
        };
        let compiled = CompiledTenant::compile(&configuration);
        let loaded = Arc::new(LoadedTenant {
            configuration,
            compiled,
        });
        let cached = Cached {
            tenant: Arc::clone(&loaded),
            checked_at: Instant::now(),
        };
        self.tenants.write().await.insert(tenant, cached);
        Ok(Some(loaded))
    }
}

#[async_trait]
impl Tenants for TenantCache {
    async fn find(&self, tenant: TenantId) -> Result<Option<Arc<LoadedTenant>>, StoreError> {
        let known = {
            let tenants = self.tenants.read().await;
            match tenants.get(&tenant) {
                Some(cached) if cached.checked_at.elapsed() < BELIEVED => {
                    return Ok(Some(Arc::clone(&cached.tenant)));
                }
                Some(cached) => Some(Arc::clone(&cached.tenant)),
                // Unknown ids are not remembered: a flood of them must not fill the memory.
                None => None,
            }
        };
        let Some(known) = known else {
            return self.load(tenant).await;
        };
        let version = self.store.tenant(tenant).configuration_version().await?;
        if version != Some(known.configuration.version) {
            return self.load(tenant).await;
        }
        if let Some(cached) = self.tenants.write().await.get_mut(&tenant) {
            cached.checked_at = Instant::now();
        }
        Ok(Some(known))
    }

    async fn last_known(&self, segment: &str) -> Option<TenantId> {
        let is_named = |tenant: &LoadedTenant| {
            let domains = &tenant.configuration.organization.verified_domains;
            tenant.id().to_string() == segment
                || domains
                    .iter()
                    .any(|domain| domain.name.eq_ignore_ascii_case(segment))
        };
        let tenants = self.tenants.read().await;
        tenants
            .values()
            .find(|cached| is_named(&cached.tenant) && cached.checked_at.elapsed() < REMEMBERED)
            .map(|cached| cached.tenant.id())
    }
}
