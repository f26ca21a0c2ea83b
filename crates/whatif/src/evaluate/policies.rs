//! What becomes of each policy: it applies and demands, it does not apply and why, or it depends on what was not said.

use std::collections::{BTreeMap, BTreeSet};

use portcullis_model::conditional_access::PolicyState;
use portcullis_model::id::PolicyId;
use portcullis_model::sign_in_log::{AppliedConditionalAccessPolicy, AppliedPolicyResult};
use portcullis_policy::what_if::{Applies, Reason, WhatIf};

use super::Signal;

/// One policy's part in an answer.
#[derive(Debug, Clone, PartialEq)]
pub struct PolicyAnswer {
    /// The policy.
    pub id: PolicyId,
    /// Its name.
    pub display_name: String,
    /// Whether it counts.
    pub state: PolicyState,
    /// Whether it applies.
    pub applicability: Applicability,
    /// What the log would say; of a policy that depends, if it applied.
    pub result: AppliedPolicyResult,
    /// One sentence why, without a full stop.
    pub reason: String,
    /// What the result of a policy that applies hangs on, since a control would look at it and nobody said it.
    pub result_depends_on: BTreeSet<Signal>,
    /// The same as the log would have it, with rules and controls.
    pub applied: AppliedConditionalAccessPolicy,
}

/// Whether a policy applies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Applicability {
    /// It does.
    Applies,
    /// It does not.
    DoesNotApply {
        /// The first condition that keeps it out.
        condition: Reason,
    },
    /// Nobody can say without these.
    DependsOn(BTreeSet<Signal>),
}

/// The policies of this tenant: whether each applies, and what the log would say if only those applied that surely do.
pub(super) fn tell(what_if: &WhatIf) -> Vec<PolicyAnswer> {
    tell_between((what_if, what_if), &BTreeMap::new())
}

/// The same between two ends, where `signals` are what each policy hangs on if they differ.
pub(super) fn tell_between(
    (least, most): (&WhatIf, &WhatIf),
    signals: &BTreeMap<PolicyId, BTreeSet<Signal>>,
) -> Vec<PolicyAnswer> {
    let definite = least.definite.policies();
    let possible = most.possible.policies();
    let scopes = least.policies.iter().zip(&most.policies);
    scopes
        .zip(definite.into_iter().zip(possible))
        .map(|((least, most), (definite, possible))| {
            let (applicability, applied) = match (&least.applies, &most.applies) {
                (Applies::Yes, Applies::Yes) => (Applicability::Applies, definite),
                (Applies::No(_), Applies::No(condition)) => {
                    let condition = *condition;
                    (Applicability::DoesNotApply { condition }, definite)
                }
                // What it would demand is worth knowing.
                (one, other) => {
                    let mut unsaid = depending(one);
                    unsaid.extend(depending(other));
                    if one != other {
                        unsaid.extend(signals.get(&least.id).into_iter().flatten());
                    }
                    (Applicability::DependsOn(unsaid), possible)
                }
            };
            PolicyAnswer {
                id: least.id,
                display_name: least.display_name.clone(),
                state: least.state,
                applicability,
                result: applied.result,
                reason: applied.reason.clone(),
                result_depends_on: BTreeSet::new(),
                applied,
            }
        })
        .collect()
}

fn depending(applies: &Applies) -> BTreeSet<Signal> {
    match applies {
        Applies::DependsOn(signals) => signals.iter().copied().map(Signal::from).collect(),
        Applies::Yes | Applies::No(_) => BTreeSet::new(),
    }
}
