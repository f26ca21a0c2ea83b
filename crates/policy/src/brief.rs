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
    /// Whether it says anything of the session; most do not, and are passed over when sessions are merged.
    pub(crate) has_session_controls: bool,
    /// The sign-in frequency among them.
    pub(crate) frequency: Option<SignInFrequency>,
    /// Where its controls begin in the list of all, and how many they are.
    controls: (usize, usize),
}

impl Brief {
    pub(crate) const fn has_controls(&self) -> bool {
        self.controls.1 != 0
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
    /// Each control once.
    controls: Vec<Control>,
    /// Of one policy after the other, the numbers of its controls.
    demanded: Vec<usize>,
}

impl Briefs {
    pub(crate) fn of(policies: &[CompiledPolicy]) -> Self {
        let mut briefs = Self::default();
        for policy in policies {
            let begin = briefs.demanded.len();
            let grant = match (&policy.defect, &policy.demand) {
                (Some(_), _) => Grant::NotEvaluable,
                (None, Demand::Nothing) => Grant::Nothing,
                (None, Demand::Block) => Grant::Block,
                (None, Demand::All(_)) => Grant::All,
                (None, Demand::Any(_)) => Grant::Any,
            };
            for control in policy.demand.controls() {
                let number = briefs.number(control);
                briefs.demanded.push(number);
            }
            briefs.ids.push(policy.id);
            briefs.policies.push(Brief {
                grant,
                concern: policy.concern,
                has_session_controls: policy.has_session_controls,
                frequency: policy.session_controls.sign_in_frequency,
                controls: (begin, briefs.demanded.len() - begin),
            });
        }
        briefs
    }

    fn number(&mut self, control: &Control) -> usize {
        let known = self.controls.iter().position(|known| known == control);
        known.unwrap_or_else(|| {
            self.controls.push(control.clone());
            self.controls.len() - 1
        })
    }

    /// How many different controls there are.
    pub(crate) fn control_count(&self) -> usize {
        self.controls.len()
    }

    pub(crate) fn get(&self, policy: usize) -> Option<&Brief> {
        self.policies.get(policy)
    }

    pub(crate) fn id(&self, policy: usize) -> Option<PolicyId> {
        self.ids.get(policy).copied()
    }

    /// The controls of a policy with their numbers, in the order of challenges; none of a policy that blocks.
    #[inline]
    pub(crate) fn controls(&self, brief: &Brief) -> impl Iterator<Item = (usize, &Control)> {
        let (begin, count) = brief.controls;
        let demanded = self.demanded.get(begin..begin + count).unwrap_or_default();
        let numbers = demanded.iter().copied();
        numbers.filter_map(|number| Some((number, self.controls.get(number)?)))
    }
}
