//! What every engine must say of a sign-in, and how a policy in scope is judged by all of them but ours.
//!
//! Cedar and Rego find the policies that apply; what those demand is judged here for them, at the cost of a few
//! nanoseconds, so that the comparison is about finding and ours is the only engine that does more.

use crate::world::{
    APPROVED_APPLICATION, COMPLIANT_APPLICATION, COMPLIANT_DEVICE, DOMAIN_JOINED_DEVICE, Demand,
    MFA, MODERN_CLIENT_TYPES, PLATFORMS, SERVER_AD, STRENGTH, SignIn, TERMS_OF_USE,
};

/// What becomes of the sign-in, and so of each policy in scope.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    Granted,
    /// Something can still be shown.
    Open,
    Blocked,
}

/// The outcome, and the result of each policy that applies, by number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    pub outcome: Verdict,
    pub results: Vec<(u32, Verdict)>,
}

impl Answer {
    /// The worst of all results; nothing applies, nothing is demanded.
    pub fn of(results: Vec<(u32, Verdict)>) -> Self {
        let worst = results.iter().map(|(_, verdict)| *verdict).max();
        Self {
            outcome: worst.unwrap_or(Verdict::Granted),
            results,
        }
    }
}

/// The controls a sign-in has met, and those it could still meet.
#[derive(Debug, Clone, Copy)]
pub struct Shown {
    pub met: u8,
    pub obtainable: u8,
}

impl Shown {
    pub fn of(sign_in: &SignIn) -> Self {
        if sign_in.client_type >= MODERN_CLIENT_TYPES {
            // Legacy clients can show nothing.
            return Self {
                met: 0,
                obtainable: 0,
            };
        }
        let platform = PLATFORMS.get(sign_in.platform).copied().unwrap_or_default();
        let is_mobile = matches!(platform, "iOS" | "android");
        let bit = |bit: u8, is_met: bool| if is_met { bit } else { 0 };
        Self {
            met: bit(MFA, sign_in.did_one_time_code || sign_in.did_security_key)
                | bit(STRENGTH, sign_in.did_security_key)
                | bit(COMPLIANT_DEVICE, sign_in.is_compliant)
                | bit(DOMAIN_JOINED_DEVICE, sign_in.trust_type == SERVER_AD)
                | bit(
                    APPROVED_APPLICATION,
                    sign_in.application_is_approved && is_mobile,
                )
                | bit(
                    COMPLIANT_APPLICATION,
                    sign_in.application_is_protected && (is_mobile || platform == "windows"),
                )
                | bit(TERMS_OF_USE, sign_in.accepted_terms),
            obtainable: MFA | STRENGTH | TERMS_OF_USE,
        }
    }

    pub const fn judge(self, demand: Demand) -> Verdict {
        match demand {
            Demand::Block => Verdict::Blocked,
            Demand::All(controls) => {
                let missing = controls & !self.met;
                if missing & !self.obtainable != 0 {
                    Verdict::Blocked
                } else if missing != 0 {
                    Verdict::Open
                } else {
                    Verdict::Granted
                }
            }
            Demand::Any(controls) => {
                if controls & self.met != 0 {
                    Verdict::Granted
                } else if controls & self.obtainable != 0 {
                    Verdict::Open
                } else {
                    Verdict::Blocked
                }
            }
        }
    }
}

/// The answer of an engine that found these policies, ascending.
pub fn judge_all(found: &[u32], demands: &[Demand], shown: Shown) -> Answer {
    let judged = found.iter().filter_map(|number| {
        let demand = demands.get(*number as usize)?;
        Some((*number, shown.judge(*demand)))
    });
    Answer::of(judged.collect())
}
