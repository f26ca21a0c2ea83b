//! The index of a tenant's policies: every condition as a dimension, and which policies a sign-in brings into scope.

use portcullis_model::conditional_access::ClientAppType;
use portcullis_model::conditional_access::signal::{InsiderRiskLevel, RiskLevel, TransferMethod};

use crate::attribute_class::AttributeClasses;
use crate::audience::Audiences;
use crate::circumstance::{Circumstances, Values};
use crate::device_rule::{AskedRules, DeviceRules};
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
            /// What the conditions on circumstances say of all of them.
            pub(crate) circumstances: Circumstances,
            /// Policies that match wherever a sign-in comes from.
            anywhere: PolicySet,
            /// Every policy.
            pub(crate) all: PolicySet,
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
            all: PolicySet,
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
                    all: PolicySet::full(count),
                }
            }

            pub(crate) fn build(self) -> Index {
                let anywhere = PolicySet::empty_like(&self.any_device);
                let mut index = Index {
                    named_locations: self.named_locations,
                    attributes: self.attributes,
                    $($name: self.$name.build(),)*
                    audiences: None,
                    places: None,
                    circumstances: Circumstances::default(),
                    all: self.all,
                    anywhere,
                    any_device: self.any_device,
                    devices: self.devices,
                };
                index.audiences = Audiences::of(&index.targets, &index.attributes);
                index.places = Places::of(&index.named_locations, &index.locations);
                index.circumstances = Circumstances::of(&index);
                index.anywhere = index.locations.untouched();
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

impl Index {
    /// The policies that every condition matches, whatever their state.
    pub(crate) fn scope(&self, seen: &Seen<'_>) -> PolicySet {
        let mut scope = self.no_policy();
        self.find_scope(seen, &self.all, &mut scope);
        scope
    }

    /// No policy at all.
    #[inline]
    pub(crate) fn no_policy(&self) -> PolicySet {
        PolicySet::empty_like(&self.any_device)
    }

    /// Puts those among some that every condition matches in the place of whatever is in `scope`, of the same tenant. Says
    /// whether who and what match any of them, whatever their other conditions say (specification 5.7).
    pub(crate) fn find_scope(
        &self,
        seen: &Seen<'_>,
        among: &PolicySet,
        scope: &mut PolicySet,
    ) -> bool {
        self.match_subject(seen, scope);
        let is_concerned = self.keep_targets(seen, among, scope);
        // The common end: nobody who is concerned by nothing has to be asked for anything else.
        if is_concerned {
            if seen.not_given == NotGiven::NOTHING {
                self.keep_circumstances(seen, scope);
            } else {
                self.keep_circumstances_within(seen, scope);
            }
            self.keep_devices(seen, scope);
        }
        is_concerned
    }

    /// Keeps those among some that what is reached lets match, and says whether that is anything.
    fn keep_targets(&self, seen: &Seen<'_>, among: &PolicySet, scope: &mut PolicySet) -> bool {
        let sign_in = seen.sign_in;
        let mut audiences = sign_in.audiences.iter();
        let one = audiences.next().filter(|_| audiences.next().is_none());
        let is_plain = sign_in.user_action.is_none() && sign_in.authentication_contexts.is_empty();
        let row = match (one, &self.audiences) {
            (Some(one), Some(audiences)) if is_plain => audiences.row(*one),
            (Some(_) | None, Some(_) | None) => None,
        };
        match row {
            Some(row) => scope.keep_common(row, among.row()),
            None => scope.keep_common(self.matching_targets(seen).row(), among.row()),
        }
    }

    /// Keeps what every condition lets match beside subject, target and device, of a sign-in with every signal given: what
    /// [`Index::matching`] says of each of them.
    fn keep_circumstances(&self, seen: &Seen<'_>, scope: &mut PolicySet) {
        for row in self.circumstances.rows(Values::of(seen.sign_in)) {
            scope.keep(row);
        }
        if !scope.has_beyond(&self.anywhere) {
            return;
        }
        let places = self.places.as_ref();
        let is_done =
            places.is_some_and(|places| places.keep_matching(&self.named_locations, seen, scope));
        if !is_done {
            let values = location_values(seen, &self.named_locations);
            scope.intersect(&self.locations.matching(values.into_iter()));
        }
    }

    /// The same where some signals were left out.
    fn keep_circumstances_within(&self, seen: &Seen<'_>, scope: &mut PolicySet) {
        for condition in Condition::ALL {
            match condition {
                // Asked before and after, each for itself.
                Condition::Subject | Condition::Target | Condition::Devices => {}
                Condition::ClientAppType
                | Condition::DevicePlatform
                | Condition::Location
                | Condition::SignInRisk
                | Condition::UserRisk
                | Condition::ServicePrincipalRisk
                | Condition::InsiderRisk
                | Condition::AuthenticationFlow => scope.intersect(&self.matching(condition, seen)),
            }
        }
    }

    /// The policies that this condition of theirs, or its absence, lets match.
    pub(crate) fn matching(&self, condition: Condition, seen: &Seen<'_>) -> PolicySet {
        let sign_in = seen.sign_in;
        let (risk, all) = (&sign_in.risk, |_| true);
        match condition {
            Condition::Subject => {
                let mut matching = self.no_policy();
                self.match_subject(seen, &mut matching);
                matching
            }
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
                let mut matching = self.all.clone();
                self.keep_devices(seen, &mut matching);
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
                self.users
                    .match_shown(matching, |matching| show_user_values(user, matching));
            }
            Subject::ServicePrincipal(principal) => {
                let values = workload_values(*principal, &self.attributes);
                *matching = self.workloads.matching(values);
            }
        }
    }

    /// One audience that matches is enough (specification 4.3); an action and contexts are asked for beside them.
    fn matching_targets(&self, seen: &Seen<'_>) -> PolicySet {
        let sign_in = seen.sign_in;
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

    /// Filters are run last, only for the policies that still stand.
    fn keep_devices(&self, seen: &Seen<'_>, scope: &mut PolicySet) {
        if !scope.has_beyond(&self.any_device) {
            return;
        }
        let device = seen.device();
        let mut asked = AskedRules::default();
        scope.retain_beyond(&self.any_device, |policy| {
            if seen.not_given.contains(Signal::Device) {
                return seen.bound == Bound::Possible;
            }
            let rule = self.devices.of_policy(policy);
            rule.is_none_or(|(number, rule)| {
                asked.holds(number, || rule.test.holds(device.as_ref()))
            })
        });
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
