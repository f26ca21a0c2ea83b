//! What a decision says: per policy for the log, as a whole for whoever asked.

use portcullis_model::conditional_access::{
    FrequencyAuthenticationType, GrantControl, PersistentBrowser, SignInInterval,
};
use portcullis_model::id::{PolicyId, TenantId};
use portcullis_model::sign_in_log::ConditionalAccessStatus;

use crate::compile::CompiledTenant;
use crate::facts::SignIn;
use crate::index::Scope;
use crate::judge::Judgement;

/// The outcome of one evaluation and its trace.
///
/// [`Decision::policies`] tells of each policy what it came to.
#[derive(Debug, Clone)]
pub struct Decision {
    pub(crate) tenant: CompiledTenant,
    pub(crate) sign_in: SignIn,
    /// Which policies each dimension matched.
    pub(crate) scope: Scope,
    /// What the policies in scope came to.
    pub(crate) judgements: Vec<Judgement>,
    /// What the policies came to, for the log.
    pub status: ConditionalAccessStatus,
    /// What happens next.
    pub outcome: Outcome,
    /// What holds of the session once granted.
    pub session_controls: SessionDecision,
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
    /// The policies that refuse; empty when the request itself demanded what cannot be had.
    pub policies: Vec<PolicyId>,
}

/// Why a sign-in is refused (specification 2.3). Of several reasons the first in this order is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum BlockReason {
    /// A policy blocks (53003).
    BlockedByPolicy,
    /// MFA is demanded of a direct connect user and the resource tenant does not accept the home tenant's (90071).
    InboundMfaTrustRequired,
    /// The user's own tenant does not vouch for a compliant device (53000): there is none, or it is not compliant.
    DeviceNotCompliant,
    /// The user's own tenant does not vouch for a hybrid joined device (53001).
    DeviceNotDomainJoined,
    /// A device is demanded of a user of another tenant, whose word on devices is not trusted (530004).
    DeviceTrustNotConfigured,
    /// A policy could not be evaluated; the door stays shut (decision 18, 53003).
    PolicyNotEvaluable,
    /// No audience at all; an empty set never opens a door (53003).
    NoAudience,
    /// The admission at hand is not for this tenant, this client or these resources (500213): a fault of the caller.
    NotAdmitted,
}

impl BlockReason {
    /// The error number shown and logged (specification 12, decision 21).
    pub const fn error_code(self) -> u32 {
        match self {
            Self::BlockedByPolicy | Self::PolicyNotEvaluable | Self::NoAudience => 53003,
            Self::InboundMfaTrustRequired => 90071,
            Self::DeviceNotCompliant => 53000,
            Self::DeviceNotDomainJoined => 53001,
            Self::DeviceTrustNotConfigured => 530_004,
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
}

/// What the user is asked for, in the order of asking.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Challenge {
    /// Prove the first factor again: the proof is older than a sign-in frequency allows.
    PrimaryAuthentication,
    /// Prove a second factor, or register one where the place allows it.
    MultifactorAuthentication,
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
