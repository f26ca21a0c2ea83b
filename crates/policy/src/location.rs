//! Which named locations a sign-in is inside of: by address, by country, by coordinates, through the compliant network.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use ipnet::{IpNet, Ipv4Net};
use portcullis_model::country::CountryCode;
use portcullis_model::id::NamedLocationId;
use portcullis_model::named_location::{CountryLookup, NamedLocation, NamedLocationKind};

/// A tenant's named locations.
#[derive(Debug, Default)]
pub(crate) struct NamedLocations {
    known: BTreeMap<NamedLocationId, Source>,
    trusted: BTreeSet<NamedLocationId>,
    ranges_v4: Ranges<u32>,
    ranges_v6: Ranges<u128>,
    /// By the country of the address; `None` is the unknown one.
    countries: BTreeMap<Option<CountryCode>, Vec<NamedLocationId>>,
    gps_countries: BTreeMap<CountryCode, Vec<NamedLocationId>>,
    by_coordinates: Vec<NamedLocationId>,
}

/// The number of the set of locations around an address, in the address's family.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Around {
    V4(usize),
    V6(usize),
}

/// By what a location is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Source {
    IpAddress,
    Country,
    GpsCountry,
    CompliantNetwork,
}

impl NamedLocations {
    pub(crate) fn compile(locations: &[NamedLocation]) -> Self {
        let mut compiled = Self::default();
        let mut ranges: BTreeMap<IpNet, BTreeSet<NamedLocationId>> = BTreeMap::new();
        for location in locations {
            let id = location.id;
            compiled.known.insert(id, source(&location.kind));
            if location.is_trusted() {
                compiled.trusted.insert(id);
            }
            match &location.kind {
                NamedLocationKind::IpRanges { ranges: own, .. } => {
                    for range in own {
                        ranges
                            .entry(canonical_range(*range))
                            .or_default()
                            .insert(id);
                    }
                }
                NamedLocationKind::Countries {
                    countries,
                    lookup: CountryLookup::ClientIpAddress,
                    includes_unknown,
                } => {
                    let known = countries.iter().copied().map(Some);
                    for country in known.chain(includes_unknown.then_some(None)) {
                        compiled.countries.entry(country).or_default().push(id);
                    }
                }
                NamedLocationKind::Countries {
                    countries,
                    lookup: CountryLookup::AuthenticatorAppGps,
                    ..
                } => {
                    compiled.by_coordinates.push(id);
                    for country in countries {
                        compiled.gps_countries.entry(*country).or_default().push(id);
                    }
                }
                NamedLocationKind::CompliantNetwork { .. } => {}
            }
        }
        compiled.ranges_v4 = Ranges::of(&ranges, IpNet::V4(Ipv4Net::default()));
        compiled.ranges_v6 = Ranges::of(&ranges, IpNet::V6(ipnet::Ipv6Net::default()));
        compiled
    }

    /// Whether there is such a location, and by what it is found.
    pub(crate) fn source(&self, location: NamedLocationId) -> Option<Source> {
        self.known.get(&location).copied()
    }

    /// Whether `AllTrusted` means this location too.
    pub(crate) fn is_trusted(&self, location: NamedLocationId) -> bool {
        self.trusted.contains(&location)
    }

    /// Whether `AllTrusted` depends on this.
    pub(crate) fn trusts_any(&self, source: Source) -> bool {
        let mut trusted = self.trusted.iter();
        trusted.any(|location| self.source(*location) == Some(source))
    }

    /// The locations with a range around this address.
    pub(crate) fn at_address(&self, address: IpAddr) -> &[NamedLocationId] {
        let around = match self.around(address) {
            Around::V4(number) => self.ranges_v4.sets.get(number),
            Around::V6(number) => self.ranges_v6.sets.get(number),
        };
        around.map_or(&[], Vec::as_slice)
    }

    /// The same by number.
    #[inline]
    pub(crate) fn around(&self, address: IpAddr) -> Around {
        match address.to_canonical() {
            IpAddr::V4(address) => Around::V4(self.ranges_v4.around(address.to_bits())),
            IpAddr::V6(address) => Around::V6(self.ranges_v6.around(address.to_bits())),
        }
    }

    /// Of each family, the sets of locations that are around some address, by number.
    pub(crate) fn all_around(&self) -> [&[Vec<NamedLocationId>]; 2] {
        [&self.ranges_v4.sets, &self.ranges_v6.sets]
    }

    /// Each country that a location has, by address, with those locations; `None` is the unknown one.
    pub(crate) fn countries(
        &self,
    ) -> impl Iterator<Item = (Option<CountryCode>, &[NamedLocationId])> {
        let countries = self.countries.iter();
        countries.map(|(country, locations)| (*country, locations.as_slice()))
    }

    /// The locations with this country, by address.
    pub(crate) fn in_country(&self, country: Option<CountryCode>) -> &[NamedLocationId] {
        self.countries.get(&country).map_or(&[], Vec::as_slice)
    }

    /// The locations with this country, by coordinates.
    pub(crate) fn in_gps_country(&self, country: CountryCode) -> &[NamedLocationId] {
        self.gps_countries.get(&country).map_or(&[], Vec::as_slice)
    }

    /// The locations that go by coordinates.
    pub(crate) fn by_coordinates(&self) -> &[NamedLocationId] {
        &self.by_coordinates
    }

    /// The locations that are found like this.
    pub(crate) fn found_by(&self, source: Source) -> impl Iterator<Item = NamedLocationId> {
        let all = self.known.iter();
        all.filter(move |(_, found)| **found == source)
            .map(|(location, _)| *location)
    }
}

const fn source(kind: &NamedLocationKind) -> Source {
    match kind {
        NamedLocationKind::IpRanges { .. } => Source::IpAddress,
        NamedLocationKind::Countries { lookup, .. } => match lookup {
            CountryLookup::ClientIpAddress => Source::Country,
            CountryLookup::AuthenticatorAppGps => Source::GpsCountry,
        },
        NamedLocationKind::CompliantNetwork { .. } => Source::CompliantNetwork,
    }
}

/// The address space of one family, cut where a range begins or ends: one search finds every location around an address.
#[derive(Debug, Default)]
struct Ranges<A> {
    /// First addresses of the pieces, ascending.
    firsts: Vec<A>,
    /// Of each piece, the number of its set.
    numbers: Vec<usize>,
    /// Sets of locations, each ascending, each once.
    sets: Vec<Vec<NamedLocationId>>,
}

impl<A: Copy + Ord + TryFrom<u128>> Ranges<A> {
    /// Ranges of `family`, which is that family's range of all addresses.
    fn of(ranges: &BTreeMap<IpNet, BTreeSet<NamedLocationId>>, family: IpNet) -> Self {
        let mut sorted: Vec<(u128, u128, &BTreeSet<NamedLocationId>)> = ranges
            .iter()
            .filter(|(range, _)| family.contains(*range))
            .map(|(range, locations)| (bits(range.network()), bits(range.broadcast()), locations))
            .collect();
        // A range comes before those inside of it; two ranges never overlap otherwise.
        sorted.sort_unstable_by_key(|(first, last, _)| (*first, Reverse(*last)));
        let mut cutting = Cutting {
            last_address: bits(family.broadcast()),
            ..Cutting::default()
        };
        cutting.piece(0);
        for (first, last, locations) in sorted {
            cutting.close_before(first);
            cutting.open(last, locations);
            cutting.piece(first);
        }
        cutting.close_all();
        let mut sets: Vec<_> = cutting.numbers.into_iter().collect();
        sets.sort_unstable_by_key(|(_, number)| *number);
        // The pieces of a family begin at addresses of that family.
        let pieces = cutting.pieces.into_iter();
        let (firsts, numbers) = pieces
            .filter_map(|(first, number)| Some((A::try_from(first).ok()?, number)))
            .unzip();
        Self {
            firsts,
            numbers,
            sets: sets
                .into_iter()
                .map(|(set, _)| set.into_iter().collect())
                .collect(),
        }
    }

    /// The number of the set of locations around this address: the first piece begins where the addresses do.
    #[inline]
    fn around(&self, address: A) -> usize {
        let after = self.firsts.partition_point(|first| *first <= address);
        let piece = after.checked_sub(1).and_then(|at| self.numbers.get(at));
        piece.copied().unwrap_or(usize::MAX)
    }
}

/// The walk over one family's ranges.
#[derive(Default)]
struct Cutting {
    last_address: u128,
    pieces: Vec<(u128, usize)>,
    numbers: BTreeMap<BTreeSet<NamedLocationId>, usize>,
    /// The ranges around the present address, the narrowest last, each with all locations that are around it.
    around: Vec<(u128, BTreeSet<NamedLocationId>)>,
}

impl Cutting {
    /// Begins a piece; one that begins where the last one did takes its place.
    fn piece(&mut self, first: u128) {
        let set = self.around.last().map(|(_, set)| set.clone());
        let next = self.numbers.len();
        let number = *self.numbers.entry(set.unwrap_or_default()).or_insert(next);
        match self.pieces.last_mut() {
            Some(last) if last.0 == first => last.1 = number,
            Some(_) | None => self.pieces.push((first, number)),
        }
    }

    fn open(&mut self, last: u128, locations: &BTreeSet<NamedLocationId>) {
        let outer = self.around.last().map(|(_, set)| set.clone());
        let mut set = outer.unwrap_or_default();
        set.extend(locations);
        self.around.push((last, set));
    }

    /// Ends every range that does not reach this address.
    fn close_before(&mut self, first: u128) {
        while let Some(last) = self
            .around
            .last()
            .map(|(last, _)| *last)
            .filter(|last| *last < first)
        {
            self.around.pop();
            self.piece(last + 1);
        }
    }

    fn close_all(&mut self) {
        while let Some((last, _)) = self.around.pop() {
            if last < self.last_address {
                self.piece(last + 1);
            }
        }
    }
}

fn bits(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(address) => address.to_bits().into(),
        IpAddr::V6(address) => address.to_bits(),
    }
}

/// Host bits cleared, and a range of IPv4 addresses mapped into IPv6 written as IPv4, as `to_canonical` does with
/// addresses. A wider IPv6 range never holds IPv4 addresses: the families are apart (specification 4.5).
fn canonical_range(range: IpNet) -> IpNet {
    let range = range.trunc();
    let mapped = match (
        range.addr().to_canonical(),
        range.prefix_len().checked_sub(96),
    ) {
        (IpAddr::V4(address), Some(length)) if range.addr().is_ipv6() => {
            Ipv4Net::new(address, length).ok()
        }
        (IpAddr::V4(_) | IpAddr::V6(_), _) => None,
    };
    mapped.map_or(range, IpNet::V4)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::Map;
    use uuid::Uuid;

    use super::*;

    fn location(number: u128, is_trusted: bool, ranges: &[&str]) -> NamedLocation {
        NamedLocation {
            id: NamedLocationId::new(Uuid::from_u128(number)),
            display_name: String::new(),
            kind: NamedLocationKind::IpRanges {
                is_trusted,
                ranges: ranges.iter().map(|range| range.parse().unwrap()).collect(),
            },
            document: Map::new(),
        }
    }

    #[test]
    fn v10_addresses_of_both_families_at_the_edges_of_ranges() {
        let locations = NamedLocations::compile(&[
            location(1, false, &["203.0.113.0/24", "198.51.100.7/32"]),
            location(2, true, &["203.0.113.130/25", "2001:db8::/32"]),
            location(3, false, &["::ffff:192.0.2.0/120"]),
            location(4, false, &["::/0"]),
            location(5, false, &["0.0.0.0/0"]),
            location(6, false, &[]),
        ]);
        for (address, expect) in [
            ("203.0.113.0", &[1, 5][..]),
            ("203.0.113.127", &[1, 5]),
            ("203.0.113.128", &[1, 2, 5]), // host bits of a range do not matter
            ("203.0.114.0", &[5]),
            ("198.51.100.7", &[1, 5]),
            ("198.51.100.8", &[5]),
            ("2001:db8::1", &[2, 4]),
            ("2001:db9::1", &[4]),
            ("192.0.2.9", &[3, 5]),
            ("::ffff:192.0.2.9", &[3, 5]), // an IPv4 address in IPv6 clothes
            ("::ffff:203.0.113.1", &[1, 5]), // likewise, against a range written as IPv4
        ] {
            let found = locations.at_address(address.parse().unwrap());
            let found: Vec<u128> = found.iter().map(|id| id.uuid().as_u128()).collect();
            assert_eq!(found, expect, "{address}");
        }
    }

    proptest! {
        #[test]
        fn a_look_up_finds_what_asking_every_range_finds(
            ranges in proptest::collection::vec((any::<bool>(), 0..16u32, 0..=32u8), 0..12),
            address in (any::<bool>(), 0..16u32),
        ) {
            let net = |(v6, top, length): (bool, u32, u8)| if v6 {
                IpNet::new(IpAddr::V6((u128::from(top) << 124).into()), length).unwrap()
            } else {
                IpNet::new(IpAddr::V4((top << 28).into()), length).unwrap()
            };
            let address = net((address.0, address.1, 32)).addr();
            let locations: Vec<NamedLocation> = ranges.iter().enumerate().map(|(number, range)| {
                let mut location = location(number as u128, false, &[]);
                location.kind = NamedLocationKind::IpRanges { is_trusted: false, ranges: vec![net(*range)] };
                location
            }).collect();
            let expect: BTreeSet<_> = locations.iter()
                .filter(|location| match &location.kind {
                    NamedLocationKind::IpRanges { ranges, .. } => ranges.iter().any(|range| range.contains(&address)),
                    NamedLocationKind::Countries { .. } | NamedLocationKind::CompliantNetwork { .. } => false,
                })
                .map(|location| location.id)
                .collect();
            let compiled = NamedLocations::compile(&locations);
            let found: BTreeSet<_> = compiled.at_address(address).iter().copied().collect();
            prop_assert_eq!(found, expect);
        }
    }
}
