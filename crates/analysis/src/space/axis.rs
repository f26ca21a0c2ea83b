//! Dimensions of which a sign-in has exactly one value, and facts that are true or false by themselves.

use batsat::Lit;
use portcullis_model::conditional_access::filter::DeviceProperty;
use portcullis_model::conditional_access::{ClientAppType, DevicePlatform};
use portcullis_model::id::{GroupId, RoleTemplateId};

use crate::circuit::Circuit;
use crate::device::TextTest;

/// A platform; `None` is one that nobody recognises.
pub(crate) type Platform = Option<DevicePlatform>;

/// Kinds of clients.
pub(super) const CLIENTS: [ClientAppType; 4] = [
    ClientAppType::Browser,
    ClientAppType::MobileAppsAndDesktopClients,
    ClientAppType::ExchangeActiveSync,
    ClientAppType::Other,
];

pub(super) const PLATFORMS: [Platform; 7] = [
    Some(DevicePlatform::Windows),
    Some(DevicePlatform::MacOs),
    Some(DevicePlatform::Linux),
    Some(DevicePlatform::Ios),
    Some(DevicePlatform::Android),
    Some(DevicePlatform::WindowsPhone),
    None,
];

/// A dimension, in the order in which a reader is told of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum AxisId {
    Who,
    User,
    Principal,
    Target,
    Through,
    Context,
    Client,
    Platform,
    Address,
    Country,
    Coordinates,
    CompliantNetwork,
    SignInRisk,
    UserRisk,
    PrincipalRisk,
    InsiderRisk,
    Flow,
    DeviceJoin,
}

impl AxisId {
    pub(crate) const ALL: [Self; 18] = [
        Self::Who,
        Self::User,
        Self::Principal,
        Self::Target,
        Self::Through,
        Self::Context,
        Self::Client,
        Self::Platform,
        Self::Address,
        Self::Country,
        Self::Coordinates,
        Self::CompliantNetwork,
        Self::SignInRisk,
        Self::UserRisk,
        Self::PrincipalRisk,
        Self::InsiderRisk,
        Self::Flow,
        Self::DeviceJoin,
    ];
}

/// A fact that is true or false by itself.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Switch {
    Group(GroupId),
    Role(RoleTemplateId),
    DirectConnectEligible,
    DeviceCompliant,
    HasValue(DeviceProperty),
    Text(DeviceProperty, TextTest),
    ApprovedApplication,
    ProtectedApplication,
}

/// Values and their literals, of which exactly one holds.
#[derive(Debug)]
pub(crate) struct Axis<V> {
    pub(crate) values: Vec<V>,
    pub(crate) literals: Vec<Lit>,
}

/// Fresh literals of which exactly one holds.
pub(super) fn literals(circuit: &mut Circuit, count: usize) -> Vec<Lit> {
    let literals: Vec<Lit> = (0..count).map(|_| circuit.free()).collect();
    circuit.require_exactly_one(&literals);
    literals
}

/// Nothing, and each of these.
pub(super) fn optional<T, const N: usize>(values: [T; N]) -> Vec<Option<T>> {
    std::iter::once(None)
        .chain(values.into_iter().map(Some))
        .collect()
}

impl<V> Axis<V> {
    pub(super) fn new(circuit: &mut Circuit, values: Vec<V>) -> Self {
        let literals = literals(circuit, values.len());
        Self { values, literals }
    }

    /// Values with their literals.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&V, Lit)> {
        self.values.iter().zip(self.literals.iter().copied())
    }

    /// True when the value is one of those that are wanted.
    pub(crate) fn any(&self, circuit: &mut Circuit, wanted: impl Fn(&V) -> bool) -> Lit {
        self.any_at(circuit, |_, value| wanted(value))
    }

    /// The same, by place.
    pub(crate) fn any_at(&self, circuit: &mut Circuit, wanted: impl Fn(usize, &V) -> bool) -> Lit {
        any_of(circuit, &self.literals, |at| {
            self.values.get(at).is_some_and(|value| wanted(at, value))
        })
    }

    /// The literal of the first value that is wanted.
    pub(crate) fn find(&self, wanted: impl Fn(&V) -> bool) -> Option<Lit> {
        let mut all = self.iter();
        all.find(|(value, _)| wanted(value))
            .map(|(_, literal)| literal)
    }
}

/// True when the literal that holds is at one of the places that are wanted; constant where all are, or none is.
pub(crate) fn any_of(
    circuit: &mut Circuit,
    literals: &[Lit],
    wanted: impl Fn(usize) -> bool,
) -> Lit {
    let places = 0..literals.len();
    let count = places.clone().filter(|at| wanted(*at)).count();
    if count == literals.len() {
        return circuit.always();
    }
    let of = |is_wanted: bool| {
        let chosen = literals.iter().enumerate();
        let chosen = chosen.filter(|(at, _)| wanted(*at) == is_wanted);
        chosen.map(|(_, literal)| *literal).collect::<Vec<Lit>>()
    };
    // The shorter list makes the smaller gate.
    if count * 2 <= literals.len() {
        let wanted = of(true);
        circuit.any(wanted)
    } else {
        let others = of(false);
        let other = circuit.any(others);
        !other
    }
}
