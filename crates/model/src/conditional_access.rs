//! Conditional Access policies: the part of Graph's language that is enforced today.
//!
//! What Graph can say beyond this is refused when a policy is read, with the reason; nothing is
//! dropped silently (see [`ConditionalAccessPolicy::from_document`] and `docs/reference/conditional-access.md`).

mod conditions;
mod controls;
mod parse;
mod spelling;
#[cfg(test)]
mod tests;
mod users;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::id::{ClientId, GroupId, NamedLocationId, PolicyId, RoleTemplateId, TenantId, UserId};

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
    /// Who.
    pub users: UserConditions,
    /// What is reached.
    pub applications: ApplicationConditions,
    /// By what kind of client; `None` is Graph's `all`.
    pub client_app_types: Option<Vec<ClientAppType>>,
    /// From what platform.
    pub platforms: Option<IncludeExclude<PlatformCondition>>,
    /// From where.
    pub locations: Option<IncludeExclude<LocationCondition>>,
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
pub type ApplicationConditions = IncludeExclude<ApplicationCondition>;

/// One entry of an application condition. `None` in Graph is an include list without entries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ApplicationCondition {
    /// `All` resources.
    All,
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
    /// The controls; `Block` stands alone.
    pub built_in_controls: Vec<GrantControl>,
}

/// `AND` or `OR`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GrantOperator {
    /// Every control.
    And,
    /// Any one control.
    Or,
}

/// Graph `conditionalAccessGrantControl`, the controls that are enforced today.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum GrantControl {
    /// Nobody passes.
    Block,
    /// Multifactor authentication.
    Mfa,
    /// A compliant device.
    CompliantDevice,
    /// A hybrid joined device.
    DomainJoinedDevice,
}

impl GrantControl {
    /// Graph's name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Block => "block",
            Self::Mfa => "mfa",
            Self::CompliantDevice => "compliantDevice",
            Self::DomainJoinedDevice => "domainJoinedDevice",
        }
    }
}

/// Graph `conditionalAccessSessionControls`, the controls that are applied today; only enabled ones appear.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct SessionControls {
    /// How old a proof may be.
    pub sign_in_frequency: Option<SignInFrequency>,
    /// Whether the browser session may outlive the browser.
    pub persistent_browser: Option<PersistentBrowser>,
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
