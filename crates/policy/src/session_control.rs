//! Session controls of several policies, merged: the stricter of each kind wins (decision 16).

use portcullis_model::conditional_access::{
    FrequencyAuthenticationType, PersistentBrowser, SignInFrequency, SignInInterval,
};

use crate::compile::CompiledPolicy;
use crate::decision::SessionDecision;

/// The strictest sign-in frequency of some policies: the shortest interval and the wider authentication type, each
/// taken for itself (specification 5.9).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Frequency {
    strictest: SignInFrequency,
    /// One policy says both; else one says the interval and another the authentication type.
    is_said_by_one: bool,
}

impl Frequency {
    pub(crate) fn of(policies: &[&CompiledPolicy]) -> Option<Self> {
        policies
            .iter()
            .fold(None, |so_far, policy| Self::with(so_far, policy))
    }

    /// The strictest of these and of one more policy.
    pub(crate) fn with(so_far: Option<Self>, policy: &CompiledPolicy) -> Option<Self> {
        let Some(one) = policy.session_controls.sign_in_frequency else {
            return so_far;
        };
        let so_far = so_far.unwrap_or(Self {
            strictest: one,
            is_said_by_one: true,
        });
        let strictest = SignInFrequency {
            interval: so_far.strictest.interval.min(one.interval),
            authentication_type: so_far
                .strictest
                .authentication_type
                .min(one.authentication_type),
        };
        Some(Self {
            strictest,
            is_said_by_one: strictest == one
                || (strictest == so_far.strictest && so_far.is_said_by_one),
        })
    }

    /// How old a proof may be.
    pub(crate) fn interval(self) -> SignInInterval {
        self.strictest.interval
    }

    /// Whether the first factor must be renewed too.
    pub(crate) fn renews_primary(self) -> bool {
        match self.strictest.authentication_type {
            FrequencyAuthenticationType::PrimaryAndSecondaryAuthentication => true,
            FrequencyAuthenticationType::SecondaryAuthentication => false,
        }
    }

    /// Whether this policy is why the frequency is so strict: it says all of it, or, where no policy does, a part.
    pub(crate) fn is_due_to(self, policy: &CompiledPolicy) -> bool {
        policy
            .session_controls
            .sign_in_frequency
            .is_some_and(|one| {
                if self.is_said_by_one {
                    one == self.strictest
                } else {
                    one.interval == self.strictest.interval
                        || one.authentication_type == self.strictest.authentication_type
                }
            })
    }
}

/// What these policies say of the session together, and which of them say it.
pub(crate) fn merge(policies: &[&CompiledPolicy]) -> SessionDecision {
    let named = |says: &dyn Fn(&CompiledPolicy) -> bool| -> Vec<_> {
        let saying = policies.iter().filter(|policy| says(policy));
        saying.map(|policy| policy.id).collect()
    };
    let persistence = |mode: PersistentBrowser| {
        let saying = named(&|policy| policy.session_controls.persistent_browser == Some(mode));
        (!saying.is_empty()).then_some((mode, saying))
    };
    SessionDecision {
        sign_in_frequency: Frequency::of(policies).map(|frequency| {
            (
                frequency.interval(),
                frequency.strictest.authentication_type,
                named(&|policy| frequency.is_due_to(policy)),
            )
        }),
        persistent_browser: persistence(PersistentBrowser::Never)
            .or_else(|| persistence(PersistentBrowser::Always)),
    }
}
