//! What no person reaches by a browser or a modern client, whoever they are and whatever they show.

use std::collections::{BTreeMap, BTreeSet};

use batsat::Lit;

use super::references::some;
use super::{Finding, Rule, Whom};
use crate::analysis::Analysis;
use crate::circuit::Answer;
use crate::region::{Found, Question, Region};
use crate::selection::{Reaching, Selection};
use crate::space::AxisId;
use crate::witness::Disagreement;

impl Analysis {
    pub(super) fn lint_shut(&mut self, found: &mut Vec<Finding>) -> Result<(), Disagreement> {
        if found.iter().any(|one| one.rule == Rule::Lockout) {
            return Ok(());
        }
        let targets: Vec<(usize, Lit)> = {
            let literals = self.space.targets.literals.iter();
            literals.copied().enumerate().collect()
        };
        let mut shut: BTreeMap<BTreeSet<usize>, BTreeSet<usize>> = BTreeMap::new();
        for (at, literal) in targets {
            if let Some(policies) = self.shutting(literal) {
                shut.entry(policies).or_default().insert(at);
            }
        }
        for (policies, targets) in shut {
            found.extend(self.nobody_gets_in(&policies, targets)?);
        }
        Ok(())
    }

    /// The policies because of which nobody reaches this, as few as it takes; `None` where somebody does, where the
    /// cross-tenant access settings alone shut it, or where a policy blocks for want of something.
    fn shutting(&mut self, target: Lit) -> Option<BTreeSet<usize>> {
        let people = self.select(&everybody());
        let mut base = people;
        base.push(target);
        base.push(self.modern());
        base.extend(self.encoded.first().map(|one| one.admitted));
        if self.is_possible(&base, Whom::Anybody) != Answer::Yes {
            return None;
        }
        // Of what is not known to block, because something is missing, nothing is said here: it is told on its own.
        let known = self.leniently(0, Self::each_lets_pass);
        let mut blocking = known.unwrap_or_else(|| self.each_lets_pass());
        let asked = |blocking: &[(usize, Lit)]| {
            let passes = blocking.iter().map(|(_, passes)| *passes);
            base.iter().copied().chain(passes).collect::<Vec<Lit>>()
        };
        if self.is_possible(&asked(&blocking), Whom::Anybody) != Answer::No {
            return None;
        }
        for one in blocking.clone() {
            let rest: Vec<(usize, Lit)> = blocking
                .iter()
                .copied()
                .filter(|other| *other != one)
                .collect();
            if self.is_possible(&asked(&rest), Whom::Anybody) == Answer::No {
                blocking = rest;
            }
        }
        Some(blocking.iter().map(|(number, _)| *number).collect())
    }

    /// Of each policy that it lets pass whoever shows everything.
    fn each_lets_pass(&mut self) -> Vec<(usize, Lit)> {
        let whole = self.wallet.whole();
        let policies = self.numbered().into_iter();
        policies
            .map(|(number, _)| (number, self.passes(0, whole, number)))
            .collect()
    }

    fn nobody_gets_in(
        &mut self,
        shutting: &BTreeSet<usize>,
        targets: BTreeSet<usize>,
    ) -> Result<Option<Finding>, Disagreement> {
        let inside = self
            .space
            .targets
            .any_at(&mut self.space.circuit, |at, _| targets.contains(&at));
        let granted = self.granted_to_all(0);
        let mut among = self.select(&everybody());
        among.extend(self.encoded.first().map(|one| one.admitted));
        among.push(self.modern());
        let question = Question {
            goal: self.space.circuit.all([inside, !granted]),
            among,
        };
        let (Answer::Yes, Some(point)) = self.space.find(&question) else {
            return Ok(None);
        };
        let axes = BTreeMap::from([(AxisId::Target, targets)]);
        let region = Region {
            axes,
            switches: BTreeMap::new(),
        };
        let one = Found { region, point };
        let reaching = self.class(&one, &everybody()).reaching;
        let policies = self.sides.first().map_or(&[][..], |side| side.policies());
        let policies = shutting.iter().filter_map(|number| policies.get(*number));
        let policies: Vec<_> = policies.collect();
        let names = policies.iter().map(|one| format!("`{}`", one.display_name));
        let names: Vec<String> = names.collect();
        let mut finding = Finding::general(
            Rule::NobodyGetsIn,
            format!(
                "nobody gets in to {reaching} by a browser or an app, whoever they are and whatever they show: {} {} everybody there",
                some(&names),
                if names.len() == 1 {
                    "blocks"
                } else {
                    "together block"
                }
            ),
            "leave it if that is meant; else narrow the policy, or name those who are spared",
        );
        finding.policies = policies.iter().map(|one| one.id).collect();
        finding.witness = Some(self.confirmed_decided(&one, false)?);
        Ok(Some(finding))
    }
}

/// People, whatever they reach.
fn everybody() -> Selection {
    Selection::people().reaching(Reaching::Anything)
}
