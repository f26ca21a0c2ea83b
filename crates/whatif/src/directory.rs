//! The directory that situations are resolved against: whole tenants of a world, or the one person a server looked up.

mod find;
mod names;
mod nearest;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use portcullis_model::authentication_context::AuthenticationContextClassReference;
use portcullis_model::authentication_strength::AuthenticationStrengthPolicy;
use portcullis_model::conditional_access::ConditionalAccessPolicy;
use portcullis_model::cross_tenant_access::CrossTenantAccessPolicy;
use portcullis_model::group::{Group, Memberships, RoleAssignment};
use portcullis_model::id::{ClientId, GroupId, RoleTemplateId, TenantId, UserId};
use portcullis_model::named_location::NamedLocation;
use portcullis_model::store::{TenantConfiguration, TenantWorld};
use portcullis_model::terms_of_use::Agreement;
use portcullis_model::user::User;
use portcullis_policy::compile::CompiledTenant;
use uuid::Uuid;

use crate::evaluate::Signal;

pub use find::Unresolved;
pub use nearest::known_names;

/// Every tenant that is known.
#[derive(Debug, Clone, Default)]
pub struct Directory {
    tenants: BTreeMap<TenantId, DirectoryTenant>,
}

/// One tenant: what it has configured, and whom it has.
#[derive(Debug, Clone)]
pub struct DirectoryTenant {
    configuration: TenantConfiguration,
    compiled: CompiledTenant,
    people: People,
    /// By the name without its case: what stands for it, and how it was written.
    names: BTreeMap<(NameOf, String), (Uuid, String)>,
    unsaid: Unsaid,
}

/// What the files that a directory comes from do not speak of: it is neither there nor absent.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Unsaid {
    /// Of [`Signal::Groups`], [`Signal::Roles`] and [`Signal::HomeTenant`] those that even somebody listed may have more of.
    pub of_people: BTreeSet<Signal>,
    /// Which service principals there are.
    pub service_principals: bool,
    /// The applications that are listed without their custom security attributes. Of one that is not listed they are never said.
    pub attributes: BTreeSet<ClientId>,
    /// Those who are listed without a word on whether they are members or guests.
    pub user_types: BTreeSet<UserId>,
    /// Which cross-tenant access settings there are.
    pub cross_tenant_access: bool,
}

/// What a name that policies use stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum NameOf {
    /// A user.
    User,
    /// A group.
    Group,
    /// A role.
    Role,
    /// An application, by its appId.
    Application,
    /// A service principal.
    ServicePrincipal,
    /// Terms of use.
    Agreement,
    /// A named location.
    NamedLocation,
    /// Another tenant.
    Tenant,
}

/// Whom a tenant has.
#[derive(Debug, Clone)]
pub enum People {
    /// Nobody said: an export of policies has no users.
    NotListed,
    /// These users and groups, and no others.
    Listed {
        /// The users; `None`: only groups and roles are listed.
        users: Option<Vec<User>>,
        /// Each group's name.
        groups: BTreeMap<GroupId, String>,
        /// Which groups a user or a group is directly in.
        parents: BTreeMap<Uuid, Vec<GroupId>>,
        /// Which roles a user or a group holds.
        roles: BTreeMap<Uuid, Vec<RoleTemplateId>>,
    },
    /// One person, looked up with their memberships.
    One(Box<(User, Memberships)>),
    /// Somebody was looked up and is not there.
    Nobody,
}

/// Configuration that is not stored yet.
#[derive(Debug, Clone, Default)]
pub struct Drafts {
    /// Policies.
    pub policies: Vec<ConditionalAccessPolicy>,
    /// Named locations.
    pub named_locations: Vec<NamedLocation>,
    /// Authentication strengths.
    pub authentication_strengths: Vec<AuthenticationStrengthPolicy>,
    /// Authentication contexts.
    pub authentication_contexts: Vec<AuthenticationContextClassReference>,
    /// Terms of use.
    pub agreements: Vec<Agreement>,
}

fn put_each<T, I: PartialEq>(stored: &mut Vec<T>, drafts: Vec<T>, id: fn(&T) -> I) {
    for draft in drafts {
        match stored.iter_mut().find(|one| id(one) == id(&draft)) {
            Some(one) => *one = draft,
            None => stored.push(draft),
        }
    }
}

impl Directory {
    /// These tenants.
    pub fn new(tenants: impl IntoIterator<Item = DirectoryTenant>) -> Self {
        let by_id = |tenant: DirectoryTenant| (tenant.id(), tenant);
        Self {
            tenants: tenants.into_iter().map(by_id).collect(),
        }
    }

    /// The tenants of a world.
    pub fn of_world(tenants: impl IntoIterator<Item = TenantWorld>) -> Self {
        Self::new(tenants.into_iter().map(DirectoryTenant::of_world))
    }

    /// The tenant with this id.
    pub fn tenant(&self, id: TenantId) -> Option<&DirectoryTenant> {
        self.tenants.get(&id)
    }

    /// Every tenant, by id.
    pub fn tenants(&self) -> impl Iterator<Item = &DirectoryTenant> {
        self.tenants.values()
    }

    /// Replaces a tenant, for instance by one with more policies.
    pub fn put(&mut self, tenant: DirectoryTenant) {
        self.tenants.insert(tenant.id(), tenant);
    }
}

impl DirectoryTenant {
    /// A tenant of a world.
    pub fn of_world(world: TenantWorld) -> Self {
        let unsaid = Unsaid::of_world(&world);
        let people = match (world.users, &world.groups, &world.role_assignments) {
            (None, None, None) => People::NotListed,
            (users, groups, assignments) => People::listed(
                users,
                groups.as_deref().unwrap_or_default(),
                assignments.as_deref().unwrap_or_default(),
            ),
        };
        let configuration = TenantConfiguration {
            version: 0,
            organization: world.organization,
            applications: world.applications.unwrap_or_default(),
            service_principals: world.service_principals.unwrap_or_default(),
            conditional_access_policies: world.conditional_access_policies.unwrap_or_default(),
            named_locations: world.named_locations.unwrap_or_default(),
            authentication_strengths: world.authentication_strengths.unwrap_or_default(),
            authentication_contexts: world.authentication_contexts.unwrap_or_default(),
            agreements: world.agreements.unwrap_or_default(),
            cross_tenant_access_policy: world.cross_tenant_access_policy.unwrap_or_default(),
            invariants: world.invariants,
        };
        let compiled = CompiledTenant::compile(&configuration);
        Self::new(configuration, compiled, people).with_unsaid(unsaid)
    }

    /// A tenant that was compiled before.
    pub fn new(
        configuration: TenantConfiguration,
        compiled: CompiledTenant,
        people: People,
    ) -> Self {
        Self {
            configuration,
            compiled,
            people,
            names: BTreeMap::new(),
            unsaid: Unsaid::default(),
        }
    }

    /// This tenant, of which nobody said this either.
    #[must_use]
    pub fn with_unsaid(mut self, unsaid: Unsaid) -> Self {
        self.unsaid.of_people.extend(unsaid.of_people);
        self.unsaid.service_principals |= unsaid.service_principals;
        self.unsaid.attributes.extend(unsaid.attributes);
        self.unsaid.user_types.extend(unsaid.user_types);
        self.unsaid.cross_tenant_access |= unsaid.cross_tenant_access;
        self
    }

    pub(crate) fn unsaid(&self) -> &Unsaid {
        &self.unsaid
    }

    /// Whether nobody said which custom security attributes an application has.
    pub(crate) fn has_unsaid_attributes(&self, application: ClientId) -> bool {
        let principals = &self.configuration.service_principals;
        let is_listed = principals.iter().any(|one| one.app_id == application);
        !is_listed || self.unsaid.attributes.contains(&application)
    }

    /// This tenant, which also understands names that its policies use for objects it does not have.
    #[must_use]
    pub fn with_names(mut self, names: impl IntoIterator<Item = (NameOf, String, Uuid)>) -> Self {
        let folded = names
            .into_iter()
            .map(|(of, name, id)| ((of, name.trim().to_lowercase()), (id, name)));
        self.names.extend(folded);
        self
    }

    /// What a name stands for that policies use and nothing has.
    pub(crate) fn stand_in(&self, of: NameOf, name: &str) -> Option<Uuid> {
        let found = self.names.get(&(of, name.trim().to_lowercase()));
        found.map(|(id, _)| *id)
    }

    /// What stands in for the things that policies call by a name, and that nothing has. What is missing by its id is none of them.
    pub(crate) fn unknown(&self, of: NameOf) -> impl Iterator<Item = Uuid> {
        let names = self.names.iter();
        let unknown =
            names.filter(move |((kind, name), _)| *kind == of && Uuid::try_parse(name).is_err());
        unknown.map(|(_, (id, _))| *id)
    }

    /// Whether a file says how this application is called.
    pub(crate) fn lists_application(&self, id: ClientId) -> bool {
        let configuration = &self.configuration;
        let mut registered = configuration.applications.iter();
        let mut principals = configuration.service_principals.iter();
        registered.any(|one| one.app_id == id) || principals.any(|one| one.app_id == id)
    }

    /// The tenant's id.
    pub fn id(&self) -> TenantId {
        self.configuration.organization.id
    }

    /// The tenant's name.
    pub fn name(&self) -> &str {
        &self.configuration.organization.display_name
    }

    /// What it has configured.
    pub fn configuration(&self) -> &TenantConfiguration {
        &self.configuration
    }

    /// The same, compiled.
    pub fn compiled(&self) -> &CompiledTenant {
        &self.compiled
    }

    /// This tenant with policies that are not stored yet, and what came along with them: one with the id of a stored one
    /// replaces it, any other is added.
    #[must_use]
    pub fn with_drafts(mut self, drafts: Drafts) -> Self {
        let configuration = &mut self.configuration;
        put_each(
            &mut configuration.conditional_access_policies,
            drafts.policies,
            |one| one.id,
        );
        put_each(
            &mut configuration.named_locations,
            drafts.named_locations,
            |one| one.id,
        );
        put_each(
            &mut configuration.authentication_strengths,
            drafts.authentication_strengths,
            |one| one.id,
        );
        put_each(
            &mut configuration.authentication_contexts,
            drafts.authentication_contexts,
            |one| one.id,
        );
        put_each(&mut configuration.agreements, drafts.agreements, |one| {
            one.id
        });
        self.compiled = CompiledTenant::compile(&self.configuration);
        self
    }

    /// This tenant with other cross-tenant access settings.
    #[must_use]
    pub fn with_cross_tenant_access_policy(mut self, policy: CrossTenantAccessPolicy) -> Self {
        self.configuration.cross_tenant_access_policy = policy;
        self.compiled = CompiledTenant::compile(&self.configuration);
        self
    }

    /// This tenant with only some of its policies.
    #[must_use]
    pub fn with_only(&self, keep: impl Fn(&ConditionalAccessPolicy) -> bool) -> Self {
        let mut tenant = self.clone();
        let policies = &mut tenant.configuration.conditional_access_policies;
        policies.retain(keep);
        tenant.compiled = CompiledTenant::compile(&tenant.configuration);
        tenant
    }

    /// Every user that is listed.
    pub fn users(&self) -> &[User] {
        match &self.people {
            People::Listed { users, .. } => users.as_deref().unwrap_or_default(),
            People::One(one) => std::slice::from_ref(&one.0),
            People::NotListed | People::Nobody => &[],
        }
    }

    /// Whether the directory says who is there.
    pub fn lists_people(&self) -> bool {
        match &self.people {
            People::NotListed => false,
            People::Listed { users, .. } => users.is_some(),
            People::One(_) | People::Nobody => true,
        }
    }

    /// Whether the directory would say that it is this user who signs in, if it were.
    pub(crate) fn lists(&self, id: UserId) -> bool {
        match &self.people {
            People::Listed { .. } => self.users().iter().any(|user| user.id == id),
            People::NotListed => false,
            // Whoever is named was looked up.
            People::One(_) | People::Nobody => true,
        }
    }

    /// Groups, nesting followed, and roles, held directly or through a group.
    pub fn memberships(&self, user: &User) -> Memberships {
        match &self.people {
            People::NotListed | People::Nobody => Memberships::default(),
            People::One(one) => one.1.clone(),
            People::Listed { .. } => self.through(user.id.uuid()),
        }
    }

    /// These groups and every group that one of them is in, with the roles they hold.
    pub(crate) fn nested(&self, groups: BTreeSet<GroupId>) -> Memberships {
        let mut all = Memberships {
            groups: groups.clone(),
            roles: BTreeSet::new(),
        };
        for group in groups {
            let through = self.through(group.uuid());
            all.groups.extend(through.groups);
            all.roles.extend(through.roles);
        }
        all
    }

    /// What a user or a group is in, and the roles it holds itself or through that.
    fn through(&self, principal: Uuid) -> Memberships {
        let People::Listed { parents, roles, .. } = &self.people else {
            return Memberships::default();
        };
        let mut groups = BTreeSet::new();
        let mut open = vec![principal];
        let mut principals = Vec::new();
        while let Some(member) = open.pop() {
            principals.push(member);
            for group in parents.get(&member).into_iter().flatten() {
                if groups.insert(*group) {
                    open.push(group.uuid());
                }
            }
        }
        let held = principals.iter().filter_map(|one| roles.get(one));
        Memberships {
            roles: held.flatten().copied().collect(),
            groups,
        }
    }
}

impl Unsaid {
    /// A kind without a file is not said.
    fn of_world(world: &TenantWorld) -> Self {
        let mut of_people = BTreeSet::new();
        if world.groups.is_none() {
            of_people.insert(Signal::Groups);
        }
        if world.role_assignments.is_none() {
            of_people.insert(Signal::Roles);
        }
        Self {
            of_people,
            service_principals: world.service_principals.is_none(),
            attributes: BTreeSet::new(),
            user_types: BTreeSet::new(),
            cross_tenant_access: false,
        }
    }
}

impl People {
    /// These users, in these groups, with these roles.
    pub fn listed(
        users: Option<Vec<User>>,
        groups: &[Group],
        assignments: &[RoleAssignment],
    ) -> Self {
        let mut parents: BTreeMap<Uuid, Vec<GroupId>> = BTreeMap::new();
        for group in groups {
            for member in &group.members {
                parents.entry(*member).or_default().push(group.id);
            }
        }
        let mut roles: BTreeMap<Uuid, Vec<RoleTemplateId>> = BTreeMap::new();
        for assignment in assignments {
            let held = roles.entry(assignment.principal_id).or_default();
            held.push(assignment.role_definition_id);
        }
        let names = groups
            .iter()
            .map(|group| (group.id, group.display_name.clone()));
        Self::Listed {
            users,
            groups: names.collect(),
            parents,
            roles,
        }
    }
}
