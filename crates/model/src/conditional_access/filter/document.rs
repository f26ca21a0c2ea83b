//! Reads a Graph `conditionalAccessFilter` inside a policy.

use super::{Filter, FilterMode, FilterProperty, FilterRule};
use crate::document::{Findings, Members, Reason, shown_text};

/// The rule that filters break (CA-V14).
const RULE: &str = "CA-V14";

/// The filter below this member, unless it is not configured.
pub(in super::super) fn read<P: FilterProperty>(
    members: &Members<'_>,
    name: &str,
    findings: &mut Findings,
) -> Option<Filter<P>> {
    let filter = members.object(name, findings)?;
    filter.refuse_unknown(&["mode", "rule"], findings);
    let mode = match filter.text("mode", findings) {
        Some(text) if text.eq_ignore_ascii_case("include") => Some(FilterMode::Include),
        Some(text) if text.eq_ignore_ascii_case("exclude") => Some(FilterMode::Exclude),
        other => {
            let found = other.map_or_else(|| "no mode".into(), shown_text);
            let path = filter.path_of("mode");
            findings.add(path, Reason::Rule(RULE), found, "`include` or `exclude`");
            None
        }
    };
    let path = filter.path_of("rule");
    let Some(text) = filter.text("rule", findings) else {
        findings.add(path, Reason::Rule(RULE), "no rule", P::EXPECTED);
        return None;
    };
    match FilterRule::parse(text) {
        Ok(rule) => Some(Filter { mode: mode?, rule }),
        Err(error) => {
            let found = format!("{} at character {}", error.found, error.position);
            findings.add(path, Reason::Rule(RULE), found, error.expected);
            None
        }
    }
}
