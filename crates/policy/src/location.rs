//! Which named locations an address is inside of: one look-up for each prefix length in use, not one for each range.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use ipnet::{IpNet, Ipv4Net};
use portcullis_model::id::NamedLocationId;
use portcullis_model::named_location::{NamedLocation, NamedLocationKind};

/// A tenant's named locations.
#[derive(Debug, Default)]
pub(crate) struct NamedLocations {
    known: BTreeSet<NamedLocationId>,
    trusted: BTreeSet<NamedLocationId>,
    ranges: BTreeMap<IpNet, BTreeSet<NamedLocationId>>,
    prefix_lengths_v4: BTreeSet<u8>,
    prefix_lengths_v6: BTreeSet<u8>,
}

impl NamedLocations {
    pub(crate) fn compile(locations: &[NamedLocation]) -> Self {
        let mut compiled = Self::default();
        for location in locations {
            compiled.known.insert(location.id);
            let NamedLocationKind::IpRanges { is_trusted, ranges } = &location.kind else {
                compiled.known.remove(&location.id);
                continue;
            };
            if *is_trusted {
                compiled.trusted.insert(location.id);
            }
            for range in ranges {
                let range = canonical_range(*range);
                match range {
                    IpNet::V4(range) => compiled.prefix_lengths_v4.insert(range.prefix_len()),
                    IpNet::V6(range) => compiled.prefix_lengths_v6.insert(range.prefix_len()),
                };
                compiled
                    .ranges
                    .entry(range)
                    .or_default()
                    .insert(location.id);
            }
        }
        compiled
    }

    /// Whether there is such a location.
    pub(crate) fn knows(&self, location: NamedLocationId) -> bool {
        self.known.contains(&location)
    }

    pub(crate) fn is_trusted(&self, location: NamedLocationId) -> bool {
        self.trusted.contains(&location)
    }

    /// The locations with a range around this address.
    pub(crate) fn containing(&self, address: IpAddr) -> BTreeSet<NamedLocationId> {
        let address = address.to_canonical();
        let lengths = match address {
            IpAddr::V4(_) => &self.prefix_lengths_v4,
            IpAddr::V6(_) => &self.prefix_lengths_v6,
        };
        lengths
            .iter()
            .filter_map(|length| IpNet::new(address, *length).ok())
            .filter_map(|range| self.ranges.get(&range.trunc()))
            .flatten()
            .copied()
            .collect()
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
            let found = locations.containing(address.parse().unwrap());
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
            prop_assert_eq!(NamedLocations::compile(&locations).containing(address), expect);
        }
    }
}
