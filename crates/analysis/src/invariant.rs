//! Statements that must hold of every sign-in, and the sign-ins of which they do not.

pub mod file;

use batsat::Lit;

use crate::analysis::Analysis;
use crate::circuit::Answer;
use crate::evidence::Evidence;
use crate::gap::{Gap, Without};
use crate::region::{End, Found, Question};
use crate::selection::Selection;
use crate::side::Side;
use crate::witness::{Claim, Disagreement, Reading, Witness, confirm};

/// A statement about some sign-ins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invariant {
    /// What it says, for people.
    pub name: String,
    /// Why it matters.
    pub why: Option<String>,
    /// Where it comes from.
    pub source: Option<String>,
    /// Of which sign-ins.
    pub selection: Selection,
    /// What must hold of them.
    pub statement: Statement,
}

/// What must hold of sign-ins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Statement {
    /// Nobody gets in, whatever they show.
    NeverGranted,
    /// Everybody gets in once they have shown everything there is.
    NeverBlocked,
    /// Nobody gets in without this.
    NeverWithout(Without),
}

/// What an invariant comes to.
#[derive(Debug, Clone)]
pub enum Verdict {
    /// It holds of every such sign-in.
    Holds,
    /// There is no such sign-in: it says nothing.
    Vacuous,
    /// It does not hold of these, each as wide as it can be; at least one.
    Violated {
        /// The classes.
        violations: Vec<Gap>,
        /// Whether there are more.
        end: End,
    },
    /// The solver gave up: nobody knows.
    Unknown,
}

impl Analysis {
    /// Whether an invariant holds; of violations at most so many classes. What it names must have been of
    /// [`Interest`](crate::selection::Interest) when the analysis was built.
    pub fn check(&mut self, invariant: &Invariant, limit: usize) -> Result<Verdict, Disagreement> {
        let selection = &invariant.selection;
        let among = self.select(selection);
        let possible = Question {
            goal: self.space.circuit.always(),
            among,
        };
        match self.space.find(&possible).0 {
            Answer::Yes => {}
            Answer::No => return Ok(Verdict::Vacuous),
            Answer::Unknown => return Ok(Verdict::Unknown),
        }
        let (violations, end) = match &invariant.statement {
            Statement::NeverWithout(without) => {
                let gaps = self.gaps(without, selection, limit)?;
                (gaps.gaps, gaps.end)
            }
            Statement::NeverGranted => {
                let granted = self.granted_to_all(0);
                let (found, mut end) = self.decided(granted, true, selection, limit)?;
                let question = Question {
                    goal: granted,
                    among: self.select(selection),
                };
                let at_most = self.leniently(0, |analysis| analysis.granted_to_all(0));
                self.doubt(&question, at_most, &mut end);
                (found, end)
            }
            Statement::NeverBlocked => {
                let granted = self.granted_to_all(0);
                let (found, end) = self.decided(!granted, false, selection, limit)?;
                let singles_out = self.sides.first().is_some_and(Side::may_single_out);
                let is_doubted = singles_out && end == End::Complete;
                (found, if is_doubted { End::Unknown } else { end })
            }
        };
        Ok(match (violations.is_empty(), end) {
            (true, End::Complete | End::Limit) => Verdict::Holds,
            (true, End::Unknown) => Verdict::Unknown,
            (false, end) => Verdict::Violated { violations, end },
        })
    }

    /// Granted to whoever shows everything.
    pub(crate) fn granted_to_all(&mut self, at: usize) -> Lit {
        let whole = self.wallet.whole();
        self.granted(at, whole)
    }

    /// The classes of sign-ins that are granted, or not, whatever is shown.
    pub(crate) fn decided(
        &mut self,
        goal: Lit,
        is_granted: bool,
        selection: &Selection,
        limit: usize,
    ) -> Result<(Vec<Gap>, End), Disagreement> {
        let question = Question {
            goal,
            among: self.select(selection),
        };
        let findings = self.space.classes(&question, limit);
        let mut classes = Vec::new();
        for found in &findings.found {
            classes.push(Gap {
                class: self.class(found, selection),
                witness: self.confirmed_decided(found, is_granted)?,
            });
        }
        Ok((classes, findings.end))
    }

    /// A sign-in that is granted, or not, whatever is shown; confirmed by the engine.
    pub(crate) fn confirmed_decided(
        &self,
        found: &Found,
        is_granted: bool,
    ) -> Result<Witness, Disagreement> {
        self.confirmed_with(self.wallet.whole(), found, is_granted)
    }

    /// The same of somebody who shows this.
    pub(crate) fn confirmed_with(
        &self,
        evidence: Evidence,
        found: &Found,
        is_granted: bool,
    ) -> Result<Witness, Disagreement> {
        let expected = if is_granted { "granted" } else { "refused" };
        let claim = Claim {
            is_granted: Some(is_granted),
            lacks: &|_, _| true,
        };
        let witness = self.sides.first().and_then(|side| {
            let reading = Reading::new(&self.space, side, 0, &found.point);
            confirm(&reading, &self.wallet, evidence, &claim)
        });
        match witness {
            Some(witness) => Ok(witness),
            // Held back by the cross-tenant access settings, which the engine asks before.
            None if !is_granted && !self.admits(found, 0) => self.held_back(found),
            None => Err(self.disagreement(0, found, expected)),
        }
    }

    fn held_back(&self, found: &Found) -> Result<Witness, Disagreement> {
        let claim = Claim {
            is_granted: None,
            lacks: &|_, _| true,
        };
        let witness = self.sides.first().and_then(|side| {
            let reading = Reading::new(&self.space, side, 0, &found.point);
            confirm(&reading, &self.wallet, self.wallet.whole(), &claim)
        });
        let mut witness = witness.ok_or_else(|| self.disagreement(0, found, "refused"))?;
        witness.outcome = crate::difference::not_admitted();
        Ok(witness)
    }
}
