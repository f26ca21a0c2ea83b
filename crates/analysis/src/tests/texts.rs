//! Texts and the tests of filters together: every text is somewhere, and wherever the circuit lets one be, one is.

use std::collections::BTreeSet;

use batsat::Lit;
use portcullis_model::conditional_access::filter::{
    Comparison, DeviceProperty, FilterOperator, FilterProperty as _, Operand,
};

use super::dice::Dice;
use crate::circuit::{Answer, Circuit};
use crate::device::{Device, TextTest, attributes};

/// Short texts of few letters, so that they begin, end and contain each other in every way.
const LETTERS: [char; 4] = ['a', 'B', '-', 'ß'];

fn text(dice: &mut Dice, most: usize) -> String {
    dice.several(0, most, &LETTERS).into_iter().collect()
}

fn comparisons(dice: &mut Dice, property: DeviceProperty) -> Vec<Comparison<DeviceProperty>> {
    let count = 1 + dice.below(5);
    let mut one = || {
        let operator = dice.pick(property.operators());
        let operand = match operator {
            FilterOperator::In | FilterOperator::NotIn => {
                Operand::List(vec![text(dice, 3), text(dice, 3)])
            }
            _ => Operand::Text(text(dice, 3)),
        };
        Comparison {
            property,
            operator,
            operand,
        }
    };
    (0..count).map(|_| one()).collect()
}

fn holds(test: &TextTest, texts: &[String]) -> bool {
    texts.iter().any(|text| match test {
        TextTest::Is(wanted) | TextTest::HasMember(wanted) => text == wanted,
        TextTest::StartsWith(wanted) => text.starts_with(wanted.as_str()),
        TextTest::EndsWith(wanted) => text.ends_with(wanted.as_str()),
        TextTest::Contains(wanted) => text.contains(wanted.as_str()),
    })
}

/// Literals of a registered device whose property has these texts.
fn literals(device: &Device, property: DeviceProperty, texts: &[String]) -> Vec<Lit> {
    let its = &device.properties[&property];
    let say = |holds: bool, literal: Lit| if holds { literal } else { !literal };
    let each = its.tests.iter();
    let each = each.map(|(test, literal)| say(holds(test, texts), *literal));
    let present = say(!texts.is_empty(), its.present);
    each.chain([present, device.registered]).collect()
}

fn check(dice: &mut Dice, property: DeviceProperty) -> usize {
    let comparisons = comparisons(dice, property);
    let mut circuit = Circuit::new();
    let device = Device::new(&mut circuit, &comparisons);
    let is_collection = property == DeviceProperty::SystemLabels;
    // Every text there is lies somewhere.
    for _ in 0..60 {
        let count = if is_collection { 3 } else { 2 };
        let texts: Vec<String> = (0..dice.below(count)).map(|_| text(dice, 7)).collect();
        let texts: Vec<String> = texts.iter().map(|text| text.to_lowercase()).collect();
        let point = literals(&device, property, &texts);
        assert_eq!(
            circuit.solve(&point),
            Answer::Yes,
            "{texts:?} of {comparisons:?}"
        );
    }
    // And wherever the circuit lets one lie, one lies.
    let its = &device.properties[&property];
    let mut free: Vec<Lit> = its.tests.values().copied().collect();
    free.push(its.present);
    let mut seen = BTreeSet::new();
    for bits in 0..1u32 << free.len() {
        let each = free.iter().enumerate();
        let each = each.map(|(at, one)| if bits & (1 << at) == 0 { !*one } else { *one });
        let mut point: Vec<Lit> = each.collect();
        point.push(device.registered);
        if circuit.solve(&point) != Answer::Yes {
            continue;
        }
        let made = attributes(&device, |literal| circuit.holds(literal));
        let texts: Vec<String> = match property {
            DeviceProperty::SystemLabels => made.system_labels,
            _ => made.display_name.into_iter().collect(),
        };
        let texts: Vec<String> = texts.iter().map(|text| text.to_lowercase()).collect();
        let found: BTreeSet<Lit> = literals(&device, property, &texts).into_iter().collect();
        let wanted: BTreeSet<Lit> = point.iter().copied().collect();
        assert_eq!(found, wanted, "{texts:?} of {comparisons:?}");
        seen.insert(bits);
    }
    seen.len()
}

#[test]
fn whatever_tests_the_circuit_lets_hold_together_hold_of_some_text_and_no_others_do() {
    let mut classes = 0;
    for seed in 0..150 {
        let mut dice = Dice::new(seed);
        let properties = [DeviceProperty::DisplayName, DeviceProperty::SystemLabels];
        let property = dice.pick(&properties);
        classes += check(&mut dice, property);
    }
    assert!(classes > 1_000, "{classes}");
}
