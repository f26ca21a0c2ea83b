//! What single policies come to, where their controls look at what nobody said.

use std::collections::BTreeSet;

use super::prepared::Prepared;
use super::{Answer, Applicability, PolicyAnswer, Signal};

/// For each policy the signals of which one value or another makes it come to something else, though it applies either way:
/// enforced or reported.
pub(super) fn hanging(prepared: &Prepared) -> Vec<BTreeSet<Signal>> {
    let ends = prepared.ends();
    let mut hanging = vec![BTreeSet::new(); prepared.policies.len()];
    let applies = |policy: &PolicyAnswer| policy.applicability == Applicability::Applies;
    if !prepared.policies.iter().any(applies) {
        return hanging;
    }
    for value in ends.sayable().values() {
        let rows = ends.definite(&[value]).policies();
        let both = prepared.policies.iter().zip(&rows);
        for (signals, (policy, row)) in hanging.iter_mut().zip(both) {
            if applies(policy) && policy.result != row.result {
                signals.insert(Signal::from(value.signal()));
            }
        }
    }
    hanging
}

/// Says it of the policies of the answer.
pub(super) fn hang(answer: &mut Answer, hanging: Vec<BTreeSet<Signal>>) {
    for (policy, signals) in answer.policies.iter_mut().zip(hanging) {
        answer.depends_on.extend(&signals);
        policy.result_depends_on.extend(signals);
    }
}
