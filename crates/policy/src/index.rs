//! The index of a tenant's policies: every condition as a dimension, and which policies a sign-in brings into scope.

use std::collections::BTreeMap;

use portcullis_model::conditional_access::signal::{InsiderRiskLevel, RiskLevel, TransferMethod};
use portcullis_model::conditional_access::{ClientAppType, DeviceCondition};

use crate::attribute_class::AttributeClasses;
use crate::dimension::{Dimension, DimensionBuilder};
use crate::facts::Subject;
use crate::location::NamedLocations;
use crate::policy_set::PolicySet;
use crate::seen::Seen;
use crate::value::{
    LocationValue, PlatformValue, TargetValue, UserValue, WorkloadValue, action_values,
    audience_values, client_values, context_values, is_location_open, location_values,
    platform_values, user_values, workload_values,
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
            /// Policies that say nothing of devices.
            pub(crate) any_device: PolicySet,
            /// What the others say, by policy.
            pub(crate) devices: BTreeMap<usize, DeviceCondition>,
        }

        /// All dimensions while the policies are compiled.
        #[derive(Debug)]
        pub(crate) struct IndexBuilder {
            pub(crate) named_locations: NamedLocations,
            pub(crate) attributes: AttributeClasses,
            $($(#[$doc])* pub(crate) $name: DimensionBuilder<$value>,)*
            pub(crate) any_device: PolicySet,
            pub(crate) devices: BTreeMap<usize, DeviceCondition>,
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
                    devices: BTreeMap::new(),
                }
            }

            pub(crate) fn build(self) -> Index {
                Index {
                    named_locations: self.named_locations,
                    attributes: self.attributes,
                    $($name: self.$name.build(),)*
                    any_device: self.any_device,
                    devices: self.devices,
                }
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
        let mut concerned = self.matching(Condition::Subject, seen);
        concerned.intersect(&self.matching(Condition::Target, seen));
        let mut all = concerned.clone();
        if seen.not_given == NotGiven::NOTHING {
            self.keep_matching_all(&mut all, seen);
            self.keep_matching_devices(&mut all, seen);
            return Scope { concerned, all };
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
                | Condition::AuthenticationFlow => {
                    if !self.is_silent(condition) {
                        all.intersect(&self.matching(condition, seen));
                    }
                }
            }
        }
        self.keep_matching_devices(&mut all, seen);
        Scope { concerned, all }
    }

    /// Keeps what every condition lets match beside subject, target and device, of a sign-in with every signal given: what
    /// [`Index::matching`] says of each of them.
    fn keep_matching_all(&self, standing: &mut PolicySet, seen: &Seen<'_>) {
        let sign_in = seen.sign_in;
        let risk = &sign_in.risk;
        let mut scratch = PolicySet::empty_like(standing);
        let mut keep = Keep {
            standing,
            scratch: &mut scratch,
        };
        for condition in Condition::ALL {
            match condition {
                // Asked elsewhere: the first two before, devices after all others.
                Condition::Subject | Condition::Target | Condition::Devices => {}
                Condition::ClientAppType => {
                    keep.matching(&self.client_app_types, || client_values(seen));
                }
                Condition::DevicePlatform => {
                    keep.matching(&self.platforms, || platform_values(seen));
                }
                Condition::Location => {
                    let named = &self.named_locations;
                    keep.matching(&self.locations, || location_values(seen, named));
                }
                Condition::SignInRisk => {
                    keep.matching(&self.sign_in_risk, || std::iter::once(risk.sign_in));
                }
                Condition::UserRisk => {
                    keep.matching(&self.user_risk, || std::iter::once(risk.user));
                }
                Condition::ServicePrincipalRisk => {
                    let level = risk.service_principal;
                    keep.matching(&self.service_principal_risk, || std::iter::once(level));
                }
                Condition::InsiderRisk => {
                    keep.matching(&self.insider_risk, || risk.insider.into_iter());
                }
                Condition::AuthenticationFlow => {
                    let method = sign_in.transfer_method;
                    keep.matching(&self.transfer_methods, || method.into_iter());
                }
            }
        }
    }

    /// The policies that this condition of theirs, or its absence, lets match.
    pub(crate) fn matching(&self, condition: Condition, seen: &Seen<'_>) -> PolicySet {
        let sign_in = seen.sign_in;
        let (risk, all) = (&sign_in.risk, |_| true);
        match condition {
            Condition::Subject => self.matching_subject(seen),
            Condition::Target => self.matching_targets(seen),
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
                ask(condition, &self.locations, values, seen, |value| {
                    is_location_open(value, seen, named)
                })
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
                for policy in self.devices.keys() {
                    matching.insert(*policy);
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

    /// Whether no policy says anything of this condition: then every policy matches it.
    fn is_silent(&self, condition: Condition) -> bool {
        match condition {
            Condition::Subject | Condition::Target => false,
            Condition::ClientAppType => self.client_app_types.is_silent(),
            Condition::DevicePlatform => self.platforms.is_silent(),
            Condition::Location => self.locations.is_silent(),
            Condition::SignInRisk => self.sign_in_risk.is_silent(),
            Condition::UserRisk => self.user_risk.is_silent(),
            Condition::ServicePrincipalRisk => self.service_principal_risk.is_silent(),
            Condition::InsiderRisk => self.insider_risk.is_silent(),
            Condition::Devices => self.devices.is_empty(),
            Condition::AuthenticationFlow => self.transfer_methods.is_silent(),
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
    fn matching_subject(&self, seen: &Seen<'_>) -> PolicySet {
        match &seen.sign_in.subject {
            Subject::User(user) => self.users.matching(user_values(user)),
            Subject::ServicePrincipal(principal) => {
                let values = workload_values(*principal, &self.attributes);
                self.workloads.matching(values)
            }
        }
    }

    /// One audience that matches is enough (specification 4.3); an action and contexts are asked for beside them.
    fn matching_targets(&self, seen: &Seen<'_>) -> PolicySet {
        let sign_in = seen.sign_in;
        let mut audiences = sign_in.audiences.iter();
        let first = audiences.next();
        // Nearly every request reaches one resource and asks for nothing else.
        let is_plain = audiences.next().is_none()
            && sign_in.user_action.is_none()
            && sign_in.authentication_contexts.is_empty();
        if let Some(audience) = first.filter(|_| is_plain) {
            let values = audience_values(*audience, &self.attributes);
            return self.targets.matching(values);
        }
        let mut matching = self.targets.matching(context_values(sign_in));
        for audience in &sign_in.audiences {
            let values = audience_values(*audience, &self.attributes);
            matching.unite(&self.targets.matching(values));
        }
        if let Some(action) = sign_in.user_action {
            matching.unite(&self.targets.matching(action_values(action)));
        }
        matching
    }

    fn keep_matching_devices(&self, standing: &mut PolicySet, seen: &Seen<'_>) {
        let is_kept = |policy: usize| {
            let Some(condition) = self.devices.get(&policy) else {
                return true;
            };
            if seen.not_given.contains(Signal::Device) {
                return seen.bound == crate::dimension::Bound::Possible;
            }
            visible_device::matches(seen.device.as_ref(), condition)
        };
        standing.retain(&self.any_device, is_kept);
    }
}

/// What still stands, and room to work in.
struct Keep<'a> {
    standing: &'a mut PolicySet,
    scratch: &'a mut PolicySet,
}

impl Keep<'_> {
    /// A dimension that no policy names lets every policy match.
    fn matching<V: Copy + Ord, I: Iterator<Item = V>>(
        &mut self,
        dimension: &Dimension<V>,
        values: impl FnOnce() -> I,
    ) {
        if !dimension.is_silent() {
            dimension.keep_matching(values(), self.standing, self.scratch);
        }
    }
}

/// The policies whose condition these values satisfy; where a signal of the condition was left out, within its bound.
fn ask<V: Copy + Ord>(
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
