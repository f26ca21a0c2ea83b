//! The authorization request, read in two stages so that an open redirect does not type-check.
//!
//! [`AuthorizationTarget`] is who asks and where the answer would go: a fault in it is only ever shown.
//! When the client and the redirect URI are known to be good, [`AuthorizationRequest`] is the rest: a fault in it
//! may be told to the client (RFC 6749 §4.1.2.1).

use serde::{Deserialize, Serialize};

use super::claims_request::ClaimsRequest;
use super::error::Fault;
use super::error_catalogue::ErrorCode;
use super::parameters::{Parameters, ParametersError};
use super::pkce::CodeChallenge;
use super::scope::Scopes;

/// `state` and `nonce` may not be longer than this (requirement A17).
pub const OPAQUE_BYTES_MAX: usize = 1024;

/// Stage one: who asks, and where they say the answer should go. Nothing here is trusted yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuthorizationTarget {
    /// The client it claims to be.
    pub client_id: String,
    /// Still to be matched, see [`super::redirect_uri::match_exactly`].
    pub redirect_uri: Option<String>,
    /// Returned byte for byte.
    pub state: Option<String>,
    /// How to answer; `query` also when the requested one makes no sense, which stage two refuses.
    pub response_mode: ResponseMode,
}

impl AuthorizationTarget {
    /// Reads stage one. The fault may only be shown.
    pub fn parse(parameters: &Parameters) -> Result<Self, Fault> {
        let client_id = parameters
            .find("client_id")
            .ok_or_else(|| missing("client_id"))?;
        Ok(Self {
            client_id: client_id.to_owned(),
            redirect_uri: parameters.find_owned("redirect_uri"),
            state: opaque(parameters, "state")?,
            response_mode: parameters
                .find("response_mode")
                .and_then(ResponseMode::find)
                .unwrap_or_default(),
        })
    }
}

/// How the answer travels (OAuth 2.0 Multiple Response Types, Form Post Response Mode).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ResponseMode {
    /// In the query of the redirect URI.
    #[default]
    Query,
    /// In its fragment.
    Fragment,
    /// In a form that the browser posts.
    FormPost,
}

impl ResponseMode {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Query, Self::Fragment, Self::FormPost];

    /// The value on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Query => "query",
            Self::Fragment => "fragment",
            Self::FormPost => "form_post",
        }
    }

    fn find(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|mode| mode.as_str() == text)
    }
}

/// What the client wants to be shown (`prompt`).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Prompt {
    /// Nothing said: whatever is needed.
    #[default]
    WhenNeeded,
    /// `none`: no page at all.
    Never,
    /// Any of `login`, `consent`, `select_account`.
    Always(PromptedPages),
}

/// The pages a client insists on.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PromptedPages {
    /// `login`: sign in anew, no session counts.
    pub login: bool,
    /// `consent`: ask again.
    pub consent: bool,
    /// `select_account`: choose the account.
    pub select_account: bool,
}

impl Prompt {
    fn parse(text: Option<&str>) -> Result<Self, Fault> {
        let Some(text) = text else {
            return Ok(Self::WhenNeeded);
        };
        let mut pages = PromptedPages::default();
        let words: Vec<&str> = text.split(' ').filter(|word| !word.is_empty()).collect();
        if words == ["none"] {
            return Ok(Self::Never);
        }
        for word in &words {
            match *word {
                "login" => pages.login = true,
                "consent" => pages.consent = true,
                "select_account" => pages.select_account = true,
                "none" => return Err(invalid("prompt=none goes with nothing else")),
                _ => {
                    return Err(invalid(
                        "prompt is not login, none, consent or select_account",
                    ));
                }
            }
        }
        Ok(if words.is_empty() {
            Self::WhenNeeded
        } else {
            Self::Always(pages)
        })
    }

    /// Holds iff no page may be shown.
    pub fn is_silent(self) -> bool {
        match self {
            Self::Never => true,
            Self::WhenNeeded | Self::Always(_) => false,
        }
    }

    /// The pages the client insists on.
    pub fn pages(self) -> PromptedPages {
        match self {
            Self::Always(pages) => pages,
            Self::WhenNeeded | Self::Never => PromptedPages::default(),
        }
    }
}

/// Stage two: what is asked for. It can be kept over the requests of one sign-in and read back unchanged (J07).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuthorizationRequest {
    /// How to answer; whether this client may ask so is the caller's to check (A16).
    pub response_mode: ResponseMode,
    /// What is asked for.
    pub scopes: Scopes,
    /// What the client wants to be shown.
    pub prompt: Prompt,
    /// Echoed in the id token, byte for byte.
    pub nonce: Option<String>,
    /// The age of the sign-in the client will take.
    pub max_age_seconds: Option<u64>,
    /// The account it expects.
    pub login_hint: Option<String>,
    /// The organization it expects the account in (`domain_hint`, or `whr`).
    pub domain_hint: Option<DomainHint>,
    /// Claims it wants or demands.
    pub claims: ClaimsRequest,
    /// Authentication context class references it would like, in order.
    pub acr_values: Vec<String>,
    /// S256 challenge; whether one is required is the caller's to check (B01).
    pub code_challenge: Option<CodeChallenge>,
    /// An id token of ours for the user it expects; still to be verified (A24).
    pub id_token_hint: Option<String>,
    /// The client wants to know the home account (`client_info=1`).
    pub client_info: bool,
}

/// Where the account is expected to live.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DomainHint {
    /// Some organization's account.
    Organizations,
    /// Nobody's but their own; there are none such here.
    Consumers,
    /// The organization with this domain or id, in lower case.
    Domain(String),
}

impl AuthorizationRequest {
    /// Reads stage two. The fault may be told to the client at its matched redirect URI.
    pub fn parse(parameters: &Parameters) -> Result<Self, Fault> {
        check_response_type(parameters)?;
        if parameters.find("request").is_some() {
            return Err(ErrorCode::RequestParameterNotSupported.into());
        }
        if parameters.find("request_uri").is_some() {
            return Err(ErrorCode::RequestUriParameterNotSupported.into());
        }
        Ok(Self {
            response_mode: response_mode(parameters)?,
            scopes: Scopes::parse(parameters.find("scope"))?,
            prompt: Prompt::parse(parameters.find("prompt"))?,
            nonce: opaque(parameters, "nonce")?,
            max_age_seconds: max_age(parameters)?,
            login_hint: bounded_hint(parameters, "login_hint"),
            domain_hint: domain_hint(parameters),
            claims: ClaimsRequest::parse(parameters.find("claims"))?,
            acr_values: acr_values(parameters)?,
            code_challenge: CodeChallenge::parse(parameters)?,
            id_token_hint: parameters.find_owned("id_token_hint"),
            client_info: parameters.find("client_info") == Some("1"),
        })
    }
}

fn check_response_type(parameters: &Parameters) -> Result<(), Fault> {
    match parameters.find("response_type") {
        Some("code") => Ok(()),
        None => Err(missing("response_type")),
        // No access or id token over the front channel (requirement A13).
        Some(_) => Err(ErrorCode::UnsupportedResponseType.into()),
    }
}

fn response_mode(parameters: &Parameters) -> Result<ResponseMode, Fault> {
    match parameters.find("response_mode") {
        None => Ok(ResponseMode::Query),
        Some(text) => {
            ResponseMode::find(text).ok_or_else(|| ErrorCode::UnsupportedResponseMode.into())
        }
    }
}

fn max_age(parameters: &Parameters) -> Result<Option<u64>, Fault> {
    let digits = |text: &str| text.len() <= 10 && text.bytes().all(|byte| byte.is_ascii_digit());
    match parameters.find("max_age") {
        None => Ok(None),
        Some(text) if digits(text) => text
            .parse()
            .map(Some)
            .map_err(|_| invalid("max_age is not a number of seconds")),
        Some(_) => Err(invalid("max_age is not a number of seconds")),
    }
}

fn acr_values(parameters: &Parameters) -> Result<Vec<String>, Fault> {
    let words = parameters.find("acr_values").unwrap_or_default().split(' ');
    let words: Vec<String> = words
        .filter(|word| !word.is_empty())
        .map(str::to_owned)
        .collect();
    if words.len() > ACR_VALUES_MAX {
        Err(invalid("acr_values has too many words"))
    } else {
        Ok(words)
    }
}

const ACR_VALUES_MAX: usize = 20;

/// A hint never breaks a sign-in (requirement A25): one that makes no sense is dropped.
fn bounded_hint(parameters: &Parameters, name: &str) -> Option<String> {
    let hint = parameters.find(name)?.trim();
    let sensible =
        !hint.is_empty() && hint.len() <= HINT_BYTES_MAX && !hint.chars().any(char::is_control);
    sensible.then(|| hint.to_owned())
}

const HINT_BYTES_MAX: usize = 320;

fn domain_hint(parameters: &Parameters) -> Option<DomainHint> {
    let hint =
        bounded_hint(parameters, "domain_hint").or_else(|| bounded_hint(parameters, "whr"))?;
    Some(match hint.to_lowercase().as_str() {
        "organizations" => DomainHint::Organizations,
        "consumers" => DomainHint::Consumers,
        domain => DomainHint::Domain(domain.to_owned()),
    })
}

/// A value that is returned byte for byte, or refused: never cut (requirement A17).
fn opaque(parameters: &Parameters, name: &str) -> Result<Option<String>, Fault> {
    match parameters.find(name) {
        Some(value) if value.len() > OPAQUE_BYTES_MAX => Err(invalid(format!(
            "{name} is longer than {OPAQUE_BYTES_MAX} bytes"
        ))),
        value => Ok(value.map(str::to_owned)),
    }
}

pub(crate) fn missing(name: &str) -> Fault {
    Fault::with_detail(ErrorCode::MissingRequiredParameter, name)
}

fn invalid(detail: impl Into<String>) -> Fault {
    Fault::with_detail(ErrorCode::InvalidUserInput, detail)
}

impl From<ParametersError> for Fault {
    fn from(error: ParametersError) -> Self {
        let code = match &error {
            ParametersError::Repeated { .. } => ErrorCode::DuplicateParameter,
            ParametersError::TooLong
            | ParametersError::TooMany
            | ParametersError::ValueTooLong { .. }
            | ParametersError::NotUtf8 => ErrorCode::InvalidUserInput,
        };
        Self::with_detail(code, error.to_string())
    }
}

#[cfg(test)]
mod tests;
