//! The index of a tenant's policies: for each value of each dimension, the policies it satisfies or is excluded from.
//!
//! Matching a sign-in is then a few AND and AND-NOT over words: the cost grows with policies / 64.

use std::collections::{BTreeMap, BTreeSet};

use portcullis_model::conditional_access::{ClientAppType, DevicePlatform, ExternalUserType};
use portcullis_model::id::{ClientId, GroupId, NamedLocationId, RoleTemplateId, TenantId, UserId};

use crate::facts::{SignIn, UserSubject};
use crate::location::NamedLocations;
use crate::policy_set::{PolicySet, SparsePolicySet};

/// What a user condition can name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum UserValue {
    All,
    User(UserId),
    Group(GroupId),
    Role(RoleTemplateId),
    /// An external user type, of any tenant or of one.
    External(ExternalUserType, Option<TenantId>),
}

/// What an application condition can name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum ApplicationValue {
    All,
    Application(ClientId),
}

/// What a platform condition can name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum PlatformValue {
    All,
    Platform(DevicePlatform),
}

/// What a location condition can name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum LocationValue {
    All,
    AllTrusted,
    Named(NamedLocationId),
}

/// One dimension: which policies each of its values brings the sign-in into, and which it takes it out of.
#[derive(Debug)]
pub(crate) struct Dimension<V> {
    /// Policies that say nothing of this dimension, or whose include list cannot be evaluated and could match anybody.
    pub(crate) always: PolicySet,
    included: BTreeMap<V, SparsePolicySet>,
    excluded: BTreeMap<V, SparsePolicySet>,
}

impl<V: Copy + Ord> Dimension<V> {
    pub(crate) fn new(count: usize) -> Self {
        Self {
            always: PolicySet::empty(count),
            included: BTreeMap::new(),
            excluded: BTreeMap::new(),
        }
    }

    pub(crate) fn include(&mut self, value: V, policy: usize) {
        self.included.entry(value).or_default().push(policy);
    }

    pub(crate) fn exclude(&mut self, value: V, policy: usize) {
        self.excluded.entry(value).or_default().push(policy);
    }

    /// The policies whose condition these values satisfy: any include brings it in, any exclude wins over that.
    pub(crate) fn matching(&self, values: &[V]) -> PolicySet {
        let mut matching = self.always.clone();
        for policies in values.iter().filter_map(|value| self.included.get(value)) {
            matching.add(policies);
        }
        for policies in values.iter().filter_map(|value| self.excluded.get(value)) {
            matching.remove(policies);
        }
        matching
    }

    /// Which of these values include and exclude which policies: the same entries [`Dimension::matching`] looked at.
    pub(crate) fn rules(&self, values: &[V]) -> RulesByPolicy<V> {
        let mut rules = RulesByPolicy {
            included: BTreeMap::new(),
            excluded: BTreeMap::new(),
        };
        for value in values {
            for policy in self
                .included
                .get(value)
                .into_iter()
                .flat_map(SparsePolicySet::iter)
            {
                rules.included.entry(policy).or_default().push(*value);
            }
            for policy in self
                .excluded
                .get(value)
                .into_iter()
                .flat_map(SparsePolicySet::iter)
            {
                rules.excluded.entry(policy).or_default().push(*value);
            }
        }
        rules
    }
}

/// The values that included or excluded a sign-in, by policy number.
pub(crate) struct RulesByPolicy<V> {
    pub(crate) included: BTreeMap<usize, Vec<V>>,
    pub(crate) excluded: BTreeMap<usize, Vec<V>>,
}

/// All dimensions.
#[derive(Debug)]
pub(crate) struct Index {
    pub(crate) users: Dimension<UserValue>,
    pub(crate) applications: Dimension<ApplicationValue>,
    pub(crate) client_app_types: Dimension<ClientAppType>,
    pub(crate) platforms: Dimension<PlatformValue>,
    pub(crate) locations: Dimension<LocationValue>,
}

/// The policies each dimension of a sign-in matches, and those that all of them match.
#[derive(Debug, Clone)]
pub(crate) struct Scope {
    pub(crate) users: PolicySet,
    pub(crate) applications: PolicySet,
    pub(crate) client_app_types: PolicySet,
    pub(crate) platforms: PolicySet,
    pub(crate) locations: PolicySet,
    /// Matched by every dimension, whatever the policy's state.
    pub(crate) all: PolicySet,
}

impl Index {
    pub(crate) fn new(count: usize) -> Self {
        Self {
            users: Dimension::new(count),
            applications: Dimension::new(count),
            client_app_types: Dimension::new(count),
            platforms: Dimension::new(count),
            locations: Dimension::new(count),
        }
    }

    /// A user policy never matches a service principal (specification 4.10), which therefore has no values and no `always`.
    pub(crate) fn scope(&self, sign_in: &SignIn, named: &NamedLocations, count: usize) -> Scope {
        let users = match user_of(sign_in) {
            Some(user) => self.users.matching(&user_values(user)),
            None => PolicySet::empty(count),
        };
        let mut applications = PolicySet::empty(count);
        for audience in &sign_in.audiences {
            applications.unite(&self.applications.matching(&application_values(*audience)));
        }
        let client_app_types = self.client_app_types.matching(client_values(sign_in));
        let platforms = self.platforms.matching(&platform_values(sign_in));
        let locations = self.locations.matching(&location_values(sign_in, named));
        let mut all = users.clone();
        for dimension in [&applications, &client_app_types, &platforms, &locations] {
            all.intersect(dimension);
        }
        Scope {
            users,
            applications,
            client_app_types,
            platforms,
            locations,
            all,
        }
    }
}

pub(crate) fn user_of(sign_in: &SignIn) -> Option<&UserSubject> {
    match &sign_in.subject {
        crate::facts::Subject::User(user) => Some(user),
        crate::facts::Subject::ServicePrincipal(_) => None,
    }
}

pub(crate) fn user_values(user: &UserSubject) -> Vec<UserValue> {
    let home = user.home().map(|home| home.tenant_id);
    let of_any_tenant = user
        .external_user_types
        .iter()
        .map(|one| UserValue::External(one, None));
    let of_one_tenant = user
        .external_user_types
        .iter()
        .filter_map(|one| home.map(|home| UserValue::External(one, Some(home))));
    [UserValue::All]
        .into_iter()
        .chain(user.user.map(UserValue::User))
        .chain(user.groups.iter().copied().map(UserValue::Group))
        .chain(user.roles.iter().copied().map(UserValue::Role))
        .chain(of_any_tenant)
        .chain(of_one_tenant)
        .collect()
}

pub(crate) fn application_values(audience: ClientId) -> [ApplicationValue; 2] {
    [
        ApplicationValue::All,
        ApplicationValue::Application(audience),
    ]
}

/// `exchangeActiveSync` matches the protocol on every platform, `easSupported` only on three (specification 4.6).
pub(crate) fn client_values(sign_in: &SignIn) -> &'static [ClientAppType] {
    use ClientAppType as C;
    let supported = matches!(
        sign_in.platform,
        Some(DevicePlatform::Ios | DevicePlatform::Android | DevicePlatform::Windows)
    );
    match sign_in.client_app_type {
        C::Browser => &[C::Browser],
        C::MobileAppsAndDesktopClients => &[C::MobileAppsAndDesktopClients],
        C::ExchangeActiveSync if !supported => &[C::ExchangeActiveSync],
        C::ExchangeActiveSync | C::EasSupported => &[C::ExchangeActiveSync, C::EasSupported],
        C::Other => &[C::Other],
    }
}

pub(crate) fn platform_values(sign_in: &SignIn) -> Vec<PlatformValue> {
    [PlatformValue::All]
        .into_iter()
        .chain(sign_in.platform.map(PlatformValue::Platform))
        .collect()
}

pub(crate) fn location_values(sign_in: &SignIn, named: &NamedLocations) -> Vec<LocationValue> {
    let inside = sign_in
        .ip_address
        .map_or_else(BTreeSet::new, |address| named.containing(address));
    let trusted = inside.iter().any(|location| named.is_trusted(*location));
    [LocationValue::All]
        .into_iter()
        .chain(trusted.then_some(LocationValue::AllTrusted))
        .chain(inside.into_iter().map(LocationValue::Named))
        .collect()
}
