//! What If: a decision with some signals left out, and for each policy whether it applies whatever they are, for some
//! of them, or never (specification 9).
//!
//! The facts are those of a supposed sign-in ([`SignIn::new`] knows nothing but who and what); a signal in [`NotGiven`]
//! counts as neither there nor absent, whatever the facts say of it.

mod signal_value;

use std::sync::Arc;

use portcullis_model::conditional_access::PolicyState;
use portcullis_model::id::PolicyId;

use crate::compile::CompiledTenant;
use crate::decide::decide_within;
use crate::demand::TargetKind;
use crate::dimension::Bound;
use crate::facts::{SignIn, Subject};
use crate::hypothesis::{Hypothesis, Supposed};
use crate::index::{Condition, Index};
use crate::location::Source;
use crate::policy_set::PolicySet;
use crate::seen::Seen;

pub use signal_value::{SignalValue, distinguishable};

/// A signal that a What If may leave out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u16)]
pub enum Signal {
    /// By what kind of client.
    ClientAppType = 1,
    /// From what platform.
    DevicePlatform = 2,
    /// From what address.
    IpAddress = 4,
    /// From what country, by the address.
    Country = 8,
    /// From what country, by the coordinates of an authenticator.
    GpsCountry = 16,
    /// Through whose compliant network.
    CompliantNetwork = 32,
    /// How risky the sign-in is.
    SignInRisk = 64,
    /// How risky the user is.
    UserRisk = 128,
    /// How risky the service principal is.
    ServicePrincipalRisk = 256,
    /// How much of an insider risk the user is.
    InsiderRisk = 512,
    /// From what device.
    Device = 1024,
    /// How the session was moved here.
    AuthenticationFlow = 2048,
}

impl Signal {
    /// All of them.
    pub const ALL: [Self; 12] = [
        Self::ClientAppType,
        Self::DevicePlatform,
        Self::IpAddress,
        Self::Country,
        Self::GpsCountry,
        Self::CompliantNetwork,
        Self::SignInRisk,
        Self::UserRisk,
        Self::ServicePrincipalRisk,
        Self::InsiderRisk,
        Self::Device,
        Self::AuthenticationFlow,
    ];

    /// The member of Graph's `signInConditions`; Graph has none for coordinates and the compliant network.
    pub const fn name(self) -> &'static str {
        match self {
            Self::ClientAppType => "clientAppType",
            Self::DevicePlatform => "devicePlatform",
            Self::IpAddress => "ipAddress",
            Self::Country => "country",
            Self::GpsCountry => "gpsCountry",
            Self::CompliantNetwork => "compliantNetwork",
            Self::SignInRisk => "signInRiskLevel",
            Self::UserRisk => "userRiskLevel",
            Self::ServicePrincipalRisk => "servicePrincipalRiskLevel",
            Self::InsiderRisk => "insiderRiskLevel",
            Self::Device => "deviceInfo",
            Self::AuthenticationFlow => "authenticationFlow",
        }
    }

    /// By what a location is found.
    pub(crate) const fn of_location(source: Source) -> Self {
        match source {
            Source::IpAddress => Self::IpAddress,
            Source::Country => Self::Country,
            Source::GpsCountry => Self::GpsCountry,
            Source::CompliantNetwork => Self::CompliantNetwork,
        }
    }
}

/// The signals that were left out.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct NotGiven(u16);

impl NotGiven {
    /// Every signal was given.
    pub const NOTHING: Self = Self(0);

    /// These and one more.
    #[must_use]
    pub const fn with(self, signal: Signal) -> Self {
        Self(self.0 | signal as u16)
    }

    /// Whether the signal was left out.
    pub const fn contains(self, signal: Signal) -> bool {
        self.0 & signal as u16 != 0
    }

    pub(crate) fn contains_any(self, signals: &[Signal]) -> bool {
        signals.iter().any(|signal| self.contains(*signal))
    }
}

impl FromIterator<Signal> for NotGiven {
    fn from_iter<T: IntoIterator<Item = Signal>>(signals: T) -> Self {
        signals.into_iter().fold(Self::NOTHING, Self::with)
    }
}

/// What would happen.
#[derive(Debug)]
pub struct WhatIf {
    /// The decision if only those policies apply that apply whatever was left out, as Graph counts (specification 9.5).
    pub definite: Supposed,
    /// The decision if every policy applies that could.
    pub possible: Supposed,
    /// Each policy, in the order of configuration.
    pub policies: Vec<PolicyScope>,
}

/// One policy and whether it applies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyScope {
    /// The policy.
    pub id: PolicyId,
    /// Its name.
    pub display_name: String,
    /// Whether it is enforced.
    pub state: PolicyState,
    /// Whether it applies.
    pub applies: Applies,
}

/// Whether a policy applies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Applies {
    /// Whatever was left out.
    Yes,
    /// Whatever was left out, for the first of the reasons in Graph's order.
    No(Reason),
    /// On these signals, which were left out; at least one.
    DependsOn(Vec<Signal>),
}

/// Graph `whatIfAnalysisReasons`, the ones that happen, in the order in which they are looked for (specification 9.4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reason {
    /// It is disabled.
    PolicyNotEnabled,
    /// It is not about this user.
    Users,
    /// It is not about this service principal.
    WorkloadIdentities,
    /// It is not about what is reached.
    Application,
    /// It is about another action, or not an action at all.
    UserActions,
    /// It is about other contexts.
    AuthenticationContext,
    /// The platform.
    DevicePlatform,
    /// The device.
    Devices,
    /// The kind of client.
    ClientApps,
    /// The place.
    Location,
    /// The risk of the sign-in.
    SignInRisk,
    /// The risk of the user.
    UserRisk,
    /// The risk of the service principal.
    ServicePrincipalRisk,
    /// The insider risk.
    InsiderRisk,
    /// How the session was moved here.
    AuthenticationFlow,
}

impl Reason {
    /// Graph's name. Graph has none for the risk of a service principal; it belongs to `workloadIdentities`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::PolicyNotEnabled => "policyNotEnabled",
            Self::Users => "users",
            Self::WorkloadIdentities | Self::ServicePrincipalRisk => "workloadIdentities",
            Self::Application => "application",
            Self::UserActions => "userActions",
            Self::AuthenticationContext => "authenticationContext",
            Self::DevicePlatform => "devicePlatform",
            Self::Devices => "devices",
            Self::ClientApps => "clientApps",
            Self::Location => "location",
            Self::SignInRisk => "signInRisk",
            Self::UserRisk => "userRisk",
            Self::InsiderRisk => "insiderRisk",
            Self::AuthenticationFlow => "authenticationFlow",
        }
    }
}

/// Graph's order of reasons.
const ORDER: [Condition; 11] = [
    Condition::Subject,
    Condition::Target,
    Condition::DevicePlatform,
    Condition::Devices,
    Condition::ClientAppType,
    Condition::Location,
    Condition::SignInRisk,
    Condition::UserRisk,
    Condition::ServicePrincipalRisk,
    Condition::InsiderRisk,
    Condition::AuthenticationFlow,
];

/// The decision if only those policies apply that apply whatever was left out: [`WhatIf::definite`] alone, for whoever asks
/// of a million sign-ins.
pub fn definite(tenant: &CompiledTenant, hypothesis: &Hypothesis, not_given: NotGiven) -> Supposed {
    within(tenant, hypothesis, (not_given, Bound::Definite))
}

/// The decision if every policy applies that could: [`WhatIf::possible`] alone.
pub fn possible(tenant: &CompiledTenant, hypothesis: &Hypothesis, not_given: NotGiven) -> Supposed {
    within(tenant, hypothesis, (not_given, Bound::Possible))
}

fn within(
    tenant: &CompiledTenant,
    hypothesis: &Hypothesis,
    (not_given, bound): (NotGiven, Bound),
) -> Supposed {
    let sign_in = hypothesis.sign_in();
    Supposed::new(decide_within(
        tenant,
        Arc::clone(sign_in),
        (not_given, bound),
    ))
}

/// Decides twice, and says of each policy whether it applies.
pub fn evaluate(tenant: &CompiledTenant, hypothesis: &Hypothesis, not_given: NotGiven) -> WhatIf {
    let sign_in = hypothesis.sign_in();
    let seen = Seen::within(tenant, sign_in, not_given, Bound::Definite);
    let conditions = ORDER.map(|condition| Asked::of(tenant.index(), condition, &seen));
    let policies = tenant.policies().iter().enumerate();
    WhatIf {
        policies: policies
            .map(|(number, policy)| PolicyScope {
                id: policy.id,
                display_name: policy.display_name.clone(),
                state: policy.state,
                applies: match policy.state {
                    PolicyState::Disabled => Applies::No(Reason::PolicyNotEnabled),
                    PolicyState::Enabled | PolicyState::ReportOnly => {
                        applies(number, &conditions, |condition| {
                            reason(condition, policy.concern.target, sign_in)
                        })
                    }
                },
            })
            .collect(),
        definite: self::definite(tenant, hypothesis, not_given),
        possible: self::possible(tenant, hypothesis, not_given),
    }
}

/// One condition, and what it matches within both bounds.
struct Asked {
    condition: Condition,
    definite: PolicySet,
    possible: PolicySet,
    /// What depends on each signal that was left out.
    depending: Vec<(Signal, PolicySet)>,
}

impl Asked {
    fn of(index: &Index, condition: Condition, seen: &Seen<'_>) -> Self {
        let within = |not_given: NotGiven, bound: Bound| {
            let seen = Seen {
                not_given,
                bound,
                ..*seen
            };
            index.matching(condition, &seen)
        };
        let missing = condition.signals().iter().copied();
        let missing: Vec<Signal> = missing
            .filter(|signal| seen.not_given.contains(*signal))
            .collect();
        // Each signal on its own, the others as the facts have them.
        let depending = missing.iter().map(|signal| {
            let alone = NotGiven::NOTHING.with(*signal);
            let mut depending = within(alone, Bound::Possible);
            let sure = within(alone, Bound::Definite);
            depending.subtract(&sure);
            (*signal, depending)
        });
        Self {
            condition,
            definite: within(seen.not_given, Bound::Definite),
            possible: within(seen.not_given, Bound::Possible),
            depending: depending.collect(),
        }
    }

    /// The signals that decide about a policy; all that were left out, where only several together do.
    fn signals(&self, policy: usize) -> Vec<Signal> {
        let named = self.depending.iter();
        let alone: Vec<Signal> = named
            .clone()
            .filter(|(_, policies)| policies.contains(policy))
            .map(|(signal, _)| *signal)
            .collect();
        if alone.is_empty() {
            named.map(|(signal, _)| *signal).collect()
        } else {
            alone
        }
    }
}

fn applies(policy: usize, conditions: &[Asked], reason: impl Fn(Condition) -> Reason) -> Applies {
    let failing = conditions
        .iter()
        .find(|asked| !asked.possible.contains(policy));
    if let Some(asked) = failing {
        return Applies::No(reason(asked.condition));
    }
    let mut signals: Vec<Signal> = conditions
        .iter()
        .filter(|asked| !asked.definite.contains(policy))
        .flat_map(|asked| asked.signals(policy))
        .collect();
    signals.sort_unstable();
    signals.dedup();
    if signals.is_empty() {
        Applies::Yes
    } else {
        Applies::DependsOn(signals)
    }
}

fn reason(condition: Condition, target: TargetKind, sign_in: &SignIn) -> Reason {
    match condition {
        Condition::Subject => match sign_in.subject {
            Subject::User(_) => Reason::Users,
            Subject::ServicePrincipal(_) => Reason::WorkloadIdentities,
        },
        Condition::Target => match target {
            TargetKind::Applications => Reason::Application,
            TargetKind::UserActions => Reason::UserActions,
            TargetKind::AuthenticationContexts => Reason::AuthenticationContext,
        },
        Condition::DevicePlatform => Reason::DevicePlatform,
        Condition::Devices => Reason::Devices,
        Condition::ClientAppType => Reason::ClientApps,
        Condition::Location => Reason::Location,
        Condition::SignInRisk => Reason::SignInRisk,
        Condition::UserRisk => Reason::UserRisk,
        Condition::ServicePrincipalRisk => Reason::ServicePrincipalRisk,
        Condition::InsiderRisk => Reason::InsiderRisk,
        Condition::AuthenticationFlow => Reason::AuthenticationFlow,
    }
}
