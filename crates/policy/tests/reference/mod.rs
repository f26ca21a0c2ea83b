//! A second evaluator: slow, obvious, written from the specification. Whatever it and the engine disagree about is a
//! mistake in one of them.

use portcullis_model::conditional_access::{
    ClientAppType, ConditionalAccessPolicy, FrequencyAuthenticationType, GrantControl,
    GrantOperator, PersistentBrowser, PolicyState, SignInFrequency, SignInInterval,
};
use portcullis_model::credential::AuthenticationMethod;
use portcullis_model::cross_tenant_access::InboundTrust;
use portcullis_model::device::DeviceTrustType;
use portcullis_model::id::{PolicyId, TenantId};
use portcullis_model::sign_in_log::{AppliedPolicyResult, ConditionalAccessStatus};
use portcullis_model::store::TenantConfiguration;
use portcullis_policy::decision::{
    Block, BlockReason, Challenge, Outcome, Place, Requirement, SessionDecision,
};
use portcullis_policy::facts::{Channel, SignIn, Subject, UserSubject};

mod matching;

/// What both evaluators must agree on.
#[derive(Debug, PartialEq)]
pub(crate) struct Answer {
    pub outcome: Outcome,
    pub status: ConditionalAccessStatus,
    pub session: SessionDecision,
    pub results: Vec<(PolicyId, AppliedPolicyResult)>,
    pub conditions_not_satisfied: Vec<(PolicyId, Vec<String>)>,
}

/// What one policy says.
#[derive(Clone, Copy, PartialEq)]
enum Says {
    Pass,
    Ask { primary: bool, mfa: bool },
    Refuse(BlockReason),
}

struct World<'a> {
    tenant: &'a TenantConfiguration,
    sign_in: &'a SignIn,
}

pub(crate) fn evaluate(tenant: &TenantConfiguration, sign_in: &SignIn) -> Answer {
    let world = World { tenant, sign_in };
    let policies = &tenant.conditional_access_policies;
    let in_scope = |policy: &&ConditionalAccessPolicy| world.unmatched(policy).is_empty();
    let enabled = |policy: &&ConditionalAccessPolicy| policy.state == PolicyState::Enabled;
    let in_force: Vec<_> = policies.iter().filter(enabled).filter(in_scope).collect();

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
            PolicyState::Enabled if !in_scope(&policy) => R::NotApplied,
            PolicyState::Enabled => match says(policy) {
                Says::Pass => R::Success,
                Says::Refuse(BlockReason::PolicyNotEvaluable) => R::Unknown,
                Says::Ask { .. } | Says::Refuse(_) => R::Failure,
            },
            PolicyState::ReportOnly if !in_scope(&policy) => R::ReportOnlyNotApplied,
            PolicyState::ReportOnly => match says(policy) {
                Says::Pass => R::ReportOnlySuccess,
                Says::Ask { .. } => R::ReportOnlyInterrupted,
                Says::Refuse(_) => R::ReportOnlyFailure,
            },
        }
    };
    let concerned = policies.iter().filter(enabled).any(|policy| {
        let unmatched = world.unmatched(policy);
        !unmatched.contains(&"users")
            && !unmatched.contains(&"servicePrincipals")
            && !unmatched.contains(&"application")
    });
    let status = if !concerned {
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
        conditions_not_satisfied: policies
            .iter()
            .filter(|policy| policy.state != PolicyState::Disabled)
            .map(|policy| {
                let names = world.unmatched(policy).into_iter();
                (policy.id, names.map(str::to_owned).collect())
            })
            .collect(),
    }
}

impl World<'_> {
    fn user(&self) -> Option<&UserSubject> {
        match &self.sign_in.subject {
            Subject::User(user) => Some(user),
            Subject::ServicePrincipal(_) => None,
        }
    }

    fn channel(&self) -> Option<Channel> {
        self.user().map(UserSubject::channel)
    }

    // Section 5, and 2.4 of the cross-tenant specification: what a policy in scope says.

    fn says(&self, policy: &ConditionalAccessPolicy, beside: &[&ConditionalAccessPolicy]) -> Says {
        if self.is_broken(policy) {
            return Says::Refuse(BlockReason::PolicyNotEvaluable);
        }
        let frequency = self.frequency(beside);
        let primary = frequency.is_some_and(|merged| {
            merged.authentication_type
                == FrequencyAuthenticationType::PrimaryAndSecondaryAuthentication
                && is_due_to(policy, merged, beside)
                && !self.proven(
                    AuthenticationMethod::Password,
                    self.primary_tenant(),
                    Some(merged.interval),
                )
        });
        let interval = frequency.map(|merged| merged.interval);
        let mut mfa = false;
        if let Some(grant) = &policy.grant_controls {
            let mut controls = grant.controls.clone();
            controls.sort();
            if controls.contains(&GrantControl::Block) {
                return Says::Refuse(BlockReason::BlockedByPolicy);
            }
            let found: Vec<_> = controls
                .iter()
                .map(|one| self.control(one, interval))
                .collect();
            let passed = found.iter().filter(|one| **one == Says::Pass).count();
            let refused = found.iter().find(|one| matches!(one, Says::Refuse(_)));
            let asked = found.iter().any(|one| matches!(one, Says::Ask { .. }));
            match (grant.operator, refused) {
                (GrantOperator::And, Some(refusal)) => return *refusal,
                (GrantOperator::And, None) => mfa = passed < found.len(),
                (GrantOperator::Or, _) if passed > 0 => {}
                (GrantOperator::Or, Some(refusal)) if !asked => return *refusal,
                (GrantOperator::Or, _) => mfa = true,
            }
        }
        match (primary, mfa) {
            (false, false) => Says::Pass,
            _ => Says::Ask { primary, mfa },
        }
    }

    fn control(&self, control: &GrantControl, interval: Option<SignInInterval>) -> Says {
        let modern = [
            ClientAppType::Browser,
            ClientAppType::MobileAppsAndDesktopClients,
        ];
        let Some(user) = self
            .user()
            .filter(|_| modern.contains(&self.sign_in.client_app_type))
        else {
            return Says::Refuse(BlockReason::BlockedByPolicy);
        };
        let external = user.home().is_some();
        let device = |wanted: &dyn Fn(&portcullis_model::device::DeviceClaims) -> bool| {
            self.sign_in
                .device
                .as_ref()
                .is_some_and(|device| device.tenant_id == self.primary_tenant() && wanted(device))
        };
        match control {
            GrantControl::Block => Says::Refuse(BlockReason::BlockedByPolicy),
            GrantControl::Mfa => match self.mfa_tenant() {
                None => Says::Refuse(BlockReason::InboundMfaTrustRequired),
                Some(place)
                    if self.proven(AuthenticationMethod::Password, self.primary_tenant(), None)
                        && self.proven(AuthenticationMethod::SoftwareOath, place, interval) =>
                {
                    Says::Pass
                }
                Some(_) => Says::Ask {
                    primary: false,
                    mfa: true,
                },
            },
            GrantControl::CompliantDevice => {
                if external && !self.trusts(|trust| trust.is_compliant_device_accepted) {
                    Says::Refuse(BlockReason::DeviceTrustNotConfigured)
                } else if device(&|device| device.is_compliant) {
                    Says::Pass
                } else {
                    Says::Refuse(BlockReason::DeviceNotCompliant)
                }
            }
            GrantControl::DomainJoinedDevice => {
                if external && !self.trusts(|trust| trust.is_hybrid_azure_ad_joined_device_accepted)
                {
                    Says::Refuse(BlockReason::DeviceTrustNotConfigured)
                } else if device(&|device| device.trust_type == DeviceTrustType::ServerAd) {
                    Says::Pass
                } else {
                    Says::Refuse(BlockReason::DeviceNotDomainJoined)
                }
            }
            GrantControl::AuthenticationStrength(_)
            | GrantControl::ApprovedApplication
            | GrantControl::CompliantApplication
            | GrantControl::PasswordChange
            | GrantControl::RiskRemediation
            | GrantControl::TermsOfUse(_)
            | GrantControl::CustomAuthenticationFactor(_) => {
                // Not generated, and not known here.
                Says::Refuse(BlockReason::PolicyNotEvaluable)
            }
        }
    }

    fn trusts(&self, flag: fn(&InboundTrust) -> Option<bool>) -> bool {
        let settings = &self.tenant.cross_tenant_access_policy;
        let home = self
            .user()
            .and_then(UserSubject::home)
            .map(|home| home.tenant_id);
        let partner = settings
            .partners
            .iter()
            .find(|partner| Some(partner.tenant_id) == home);
        let of_partner =
            partner.and_then(|partner| partner.settings.inbound_trust.as_ref().and_then(flag));
        let of_default = settings.default.inbound_trust.as_ref().and_then(flag);
        of_partner.or(of_default) == Some(true)
    }

    fn primary_tenant(&self) -> TenantId {
        let home = self.user().and_then(UserSubject::home);
        home.map_or(self.tenant.organization.id, |home| home.tenant_id)
    }

    fn mfa_tenant(&self) -> Option<TenantId> {
        match self.channel()? {
            Channel::Internal => Some(self.tenant.organization.id),
            _ if self.trusts(|trust| trust.is_mfa_accepted) => Some(self.primary_tenant()),
            Channel::Collaboration => Some(self.tenant.organization.id),
            Channel::DirectConnect | Channel::ServiceProvider => None,
        }
    }

    fn proven(
        &self,
        method: AuthenticationMethod,
        tenant: TenantId,
        interval: Option<SignInInterval>,
    ) -> bool {
        let oldest_seconds = match interval {
            None => i64::MAX,
            Some(SignInInterval::EveryTime) => 300,
            Some(SignInInterval::Hours(hours)) => i64::from(hours) * 3600,
        };
        self.sign_in.proofs.iter().any(|proof| {
            let age_seconds = self.sign_in.at.as_second() - proof.at.as_second();
            proof.method == method
                && proof.tenant == tenant
                && (-300..oldest_seconds).contains(&age_seconds)
        })
    }

    // Decision 12 and 16: session controls.

    fn frequency(&self, beside: &[&ConditionalAccessPolicy]) -> Option<SignInFrequency> {
        let all: Vec<_> = beside
            .iter()
            .filter_map(|one| one.session_controls.sign_in_frequency)
            .collect();
        let applies = self.channel() != Some(Channel::DirectConnect);
        Some(SignInFrequency {
            interval: all
                .iter()
                .map(|one| one.interval)
                .min()
                .filter(|_| applies)?,
            authentication_type: all.iter().map(|one| one.authentication_type).min()?,
        })
    }

    fn session(&self, in_force: &[&ConditionalAccessPolicy]) -> SessionDecision {
        let saying = |mode| -> Vec<PolicyId> {
            let policies = in_force
                .iter()
                .filter(|one| one.session_controls.persistent_browser == Some(mode));
            policies.map(|one| one.id).collect()
        };
        let persistent = [PersistentBrowser::Never, PersistentBrowser::Always]
            .map(|mode| (mode, saying(mode)))
            .into_iter()
            .find(|(_, policies)| !policies.is_empty());
        SessionDecision {
            sign_in_frequency: self.frequency(in_force).map(|merged| {
                let due = in_force
                    .iter()
                    .filter(|one| is_due_to(one, merged, in_force));
                (
                    merged.interval,
                    merged.authentication_type,
                    due.map(|one| one.id).collect(),
                )
            }),
            persistent_browser: persistent
                .filter(|_| self.channel() != Some(Channel::DirectConnect)),
            ..SessionDecision::default()
        }
    }

    // Everything together.

    fn outcome(&self, in_force: &[&ConditionalAccessPolicy]) -> Outcome {
        let mut said: Vec<(Option<PolicyId>, Says)> = in_force
            .iter()
            .map(|one| (Some(one.id), self.says(one, in_force)))
            .collect();
        if self.sign_in.audiences.is_empty() && self.sign_in.authentication_contexts.is_empty() {
            said.push((None, Says::Refuse(BlockReason::NoAudience)));
        }
        if self.user().is_some()
            && !self.proven(AuthenticationMethod::Password, self.primary_tenant(), None)
        {
            said.push((
                None,
                Says::Ask {
                    primary: true,
                    mfa: false,
                },
            ));
        }
        if self.sign_in.requests_mfa {
            let interval = self.frequency(in_force).map(|merged| merged.interval);
            said.push((None, self.control(&GrantControl::Mfa, interval)));
        }
        let refusals = said.iter().filter_map(|(_, says)| match says {
            Says::Refuse(reason) => Some(*reason),
            Says::Pass | Says::Ask { .. } => None,
        });
        let policies = |wanted: &dyn Fn(Says) -> bool| -> Vec<PolicyId> {
            said.iter()
                .filter(|(_, says)| wanted(*says))
                .filter_map(|(policy, _)| *policy)
                .collect()
        };
        if let Some(reason) = refusals.min() {
            let policies = policies(&|says| says == Says::Refuse(reason));
            return Outcome::Blocked(Block { reason, policies });
        }
        let place = |tenant: TenantId| {
            if tenant == self.tenant.organization.id {
                Place::ResourceTenant(tenant)
            } else {
                Place::HomeTenant(tenant)
            }
        };
        let mut open = Vec::new();
        let asks_primary = |says| matches!(says, Says::Ask { primary: true, .. });
        let asks_mfa = |says| matches!(says, Says::Ask { mfa: true, .. });
        if said.iter().any(|(_, says)| asks_primary(*says)) {
            open.push(Requirement {
                challenge: Challenge::PrimaryAuthentication,
                place: place(self.primary_tenant()),
                policies: policies(&asks_primary),
                combinations: Vec::new(),
            });
        }
        let asked_mfa = said.iter().any(|(_, says)| asks_mfa(*says));
        if let Some(tenant) = self.mfa_tenant().filter(|_| asked_mfa) {
            open.push(Requirement {
                challenge: Challenge::MultifactorAuthentication,
                place: place(tenant),
                policies: policies(&asks_mfa),
                combinations: Vec::new(),
            });
        }
        if open.is_empty() {
            Outcome::Granted
        } else {
            Outcome::Open(open)
        }
    }
}

/// A policy that says the whole merged frequency; where none does, one that says a part of it.
fn is_due_to(
    policy: &ConditionalAccessPolicy,
    merged: SignInFrequency,
    beside: &[&ConditionalAccessPolicy],
) -> bool {
    let says_all =
        |one: &ConditionalAccessPolicy| one.session_controls.sign_in_frequency == Some(merged);
    let says_part = policy
        .session_controls
        .sign_in_frequency
        .is_some_and(|one| {
            one.interval == merged.interval || one.authentication_type == merged.authentication_type
        });
    says_all(policy) || (says_part && !beside.iter().any(|one| says_all(one)))
}
