//! Devices a policy can tell apart: what filters ask of each property, as far as texts can answer it together.
//!
//! A filter compares texts, of which there are endlessly many. What matters of a text is only which comparisons hold, and
//! which of them hold together is finite: two beginnings both hold of one text only if one begins with the other, a text that
//! begins with another one contains its parts, a text that is equal to another one has everything else from there. Whatever
//! those rules allow, some text shows: the longest beginning, every part, and the longest end, with a letter between them
//! that no filter names. So nothing is lost and nothing is made up.

use std::collections::BTreeMap;

use batsat::Lit;
use portcullis_model::conditional_access::filter::{
    Comparison, DeviceProperty, Expression, FilterMode, FilterOperator, Operand,
};
use portcullis_model::conditional_access::{DeviceCondition, DeviceState};
use portcullis_model::device::{DeviceAttributes, DeviceTrustType};
use uuid::{Uuid, uuid};

use crate::circuit::Circuit;

/// The application id under which Intune manages devices: extension attributes of those are seen (specification 6.3).
const INTUNE: Uuid = uuid!("0000000a-0000-0000-c000-000000000000");

/// What is asked of a text, in lower case.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum TextTest {
    /// It is this.
    Is(String),
    /// It begins with this.
    StartsWith(String),
    /// It ends with this.
    EndsWith(String),
    /// This is a part of it.
    Contains(String),
    /// This is a member of the collection.
    HasMember(String),
}

impl TextTest {
    fn holds_of(&self, text: &str) -> bool {
        match self {
            Self::Is(one) => text == one,
            Self::StartsWith(one) => text.starts_with(one.as_str()),
            Self::EndsWith(one) => text.ends_with(one.as_str()),
            Self::Contains(one) => text.contains(one.as_str()),
            Self::HasMember(_) => false,
        }
    }

    pub(crate) fn text(&self) -> &str {
        match self {
            Self::Is(one)
            | Self::StartsWith(one)
            | Self::EndsWith(one)
            | Self::Contains(one)
            | Self::HasMember(one) => one,
        }
    }
}

/// One property: whether it has a value, and which tests hold of it.
#[derive(Debug)]
pub(crate) struct Property {
    pub(crate) present: Lit,
    pub(crate) tests: BTreeMap<TextTest, Lit>,
}

/// The device of a sign-in, as its own tenant knows it.
#[derive(Debug)]
pub(crate) struct Device {
    /// How it is joined; of [`JOINS`], in that order.
    pub(crate) joins: Vec<Lit>,
    pub(crate) registered: Lit,
    pub(crate) compliant: Lit,
    pub(crate) properties: BTreeMap<DeviceProperty, Property>,
}

/// How much of it one tenant sees; depends on who signs in.
#[derive(Debug, Clone, Copy)]
pub(crate) struct View {
    /// There is a device and the tenant believes whoever vouches for it.
    pub(crate) device: Lit,
    /// It believes their word on compliance.
    pub(crate) compliance: Lit,
    /// It believes their word on hybrid join.
    pub(crate) trust_type: Lit,
}

/// How a device can be joined, `None` being a device that no tenant knows, and the word that filters have for it.
pub(crate) const JOINS: [(Option<DeviceTrustType>, &str); 4] = [
    (None, ""),
    (Some(DeviceTrustType::Workplace), "workplace"),
    (Some(DeviceTrustType::AzureAd), "azuread"),
    (Some(DeviceTrustType::ServerAd), "serverad"),
];

fn lower(text: &str) -> String {
    text.chars().flat_map(char::to_lowercase).collect()
}

const fn is_collection(property: DeviceProperty) -> bool {
    matches!(
        property,
        DeviceProperty::PhysicalIds | DeviceProperty::SystemLabels
    )
}

/// The tests of a comparison, any of which fulfils it (or its opposite).
fn tests(comparison: &Comparison<DeviceProperty>) -> Vec<TextTest> {
    use FilterOperator as O;
    let texts: &[String] = match &comparison.operand {
        Operand::Null => &[],
        Operand::Text(text) => std::slice::from_ref(text),
        Operand::List(texts) => texts,
    };
    let test = |text: &String| {
        let text = lower(text);
        if is_collection(comparison.property) {
            return TextTest::HasMember(text);
        }
        match comparison.operator {
            O::Equal | O::NotEqual | O::In | O::NotIn => TextTest::Is(text),
            O::StartsWith | O::NotStartsWith => TextTest::StartsWith(text),
            O::EndsWith | O::NotEndsWith => TextTest::EndsWith(text),
            O::Contains | O::NotContains => TextTest::Contains(text),
        }
    };
    texts.iter().map(test).collect()
}

const fn is_negative(operator: FilterOperator) -> bool {
    use FilterOperator as O;
    match operator {
        O::NotEqual | O::NotStartsWith | O::NotEndsWith | O::NotContains | O::NotIn => true,
        O::Equal | O::StartsWith | O::EndsWith | O::Contains | O::In => false,
    }
}

impl Device {
    pub(crate) fn new(circuit: &mut Circuit, comparisons: &[Comparison<DeviceProperty>]) -> Self {
        let joins: Vec<Lit> = JOINS.iter().map(|_| circuit.free()).collect();
        circuit.require_exactly_one(&joins);
        let registered = joins.first().map_or(circuit.always(), |unknown| !*unknown);
        let compliant = circuit.free();
        circuit.require([!compliant, registered]);
        let mut device = Self {
            joins,
            registered,
            compliant,
            properties: BTreeMap::new(),
        };
        for comparison in comparisons {
            device.name(circuit, comparison);
        }
        for (property, its) in &device.properties {
            constrain(circuit, *property, its, registered);
        }
        device
    }

    fn name(&mut self, circuit: &mut Circuit, comparison: &Comparison<DeviceProperty>) {
        match comparison.property {
            DeviceProperty::IsCompliant | DeviceProperty::TrustType => return,
            DeviceProperty::ExtensionAttribute(_) => {
                let managed = TextTest::Is(INTUNE.to_string());
                self.add(circuit, DeviceProperty::MdmAppId, Some(managed));
            }
            DeviceProperty::DeviceId
            | DeviceProperty::DisplayName
            | DeviceProperty::DeviceOwnership
            | DeviceProperty::EnrollmentProfileName
            | DeviceProperty::Manufacturer
            | DeviceProperty::MdmAppId
            | DeviceProperty::Model
            | DeviceProperty::OperatingSystem
            | DeviceProperty::OperatingSystemVersion
            | DeviceProperty::PhysicalIds
            | DeviceProperty::ProfileType
            | DeviceProperty::SystemLabels => {}
        }
        self.add(circuit, comparison.property, None);
        for test in tests(comparison) {
            self.add(circuit, comparison.property, Some(test));
        }
    }

    fn add(&mut self, circuit: &mut Circuit, property: DeviceProperty, test: Option<TextTest>) {
        let registered = self.registered;
        let its = self.properties.entry(property).or_insert_with(|| Property {
            // Every device has an id.
            present: match property {
                DeviceProperty::DeviceId => registered,
                _ => circuit.free(),
            },
            tests: BTreeMap::new(),
        });
        if let Some(test) = test {
            its.tests
                .entry(test)
                .or_insert_with(|| circuit.free_and_rather_false());
        }
    }

    /// Whether a condition on devices brings a sign-in into scope, for a tenant that sees this much.
    pub(crate) fn matches(
        &self,
        circuit: &mut Circuit,
        condition: &DeviceCondition,
        view: View,
    ) -> Lit {
        match condition {
            DeviceCondition::Filter(filter) => {
                let fulfilled = self.fulfils(circuit, &filter.rule.expression, view);
                match filter.mode {
                    FilterMode::Include => fulfilled,
                    FilterMode::Exclude => !fulfilled,
                }
            }
            DeviceCondition::AllExceptStates(states) => {
                let states: Vec<Lit> = states
                    .iter()
                    .map(|state| match state {
                        DeviceState::Compliant => self.is_compliant(circuit, view),
                        DeviceState::DomainJoined => self.is_hybrid_joined(circuit, view),
                    })
                    .collect();
                let excluded = circuit.any(states);
                !excluded
            }
        }
    }

    pub(crate) fn is_registered(&self, circuit: &mut Circuit, view: View) -> Lit {
        circuit.all([view.device, self.registered])
    }

    pub(crate) fn is_compliant(&self, circuit: &mut Circuit, view: View) -> Lit {
        circuit.all([view.device, view.compliance, self.compliant])
    }

    pub(crate) fn is_hybrid_joined(&self, circuit: &mut Circuit, view: View) -> Lit {
        let server_ad = self.trust_type(circuit, DeviceTrustType::ServerAd);
        circuit.all([view.device, view.trust_type, server_ad])
    }

    fn trust_type(&self, circuit: &Circuit, wanted: DeviceTrustType) -> Lit {
        let mut all = JOINS.iter().zip(&self.joins);
        let found = all.find(|((join, _), _)| *join == Some(wanted));
        found.map_or(circuit.never(), |(_, literal)| *literal)
    }

    /// As deep as the rule is nested, which its parser limits.
    fn fulfils(
        &self,
        circuit: &mut Circuit,
        expression: &Expression<DeviceProperty>,
        view: View,
    ) -> Lit {
        match expression {
            Expression::Or(several) => {
                let several: Vec<Lit> = several
                    .iter()
                    .map(|one| self.fulfils(circuit, one, view))
                    .collect();
                circuit.any(several)
            }
            Expression::And(several) => {
                let several: Vec<Lit> = several
                    .iter()
                    .map(|one| self.fulfils(circuit, one, view))
                    .collect();
                circuit.all(several)
            }
            Expression::Not(one) => !self.fulfils(circuit, one, view),
            Expression::Compare(comparison) => self.compare(circuit, comparison, view),
        }
    }

    fn compare(
        &self,
        circuit: &mut Circuit,
        comparison: &Comparison<DeviceProperty>,
        view: View,
    ) -> Lit {
        let is_equality = matches!(
            comparison.operator,
            FilterOperator::Equal | FilterOperator::NotEqual
        );
        let positive = if comparison.operand == Operand::Null {
            // Only equality finds nothing in nothing.
            let seen = self.seen(circuit, comparison.property, view);
            if is_equality { !seen } else { circuit.never() }
        } else {
            let seen = self.seen(circuit, comparison.property, view);
            let held: Vec<Lit> = tests(comparison)
                .iter()
                .map(|test| self.test(circuit, comparison.property, test))
                .collect();
            let held = circuit.any(held);
            circuit.all([seen, held])
        };
        if is_negative(comparison.operator) {
            !positive
        } else {
            positive
        }
    }

    /// Whether the tenant sees a value of the property.
    fn seen(&self, circuit: &mut Circuit, property: DeviceProperty, view: View) -> Lit {
        let present = self.properties.get(&property).map(|its| its.present);
        match property {
            DeviceProperty::IsCompliant => circuit.all([view.device, view.compliance]),
            DeviceProperty::TrustType => circuit.all([view.device, view.trust_type]),
            DeviceProperty::ExtensionAttribute(_) => {
                let managed = self.is_managed_by_intune(circuit);
                let (compliant, joined) = (
                    self.is_compliant(circuit, view),
                    self.is_hybrid_joined(circuit, view),
                );
                let shown = circuit.any([managed, compliant, joined]);
                let present = present.unwrap_or(circuit.never());
                circuit.all([view.device, shown, present])
            }
            DeviceProperty::DeviceId
            | DeviceProperty::DisplayName
            | DeviceProperty::DeviceOwnership
            | DeviceProperty::EnrollmentProfileName
            | DeviceProperty::Manufacturer
            | DeviceProperty::MdmAppId
            | DeviceProperty::Model
            | DeviceProperty::OperatingSystem
            | DeviceProperty::OperatingSystemVersion
            | DeviceProperty::PhysicalIds
            | DeviceProperty::ProfileType
            | DeviceProperty::SystemLabels => {
                let present = present.unwrap_or(circuit.never());
                circuit.all([view.device, present])
            }
        }
    }

    /// Any spelling of the id that a filter names counts.
    fn is_managed_by_intune(&self, circuit: &mut Circuit) -> Lit {
        let manager = self.properties.get(&DeviceProperty::MdmAppId);
        let tests = manager.into_iter().flat_map(|its| &its.tests);
        let by_intune = tests.filter_map(|(test, literal)| match test {
            TextTest::Is(text) if text.parse() == Ok(INTUNE) => Some(*literal),
            _ => None,
        });
        let by_intune: Vec<Lit> = by_intune.collect();
        circuit.any(by_intune)
    }

    fn test(&self, circuit: &mut Circuit, property: DeviceProperty, test: &TextTest) -> Lit {
        let of_words = |words: Vec<(&str, Lit)>, circuit: &mut Circuit| {
            let held = words.into_iter().filter(|(word, _)| test.holds_of(word));
            let held: Vec<Lit> = held.map(|(_, literal)| literal).collect();
            circuit.any(held)
        };
        match property {
            DeviceProperty::IsCompliant => {
                let words = vec![("true", self.compliant), ("false", !self.compliant)];
                of_words(words, circuit)
            }
            DeviceProperty::TrustType => {
                let words = JOINS.iter().zip(&self.joins);
                let words = words.filter(|((join, _), _)| join.is_some());
                let words = words.map(|((_, word), literal)| (*word, *literal));
                of_words(words.collect(), circuit)
            }
            _ => {
                let its = self.properties.get(&property);
                let literal = its.and_then(|its| its.tests.get(test));
                literal.copied().unwrap_or(circuit.never())
            }
        }
    }
}

/// Which tests hold together of one text.
fn constrain(circuit: &mut Circuit, property: DeviceProperty, its: &Property, registered: Lit) {
    circuit.require([!its.present, registered]);
    let tests: Vec<(&TextTest, Lit)> = its.tests.iter().map(|(test, lit)| (test, *lit)).collect();
    for (test, literal) in &tests {
        circuit.require([!*literal, its.present]);
        match test {
            // Every text begins and ends with nothing, and contains it.
            TextTest::StartsWith(text) | TextTest::EndsWith(text) | TextTest::Contains(text)
                if text.is_empty() =>
            {
                circuit.require([!its.present, *literal]);
            }
            // An id is written in one way only.
            TextTest::Is(text) if property == DeviceProperty::DeviceId => {
                let is_id = Uuid::try_parse(text).is_ok_and(|id| id.to_string() == *text);
                if !is_id {
                    circuit.require([!*literal]);
                }
            }
            TextTest::Is(_)
            | TextTest::StartsWith(_)
            | TextTest::EndsWith(_)
            | TextTest::Contains(_)
            | TextTest::HasMember(_) => {}
        }
    }
    for (one, its) in &tests {
        for (other, others) in tests.iter().filter(|(other, _)| other != one) {
            match together(one, other) {
                Together::Implied => circuit.require([!*its, *others]),
                Together::Excluded => circuit.require([!*its, !*others]),
                Together::Either => {}
            }
        }
    }
}

/// What one test says of another.
enum Together {
    Implied,
    Excluded,
    Either,
}

fn together(one: &TextTest, other: &TextTest) -> Together {
    use TextTest as T;
    let implied_if = |is_implied| {
        if is_implied {
            Together::Implied
        } else {
            Together::Either
        }
    };
    match (one, other) {
        (T::HasMember(_), _) | (_, T::HasMember(_)) => Together::Either,
        (T::Is(text), _) if other.holds_of(text) => Together::Implied,
        (T::Is(_), _) => Together::Excluded,
        (_, T::Is(_)) => Together::Either,
        (T::StartsWith(a), T::StartsWith(b)) if a.starts_with(b.as_str()) => Together::Implied,
        (T::StartsWith(a), T::StartsWith(b)) if !b.starts_with(a.as_str()) => Together::Excluded,
        (T::EndsWith(a), T::EndsWith(b)) if a.ends_with(b.as_str()) => Together::Implied,
        (T::EndsWith(a), T::EndsWith(b)) if !b.ends_with(a.as_str()) => Together::Excluded,
        (T::StartsWith(a) | T::EndsWith(a) | T::Contains(a), T::Contains(b)) => {
            implied_if(a.contains(b.as_str()))
        }
        (T::StartsWith(_) | T::EndsWith(_) | T::Contains(_), T::StartsWith(_) | T::EndsWith(_)) => {
            Together::Either
        }
    }
}

/// A text of which exactly these tests hold, of all that filters name.
pub(crate) fn text_with<'t>(
    held: &[&'t TextTest],
    all: impl Iterator<Item = &'t TextTest>,
) -> String {
    if let Some(TextTest::Is(text)) = held.iter().find(|test| matches!(test, TextTest::Is(_))) {
        return text.clone();
    }
    let named: String = all.map(TextTest::text).collect();
    // Private use: no keyboard writes them, so that one is always free.
    let mut letters = "-_.~+*|#".chars().chain('\u{e000}'..='\u{f8ff}');
    let apart = letters
        .find(|letter| !named.contains(*letter))
        .unwrap_or('\u{e000}');
    let longest = |pick: fn(&TextTest) -> Option<&str>| {
        let texts = held.iter().filter_map(|test| pick(test));
        texts
            .max_by_key(|text| text.len())
            .unwrap_or_default()
            .to_owned()
    };
    let begin = longest(|test| match test {
        TextTest::StartsWith(text) => Some(text),
        _ => None,
    });
    let end = longest(|test| match test {
        TextTest::EndsWith(text) => Some(text),
        _ => None,
    });
    let mut text = begin;
    text.push(apart);
    for test in held {
        if let TextTest::Contains(part) = test
            && !text.contains(part.as_str())
            && !end.contains(part.as_str())
        {
            text.push_str(part);
            text.push(apart);
        }
    }
    text + &end
}

/// The attributes of a device of which the tests that `holds` names hold.
pub(crate) fn attributes(device: &Device, holds: impl Fn(Lit) -> bool) -> DeviceAttributes {
    let mut attributes = DeviceAttributes::default();
    for (property, its) in &device.properties {
        if !holds(its.present) {
            continue;
        }
        let held: Vec<&TextTest> = its
            .tests
            .iter()
            .filter(|(_, literal)| holds(**literal))
            .map(|(test, _)| test)
            .collect();
        let text = || Some(text_with(&held, its.tests.keys()));
        let members = || {
            let held = held.iter().map(|test| test.text().to_owned());
            let mut members: Vec<String> = held.collect();
            if members.is_empty() {
                // Something, but nothing that a filter names.
                members.push(text_with(&[], its.tests.keys()));
            }
            members
        };
        match property {
            DeviceProperty::DeviceId | DeviceProperty::IsCompliant | DeviceProperty::TrustType => {}
            DeviceProperty::DisplayName => attributes.display_name = text(),
            DeviceProperty::DeviceOwnership => attributes.device_ownership = text(),
            DeviceProperty::EnrollmentProfileName => attributes.enrollment_profile_name = text(),
            DeviceProperty::Manufacturer => attributes.manufacturer = text(),
            DeviceProperty::MdmAppId => attributes.mdm_app_id = text(),
            DeviceProperty::Model => attributes.model = text(),
            DeviceProperty::OperatingSystem => attributes.operating_system = text(),
            DeviceProperty::OperatingSystemVersion => attributes.operating_system_version = text(),
            DeviceProperty::PhysicalIds => attributes.physical_ids = members(),
            DeviceProperty::ProfileType => attributes.profile_type = text(),
            DeviceProperty::SystemLabels => attributes.system_labels = members(),
            DeviceProperty::ExtensionAttribute(number) => {
                let attribute = text().unwrap_or_default();
                attributes.extension_attributes.insert(*number, attribute);
            }
        }
    }
    attributes
}

/// The id of a device of which the tests that `holds` names hold.
pub(crate) fn device_id(device: &Device, holds: impl Fn(Lit) -> bool) -> Uuid {
    let its = device.properties.get(&DeviceProperty::DeviceId);
    let tests = its.into_iter().flat_map(|its| &its.tests);
    let mut named = tests.filter_map(|(test, literal)| match test {
        TextTest::Is(text) if holds(*literal) => Uuid::try_parse(text).ok(),
        _ => None,
    });
    named
        .next()
        .unwrap_or(Uuid::from_u128(0xde71_ce00_0000_4000_8000_0000_0000_0001))
}
