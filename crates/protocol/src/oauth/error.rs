//! A refusal as it leaves the house: OAuth code, number, description, ids to quote (specification 7.4).

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::error_catalogue::{Channel, ErrorCode, Suberror};

macro_rules! oauth_errors {
    ($($variant:ident $text:literal $status:literal $source:literal;)*) => {
        /// The `error` values we send, and nothing else (requirement B15).
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum OauthError {
            $(#[doc = $source] $variant,)*
        }

        impl OauthError {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The value on the wire.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text,)* }
            }

            /// The HTTP status at the token endpoint (RFC 6749 §5.2) or a protected resource (RFC 6750 §3.1).
            pub fn status(self) -> u16 {
                match self { $(Self::$variant => $status,)* }
            }
        }
    };
}

oauth_errors! {
    InvalidRequest "invalid_request" 400 "RFC 6749 §4.1.2.1, §5.2.";
    InvalidClient "invalid_client" 401 "RFC 6749 §5.2.";
    InvalidGrant "invalid_grant" 400 "RFC 6749 §5.2.";
    UnauthorizedClient "unauthorized_client" 400 "RFC 6749 §4.1.2.1, §5.2.";
    UnsupportedGrantType "unsupported_grant_type" 400 "RFC 6749 §5.2.";
    UnsupportedResponseType "unsupported_response_type" 400 "RFC 6749 §4.1.2.1.";
    InvalidScope "invalid_scope" 400 "RFC 6749 §4.1.2.1, §5.2.";
    AccessDenied "access_denied" 403 "RFC 6749 §4.1.2.1.";
    ServerError "server_error" 500 "RFC 6749 §4.1.2.1.";
    TemporarilyUnavailable "temporarily_unavailable" 503 "RFC 6749 §4.1.2.1.";
    InteractionRequired "interaction_required" 400 "OpenID Connect Core §3.1.2.6.";
    LoginRequired "login_required" 400 "OpenID Connect Core §3.1.2.6.";
    ConsentRequired "consent_required" 400 "OpenID Connect Core §3.1.2.6.";
    AccountSelectionRequired "account_selection_required" 400 "OpenID Connect Core §3.1.2.6.";
    RequestNotSupported "request_not_supported" 400 "OpenID Connect Core §3.1.2.6.";
    RequestUriNotSupported "request_uri_not_supported" 400 "OpenID Connect Core §3.1.2.6.";
    UnmetAuthenticationRequirements "unmet_authentication_requirements" 400 "OpenID Connect unmet authentication requirements.";
    InvalidToken "invalid_token" 401 "RFC 6750 §3.1.";
    InsufficientScope "insufficient_scope" 403 "RFC 6750 §3.1.";
}

/// A refusal before it is stamped and sent: what the parsers of this crate and the use cases above return.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The numbered reason.
    pub code: ErrorCode,
    /// What exactly, for the developer of the client; empty if the reason says it all. Never a secret.
    pub detail: String,
    /// A claims challenge the client is to send back to the authorization endpoint.
    pub claims: Option<String>,
}

impl Fault {
    /// A refusal whose reason says it all.
    pub fn new(code: ErrorCode) -> Self {
        Self {
            code,
            detail: String::new(),
            claims: None,
        }
    }

    /// A refusal that names what exactly is wrong.
    pub fn with_detail(code: ErrorCode, detail: impl Into<String>) -> Self {
        Self {
            code,
            detail: detail.into(),
            claims: None,
        }
    }

    /// Adds the claims challenge (specification 7.10).
    #[must_use]
    pub fn challenging(mut self, claims: impl Into<String>) -> Self {
        self.claims = Some(claims.into());
        self
    }

    /// What it is when it leaves through this channel.
    pub fn wire(&self, channel: Channel, stamp: &ErrorStamp) -> WireError {
        let detail = match self.detail.as_str() {
            "" => self.code.summary().to_owned(),
            detail => format!("{} ({detail})", self.code.summary()),
        };
        let number = self.code.number();
        let timestamp = stamp.timestamp.strftime("%Y-%m-%d %H:%M:%SZ").to_string();
        // Spaces where older servers have line ends: RFC 6749 §5.2 allows no control characters.
        let description = format!(
            "AADSTS{number}: {detail} Trace ID: {} Correlation ID: {} Timestamp: {timestamp}",
            stamp.trace_id, stamp.correlation_id
        );
        WireError {
            error: self.code.oauth_error(channel),
            error_description: legal_description(&description),
            error_codes: vec![number],
            timestamp,
            trace_id: stamp.trace_id.clone(),
            correlation_id: stamp.correlation_id.clone(),
            error_uri: stamp
                .error_uri_base
                .as_ref()
                .map(|base| format!("{base}/error?code={number}")),
            suberror: self
                .code
                .suberror(channel)
                .map(|suberror| Suberror::as_str(suberror).to_owned()),
            claims: self.claims.clone(),
        }
    }
}

impl From<ErrorCode> for Fault {
    fn from(code: ErrorCode) -> Self {
        Self::new(code)
    }
}

/// What ties an answer to the rows of the log.
#[derive(Debug, Clone)]
pub struct ErrorStamp {
    /// Id of this request.
    pub trace_id: String,
    /// Id of the whole sign-in, over all its requests.
    pub correlation_id: String,
    /// When.
    pub timestamp: Timestamp,
    /// Public base address, for `error_uri`.
    pub error_uri_base: Option<String>,
}

/// The JSON body of a refusal at the token endpoint; its first members also travel on redirects.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WireError {
    /// The OAuth code.
    pub error: OauthError,
    /// `AADSTS<n>: …` and the ids.
    pub error_description: String,
    /// The number again, for programs.
    pub error_codes: Vec<u32>,
    /// When, `2026-11-22 19:10:00Z`.
    pub timestamp: String,
    /// Id of this request.
    pub trace_id: String,
    /// Id of the whole sign-in.
    pub correlation_id: String,
    /// Where the number is explained.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error_uri: Option<String>,
    /// What a client library should do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub suberror: Option<String>,
    /// Claims challenge, JSON.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub claims: Option<String>,
}

/// Holds iff RFC 6749 §5.2 allows the character in `error_description`.
pub fn is_description_character(character: char) -> bool {
    matches!(character, '\x20'..='\x21' | '\x23'..='\x5b' | '\x5d'..='\x7e')
}

/// What was echoed from the request may hold anything; what leaves may not.
fn legal_description(text: &str) -> String {
    let legal = |character| match character {
        '"' => '\'',
        other if is_description_character(other) => other,
        _ => '?',
    };
    text.chars()
        .take(DESCRIPTION_CHARACTERS_MAX)
        .map(legal)
        .collect()
}

const DESCRIPTION_CHARACTERS_MAX: usize = 1000;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn stamp() -> ErrorStamp {
        ErrorStamp {
            trace_id: "t-1".into(),
            correlation_id: "c-1".into(),
            timestamp: "2026-11-22T19:10:00.5Z".parse().unwrap(),
            error_uri_base: Some("https://sts.example".into()),
        }
    }

    #[test]
    fn a_refusal_has_the_shape_clients_know() {
        let fault = Fault::new(ErrorCode::UserStrongAuthClientAuthNRequired)
            .challenging(r#"{"access_token":{"capolids":{"essential":true,"values":["p"]}}}"#);
        let json = serde_json::to_value(fault.wire(Channel::Token, &stamp())).unwrap();
        let expected = serde_json::json!({
            "error": "interaction_required",
            "error_description": "AADSTS50076: A second step is required for this application. Trace ID: t-1 Correlation ID: c-1 Timestamp: 2026-11-22 19:10:00Z",
            "error_codes": [50076],
            "timestamp": "2026-11-22 19:10:00Z",
            "trace_id": "t-1",
            "correlation_id": "c-1",
            "error_uri": "https://sts.example/error?code=50076",
            "suberror": "basic_action",
            "claims": r#"{"access_token":{"capolids":{"essential":true,"values":["p"]}}}"#,
        });
        assert_eq!(json, expected);
    }

    #[test]
    fn wire_names_and_serde_names_agree() {
        for error in OauthError::ALL {
            assert_eq!(serde_json::to_value(error).unwrap(), error.as_str());
        }
    }

    proptest! {
        #[test]
        fn b15_descriptions_hold_only_legal_characters(detail in ".{0,80}", control in "[\r\n\t\"\\\\é]{0,8}") {
            let fault = Fault::with_detail(ErrorCode::InvalidUserInput, format!("{detail}{control}"));
            let wire = fault.wire(Channel::Token, &stamp());
            prop_assert!(wire.error_description.chars().all(is_description_character));
        }
    }
}
