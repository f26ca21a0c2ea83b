//! Our cookies: their names, what they may hold, and how they are set (requirement S01).

use cookie::{Cookie, SameSite};
use http::header::{COOKIE, HeaderMap};
use portcullis_model::Timestamp;
use portcullis_model::id::TenantId;
use portcullis_model::secret::SecretText;
use portcullis_signin::page::{CookieChange, Cookies};

/// How cookies are protected on the way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Transport {
    /// HTTPS, by ourselves or by a trusted proxy: `Secure`, and the `__Host-` prefix.
    Encrypted,
    /// Plain HTTP, which we speak on loopback only.
    PlainLoopback,
}

/// Longest `Cookie` header that is looked at; a longer one is no cookie at all (requirement S15).
const HEADER_BYTES_MAX: usize = 16 * 1024;
/// Values are base64url of at least 128 bits.
const VALUE_BYTES: std::ops::RangeInclusive<usize> = 22..=128;
/// Accounts of one tenant in one browser.
const SESSIONS_MAX: usize = 5;

impl Transport {
    fn name(self, rest: &str) -> String {
        match self {
            Self::Encrypted => format!("__Host-portcullis-{rest}"),
            Self::PlainLoopback => format!("portcullis-{rest}"),
        }
    }

    fn is_secure(self) -> bool {
        match self {
            Self::Encrypted => true,
            Self::PlainLoopback => false,
        }
    }

    /// The `Set-Cookie` value of a change.
    pub fn set_cookie(self, change: &CookieChange, now: Timestamp) -> String {
        let (name, value, max_age) = match change {
            CookieChange::SetFlow(value) => (self.name("flow"), value.expose().to_owned(), None),
            CookieChange::SetSessions {
                tenant,
                values,
                expires_at,
            } => {
                let joined: Vec<&str> = values.iter().map(SecretText::expose).collect();
                let max_age = if joined.is_empty() {
                    Some(0)
                } else {
                    expires_at.map(|at| (at.as_second() - now.as_second()).max(0))
                };
                (self.session_name(*tenant), joined.join("."), max_age)
            }
        };
        let mut cookie = Cookie::build((name, value))
            .path("/")
            .http_only(true)
            .secure(self.is_secure())
            .same_site(SameSite::Lax)
            .build();
        cookie.set_max_age(max_age.map(cookie::time::Duration::seconds));
        cookie.to_string()
    }

    fn session_name(self, tenant: TenantId) -> String {
        self.name(&format!("session-{tenant}"))
    }
}

/// The cookies of one request.
#[derive(Debug)]
pub struct RequestCookies {
    transport: Transport,
    pairs: Vec<(String, SecretText)>,
}

impl RequestCookies {
    /// Reads the headers. What is not one of our names, or has not our form, is absent.
    pub fn read(headers: &HeaderMap, transport: Transport) -> Self {
        let prefix = transport.name("");
        let mut pairs: Vec<(String, SecretText)> = Vec::new();
        let values = headers.get_all(COOKIE);
        let size: usize = values.iter().map(|value| value.as_bytes().len()).sum();
        if size <= HEADER_BYTES_MAX {
            for value in values.iter().filter_map(|value| value.to_str().ok()) {
                for cookie in Cookie::split_parse(value).flatten() {
                    if cookie.name().starts_with(&prefix) {
                        pairs.push((cookie.name().to_owned(), SecretText::new(cookie.value())));
                    }
                }
            }
        }
        Self { transport, pairs }
    }

    /// The value of a name; `None` also when somebody planted a second one.
    fn only(&self, name: &str) -> Option<&str> {
        let mut found = self.pairs.iter().filter(|(known, _)| known == name);
        let (_, value) = found.next()?;
        found.next().is_none().then(|| value.expose())
    }
}

impl Cookies for RequestCookies {
    fn flow(&self) -> Option<SecretText> {
        let value = self.only(&self.transport.name("flow"))?;
        is_ours(value).then(|| SecretText::new(value))
    }

    fn sessions(&self, tenant: TenantId) -> Vec<SecretText> {
        let name = self.transport.session_name(tenant);
        let values: Vec<&str> = self
            .only(&name)
            .map(|joined| joined.split('.').take(SESSIONS_MAX + 1).collect())
            .unwrap_or_default();
        if values.len() > SESSIONS_MAX || !values.iter().all(|value| is_ours(value)) {
            return Vec::new();
        }
        values.into_iter().map(SecretText::new).collect()
    }
}

fn is_ours(value: &str) -> bool {
    let is_base64url = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    VALUE_BYTES.contains(&value.len()) && value.bytes().all(is_base64url)
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    const FIRST: &str = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    const SECOND: &str = "BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBB";

    fn tenant(number: u128) -> TenantId {
        TenantId::new(uuid::Uuid::from_u128(number))
    }

    fn read(header: &str) -> RequestCookies {
        let mut headers = HeaderMap::new();
        headers.insert(COOKIE, HeaderValue::from_str(header).unwrap());
        RequestCookies::read(&headers, Transport::Encrypted)
    }

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn s01_cookies_are_bound_to_the_host_hidden_from_scripts_and_lax() {
        let now = at("2026-11-22T20:00:00Z");
        let flow = CookieChange::SetFlow(SecretText::new(FIRST));
        assert_eq!(
            Transport::Encrypted.set_cookie(&flow, now),
            format!("__Host-portcullis-flow={FIRST}; HttpOnly; SameSite=Lax; Secure; Path=/")
        );
        let sessions = |values: &[&str], expires_at| CookieChange::SetSessions {
            tenant: tenant(1),
            values: values.iter().copied().map(SecretText::new).collect(),
            expires_at,
        };
        let name = format!("__Host-portcullis-session-{}", tenant(1));
        let persistent = sessions(&[FIRST, SECOND], Some(at("2026-11-22T20:01:00Z")));
        assert_eq!(
            Transport::Encrypted.set_cookie(&persistent, now),
            format!("{name}={FIRST}.{SECOND}; HttpOnly; SameSite=Lax; Secure; Path=/; Max-Age=60")
        );
        assert_eq!(
            Transport::Encrypted.set_cookie(&sessions(&[], None), now),
            format!("{name}=; HttpOnly; SameSite=Lax; Secure; Path=/; Max-Age=0")
        );
        let plain = Transport::PlainLoopback.set_cookie(&flow, now);
        assert_eq!(
            plain,
            format!("portcullis-flow={FIRST}; HttpOnly; SameSite=Lax; Path=/")
        );
    }

    #[test]
    fn s06_a_session_cookie_counts_in_its_own_tenant_only() {
        let name = format!("__Host-portcullis-session-{}", tenant(1));
        let cookies = read(&format!("{name}={FIRST}.{SECOND}; other=1"));
        let values = cookies.sessions(tenant(1));
        assert_eq!(
            values.iter().map(SecretText::expose).collect::<Vec<_>>(),
            [FIRST, SECOND]
        );
        assert!(cookies.sessions(tenant(2)).is_empty());
        assert!(cookies.flow().is_none());
    }

    #[test]
    fn s15_malformed_oversized_doubled_or_unprefixed_cookies_are_absent() {
        assert_eq!(
            read(&format!("__Host-portcullis-flow={FIRST}"))
                .flow()
                .unwrap()
                .expose(),
            FIRST
        );
        for header in [
            String::new(),
            "__Host-portcullis-flow".to_owned(),
            "__Host-portcullis-flow=".to_owned(),
            "__Host-portcullis-flow=short".to_owned(),
            format!("__Host-portcullis-flow={}", "A".repeat(129)),
            format!("__Host-portcullis-flow={FIRST}%00"),
            format!("__Host-portcullis-flow={FIRST}; __Host-portcullis-flow={SECOND}"),
            format!("portcullis-flow={FIRST}"),
            format!("__Host-portcullis-flow={FIRST}; pad={}", "x".repeat(17_000)),
        ] {
            assert!(read(&header).flow().is_none(), "{header}");
        }
        let name = format!("__Host-portcullis-session-{}", tenant(1));
        for value in ["", ".", &[FIRST; 6].join("."), &format!("{FIRST}.x")] {
            assert!(
                read(&format!("{name}={value}"))
                    .sessions(tenant(1))
                    .is_empty(),
                "{value}"
            );
        }
    }
}
