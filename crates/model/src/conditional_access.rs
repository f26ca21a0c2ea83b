//! Conditional Access policies: Graph's language, typed.
//!
//! What Graph can say beyond this is refused when a policy is read, with the reason; nothing is
//! dropped silently (see [`ConditionalAccessPolicy::from_document`] and `docs/reference/conditional-access.md`).

mod conditions;
mod controls;
pub mod filter;
mod parse;
pub mod referable;
mod references;
mod rules;
pub mod signal;
pub mod template;
#[cfg(test)]
mod tests;
mod users;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::authentication_context::AuthenticationContextId;
use crate::authentication_strength::AuthenticationStrengthPolicy;
use crate::id::{
    AgreementId, AuthenticationStrengthId, ClientId, GroupId, NamedLocationId, PolicyId,
    RoleTemplateId, ServicePrincipalId, TenantId, UserId,
};
use filter::{AttributeFilter, DeviceFilter};
use signal::{InsiderRiskLevels, RiskLevels, TransferMethods};

/// Graph `conditionalAccessPolicy`, validated: whoever holds one may compile it.
#[derive(Debug, Clone, PartialEq)]
pub struct ConditionalAccessPolicy {
    /// The object id.
    pub id: PolicyId,
    /// The name administrators gave it; not unique.
    pub display_name: String,
    /// Whether it counts.
    pub state: PolicyState,
    /// Whom and what it is about.
    pub conditions: Conditions,
    /// What it demands; `None` means only session controls.
    pub grant_controls: Option<GrantControls>,
    /// What it says of the session.
    pub session_controls: SessionControls,
    /// The strength it demands, when the document holds it whole as exports do; used where the tenant has none of this id.
    pub expanded_strength: Option<Box<AuthenticationStrengthPolicy>>,
    /// The document as it was given, for export without loss.
    pub document: Map<String, Value>,
}

/// Graph `conditionalAccessPolicyState`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum PolicyState {
    /// Enforced.
    #[serde(rename = "enabled")]
    Enabled,
    /// Not looked at; logged as `notEnabled`.
    #[serde(rename = "disabled")]
    Disabled,
    /// Evaluated and logged, never enforced.
    #[serde(rename = "enabledForReportingButNotEnforced")]
    ReportOnly,
}

/// Graph `conditionalAccessConditionSet`. `None` and an empty list of types mean "not configured": every sign-in matches.
#[derive(Debug, Clone, PartialEq)]
pub struct Conditions {
    /// Which people.
    pub users: UserConditions,
    /// Which applications on their own behalf; `None`: the policy is about people.
    pub client_applications: Option<ClientApplicationConditions>,
    /// What is reached.
    pub target: Target,
    /// By what kind of client; `None` is Graph's `all`.
    pub client_app_types: Option<Vec<ClientAppType>>,
    /// From what platform.
    pub platforms: Option<IncludeExclude<PlatformCondition>>,
    /// From where.
    pub locations: Option<IncludeExclude<LocationCondition>>,
    /// At what risk of this sign-in; empty: not configured.
    pub sign_in_risk_levels: RiskLevels,
    /// At what risk of the user; empty: not configured.
    pub user_risk_levels: RiskLevels,
    /// At what risk of the service principal; empty: not configured.
    pub service_principal_risk_levels: RiskLevels,
    /// At what insider risk; empty: not configured.
    pub insider_risk_levels: InsiderRiskLevels,
    /// From which devices.
    pub devices: Option<DeviceCondition>,
    /// Through which transfer; empty: not configured.
    pub transfer_methods: TransferMethods,
}

impl Conditions {
    /// These people and this target, everything else not configured.
    pub fn new(users: UserConditions, target: Target) -> Self {
        Self {
            users,
            client_applications: None,
            target,
            client_app_types: None,
            platforms: None,
            locations: None,
            sign_in_risk_levels: RiskLevels::default(),
            user_risk_levels: RiskLevels::default(),
            service_principal_risk_levels: RiskLevels::default(),
            insider_risk_levels: InsiderRiskLevels::default(),
            devices: None,
            transfer_methods: TransferMethods::default(),
        }
    }
}

/// Graph `conditionalAccessClientApplications`: workload identities.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientApplicationConditions {
    /// Any of these brings a service principal in.
    pub include: Vec<ServicePrincipalCondition>,
    /// Any of these takes it out again.
    pub exclude: Vec<ServicePrincipalCondition>,
    /// Brings in or takes out by attributes.
    pub filter: Option<AttributeFilter>,
}

/// One entry of a condition on workload identities.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ServicePrincipalCondition {
    /// `ServicePrincipalsInMyTenant`.
    All,
    /// One service principal.
    ServicePrincipal(ServicePrincipalId),
}

/// What a policy is about; exactly one kind (rule CA-V04).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// Resources.
    Applications(ApplicationConditions),
    /// What a user does to their own account; at least one.
    UserActions(Vec<UserAction>),
    /// What an application asks for by name; at least one.
    AuthenticationContexts(Vec<AuthenticationContextId>),
}

/// An action that a policy can be about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum UserAction {
    /// `urn:user:registersecurityinfo`.
    RegisterSecurityInformation,
    /// `urn:user:registerdevice`.
    RegisterOrJoinDevices,
}

/// A condition on the device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DeviceCondition {
    /// Graph `deviceFilter`.
    Filter(DeviceFilter),
    /// The deprecated device states: every device but those in one of these states.
    AllExceptStates(Vec<DeviceState>),
}

/// A deprecated device state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DeviceState {
    /// `Compliant`.
    Compliant,
    /// `DomainJoined`: hybrid joined.
    DomainJoined,
}

/// An include list and an exclude list; exclusion wins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IncludeExclude<T> {
    /// Any of these brings the sign-in in.
    pub include: Vec<T>,
    /// Any of these takes it out again.
    pub exclude: Vec<T>,
}

/// Graph `conditionalAccessUsers`.
pub type UserConditions = IncludeExclude<UserCondition>;

/// One entry of a user condition. `None` in Graph is an include list without entries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UserCondition {
    /// `All`: every user, guests and subjects without an object too (decision 19).
    All,
    /// One user object of this tenant.
    User(UserId),
    /// A group of this tenant, nesting followed.
    Group(GroupId),
    /// An active built-in role at tenant scope.
    Role(RoleTemplateId),
    /// Legacy `GuestsOrExternalUsers`: all six types, all tenants (decision 5).
    GuestsOrExternalUsers,
    /// Typed external users, all tenants or the ones named.
    ExternalUsers {
        /// The types, at least one.
        types: ExternalUserTypes,
        /// `None` is every tenant, and no tenant at all.
        tenants: Option<Vec<TenantId>>,
    },
}

/// A set of external user types (Graph's flags enum `conditionalAccessGuestOrExternalUserTypes`).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct ExternalUserTypes(u8);

/// One external user type.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum ExternalUserType {
    /// Credentials here, `userType` Guest.
    InternalGuest = 1,
    /// Credentials elsewhere, `userType` Guest.
    B2bCollaborationGuest = 2,
    /// Credentials elsewhere, `userType` Member.
    B2bCollaborationMember = 4,
    /// No object here, through B2B direct connect.
    B2bDirectConnectUser = 8,
    /// Credentials elsewhere and nothing else applies.
    OtherExternalUser = 16,
    /// Delegated administration by a provider.
    ServiceProvider = 32,
}

impl ExternalUserType {
    /// All six, in Graph's order.
    pub const ALL: [Self; 6] = [
        Self::InternalGuest,
        Self::B2bCollaborationGuest,
        Self::B2bCollaborationMember,
        Self::B2bDirectConnectUser,
        Self::OtherExternalUser,
        Self::ServiceProvider,
    ];

    /// Graph's name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::InternalGuest => "internalGuest",
            Self::B2bCollaborationGuest => "b2bCollaborationGuest",
            Self::B2bCollaborationMember => "b2bCollaborationMember",
            Self::B2bDirectConnectUser => "b2bDirectConnectUser",
            Self::OtherExternalUser => "otherExternalUser",
            Self::ServiceProvider => "serviceProvider",
        }
    }
}

impl ExternalUserTypes {
    /// No type: an internal member.
    pub const NONE: Self = Self(0);
    /// All six.
    pub const ALL: Self = Self(63);

    /// This set and one more.
    #[must_use]
    pub const fn with(self, one: ExternalUserType) -> Self {
        Self(self.0 | one as u8)
    }

    /// Whether the type is in the set.
    pub const fn contains(self, one: ExternalUserType) -> bool {
        self.0 & one as u8 != 0
    }

    /// Whether the sets share a type; never true for an empty set.
    pub const fn intersects(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// Whether no type is in the set.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The types of the set, in Graph's order.
    pub fn iter(self) -> impl Iterator<Item = ExternalUserType> {
        ExternalUserType::ALL
            .into_iter()
            .filter(move |one| self.contains(*one))
    }
}

/// Graph `conditionalAccessApplications`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApplicationConditions {
    /// Any of these brings a resource in.
    pub include: Vec<ApplicationCondition>,
    /// Any of these takes it out again.
    pub exclude: Vec<ApplicationCondition>,
    /// Brings in or takes out by attributes.
    pub filter: Option<AttributeFilter>,
}

/// One entry of an application condition. `None` in Graph is an include list without entries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ApplicationCondition {
    /// `All` resources.
    All,
    /// `Office365`: the suite.
    Office365,
    /// `MicrosoftAdminPortals`.
    MicrosoftAdminPortals,
    /// One application.
    Application(ClientId),
}

/// Graph `conditionalAccessClientApp`, without the retired names; `all` is the absence of a condition.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum ClientAppType {
    /// Web sign-in or a confidential client.
    Browser,
    /// A public client.
    MobileAppsAndDesktopClients,
    /// The EAS protocol.
    ExchangeActiveSync,
    /// EAS on a supported platform.
    EasSupported,
    /// Legacy protocols.
    Other,
}

impl ClientAppType {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::Browser,
        Self::MobileAppsAndDesktopClients,
        Self::ExchangeActiveSync,
        Self::EasSupported,
        Self::Other,
    ];
}

/// One entry of a platform condition.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PlatformCondition {
    /// `all`, the unknown platform included.
    All,
    /// One platform.
    Platform(DevicePlatform),
}

/// Graph `conditionalAccessDevicePlatform`, the platforms themselves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum DevicePlatform {
    /// Android.
    #[serde(rename = "android")]
    Android,
    /// iOS and iPadOS.
    #[serde(rename = "iOS")]
    Ios,
    /// Windows.
    #[serde(rename = "windows")]
    Windows,
    /// Windows Phone.
    #[serde(rename = "windowsPhone")]
    WindowsPhone,
    /// macOS.
    #[serde(rename = "macOS")]
    MacOs,
    /// Linux.
    #[serde(rename = "linux")]
    Linux,
}

impl DevicePlatform {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::Android,
        Self::Ios,
        Self::Windows,
        Self::WindowsPhone,
        Self::MacOs,
        Self::Linux,
    ];
}

/// One entry of a location condition.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LocationCondition {
    /// `All`, the unknown included.
    All,
    /// `AllTrusted`: every named location marked as trusted.
    AllTrusted,
    /// One named location.
    NamedLocation(NamedLocationId),
}

/// Graph `conditionalAccessGrantControls`, at least one control.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GrantControls {
    /// How the controls combine.
    pub operator: GrantOperator,
    /// The controls, at least one; `Block` stands alone.
    pub controls: Vec<GrantControl>,
}

/// `AND` or `OR`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GrantOperator {
    /// Every control.
    And,
    /// Any one control.
    Or,
}

/// Everything a policy can demand, in the order in which it is asked for (specification 5.3).
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum GrantControl {
    /// Nobody passes.
    Block,
    /// Multifactor authentication.
    Mfa,
    /// An authentication strength.
    AuthenticationStrength(AuthenticationStrengthId),
    /// A compliant device.
    CompliantDevice,
    /// A hybrid joined device.
    DomainJoinedDevice,
    /// An approved client application.
    ApprovedApplication,
    /// An application with a protection policy.
    CompliantApplication,
    /// A secure password change, after MFA.
    PasswordChange,
    /// Whatever the cause of the user's risk demands (specification 11.5).
    RiskRemediation,
    /// Terms of use; each agreement is a control of its own.
    TermsOfUse(AgreementId),
    /// A custom control, by its id.
    CustomAuthenticationFactor(String),
}

impl GrantControl {
    /// Graph's name of the control, or of the member that names it.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Block => "block",
            Self::Mfa => "mfa",
            Self::AuthenticationStrength(_) => "authenticationStrength",
            Self::CompliantDevice => "compliantDevice",
            Self::DomainJoinedDevice => "domainJoinedDevice",
            Self::ApprovedApplication => "approvedApplication",
            Self::CompliantApplication => "compliantApplication",
            Self::PasswordChange => "passwordChange",
            Self::RiskRemediation => "riskRemediation",
            Self::TermsOfUse(_) => "termsOfUse",
            Self::CustomAuthenticationFactor(_) => "customAuthenticationFactors",
        }
    }
}

/// Graph `conditionalAccessSessionControls`; only enabled ones appear.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SessionControls {
    /// How old a proof may be.
    pub sign_in_frequency: Option<SignInFrequency>,
    /// Whether the browser session may outlive the browser.
    pub persistent_browser: Option<PersistentBrowser>,
    /// The application limits what unmanaged devices can do.
    pub application_enforced_restrictions: bool,
    /// The session goes through a proxy.
    pub cloud_app_security: Option<CloudAppSecurity>,
    /// Tokens are bound to the device.
    pub secure_sign_in_session: bool,
    /// During an outage nobody is let in on old answers.
    pub disable_resilience_defaults: bool,
    /// How continuous access evaluation behaves.
    pub continuous_access_evaluation: Option<ContinuousAccessEvaluation>,
    /// The profile that filters network traffic, by id.
    pub global_secure_access_filtering_profile: Option<String>,
}

/// Graph `cloudAppSecuritySessionControlType`, the weakest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum CloudAppSecurity {
    /// `monitorOnly`.
    MonitorOnly,
    /// `mcasConfigured`: as the proxy's own policy says.
    Configured,
    /// `blockDownloads`.
    BlockDownloads,
}

/// Graph `continuousAccessEvaluationMode`, the weakest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ContinuousAccessEvaluation {
    /// `disabled`.
    Disabled,
    /// `strictEnforcement`, the older word.
    StrictEnforcement,
    /// `strictLocation`.
    StrictLocation,
}

/// Graph `signInFrequencySessionControl`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SignInFrequency {
    /// How often.
    pub interval: SignInInterval,
    /// Which proofs must be fresh.
    pub authentication_type: FrequencyAuthenticationType,
}

/// How often a proof must be renewed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum SignInInterval {
    /// Each time the session is evaluated, with five minutes of tolerance (specification 5.10).
    EveryTime,
    /// At most this many hours old, at least one.
    Hours(u32),
}

/// Graph `signInFrequencyAuthenticationType`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum FrequencyAuthenticationType {
    /// First and second factor.
    PrimaryAndSecondaryAuthentication,
    /// The second factor only.
    SecondaryAuthentication,
}

/// Graph `persistentBrowserSessionMode`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PersistentBrowser {
    /// The session outlives the browser; nobody is asked.
    Always,
    /// The session ends with the browser; nobody is asked.
    Never,
}
