//! Puts a tenant's cross-tenant access settings together, from one file or from one for each part.

use std::collections::BTreeMap;

use portcullis_model::cross_tenant_access::CrossTenantAccessPolicy;
use portcullis_model::document::{Document, Reason};
use portcullis_model::id::TenantId;

use super::Placed;
use super::sort::SettingsPart;
use crate::error::{Place, WorldFindings};
use crate::export::cross_tenant::{read_default, read_partner, read_whole};

/// Cross-tenant access settings, with the place of each part.
#[derive(Debug)]
pub(crate) struct PlacedBorders {
    pub(crate) value: CrossTenantAccessPolicy,
    pub(crate) default: Place,
    /// One for each partner.
    pub(crate) partners: Vec<Place>,
}

/// The settings, if a file speaks of them.
pub(super) fn borders(
    parts: Vec<(SettingsPart, Placed<Document>)>,
    own: TenantId,
    findings: &mut WorldFindings,
) -> Option<PlacedBorders> {
    let (_, first) = parts.first()?;
    let mut borders = PlacedBorders {
        value: CrossTenantAccessPolicy::default(),
        default: first.place.clone(),
        partners: Vec::new(),
    };
    let mut defaults: Vec<Place> = Vec::new();
    for (part, Placed { place, value }) in parts {
        let (read, at, each) = match part {
            SettingsPart::Whole => {
                let each = |index: usize| format!(".partners[{index}]");
                let read = read_whole(&value, own);
                (read, place.below(".default"), Some(each))
            }
            SettingsPart::Default => {
                let read = read_default(&value, own).map(|default| CrossTenantAccessPolicy {
                    default,
                    partners: Vec::new(),
                });
                (read, place.clone(), None)
            }
            SettingsPart::Partner => {
                let read = read_partner(&value, own).map(|partners| CrossTenantAccessPolicy {
                    partners,
                    ..CrossTenantAccessPolicy::default()
                });
                (read, place.clone(), None)
            }
        };
        let read = match read {
            Ok(read) => read,
            Err(refusal) => {
                findings.take_over(&place, refusal);
                continue;
            }
        };
        if part != SettingsPart::Partner {
            borders.value.default = read.default;
            borders.default = at.clone();
            defaults.push(at);
        }
        for (index, partner) in read.partners.into_iter().enumerate() {
            let place = each.map_or_else(|| place.clone(), |each| place.below(&each(index)));
            borders.value.partners.push(partner);
            borders.partners.push(place);
        }
    }
    refuse_twice(&borders, &defaults, findings);
    Some(borders)
}

/// Nobody could say which of two counts.
fn refuse_twice(borders: &PlacedBorders, defaults: &[Place], findings: &mut WorldFindings) {
    let also = |first: &Place| format!("also at {} `{}`", first.file, first.path);
    if let [first, others @ ..] = defaults {
        for other in others {
            let found = format!("a second default, {}", also(first));
            findings.add(other, Reason::Duplicate, found, "one default");
        }
    }
    let mut seen: BTreeMap<TenantId, &Place> = BTreeMap::new();
    for (partner, place) in borders.value.partners.iter().zip(&borders.partners) {
        if let Some(first) = seen.insert(partner.tenant_id, place) {
            let found = format!("`{}`, {}", partner.tenant_id, also(first));
            findings.add(place, Reason::Duplicate, found, "each partner once");
        }
    }
}
