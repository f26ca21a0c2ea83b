//! What is open in a sign-in, each challenge once, with the policies that ask for it.

use portcullis_model::id::PolicyId;

use crate::brief::Brief;
use crate::decision::Requirement;
use crate::demand::Concern;
use crate::evidence::{Ask, Asks};
use crate::judge::Bench;

/// What is open so far.
#[derive(Default)]
pub(crate) struct Open {
    requirements: Vec<Requirement>,
    /// What some controls ask, by number, where that is the same for every policy: many policies demand the same.
    known: Vec<(usize, Asks)>,
}

impl Open {
    /// Adds what a policy that is open asks for.
    pub(crate) fn add_policy(&mut self, bench: &Bench<'_>, policy: &Brief, id: Option<PolicyId>) {
        let Some(number) = bench.only_open_control(policy) else {
            return self.add_all(&bench.asks(policy), id);
        };
        if bench.is_stale(policy.frequency) {
            add(
                &mut self.requirements,
                &bench.evidence.ask_for_primary(),
                id,
            );
        }
        self.learn(bench, number, policy.concern);
        let Self {
            requirements,
            known,
        } = self;
        let known = known.iter().filter(|(known, _)| *known == number);
        for ask in known.flat_map(|(_, asks)| asks) {
            add(requirements, ask, id);
        }
    }

    /// Adds what is asked for, by a policy or by the request itself.
    pub(crate) fn add_all(&mut self, asks: &Asks, policy: Option<PolicyId>) {
        for ask in asks {
            add(&mut self.requirements, ask, policy);
        }
    }

    fn learn(&mut self, bench: &Bench<'_>, number: usize, concern: Concern) {
        if self.known.iter().any(|(known, _)| *known == number) {
            return;
        }
        let asks = bench.asks_of(number, concern);
        self.known.push((number, asks));
    }

    /// In the order in which to ask.
    pub(crate) fn in_order(mut self) -> Vec<Requirement> {
        let requirements = &mut self.requirements;
        requirements.sort_unstable_by(|one, other| one.challenge.cmp(&other.challenge));
        self.requirements
    }
}

fn add(requirements: &mut Vec<Requirement>, ask: &Ask, policy: Option<PolicyId>) {
    let mut known = requirements.iter_mut();
    if let Some(known) = known.find(|known| known.challenge == ask.challenge) {
        return known.policies.extend(policy);
    }
    requirements.push(Requirement {
        challenge: ask.challenge.clone(),
        place: ask.place,
        policies: policy.into_iter().collect(),
        combinations: ask.combinations.clone(),
    });
}
