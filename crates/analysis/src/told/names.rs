//! What people call things.

use portcullis_model::conditional_access::UserAction;
use portcullis_model::id::{
    ClientId, GroupId, NamedLocationId, PolicyId, RoleTemplateId, ServicePrincipalId, TenantId,
    UserId,
};
use portcullis_whatif::directory::{Directory, DirectoryTenant, NameOf};
use uuid::Uuid;

use crate::side::SUPPOSED_PLACE;
use crate::target::{ANY_OTHER_APPLICATION, Reached};
use crate::who::Home;

/// What people call things.
#[derive(Debug, Clone, Copy)]
pub struct Names<'a> {
    tenant: &'a DirectoryTenant,
    directory: Option<&'a Directory>,
}

impl<'a> Names<'a> {
    /// As this tenant calls them.
    pub fn new(tenant: &'a DirectoryTenant) -> Self {
        Self {
            tenant,
            directory: None,
        }
    }

    /// With the names of other tenants.
    #[must_use]
    pub fn with(self, directory: &'a Directory) -> Self {
        Self {
            directory: Some(directory),
            ..self
        }
    }

    pub(super) fn object(&self, of: NameOf, id: Uuid) -> String {
        self.tenant
            .name_of(of, id)
            .unwrap_or_else(|| id.to_string())
    }

    /// A user.
    pub fn user(&self, id: UserId) -> String {
        self.object(NameOf::User, id.uuid())
    }

    /// Another tenant.
    pub fn tenant(&self, id: TenantId) -> String {
        let known = self.directory.and_then(|directory| directory.tenant(id));
        let known = known.map(|tenant| tenant.name().to_owned());
        let known = known.or_else(|| self.tenant.name_of(NameOf::Tenant, id.uuid()));
        known.unwrap_or_else(|| format!("tenant {id}"))
    }

    /// Where somebody comes from.
    pub fn home(&self, home: Home) -> String {
        match home {
            Home::Here => self.tenant.name().to_owned(),
            Home::NoTenant => "no tenant (social, federated, one-time passcode)".to_owned(),
            Home::Tenant(tenant) => self.tenant(tenant),
            Home::AnyOtherTenant(_) => "any tenant that no policy or setting names".to_owned(),
        }
    }

    /// An application.
    pub fn application(&self, id: ClientId) -> String {
        if id == ClientId::DIRECTORY {
            return "the directory".to_owned();
        }
        self.object(NameOf::Application, id.uuid())
    }

    /// What is reached.
    pub fn reached(&self, reached: Reached) -> String {
        match reached {
            Reached::Application(id) if id == ANY_OTHER_APPLICATION => {
                "any other application".to_owned()
            }
            Reached::Application(id) => self.application(id),
            Reached::Action(UserAction::RegisterSecurityInformation) => {
                "registering security information".to_owned()
            }
            Reached::Action(UserAction::RegisterOrJoinDevices) => {
                "registering or joining a device".to_owned()
            }
        }
    }

    /// A named location.
    pub fn location(&self, id: NamedLocationId) -> String {
        if id == SUPPOSED_PLACE {
            return "a trusted location (the policies came without it)".to_owned();
        }
        let mut locations = self.tenant.configuration().named_locations.iter();
        let found = locations.find(|location| location.id == id);
        found.map_or_else(|| id.to_string(), |location| location.display_name.clone())
    }

    /// A group.
    pub fn group(&self, id: GroupId) -> String {
        self.object(NameOf::Group, id.uuid())
    }

    /// A service principal.
    pub fn service_principal(&self, id: ServicePrincipalId) -> String {
        if id.uuid() == crate::probe::ACCOUNT.uuid() {
            return "any other application of this tenant".to_owned();
        }
        self.object(NameOf::ServicePrincipal, id.uuid())
    }

    /// A policy.
    pub fn policy(&self, id: PolicyId) -> String {
        let policies = &self.tenant.configuration().conditional_access_policies;
        let found = policies.iter().find(|policy| policy.id == id);
        found.map_or_else(|| id.to_string(), |policy| policy.display_name.clone())
    }

    /// A role.
    pub fn role(&self, id: RoleTemplateId) -> String {
        self.object(NameOf::Role, id.uuid())
    }
}
