//! Reads a Graph `application` and `servicePrincipal`: where answers may go is checked before anything is stored.

use std::collections::BTreeSet;

use super::{Application, KeyCredential, ServicePrincipal};
use crate::application::redirect::{RedirectKind, check_logout_address, check_redirect_uri};
use crate::document::{Document, Findings, Reason, Refusal, read_typed, shown_text};
use crate::organization::check_name;

impl Application {
    /// The application a Graph document describes, with all that is wrong with it.
    pub fn from_document(document: Document) -> Result<Self, Refusal> {
        let application: Self = read_typed(document)?;
        let mut findings = Findings::default();
        check_name(&application.display_name, &mut findings);
        check_redirect_uris(&application, &mut findings);
        let web = &application.web;
        for (name, url) in [
            ("logoutUrl", &web.logout_url),
            ("backChannelLogoutUrl", &web.back_channel_logout_url),
        ] {
            if let Some(url) = url {
                check_logout_address(&format!("$.web.{name}"), url, &mut findings);
            }
        }
        check_names(&application, &mut findings);
        check_keys(&application.key_credentials, &mut findings);
        findings.into_result(Some(application))
    }
}

fn check_redirect_uris(application: &Application, findings: &mut Findings) {
    let mut seen = BTreeSet::new();
    for (platform, kind, uris) in [
        ("web", RedirectKind::Web, &application.web.redirect_uris),
        ("spa", RedirectKind::Web, &application.spa.redirect_uris),
        (
            "publicClient",
            RedirectKind::Native,
            &application.public_client.redirect_uris,
        ),
    ] {
        for (index, uri) in uris.iter().enumerate() {
            let path = format!("$.{platform}.redirectUris[{index}]");
            if seen.insert(uri) {
                check_redirect_uri(&path, uri, kind, findings);
            } else {
                findings.add(
                    path,
                    Reason::Duplicate,
                    shown_text(uri),
                    "each redirect URI once, under one platform",
                );
            }
        }
    }
}

/// Names by which scopes and roles are asked for; a space would make two of one.
fn check_names(application: &Application, findings: &mut Findings) {
    let scopes = application.api.oauth2_permission_scopes.iter();
    let scopes: Vec<_> = scopes.map(|scope| scope.value.as_str()).collect();
    let roles: Vec<_> = application
        .app_roles
        .iter()
        .map(|role| role.value.as_str())
        .collect();
    let uris: Vec<_> = application
        .identifier_uris
        .iter()
        .map(String::as_str)
        .collect();
    for (path, names) in [
        ("$.api.oauth2PermissionScopes", scopes),
        ("$.appRoles", roles),
        ("$.identifierUris", uris),
    ] {
        let mut seen = BTreeSet::new();
        for (index, name) in names.into_iter().enumerate() {
            let path = format!("{path}[{index}]");
            let printable = name.bytes().all(|byte| byte.is_ascii_graphic());
            if name.is_empty() || !printable || name.contains(['"', '\\']) {
                let expected = "a name of printable ASCII characters without spaces";
                findings.add(path, Reason::Value, shown_text(name), expected);
            } else if !seen.insert(name) {
                findings.add(path, Reason::Duplicate, shown_text(name), "each name once");
            }
        }
    }
    for (index, uri) in application.identifier_uris.iter().enumerate() {
        let known = ["api://", "https://", "urn:"];
        if !known.iter().any(|scheme| uri.starts_with(scheme)) || uri.ends_with('/') {
            findings.add(
                format!("$.identifierUris[{index}]"),
                Reason::Value,
                shown_text(uri),
                "`api://…`, `https://…` or `urn:…` without a slash at the end",
            );
        }
    }
}

fn check_keys(keys: &[KeyCredential], findings: &mut Findings) {
    const PRIVATE: [&str; 7] = ["d", "p", "q", "dp", "dq", "qi", "k"];
    let mut seen = BTreeSet::new();
    for (index, key) in keys.iter().enumerate() {
        let path = format!("$.keyCredentials[{index}]");
        let kind = key.jwk.get("kty").and_then(serde_json::Value::as_str);
        if !matches!(kind, Some("RSA" | "EC")) {
            let found = kind.map_or_else(|| "no type".into(), shown_text);
            findings.add(
                format!("{path}.jwk.kty"),
                Reason::Value,
                found,
                "`RSA` or `EC`",
            );
        }
        // The value is not shown: it is the secret.
        if let Some(name) = PRIVATE.iter().find(|name| key.jwk.contains_key(**name)) {
            findings.add(
                format!("{path}.jwk.{name}"),
                Reason::Value,
                "a private key",
                "the public part only",
            );
        }
        if key.key_id.is_empty() || !seen.insert(key.key_id.as_str()) {
            findings.add(
                format!("{path}.keyId"),
                Reason::Duplicate,
                shown_text(&key.key_id),
                "a key id that no other key has",
            );
        }
    }
}

impl ServicePrincipal {
    /// The service principal a Graph document describes, with all that is wrong with it.
    pub fn from_document(document: Document) -> Result<Self, Refusal> {
        let principal: Self = read_typed(document)?;
        let mut findings = Findings::default();
        check_name(&principal.display_name, &mut findings);
        principal.check_attributes(&mut findings);
        findings.into_result(Some(principal))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn findings(members: &Value) -> Vec<(String, Reason)> {
        let mut document = json!({
            "id": "11111111-1111-4111-8111-111111111111",
            "appId": "22222222-2222-4222-8222-222222222222",
            "displayName": "Payroll"
        });
        let document = document.as_object_mut().unwrap();
        document.extend(members.as_object().unwrap().clone());
        match Application::from_document(document.clone()) {
            Ok(_) => Vec::new(),
            Err(refusal) => {
                let findings = refusal.findings.into_iter();
                findings
                    .map(|finding| (finding.path, finding.reason))
                    .collect()
            }
        }
    }

    #[test]
    fn a_good_application_is_read() {
        let none = findings(&json!({
            "web": {"redirectUris": ["https://a.example/b"], "logoutUrl": "https://a.example/out"},
            "publicClient": {"redirectUris": ["http://localhost", "example.payroll://done"]},
            "identifierUris": ["api://payroll"],
            "api": {"oauth2PermissionScopes": [{"value": "access_as_user"}]},
            "keyCredentials": [{"keyId": "1", "jwk": {"kty": "RSA", "n": "…", "e": "AQAB"}}]
        }));
        assert_eq!(none, []);
    }

    #[test]
    fn a_redirect_uri_belongs_to_one_platform() {
        let twice = findings(&json!({
            "web": {"redirectUris": ["https://a.example/b"]},
            "spa": {"redirectUris": ["https://a.example/b"]}
        }));
        assert_eq!(twice, [("$.spa.redirectUris[0]".into(), Reason::Duplicate)]);
    }

    #[test]
    fn a_private_key_is_refused_and_not_shown() {
        let key = json!({"keyCredentials": [{"keyId": "1", "jwk": {"kty": "EC", "d": "PLANTED"}}]});
        assert_eq!(
            findings(&key),
            [("$.keyCredentials[0].jwk.d".into(), Reason::Value)]
        );
    }

    #[test]
    fn names_that_cannot_be_asked_for_are_refused() {
        for members in [
            json!({"api": {"oauth2PermissionScopes": [{"value": "two words"}]}}),
            json!({"api": {"oauth2PermissionScopes": [{"value": ""}]}}),
            json!({"api": {"oauth2PermissionScopes": [{"value": "a"}, {"value": "a"}]}}),
            json!({"appRoles": [{"value": "a\"b"}]}),
            json!({"identifierUris": ["payroll"]}),
            json!({"identifierUris": ["api://payroll/"]}),
            json!({"web": {"logoutUrl": "http://a.example/out"}}),
            json!({"web": {"redirectUris": ["https://a.example/*"]}}),
        ] {
            assert_eq!(findings(&members).len(), 1, "{members}");
        }
    }
}
