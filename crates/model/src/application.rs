//! Applications: registrations and their service principals (Graph `application`, `servicePrincipal`).

mod attributes;
mod document;
mod redirect;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use url::Url;

use crate::id::{ApplicationId, ClientId, ServicePrincipalId, TenantId};

/// Graph `application`: the registration, in the tenant that owns it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Application {
    /// The object id.
    pub id: ApplicationId,
    /// The client id.
    pub app_id: ClientId,
    /// The name people see.
    pub display_name: String,
    /// Who may sign in.
    #[serde(default)]
    pub sign_in_audience: SignInAudience,
    /// `api://…` names under which other applications ask for this one; the first is shown.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub identifier_uris: Vec<String>,
    /// Redirect URIs of a confidential web application.
    #[serde(default)]
    pub web: WebApplication,
    /// Redirect URIs of a single page application: a public client whose code redemption is cross-origin.
    #[serde(default)]
    pub spa: RedirectUris,
    /// Redirect URIs of a native application: a public client.
    #[serde(default)]
    pub public_client: RedirectUris,
    /// What other applications may ask of this one.
    #[serde(default)]
    pub api: ApiApplication,
    /// Application permissions and roles this application defines.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub app_roles: Vec<AppRole>,
    /// Keys for `private_key_jwt`: public parts only.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub key_credentials: Vec<KeyCredential>,
    /// Portcullis: B2B direct connect users may come, without an object (specification 2.6).
    #[serde(default, skip_serializing_if = "is_false")]
    pub supports_direct_connect: bool,
    /// Portcullis: the algorithm that signs tokens for this application.
    #[serde(default, skip_serializing_if = "is_default")]
    pub token_signing_algorithm: SigningAlgorithm,
    /// Members we do not interpret, kept for export.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde calls it with a reference"
)]
fn is_false(value: &bool) -> bool {
    !value
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// Graph `signInAudience`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum SignInAudience {
    /// Only accounts and guests of the owning tenant.
    #[default]
    AzureADMyOrg,
    /// Any tenant that has a service principal for it; usable at `organizations` and `common`.
    AzureADMultipleOrgs,
}

/// Graph `webApplication`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct WebApplication {
    /// Where answers may go; compared as exact strings (RFC 9700 §2.1).
    #[serde(default)]
    pub redirect_uris: Vec<String>,
    /// Front-channel logout address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub logout_url: Option<Url>,
    /// Portcullis: where back-channel logout tokens are posted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub back_channel_logout_url: Option<Url>,
    /// Members we do not interpret, kept for export.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// A list of redirect URIs (Graph `spaApplication`, `publicClientApplication`).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RedirectUris {
    /// Where answers may go; compared as exact strings, loopback ports aside (RFC 8252 §7.3).
    #[serde(default)]
    pub redirect_uris: Vec<String>,
}

/// Under which heading of a registration a redirect URI stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum RedirectKind {
    /// `web`: a confidential client, which authenticates at the token endpoint.
    Web,
    /// `spa`: a public client in a browser.
    Spa,
    /// `publicClient`: a native application.
    PublicClient,
}

/// Graph `apiApplication`, the part we honour.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ApiApplication {
    /// Delegated permissions this application defines.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub oauth2_permission_scopes: Vec<PermissionScope>,
    /// Members we do not interpret, kept for export.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// Graph `permissionScope`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PermissionScope {
    /// What follows the identifier URI in a scope, for instance `Reports.Read`.
    pub value: String,
    /// What a user reads when asked to consent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_consent_display_name: Option<String>,
    /// Members we do not interpret, kept for export.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// Graph `appRole`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AppRole {
    /// The value in the `roles` claim, for instance `AuditLog.Read.All`.
    pub value: String,
    /// Members we do not interpret, kept for export.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// A public key that authenticates the application (Graph `keyCredential`, its public JWK).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct KeyCredential {
    /// The `kid` the application puts into its assertions.
    pub key_id: String,
    /// The public key as a JWK (RFC 7517).
    pub jwk: Map<String, Value>,
}

/// The algorithm that signs an application's tokens.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize,
)]
pub enum SigningAlgorithm {
    /// RSASSA-PKCS1-v1_5 with SHA-256: what every client library expects.
    #[default]
    RS256,
    /// ECDSA on P-256 with SHA-256: some twenty-five times cheaper to sign.
    ES256,
}

/// Graph `servicePrincipal`: an application as one tenant sees it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ServicePrincipal {
    /// The object id; the `oid` and `sub` of client tokens.
    pub id: ServicePrincipalId,
    /// The application.
    pub app_id: ClientId,
    /// The name people see.
    pub display_name: String,
    /// The tenant that owns the registration, when it is another one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub app_owner_organization_id: Option<TenantId>,
    /// False: nobody gets a token for or through it.
    #[serde(default = "yes")]
    pub account_enabled: bool,
    /// True: only users or groups named in `assignedTo` get in (50105).
    #[serde(default, skip_serializing_if = "is_false")]
    pub app_role_assignment_required: bool,
    /// Portcullis: object ids of users and groups that are assigned (Graph keeps them as `appRoleAssignedTo`).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub assigned_to: Vec<uuid::Uuid>,
    /// Portcullis: application permissions this principal was granted in this tenant, as `resource app id` and role value.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub granted_app_roles: Vec<GrantedAppRole>,
    /// Portcullis: scopes an administrator consented to for everyone (Graph `oauth2PermissionGrant` with `AllPrincipals`).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub admin_consented_scopes: Vec<String>,
    /// Members we do not interpret, kept for export.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

fn yes() -> bool {
    true
}

/// An application permission held by a service principal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct GrantedAppRole {
    /// The resource that defines the role.
    pub resource_app_id: ClientId,
    /// The role's value.
    pub value: String,
}
