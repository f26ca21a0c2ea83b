//! What policies say of devices: conditions that read the same are one rule, asked once for all its policies.

use std::collections::BTreeMap;

use portcullis_model::conditional_access::DeviceCondition;

use crate::device_test::DeviceTest;

/// A condition on devices, and what it asks.
#[derive(Debug)]
pub(crate) struct DeviceRule {
    pub(crate) condition: DeviceCondition,
    pub(crate) test: DeviceTest,
}

/// All of a tenant.
#[derive(Debug, Default)]
pub(crate) struct DeviceRules {
    rules: Vec<DeviceRule>,
    /// The number of each policy's rule, by the policy's.
    of_policies: Vec<Option<usize>>,
    /// The rules by the text of their filters; those without one have none.
    by_text: BTreeMap<String, Vec<usize>>,
}

impl DeviceRules {
    /// Adds what a policy says.
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
                test: DeviceTest::of(condition),
            });
            self.rules.len() - 1
        });
        let count = self.of_policies.len().max(number + 1);
        self.of_policies.resize(count, None);
        if let Some(known) = self.of_policies.get_mut(number) {
            *known = Some(at);
        }
    }

    /// What a policy says, and the number of that; `None`: nothing.
    #[inline]
    pub(crate) fn of_policy(&self, number: usize) -> Option<(usize, &DeviceRule)> {
        let at = self.of_policies.get(number).copied().flatten()?;
        Some((at, self.rules.get(at)?))
    }

    /// What each policy says.
    pub(crate) fn by_policy(&self) -> impl Iterator<Item = (usize, &DeviceRule)> {
        let numbers = 0..self.of_policies.len();
        numbers.filter_map(|number| Some((number, self.of_policy(number)?.1)))
    }
}

/// What rules came to in a decision, so that none of the first 64 is asked twice.
#[derive(Debug, Default)]
pub(crate) struct AskedRules {
    asked: u64,
    holding: u64,
}

impl AskedRules {
    /// What the rule of this number comes to.
    #[inline]
    pub(crate) fn holds(&mut self, number: usize, ask: impl FnOnce() -> bool) -> bool {
        let bit = if number < 64 { 1 << number } else { 0 };
        if self.asked & bit != 0 {
            return self.holding & bit != 0;
        }
        let holds = ask();
        self.asked |= bit;
        self.holding |= if holds { bit } else { 0 };
        holds
    }
}
