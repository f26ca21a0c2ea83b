//! What an access token says (RFC 9068, specification 7.9, requirement G01).

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::jose::token::{TokenClaims, TokenType};

/// The claims of an access token, about a person or about an application.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccessTokenClaims {
    /// The issuer of the resource tenant.
    pub iss: String,
    /// Pairwise for people, see [`super::subject`]; the service principal's id for applications.
    pub sub: String,
    /// The resource.
    pub aud: String,
    /// Refused after this, seconds since 1970.
    pub exp: i64,
    /// Signed at.
    pub iat: i64,
    /// Refused before this.
    pub nbf: i64,
    /// Names this token.
    pub jti: String,
    /// The client it was handed to.
    pub client_id: String,
    /// The same, under the name Microsoft's libraries read.
    pub azp: String,
    /// How that client showed who it is.
    pub azpacr: ClientAuthenticationClass,
    /// `2.0`.
    pub ver: String,
    /// The resource tenant.
    pub tid: String,
    /// The user or service principal object in the resource tenant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub oid: Option<String>,
    /// `user` or `app`.
    pub idtyp: SubjectKind,
    /// Delegated permissions, divided by spaces (RFC 9068 §2.2.3).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scope: Option<String>,
    /// The same, under the name Microsoft's libraries read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scp: Option<String>,
    /// Application permissions, or the person's roles in the resource.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub roles: Vec<String>,
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
    /// The session.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sid: Option<String>,
    /// Display name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The name the person signs in with at home.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub preferred_username: Option<String>,
    /// Mail address; never to be used for authorization.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// Portcullis: the grant it came of; our own endpoints refuse it once that is revoked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gid: Option<String>,
    /// Ties the token to the sign-in log.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uti: Option<String>,
}

impl TokenClaims for AccessTokenClaims {
    const TOKEN_TYPE: TokenType = TokenType::AccessToken;
}

/// `azpacr`: how the client authenticated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum ClientAuthenticationClass {
    /// Not at all: a public client.
    #[serde(rename = "0")]
    Public,
    /// By a secret.
    #[serde(rename = "1")]
    Secret,
    /// By a key.
    #[serde(rename = "2")]
    Key,
}

/// `idtyp`: whom the token is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SubjectKind {
    /// A person.
    User,
    /// An application.
    App,
}
