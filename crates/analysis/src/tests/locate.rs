//! Where a sign-in lies in the space, worked out by the plainest means: lists, CIDR arithmetic, functions on texts.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::sync::Arc;

use batsat::Lit;
use ipnet::IpNet;
use portcullis_model::conditional_access::ClientAppType;
use portcullis_model::conditional_access::filter::DeviceProperty;
use portcullis_model::country::CountryCode;
use portcullis_model::device::{DeviceClaims, DeviceTrustType};
use portcullis_model::id::{NamedLocationId, UserId};
use portcullis_model::named_location::{CountryLookup, NamedLocation, NamedLocationKind};
use portcullis_policy::facts::{SignIn, Subject};

use super::sign_ins::{Drawn, user_of};
use super::worlds::{OWN, id};
use crate::analysis::Analysis;
use crate::device::TextTest;
use crate::place::{PlaceKind, PlaceValue};
use crate::space::{Axis, Switch};
use crate::target::{Reached, TargetClass};
use crate::who::{Home, SubjectKind};

/// Literals that hold of this sign-in, one for each axis and each switch.
pub(super) fn locate(analysis: &Analysis, drawn: &Drawn) -> Vec<Lit> {
    let space = &analysis.space;
    let facts = &drawn.facts;
    let user = user_of(facts);
    let (groups, roles, principal) = match &facts.subject {
        Subject::User(user) => (user.groups.clone(), user.roles.clone(), None),
        Subject::ServicePrincipal(id) => (Arc::default(), Arc::default(), Some(*id)),
    };
    let client = match facts.client_app_type {
        ClientAppType::EasSupported => ClientAppType::ExchangeActiveSync,
        other => other,
    };
    let named = |user: &UserId| space.users.values.iter().any(|all| all.contains(user));
    let user = user.filter(named);
    let asked = facts.authentication_contexts.first();
    let known = |id| {
        space
            .contexts
            .values
            .iter()
            .any(|one| one.members.contains(id))
    };
    let asked = asked.filter(|id| known(*id));
    let mut literals = vec![
        who(analysis, drawn),
        at(&space.users, "user", |all| match user {
            Some(user) => all.contains(&user),
            None => all.is_empty(),
        }),
        at(&space.principals, "principal", |all| {
            match (principal, all) {
                (Some(id), Some(all)) => all.contains(&id),
                (None, None) => true,
                _ => false,
            }
        }),
        at(&space.targets, "target", |class| {
            target(analysis, drawn).is_some_and(|reached| class.is(reached))
                || (target(analysis, drawn).is_none() && class.is_rest)
        }),
        at(&space.throughs, "client", |through| {
            let told_apart = space.throughs.values.iter();
            let mut told_apart = told_apart.flat_map(|one| &one.clients);
            if told_apart.any(|client| *client == facts.client) {
                through.clients.contains(&facts.client)
            } else {
                through.clients.is_empty()
            }
        }),
        at(&space.contexts, "context", |class| match asked {
            Some(id) => class.members.contains(id),
            None => class.members.is_empty(),
        }),
        at(&space.clients, "client", |one| *one == client),
        at(&space.platforms, "platform", |one| *one == facts.platform),
        at(&space.sign_in_risks, "risk", |one| {
            *one == facts.risk.sign_in
        }),
        at(&space.user_risks, "user risk", |one| {
            *one == facts.risk.user
        }),
        at(&space.principal_risks, "principal risk", |one| {
            *one == facts.risk.service_principal
        }),
        at(&space.insider_risks, "insider risk", |one| {
            *one == facts.risk.insider
        }),
        at(&space.flows, "flow", |one| *one == facts.transfer_method),
    ];
    literals.extend(places(analysis, drawn));
    let device = device(drawn);
    let joins = [
        None,
        Some(DeviceTrustType::Workplace),
        Some(DeviceTrustType::AzureAd),
        Some(DeviceTrustType::ServerAd),
    ];
    let trust_type = device.map(|device| device.trust_type);
    let join = joins.iter().position(|one| *one == trust_type).unwrap();
    literals.push(space.device.joins[join]);
    for (switch, literal) in space.switches.clone() {
        let holds = match &switch {
            Switch::Group(id) => groups.contains(id),
            Switch::Role(id) => roles.contains(id),
            Switch::DirectConnectEligible => drawn.is_eligible,
            Switch::DeviceCompliant => device.is_some_and(|device| device.is_compliant),
            Switch::HasValue(property) => {
                device.is_some_and(|device| !texts(device, *property).is_empty())
            }
            Switch::Text(property, test) => device.is_some_and(|device| {
                texts(device, *property)
                    .iter()
                    .any(|text| holds(test, text))
            }),
            Switch::ApprovedApplication => facts.client_protection.is_approved,
            Switch::ProtectedApplication => facts.client_protection.is_compliant,
        };
        literals.push(if holds { literal } else { !literal });
    }
    literals
}

fn at<V>(axis: &Axis<V>, what: &str, wanted: impl Fn(&V) -> bool) -> Lit {
    let found: Vec<Lit> = axis
        .iter()
        .filter(|(value, _)| wanted(value))
        .map(|(_, literal)| literal)
        .collect();
    match found.as_slice() {
        [one] => *one,
        _ => panic!("{} classes for the {what}", found.len()),
    }
}

fn who(analysis: &Analysis, drawn: &Drawn) -> Lit {
    let whos = &analysis.space.whos;
    let is_named = |tenant: u128| {
        let mut all = whos.values.iter();
        all.any(|who| who.home == Home::Tenant(id(tenant)))
    };
    at(whos, "subject", |who| {
        who.kind == drawn.kind
            && match drawn.home {
                None => who.home == Home::NoTenant,
                Some(OWN) => who.home == Home::Here,
                Some(tenant) if is_named(tenant) => who.home == Home::Tenant(id(tenant)),
                Some(_) => matches!(who.home, Home::AnyOtherTenant(_)),
            }
    })
}

/// What is reached, if some class names it.
fn target(analysis: &Analysis, drawn: &Drawn) -> Option<Reached> {
    let facts = &drawn.facts;
    let reached = match (facts.user_action, facts.audiences.first()) {
        (Some(action), _) => Reached::Action(action),
        (None, Some(application)) => Reached::Application(*application),
        (None, None) => panic!("reaches nothing"),
    };
    let mut classes = analysis.space.targets.values.iter();
    classes
        .any(|class: &TargetClass| class.members.contains(&reached))
        .then_some(reached)
}

/// The device as its own tenant knows it, if that is who vouches.
pub(super) fn device(drawn: &Drawn) -> Option<&DeviceClaims> {
    let home = match (drawn.kind, drawn.home) {
        (SubjectKind::WorkloadIdentity, _) | (_, None) => return None,
        (_, Some(home)) => home,
    };
    let claims = drawn.facts.device.as_ref();
    claims.filter(|claims| claims.tenant_id == id(home))
}

/// The values of a property, in lower case.
fn texts(device: &DeviceClaims, property: DeviceProperty) -> Vec<String> {
    let its = &device.attributes;
    let one = |text: &Option<String>| text.iter().cloned().collect::<Vec<String>>();
    let texts = match property {
        DeviceProperty::DeviceId => vec![device.device_id.uuid().to_string()],
        DeviceProperty::DisplayName => one(&its.display_name),
        DeviceProperty::DeviceOwnership => one(&its.device_ownership),
        DeviceProperty::EnrollmentProfileName => one(&its.enrollment_profile_name),
        DeviceProperty::Manufacturer => one(&its.manufacturer),
        DeviceProperty::MdmAppId => one(&its.mdm_app_id),
        DeviceProperty::Model => one(&its.model),
        DeviceProperty::OperatingSystem => one(&its.operating_system),
        DeviceProperty::OperatingSystemVersion => one(&its.operating_system_version),
        DeviceProperty::PhysicalIds => its.physical_ids.clone(),
        DeviceProperty::ProfileType => one(&its.profile_type),
        DeviceProperty::SystemLabels => its.system_labels.clone(),
        DeviceProperty::ExtensionAttribute(number) => {
            one(&its.extension_attributes.get(&number).cloned())
        }
        DeviceProperty::IsCompliant | DeviceProperty::TrustType => panic!("told apart elsewhere"),
    };
    texts.iter().map(|text| text.to_lowercase()).collect()
}

fn holds(test: &TextTest, value: &str) -> bool {
    match test {
        TextTest::Is(wanted) | TextTest::HasMember(wanted) => value == wanted,
        TextTest::StartsWith(wanted) => value.starts_with(wanted.as_str()),
        TextTest::EndsWith(wanted) => value.ends_with(wanted.as_str()),
        TextTest::Contains(wanted) => value.contains(wanted.as_str()),
    }
}

/// Of each kind of place the class in the same named locations.
fn places(analysis: &Analysis, drawn: &Drawn) -> Vec<Lit> {
    let facts = &drawn.facts;
    let located = &analysis.sides[0].configuration.named_locations;
    let space = &analysis.space;
    let mut literals = Vec::new();
    for kind in PlaceKind::ALL {
        let around = match kind {
            PlaceKind::Address => by_address(located, facts.ip_address),
            PlaceKind::Country => by_country(located, facts.country),
            PlaceKind::Coordinates => by_coordinates(located, facts.place.gps_country),
            PlaceKind::CompliantNetwork => {
                by_network(located, facts.place.compliant_network == Some(id(OWN)))
            }
        };
        let is_unknown = match kind {
            PlaceKind::Country => facts.country.is_none(),
            PlaceKind::Coordinates => facts.place.gps_country.is_none(),
            PlaceKind::Address | PlaceKind::CompliantNetwork => false,
        };
        let division = &space.place_classes.classes[&kind];
        let found: Vec<usize> = (0..division.len())
            .filter(|at| {
                let of_class = match division[*at].representative {
                    PlaceValue::Address(address) => (by_address(located, address), false),
                    PlaceValue::Country(country) => {
                        (by_country(located, country), country.is_none())
                    }
                    PlaceValue::Coordinates(country) => {
                        (by_coordinates(located, country), country.is_none())
                    }
                    PlaceValue::CompliantNetwork(inside) => (by_network(located, inside), false),
                };
                of_class == (around.clone(), is_unknown)
            })
            .collect();
        match found.as_slice() {
            [one] => literals.push(space.places[&kind][*one]),
            _ => panic!("{} classes for {kind:?} of {facts:?}", found.len()),
        }
    }
    literals
}

/// Locations that an include list with them brings in, and those that an exclude list takes out.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Around(BTreeSet<NamedLocationId>, BTreeSet<NamedLocationId>);

impl Around {
    fn all_of(located: &[NamedLocation], inside: impl Fn(&NamedLocationKind) -> bool) -> Self {
        let inside = located.iter().filter(|one| inside(&one.kind));
        let inside: BTreeSet<NamedLocationId> = inside.map(|one| one.id).collect();
        Self(inside.clone(), inside)
    }
}

fn by_address(located: &[NamedLocation], address: Option<IpAddr>) -> Around {
    Around::all_of(located, |kind| match (kind, address) {
        (NamedLocationKind::IpRanges { ranges, .. }, Some(address)) => {
            ranges.iter().any(|range| contains(range, address))
        }
        _ => false,
    })
}

/// Bit by bit; IPv4 addresses are in IPv4 ranges, however either is written.
fn contains(range: &IpNet, address: IpAddr) -> bool {
    let mapped = |address: IpAddr| match address {
        IpAddr::V4(address) => u128::from(address.to_ipv6_mapped()),
        IpAddr::V6(address) => u128::from(address),
    };
    let is_v4 = |bits: u128| bits >> 32 == 0xffff;
    let length = match range {
        IpNet::V4(range) => range.prefix_len() + 96,
        IpNet::V6(range) => range.prefix_len(),
    };
    let (first, bits) = (mapped(range.addr()), mapped(address));
    let same = length == 0 || (first ^ bits) >> (128 - u32::from(length)) == 0;
    same && (is_v4(first) && length >= 96) == is_v4(bits)
}

fn by_country(located: &[NamedLocation], country: Option<CountryCode>) -> Around {
    Around::all_of(located, |kind| match kind {
        NamedLocationKind::Countries {
            countries,
            lookup: CountryLookup::ClientIpAddress,
            includes_unknown,
        } => country.map_or(*includes_unknown, |country| countries.contains(&country)),
        _ => false,
    })
}

fn by_coordinates(located: &[NamedLocation], country: Option<CountryCode>) -> Around {
    let inside = |kind: &NamedLocationKind, unlocated| match kind {
        NamedLocationKind::Countries {
            countries,
            lookup: CountryLookup::AuthenticatorAppGps,
            ..
        } => country.map_or(unlocated, |country| countries.contains(&country)),
        _ => false,
    };
    let Around(included, _) = Around::all_of(located, |kind| inside(kind, true));
    let Around(excluded, _) = Around::all_of(located, |kind| inside(kind, false));
    Around(included, excluded)
}

fn by_network(located: &[NamedLocation], is_inside: bool) -> Around {
    Around::all_of(located, |kind| {
        is_inside && matches!(kind, NamedLocationKind::CompliantNetwork { .. })
    })
}

/// Whether a sign-in is inside one named location, as an include list understands it.
pub(super) fn is_inside(location: &NamedLocation, facts: &SignIn) -> bool {
    let one = std::slice::from_ref(location);
    let network = facts.place.compliant_network == Some(id(OWN));
    [
        by_address(one, facts.ip_address),
        by_country(one, facts.country),
        by_coordinates(one, facts.place.gps_country),
        by_network(one, network),
    ]
    .iter()
    .any(|Around(included, _)| !included.is_empty())
}
