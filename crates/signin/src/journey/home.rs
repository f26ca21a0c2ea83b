//! Evidence of the home tenant: what a live session there says of its own user, spent once (requirements U10, U11).

use portcullis_model::Timestamp;
use portcullis_model::device::DeviceClaims;
use portcullis_model::session::{HomeSession, ProvenMethod, SessionSubject};
use portcullis_model::user::HomeAccount;

use super::session::Held;

/// The home tenant's word for one of its own users. Only a live session of that very user makes one; it cannot be copied or
/// kept between requests.
#[derive(Debug)]
pub(super) struct Vouch {
    evidence: Evidence,
}

/// What was vouched for.
#[derive(Debug, Default)]
pub(super) struct Evidence {
    /// What was proven in the home tenant.
    pub(super) proofs: Vec<ProvenMethod>,
    /// What the home tenant says of the device.
    pub(super) device: Option<DeviceClaims>,
    /// The session that says so.
    pub(super) session: Option<HomeSession>,
}

impl Vouch {
    /// What this session says of this account, if it is live and that account's own.
    pub(super) fn by(session: &Held, account: HomeAccount, now: Timestamp) -> Option<Self> {
        let held = &session.session;
        let is_own = session.tenant == account.tenant_id
            && held.subject == SessionSubject::User(account.user_id)
            // A session that itself stands on another tenant's session proves nothing further (no chain A, B, C).
            && held.home_session.is_none()
            && held.expires_at > now;
        is_own.then(|| Self {
            evidence: Evidence {
                proofs: held.proofs.clone(),
                // A tenant speaks of its own devices only.
                device: held
                    .device
                    .clone()
                    .filter(|device| device.tenant_id == session.tenant),
                session: Some(session.pointer()),
            },
        })
    }

    /// Hands the evidence over.
    pub(super) fn spend(self) -> Evidence {
        self.evidence
    }
}
