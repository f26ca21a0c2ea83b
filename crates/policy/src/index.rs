//! The index of a tenant's policies: every condition as a dimension, and which policies a sign-in brings into scope.

use portcullis_model::conditional_access::ClientAppType;
use portcullis_model::conditional_access::signal::{InsiderRiskLevel, RiskLevel, TransferMethod};

use crate::attribute_class::AttributeClasses;
use crate::audience::Audiences;
use crate::device_rule::DeviceRules;
use crate::dimension::{Bound, Dimension, DimensionBuilder};
use crate::facts::Subject;
use crate::location::NamedLocations;
use crate::place::Places;
use crate::policy_set::PolicySet;
use crate::seen::Seen;
use crate::table::Key;
use crate::value::{
    LocationValue, PlatformValue, TargetValue, UserValue, WorkloadValue, action_values,
    audience_values, client_values, context_values, is_location_open, location_values,
    platform_values, show_user_values, workload_values,
};
use crate::visible_device;
use crate::what_if::{NotGiven, Signal};

/// The conditions of a policy, in the order in which a reader looks for the one that kept a policy out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Condition {
    /// Who: people, or workload identities.
    Subject,
    Target,
    ClientAppType,
    DevicePlatform,
    Location,
    SignInRisk,
    UserRisk,
    ServicePrincipalRisk,
    InsiderRisk,
    Devices,
    AuthenticationFlow,
}

impl Condition {
    pub(crate) const ALL: [Self; 11] = [
        Self::Subject,
        Self::Target,
        Self::ClientAppType,
        Self::DevicePlatform,
        Self::Location,
        Self::SignInRisk,
        Self::UserRisk,
        Self::ServicePrincipalRisk,
        Self::InsiderRisk,
        Self::Devices,
        Self::AuthenticationFlow,
    ];

    /// The signals a condition looks at, beside who and what.
    pub(crate) const fn signals(self) -> &'static [Signal] {
        match self {
            Self::Subject | Self::Target => &[],
            Self::ClientAppType => &[Signal::ClientAppType, Signal::DevicePlatform],
            Self::DevicePlatform => &[Signal::DevicePlatform],
            Self::Location => &[
                Signal::IpAddress,
                Signal::Country,
                Signal::GpsCountry,
                Signal::CompliantNetwork,
            ],
            Self::SignInRisk => &[Signal::SignInRisk],
            Self::UserRisk => &[Signal::UserRisk],
            Self::ServicePrincipalRisk => &[Signal::ServicePrincipalRisk],
            Self::InsiderRisk => &[Signal::InsiderRisk],
            Self::Devices => &[Signal::Device],
            Self::AuthenticationFlow => &[Signal::AuthenticationFlow],
        }
    }
}

/// The dimensions as they are (`Dimension`) or while the policies are compiled (`DimensionBuilder`).
macro_rules! dimensions {
    ($($(#[$doc:meta])* $name:ident of $value:ty;)*) => {
        /// All dimensions.
        #[derive(Debug)]
        pub(crate) struct Index {
            pub(crate) named_locations: NamedLocations,
            pub(crate) attributes: AttributeClasses,
            $($(#[$doc])* pub(crate) $name: Dimension<$value>,)*
            /// What `targets` says of most requests.
            audiences: Option<Audiences>,
            /// What `locations` says of most sign-ins.
            places: Option<Places>,
            /// Policies that say nothing of devices.
            pub(crate) any_device: PolicySet,
            /// What the others say.
            pub(crate) devices: DeviceRules,
        }

        /// All dimensions while the policies are compiled.
        #[derive(Debug)]
        pub(crate) struct IndexBuilder {
            pub(crate) named_locations: NamedLocations,
            pub(crate) attributes: AttributeClasses,
            $($(#[$doc])* pub(crate) $name: DimensionBuilder<$value>,)*
            pub(crate) any_device: PolicySet,
            pub(crate) devices: DeviceRules,
        }

        impl IndexBuilder {
            pub(crate) fn new(
                count: usize,
                named_locations: NamedLocations,
                attributes: AttributeClasses,
            ) -> Self {
                Self {
                    named_locations,
                    attributes,
                    $($name: DimensionBuilder::new(count),)*
                    any_device: PolicySet::empty(count),
                    devices: DeviceRules::default(),
                }
            }

            pub(crate) fn build(self) -> Index {
                let mut index = Index {
                    named_locations: self.named_locations,
                    attributes: self.attributes,
                    $($name: self.$name.build(),)*
                    audiences: None,
                    places: None,
                    any_device: self.any_device,
                    devices: self.devices,
                };
                index.audiences = Audiences::of(&index.targets, &index.attributes);
                index.places = Places::of(&index.named_locations, &index.locations);
                index
            }
        }
    };
}

dimensions! {
    /// Policies about people.
    users of UserValue;
    /// Policies about workload identities.
    workloads of WorkloadValue;
    targets of TargetValue;
    client_app_types of ClientAppType;
    platforms of PlatformValue;
    locations of LocationValue;
    sign_in_risk of RiskLevel;
    user_risk of RiskLevel;
    service_principal_risk of RiskLevel;
    insider_risk of InsiderRiskLevel;
    transfer_methods of TransferMethod;
}

/// The policies that a sign-in brings into scope.
#[derive(Debug, Clone)]
pub(crate) struct Scope {
    /// Those that who and what match, whatever their other conditions say (specification 5.7).
    pub(crate) concerned: PolicySet,
    /// Those that every condition matches, whatever the policy's state.
    pub(crate) all: PolicySet,
}

impl Index {
    pub(crate) fn scope(&self, seen: &Seen<'_>) -> Scope {
        let mut scope = self.no_scope();
        self.find_scope(seen, &mut scope);
        scope
    }

    /// No policy at all.
    #[inline]
    pub(crate) fn no_scope(&self) -> Scope {
        Scope {
            concerned: PolicySet::empty_like(&self.any_device),
            all: PolicySet::empty_like(&self.any_device),
        }
    }

    /// Puts what a sign-in brings into scope in the place of whatever is in `scope`, of the same tenant.
    pub(crate) fn find_scope(&self, seen: &Seen<'_>, scope: &mut Scope) {
        let Scope { concerned, all } = scope;
        let mut scratch = PolicySet::empty_like(&self.any_device);
        self.match_subject(seen, all);
        self.keep_matching_targets(all, &mut scratch, seen);
        concerned.copy_from(all);
        if seen.not_given == NotGiven::NOTHING {
            self.keep_matching_all(all, &mut scratch, seen);
            return self.keep_matching_devices(all, seen);
        }
        for condition in Condition::ALL {
            match condition {
                // Done above; and filters are run last, only for the policies that still stand.
                Condition::Subject | Condition::Target | Condition::Devices => {}
                Condition::ClientAppType
                | Condition::DevicePlatform
                | Condition::Location
                | Condition::SignInRisk
                | Condition::UserRisk
                | Condition::ServicePrincipalRisk
                | Condition::InsiderRisk
                | Condition::AuthenticationFlow => all.intersect(&self.matching(condition, seen)),
            }
        }
        self.keep_matching_devices(all, seen);
    }

    /// Keeps what every condition lets match beside subject, target and device, of a sign-in with every signal given: what
    /// [`Index::matching`] says of each of them. `scratch` is of the same tenant, whatever is in it.
    fn keep_matching_all(
        &self,
        standing: &mut PolicySet,
        scratch: &mut PolicySet,
        seen: &Seen<'_>,
    ) {
        let sign_in = seen.sign_in;
        let risk = &sign_in.risk;
        let mut clients = client_values(seen);
        if let (client, None) = (clients.next(), clients.next()) {
            keep_one(&self.client_app_types, client, standing);
        } else {
            let clients = client_values(seen);
            self.client_app_types
                .keep_matching(clients, standing, scratch);
        }
        let platform = sign_in.platform.map(PlatformValue::Platform);
        keep_one(&self.platforms, platform, standing);
        keep_one(&self.sign_in_risk, Some(risk.sign_in), standing);
        keep_one(&self.user_risk, Some(risk.user), standing);
        let level = risk.service_principal;
        keep_one(&self.service_principal_risk, Some(level), standing);
        keep_one(&self.insider_risk, risk.insider, standing);
        keep_one(&self.transfer_methods, sign_in.transfer_method, standing);
        if self.locations.is_silent() {
            return;
        }
        let is_done = self.places.as_ref().is_some_and(|places| {
            places.keep_matching(&self.named_locations, seen, (standing, scratch))
        });
        if !is_done {
            let values = location_values(seen, &self.named_locations);
            let values = values.iter().copied();
            self.locations.keep_matching(values, standing, scratch);
        }
    }

    /// The policies that this condition of theirs, or its absence, lets match.
    pub(crate) fn matching(&self, condition: Condition, seen: &Seen<'_>) -> PolicySet {
        let sign_in = seen.sign_in;
        let (risk, all) = (&sign_in.risk, |_| true);
        match condition {
            Condition::Subject => {
                let mut matching = PolicySet::empty_like(&self.any_device);
                self.match_subject(seen, &mut matching);
                matching
            }
            Condition::Target => {
                let mut matching = PolicySet::empty_like(&self.any_device);
                self.match_targets(seen, &mut matching);
                matching
            }
            Condition::ClientAppType => {
                let values = client_values(seen);
                let is_eas = sign_in.client_app_type == ClientAppType::ExchangeActiveSync;
                ask(condition, &self.client_app_types, values, seen, |value| {
                    seen.not_given.contains(Signal::ClientAppType)
                        || (is_eas && value == ClientAppType::EasSupported)
                })
            }
            Condition::DevicePlatform => {
                let values = platform_values(seen);
                ask(condition, &self.platforms, values, seen, |value| {
                    value != PlatformValue::All
                })
            }
            Condition::Location => {
                let named = &self.named_locations;
                let values = location_values(seen, named);
                ask(
                    condition,
                    &self.locations,
                    values.into_iter(),
                    seen,
                    |value| is_location_open(value, seen, named),
                )
            }
            Condition::SignInRisk => {
                let level = seen.given(Signal::SignInRisk, Some(risk.sign_in));
                ask(condition, &self.sign_in_risk, level.into_iter(), seen, all)
            }
            Condition::UserRisk => {
                let level = seen.given(Signal::UserRisk, Some(risk.user));
                ask(condition, &self.user_risk, level.into_iter(), seen, all)
            }
            Condition::ServicePrincipalRisk => {
                let level = seen.given(Signal::ServicePrincipalRisk, Some(risk.service_principal));
                let dimension = &self.service_principal_risk;
                ask(condition, dimension, level.into_iter(), seen, all)
            }
            Condition::InsiderRisk => {
                let level = seen.given(Signal::InsiderRisk, risk.insider);
                let dimension = &self.insider_risk;
                ask(condition, dimension, level.into_iter(), seen, |_| true)
            }
            Condition::Devices => {
                let mut matching = self.any_device.clone();
                for rule in &self.devices.rules {
                    matching.add(&rule.policies);
                }
                self.keep_matching_devices(&mut matching, seen);
                matching
            }
            Condition::AuthenticationFlow => {
                let method = seen.given(Signal::AuthenticationFlow, sign_in.transfer_method);
                let dimension = &self.transfer_methods;
                ask(condition, dimension, method.into_iter(), seen, |_| true)
            }
        }
    }

    /// Policies that say nothing of this condition; `None` where every policy says something, or is asked all the same.
    pub(crate) fn silent(&self, condition: Condition) -> Option<&PolicySet> {
        match condition {
            Condition::Subject
            | Condition::Target
            | Condition::ClientAppType
            | Condition::DevicePlatform
            | Condition::Location => None,
            Condition::SignInRisk => Some(&self.sign_in_risk.always),
            Condition::UserRisk => Some(&self.user_risk.always),
            Condition::ServicePrincipalRisk => Some(&self.service_principal_risk.always),
            Condition::InsiderRisk => Some(&self.insider_risk.always),
            Condition::Devices => Some(&self.any_device),
            Condition::AuthenticationFlow => Some(&self.transfer_methods.always),
        }
    }

    /// User policies never match a service principal, nor the other way round (specification 4.10).
    fn match_subject(&self, seen: &Seen<'_>, matching: &mut PolicySet) {
        match &seen.sign_in.subject {
            Subject::User(user) => {
                let mut matching = self.users.begin(matching);
                show_user_values(user, &mut matching);
                matching.finish();
            }
            Subject::ServicePrincipal(principal) => {
                let mut matching = self.workloads.begin(matching);
                let values = workload_values(*principal, &self.attributes);
                values.for_each(|value| matching.add(value));
                matching.finish();
            }
        }
    }

    /// Keeps what [`Index::match_targets`] says. `scratch` is of the same tenant, whatever is in it.
    fn keep_matching_targets(
        &self,
        standing: &mut PolicySet,
        scratch: &mut PolicySet,
        seen: &Seen<'_>,
    ) {
        let sign_in = seen.sign_in;
        let mut audiences = sign_in.audiences.iter();
        let one = audiences.next().filter(|_| audiences.next().is_none());
        let is_plain = sign_in.user_action.is_none() && sign_in.authentication_contexts.is_empty();
        match (one, &self.audiences) {
            (Some(one), Some(audiences)) if is_plain => audiences.keep_matching(*one, standing),
            (Some(_) | None, Some(_) | None) => {
                self.match_targets(seen, scratch);
                standing.intersect(scratch);
            }
        }
    }

    /// One audience that matches is enough (specification 4.3); an action and contexts are asked for beside them.
    fn match_targets(&self, seen: &Seen<'_>, matching: &mut PolicySet) {
        let sign_in = seen.sign_in;
        *matching = self.targets.matching(context_values(sign_in));
        for audience in &sign_in.audiences {
            let values = audience_values(*audience, &self.attributes);
            matching.unite(&self.targets.matching(values));
        }
        if let Some(action) = sign_in.user_action {
            matching.unite(&self.targets.matching(action_values(action)));
        }
    }

    fn keep_matching_devices(&self, standing: &mut PolicySet, seen: &Seen<'_>) {
        for rule in &self.devices.rules {
            if !standing.has_any(&rule.policies) {
                continue;
            }
            let is_kept = if seen.not_given.contains(Signal::Device) {
                seen.bound == Bound::Possible
            } else {
                visible_device::matches(seen.device.as_ref(), &rule.condition)
            };
            if !is_kept {
                standing.remove(&rule.policies);
            }
        }
    }
}

/// A dimension that no policy names lets every policy match.
#[inline]
fn keep_one<V: Key>(dimension: &Dimension<V>, value: Option<V>, standing: &mut PolicySet) {
    if !dimension.is_silent() {
        dimension.keep_matching_one(value, standing);
    }
}

/// The policies whose condition these values satisfy; where a signal of the condition was left out, within its bound.
fn ask<V: Key>(
    condition: Condition,
    dimension: &Dimension<V>,
    values: impl Iterator<Item = V>,
    seen: &Seen<'_>,
    open: impl Fn(V) -> bool,
) -> PolicySet {
    if seen.not_given.contains_any(condition.signals()) {
        dimension.matching_within(values, open, seen.bound)
    } else {
        dimension.matching(values)
    }
}
