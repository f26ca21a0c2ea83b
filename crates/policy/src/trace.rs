//! What a decision tells of each policy: the run's own marks, put into the words of the sign-in log.

mod condition;
mod control;

use std::collections::BTreeMap;

use portcullis_model::conditional_access::PolicyState;
use portcullis_model::sign_in_log::AppliedConditionalAccessPolicy;

use crate::compile::CompiledPolicy;
use crate::decide::{enforced_bench, reported_bench};
use crate::decision::Decision;
use crate::evidence::Evidence;
use crate::judge::{Bench, Judgement};
use condition::Told;

impl Decision {
    /// Each policy of the tenant, in the order of configuration, as the log wants it.
    pub fn policies(&self) -> Vec<AppliedConditionalAccessPolicy> {
        let evidence = Evidence::gather(&self.tenant, &self.sign_in);
        let seen = self.seen();
        let scope = self.tenant.index().scope(&seen);
        let bench = enforced_bench(&evidence, &scope);
        let dimensions = condition::tell_all(self.tenant.index(), &seen);
        let judgements: BTreeMap<usize, Judgement> = self
            .judgements()
            .into_iter()
            .map(|judgement| (judgement.policy, judgement))
            .collect();
        self.tenant
            .policies()
            .iter()
            .enumerate()
            .map(|(number, policy)| {
                let judgement = judgements.get(&number);
                match policy.state {
                    PolicyState::ReportOnly => {
                        let frequency = policy.session_controls.sign_in_frequency;
                        let remediates = policy.remediates();
                        let bench = reported_bench(&bench, frequency, remediates);
                        tell((number, policy), judgement, &dimensions, &bench)
                    }
                    PolicyState::Enabled | PolicyState::Disabled => {
                        tell((number, policy), judgement, &dimensions, &bench)
                    }
                }
            })
            .collect()
    }
}

fn tell(
    (number, policy): (usize, &CompiledPolicy),
    judgement: Option<&Judgement>,
    dimensions: &[Told<'_>],
    bench: &Bench<'_>,
) -> AppliedConditionalAccessPolicy {
    let (satisfied, not_satisfied): (Vec<&Told<'_>>, Vec<&Told<'_>>) = dimensions
        .iter()
        .filter(|dimension| policy.state != PolicyState::Disabled && dimension.concerns(number))
        .partition(|dimension| dimension.matching.contains(number));
    let names = |dimensions: &[&Told<'_>]| {
        dimensions
            .iter()
            .map(|dimension| dimension.condition.to_owned())
            .collect()
    };
    let verdict = judgement.map(|judgement| judgement.verdict);
    let (enforced_session_controls, session_controls_not_satisfied) = match judgement {
        Some(_) => control::session_controls(policy, bench.evidence.standing),
        None => (Vec::new(), Vec::new()),
    };
    AppliedConditionalAccessPolicy {
        id: policy.id,
        display_name: policy.display_name.clone(),
        result: control::result(policy.state, verdict),
        enforced_grant_controls: match judgement {
            Some(_) => control::grant_controls(policy),
            None => Vec::new(),
        },
        enforced_session_controls,
        conditions_satisfied: names(&satisfied),
        conditions_not_satisfied: names(&not_satisfied),
        include_rules_satisfied: satisfied
            .iter()
            .chain(&not_satisfied)
            .flat_map(|dimension| dimension.rules(&dimension.included, number))
            .collect(),
        exclude_rules_satisfied: not_satisfied
            .iter()
            .flat_map(|dimension| dimension.rules(&dimension.excluded, number))
            .collect(),
        session_controls_not_satisfied,
        authentication_strength: judgement.and_then(|_| control::strength(policy, bench)),
        reason: match (policy.state, verdict, not_satisfied.first()) {
            (PolicyState::Disabled, ..) => "not evaluated: the policy is disabled".to_owned(),
            (_, Some(verdict), _) => control::reason(policy, verdict, bench),
            (_, None, Some(dimension)) => dimension.reason(number),
            (_, None, None) => {
                "not applied: what users do to their own accounts is not looked at in report-only"
                    .to_owned()
            }
        },
    }
}
