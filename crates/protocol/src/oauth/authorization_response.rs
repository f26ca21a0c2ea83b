//! The answer of the authorization endpoint, with `iss` always (RFC 9207, requirement J01).

use url::form_urlencoded;

use super::authorization_request::ResponseMode;
use super::error::WireError;
use super::redirect_uri::MatchedRedirectUri;
use crate::secret::SecretText;

/// Where and how to answer: kept from the request.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct ReturnAddress {
    /// The address that matched the registration.
    pub redirect_uri: MatchedRedirectUri,
    /// How the answer travels.
    pub response_mode: ResponseMode,
    /// Returned byte for byte.
    pub state: Option<String>,
    /// The issuer of the tenant that answers.
    pub issuer: String,
}

/// An answer on its way to the client.
#[derive(Debug, Clone)]
pub struct AuthorizationResponse {
    address: ReturnAddress,
    fields: Vec<(&'static str, SecretText)>,
}

/// What goes with a code.
#[derive(Debug, Clone)]
pub struct AuthorizationSuccess {
    /// The authorization code.
    pub code: SecretText,
    /// The home account, if the client asked for it (see [`crate::oidc::client_info`]).
    pub client_info: Option<String>,
    /// Which of the browser's sessions it was.
    pub session_state: Option<String>,
}

/// What the browser is given.
#[derive(Debug, Clone)]
pub enum Delivery {
    /// Go there (status 303, requirement A18).
    Redirect {
        /// The whole address; holds a code, so it is not to be logged.
        location: SecretText,
    },
    /// Post this form there.
    Form {
        /// Where.
        action: String,
        /// The hidden fields; values are to be escaped by the page.
        fields: Vec<(&'static str, SecretText)>,
    },
}

impl AuthorizationResponse {
    /// The sign-in went well.
    pub fn success(address: ReturnAddress, success: AuthorizationSuccess) -> Self {
        let mut fields = vec![("code", success.code)];
        fields.extend(
            success
                .client_info
                .map(|value| ("client_info", SecretText::new(value))),
        );
        fields.extend(
            success
                .session_state
                .map(|value| ("session_state", SecretText::new(value))),
        );
        Self::new(address, fields)
    }

    /// It did not, and the client may know.
    pub fn refusal(address: ReturnAddress, error: &WireError) -> Self {
        let mut fields = vec![
            ("error", SecretText::new(error.error.as_str())),
            (
                "error_description",
                SecretText::new(error.error_description.as_str()),
            ),
        ];
        fields.extend(
            error
                .error_uri
                .as_deref()
                .map(|value| ("error_uri", SecretText::new(value))),
        );
        fields.extend(
            error
                .suberror
                .as_deref()
                .map(|value| ("error_subcode", SecretText::new(value))),
        );
        fields.extend(
            error
                .claims
                .as_deref()
                .map(|value| ("claims", SecretText::new(value))),
        );
        Self::new(address, fields)
    }

    fn new(address: ReturnAddress, mut fields: Vec<(&'static str, SecretText)>) -> Self {
        fields.extend(
            address
                .state
                .as_deref()
                .map(|state| ("state", SecretText::new(state))),
        );
        fields.push(("iss", SecretText::new(address.issuer.as_str())));
        Self { address, fields }
    }

    /// What the browser is given.
    pub fn delivery(self) -> Delivery {
        let uri = self.address.redirect_uri.as_str();
        let separator = match self.address.response_mode {
            ResponseMode::FormPost => {
                return Delivery::Form {
                    action: uri.to_owned(),
                    fields: self.fields,
                };
            }
            ResponseMode::Fragment => '#',
            ResponseMode::Query if uri.contains('?') => '&',
            ResponseMode::Query => '?',
        };
        let pairs = self
            .fields
            .iter()
            .map(|(name, value)| (name, value.expose()));
        let encoded = form_urlencoded::Serializer::new(String::new())
            .extend_pairs(pairs)
            .finish();
        // The matched address is not parsed and printed again: it leaves as it was registered.
        Delivery::Redirect {
            location: SecretText::new(format!("{uri}{separator}{encoded}")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::oauth::error::{ErrorStamp, Fault};
    use crate::oauth::error_catalogue::{Channel, ErrorCode};
    use crate::oauth::parameters::Parameters;
    use crate::oauth::redirect_uri::match_exactly;

    fn address(uri: &str, response_mode: ResponseMode) -> ReturnAddress {
        ReturnAddress {
            redirect_uri: match_exactly(Some(uri), [uri]).unwrap(),
            response_mode,
            state: Some("a b&c=d#é".into()),
            issuer: "https://sts.example/t/v2.0".into(),
        }
    }

    fn success() -> AuthorizationSuccess {
        AuthorizationSuccess {
            code: SecretText::new("c-1"),
            client_info: None,
            session_state: None,
        }
    }

    fn location(response: AuthorizationResponse) -> String {
        match response.delivery() {
            Delivery::Redirect { location } => location.expose().to_owned(),
            Delivery::Form { .. } => panic!("a redirect is expected"),
        }
    }

    #[test]
    fn j01_every_answer_names_its_issuer_and_returns_the_state() {
        let stamp = ErrorStamp {
            trace_id: "t".into(),
            correlation_id: "c".into(),
            timestamp: "2026-11-22T19:10:00Z".parse().unwrap(),
            error_uri_base: None,
        };
        let error = Fault::new(ErrorCode::InvalidScope).wire(Channel::Interactive, &stamp);
        let uri = "https://app.example/cb";
        for response in [
            AuthorizationResponse::success(address(uri, ResponseMode::Query), success()),
            AuthorizationResponse::refusal(address(uri, ResponseMode::Query), &error),
        ] {
            let sent = location(response);
            let query = sent.strip_prefix("https://app.example/cb?").unwrap();
            let read = Parameters::parse(query.as_bytes()).unwrap();
            assert_eq!(read.find("iss"), Some("https://sts.example/t/v2.0"));
            assert_eq!(read.find("state"), Some("a b&c=d#é"));
            assert_eq!(read.find("code").is_some(), read.find("error").is_none());
        }
    }

    #[test]
    fn each_mode_puts_the_answer_in_its_place() {
        let sent = |uri, mode| {
            location(AuthorizationResponse::success(
                address(uri, mode),
                success(),
            ))
        };
        assert!(
            sent("https://a.example/cb", ResponseMode::Query)
                .starts_with("https://a.example/cb?code=c-1&")
        );
        assert!(
            sent("https://a.example/cb?x=1", ResponseMode::Query)
                .starts_with("https://a.example/cb?x=1&code=c-1&")
        );
        assert!(
            sent("https://a.example/cb?x=1", ResponseMode::Fragment)
                .starts_with("https://a.example/cb?x=1#code=c-1&")
        );
        let form = AuthorizationResponse::success(
            address("https://a.example/cb", ResponseMode::FormPost),
            success(),
        );
        let Delivery::Form { action, fields } = form.delivery() else {
            panic!("a form is expected")
        };
        let names: Vec<&str> = fields.iter().map(|(name, _)| *name).collect();
        assert_eq!(
            (action.as_str(), names),
            ("https://a.example/cb", vec!["code", "state", "iss"])
        );
    }

    #[test]
    fn debug_prints_no_code() {
        let response = AuthorizationResponse::success(
            address("https://a.example/cb", ResponseMode::Query),
            success(),
        );
        assert!(!format!("{response:?}").contains("c-1"));
        assert!(!format!("{:?}", response.delivery()).contains("c-1"));
    }
}
