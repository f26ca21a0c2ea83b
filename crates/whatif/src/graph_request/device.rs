//! Graph's `deviceInfo`, whose names are not quite those of a filter for devices (specification 9.3).

use uuid::Uuid;

use super::{GraphRequestError, Members, shown};
use crate::situation::{DeviceSituation, RegisteredDevice, TrustTypeWord};

/// How the world spells the ways in which a device belongs to its tenant.
const TRUST_TYPES: [(&str, TrustTypeWord); 8] = [
    ("AzureAD", TrustTypeWord::AzureAd),
    ("EntraID", TrustTypeWord::AzureAd),
    ("Azure AD joined", TrustTypeWord::AzureAd),
    ("ServerAD", TrustTypeWord::ServerAd),
    ("Hybrid Azure AD joined", TrustTypeWord::ServerAd),
    ("Workplace", TrustTypeWord::Workplace),
    ("Azure AD registered", TrustTypeWord::Workplace),
    ("EntraRegistered", TrustTypeWord::Workplace),
];

pub(super) fn read(
    mut info: Members,
    notes: &mut Vec<String>,
) -> Result<DeviceSituation, GraphRequestError> {
    info.rest.remove("@odata.type");
    // What says nothing of a device is like a device of which nothing is known.
    if info.rest.is_empty() {
        return Ok(DeviceSituation::UNREGISTERED);
    }
    let mut device = RegisteredDevice {
        is_compliant: info.flag("isCompliant")?,
        display_name: info.text("displayName")?,
        device_ownership: info.text("ownership")?,
        enrollment_profile_name: info.text("enrollmentProfileName")?,
        manufacturer: info.text("manufacturer")?,
        mdm_app_id: info.text("mdmAppId")?,
        model: info.text("model")?,
        operating_system: info.text("operatingSystem")?,
        operating_system_version: info.text("operatingSystemVersion")?,
        physical_ids: info.texts("physicalIds")?,
        profile_type: info.text("profileType")?,
        system_labels: info.texts("systemLabels")?,
        ..RegisteredDevice::default()
    };
    if let Some(id) = info.text("deviceId")? {
        let parsed = Uuid::try_parse(&id)
            .map_err(|_| info.error("deviceId", format!("`{}` is no GUID", shown(&id))))?;
        device.device_id = Some(parsed);
    }
    if let Some(text) = info.text("trustType")? {
        let known = TRUST_TYPES
            .iter()
            .find(|(name, _)| name.eq_ignore_ascii_case(&text));
        if known.is_none() {
            notes.push(format!(
                "no filter knows the trust type `{}`; the device counts as registered only",
                shown(&text)
            ));
        }
        device.trust_type = known.map(|(_, word)| *word);
    }
    for number in 1..=15 {
        if let Some(value) = info.text(&format!("extensionAttribute{number}"))? {
            device.extension_attributes.insert(number, value);
        }
    }
    info.finish()?;
    Ok(DeviceSituation::Registered(Box::new(device)))
}
