//! A browser's authentication session in one tenant: who, and what was proven there and when.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use crate::Timestamp;
use crate::credential::AuthenticationMethod;
use crate::device::DeviceClaims;
use crate::id::{ClientId, CorrelationId, SessionId, TenantId, UserId};
use crate::secret::TokenHash;
use crate::user::HomeAccount;

/// An authentication session. It belongs to one tenant; a guest has one at home and one in the resource tenant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuthenticationSession {
    /// The id; the `sid` claim. Never reused.
    pub id: SessionId,
    /// SHA-256 of the cookie's value. Rotates with every new proof (requirement S02).
    pub cookie_hash: TokenHash,
    /// Who.
    pub subject: SessionSubject,
    /// The session at home that stands behind this one, for users from other tenants.
    pub home_session: Option<HomeSession>,
    /// What was proven in *this* tenant, the latest proof of each method.
    pub proofs: Vec<ProvenMethod>,
    /// What this tenant says of the device, if it has an opinion.
    pub device: Option<DeviceClaims>,
    /// When it began.
    pub created_at: Timestamp,
    /// Nothing revives it after this.
    pub expires_at: Timestamp,
    /// The cookie outlives the browser.
    pub is_persistent: bool,
    /// The last time it brought somebody on.
    pub last_use: SessionUse,
}

/// When, from where and with what a session was used; what its owner recognises it by (requirement S13).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionUse {
    /// When.
    pub at: Timestamp,
    /// The browser's address.
    pub ip_address: Option<IpAddr>,
    /// What the browser says it is, shortened.
    pub user_agent: Option<String>,
}

/// Whose session it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum SessionSubject {
    /// A user object of this tenant: a member or a guest.
    User(UserId),
    /// A B2B direct connect user: no object here, only the home account.
    DirectConnect(HomeAccount),
}

/// A pointer to a session in the home tenant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct HomeSession {
    /// The home tenant.
    pub tenant_id: TenantId,
    /// The session there.
    pub session_id: SessionId,
    /// When it ends by itself. If it is gone before, it was ended, and what hangs on it ends too (requirement C04).
    pub expires_at: Timestamp,
}

/// One method, proven at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ProvenMethod {
    /// How.
    pub method: AuthenticationMethod,
    /// When.
    pub at: Timestamp,
}

/// An application that got tokens in a session, to be told when the session ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionClient {
    /// The session.
    pub session: SessionId,
    /// The application.
    pub client: ClientId,
    /// The subject the application knows (pairwise).
    pub subject: String,
    /// The sign-in that brought it.
    pub correlation_id: CorrelationId,
}
