//! The people a directory lists, those together that no policy tells apart; where people are listed, nobody else has an
//! object.

use std::collections::{BTreeMap, BTreeSet};

use batsat::Lit;
use portcullis_model::id::{GroupId, RoleTemplateId, UserId};
use portcullis_model::user::{User, UserType};
use portcullis_whatif::directory::DirectoryTenant;

use super::Space;
use crate::who::{Home, SubjectKind, Who};

/// People that no policy tells apart.
#[derive(Debug)]
pub(crate) struct Listed {
    /// Where in the axis of kinds.
    pub(crate) who: usize,
    /// Where in the axis of named users.
    pub(crate) user: usize,
    pub(crate) groups: BTreeSet<GroupId>,
    pub(crate) roles: BTreeSet<RoleTemplateId>,
    /// Who they are; at least one.
    pub(crate) users: Vec<UserId>,
    /// True when one of them signs in.
    pub(crate) literal: Lit,
}

impl Listed {
    /// Whether they are all that.
    pub(crate) fn is(
        &self,
        who: usize,
        user: usize,
        groups: &BTreeSet<GroupId>,
        roles: &BTreeSet<RoleTemplateId>,
    ) -> bool {
        self.who == who && self.user == user && self.groups == *groups && self.roles == *roles
    }
}

/// What policies can tell of a person: kind, name, groups, roles.
type Signature = (usize, usize, BTreeSet<GroupId>, BTreeSet<RoleTemplateId>);

/// Divides the listed people into classes, and requires that whoever has an object is one of them.
pub(crate) fn listed(space: &mut Space, tenant: &DirectoryTenant) -> Vec<Listed> {
    if !tenant.lists_people() {
        return Vec::new();
    }
    let mut classes: BTreeMap<Signature, Vec<UserId>> = BTreeMap::new();
    for user in tenant.users().iter().filter(|user| user.account_enabled) {
        let Some(who) = place(space, user) else {
            continue;
        };
        let memberships = tenant.memberships(user);
        let groups = memberships.groups.iter();
        let roles = memberships.roles.iter();
        let signature = (
            who,
            named(space, user.id),
            groups
                .filter(|id| space.groups.contains_key(id))
                .copied()
                .collect(),
            roles
                .filter(|id| space.roles.contains_key(id))
                .copied()
                .collect(),
        );
        classes.entry(signature).or_default().push(user.id);
    }
    let listed: Vec<Listed> = classes
        .into_iter()
        .map(|((who, user, groups, roles), users)| Listed {
            who,
            user,
            groups,
            roles,
            users,
            literal: space.circuit.free(),
        })
        .collect();
    for class in &listed {
        require(space, class);
    }
    let objectless = space
        .whos
        .any(&mut space.circuit, |who| !who.kind.has_object());
    let somebody = listed.iter().map(|class| class.literal);
    let populated = space.populated;
    space
        .circuit
        .require(somebody.chain([objectless, !populated]));
    listed
}

/// Whoever is one of them is what they are.
fn require(space: &mut Space, class: &Listed) {
    let circuit = &mut space.circuit;
    let who = space.whos.literals.get(class.who);
    let user = space.users.literals.get(class.user);
    for literal in who.into_iter().chain(user) {
        circuit.require([!class.literal, *literal]);
    }
    for (id, literal) in &space.groups {
        let is_member = class.groups.contains(id);
        circuit.require([!class.literal, if is_member { *literal } else { !*literal }]);
    }
    for (id, literal) in &space.roles {
        let holds = class.roles.contains(id);
        circuit.require([!class.literal, if holds { *literal } else { !*literal }]);
    }
}

fn named(space: &Space, user: UserId) -> usize {
    let mut named = space.users.values.iter();
    named.position(|users| users.contains(&user)).unwrap_or(0)
}

/// Where a listed user's credentials live.
fn home(space: &Space, user: &User) -> Home {
    if let Some(account) = user.home_account {
        let is_named = |who: &Who| who.home == Home::Tenant(account.tenant_id);
        return if space.whos.values.iter().any(is_named) {
            Home::Tenant(account.tenant_id)
        } else {
            Home::AnyOtherTenant(super::ANY_OTHER_TENANT)
        };
    }
    let mut federated = user.identities.iter();
    match federated.find(|identity| identity.sign_in_type == "federated") {
        None => Home::Here,
        Some(identity) if identity.issuer == "ExternalAzureAD" => {
            Home::AnyOtherTenant(super::ANY_OTHER_TENANT)
        }
        Some(_) => Home::NoTenant,
    }
}

/// The kind of a listed user.
fn place(space: &Space, user: &User) -> Option<usize> {
    let home = home(space, user);
    let kind = match (home, user.user_type) {
        (Home::Here, Some(UserType::Guest)) => SubjectKind::InternalGuest,
        (Home::Here, Some(UserType::Member) | None) => SubjectKind::Member,
        (_, Some(UserType::Guest)) => SubjectKind::B2bCollaborationGuest,
        (_, Some(UserType::Member)) => SubjectKind::B2bCollaborationMember,
        (_, None) => SubjectKind::OtherExternalUser,
    };
    let wanted = Who { kind, home };
    space.whos.values.iter().position(|who| *who == wanted)
}
