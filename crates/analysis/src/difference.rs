//! What changes between two versions of a tenant: who gets in or not, who is asked for more or less, whose session changes.
//!
//! Whether a side grants depends on the evidence only through the policies that evidence does not satisfy, so that two sides
//! differ for some evidence exactly if they differ for one of the fullest evidences that leave one policy's demand unmet.

mod demand;
mod session;

use batsat::Lit;
use portcullis_model::conditional_access::{ConditionalAccessPolicy, GrantControl, GrantOperator};
use portcullis_model::id::PolicyId;
use portcullis_policy::decision::{Block, BlockReason, Outcome, SessionDecision};
use portcullis_policy::facts::SignIn;

use crate::analysis::Analysis;
use crate::circuit::Answer;
use crate::evidence::Evidence;
use crate::region::{End, Found, Question};
use crate::selection::Selection;
use crate::space::AxisId;
use crate::told::Class;
use crate::witness::{Claim, Disagreement, Reading, Witness, confirm, session};

pub use session::SessionPart;

/// One side of a comparison.
const BEFORE: usize = 0;
const AFTER: usize = 1;

/// What changes for somebody.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Change {
    /// Gets in who could not, whatever they showed.
    LetIn,
    /// Gets in no more, whatever they show.
    ShutOut,
    /// Gets in without one of these, which was demanded.
    NoLongerAsked(Vec<GrantControl>),
    /// Must meet one of these, which was not demanded.
    NewlyAsked(Vec<GrantControl>),
    /// What was proven there meets one of these, and did not.
    CountsNow(ProofPlace, Vec<GrantControl>),
    /// What was proven there no longer meets any of these, and did.
    CountsNoMore(ProofPlace, Vec<GrantControl>),
    /// Another session follows.
    Session(SessionPart),
}

/// In which tenant a user of another tenant proves a method.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ProofPlace {
    /// Where the user's credentials live.
    Home,
    /// Where the resource is.
    Here,
}

/// Somebody for whom something changes.
#[derive(Debug, Clone)]
pub struct Changed {
    /// Which sign-ins.
    pub class: Class,
    /// One of them, decided by the policies of before.
    pub before: Witness,
    /// What is decided about the same afterwards.
    pub after: Outcome,
    /// What would hold of the session, before and afterwards.
    pub sessions: [SessionDecision; 2],
}

/// One kind of change and for whom.
#[derive(Debug, Clone)]
pub struct Changes {
    /// What changes.
    pub change: Change,
    /// The policies that are why, of the side that demands more.
    pub policies: Vec<PolicyId>,
    /// For whom, each class as wide as it can be; they may overlap.
    pub classes: Vec<Changed>,
    /// Whether there are more.
    pub end: End,
}

/// What to look for, and with which evidences.
pub(crate) struct Sought {
    pub(crate) change: Change,
    /// Policies that may be why, each with the literal of being so.
    reasons: Vec<(PolicyId, Lit)>,
    pub(crate) ways: Vec<(Evidence, Lit)>,
    /// Whether each side grants.
    pub(crate) expected: [bool; 2],
}

impl Analysis {
    /// All changes between the two versions, at most so many classes of each; none at all means that both decide alike about
    /// every sign-in, unless [`Analysis::unknown`] says otherwise.
    pub fn differences(
        &mut self,
        selection: &Selection,
        limit: usize,
    ) -> Result<Vec<Changes>, Disagreement> {
        let mut all = Vec::new();
        for sought in self.sought() {
            let goal = self
                .space
                .circuit
                .any(sought.ways.iter().map(|(_, way)| *way));
            let question = Question {
                goal,
                among: self.select(selection),
            };
            let findings = self.space.classes(&question, limit);
            let mut classes = Vec::new();
            for found in &findings.found {
                classes.push(self.changed(&sought, found, selection)?);
            }
            if !classes.is_empty() || findings.end != End::Complete {
                all.push(Changes {
                    change: sought.change,
                    policies: self.why(&sought.reasons, &question),
                    classes,
                    end: findings.end,
                });
            }
        }
        all.sort_by(|one, other| one.change.cmp(&other.change));
        Ok(all)
    }

    /// The policies that are why for somebody; of whom nobody can say it is not kept silent.
    fn why(&mut self, reasons: &[(PolicyId, Lit)], question: &Question) -> Vec<PolicyId> {
        let mut why = Vec::new();
        for (policy, literal) in reasons {
            let mut assumed = question.among.clone();
            assumed.extend([*literal, self.space.populated]);
            if self.space.circuit.solve(&assumed) != Answer::No {
                why.push(*policy);
            }
        }
        why
    }

    /// Everything that could change.
    pub(crate) fn sought(&mut self) -> Vec<Sought> {
        let whole = self.wallet.whole();
        let before = self.granted(BEFORE, whole);
        let after = self.granted(AFTER, whole);
        let circuit = &mut self.space.circuit;
        let (gained, lost) = (circuit.all([!before, after]), circuit.all([before, !after]));
        let plain = |change, way, expected| Sought {
            change,
            reasons: Vec::new(),
            ways: vec![(whole, way)],
            expected,
        };
        let mut sought = vec![
            plain(Change::LetIn, gained, [false, true]),
            plain(Change::ShutOut, lost, [true, false]),
        ];
        sought.extend(self.asked_for(AFTER, BEFORE));
        sought.extend(self.asked_for(BEFORE, AFTER));
        sought.extend(self.sessions());
        sought
    }

    pub(crate) fn passes(&mut self, at: usize, evidence: Evidence, number: usize) -> Lit {
        let never = self.space.circuit.never();
        let (Some(encoded), Some(side)) = (self.encoded.get_mut(at), self.sides.get(at)) else {
            return never;
        };
        encoded.passes(&mut self.space, side, &self.wallet, evidence, number)
    }

    /// What was found, confirmed by the engine on both sides.
    fn changed(
        &self,
        sought: &Sought,
        found: &Found,
        selection: &Selection,
    ) -> Result<Changed, Disagreement> {
        let [is_granted_before, is_granted_after] = sought.expected;
        for (evidence, _) in &sought.ways {
            let both = self.both(found, selection, *evidence, &|before, after| {
                (before == Outcome::Granted) == is_granted_before
                    && (after == Outcome::Granted) == is_granted_after
            });
            if let Some(both) = both {
                return Ok(both);
            }
        }
        Err(self.disagreement(BEFORE, found, &format!("{:?}", sought.change)))
    }

    /// A sign-in as both sides decide about it, if that is what is expected of it. Each reads it for itself: whether a guest could
    /// come by direct connect too hangs on its own settings.
    pub(crate) fn both(
        &self,
        found: &Found,
        selection: &Selection,
        evidence: Evidence,
        expected: &dyn Fn(Outcome, Outcome) -> bool,
    ) -> Option<Changed> {
        let (before, after) = (self.sides.get(BEFORE)?, self.sides.get(AFTER)?);
        let read = |at, side| Reading::new(&self.space, side, at, &found.point);
        let reading = read(BEFORE, before);
        let (read_after, origin_after, _) = read(AFTER, after).facts()?;
        let afterwards = |facts: &SignIn| {
            let mut facts_after = read_after.clone();
            facts_after.proofs.clone_from(&facts.proofs);
            facts_after.methods = facts.methods;
            facts_after.fulfilled.clone_from(&facts.fulfilled);
            facts_after
        };
        let [is_admitted_before, is_admitted_after] =
            [BEFORE, AFTER].map(|at| self.admits(found, at));
        let decide = |is_admitted, side, facts, origin| {
            if is_admitted {
                crate::witness::decide(side, facts, origin)
            } else {
                not_admitted()
            }
        };
        let decide_after = |facts| decide(is_admitted_after, after, facts, origin_after);
        let lacks = |facts: &SignIn, origin| {
            let outcome = decide(is_admitted_before, before, facts.clone(), origin);
            expected(outcome, decide_after(afterwards(facts)))
        };
        let claim = Claim {
            is_granted: None,
            lacks: &lacks,
        };
        let mut witness = confirm(&reading, &self.wallet, evidence, &claim)?;
        if !is_admitted_before {
            witness.outcome = not_admitted();
        }
        let facts_after = afterwards(witness.facts());
        Some(Changed {
            class: self.class(found, selection),
            sessions: [
                witness.session(before),
                session(after, facts_after.clone(), origin_after),
            ],
            before: witness,
            after: decide_after(facts_after),
        })
    }

    pub(crate) fn admits(&self, found: &Found, at: usize) -> bool {
        let value = |axis| found.point.values.get(&axis).copied();
        let admits = || {
            let target = self.space.targets.values.get(value(AxisId::Target)?)?;
            let door = target.door(at, value(AxisId::Through)?)?;
            Some(door.admits(value(AxisId::Who)?))
        };
        admits().unwrap_or(false)
    }
}

/// Held back by the cross-tenant access settings, before any policy.
pub(crate) fn not_admitted() -> Outcome {
    Outcome::Blocked(Block {
        reason: BlockReason::NotAdmitted,
        policies: Vec::new(),
    })
}

/// What a policy demands, each as the controls of which any one satisfies it.
pub(crate) fn alternatives(policy: &ConditionalAccessPolicy) -> Vec<Vec<GrantControl>> {
    let Some(grant) = &policy.grant_controls else {
        return Vec::new();
    };
    let mut controls = grant.controls.clone();
    controls.sort();
    controls.dedup();
    match grant.operator {
        GrantOperator::Or => vec![controls],
        GrantOperator::And => controls.into_iter().map(|one| vec![one]).collect(),
    }
}
