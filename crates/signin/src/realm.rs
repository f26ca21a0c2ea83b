//! Whom the first segment of a path names: one tenant by id or domain, or none yet (`organizations`, `common`).

use std::sync::Arc;

use portcullis_model::id::{ClientId, TenantId};
use portcullis_model::store::StoreError;
use url::Url;

use crate::house::{House, LoadedTenant};

/// What a path's first segment names.
#[derive(Clone)]
pub enum Realm {
    /// One tenant.
    Tenant(Arc<LoadedTenant>),
    /// Whichever tenant the request turns out to belong to. `common` is the same: there are no personal accounts here.
    Undiscovered,
}

/// The segment names nobody, or the store failed.
#[derive(Debug, thiserror::Error)]
pub enum RealmError {
    /// No tenant has this id or has verified this domain (90002).
    #[error("no tenant has this id or has verified this domain")]
    Unknown,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Longest domain name there is (RFC 1035).
const SEGMENT_BYTES_MAX: usize = 253;

impl Realm {
    /// Looks the segment up. Domains are compared in lower case, ids in any.
    pub async fn find(house: &House, segment: &str) -> Result<Self, RealmError> {
        if segment.len() > SEGMENT_BYTES_MAX {
            return Err(RealmError::Unknown);
        }
        let name = segment.to_ascii_lowercase();
        if name == "organizations" || name == "common" {
            return Ok(Self::Undiscovered);
        }
        let tenant = match name.parse() {
            Ok(tenant) => Some(tenant),
            Err(_) => house.store.find_tenant_by_domain(&name).await?,
        };
        match tenant {
            Some(tenant) => Ok(Self::Tenant(load(house, tenant).await?)),
            None => Err(RealmError::Unknown),
        }
    }
}

/// The tenant of this id.
pub async fn load(house: &House, tenant: TenantId) -> Result<Arc<LoadedTenant>, RealmError> {
    house.tenants.find(tenant).await?.ok_or(RealmError::Unknown)
}

/// An application as `tenant` sees it, and its registration, wherever that lives.
#[derive(Clone)]
pub struct Registration {
    /// The tenant that owns the registration.
    pub owner: Arc<LoadedTenant>,
    /// The client id.
    pub client: ClientId,
}

impl Registration {
    /// The registration of a client that `tenant` uses; `None` when the tenant has no service principal for it, or the
    /// owner has no such registration any more or does not offer it to other tenants.
    pub async fn find(
        house: &House,
        tenant: &Arc<LoadedTenant>,
        client: ClientId,
    ) -> Result<Option<Self>, StoreError> {
        use portcullis_model::application::SignInAudience;
        let Some(principal) = tenant.service_principal(client) else {
            return Ok(None);
        };
        let owner_id = principal.app_owner_organization_id.unwrap_or(tenant.id());
        let owner = if owner_id == tenant.id() {
            Some(Arc::clone(tenant))
        } else {
            house.tenants.find(owner_id).await?
        };
        let is_offered = |owner: &Arc<LoadedTenant>| match owner.application(client) {
            None => false,
            Some(application) => match application.sign_in_audience {
                SignInAudience::AzureADMultipleOrgs => true,
                SignInAudience::AzureADMyOrg => owner.id() == tenant.id(),
            },
        };
        Ok(owner.filter(is_offered).map(|owner| Self { owner, client }))
    }

    /// The registration itself.
    pub fn application(&self) -> Option<&portcullis_model::application::Application> {
        self.owner.application(self.client)
    }
}

/// `iss` of every token of a tenant (specification 7.3). Its id, also where the path used a domain (requirement K01).
pub fn issuer(public_url: &Url, tenant: TenantId) -> String {
    format!("{}/{tenant}/v2.0", base(public_url))
}

/// The public URL without a trailing slash.
pub fn base(public_url: &Url) -> &str {
    public_url.as_str().trim_end_matches('/')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn k01_the_issuer_has_one_slash_between_its_parts() {
        let tenant = "62e90394-69f5-4237-9190-012177145e10".parse().unwrap();
        for public in ["https://sts.example", "https://sts.example/"] {
            assert_eq!(
                issuer(&Url::parse(public).unwrap(), tenant),
                "https://sts.example/62e90394-69f5-4237-9190-012177145e10/v2.0"
            );
        }
        let below = Url::parse("https://host.example/sts/").unwrap();
        assert!(issuer(&below, tenant).starts_with("https://host.example/sts/62e9"));
    }
}
