//! The `id_token_hint`: an id token of ours, expired or not, that shows whose browser asks (RP-Initiated Logout §2).

use portcullis_model::Timestamp;
use portcullis_model::id::{ClientId, SessionId, TenantId, UserId};
use portcullis_model::session::{AuthenticationSession, SessionSubject};
use portcullis_protocol::jose::public_key::VerificationKey;
use portcullis_protocol::jose::verify::{Audience, Expected, Lifetime, verify};
use portcullis_protocol::oidc::id_token::IdTokenClaims;

use crate::house::{House, KeyError};
use crate::realm;

/// What a genuine hint says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hint {
    /// The tenant that issued it.
    pub tenant: TenantId,
    /// The client it was given to.
    pub client: ClientId,
    session: Option<SessionId>,
    user: Option<UserId>,
}

impl Hint {
    /// Opens a hint with the keys of `tenant`; `None` if it is not an id token of that tenant (requirement K05).
    pub async fn open(
        house: &House,
        now: Timestamp,
        tenant: TenantId,
        token: &str,
    ) -> Result<Option<Self>, KeyError> {
        let published = house.keys.published_keys(tenant, now).await?;
        let keys: Vec<VerificationKey> = published
            .iter()
            .filter_map(|jwk| VerificationKey::from_public_jwk(jwk).ok())
            .collect();
        let expected = Expected {
            issuer: &realm::issuer(&house.public_url, tenant),
            audience: Audience::CheckedByCaller,
            lifetime: Lifetime::MayBeOver,
            now,
        };
        let Ok(claims) = verify::<IdTokenClaims>(token, &keys, &expected) else {
            return Ok(None);
        };
        let read = claims.aud.parse().ok().map(|client| Self {
            tenant,
            client,
            session: claims.sid.as_deref().and_then(|sid| sid.parse().ok()),
            user: claims.oid.as_deref().and_then(|oid| oid.parse().ok()),
        });
        Ok(read.filter(|_| claims.tid == tenant.to_string()))
    }

    /// Whether a session is the one, or one of the person, that the hint speaks of.
    pub fn is_about(&self, session: &AuthenticationSession) -> bool {
        let is_users = match session.subject {
            SessionSubject::User(user) => self.user == Some(user),
            SessionSubject::DirectConnect(_) => false,
        };
        is_users || self.session == Some(session.id)
    }
}
