//! Who is asked for more or less: each demand of one side that the other does not make, or sees met by proofs that the first
//! does not look at.

use std::collections::BTreeMap;

use batsat::Lit;
use portcullis_model::conditional_access::GrantControl;
use portcullis_model::id::PolicyId;

use super::{BEFORE, Change, ProofPlace, Sought, alternatives};
use crate::analysis::Analysis;
use crate::circuit::Circuit;
use crate::evidence::Evidence;
use crate::gap::is_shown_by_evidence;
use crate::side::Side;
use crate::who::Who;

/// One alternative demand of a policy: any of its controls satisfies it.
struct Clause {
    controls: Vec<GrantControl>,
    /// The policies that make it, by number.
    policies: Vec<usize>,
}

/// Getting in with an evidence on one side, and leaving a demand of the other unmet.
struct Way {
    /// The policy that makes the demand, by number.
    policy: usize,
    evidence: Evidence,
    literal: Lit,
}

type Ways = Vec<Way>;

impl Way {
    /// The same, of those alone of whom this holds too.
    fn and<const N: usize>(&self, circuit: &mut Circuit, more: [Lit; N]) -> Self {
        Self {
            literal: circuit.all([self.literal].into_iter().chain(more)),
            ..*self
        }
    }
}

impl Analysis {
    /// For each demand of `strict`: who gets in at `lenient` without meeting it, and who meets it there by what was proven in a
    /// place where `strict` does not look.
    pub(super) fn asked_for(&mut self, strict: usize, lenient: usize) -> Vec<Sought> {
        let expected = if strict == BEFORE {
            [false, true]
        } else {
            [true, false]
        };
        let mut sought = Vec::new();
        for clause in self.clauses(strict) {
            let controls = clause.controls.clone();
            let (unmet, elsewhere) = self.asked(strict, lenient, &clause);
            let change = if strict == BEFORE {
                Change::NoLongerAsked(controls.clone())
            } else {
                Change::NewlyAsked(controls.clone())
            };
            let mut changes = vec![(change, unmet)];
            for (place, ways) in elsewhere {
                let change = if strict == BEFORE {
                    Change::CountsNow(place, controls.clone())
                } else {
                    Change::CountsNoMore(place, controls.clone())
                };
                changes.push((change, ways));
            }
            for (change, ways) in changes {
                sought.push(Sought {
                    change,
                    reasons: self.reasons(strict, &clause.policies, &ways),
                    ways: ways.iter().map(|one| (one.evidence, one.literal)).collect(),
                    expected,
                });
            }
        }
        sought
    }

    /// Each policy, with the literal of being why: it applies, and what it demands is what is left unmet.
    fn reasons(&mut self, at: usize, numbers: &[usize], ways: &Ways) -> Vec<(PolicyId, Lit)> {
        let policies = self.sides.get(at).map(Side::policies).unwrap_or_default();
        let mut reasons = Vec::new();
        for number in numbers {
            let its = ways.iter().filter(|way| way.policy == *number);
            let its = self.space.circuit.any(its.map(|way| way.literal));
            reasons.extend(policies.get(*number).map(|policy| (policy.id, its)));
        }
        reasons
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

    /// Of a demand of `strict` that could be met: the ways of getting in at `lenient` and leaving it unmet wherever anything is
    /// proven; and the further ways of those whose proofs count in different places, by the place where `lenient` looks.
    fn asked(
        &mut self,
        strict: usize,
        lenient: usize,
        clause: &Clause,
    ) -> (Ways, Vec<(ProofPlace, Ways)>) {
        let evidences = self.leaving_unmet(strict, clause);
        if !self.wallet.tells_places_apart {
            return (self.ways((strict, lenient), &evidences), Vec::new());
        }
        let places = [ProofPlace::Home, ProofPlace::Here];
        let moved = places.map(|place| (place, self.looks_only(lenient, place)));
        let everywhere = evidences.iter().map(|(number, evidence)| {
            let everywhere = self.wallet.wherever_it_counts(*evidence);
            (*number, everywhere)
        });
        let everywhere = everywhere.filter(|(_, evidence)| self.wallet.begins(*evidence));
        let everywhere: Vec<_> = everywhere.collect();
        let mut unmet = self.ways((strict, lenient), &everywhere);
        let anywhere = self.ways((strict, lenient), &evidences);
        let circuit = &mut self.space.circuit;
        let is_moved = circuit.any(moved.iter().map(|(_, literal)| *literal));
        for way in &anywhere {
            unmet.push(way.and(circuit, [!is_moved]));
        }
        let is_told = circuit.any(unmet.iter().map(|way| way.literal));
        let mut elsewhere = Vec::new();
        for (place, is_moved) in moved {
            let further = anywhere.iter();
            let further = further.map(|way| way.and(circuit, [is_moved, !is_told]));
            elsewhere.push((place, further.collect()));
        }
        (unmet, elsewhere)
    }

    /// The fullest evidences that leave a demand unmet, each with the number of the policy that makes it.
    fn leaving_unmet(&self, strict: usize, clause: &Clause) -> Vec<(usize, Evidence)> {
        let policies = self.sides.get(strict).map(Side::policies);
        let policies = policies.unwrap_or_default();
        let mut found = Vec::new();
        for number in &clause.policies {
            let controls = clause.controls.iter();
            let named: Vec<_> = controls
                .map(|control| (control, policies.get(*number)))
                .collect();
            let evidences = self.evidences_without(strict, &named).into_iter();
            found.extend(evidences.map(|evidence| (*number, evidence)));
        }
        found
    }

    /// Getting in at `lenient` with an evidence, and not past a policy of `strict`, where with everything to show one gets in too.
    fn ways(&mut self, (strict, lenient): (usize, usize), evidences: &[(usize, Evidence)]) -> Ways {
        let whole = self.wallet.whole();
        let reachable = self.granted(strict, whole);
        let mut ways = Vec::new();
        for (number, evidence) in evidences {
            let lets_in = self.granted(lenient, *evidence);
            let passes = self.passes(strict, *evidence, *number);
            let way = self.space.circuit.all([lets_in, !passes, reachable]);
            if way != self.space.circuit.never() {
                ways.push(Way {
                    policy: *number,
                    evidence: *evidence,
                    literal: way,
                });
            }
        }
        ways
    }

    /// Users of other tenants whose proofs count in this place on this side, and in the other place on the other side.
    fn looks_only(&mut self, at: usize, place: ProofPlace) -> Lit {
        let never = self.space.circuit.never();
        let ([before, after], Some(side)) = (self.sides.as_slice(), self.sides.get(at)) else {
            return never;
        };
        let looks = |who: &Who| {
            who.home_tenant().is_some_and(|home| {
                let is_there = match place {
                    ProofPlace::Home => side.compiled.trust(home).mfa,
                    ProofPlace::Here => !side.compiled.trust(home).mfa,
                };
                is_there && before.trusts_mfa_unlike(after, home)
            })
        };
        self.space.whos.any(&mut self.space.circuit, looks)
    }
}
