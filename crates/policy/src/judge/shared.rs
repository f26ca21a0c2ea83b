//! What controls find that is the same for every policy that demands them: each is judged once for a decision, and a policy
//! is a question to a few bits.

use std::cell::Cell;

use crate::brief::{Brief, SHARED_MAX};
use crate::decision::BlockReason;
use crate::judge::{Bench, Found, NOTHING};

/// One bit for each control by its number.
#[derive(Debug, Clone)]
pub(crate) struct Shared {
    judged: Cell<u64>,
    /// Of those judged, what the user can still meet.
    open: Cell<u64>,
    /// Of those judged, what nobody can meet in this sign-in, and why not.
    refused: Cell<u64>,
    reasons: [Cell<BlockReason>; SHARED_MAX],
}

impl Default for Shared {
    fn default() -> Self {
        Self {
            judged: Cell::new(0),
            open: Cell::new(0),
            refused: Cell::new(0),
            reasons: [const { Cell::new(BlockReason::BlockedByPolicy) }; SHARED_MAX],
        }
    }
}

impl Bench<'_> {
    /// What [`all_of`](super::all_of) says of the controls of this policy.
    #[inline]
    pub(super) fn all_of_shared(&self, policy: &Brief, controls: u64) -> Found {
        self.judge_shared(policy, controls);
        if controls & self.shared.refused.get() != 0 {
            self.first_refused(policy)
        } else if controls & self.shared.open.get() != 0 {
            Found::Open
        } else if controls != 0 {
            Found::Met
        } else {
            NOTHING
        }
    }

    /// What [`any_of`](super::any_of) says of the controls of this policy.
    #[inline]
    pub(super) fn any_of_shared(&self, policy: &Brief, controls: u64) -> Found {
        self.judge_shared(policy, controls);
        let (open, refused) = (self.shared.open.get(), self.shared.refused.get());
        if controls & !open & !refused != 0 {
            Found::Met
        } else if controls & open != 0 {
            Found::Open
        } else {
            self.first_refused(policy)
        }
    }

    #[inline]
    fn judge_shared(&self, policy: &Brief, controls: u64) {
        if controls & !self.shared.judged.get() != 0 {
            self.judge_anew(policy);
        }
    }

    #[cold]
    fn judge_anew(&self, policy: &Brief) {
        let shared = &self.shared;
        for number in self.evidence.tenant.briefs().numbers(policy) {
            // Fewer than there are bits, or the policy would not be asked like this.
            let bit = 1 << (number % SHARED_MAX);
            if shared.judged.get() & bit != 0 {
                continue;
            }
            match self.found(*number, policy.concern) {
                // INVARIANT (shared answers): beside a user action, the only time when something is not asked for, nothing
                // is shared.
                Some(Found::Met) | None => {}
                Some(Found::Open) => shared.open.set(shared.open.get() | bit),
                Some(Found::Unobtainable(reason)) => {
                    shared.refused.set(shared.refused.get() | bit);
                    if let Some(known) = shared.reasons.get(*number) {
                        known.set(reason);
                    }
                }
            }
            shared.judged.set(shared.judged.get() | bit);
        }
    }

    /// For the reason of the first, in the order of challenges; of no control at all, for that.
    fn first_refused(&self, policy: &Brief) -> Found {
        let refused = self.shared.refused.get();
        let mut numbers = self.evidence.tenant.briefs().numbers(policy).iter();
        let first = numbers.find(|number| refused & 1 << (**number % SHARED_MAX) != 0);
        let reason = first.and_then(|number| self.shared.reasons.get(*number));
        reason.map_or(NOTHING, |reason| Found::Unobtainable(reason.get()))
    }
}
