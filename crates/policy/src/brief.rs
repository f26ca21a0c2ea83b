//! What every decision looks at of a policy in scope, close together: names, texts and lists are for whoever explains.

use portcullis_model::conditional_access::SignInFrequency;
use portcullis_model::id::PolicyId;

use crate::compile::CompiledPolicy;
use crate::demand::{Concern, Control, Demand};

/// One policy in brief.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Brief {
    pub(crate) grant: Grant,
    /// What it is about, where that matters to its controls.
    pub(crate) concern: Concern,
    /// How often proofs are renewed, as far as this policy goes.
    pub(crate) frequency: Option<SignInFrequency>,
    /// Nobody passes without remediating the risk.
    pub(crate) remediates: bool,
    /// Where its controls begin in the list of all, and where they end.
    controls: (usize, usize),
    /// The same as one bit for each, where all their numbers are below [`SHARED_MAX`]; else none.
    pub(crate) shared: u64,
}

/// So many controls of a tenant are judged once for all policies; nearly every tenant has fewer.
pub(crate) const SHARED_MAX: usize = u64::BITS as usize;

impl Brief {
    /// Whether there is anything that could be met.
    pub(crate) fn is_evaluable(&self) -> bool {
        match self.grant {
            Grant::NotEvaluable => false,
            Grant::Nothing | Grant::Block => true,
            Grant::All | Grant::Any => self.controls.0 != self.controls.1,
        }
    }
}

/// How a policy combines its controls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Grant {
    /// It cannot be evaluated: it must not open a door (decision 18).
    NotEvaluable,
    /// Only session controls.
    Nothing,
    /// Nobody passes.
    Block,
    /// All of its controls.
    All,
    /// Any of its controls.
    Any,
}

/// The policies of a tenant in brief, by number, and the controls they demand: many policies demand the same.
#[derive(Debug, Default)]
pub(crate) struct Briefs {
    policies: Vec<Brief>,
    ids: Vec<PolicyId>,
    /// Each control once, in the order of challenges, and so in the order of each policy.
    controls: Vec<Control>,
    /// Of one policy after the other, the numbers of its controls.
    demanded: Vec<usize>,
}

impl Briefs {
    pub(crate) fn of(policies: &[CompiledPolicy]) -> Self {
        let mut briefs = Self {
            controls: distinct_controls(policies),
            ..Self::default()
        };
        for policy in policies {
            let begin = briefs.demanded.len();
            let grant = match (&policy.defect, &policy.demand) {
                (Some(_), _) => Grant::NotEvaluable,
                (None, Demand::Nothing) => Grant::Nothing,
                (None, Demand::Block) => Grant::Block,
                (None, Demand::All(_)) => Grant::All,
                (None, Demand::Any(_)) => Grant::Any,
            };
            let mut shared = Some(0);
            for control in policy.demand.controls() {
                let mut known = briefs.controls.iter();
                let number = known.position(|known| known == control);
                briefs.demanded.extend(number);
                let bit = number.filter(|number| *number < SHARED_MAX);
                let bit = bit.map(|number| 1 << number);
                shared = shared
                    .zip(bit)
                    .map(|(shared, bit): (u64, u64)| shared | bit);
            }
            briefs.ids.push(policy.id);
            briefs.policies.push(Brief {
                grant,
                concern: policy.concern,
                remediates: policy.remediates(),
                frequency: policy.session_controls.sign_in_frequency,
                controls: (begin, briefs.demanded.len()),
                shared: shared.unwrap_or(0),
            });
        }
        briefs
    }

    pub(crate) fn get(&self, policy: usize) -> Option<&Brief> {
        self.policies.get(policy)
    }

    pub(crate) fn id(&self, policy: usize) -> Option<PolicyId> {
        self.ids.get(policy).copied()
    }

    /// The numbers of the controls of a policy, in the order of challenges; none of a policy that blocks.
    #[inline]
    pub(crate) fn numbers(&self, brief: &Brief) -> &[usize] {
        let (begin, end) = brief.controls;
        self.demanded.get(begin..end).unwrap_or_default()
    }

    #[inline]
    pub(crate) fn control(&self, number: usize) -> Option<&Control> {
        self.controls.get(number)
    }

    /// The controls of a policy.
    pub(crate) fn controls(&self, brief: &Brief) -> impl Iterator<Item = &Control> {
        let numbers = self.numbers(brief).iter();
        numbers.filter_map(|number| self.control(*number))
    }
}

fn distinct_controls(policies: &[CompiledPolicy]) -> Vec<Control> {
    let mut distinct: Vec<Control> = Vec::new();
    for control in policies.iter().flat_map(|policy| policy.demand.controls()) {
        if !distinct.contains(control) {
            distinct.push(control.clone());
        }
    }
    distinct.sort_by_cached_key(Control::named);
    distinct
}
