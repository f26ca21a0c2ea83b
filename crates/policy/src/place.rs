//! Which policies a place brings a sign-in into, worked out when policies are compiled: for each piece of the address space
//! and for each country.

use std::collections::BTreeMap;

use portcullis_model::country::CountryCode;
use portcullis_model::id::NamedLocationId;

use crate::dimension::Dimension;
use crate::location::{Around, NamedLocations};
use crate::policy_set::{PolicySet, PolicySets, Row};
use crate::seen::Seen;
use crate::value::LocationValue;

/// What the conditions on locations come to, of sign-ins without coordinates and from no compliant network.
#[derive(Debug)]
pub(crate) struct Places {
    /// First of an unknown address, then of each piece of the address space: IPv4, IPv6. What is included wherever the sign-in
    /// comes from is in each.
    addresses: Lists,
    /// How many pieces are IPv4.
    count_v4: usize,
    countries: BTreeMap<Option<CountryCode>, usize>,
    /// What each of them adds.
    of_countries: Lists,
}

/// Of one place after the other, what it includes and what it excludes.
#[derive(Debug)]
struct Lists {
    included: PolicySets,
    excluded: PolicySets,
}

impl Lists {
    fn push(&mut self, (included, excluded): &(PolicySet, PolicySet)) {
        self.included.push(included);
        self.excluded.push(excluded);
    }

    #[inline]
    fn get(&self, number: usize) -> Option<(Row<'_>, Row<'_>)> {
        Some((self.included.get(number)?, self.excluded.get(number)?))
    }
}

/// So many places are worked out beforehand; whoever has more of them has each sign-in worked out for itself.
const PLACES_MAX: usize = 4_096;

impl Places {
    /// `None`: there are too many.
    pub(crate) fn of(named: &NamedLocations, locations: &Dimension<LocationValue>) -> Option<Self> {
        let [around_v4, around_v6] = named.all_around();
        if around_v4.len() + around_v6.len() + named.countries().count() > PLACES_MAX {
            return None;
        }
        let unlocated = named.by_coordinates().iter().copied();
        let values = unlocated.map(LocationValue::NamedOrUnlocated);
        let (mut anywhere, excluded_anywhere) =
            locations.lists([LocationValue::All].into_iter().chain(values));
        anywhere.unite(&locations.always);
        let lists = || Lists {
            included: PolicySets::like(&anywhere),
            excluded: PolicySets::like(&anywhere),
        };
        let inside = |around: &[NamedLocationId]| {
            let trusted = around.iter().any(|location| named.is_trusted(*location));
            let trusted = trusted.then_some(LocationValue::AllTrusted);
            let values = around.iter().copied().map(LocationValue::Named);
            locations.lists(values.chain(trusted))
        };
        let mut addresses = lists();
        let nowhere = [&[][..]].into_iter();
        let all_around = around_v4.iter().chain(around_v6).map(Vec::as_slice);
        for around in nowhere.chain(all_around) {
            let (mut included, mut excluded) = inside(around);
            included.unite(&anywhere);
            excluded.unite(&excluded_anywhere);
            addresses.push(&(included, excluded));
        }
        let (mut countries, mut of_countries) = (BTreeMap::new(), lists());
        for (number, (country, around)) in named.countries().enumerate() {
            countries.insert(country, number);
            of_countries.push(&inside(around));
        }
        Some(Self {
            addresses,
            count_v4: around_v4.len(),
            countries,
            of_countries,
        })
    }

    /// Keeps of `standing` what a sign-in satisfies that has every signal given; `false`, and nothing done, where it has
    /// coordinates or comes from a compliant network.
    #[inline]
    pub(crate) fn keep_matching(
        &self,
        named: &NamedLocations,
        seen: &Seen<'_>,
        standing: &mut PolicySet,
    ) -> bool {
        let place = &seen.sign_in.place;
        if place.gps_country.is_some() || place.compliant_network.is_some() {
            return false;
        }
        let number = seen.sign_in.ip_address.map(|address| named.around(address));
        let at_address = self.addresses.get(match number {
            None => 0,
            Some(Around::V4(number)) => number.saturating_add(1),
            Some(Around::V6(number)) => number.saturating_add(1 + self.count_v4),
        });
        let Some((included, excluded)) = at_address else {
            return false;
        };
        let in_country = if self.countries.is_empty() {
            None
        } else {
            self.countries.get(&seen.sign_in.country)
        };
        match in_country.and_then(|number| self.of_countries.get(*number)) {
            None => standing.keep_included((included, excluded)),
            Some(also) => standing.keep_included_by_either((included, excluded), also),
        }
        true
    }
}
