//! The values of a sign-in in each dimension of the index.

use portcullis_model::authentication_context::AuthenticationContextId;
use portcullis_model::conditional_access::signal::{InsiderRiskLevel, RiskLevel, TransferMethod};
use portcullis_model::conditional_access::{
    ClientAppType, DevicePlatform, ExternalUserType, UserAction,
};
use portcullis_model::id::{
    ClientId, GroupId, NamedLocationId, RoleTemplateId, ServicePrincipalId, TenantId, UserId,
};
use smallvec::SmallVec;
use uuid::Uuid;

use crate::attribute_class::{AttributeClass, AttributeClasses};
use crate::facts::{SignIn, UserSubject};
use crate::location::{NamedLocations, Source};
use crate::seen::Seen;
use crate::table::Key;
use crate::well_known_applications::{is_microsoft_admin_portal, is_office_365};
use crate::what_if::Signal;

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

/// What a condition on workload identities can name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum WorkloadValue {
    All,
    ServicePrincipal(ServicePrincipalId),
    /// Named by a filter.
    Attributes(AttributeClass),
}

/// What a target can name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum TargetValue {
    All,
    Office365,
    MicrosoftAdminPortals,
    Application(ClientId),
    /// Named by a filter.
    Attributes(AttributeClass),
    UserAction(UserAction),
    AuthenticationContext(AuthenticationContextId),
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
    /// A location by coordinates on an include list: coordinates that nobody gave, or nobody believes, are inside of it,
    /// and never inside of an excluded one, so that withholding them opens no door (specification 4.5).
    NamedOrUnlocated(NamedLocationId),
}

impl Key for UserValue {
    const EVERYTHING: Option<Self> = Some(Self::All);

    #[inline]
    fn halves(self) -> (u64, u64) {
        match self {
            Self::All => (0, 0),
            Self::User(id) => halves(1, id.uuid()),
            Self::Group(id) => halves(2, id.uuid()),
            Self::Role(id) => halves(3, id.uuid()),
            Self::External(one, None) => (4, one as u64),
            Self::External(one, Some(tenant)) => halves(5 + one as u64, tenant.uuid()),
        }
    }
}

impl Key for WorkloadValue {
    const EVERYTHING: Option<Self> = Some(Self::All);

    fn halves(self) -> (u64, u64) {
        match self {
            Self::All => (0, 0),
            Self::ServicePrincipal(id) => halves(1, id.uuid()),
            Self::Attributes(class) => (2, class.number() as u64),
        }
    }
}

impl Key for TargetValue {
    const EVERYTHING: Option<Self> = Some(Self::All);

    #[inline]
    fn halves(self) -> (u64, u64) {
        match self {
            Self::All => (0, 0),
            Self::Office365 => (1, 0),
            Self::MicrosoftAdminPortals => (2, 0),
            Self::Application(id) => halves(3, id.uuid()),
            Self::Attributes(class) => (4, class.number() as u64),
            Self::UserAction(action) => (5, action as u64),
            Self::AuthenticationContext(context) => (6, u64::from(context.number())),
        }
    }
}

impl Key for PlatformValue {
    const EVERYTHING: Option<Self> = Some(Self::All);

    fn halves(self) -> (u64, u64) {
        match self {
            Self::All => (0, 0),
            Self::Platform(platform) => (1, platform as u64),
        }
    }
}

impl Key for LocationValue {
    const EVERYTHING: Option<Self> = Some(Self::All);

    #[inline]
    fn halves(self) -> (u64, u64) {
        match self {
            Self::All => (0, 0),
            Self::AllTrusted => (1, 0),
            Self::Named(id) => halves(2, id.uuid()),
            Self::NamedOrUnlocated(id) => halves(3, id.uuid()),
        }
    }
}

/// Of a dimension whose values are the variants of an enum.
macro_rules! keys_of_enums {
    ($($value:ty),*) => {$(
        impl Key for $value {
            const EVERYTHING: Option<Self> = None;

            #[inline]
            fn halves(self) -> (u64, u64) {
                (0, self as u64)
            }
        }
    )*};
}

keys_of_enums!(ClientAppType, RiskLevel, InsiderRiskLevel, TransferMethod);

#[inline]
const fn halves(kind: u64, id: Uuid) -> (u64, u64) {
    let (high, low) = id.as_u64_pair();
    (high.wrapping_add(kind), low)
}

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

/// None for a service principal that policies cannot be about (specification 4.10).
pub(crate) fn workload_values(
    principal: ServicePrincipalId,
    classes: &AttributeClasses,
) -> impl Iterator<Item = WorkloadValue> {
    let class = classes.of_workload(principal);
    class.into_iter().flat_map(move |class| {
        [
            WorkloadValue::All,
            WorkloadValue::ServicePrincipal(principal),
            WorkloadValue::Attributes(class),
        ]
    })
}

/// Of one audience.
pub(crate) fn audience_values(
    audience: ClientId,
    classes: &AttributeClasses,
) -> impl Iterator<Item = TargetValue> {
    std::iter::once(TargetValue::All)
        .chain(is_office_365(audience).then_some(TargetValue::Office365))
        .chain(is_microsoft_admin_portal(audience).then_some(TargetValue::MicrosoftAdminPortals))
        .chain([
            TargetValue::Application(audience),
            TargetValue::Attributes(classes.of_application(audience)),
        ])
}

/// Policies for all resources are about what users do to their own accounts too (specification 4.3).
pub(crate) fn action_values(action: UserAction) -> impl Iterator<Item = TargetValue> {
    [TargetValue::All, TargetValue::UserAction(action)].into_iter()
}

pub(crate) fn context_values(sign_in: &SignIn) -> impl Iterator<Item = TargetValue> {
    let contexts = sign_in.authentication_contexts.iter().copied();
    contexts.map(TargetValue::AuthenticationContext)
}

/// `exchangeActiveSync` matches the protocol on every platform, `easSupported` only on three (specification 4.6).
pub(crate) fn client_values(
    seen: &Seen<'_>,
) -> std::iter::Copied<std::slice::Iter<'static, ClientAppType>> {
    use ClientAppType as C;
    let supported = match seen.sign_in.platform {
        Some(DevicePlatform::Ios | DevicePlatform::Android | DevicePlatform::Windows) => true,
        Some(DevicePlatform::WindowsPhone | DevicePlatform::MacOs | DevicePlatform::Linux)
        | None => false,
    };
    let values: &'static [ClientAppType] = match seen.sign_in.client_app_type {
        _ if seen.not_given.contains(Signal::ClientAppType) => &[],
        C::Browser => &[C::Browser],
        C::MobileAppsAndDesktopClients => &[C::MobileAppsAndDesktopClients],
        C::ExchangeActiveSync if !supported => &[C::ExchangeActiveSync],
        C::ExchangeActiveSync | C::EasSupported => &[C::ExchangeActiveSync, C::EasSupported],
        C::Other => &[C::Other],
    };
    values.iter().copied()
}

pub(crate) fn platform_values(seen: &Seen<'_>) -> impl Iterator<Item = PlatformValue> {
    let platform = seen.given(Signal::DevicePlatform, seen.sign_in.platform);
    std::iter::once(PlatformValue::All).chain(platform.map(PlatformValue::Platform))
}

pub(crate) fn location_values(
    seen: &Seen<'_>,
    named: &NamedLocations,
) -> impl Iterator<Item = LocationValue> {
    let inside = inside(seen, named);
    let trusted = inside.iter().any(|location| named.is_trusted(*location));
    let unlocated = unlocated(seen, named);
    std::iter::once(LocationValue::All)
        .chain(trusted.then_some(LocationValue::AllTrusted))
        .chain(inside.into_iter().map(LocationValue::Named))
        .chain(unlocated.into_iter().map(LocationValue::NamedOrUnlocated))
}

/// The named locations around the sign-in.
fn inside(seen: &Seen<'_>, named: &NamedLocations) -> Locations {
    let sign_in = seen.sign_in;
    let mut inside = Locations::new();
    if let Some(address) = seen.given(Signal::IpAddress, sign_in.ip_address) {
        inside.extend_from_slice(named.at_address(address));
    }
    if !seen.not_given.contains(Signal::Country) {
        inside.extend_from_slice(named.in_country(sign_in.country));
    }
    if let Some(country) = seen.given(Signal::GpsCountry, sign_in.place.gps_country) {
        inside.extend_from_slice(named.in_gps_country(country));
    }
    // Another tenant's compliant network does not count (specification 4.5).
    let network = seen.given(Signal::CompliantNetwork, sign_in.place.compliant_network);
    if network == Some(seen.tenant) {
        inside.extend(named.found_by(Source::CompliantNetwork));
    }
    // A country may stand twice in one location's list.
    inside.sort_unstable();
    inside.dedup();
    inside
}

fn unlocated(seen: &Seen<'_>, named: &NamedLocations) -> Locations {
    if seen.not_given.contains(Signal::GpsCountry) {
        return Locations::new();
    }
    let mut unlocated: Locations = match seen.sign_in.place.gps_country {
        Some(country) => named.in_gps_country(country).into(),
        None => named.by_coordinates().into(),
    };
    unlocated.sort_unstable();
    unlocated.dedup();
    unlocated
}

/// A sign-in is seldom inside more than a handful.
type Locations = SmallVec<[NamedLocationId; 16]>;

/// Whether a signal that was not given could make this a value of the sign-in.
pub(crate) fn is_location_open(
    value: LocationValue,
    seen: &Seen<'_>,
    named: &NamedLocations,
) -> bool {
    let is_missing = |source| seen.not_given.contains(Signal::of_location(source));
    match value {
        LocationValue::All => false,
        LocationValue::AllTrusted => [Source::IpAddress, Source::CompliantNetwork]
            .into_iter()
            .any(|source| is_missing(source) && named.trusts_any(source)),
        LocationValue::Named(location) | LocationValue::NamedOrUnlocated(location) => {
            named.source(location).is_some_and(is_missing)
        }
    }
}
