//! What policies say of devices: conditions that read the same are one rule, run once for all its policies.

use std::collections::BTreeMap;

use portcullis_model::conditional_access::DeviceCondition;

use crate::policy_set::SparsePolicySet;

/// A condition on devices, and the policies that have it.
#[derive(Debug)]
pub(crate) struct DeviceRule {
    pub(crate) condition: DeviceCondition,
    pub(crate) policies: SparsePolicySet,
}

/// All of a tenant.
#[derive(Debug, Default)]
pub(crate) struct DeviceRules {
    pub(crate) rules: Vec<DeviceRule>,
    /// The rules by the text of their filters; those without one have none.
    by_text: BTreeMap<String, Vec<usize>>,
}

impl DeviceRules {
    /// Adds what a policy says. Numbers come in ascending order, since policies are compiled in order.
    pub(crate) fn push(&mut self, number: usize, condition: &DeviceCondition) {
        let text = match condition {
            DeviceCondition::Filter(filter) => filter.rule.text.clone(),
            DeviceCondition::AllExceptStates(_) => String::new(),
        };
        let same_text = self.by_text.entry(text).or_default();
        let known = same_text.iter().copied().find(|at| {
            let rule = self.rules.get(*at);
            rule.is_some_and(|rule| rule.condition == *condition)
        });
        let at = known.unwrap_or_else(|| {
            same_text.push(self.rules.len());
            self.rules.push(DeviceRule {
                condition: condition.clone(),
                policies: SparsePolicySet::default(),
            });
            self.rules.len() - 1
        });
        if let Some(rule) = self.rules.get_mut(at) {
            rule.policies.push(number);
        }
    }

    /// What each policy says.
    pub(crate) fn by_policy(&self) -> impl Iterator<Item = (usize, &DeviceCondition)> {
        let rules = self.rules.iter();
        rules.flat_map(|rule| {
            let policies = rule.policies.iter();
            policies.map(|policy| (policy, &rule.condition))
        })
    }
}
