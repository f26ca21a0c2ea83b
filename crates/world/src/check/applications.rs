//! Checks applications across tenants: a client id belongs to one owner, and who uses it may.

use std::collections::BTreeMap;

use portcullis_model::application::{Application, ServicePrincipal, SignInAudience};
use portcullis_model::document::Reason;
use portcullis_model::id::{ClientId, TenantId};

use super::{Uniques, objects};
use crate::error::{Place, WorldFindings};
use crate::tenant::{Placed, PlacedTenant};

pub(super) fn check(tenants: &[PlacedTenant], findings: &mut WorldFindings) {
    let mut owners: BTreeMap<ClientId, (TenantId, &Application)> = BTreeMap::new();
    let mut clients = Uniques::new("each appId once in the world");
    for tenant in tenants {
        let own = tenant.organization.value.id;
        let mut ids = Uniques::new("each object id once");
        let mut uris = Uniques::new("each identifier URI in one application");
        for Placed { place, value } in objects(tenant.applications.as_deref()) {
            ids.note(value.id.to_string(), || place.below(".id"), findings);
            let client = value.app_id.to_string();
            clients.note(client, || place.below(".appId"), findings);
            owners.insert(value.app_id, (own, value));
            for (index, uri) in value.identifier_uris.iter().enumerate() {
                let place = || place.below(&format!(".identifierUris[{index}]"));
                uris.note(uri.clone(), place, findings);
            }
        }
    }
    for tenant in tenants {
        let mut ids = Uniques::new("each object id once");
        let mut clients = Uniques::new("one service principal for each application");
        for Placed { place, value } in objects(tenant.service_principals.as_deref()) {
            ids.note(value.id.to_string(), || place.below(".id"), findings);
            let client = value.app_id.to_string();
            clients.note(client, || place.below(".appId"), findings);
            let principal = Principal {
                place,
                value,
                tenant,
                tenants,
            };
            principal.check_owner(&owners, findings);
        }
    }
}

/// A service principal and where it stands.
struct Principal<'w> {
    place: &'w Place,
    value: &'w ServicePrincipal,
    tenant: &'w PlacedTenant,
    tenants: &'w [PlacedTenant],
}

impl Principal<'_> {
    fn check_owner(
        &self,
        owners: &BTreeMap<ClientId, (TenantId, &Application)>,
        findings: &mut WorldFindings,
    ) {
        let own = self.tenant.organization.value.id;
        let named = self.value.app_owner_organization_id;
        let place = self.place.below(".appId");
        match owners.get(&self.value.app_id) {
            None if self.may_live_elsewhere() => {}
            None => {
                let found = format!("`{}`", self.value.app_id);
                let expected = "the appId of an application in the files of its owner";
                findings.add(&place, Reason::Reference, found, expected);
            }
            Some((owner, _)) if named.unwrap_or(own) != *owner => {
                let found = format!("`{}`", named.unwrap_or(own));
                let expected = format!("`{owner}`, the tenant that owns the application");
                let place = self.place.below(".appOwnerOrganizationId");
                findings.add(&place, Reason::Reference, found, &expected);
            }
            Some((owner, application)) if *owner != own => {
                if application.sign_in_audience != SignInAudience::AzureADMultipleOrgs {
                    let found = "an application for its own tenant only".into();
                    let expected = "an application with `signInAudience` `AzureADMultipleOrgs`";
                    findings.add(&place, Reason::Reference, found, expected);
                }
            }
            Some(_) => {}
        }
    }

    /// The owner is outside the world, or the files of its tenant do not speak of applications.
    fn may_live_elsewhere(&self) -> bool {
        let own = self.tenant.organization.value.id;
        let owner = self.value.app_owner_organization_id.unwrap_or(own);
        let tenant = self
            .tenants
            .iter()
            .find(|tenant| tenant.organization.value.id == owner);
        tenant.is_none_or(|tenant| tenant.applications.is_none())
    }
}
