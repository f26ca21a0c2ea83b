//! What controls find that is the same for every policy that demands them: each is judged once for a decision, when the first
//! policy depends on it, and a policy is a question to a few bits.

use std::cell::Cell;

use crate::brief::SHARED_MAX;
use crate::decision::BlockReason;
use crate::demand::Concern;
use crate::judge::{Bench, Found, NOTHING};

/// One bit for each control by its number. Numbers are in the order of challenges.
#[derive(Debug, Clone)]
pub(crate) struct Shared {
    met: Cell<u64>,
    /// What the user can still meet.
    open: Cell<u64>,
    /// What nobody can meet in this sign-in, and why not.
    refused: Cell<u64>,
    reasons: [Cell<BlockReason>; SHARED_MAX],
}

impl Default for Shared {
    fn default() -> Self {
        Self {
            met: Cell::new(0),
            open: Cell::new(0),
            refused: Cell::new(0),
            reasons: [const { Cell::new(BlockReason::BlockedByPolicy) }; SHARED_MAX],
        }
    }
}

impl Bench<'_> {
    /// What [`all_of`](super::all_of) says of the controls of a policy about this.
    #[inline]
    pub(super) fn all_of_shared(&self, concern: Concern, controls: u64) -> Found {
        if controls != 0 && controls & !self.shared.met.get() == 0 {
            return Found::Met;
        }
        self.all_of_others(concern, controls)
    }

    fn all_of_others(&self, concern: Concern, controls: u64) -> Found {
        loop {
            let refused = controls & self.shared.refused.get();
            // The first refusal is told: nothing that comes after one has to be judged.
            let before = (refused & refused.wrapping_neg()).wrapping_sub(1);
            let unknown = controls & before & !self.judged();
            if unknown != 0 {
                self.judge_shared(unknown, concern);
            } else if refused != 0 {
                return self.first_refused(refused);
            } else if controls & self.shared.open.get() != 0 {
                return Found::Open;
            } else if controls != 0 {
                return Found::Met;
            } else {
                return NOTHING;
            }
        }
    }

    /// What [`any_of`](super::any_of) says of the controls of a policy about this.
    #[inline]
    pub(super) fn any_of_shared(&self, concern: Concern, controls: u64) -> Found {
        if controls & self.shared.met.get() != 0 {
            return Found::Met;
        }
        self.any_of_others(concern, controls)
    }

    fn any_of_others(&self, concern: Concern, controls: u64) -> Found {
        loop {
            let unknown = controls & !self.judged();
            if controls & self.shared.met.get() != 0 {
                return Found::Met;
            } else if unknown != 0 {
                self.judge_shared(unknown, concern);
            } else if controls & self.shared.open.get() != 0 {
                return Found::Open;
            } else {
                return self.first_refused(controls);
            }
        }
    }

    fn judged(&self) -> u64 {
        self.shared.met.get() | self.shared.open.get() | self.shared.refused.get()
    }

    /// Judges the first of these.
    fn judge_shared(&self, controls: u64, concern: Concern) {
        let shared = &self.shared;
        let number = controls.trailing_zeros() as usize;
        let bit = controls & controls.wrapping_neg();
        match self.found(number, concern) {
            // INVARIANT (shared answers): beside a user action, the only time when something is not asked for, nothing
            // is shared.
            Some(Found::Met) | None => shared.met.set(shared.met.get() | bit),
            Some(Found::Open) => shared.open.set(shared.open.get() | bit),
            Some(Found::Unobtainable(reason)) => {
                shared.refused.set(shared.refused.get() | bit);
                if let Some(known) = shared.reasons.get(number) {
                    known.set(reason);
                }
            }
        }
    }

    /// For the reason of the first; of no control at all, for that.
    fn first_refused(&self, refused: u64) -> Found {
        let reason = self.shared.reasons.get(refused.trailing_zeros() as usize);
        reason.map_or(NOTHING, |reason| Found::Unobtainable(reason.get()))
    }
}
