//! What a row says of the device.

use portcullis_model::device::{DeviceAttributes, DeviceClaims, DeviceTrustType};
use portcullis_model::id::{DeviceId, TenantId};
use uuid::Uuid;

use super::Both;
use crate::replay::missing::Missing;
use crate::replay::proven::Log;
use crate::replay::row::{Row, said};

impl Both<'_> {
    /// An empty device id says that no tenant knows the device; none at all says nothing, in a log that is not ours.
    pub(super) fn device(&mut self, row: &Row<'_>, log: Log, vouching: TenantId) {
        let detail = row.device_detail.as_ref();
        let id = detail.and_then(|detail| detail.device_id.as_ref());
        match (said(id), id, log) {
            (None, Some(_), _) | (None, None, Log::Own) => {}
            (None, None, Log::Other) => {
                self.lenient.device = Some(DeviceClaims {
                    is_compliant: true,
                    trust_type: DeviceTrustType::ServerAd,
                    ..claims(vouching, None)
                });
                self.missing.add(Missing::Device);
            }
            (Some(id), _, _) => {
                let is_compliant = detail.and_then(|detail| detail.is_compliant);
                let trust_type = detail.and_then(|detail| detail.trust_type.as_ref());
                let trust_type = said(trust_type).and_then(trust_type_of);
                let device = |compliant: bool, trusted: DeviceTrustType| DeviceClaims {
                    is_compliant: is_compliant.unwrap_or(compliant),
                    trust_type: trust_type.unwrap_or(trusted),
                    ..claims(vouching, id.parse().ok())
                };
                self.lenient.device = Some(device(true, DeviceTrustType::ServerAd));
                self.strict.device = Some(device(false, DeviceTrustType::Workplace));
                if is_compliant.is_none() {
                    self.missing.add(Missing::Compliance);
                }
                if trust_type.is_none() {
                    self.missing.add(Missing::TrustType);
                }
                self.missing.add(Missing::DeviceAttributes);
            }
        }
    }
}

fn claims(tenant_id: TenantId, id: Option<Uuid>) -> DeviceClaims {
    DeviceClaims {
        tenant_id,
        device_id: DeviceId::new(id.unwrap_or(Uuid::nil())),
        is_compliant: false,
        trust_type: DeviceTrustType::Workplace,
        attributes: DeviceAttributes::default(),
    }
}

/// The join by the words of the log, old and new.
fn trust_type_of(text: &str) -> Option<DeviceTrustType> {
    let is = |words: &[&str]| words.iter().any(|word| text.eq_ignore_ascii_case(word));
    if is(&[
        "Hybrid Azure AD joined",
        "Microsoft Entra hybrid joined",
        "ServerAD",
    ]) {
        Some(DeviceTrustType::ServerAd)
    } else if is(&["Azure AD joined", "Microsoft Entra joined", "AzureAD"]) {
        Some(DeviceTrustType::AzureAd)
    } else if is(&[
        "Azure AD registered",
        "Microsoft Entra registered",
        "Workplace",
    ]) {
        Some(DeviceTrustType::Workplace)
    } else {
        None
    }
}
