//! Places a policy can tell apart: addresses, countries, coordinates and the compliant network, by the named locations
//! around them.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::IpNet;
use portcullis_model::conditional_access::{Conditions, IncludeExclude, LocationCondition};
use portcullis_model::country::CountryCode;
use portcullis_model::id::{ClientId, NamedLocationId};
use portcullis_model::named_location::{CountryLookup, NamedLocation, NamedLocationKind};
use portcullis_policy::facts::SignIn;

use crate::probe::{everybody, everything, person};
use crate::side::Side;
use crate::who::{Home, SubjectKind, Who};

/// By what a place is told apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum PlaceKind {
    Address,
    Country,
    Coordinates,
    CompliantNetwork,
}

/// What a place is, as far as one kind goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PlaceValue {
    /// `None`: unknown, which is inside no range.
    Address(Option<IpAddr>),
    /// `None`: unknown.
    Country(Option<CountryCode>),
    /// `None`: no coordinates were given.
    Coordinates(Option<CountryCode>),
    CompliantNetwork(bool),
}

/// Places that no policy tells apart.
#[derive(Debug, Clone)]
pub(crate) struct PlaceClass {
    pub(crate) representative: PlaceValue,
    /// The countries of the class that somebody names.
    pub(crate) named: Vec<CountryCode>,
    /// Whether it also stands for every country that nobody names.
    pub(crate) is_rest: bool,
    /// The named locations of the first side around it.
    pub(crate) inside: BTreeSet<NamedLocationId>,
}

/// Where a named location is, among the classes of its kind.
#[derive(Debug, Clone)]
pub(crate) struct Inside {
    pub(crate) kind: PlaceKind,
    /// Classes that an include list with this location brings in.
    pub(crate) included: BTreeSet<usize>,
    /// Classes that an exclude list takes out: without coordinates nobody is taken out.
    pub(crate) excluded: BTreeSet<usize>,
    pub(crate) is_trusted: bool,
}

/// All places, and for each side where its named locations are.
pub(crate) struct Places {
    pub(crate) classes: BTreeMap<PlaceKind, Vec<PlaceClass>>,
    pub(crate) locations: Vec<BTreeMap<NamedLocationId, Inside>>,
}

impl PlaceKind {
    pub(crate) const ALL: [Self; 4] = [
        Self::Address,
        Self::Country,
        Self::Coordinates,
        Self::CompliantNetwork,
    ];

    const fn of(location: &NamedLocation) -> Self {
        match &location.kind {
            NamedLocationKind::IpRanges { .. } => Self::Address,
            NamedLocationKind::Countries { lookup, .. } => match lookup {
                CountryLookup::ClientIpAddress => Self::Country,
                CountryLookup::AuthenticatorAppGps => Self::Coordinates,
            },
            NamedLocationKind::CompliantNetwork { .. } => Self::CompliantNetwork,
        }
    }
}

impl PlaceValue {
    /// Puts a sign-in there.
    pub(crate) fn put(self, sign_in: &mut SignIn, side: &Side) {
        match self {
            Self::Address(address) => sign_in.ip_address = address,
            Self::Country(country) => sign_in.country = country,
            Self::Coordinates(country) => sign_in.place.gps_country = country,
            Self::CompliantNetwork(is_inside) => {
                let own = side.configuration.organization.id;
                sign_in.place.compliant_network = is_inside.then_some(own);
            }
        }
    }

    const fn country(self) -> Option<CountryCode> {
        match self {
            Self::Country(country) | Self::Coordinates(country) => country,
            Self::Address(_) | Self::CompliantNetwork(_) => None,
        }
    }
}

/// The locations around a place: those that bring it in when they are included, and those that take it out when they are excluded.
type Seen = (BTreeSet<NamedLocationId>, BTreeSet<NamedLocationId>);

impl Places {
    pub(crate) fn of(sides: &[Side]) -> Self {
        let located: Vec<Located> = sides.iter().map(Located::of).collect();
        let mut places = Self {
            classes: BTreeMap::new(),
            locations: vec![BTreeMap::new(); sides.len()],
        };
        for kind in PlaceKind::ALL {
            places.divide(kind, sides, &located);
        }
        places
    }

    /// Candidates that every location of every side sees alike are one class.
    fn divide(&mut self, kind: PlaceKind, sides: &[Side], located: &[Located]) {
        let (candidates, rest) = candidates(kind, sides);
        let mut numbers: BTreeMap<(Vec<Seen>, bool), usize> = BTreeMap::new();
        let mut classes: Vec<PlaceClass> = Vec::new();
        for candidate in candidates {
            let seen = located.iter().zip(sides);
            let seen: Vec<Seen> = seen
                .map(|(located, side)| located.around(candidate, kind, side))
                .collect();
            let next = classes.len();
            // What is not known is told apart from every country, also where no location tells it apart: readers do.
            let is_unknown = candidate.country().is_none();
            let number = *numbers.entry((seen.clone(), is_unknown)).or_insert(next);
            if number == next {
                classes.push(PlaceClass {
                    representative: candidate,
                    named: Vec::new(),
                    is_rest: false,
                    inside: seen.first().map(|seen| seen.0.clone()).unwrap_or_default(),
                });
                for (at, (side, around)) in sides.iter().zip(&seen).enumerate() {
                    self.note((at, side), kind, next, around);
                }
            }
            if let Some(class) = classes.get_mut(number) {
                class.is_rest |= candidate.country().is_some() && candidate.country() == rest;
                class
                    .named
                    .extend(candidate.country().filter(|one| Some(*one) != rest));
            }
        }
        self.classes.insert(kind, classes);
    }

    fn note(
        &mut self,
        (at, side): (usize, &Side),
        kind: PlaceKind,
        class: usize,
        (included, excluded): &Seen,
    ) {
        let locations = side.configuration.named_locations.iter();
        let Some(noted) = self.locations.get_mut(at) else {
            return;
        };
        for location in locations.filter(|one| PlaceKind::of(one) == kind) {
            let inside = noted.entry(location.id).or_insert_with(|| Inside {
                kind,
                included: BTreeSet::new(),
                excluded: BTreeSet::new(),
                is_trusted: location.is_trusted(),
            });
            if included.contains(&location.id) {
                inside.included.insert(class);
            }
            if excluded.contains(&location.id) {
                inside.excluded.insert(class);
            }
        }
    }
}

/// One side's named locations, each as a policy that includes it and one that excludes it.
struct Located {
    cut: crate::probe::Cut,
    ids: Vec<(NamedLocationId, PlaceKind)>,
}

impl Located {
    fn of(side: &Side) -> Self {
        let locations = &side.configuration.named_locations;
        let conditions = |include: LocationCondition, exclude: Option<LocationCondition>| {
            let mut conditions = Conditions::new(everybody(), everything());
            conditions.locations = Some(IncludeExclude {
                include: vec![include],
                exclude: exclude.into_iter().collect(),
            });
            conditions
        };
        let both = locations.iter().flat_map(|location| {
            let named = LocationCondition::NamedLocation(location.id);
            [
                conditions(named, None),
                conditions(LocationCondition::All, Some(named)),
            ]
        });
        Self {
            cut: side.probe.conditions(both),
            ids: locations
                .iter()
                .map(|location| (location.id, PlaceKind::of(location)))
                .collect(),
        }
    }

    /// The locations of one kind that bring this place in when they are included, and take it out when they are excluded.
    fn around(
        &self,
        place: PlaceValue,
        kind: PlaceKind,
        side: &Side,
    ) -> (BTreeSet<NamedLocationId>, BTreeSet<NamedLocationId>) {
        let member = Who {
            kind: SubjectKind::Member,
            home: Home::Here,
        };
        let (mut sign_in, origin) = person(&member, ClientId::DIRECTORY);
        place.put(&mut sign_in, side);
        let matching = self.cut.matching(sign_in, origin);
        let of_kind = || {
            let ids = self.ids.iter().enumerate();
            ids.filter(|(_, (_, its))| *its == kind)
        };
        let included = of_kind().filter(|(at, _)| matching.contains(&(2 * at)));
        let excluded = of_kind().filter(|(at, _)| !matching.contains(&(2 * at + 1)));
        (
            included.map(|(_, (id, _))| *id).collect(),
            excluded.map(|(_, (id, _))| *id).collect(),
        )
    }
}

/// One place in every piece of the world that named locations cut, the plainest first; and the country that stands for all
/// that nobody names.
fn candidates(kind: PlaceKind, sides: &[Side]) -> (Vec<PlaceValue>, Option<CountryCode>) {
    let locations = sides
        .iter()
        .flat_map(|side| &side.configuration.named_locations);
    match kind {
        PlaceKind::Address => (addresses(locations), None),
        PlaceKind::Country | PlaceKind::Coordinates => {
            let (named, rest) = countries(kind, locations);
            let value = |country| match kind {
                PlaceKind::Coordinates => PlaceValue::Coordinates(country),
                PlaceKind::Country | PlaceKind::Address | PlaceKind::CompliantNetwork => {
                    PlaceValue::Country(country)
                }
            };
            // The plainest first: some country by address, and no coordinates.
            let plain = match kind {
                PlaceKind::Coordinates => [None, rest],
                PlaceKind::Country | PlaceKind::Address | PlaceKind::CompliantNetwork => {
                    [rest, None]
                }
            };
            let all = plain.into_iter().chain(named.into_iter().map(Some));
            (all.map(value).collect(), rest)
        }
        PlaceKind::CompliantNetwork => (
            vec![
                PlaceValue::CompliantNetwork(false),
                PlaceValue::CompliantNetwork(true),
            ],
            None,
        ),
    }
}

/// The named countries, and one that is not named.
fn countries<'l>(
    kind: PlaceKind,
    locations: impl Iterator<Item = &'l NamedLocation>,
) -> (BTreeSet<CountryCode>, Option<CountryCode>) {
    let mut named = BTreeSet::new();
    for location in locations.filter(|location| PlaceKind::of(location) == kind) {
        match &location.kind {
            NamedLocationKind::Countries { countries, .. } => named.extend(countries),
            NamedLocationKind::IpRanges { .. } | NamedLocationKind::CompliantNetwork { .. } => {}
        }
    }
    // `ZZ` is nobody's code (ISO 3166-1: user-assigned); if somebody names it all the same, another of those is taken.
    let unassigned = ('A'..='Z').rev().flat_map(|first| {
        let second = ('A'..='Z').rev();
        second.map(move |second| format!("{first}{second}"))
    });
    let rest = unassigned
        .filter_map(|code| code.parse().ok())
        .find(|code| !named.contains(code));
    (named, rest)
}

/// Where ranges begin, and what comes right after them: one address in every piece of both families; and, last, none.
fn addresses<'l>(locations: impl Iterator<Item = &'l NamedLocation>) -> Vec<PlaceValue> {
    // Addresses for documentation (RFC 5737, RFC 3849) read best where they are in no range, and so are asked first.
    let mut all: Vec<IpAddr> = vec![
        Ipv4Addr::new(198, 51, 100, 1).into(),
        Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1).into(),
        Ipv4Addr::UNSPECIFIED.into(),
        Ipv6Addr::UNSPECIFIED.into(),
    ];
    for location in locations {
        let NamedLocationKind::IpRanges { ranges, .. } = &location.kind else {
            continue;
        };
        for range in ranges {
            let range = range.trunc();
            all.push(range.addr());
            all.extend(after(&range));
        }
    }
    let mut seen = BTreeSet::new();
    all.into_iter()
        .map(|address| address.to_canonical())
        .filter(|address| seen.insert(*address))
        .map(Some)
        .chain([None])
        .map(PlaceValue::Address)
        .collect()
}

fn after(range: &IpNet) -> Option<IpAddr> {
    match range.broadcast() {
        IpAddr::V4(last) => last
            .to_bits()
            .checked_add(1)
            .map(|next| Ipv4Addr::from_bits(next).into()),
        IpAddr::V6(last) => last
            .to_bits()
            .checked_add(1)
            .map(|next| Ipv6Addr::from_bits(next).into()),
    }
}
