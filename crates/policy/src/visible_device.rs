//! The device as conditions see it: what the user's own tenant says of it, as far as this tenant believes that.

use portcullis_model::conditional_access::filter::{Comparison, DeviceProperty};
use portcullis_model::device::{DeviceClaims, DeviceTrustType};
use portcullis_model::id::TenantId;
use uuid::{Uuid, uuid};

use crate::cross_tenant::Trust;
use crate::device_test::Shown;
use crate::filter::{Value, holds};

/// The application id under which Intune manages devices (`mdmAppId`).
const INTUNE: Uuid = uuid!("0000000a-0000-0000-c000-000000000000");

/// A registered device; an unregistered one is the absence of this.
#[derive(Debug, Clone, Copy)]
pub(crate) struct VisibleDevice<'a> {
    claims: &'a DeviceClaims,
    shows_compliance: bool,
    shows_trust_type: bool,
}

impl<'a> VisibleDevice<'a> {
    /// The device of a user with credentials here.
    pub(crate) fn own(claims: Option<&'a DeviceClaims>, tenant: TenantId) -> Option<Self> {
        let claims = claims.filter(|claims| claims.tenant_id == tenant)?;
        Some(Self {
            claims,
            shows_compliance: true,
            shows_trust_type: true,
        })
    }

    /// The device of a user of another tenant: each claim is seen through its own trust, everything else through either
    /// (specification 6.4).
    pub(crate) fn foreign(
        claims: Option<&'a DeviceClaims>,
        home: TenantId,
        trust: Trust,
    ) -> Option<Self> {
        let claims = claims.filter(|claims| claims.tenant_id == home)?;
        (trust.compliant_device || trust.hybrid_joined_device).then_some(Self {
            claims,
            shows_compliance: trust.compliant_device,
            shows_trust_type: trust.hybrid_joined_device,
        })
    }

    fn is_compliant(&self) -> bool {
        self.shows_compliance && self.claims.is_compliant
    }

    fn is_hybrid_joined(&self) -> bool {
        self.shows_trust_type && self.claims.trust_type == DeviceTrustType::ServerAd
    }

    fn is_managed_by_intune(&self) -> bool {
        let manager = self.claims.attributes.mdm_app_id.as_deref();
        manager.is_some_and(|id| id.parse() == Ok(INTUNE))
    }

    /// Extension attributes are seen of managed devices only (specification 6.3); of others they are null.
    fn shows_extension_attributes(&self) -> bool {
        self.is_managed_by_intune() || self.is_compliant() || self.is_hybrid_joined()
    }

    /// What is seen of its compliance and trust type.
    pub(crate) fn shown(&self) -> Shown {
        let claims = self.claims;
        Shown {
            is_compliant: self.shows_compliance.then_some(claims.is_compliant),
            trust_type: self.shows_trust_type.then_some(claims.trust_type),
        }
    }

    /// Whether a comparison holds.
    pub(crate) fn satisfies(&self, comparison: &Comparison<DeviceProperty>) -> bool {
        let compare = |value| holds(value, comparison.operator, &comparison.operand);
        let attributes = &self.claims.attributes;
        let text = |text: &'a Option<String>| text.as_deref().map_or(Value::Null, Value::Text);
        compare(match comparison.property {
            DeviceProperty::DeviceId => {
                let mut buffer = Uuid::encode_buffer();
                let id = self.claims.device_id.uuid().hyphenated();
                return compare(Value::Text(id.encode_lower(&mut buffer)));
            }
            DeviceProperty::IsCompliant => self.shown().compliance(),
            DeviceProperty::TrustType => self.shown().trust(),
            DeviceProperty::DisplayName => text(&attributes.display_name),
            DeviceProperty::DeviceOwnership => text(&attributes.device_ownership),
            DeviceProperty::EnrollmentProfileName => text(&attributes.enrollment_profile_name),
            DeviceProperty::Manufacturer => text(&attributes.manufacturer),
            DeviceProperty::MdmAppId => text(&attributes.mdm_app_id),
            DeviceProperty::Model => text(&attributes.model),
            DeviceProperty::OperatingSystem => text(&attributes.operating_system),
            DeviceProperty::OperatingSystemVersion => text(&attributes.operating_system_version),
            DeviceProperty::PhysicalIds => Value::Texts(&attributes.physical_ids),
            DeviceProperty::ProfileType => text(&attributes.profile_type),
            DeviceProperty::SystemLabels => Value::Texts(&attributes.system_labels),
            DeviceProperty::ExtensionAttribute(_) if !self.shows_extension_attributes() => {
                Value::Null
            }
            DeviceProperty::ExtensionAttribute(number) => attributes
                .extension_attributes
                .get(&number)
                .map_or(Value::Null, |text| Value::Text(text)),
        })
    }
}
