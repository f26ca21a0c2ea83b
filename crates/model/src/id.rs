//! Typed object ids: a user id cannot stand where a tenant id is due.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::marker::PhantomData;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use uuid::Uuid;

use crate::entropy::Entropy;

/// The id of an object of kind `K`: a UUID, printed in lower case with hyphens as Graph does.
pub struct Id<K> {
    uuid: Uuid,
    kind: PhantomData<fn() -> K>,
}

impl<K> Id<K> {
    /// The id with this UUID.
    pub const fn new(uuid: Uuid) -> Self {
        Self {
            uuid,
            kind: PhantomData,
        }
    }

    /// A fresh random id (UUID version 4) from the caller's entropy. Ids are never recycled.
    pub fn random(entropy: &mut dyn Entropy) -> Self {
        let mut bytes = [0; 16];
        entropy.fill(&mut bytes);
        Self::new(uuid::Builder::from_random_bytes(bytes).into_uuid())
    }

    /// The UUID itself.
    pub const fn uuid(self) -> Uuid {
        self.uuid
    }
}

impl<K> Clone for Id<K> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<K> Copy for Id<K> {}
impl<K> PartialEq for Id<K> {
    fn eq(&self, other: &Self) -> bool {
        self.uuid == other.uuid
    }
}
impl<K> Eq for Id<K> {}
impl<K> PartialOrd for Id<K> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
impl<K> Ord for Id<K> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.uuid.cmp(&other.uuid)
    }
}
impl<K> Hash for Id<K> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.uuid.hash(state);
    }
}
impl<K> fmt::Debug for Id<K> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.uuid, formatter)
    }
}
impl<K> fmt::Display for Id<K> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.uuid, formatter)
    }
}
impl<K> FromStr for Id<K> {
    type Err = IdError;
    fn from_str(text: &str) -> Result<Self, IdError> {
        // Only the hyphenated form: braces and URN forms would give one object two spellings.
        match Uuid::try_parse(text) {
            Ok(uuid) if text.len() == 36 => Ok(Self::new(uuid)),
            Ok(_) | Err(_) => Err(IdError),
        }
    }
}
impl<K> Serialize for Id<K> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.uuid)
    }
}
impl<'de, K> Deserialize<'de> for Id<K> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        text.parse().map_err(|_| {
            serde::de::Error::invalid_value(
                serde::de::Unexpected::Str(&text),
                &"an object id (a GUID)",
            )
        })
    }
}

/// A text that is not an object id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an object id (a GUID such as `62e90394-69f5-4237-9190-012177145e10`)")]
pub struct IdError;

macro_rules! kinds {
    ($($(#[$doc:meta])* $kind:ident => $alias:ident;)*) => {$(
        #[doc = concat!("Marks ids of kind `", stringify!($kind), "`.")]
        #[derive(Debug)]
        pub enum $kind {}
        $(#[$doc])*
        pub type $alias = Id<$kind>;
    )*};
}

kinds! {
    /// A tenant: one organisation.
    TenantKind => TenantId;
    /// A user object in one tenant's directory.
    UserKind => UserId;
    /// A group object.
    GroupKind => GroupId;
    /// An application's `appId`, the client id of OAuth: the same in every tenant that uses it.
    ClientKind => ClientId;
    /// An application registration's object id.
    ApplicationKind => ApplicationId;
    /// A service principal's object id: the application as seen in one tenant.
    ServicePrincipalKind => ServicePrincipalId;
    /// A Conditional Access policy.
    PolicyKind => PolicyId;
    /// A template of Conditional Access policies.
    TemplateKind => TemplateId;
    /// A named location.
    NamedLocationKind => NamedLocationId;
    /// An authentication strength.
    AuthenticationStrengthKind => AuthenticationStrengthId;
    /// Terms of use.
    AgreementKind => AgreementId;
    /// A directory role *template*.
    RoleTemplateKind => RoleTemplateId;
    /// A browser's authentication session in one tenant.
    SessionKind => SessionId;
    /// One sign-in between its first request and its end.
    TransactionKind => TransactionId;
    /// A grant: what one sign-in handed to one client; all its refresh tokens are one family.
    GrantKind => GrantId;
    /// A row of the sign-in log.
    SignInKind => SignInId;
    /// One user's registered authentication method.
    MethodKind => MethodId;
    /// A device.
    DeviceKind => DeviceId;
    /// What ties together every log row and page of one sign-in.
    CorrelationKind => CorrelationId;
}

impl TenantId {
    /// The pseudo-tenant that owns transactions begun at `common` or `organizations`, before the home realm is known.
    pub const UNDISCOVERED: Self = Self::new(Uuid::nil());
}

impl ClientId {
    /// The directory as an application: what a request reaches that asks for baseline scopes only (specification 4.3, decision 20).
    pub const DIRECTORY: Self =
        Self::new(Uuid::from_u128(0x0000_0002_0000_0000_c000_0000_0000_0000));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_has_one_spelling() {
        let text = "62e90394-69f5-4237-9190-012177145e10";
        assert_eq!(text.parse::<UserId>().unwrap().to_string(), text);
        assert_eq!(
            text.to_uppercase().parse::<UserId>().unwrap().to_string(),
            text
        );
        for wrong in [
            "",
            "62e9039469f542379190012177145e10",
            "{62e90394-69f5-4237-9190-012177145e10}",
            "All",
        ] {
            assert_eq!(wrong.parse::<UserId>(), Err(IdError), "{wrong}");
        }
    }
}
