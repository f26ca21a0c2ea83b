//! The rows of the map: who signs in. Whoever some policy leaves out by name has a row of their own, and is in no other.

use std::collections::{BTreeMap, BTreeSet};

use portcullis_model::conditional_access::{ConditionalAccessPolicy, UserCondition};
use portcullis_model::id::{GroupId, RoleTemplateId, UserId};

use super::{Row, Section, brief, capitalised};
use crate::analysis::Analysis;
use crate::lint::Administrators;
use crate::selection::{Principals, Selection};
use crate::side::Side;
use crate::space::ANY_OTHER_TENANT;
use crate::told::kind;
use crate::who::{Home, SubjectKind};

/// So many groups have a row, those first that most policies name.
const GROUP_ROWS_MAX: usize = 8;
/// So many exceptions have a row, those first that most policies leave out; the others share one.
const EXCEPTION_ROWS_MAX: usize = 6;
/// So many names are told of whoever shares a row.
const NAMES_MAX: usize = 3;

/// Kinds with an object, which can be named and be in groups.
fn with_object() -> impl Iterator<Item = SubjectKind> {
    SubjectKind::ALL
        .into_iter()
        .filter(|kind| kind.has_object())
}

/// What policies that demand something say of users, groups and roles.
struct Named {
    /// How many policies demand something of people.
    demanding: usize,
    included_groups: BTreeMap<GroupId, usize>,
    included_roles: BTreeSet<RoleTemplateId>,
    /// Those that the same policies leave out, by which ones.
    exceptions: Vec<(usize, Principals)>,
    /// All of them.
    excepted: Principals,
}

impl Named {
    fn of(policies: &[ConditionalAccessPolicy]) -> Self {
        let mut named = Self {
            demanding: 0,
            included_groups: BTreeMap::new(),
            included_roles: BTreeSet::new(),
            exceptions: Vec::new(),
            excepted: Principals::default(),
        };
        let mut left_out: BTreeMap<Principal, BTreeSet<usize>> = BTreeMap::new();
        let demanding = policies.iter().filter(|one| one.grant_controls.is_some());
        for (number, policy) in demanding.enumerate() {
            let users = &policy.conditions.users;
            named.demanding += usize::from(!users.include.is_empty());
            for condition in &users.include {
                match Principal::of(condition) {
                    Some(Principal::Group(id)) => {
                        *named.included_groups.entry(id).or_default() += 1;
                    }
                    Some(Principal::Role(id)) => {
                        named.included_roles.insert(id);
                    }
                    Some(Principal::User(_)) | None => {}
                }
            }
            for principal in users.exclude.iter().filter_map(Principal::of) {
                left_out.entry(principal).or_default().insert(number);
            }
        }
        let mut together: BTreeMap<BTreeSet<usize>, Principals> = BTreeMap::new();
        for (principal, numbers) in left_out {
            principal.put(&mut named.excepted);
            principal.put(together.entry(numbers).or_default());
        }
        let together = together.into_iter();
        named.exceptions = together.map(|(by, whom)| (by.len(), whom)).collect();
        named
            .exceptions
            .sort_by_key(|(count, _)| std::cmp::Reverse(*count));
        named
    }

    /// Roles that policies are about, those of administrators aside.
    fn other_roles(&self, administrators: &Administrators) -> BTreeSet<RoleTemplateId> {
        let others = self.included_roles.difference(&administrators.roles);
        others.copied().collect()
    }

    /// How many policies at most leave one of these roles out.
    fn left_out(&self, roles: &BTreeSet<RoleTemplateId>) -> usize {
        let by = self.exceptions.iter();
        let by = by.filter(|(_, whom)| !whom.roles.is_disjoint(roles));
        by.map(|(count, _)| *count).max().unwrap_or(0)
    }

    /// Exceptions that have no other row.
    fn exceptions(
        &self,
        administrators: &Administrators,
    ) -> impl Iterator<Item = &(usize, Principals)> {
        let others = self.other_roles(administrators);
        let administrators = administrators.roles.clone();
        self.exceptions.iter().filter(move |(_, whom)| {
            let has_row = |roles: &BTreeSet<RoleTemplateId>| *roles == whom.roles;
            let are_roles = whom.users.is_empty() && whom.groups.is_empty();
            !(are_roles && (has_row(&others) || has_row(&administrators)))
        })
    }

    /// Everybody who is left out of some policy, those aside.
    fn excepted_but(
        &self,
        groups: &BTreeSet<GroupId>,
        roles: &BTreeSet<RoleTemplateId>,
    ) -> Principals {
        let mut excepted = self.excepted.clone();
        excepted.groups.retain(|id| !groups.contains(id));
        excepted.roles.retain(|id| !roles.contains(id));
        excepted
    }
}

/// Whom a policy names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Principal {
    User(UserId),
    Group(GroupId),
    Role(RoleTemplateId),
}

impl Principal {
    const fn of(condition: &UserCondition) -> Option<Self> {
        match condition {
            UserCondition::User(id) => Some(Self::User(*id)),
            UserCondition::Group(id) => Some(Self::Group(*id)),
            UserCondition::Role(id) => Some(Self::Role(*id)),
            UserCondition::All
            | UserCondition::GuestsOrExternalUsers
            | UserCondition::ExternalUsers { .. } => None,
        }
    }

    fn put(self, principals: &mut Principals) {
        match self {
            Self::User(id) => principals.users.insert(id),
            Self::Group(id) => principals.groups.insert(id),
            Self::Role(id) => principals.roles.insert(id),
        };
    }
}

impl Analysis {
    /// The rows, each with its sign-ins.
    pub(super) fn populations(&self, administrators: &Administrators) -> Vec<(Row, Selection)> {
        let policies = self.sides.first().map_or(&[][..], |side| side.policies());
        let named = Named::of(policies);
        let mut rows = self.members(&named, administrators);
        rows.extend(self.group_rows(&named));
        rows.extend(external(&named));
        rows.extend(self.homes(&named));
        rows.extend(self.exceptions(&named, administrators));
        rows.push((
            row(
                Section::Workloads,
                "Workload identities",
                "any service principal that signs in on its own behalf",
            ),
            Selection::of_kinds([SubjectKind::WorkloadIdentity]),
        ));
        rows
    }

    fn members(&self, named: &Named, administrators: &Administrators) -> Vec<(Row, Selection)> {
        let mut selection = Selection::of_kinds([SubjectKind::Member]);
        selection.none_of = named.excepted.clone();
        let note = if named.excepted.is_empty() {
            "any user with credentials of this tenant"
        } else {
            "any user with credentials of this tenant whom no policy leaves out"
        };
        let mut rows = vec![(row(Section::Members, "Members", note), selection)];
        let others = named.other_roles(administrators);
        for (name, roles) in [
            (
                self.roles_told(&administrators.roles),
                &administrators.roles,
            ),
            (self.roles_told(&others), &others),
        ] {
            if roles.is_empty() {
                continue;
            }
            let mut selection = Selection::of_kinds([SubjectKind::Member]);
            selection.any_of.roles.clone_from(roles);
            selection.none_of = named.excepted_but(&BTreeSet::new(), roles);
            let all = self.some_roles(roles);
            let left_out = named.left_out(roles);
            let left_out = if left_out > 0 {
                format!(
                    ", left out of {}{}",
                    at_most(roles.len()),
                    policies(left_out)
                )
            } else {
                String::new()
            };
            let note = format!("members with the role {all}{left_out}");
            rows.push((row(Section::Members, &name, &note), selection));
        }
        rows
    }

    /// The first few roles by name.
    fn some_roles(&self, roles: &BTreeSet<RoleTemplateId>) -> String {
        let names = roles.iter().map(|id| called("", self.names().role(*id)));
        let mut all: Vec<String> = names
            .filter(|(_, id)| id.is_empty())
            .map(|(name, _)| name)
            .collect();
        all.truncate(NAMES_MAX);
        let more = roles.len().saturating_sub(all.len());
        if more > 0 {
            all.push(format!("{more} more"));
        }
        all.join(" or ")
    }

    fn roles_told(&self, roles: &BTreeSet<RoleTemplateId>) -> String {
        let mut all = roles.iter().map(|id| self.names().role(*id));
        match (all.next(), roles.len()) {
            (Some(one), 1) => one,
            (_, count) => format!("{count} other roles that policies name"),
        }
    }

    fn group_rows(&self, named: &Named) -> Vec<(Row, Selection)> {
        let mut groups: Vec<(GroupId, usize)> = named
            .included_groups
            .iter()
            .map(|(id, count)| (*id, *count))
            .collect();
        groups.sort_by_key(|(id, count)| (std::cmp::Reverse(*count), *id));
        groups.truncate(GROUP_ROWS_MAX);
        groups
            .into_iter()
            .map(|(id, count)| {
                let own = BTreeSet::from([id]);
                let mut selection = Selection::of_kinds([SubjectKind::Member]);
                selection.any_of.groups.clone_from(&own);
                selection.none_of = named.excepted_but(&own, &BTreeSet::new());
                let (name, id) = called("Group", self.names().group(id));
                let note = format!("members in this group, which {} by name{id}", about(count));
                (row(Section::Groups, &name, &note), selection)
            })
            .collect()
    }

    /// The users of each partner, and of any tenant without an entry.
    fn homes(&self, named: &Named) -> Vec<(Row, Selection)> {
        let partners = self.sides.first().into_iter().flat_map(Side::partners);
        let mut rows: Vec<(Row, Selection)> = Vec::new();
        let partners: BTreeSet<_> = partners.collect();
        let homes = partners.into_iter().map(Home::Tenant);
        for home in homes.chain([Home::AnyOtherTenant(ANY_OTHER_TENANT), Home::NoTenant]) {
            let kinds = SubjectKind::ALL.into_iter().filter(|one| one.is_external());
            let mut selection = Selection::of_kinds(kinds);
            selection.homes.insert(home);
            selection.none_of = named.excepted.clone();
            let (name, note) = match home {
                Home::Tenant(_) | Home::Here => (
                    format!("Users of {}", self.names().home(home)),
                    "whoever comes from this partner, by whatever door",
                ),
                Home::AnyOtherTenant(_) => (
                    "Users of any other tenant".to_owned(),
                    "whoever comes from a tenant without an entry in the cross-tenant access settings",
                ),
                Home::NoTenant => (
                    "Users of no tenant".to_owned(),
                    "guests with a social account, a federated one, or a one-time passcode",
                ),
            };
            rows.push((row(Section::Homes, &name, note), selection));
        }
        rows
    }

    fn exceptions(&self, named: &Named, administrators: &Administrators) -> Vec<(Row, Selection)> {
        let mut rows = Vec::new();
        let exceptions = || named.exceptions(administrators);
        for (count, whom) in exceptions().take(EXCEPTION_ROWS_MAX) {
            let note = format!(
                "left out of {count} of {} that demand something of people{}",
                policies(named.demanding),
                self.only_id(whom)
            );
            let mut selection = Selection::of_kinds(with_object());
            selection.any_of = whom.clone();
            rows.push((
                row(Section::Exceptions, &self.principals(whom), &note),
                selection,
            ));
        }
        let mut others = Principals::default();
        for (_, whom) in exceptions().skip(EXCEPTION_ROWS_MAX) {
            others.users.extend(&whom.users);
            others.groups.extend(&whom.groups);
            others.roles.extend(&whom.roles);
        }
        if !others.is_empty() {
            let count = others.users.len() + others.groups.len() + others.roles.len();
            let note = format!("anybody in one of them: {}", self.principals(&others));
            let mut selection = Selection::of_kinds(with_object());
            selection.any_of = others;
            let name = format!("{count} other users, groups and roles");
            rows.push((row(Section::Exceptions, &name, &note), selection));
        }
        rows
    }

    /// The id of whoever is alone and without a name, for a note.
    fn only_id(&self, principals: &Principals) -> String {
        let names = self.names();
        let users = principals
            .users
            .iter()
            .map(|id| called("", names.user(*id)).1);
        let groups = principals
            .groups
            .iter()
            .map(|id| called("", names.group(*id)).1);
        let all: Vec<String> = users.chain(groups).collect();
        match all.as_slice() {
            [only] => only.clone(),
            _ => String::new(),
        }
    }

    fn principals(&self, principals: &Principals) -> String {
        let names = self.names();
        let users = principals
            .users
            .iter()
            .map(|id| called("User", names.user(*id)).0);
        let groups = principals
            .groups
            .iter()
            .map(|id| called("Group", names.group(*id)).0);
        let roles = principals
            .roles
            .iter()
            .map(|id| called("Role", names.role(*id)).0);
        let mut all: Vec<String> = users.chain(groups).chain(roles).collect();
        let more = all.len().saturating_sub(NAMES_MAX);
        if more > 1 {
            all.truncate(NAMES_MAX);
            all.push(format!("{more} more"));
        }
        all.join(", ")
    }
}

fn external(named: &Named) -> Vec<(Row, Selection)> {
    let kinds = SubjectKind::ALL.into_iter();
    let kinds = kinds.filter(|one| one.is_external() || *one == SubjectKind::InternalGuest);
    kinds
        .map(|one| {
            let mut selection = Selection::of_kinds([one]);
            selection.none_of = named.excepted.clone();
            let note = match one {
                SubjectKind::InternalGuest => "guests with credentials of this tenant",
                SubjectKind::B2bCollaborationGuest => "guests who sign in at home",
                SubjectKind::B2bCollaborationMember => "users of member type who sign in at home",
                SubjectKind::B2bDirectConnectUser => "users of partners, without an object here",
                SubjectKind::OtherExternalUser => "external users of neither guest nor member type",
                SubjectKind::ServiceProvider => "users of a tenant that administers this one",
                SubjectKind::Member | SubjectKind::WorkloadIdentity => "",
            };
            (
                row(Section::External, &capitalised(kind(one)), note),
                selection,
            )
        })
        .collect()
}

fn row(section: Section, name: &str, note: &str) -> Row {
    Row {
        name: name.to_owned(),
        note: note.to_owned(),
        section,
    }
}

/// A name; of something that nobody named the beginning of its id, and all of it for a note.
fn called(what: &str, name: String) -> (String, String) {
    match brief(what, &name) {
        Some(brief) => (brief, format!(" (id {name})")),
        None => (name, String::new()),
    }
}

fn about(count: usize) -> String {
    if count == 1 {
        "1 policy includes".to_owned()
    } else {
        format!("{count} policies include")
    }
}

/// Of one role the count is its own; several may be left out of fewer.
const fn at_most(roles: usize) -> &'static str {
    if roles == 1 { "" } else { "up to " }
}

fn policies(count: usize) -> String {
    if count == 1 {
        "1 policy".to_owned()
    } else {
        format!("{count} policies")
    }
}
