//! Cross-tenant access settings: what a tenant lets in, lets out, and believes (Graph `crossTenantAccessPolicy`).

mod document;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::id::TenantId;

/// Graph `crossTenantAccessPolicy` with its default and its partners.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CrossTenantAccessPolicy {
    /// What holds for tenants without an entry; holes are the system default (specification 1.3).
    #[serde(default)]
    pub default: CrossTenantSettings,
    /// Entries for single tenants.
    #[serde(default)]
    pub partners: Vec<CrossTenantPartner>,
}

/// Graph `crossTenantAccessPolicyConfigurationPartner`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CrossTenantPartner {
    /// The partner.
    pub tenant_id: TenantId,
    /// The partner administers this tenant by delegation.
    #[serde(default)]
    pub is_service_provider: Option<bool>,
    /// The settings; `null` inherits from the default, field by field (decision 10).
    #[serde(flatten)]
    pub settings: CrossTenantSettings,
}

/// The settings a default and a partner share. `None` means: inherit (partner), or the system default (default).
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CrossTenantSettings {
    /// B2B collaboration, others coming here.
    #[serde(default)]
    pub b2b_collaboration_inbound: Option<B2bSetting>,
    /// B2B collaboration, our users going there.
    #[serde(default)]
    pub b2b_collaboration_outbound: Option<B2bSetting>,
    /// B2B direct connect, others coming here.
    #[serde(default)]
    pub b2b_direct_connect_inbound: Option<B2bSetting>,
    /// B2B direct connect, our users going there.
    #[serde(default)]
    pub b2b_direct_connect_outbound: Option<B2bSetting>,
    /// Which of the other tenant's claims count here.
    #[serde(default)]
    pub inbound_trust: Option<InboundTrust>,
    /// Whether the redemption consent is skipped.
    #[serde(default)]
    pub automatic_user_consent_settings: Option<InboundOutbound>,
    /// Members we do not interpret, kept for export.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

impl CrossTenantSettings {
    /// Those of a tenant that lets all its users out to every application, and says nothing of who comes in.
    pub fn letting_everybody_out() -> Self {
        let all = |target: &str, target_type| {
            Some(TargetConfiguration {
                access_type: AccessType::Allowed,
                targets: vec![Target {
                    target: target.to_owned(),
                    target_type,
                }],
            })
        };
        let everybody = B2bSetting {
            users_and_groups: all("AllUsers", TargetType::User),
            applications: all("AllApplications", TargetType::Application),
        };
        Self {
            b2b_collaboration_outbound: Some(everybody.clone()),
            b2b_direct_connect_outbound: Some(everybody),
            ..Self::default()
        }
    }
}

/// Graph `crossTenantAccessPolicyB2BSetting`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct B2bSetting {
    /// Which users and groups.
    #[serde(default)]
    pub users_and_groups: Option<TargetConfiguration>,
    /// Which applications.
    #[serde(default)]
    pub applications: Option<TargetConfiguration>,
}

/// Graph `crossTenantAccessPolicyTargetConfiguration`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TargetConfiguration {
    /// Whether the targets are let through or held back.
    pub access_type: AccessType,
    /// The targets.
    pub targets: Vec<Target>,
}

/// Graph `crossTenantAccessPolicyTargetConfigurationAccessType`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum AccessType {
    /// Let through.
    Allowed,
    /// Held back.
    Blocked,
}

/// Graph `crossTenantAccessPolicyTarget`: an object id or a keyword (`AllUsers`, `AllApplications`, `Office365`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Target {
    /// The id or keyword.
    pub target: String,
    /// What it names.
    pub target_type: TargetType,
}

/// Graph `crossTenantAccessPolicyTargetType`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum TargetType {
    /// A user.
    User,
    /// A group.
    Group,
    /// An application.
    Application,
}

/// Graph `crossTenantAccessPolicyInboundTrust`; each flag stands on its own.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct InboundTrust {
    /// MFA done at home counts.
    #[serde(default)]
    pub is_mfa_accepted: Option<bool>,
    /// The home tenant's word on compliance counts.
    #[serde(default)]
    pub is_compliant_device_accepted: Option<bool>,
    /// The home tenant's word on hybrid join counts.
    #[serde(default, rename = "isHybridAzureADJoinedDeviceAccepted")]
    pub is_hybrid_azure_ad_joined_device_accepted: Option<bool>,
}

/// Graph `inboundOutboundPolicyConfiguration`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct InboundOutbound {
    /// For others coming here.
    #[serde(default)]
    pub inbound_allowed: Option<bool>,
    /// For our users going there.
    #[serde(default)]
    pub outbound_allowed: Option<bool>,
}
