//! What a home tenant says of the device a session was made on.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::id::{DeviceId, TenantId};

/// Device claims of an authentication session; a device belongs to one tenant, which alone can vouch for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DeviceClaims {
    /// The tenant that vouches.
    pub tenant_id: TenantId,
    /// The device.
    pub device_id: DeviceId,
    /// The device meets its tenant's compliance rules.
    pub is_compliant: bool,
    /// How it is joined.
    pub trust_type: DeviceTrustType,
    /// What else the tenant says of it.
    #[serde(default, skip_serializing_if = "DeviceAttributes::is_empty")]
    pub attributes: DeviceAttributes,
}

/// What a filter for devices can look at beside compliance and trust (specification 6.2), under Graph's names.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct DeviceAttributes {
    /// The name, which the user may change.
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
    /// The operating system, for instance `Windows`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub operating_system: Option<String>,
    /// Its version.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub operating_system_version: Option<String>,
    /// For instance `[ZTDId]:…`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub physical_ids: Vec<String>,
    /// For instance `RegisteredDevice`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub profile_type: Option<String>,
    /// For instance `CloudPC`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub system_labels: Vec<String>,
    /// `extensionAttribute1` to `15`, by number.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub extension_attributes: BTreeMap<u8, String>,
}

impl DeviceAttributes {
    fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// Graph `trustType` of a device.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum DeviceTrustType {
    /// Registered, personal.
    Workplace,
    /// Joined.
    AzureAd,
    /// Hybrid joined.
    ServerAd,
}
