//! Decides whether an address may be returned to: exact strings, loopback ports aside (RFC 9700 §2.1, RFC 8252 §7.3).

use serde::{Deserialize, Serialize};

use super::error::Fault;
use super::error_catalogue::ErrorCode;

/// A redirect URI may not be longer than this.
pub const BYTES_MAX: usize = 2048;

/// An address that was matched against the registration: the only kind an answer can be sent to.
///
/// INVARIANT (matched redirect): made by [`match_exactly`] alone. It can be stored and read back, because a
/// sign-in lasts over several requests; nothing that comes from a browser may be deserialised into it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct MatchedRedirectUri(String);

impl MatchedRedirectUri {
    /// The address as the client sent it, byte for byte.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Finds where to answer. The fault may only be shown: nothing may be sent to an address that did not match.
///
/// Without a requested address the registered one is meant, if there is just one (requirement A05).
pub fn match_exactly<'a>(
    requested: Option<&str>,
    registered: impl IntoIterator<Item = &'a str>,
) -> Result<MatchedRedirectUri, Fault> {
    let mut registered = registered.into_iter();
    let Some(requested) = requested else {
        return match (registered.next(), registered.next()) {
            (Some(only), None) if check_registrable(only).is_ok() => {
                Ok(MatchedRedirectUri(only.to_owned()))
            }
            (_, _) => Err(ErrorCode::NoReplyAddress.into()),
        };
    };
    let matches = |candidate: &str| {
        check_registrable(candidate).is_ok()
            && (candidate == requested || is_same_loopback(candidate, requested))
    };
    if requested.len() <= BYTES_MAX && registered.any(matches) {
        Ok(MatchedRedirectUri(requested.to_owned()))
    } else {
        Err(ErrorCode::InvalidReplyTo.into())
    }
}

/// Why an address cannot be registered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RegistrationError {
    /// Not an absolute URI of visible ASCII characters, or too long.
    #[error("a redirect URI is an absolute URI of at most {BYTES_MAX} visible ASCII characters")]
    Malformed,
    /// Wildcards are not representable (requirement A04).
    #[error("a redirect URI has no wildcard `*`; register each address")]
    Wildcard,
    /// A fragment would swallow the answer (RFC 6749 §3.1.2).
    #[error("a redirect URI has no fragment `#`")]
    Fragment,
    /// User information misleads people about the host.
    #[error("a redirect URI has no user information before the host")]
    UserInformation,
    /// `http` to another machine (requirement A03).
    #[error("`http` is allowed for loopback addresses only; use `https`")]
    PlainHttp,
    /// `javascript:`, `data:` and their like (requirement A03).
    #[error(
        "this URI scheme runs or reads something in the browser; use `https` or a scheme of the application"
    )]
    DangerousScheme,
}

/// Holds iff the address may be registered (requirements A03, A04). Registered addresses that fail never match.
pub fn check_registrable(uri: &str) -> Result<(), RegistrationError> {
    if uri.len() > BYTES_MAX
        || !uri.bytes().all(|byte| byte.is_ascii_graphic())
        || uri.contains('\\')
    {
        return Err(RegistrationError::Malformed);
    }
    if uri.contains('*') {
        return Err(RegistrationError::Wildcard);
    }
    if uri.contains('#') {
        return Err(RegistrationError::Fragment);
    }
    let parsed = url::Url::parse(uri).map_err(|_| RegistrationError::Malformed)?;
    if !parsed.username().is_empty() || parsed.password().is_some() {
        return Err(RegistrationError::UserInformation);
    }
    match parsed.scheme() {
        "https" => Ok(()),
        "http" if split_loopback(uri).is_some() => Ok(()),
        "http" => Err(RegistrationError::PlainHttp),
        scheme if DANGEROUS_SCHEMES.contains(&scheme) => Err(RegistrationError::DangerousScheme),
        // A private-use scheme of a native application (RFC 8252 §7.1).
        _ => Ok(()),
    }
}

/// Schemes that a browser or a system handles by itself.
const DANGEROUS_SCHEMES: [&str; 22] = [
    "about",
    "blob",
    "chrome",
    "content",
    "data",
    "feed",
    "file",
    "filesystem",
    "ftp",
    "intent",
    "jar",
    "javascript",
    "livescript",
    "mailto",
    "mocha",
    "ms-settings",
    "resource",
    "tel",
    "vbscript",
    "view-source",
    "ws",
    "wss",
];

/// Holds iff both are the same loopback address but for the port.
///
/// The literal addresses by RFC 8252 §7.3; the name `localhost` because MSAL registers it that way. Both texts
/// must have the same host spelling and the same path and query, byte for byte; an empty path is `/`.
fn is_same_loopback(registered: &str, requested: &str) -> bool {
    match (split_loopback(registered), split_loopback(requested)) {
        (Some(registered), Some(requested)) => registered == requested,
        (None, _) | (_, None) => false,
    }
}

/// Host and rest of a plain loopback address, the port taken out.
fn split_loopback(uri: &str) -> Option<(&'static str, &str)> {
    LOOPBACK_ORIGINS.iter().find_map(|origin| {
        let rest = uri.strip_prefix(origin)?;
        let rest = match rest.strip_prefix(':') {
            None => rest,
            Some(with_port) => {
                let path =
                    with_port.trim_start_matches(|character: char| character.is_ascii_digit());
                let port = with_port.strip_suffix(path)?;
                (port.len() <= 5 && port.parse::<u16>().is_ok_and(|port| port > 0))
                    .then_some(path)?
            }
        };
        match rest {
            "" | "/" => Some((*origin, "/")),
            rest if rest.starts_with(['/', '?']) => Some((*origin, rest)),
            // Anything else continues the host: `localhost.evil`, `127.0.0.1@evil`.
            _ => None,
        }
    })
}

const LOOPBACK_ORIGINS: [&str; 3] = ["http://127.0.0.1", "http://[::1]", "http://localhost"];

#[cfg(test)]
mod tests;
