//! Filters that look at what nobody said, and names that nothing has: each is asked as if it came out one way, and as if it came
//! out the other.
//!
//! A comparison with something unsaid may hold or not; what surely holds and what possibly does follows from both ends of each
//! rule. Which of them brings a sign-in in or takes it out is for the policy to say, so both are compiled and decided.

use std::collections::{BTreeMap, BTreeSet};

use portcullis_model::conditional_access::filter::{
    Comparison, DeviceProperty, Expression, Filter, FilterMode,
};
use portcullis_model::conditional_access::{
    ApplicationCondition, Conditions, DeviceCondition, ServicePrincipalCondition, Target,
};
use portcullis_model::id::{ClientId, PolicyId, ServicePrincipalId};
use portcullis_model::store::TenantConfiguration;
use portcullis_policy::compile::CompiledTenant;
use portcullis_policy::facts::Subject;
use portcullis_policy::hypothesis::Hypothesis;
use portcullis_policy::what_if::{self, NotGiven, WhatIf};

use super::Signal;
use crate::directory::{DirectoryTenant, NameOf};
use crate::resolve::Resolved;
use crate::situation::{DeviceSituation, RegisteredDevice, Situation};

/// The same sign-in twice: with every filter that nobody can answer as if it kept the sign-in out, and as if it let it in.
#[derive(Debug)]
pub(super) struct Bounds {
    /// What surely applies is in `least.definite`.
    pub(super) least: WhatIf,
    /// What possibly applies is in `most.possible`.
    pub(super) most: WhatIf,
    /// The configuration behind `least`, and the same compiled.
    pub(super) least_configuration: TenantConfiguration,
    pub(super) least_compiled: CompiledTenant,
    /// The configuration behind `most`, and the same compiled.
    pub(super) most_configuration: TenantConfiguration,
    pub(super) most_compiled: CompiledTenant,
    /// What the filters of each policy would have to know.
    pub(super) signals: BTreeMap<PolicyId, BTreeSet<Signal>>,
}

/// What nobody said that a filter may look at.
struct UnsaidFacts<'s> {
    /// The attributes of what is reached.
    of_target: bool,
    /// The attributes of the service principal that signs in.
    of_workload: bool,
    /// What is said of the device, if not everything is.
    device: Option<&'s RegisteredDevice>,
    /// What is reached and could be called by any of the names of `unknown_applications`.
    unnamed_targets: Vec<ClientId>,
    /// What stands in for applications that policies call by a name that nothing has.
    unknown_applications: BTreeSet<ClientId>,
    /// The service principal that signs in and could be called by any of the names of `unknown_principals`.
    unnamed_workload: Option<ServicePrincipalId>,
    /// What stands in for service principals.
    unknown_principals: BTreeSet<ServicePrincipalId>,
}

/// Both ends; `None` where every filter can be answered.
pub(super) fn bounds(
    tenant: &DirectoryTenant,
    resolved: &Resolved,
    situation: &Situation,
    not_given: NotGiven,
) -> Option<Bounds> {
    let unsaid = UnsaidFacts::of(tenant, resolved, situation);
    let stored = resolved.configuration(tenant);
    let mut signals: BTreeMap<PolicyId, BTreeSet<Signal>> = BTreeMap::new();
    let mut least = None;
    let mut most = None;
    for (index, policy) in stored.conditional_access_policies.iter().enumerate() {
        let (out, looked_at) = unsaid.conditions(&policy.conditions, End::Out);
        if looked_at.is_empty() {
            continue;
        }
        let (inside, _) = unsaid.conditions(&policy.conditions, End::In);
        for (bound, conditions) in [(&mut least, out), (&mut most, inside)] {
            let bound: &mut TenantConfiguration = bound.get_or_insert_with(|| stored.clone());
            if let Some(policy) = bound.conditional_access_policies.get_mut(index) {
                policy.conditions = conditions;
            }
        }
        signals.insert(policy.id, looked_at);
    }
    let (least, most) = (least?, most?);
    let ask = |configuration: &TenantConfiguration| {
        let compiled = CompiledTenant::compile(configuration);
        let hypothesis = Hypothesis::new(&compiled, resolved.sign_in.clone(), resolved.origin);
        let what_if = what_if::evaluate(&compiled, &hypothesis, not_given);
        (what_if, compiled)
    };
    let (least_asked, least_compiled) = ask(&least);
    let (most_asked, most_compiled) = ask(&most);
    Some(Bounds {
        least: least_asked,
        least_configuration: least,
        least_compiled,
        most: most_asked,
        most_configuration: most,
        most_compiled,
        signals,
    })
}

/// Which end of a policy is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    /// As if what nobody said kept the sign-in out of its scope.
    Out,
    /// As if it brought the sign-in into it.
    In,
}

impl<'s> UnsaidFacts<'s> {
    fn of(tenant: &DirectoryTenant, resolved: &Resolved, situation: &'s Situation) -> Self {
        let audiences = resolved.sign_in.audiences.iter();
        let unknown_applications = tenant
            .unknown(NameOf::Application)
            .map(ClientId::new)
            .collect();
        let unknown_principals = tenant.unknown(NameOf::ServicePrincipal);
        let unknown_principals = unknown_principals.map(ServicePrincipalId::new).collect();
        let (of_workload, unnamed_workload) = match &resolved.sign_in.subject {
            Subject::User(_) => (false, None),
            Subject::ServicePrincipal(id) => {
                let mut listed = tenant.configuration().service_principals.iter();
                let listed = listed.find(|one| one.id == *id);
                let is_unsaid = listed.is_none_or(|one| tenant.has_unsaid_attributes(one.app_id));
                (is_unsaid, listed.is_none().then_some(*id))
            }
        };
        let is_unnamed = |id: &&ClientId| !tenant.lists_application(**id);
        Self {
            unnamed_targets: audiences.clone().filter(is_unnamed).copied().collect(),
            unknown_applications,
            unnamed_workload,
            unknown_principals,
            of_target: audiences
                .clone()
                .any(|one| tenant.has_unsaid_attributes(*one)),
            of_workload,
            device: match &situation.device {
                Some(DeviceSituation::Registered(device)) => Some(device),
                Some(DeviceSituation::Unregistered(_)) | None => None,
            },
        }
    }

    /// The conditions with the filters at this end, and what the filters look at that nobody said.
    fn conditions(&self, conditions: &Conditions, end: End) -> (Conditions, BTreeSet<Signal>) {
        let mut conditions = conditions.clone();
        let mut signals = BTreeSet::new();
        self.names(&mut conditions, end, &mut signals);
        let workloads = conditions.client_applications.as_mut();
        let of_workload = workloads.and_then(|one| one.filter.as_mut());
        let of_target = match &mut conditions.target {
            Target::Applications(applications) => applications.filter.as_mut(),
            Target::UserActions(_) | Target::AuthenticationContexts(_) => None,
        };
        for (filter, is_unsaid) in [(of_workload, self.of_workload), (of_target, self.of_target)] {
            if let Some(filter) = filter.filter(|_| is_unsaid) {
                filter.rule.expression = bounded(filter, &|_| true, end);
                signals.insert(Signal::CustomSecurityAttributes);
            }
        }
        if let (Some(DeviceCondition::Filter(filter)), Some(device)) =
            (conditions.devices.as_mut(), self.device)
        {
            let is_unsaid =
                |comparison: &Comparison<DeviceProperty>| !says(device, comparison.property);
            let expression = bounded(filter, &is_unsaid, end);
            if expression != filter.rule.expression {
                filter.rule.expression = expression;
                signals.insert(Signal::Device);
            }
        }
        (conditions, signals)
    }

    /// Puts what is reached, and who signs in, beside the names that could be theirs.
    fn names(&self, conditions: &mut Conditions, end: End, signals: &mut BTreeSet<Signal>) {
        if let Target::Applications(targets) = &mut conditions.target {
            let names = (&self.unnamed_targets[..], &self.unknown_applications);
            let of = |one: &ApplicationCondition| match one {
                ApplicationCondition::Application(id) => Some(*id),
                ApplicationCondition::All
                | ApplicationCondition::Office365
                | ApplicationCondition::MicrosoftAdminPortals => None,
            };
            let lists = (&mut targets.include, &mut targets.exclude);
            if join_unnamed(lists, names, (of, ApplicationCondition::Application), end) {
                signals.insert(Signal::App);
            }
        }
        if let Some(workloads) = &mut conditions.client_applications {
            let names = (self.unnamed_workload.as_slice(), &self.unknown_principals);
            let of = |one: &ServicePrincipalCondition| match one {
                ServicePrincipalCondition::ServicePrincipal(id) => Some(*id),
                ServicePrincipalCondition::All => None,
            };
            let lists = (&mut workloads.include, &mut workloads.exclude);
            let make = ServicePrincipalCondition::ServicePrincipal;
            if join_unnamed(lists, names, (of, make), end) {
                signals.insert(Signal::ServicePrincipal);
            }
        }
    }
}

/// Adds what could have one of these names to a list that has one: to what is included as if it had, to what is excluded too. Whether
/// either list has one that it could be. Whatever stands in for a name itself is known by it, and is nothing else.
fn join_unnamed<C, I: Copy + Ord>(
    (include, exclude): (&mut Vec<C>, &mut Vec<C>),
    (unnamed, unknown): (&[I], &BTreeSet<I>),
    (of, make): (impl Fn(&C) -> Option<I>, impl Fn(I) -> C),
    end: End,
) -> bool {
    let unnamed: Vec<I> = unnamed
        .iter()
        .filter(|one| !unknown.contains(one))
        .copied()
        .collect();
    let mut could_be = false;
    for (list, joins_at) in [(include, End::In), (exclude, End::Out)] {
        let has_name = list
            .iter()
            .filter_map(&of)
            .any(|one| unknown.contains(&one));
        if !has_name || unnamed.is_empty() {
            continue;
        }
        could_be = true;
        if end == joins_at {
            list.extend(unnamed.iter().copied().map(&make));
        }
    }
    could_be
}

/// The filter's rule at this end.
fn bounded<P: Clone>(
    filter: &Filter<P>,
    is_unsaid: &impl Fn(&Comparison<P>) -> bool,
    end: End,
) -> Expression<P> {
    let is_fulfilled = match (filter.mode, end) {
        (FilterMode::Include, End::In) | (FilterMode::Exclude, End::Out) => true,
        (FilterMode::Include, End::Out) | (FilterMode::Exclude, End::In) => false,
    };
    supposing(&filter.rule.expression, is_unsaid, is_fulfilled)
}

/// The rule with every unsaid comparison as it must be for the whole to come out like this, if it can. As deep as the rule is
/// nested, which its parser limits.
fn supposing<P: Clone>(
    expression: &Expression<P>,
    is_unsaid: &impl Fn(&Comparison<P>) -> bool,
    holds: bool,
) -> Expression<P> {
    let each = |list: &[Expression<P>]| {
        let list = list.iter();
        list.map(|one| supposing(one, is_unsaid, holds)).collect()
    };
    match expression {
        Expression::Or(any) => Expression::Or(each(any)),
        Expression::And(all) => Expression::And(each(all)),
        Expression::Not(one) => Expression::Not(Box::new(supposing(one, is_unsaid, !holds))),
        // All of nothing holds, any of nothing does not: no parser makes these.
        Expression::Compare(comparison) if is_unsaid(comparison) && holds => {
            Expression::And(Vec::new())
        }
        Expression::Compare(comparison) if is_unsaid(comparison) => Expression::Or(Vec::new()),
        Expression::Compare(_) => expression.clone(),
    }
}

/// Whether the description of a device says this of it.
fn says(device: &RegisteredDevice, property: DeviceProperty) -> bool {
    match property {
        DeviceProperty::DeviceId => device.device_id.is_some(),
        DeviceProperty::DisplayName => device.display_name.is_some(),
        DeviceProperty::DeviceOwnership => device.device_ownership.is_some(),
        DeviceProperty::EnrollmentProfileName => device.enrollment_profile_name.is_some(),
        DeviceProperty::IsCompliant => device.is_compliant.is_some(),
        DeviceProperty::Manufacturer => device.manufacturer.is_some(),
        DeviceProperty::MdmAppId => device.mdm_app_id.is_some(),
        DeviceProperty::Model => device.model.is_some(),
        DeviceProperty::OperatingSystem => device.operating_system.is_some(),
        DeviceProperty::OperatingSystemVersion => device.operating_system_version.is_some(),
        DeviceProperty::PhysicalIds => !device.physical_ids.is_empty(),
        DeviceProperty::ProfileType => device.profile_type.is_some(),
        DeviceProperty::SystemLabels => !device.system_labels.is_empty(),
        DeviceProperty::TrustType => device.trust_type.is_some(),
        DeviceProperty::ExtensionAttribute(number) => {
            device.extension_attributes.contains_key(&number)
        }
    }
}
