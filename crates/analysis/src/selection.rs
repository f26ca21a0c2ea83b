//! Among which sign-ins a question is asked.

use std::collections::BTreeSet;

use batsat::Lit;
use portcullis_model::conditional_access::signal::{RiskLevel, TransferMethod};
use portcullis_model::conditional_access::{ClientAppType, DevicePlatform};
use portcullis_model::id::{GroupId, NamedLocationId, RoleTemplateId, TenantId, UserId};

use crate::analysis::Analysis;
use crate::place::PlaceKind;
use crate::space::any_of;
use crate::target::{ACTIONS, Reached};
use crate::who::{Home, SubjectKind, Who};

/// What a sign-in must be; a part that is empty says nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Selection {
    /// Any of these kinds of subjects.
    pub kinds: BTreeSet<SubjectKind>,
    /// Any of these homes.
    pub homes: BTreeSet<Home>,
    /// Any of these users, or in any of these groups, or with any of these roles.
    pub any_of: Principals,
    /// None of these.
    pub none_of: Principals,
    /// What is reached.
    pub reaching: Reaching,
    /// By any of these kinds of clients.
    pub clients: BTreeSet<ClientAppType>,
    /// From any of these platforms; `None` is an unknown one.
    pub platforms: BTreeSet<Option<DevicePlatform>>,
    /// In any of these named locations of the (earlier) tenant.
    pub locations: BTreeSet<NamedLocationId>,
    /// In none of these.
    pub not_locations: BTreeSet<NamedLocationId>,
    /// At any of these risks of the sign-in.
    pub sign_in_risks: BTreeSet<RiskLevel>,
    /// At any of these risks of the user.
    pub user_risks: BTreeSet<RiskLevel>,
    /// Moved here in any of these ways; `None` is not at all.
    pub flows: BTreeSet<Option<TransferMethod>>,
}

/// What a selected sign-in reaches.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Reaching {
    /// Anything: applications, and what users do to their own account.
    #[default]
    Anything,
    /// Any application.
    Applications,
    /// Any application but these.
    ApplicationsBut(BTreeSet<Reached>),
    /// Any of these.
    Any(BTreeSet<Reached>),
}

impl Reaching {
    /// What users do to their own account.
    pub fn actions() -> Self {
        Self::Any(ACTIONS.map(Reached::Action).into())
    }

    /// Whether this is reached.
    pub fn holds(&self, reached: Reached) -> bool {
        let is_application = reached.application().is_some();
        match self {
            Self::Anything => true,
            Self::Applications => is_application,
            Self::ApplicationsBut(others) => is_application && !others.contains(&reached),
            Self::Any(these) => these.contains(&reached),
        }
    }
}

/// Users, groups and roles.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Principals {
    /// Users.
    pub users: BTreeSet<UserId>,
    /// Groups.
    pub groups: BTreeSet<GroupId>,
    /// Roles.
    pub roles: BTreeSet<RoleTemplateId>,
}

impl Principals {
    /// Whether nobody is named.
    pub fn is_empty(&self) -> bool {
        self.users.is_empty() && self.groups.is_empty() && self.roles.is_empty()
    }
}

/// What questions will name: told apart even where no policy does.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Interest {
    pub(crate) users: BTreeSet<UserId>,
    pub(crate) groups: BTreeSet<GroupId>,
    pub(crate) roles: BTreeSet<RoleTemplateId>,
    pub(crate) tenants: BTreeSet<TenantId>,
    pub(crate) reached: BTreeSet<Reached>,
}

impl Interest {
    /// This and more.
    #[must_use]
    pub fn and(mut self, more: Self) -> Self {
        self.users.extend(more.users);
        self.groups.extend(more.groups);
        self.roles.extend(more.roles);
        self.tenants.extend(more.tenants);
        self.reached.extend(more.reached);
        self
    }

    /// What these selections name.
    pub fn of<'s>(selections: impl IntoIterator<Item = &'s Selection>) -> Self {
        let mut interest = Self::default();
        for selection in selections {
            for principals in [&selection.any_of, &selection.none_of] {
                interest.users.extend(&principals.users);
                interest.groups.extend(&principals.groups);
                interest.roles.extend(&principals.roles);
            }
            let homes = selection.homes.iter();
            interest.tenants.extend(homes.filter_map(|home| match home {
                Home::Tenant(tenant) => Some(*tenant),
                Home::Here | Home::NoTenant | Home::AnyOtherTenant(_) => None,
            }));
            match &selection.reaching {
                Reaching::Anything | Reaching::Applications => {}
                Reaching::ApplicationsBut(named) | Reaching::Any(named) => {
                    interest.reached.extend(named);
                }
            }
        }
        interest
    }
}

impl Selection {
    /// Only these kinds of subjects.
    pub fn of_kinds(kinds: impl IntoIterator<Item = SubjectKind>) -> Self {
        Self {
            kinds: kinds.into_iter().collect(),
            ..Self::default()
        }
    }

    /// Reaching this.
    #[must_use]
    pub fn reaching(self, reaching: Reaching) -> Self {
        Self { reaching, ..self }
    }

    /// People, whatever application they reach.
    pub fn people() -> Self {
        let people = SubjectKind::ALL.into_iter().filter(|kind| kind.is_person());
        Self::of_kinds(people).reaching(Reaching::Applications)
    }

    /// Applications on their own behalf.
    pub fn workload_identities() -> Self {
        Self::of_kinds([SubjectKind::WorkloadIdentity]).reaching(Reaching::Applications)
    }
}

impl Analysis {
    /// Literals that hold of every selected sign-in, and of no other.
    pub(crate) fn select(&mut self, selection: &Selection) -> Vec<Lit> {
        let mut among = Vec::new();
        let space = &mut self.space;
        let says = |is_empty: bool, literal: Lit| (!is_empty).then_some(literal);
        let circuit = &mut space.circuit;
        let kinds = &selection.kinds;
        let literal = space.whos.any(circuit, |who| kinds.contains(&who.kind));
        among.extend(says(kinds.is_empty(), literal));
        let homes = &selection.homes;
        let literal = space
            .whos
            .any(circuit, |who| homes.contains(&home_of(who, homes)));
        among.extend(says(homes.is_empty(), literal));
        among.push(space.targets.any(circuit, |target| {
            let mut members = target.members.iter();
            members.any(|one| selection.reaching.holds(*one))
        }));
        let clients = &selection.clients;
        let literal = space
            .clients
            .any(circuit, |client| clients.contains(client));
        among.extend(says(clients.is_empty(), literal));
        let platforms = &selection.platforms;
        let literal = space.platforms.any(circuit, |one| platforms.contains(one));
        among.extend(says(platforms.is_empty(), literal));
        let risks = &selection.sign_in_risks;
        let literal = space.sign_in_risks.any(circuit, |one| risks.contains(one));
        among.extend(says(risks.is_empty(), literal));
        let risks = &selection.user_risks;
        let literal = space.user_risks.any(circuit, |one| risks.contains(one));
        among.extend(says(risks.is_empty(), literal));
        let flows = &selection.flows;
        let literal = space.flows.any(circuit, |one| flows.contains(one));
        among.extend(says(flows.is_empty(), literal));
        if !selection.any_of.is_empty() {
            among.push(self.any_principal(&selection.any_of));
        }
        if !selection.none_of.is_empty() {
            among.push(!self.any_principal(&selection.none_of));
        }
        if !selection.locations.is_empty() {
            among.push(self.any_location(&selection.locations));
        }
        if !selection.not_locations.is_empty() {
            among.push(!self.any_location(&selection.not_locations));
        }
        among
    }

    /// One of these users, in one of these groups, with one of these roles. Only what is of interest is told apart.
    fn any_principal(&mut self, principals: &Principals) -> Lit {
        let space = &mut self.space;
        let circuit = &mut space.circuit;
        let mut any = vec![space.users.any(circuit, |users| {
            users.iter().any(|user| principals.users.contains(user))
        })];
        let groups = principals.groups.iter();
        any.extend(groups.filter_map(|id| space.groups.get(id)));
        let roles = principals.roles.iter();
        any.extend(roles.filter_map(|id| space.roles.get(id)));
        circuit.any(any)
    }

    fn any_location(&mut self, locations: &BTreeSet<NamedLocationId>) -> Lit {
        let mut any = Vec::new();
        let known = self.space.place_classes.locations.first();
        let inside: Vec<(PlaceKind, BTreeSet<usize>)> = known
            .into_iter()
            .flatten()
            .filter(|(id, _)| locations.contains(id))
            .map(|(_, inside)| (inside.kind, inside.included.clone()))
            .collect();
        for (kind, classes) in inside {
            if let Some(literals) = self.space.places.get(&kind) {
                any.push(any_of(&mut self.space.circuit, literals, |at| {
                    classes.contains(&at)
                }));
            }
        }
        self.space.circuit.any(any)
    }
}

/// A tenant that nobody names is any other one.
fn home_of(who: &Who, homes: &BTreeSet<Home>) -> Home {
    match who.home {
        Home::AnyOtherTenant(_) => {
            let mut others = homes.iter();
            let other = others.find(|home| matches!(home, Home::AnyOtherTenant(_)));
            other.copied().unwrap_or(who.home)
        }
        Home::Here | Home::NoTenant | Home::Tenant(_) => who.home,
    }
}

/// The home of a tenant as selections name it.
pub fn home(tenant: TenantId) -> Home {
    Home::Tenant(tenant)
}
