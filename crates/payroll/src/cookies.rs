//! The one cookie of an application: which browser it is talking to, and nothing else.

use axum::http::HeaderMap;
use axum::http::header::COOKIE;
use cookie::{Cookie, SameSite};
use openidconnect::CsrfToken;

/// The name and reach of an application's cookie.
#[derive(Debug, Clone)]
pub(crate) struct BrowserCookie {
    name: String,
    path: String,
    secure: bool,
}

impl BrowserCookie {
    /// Applications under one host keep to their own paths and names.
    pub(crate) fn new(application_path: &str, public_scheme: &str) -> Self {
        let suffix = application_path.replace('/', "_");
        let path = if application_path.is_empty() {
            "/"
        } else {
            application_path
        };
        Self {
            name: format!("sample_browser{suffix}"),
            path: path.to_owned(),
            secure: public_scheme == "https",
        }
    }

    /// The browser's id, if it has one of the right form.
    pub(crate) fn find(&self, headers: &HeaderMap) -> Option<String> {
        let headers = headers
            .get_all(COOKIE)
            .iter()
            .filter_map(|header| header.to_str().ok());
        let mut cookies = headers.flat_map(Cookie::split_parse).filter_map(Result::ok);
        let ours = cookies.find(|cookie| cookie.name() == self.name)?;
        let id = ours.value();
        (id.len() == ID_CHARACTERS && id.bytes().all(is_base64url)).then(|| id.to_owned())
    }

    /// The header that gives the browser its id.
    pub(crate) fn set(&self, id: &str) -> String {
        Cookie::build((self.name.as_str(), id))
            .path(self.path.as_str())
            .http_only(true)
            .same_site(SameSite::Lax)
            .secure(self.secure)
            .build()
            .to_string()
    }
}

/// A fresh unguessable id: 256 bits.
pub(crate) fn fresh_id() -> String {
    CsrfToken::new_random_len(32).into_secret()
}

/// base64url of 32 octets.
const ID_CHARACTERS: usize = 43;

fn is_base64url(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_'
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cookie_that_was_set_is_found_again_and_a_strange_one_is_not() {
        let cookie = BrowserCookie::new("/vault", "https");
        let id = fresh_id();
        let set = cookie.set(&id);
        for part in [
            "sample_browser_vault=",
            "HttpOnly",
            "SameSite=Lax",
            "Secure",
            "Path=/vault",
        ] {
            assert!(set.contains(part), "{set}");
        }
        let headers = |text: &str| HeaderMap::from_iter([(COOKIE, text.parse().unwrap())]);
        assert_eq!(
            cookie.find(&headers(&format!("a=b; sample_browser_vault={id}"))),
            Some(id.clone())
        );
        assert_eq!(cookie.find(&headers(&format!("sample_browser={id}"))), None);
        assert_eq!(cookie.find(&headers("sample_browser_vault=short")), None);
        assert_eq!(cookie.find(&HeaderMap::new()), None);
        assert!(!BrowserCookie::new("", "http").set(&id).contains("Secure"));
    }
}
