//! The index of a tenant's policies: for each value of each dimension, the policies it satisfies or is excluded from.
//!
//! Matching a sign-in is then a few AND and AND-NOT over words: the cost grows with policies / 64.

use std::collections::{BTreeMap, BTreeSet};

use portcullis_model::conditional_access::{ClientAppType, DevicePlatform, ExternalUserType};
use portcullis_model::id::{ClientId, GroupId, NamedLocationId, RoleTemplateId, TenantId, UserId};

use crate::facts::{SignIn, Subject, UserSubject};
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
    /// Sorted by value.
    entries: Vec<(V, Entry)>,
}

#[derive(Debug, Clone, Default)]
struct Entry {
    included: SparsePolicySet,
    excluded: SparsePolicySet,
}

/// What policies say of a dimension while they are compiled, in the order of their numbers.
#[derive(Debug)]
pub(crate) struct DimensionBuilder<V> {
    pub(crate) always: PolicySet,
    entries: BTreeMap<V, Entry>,
}

impl<V: Copy + Ord> DimensionBuilder<V> {
    pub(crate) fn new(count: usize) -> Self {
        Self {
            always: PolicySet::empty(count),
            entries: BTreeMap::new(),
        }
    }

    pub(crate) fn include(&mut self, value: V, policy: usize) {
        self.entries.entry(value).or_default().included.push(policy);
    }

    pub(crate) fn exclude(&mut self, value: V, policy: usize) {
        self.entries.entry(value).or_default().excluded.push(policy);
    }

    fn build(self) -> Dimension<V> {
        Dimension {
            always: self.always,
            entries: self.entries.into_iter().collect(),
        }
    }
}

impl<V: Copy + Ord> Dimension<V> {
    /// The policies whose condition these values, in ascending order, satisfy: any include brings the sign-in in, any
    /// exclude wins over that.
    fn matching(&self, values: impl Iterator<Item = V>) -> PolicySet {
        let mut matching = self.always.clone();
        let entries: Vec<&Entry> = self.find(values).map(|(_, entry)| entry).collect();
        for entry in &entries {
            matching.add(&entry.included);
        }
        for entry in &entries {
            matching.remove(&entry.excluded);
        }
        matching
    }

    /// Which of these values include and exclude which policies: the same entries the decision looked at.
    pub(crate) fn rules(&self, values: impl Iterator<Item = V>) -> RulesByPolicy<V> {
        let mut rules = RulesByPolicy {
            included: BTreeMap::new(),
            excluded: BTreeMap::new(),
        };
        for (value, entry) in self.find(values) {
            for policy in entry.included.iter() {
                rules.included.entry(policy).or_default().push(value);
            }
            for policy in entry.excluded.iter() {
                rules.excluded.entry(policy).or_default().push(value);
            }
        }
        rules
    }

    /// The entries of these values, both walked once in ascending order: somebody in ten thousand groups costs little
    /// more than the ten thousand.
    ///
    /// INVARIANT (ascending values): a value out of order would be passed over, and its policies with it. The functions
    /// at the end of this file keep it; every test run checks it.
    fn find(&self, values: impl Iterator<Item = V>) -> impl Iterator<Item = (V, &Entry)> {
        let mut rest = self.entries.as_slice();
        let mut last = None;
        values.filter_map(move |value| {
            debug_assert!(last.replace(value).is_none_or(|last| last < value));
            rest = rest.get(gallop(rest, &value)..).unwrap_or_default();
            let (found, entry) = rest.first()?;
            (*found == value).then_some((value, entry))
        })
    }
}

/// How many entries come before `value`: looks ahead in growing steps, then closes in.
fn gallop<V: Ord>(entries: &[(V, Entry)], value: &V) -> usize {
    let is_before = |index: usize| entries.get(index).is_some_and(|(other, _)| other < value);
    let mut step = 1;
    while is_before(step) {
        step *= 2;
    }
    let (low, high) = (step / 2, step.min(entries.len()));
    let near = entries.get(low..high).unwrap_or_default();
    low + near.partition_point(|(other, _)| other < value)
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
    client_app_types: Dimension<ClientAppType>,
    pub(crate) platforms: Dimension<PlatformValue>,
    pub(crate) locations: Dimension<LocationValue>,
}

/// All dimensions while the policies are compiled.
#[derive(Debug)]
pub(crate) struct IndexBuilder {
    pub(crate) users: DimensionBuilder<UserValue>,
    pub(crate) applications: DimensionBuilder<ApplicationValue>,
    pub(crate) client_app_types: DimensionBuilder<ClientAppType>,
    pub(crate) platforms: DimensionBuilder<PlatformValue>,
    pub(crate) locations: DimensionBuilder<LocationValue>,
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

impl IndexBuilder {
    pub(crate) fn new(count: usize) -> Self {
        Self {
            users: DimensionBuilder::new(count),
            applications: DimensionBuilder::new(count),
            client_app_types: DimensionBuilder::new(count),
            platforms: DimensionBuilder::new(count),
            locations: DimensionBuilder::new(count),
        }
    }

    pub(crate) fn build(self) -> Index {
        Index {
            users: self.users.build(),
            applications: self.applications.build(),
            client_app_types: self.client_app_types.build(),
            platforms: self.platforms.build(),
            locations: self.locations.build(),
        }
    }
}

impl Index {
    /// A user policy never matches a service principal (specification 4.10), which therefore has no values and no `always`.
    pub(crate) fn scope(&self, sign_in: &SignIn, named: &NamedLocations, count: usize) -> Scope {
        let users = match user_of(sign_in) {
            Some(user) => self.users.matching(user_values(user)),
            None => PolicySet::empty(count),
        };
        let mut applications = PolicySet::empty(count);
        for audience in &sign_in.audiences {
            let values = application_values(*audience).into_iter();
            applications.unite(&self.applications.matching(values));
        }
        let client_app_types = self
            .client_app_types
            .matching(client_values(sign_in).iter().copied());
        let platforms = self.platforms.matching(platform_values(sign_in));
        let locations = self.locations.matching(location_values(sign_in, named));
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
        Subject::User(user) => Some(user),
        Subject::ServicePrincipal(_) => None,
    }
}

// The values of a sign-in in each dimension. INVARIANT (ascending values): each in ascending order.

pub(crate) fn user_values(user: &UserSubject) -> impl Iterator<Item = UserValue> {
    let home = user.home().map(|home| home.tenant_id);
    let external = user.external_user_types.iter().flat_map(move |one| {
        let of_any_tenant = UserValue::External(one, None);
        let of_one_tenant = home.map(|home| UserValue::External(one, Some(home)));
        std::iter::once(of_any_tenant).chain(of_one_tenant)
    });
    std::iter::once(UserValue::All)
        .chain(user.user.map(UserValue::User))
        .chain(user.groups.iter().copied().map(UserValue::Group))
        .chain(user.roles.iter().copied().map(UserValue::Role))
        .chain(external)
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

pub(crate) fn platform_values(sign_in: &SignIn) -> impl Iterator<Item = PlatformValue> {
    let platform = sign_in.platform.map(PlatformValue::Platform);
    std::iter::once(PlatformValue::All).chain(platform)
}

pub(crate) fn location_values(
    sign_in: &SignIn,
    named: &NamedLocations,
) -> impl Iterator<Item = LocationValue> {
    let inside = sign_in
        .ip_address
        .map_or_else(BTreeSet::new, |address| named.containing(address));
    let trusted = inside.iter().any(|location| named.is_trusted(*location));
    std::iter::once(LocationValue::All)
        .chain(trusted.then_some(LocationValue::AllTrusted))
        .chain(inside.into_iter().map(LocationValue::Named))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn galloping_finds_every_place_in_every_length() {
        for length in 0..40usize {
            let entries: Vec<(usize, Entry)> = (0..length)
                .map(|number| (number * 2, Entry::default()))
                .collect();
            for value in 0..=length * 2 {
                let expect = entries.partition_point(|(other, _)| *other < value);
                assert_eq!(gallop(&entries, &value), expect, "{value} among {length}");
            }
        }
    }

    #[test]
    fn a_value_is_found_wherever_the_walk_stands() {
        let mut builder = DimensionBuilder::new(3);
        for (policy, value) in [(0, 10), (1, 20), (2, 30)] {
            builder.include(value, policy);
        }
        let dimension = builder.build();
        for values in [
            &[][..],
            &[10],
            &[30],
            &[5, 10, 11, 30, 99],
            &[20, 30],
            &[1, 2, 3, 4, 5, 20],
        ] {
            let found: Vec<usize> = dimension
                .find(values.iter().copied())
                .map(|(value, _)| value)
                .collect();
            let expect: Vec<usize> = values
                .iter()
                .copied()
                .filter(|value| [10, 20, 30].contains(value))
                .collect();
            assert_eq!(found, expect);
        }
    }
}
