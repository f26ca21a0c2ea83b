//! What an id token says (OpenID Connect Core §2, specification 7.9).

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::jose::token::{TokenClaims, TokenType};

/// The claims of an id token. Who is not told something is not told it by an absent member.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IdTokenClaims {
    /// The issuer of the resource tenant.
    pub iss: String,
    /// Pairwise, see [`super::subject`].
    pub sub: String,
    /// The client.
    pub aud: String,
    /// Refused after this, seconds since 1970.
    pub exp: i64,
    /// Signed at.
    pub iat: i64,
    /// Refused before this.
    pub nbf: i64,
    /// `2.0`.
    pub ver: String,
    /// The resource tenant.
    pub tid: String,
    /// The user object in the resource tenant; direct connect users have none there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub oid: Option<String>,
    /// The home issuer, when it is another.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub idp: Option<String>,
    /// 0 member of the tenant, 1 guest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acct: Option<u8>,
    /// When the person last proved who they are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auth_time: Option<i64>,
    /// The methods that count here.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub amr: Vec<String>,
    /// The authentication context class.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acr: Option<String>,
    /// Authentication contexts that were satisfied.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub acrs: BTreeSet<String>,
    /// The session, for logout.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sid: Option<String>,
    /// Binds it to the access token beside it (OpenID Connect Core §3.1.3.6, requirement B20).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_hash: Option<String>,
    /// From the request, byte for byte.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nonce: Option<String>,
    /// Display name in the resource tenant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The name the person signs in with at home; changes, and is no key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub preferred_username: Option<String>,
    /// Mail address; never to be used for authorization.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// Given name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub given_name: Option<String>,
    /// Family name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub family_name: Option<String>,
    /// Roles in this client.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub roles: Vec<String>,
    /// Ties the token to the sign-in log.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uti: Option<String>,
}

impl TokenClaims for IdTokenClaims {
    const TOKEN_TYPE: TokenType = TokenType::IdToken;
}
