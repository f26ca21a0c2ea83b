//! The proof that a decision was granted; whatever mints a token, code or assertion consumes one.

use std::collections::BTreeSet;

use portcullis_model::Timestamp;
use portcullis_model::id::{ClientId, TenantId};

use crate::decision::{Decision, Outcome, SessionDecision};
use crate::facts::Subject;
use crate::what_if::NotGiven;

/// A granted decision, bound to tenant, subject, client, audiences and moment.
///
/// It cannot be made elsewhere, nor turned into one for something else:
///
/// ```compile_fail,E0451
/// use portcullis_policy::permit::Permit;
/// fn for_another_tenant(permit: Permit, tenant: portcullis_model::id::TenantId) -> Permit {
///     Permit { tenant, ..permit }
/// }
/// ```
///
/// It cannot be copied:
///
/// ```compile_fail,E0277
/// fn copies<T: Clone>() {}
/// copies::<portcullis_policy::permit::Permit>();
/// ```
///
/// And whoever takes one by value has used it up:
///
/// ```compile_fail,E0382
/// use portcullis_policy::permit::Permit;
/// fn mint(permit: Permit) {}
/// fn mint_twice(permit: Permit) {
///     mint(permit);
///     mint(permit);
/// }
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
    /// The permit, if and only if the outcome is [`Outcome::Granted`] for at least one audience (a user action alone is
    /// nothing to mint for), and no signal was left out, as a What If may.
    pub fn permit(&self) -> Option<Permit> {
        match &self.outcome {
            Outcome::Granted if self.sign_in.audiences.is_empty() => None,
            Outcome::Granted if self.not_given.0 != NotGiven::NOTHING => None,
            Outcome::Granted => Some(Permit {
                tenant: self.tenant.id(),
                subject: self.sign_in.subject.clone(),
                client: self.sign_in.client,
                audiences: self.sign_in.audiences.clone(),
                granted_at: self.sign_in.at,
                session: self.session_controls(),
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
