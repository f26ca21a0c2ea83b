//! Sign-ins that are only supposed: decided like any other, and never the source of a permit.

use std::fmt;
use std::sync::Arc;

use portcullis_model::id::PolicyId;
use portcullis_model::sign_in_log::{
    AppliedConditionalAccessPolicy, AppliedPolicyResult, ConditionalAccessStatus,
};
use portcullis_model::user::HomeAccount;

use crate::compile::CompiledTenant;
use crate::cross_tenant::{Admission, AdmissionWithoutHome, CrossTenantChannel};
use crate::decide::decide;
use crate::decision::{Decision, Outcome, SessionDecision};
use crate::facts::{Origin, SignIn, Subject};

/// Where the credentials of somebody live who is only supposed to sign in. No tenant is asked whether it lets them cross: who wants
/// to know that calls [`admit`](crate::cross_tenant::admit).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SupposedOrigin {
    /// In the resource tenant itself.
    Internal,
    /// In another tenant.
    Tenant {
        /// How they come in.
        channel: CrossTenantChannel,
        /// The account there.
        home: HomeAccount,
    },
    /// Nowhere that is a tenant: a social or federated identity, a mailbox that gets passcodes.
    WithoutHome,
}

/// A sign-in that is only supposed. The facts do not come out again, so that nobody can have them decided for real.
///
/// ```compile_fail,E0616
/// use portcullis_policy::{compile::CompiledTenant, decide::decide, hypothesis::Hypothesis, permit::Permit};
/// fn for_real(tenant: &CompiledTenant, hypothesis: Hypothesis) -> Option<Permit> {
///     decide(tenant, hypothesis.sign_in.clone()).permit()
/// }
/// ```
pub struct Hypothesis {
    sign_in: Arc<SignIn>,
}

impl Hypothesis {
    /// These facts, with a subject whose credentials live there; the origin that `sign_in` names counts for nothing.
    pub fn new(tenant: &CompiledTenant, mut sign_in: SignIn, origin: SupposedOrigin) -> Self {
        if let Subject::User(user) = &mut sign_in.subject {
            user.origin = match origin {
                SupposedOrigin::Internal => Origin::Internal,
                SupposedOrigin::Tenant { channel, home } => {
                    let request = (sign_in.client, &sign_in.audiences);
                    Origin::External(Admission::supposed(tenant.id(), channel, home, request))
                }
                SupposedOrigin::WithoutHome => {
                    let request = (sign_in.client, &sign_in.audiences);
                    Origin::WithoutHome(AdmissionWithoutHome::supposed(tenant.id(), request))
                }
            };
        }
        Self {
            sign_in: Arc::new(sign_in),
        }
    }

    pub(crate) fn sign_in(&self) -> &Arc<SignIn> {
        &self.sign_in
    }

    /// What it would come to.
    pub fn decide(&self, tenant: &CompiledTenant) -> Supposed {
        Supposed(decide(tenant, Arc::clone(&self.sign_in)))
    }
}

impl fmt::Debug for Hypothesis {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Hypothesis").finish_non_exhaustive()
    }
}

/// What a supposed sign-in comes to. It tells everything a decision tells, and hands out no permit:
///
/// ```compile_fail,E0599
/// use portcullis_policy::{hypothesis::Supposed, permit::Permit};
/// fn permit(supposed: &Supposed) -> Option<Permit> {
///     supposed.permit()
/// }
/// ```
///
/// ```compile_fail,E0616
/// use portcullis_policy::{hypothesis::Supposed, permit::Permit};
/// fn permit(supposed: &Supposed) -> Option<Permit> {
///     supposed.0.permit()
/// }
/// ```
#[derive(Debug)]
pub struct Supposed(Decision);

impl Supposed {
    pub(crate) fn new(decision: Decision) -> Self {
        Self(decision)
    }

    /// What each enabled policy in scope would come to, as [`Decision::results`] has it: cheap, and without reasons.
    pub fn results(&self) -> impl Iterator<Item = (PolicyId, AppliedPolicyResult)> + '_ {
        self.0.results()
    }

    /// What would happen next.
    pub fn outcome(&self) -> &Outcome {
        &self.0.outcome
    }

    /// What the policies came to, as the log would say.
    pub fn status(&self) -> ConditionalAccessStatus {
        self.0.status
    }

    /// What would hold of the session.
    pub fn session_controls(&self) -> SessionDecision {
        self.0.session_controls()
    }

    /// Each policy of the tenant, in the order of configuration, as the log would have it.
    pub fn policies(&self) -> Vec<AppliedConditionalAccessPolicy> {
        self.0.policies()
    }
}
