//! Filters for devices, applications and workload identities, literally (specification, sections 6.3 and 7).

use std::collections::BTreeMap;

use portcullis_model::application::ServicePrincipal;
use portcullis_model::conditional_access::filter::{
    DeviceProperty, Expression, FilterOperator, Operand, SecurityAttribute,
};
use portcullis_model::device::{DeviceClaims, DeviceTrustType};
use portcullis_model::id::{ClientId, DeviceId, ServicePrincipalId};
use portcullis_model::store::TenantConfiguration;

use super::World;

/// What a rule finds under the name of an attribute.
enum Value {
    /// Nothing.
    Null,
    /// One text.
    Text(String),
    /// A collection, which is compared by whole members.
    Members(Vec<String>),
}

/// A device as far as the resource tenant may see it; `None` where it may not.
pub(super) struct KnownDevice {
    pub device_id: DeviceId,
    pub is_compliant: Option<bool>,
    pub trust_type: Option<DeviceTrustType>,
    pub claims: DeviceClaims,
}

pub(super) fn device_fulfils(
    device: Option<&KnownDevice>,
    rule: &Expression<DeviceProperty>,
) -> bool {
    holds(rule, &|property| {
        device.map_or(Value::Null, |device| device_value(device, *property))
    })
}

pub(super) fn fulfils(
    rule: &Expression<SecurityAttribute>,
    attributes: &BTreeMap<SecurityAttribute, Vec<String>>,
) -> bool {
    holds(rule, &|property| match attributes.get(property) {
        None => Value::Null,
        Some(values) => Value::Members(values.clone()),
    })
}

/// What has no service principal here has no attributes.
pub(super) fn application_fulfils(
    tenant: &TenantConfiguration,
    application: ClientId,
    rule: &Expression<SecurityAttribute>,
) -> bool {
    let mut principals = tenant.service_principals.iter();
    let found = principals.find(|one| one.app_id == application);
    let attributes = found.map(ServicePrincipal::custom_security_attributes);
    fulfils(rule, &attributes.unwrap_or_default())
}

impl World<'_> {
    pub(super) fn attributes_of(
        &self,
        id: ServicePrincipalId,
    ) -> BTreeMap<SecurityAttribute, Vec<String>> {
        let mut principals = self.tenant.service_principals.iter();
        let found = principals.find(|one| one.id == id);
        found.map_or_else(BTreeMap::new, ServicePrincipal::custom_security_attributes)
    }
}

fn holds<P>(rule: &Expression<P>, value: &dyn Fn(&P) -> Value) -> bool {
    match rule {
        Expression::Or(list) => list.iter().any(|one| holds(one, value)),
        Expression::And(list) => list.iter().all(|one| holds(one, value)),
        Expression::Not(inner) => !holds(inner, value),
        Expression::Compare(comparison) => {
            let found = value(&comparison.property);
            compares(comparison.operator, &found, &comparison.operand)
        }
    }
}

/// Every negative operator is the opposite of its positive one, of a null too.
fn compares(operator: FilterOperator, found: &Value, operand: &Operand) -> bool {
    use FilterOperator as Op;
    match operator {
        Op::NotEqual => return !compares(Op::Equal, found, operand),
        Op::NotStartsWith => return !compares(Op::StartsWith, found, operand),
        Op::NotEndsWith => return !compares(Op::EndsWith, found, operand),
        Op::NotContains => return !compares(Op::Contains, found, operand),
        Op::NotIn => return !compares(Op::In, found, operand),
        Op::Equal | Op::StartsWith | Op::EndsWith | Op::Contains | Op::In => {}
    }
    let wanted: Vec<String> = match operand {
        Operand::Null => return matches!(found, Value::Null),
        Operand::Text(text) => vec![text.to_lowercase()],
        Operand::List(list) => list.iter().map(|text| text.to_lowercase()).collect(),
    };
    let texts: Vec<String> = match found {
        Value::Null => return false,
        Value::Text(text) => vec![text.to_lowercase()],
        Value::Members(members) => members.iter().map(|text| text.to_lowercase()).collect(),
    };
    let is_collection = matches!(found, Value::Members(_));
    texts.iter().any(|text| {
        wanted.iter().any(|wanted| match operator {
            Op::StartsWith => text.starts_with(wanted),
            Op::EndsWith => text.ends_with(wanted),
            Op::Contains if !is_collection => text.contains(wanted),
            _ => text == wanted,
        })
    })
}

fn device_value(device: &KnownDevice, property: DeviceProperty) -> Value {
    use DeviceProperty as P;
    let attributes = &device.claims.attributes;
    let text = |text: &Option<String>| text.clone().map_or(Value::Null, Value::Text);
    let members = |list: &[String]| {
        if list.is_empty() {
            Value::Null
        } else {
            Value::Members(list.to_vec())
        }
    };
    match property {
        P::DeviceId => Value::Text(device.device_id.to_string()),
        P::IsCompliant => match device.is_compliant {
            None => Value::Null,
            Some(true) => Value::Text("True".into()),
            Some(false) => Value::Text("False".into()),
        },
        P::TrustType => match device.trust_type {
            None => Value::Null,
            Some(DeviceTrustType::Workplace) => Value::Text("Workplace".into()),
            Some(DeviceTrustType::AzureAd) => Value::Text("AzureAD".into()),
            Some(DeviceTrustType::ServerAd) => Value::Text("ServerAD".into()),
        },
        P::DisplayName => text(&attributes.display_name),
        P::DeviceOwnership => text(&attributes.device_ownership),
        P::EnrollmentProfileName => text(&attributes.enrollment_profile_name),
        P::Manufacturer => text(&attributes.manufacturer),
        P::MdmAppId => text(&attributes.mdm_app_id),
        P::Model => text(&attributes.model),
        P::OperatingSystem => text(&attributes.operating_system),
        P::OperatingSystemVersion => text(&attributes.operating_system_version),
        P::ProfileType => text(&attributes.profile_type),
        P::PhysicalIds => members(&attributes.physical_ids),
        P::SystemLabels => members(&attributes.system_labels),
        // Extension attributes show only on managed devices; what does not show is null.
        P::ExtensionAttribute(number) => {
            let intune = "0000000a-0000-0000-c000-000000000000";
            let is_managed = attributes.mdm_app_id.as_deref() == Some(intune)
                || device.is_compliant == Some(true)
                || device.trust_type == Some(DeviceTrustType::ServerAd);
            let found = attributes.extension_attributes.get(&number).cloned();
            found
                .filter(|_| is_managed)
                .map_or(Value::Null, Value::Text)
        }
    }
}
