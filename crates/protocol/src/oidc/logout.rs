//! Signing out: the client's request, the tokens and addresses by which other clients are told.

use serde::{Deserialize, Serialize};
use url::form_urlencoded;

use crate::jose::token::{TokenClaims, TokenType};
use crate::oauth::authorization_request::OPAQUE_BYTES_MAX;
use crate::oauth::error::Fault;
use crate::oauth::error_catalogue::ErrorCode;
use crate::oauth::parameters::Parameters;
use crate::oauth::redirect_uri::MatchedRedirectUri;

/// A logout request (RP-Initiated Logout §2). Nothing in it is trusted yet.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogoutRequest {
    /// An id token of ours that was given to the client; may have expired.
    pub id_token_hint: Option<String>,
    /// The account that wants to leave.
    pub logout_hint: Option<String>,
    /// The client, if the hint is missing.
    pub client_id: Option<String>,
    /// Still to be matched against the registration of the client.
    pub post_logout_redirect_uri: Option<String>,
    /// Returned byte for byte.
    pub state: Option<String>,
}

impl LogoutRequest {
    /// Reads query or form. The fault may only be shown.
    pub fn parse(parameters: &Parameters) -> Result<Self, Fault> {
        let state = parameters.find_owned("state");
        if state
            .as_ref()
            .is_some_and(|state| state.len() > OPAQUE_BYTES_MAX)
        {
            let detail = format!("state is longer than {OPAQUE_BYTES_MAX} bytes");
            return Err(Fault::with_detail(ErrorCode::InvalidUserInput, detail));
        }
        Ok(Self {
            id_token_hint: parameters.find_owned("id_token_hint"),
            logout_hint: parameters.find_owned("logout_hint"),
            client_id: parameters.find_owned("client_id"),
            post_logout_redirect_uri: parameters.find_owned("post_logout_redirect_uri"),
            state,
        })
    }
}

/// Where the browser goes when it is signed out.
pub fn post_logout_location(address: &MatchedRedirectUri, state: Option<&str>) -> String {
    match state {
        Some(state) => with_query(address.as_str(), &[("state", state)]),
        None => address.as_str().to_owned(),
    }
}

/// The address that tells one client, in a frame of the signed-out page (Front-Channel Logout §2).
pub fn front_channel_logout_url(registered: &str, issuer: &str, session_id: &str) -> String {
    with_query(registered, &[("iss", issuer), ("sid", session_id)])
}

fn with_query(address: &str, pairs: &[(&str, &str)]) -> String {
    let encoded = form_urlencoded::Serializer::new(String::new())
        .extend_pairs(pairs)
        .finish();
    let separator = if address.contains('?') { '&' } else { '?' };
    format!("{address}{separator}{encoded}")
}

/// What a back-channel logout token says (Back-Channel Logout §2.4, requirement K08). It has no `nonce`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LogoutTokenClaims {
    /// The issuer of the id token.
    pub iss: String,
    /// The client.
    pub aud: String,
    /// Signed at, seconds since 1970.
    pub iat: i64,
    /// At most [`LOGOUT_TOKEN_SECONDS`] later.
    pub exp: i64,
    /// Names this token.
    pub jti: String,
    /// The subject, as in the id token.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sub: Option<String>,
    /// The session, as in the id token.
    pub sid: String,
    /// The one event.
    pub events: LogoutEvents,
}

/// The events of a logout token: just the one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LogoutEvents {
    /// The session was ended.
    #[serde(rename = "http://schemas.openid.net/event/backchannel-logout")]
    pub backchannel_logout: EmptyObject,
}

/// An object without members.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EmptyObject {}

/// A logout token lives this long (requirement K08).
pub const LOGOUT_TOKEN_SECONDS: i64 = 120;

/// What a logout token is made from.
#[derive(Debug, Clone)]
pub struct LogoutNotice {
    /// The issuer of the id token.
    pub issuer: String,
    /// The client.
    pub client_id: String,
    /// The subject in its id token.
    pub subject: Option<String>,
    /// The session in its id token.
    pub session_id: String,
    /// A fresh unguessable name.
    pub token_id: String,
}

impl LogoutTokenClaims {
    /// The claims for one client.
    pub fn new(notice: LogoutNotice, now: jiff::Timestamp) -> Self {
        Self {
            iss: notice.issuer,
            aud: notice.client_id,
            iat: now.as_second(),
            exp: now.as_second() + LOGOUT_TOKEN_SECONDS,
            jti: notice.token_id,
            sub: notice.subject,
            sid: notice.session_id,
            events: LogoutEvents {
                backchannel_logout: EmptyObject {},
            },
        }
    }
}

impl TokenClaims for LogoutTokenClaims {
    const TOKEN_TYPE: TokenType = TokenType::LogoutToken;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::oauth::redirect_uri::match_exactly;

    #[test]
    fn k08_a_logout_token_has_the_members_of_the_standard_and_no_nonce() {
        let now = "2026-11-22T19:10:00Z".parse().unwrap();
        let notice = LogoutNotice {
            issuer: "https://sts.example/t/v2.0".into(),
            client_id: "app".into(),
            subject: Some("s".into()),
            session_id: "sid-1".into(),
            token_id: "j".into(),
        };
        let json = serde_json::to_value(LogoutTokenClaims::new(notice, now)).unwrap();
        let expected = serde_json::json!({
            "iss": "https://sts.example/t/v2.0", "aud": "app", "iat": 1_795_374_600_i64, "exp": 1_795_374_720_i64,
            "jti": "j", "sub": "s", "sid": "sid-1",
            "events": {"http://schemas.openid.net/event/backchannel-logout": {}},
        });
        assert_eq!(json, expected);
        let mut with_nonce = expected;
        with_nonce["nonce"] = "n".into();
        assert!(serde_json::from_value::<LogoutTokenClaims>(with_nonce).is_err());
    }

    #[test]
    fn clients_are_told_with_issuer_and_session() {
        assert_eq!(
            front_channel_logout_url("https://a.example/out", "https://sts/t", "s 1"),
            "https://a.example/out?iss=https%3A%2F%2Fsts%2Ft&sid=s+1"
        );
        assert_eq!(
            front_channel_logout_url("https://a.example/out?x=1", "i", "s"),
            "https://a.example/out?x=1&iss=i&sid=s"
        );
        let address = match_exactly(Some("https://a.example/"), ["https://a.example/"]).unwrap();
        assert_eq!(
            post_logout_location(&address, Some("a&b")),
            "https://a.example/?state=a%26b"
        );
        assert_eq!(post_logout_location(&address, None), "https://a.example/");
    }

    #[test]
    fn a_logout_request_is_read() {
        let parameters: Parameters = [
            ("id_token_hint", "a.b.c"),
            ("post_logout_redirect_uri", "https://a.example/"),
            ("state", "s"),
        ]
        .into_iter()
        .collect();
        let request = LogoutRequest::parse(&parameters).unwrap();
        assert_eq!(request.id_token_hint.as_deref(), Some("a.b.c"));
        let long = "s".repeat(OPAQUE_BYTES_MAX + 1);
        assert!(LogoutRequest::parse(&[("state", long.as_str())].into_iter().collect()).is_err());
    }
}
