//! What people call an object, wherever the name is known: the directory, the policies that use it, or the whole world.

use portcullis_model::built_in_role::built_in_role_name;
use portcullis_model::id::{ClientId, GroupId, UserId};
use uuid::Uuid;

use super::{DirectoryTenant, NameOf, Unresolved};

impl DirectoryTenant {
    /// The id of a user: of somebody the directory has, of a name that policies use, or the id itself.
    pub fn find_user_id(&self, name: &str) -> Result<UserId, Unresolved> {
        if let Some(user) = self.find_user(name)? {
            return Ok(user.id);
        }
        if let Some(id) = self.stand_in(NameOf::User, name) {
            return Ok(UserId::new(id));
        }
        name.trim().parse().map_err(|_| self.unknown_user(name))
    }

    /// The name of an object; `None` where nobody knows one.
    pub fn name_of(&self, of: NameOf, id: Uuid) -> Option<String> {
        let configuration = self.configuration();
        let known = match of {
            NameOf::User => {
                let mut users = self.users().iter();
                let found = users.find(|user| user.id == UserId::new(id));
                found.map(|user| user.display_name.clone())
            }
            NameOf::Group => {
                let found = self.groups().find(|(group, _)| *group == GroupId::new(id));
                found.map(|(_, name)| name.to_owned())
            }
            NameOf::Role => built_in_role_name(&id.to_string()).map(str::to_owned),
            NameOf::Application => {
                let name = self.application_name(ClientId::new(id));
                (name != id.to_string()).then_some(name)
            }
            NameOf::ServicePrincipal => {
                let mut principals = configuration.service_principals.iter();
                let found = principals.find(|one| one.id.uuid() == id);
                found.map(|one| one.display_name.clone())
            }
            NameOf::Agreement => {
                let mut agreements = configuration.agreements.iter();
                let found = agreements.find(|one| one.id.uuid() == id);
                found.map(|one| one.display_name.clone())
            }
            NameOf::NamedLocation => {
                let mut locations = configuration.named_locations.iter();
                let found = locations.find(|one| one.id.uuid() == id);
                found.map(|one| one.display_name.clone())
            }
            NameOf::Tenant => None,
        };
        known.or_else(|| {
            let mut used = self.names.iter();
            let found = used.find(|((kind, _), (stands_for, _))| *kind == of && *stands_for == id);
            found.map(|(_, (_, name))| name.trim().to_owned())
        })
    }
}
