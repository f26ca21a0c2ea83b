//! What one policy in scope says of a sign-in, given what there is to show for it.

use std::cell::OnceCell;

use portcullis_model::conditional_access::{SignInInterval, UserAction};
use portcullis_model::id::TenantId;
use portcullis_model::sign_in_log::AuthenticationStrengthResult;

use crate::compile::{CompiledPolicy, CompiledTenant};
use crate::decision::{BlockReason, Challenge};
use crate::demand::{Control, Demand, Strength, TargetKind};
use crate::evidence::{Ask, ControlState, Evidence, Regard, Registration};
use crate::facts::SignIn;
use crate::session_control::Frequency;

/// A policy in scope and what it came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Judgement {
    /// The policy's number in its tenant.
    pub(crate) policy: usize,
    pub(crate) verdict: Verdict,
}

/// What a policy says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Everything demanded is met.
    Satisfied,
    /// The user can still meet what is missing, by these; never empty.
    Open(Vec<Ask>),
    /// Nobody passes this policy in this sign-in.
    Blocked(BlockReason),
}

/// What the policies in force say together, against which each one is judged.
#[derive(Debug, Clone)]
pub(crate) struct Bench<'a> {
    pub(crate) evidence: &'a Evidence<'a>,
    /// How often proofs are renewed.
    pub(crate) frequency: Option<Frequency>,
    /// A policy in force is there because the sign-in is risky: then nobody registers a method (specification 5.5).
    is_risky: bool,
    /// The strengths demanded by policies about registering security information, while somebody registers.
    of_registration: Vec<&'a Strength>,
    /// The tenant that vouches for MFA, if it is met: that is the same for every policy, and most ask for it.
    mfa_is_met_by: OnceCell<Option<TenantId>>,
}

impl<'a> Bench<'a> {
    pub(crate) fn new(
        evidence: &'a Evidence<'a>,
        in_force: impl Iterator<Item = &'a CompiledPolicy> + Clone,
        frequency: Option<Frequency>,
    ) -> Self {
        let sign_in = evidence.sign_in;
        let registers = sign_in.user_action == Some(UserAction::RegisterSecurityInformation);
        let mut policies = in_force.clone();
        Self {
            evidence,
            frequency,
            is_risky: policies.any(|policy| policy.concern.is_sign_in_risk(sign_in)),
            of_registration: in_force
                .filter(|policy| registers && policy.concern.target == TargetKind::UserActions)
                .flat_map(|policy| policy.demand.strengths())
                .collect(),
            mfa_is_met_by: OnceCell::new(),
        }
    }

    /// The same with another sign-in frequency.
    pub(crate) fn with_frequency(self, frequency: Option<Frequency>) -> Self {
        Self {
            frequency,
            mfa_is_met_by: OnceCell::new(),
            ..self
        }
    }

    /// How old a second factor may be.
    pub(crate) fn interval(&self) -> Option<SignInInterval> {
        self.frequency.map(Frequency::interval)
    }

    /// What weighs when this policy's controls are judged; `None`: a demand of the request itself.
    pub(crate) fn regard(&self, policy: Option<&CompiledPolicy>) -> Regard {
        let sign_in = self.evidence.sign_in;
        let is = |says: &dyn Fn(&CompiledPolicy) -> bool| policy.is_some_and(says);
        let registration = if self.is_risky || is(&|policy| policy.concern.is_sign_in_risk(sign_in))
        {
            Registration::Refused(BlockReason::ProofUpBlockedByRisk)
        } else if sign_in.user_action == Some(UserAction::RegisterSecurityInformation)
            && is(&|policy| policy.concern.target == TargetKind::UserActions)
        {
            // Nobody registers a method to be allowed to register one. (To register a device they may.)
            Registration::Refused(BlockReason::ProofUpBlockedByPolicy)
        } else {
            Registration::AsPoliciesSay
        };
        Regard {
            interval: self.interval(),
            registration,
        }
    }

    /// What a control of a policy finds.
    pub(crate) fn find(&self, control: &Control, policy: &CompiledPolicy) -> ControlState {
        let regard = self.regard(Some(policy));
        match control {
            Control::Strength(_)
                if self.replaces_strengths_of(policy) && !self.evidence.is_legacy() =>
            {
                self.strengths_of_registration()
            }
            Control::Mfa => self.mfa(policy, regard),
            Control::Strength(_)
            | Control::CompliantDevice
            | Control::DomainJoinedDevice
            | Control::ApprovedApplication
            | Control::CompliantApplication
            | Control::PasswordChange
            | Control::RiskRemediation(_)
            | Control::TermsOfUse(_)
            | Control::Custom(_) => self.evidence.of(control, policy, regard),
        }
    }

    /// Whether MFA is met hangs on the proofs and on the frequency, never on the policy; what to do where it is not met does.
    fn mfa(&self, policy: &CompiledPolicy, regard: Regard) -> ControlState {
        let find = || self.evidence.of(&Control::Mfa, policy, regard);
        let met = self.mfa_is_met_by.get_or_init(|| match find() {
            ControlState::Met(tenant) => Some(tenant),
            ControlState::Open(_) | ControlState::Unobtainable(_) => None,
        });
        met.map_or_else(find, ControlState::Met)
    }

    /// How the log tells of a strength that a policy demands.
    pub(crate) fn strength_result(
        &self,
        strength: &Strength,
        policy: &CompiledPolicy,
    ) -> AuthenticationStrengthResult {
        if self.replaces_strengths_of(policy) {
            return AuthenticationStrengthResult::SkippedForProofUp;
        }
        let regard = self.regard(Some(policy));
        self.evidence.strength(strength, regard).result
    }

    /// While security information is registered, the strengths of policies about that replace those of policies about
    /// resources (specification 5.4).
    fn replaces_strengths_of(&self, policy: &CompiledPolicy) -> bool {
        !self.of_registration.is_empty() && policy.concern.target == TargetKind::Applications
    }

    /// All of them are met, or what is missing of them.
    fn strengths_of_registration(&self) -> ControlState {
        let regard = Regard {
            interval: self.interval(),
            registration: Registration::Refused(BlockReason::ProofUpBlockedByPolicy),
        };
        let states = self
            .of_registration
            .iter()
            .map(|strength| self.evidence.strength(strength, regard).state);
        match all_of(states) {
            Ok(asks) if asks.is_empty() => ControlState::Met(self.evidence.tenant.id()),
            Ok(asks) => ControlState::Open(asks),
            Err(reason) => ControlState::Unobtainable(reason),
        }
    }
}

/// Judges one policy in scope.
pub(crate) fn judge(number: usize, policy: &CompiledPolicy, bench: &Bench<'_>) -> Judgement {
    Judgement {
        policy: number,
        verdict: verdict(policy, bench),
    }
}

pub(crate) fn verdict(policy: &CompiledPolicy, bench: &Bench<'_>) -> Verdict {
    let evidence = bench.evidence;
    let states = policy
        .demand
        .controls()
        .iter()
        .filter(|control| !is_exempt(control, policy, evidence.sign_in))
        .map(|control| bench.find(control, policy));
    // A policy that cannot be evaluated must not open a door (decision 18).
    let grant = match (&policy.defect, &policy.demand) {
        (Some(_), _) => Err(BlockReason::PolicyNotEvaluable),
        (None, Demand::Nothing) => Ok(Vec::new()),
        (None, Demand::Block) => Err(evidence
            .risk_elsewhere(policy)
            .unwrap_or(BlockReason::BlockedByPolicy)),
        (None, Demand::All(controls) | Demand::Any(controls))
            if !controls.is_empty()
                && controls
                    .iter()
                    .all(|control| is_exempt(control, policy, evidence.sign_in)) =>
        {
            Ok(Vec::new())
        }
        (None, Demand::All(_)) => all_of(states),
        (None, Demand::Any(_)) => any_of(states),
    };
    let stale = bench.frequency.is_some_and(|frequency| {
        frequency.renews_primary()
            && frequency.is_due_to(policy)
            && !evidence.primary_is_proven(Some(frequency.interval()))
    });
    let primary = stale.then(|| Ask {
        challenge: Challenge::PrimaryAuthentication,
        place: evidence.primary_place,
        combinations: Vec::new(),
    });
    match grant {
        Err(reason) => Verdict::Blocked(reason),
        Ok(asks) => {
            let asks: Vec<Ask> = primary.into_iter().chain(asks).collect();
            if asks.is_empty() {
                Verdict::Satisfied
            } else {
                Verdict::Open(asks)
            }
        }
    }
}

/// A policy about all resources does not keep a device from being registered by asking for a registered device
/// (specification 4.3).
pub(crate) fn is_exempt(control: &Control, policy: &CompiledPolicy, sign_in: &SignIn) -> bool {
    let asks_for_device = match control {
        Control::CompliantDevice
        | Control::DomainJoinedDevice
        | Control::ApprovedApplication
        | Control::CompliantApplication => true,
        Control::Mfa
        | Control::Strength(_)
        | Control::PasswordChange
        | Control::RiskRemediation(_)
        | Control::TermsOfUse(_)
        | Control::Custom(_) => false,
    };
    asks_for_device
        && policy.concern.target == TargetKind::Applications
        && sign_in.user_action == Some(UserAction::RegisterOrJoinDevices)
}

/// Whether an enforced policy about registering security information would refuse this user now: who has no method and
/// may register none has nothing to do MFA with (53010).
pub(crate) fn is_registration_refused(tenant: &CompiledTenant, sign_in: &SignIn) -> bool {
    let registering = SignIn {
        user_action: Some(UserAction::RegisterSecurityInformation),
        ..sign_in.clone()
    };
    let evidence = Evidence::gather(tenant, &registering);
    let scope = tenant.scope(&registering);
    let policies = tenant
        .policies_in(&scope.all, tenant.enabled())
        .filter(|(_, policy)| policy.concern.target == TargetKind::UserActions)
        .map(|(_, policy)| policy);
    let bench = Bench::new(&evidence, policies.clone(), None);
    let mut policies = policies;
    policies.any(|policy| matches!(verdict(policy, &bench), Verdict::Blocked(_)))
}

/// What is still open, each thing once; refused as soon as one control cannot be had, whatever else is open (decision 15).
/// All of nothing is never met (requirement V03).
fn all_of(states: impl Iterator<Item = ControlState>) -> Result<Vec<Ask>, BlockReason> {
    let mut is_empty = true;
    let mut open: Vec<Ask> = Vec::new();
    for state in states {
        is_empty = false;
        match state {
            ControlState::Met(_) => {}
            ControlState::Open(asks) => {
                for ask in asks {
                    if !open.contains(&ask) {
                        open.push(ask);
                    }
                }
            }
            ControlState::Unobtainable(reason) => return Err(reason),
        }
    }
    if is_empty {
        return Err(BlockReason::PolicyNotEvaluable);
    }
    Ok(open)
}

/// What the first control that can be had still asks for; nothing once one is met. Refused when none can be had, for the
/// reason of the first; any of nothing is never met.
fn any_of(states: impl Iterator<Item = ControlState>) -> Result<Vec<Ask>, BlockReason> {
    let mut open = None;
    let mut first_reason = None;
    for state in states {
        match state {
            ControlState::Met(_) => return Ok(Vec::new()),
            ControlState::Open(asks) => open = open.or(Some(asks)),
            ControlState::Unobtainable(reason) => first_reason = first_reason.or(Some(reason)),
        }
    }
    open.ok_or(first_reason.unwrap_or(BlockReason::PolicyNotEvaluable))
}

#[cfg(test)]
mod tests;
