//! Reads the condition on locations.

use super::{check_include_side, read_id};
use crate::conditional_access::{IncludeExclude, LocationCondition};
use crate::document::{Findings, Members, Reason, shown_text};
use crate::id::NamedLocationId;

pub(super) fn read(
    conditions: &Members<'_>,
    findings: &mut Findings,
) -> Option<IncludeExclude<LocationCondition>> {
    let locations = conditions.object("locations", findings)?;
    locations.refuse_unknown(&["includeLocations", "excludeLocations"], findings);
    let include = locations.texts("includeLocations", findings);
    let exclude = locations.texts("excludeLocations", findings);
    check_include_side(&locations, "includeLocations", include.len(), findings);
    for (path, text) in &exclude {
        if text.eq_ignore_ascii_case("All") {
            findings.add(
                path,
                Reason::Value,
                shown_text(text),
                "`AllTrusted` or ids; nothing would remain when all locations are excluded",
            );
        }
    }
    let mut read = |list: Vec<(String, &str)>| {
        list.into_iter()
            .filter_map(|entry| read_location(entry, findings))
            .collect()
    };
    Some(IncludeExclude {
        include: read(include),
        exclude: read(exclude),
    })
}

fn read_location(
    (path, text): (String, &str),
    findings: &mut Findings,
) -> Option<LocationCondition> {
    if text.eq_ignore_ascii_case("All") {
        return Some(LocationCondition::All);
    }
    if text.eq_ignore_ascii_case("AllTrusted") {
        return Some(LocationCondition::AllTrusted);
    }
    let id: NamedLocationId = read_id((path.clone(), text), "a named location", findings)?;
    if id.uuid().is_nil() {
        findings.add(
            path,
            Reason::NotEnforced("the location of MFA trusted addresses"),
            shown_text(text),
            "`All`, `AllTrusted` or the id of a named location",
        );
        return None;
    }
    Some(LocationCondition::NamedLocation(id))
}
