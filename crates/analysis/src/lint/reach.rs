//! Policies that never apply, apply to nobody who is there, or change nothing.

use std::collections::BTreeSet;

use portcullis_model::conditional_access::{ConditionalAccessPolicy, Conditions, Target};

use super::cover::Covers;
use super::{Finding, Rule, Whom};
use crate::analysis::Analysis;
use crate::circuit::Answer;
use crate::difference::alternatives;
use crate::evidence::Evidence;

impl Analysis {
    pub(super) fn lint_reach(&mut self, found: &mut Vec<Finding>) {
        // The later of two that say the same is the one to miss; what can be missed is not counted on for the others.
        let mut covers = Covers::default();
        let mut numbered = self.numbered();
        numbered.reverse();
        for (number, policy) in numbered {
            let scope = self.scope(number);
            match self.is_possible(&[scope], Whom::Anybody) {
                Answer::No => {
                    found.push(self.never_applies(&policy));
                    continue;
                }
                Answer::Unknown => continue,
                Answer::Yes => {}
            }
            if !self.space.listed.is_empty()
                && self.is_possible(&[scope], Whom::Listed) == Answer::No
            {
                found.push(Finding::about(
                    Rule::NobodyToday,
                    &policy,
                    format!(
                        "`{}` is about nobody the directory has",
                        policy.display_name
                    ),
                    "put somebody into its groups, or take it out",
                ));
            } else if let Some(covering) = self.covering(number, &policy, &mut covers) {
                found.push(self.redundant(&policy, &covering));
            }
        }
    }

    /// Whether the policy would apply to somebody if it excluded nobody and nothing.
    fn never_applies(&self, policy: &ConditionalAccessPolicy) -> Finding {
        let name = &policy.display_name;
        let excludes = has_exclusions(&policy.conditions);
        if excludes && self.could_apply_without_exclusions(policy) {
            return Finding::about(
                Rule::SwallowedByExclusion,
                policy,
                format!("`{name}` excludes everything that it includes"),
                "narrow what it excludes",
            );
        }
        Finding::about(
            Rule::NeverApplies,
            policy,
            self.contradiction(policy),
            "say what is meant there, or delete the policy",
        )
    }

    /// Asked of the engine's own reading: an analysis of the one policy without its exclusions.
    fn could_apply_without_exclusions(&self, policy: &ConditionalAccessPolicy) -> bool {
        let mut open = policy.clone();
        let conditions = &mut open.conditions;
        conditions.users.exclude.clear();
        if let Target::Applications(applications) = &mut conditions.target {
            applications.exclude.clear();
        }
        if let Some(platforms) = &mut conditions.platforms {
            platforms.exclude.clear();
        }
        if let Some(locations) = &mut conditions.locations {
            locations.exclude.clear();
        }
        if let Some(workloads) = &mut conditions.client_applications {
            workloads.exclude.clear();
        }
        let mut alone = self.alone(open);
        let scope = alone.scope(0);
        alone.is_possible(&[scope], Whom::Anybody) == Answer::Yes
    }

    /// The same tenant with one policy and no other.
    pub(super) fn alone(&self, policy: ConditionalAccessPolicy) -> Self {
        let mut only = self.tenant.with_only(|_| false);
        only = only.with_drafts(portcullis_whatif::directory::Drafts {
            policies: vec![policy],
            ..portcullis_whatif::directory::Drafts::default()
        });
        Self::new(
            &self.directory,
            &only,
            crate::side::Counted::ReportOnlyToo,
            &crate::selection::Interest::default(),
        )
    }

    /// The fullest evidences that leave one of its demands unmet; of a block, everything.
    pub(super) fn evidences_of(&self, policy: &ConditionalAccessPolicy) -> Vec<Evidence> {
        let mut evidences: Vec<Evidence> = alternatives(policy)
            .iter()
            .flat_map(|controls| {
                let named: Vec<_> = controls.iter().map(|one| (one, Some(policy))).collect();
                self.evidences_without(0, &named)
            })
            .collect();
        evidences.sort_unstable();
        evidences.dedup();
        evidences
    }

    fn redundant(&self, policy: &ConditionalAccessPolicy, covering: &BTreeSet<usize>) -> Finding {
        let policies = self.sides.first().map_or(&[][..], |side| side.policies());
        let others = || covering.iter().filter_map(|number| policies.get(*number));
        let alike = |name: &str| {
            let alike = policies.iter().filter(|one| one.display_name == name);
            alike.count() > 1
        };
        let name = |one: &ConditionalAccessPolicy| {
            if alike(&one.display_name) {
                format!("`{}` ({})", one.display_name, one.id)
            } else {
                format!("`{}`", one.display_name)
            }
        };
        let names: Vec<String> = others().map(name).collect();
        let by = match names.as_slice() {
            [] => "nobody it is about can come at all".to_owned(),
            [one] => format!("{one} demands at least as much of everybody it is about"),
            several => format!(
                "{} together demand at least as much of everybody it is about",
                several.join(" and ")
            ),
        };
        let mut finding = Finding::about(
            Rule::Redundant,
            policy,
            format!("without {} nothing would change: {by}", name(policy)),
            "delete it, or keep it knowingly as a second line: it counts only once the others change",
        );
        finding.policies.extend(others().map(|one| one.id));
        finding
    }
}

fn has_exclusions(conditions: &Conditions) -> bool {
    let target = match &conditions.target {
        Target::Applications(applications) => !applications.exclude.is_empty(),
        Target::UserActions(_) | Target::AuthenticationContexts(_) => false,
    };
    let platforms = conditions.platforms.as_ref();
    let locations = conditions.locations.as_ref();
    let workloads = conditions.client_applications.as_ref();
    target
        || !conditions.users.exclude.is_empty()
        || platforms.is_some_and(|one| !one.exclude.is_empty())
        || locations.is_some_and(|one| !one.exclude.is_empty())
        || workloads.is_some_and(|one| !one.exclude.is_empty())
}
