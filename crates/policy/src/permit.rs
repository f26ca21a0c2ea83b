//! The proof that a decision was granted; whatever mints a token, code or assertion consumes one.

use std::collections::BTreeSet;

use portcullis_model::Timestamp;
use portcullis_model::id::{ClientId, TenantId};

use crate::decision::{Decision, Outcome, SessionDecision};
use crate::facts::Subject;

/// A granted decision, bound to tenant, subject, client, audiences and moment. Cannot be copied or made elsewhere.
///
/// ```compile_fail
/// let forged = portcullis_policy::permit::Permit { tenant: todo!() };
/// ```
#[derive(Debug)]
pub struct Permit {
    tenant: TenantId,
    subject: Subject,
    client: ClientId,
    audiences: BTreeSet<ClientId>,
    granted_at: Timestamp,
    session: SessionDecision,
}

impl Decision {
    /// The permit, if and only if the outcome is [`Outcome::Granted`].
    pub fn permit(&self) -> Option<Permit> {
        match &self.outcome {
            Outcome::Granted => Some(Permit {
                tenant: self.tenant.id(),
                subject: self.sign_in.subject.clone(),
                client: self.sign_in.client,
                audiences: self.sign_in.audiences.clone(),
                granted_at: self.sign_in.at,
                session: self.session_controls.clone(),
            }),
            Outcome::Blocked(_) | Outcome::Open(_) => None,
        }
    }
}

impl Permit {
    /// How long after the decision a permit is still good for: one request, in seconds.
    pub const LIFETIME_SECONDS: i64 = 60;

    /// The tenant whose token may be minted.
    pub fn tenant(&self) -> TenantId {
        self.tenant
    }
    /// For whom.
    pub fn subject(&self) -> &Subject {
        &self.subject
    }
    /// For which client.
    pub fn client(&self) -> ClientId {
        self.client
    }
    /// For which resources.
    pub fn audiences(&self) -> &BTreeSet<ClientId> {
        &self.audiences
    }
    /// When it was granted.
    pub fn granted_at(&self) -> Timestamp {
        self.granted_at
    }
    /// Session controls to apply.
    pub fn session(&self) -> &SessionDecision {
        &self.session
    }
}
