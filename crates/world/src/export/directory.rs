//! Reads who is there beside exported policies: users, groups, role assignments and applications, in world files' shape or Graph's.
//!
//! Graph leaves out what nobody asked it for (members of groups, custom security attributes, who is assigned): what is left out is
//! not said, and is never taken for none.

use std::collections::{BTreeMap, BTreeSet};

use portcullis_model::application::{Application, ServicePrincipal};
use portcullis_model::document::{Document, Refusal};
use portcullis_model::group::{Group, RoleAssignment};
use portcullis_model::id::{
    ApplicationId, ClientId, GroupId, ServicePrincipalId, TenantId, UserId,
};
use portcullis_model::user::User;
use serde_json::Value;

use super::kind::ListKind;
use super::piece::{has, text};
use super::reading::keep;

/// Who is there, as far as the files beside the policies say. `None`: no file speaks of the kind.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ExportedDirectory {
    /// The users.
    pub users: Option<Vec<User>>,
    /// The groups.
    pub groups: Option<Vec<Group>>,
    /// Those of these groups of which no file says who is in them.
    pub groups_without_members: BTreeSet<GroupId>,
    /// The role assignments for the whole tenant.
    pub role_assignments: Option<Vec<RoleAssignment>>,
    /// The applications that are registered here.
    pub applications: Option<Vec<Application>>,
    /// The service principals.
    pub service_principals: Option<Vec<ServicePrincipal>>,
    /// The applications whose custom security attributes no file says.
    pub without_attributes: BTreeSet<ClientId>,
    /// The tenant all of this is from, where an application that is for its own tenant alone gives it away.
    pub tenant_id: Option<TenantId>,
}

impl ExportedDirectory {
    /// The appIds that are there, if a file lists service principals.
    pub(super) fn applications_listed(&self) -> Option<BTreeSet<ClientId>> {
        let principals = self.service_principals.as_ref()?.iter();
        let registered = self.applications.iter().flatten().map(|one| one.app_id);
        Some(principals.map(|one| one.app_id).chain(registered).collect())
    }
}

/// Who was read so far.
#[derive(Debug, Default)]
pub(super) struct DirectoryReading {
    spoken_of: BTreeSet<ListKind>,
    users: BTreeMap<UserId, User>,
    groups: BTreeMap<GroupId, Group>,
    groups_without_members: BTreeSet<GroupId>,
    role_assignments: Vec<RoleAssignment>,
    applications: BTreeMap<ApplicationId, Application>,
    principals: BTreeMap<ServicePrincipalId, ServicePrincipal>,
    /// What Graph says of who may use an application, where a service principal says it.
    for_own_tenant: BTreeMap<ServicePrincipalId, bool>,
    without_attributes: BTreeSet<ClientId>,
}

impl DirectoryReading {
    /// A file speaks of this kind, whatever it has of it.
    pub(super) fn note(&mut self, kind: ListKind) {
        self.spoken_of.insert(kind);
    }

    pub(super) fn take_user(&mut self, members: &Document) -> Result<User, Refusal> {
        self.note(ListKind::Users);
        let mut members = members.clone();
        name_after_account(&mut members);
        let user = User::from_document(members)?;
        keep(&mut self.users, user.id, user.clone())?;
        Ok(user)
    }

    pub(super) fn take_group(&mut self, members: &Document) -> Result<Group, Refusal> {
        self.note(ListKind::Groups);
        let mut members = members.clone();
        let is_listed = has(&members, "members").is_some();
        name_members_by_id(&mut members);
        let group = Group::from_document(members)?;
        keep(&mut self.groups, group.id, group.clone())?;
        if !is_listed {
            self.groups_without_members.insert(group.id);
        }
        Ok(group)
    }

    pub(super) fn take_role_assignment(&mut self, members: &Document) -> Result<(), Refusal> {
        self.note(ListKind::RoleAssignments);
        if is_narrow(members) {
            return Ok(());
        }
        let assignment = RoleAssignment::from_document(members.clone())?;
        if !self.role_assignments.contains(&assignment) {
            self.role_assignments.push(assignment);
        }
        Ok(())
    }

    pub(super) fn take_application(&mut self, members: &Document) -> Result<Application, Refusal> {
        self.note(ListKind::Applications);
        let mut read = only(members, &["id", "appId", "displayName", "identifierUris"]);
        if let Some(own) = is_for_own_tenant(members) {
            let audience = if own {
                "AzureADMyOrg"
            } else {
                "AzureADMultipleOrgs"
            };
            read.insert("signInAudience".into(), audience.into());
        }
        let application = Application::from_document(read)?;
        keep(&mut self.applications, application.id, application.clone())?;
        Ok(application)
    }

    pub(super) fn take_principal(
        &mut self,
        members: &Document,
    ) -> Result<ServicePrincipal, Refusal> {
        self.note(ListKind::ServicePrincipals);
        let mut read = only(
            members,
            &[
                "id",
                "appId",
                "displayName",
                "appOwnerOrganizationId",
                "customSecurityAttributes",
            ],
        );
        // Who is assigned lies elsewhere in Graph: only a file that says it closes the door on the others.
        if has(members, "assignedTo").is_some() {
            let closed = only(members, &["appRoleAssignmentRequired", "assignedTo"]);
            read.extend(closed);
        }
        let principal = ServicePrincipal::from_document(read)?;
        keep(&mut self.principals, principal.id, principal.clone())?;
        if has(members, "customSecurityAttributes").is_none() {
            self.without_attributes.insert(principal.app_id);
        }
        if let Some(own) = is_for_own_tenant(members) {
            self.for_own_tenant.insert(principal.id, own);
        }
        Ok(principal)
    }

    pub(super) fn finish(mut self) -> ExportedDirectory {
        let tenant_id = self.tenant_id();
        let registered: BTreeSet<ClientId> =
            self.applications.values().map(|one| one.app_id).collect();
        for (id, principal) in &mut self.principals {
            let owner = principal.app_owner_organization_id;
            principal.app_owner_organization_id = match (
                self.for_own_tenant.get(id),
                registered.contains(&principal.app_id),
            ) {
                (Some(true), _) | (Some(false) | None, true) => None,
                // Other tenants use it too, and nothing else says so.
                (Some(false), false) => owner.or(Some(TenantId::UNDISCOVERED)),
                (None, false) if owner == tenant_id => None,
                // Nobody knows which tenant this is: only Microsoft's are surely another's.
                (None, false) if tenant_id.is_none() && owner != Some(MICROSOFT) => None,
                (None, false) => owner,
            };
        }
        let spoken_of = self.spoken_of;
        let said = |kind| spoken_of.contains(&kind);
        ExportedDirectory {
            users: said(ListKind::Users).then(|| self.users.into_values().collect()),
            groups: said(ListKind::Groups).then(|| self.groups.into_values().collect()),
            groups_without_members: self.groups_without_members,
            role_assignments: said(ListKind::RoleAssignments).then_some(self.role_assignments),
            applications: said(ListKind::Applications)
                .then(|| self.applications.into_values().collect()),
            service_principals: said(ListKind::ServicePrincipals)
                .then(|| self.principals.into_values().collect()),
            without_attributes: self.without_attributes,
            tenant_id,
        }
    }

    /// Whoever owns an application that is registered here, or that nobody else may use, is the tenant itself.
    fn tenant_id(&self) -> Option<TenantId> {
        let registered: BTreeSet<ClientId> =
            self.applications.values().map(|one| one.app_id).collect();
        let mut own = self.principals.values().filter(|principal| {
            registered.contains(&principal.app_id)
                || self.for_own_tenant.get(&principal.id) == Some(&true)
        });
        own.find_map(|principal| principal.app_owner_organization_id)
    }
}

/// Whether a role is assigned for less than the tenant: it is passed over, since no policy looks at it (specification 4.2).
pub(crate) fn is_narrow(assignment: &Document) -> bool {
    text(assignment, "directoryScopeId").is_some_and(|scope| scope != "/")
}

/// Graph has people without a name; they have the one of their account.
pub(crate) fn name_after_account(user: &mut Document) {
    if text(user, "displayName").is_none()
        && let Some(name) = user.get("userPrincipalName").cloned()
    {
        user.insert("displayName".into(), name);
    }
}

/// `$expand=members` puts whole objects where world files have ids.
pub(crate) fn name_members_by_id(group: &mut Document) {
    if let Some(Value::Array(list)) = group.get_mut("members") {
        for member in list {
            if let Some(id) = member.get("id").cloned() {
                *member = id;
            }
        }
    }
}

/// The tenant that owns Microsoft's own applications.
const MICROSOFT: TenantId = TenantId::new(uuid::uuid!("f8cdef31-a31e-4b4a-93e4-5f571e91255a"));

/// Graph's `signInAudience`: whether only this tenant's accounts may use it.
fn is_for_own_tenant(members: &Document) -> Option<bool> {
    text(members, "signInAudience").map(|audience| audience == "AzureADMyOrg")
}

/// The members of these names, in any case, as far as they are there: an export has more than anybody here may read strictly.
fn only(members: &Document, names: &[&str]) -> Document {
    names
        .iter()
        .filter_map(|name| Some(((*name).to_owned(), has(members, name)?.clone())))
        .collect()
}
