//! The attributes that rules may look at, by name, and the operators each of them takes (specification 6.2 and 7).

use super::FilterOperator as Op;
use super::{DeviceProperty, FilterOperator, SecurityAttribute};

/// An attribute that a rule may look at.
pub trait FilterProperty: Sized {
    /// What a reader of the error should write instead.
    const EXPECTED: &'static str;

    /// The attribute of this name, in any case.
    fn from_name(name: &str) -> Option<Self>;

    /// Its name, as rules write it.
    fn name(&self) -> String;

    /// How it may be compared.
    fn operators(&self) -> &'static [FilterOperator];

    /// Whether it is `True` or `False` and nothing else.
    fn is_boolean(&self) -> bool;
}

impl FilterOperator {
    /// All of them.
    pub const ALL: [Self; 10] = [
        Op::Equal,
        Op::NotEqual,
        Op::StartsWith,
        Op::NotStartsWith,
        Op::EndsWith,
        Op::NotEndsWith,
        Op::Contains,
        Op::NotContains,
        Op::In,
        Op::NotIn,
    ];

    /// Its name, without the hyphen.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Equal => "eq",
            Self::NotEqual => "ne",
            Self::StartsWith => "startsWith",
            Self::NotStartsWith => "notStartsWith",
            Self::EndsWith => "endsWith",
            Self::NotEndsWith => "notEndsWith",
            Self::Contains => "contains",
            Self::NotContains => "notContains",
            Self::In => "in",
            Self::NotIn => "notIn",
        }
    }
}

/// The operators, for a finding.
pub(super) fn one_of(operators: &[FilterOperator]) -> String {
    let names: Vec<_> = operators
        .iter()
        .map(|one| format!("`-{}`", one.name()))
        .collect();
    match names.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, others)) => format!("{} or {last}", others.join(", ")),
        None => "nothing".into(),
    }
}

const EQUALITY: &[Op] = &[Op::Equal, Op::NotEqual];
const IDENTITY: &[Op] = &[Op::Equal, Op::NotEqual, Op::In, Op::NotIn];
/// Documented are only the last two; Microsoft's own samples compare whole members with the first two (specification 6.2).
const COLLECTION: &[Op] = &[Op::Equal, Op::NotEqual, Op::Contains, Op::NotContains];

impl FilterProperty for DeviceProperty {
    const EXPECTED: &'static str = "a property of the device, for instance `device.isCompliant`";

    fn from_name(name: &str) -> Option<Self> {
        let (prefix, name) = name.split_once('.')?;
        if !prefix.eq_ignore_ascii_case("device") {
            return None;
        }
        let extensions = (1..=15).map(Self::ExtensionAttribute);
        let mut all = Self::NAMED.into_iter().chain(extensions);
        all.find(|property| property.short_name().eq_ignore_ascii_case(name))
    }

    fn name(&self) -> String {
        format!("device.{}", self.short_name())
    }

    fn operators(&self) -> &'static [FilterOperator] {
        match self {
            Self::DeviceOwnership | Self::IsCompliant | Self::ProfileType | Self::TrustType => {
                EQUALITY
            }
            Self::DeviceId | Self::MdmAppId => IDENTITY,
            Self::PhysicalIds | Self::SystemLabels => COLLECTION,
            Self::DisplayName
            | Self::EnrollmentProfileName
            | Self::Manufacturer
            | Self::Model
            | Self::OperatingSystem
            | Self::OperatingSystemVersion
            | Self::ExtensionAttribute(_) => &FilterOperator::ALL,
        }
    }

    fn is_boolean(&self) -> bool {
        *self == Self::IsCompliant
    }
}

impl DeviceProperty {
    /// All but the extension attributes.
    pub const NAMED: [Self; 14] = [
        Self::DeviceId,
        Self::DisplayName,
        Self::DeviceOwnership,
        Self::EnrollmentProfileName,
        Self::IsCompliant,
        Self::Manufacturer,
        Self::MdmAppId,
        Self::Model,
        Self::OperatingSystem,
        Self::OperatingSystemVersion,
        Self::PhysicalIds,
        Self::ProfileType,
        Self::SystemLabels,
        Self::TrustType,
    ];

    fn short_name(self) -> String {
        let name = match self {
            Self::DeviceId => "deviceId",
            Self::DisplayName => "displayName",
            Self::DeviceOwnership => "deviceOwnership",
            Self::EnrollmentProfileName => "enrollmentProfileName",
            Self::IsCompliant => "isCompliant",
            Self::Manufacturer => "manufacturer",
            Self::MdmAppId => "mdmAppId",
            Self::Model => "model",
            Self::OperatingSystem => "operatingSystem",
            Self::OperatingSystemVersion => "operatingSystemVersion",
            Self::PhysicalIds => "physicalIds",
            Self::ProfileType => "profileType",
            Self::SystemLabels => "systemLabels",
            Self::TrustType => "trustType",
            Self::ExtensionAttribute(number) => return format!("extensionAttribute{number}"),
        };
        name.to_owned()
    }
}

impl FilterProperty for SecurityAttribute {
    const EXPECTED: &'static str =
        "a custom security attribute, for instance `CustomSecurityAttribute.Engineering_Project`";

    /// Sets have no underscore in their name, so that the first one ends it.
    fn from_name(name: &str) -> Option<Self> {
        let (prefix, name) = name.split_once('.')?;
        let (set, name) = name.split_once('_')?;
        let is_one = prefix.eq_ignore_ascii_case("CustomSecurityAttribute");
        (is_one && !set.is_empty() && !name.is_empty()).then(|| Self::new(set, name))
    }

    fn name(&self) -> String {
        format!("CustomSecurityAttribute.{}_{}", self.set(), self.name())
    }

    fn operators(&self) -> &'static [FilterOperator] {
        &FilterOperator::ALL
    }

    fn is_boolean(&self) -> bool {
        false
    }
}
