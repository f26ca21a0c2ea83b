//! Policies that others make redundant: found by asking for a sign-in that only the one in question holds back, and adding
//! whatever else holds it back, until there is none.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use batsat::Lit;
use portcullis_model::authentication_strength::AuthenticationStrengthPolicy;
use portcullis_model::conditional_access::signal::RiskLevel;
use portcullis_model::conditional_access::{
    ConditionalAccessPolicy, GrantControl, SessionControls, Target, UserAction,
};

use super::Whom;
use crate::analysis::Analysis;
use crate::circuit::Answer;
use crate::evidence::Evidence;
use crate::grant::controls;

/// What has been learnt of policies on the way: most are covered by the same few.
#[derive(Default)]
pub(super) struct Covers {
    /// Redundant ones, which are not counted on for the others.
    missed: BTreeSet<usize>,
    /// How many sign-ins each policy has held back so far.
    held_back: BTreeMap<usize, usize>,
    /// What each policy lets pass, by what is shown.
    passes: BTreeMap<Evidence, Rc<[Lit]>>,
    /// What was asked in vain: much that can be shown comes to the same for a policy.
    never: BTreeSet<Vec<Lit>>,
}

impl Analysis {
    /// The policies that together demand everything it demands, whatever is shown; `None` where they do not, or where it says
    /// something of sessions.
    pub(super) fn covering(
        &mut self,
        number: usize,
        policy: &ConditionalAccessPolicy,
        covers: &mut Covers,
    ) -> Option<BTreeSet<usize>> {
        if says_of_sessions(policy) || policy.grant_controls.is_none() || self.is_defective(number)
        {
            return None;
        }
        let counted = self.counted_on((number, policy), covers);
        let evidences = self.evidences_of(policy);
        let mut covering = BTreeSet::new();
        for evidence in &evidences {
            self.cover(number, *evidence, &counted, covers, &mut covering)?;
        }
        // As few as it takes; the later ones are left out first.
        for one in covering.clone().into_iter().rev() {
            let mut rest = covering.clone();
            rest.remove(&one);
            let mut evidences = evidences.iter();
            if evidences.all(|it| self.apart(number, *it, &rest, covers) == Answer::No) {
                covering = rest;
            }
        }
        covers.missed.insert(number);
        Some(covering)
    }

    /// Adds policies until nobody whom this one would stop, with this to show, passes them all; `None` where all that are
    /// counted on let somebody pass.
    fn cover(
        &mut self,
        number: usize,
        evidence: Evidence,
        counted: &[usize],
        covers: &mut Covers,
        covering: &mut BTreeSet<usize>,
    ) -> Option<()> {
        loop {
            match self.apart(number, evidence, covering, covers) {
                Answer::No => return Some(()),
                Answer::Unknown => return None,
                Answer::Yes => {}
            }
            let passes = self.each_passes(evidence, covers);
            let mut best: Option<(usize, usize)> = None;
            for other in counted {
                let passes = passes.get(*other).copied();
                if passes.is_none_or(|passes| self.space.circuit.found(passes)) {
                    continue;
                }
                let held_back = covers.held_back.entry(*other).or_default();
                *held_back += 1;
                if best.is_none_or(|(most, _)| *held_back > most) {
                    best = Some((*held_back, *other));
                }
            }
            covering.insert(best?.1);
        }
    }

    /// Whether there is a sign-in that this policy stops, with this to show, and none of these others does.
    fn apart(
        &mut self,
        number: usize,
        evidence: Evidence,
        others: &BTreeSet<usize>,
        covers: &mut Covers,
    ) -> Answer {
        let passes = self.each_passes(evidence, covers);
        let stopped = passes.get(number).map(|passes| !*passes);
        let others = others
            .iter()
            .filter_map(|other| passes.get(*other).copied());
        let mut all: Vec<Lit> = stopped.into_iter().chain(others).collect();
        all.extend(self.encoded.first().map(|one| one.admitted));
        if covers.never.contains(&all) {
            return Answer::No;
        }
        let answer = self.is_possible(&all, Whom::Anybody);
        if answer == Answer::No {
            covers.never.insert(all);
        }
        answer
    }

    /// What each policy lets pass with this to show.
    fn each_passes(&mut self, evidence: Evidence, covers: &mut Covers) -> Rc<[Lit]> {
        let count = self.sides.first().map_or(0, |side| side.policies().len());
        let passes = covers.passes.entry(evidence).or_insert_with(|| {
            let numbers = 0..count;
            numbers.map(|it| self.passes(0, evidence, it)).collect()
        });
        Rc::clone(passes)
    }

    /// The other policies that can be counted on: what blocks for want of something, or may spare places that are not there
    /// yet, is not, and neither is what changes other policies less than this one does.
    fn counted_on(
        &self,
        (number, policy): (usize, &ConditionalAccessPolicy),
        covers: &Covers,
    ) -> Vec<usize> {
        let policies = self.sides.first().map_or(&[][..], |side| side.policies());
        // Where the policy spares the same places, they are none to miss.
        let spares = self.spares_missing_trusted_places(number);
        let others = policies.iter().enumerate();
        others
            .filter(|(other, its)| *other != number && does_as_much_to_others(policy, its))
            .map(|(other, _)| other)
            .filter(|other| !covers.missed.contains(other) && !self.is_defective(*other))
            .filter(|other| spares || !self.spares_missing_trusted_places(*other))
            .collect()
    }
}

/// Whether it says something of sessions, itself or by a risk remediation, which brings a sign-in frequency and takes the place of
/// password changes that others demand (specification 3.3).
fn says_of_sessions(policy: &ConditionalAccessPolicy) -> bool {
    policy.session_controls != SessionControls::default()
        || controls(policy).contains(&GrantControl::RiskRemediation)
}

/// Whether the other policy, wherever it stands in for this one, changes what the rest demands as this one does: who may register
/// a method to meet them, and by which strength they are asked while one is registered.
fn does_as_much_to_others(
    policy: &ConditionalAccessPolicy,
    other: &ConditionalAccessPolicy,
) -> bool {
    // Nobody registers a method in a sign-in that a policy finds risky (specification 5.5).
    let at_risk = |one: &ConditionalAccessPolicy| {
        let levels = one.conditions.sign_in_risk_levels;
        RiskLevel::ALL
            .into_iter()
            .filter(move |level| *level != RiskLevel::None && levels.contains(*level))
            .collect::<BTreeSet<RiskLevel>>()
    };
    let blocks = controls(other).contains(&GrantControl::Block);
    let refuses_at_risk = blocks || at_risk(policy).is_subset(&at_risk(other));
    // Nobody registers one to be let into registering (decision 14), and the strengths of policies about that replace all others
    // (specification 5.4): what is about resources does neither.
    let strengths: Vec<_> = strengths(policy).collect();
    let replaces = !is_about_registering(policy)
        || is_about_registering(other)
            && strengths
                .iter()
                .all(|one| self::strengths(other).any(|its| its == *one));
    refuses_at_risk && replaces
}

fn is_about_registering(policy: &ConditionalAccessPolicy) -> bool {
    match &policy.conditions.target {
        Target::UserActions(actions) => actions.contains(&UserAction::RegisterSecurityInformation),
        Target::Applications(_) | Target::AuthenticationContexts(_) => false,
    }
}

/// The strengths that a policy demands, each with the copy that it brings along.
fn strengths(
    policy: &ConditionalAccessPolicy,
) -> impl Iterator<Item = (&GrantControl, Option<&AuthenticationStrengthPolicy>)> {
    let controls = controls(policy).iter();
    controls
        .filter(|one| matches!(one, GrantControl::AuthenticationStrength(_)))
        .map(|one| (one, policy.expanded_strength.as_deref()))
}
