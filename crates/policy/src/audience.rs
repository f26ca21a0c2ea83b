//! Which policies a request for one resource and nothing else is about, worked out when policies are compiled: nearly every
//! request is one.

use std::collections::BTreeSet;

use portcullis_model::id::ClientId;

use crate::attribute_class::AttributeClasses;
use crate::dimension::Dimension;
use crate::policy_set::{PolicySets, Row};
use crate::table::{Key, Table};
use crate::value::{TargetValue, audience_values};
use crate::well_known_applications::{microsoft_admin_portals, office_365};

/// The policies about each resource.
#[derive(Debug)]
pub(crate) struct Audiences {
    /// The number of each resource's set.
    table: Table<usize>,
    /// First of all resources that are not in the table, which no policy and no attribute tells apart.
    sets: PolicySets,
}

/// So many resources are worked out beforehand; whoever names more of them has each request worked out for itself.
const AUDIENCES_MAX: usize = 4_096;

impl Audiences {
    /// `None`: there are too many.
    pub(crate) fn of(targets: &Dimension<TargetValue>, classes: &AttributeClasses) -> Option<Self> {
        let named = targets.values().iter().filter_map(|value| match value {
            TargetValue::Application(id) => Some(*id),
            TargetValue::All
            | TargetValue::Office365
            | TargetValue::MicrosoftAdminPortals
            | TargetValue::Attributes(_)
            | TargetValue::UserAction(_)
            | TargetValue::AuthenticationContext(_) => None,
        });
        let told_apart: BTreeSet<ClientId> = named
            .chain(classes.applications())
            .chain(office_365())
            .chain(microsoft_admin_portals())
            .collect();
        if told_apart.len() > AUDIENCES_MAX {
            return None;
        }
        let of_others = [
            TargetValue::All,
            TargetValue::Attributes(AttributeClasses::WITHOUT),
        ];
        let of_others = targets.matching(of_others.into_iter());
        let mut sets = PolicySets::like(&of_others);
        sets.push(&of_others);
        let mut values = Vec::new();
        for id in told_apart {
            let matching = targets.matching(audience_values(id, classes));
            if matching != of_others {
                sets.push(&matching);
                values.push(TargetValue::Application(id));
            }
        }
        Some(Self {
            table: Table::of(values.into_iter().zip(1..)),
            sets,
        })
    }

    /// The policies about this resource.
    #[inline]
    pub(crate) fn row(&self, audience: ClientId) -> Option<Row<'_>> {
        let number = self.table.find(TargetValue::Application(audience).parts());
        self.sets.get(number.copied().unwrap_or(0))
    }
}
