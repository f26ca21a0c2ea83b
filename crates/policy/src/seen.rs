//! A sign-in as the tenant's conditions see it: the facts, the device through the tenant's trust, and which signals a
//! What If left out.

use crate::compile::CompiledTenant;
use crate::dimension::Bound;
use crate::facts::{Origin, SignIn, Subject};
use crate::visible_device::VisibleDevice;
use crate::what_if::{NotGiven, Signal};

/// One sign-in, seen by one tenant.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Seen<'a> {
    pub(crate) tenant: &'a CompiledTenant,
    pub(crate) sign_in: &'a SignIn,
    pub(crate) not_given: NotGiven,
    /// What is asked where a signal was not given.
    pub(crate) bound: Bound,
}

impl<'a> Seen<'a> {
    /// With every signal given.
    pub(crate) fn whole(tenant: &'a CompiledTenant, sign_in: &'a SignIn) -> Self {
        Self::within(tenant, sign_in, NotGiven::NOTHING, Bound::Definite)
    }

    pub(crate) fn within(
        tenant: &'a CompiledTenant,
        sign_in: &'a SignIn,
        not_given: NotGiven,
        bound: Bound,
    ) -> Self {
        Self {
            tenant,
            sign_in,
            not_given,
            bound,
        }
    }

    /// The device as far as the tenant believes in it; worked out when a condition asks.
    pub(crate) fn device(&self) -> Option<VisibleDevice<'a>> {
        let claims = self.sign_in.device.as_ref();
        match &self.sign_in.subject {
            Subject::ServicePrincipal(_) => None,
            Subject::User(user) => match &user.origin {
                Origin::Internal => VisibleDevice::own(claims, self.tenant.id()),
                Origin::External(admission) => {
                    let home = admission.home().tenant_id;
                    VisibleDevice::foreign(claims, home, self.tenant.trust(home))
                }
                // Nobody vouches for the devices of guests without a home tenant.
                Origin::WithoutHome(_) => None,
            },
        }
    }

    /// A fact, unless its signal was left out.
    pub(crate) fn given<T>(&self, signal: Signal, fact: Option<T>) -> Option<T> {
        fact.filter(|_| !self.not_given.contains(signal))
    }
}
