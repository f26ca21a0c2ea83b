//! Random filters over every property and operator, and random texts around what filters name.

use portcullis_model::conditional_access::filter::{
    Comparison, DeviceProperty, Expression, Filter, FilterMode, FilterOperator, FilterProperty,
    FilterRule, Operand, SecurityAttribute,
};
use portcullis_model::device::{DeviceAttributes, DeviceClaims, DeviceTrustType};
use portcullis_model::id::TenantId;

use super::dice::Dice;
use super::worlds::id;

/// Overlapping at the beginning, at the end and in the middle, in both cases, and nothing at all.
const TEXTS: [&str; 11] = [
    "SAW",
    "saw-01",
    "Contoso SAW",
    "s",
    "",
    "aw",
    "W-0",
    "01",
    "SAWSAW",
    "10.0.19045",
    "-",
];
pub(super) const INTUNE: &str = "0000000a-0000-0000-c000-000000000000";
pub(super) const DEVICE: u128 = 0xde;
const DEVICE_IDS: [&str; 3] = [
    "00000000-0000-0000-0000-0000000000DE",
    "00000000-0000-0000-0000-0000000000df",
    "not an id",
];

const PROPERTIES: [DeviceProperty; 19] = [
    DeviceProperty::DeviceId,
    DeviceProperty::DisplayName,
    DeviceProperty::DisplayName,
    DeviceProperty::DeviceOwnership,
    DeviceProperty::EnrollmentProfileName,
    DeviceProperty::IsCompliant,
    DeviceProperty::IsCompliant,
    DeviceProperty::Manufacturer,
    DeviceProperty::MdmAppId,
    DeviceProperty::Model,
    DeviceProperty::OperatingSystem,
    DeviceProperty::OperatingSystemVersion,
    DeviceProperty::PhysicalIds,
    DeviceProperty::ProfileType,
    DeviceProperty::SystemLabels,
    DeviceProperty::TrustType,
    DeviceProperty::TrustType,
    DeviceProperty::ExtensionAttribute(1),
    DeviceProperty::ExtensionAttribute(15),
];

pub(super) fn device_filter(dice: &mut Dice) -> Filter<DeviceProperty> {
    filter(dice, &|dice| {
        let property = dice.pick(&PROPERTIES);
        let texts: &[&str] = match property {
            DeviceProperty::IsCompliant => &["True", "false"],
            DeviceProperty::TrustType => &["ServerAD", "azuread", "WORKPLACE", "saw"],
            DeviceProperty::DeviceOwnership => &["Company", "personal"],
            DeviceProperty::MdmAppId => &[INTUNE, "0000000A-0000-0000-C000-000000000000", "saw"],
            DeviceProperty::DeviceId => &DEVICE_IDS,
            _ => &TEXTS,
        };
        comparison(dice, property, texts)
    })
}

pub(super) fn attribute_filter(dice: &mut Dice) -> Filter<SecurityAttribute> {
    filter(dice, &|dice| {
        let name = dice.pick(&["Level", "Tags", "Missing"]);
        comparison(dice, SecurityAttribute::new("Review", name), &TEXTS[..4])
    })
}

/// What an application has of them, as Graph writes it.
pub(super) fn attributes(dice: &mut Dice) -> serde_json::Value {
    let tags = dice.several(2, 3, &TEXTS[..4]);
    match dice.maybe(50, &TEXTS[..4]) {
        Some(level) => serde_json::json!({ "Review": { "Level": level, "Tags": tags } }),
        None => serde_json::json!({ "Review": { "Tags": tags } }),
    }
}

fn filter<P: FilterProperty>(
    dice: &mut Dice,
    leaf: &dyn Fn(&mut Dice) -> Comparison<P>,
) -> Filter<P> {
    Filter {
        mode: dice.pick(&[FilterMode::Include, FilterMode::Exclude]),
        rule: FilterRule {
            text: "generated".to_owned(),
            expression: expression(dice, leaf, 2),
        },
    }
}

fn expression<P>(
    dice: &mut Dice,
    leaf: &dyn Fn(&mut Dice) -> Comparison<P>,
    depth: usize,
) -> Expression<P> {
    let several = |dice: &mut Dice| {
        let count = 2 + dice.below(2);
        (0..count)
            .map(|_| expression(dice, leaf, depth - 1))
            .collect()
    };
    match dice.below(if depth == 0 { 1 } else { 6 }) {
        0..=2 => Expression::Compare(leaf(dice)),
        3 => Expression::Or(several(dice)),
        4 => Expression::And(several(dice)),
        _ => Expression::Not(Box::new(expression(dice, leaf, depth - 1))),
    }
}

fn comparison<P: FilterProperty>(dice: &mut Dice, property: P, texts: &[&str]) -> Comparison<P> {
    use FilterOperator as O;
    let operator = dice.pick(property.operators());
    let text = dice.pick(texts).to_owned();
    let operand = match operator {
        O::In | O::NotIn => {
            let texts = dice.several(1, 3, texts);
            Operand::List(texts.into_iter().map(str::to_owned).collect())
        }
        O::Equal | O::NotEqual if dice.chance(20) => Operand::Null,
        _ => Operand::Text(text),
    };
    Comparison {
        property,
        operator,
        operand,
    }
}

/// A text near what filters name: one of them, a piece of one, two together, in any case; or any letters of theirs.
fn text(dice: &mut Dice) -> String {
    let one = dice.pick(&TEXTS).to_owned();
    let other = dice.pick(&TEXTS);
    let text = match dice.below(7) {
        0 | 1 => one,
        2 => one.chars().skip(1).collect(),
        3 => one.chars().take(one.len().saturating_sub(1)).collect(),
        4 => one + other,
        5 => format!("{one}x{other}"),
        _ => {
            let letters: Vec<char> = "saw-01 xCo".chars().collect();
            dice.several(0, 7, &letters).into_iter().collect()
        }
    };
    match dice.below(3) {
        0 => text.to_uppercase(),
        1 => text.to_lowercase(),
        _ => text,
    }
}

pub(super) fn device(dice: &mut Dice, tenant_id: TenantId) -> DeviceClaims {
    let maybe = |dice: &mut Dice| dice.chance(60).then(|| text(dice));
    let mut attributes = DeviceAttributes {
        display_name: maybe(dice),
        enrollment_profile_name: maybe(dice),
        manufacturer: maybe(dice),
        model: maybe(dice),
        operating_system: maybe(dice),
        operating_system_version: maybe(dice),
        profile_type: maybe(dice),
        ..DeviceAttributes::default()
    };
    let ownership = dice.maybe(60, &["Company", "PERSONAL", "nobody"]);
    attributes.device_ownership = ownership.map(str::to_owned);
    let manager = dice.maybe(60, &[INTUNE, "0000000A-0000-0000-C000-000000000000", "SAW"]);
    attributes.mdm_app_id = manager.map(str::to_owned);
    attributes.physical_ids = (0..dice.below(3)).map(|_| text(dice)).collect();
    attributes.system_labels = (0..dice.below(3)).map(|_| text(dice)).collect();
    for number in [1, 15] {
        if dice.chance(60) {
            attributes.extension_attributes.insert(number, text(dice));
        }
    }
    DeviceClaims {
        tenant_id,
        device_id: id(dice.pick(&[DEVICE, DEVICE, 0xdf, 0xe0])),
        is_compliant: dice.chance(50),
        trust_type: dice.pick(&[
            DeviceTrustType::Workplace,
            DeviceTrustType::AzureAd,
            DeviceTrustType::ServerAd,
        ]),
        attributes,
    }
}
