//! What controls find that is the same for every policy that demands them: each is judged once for a decision, when the first
//! policy depends on it, and a policy is a question to a few bits.

use std::cell::Cell;

use crate::brief::{Brief, Grant, SHARED_MAX};
use crate::decision::BlockReason;
use crate::demand::{Concern, Control};
use crate::evidence::{Asks, ControlState, Detail};
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
    /// The controls of a policy, one bit for each; none where they have to be judged one by one.
    #[inline]
    pub(super) fn shared_controls(&self, policy: &Brief) -> u64 {
        policy.shared & self.sharing
    }

    /// What [`all_of`](super::all_of) says of the controls of a policy about this, of which there are some.
    #[inline]
    pub(super) fn all_of_shared(&self, concern: Concern, controls: u64) -> Found {
        if controls & !self.shared.met.get() == 0 {
            return Found::Met;
        }
        self.all_of_others(concern, controls)
    }

    #[inline(never)]
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
            } else {
                return Found::Met;
            }
        }
    }

    /// What [`any_of`](super::any_of) says of the controls of a policy about this, of which there are some.
    #[inline]
    pub(super) fn any_of_shared(&self, concern: Concern, controls: u64) -> Found {
        if controls & self.shared.met.get() != 0 {
            return Found::Met;
        }
        self.any_of_others(concern, controls)
    }

    #[inline(never)]
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
        match self.found_shared(number, concern) {
            Found::Met => shared.met.set(shared.met.get() | bit),
            Found::Open => shared.open.set(shared.open.get() | bit),
            Found::Unobtainable(reason) => {
                shared.refused.set(shared.refused.get() | bit);
                if let Some(known) = shared.reasons.get(number) {
                    known.set(reason);
                }
            }
        }
    }

    fn found_shared(&self, number: usize, concern: Concern) -> Found {
        let control = self.evidence.tenant.briefs().control(number);
        control.map_or(NOTHING, |control| {
            let state = self.find_shared(control, concern, Detail::Verdict);
            Found::from(&state)
        })
    }

    /// INVARIANT (shared answers): beside a user action, the only time when a control is not asked for or replaced by others,
    /// nothing is shared, and what weighs is the same for all policies.
    fn find_shared(&self, control: &Control, concern: Concern, detail: Detail) -> ControlState {
        self.evidence
            .of(control, concern, self.regard(None, detail))
    }

    /// Of a policy that is [`Verdict::Open`](super::Verdict::Open), the number of the one control that it asks for, where
    /// that is one and the same for all policies.
    pub(crate) fn only_open_control(&self, policy: &Brief) -> Option<usize> {
        let controls = self.shared_controls(policy);
        let open = controls & self.shared.open.get();
        let is_only = match policy.grant {
            Grant::All => open.is_power_of_two(),
            // The first; where one is met, none of the others is asked for.
            Grant::Any => open != 0 && controls & self.shared.met.get() == 0,
            Grant::NotEvaluable | Grant::Nothing | Grant::Block => false,
        };
        is_only.then(|| open.trailing_zeros() as usize)
    }

    /// By what a control can be met that is open.
    pub(crate) fn asks_of(&self, number: usize, concern: Concern) -> Asks {
        let control = self.evidence.tenant.briefs().control(number);
        match control.map(|control| self.find_shared(control, concern, Detail::Whole)) {
            Some(ControlState::Open(asks)) => asks,
            Some(ControlState::Met(_) | ControlState::Unobtainable(_)) | None => Asks::new(),
        }
    }

    /// For the reason of the first; of no control at all, for that.
    fn first_refused(&self, refused: u64) -> Found {
        let reason = self.shared.reasons.get(refused.trailing_zeros() as usize);
        reason.map_or(NOTHING, |reason| Found::Unobtainable(reason.get()))
    }
}
