//! Answers in sentences: the verdict first, then what would be asked and where, the session, and each policy with its reason.

use portcullis_policy::decision::{BlockReason, Challenge};

/// Why a sign-in is refused, without a full stop.
pub const fn block_sentence(reason: BlockReason) -> &'static str {
    match reason {
        BlockReason::BlockedByPolicy => "a policy blocks",
        BlockReason::InboundMfaTrustRequired => {
            "MFA is demanded of somebody without an object here, and the home tenant's is not trusted"
        }
        BlockReason::DeviceNotCompliant => "the user's own tenant vouches for no compliant device",
        BlockReason::DeviceNotDomainJoined => {
            "the user's own tenant vouches for no hybrid joined device"
        }
        BlockReason::DeviceTrustNotConfigured => {
            "a device is demanded, and the home tenant's word on devices is not trusted"
        }
        BlockReason::PolicyNotEvaluable => {
            "a policy cannot be evaluated, and so the door stays shut"
        }
        BlockReason::NoAudience => "nothing is reached, and an empty set opens no door",
        BlockReason::NotAdmitted => "the tenants did not let the user cross for this request",
    }
}

/// The name of what is asked for: Graph's, where Graph has one.
pub const fn challenge_name(challenge: &Challenge) -> &'static str {
    match challenge {
        Challenge::PrimaryAuthentication => "primaryAuthentication",
        Challenge::MultifactorAuthentication => "mfa",
    }
}
