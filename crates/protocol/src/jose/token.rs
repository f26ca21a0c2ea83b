//! Which kinds of token there are: each has its own `typ`, so that none can be taken for another (RFC 8725 §3.11).

use serde::Serialize;

/// The kinds of token this house signs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenType {
    /// An OpenID Connect id token, for the client.
    IdToken,
    /// An access token (RFC 9068), for a resource.
    AccessToken,
    /// A back-channel logout token.
    LogoutToken,
}

impl TokenType {
    /// The `typ` header.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::IdToken => "JWT",
            Self::AccessToken => "at+jwt",
            Self::LogoutToken => "logout+jwt",
        }
    }
}

/// Claims that are signed as one kind of token, and only ever read as that kind.
pub trait TokenClaims: Serialize {
    /// The kind.
    const TOKEN_TYPE: TokenType;
}
