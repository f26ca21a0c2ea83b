//! Every name of a situation that cannot be made out, all at once: whoever mends a file wants to do it in one go.

use crate::directory::{Directory, DirectoryTenant, Unresolved};
use crate::resolve::{refuse_reaching_nothing_or_both, who_signs_in};
use crate::situation::{OneOrMany, Situation, Who};

/// A name that cannot be made out, and the member of the situation that has it, such as `user.groups[1]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnresolvedMember {
    /// The member, as a path.
    pub member: String,
    /// What is wrong.
    pub error: Unresolved,
}

/// The names of this situation that this tenant does not know. Nothing is said of what the members come to together.
pub fn unresolved(
    directory: &Directory,
    tenant: &DirectoryTenant,
    situation: &Situation,
) -> Vec<UnresolvedMember> {
    let mut found = Found::default();
    match &situation.user {
        Some(Who::Named(name)) => {
            found.note("user".to_owned(), known_user(directory, tenant, name));
        }
        Some(Who::Described(described)) => {
            if let Some(name) = &described.id {
                found.note("user.id".to_owned(), tenant.find_user(name));
            }
            if let Some(name) = &described.home_tenant
                && !described.has_no_tenant()
            {
                let home = directory.find_tenant_id(name);
                found.note("user.homeTenant".to_owned(), home);
            }
            let groups = |name: &str| tenant.find_group(name).map(drop);
            found.note_each("user.groups", described.groups.as_ref(), groups);
            let roles = |name: &str| tenant.find_role(name).map(drop);
            found.note_each("user.roles", described.roles.as_ref(), roles);
        }
        None => {}
    }
    if let Some(name) = &situation.service_principal {
        let principal = tenant.find_service_principal(name);
        found.note("servicePrincipal".to_owned(), principal);
    }
    let applications = |name: &str| tenant.find_application(name).map(drop);
    found.note_each("app", situation.app.as_ref(), applications);
    if let Some(name) = &situation.client {
        found.note("client".to_owned(), tenant.find_application(name));
    }
    let agreements = |name: &str| tenant.find_agreement(name).map(drop);
    found.note_each("accepted", situation.accepted.as_ref(), agreements);
    found.0
}

/// The names of this situation that no tenant knows: what can be told where it is not clear whose policies decide.
pub fn unresolved_everywhere(
    directory: &Directory,
    situation: &Situation,
) -> Vec<UnresolvedMember> {
    let mut found = Found::default();
    if let Some(Who::Named(name)) = &situation.user {
        let unknown = directory.unknown_user(name);
        found.note("user".to_owned(), unknown.map_or(Ok(()), Err));
    }
    let applications = |name: &str| directory.unknown_application(name).map_or(Ok(()), Err);
    found.note_each("app", situation.app.as_ref(), applications);
    if let Some(name) = &situation.client {
        found.note("client".to_owned(), applications(name));
    }
    found.0
}

/// What nothing can be said without, whatever the names stand for: that one signs in, and that something is reached.
pub fn says_too_little(situation: &Situation) -> Vec<Unresolved> {
    let who = who_signs_in(situation).err();
    who.into_iter()
        .chain(refuse_reaching_nothing_or_both(situation).err())
        .collect()
}

/// That somebody is called so, here or in another tenant; where nobody lists people, everybody may be.
fn known_user(
    directory: &Directory,
    tenant: &DirectoryTenant,
    name: &str,
) -> Result<(), Unresolved> {
    let is_here = tenant.find_user(name)?.is_some() || !tenant.lists_people();
    if is_here || directory.find_elsewhere(tenant.id(), name)?.is_some() {
        return Ok(());
    }
    Err(tenant.unknown_user(name))
}

#[derive(Debug, Default)]
struct Found(Vec<UnresolvedMember>);

impl Found {
    fn note<T>(&mut self, member: String, found: Result<T, Unresolved>) {
        if let Err(error) = found {
            self.0.push(UnresolvedMember { member, error });
        }
    }

    fn note_each(
        &mut self,
        member: &str,
        names: Option<&OneOrMany<String>>,
        find: impl Fn(&str) -> Result<(), Unresolved>,
    ) {
        let names = names.map_or(&[][..], |names| &names.0);
        for (index, name) in names.iter().enumerate() {
            self.note(format!("{member}[{index}]"), find(name));
        }
    }
}
