//! Which addresses an application may register: requirements A03 and A04.

use url::Url;

use crate::document::{Findings, Reason, shown_text};

/// Which rules a redirect URI is held to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum RedirectKind {
    /// A web server or a page: https, or http on this machine.
    Web,
    /// An installed application: also a scheme of its own (RFC 8252 §7.1).
    Native,
}

/// Addresses are compared as exact strings, so a literal `*` would never match; registering one is a misunderstanding
/// that is better told at once.
pub(super) fn check_redirect_uri(
    path: &str,
    text: &str,
    kind: RedirectKind,
    findings: &mut Findings,
) {
    const LENGTH_BYTES_MAX: usize = 2048;
    let mut refuse = |expected: &str| findings.add(path, Reason::Value, shown_text(text), expected);
    if text.len() > LENGTH_BYTES_MAX {
        return refuse("at most 2048 bytes");
    }
    if !text.bytes().all(|byte| byte.is_ascii_graphic()) || text.contains(['\\', '"', '<', '>']) {
        return refuse("an absolute URI of ASCII characters, without spaces and backslashes");
    }
    if text.contains('*') {
        return refuse("an exact address; wildcards do not exist (requirement A04)");
    }
    if text.contains('#') {
        return refuse("no fragment (RFC 6749 §3.1.2)");
    }
    let Ok(url) = Url::parse(text) else {
        return refuse("an absolute URI");
    };
    if !url.username().is_empty() || url.password().is_some() {
        return refuse("no user name in the address");
    }
    match (url.scheme(), kind) {
        ("https", _) => {}
        ("http", _) if is_loopback(text) => {}
        ("http", _) => refuse("https; http only on this machine (requirement A03)"),
        (scheme, RedirectKind::Native) if is_private_scheme(scheme) => {}
        (_, RedirectKind::Native) => {
            refuse("https, http on this machine, or a scheme such as `com.example.app`");
        }
        (_, RedirectKind::Web) => refuse("https, or http on this machine (requirement A03)"),
    }
}

/// Logout messages go there from the server or in a frame: the rules of a web address.
pub(super) fn check_logout_address(path: &str, url: &Url, findings: &mut Findings) {
    check_redirect_uri(path, url.as_str(), RedirectKind::Web, findings);
}

/// This machine, spelled as requests are compared with it: `LOCALHOST` or `127.1` would be taken here and match nothing.
fn is_loopback(text: &str) -> bool {
    ["http://127.0.0.1", "http://[::1]", "http://localhost"]
        .iter()
        .any(|origin| match text.strip_prefix(origin) {
            None => false,
            Some(rest) => {
                let rest = match rest.strip_prefix(':') {
                    None => rest,
                    // The port itself was read as part of the URL; `0` and none at all are no port.
                    Some(port) if port.starts_with(|first: char| ('1'..='9').contains(&first)) => {
                        port.trim_start_matches(|digit: char| digit.is_ascii_digit())
                    }
                    Some(_) => return false,
                };
                rest.is_empty() || rest.starts_with(['/', '?'])
            }
        })
}

/// A scheme in reverse domain notation belongs to whoever owns the domain; MSAL's `msal{client id}` names its client.
fn is_private_scheme(scheme: &str) -> bool {
    scheme.contains('.') || scheme.starts_with("msal")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn accepted(text: &str, kind: RedirectKind) -> bool {
        let mut findings = Findings::default();
        check_redirect_uri("$", text, kind, &mut findings);
        findings.is_empty()
    }

    #[test]
    fn a03_http_only_on_this_machine_and_no_script_schemes() {
        for good in [
            "https://app.example/callback",
            "https://app.example:8443/callback?tenant=1",
            "http://localhost:8401/callback",
            "http://127.0.0.1/callback",
            "http://[::1]:3000/",
        ] {
            assert!(accepted(good, RedirectKind::Web), "{good}");
            assert!(accepted(good, RedirectKind::Native), "{good}");
        }
        for bad in [
            "",
            "/callback",
            "http://app.example/callback",
            "http://localhost.evil.example/",
            "http://127.0.0.1.nip.io/",
            "http://127.0.0.1@evil.example/",
            "http://0.0.0.0/",
            "http://127.0.0.2/",
            "http://127.1/",
            "HTTP://localhost/",
            "http://LocalHost/",
            "http://localhost./",
            "http://localhost:/",
            "http://localhost:0/",
            "http://localhost:99999/",
            "javascript:alert(1)",
            "JaVaScRiPt:alert(1)",
            "data:text/html,x",
            "DATA:text/html,x",
            "vbscript:x",
            "file:///etc/passwd",
            "blob:https://app.example/1",
            "ws://localhost/",
            "urn:ietf:wg:oauth:2.0:oob",
            "https://user@app.example/",
            "https://app.example/#here",
            "https://app.example/a b",
            "https://app.example\\@evil.example/",
            "java\tscript:alert(1)",
            "https://",
        ] {
            assert!(!accepted(bad, RedirectKind::Web), "{bad}");
            assert!(!accepted(bad, RedirectKind::Native), "{bad}");
        }
        assert!(accepted("com.example.app://done", RedirectKind::Native));
        assert!(accepted("msal0123://auth", RedirectKind::Native));
        assert!(!accepted("com.example.app://done", RedirectKind::Web));
        assert!(!accepted("app://done", RedirectKind::Native));
    }

    #[test]
    fn a04_wildcards_are_not_representable() {
        for bad in [
            "https://app.example/*",
            "https://*.example/",
            "http://localhost:*/",
        ] {
            assert!(!accepted(bad, RedirectKind::Web), "{bad}");
            assert!(!accepted(bad, RedirectKind::Native), "{bad}");
        }
    }
}
