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

use crate::attribute_class::{AttributeClass, AttributeClasses};
use crate::facts::{SignIn, UserSubject};
use crate::location::{NamedLocations, Source};
use crate::seen::Seen;
use crate::table::{Key, Parts};
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
    fn parts(self) -> Parts {
        match self {
            Self::All => Parts::one(0, 0),
            Self::User(id) => Parts::id(1, id.uuid()),
            Self::Group(id) => Parts::id(2, id.uuid()),
            Self::Role(id) => Parts::id(3, id.uuid()),
            // The types are single bits of a byte: the flag of the largest is 32.
            Self::External(one, None) => Parts::one(4 + 2 * one as u64, 0),
            Self::External(one, Some(tenant)) => Parts::id(5 + 2 * one as u64, tenant.uuid()),
        }
    }
}

impl Key for WorkloadValue {
    const EVERYTHING: Option<Self> = Some(Self::All);

    fn parts(self) -> Parts {
        match self {
            Self::All => Parts::one(0, 0),
            Self::ServicePrincipal(id) => Parts::id(1, id.uuid()),
            Self::Attributes(class) => Parts::one(2, class.number() as u64),
        }
    }
}

impl Key for TargetValue {
    const EVERYTHING: Option<Self> = Some(Self::All);

    #[inline]
    fn parts(self) -> Parts {
        match self {
            Self::All => Parts::one(0, 0),
            Self::Office365 => Parts::one(1, 0),
            Self::MicrosoftAdminPortals => Parts::one(2, 0),
            Self::Application(id) => Parts::id(3, id.uuid()),
            Self::Attributes(class) => Parts::one(4, class.number() as u64),
            Self::UserAction(action) => Parts::one(5, action as u64),
            Self::AuthenticationContext(context) => Parts::one(6, u64::from(context.number())),
        }
    }
}

impl Key for PlatformValue {
    const EVERYTHING: Option<Self> = Some(Self::All);

    fn parts(self) -> Parts {
        match self {
            Self::All => Parts::one(0, 0),
            Self::Platform(platform) => Parts::one(1, platform as u64),
        }
    }
}

impl Key for LocationValue {
    const EVERYTHING: Option<Self> = Some(Self::All);

    #[inline]
    fn parts(self) -> Parts {
        match self {
            Self::All => Parts::one(0, 0),
            Self::AllTrusted => Parts::one(1, 0),
            Self::Named(id) => Parts::id(2, id.uuid()),
            Self::NamedOrUnlocated(id) => Parts::id(3, id.uuid()),
        }
    }
}

/// Of a dimension whose values are the variants of an enum.
macro_rules! keys_of_enums {
    ($($value:ty),*) => {$(
        impl Key for $value {
            const EVERYTHING: Option<Self> = None;

            #[inline]
            fn parts(self) -> Parts {
                Parts::one(1, self as u64)
            }
        }
    )*};
}

keys_of_enums!(ClientAppType, RiskLevel, InsiderRiskLevel, TransferMethod);

pub(crate) fn user_values(user: &UserSubject) -> impl Iterator<Item = UserValue> {
    let mut values = vec![UserValue::All];
    show_user_values(user, &mut values);
    values.into_iter()
}

/// Whoever looks at values one after the other.
pub(crate) trait See<V> {
    /// Looks at one.
    fn see(&mut self, value: V);
}

impl<V> See<V> for Vec<V> {
    fn see(&mut self, value: V) {
        self.push(value);
    }
}

/// The same one after the other, but for [`UserValue::All`]: somebody may be in thousands of groups.
#[inline]
pub(crate) fn show_user_values(user: &UserSubject, eye: &mut impl See<UserValue>) {
    if let Some(id) = user.user {
        eye.see(UserValue::User(id));
    }
    for group in user.groups.iter() {
        eye.see(UserValue::Group(*group));
    }
    for role in user.roles.iter() {
        eye.see(UserValue::Role(*role));
    }
    if user.external_user_types.is_empty() {
        return;
    }
    let home = user.home().map(|home| home.tenant_id);
    for one in user.external_user_types.iter() {
        eye.see(UserValue::External(one, None));
        if home.is_some() {
            eye.see(UserValue::External(one, home));
        }
    }
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
    let is_office_365 = is_office_365(audience);
    let is_admin_portal = is_microsoft_admin_portal(audience);
    let values = [
        Some(TargetValue::All),
        is_office_365.then_some(TargetValue::Office365),
        is_admin_portal.then_some(TargetValue::MicrosoftAdminPortals),
        Some(TargetValue::Application(audience)),
        Some(TargetValue::Attributes(classes.of_application(audience))),
    ];
    values.into_iter().flatten()
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
#[inline]
pub(crate) fn client_values_on(
    client: ClientAppType,
    platform: Option<DevicePlatform>,
) -> &'static [ClientAppType] {
    use ClientAppType as C;
    let supported = match platform {
        Some(DevicePlatform::Ios | DevicePlatform::Android | DevicePlatform::Windows) => true,
        Some(DevicePlatform::WindowsPhone | DevicePlatform::MacOs | DevicePlatform::Linux)
        | None => false,
    };
    match client {
        C::Browser => &[C::Browser],
        C::MobileAppsAndDesktopClients => &[C::MobileAppsAndDesktopClients],
        C::ExchangeActiveSync if !supported => &[C::ExchangeActiveSync],
        C::ExchangeActiveSync | C::EasSupported => &[C::ExchangeActiveSync, C::EasSupported],
        C::Other => &[C::Other],
    }
}

/// The same of a sign-in; none where it was not given.
pub(crate) fn client_values(
    seen: &Seen<'_>,
) -> std::iter::Copied<std::slice::Iter<'static, ClientAppType>> {
    let (client, platform) = (seen.sign_in.client_app_type, seen.sign_in.platform);
    let values: &[ClientAppType] = if seen.not_given.contains(Signal::ClientAppType) {
        &[]
    } else {
        client_values_on(client, platform)
    };
    values.iter().copied()
}

pub(crate) fn platform_values(seen: &Seen<'_>) -> impl Iterator<Item = PlatformValue> {
    let platform = seen.given(Signal::DevicePlatform, seen.sign_in.platform);
    std::iter::once(PlatformValue::All).chain(platform.map(PlatformValue::Platform))
}

/// Ascending, each once; a sign-in is seldom inside more than a handful of named locations.
pub(crate) fn location_values(
    seen: &Seen<'_>,
    named: &NamedLocations,
) -> SmallVec<[LocationValue; 6]> {
    let mut values = SmallVec::new();
    values.push(LocationValue::All);
    let mut is_trusted = false;
    let mut add = |location: NamedLocationId| {
        is_trusted |= named.is_trusted(location);
        values.push(LocationValue::Named(location));
    };
    let sign_in = seen.sign_in;
    if let Some(address) = seen.given(Signal::IpAddress, sign_in.ip_address) {
        named.at_address(address).iter().copied().for_each(&mut add);
    }
    if !seen.not_given.contains(Signal::Country) {
        let inside = named.in_country(sign_in.country);
        inside.iter().copied().for_each(&mut add);
    }
    if let Some(country) = seen.given(Signal::GpsCountry, sign_in.place.gps_country) {
        let inside = named.in_gps_country(country);
        inside.iter().copied().for_each(&mut add);
    }
    // Another tenant's compliant network does not count (specification 4.5).
    let network = seen.given(Signal::CompliantNetwork, sign_in.place.compliant_network);
    if network == Some(seen.tenant.id()) {
        named.found_by(Source::CompliantNetwork).for_each(&mut add);
    }
    if is_trusted {
        values.push(LocationValue::AllTrusted);
    }
    let unlocated = unlocated(seen, named).iter().copied();
    values.extend(unlocated.map(LocationValue::NamedOrUnlocated));
    // A country may stand twice in one location's list.
    if values.len() > 2 {
        values.sort_unstable();
        values.dedup();
    }
    values
}

/// Locations by coordinates that count on include lists.
fn unlocated<'a>(seen: &Seen<'_>, named: &'a NamedLocations) -> &'a [NamedLocationId] {
    if seen.not_given.contains(Signal::GpsCountry) {
        return &[];
    }
    match seen.sign_in.place.gps_country {
        Some(country) => named.in_gps_country(country),
        None => named.by_coordinates(),
    }
}

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
