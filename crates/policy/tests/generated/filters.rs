//! Generated filters, over every property and every operator a property has, and what they look at.

use std::collections::BTreeMap;

use portcullis_model::conditional_access::filter::{
    Comparison, DeviceProperty, Expression, Filter, FilterMode, FilterOperator, FilterProperty,
    FilterRule, Operand, SecurityAttribute,
};
use portcullis_model::device::{DeviceAttributes, DeviceClaims, DeviceTrustType};
use portcullis_model::id::TenantId;
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;

use super::TEXTS;
use crate::world::id;

pub(super) fn device_filter() -> impl Strategy<Value = Filter<DeviceProperty>> {
    use DeviceProperty as P;
    let property = select(vec![
        P::DeviceId,
        P::DisplayName,
        P::DeviceOwnership,
        P::EnrollmentProfileName,
        P::IsCompliant,
        P::IsCompliant,
        P::Manufacturer,
        P::MdmAppId,
        P::Model,
        P::OperatingSystem,
        P::OperatingSystemVersion,
        P::PhysicalIds,
        P::ProfileType,
        P::SystemLabels,
        P::TrustType,
        P::TrustType,
        P::ExtensionAttribute(1),
        P::ExtensionAttribute(15),
    ]);
    filter(property.prop_flat_map(comparison))
}

pub(super) fn attribute_filter() -> impl Strategy<Value = Filter<SecurityAttribute>> {
    let attribute = select(vec![
        SecurityAttribute::new("Review", "Level"),
        SecurityAttribute::new("Review", "Tags"),
        SecurityAttribute::new("Review", "Missing"),
    ]);
    filter(attribute.prop_flat_map(comparison))
}

/// What a service principal has of them.
pub(super) fn attributes() -> impl Strategy<Value = serde_json::Value> {
    (
        option::of(select(&TEXTS[..4])),
        vec(select(&TEXTS[..4]), 2..4),
    )
        .prop_map(|(level, tags)| match level {
            Some(level) => serde_json::json!({ "Review": { "Level": level, "Tags": tags } }),
            None => serde_json::json!({ "Review": { "Tags": tags } }),
        })
}

fn filter<P, S>(one: S) -> impl Strategy<Value = Filter<P>>
where
    P: FilterProperty + Clone + std::fmt::Debug + 'static,
    S: Strategy<Value = Comparison<P>> + 'static,
{
    let leaf = one.prop_map(Expression::Compare);
    let expression = leaf.prop_recursive(2, 6, 3, |inner| {
        prop_oneof![
            vec(inner.clone(), 2..4).prop_map(Expression::Or),
            vec(inner.clone(), 2..4).prop_map(Expression::And),
            inner.prop_map(|one| Expression::Not(Box::new(one))),
        ]
    });
    let mode = select(vec![FilterMode::Include, FilterMode::Exclude]);
    (mode, expression).prop_map(|(mode, expression)| Filter {
        mode,
        rule: FilterRule {
            text: expression.to_string(),
            expression,
        },
    })
}

fn comparison<P>(property: P) -> impl Strategy<Value = Comparison<P>>
where
    P: FilterProperty + Clone + std::fmt::Debug + 'static,
{
    let is_boolean = property.is_boolean();
    let operator = select(property.operators().to_vec());
    operator.prop_flat_map(move |operator| {
        let property = property.clone();
        operand(operator, is_boolean).prop_map(move |operand| Comparison {
            property: property.clone(),
            operator,
            operand,
        })
    })
}

fn operand(operator: FilterOperator, is_boolean: bool) -> BoxedStrategy<Operand> {
    use FilterOperator as Op;
    let mut texts: Vec<&str> = if is_boolean {
        vec!["True", "False"]
    } else {
        vec![
            "ServerAD", "azuread", "Company", "Windows", "sAw", DEVICE_ID, INTUNE,
        ]
    };
    if !is_boolean {
        texts.extend(TEXTS);
    }
    let text = select(texts).prop_map(str::to_owned);
    match operator {
        Op::In | Op::NotIn => vec(text, 1..4).prop_map(Operand::List).boxed(),
        Op::Equal | Op::NotEqual => prop_oneof![
            1 => Just(Operand::Null),
            4 => text.prop_map(Operand::Text),
        ]
        .boxed(),
        Op::StartsWith
        | Op::NotStartsWith
        | Op::EndsWith
        | Op::NotEndsWith
        | Op::Contains
        | Op::NotContains => text.prop_map(Operand::Text).boxed(),
    }
}

const DEVICE_ID: &str = "00000000-0000-0000-0000-0000000000DE";
const INTUNE: &str = "0000000a-0000-0000-c000-000000000000";

pub(super) fn device(
    tenant: impl Strategy<Value = TenantId>,
) -> impl Strategy<Value = DeviceClaims> {
    let trust_type = select(vec![
        DeviceTrustType::Workplace,
        DeviceTrustType::AzureAd,
        DeviceTrustType::ServerAd,
    ]);
    let text = || option::of(select(&TEXTS[..]).prop_map(str::to_owned));
    let texts = || vec(select(&TEXTS[..]).prop_map(str::to_owned), 0..3);
    let managed = option::of(Just(INTUNE.to_owned()));
    let extensions = proptest::collection::btree_map(
        select(vec![1u8, 15]),
        select(&TEXTS[..]).prop_map(str::to_owned),
        0..3,
    );
    let ownership = option::of(select(vec!["Company", "Personal"]).prop_map(str::to_owned));
    let system = option::of(select(vec!["Windows", "iOS"]).prop_map(str::to_owned));
    (
        tenant,
        any::<bool>(),
        trust_type,
        (text(), text(), text(), text()),
        (ownership, system, text(), text(), managed),
        (texts(), texts(), extensions),
    )
        .prop_map(
            |(tenant_id, is_compliant, trust_type, names, system, lists)| {
                let extension_attributes: BTreeMap<u8, String> = lists.2;
                DeviceClaims {
                    tenant_id,
                    device_id: id(0xde),
                    is_compliant,
                    trust_type,
                    attributes: DeviceAttributes {
                        display_name: names.0,
                        enrollment_profile_name: names.1,
                        manufacturer: names.2,
                        model: names.3,
                        device_ownership: system.0,
                        operating_system: system.1,
                        operating_system_version: system.2,
                        profile_type: system.3,
                        mdm_app_id: system.4,
                        physical_ids: lists.0,
                        system_labels: lists.1,
                        extension_attributes,
                    },
                }
            },
        )
}
