//! Single things in words: kinds of subjects, clients, platforms, devices, countries.

use std::collections::{BTreeMap, BTreeSet};

use portcullis_model::conditional_access::filter::{DeviceProperty, FilterProperty as _};
use portcullis_model::conditional_access::{ClientAppType, DevicePlatform};
use portcullis_model::device::DeviceTrustType;

use super::names::Names;
use super::or;
use crate::device::TextTest;
use crate::place::{PlaceClass, PlaceValue};
use crate::who::{Home, SubjectKind, Who};

/// Kinds with their homes, those with the same homes together; homes are not told where they are all there are.
pub(crate) fn kinds_of(
    kinds: &BTreeMap<SubjectKind, BTreeSet<Home>>,
    names: &Names<'_>,
    is_whole: impl Fn(SubjectKind, &BTreeSet<Home>) -> bool,
) -> String {
    let collaboration = BTreeSet::from([
        SubjectKind::B2bCollaborationGuest,
        SubjectKind::B2bCollaborationMember,
        SubjectKind::OtherExternalUser,
    ]);
    let mut by_homes: BTreeMap<Option<&BTreeSet<Home>>, BTreeSet<SubjectKind>> = BTreeMap::new();
    for (one, homes) in kinds {
        let is_plain = is_whole(*one, homes) || !one.is_external();
        let homes = (!is_plain).then_some(homes);
        by_homes.entry(homes).or_default().insert(*one);
    }
    let words = |kinds: &BTreeSet<SubjectKind>| {
        let mut words: Vec<String> = Vec::new();
        let together = kinds.is_superset(&collaboration);
        for one in kinds {
            if !together || !collaboration.contains(one) {
                words.push(kind(*one).to_owned());
            } else if *one == SubjectKind::B2bCollaborationGuest {
                words.push("B2B collaboration users".to_owned());
            }
        }
        words
    };
    let mut all: Vec<String> = Vec::new();
    for (homes, kinds) in by_homes {
        match homes {
            None => all.extend(words(&kinds)),
            Some(homes) => {
                let from = homes.iter().map(|home| names.home(*home)).collect();
                all.push(format!("{} of {}", or(words(&kinds)), or(from)));
            }
        }
    }
    or(all)
}

pub(crate) fn property_name(property: DeviceProperty) -> String {
    property.name().replace("device.", "")
}

pub(super) fn test_words(test: &TextTest, holds: bool) -> String {
    let [is, is_not] = match test {
        TextTest::Is(_) => ["is", "is not"],
        TextTest::StartsWith(_) => ["begins with", "does not begin with"],
        TextTest::EndsWith(_) => ["ends with", "does not end with"],
        TextTest::Contains(_) => ["contains", "does not contain"],
        TextTest::HasMember(_) => ["have", "do not have"],
    };
    format!("{} `{}`", if holds { is } else { is_not }, test.text())
}

pub(super) fn country_words(class: &PlaceClass) -> String {
    let mut words: Vec<String> = class.named.iter().map(ToString::to_string).collect();
    if class.is_rest {
        words.push("any country that no location names".to_owned());
    }
    if words.is_empty() {
        words.push(match class.representative {
            PlaceValue::Coordinates(_) => "no country: none were given".to_owned(),
            PlaceValue::Country(_) | PlaceValue::Address(_) | PlaceValue::CompliantNetwork(_) => {
                "an unknown country".to_owned()
            }
        });
    }
    or(words)
}

/// A kind of subject in words.
pub const fn kind(kind: SubjectKind) -> &'static str {
    match kind {
        SubjectKind::Member => "members",
        SubjectKind::InternalGuest => "internal guests",
        SubjectKind::B2bCollaborationGuest => "B2B collaboration guests",
        SubjectKind::B2bCollaborationMember => "B2B collaboration members",
        SubjectKind::B2bDirectConnectUser => "B2B direct connect users",
        SubjectKind::OtherExternalUser => "other external users",
        SubjectKind::ServiceProvider => "service providers' users",
        SubjectKind::WorkloadIdentity => "workload identities",
    }
}

/// One subject of a kind, in words.
pub const fn one_of_kind(kind: SubjectKind) -> &'static str {
    match kind {
        SubjectKind::Member => "a member",
        SubjectKind::InternalGuest => "an internal guest",
        SubjectKind::B2bCollaborationGuest => "a B2B collaboration guest",
        SubjectKind::B2bCollaborationMember => "a B2B collaboration member",
        SubjectKind::B2bDirectConnectUser => "a B2B direct connect user",
        SubjectKind::OtherExternalUser => "another external user",
        SubjectKind::ServiceProvider => "a service provider's user",
        SubjectKind::WorkloadIdentity => "a workload identity",
    }
}

/// Who somebody is, in words.
pub fn who(who: &Who, names: &Names<'_>) -> String {
    let one = one_of_kind(who.kind);
    match who.home {
        Home::Here => one.to_owned(),
        Home::NoTenant | Home::Tenant(_) | Home::AnyOtherTenant(_) => {
            format!("{one} of {}", names.home(who.home))
        }
    }
}

/// A kind of client in words.
pub const fn client(client: ClientAppType) -> &'static str {
    match client {
        ClientAppType::Browser => "browser",
        ClientAppType::MobileAppsAndDesktopClients => "mobile app or desktop client",
        ClientAppType::EasSupported | ClientAppType::ExchangeActiveSync => "Exchange ActiveSync",
        ClientAppType::Other => "legacy client",
    }
}

/// A platform in words.
pub const fn platform(platform: Option<DevicePlatform>) -> &'static str {
    match platform {
        Some(DevicePlatform::Android) => "Android",
        Some(DevicePlatform::Ios) => "iOS",
        Some(DevicePlatform::Windows) => "Windows",
        Some(DevicePlatform::WindowsPhone) => "Windows Phone",
        Some(DevicePlatform::MacOs) => "macOS",
        Some(DevicePlatform::Linux) => "Linux",
        None => "an unknown platform",
    }
}

/// How a device is joined, in words.
pub const fn join_words(join: Option<DeviceTrustType>) -> &'static str {
    match join {
        None => "an unregistered device",
        Some(DeviceTrustType::Workplace) => "a registered device (Workplace)",
        Some(DeviceTrustType::AzureAd) => "a joined device (AzureAD)",
        Some(DeviceTrustType::ServerAd) => "a hybrid joined device (ServerAD)",
    }
}
