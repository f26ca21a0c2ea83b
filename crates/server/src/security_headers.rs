//! The headers that keep pages out of frames, scripts out of pages, and answers out of caches.

use http::HeaderValue;
use http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, HeaderMap, HeaderName, REFERRER_POLICY,
    STRICT_TRANSPORT_SECURITY, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use url::Url;

use crate::cookies::Transport;
use crate::page::Rendered;

/// What answers that are no pages may do: nothing.
const NOTHING_AT_ALL: &str =
    "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'";

const PERMISSIONS_POLICY: HeaderName = HeaderName::from_static("permissions-policy");
const OPENER_POLICY: HeaderName = HeaderName::from_static("cross-origin-opener-policy");

/// The policy of one page: our own style, pictures and one script; forms to ourselves and to where this sign-in ends.
pub fn page_policy(page: &Rendered) -> Option<HeaderValue> {
    let mut policy =
        "default-src 'none'; style-src 'self'; img-src 'self'; script-src 'self'; base-uri 'none'; frame-ancestors 'none'"
            .to_owned();
    policy.push_str("; form-action 'self'");
    push_sources(&mut policy, &page.form_targets);
    if !page.frame_sources.is_empty() {
        policy.push_str("; frame-src");
        push_sources(&mut policy, &page.frame_sources);
    }
    HeaderValue::try_from(policy).ok()
}

fn push_sources(policy: &mut String, addresses: &[String]) {
    let mut sources: Vec<String> = addresses
        .iter()
        .filter_map(|address| source(address))
        .collect();
    sources.sort();
    sources.dedup();
    for source in sources {
        policy.push(' ');
        policy.push_str(&source);
    }
}

/// The source expression that an address falls under: its origin, or its scheme where a policy has no word for the host.
fn source(address: &str) -> Option<String> {
    let url = Url::parse(address).ok()?;
    let scheme = url.scheme();
    match (scheme, url.host()) {
        // CSP has no syntax for IPv6 hosts.
        ("http" | "https", Some(url::Host::Ipv6(_))) => Some(format!("{scheme}:")),
        ("http" | "https", Some(_)) => Some(url.origin().ascii_serialization()),
        ("javascript" | "data" | "blob" | "file", _) => None,
        _ => Some(format!("{scheme}:")),
    }
}

/// Adds what every answer carries; what a handler has set stays.
pub fn complete(headers: &mut HeaderMap, transport: Transport) {
    let mut set = |name: HeaderName, value: &'static str| {
        headers
            .entry(name)
            .or_insert(HeaderValue::from_static(value));
    };
    set(CONTENT_SECURITY_POLICY, NOTHING_AT_ALL);
    set(X_FRAME_OPTIONS, "DENY");
    set(X_CONTENT_TYPE_OPTIONS, "nosniff");
    set(REFERRER_POLICY, "no-referrer");
    set(CACHE_CONTROL, "no-store");
    set(OPENER_POLICY, "same-origin");
    set(
        PERMISSIONS_POLICY,
        "camera=(), geolocation=(), microphone=(), payment=()",
    );
    match transport {
        Transport::Encrypted => set(STRICT_TRANSPORT_SECURITY, "max-age=31536000"),
        Transport::PlainLoopback => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policy(form_targets: &[&str], frame_sources: &[&str]) -> String {
        let owned = |list: &[&str]| list.iter().map(|&text| text.to_owned()).collect();
        let page = Rendered {
            status: 200,
            html: String::new(),
            form_targets: owned(form_targets),
            frame_sources: owned(frame_sources),
            retry_after_seconds: None,
        };
        page_policy(&page).unwrap().to_str().unwrap().to_owned()
    }

    #[test]
    fn s08_forms_lead_to_ourselves_and_to_the_client_only() {
        assert!(policy(&[], &[]).ends_with("; form-action 'self'"));
        let table = [
            (
                "https://app.example/callback?x=1",
                "'self' https://app.example",
            ),
            (
                "https://app.example:8443/cb",
                "'self' https://app.example:8443",
            ),
            ("http://127.0.0.1:4711/cb", "'self' http://127.0.0.1:4711"),
            ("http://[::1]:4711/cb", "'self' http:"),
            ("msalabc://auth", "'self' msalabc:"),
            ("javascript:alert(1)", "'self'"),
            ("not an address", "'self'"),
            (
                "https://app.example/;script-src *",
                "'self' https://app.example",
            ),
        ];
        for (target, expected) in table {
            let policy = policy(&[target], &[]);
            assert!(
                policy.ends_with(&format!("form-action {expected}")),
                "{policy}"
            );
        }
        let frames = policy(
            &[],
            &[
                "https://b.example/x",
                "https://a.example/y",
                "https://a.example/z",
            ],
        );
        assert!(frames.ends_with("; frame-src https://a.example https://b.example"));
        assert!(!frames.contains("unsafe"));
    }
}
