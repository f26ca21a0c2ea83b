//! What one policy in scope says of a sign-in, given what there is to show for it.

use portcullis_model::conditional_access::{GrantControl, SignInInterval};

use crate::compile::{CompiledPolicy, Demand};
use crate::decision::{BlockReason, Place};
use crate::evidence::{ControlState, Evidence};
use crate::session_control::Frequency;

/// A policy in scope and what it came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Judgement {
    /// The policy's number in its tenant.
    pub(crate) policy: usize,
    pub(crate) verdict: Verdict,
    /// What each demanded control found, in the order of challenges.
    pub(crate) controls: Vec<(GrantControl, ControlState)>,
}

/// What a policy says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Everything demanded is met.
    Satisfied,
    /// The user can still meet what is missing.
    Open {
        /// The first factor is older than this policy's sign-in frequency allows.
        primary: bool,
        /// MFA, and where.
        mfa: Option<Place>,
    },
    /// Nobody passes this policy in this sign-in.
    Blocked(BlockReason),
}

/// Judges one policy. `frequency` is what all policies in force demand together.
pub(crate) fn judge(
    number: usize,
    policy: &CompiledPolicy,
    frequency: Option<Frequency>,
    evidence: &Evidence<'_>,
) -> Judgement {
    let controls = find(&policy.demand, evidence, frequency.map(Frequency::interval));
    let primary = frequency.is_some_and(|frequency| {
        frequency.renews_primary()
            && frequency.is_due_to(policy)
            && !evidence.primary_is_proven(Some(frequency.interval()))
    });
    // A policy that cannot be evaluated must not open a door (decision 18).
    let grant = match (&policy.defect, &policy.demand) {
        (Some(_), _) => Err(BlockReason::PolicyNotEvaluable),
        (None, Demand::Nothing) => Ok(None),
        (None, Demand::Block) => Err(BlockReason::BlockedByPolicy),
        (None, Demand::All(_)) => all_of(&controls),
        (None, Demand::Any(_)) => any_of(&controls),
    };
    let verdict = match grant {
        Err(reason) => Verdict::Blocked(reason),
        Ok(None) if !primary => Verdict::Satisfied,
        Ok(mfa) => Verdict::Open { primary, mfa },
    };
    Judgement {
        policy: number,
        verdict,
        controls,
    }
}

fn find(
    demand: &Demand,
    evidence: &Evidence<'_>,
    interval: Option<SignInInterval>,
) -> Vec<(GrantControl, ControlState)> {
    let controls = match demand {
        Demand::Nothing => &[][..],
        Demand::Block => &[GrantControl::Block],
        Demand::All(controls) | Demand::Any(controls) => controls,
    };
    controls
        .iter()
        .map(|control| (control.clone(), evidence.of(control, interval)))
        .collect()
}

/// What is still open; refused as soon as one control cannot be had, whatever else is open (decision 15). All of
/// nothing is never met (requirement V03).
fn all_of(controls: &[(GrantControl, ControlState)]) -> Result<Option<Place>, BlockReason> {
    if controls.is_empty() {
        return Err(BlockReason::PolicyNotEvaluable);
    }
    let mut open = None;
    for (_, state) in controls {
        match state {
            ControlState::Met(_) => {}
            ControlState::Open(place) => open = Some(*place),
            ControlState::Unobtainable(reason) => return Err(*reason),
        }
    }
    Ok(open)
}

/// What is still open; nothing is once one control is met. Refused when no control can be had, for the reason of the
/// first; any of nothing is never met.
fn any_of(controls: &[(GrantControl, ControlState)]) -> Result<Option<Place>, BlockReason> {
    let mut open = None;
    let mut first_reason = None;
    for (_, state) in controls {
        match state {
            ControlState::Met(_) => return Ok(None),
            ControlState::Open(place) => open = Some(*place),
            ControlState::Unobtainable(reason) => first_reason = first_reason.or(Some(*reason)),
        }
    }
    match open {
        Some(_) => Ok(open),
        None => Err(first_reason.unwrap_or(BlockReason::PolicyNotEvaluable)),
    }
}

#[cfg(test)]
mod tests;
