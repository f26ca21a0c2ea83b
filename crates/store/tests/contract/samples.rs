//! Small objects the cases begin with, told apart by a number.

use std::sync::Arc;

use portcullis_model::Timestamp;
use portcullis_model::application::{Application, ServicePrincipal};
use portcullis_model::artefact::{AuthorizationCode, Grant, RefreshToken, Transaction};
use portcullis_model::authentication_context::AuthenticationContextClassReference;
use portcullis_model::authentication_strength::AuthenticationStrengthPolicy;
use portcullis_model::conditional_access::ConditionalAccessPolicy;
use portcullis_model::credential::{AuthenticationMethod, PasswordCredential, TotpCredential};
use portcullis_model::declared_invariants::DeclaredInvariants;
use portcullis_model::group::{Group, RoleAssignment};
use portcullis_model::id::{Id, TenantId, UserId};
use portcullis_model::named_location::NamedLocation;
use portcullis_model::organization::Organization;
use portcullis_model::secret::{SealedSecret, TokenHash};
use portcullis_model::session::{AuthenticationSession, ProvenMethod, SessionSubject, SessionUse};
use portcullis_model::sign_in_log::SignIn;
use portcullis_model::store::{
    Change, CommitError, ImportedCredentials, Store, TenantStore, TenantWorld,
};
use portcullis_model::terms_of_use::Agreement;
use portcullis_model::user::{CanonicalName, User};
use serde_json::{Value, json};
use uuid::Uuid;

/// The id number `n` of its kind.
pub(crate) fn id<K>(n: u32) -> Id<K> {
    Id::new(uuid(n))
}

pub(crate) fn uuid(n: u32) -> Uuid {
    Uuid::from_u128(0x1000_4000_8000_0000_0000_0000_0000 + u128::from(n))
}

pub(crate) fn hash(n: u32) -> TokenHash {
    let mut bytes = [0; 32];
    bytes[..4].copy_from_slice(&n.to_le_bytes());
    TokenHash(bytes)
}

/// A moment, in seconds after the beginning of the tests' time.
pub(crate) fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + seconds).unwrap()
}

pub(crate) const CONTOSO: u32 = 1;
pub(crate) const FABRIKAM: u32 = 2;

pub(crate) fn read<T: serde::de::DeserializeOwned>(value: Value) -> T {
    serde_json::from_value(value).unwrap()
}

pub(crate) fn organization(n: u32, domains: &[&str]) -> Organization {
    let domains: Vec<Value> = domains.iter().map(|name| json!({"name": name})).collect();
    read(json!({"id": uuid(n), "displayName": format!("Tenant {n}"), "verifiedDomains": domains}))
}

/// A tenant of which only the organisation is said.
pub(crate) fn bare_world(n: u32) -> TenantWorld {
    TenantWorld::of_organization(organization(n, &[&format!("tenant-{n}.example")]))
}

pub(crate) fn user(n: u32, name: &str) -> User {
    read(json!({"id": uuid(n), "userPrincipalName": name, "displayName": format!("User {n}")}))
}

pub(crate) fn group(n: u32, members: &[u32]) -> Group {
    let members: Vec<Uuid> = members.iter().map(|n| uuid(*n)).collect();
    read(json!({"id": uuid(n), "displayName": format!("Group {n}"), "members": members}))
}

pub(crate) fn role(principal: u32, role: u32) -> RoleAssignment {
    RoleAssignment {
        principal_id: uuid(principal),
        role_definition_id: id(role),
    }
}

pub(crate) fn application(n: u32, client: u32) -> Application {
    read(json!({
        "id": uuid(n), "appId": uuid(client), "displayName": format!("Application {n}"),
        "web": {"redirectUris": ["https://app.example/callback"]}, "tags": ["kept"]
    }))
}

pub(crate) fn service_principal(n: u32, client: u32) -> ServicePrincipal {
    read(json!({"id": uuid(n), "appId": uuid(client), "displayName": format!("Principal {n}")}))
}

pub(crate) fn policy(n: u32, name: &str) -> ConditionalAccessPolicy {
    let document = json!({
        "id": uuid(n), "displayName": name, "state": "enabled", "@odata.context": "kept",
        "conditions": {
            "users": {"includeUsers": ["All"]},
            "applications": {"includeApplications": ["All"]},
            "clientAppTypes": ["all"]
        },
        "grantControls": {"operator": "OR", "builtInControls": ["mfa"]}
    });
    ConditionalAccessPolicy::from_document(document.as_object().unwrap().clone()).unwrap()
}

pub(crate) fn named_location(n: u32, is_trusted: &Value) -> NamedLocation {
    let document = json!({
        "id": uuid(n), "displayName": format!("Location {n}"), "isTrusted": is_trusted,
        "ipRanges": [{"@odata.type": "#microsoft.graph.iPv4CidrRange", "cidrAddress": "192.0.2.0/24"}]
    });
    NamedLocation::from_document(document.as_object().unwrap().clone()).unwrap()
}

pub(crate) fn strength(n: u32, combination: &str) -> AuthenticationStrengthPolicy {
    let document = json!({
        "id": uuid(n), "displayName": format!("Strength {n}"), "allowedCombinations": [combination],
        "description": "kept"
    });
    AuthenticationStrengthPolicy::from_document(document.as_object().unwrap().clone()).unwrap()
}

pub(crate) fn context(id: &str) -> AuthenticationContextClassReference {
    let document =
        json!({"id": id, "displayName": "Step up", "isAvailable": true, "description": "kept"});
    let document = document.as_object().unwrap().clone();
    AuthenticationContextClassReference::from_document(document).unwrap()
}

pub(crate) fn agreement(n: u32) -> Agreement {
    let document =
        json!({"id": uuid(n), "displayName": "Terms", "isViewingBeforeAcceptanceRequired": true});
    Agreement::from_document(document.as_object().unwrap().clone()).unwrap()
}

pub(crate) fn invariants(name: &str) -> DeclaredInvariants {
    read(json!({"name": name, "invariants": [{"name": "MFA", "require": "mfa"}]}))
}

/// A tenant with one or two of everything. Ids of tenant `n` begin at `n * 1000`.
pub(crate) fn full_world(n: u32) -> TenantWorld {
    let base = n * 1000;
    let mut guest = user(
        base + 3,
        &format!("guest_elsewhere#EXT#@tenant-{n}.example"),
    );
    guest.mail = Some("Guest@Elsewhere.example".into());
    guest.home_account = Some(read(json!({"tenantId": uuid(77), "userId": uuid(78)})));
    TenantWorld {
        organization: organization(
            n,
            &[&format!("tenant-{n}.example"), &format!("{n}.example")],
        ),
        users: Some(vec![
            user(base + 1, &format!("Ada@tenant-{n}.example")),
            user(base + 2, &format!("bob@tenant-{n}.example")),
            guest,
        ]),
        groups: Some(vec![
            group(base + 11, &[base + 1]),
            group(base + 12, &[base + 11, base + 2]),
        ]),
        role_assignments: Some(vec![role(base + 2, base + 21), role(base + 12, base + 22)]),
        applications: Some(vec![application(base + 31, base + 41)]),
        service_principals: Some(vec![service_principal(base + 51, base + 41)]),
        conditional_access_policies: Some(vec![
            policy(base + 61, "MFA for everyone"),
            policy(base + 62, "Once more"),
        ]),
        named_locations: Some(vec![named_location(base + 71, &json!(true))]),
        authentication_strengths: Some(vec![strength(base + 81, "fido2")]),
        authentication_contexts: Some(vec![context("c1"), context("c9"), context("c10")]),
        agreements: Some(vec![agreement(base + 91)]),
        cross_tenant_access_policy: Some(read(json!({
            "default": {"inboundTrust": {"isMfaAccepted": true}},
            "partners": [{"tenantId": uuid(77), "isServiceProvider": false}]
        }))),
        invariants: Some(invariants("kept")),
        credentials: ImportedCredentials::default(),
    }
}

/// Imports worlds at the beginning of time.
pub(crate) async fn import(store: &Arc<dyn Store>, world: &[TenantWorld]) {
    store.import(world, at(0), false).await.unwrap();
}

/// The handle of Contoso, which has one or two of everything.
pub(crate) async fn contoso(store: &Arc<dyn Store>) -> Box<dyn TenantStore> {
    import(store, &[full_world(CONTOSO)]).await;
    store.tenant(id(CONTOSO))
}

/// A user of [`full_world`] of Contoso.
pub(crate) fn ada() -> UserId {
    id(CONTOSO * 1000 + 1)
}

pub(crate) fn bob() -> UserId {
    id(CONTOSO * 1000 + 2)
}

pub(crate) fn tenant(n: u32) -> TenantId {
    id(n)
}

pub(crate) fn name(text: &str) -> CanonicalName {
    CanonicalName::parse(text).unwrap()
}

pub(crate) fn transaction(n: u32) -> Transaction {
    Transaction {
        id: id(n),
        version: 0,
        browser_hash: hash(n),
        state: format!("{{\"step\":{n}}}"),
        expires_at: at(600),
    }
}

pub(crate) fn grant(n: u32, user: UserId, session: u32) -> Grant {
    read(json!({
        "id": uuid(n), "client": uuid(41), "subject": {"user": user}, "session": uuid(session),
        "homeSession": null, "scopes": ["openid", "profile"], "resources": [uuid(41)],
        "proofs": [{"method": "password", "at": at(0)}], "homeProofs": [], "device": null,
        "authenticationContexts": [], "authenticatedAt": at(0), "ipAddress": "192.0.2.7",
        "userAgent": "a browser", "clientAppType": "browser", "redirectKind": "web", "grantedAt": at(0),
        "correlationId": uuid(n)
    }))
}

pub(crate) fn code(n: u32, grant: &Grant) -> AuthorizationCode {
    AuthorizationCode {
        hash: hash(n),
        grant: grant.clone(),
        redirect_uri: "https://app.example/callback".into(),
        code_challenge: Some("challenge".into()),
        nonce: None,
        expires_at: at(60),
    }
}

pub(crate) fn refresh_token(n: u32, grant: &Grant) -> RefreshToken {
    RefreshToken {
        hash: hash(n),
        grant: grant.clone(),
        family_expires_at: at(86_400),
        expires_at: at(3_600),
    }
}

pub(crate) fn session(n: u32, user: UserId) -> AuthenticationSession {
    AuthenticationSession {
        id: id(n),
        cookie_hash: hash(n),
        subject: SessionSubject::User(user),
        home_session: None,
        proofs: vec![ProvenMethod {
            method: AuthenticationMethod::Password,
            at: at(0),
        }],
        device: None,
        created_at: at(0),
        expires_at: at(3_600),
        is_persistent: false,
        last_use: used(0),
    }
}

/// A use from an address and a browser that say when it was.
pub(crate) fn used(second: u8) -> SessionUse {
    SessionUse {
        at: at(second.into()),
        ip_address: Some([198, 51, 100, second].into()),
        user_agent: Some(format!("Browser/{second}")),
    }
}

pub(crate) fn password(user: UserId, hash: &str) -> PasswordCredential {
    PasswordCredential {
        user,
        hash: hash.into(),
        changed_at: at(0),
    }
}

pub(crate) fn totp(n: u32, user: UserId) -> TotpCredential {
    TotpCredential {
        id: id(n),
        user,
        seed: SealedSecret(vec![1, 2, 3, 0, 255]),
        last_step: 10,
        created_at: at(5),
    }
}

pub(crate) fn sign_in(n: u32, seconds: i64) -> SignIn {
    read(json!({
        "id": uuid(n), "createdDateTime": at(seconds), "correlationId": uuid(n),
        "userPrincipalName": "Ada@Tenant-1.example", "userId": ada(), "appId": uuid(41),
        "isInteractive": true, "signInEventTypes": ["interactiveUser"],
        "authenticationProtocol": "authorizationCodeWithPkce", "incomingTokenType": "none",
        "resourceTenantId": uuid(CONTOSO), "crossTenantAccessType": "none",
        "status": {"errorCode": 0}, "conditionalAccessStatus": "success",
        "appliedConditionalAccessPolicies": [], "conditionalAccessAudiences": [],
        "authenticationRequirement": "singleFactorAuthentication", "authenticationDetails": [],
        "deviceDetail": {}
    }))
}

/// Commits one change.
pub(crate) async fn apply(tenant: &dyn TenantStore, change: Change) {
    tenant.commit(vec![change]).await.unwrap();
}

/// Commits changes of which the one at `index` must lose.
pub(crate) async fn loses(tenant: &dyn TenantStore, changes: Vec<Change>, index: usize) {
    match tenant.commit(changes).await {
        Err(CommitError::Lost { index: lost }) if lost == index => {}
        other => panic!("change {index} should have lost, but: {other:?}"),
    }
}
