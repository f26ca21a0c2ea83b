//! The world of drills and benchmarks: one tenant, some people, applications that sign with each algorithm, a few policies.

use std::path::Path;

use anyhow::Context as _;
use serde_json::{Value, json};

/// The tenant.
pub const TENANT: &str = "b0b0b0b0-0000-4000-8000-000000000001";
/// Everybody's password.
pub const PASSWORD: &str = "a-long-enough-password-for-everybody";
/// Every client's secret.
pub const SECRET: &str = "a-long-enough-secret-for-every-client";
/// Where codes are sent.
pub const REDIRECT_URI: &str = "https://client.example/callback";
/// How many people there are.
pub const PEOPLE: usize = 32;

/// Microsoft Graph, whose shape the sign-in log has: every client here may read it.
pub const GRAPH: &str = "00000003-0000-0000-c000-000000000000";

/// What signs the tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Algorithm {
    /// RSA.
    Rs256,
    /// ECDSA on P-256.
    Es256,
}

impl Algorithm {
    /// Its name in JOSE.
    pub fn name(self) -> &'static str {
        match self {
            Self::Rs256 => "RS256",
            Self::Es256 => "ES256",
        }
    }

    /// The application that signs so: it is client and resource at once.
    pub fn client_id(self) -> &'static str {
        match self {
            Self::Rs256 => "b0b0b0b0-0004-4000-8000-000000000256",
            Self::Es256 => "b0b0b0b0-0004-4000-8000-00000000e256",
        }
    }
}

/// The name of person number `number`.
pub fn name(number: usize) -> String {
    format!("person{}@bench.example", number % PEOPLE)
}

/// Writes the world to a folder that `portcullis import` reads.
pub fn write(folder: &Path) -> anyhow::Result<()> {
    let folder = folder.join("bench");
    std::fs::create_dir_all(&folder)?;
    let people: Vec<Value> = (0..PEOPLE)
        .map(|number| {
            json!({
                "id": format!("b0b0b0b0-0001-4000-8000-{number:012}"),
                "userPrincipalName": name(number), "displayName": format!("Person {number}"), "userType": "Member",
            })
        })
        .collect();
    let passwords: Vec<Value> = (0..PEOPLE)
        .map(|number| json!({ "userPrincipalName": name(number), "password": PASSWORD }))
        .collect();
    let algorithms = [Algorithm::Rs256, Algorithm::Es256];
    let secrets = algorithms.map(|one| json!({ "appId": one.client_id(), "secret": SECRET }));
    let files = [
        ("organization.json", organization()),
        ("users.json", Value::Array(people)),
        (
            "applications.json",
            Value::Array(algorithms.map(application).to_vec()),
        ),
        (
            "servicePrincipals.json",
            Value::Array(algorithms.map(service_principal).to_vec()),
        ),
        ("conditionalAccessPolicies.json", policies()),
        (
            "credentials.json",
            json!({ "passwords": passwords, "clientSecrets": secrets }),
        ),
    ];
    for (file, value) in files {
        std::fs::write(folder.join(file), serde_json::to_vec_pretty(&value)?)
            .with_context(|| format!("cannot write `{file}`"))?;
    }
    Ok(())
}

fn organization() -> Value {
    json!({
        "id": TENANT, "displayName": "Bench",
        "verifiedDomains": [{ "name": "bench.example", "isInitial": true, "isDefault": true }],
    })
}

fn application(algorithm: Algorithm) -> Value {
    json!({
        "id": algorithm.client_id().replace("-0004-", "-0005-"),
        "appId": algorithm.client_id(),
        "displayName": algorithm.name(),
        "identifierUris": [format!("api://{}", algorithm.client_id())],
        "web": { "redirectUris": [REDIRECT_URI] },
        "tokenSigningAlgorithm": algorithm.name(),
    })
}

fn service_principal(algorithm: Algorithm) -> Value {
    json!({
        "id": algorithm.client_id().replace("-0004-", "-0006-"),
        "appId": algorithm.client_id(),
        "displayName": algorithm.name(),
        "adminConsentedScopes": ["openid", "profile", "email", "offline_access"],
        "grantedAppRoles": [{ "resourceAppId": GRAPH, "value": "AuditLog.Read.All" }],
    })
}

/// Ten policies that are looked at and let members in, as in a tenant that protects itself from guests.
fn policies() -> Value {
    let policies = (0..10).map(|number| {
        json!({
            "id": format!("b0b0b0b0-0007-4000-8000-{number:012}"),
            "displayName": format!("Guests need MFA {number}"), "state": "enabled",
            "conditions": {
                "users": { "includeUsers": ["GuestsOrExternalUsers"] },
                "applications": { "includeApplications": ["All"] },
                "clientAppTypes": ["all"],
            },
            "grantControls": { "operator": "OR", "builtInControls": ["mfa"] },
        })
    });
    Value::Array(policies.collect())
}
