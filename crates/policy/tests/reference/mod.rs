//! A second evaluator: slow, obvious, written from the specification. Whatever it and the engine disagree about is a
//! mistake in one of them.

use std::collections::BTreeMap;

use portcullis_model::conditional_access::{
    CloudAppSecurity, ConditionalAccessPolicy, ContinuousAccessEvaluation,
    FrequencyAuthenticationType, GrantControl, GrantOperator, PersistentBrowser, PolicyState,
    SessionControls, SignInFrequency, SignInInterval, Target, UserAction,
};
use portcullis_model::credential::AuthenticationMethods;
use portcullis_model::id::{PolicyId, TenantId};
use portcullis_model::sign_in_log::{AppliedPolicyResult, ConditionalAccessStatus};
use portcullis_model::store::TenantConfiguration;
use portcullis_policy::decision::{
    Block, BlockReason, Challenge, Outcome, Place, Requirement, SessionDecision,
};
use portcullis_policy::facts::{Channel, Origin, SignIn, UserSubject};

mod controls;
mod filter;
mod matching;

pub(crate) use matching::Matched;

/// What both evaluators must agree on.
#[derive(Debug, PartialEq)]
pub(crate) struct Answer {
    pub outcome: Outcome,
    pub status: ConditionalAccessStatus,
    pub session: SessionDecision,
    pub results: Vec<(PolicyId, AppliedPolicyResult)>,
    /// Of policies that are not disabled.
    pub matched: Vec<(PolicyId, Matched)>,
}

/// What one policy says.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Says {
    Pass,
    /// Each challenge with the combinations that would do, of a strength.
    Ask(BTreeMap<Challenge, Vec<AuthenticationMethods>>),
    Refuse(BlockReason),
}

pub(super) fn ask(challenge: Challenge) -> Says {
    Says::Ask([(challenge, Vec::new())].into())
}

impl Says {
    /// Both; the first refusal counts.
    pub(super) fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Refuse(reason), _) | (_, Self::Refuse(reason)) => Self::Refuse(reason),
            (Self::Pass, other) | (other, Self::Pass) => other,
            (Self::Ask(mut one), Self::Ask(other)) => {
                one.extend(other);
                Self::Ask(one)
            }
        }
    }
}

pub(super) struct World<'a> {
    tenant: &'a TenantConfiguration,
    sign_in: &'a SignIn,
    /// Whether proofs grow old.
    has_frequency: bool,
}

pub(crate) fn evaluate(tenant: &TenantConfiguration, sign_in: &SignIn) -> Answer {
    let world = World {
        tenant,
        sign_in,
        has_frequency: true,
    };
    let policies = &tenant.conditional_access_policies;
    let in_force = world.in_force();
    let says = |policy: &ConditionalAccessPolicy| {
        let mut beside = in_force.clone();
        if policy.state == PolicyState::ReportOnly {
            beside.push(policy);
        }
        world.says(policy, &beside)
    };
    let result = |policy: &ConditionalAccessPolicy| {
        use AppliedPolicyResult as R;
        match policy.state {
            PolicyState::Disabled => R::NotEnabled,
            PolicyState::Enabled if !world.in_scope(policy) => R::NotApplied,
            PolicyState::Enabled => match says(policy) {
                Says::Pass => R::Success,
                Says::Refuse(BlockReason::PolicyNotEvaluable) => R::Unknown,
                Says::Ask(_) | Says::Refuse(_) => R::Failure,
            },
            PolicyState::ReportOnly if !world.in_scope(policy) => R::ReportOnlyNotApplied,
            // 5.6: what users do to their own accounts is not looked at.
            PolicyState::ReportOnly
                if matches!(policy.conditions.target, Target::UserActions(_)) =>
            {
                R::ReportOnlyNotApplied
            }
            PolicyState::ReportOnly => match says(policy) {
                Says::Pass => R::ReportOnlySuccess,
                Says::Ask(_) => R::ReportOnlyInterrupted,
                Says::Refuse(_) => R::ReportOnlyFailure,
            },
        }
    };
    // 5.7
    let is_concerned = policies.iter().any(|policy| {
        let not = world.matched(policy).not_satisfied;
        policy.state == PolicyState::Enabled
            && !["users", "servicePrincipals", "application"]
                .iter()
                .any(|one| not.contains(*one))
    });
    let status = if !is_concerned {
        ConditionalAccessStatus::NotApplied
    } else if in_force.iter().all(|policy| says(policy) == Says::Pass) {
        ConditionalAccessStatus::Success
    } else {
        ConditionalAccessStatus::Failure
    };
    Answer {
        outcome: world.outcome(&in_force),
        status,
        session: world.session(&in_force),
        results: policies
            .iter()
            .map(|policy| (policy.id, result(policy)))
            .collect(),
        matched: policies
            .iter()
            .filter(|policy| policy.state != PolicyState::Disabled)
            .map(|policy| (policy.id, world.matched(policy)))
            .collect(),
    }
}

impl World<'_> {
    pub(super) fn in_force(&self) -> Vec<&ConditionalAccessPolicy> {
        let policies = self.tenant.conditional_access_policies.iter();
        policies
            .filter(|policy| policy.state == PolicyState::Enabled && self.in_scope(policy))
            .collect()
    }

    // 5.2, 5.3: what a policy in scope says.

    pub(super) fn says(
        &self,
        policy: &ConditionalAccessPolicy,
        beside: &[&ConditionalAccessPolicy],
    ) -> Says {
        if self.is_broken(policy) {
            return Says::Refuse(BlockReason::PolicyNotEvaluable);
        }
        let frequency = self.frequency(beside).filter(|merged| {
            merged.authentication_type
                == FrequencyAuthenticationType::PrimaryAndSecondaryAuthentication
                && is_due_to(policy, *merged, beside)
        });
        let primary = match frequency {
            // Of a workload identity too, which Graph would not let a policy say: it never begins, and the door stays shut.
            Some(merged) if !self.has_begun(Some(merged.interval)) => {
                ask(Challenge::PrimaryAuthentication)
            }
            _ => Says::Pass,
        };
        let Some(grant) = &policy.grant_controls else {
            return primary;
        };
        if grant.controls.contains(&GrantControl::Block) {
            let elsewhere = self.risk_elsewhere(policy);
            return Says::Refuse(elsewhere.unwrap_or(BlockReason::BlockedByPolicy));
        }
        let mut controls = grant.controls.clone();
        controls.sort();
        controls.retain(|one| !self.is_exempt(one, policy));
        if controls.is_empty() {
            return primary;
        }
        let found: Vec<_> = controls
            .iter()
            .map(|one| self.control(one, Some(policy), beside))
            .collect();
        let demanded = match grant.operator {
            GrantOperator::And => found.into_iter().fold(Says::Pass, Says::and),
            GrantOperator::Or if found.contains(&Says::Pass) => Says::Pass,
            GrantOperator::Or => {
                let asked = found.iter().find(|one| matches!(one, Says::Ask(_)));
                asked.or(found.first()).cloned().unwrap_or(Says::Pass)
            }
        };
        demanded.and(primary)
    }

    /// 4.3: what asks for a registered device does not keep one from being registered, where it is about all resources.
    fn is_exempt(&self, control: &GrantControl, policy: &ConditionalAccessPolicy) -> bool {
        let about_devices = [
            GrantControl::CompliantDevice,
            GrantControl::DomainJoinedDevice,
            GrantControl::ApprovedApplication,
            GrantControl::CompliantApplication,
        ];
        let is_about_devices = match control {
            GrantControl::TermsOfUse(id) => self.is_per_device(*id),
            other => about_devices.contains(other),
        };
        is_about_devices
            && self.sign_in.user_action == Some(UserAction::RegisterOrJoinDevices)
            && matches!(policy.conditions.target, Target::Applications(_))
    }

    // 5.9, decisions 12 and 16: session controls.

    /// 8.3: not for users without an object here.
    fn takes_session_controls(&self) -> bool {
        !matches!(
            self.user().map(UserSubject::channel),
            Some(Channel::DirectConnect)
        )
    }

    pub(super) fn frequency(&self, beside: &[&ConditionalAccessPolicy]) -> Option<SignInFrequency> {
        let all: Vec<_> = beside
            .iter()
            .filter_map(|one| frequency_of(one))
            .filter(|_| self.has_frequency && self.takes_session_controls())
            .collect();
        Some(SignInFrequency {
            interval: all.iter().map(|one| one.interval).min()?,
            authentication_type: all.iter().map(|one| one.authentication_type).min()?,
        })
    }

    fn session(&self, in_force: &[&ConditionalAccessPolicy]) -> SessionDecision {
        let takes = self.takes_session_controls();
        let saying = |says: &dyn Fn(&SessionControls) -> bool| -> Vec<PolicyId> {
            let policies = in_force.iter().filter(|one| says(&one.session_controls));
            policies.map(|one| one.id).collect()
        };
        let mut decision = SessionDecision {
            sign_in_frequency: self.frequency(in_force).map(|merged| {
                let due = in_force
                    .iter()
                    .filter(|one| is_due_to(one, merged, in_force));
                let due = due.map(|one| one.id).collect();
                (merged.interval, merged.authentication_type, due)
            }),
            secure_sign_in_session: saying(&|one| one.secure_sign_in_session),
            disable_resilience_defaults: saying(&|one| one.disable_resilience_defaults),
            ..SessionDecision::default()
        };
        for policy in in_force {
            if let Some(profile) = &policy
                .session_controls
                .global_secure_access_filtering_profile
            {
                let profiles = &mut decision.global_secure_access_filtering_profiles;
                profiles.entry(profile.clone()).or_default().push(policy.id);
            }
        }
        // 10.6: of nobody whose credentials live elsewhere.
        let is_external = self
            .user()
            .is_some_and(|user| user.origin != Origin::Internal);
        for mode in [
            ContinuousAccessEvaluation::Disabled,
            ContinuousAccessEvaluation::StrictEnforcement,
            ContinuousAccessEvaluation::StrictLocation,
        ] {
            let policies = saying(&|one| one.continuous_access_evaluation == Some(mode));
            if !policies.is_empty() && !is_external {
                decision.continuous_access_evaluation = Some((mode, policies));
            }
        }
        if !takes {
            return decision;
        }
        decision.application_enforced_restrictions =
            saying(&|one| one.application_enforced_restrictions);
        for mode in [PersistentBrowser::Always, PersistentBrowser::Never] {
            let policies = saying(&|one| one.persistent_browser == Some(mode));
            if !policies.is_empty() {
                decision.persistent_browser = Some((mode, policies));
            }
        }
        let all = saying(&|one| one.cloud_app_security.is_some());
        for mode in [
            CloudAppSecurity::MonitorOnly,
            CloudAppSecurity::Configured,
            CloudAppSecurity::BlockDownloads,
        ] {
            if !saying(&|one| one.cloud_app_security == Some(mode)).is_empty() {
                decision.cloud_app_security = Some((mode, all.clone()));
            }
        }
        decision
    }

    // 5.2: everything together.

    fn outcome(&self, in_force: &[&ConditionalAccessPolicy]) -> Outcome {
        let sign_in = self.sign_in;
        let mut said: Vec<(Option<PolicyId>, Says)> = in_force
            .iter()
            .map(|one| (Some(one.id), self.says(one, in_force)))
            .collect();
        if sign_in.audiences.is_empty()
            && sign_in.user_action.is_none()
            && sign_in.authentication_contexts.is_empty()
        {
            said.push((None, Says::Refuse(BlockReason::NoAudience)));
        }
        if self.user().is_some() && !self.has_begun(None) {
            said.push((None, ask(Challenge::PrimaryAuthentication)));
        }
        if sign_in.requests_mfa {
            said.push((None, self.control(&GrantControl::Mfa, None, in_force)));
        }
        let refusals = said.iter().filter_map(|(_, says)| match says {
            Says::Refuse(reason) => Some(*reason),
            Says::Pass | Says::Ask(_) => None,
        });
        if let Some(reason) = refusals.min() {
            let mut policies: Vec<PolicyId> = said
                .iter()
                .filter(|(_, says)| *says == Says::Refuse(reason))
                .filter_map(|(policy, _)| *policy)
                .collect();
            if reason == BlockReason::ProofUpBlockedByPolicy {
                policies.extend(self.refusing_registration());
            }
            return Outcome::Blocked(Block { reason, policies });
        }
        let mut open: BTreeMap<Challenge, Requirement> = BTreeMap::new();
        for (policy, says) in said {
            let Says::Ask(challenges) = says else {
                continue;
            };
            for (challenge, combinations) in challenges {
                let requirement = open.entry(challenge.clone()).or_insert(Requirement {
                    place: self.place(&challenge),
                    challenge,
                    policies: Vec::new(),
                    combinations,
                });
                requirement.policies.extend(policy);
            }
        }
        if open.is_empty() {
            Outcome::Granted
        } else {
            Outcome::Open(open.into_values().collect())
        }
    }

    fn place(&self, challenge: &Challenge) -> Place {
        let own = self.tenant.organization.id;
        let tenant: TenantId = match challenge {
            Challenge::PrimaryAuthentication => self.primary_tenant(),
            Challenge::MultifactorAuthentication | Challenge::AuthenticationStrength(_) => {
                self.mfa_tenant().unwrap_or(own)
            }
            Challenge::RiskRemediation
            | Challenge::PasswordChange
            | Challenge::TermsOfUse(_)
            | Challenge::CustomAuthenticationFactor(_) => own,
        };
        if tenant == own {
            Place::ResourceTenant(tenant)
        } else {
            Place::HomeTenant(tenant)
        }
    }
}

/// A policy that says the whole merged frequency; where none does, one that says a part of it.
fn is_due_to(
    policy: &ConditionalAccessPolicy,
    merged: SignInFrequency,
    beside: &[&ConditionalAccessPolicy],
) -> bool {
    let says_all = |one: &ConditionalAccessPolicy| frequency_of(one) == Some(merged);
    let says_part = frequency_of(policy).is_some_and(|one| {
        one.interval == merged.interval || one.authentication_type == merged.authentication_type
    });
    says_all(policy) || (says_part && !beside.iter().any(|one| says_all(one)))
}

/// The sign-in frequency of a policy; a risk remediation brings its own (specification 3.3).
fn frequency_of(policy: &ConditionalAccessPolicy) -> Option<SignInFrequency> {
    let controls = policy
        .grant_controls
        .iter()
        .flat_map(|grant| &grant.controls);
    if controls
        .into_iter()
        .any(|one| *one == GrantControl::RiskRemediation)
    {
        return Some(SignInFrequency {
            interval: SignInInterval::EveryTime,
            authentication_type: FrequencyAuthenticationType::PrimaryAndSecondaryAuthentication,
        });
    }
    policy.session_controls.sign_in_frequency
}
