//! A situation: everything a person can say about a sign-in, with the same members in files and on the command line.
//!
//! A member that is absent was not said; what that means depends on who asks ([`Absent`]).

mod ago;
mod merge;
mod one_or_many;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::net::IpAddr;

use portcullis_model::authentication_context::AuthenticationContextId;
use portcullis_model::country::CountryCode;
use portcullis_model::credential::AuthenticationMethod;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::word::words;

pub use ago::Ago;
pub use one_or_many::OneOrMany;

/// What an absent member means.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Absent {
    /// Nothing is known: whatever hangs on it is answered with "depends on".
    #[default]
    Unknown,
    /// There is none: no risk, no device, no address, an unknown platform.
    Nothing,
}

/// The method of this name.
pub fn method(text: &str) -> Result<AuthenticationMethod, String> {
    let named = |one: &AuthenticationMethod| one.name().eq_ignore_ascii_case(text);
    AuthenticationMethod::ALL
        .into_iter()
        .find(named)
        .ok_or_else(|| {
            let shown: String = text.chars().take(64).collect();
            let all = AuthenticationMethod::ALL.map(AuthenticationMethod::name);
            format!("`{shown}` is no method; methods are: {}", all.join(", "))
        })
}

/// One sign-in as somebody describes it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Situation {
    /// Who, if it is a person.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user: Option<Who>,
    /// Who, if it is an application on its own behalf: object id, appId or name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service_principal: Option<String>,
    /// What is reached: appIds or names.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub app: Option<OneOrMany<String>>,
    /// What the user does to their own account.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_action: Option<UserActionWord>,
    /// What the application asks for by name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub authentication_context: Option<OneOrMany<ContextText>>,
    /// The client, appId or name; the application itself if nothing is said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client: Option<String>,
    /// By what kind of client.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_app: Option<ClientAppWord>,
    /// From what platform.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub platform: Option<PlatformWord>,
    /// From what address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ip: Option<IpAddr>,
    /// From what country, by the address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub country: Option<Country>,
    /// From what country, by the coordinates of an authenticator.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gps_country: Option<Country>,
    /// Whether the session comes through the resource tenant's compliant network.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub compliant_network: Option<bool>,
    /// On what device.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub device: Option<DeviceSituation>,
    /// The risk of this sign-in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sign_in_risk: Option<RiskWord>,
    /// The risk of the user, by the user's own tenant.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_risk: Option<RiskWord>,
    /// The risk of the service principal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service_principal_risk: Option<RiskWord>,
    /// Insider risk.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub insider_risk: Option<InsiderRiskWord>,
    /// How the sign-in was moved here from another device.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub flow: Option<FlowWord>,
    /// What was proven so far. Absent: a password, just now, in the user's own tenant; empty: nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub proven: Option<Vec<Proven>>,
    /// What the user could still prove. Absent: nothing is registered, everything can be.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub methods: Option<MethodsByPlace>,
    /// Terms of use that are accepted: ids or names.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub accepted: Option<OneOrMany<String>>,
    /// Custom controls whose provider has vouched, by id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub custom_factors: Option<OneOrMany<String>>,
    /// How long ago the password was changed in this flow, if it was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub password_changed: Option<Ago>,
    /// How long ago the risk was remediated in this flow, if it was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub risk_remediated: Option<Ago>,
    /// Whether the client application is an approved one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub approved_app: Option<bool>,
    /// Whether the client application is under a protection policy.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub protected_app: Option<bool>,
    /// Whether somebody is there to answer; yes if nothing is said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub interactive: Option<bool>,
    /// Whether the request itself demands MFA.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub requests_mfa: Option<bool>,
    /// Supposes what the resource tenant believes of the user's home tenant, whatever its settings say.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trust: Option<TrustSituation>,
}

/// Who signs in.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Who {
    /// Somebody in the directory: object id, userPrincipalName, mail address or display name.
    Named(String),
    /// Somebody the directory does not have.
    Described(DescribedUser),
}

/// Somebody who is described and need not exist.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct DescribedUser {
    /// The object id in the resource tenant, where policies name it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// What kind of user; supposed a member if nothing is said.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub user_type: Option<UserTypeWord>,
    /// The tenant that owns the account: id, domain or name; `none` or null for guests with a social or federated identity or a passcode.
    /// Absent: not known.
    #[serde(
        deserialize_with = "said_tenant",
        skip_serializing_if = "Option::is_none"
    )]
    pub home_tenant: Option<String>,
    /// Groups of the resource tenant: ids or names. Absent: not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub groups: Option<OneOrMany<String>>,
    /// Roles in the resource tenant: template ids or names. Absent: not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub roles: Option<OneOrMany<String>>,
}

impl DescribedUser {
    /// The word for "no tenant owns the account".
    pub const NO_TENANT: &str = "none";

    /// Whether it is said that no tenant owns the account.
    pub fn has_no_tenant(&self) -> bool {
        let said = self.home_tenant.as_deref();
        said.is_some_and(|name| name.trim().eq_ignore_ascii_case(Self::NO_TENANT))
    }
}

/// Null is said, and says that there is none.
fn said_tenant<'de, D: serde::Deserializer<'de>>(reader: D) -> Result<Option<String>, D::Error> {
    let said = Option::<String>::deserialize(reader)?;
    Ok(Some(
        said.unwrap_or_else(|| DescribedUser::NO_TENANT.to_owned()),
    ))
}

/// A context as it was typed, `c1` to `c99`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ContextText(pub AuthenticationContextId);

impl TryFrom<String> for ContextText {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let shown: String = text.chars().take(64).collect();
        text.parse()
            .map(Self)
            .map_err(|error| format!("`{shown}` is {error}"))
    }
}

impl From<ContextText> for String {
    fn from(context: ContextText) -> Self {
        context.0.to_string()
    }
}

/// A country, or the word `unknown`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Country {
    /// Looked up and not found.
    Unknown,
    /// This one.
    Known(CountryCode),
}

impl TryFrom<String> for Country {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        if text.eq_ignore_ascii_case("unknown") {
            return Ok(Self::Unknown);
        }
        let shown: String = text.chars().take(64).collect();
        text.parse().map(Self::Known).map_err(|_| {
            format!("`{shown}` is neither a country of two letters such as `NL` nor `unknown`")
        })
    }
}

impl From<Country> for String {
    fn from(country: Country) -> Self {
        match country {
            Country::Unknown => "unknown".to_owned(),
            Country::Known(code) => code.to_string(),
        }
    }
}

words! {
    /// What kind of user somebody is (specification 8.1).
    UserTypeWord {
        /// An ordinary user.
        Member = "member",
        /// A guest with credentials of this tenant.
        InternalGuest = "internalGuest",
        /// A guest with credentials elsewhere.
        B2bCollaborationGuest = "b2bCollaborationGuest",
        /// A member with credentials elsewhere.
        B2bCollaborationMember = "b2bCollaborationMember",
        /// Without an object, through B2B direct connect.
        B2bDirectConnectUser = "b2bDirectConnectUser",
        /// External in another way.
        OtherExternalUser = "otherExternalUser",
        /// A service provider's user.
        ServiceProvider = "serviceProvider",
    }
    /// What a user does to their own account.
    UserActionWord {
        /// Registers a method.
        RegisterSecurityInformation = "registerSecurityInformation",
        /// Registers or joins a device.
        RegisterOrJoinDevices = "registerOrJoinDevices",
    }
    /// A kind of client.
    ClientAppWord {
        /// A browser.
        Browser = "browser",
        /// A native application with modern authentication.
        MobileAppsAndDesktopClients = "mobileAppsAndDesktopClients",
        /// Exchange `ActiveSync`.
        ExchangeActiveSync = "exchangeActiveSync",
        /// Exchange `ActiveSync` on a supported platform.
        EasSupported = "easSupported",
        /// A legacy protocol.
        Other = "other",
    }
    /// A platform.
    PlatformWord {
        /// Android.
        Android = "android",
        /// iOS and iPadOS.
        Ios = "iOS",
        /// Windows.
        Windows = "windows",
        /// Windows Phone.
        WindowsPhone = "windowsPhone",
        /// `macOS`.
        MacOs = "macOS",
        /// Linux.
        Linux = "linux",
        /// One that nobody recognises.
        Unknown = "unknown",
    }
    /// A level of risk.
    RiskWord {
        /// No risk.
        None = "none",
        /// Low.
        Low = "low",
        /// Medium.
        Medium = "medium",
        /// High.
        High = "high",
    }
    /// A level of insider risk.
    InsiderRiskWord {
        /// No level.
        None = "none",
        /// Minor.
        Minor = "minor",
        /// Moderate.
        Moderate = "moderate",
        /// Elevated.
        Elevated = "elevated",
    }
    /// How a sign-in was moved from one device to another.
    FlowWord {
        /// Not at all.
        None = "none",
        /// The device code grant.
        DeviceCodeFlow = "deviceCodeFlow",
        /// Authentication transfer.
        AuthenticationTransfer = "authenticationTransfer",
    }
    /// Where something is met: the user's own tenant or the one whose application is reached.
    PlaceWord {
        /// The user's own tenant.
        Home = "home",
        /// The tenant whose application is reached; the same for its own users.
        Resource = "resource",
    }
    /// How a device belongs to its tenant.
    TrustTypeWord {
        /// Registered, personal.
        Workplace = "Workplace",
        /// Joined.
        AzureAd = "AzureAD",
        /// Hybrid joined.
        ServerAd = "ServerAD",
    }
    /// The word for a device that nobody knows.
    UnregisteredWord {
        /// No tenant knows the device.
        Unregistered = "unregistered",
    }
}

/// The device.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum DeviceSituation {
    /// No tenant knows it.
    Unregistered(UnregisteredWord),
    /// A tenant vouches for it.
    Registered(Box<RegisteredDevice>),
}

impl DeviceSituation {
    /// A device that no tenant knows.
    pub const UNREGISTERED: Self = Self::Unregistered(UnregisteredWord::Unregistered);
}

/// What a tenant says of a device; what is absent it does not say.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct RegisteredDevice {
    /// The tenant that vouches; the user's own if nothing is said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vouched_by: Option<PlaceWord>,
    /// The device id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub device_id: Option<Uuid>,
    /// Whether it meets that tenant's rules; where what is absent is nothing, no.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub is_compliant: Option<bool>,
    /// How it belongs to that tenant; where what is absent is nothing, registered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trust_type: Option<TrustTypeWord>,
    /// The name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub display_name: Option<String>,
    /// `Personal` or `Company`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub device_ownership: Option<String>,
    /// The profile it was enrolled with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enrollment_profile_name: Option<String>,
    /// Who made it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub manufacturer: Option<String>,
    /// The application that manages it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mdm_app_id: Option<String>,
    /// The model.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// The operating system.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub operating_system: Option<String>,
    /// Its version.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub operating_system_version: Option<String>,
    /// Such as `[ZTDId]:…`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub physical_ids: Vec<String>,
    /// Such as `RegisteredDevice`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub profile_type: Option<String>,
    /// Such as `CloudPC`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub system_labels: Vec<String>,
    /// `extensionAttribute1` to `extensionAttribute15`, by number.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub extension_attributes: BTreeMap<u8, String>,
}

/// Something that was proven: a method's name, or more of it.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Proven {
    /// Just now, in the user's own tenant.
    Method(AuthenticationMethod),
    /// With more to say.
    Detailed(DetailedProof),
}

/// Something that was proven, with when, where and by what.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DetailedProof {
    /// How.
    pub method: AuthenticationMethod,
    /// Where; the user's own tenant if nothing is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<PlaceWord>,
    /// How long ago; just now if nothing is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ago: Option<Ago>,
    /// The model of the security key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub aaguid: Option<Uuid>,
    /// The issuer's subject key identifier of the certificate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issuer_ski: Option<String>,
    /// The policies of the certificate.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub policy_oids: Vec<String>,
}

/// What a user could prove, in either tenant.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct MethodsByPlace {
    /// In the user's own tenant.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub home: Option<MethodLists>,
    /// In the resource tenant; its own users have one list, under either name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resource: Option<MethodLists>,
}

/// What a user could prove in one tenant.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct MethodLists {
    /// Registered.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub registered: Vec<AuthenticationMethod>,
    /// Not registered, and could be now.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub registrable: Vec<AuthenticationMethod>,
}

/// What the resource tenant believes of the home tenant, and whether it lets its users in; what is absent stays as its settings say.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct TrustSituation {
    /// MFA done there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mfa: Option<bool>,
    /// Its word on compliance.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub compliant_device: Option<bool>,
    /// Its word on hybrid join.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hybrid_joined_device: Option<bool>,
    /// Whether its users are let in at all, by whatever channel they come.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub inbound_access: Option<bool>,
}
