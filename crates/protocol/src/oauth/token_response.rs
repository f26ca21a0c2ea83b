//! The good answer of the token endpoint (RFC 6749 §5.1), with the extras client libraries look for.

use serde::{Serialize, Serializer};

use crate::secret::SecretText;

/// The JSON body. To be sent with `Cache-Control: no-store` (requirement A20).
#[derive(Debug, Clone, Serialize)]
pub struct TokenResponse {
    /// `Bearer`.
    pub token_type: TokenKind,
    /// The scopes granted, always named (requirement A28).
    pub scope: String,
    /// Life of the access token from now.
    #[serde(rename = "expires_in")]
    pub expires_in_seconds: u64,
    /// The same: there is no grace period when the service is down.
    #[serde(rename = "ext_expires_in")]
    pub extended_expires_in_seconds: u64,
    /// The access token.
    #[serde(serialize_with = "in_clear")]
    pub access_token: SecretText,
    /// The next refresh token.
    #[serde(
        skip_serializing_if = "Option::is_none",
        serialize_with = "in_clear_if_any"
    )]
    pub refresh_token: Option<SecretText>,
    /// The id token.
    #[serde(
        skip_serializing_if = "Option::is_none",
        serialize_with = "in_clear_if_any"
    )]
    pub id_token: Option<SecretText>,
    /// The home account, if the client asked for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_info: Option<String>,
}

/// How the access token is used.
#[derive(Debug, Clone, Copy, Serialize)]
pub enum TokenKind {
    /// RFC 6750.
    Bearer,
}

fn in_clear<S: Serializer>(secret: &SecretText, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(secret.expose())
}

#[expect(
    clippy::ref_option,
    reason = "serde hands over a reference to the member"
)]
fn in_clear_if_any<S: Serializer>(
    secret: &Option<SecretText>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    secret
        .as_ref()
        .map(SecretText::expose)
        .serialize(serializer)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_answer_has_the_members_of_the_rfc() {
        let response = TokenResponse {
            token_type: TokenKind::Bearer,
            scope: "openid".into(),
            expires_in_seconds: 3600,
            extended_expires_in_seconds: 3600,
            access_token: SecretText::new("a.t"),
            refresh_token: Some(SecretText::new("r.t")),
            id_token: None,
            client_info: None,
        };
        let expected = serde_json::json!({
            "token_type": "Bearer", "scope": "openid", "expires_in": 3600, "ext_expires_in": 3600,
            "access_token": "a.t", "refresh_token": "r.t",
        });
        assert_eq!(serde_json::to_value(&response).unwrap(), expected);
        let printed = format!("{response:?}");
        assert!(!printed.contains("a.t") && !printed.contains("r.t"));
    }
}
