//! What surrounds a page: whose page it is, who is in front, who asks (specification 9).

use portcullis_model::organization::Organization;

use super::request::Request;
use super::walk::Walk;
use crate::house::LoadedTenant;
use crate::page::{Frame, Handle, Problem};

/// The organisations of a page.
#[derive(Clone, Copy, Default)]
pub(super) struct Organizations<'o> {
    /// Behind: the resource tenant.
    pub(super) background: Option<&'o LoadedTenant>,
    /// In front: the home tenant, once known.
    pub(super) front: Option<&'o LoadedTenant>,
    /// Asks for what the page wants.
    pub(super) asking: Option<&'o LoadedTenant>,
}

/// A page of a sign-in that is under way.
pub(super) fn around(
    request: &Request,
    organizations: Organizations<'_>,
    handle: Option<Handle>,
) -> Frame {
    Frame {
        handle,
        background: organizations.background.map(organization),
        front: organizations.front.map(organization),
        asking: organizations.asking.map(organization),
        application_name: request.client_name.clone(),
        account_name: None,
        problem: None,
        client_redirect_uri: Some(request.address.redirect_uri.as_str().to_owned()),
        correlation_id: request.correlation_id,
    }
}

/// A page outside of any sign-in.
pub(super) fn bare(walk: &Walk<'_, '_>, tenant: Option<&LoadedTenant>, application: &str) -> Frame {
    Frame {
        handle: None,
        background: tenant.map(organization),
        front: None,
        asking: None,
        application_name: application.to_owned(),
        account_name: None,
        problem: None,
        client_redirect_uri: None,
        correlation_id: walk.moment.correlation_id,
    }
}

impl Frame {
    pub(super) fn for_account(mut self, name: &str) -> Self {
        self.account_name = (!name.is_empty()).then(|| name.to_owned());
        self
    }

    pub(super) fn with_problem(mut self, problem: Option<Problem>) -> Self {
        self.problem = problem;
        self
    }
}

fn organization(tenant: &LoadedTenant) -> Organization {
    tenant.configuration.organization.clone()
}
