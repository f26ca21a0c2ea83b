//! The discovery document: only what is there (specification 7.2, requirements K01, K02).

use serde::{Deserialize, Serialize};

use crate::oauth::authorization_request::ResponseMode;

/// The addresses of one tenant's endpoints, as the world sees them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoints {
    /// The issuer; the template `{sts}/{tenantid}/v2.0` at `common` and `organizations`.
    pub issuer: String,
    /// Authorization endpoint.
    pub authorization: String,
    /// Token endpoint.
    pub token: String,
    /// Key set.
    pub jwks: String,
    /// Userinfo endpoint.
    pub userinfo: String,
    /// Logout.
    pub end_session: String,
}

/// The OpenID provider metadata (OpenID Connect Discovery §3).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[expect(
    missing_docs,
    reason = "the names are those of OpenID Connect Discovery §3 and RFC 8414"
)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "the document is full of them"
)]
pub struct ProviderMetadata {
    pub issuer: String,
    pub authorization_endpoint: String,
    pub token_endpoint: String,
    pub jwks_uri: String,
    pub userinfo_endpoint: String,
    pub end_session_endpoint: String,
    pub response_types_supported: Vec<String>,
    pub response_modes_supported: Vec<String>,
    pub grant_types_supported: Vec<String>,
    pub subject_types_supported: Vec<String>,
    pub id_token_signing_alg_values_supported: Vec<String>,
    pub scopes_supported: Vec<String>,
    pub claims_supported: Vec<String>,
    pub claim_types_supported: Vec<String>,
    pub token_endpoint_auth_methods_supported: Vec<String>,
    pub token_endpoint_auth_signing_alg_values_supported: Vec<String>,
    pub code_challenge_methods_supported: Vec<String>,
    pub prompt_values_supported: Vec<String>,
    pub claims_parameter_supported: bool,
    pub request_parameter_supported: bool,
    pub request_uri_parameter_supported: bool,
    pub authorization_response_iss_parameter_supported: bool,
    pub http_logout_supported: bool,
    pub frontchannel_logout_supported: bool,
    pub frontchannel_logout_session_supported: bool,
    pub backchannel_logout_supported: bool,
    pub backchannel_logout_session_supported: bool,
}

impl ProviderMetadata {
    /// The document for these addresses.
    pub fn new(endpoints: Endpoints) -> Self {
        Self {
            issuer: endpoints.issuer,
            authorization_endpoint: endpoints.authorization,
            token_endpoint: endpoints.token,
            jwks_uri: endpoints.jwks,
            userinfo_endpoint: endpoints.userinfo,
            end_session_endpoint: endpoints.end_session,
            response_types_supported: list(&["code"]),
            response_modes_supported: list(&ResponseMode::ALL.map(ResponseMode::as_str)),
            grant_types_supported: list(&[
                "authorization_code",
                "refresh_token",
                "client_credentials",
            ]),
            subject_types_supported: list(&["pairwise"]),
            id_token_signing_alg_values_supported: list(&["RS256", "ES256"]),
            scopes_supported: list(&["openid", "profile", "email", "offline_access"]),
            claims_supported: list(&CLAIMS),
            claim_types_supported: list(&["normal"]),
            token_endpoint_auth_methods_supported: list(&[
                "client_secret_post",
                "private_key_jwt",
                "client_secret_basic",
                "none",
            ]),
            token_endpoint_auth_signing_alg_values_supported: list(&["RS256", "PS256", "ES256"]),
            code_challenge_methods_supported: list(&["S256"]),
            prompt_values_supported: list(&["none", "login", "consent", "select_account"]),
            claims_parameter_supported: true,
            request_parameter_supported: false,
            request_uri_parameter_supported: false,
            authorization_response_iss_parameter_supported: true,
            http_logout_supported: true,
            frontchannel_logout_supported: true,
            frontchannel_logout_session_supported: true,
            backchannel_logout_supported: true,
            backchannel_logout_session_supported: true,
        }
    }
}

/// Every claim of [`super::id_token::IdTokenClaims`].
const CLAIMS: [&str; 25] = [
    "iss",
    "sub",
    "aud",
    "exp",
    "iat",
    "nbf",
    "ver",
    "tid",
    "oid",
    "idp",
    "acct",
    "auth_time",
    "amr",
    "acr",
    "acrs",
    "sid",
    "at_hash",
    "nonce",
    "name",
    "preferred_username",
    "email",
    "given_name",
    "family_name",
    "roles",
    "uti",
];

fn list(values: &[&str]) -> Vec<String> {
    values.iter().map(|value| (*value).to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn metadata() -> ProviderMetadata {
        let at = |path: &str| format!("https://sts.example/t/{path}");
        ProviderMetadata::new(Endpoints {
            issuer: at("v2.0"),
            authorization: at("oauth2/v2.0/authorize"),
            token: at("oauth2/v2.0/token"),
            jwks: at("discovery/v2.0/keys"),
            userinfo: "https://sts.example/oidc/userinfo".into(),
            end_session: at("oauth2/v2.0/logout"),
        })
    }

    #[test]
    fn k02_nothing_is_advertised_that_is_refused() {
        let text = serde_json::to_string(&metadata()).unwrap();
        for absent in [
            "password",
            "implicit",
            "\"plain\"",
            "\"token\"",
            "client_secret_jwt",
            "HS256",
            "device",
            "check_session",
            "registration",
        ] {
            assert!(!text.contains(absent), "{absent}");
        }
        assert_eq!(
            metadata().response_modes_supported,
            ["query", "fragment", "form_post"]
        );
        assert!(!metadata().request_uri_parameter_supported);
        assert!(metadata().authorization_response_iss_parameter_supported);
    }

    #[test]
    fn a_document_is_read_back() {
        let text = serde_json::to_string(&metadata()).unwrap();
        assert_eq!(
            serde_json::from_str::<ProviderMetadata>(&text).unwrap(),
            metadata()
        );
    }
}
