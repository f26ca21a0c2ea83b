//! Finds what people name: by id, by the names an object has, and never one of two that could be meant.

use std::collections::BTreeSet;

use portcullis_model::built_in_role::{built_in_role, built_in_role_names};
use portcullis_model::id::{
    AgreementId, ClientId, GroupId, Id, RoleTemplateId, ServicePrincipalId, TenantId, UserId,
};
use portcullis_model::microsoft_application::{
    microsoft_application_name, microsoft_application_names, microsoft_applications_named,
};
use portcullis_model::user::{CanonicalName, HomeAccount, User};

use super::nearest::{Nearest, known_names};
use super::{Directory, DirectoryTenant, NameOf, People};
use crate::situation::{Situation, Who};

/// A name in a situation that cannot be made out.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unresolved {
    /// Nothing has it.
    #[error("{kind} `{name}` is not known in {place}; {cure}")]
    Unknown {
        /// What was looked for.
        kind: &'static str,
        /// How it was called.
        name: String,
        /// Where.
        place: String,
        /// What would help.
        cure: String,
    },
    /// More than one thing has it.
    #[error("more than one {kind} in {place} is called `{name}`; give an id: {ids}")]
    Ambiguous {
        /// What was looked for.
        kind: &'static str,
        /// How it was called.
        name: String,
        /// Where.
        place: String,
        /// The ids of those that are.
        ids: String,
    },
    /// The situation contradicts itself, or leaves out what nothing can be said without.
    #[error("{0}")]
    Incomplete(String),
}

impl Unresolved {
    fn unknown(kind: &'static str, name: &str, place: &str, cure: impl Into<String>) -> Self {
        Self::Unknown {
            kind,
            name: shown(name),
            place: place.to_owned(),
            cure: cure.into(),
        }
    }
}

/// What somebody typed, at a length that fits a message.
fn shown(text: &str) -> String {
    text.chars().take(80).collect()
}

/// The only one of these ids; `None` when there is none.
fn only<K>(
    ids: BTreeSet<Id<K>>,
    (kind, name, place): (&'static str, &str, &str),
) -> Result<Option<Id<K>>, Unresolved> {
    if ids.len() > 1 {
        let ids: Vec<_> = ids.iter().take(5).map(ToString::to_string).collect();
        return Err(Unresolved::Ambiguous {
            kind,
            name: shown(name),
            place: place.to_owned(),
            ids: ids.join(", "),
        });
    }
    Ok(ids.into_iter().next())
}

fn same(one: &str, other: &str) -> bool {
    one.trim().to_lowercase() == other.trim().to_lowercase()
}

impl Directory {
    /// The tenant with this id, domain or name, else the only one whose name or domain begins so.
    pub fn find_tenant(&self, name: &str) -> Result<&DirectoryTenant, Unresolved> {
        let wanted = name.trim().to_lowercase();
        let domains = |tenant: &DirectoryTenant| {
            let domains = tenant.configuration.organization.verified_domains.iter();
            domains
                .map(|domain| domain.name.clone())
                .collect::<Vec<_>>()
        };
        let exactly = |tenant: &&DirectoryTenant| {
            tenant.id().to_string() == wanted
                || same(tenant.name(), &wanted)
                || domains(tenant).contains(&wanted)
        };
        let begins = |tenant: &&DirectoryTenant| {
            tenant.name().to_lowercase().starts_with(&wanted)
                || domains(tenant)
                    .iter()
                    .any(|domain| domain.starts_with(&wanted))
        };
        let mut found: Vec<_> = self.tenants().filter(exactly).collect();
        if found.is_empty() && !wanted.is_empty() {
            found = self.tenants().filter(begins).collect();
        }
        match found.as_slice() {
            [one] => Ok(one),
            [] => {
                let cure = known_names(name, self.tenants().map(DirectoryTenant::name));
                Err(Unresolved::unknown("tenant", name, "this world", cure))
            }
            many => Err(Unresolved::Ambiguous {
                kind: "tenant",
                name: shown(name),
                place: "this world".to_owned(),
                ids: many
                    .iter()
                    .map(|tenant| tenant.id().to_string())
                    .collect::<Vec<_>>()
                    .join(", "),
            }),
        }
    }

    /// The id of a tenant of the world by any of its names, of another one by the id.
    pub(crate) fn find_tenant_id(&self, name: &str) -> Result<TenantId, Unresolved> {
        match self.find_tenant(name) {
            Ok(tenant) => Ok(tenant.id()),
            Err(unknown) => name.trim().parse().map_err(|_| unknown),
        }
    }

    /// The tenant whose application is reached: the only one there is, else the only one that knows both who is named and what is
    /// reached.
    pub fn tenant_of(&self, situation: &Situation) -> Result<&DirectoryTenant, Unresolved> {
        let mut tenants = self.tenants();
        if let (Some(one), None) = (tenants.next(), tenants.next()) {
            return Ok(one);
        }
        let reaches = |tenant: &&DirectoryTenant| {
            let apps = situation.app.as_ref().map(|apps| apps.0.as_slice());
            apps.is_none_or(|apps| apps.iter().all(|app| tenant.has_application(app)))
        };
        let knows =
            |tenant: &&DirectoryTenant| match (&situation.user, &situation.service_principal) {
                (Some(Who::Named(name)), _) => matches!(tenant.find_user(name), Ok(Some(_))),
                (_, Some(name)) => tenant.find_service_principal(name).is_ok(),
                (Some(Who::Described(_)) | None, None) => true,
            };
        let owns = |tenant: &&DirectoryTenant| {
            let apps = situation.app.as_ref().map(|apps| apps.0.as_slice());
            apps.is_some_and(|apps| apps.iter().all(|app| tenant.owns_application(app)))
        };
        let mut within_reach: Vec<_> = self.tenants().filter(reaches).collect();
        if within_reach.is_empty() {
            // No tenant has it; the one that knows the user says what is wrong with the name, or takes the appId.
            within_reach = self.tenants().filter(knows).collect();
        }
        let candidates: Vec<_> = within_reach.iter().copied().filter(knows).collect();
        let owners: Vec<_> = within_reach.iter().copied().filter(owns).collect();
        match (
            candidates.as_slice(),
            owners.as_slice(),
            within_reach.as_slice(),
        ) {
            ([one], ..) | ([], [one], _) | ([], [], [one]) => Ok(one),
            _ => {
                self.refuse_unknown_application(situation)?;
                let names = self.tenants().map(DirectoryTenant::name);
                let names = Nearest::default().among(names).list();
                Err(Unresolved::Incomplete(format!(
                    "which tenant's policies decide is not clear; name it (`--tenant`, or `tenant` in a file): {names}"
                )))
            }
        }
    }

    /// That an application is called as no tenant calls one.
    fn refuse_unknown_application(&self, situation: &Situation) -> Result<(), Unresolved> {
        let names = situation.app.iter().flat_map(|apps| &apps.0);
        let mut unknown = names.filter_map(|name| self.unknown_application(name));
        unknown.next().map_or(Ok(()), Err)
    }

    /// That no tenant calls an application so.
    pub(crate) fn unknown_application(&self, name: &str) -> Option<Unresolved> {
        let is_unknown = self.tenants().all(|tenant| {
            let found = tenant.find_application(name);
            matches!(found, Err(Unresolved::Unknown { .. }))
        });
        is_unknown.then(|| {
            let known = self.tenants().flat_map(DirectoryTenant::application_names);
            unknown_application(name, "this world", known)
        })
    }

    /// That nobody in any tenant is called so.
    pub(crate) fn unknown_user(&self, name: &str) -> Option<Unresolved> {
        let mut known = Nearest::to(name);
        for tenant in self.tenants() {
            if !tenant.lists_people() || !matches!(tenant.find_user(name), Ok(None)) {
                return None;
            }
            tenant.note_users(&mut known);
        }
        Some(unknown_user(name, "this world", &known))
    }

    /// The tenant and the user of this account.
    pub(crate) fn account(&self, home: HomeAccount) -> Option<(&DirectoryTenant, &User)> {
        let tenant = self.tenant(home.tenant_id)?;
        let user = tenant.users().iter().find(|user| user.id == home.user_id)?;
        Some((tenant, user))
    }

    /// Somebody who lives in another tenant than this one, by name.
    pub(crate) fn find_elsewhere(
        &self,
        here: TenantId,
        name: &str,
    ) -> Result<Option<(&DirectoryTenant, &User)>, Unresolved> {
        let mut found = Vec::new();
        for tenant in self.tenants().filter(|tenant| tenant.id() != here) {
            let user = tenant.find_user(name)?;
            // Guest objects stand for somebody who lives elsewhere again.
            found.extend(
                user.filter(|user| user.home_account.is_none())
                    .map(|user| (tenant, user)),
            );
        }
        match found.as_slice() {
            [] => Ok(None),
            [one] => Ok(Some(*one)),
            many => Err(Unresolved::Ambiguous {
                kind: "user",
                name: shown(name),
                place: "this world".to_owned(),
                ids: many
                    .iter()
                    .map(|(tenant, user)| format!("{} ({})", user.id, tenant.name()))
                    .collect::<Vec<_>>()
                    .join(", "),
            }),
        }
    }
}

impl DirectoryTenant {
    /// The user with this object id, userPrincipalName, mail address, or display name.
    pub(crate) fn find_user(&self, name: &str) -> Result<Option<&User>, Unresolved> {
        if name.trim().is_empty() {
            return Err(Unresolved::Incomplete(
                "the name of the user is empty: name somebody, or describe the user by type, groups and roles".to_owned(),
            ));
        }
        let id: Option<UserId> = name.trim().parse().ok();
        let canonical = CanonicalName::parse(name);
        let by_id = |user: &&User| Some(user.id) == id;
        let by_upn = |user: &&User| same(&user.user_principal_name, name);
        let by_mail = |user: &&User| {
            canonical
                .as_ref()
                .is_some_and(|wanted| user.names().any(|one| one == *wanted))
        };
        let by_display_name = |user: &&User| same(&user.display_name, name);
        let tests: [&dyn Fn(&&User) -> bool; 4] = [&by_id, &by_upn, &by_mail, &by_display_name];
        for test in tests {
            let found: BTreeSet<UserId> = self
                .users()
                .iter()
                .filter(test)
                .map(|user| user.id)
                .collect();
            if let Some(id) = only(found, ("user", name, self.name()))? {
                return Ok(self.users().iter().find(|user| user.id == id));
            }
        }
        Ok(None)
    }

    /// That nobody of this tenant or of another has this name.
    pub(crate) fn unknown_user(&self, name: &str) -> Unresolved {
        let mut known = Nearest::to(name);
        self.note_users(&mut known);
        unknown_user(name, self.name(), &known)
    }

    fn note_users<'d>(&'d self, known: &mut Nearest<'d>) {
        for user in self.users() {
            let shown = user.user_principal_name.as_str();
            for called in [shown, &user.display_name] {
                known.note(shown, called);
            }
        }
    }

    /// The application with this appId, name or identifier URI. An appId need not be known: policies may name any.
    pub fn find_application(&self, name: &str) -> Result<ClientId, Unresolved> {
        if let Ok(id) = name.trim().parse() {
            return Ok(id);
        }
        if let Some(id) = self.stand_in(NameOf::Application, name) {
            return Ok(ClientId::new(id));
        }
        let registrations = self.configuration.applications.iter().filter(|one| {
            same(&one.display_name, name) || one.identifier_uris.iter().any(|uri| uri == name)
        });
        let principals = self.configuration.service_principals.iter();
        let principals = principals.filter(|one| same(&one.display_name, name));
        let ids = registrations
            .map(|one| one.app_id)
            .chain(principals.map(|one| one.app_id))
            .collect();
        let well_known = || microsoft_application_named(name);
        only(ids, ("application", name, self.name()))?
            .or_else(well_known)
            .ok_or_else(|| unknown_application(name, self.name(), self.application_names()))
    }

    fn application_names(&self) -> impl Iterator<Item = &str> {
        let registrations = self.configuration.applications.iter();
        let principals = self.configuration.service_principals.iter();
        registrations
            .map(|one| one.display_name.as_str())
            .chain(principals.map(|one| one.display_name.as_str()))
    }

    /// What people call an application; its id when nobody knows it.
    pub(crate) fn application_name(&self, id: ClientId) -> String {
        let mut registrations = self.configuration.applications.iter();
        let mut principals = self.configuration.service_principals.iter();
        let own = registrations.find(|one| one.app_id == id);
        let name = own.map(|one| one.display_name.as_str()).or_else(|| {
            let used = principals.find(|one| one.app_id == id);
            used.map(|one| one.display_name.as_str())
        });
        name.or_else(|| microsoft_application_name(id))
            .map_or_else(|| id.to_string(), str::to_owned)
    }

    fn has_application(&self, name: &str) -> bool {
        let configuration = &self.configuration;
        match self.find_application(name) {
            Ok(id) => {
                let principals = &configuration.service_principals;
                configuration
                    .applications
                    .iter()
                    .any(|one| one.app_id == id)
                    || principals.iter().any(|one| one.app_id == id)
            }
            Err(_) => false,
        }
    }

    fn owns_application(&self, name: &str) -> bool {
        let owned = |id| {
            let applications = self.configuration.applications.iter();
            applications.map(|one| one.app_id).any(|one| one == id)
        };
        self.find_application(name).is_ok_and(owned)
    }

    /// The service principal with this object id, appId or name.
    pub(crate) fn find_service_principal(
        &self,
        name: &str,
    ) -> Result<ServicePrincipalId, Unresolved> {
        let text = name.trim().to_lowercase();
        let ids = self
            .configuration
            .service_principals
            .iter()
            .filter(|one| {
                one.id.to_string() == text
                    || one.app_id.to_string() == text
                    || same(&one.display_name, name)
            })
            .map(|one| one.id)
            .collect();
        if let Some(id) = only(ids, ("service principal", name, self.name()))? {
            return Ok(id);
        }
        if let Some(id) = self.stand_in(NameOf::ServicePrincipal, name) {
            return Ok(ServicePrincipalId::new(id));
        }
        if self.configuration.service_principals.is_empty()
            && let Ok(id) = text.parse()
        {
            return Ok(id);
        }
        let principals = self.configuration.service_principals.iter();
        let names = principals.map(|one| one.display_name.as_str());
        let known = Nearest::to(name).among(names);
        let cure = format!(
            "{}give an object id, an appId or a name; {}",
            known.meant(),
            known.list()
        );
        let kind = "service principal";
        Err(Unresolved::unknown(kind, name, self.name(), cure))
    }

    /// The group with this object id or name. An id need not be known.
    pub fn find_group(&self, name: &str) -> Result<GroupId, Unresolved> {
        if let Ok(id) = name.trim().parse() {
            return Ok(id);
        }
        if let Some(id) = self.stand_in(NameOf::Group, name) {
            return Ok(GroupId::new(id));
        }
        let named = self.groups().filter(|(_, known)| same(known, name));
        let ids = named.map(|(id, _)| id).collect();
        only(ids, ("group", name, self.name()))?.ok_or_else(|| {
            let known = Nearest::to(name).among(self.groups().map(|(_, name)| name));
            let cure = format!("{}give an id; {}", known.meant(), known.list());
            Unresolved::unknown("group", name, self.name(), cure)
        })
    }

    /// Groups and their names.
    pub fn groups(&self) -> impl Iterator<Item = (GroupId, &str)> {
        let groups = match &self.people {
            People::Listed { groups, .. } => Some(groups),
            People::NotListed | People::One(_) | People::Nobody => None,
        };
        groups
            .into_iter()
            .flatten()
            .map(|(id, name)| (*id, name.as_str()))
    }

    /// The role with this template id or name.
    pub fn find_role(&self, name: &str) -> Result<RoleTemplateId, Unresolved> {
        if let Some(id) = self.stand_in(NameOf::Role, name) {
            return Ok(RoleTemplateId::new(id));
        }
        let id = built_in_role(name).unwrap_or(name).trim();
        id.parse().map_err(|_| {
            let known = Nearest::to(name).among(built_in_role_names().map(|(name, _)| name));
            let cure = format!(
                "{}give the id of a role template, or the name of a built-in role such as `Global Administrator`",
                known.meant()
            );
            Unresolved::unknown("role", name, self.name(), cure)
        })
    }

    /// The terms of use with this id or name.
    pub(crate) fn find_agreement(&self, name: &str) -> Result<AgreementId, Unresolved> {
        if let Ok(id) = name.trim().parse() {
            return Ok(id);
        }
        if let Some(id) = self.stand_in(NameOf::Agreement, name) {
            return Ok(AgreementId::new(id));
        }
        let agreements = || self.configuration.agreements.iter();
        let named = agreements().filter(|one| same(&one.display_name, name));
        let ids = named.map(|one| one.id).collect();
        only(ids, ("terms of use", name, self.name()))?.ok_or_else(|| {
            let listed = agreements().map(|one| one.display_name.as_str());
            let known = Nearest::to(name).among(listed);
            let cure = format!("{}give an id; {}", known.meant(), known.list());
            Unresolved::unknown("terms of use", name, self.name(), cure)
        })
    }
}

fn unknown_user(name: &str, place: &str, known: &Nearest<'_>) -> Unresolved {
    let cure = format!(
        "{}{}; or describe the user by type, groups and roles",
        known.meant(),
        known.list()
    );
    Unresolved::unknown("user", name, place, cure)
}

fn unknown_application<'n>(
    name: &str,
    place: &str,
    names: impl Iterator<Item = &'n str>,
) -> Unresolved {
    if is_for_several(name) {
        let cure = "policies say so of several applications or of none: name one that is reached, such as `Exchange Online`";
        return Unresolved::unknown("application", name, place, cure);
    }
    let own = Nearest::to(name).among(names);
    // Of Microsoft's, which are known everywhere, there are hundreds.
    let listed = if own.is_empty() {
        "of applications that are not Microsoft's none is listed here".to_owned()
    } else {
        own.list()
    };
    let meant = own.among(microsoft_application_names()).meant();
    let cure = format!("{meant}give an appId, or a name; {listed}");
    Unresolved::unknown("application", name, place, cure)
}

/// Whether policies say this in place of applications (specification 4.3).
fn is_for_several(name: &str) -> bool {
    let letters: String = name.split_whitespace().collect();
    ["All", "None", "Office365", "MicrosoftAdminPortals"]
        .iter()
        .any(|word| word.eq_ignore_ascii_case(&letters))
}

/// The only one of Microsoft's own applications that is called so.
fn microsoft_application_named(name: &str) -> Option<ClientId> {
    match microsoft_applications_named(name).as_slice() {
        [one] => Some(*one),
        _ => None,
    }
}
