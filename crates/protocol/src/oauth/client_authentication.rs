//! How a client says who it is at the token endpoint (RFC 6749 §2.3, RFC 7523): exactly one way.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::client_assertion;
use super::error::Fault;
use super::error_catalogue::ErrorCode;
use super::parameters::{Parameters, decode_component};
use crate::secret::SecretText;

/// The only assertion type (RFC 7523 §2.2).
pub const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// A client id with the credential it came with. Nothing is checked yet but the form.
#[derive(Debug, Clone)]
pub struct ClientAuthentication {
    /// The client it claims to be.
    pub client_id: String,
    /// How it means to show it.
    pub credential: ClientCredential,
}

/// The credential of a client.
#[derive(Debug, Clone)]
pub enum ClientCredential {
    /// None: a public client.
    Absent,
    /// `client_secret` in the form.
    SecretPost(SecretText),
    /// The secret in the `Authorization` header.
    SecretBasic(SecretText),
    /// A signed assertion, see [`super::client_assertion::verify`].
    PrivateKeyJwt(SecretText),
}

impl ClientAuthentication {
    /// Reads form and `Authorization` header; the query of the URL is never read (requirement B13).
    pub fn parse(form: &Parameters, authorization: Option<&str>) -> Result<Self, Fault> {
        let basic = authorization.map(parse_basic).transpose()?;
        let secret = form.find("client_secret").map(SecretText::new);
        let assertion = parse_assertion(form)?;
        let client_id = form.find("client_id");
        match (basic, secret, assertion) {
            (None, None, None) => Self::new(client_id, None, ClientCredential::Absent),
            (Some((named, secret)), None, None) => Self::new(
                client_id,
                Some(named),
                ClientCredential::SecretBasic(secret),
            ),
            (None, Some(secret), None) => {
                Self::new(client_id, None, ClientCredential::SecretPost(secret))
            }
            (None, None, Some(assertion)) => {
                let named = client_assertion::danger_unverified_client_id(assertion.expose());
                Self::new(client_id, named, ClientCredential::PrivateKeyJwt(assertion))
            }
            // Which one counts must not be a matter of taste (requirement B14).
            (Some(_), Some(_), _) | (Some(_), _, Some(_)) | (_, Some(_), Some(_)) => {
                Err(ErrorCode::SeveralClientCredentials.into())
            }
        }
    }

    fn new(
        in_form: Option<&str>,
        in_credential: Option<String>,
        credential: ClientCredential,
    ) -> Result<Self, Fault> {
        let client_id = match (in_form, in_credential) {
            (Some(form), Some(named)) if form != named => {
                let detail = "client_id is not the client of the credential";
                return Err(Fault::with_detail(ErrorCode::InvalidClientSecret, detail));
            }
            (Some(form), _) => form.to_owned(),
            (None, Some(named)) => named,
            (None, None) => return Err(super::authorization_request::missing("client_id")),
        };
        Ok(Self {
            client_id,
            credential,
        })
    }
}

/// The client a request says it is of, proven or not: only for the log, of requests that cannot be read any further.
pub fn danger_named_client(
    form: Option<&Parameters>,
    authorization: Option<&str>,
) -> Option<String> {
    let in_form = form.and_then(|form| form.find_owned("client_id"));
    let in_header = || Some(parse_basic(authorization?).ok()?.0);
    let in_assertion = || {
        let assertion = form?.find("client_assertion")?;
        client_assertion::danger_unverified_client_id(assertion)
    };
    in_form.or_else(in_header).or_else(in_assertion)
}

/// RFC 6749 §2.3.1: both halves are form-encoded before they are joined.
fn parse_basic(authorization: &str) -> Result<(String, SecretText), Fault> {
    let refused = || {
        Fault::with_detail(
            ErrorCode::InvalidClientSecret,
            "the Authorization header is not Basic with client id and secret",
        )
    };
    let (scheme, encoded) = authorization.split_once(' ').ok_or_else(refused)?;
    if !scheme.eq_ignore_ascii_case("Basic") || encoded.len() > BASIC_BYTES_MAX {
        return Err(refused());
    }
    let decoded = STANDARD.decode(encoded.trim()).map_err(|_| refused())?;
    let mut halves = decoded.splitn(2, |byte| *byte == b':');
    let half = |octets: Option<&[u8]>| {
        octets
            .and_then(decode_component)
            .filter(|text| !text.is_empty())
            .ok_or_else(refused)
    };
    Ok((half(halves.next())?, SecretText::new(half(halves.next())?)))
}

const BASIC_BYTES_MAX: usize = 4096;

fn parse_assertion(form: &Parameters) -> Result<Option<SecretText>, Fault> {
    match (
        form.find("client_assertion_type"),
        form.find("client_assertion"),
    ) {
        (None, None) => Ok(None),
        (Some(ASSERTION_TYPE), Some(assertion)) => Ok(Some(SecretText::new(assertion))),
        (Some(ASSERTION_TYPE), None) => {
            Err(super::authorization_request::missing("client_assertion"))
        }
        (Some(_), _) => Err(Fault::with_detail(
            ErrorCode::InvalidClientAssertion,
            "client_assertion_type is not jwt-bearer",
        )),
        (None, Some(_)) => Err(super::authorization_request::missing(
            "client_assertion_type",
        )),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(form: &[(&str, &str)], header: Option<&str>) -> Result<ClientAuthentication, Fault> {
        ClientAuthentication::parse(&form.iter().copied().collect(), header)
    }

    fn basic(text: &str) -> String {
        format!("Basic {}", STANDARD.encode(text))
    }

    #[test]
    fn each_method_is_understood() {
        let public = read(&[("client_id", "app")], None).unwrap();
        assert!(matches!(public.credential, ClientCredential::Absent) && public.client_id == "app");
        let post = read(&[("client_id", "app"), ("client_secret", "s")], None).unwrap();
        assert!(
            matches!(post.credential, ClientCredential::SecretPost(secret) if secret.expose() == "s")
        );
        let header = read(&[], Some(&basic("app:s"))).unwrap();
        assert!(
            matches!(header.credential, ClientCredential::SecretBasic(secret) if secret.expose() == "s")
        );
        assert_eq!(header.client_id, "app");
        let both = read(&[("client_id", "app")], Some(&basic("app:s")));
        assert!(both.is_ok(), "the same client id twice is harmless");
    }

    #[test]
    fn f06_basic_credentials_are_form_decoded() {
        let read = read(&[], Some(&basic("a%3Ab:s%25%2B+%C3%BC:x"))).unwrap();
        assert_eq!(read.client_id, "a:b");
        assert!(
            matches!(read.credential, ClientCredential::SecretBasic(secret) if secret.expose() == "s%+ ü:x")
        );
        for bad in ["app", "app:", ":s", ":", "", "a%FF:s"] {
            assert_eq!(
                super::tests::read(&[], Some(&basic(bad))).unwrap_err().code,
                ErrorCode::InvalidClientSecret,
                "{bad}"
            );
        }
        for bad in ["Bearer x", "Basic", "Basic !!!", "Basic  ", "", "Digest x"] {
            assert_eq!(
                super::tests::read(&[("client_id", "app")], Some(bad))
                    .unwrap_err()
                    .code,
                ErrorCode::InvalidClientSecret,
                "{bad}"
            );
        }
    }

    #[test]
    fn b14_two_methods_at_once_are_refused() {
        let assertion = [
            ("client_assertion_type", ASSERTION_TYPE),
            ("client_assertion", "a.b.c"),
        ];
        let secret = ("client_secret", "s");
        let header = basic("app:s");
        for (form, header) in [
            (vec![("client_id", "app"), secret], Some(header.as_str())),
            (vec![assertion[0], assertion[1]], Some(header.as_str())),
            (
                vec![("client_id", "app"), secret, assertion[0], assertion[1]],
                None,
            ),
            (
                vec![secret, assertion[0], assertion[1]],
                Some(header.as_str()),
            ),
        ] {
            let fault = read(&form, header).unwrap_err();
            assert_eq!(fault.code, ErrorCode::SeveralClientCredentials);
            assert_eq!(
                fault
                    .code
                    .oauth_error(crate::oauth::error_catalogue::Channel::Token)
                    .as_str(),
                "invalid_request"
            );
        }
    }

    #[test]
    fn f06_another_clients_name_beside_the_credential_is_refused() {
        assert!(read(&[("client_id", "other")], Some(&basic("app:s"))).is_err());
        assert!(read(&[("client_secret", "s")], None).is_err());
        assert!(read(&[("client_id", "app"), ("client_assertion", "a.b.c")], None).is_err());
        assert!(
            read(
                &[
                    ("client_id", "app"),
                    ("client_assertion_type", ASSERTION_TYPE)
                ],
                None
            )
            .is_err()
        );
        assert!(
            read(
                &[
                    ("client_id", "app"),
                    ("client_assertion_type", "saml"),
                    ("client_assertion", "x")
                ],
                None
            )
            .is_err()
        );
        assert!(read(&[], None).is_err());
    }

    #[test]
    fn debug_prints_no_secret() {
        let read = read(&[("client_id", "app"), ("client_secret", "hunter2")], None).unwrap();
        assert!(!format!("{read:?}").contains("hunter2"));
    }

    proptest! {
        #[test]
        fn arbitrary_headers_never_panic(header in ".{0,60}", inner in ".{0,40}") {
            let _ = read(&[], Some(&header));
            let _ = read(&[], Some(&basic(&inner)));
        }
    }
}
