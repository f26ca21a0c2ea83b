//! What clients read before they speak to us: the discovery document and the key set of each tenant.

use portcullis_model::Timestamp;
use portcullis_model::id::TenantId;
use portcullis_protocol::jose::public_key::PublicJwk;
use portcullis_protocol::oidc::discovery::{Endpoints, ProviderMetadata};
use serde::Serialize;

use crate::house::{House, KeyError};
use crate::realm::{self, Realm, RealmError};

/// The discovery document at this path segment.
///
/// A tenant's document names the tenant by its id throughout, also where the path used a domain: the issuer is one
/// string (requirement K01). At `organizations` and `common` the issuer is the literal template that client libraries
/// fill in with a token's `tid` (specification 7.2).
pub async fn discovery_document(
    house: &House,
    segment: &str,
) -> Result<ProviderMetadata, RealmError> {
    let base = realm::base(&house.public_url);
    let (issuer, name) = match Realm::find(house, segment).await? {
        Realm::Tenant(tenant) => (
            realm::issuer(&house.public_url, tenant.id()),
            tenant.id().to_string(),
        ),
        Realm::Undiscovered => (
            format!("{base}/{{tenantid}}/v2.0"),
            segment.to_ascii_lowercase(),
        ),
    };
    Ok(ProviderMetadata::new(Endpoints {
        issuer,
        authorization: format!("{base}/{name}/oauth2/v2.0/authorize"),
        token: format!("{base}/{name}/oauth2/v2.0/token"),
        jwks: format!("{base}/{name}/discovery/v2.0/keys"),
        userinfo: format!("{base}/oidc/userinfo"),
        end_session: format!("{base}/{name}/oauth2/v2.0/logout"),
    }))
}

/// A key set, each key with the issuer it signs for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct KeySet {
    /// The keys, the current one of each tenant first.
    pub keys: Vec<IssuerKey>,
}

/// A public key and whose it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct IssuerKey {
    /// The key.
    #[serde(flatten)]
    pub jwk: PublicJwk,
    /// The only issuer whose tokens it verifies (requirement G11).
    pub issuer: String,
}

/// No key set can be given.
#[derive(Debug, thiserror::Error)]
pub enum KeySetError {
    /// The segment names nobody.
    #[error(transparent)]
    Realm(#[from] RealmError),
    /// The keys cannot be had.
    #[error(transparent)]
    Key(#[from] KeyError),
}

/// The key set at this path segment; at `organizations` and `common` the keys of all tenants.
pub async fn key_set(house: &House, now: Timestamp, segment: &str) -> Result<KeySet, KeySetError> {
    let tenants: Vec<TenantId> = match Realm::find(house, segment).await? {
        Realm::Tenant(tenant) => vec![tenant.id()],
        Realm::Undiscovered => {
            let tenants = house.store.list_tenants().await.map_err(KeyError::from)?;
            tenants
                .iter()
                .take(TENANTS_MAX)
                .map(|organization| organization.id)
                .collect()
        }
    };
    let mut keys = Vec::new();
    for tenant in tenants {
        let issuer = realm::issuer(&house.public_url, tenant);
        let published = house.keys.published_keys(tenant, now).await?;
        keys.extend(published.into_iter().map(|jwk| IssuerKey {
            jwk,
            issuer: issuer.clone(),
        }));
    }
    Ok(KeySet { keys })
}

/// A key set beyond this many tenants would be too long for any client; those name their tenant.
const TENANTS_MAX: usize = 200;
