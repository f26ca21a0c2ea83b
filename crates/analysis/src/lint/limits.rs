//! What Microsoft Entra would refuse (specification 2.15): warnings, never our limits (decision 17).

use portcullis_model::conditional_access::DeviceCondition;
use portcullis_model::conditional_access::filter::FilterRule;
use portcullis_model::named_location::NamedLocationKind;

use super::{Finding, Rule};
use crate::analysis::Analysis;

const POLICIES: usize = 240;
const NAMED_LOCATIONS: usize = 195;
const RANGES: usize = 2000;
const CONTEXTS: usize = 99;
const STRENGTHS: usize = 15;
const AGREEMENTS: usize = 40;
const FILTER_CHARACTERS: usize = 3072;

impl Analysis {
    pub(super) fn lint_limits(&self, found: &mut Vec<Finding>) {
        let configuration = self.tenant.configuration();
        let counts = [
            (
                "policies",
                configuration.conditional_access_policies.len(),
                POLICIES,
            ),
            (
                "named locations",
                configuration.named_locations.len(),
                NAMED_LOCATIONS,
            ),
            (
                "authentication contexts",
                configuration.authentication_contexts.len(),
                CONTEXTS,
            ),
            (
                "authentication strengths",
                configuration.authentication_strengths.len(),
                STRENGTHS,
            ),
            ("terms of use", configuration.agreements.len(), AGREEMENTS),
        ];
        for (what, count, limit) in counts {
            if count > limit {
                found.push(Finding::general(
                    Rule::EntraLimit,
                    format!("there are {count} {what}; Microsoft Entra takes {limit}"),
                    "leave some out before this goes to Microsoft Entra",
                ));
            }
        }
        for location in &configuration.named_locations {
            if let NamedLocationKind::IpRanges { ranges, .. } = &location.kind
                && ranges.len() > RANGES
            {
                found.push(Finding::general(
                    Rule::EntraLimit,
                    format!(
                        "named location `{}` has {} ranges; Microsoft Entra takes {RANGES}",
                        location.display_name,
                        ranges.len()
                    ),
                    "divide it",
                ));
            }
        }
        for policy in &configuration.conditional_access_policies {
            let Some(DeviceCondition::Filter(filter)) = &policy.conditions.devices else {
                continue;
            };
            let FilterRule { text, .. } = &filter.rule;
            if text.chars().count() > FILTER_CHARACTERS {
                found.push(Finding::about(
                    Rule::EntraLimit,
                    policy,
                    format!(
                        "the device filter of `{}` is longer than the {FILTER_CHARACTERS} characters that Microsoft Entra takes",
                        policy.display_name
                    ),
                    "shorten it",
                ));
            }
        }
    }
}
