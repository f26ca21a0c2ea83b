//! The token request: which grant, from which client. Only the form body and the `Authorization` header are read.

use super::authorization_request::missing;
use super::claims_request::ClaimsRequest;
use super::client_authentication::ClientAuthentication;
use super::error::Fault;
use super::error_catalogue::ErrorCode;
use super::parameters::Parameters;
use super::pkce::CodeVerifier;
use super::scope::{RequestedScope, Scopes};
use crate::secret::SecretText;

/// A token request of legal form.
#[derive(Debug, Clone)]
pub struct TokenRequest {
    /// Who asks.
    pub client: ClientAuthentication,
    /// What is to be exchanged.
    pub grant: RequestedGrant,
    /// Claims the client wants, and what it can do (`xms_cc`).
    pub claims: ClaimsRequest,
    /// The client wants to know the home account (`client_info=1`).
    pub client_info: bool,
}

/// What is to be exchanged for tokens.
#[derive(Debug, Clone)]
pub enum RequestedGrant {
    /// A code from the authorization endpoint.
    AuthorizationCode {
        /// The code.
        code: SecretText,
        /// Must be the one of the authorization request, if sent (requirement B11).
        redirect_uri: Option<String>,
        /// For [`super::pkce::check`].
        code_verifier: Option<CodeVerifier>,
        /// May only narrow what was consented to; empty: all of it.
        scopes: Scopes,
    },
    /// A refresh token.
    RefreshToken {
        /// The refresh token.
        refresh_token: SecretText,
        /// May only narrow what was consented to (requirement C06); empty: all of it.
        scopes: Scopes,
    },
    /// The client itself is the subject.
    ClientCredentials {
        /// Client id or identifier URI of the one resource, whose granted application permissions are meant.
        resource: String,
    },
}

impl TokenRequest {
    /// Reads the form and the `Authorization` header.
    pub fn parse(form: &Parameters, authorization: Option<&str>) -> Result<Self, Fault> {
        let grant = RequestedGrant::parse(form)?;
        Ok(Self {
            client: ClientAuthentication::parse(form, authorization)?,
            grant,
            claims: ClaimsRequest::parse(form.find("claims"))?,
            client_info: form.find("client_info") == Some("1"),
        })
    }
}

impl RequestedGrant {
    fn parse(form: &Parameters) -> Result<Self, Fault> {
        let secret = |name| {
            form.find(name)
                .map(SecretText::new)
                .ok_or_else(|| missing(name))
        };
        let scopes = Scopes::parse(form.find("scope"))?;
        match form.find("grant_type") {
            None => Err(missing("grant_type")),
            Some("authorization_code") => Ok(Self::AuthorizationCode {
                code: secret("code")?,
                redirect_uri: form.find_owned("redirect_uri"),
                code_verifier: code_verifier(form)?,
                scopes,
            }),
            Some("refresh_token") => Ok(Self::RefreshToken {
                refresh_token: secret("refresh_token")?,
                scopes,
            }),
            Some("client_credentials") => Ok(Self::ClientCredentials {
                resource: single_resource(&scopes)?,
            }),
            // The password grant among them (requirement A14).
            Some(_) => Err(ErrorCode::UnsupportedGrantType.into()),
        }
    }
}

fn code_verifier(form: &Parameters) -> Result<Option<CodeVerifier>, Fault> {
    match form.find("code_verifier") {
        None => Ok(None),
        Some(text) => match CodeVerifier::parse(text) {
            Some(verifier) => Ok(Some(verifier)),
            None => Err(ErrorCode::CodeVerifierMismatch.into()),
        },
    }
}

/// Exactly one `<resource>/.default`; the words of OpenID Connect mean nothing without a user and are passed over.
fn single_resource(scopes: &Scopes) -> Result<String, Fault> {
    let mut resources = Vec::new();
    for word in scopes.iter() {
        match RequestedScope::of(word) {
            RequestedScope::Default { resource } if !resource.is_empty() => {
                resources.push(resource);
            }
            RequestedScope::OpenId
            | RequestedScope::Profile
            | RequestedScope::Email
            | RequestedScope::OfflineAccess => {}
            RequestedScope::Default { .. }
            | RequestedScope::Permission { .. }
            | RequestedScope::Directory { .. } => {
                return Err(ErrorCode::InvalidClientCredentialsScope.into());
            }
        }
    }
    match resources.as_slice() {
        [resource] => Ok((*resource).to_owned()),
        [] if scopes.is_empty() => Err(missing("scope")),
        _ => Err(ErrorCode::InvalidClientCredentialsScope.into()),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::oauth::client_authentication::ClientCredential;
    use crate::oauth::error_catalogue::Channel;

    fn read(form: &[(&str, &str)]) -> Result<TokenRequest, Fault> {
        TokenRequest::parse(&form.iter().copied().collect(), None)
    }

    fn error(form: &[(&str, &str)]) -> &'static str {
        read(form)
            .unwrap_err()
            .code
            .oauth_error(Channel::Token)
            .as_str()
    }

    #[test]
    fn the_three_grants_are_understood() {
        let verifier = "v".repeat(43);
        let code = read(&[
            ("grant_type", "authorization_code"),
            ("client_id", "app"),
            ("code", "c"),
            ("redirect_uri", "https://a/cb"),
            ("code_verifier", &verifier),
            ("client_info", "1"),
        ])
        .unwrap();
        assert!(code.client_info && matches!(code.client.credential, ClientCredential::Absent));
        let RequestedGrant::AuthorizationCode {
            code,
            redirect_uri,
            code_verifier,
            scopes,
        } = code.grant
        else {
            panic!()
        };
        assert_eq!(
            (code.expose(), redirect_uri.as_deref()),
            ("c", Some("https://a/cb"))
        );
        assert!(code_verifier.is_some() && scopes.is_empty());

        let refresh = read(&[
            ("grant_type", "refresh_token"),
            ("client_id", "app"),
            ("refresh_token", "r"),
            ("scope", "openid"),
        ])
        .unwrap();
        assert!(
            matches!(refresh.grant, RequestedGrant::RefreshToken { refresh_token, .. } if refresh_token.expose() == "r")
        );

        let own = read(&[
            ("grant_type", "client_credentials"),
            ("client_id", "app"),
            ("client_secret", "s"),
            ("scope", "api://pay/.default"),
        ])
        .unwrap();
        assert!(
            matches!(own.grant, RequestedGrant::ClientCredentials { resource } if resource == "api://pay")
        );
    }

    #[test]
    fn a14_the_password_grant_and_its_like_do_not_exist() {
        for grant in [
            "password",
            "implicit",
            "Authorization_Code",
            "urn:ietf:params:oauth:grant-type:jwt-bearer",
            "x",
        ] {
            let form = [
                ("grant_type", grant),
                ("client_id", "app"),
                ("username", "u"),
                ("password", "p"),
                ("code", "c"),
            ];
            assert_eq!(error(&form), "unsupported_grant_type", "{grant}");
        }
        assert_eq!(error(&[("client_id", "app")]), "invalid_request");
    }

    #[test]
    fn what_a_grant_needs_must_be_there() {
        for grant in ["authorization_code", "refresh_token", "client_credentials"] {
            assert_eq!(
                error(&[("grant_type", grant), ("client_id", "app")]),
                "invalid_request",
                "{grant}"
            );
        }
        assert_eq!(
            error(&[("grant_type", "refresh_token"), ("refresh_token", "r")]),
            "invalid_request"
        );
        let short = [
            ("grant_type", "authorization_code"),
            ("client_id", "app"),
            ("code", "c"),
            ("code_verifier", "short"),
        ];
        assert_eq!(error(&short), "invalid_grant");
    }

    #[test]
    fn client_credentials_name_one_resource() {
        for scope in [
            "openid",
            "api://a/.default api://b/.default",
            "api://a/Read",
            "User.Read",
            ".default",
            "/.default",
        ] {
            let form = [
                ("grant_type", "client_credentials"),
                ("client_id", "app"),
                ("scope", scope),
            ];
            assert_eq!(error(&form), "invalid_scope", "{scope}");
        }
    }

    proptest! {
        #[test]
        fn arbitrary_forms_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300), header in proptest::option::of(".{0,40}")) {
            if let Ok(form) = Parameters::parse(&bytes) {
                let _ = TokenRequest::parse(&form, header.as_deref());
            }
        }

        #[test]
        fn arbitrary_values_never_panic(
            grant in prop::sample::select(vec!["authorization_code", "refresh_token", "client_credentials"]),
            name in prop::sample::select(vec!["code", "code_verifier", "scope", "client_secret", "client_assertion", "client_assertion_type", "claims"]),
            value in ".{1,60}",
        ) {
            let _ = read(&[("grant_type", grant), ("client_id", "app"), (name, &value)]);
        }
    }
}
