//! What a decision says: per policy for the log, as a whole for whoever asked.

use std::collections::BTreeMap;
use std::sync::Arc;

use portcullis_model::conditional_access::{
    CloudAppSecurity, ContinuousAccessEvaluation, FrequencyAuthenticationType, GrantControl,
    PersistentBrowser, SignInInterval,
};
use portcullis_model::credential::AuthenticationMethods;
use portcullis_model::id::{AgreementId, AuthenticationStrengthId, PolicyId, TenantId};
use portcullis_model::sign_in_log::{AppliedPolicyResult, ConditionalAccessStatus};

use crate::compile::CompiledTenant;
use crate::decide::{judgements, session};
use crate::demand::Control;
use crate::dimension::Bound;
use crate::facts::SignIn;
use crate::judge::{Judgement, Verdict};
use crate::policy_set::PolicySet;
use crate::results::Failed;
use crate::seen::Seen;
use crate::what_if::NotGiven;

/// The outcome of one evaluation and its trace.
///
/// [`Decision::policies`] tells of each policy what it came to.
#[derive(Debug, Clone)]
pub struct Decision {
    pub(crate) tenant: CompiledTenant,
    pub(crate) sign_in: Arc<SignIn>,
    /// What a What If left out, and what it asked instead; nothing of a real sign-in.
    pub(crate) not_given: (NotGiven, Bound),
    /// The enabled policies in scope, and which of them are not satisfied.
    pub(crate) in_force: PolicySet,
    pub(crate) failed: Failed,
    /// What the policies came to, for the log.
    pub status: ConditionalAccessStatus,
    /// What happens next.
    pub outcome: Outcome,
}

/// What happens next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// Everything demanded is met: [`Decision::permit`] answers.
    Granted,
    /// Refused, whatever the user does now.
    Blocked(Block),
    /// These are open, in the order in which to ask (specification 5.3); never empty.
    Open(Vec<Requirement>),
}

/// A refusal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Block {
    /// Why, as the error page says it.
    pub reason: BlockReason,
    /// The policies that refuse; empty when the request itself demanded what cannot be had. Where a policy about
    /// security information keeps a method from being registered ([`BlockReason::ProofUpBlockedByPolicy`]), first those
    /// that demand the method, then those that keep it from being registered.
    pub policies: Vec<PolicyId>,
}

/// Why a sign-in is refused (specification 12.1). Of several reasons the first in this order is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum BlockReason {
    /// A policy blocks (53003).
    BlockedByPolicy,
    /// A policy about user risk refuses a user whose risk can only be remedied in their own tenant (53011).
    UserRiskAtHome,
    /// The same of a service provider's user (530034).
    ServiceProviderAtRisk,
    /// MFA is demanded of a user without an object here, and the home tenant's is not accepted (90071).
    InboundMfaTrustRequired,
    /// Nothing is registered that MFA could be done with, and nothing may be while there is risk (53004, decision 14).
    ProofUpBlockedByRisk,
    /// Nothing is registered, and a policy about security information keeps it from being registered here (53010).
    ProofUpBlockedByPolicy,
    /// The user has no method for MFA and can register none (53003).
    NoMultifactorMethod,
    /// A strength is demanded of a guest whose identity is no tenant's (9900005, decision 6).
    StrengthNeedsHomeTenant,
    /// The user has no combination of methods that is strong enough, and can register none (54009).
    StrengthNotObtainable,
    /// The user's own tenant does not vouch for a compliant device (53000): there is none, or it is not compliant.
    DeviceNotCompliant,
    /// The user's own tenant does not vouch for a hybrid joined device (53001).
    DeviceNotDomainJoined,
    /// A device is demanded of a user of another tenant, whose word on devices is not trusted (530004).
    DeviceTrustNotConfigured,
    /// A device is demanded of a sign-in through the device code grant, which cannot show one (530033).
    DeviceInDeviceCodeFlow,
    /// Terms of use are accepted on each registered device, and this device is not registered here (50129).
    DeviceNotRegistered,
    /// The client application is not an approved one, or the user is one for whom none is (53002).
    ApplicationNotApproved,
    /// The client application is not under a protection policy, or the user is one for whom none is (53009).
    ApplicationNotProtected,
    /// The password must be changed and cannot be (50142).
    PasswordNotChangeable,
    /// A control that is not offered to this kind of external user (50177, decision 11).
    NotForExternalUsers,
    /// A policy could not be evaluated; the door stays shut (decision 18, 53003).
    PolicyNotEvaluable,
    /// No audience at all; an empty set never opens a door (53003).
    NoAudience,
    /// The admission at hand is not for this tenant, this client or these resources (500213): a fault of the caller.
    NotAdmitted,
}

impl BlockReason {
    /// All of them, in the order in which they are told.
    pub const ALL: [Self; 21] = [
        Self::BlockedByPolicy,
        Self::UserRiskAtHome,
        Self::ServiceProviderAtRisk,
        Self::InboundMfaTrustRequired,
        Self::ProofUpBlockedByRisk,
        Self::ProofUpBlockedByPolicy,
        Self::NoMultifactorMethod,
        Self::StrengthNeedsHomeTenant,
        Self::StrengthNotObtainable,
        Self::DeviceNotCompliant,
        Self::DeviceNotDomainJoined,
        Self::DeviceTrustNotConfigured,
        Self::DeviceInDeviceCodeFlow,
        Self::DeviceNotRegistered,
        Self::ApplicationNotApproved,
        Self::ApplicationNotProtected,
        Self::PasswordNotChangeable,
        Self::NotForExternalUsers,
        Self::PolicyNotEvaluable,
        Self::NoAudience,
        Self::NotAdmitted,
    ];

    /// The error number shown and logged (specification 12, decision 21).
    pub const fn error_code(self) -> u32 {
        match self {
            Self::BlockedByPolicy
            | Self::NoMultifactorMethod
            | Self::PolicyNotEvaluable
            | Self::NoAudience => 53003,
            Self::UserRiskAtHome => 53011,
            Self::ServiceProviderAtRisk => 530_034,
            Self::InboundMfaTrustRequired => 90071,
            Self::ProofUpBlockedByRisk => 53004,
            Self::ProofUpBlockedByPolicy => 53010,
            Self::StrengthNeedsHomeTenant => 9_900_005,
            Self::StrengthNotObtainable => 54009,
            Self::DeviceNotCompliant => 53000,
            Self::DeviceNotDomainJoined => 53001,
            Self::DeviceTrustNotConfigured => 530_004,
            Self::DeviceInDeviceCodeFlow => 530_033,
            Self::DeviceNotRegistered => 50129,
            Self::ApplicationNotApproved => 53002,
            Self::ApplicationNotProtected => 53009,
            Self::PasswordNotChangeable => 50142,
            Self::NotForExternalUsers => 50177,
            Self::NotAdmitted => 500_213,
        }
    }
}

/// Something that is still open, and where it may be met.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Requirement {
    /// What.
    pub challenge: Challenge,
    /// Where: the tenant that asks for the proof.
    pub place: Place,
    /// The policies that demand it; empty when the request itself does.
    pub policies: Vec<PolicyId>,
    /// Of a strength: the combinations within the user's reach, any of which is strong enough. Empty for what is no
    /// strength.
    pub combinations: Vec<AuthenticationMethods>,
}

/// What the user is asked for, in the order of asking (specification 5.3). What is strong enough is also MFA, so strengths
/// come first.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Challenge {
    /// Prove the first factor again: the proof is older than a sign-in frequency allows.
    PrimaryAuthentication,
    /// Prove, or register and prove, all methods of a combination that this strength allows.
    AuthenticationStrength(AuthenticationStrengthId),
    /// Prove a second factor, or register one where the place allows it.
    MultifactorAuthentication,
    /// Whatever the cause of the user's risk demands; takes precedence over a password change (specification 3.3).
    RiskRemediation,
    /// Change the password.
    PasswordChange,
    /// Accept an agreement.
    TermsOfUse(AgreementId),
    /// Satisfy the provider of a custom control.
    CustomAuthenticationFactor(String),
}

/// The tenant in which a challenge is met.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// The user's own tenant (trusted proof; nothing is registered in the resource tenant).
    HomeTenant(TenantId),
    /// The tenant whose application is reached.
    ResourceTenant(TenantId),
}

/// Session controls of all policies in scope, the stricter of each kind (decision 16).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SessionDecision {
    /// How old proofs may be, and which policies say so.
    pub sign_in_frequency: Option<(SignInInterval, FrequencyAuthenticationType, Vec<PolicyId>)>,
    /// Whether the browser session may outlive the browser, and which policies say so.
    pub persistent_browser: Option<(PersistentBrowser, Vec<PolicyId>)>,
    /// The policies that have the application limit what unmanaged devices can do; empty: none does.
    pub application_enforced_restrictions: Vec<PolicyId>,
    /// How the proxy treats the session, and every policy that sends it there.
    pub cloud_app_security: Option<(CloudAppSecurity, Vec<PolicyId>)>,
    /// The policies that bind tokens to the device; empty: none does.
    pub secure_sign_in_session: Vec<PolicyId>,
    /// The policies that let nobody in on old answers during an outage; empty: none does.
    pub disable_resilience_defaults: Vec<PolicyId>,
    /// How continuous access evaluation behaves, and which policies say so.
    pub continuous_access_evaluation: Option<(ContinuousAccessEvaluation, Vec<PolicyId>)>,
    /// The profiles that filter network traffic, each with the policies that name it.
    pub global_secure_access_filtering_profiles: BTreeMap<String, Vec<PolicyId>>,
}

impl Place {
    /// The tenant that asks.
    pub const fn tenant(self) -> TenantId {
        match self {
            Self::HomeTenant(tenant) | Self::ResourceTenant(tenant) => tenant,
        }
    }
}

impl Decision {
    /// The tenant that decided.
    pub fn tenant(&self) -> TenantId {
        self.tenant.id()
    }

    /// Whether other [`methods`](SignIn::methods) could change what this says, of the sign-in or of any one policy. Methods
    /// open ways; what is met is met without them.
    pub fn depends_on_methods(&self) -> bool {
        let depends = |judgement: &Judgement| match self.tenant.policies().get(judgement.policy) {
            Some(policy) => {
                // Of several alternatives one is met, and the log tells what became of the others.
                let is_settled =
                    judgement.verdict == Verdict::Satisfied && policy.demand.controls().len() < 2;
                !is_settled
                    && policy
                        .demand
                        .controls()
                        .iter()
                        .any(Control::asks_for_methods)
            }
            None => true,
        };
        let is_asked_for = self.sign_in.requests_mfa && self.outcome != Outcome::Granted;
        is_asked_for || self.judgements().iter().any(depends)
    }

    /// What each policy in scope came to.
    pub(crate) fn judgements(&self) -> Vec<Judgement> {
        judgements(&self.tenant, &self.seen())
    }

    /// The facts as the tenant saw them.
    pub(crate) fn seen(&self) -> Seen<'_> {
        let (not_given, bound) = self.not_given;
        Seen::within(&self.tenant, &self.sign_in, not_given, bound)
    }

    /// What each enabled policy in scope came to, in the order of configuration. Those that are not listed were not
    /// applied, are disabled or only report; [`Decision::policies`] tells of all of them, and why.
    pub fn results(&self) -> impl Iterator<Item = (PolicyId, AppliedPolicyResult)> {
        let briefs = self.tenant.briefs();
        let results = self.failed.results(&self.in_force);
        results.filter_map(|(number, is_satisfied)| {
            let result = match is_satisfied {
                true => AppliedPolicyResult::Success,
                false if briefs.get(number)?.is_evaluable() => AppliedPolicyResult::Failure,
                false => AppliedPolicyResult::Unknown,
            };
            Some((briefs.id(number)?, result))
        })
    }

    /// What holds of the session once granted; worked out when asked for.
    pub fn session_controls(&self) -> SessionDecision {
        session(&self.tenant, &self.sign_in, &self.in_force)
    }

    /// The facts it decided on.
    pub fn sign_in(&self) -> &SignIn {
        &self.sign_in
    }
}

/// Graph's text of a grant control in the log (`enforcedGrantControls`).
pub const fn grant_control_text(control: &GrantControl) -> &'static str {
    match control {
        GrantControl::Block => "Block",
        GrantControl::Mfa => "Mfa",
        GrantControl::CompliantDevice => "RequireCompliantDevice",
        GrantControl::AuthenticationStrength(_) => "RequireAuthenticationStrength",
        GrantControl::DomainJoinedDevice => "RequireDomainJoinedDevice",
        GrantControl::ApprovedApplication => "RequireApprovedApp",
        GrantControl::CompliantApplication => "RequireCompliantApp",
        GrantControl::PasswordChange => "RequirePasswordChange",
        GrantControl::RiskRemediation => "RequireRiskRemediation",
        GrantControl::TermsOfUse(_) => "RequireTermsOfUse",
        GrantControl::CustomAuthenticationFactor(_) => "RequireCustomControl",
    }
}
