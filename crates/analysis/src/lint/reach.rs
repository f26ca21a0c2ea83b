//! Policies that never apply, apply to nobody who is there, or change nothing.

use std::collections::BTreeSet;

use batsat::Lit;
use portcullis_model::conditional_access::{
    ConditionalAccessPolicy, Conditions, SessionControls, Target,
};

use super::{Finding, Rule, Whom};
use crate::analysis::Analysis;
use crate::circuit::Answer;
use crate::difference::alternatives;
use crate::evidence::Evidence;

impl Analysis {
    pub(super) fn lint_reach(&mut self, found: &mut Vec<Finding>) {
        // The later of two that say the same is the one to miss; what can be missed is not counted on for the others.
        let mut redundant: Vec<usize> = Vec::new();
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
            } else if let Some(covering) = self.covering(number, &policy, &redundant) {
                redundant.push(number);
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

    /// The policies that together demand everything it demands, whatever is shown; `None` where they do not, or where it says
    /// something of sessions.
    fn covering(
        &mut self,
        number: usize,
        policy: &ConditionalAccessPolicy,
        missed: &[usize],
    ) -> Option<BTreeSet<usize>> {
        let says_of_sessions = policy.session_controls != SessionControls::default();
        if says_of_sessions || policy.grant_controls.is_none() || self.is_defective(number) {
            return None;
        }
        let counted = self.counted_on(number, missed);
        let evidences = self.evidences_of(policy);
        let mut covering = BTreeSet::new();
        for evidence in &evidences {
            covering.extend(self.covered(number, *evidence, &counted)?);
        }
        // As few as it takes; the later ones are left out first.
        for one in covering.clone().into_iter().rev() {
            let rest: Vec<usize> = covering.iter().copied().filter(|it| *it != one).collect();
            let covers = |evidence: &Evidence| self.covered(number, *evidence, &rest).is_some();
            if evidences.iter().all(covers) {
                covering.remove(&one);
            }
        }
        Some(covering)
    }

    /// Which of these let nobody pass whom the policy would not, with this to show; `None` where they do.
    fn covered(
        &mut self,
        number: usize,
        evidence: Evidence,
        counted: &[usize],
    ) -> Option<BTreeSet<usize>> {
        let others = self.others_pass(evidence, counted);
        let passes = self.passes(0, evidence, number);
        let mut all: Vec<Lit> = others.iter().map(|(_, literal)| *literal).collect();
        all.push(!passes);
        if self.is_possible(&all, Whom::Anybody) != Answer::No {
            return None;
        }
        let needed = others
            .iter()
            .filter(|(_, literal)| self.space.circuit.needed(*literal));
        Some(needed.filter_map(|(other, _)| *other).collect())
    }

    /// The other policies that can be counted on: what blocks for want of something, or may spare places that are not there
    /// yet, is not.
    fn counted_on(&self, number: usize, missed: &[usize]) -> Vec<usize> {
        let count = self.sides.first().map_or(0, |side| side.policies().len());
        let others = (0..count).filter(|other| *other != number && !missed.contains(other));
        // Where the policy spares the same places, they are none to miss.
        let spares = self.spares_missing_trusted_places(number);
        others
            .filter(|other| !self.is_defective(*other))
            .filter(|other| spares || !self.spares_missing_trusted_places(*other))
            .collect()
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

    /// What these let pass, and both tenants admit.
    fn others_pass(&mut self, evidence: Evidence, counted: &[usize]) -> Vec<(Option<usize>, Lit)> {
        let admitted = self.encoded.first().map(|one| (None, one.admitted));
        let mut all: Vec<(Option<usize>, Lit)> = admitted.into_iter().collect();
        for other in counted {
            all.push((Some(*other), self.passes(0, evidence, *other)));
        }
        all
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
