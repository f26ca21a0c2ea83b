//! The straightforward loop: every policy a struct of lists of ids, every list searched from its beginning.

use std::collections::HashSet;

use uuid::Uuid;

use crate::answer::{Answer, Shown};
use crate::ours::{Kind, id};
use crate::world::{self, CLIENT_TYPES, Demand, Filter, PLATFORMS, RISKS, Range, Rule, World};

struct Policy {
    number: u32,
    all_users: bool,
    users: Vec<Uuid>,
    groups: Vec<Uuid>,
    excluded_users: Vec<Uuid>,
    excluded_groups: Vec<Uuid>,
    all_applications: bool,
    applications: Vec<Uuid>,
    excluded_applications: Vec<Uuid>,
    client_types: Option<Vec<&'static str>>,
    platforms: Option<Vec<&'static str>>,
    excluded_platforms: Vec<&'static str>,
    ranges: Option<Vec<Range>>,
    excluded_ranges: Vec<Range>,
    sign_in_risks: Option<Vec<&'static str>>,
    user_risks: Option<Vec<&'static str>>,
    device_filter: Option<Filter>,
    demand: Demand,
}

/// A sign-in with ids in place of numbers.
pub struct SignIn {
    user: Uuid,
    groups: HashSet<Uuid>,
    application: Uuid,
    address: u32,
    platform: &'static str,
    client_type: &'static str,
    sign_in_risk: &'static str,
    user_risk: &'static str,
    is_compliant: bool,
    trust_type: usize,
    extension: usize,
    shown: Shown,
}

pub struct Naive {
    policies: Vec<Policy>,
}

fn names(all: &[&'static str], numbers: &[usize]) -> Vec<&'static str> {
    numbers
        .iter()
        .filter_map(|number| all.get(*number).copied())
        .collect()
}

fn ids(kind: Kind, numbers: &[usize]) -> Vec<Uuid> {
    numbers.iter().map(|number| id(kind, *number)).collect()
}

impl Naive {
    pub fn new(world: &World) -> Self {
        let policies = world.policies.iter().zip(0..);
        Self {
            policies: policies
                .map(|(one, number)| policy(world, one, number))
                .collect(),
        }
    }

    pub fn sign_in(sign_in: &world::SignIn) -> SignIn {
        let name = |all: &[&'static str], number: usize| all.get(number).copied().unwrap_or("");
        SignIn {
            user: id(Kind::User, sign_in.user),
            groups: ids(Kind::Group, &sign_in.groups).into_iter().collect(),
            application: id(Kind::Application, sign_in.application),
            address: sign_in.address,
            platform: name(&PLATFORMS, sign_in.platform),
            client_type: name(&CLIENT_TYPES, sign_in.client_type),
            sign_in_risk: name(&RISKS, sign_in.sign_in_risk),
            user_risk: name(&RISKS, sign_in.user_risk),
            is_compliant: sign_in.is_compliant,
            trust_type: sign_in.trust_type,
            extension: sign_in.extension,
            shown: Shown::of(sign_in),
        }
    }

    pub fn decide(&self, sign_in: &SignIn) -> Answer {
        let mut results = Vec::new();
        for policy in &self.policies {
            if applies(policy, sign_in) {
                results.push((policy.number, sign_in.shown.judge(policy.demand)));
            }
        }
        Answer::of(results)
    }
}

fn policy(world: &World, policy: &world::Policy, number: u32) -> Policy {
    let ranges = |places: &world::Places| -> Vec<Range> {
        let locations = world.places(places).into_iter();
        let locations = locations.filter_map(|number| world.locations.get(number));
        locations
            .flat_map(|location| location.ranges.clone())
            .collect()
    };
    let (all_users, users, groups) = match &policy.users {
        world::Users::All => (true, Vec::new(), Vec::new()),
        world::Users::Named(users) => (false, ids(Kind::User, users), Vec::new()),
        world::Users::Groups(groups) => (false, Vec::new(), ids(Kind::Group, groups)),
    };
    let risks = |risks: &Option<Vec<usize>>| risks.as_ref().map(|one| names(&RISKS, one));
    Policy {
        number,
        all_users,
        users,
        groups,
        excluded_users: ids(Kind::User, &policy.excluded_users),
        excluded_groups: ids(Kind::Group, &policy.excluded_groups),
        all_applications: policy.applications.is_none(),
        applications: ids(
            Kind::Application,
            policy.applications.as_deref().unwrap_or_default(),
        ),
        excluded_applications: ids(Kind::Application, &policy.excluded_applications),
        client_types: policy
            .client_types
            .as_ref()
            .map(|one| names(&CLIENT_TYPES, one)),
        platforms: policy.platforms.as_ref().map(|one| names(&PLATFORMS, one)),
        excluded_platforms: names(&PLATFORMS, &policy.excluded_platforms),
        ranges: policy.locations.as_ref().map(ranges),
        excluded_ranges: policy
            .excluded_locations
            .as_ref()
            .map(ranges)
            .unwrap_or_default(),
        sign_in_risks: risks(&policy.sign_in_risks),
        user_risks: risks(&policy.user_risks),
        device_filter: policy.device_filter,
        demand: policy.demand,
    }
}

fn applies(policy: &Policy, sign_in: &SignIn) -> bool {
    let holds = |list: &Option<Vec<&'static str>>, value: &'static str| {
        list.as_ref().is_none_or(|list| list.contains(&value))
    };
    let inside = |ranges: &[Range]| ranges.iter().any(|range| range.contains(sign_in.address));
    let member = |groups: &[Uuid]| groups.iter().any(|group| sign_in.groups.contains(group));
    (policy.all_users || policy.users.contains(&sign_in.user) || member(&policy.groups))
        && !policy.excluded_users.contains(&sign_in.user)
        && !member(&policy.excluded_groups)
        && (policy.all_applications || policy.applications.contains(&sign_in.application))
        && !policy.excluded_applications.contains(&sign_in.application)
        && holds(&policy.client_types, sign_in.client_type)
        && holds(&policy.platforms, sign_in.platform)
        && !policy.excluded_platforms.contains(&sign_in.platform)
        && policy.ranges.as_ref().is_none_or(|ranges| inside(ranges))
        && !inside(&policy.excluded_ranges)
        && holds(&policy.sign_in_risks, sign_in.sign_in_risk)
        && holds(&policy.user_risks, sign_in.user_risk)
        && policy.device_filter.is_none_or(|filter| {
            let fulfils = match filter.rule {
                Rule::IsManaged { trust_type } => {
                    sign_in.is_compliant || sign_in.trust_type == trust_type
                }
                Rule::HasExtension(extension) => sign_in.extension == extension,
            };
            fulfils != filter.excludes
        })
}
