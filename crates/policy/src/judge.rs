//! What one policy in scope says of a sign-in, given what there is to show for it.

mod shared;

use portcullis_model::conditional_access::signal::RiskLevel;
use portcullis_model::conditional_access::{SignInFrequency, SignInInterval, UserAction};
use portcullis_model::id::PolicyId;
use portcullis_model::sign_in_log::AuthenticationStrengthResult;

use crate::brief::{Brief, Grant};
use crate::compile::CompiledTenant;
use crate::decision::BlockReason;
use crate::demand::{Concern, Control, Strength, TargetKind};
use crate::evidence::{Asks, ControlState, Detail, Evidence, Regard, Registration, Standing};
use crate::facts::SignIn;
use crate::session_control::Frequency;
use shared::Shared;

/// A policy in scope and what it came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Judgement {
    /// The policy's number in its tenant.
    pub(crate) policy: usize,
    pub(crate) verdict: Verdict,
}

/// What a policy says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Everything demanded is met.
    Satisfied,
    /// The user can still meet what is missing: [`Bench::asks`] says by what.
    Open,
    /// Nobody passes this policy in this sign-in.
    Blocked(BlockReason),
}

/// What a control finds, in brief.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Found {
    Met,
    Open,
    Unobtainable(BlockReason),
}

impl From<&ControlState> for Found {
    fn from(state: &ControlState) -> Self {
        match state {
            ControlState::Met(_) => Self::Met,
            ControlState::Open(_) => Self::Open,
            ControlState::Unobtainable(reason) => Self::Unobtainable(*reason),
        }
    }
}

/// What the policies in force say together, against which each one is judged.
#[derive(Debug, Clone)]
pub(crate) struct Bench<'a> {
    pub(crate) evidence: &'a Evidence<'a>,
    /// How often proofs are renewed.
    pub(crate) frequency: Option<Frequency>,
    /// The same, where the first factor is older than it allows.
    stale: Option<Frequency>,
    /// A policy in force is there because the sign-in is risky: then nobody registers a method (specification 5.5).
    is_risky: bool,
    /// A policy in force has the risk remediated.
    remediates: bool,
    /// The strengths demanded by policies about registering security information, while somebody registers.
    of_registration: Vec<&'a Strength>,
    /// The controls that may find the same for every policy: all of them, or none where that depends on what the policy is
    /// about.
    sharing: u64,
    /// What the controls that policies asked for so far find, where that is the same for all policies.
    shared: Shared,
}

impl<'a> Bench<'a> {
    #[inline]
    pub(crate) fn new(
        evidence: &'a Evidence<'a>,
        in_force: impl Iterator<Item = &'a Brief> + Clone,
        frequency: Option<Frequency>,
        remediates: bool,
    ) -> Self {
        let sign_in = evidence.sign_in;
        let briefs = evidence.tenant.briefs();
        let registers = sign_in.user_action == Some(UserAction::RegisterSecurityInformation);
        let of_registration = if registers {
            in_force
                .clone()
                .filter(|policy| policy.concern.target == TargetKind::UserActions)
                .flat_map(|policy| briefs.controls(policy))
                .filter_map(Control::strength)
                .collect()
        } else {
            Vec::new()
        };
        let mut at_risk = in_force.filter(|policy| policy.concern.is_sign_in_risk(sign_in));
        let is_risky = sign_in.risk.sign_in != RiskLevel::None && at_risk.next().is_some();
        Self {
            evidence,
            frequency,
            stale: stale(evidence, frequency),
            is_risky,
            remediates,
            of_registration,
            sharing: if looks_at_concerns(evidence) {
                0
            } else {
                u64::MAX
            },
            shared: Shared::default(),
        }
    }

    /// The same with another sign-in frequency, for a policy that is not in force, as if it were.
    pub(crate) fn reporting(self, frequency: Option<Frequency>, remediates: bool) -> Self {
        Self {
            remediates: self.remediates || remediates,
            frequency,
            stale: stale(self.evidence, frequency),
            sharing: 0,
            shared: Shared::default(),
            ..self
        }
    }

    /// How old a second factor may be.
    pub(crate) fn interval(&self) -> Option<SignInInterval> {
        self.frequency.map(Frequency::interval)
    }

    /// What weighs when the controls of a policy about this are judged; `None`: a demand of the request itself.
    pub(crate) fn regard(&self, concern: Option<Concern>, detail: Detail) -> Regard {
        let sign_in = self.evidence.sign_in;
        let is_at_risk = concern.is_some_and(|concern| concern.is_sign_in_risk(sign_in));
        let is_about_action =
            concern.is_some_and(|concern| concern.target == TargetKind::UserActions);
        let registration = if self.is_risky || is_at_risk {
            Registration::Refused(BlockReason::ProofUpBlockedByRisk)
        } else if sign_in.user_action == Some(UserAction::RegisterSecurityInformation)
            && is_about_action
        {
            // Nobody registers a method to be allowed to register one. (To register a device they may.)
            Registration::Refused(BlockReason::ProofUpBlockedByPolicy)
        } else {
            Registration::AsPoliciesSay
        };
        Regard {
            interval: self.interval(),
            registration,
            remediates: self.remediates,
            detail,
        }
    }

    /// What a control finds that a policy about this demands.
    pub(crate) fn find(&self, control: &Control, concern: Concern, detail: Detail) -> ControlState {
        match control {
            Control::Strength(_)
                if self.replaces_strengths_about(concern) && !self.evidence.is_legacy() =>
            {
                self.strengths_of_registration(detail)
            }
            Control::Strength(_)
            | Control::Mfa
            | Control::CompliantDevice
            | Control::DomainJoinedDevice
            | Control::ApprovedApplication
            | Control::CompliantApplication
            | Control::PasswordChange
            | Control::RiskRemediation(_)
            | Control::TermsOfUse(_)
            | Control::Custom(_) => {
                let regard = self.regard(Some(concern), detail);
                self.evidence.of(control, concern, regard)
            }
        }
    }

    /// The same in brief; `None`: it is not asked for now.
    fn found(&self, number: usize, concern: Concern) -> Option<Found> {
        let control = self.evidence.tenant.briefs().control(number)?;
        if is_exempt(control, concern, self.evidence.sign_in) {
            return None;
        }
        Some(Found::from(&self.find(control, concern, Detail::Verdict)))
    }

    /// How the log tells of a strength that a policy about this demands.
    pub(crate) fn strength_result(
        &self,
        strength: &Strength,
        concern: Concern,
    ) -> AuthenticationStrengthResult {
        if self.replaces_strengths_about(concern) {
            return AuthenticationStrengthResult::SkippedForProofUp;
        }
        let regard = self.regard(Some(concern), Detail::Whole);
        self.evidence.strength(strength, regard).result
    }

    /// While security information is registered, the strengths of policies about that replace those of policies about
    /// resources (specification 5.4).
    fn replaces_strengths_about(&self, concern: Concern) -> bool {
        !self.of_registration.is_empty() && concern.target == TargetKind::Applications
    }

    /// All of them are met, or what is missing of them.
    fn strengths_of_registration(&self, detail: Detail) -> ControlState {
        let regard = Regard {
            interval: self.interval(),
            registration: Registration::Refused(BlockReason::ProofUpBlockedByPolicy),
            remediates: self.remediates,
            detail,
        };
        // None while none is open: where no more than the verdict is asked for, what is open lists nothing.
        let mut open: Option<Asks> = None;
        for strength in &self.of_registration {
            match self.evidence.strength(strength, regard).state {
                ControlState::Met(_) => {}
                ControlState::Open(asks) => add_new(open.get_or_insert_default(), asks),
                ControlState::Unobtainable(reason) => return ControlState::Unobtainable(reason),
            }
        }
        open.map_or_else(
            || ControlState::Met(self.evidence.tenant.id()),
            ControlState::Open,
        )
    }

    /// Whether the first factor is older than the merged frequency allows, and a policy that says this is why.
    #[inline]
    pub(crate) fn is_stale(&self, said: Option<SignInFrequency>) -> bool {
        self.stale
            .is_some_and(|frequency| frequency.is_due_to(said))
    }

    /// By what the user can still meet what is missing of a policy that is [`Verdict::Open`], in the order of challenges.
    pub(crate) fn asks(&self, policy: &Brief) -> Asks {
        let mut asks = Asks::new();
        if self.is_stale(policy.frequency) {
            asks.push(self.evidence.ask_for_primary());
        }
        let (concern, sign_in) = (policy.concern, self.evidence.sign_in);
        let controls = self.evidence.tenant.briefs().controls(policy);
        let states = controls
            .filter(|control| !is_exempt(control, concern, sign_in))
            .map(|control| self.find(control, concern, Detail::Whole));
        let mut open = states.filter_map(|state| match state {
            ControlState::Open(asks) => Some(asks),
            ControlState::Met(_) | ControlState::Unobtainable(_) => None,
        });
        match policy.grant {
            Grant::All => open.for_each(|more| add_new(&mut asks, more)),
            // Where one is met, none of the others is asked for.
            Grant::Any if self.demanded(policy) == Found::Open => {
                asks.extend(open.next().unwrap_or_default());
            }
            Grant::Any | Grant::NotEvaluable | Grant::Nothing | Grant::Block => {}
        }
        asks
    }

    /// What the demand of a policy comes to, whatever its sign-in frequency says.
    #[inline(always)]
    #[expect(
        clippy::inline_always,
        reason = "asked of each policy in force; what takes long is in functions of its own"
    )]
    fn demanded(&self, policy: &Brief) -> Found {
        let (concern, shared) = (policy.concern, self.shared_controls(policy));
        match (policy.grant, shared) {
            (Grant::NotEvaluable, _) => Found::Unobtainable(BlockReason::PolicyNotEvaluable),
            (Grant::Nothing, _) => Found::Met,
            (Grant::Block, _) => Found::Unobtainable(
                self.evidence
                    .risk_elsewhere(concern)
                    .unwrap_or(BlockReason::BlockedByPolicy),
            ),
            (Grant::All, 0) => self.all_one_by_one(policy),
            (Grant::Any, 0) => self.any_one_by_one(policy),
            (Grant::All, controls) => self.all_of_shared(concern, controls),
            (Grant::Any, controls) => self.any_of_shared(concern, controls),
        }
    }

    #[cold]
    fn all_one_by_one(&self, policy: &Brief) -> Found {
        all_of(self.found_one_by_one(policy))
    }

    #[cold]
    fn any_one_by_one(&self, policy: &Brief) -> Found {
        any_of(self.found_one_by_one(policy))
    }

    fn found_one_by_one(&self, policy: &Brief) -> impl Iterator<Item = Option<Found>> {
        let concern = policy.concern;
        let numbers = self.evidence.tenant.briefs().numbers(policy).iter();
        numbers.map(move |number| self.found(*number, concern))
    }
}

/// The frequency, where the first factor is older than it allows.
fn stale(evidence: &Evidence<'_>, frequency: Option<Frequency>) -> Option<Frequency> {
    frequency.filter(|frequency| {
        frequency.renews_primary() && !evidence.primary_is_proven(Some(frequency.interval()))
    })
}

/// Whether what a control finds depends on what the policy is about.
///
/// INVARIANT (shared answers): of a policy, [`Bench::find`] and [`is_exempt`] see its concern alone. What it is about
/// matters only beside a user action; risk of the sign-in, only of a policy that is not in force, since where one in force
/// is about it, nobody registers a method; risk of the user, only to somebody whose home tenant would have to remedy it.
fn looks_at_concerns(evidence: &Evidence<'_>) -> bool {
    let sign_in = evidence.sign_in;
    let is_foreign = match evidence.standing {
        Standing::Foreign(..) => true,
        Standing::Own(_) | Standing::WithoutHome | Standing::Service => false,
    };
    sign_in.user_action.is_some() || (sign_in.risk.user != RiskLevel::None && is_foreign)
}

fn add_new(asks: &mut Asks, more: Asks) {
    for ask in more {
        if !asks.contains(&ask) {
            asks.push(ask);
        }
    }
}

/// Judges one policy in scope.
#[inline]
pub(crate) fn verdict(policy: &Brief, bench: &Bench<'_>) -> Verdict {
    match bench.demanded(policy) {
        Found::Unobtainable(reason) => Verdict::Blocked(reason),
        Found::Open => Verdict::Open,
        Found::Met if bench.is_stale(policy.frequency) => Verdict::Open,
        Found::Met => Verdict::Satisfied,
    }
}

/// A policy about all resources does not keep a device from being registered by asking for a registered device
/// (specification 4.3).
pub(crate) fn is_exempt(control: &Control, concern: Concern, sign_in: &SignIn) -> bool {
    let asks_for_device = match control {
        Control::CompliantDevice
        | Control::DomainJoinedDevice
        | Control::ApprovedApplication
        | Control::CompliantApplication => true,
        Control::TermsOfUse(terms) => terms.is_per_device,
        Control::Mfa
        | Control::Strength(_)
        | Control::PasswordChange
        | Control::RiskRemediation(_)
        | Control::Custom(_) => false,
    };
    asks_for_device
        && concern.target == TargetKind::Applications
        && sign_in.user_action == Some(UserAction::RegisterOrJoinDevices)
}

/// The enforced policies about registering security information that would refuse this user now: who has no method and
/// may register none has nothing to do MFA with (53010).
pub(crate) fn refusing_registration(tenant: &CompiledTenant, sign_in: &SignIn) -> Vec<PolicyId> {
    let registering = SignIn {
        user_action: Some(UserAction::RegisterSecurityInformation),
        ..sign_in.clone()
    };
    let evidence = Evidence::gather(tenant, &registering);
    let scope = tenant.scope(&registering);
    let policies = tenant
        .briefs_in(&scope, tenant.enabled())
        .filter(|(_, policy)| policy.concern.target == TargetKind::UserActions);
    let in_force = policies.clone().map(|(_, policy)| policy);
    let remediates = in_force.clone().any(|policy| policy.remediates);
    let bench = Bench::new(&evidence, in_force, None, remediates);
    policies
        .filter(|(_, policy)| matches!(verdict(policy, &bench), Verdict::Blocked(_)))
        .filter_map(|(number, _)| tenant.briefs().id(number))
        .collect()
}

/// Refused as soon as one control cannot be had, whatever else is open (decision 15). All of nothing is never met
/// (requirement V03); where nothing is asked for now, it is.
fn all_of(found: impl Iterator<Item = Option<Found>>) -> Found {
    let mut all = NOTHING;
    for found in found {
        match (found, all) {
            (Some(Found::Unobtainable(reason)), _) => return Found::Unobtainable(reason),
            (Some(Found::Open), _) => all = Found::Open,
            (Some(Found::Met) | None, Found::Unobtainable(_)) => all = Found::Met,
            (Some(Found::Met) | None, Found::Met | Found::Open) => {}
        }
    }
    all
}

/// Open where a control can still be had and none is met. Refused when none can be had, for the reason of the first; any
/// of nothing is never met. Where nothing is asked for now, it is.
fn any_of(found: impl Iterator<Item = Option<Found>>) -> Found {
    let mut any = None;
    let mut is_exempt = false;
    for found in found {
        match (found, any) {
            (Some(Found::Met), _) => return Found::Met,
            (Some(Found::Open), _) | (Some(Found::Unobtainable(_)), None) => any = found,
            (Some(Found::Unobtainable(_)), Some(_)) => {}
            (None, _) => is_exempt = true,
        }
    }
    any.unwrap_or(if is_exempt { Found::Met } else { NOTHING })
}

/// What an empty list of controls comes to.
const NOTHING: Found = Found::Unobtainable(BlockReason::PolicyNotEvaluable);

#[cfg(test)]
mod tests;
