//! What proves a person or an application, and the record of failed attempts.

use serde::{Deserialize, Serialize};

use crate::Timestamp;
use crate::id::{ClientId, MethodId, UserId};
use crate::secret::SealedSecret;

/// How somebody proved who they are (Graph `authenticationMethodModes`, the ones that exist today).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum AuthenticationMethod {
    /// A password.
    Password,
    /// A time-based code of a software authenticator (TOTP).
    SoftwareOath,
}

/// A user's password: an argon2id string in PHC form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PasswordCredential {
    /// Whose.
    pub user: UserId,
    /// The PHC string.
    pub hash: String,
    /// When it was set.
    pub changed_at: Timestamp,
}

/// A confirmed TOTP authenticator (Graph `softwareOathAuthenticationMethod`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TotpCredential {
    /// The method's id.
    pub id: MethodId,
    /// Whose.
    pub user: UserId,
    /// The sealed seed (at least 160 bits).
    pub seed: SealedSecret,
    /// The last time step that was accepted: a code is used once (requirement Q11).
    pub last_step: i64,
    /// When it was confirmed.
    pub created_at: Timestamp,
}

/// A client secret: SHA-256, since secrets are generated with at least 128 bits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientSecret {
    /// Whose.
    pub client: ClientId,
    /// SHA-256 of the secret.
    pub hash: crate::secret::TokenHash,
    /// The first three characters, to tell secrets apart.
    pub hint: String,
    /// Refused from then on.
    pub expires_at: Option<Timestamp>,
}

/// What failed attempts are counted against.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ThrottleKey {
    /// A name that was typed, whether or not an account has it: nothing tells them apart.
    Name(crate::user::CanonicalName),
    /// The second factor of a user, across all paths (requirement Q08).
    SecondFactor(UserId),
    /// An address: IPv4 as it is, IPv6 by its /64.
    Address(String),
    /// A client that authenticates.
    Client(ClientId),
    /// Rows of refusals that cost nobody an attempt, by the network they come from: they must not fill the log.
    Refusal(String),
}

impl ThrottleKey {
    /// One text per key, with a prefix a key of another kind never has.
    pub fn text(&self) -> String {
        match self {
            Self::Name(name) => format!("name:{}", name.as_str()),
            Self::SecondFactor(user) => format!("second-factor:{user}"),
            Self::Address(address) => format!("address:{address}"),
            Self::Client(client) => format!("client:{client}"),
            Self::Refusal(network) => format!("refusal:{network}"),
        }
    }
}

/// Failed attempts of one key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Throttle {
    /// Attempts charged since the last success.
    pub attempts: u32,
    /// When the last one was charged.
    pub last_at: Timestamp,
    /// Refused until then.
    pub locked_until: Option<Timestamp>,
}
