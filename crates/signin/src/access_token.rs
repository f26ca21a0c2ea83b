//! Opens access tokens that come back to our own endpoints (requirements G02, G11, U06).
//!
//! Three witnesses must agree on the tenant: the claim `tid`, the key that signed (looked up by that claim, so that only
//! the tenant's own keys are tried) with the issuer, and, where there is one, the path. Then the token must still be
//! wanted: its grant not revoked, its subject still there and enabled.

use std::collections::BTreeSet;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use portcullis_model::Timestamp;
use portcullis_model::id::{ClientId, TenantId};
use portcullis_model::session::SessionSubject;
use portcullis_model::store::StoreError;
use portcullis_protocol::jose::public_key::VerificationKey;
use portcullis_protocol::jose::verify::{Audience, Expected, Lifetime, TOKEN_BYTES_MAX, verify};
use portcullis_protocol::json;
use portcullis_protocol::oauth::error::OauthError;
use portcullis_protocol::oidc::access_token::{AccessTokenClaims, SubjectKind};
use portcullis_protocol::oidc::userinfo::BearerError;

use crate::house::{House, KeyError, LoadedTenant};
use crate::realm;
use crate::visitor::{Stop, Visitor};

/// A token that may be acted upon now.
pub struct Bearer {
    /// The tenant that issued it and whose data it opens.
    pub tenant: Arc<LoadedTenant>,
    /// The client it was given to.
    pub client: ClientId,
    /// Whom it is about.
    pub subject: BearerSubject,
    /// Delegated permissions, by short name.
    pub scopes: BTreeSet<String>,
    /// Application permissions.
    pub roles: BTreeSet<String>,
}

/// Whom a token is about.
pub enum BearerSubject {
    /// A person.
    Person(Box<Visitor>),
    /// An application on its own behalf.
    Application,
}

/// Why a bearer token does not open the door (RFC 6750 §3.1).
#[derive(Debug, thiserror::Error)]
pub enum BearerRefusal {
    /// There is none; the challenge has no error code then.
    #[error("no bearer token is given")]
    Absent,
    /// It is given twice, or not as a bearer token.
    #[error("the bearer token is given twice or not as `Bearer`")]
    Malformed,
    /// It is not a token of ours that counts now; why is for the operator only.
    #[error("the access token is not valid: {0}")]
    Invalid(String),
    /// It does not reach far enough.
    #[error("the access token does not hold `{0}`")]
    Insufficient(&'static str),
    /// The store or the keys failed; nothing is told.
    #[error("the access token cannot be checked now")]
    Unavailable(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl BearerRefusal {
    /// The HTTP status.
    pub fn status(&self) -> u16 {
        match self {
            Self::Absent | Self::Invalid(_) => 401,
            Self::Malformed => 400,
            Self::Insufficient(_) => 403,
            Self::Unavailable(_) => 503,
        }
    }

    /// The `error` of the challenge.
    pub fn oauth_error(&self) -> Option<OauthError> {
        match self {
            Self::Absent => None,
            Self::Malformed => Some(OauthError::InvalidRequest),
            Self::Invalid(_) => Some(OauthError::InvalidToken),
            Self::Insufficient(_) => Some(OauthError::InsufficientScope),
            Self::Unavailable(_) => Some(OauthError::TemporarilyUnavailable),
        }
    }

    fn invalid(why: &str) -> Self {
        Self::Invalid(why.to_owned())
    }
}

impl From<BearerError> for BearerRefusal {
    fn from(error: BearerError) -> Self {
        match error {
            BearerError::Absent => Self::Absent,
            BearerError::Malformed => Self::Malformed,
        }
    }
}

impl From<StoreError> for BearerRefusal {
    fn from(error: StoreError) -> Self {
        Self::Unavailable(Box::new(error))
    }
}

impl From<KeyError> for BearerRefusal {
    fn from(error: KeyError) -> Self {
        Self::Unavailable(Box::new(error))
    }
}

/// What an endpoint of ours expects of a token.
#[derive(Debug, Clone, Copy)]
pub struct Wanted<'a> {
    /// The audiences that mean this endpoint.
    pub audiences: &'a [ClientId],
    /// The tenant the path names, if it names one.
    pub path_tenant: Option<TenantId>,
}

/// Opens a token.
pub async fn open(
    house: &House,
    now: Timestamp,
    token: &str,
    wanted: Wanted<'_>,
) -> Result<Bearer, BearerRefusal> {
    let tenant_id = danger_unverified_tenant(token)
        .ok_or_else(|| BearerRefusal::invalid("it names no tenant"))?;
    if wanted.path_tenant.is_some_and(|path| path != tenant_id) {
        return Err(BearerRefusal::invalid("it is of another tenant"));
    }
    let tenant = house.tenants.find(tenant_id).await?;
    let tenant = tenant.ok_or_else(|| BearerRefusal::invalid("there is no such tenant"))?;
    let claims = check_signature(house, now, tenant_id, token, wanted.audiences).await?;
    // The signed claim decides; what was read before the signature only chose the keys.
    if claims.tid != tenant_id.to_string() {
        return Err(BearerRefusal::invalid("`tid` is another tenant"));
    }
    let subject = match claims.idtyp {
        SubjectKind::App => check_application(&tenant, &claims)?,
        SubjectKind::User => check_person(house, &tenant, &claims).await?,
    };
    let words = claims.scp.as_deref().unwrap_or_default().split(' ');
    Ok(Bearer {
        client: claims
            .azp
            .parse()
            .map_err(|_| BearerRefusal::invalid("`azp` is no client"))?,
        subject,
        scopes: words
            .filter(|word| !word.is_empty())
            .map(str::to_owned)
            .collect(),
        roles: claims.roles.into_iter().collect(),
        tenant,
    })
}

async fn check_signature(
    house: &House,
    now: Timestamp,
    tenant: TenantId,
    token: &str,
    audiences: &[ClientId],
) -> Result<AccessTokenClaims, BearerRefusal> {
    let published = house.keys.published_keys(tenant, now).await?;
    let keys: Vec<VerificationKey> = published
        .iter()
        .filter_map(|jwk| VerificationKey::from_public_jwk(jwk).ok())
        .collect();
    let names: Vec<String> = audiences.iter().map(ToString::to_string).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let expected = Expected {
        issuer: &realm::issuer(&house.public_url, tenant),
        audience: Audience::OneOf(&names),
        lifetime: Lifetime::Enforced,
        now,
    };
    verify(token, &keys, &expected).map_err(|error| BearerRefusal::Invalid(error.to_string()))
}

fn check_application(
    tenant: &LoadedTenant,
    claims: &AccessTokenClaims,
) -> Result<BearerSubject, BearerRefusal> {
    let principal = claims
        .azp
        .parse()
        .ok()
        .and_then(|client| tenant.service_principal(client))
        .filter(|principal| principal.account_enabled)
        .filter(|principal| claims.oid.as_deref() == Some(principal.id.to_string().as_str()));
    match principal {
        Some(_) => Ok(BearerSubject::Application),
        None => Err(BearerRefusal::invalid("the application is gone or off")),
    }
}

async fn check_person(
    house: &House,
    tenant: &LoadedTenant,
    claims: &AccessTokenClaims,
) -> Result<BearerSubject, BearerRefusal> {
    let store = house.store.tenant(tenant.id());
    let grant = claims.gid.as_deref().and_then(|grant| grant.parse().ok());
    let grant = grant.ok_or_else(|| BearerRefusal::invalid("it names no grant"))?;
    if store.is_grant_revoked(grant).await? {
        return Err(BearerRefusal::invalid("its grant was revoked"));
    }
    let subject = match &claims.oid {
        Some(object) => object.parse().ok().map(SessionSubject::User),
        // Direct connect users have no object; the session knows whose it is.
        None => match claims.sid.as_deref().and_then(|sid| sid.parse().ok()) {
            Some(session) => store
                .find_session(session)
                .await?
                .map(|found| found.subject),
            None => None,
        },
    };
    let subject = subject.ok_or_else(|| BearerRefusal::invalid("its subject is unknown"))?;
    let visitor = match Visitor::find(house, tenant, subject).await {
        Ok(visitor) => visitor,
        Err(Stop::Denied(_)) => return Err(BearerRefusal::invalid("its subject is gone")),
        Err(Stop::Store(error)) => return Err(error.into()),
    };
    if visitor.check_accounts(tenant).is_err() {
        return Err(BearerRefusal::invalid("its subject is switched off"));
    }
    let valid_from = visitor.sessions_valid_from();
    if valid_from.is_some_and(|from| claims.iat < from.as_second()) {
        return Err(BearerRefusal::invalid(
            "the sessions of its subject were revoked",
        ));
    }
    Ok(BearerSubject::Person(Box::new(visitor)))
}

/// The tenant a token says it is of, before anything is verified: only to choose the keys to verify it with.
pub fn danger_unverified_tenant(token: &str) -> Option<TenantId> {
    if token.len() > TOKEN_BYTES_MAX {
        return None;
    }
    let claims = URL_SAFE_NO_PAD.decode(token.split('.').nth(1)?).ok()?;
    let claims = json::parse_object(&claims).ok()?;
    claims.get("tid")?.as_str()?.parse().ok()
}
