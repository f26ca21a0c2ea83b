//! What an import takes as a redirect URI, and what a request can be answered at: one rule, told in two rooms (A03, A04).

use portcullis_model::application::Application;
use portcullis_protocol::oauth::redirect_uri::{check_registrable, match_exactly};

/// Whether a registration with this address under a heading is taken.
fn is_taken(heading: &str, uri: &str) -> bool {
    let application = serde_json::json!({
        "id": "c0c0c0c0-0003-4000-8000-000000000001",
        "appId": "c0c0c0c0-0004-4000-8000-000000000001",
        "displayName": "Payroll",
        heading: { "redirectUris": [uri] },
    });
    let serde_json::Value::Object(document) = application else {
        panic!("an object");
    };
    Application::from_document(document).is_ok()
}

#[test]
fn a03_a04_an_address_that_an_import_takes_can_be_returned_to() {
    let schemes = [
        "https",
        "http",
        "HTTP",
        "javascript",
        "JavaScript",
        "data",
        "msal0123",
        "msal-x",
        "com.example.app",
        "view-source",
        "ms-settings",
        "intent",
        "file",
        "ws",
    ];
    let hosts = [
        "app.example",
        "localhost",
        "LOCALHOST",
        "localhost.",
        "localhost.evil.example",
        "127.0.0.1",
        "127.0.0.2",
        "127.1",
        "127.0.0.1.nip.io",
        "127.0.0.1@evil.example",
        "[::1]",
        "[0:0:0:0:0:0:0:1]",
        "0.0.0.0",
        "*.example",
        "a@b@c",
        "",
    ];
    let ends = [
        "",
        "/",
        "/callback",
        "?a=1",
        ":0/",
        ":/",
        ":8401/callback",
        ":65535",
        ":65536/",
        ":08401/",
        ":8401x/",
        "/*",
        "/#here",
        "/a b",
        "/\u{ff0e}",
        "\\@evil.example/",
        "//x",
        "/%2e%2e/",
    ];
    let mut taken = 0;
    for scheme in schemes {
        for host in hosts {
            for end in ends {
                for separator in ["://", ":"] {
                    let uri = format!("{scheme}{separator}{host}{end}");
                    for heading in ["web", "spa", "publicClient"] {
                        if !is_taken(heading, &uri) {
                            continue;
                        }
                        taken += 1;
                        assert_eq!(check_registrable(&uri), Ok(()), "{heading}: {uri}");
                        let matched = match_exactly(Some(&uri), [uri.as_str()]);
                        assert_eq!(matched.unwrap().as_str(), uri, "{heading}");
                    }
                }
            }
        }
    }
    assert!(taken > 50, "{taken}");
}
