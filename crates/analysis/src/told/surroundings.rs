//! Where the sign-ins of a class come from, and on what device, in words.

use std::collections::BTreeSet;

use portcullis_model::id::NamedLocationId;

use super::words::{country_words, join_words, property_name, test_words};
use super::{Telling, or};
use crate::device::JOINS;
use crate::place::PlaceKind;
use crate::space::{AxisId, Switch};

/// An address that no named location is about.
const OUTSIDE: &str = "outside every named address range";

impl Telling<'_> {
    /// Through which applications, where that matters: "not" those that open less than the reached one itself.
    pub(super) fn through(&self) -> Option<String> {
        let inside = self.region.axes.get(&AxisId::Through)?;
        let named = |is_inside: bool| {
            let all = self.space.throughs.values.iter().enumerate();
            let chosen = all.filter(|(at, _)| inside.contains(at) == is_inside);
            let clients = chosen.flat_map(|(_, through)| &through.clients);
            or(clients.map(|id| self.names.application(*id)).collect())
        };
        Some(if inside.contains(&0) {
            format!("not through {}", named(false))
        } else {
            format!("through {}", named(true))
        })
    }

    /// Where ranges overlap, being inside one of them is told from being inside that one only.
    fn addresses(&self) -> Option<String> {
        let inside = self.region.axes.get(&AxisId::Address)?;
        let classes = self.space.place_classes.classes.get(&PlaceKind::Address)?;
        let names = |is_inside: bool| {
            let is_chosen = |at: &usize| inside.contains(at) == is_inside;
            // Whether all that is inside these locations, whatever others it is inside of too, is chosen.
            let is_whole = |locations: &BTreeSet<NamedLocationId>| {
                let mut all = classes.iter().enumerate();
                all.all(|(at, class)| is_chosen(&at) || !class.inside.is_superset(locations))
            };
            let is_alone = |locations: &BTreeSet<NamedLocationId>| {
                let mut all = classes.iter().enumerate();
                all.all(|(at, class)| is_chosen(&at) || class.inside != *locations)
            };
            let chosen = classes.iter().enumerate();
            let chosen = chosen.filter(|(at, _)| is_chosen(at));
            let chosen: Vec<_> = chosen.map(|(_, class)| &class.inside).collect();
            let mut names: Vec<String> = Vec::new();
            for locations in &chosen {
                let is_told = chosen.iter().any(|other| {
                    !other.is_empty()
                        && other.len() < locations.len()
                        && other.is_subset(locations)
                        && is_whole(other)
                });
                let all: Vec<String> = locations
                    .iter()
                    .map(|id| self.names.location(*id))
                    .collect();
                let mut name = if all.is_empty() {
                    OUTSIDE.to_owned()
                } else {
                    format!("inside {}", all.join(" and "))
                };
                if !is_alone(locations) {
                    // The later version of the tenant has it elsewhere.
                    name = format!("a part of what is {name}");
                } else if !all.is_empty() && !is_whole(locations) {
                    name.push_str(" and no other named address range");
                }
                if !is_told && !names.contains(&name) {
                    names.push(name);
                }
            }
            names
        };
        let (within, mut without) = (names(true), names(false));
        Some(if within.len() <= without.len() {
            format!("from {}", or(within))
        } else if let Some(at) = without.iter().position(|name| name == OUTSIDE) {
            without.remove(at);
            let but = if without.is_empty() {
                String::new()
            } else {
                format!(", but not {}", or(without))
            };
            format!("from inside some named address range{but}")
        } else {
            format!("not from {}", or(without))
        })
    }

    pub(super) fn places(&self) -> Vec<String> {
        let classes = |kind: PlaceKind| {
            let classes = self.space.place_classes.classes.get(&kind);
            classes.map_or(&[][..], Vec::as_slice)
        };
        let country = |axis, kind, by| {
            let classes = classes(kind);
            self.words(axis, by, |at| classes.get(at).map(country_words))
        };
        let network = self
            .region
            .axes
            .get(&AxisId::CompliantNetwork)
            .map(|inside| {
                if inside.contains(&0) {
                    "outside the compliant network".to_owned()
                } else {
                    "through the compliant network".to_owned()
                }
            });
        let by_address = country(AxisId::Country, PlaceKind::Country, "from");
        let by_coordinates = country(
            AxisId::Coordinates,
            PlaceKind::Coordinates,
            "with coordinates in",
        );
        [self.addresses(), by_address, by_coordinates, network]
            .into_iter()
            .flatten()
            .collect()
    }

    pub(super) fn device(&self) -> Vec<String> {
        let mut words = Vec::new();
        words.extend(self.words(AxisId::DeviceJoin, "on", |at| {
            JOINS.get(at).map(|(join, _)| join_words(*join).to_owned())
        }));
        for (switch, holds) in &self.region.switches {
            let not = if *holds { "" } else { "not " };
            words.push(match switch {
                Switch::Group(_) | Switch::Role(_) => continue,
                Switch::DirectConnectEligible if *holds => {
                    "who could come by direct connect too".to_owned()
                }
                Switch::DirectConnectEligible => "who could not come by direct connect".to_owned(),
                Switch::DeviceCompliant if *holds => "on a compliant device".to_owned(),
                Switch::DeviceCompliant => "on a device that is not compliant".to_owned(),
                Switch::HasValue(property) => {
                    let name = property_name(*property);
                    let has = if *holds { "with" } else { "without" };
                    format!("on a device {has} a value of {name}")
                }
                Switch::Text(property, test) => {
                    let name = property_name(*property);
                    format!("on a device whose {name} {}", test_words(test, *holds))
                }
                Switch::ApprovedApplication => format!("{not}in an approved application"),
                Switch::ProtectedApplication => {
                    format!("{not}in an application under a protection policy")
                }
            });
        }
        words
    }
}
