//! A row of the sign-in log (Graph `signIn`): what one tenant is told of one attempt.

use serde::{Deserialize, Serialize};

use crate::Timestamp;
use crate::authentication_context::AuthenticationContextId;
use crate::country::CountryCode;
use crate::id::{AuthenticationStrengthId, ClientId, CorrelationId, PolicyId, SignInId, TenantId};

/// Graph `signIn`. Which members a tenant sees follows specification 8.3.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SignIn {
    /// The row.
    pub id: SignInId,
    /// When.
    pub created_date_time: Timestamp,
    /// Ties rows and pages of one sign-in together, in both tenants.
    pub correlation_id: CorrelationId,
    /// The name people see, when known.
    pub user_display_name: Option<String>,
    /// The user's name: mail in lower case for guests, the UPN at home; what was typed when nobody has it.
    pub user_principal_name: Option<String>,
    /// The object id this tenant knows; the home object id for direct connect.
    pub user_id: Option<String>,
    /// `member`, `guest`, or absent.
    pub user_type: Option<String>,
    /// The client.
    pub app_id: Option<ClientId>,
    /// Its name.
    pub app_display_name: Option<String>,
    /// The resource.
    pub resource_id: Option<ClientId>,
    /// Its name.
    pub resource_display_name: Option<String>,
    /// The service principal, for client credentials.
    pub service_principal_id: Option<String>,
    /// Its name.
    pub service_principal_name: Option<String>,
    /// The address the request came from.
    pub ip_address: Option<String>,
    /// Where that address is.
    #[serde(default)]
    pub location: SignInLocation,
    /// `Browser`, `Mobile Apps and Desktop clients`, …
    pub client_app_used: Option<String>,
    /// The user agent as sent, at most 512 characters.
    pub user_agent: Option<String>,
    /// Whether a person was in front of it.
    pub is_interactive: bool,
    /// `interactiveUser`, `nonInteractiveUser`, `servicePrincipal`.
    pub sign_in_event_types: Vec<String>,
    /// `authorizationCodeWithPkce`, `oAuth2`, …
    pub authentication_protocol: String,
    /// `none` or `refreshToken`.
    pub incoming_token_type: String,
    /// The user's own tenant.
    pub home_tenant_id: Option<TenantId>,
    /// The tenant whose application was reached.
    pub resource_tenant_id: TenantId,
    /// `none`, `b2bCollaboration`, `b2bDirectConnect`, …
    pub cross_tenant_access_type: String,
    /// 0 for success, else the number on the page.
    pub status: SignInStatus,
    /// What Conditional Access came to.
    pub conditional_access_status: ConditionalAccessStatus,
    /// Every policy of the resource tenant, with its result and reason; empty in the home tenant's row.
    pub applied_conditional_access_policies: Vec<AppliedConditionalAccessPolicy>,
    /// The audiences the policies were asked about.
    pub conditional_access_audiences: Vec<ClientId>,
    /// The authentication contexts that were asked for.
    #[serde(default)]
    pub authentication_context_class_references: Vec<AuthenticationContext>,
    /// `singleFactorAuthentication` or `multiFactorAuthentication`.
    pub authentication_requirement: String,
    /// Each proof, in order.
    pub authentication_details: Vec<AuthenticationDetail>,
    /// The device, as far as this tenant may see it.
    pub device_detail: DeviceDetail,
    /// The `uti` of the token that was issued.
    pub unique_token_identifier: Option<String>,
    /// The session, when there is one.
    pub session_id: Option<String>,
}

/// Graph `signInLocation`, as far as it is known.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SignInLocation {
    /// The country of the address; absent is unknown.
    pub country_or_region: Option<CountryCode>,
}

/// Graph `authenticationContext`, of a row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AuthenticationContext {
    /// `c1` to `c99`.
    pub id: AuthenticationContextId,
    /// Whether it was asked for now, or what was proven before was enough.
    pub detail: AuthenticationContextDetail,
}

/// Graph `authenticationContextDetail`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum AuthenticationContextDetail {
    /// Asked for in this sign-in.
    Required,
    /// Met by what was proven before.
    PreviouslySatisfied,
}

/// Graph `signInStatus`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SignInStatus {
    /// 0, or an error number.
    pub error_code: u32,
    /// In words.
    pub failure_reason: Option<String>,
    /// What to look at.
    pub additional_details: Option<String>,
}

/// Graph `conditionalAccessStatus`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum ConditionalAccessStatus {
    /// Policies matched user and application, and nothing failed.
    Success,
    /// A policy in scope was unmet or blocks.
    Failure,
    /// No policy matched user and application.
    NotApplied,
}

/// Graph `appliedConditionalAccessPolicy`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AppliedConditionalAccessPolicy {
    /// The policy.
    pub id: PolicyId,
    /// Its name at the time.
    pub display_name: String,
    /// What it came to.
    pub result: AppliedPolicyResult,
    /// What it demanded, Graph's control names.
    pub enforced_grant_controls: Vec<String>,
    /// What it said of the session.
    pub enforced_session_controls: Vec<String>,
    /// Conditions that held, Graph's names.
    pub conditions_satisfied: Vec<String>,
    /// Conditions that did not.
    pub conditions_not_satisfied: Vec<String>,
    /// Include rules that brought the sign-in in.
    pub include_rules_satisfied: Vec<RuleSatisfied>,
    /// Exclude rules that took it out.
    pub exclude_rules_satisfied: Vec<RuleSatisfied>,
    /// Session controls that could not be applied (decision 12).
    pub session_controls_not_satisfied: Vec<String>,
    /// What the strength it demands came to, if it demands one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authentication_strength: Option<AppliedAuthenticationStrength>,
    /// Portcullis: one sentence why, for people.
    pub reason: String,
}

/// Graph `authenticationStrength` of an applied policy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AppliedAuthenticationStrength {
    /// The strength.
    pub authentication_strength_id: AuthenticationStrengthId,
    /// Its name at the time.
    pub display_name: String,
    /// What it came to.
    pub authentication_strength_result: AuthenticationStrengthResult,
}

/// Graph `authenticationStrengthResult`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum AuthenticationStrengthResult {
    /// Nothing is said.
    NotSet,
    /// Replaced by the strengths of policies about registering security information, while somebody registers.
    SkippedForProofUp,
    /// Met.
    Satisfied,
    /// One more method is to be proven.
    SingleChallengeRequired,
    /// Several more are.
    MultipleChallengesRequired,
    /// One method is to be registered.
    SingleRegistrationRequired,
    /// Several are.
    MultipleRegistrationsRequired,
    /// The methods would do, but what they were proven with does not.
    CannotSatisfyDueToCombinationConfiguration,
    /// The user has no way to meet it.
    CannotSatisfy,
}

/// Graph `appliedConditionalAccessPolicyResult`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum AppliedPolicyResult {
    /// In scope and met.
    Success,
    /// In scope and unmet, or it blocks.
    Failure,
    /// Not in scope.
    NotApplied,
    /// Disabled.
    NotEnabled,
    /// Could not be evaluated.
    Unknown,
    /// Report-only: would have been met.
    ReportOnlySuccess,
    /// Report-only: would have refused.
    ReportOnlyFailure,
    /// Report-only: not in scope.
    ReportOnlyNotApplied,
    /// Report-only: would have asked the user.
    ReportOnlyInterrupted,
}

/// Graph `conditionalAccessRuleSatisfied`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RuleSatisfied {
    /// The condition, Graph's name.
    pub conditional_access_condition: String,
    /// The rule, Graph's name.
    pub rule_satisfied: String,
}

/// Graph `authenticationDetail`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AuthenticationDetail {
    /// When.
    pub authentication_step_date_time: Timestamp,
    /// "Password", "OATH verification code", "Previously satisfied", …
    pub authentication_method: String,
    /// More of it.
    pub authentication_method_detail: Option<String>,
    /// Whether it proved anything.
    pub succeeded: bool,
    /// In words.
    pub authentication_step_result_detail: String,
    /// "Primary authentication", "Multifactor authentication".
    pub authentication_step_requirement: String,
}

/// Graph `deviceDetail`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DeviceDetail {
    /// `{PII Removed}` for devices of other tenants.
    pub device_id: Option<String>,
    /// From the user agent.
    pub operating_system: Option<String>,
    /// From the user agent.
    pub browser: Option<String>,
    /// As the device's tenant says.
    pub is_compliant: Option<bool>,
    /// In words.
    pub trust_type: Option<String>,
}
