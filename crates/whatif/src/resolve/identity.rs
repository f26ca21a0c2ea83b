//! Whom policies name by an id, and whether whoever signs in is one of them: nobody can say, where neither the directory nor the
//! situation has the id.

use std::collections::BTreeMap;

use portcullis_model::conditional_access::{PolicyState, UserCondition};
use portcullis_model::id::UserId;
use uuid::Uuid;

use crate::directory::{DirectoryTenant, NameOf};
use crate::situation::{DescribedUser, Who};

/// How somebody is called. Two that are called in one way and not alike are two people.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Called {
    Id,
    Address,
    Name,
}

impl Called {
    fn of(name: &str) -> Self {
        if Uuid::try_parse(name.trim()).is_ok() {
            Self::Id
        } else if name.contains('@') {
            Self::Address
        } else {
            Self::Name
        }
    }
}

/// Somebody whom policies name.
#[derive(Debug)]
pub(crate) struct Named {
    pub(crate) id: UserId,
    /// The numbers of the policies that do, ascending.
    pub(crate) policies: Vec<usize>,
}

/// Those whom policies name and the user may be, one for all that the same policies include and exclude.
#[derive(Debug, Default)]
pub(crate) struct CouldBe {
    /// Whom some policy includes.
    pub(crate) included: Vec<Named>,
    /// Whether any is named at all, included or not.
    pub(crate) is_any_named: bool,
}

/// Whom the user may be beside nobody in particular. Who is listed is known, and has an id that can be compared.
pub(crate) fn could_be(tenant: &DirectoryTenant, who: &Who) -> CouldBe {
    let name = match who {
        Who::Named(name) | Who::Described(DescribedUser { id: Some(name), .. }) => Some(name),
        Who::Described(DescribedUser { id: None, .. }) => None,
    };
    let called = name.map(|name| Called::of(name));
    let itself = name.and_then(|name| tenant.find_user_id(name).ok());
    let is_somebody_else = |id: UserId| {
        let known_as = tenant.name_of(NameOf::User, id.uuid());
        let other = known_as.map_or(Called::Id, |name| Called::of(&name));
        Some(id) == itself || called == Some(other) || tenant.lists(id)
    };
    // Which policies include and exclude each.
    let mut named: BTreeMap<UserId, Vec<(usize, bool)>> = BTreeMap::new();
    let policies = &tenant.configuration().conditional_access_policies;
    for (index, policy) in policies.iter().enumerate() {
        if policy.state == PolicyState::Disabled {
            continue;
        }
        let users = &policy.conditions.users;
        for (conditions, includes) in [(&users.include, true), (&users.exclude, false)] {
            for id in conditions.iter().filter_map(user) {
                named.entry(id).or_default().push((index, includes));
            }
        }
    }
    named.retain(|id, _| !is_somebody_else(*id));
    let is_any_named = !named.is_empty();
    let by_policies: BTreeMap<Vec<(usize, bool)>, UserId> = named
        .into_iter()
        .filter(|(_, policies)| policies.iter().any(|(_, includes)| *includes))
        .map(|(id, policies)| (policies, id))
        .collect();
    CouldBe {
        included: by_policies.into_iter().map(named_by).collect(),
        is_any_named,
    }
}

fn named_by((policies, id): (Vec<(usize, bool)>, UserId)) -> Named {
    let mut policies: Vec<usize> = policies.into_iter().map(|(number, _)| number).collect();
    policies.dedup();
    Named { id, policies }
}

const fn user(condition: &UserCondition) -> Option<UserId> {
    match condition {
        UserCondition::User(id) => Some(*id),
        UserCondition::All
        | UserCondition::Group(_)
        | UserCondition::Role(_)
        | UserCondition::GuestsOrExternalUsers
        | UserCondition::ExternalUsers { .. } => None,
    }
}
