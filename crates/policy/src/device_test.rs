//! What a condition on devices asks, made ready when policies are compiled: whatever hangs on compliance and trust type alone is
//! worked out for each state that a device may show.

use portcullis_model::conditional_access::filter::{
    Comparison, DeviceProperty, Expression, FilterMode,
};
use portcullis_model::conditional_access::{DeviceCondition, DeviceState};
use portcullis_model::device::DeviceTrustType;

use crate::filter::{Value, holds};
use crate::visible_device::VisibleDevice;

/// What a condition asks.
#[derive(Debug)]
pub(crate) enum DeviceTest {
    /// Whether the device shows one of these states.
    Shows(ShownStates),
    Compare(Comparison<DeviceProperty>),
    Any(Vec<Self>),
    All(Vec<Self>),
    Not(Box<Self>),
}

/// What a tenant sees of a device's compliance and trust type; of an unregistered one nothing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Shown {
    pub(crate) is_compliant: Option<bool>,
    pub(crate) trust_type: Option<DeviceTrustType>,
}

/// One bit for each of [`Shown::all`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ShownStates(u16);

impl Shown {
    fn all() -> impl Iterator<Item = Self> {
        use DeviceTrustType as T;
        let trust_types = [
            None,
            Some(T::Workplace),
            Some(T::AzureAd),
            Some(T::ServerAd),
        ];
        trust_types.into_iter().flat_map(|trust_type| {
            [None, Some(false), Some(true)].map(|is_compliant| Self {
                is_compliant,
                trust_type,
            })
        })
    }

    const fn bit(self) -> u16 {
        let trust_type = match self.trust_type {
            None => 0,
            Some(DeviceTrustType::Workplace) => 1,
            Some(DeviceTrustType::AzureAd) => 2,
            Some(DeviceTrustType::ServerAd) => 3,
        };
        let compliance = match self.is_compliant {
            None => 0,
            Some(false) => 1,
            Some(true) => 2,
        };
        1 << (trust_type * 3 + compliance)
    }

    /// In Graph's words.
    pub(crate) const fn compliance(self) -> Value<'static> {
        match self.is_compliant {
            None => Value::Null,
            Some(true) => Value::Text("True"),
            Some(false) => Value::Text("False"),
        }
    }

    /// In Graph's words.
    pub(crate) const fn trust(self) -> Value<'static> {
        match self.trust_type {
            None => Value::Null,
            Some(DeviceTrustType::Workplace) => Value::Text("Workplace"),
            Some(DeviceTrustType::AzureAd) => Value::Text("AzureAD"),
            Some(DeviceTrustType::ServerAd) => Value::Text("ServerAD"),
        }
    }

    fn is_in(self, state: DeviceState) -> bool {
        match state {
            DeviceState::Compliant => self.is_compliant == Some(true),
            DeviceState::DomainJoined => self.trust_type == Some(DeviceTrustType::ServerAd),
        }
    }
}

impl ShownStates {
    fn of(holds: impl Fn(Shown) -> bool) -> Self {
        let states = Shown::all().filter(|shown| holds(*shown));
        Self(states.fold(0, |bits, shown| bits | shown.bit()))
    }

    const fn contains(self, shown: Shown) -> bool {
        self.0 & shown.bit() != 0
    }
}

impl DeviceTest {
    pub(crate) fn of(condition: &DeviceCondition) -> Self {
        match condition {
            DeviceCondition::Filter(filter) => {
                let fulfilled = Self::of_rule(&filter.rule.expression);
                match filter.mode {
                    FilterMode::Include => fulfilled,
                    FilterMode::Exclude => fulfilled.opposite(),
                }
            }
            DeviceCondition::AllExceptStates(states) => Self::Shows(ShownStates::of(|shown| {
                !states.iter().any(|state| shown.is_in(*state))
            })),
        }
    }

    /// As deep as the rule is nested, which its parser limits.
    fn of_rule(rule: &Expression<DeviceProperty>) -> Self {
        match rule {
            Expression::Or(rules) => {
                let (states, mut others) = apart(rules);
                // A rule has at least two parts, so that there are states or others.
                let shows = |shown| states.iter().any(|states| states.contains(shown));
                let shows = ShownStates::of(shows);
                if others.is_empty() {
                    return Self::Shows(shows);
                }
                others.insert(0, Self::Shows(shows));
                Self::Any(others)
            }
            Expression::And(rules) => {
                let (states, mut others) = apart(rules);
                let shows = |shown| states.iter().all(|states| states.contains(shown));
                let shows = ShownStates::of(shows);
                if others.is_empty() {
                    return Self::Shows(shows);
                }
                others.insert(0, Self::Shows(shows));
                Self::All(others)
            }
            Expression::Not(rule) => Self::of_rule(rule).opposite(),
            Expression::Compare(comparison) => Self::of_comparison(comparison),
        }
    }

    fn of_comparison(comparison: &Comparison<DeviceProperty>) -> Self {
        let value = match comparison.property {
            DeviceProperty::IsCompliant => Shown::compliance,
            DeviceProperty::TrustType => Shown::trust,
            DeviceProperty::DeviceId
            | DeviceProperty::DeviceOwnership
            | DeviceProperty::DisplayName
            | DeviceProperty::EnrollmentProfileName
            | DeviceProperty::ExtensionAttribute(_)
            | DeviceProperty::Manufacturer
            | DeviceProperty::MdmAppId
            | DeviceProperty::Model
            | DeviceProperty::OperatingSystem
            | DeviceProperty::OperatingSystemVersion
            | DeviceProperty::PhysicalIds
            | DeviceProperty::ProfileType
            | DeviceProperty::SystemLabels => return Self::Compare(comparison.clone()),
        };
        Self::Shows(ShownStates::of(|shown| {
            holds(value(shown), comparison.operator, &comparison.operand)
        }))
    }

    fn opposite(self) -> Self {
        match self {
            Self::Shows(states) => Self::Shows(ShownStates::of(|shown| !states.contains(shown))),
            Self::Not(test) => *test,
            Self::Compare(_) | Self::Any(_) | Self::All(_) => Self::Not(Box::new(self)),
        }
    }

    /// What it comes to for a device; every property of an unregistered one is null (specification 6.3).
    pub(crate) fn holds(&self, device: Option<&VisibleDevice<'_>>) -> bool {
        match self {
            Self::Shows(states) => {
                states.contains(device.map(VisibleDevice::shown).unwrap_or_default())
            }
            Self::Compare(comparison) => match device {
                Some(device) => device.satisfies(comparison),
                None => holds(Value::Null, comparison.operator, &comparison.operand),
            },
            Self::Any(tests) => tests.iter().any(|test| test.holds(device)),
            Self::All(tests) => tests.iter().all(|test| test.holds(device)),
            Self::Not(test) => !test.holds(device),
        }
    }
}

/// The parts that ask for states, and the others.
fn apart(rules: &[Expression<DeviceProperty>]) -> (Vec<ShownStates>, Vec<DeviceTest>) {
    let (mut states, mut others) = (Vec::new(), Vec::new());
    for test in rules.iter().map(DeviceTest::of_rule) {
        match test {
            DeviceTest::Shows(some) => states.push(some),
            other @ (DeviceTest::Compare(_)
            | DeviceTest::Any(_)
            | DeviceTest::All(_)
            | DeviceTest::Not(_)) => others.push(other),
        }
    }
    (states, others)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_state_has_a_bit_of_its_own() {
        let bits: Vec<u16> = Shown::all().map(Shown::bit).collect();
        assert_eq!(bits, (0..12).map(|number| 1 << number).collect::<Vec<_>>());
    }
}
