//! What If: the values of those signals that conditions and controls both look at, as far as anything tells them apart.
//!
//! A signal that was left out has three values for a condition. For a control it has one of its own: a legacy client can show
//! nothing (specification 4.6), a device code no device (5.5). Whoever wants to know what holds whatever they are asks of
//! each that makes a difference.

use portcullis_model::conditional_access::signal::{RiskLevel, TransferMethod};
use portcullis_model::conditional_access::{ClientAppType, DevicePlatform, UserAction};

use super::{NotGiven, Signal};
use crate::compile::CompiledTenant;
use crate::facts::SignIn;
use crate::index::Condition;
use crate::policy_set::PolicySet;
use crate::seen::Seen;

/// One value of a signal that controls look at, too.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum SignalValue {
    /// By what kind of client.
    ClientAppType(ClientAppType),
    /// From what platform; `None` is unknown.
    DevicePlatform(Option<DevicePlatform>),
    /// How risky the sign-in is.
    SignInRisk(RiskLevel),
    /// How risky the user is.
    UserRisk(RiskLevel),
    /// How the session was moved here; `None`: it was not.
    AuthenticationFlow(Option<TransferMethod>),
}

impl SignalValue {
    /// The signal it is a value of.
    pub const fn signal(self) -> Signal {
        match self {
            Self::ClientAppType(_) => Signal::ClientAppType,
            Self::DevicePlatform(_) => Signal::DevicePlatform,
            Self::SignInRisk(_) => Signal::SignInRisk,
            Self::UserRisk(_) => Signal::UserRisk,
            Self::AuthenticationFlow(_) => Signal::AuthenticationFlow,
        }
    }

    /// Says it of the sign-in.
    pub const fn put(self, sign_in: &mut SignIn) {
        match self {
            Self::ClientAppType(client) => sign_in.client_app_type = client,
            Self::DevicePlatform(platform) => sign_in.platform = platform,
            Self::SignInRisk(level) => sign_in.risk.sign_in = level,
            Self::UserRisk(level) => sign_in.risk.user = level,
            Self::AuthenticationFlow(method) => sign_in.transfer_method = method,
        }
    }

    const fn condition(self) -> Condition {
        match self {
            Self::ClientAppType(_) => Condition::ClientAppType,
            Self::DevicePlatform(_) => Condition::DevicePlatform,
            Self::SignInRisk(_) => Condition::SignInRisk,
            Self::UserRisk(_) => Condition::UserRisk,
            Self::AuthenticationFlow(_) => Condition::AuthenticationFlow,
        }
    }

    /// Values that controls treat alike have the same number; risk is nothing to a control unless a policy is there for it.
    const fn class_of_controls(self, concerned: Concerned) -> u8 {
        match self {
            Self::ClientAppType(_) | Self::DevicePlatform(_) | Self::AuthenticationFlow(_)
                if !concerned.demands =>
            {
                0
            }
            Self::ClientAppType(client) => match client {
                ClientAppType::Browser | ClientAppType::MobileAppsAndDesktopClients => 0,
                ClientAppType::Other => 1,
                ClientAppType::ExchangeActiveSync | ClientAppType::EasSupported => 2,
            },
            Self::DevicePlatform(platform) => match platform {
                None
                | Some(
                    DevicePlatform::WindowsPhone | DevicePlatform::MacOs | DevicePlatform::Linux,
                ) => 0,
                Some(DevicePlatform::Ios | DevicePlatform::Android) => 1,
                Some(DevicePlatform::Windows) => 2,
            },
            Self::SignInRisk(level) => (concerned.sign_in && is_risk(level)) as u8,
            Self::UserRisk(level) => (concerned.user && is_risk(level)) as u8,
            Self::AuthenticationFlow(method) => {
                matches!(method, Some(TransferMethod::DeviceCodeFlow)) as u8
            }
        }
    }

    /// All values of a signal, first the one that a sign-in has of which nothing is said; none of what no control looks at.
    fn all_of(signal: Signal) -> Vec<Self> {
        let levels = RiskLevel::ALL;
        match signal {
            Signal::ClientAppType => [
                ClientAppType::Browser,
                ClientAppType::MobileAppsAndDesktopClients,
                ClientAppType::Other,
                ClientAppType::ExchangeActiveSync,
                ClientAppType::EasSupported,
            ]
            .map(Self::ClientAppType)
            .to_vec(),
            Signal::DevicePlatform => {
                let known = DevicePlatform::ALL.map(Some);
                let all = [None].into_iter().chain(known);
                all.map(Self::DevicePlatform).collect()
            }
            Signal::SignInRisk => levels.map(Self::SignInRisk).to_vec(),
            Signal::UserRisk => levels.map(Self::UserRisk).to_vec(),
            Signal::AuthenticationFlow => {
                let moved = TransferMethod::ALL.map(Some);
                let all = [None].into_iter().chain(moved);
                all.map(Self::AuthenticationFlow).collect()
            }
            Signal::IpAddress
            | Signal::Country
            | Signal::GpsCountry
            | Signal::CompliantNetwork
            | Signal::ServicePrincipalRisk
            | Signal::InsiderRisk
            | Signal::Device => Vec::new(),
        }
    }
}

const fn is_risk(level: RiskLevel) -> bool {
    match level {
        RiskLevel::None => false,
        RiskLevel::Low | RiskLevel::Medium | RiskLevel::High => true,
    }
}

/// How controls take a value, and which policies it lets match: what nothing tells apart has the same of both.
type Treatment = (u8, Vec<PolicySet>);

/// What the policies look at beside their conditions.
#[derive(Debug, Clone, Copy)]
struct Concerned {
    /// Some control is demanded.
    demands: bool,
    /// Some policy is there for the risk of a sign-in, or of a user.
    sign_in: bool,
    user: bool,
}

/// For each signal that was left out and that a control may look at: its values, together those that no condition of a policy
/// about what is reached and no control tells apart. The very first is the one of a sign-in of which nothing is said; none of the
/// lists is empty.
pub fn distinguishable(
    tenant: &CompiledTenant,
    sign_in: &SignIn,
    not_given: NotGiven,
) -> Vec<Vec<Vec<SignalValue>>> {
    let policies = about_what_is_reached(tenant, sign_in);
    let concerned = Concerned::of(tenant, sign_in, &policies);
    let left_out = Signal::ALL.into_iter();
    left_out
        .filter(|signal| not_given.contains(*signal))
        .map(|signal| {
            let mut classes: Vec<(Treatment, Vec<SignalValue>)> = Vec::new();
            for value in SignalValue::all_of(signal) {
                let matched = matched(tenant, sign_in, (value, not_given), &policies);
                let class = (value.class_of_controls(concerned), matched);
                match classes.iter_mut().find(|(known, _)| *known == class) {
                    Some((_, alike)) => alike.push(value),
                    None => classes.push((class, vec![value])),
                }
            }
            classes.into_iter().map(|(_, alike)| alike).collect()
        })
        .filter(|classes: &Vec<_>| !classes.is_empty())
        .collect()
}

impl Concerned {
    fn of(tenant: &CompiledTenant, sign_in: &SignIn, policies: &PolicySet) -> Self {
        let numbers = policies.common(policies);
        let mut concerned = Self {
            demands: sign_in.requests_mfa,
            sign_in: false,
            user: false,
        };
        for policy in numbers.filter_map(|number| tenant.policies().get(number)) {
            concerned.demands |= !policy.demand.controls().is_empty();
            concerned.sign_in |= policy.concern.names_sign_in_risk();
            concerned.user |= policy.concern.names_user_risk();
        }
        concerned
    }
}

/// The policies that could count: in force or reported, and about what is reached, or about registering a method for it.
fn about_what_is_reached(tenant: &CompiledTenant, sign_in: &SignIn) -> PolicySet {
    let mut policies = tenant.enabled().clone();
    policies.unite(tenant.report_only());
    let mut about = tenant
        .index()
        .matching(Condition::Target, &Seen::whole(tenant, sign_in));
    let registering = SignIn {
        user_action: Some(UserAction::RegisterSecurityInformation),
        ..sign_in.clone()
    };
    let seen = Seen::whole(tenant, &registering);
    about.unite(&tenant.index().matching(Condition::Target, &seen));
    policies.intersect(&about);
    policies
}

/// Which of the policies the value lets match; the kind of client on each platform, where that was left out too.
fn matched(
    tenant: &CompiledTenant,
    sign_in: &SignIn,
    (value, not_given): (SignalValue, NotGiven),
    policies: &PolicySet,
) -> Vec<PolicySet> {
    let platforms = match value {
        SignalValue::ClientAppType(_) if not_given.contains(Signal::DevicePlatform) => {
            SignalValue::all_of(Signal::DevicePlatform)
        }
        SignalValue::ClientAppType(_)
        | SignalValue::DevicePlatform(_)
        | SignalValue::SignInRisk(_)
        | SignalValue::UserRisk(_)
        | SignalValue::AuthenticationFlow(_) => {
            vec![SignalValue::DevicePlatform(sign_in.platform)]
        }
    };
    let mut sign_in = sign_in.clone();
    let on_each = platforms.into_iter().map(|platform| {
        platform.put(&mut sign_in);
        value.put(&mut sign_in);
        let seen = Seen::whole(tenant, &sign_in);
        let mut matching = tenant.index().matching(value.condition(), &seen);
        matching.intersect(policies);
        matching
    });
    on_each.collect()
}
