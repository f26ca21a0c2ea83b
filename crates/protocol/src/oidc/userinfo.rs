//! The userinfo endpoint: how the access token arrives, and what is answered (OpenID Connect Core §5.3).

use serde::{Deserialize, Serialize};

use crate::oauth::parameters::Parameters;
use crate::secret::SecretText;

/// The answer, as far as the scopes reach.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserinfoResponse {
    /// The `sub` of the id token for the same client.
    pub sub: String,
    /// Display name (`profile`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Given name (`profile`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub given_name: Option<String>,
    /// Family name (`profile`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub family_name: Option<String>,
    /// Mail address (`email`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
}

/// Why no bearer token was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BearerError {
    /// There is none: challenge without an error code (RFC 6750 §3.1).
    #[error("no bearer token is given")]
    Absent,
    /// In the header and in the form, or the header is of another scheme.
    #[error("the bearer token is given twice or not as `Bearer`")]
    Malformed,
}

/// Finds the bearer token in the `Authorization` header or in the form body; never in the query (requirement K03).
pub fn find_bearer(
    authorization: Option<&str>,
    form: Option<&Parameters>,
) -> Result<SecretText, BearerError> {
    let in_form = form.and_then(|form| form.find("access_token"));
    let in_header = authorization.map(|header| match header.split_once(' ') {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("Bearer") && is_token(token) => {
            Ok(token)
        }
        Some(_) | None => Err(BearerError::Malformed),
    });
    match (in_header.transpose()?, in_form) {
        (Some(token), None) => Ok(SecretText::new(token)),
        (None, Some(token)) if is_token(token) => Ok(SecretText::new(token)),
        (None, None) => Err(BearerError::Absent),
        (Some(_) | None, Some(_)) => Err(BearerError::Malformed),
    }
}

/// RFC 6750 §2.1 `b64token`.
fn is_token(text: &str) -> bool {
    let legal = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~+/=".contains(&byte);
    !text.is_empty() && text.bytes().all(legal)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn k03_a_token_comes_in_the_header_or_in_the_body_but_not_in_both() {
        let empty = Parameters::default();
        let form: Parameters = [("access_token", "a.b.c")].into_iter().collect();
        let found = |header, form| find_bearer(header, form).map(|token| token.expose().to_owned());
        assert_eq!(found(Some("Bearer a.b.c"), None).unwrap(), "a.b.c");
        assert_eq!(found(Some("bearer a.b.c"), Some(&empty)).unwrap(), "a.b.c");
        assert_eq!(found(None, Some(&form)).unwrap(), "a.b.c");
        assert_eq!(found(None, None).unwrap_err(), BearerError::Absent);
        for header in [
            "Bearer",
            "Bearer ",
            "Basic a.b.c",
            "Bearer a b",
            "Bearer a,b",
            "",
            "a.b.c",
        ] {
            assert_eq!(
                found(Some(header), None).unwrap_err(),
                BearerError::Malformed,
                "{header}"
            );
        }
        assert_eq!(
            found(Some("Bearer a.b.c"), Some(&form)).unwrap_err(),
            BearerError::Malformed
        );
    }
}
