//! Risk levels that were meant as a threshold.

use batsat::Lit;
use portcullis_model::conditional_access::ConditionalAccessPolicy;
use portcullis_model::conditional_access::signal::{RiskLevel, RiskLevels};

use super::{Finding, Rule};
use crate::analysis::Analysis;
use crate::evidence::Evidence;
use crate::gap::Lacking;
use crate::region::Question;
use crate::selection::Selection;
use crate::witness::Disagreement;

/// From the lowest to the highest.
const ASCENDING: [RiskLevel; 4] = [
    RiskLevel::None,
    RiskLevel::Low,
    RiskLevel::Medium,
    RiskLevel::High,
];

/// Whose risk.
#[derive(Debug, Clone, Copy)]
enum Whose {
    SignIn,
    User,
}

impl Analysis {
    pub(super) fn lint_risk(&mut self, found: &mut Vec<Finding>) -> Result<(), Disagreement> {
        for (number, policy) in self.numbered() {
            for whose in [Whose::SignIn, Whose::User] {
                let levels = match whose {
                    Whose::SignIn => policy.conditions.sign_in_risk_levels,
                    Whose::User => policy.conditions.user_risk_levels,
                };
                if let Some(higher) = higher_than_listed(levels) {
                    found.extend(self.unlisted(number, &policy, whose, higher)?);
                }
            }
        }
        Ok(())
    }

    /// Somebody at that higher risk gets in with what this policy would not let pass.
    fn unlisted(
        &mut self,
        number: usize,
        policy: &ConditionalAccessPolicy,
        whose: Whose,
        higher: RiskLevel,
    ) -> Result<Option<Finding>, Disagreement> {
        let (risk, at) = match whose {
            Whose::SignIn => {
                let axis = &self.space.sign_in_risks;
                ("sign-in risk", axis.find(|level| *level == higher))
            }
            Whose::User => {
                let axis = &self.space.user_risks;
                ("user risk", axis.find(|level| *level == higher))
            }
        };
        let encoded = self.encoded.first();
        let about = encoded.and_then(|one| one.whatever_the_risk.get(number).copied());
        let (Some(at), Some(about)) = (at, about) else {
            return Ok(None);
        };
        let spared = !self.scope(number);
        // In without what the policy demands at the risks that it lists: then no other policy demands it either.
        let mut ways = Vec::new();
        for evidence in self.evidences_of(policy) {
            let granted = self.granted(0, evidence);
            let satisfied = self.satisfied(evidence, policy);
            let all = [at, about, spared, granted, !satisfied];
            ways.push((evidence, self.space.circuit.all(all)));
        }
        let goal = self.space.circuit.any(ways.iter().map(|(_, way)| *way));
        let question = Question {
            goal,
            among: Vec::new(),
        };
        let findings = self.space.classes(&question, 1);
        let Some(one) = findings.found.first() else {
            return Ok(None);
        };
        let mut finding = Finding::about(
            Rule::RiskIsNoThreshold,
            policy,
            format!(
                "`{}` does not apply at {risk} `{}`, which is higher than what it lists, and nothing else demands as much",
                policy.display_name,
                higher.name()
            ),
            "list every level that is meant",
        );
        finding.class = Some(self.class(one, &Selection::default()));
        finding.witness = Some(self.confirmed(0, &Lacking::of(ways, goal), one)?);
        Ok(Some(finding))
    }

    /// What a policy demands is met with an evidence.
    pub(super) fn satisfied(
        &mut self,
        evidence: Evidence,
        policy: &ConditionalAccessPolicy,
    ) -> Lit {
        let never = self.space.circuit.never();
        let (Some(encoded), Some(side)) = (self.encoded.first_mut(), self.sides.first()) else {
            return never;
        };
        encoded.satisfied(&mut self.space, side, &self.wallet, evidence, policy)
    }
}

/// The lowest level that is higher than one that is listed, and is not listed itself.
fn higher_than_listed(levels: RiskLevels) -> Option<RiskLevel> {
    let listed = |level: &RiskLevel| levels.contains(*level);
    let lowest = ASCENDING
        .iter()
        .filter(|level| **level != RiskLevel::None)
        .position(listed)?;
    let mut higher = ASCENDING
        .iter()
        .filter(|level| **level != RiskLevel::None)
        .skip(lowest);
    higher.find(|level| !listed(level)).copied()
}
