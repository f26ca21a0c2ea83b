//! What a home tenant says of the device a session was made on.

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
}

/// Graph `trustType` of a device.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum DeviceTrustType {
    /// Registered, personal.
    Workplace,
    /// Joined.
    AzureAd,
    /// Hybrid joined.
    ServerAd,
}
