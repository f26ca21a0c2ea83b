//! What clients read before they speak to us: the discovery document and the key set of each tenant.

use portcullis_model::Timestamp;
use portcullis_model::id::TenantId;
use portcullis_protocol::jose::public_key::PublicJwk;
use portcullis_protocol::oidc::discovery::{Endpoints, ProviderMetadata};
use serde::Serialize;

use crate::house::{House, KeyError};
use crate::realm::{self, Realm, RealmError};

/// A public document, and whether the store was asked for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Published<T> {
    /// The document.
    pub document: T,
    /// How far it may be kept by whoever reads it.
    pub freshness: Freshness,
}

/// Where a public document comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Freshness {
    /// The store said so a moment ago.
    Current,
    /// The store does not answer; this is what it said last (requirement G15).
    LastKnown,
}

/// The discovery document at this path segment.
///
/// A tenant's document names the tenant by its id throughout, also where the path used a domain: the issuer is one
/// string (requirement K01). At `organizations` and `common` the issuer is the literal template that client libraries
/// fill in with a token's `tid` (specification 7.2).
pub async fn discovery_document(
    house: &House,
    segment: &str,
) -> Result<Published<ProviderMetadata>, RealmError> {
    let base = realm::base(&house.public_url);
    let (named, freshness) = named(house, segment).await?;
    let (issuer, name) = match named {
        Named::Tenant(tenant) => (realm::issuer(&house.public_url, tenant), tenant.to_string()),
        Named::Undiscovered => (
            format!("{base}/{{tenantid}}/v2.0"),
            segment.to_ascii_lowercase(),
        ),
    };
    let document = ProviderMetadata::new(Endpoints {
        issuer,
        authorization: format!("{base}/{name}/oauth2/v2.0/authorize"),
        token: format!("{base}/{name}/oauth2/v2.0/token"),
        jwks: format!("{base}/{name}/discovery/v2.0/keys"),
        userinfo: format!("{base}/oidc/userinfo"),
        end_session: format!("{base}/{name}/oauth2/v2.0/logout"),
    });
    Ok(Published {
        document,
        freshness,
    })
}

/// Whose document is asked for.
enum Named {
    Tenant(TenantId),
    Undiscovered,
}

/// Whom the segment names, from memory when the store does not answer.
async fn named(house: &House, segment: &str) -> Result<(Named, Freshness), RealmError> {
    match Realm::find(house, segment).await {
        Ok(Realm::Tenant(tenant)) => Ok((Named::Tenant(tenant.id()), Freshness::Current)),
        Ok(Realm::Undiscovered) => Ok((Named::Undiscovered, Freshness::Current)),
        Err(RealmError::Unknown) => Err(RealmError::Unknown),
        Err(RealmError::Store(error)) => {
            let known = house
                .tenants
                .last_known(&segment.to_ascii_lowercase())
                .await;
            let tenant = known.ok_or(RealmError::Store(error))?;
            tracing::warn!(%tenant, "the store does not answer: a public document is served as it was last");
            Ok((Named::Tenant(tenant), Freshness::LastKnown))
        }
    }
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
///
/// While the store is away a tenant's keys are served as they were last; the keys of all are not, since a tenant that
/// nobody asked for is not remembered, and a set without it would be kept as if it were whole.
pub async fn key_set(
    house: &House,
    now: Timestamp,
    segment: &str,
) -> Result<Published<KeySet>, KeySetError> {
    let (named, mut freshness) = named(house, segment).await?;
    let tenants: Vec<TenantId> = match named {
        Named::Tenant(tenant) => vec![tenant],
        Named::Undiscovered => {
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
        let (published, known) = published_keys(house, tenant, now).await?;
        if known == Freshness::LastKnown {
            freshness = known;
        }
        keys.extend(published.into_iter().map(|jwk| IssuerKey {
            jwk,
            issuer: issuer.clone(),
        }));
    }
    Ok(Published {
        document: KeySet { keys },
        freshness,
    })
}

/// The keys of a tenant, from memory when the store does not answer. A key that cannot be opened is no such case.
async fn published_keys(
    house: &House,
    tenant: TenantId,
    now: Timestamp,
) -> Result<(Vec<PublicJwk>, Freshness), KeyError> {
    match house.keys.published_keys(tenant, now).await {
        Ok(keys) => Ok((keys, Freshness::Current)),
        Err(KeyError::Store(error)) => {
            let known = house.keys.last_published_keys(tenant, now).await;
            let keys = known.ok_or(KeyError::Store(error))?;
            Ok((keys, Freshness::LastKnown))
        }
        Err(error @ KeyError::Key(_)) => Err(error),
    }
}

/// A key set beyond this many tenants would be too long for any client; those name their tenant.
const TENANTS_MAX: usize = 200;
