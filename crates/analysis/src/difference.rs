//! What changes between two versions of a tenant: who gets in or not, who is asked for more or less, whose session changes.
//!
//! Whether a side grants depends on the evidence only through the policies that evidence does not satisfy, so that two sides
//! differ for some evidence exactly if they differ for one of the fullest evidences that leave one policy's demand unmet.

mod session;

use std::collections::BTreeMap;

use batsat::Lit;
use portcullis_model::conditional_access::{ConditionalAccessPolicy, GrantControl, GrantOperator};
use portcullis_model::id::PolicyId;
use portcullis_policy::decision::{Block, BlockReason, Outcome, SessionDecision};
use portcullis_policy::facts::SignIn;

use crate::analysis::Analysis;
use crate::evidence::Evidence;
use crate::gap::is_shown_by_evidence;
use crate::region::{End, Found, Question};
use crate::selection::Selection;
use crate::space::AxisId;
use crate::told::Class;
use crate::witness::{Claim, Disagreement, Reading, Witness, confirm};

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
    /// Another session follows.
    Session(SessionPart),
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

/// One alternative demand of a policy: any of its controls satisfies it.
struct Clause {
    controls: Vec<GrantControl>,
    /// The policies that make it, by number.
    policies: Vec<usize>,
}

/// What to look for, and with which evidences.
struct Sought {
    change: Change,
    policies: Vec<PolicyId>,
    ways: Vec<(Evidence, Lit)>,
    /// Whether each side grants.
    expected: [bool; 2],
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
                    policies: sought.policies,
                    classes,
                    end: findings.end,
                });
            }
        }
        all.extend(self.session_changes(selection, limit)?);
        all.sort_by(|one, other| one.change.cmp(&other.change));
        Ok(all)
    }

    fn sought(&mut self) -> Vec<Sought> {
        let whole = self.wallet.whole();
        let before = self.granted(BEFORE, whole);
        let after = self.granted(AFTER, whole);
        let circuit = &mut self.space.circuit;
        let (gained, lost) = (circuit.all([!before, after]), circuit.all([before, !after]));
        let plain = |change, way, expected| Sought {
            change,
            policies: Vec::new(),
            ways: vec![(whole, way)],
            expected,
        };
        let mut sought = vec![
            plain(Change::LetIn, gained, [false, true]),
            plain(Change::ShutOut, lost, [true, false]),
        ];
        for clause in self.clauses(AFTER) {
            let ways = self.asked(AFTER, BEFORE, &clause);
            sought.push(Sought {
                policies: self.ids(AFTER, &clause.policies),
                change: Change::NewlyAsked(clause.controls),
                ways,
                expected: [true, false],
            });
        }
        for clause in self.clauses(BEFORE) {
            let ways = self.asked(BEFORE, AFTER, &clause);
            sought.push(Sought {
                policies: self.ids(BEFORE, &clause.policies),
                change: Change::NoLongerAsked(clause.controls),
                ways,
                expected: [false, true],
            });
        }
        sought
    }

    fn ids(&self, at: usize, numbers: &[usize]) -> Vec<PolicyId> {
        let policies = self.sides.get(at).map_or(&[][..], |side| side.policies());
        let numbers = numbers.iter();
        let named = numbers.filter_map(|number| policies.get(*number));
        named.map(|policy| policy.id).collect()
    }

    /// The demands of a side that evidence can meet, each once.
    fn clauses(&self, at: usize) -> Vec<Clause> {
        let policies = self.sides.get(at).map_or(&[][..], |side| side.policies());
        let mut clauses: BTreeMap<Vec<GrantControl>, Vec<usize>> = BTreeMap::new();
        for (number, policy) in policies.iter().enumerate() {
            for controls in alternatives(policy) {
                if controls.iter().any(is_shown_by_evidence) {
                    clauses.entry(controls).or_default().push(number);
                }
            }
        }
        clauses
            .into_iter()
            .map(|(controls, policies)| Clause { controls, policies })
            .collect()
    }

    /// The ways of getting in at `lenient` with an evidence that leaves this demand of `strict` unmet, which could be met.
    fn asked(&mut self, strict: usize, lenient: usize, clause: &Clause) -> Vec<(Evidence, Lit)> {
        let whole = self.wallet.whole();
        let reachable = self.granted(strict, whole);
        let mut ways = Vec::new();
        for number in &clause.policies {
            let policies = self
                .sides
                .get(strict)
                .map_or(&[][..], |side| side.policies());
            let Some(policy) = policies.get(*number).cloned() else {
                continue;
            };
            let named: Vec<_> = clause
                .controls
                .iter()
                .map(|control| (control, Some(&policy)))
                .collect();
            for evidence in self.evidences_without(strict, &named) {
                let lets_in = self.granted(lenient, evidence);
                let passes = self.passes(strict, evidence, *number);
                let way = self.space.circuit.all([lets_in, !passes, reachable]);
                if way != self.space.circuit.never() {
                    ways.push((evidence, way));
                }
            }
        }
        ways
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

    /// A sign-in as both sides decide about it, if that is what is expected of it.
    pub(crate) fn both(
        &self,
        found: &Found,
        selection: &Selection,
        evidence: Evidence,
        expected: &dyn Fn(Outcome, Outcome) -> bool,
    ) -> Option<Changed> {
        let before = self.sides.get(BEFORE)?;
        let reading = Reading::new(&self.space, before, BEFORE, &found.point);
        let (is_admitted_before, is_admitted_after) =
            (self.admits(found, BEFORE), self.admits(found, AFTER));
        let after = self.sides.get(AFTER)?;
        let afterwards = |facts, origin| {
            if is_admitted_after {
                crate::witness::decide(after, facts, origin)
            } else {
                not_admitted()
            }
        };
        let lacks = |facts: &SignIn, origin| {
            let outcome = if is_admitted_before {
                crate::witness::decide(before, facts.clone(), origin)
            } else {
                not_admitted()
            };
            expected(outcome, afterwards(facts.clone(), origin))
        };
        let claim = Claim {
            is_granted: None,
            lacks: &lacks,
        };
        let mut witness = confirm(&reading, &self.wallet, evidence, &claim)?;
        if !is_admitted_before {
            witness.outcome = not_admitted();
        }
        let outcome = if is_admitted_after {
            witness.decide(after)
        } else {
            not_admitted()
        };
        Some(Changed {
            class: self.class(found, selection),
            sessions: [witness.session(before), witness.session(after)],
            before: witness,
            after: outcome,
        })
    }

    pub(crate) fn admits(&self, found: &Found, at: usize) -> bool {
        let value = |axis| found.point.values.get(&axis).copied();
        let admits = || {
            let target = self.space.targets.values.get(value(AxisId::Target)?)?;
            let accounts = target.admitted.get(at)?;
            Some(accounts.get(value(AxisId::Who)?)?.is_some())
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
