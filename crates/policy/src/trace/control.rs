//! What the log is told of a policy in scope: its result, its controls, its strength, and one sentence for people.

use portcullis_model::conditional_access::{GrantControl, PolicyState};
use portcullis_model::sign_in_log::{AppliedAuthenticationStrength, AppliedPolicyResult};

use crate::compile::CompiledPolicy;
use crate::cross_tenant::CrossTenantChannel;
use crate::decision::{BlockReason, Place, grant_control_text};
use crate::demand::{Control, Demand, Strength};
use crate::evidence::{ControlState, Detail, Standing};
use crate::judge::{Bench, Verdict, is_exempt};
use crate::session_control::Kind;

/// Specification 5.6.
pub(super) fn result(state: PolicyState, verdict: Option<Verdict>) -> AppliedPolicyResult {
    use AppliedPolicyResult as R;
    match (state, verdict) {
        (PolicyState::Disabled, _) => R::NotEnabled,
        (PolicyState::Enabled, None) => R::NotApplied,
        (PolicyState::Enabled, Some(Verdict::Satisfied)) => R::Success,
        (PolicyState::Enabled, Some(Verdict::Blocked(BlockReason::PolicyNotEvaluable))) => {
            R::Unknown
        }
        (PolicyState::Enabled, Some(Verdict::Open | Verdict::Blocked(_))) => R::Failure,
        (PolicyState::ReportOnly, None) => R::ReportOnlyNotApplied,
        (PolicyState::ReportOnly, Some(Verdict::Satisfied)) => R::ReportOnlySuccess,
        (PolicyState::ReportOnly, Some(Verdict::Open)) => R::ReportOnlyInterrupted,
        (PolicyState::ReportOnly, Some(Verdict::Blocked(_))) => R::ReportOnlyFailure,
    }
}

/// The grant controls a policy in scope demands.
pub(super) fn grant_controls(policy: &CompiledPolicy) -> Vec<String> {
    let named = match &policy.demand {
        Demand::Nothing => Vec::new(),
        Demand::Block => vec![GrantControl::Block],
        Demand::All(controls) | Demand::Any(controls) => {
            controls.iter().map(Control::named).collect()
        }
    };
    named
        .iter()
        .map(|control| grant_control_text(control).to_owned())
        .collect()
}

/// The session controls a policy in scope configures: those that are applied to this user, and those that are not
/// (decision 12).
pub(super) fn session_controls(
    policy: &CompiledPolicy,
    standing: Standing,
) -> (Vec<String>, Vec<String>) {
    let (applied, spared): (Vec<Kind>, Vec<Kind>) =
        Kind::of(&policy.session_controls).partition(|kind| kind.is_applied_to(standing));
    let texts = |kinds: Vec<Kind>| kinds.iter().map(|kind| kind.text().to_owned()).collect();
    (texts(applied), texts(spared))
}

/// What the strength of a policy in scope came to; a policy demands one at most (rule CA-V18).
pub(super) fn strength(
    policy: &CompiledPolicy,
    bench: &Bench<'_>,
) -> Option<AppliedAuthenticationStrength> {
    let strength: &Strength = policy.demand.strengths().next()?;
    Some(AppliedAuthenticationStrength {
        authentication_strength_id: strength.id,
        display_name: strength.display_name.clone(),
        authentication_strength_result: bench.strength_result(strength, policy.concern),
    })
}

/// One sentence about a policy in scope.
pub(super) fn reason(policy: &CompiledPolicy, verdict: Verdict, bench: &Bench<'_>) -> String {
    if let Some(defect) = &policy.defect {
        return match policy.state {
            PolicyState::ReportOnly => format!("would block: cannot be evaluated, {defect}"),
            PolicyState::Enabled | PolicyState::Disabled => {
                format!("blocks: cannot be evaluated, {defect}")
            }
        };
    }
    let would = match policy.state {
        PolicyState::ReportOnly => "report-only, nothing is enforced: ",
        PolicyState::Enabled | PolicyState::Disabled => "",
    };
    let is_stale =
        verdict == Verdict::Open && bench.is_stale(policy.session_controls.sign_in_frequency);
    let stale = if is_stale {
        "the first factor is older than the sign-in frequency allows; "
    } else {
        ""
    };
    let standing = bench.evidence.standing;
    let controls: Vec<String> = policy
        .demand
        .controls()
        .iter()
        .map(|control| {
            let name = shown(control);
            if is_exempt(control, policy.concern, bench.evidence.sign_in) {
                return format!("{name} is not asked for while a device is registered");
            }
            let found = bench.find(control, policy.concern, Detail::Whole);
            format!("{name} {}", control_text(&found, control, standing))
        })
        .collect();
    let demand = match &policy.demand {
        Demand::Nothing => "no control is demanded".to_owned(),
        Demand::Block => block_text(verdict).to_owned(),
        Demand::All(_) => controls.join(", and "),
        Demand::Any(_) => controls.join(", or "),
    };
    format!("{would}{stale}{demand}")
}

/// The control with the name of what it names.
fn shown(control: &Control) -> String {
    let name = control.named().name();
    match control {
        Control::Strength(strength) => format!("{name} `{}`", strength.display_name),
        Control::TermsOfUse(terms) => format!("{name} `{}`", terms.agreement),
        Control::Custom(id) => format!("{name} `{id}`"),
        Control::Mfa
        | Control::CompliantDevice
        | Control::DomainJoinedDevice
        | Control::ApprovedApplication
        | Control::CompliantApplication
        | Control::PasswordChange
        | Control::RiskRemediation(_) => name.to_owned(),
    }
}

fn block_text(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Blocked(BlockReason::UserRiskAtHome | BlockReason::ServiceProviderAtRisk) => {
            "the policy blocks, because the user's own tenant sees the user at risk"
        }
        Verdict::Blocked(_) | Verdict::Satisfied | Verdict::Open => "the policy blocks",
    }
}

fn control_text(state: &ControlState, control: &Control, standing: Standing) -> String {
    match state {
        ControlState::Met(tenant) => match standing {
            Standing::Foreign(_, home, _) if *tenant == home => {
                "met by the home tenant's claim, which is trusted".to_owned()
            }
            Standing::Foreign(..)
            | Standing::Own(_)
            | Standing::WithoutHome
            | Standing::Service => "met in this tenant".to_owned(),
        },
        ControlState::Open(asks) => {
            let combinations: Vec<String> = asks
                .iter()
                .flat_map(|ask| &ask.combinations)
                .map(|methods| format!("`{methods}`"))
                .collect();
            let by = if combinations.is_empty() {
                String::new()
            } else {
                format!(", by {}", combinations.join(" or "))
            };
            let place = asks.first().map(|ask| ask.place);
            format!("{}{by}", open_text(place, control, standing))
        }
        ControlState::Unobtainable(reason) => unobtainable_text(*reason).to_owned(),
    }
}

fn open_text(place: Option<Place>, control: &Control, standing: Standing) -> &'static str {
    let is_about_trust = matches!(control, Control::Mfa | Control::Strength(_));
    match (place, standing) {
        (Some(Place::HomeTenant(_)), _) => {
            "open: the home tenant asks for it, its claim is trusted"
        }
        (_, Standing::Foreign(CrossTenantChannel::Collaboration, ..)) if is_about_trust => {
            "open: this tenant asks for it, the home tenant's claim is not trusted"
        }
        (
            Some(Place::ResourceTenant(_)) | None,
            Standing::Foreign(..) | Standing::Own(_) | Standing::WithoutHome | Standing::Service,
        ) => "open: this tenant asks for it",
    }
}

fn unobtainable_text(reason: BlockReason) -> &'static str {
    match reason {
        BlockReason::BlockedByPolicy => "cannot be met by this kind of client",
        BlockReason::UserRiskAtHome | BlockReason::ServiceProviderAtRisk => {
            "cannot be met: the user is at risk, which only their own tenant can remedy"
        }
        BlockReason::InboundMfaTrustRequired => {
            "cannot be met: MFA of direct connect users counts only from the home tenant, whose claim is not trusted"
        }
        BlockReason::ProofUpBlockedByRisk => {
            "cannot be met: no method is registered, and none may be while there is risk"
        }
        BlockReason::ProofUpBlockedByPolicy => {
            "cannot be met: no method is registered, and a policy about security information keeps it from being done here"
        }
        BlockReason::NoMultifactorMethod => {
            "cannot be met: the user has no method for it and can register none"
        }
        BlockReason::StrengthNeedsHomeTenant => {
            "cannot be met: the guest's identity is no tenant's, and strengths are for users of tenants only"
        }
        BlockReason::StrengthNotObtainable => {
            "cannot be met: no allowed combination of methods is within the user's reach"
        }
        BlockReason::DeviceNotCompliant => {
            "not met: the user's own tenant vouches for no compliant device"
        }
        BlockReason::DeviceNotDomainJoined => {
            "not met: the user's own tenant vouches for no hybrid joined device"
        }
        BlockReason::DeviceTrustNotConfigured => {
            "cannot be met: the home tenant's word on devices is not trusted"
        }
        BlockReason::DeviceInDeviceCodeFlow => {
            "cannot be met: a sign-in by device code shows no device"
        }
        BlockReason::DeviceNotRegistered => {
            "cannot be met: it is accepted on each registered device, and this is none"
        }
        BlockReason::ApplicationNotApproved => "not met: the client application is not approved",
        BlockReason::ApplicationNotProtected => {
            "not met: the client application is under no protection policy"
        }
        BlockReason::PasswordNotChangeable => "cannot be met: the password cannot be changed here",
        BlockReason::NotForExternalUsers => {
            "cannot be met: it is not offered to this kind of external user"
        }
        BlockReason::PolicyNotEvaluable | BlockReason::NoAudience | BlockReason::NotAdmitted => {
            "cannot be met"
        }
    }
}
