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
    /// What is included wherever the sign-in comes from.
    anywhere: PolicySet,
    excluded_anywhere: PolicySet,
    addresses_v4: Lists,
    addresses_v6: Lists,
    countries: BTreeMap<Option<CountryCode>, usize>,
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
        let (mut addresses_v4, mut addresses_v6) = (lists(), lists());
        for around in around_v4 {
            addresses_v4.push(&inside(around));
        }
        for around in around_v6 {
            addresses_v6.push(&inside(around));
        }
        let (mut countries, mut of_countries) = (BTreeMap::new(), lists());
        for (number, (country, around)) in named.countries().enumerate() {
            countries.insert(country, number);
            of_countries.push(&inside(around));
        }
        Some(Self {
            anywhere,
            excluded_anywhere,
            addresses_v4,
            addresses_v6,
            countries,
            of_countries,
        })
    }

    /// Keeps of `standing` what a sign-in satisfies that has every signal given; `false`, and nothing done, where it has
    /// coordinates or comes from a compliant network. `scratch` is of the same tenant, whatever is in it.
    #[inline]
    pub(crate) fn keep_matching(
        &self,
        named: &NamedLocations,
        seen: &Seen<'_>,
        (standing, scratch): (&mut PolicySet, &mut PolicySet),
    ) -> bool {
        let place = &seen.sign_in.place;
        if place.gps_country.is_some() || place.compliant_network.is_some() {
            return false;
        }
        let at_address = seen.sign_in.ip_address.and_then(|address| {
            let around = named.around(address);
            match around {
                Around::V4(number) => self.addresses_v4.get(number),
                Around::V6(number) => self.addresses_v6.get(number),
            }
        });
        let in_country = if self.countries.is_empty() {
            None
        } else {
            let number = self.countries.get(&seen.sign_in.country);
            number.and_then(|number| self.of_countries.get(*number))
        };
        scratch.copy_from(&self.anywhere);
        for (included, _) in [at_address, in_country].into_iter().flatten() {
            scratch.add_row(included);
        }
        scratch.subtract(&self.excluded_anywhere);
        for (_, excluded) in [at_address, in_country].into_iter().flatten() {
            scratch.drop_row(excluded);
        }
        standing.intersect(scratch);
        true
    }
}
