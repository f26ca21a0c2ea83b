//! What a policy asks of a sign-in: which members of a row its answer may hang on.

use std::collections::{BTreeMap, BTreeSet};

use portcullis_model::conditional_access::filter::{DeviceProperty, Expression};
use portcullis_model::conditional_access::{
    ConditionalAccessPolicy, DeviceCondition, GrantControl, GrantControls, LocationCondition,
    Target, UserCondition,
};
use portcullis_model::id::{AgreementId, NamedLocationId};
use portcullis_model::named_location::{CountryLookup, NamedLocation, NamedLocationKind};
use portcullis_model::store::TenantConfiguration;

use super::missing::{Missing, MissingSet};

/// What policies name: places, and terms of use that are accepted on each registered device.
pub(super) struct Named<'a> {
    places: BTreeMap<NamedLocationId, &'a NamedLocation>,
    per_device: BTreeSet<AgreementId>,
}

impl<'a> Named<'a> {
    pub(super) fn new(configuration: &'a TenantConfiguration) -> Self {
        let locations = configuration.named_locations.iter();
        let agreements = configuration.agreements.iter();
        Self {
            places: locations.map(|one| (one.id, one)).collect(),
            per_device: agreements
                .filter(|one| one.is_per_device_acceptance_required)
                .map(|one| one.id)
                .collect(),
        }
    }

    fn asked_by(&self, condition: LocationCondition) -> MissingSet {
        let of = |location: &&NamedLocation| match location.kind {
            NamedLocationKind::IpRanges { .. } => Missing::IpAddress,
            NamedLocationKind::Countries { lookup, .. } => match lookup {
                CountryLookup::ClientIpAddress => Missing::Country,
                CountryLookup::AuthenticatorAppGps => Missing::GpsCountry,
            },
            NamedLocationKind::CompliantNetwork { .. } => Missing::CompliantNetwork,
        };
        match condition {
            LocationCondition::All => MissingSet::NOTHING,
            LocationCondition::NamedLocation(id) => {
                self.places.get(&id).map(of).into_iter().collect()
            }
            LocationCondition::AllTrusted => {
                let trusted = self.places.values().filter(|one| one.is_trusted());
                trusted.map(of).collect()
            }
        }
    }
}

/// All that this policy's scope, controls and session controls look at and a row may leave out.
pub(super) fn asked_by(policy: &ConditionalAccessPolicy, named: &Named<'_>) -> MissingSet {
    let conditions = &policy.conditions;
    let mut asked = MissingSet::NOTHING;
    for condition in conditions
        .users
        .include
        .iter()
        .chain(&conditions.users.exclude)
    {
        match condition {
            UserCondition::All | UserCondition::User(_) => {}
            UserCondition::Group(_) | UserCondition::Role(_) => asked.add(Missing::Memberships),
            UserCondition::GuestsOrExternalUsers | UserCondition::ExternalUsers { .. } => {
                asked.add(Missing::UserType);
            }
        }
    }
    match conditions.target {
        Target::Applications(_) | Target::UserActions(_) => {}
        Target::AuthenticationContexts(_) => asked.add(Missing::Contexts),
    }
    if let Some(location) = &conditions.locations {
        let all = location.include.iter().chain(&location.exclude);
        for condition in all {
            asked = asked.or(named.asked_by(*condition));
        }
    }
    for (is_asked, missing) in [
        (conditions.client_app_types.is_some(), Missing::ClientApp),
        (conditions.platforms.is_some(), Missing::Platform),
        (
            !conditions.sign_in_risk_levels.is_empty(),
            Missing::SignInRisk,
        ),
        (!conditions.user_risk_levels.is_empty(), Missing::UserRisk),
        (
            !conditions.service_principal_risk_levels.is_empty(),
            Missing::ServicePrincipalRisk,
        ),
        (
            !conditions.insider_risk_levels.is_empty(),
            Missing::InsiderRisk,
        ),
        (
            !conditions.transfer_methods.is_empty(),
            Missing::TransferMethod,
        ),
        (
            policy.session_controls.sign_in_frequency.is_some(),
            Missing::ProofAge,
        ),
    ] {
        if is_asked {
            asked.add(missing);
        }
    }
    let of_devices = conditions.devices.iter().map(asked_of_devices);
    let grant = policy.grant_controls.iter();
    let of_controls = grant.map(|grant| asked_by_controls(grant, &named.per_device));
    of_devices.chain(of_controls).fold(asked, MissingSet::or)
}

fn asked_of_devices(condition: &DeviceCondition) -> MissingSet {
    let states = [Missing::Device, Missing::Compliance, Missing::TrustType];
    let states: MissingSet = states.into_iter().collect();
    match condition {
        DeviceCondition::AllExceptStates(_) => states,
        DeviceCondition::Filter(filter) => MissingSet::NOTHING
            .with(Missing::Device)
            .or(asked_by_filter(&filter.rule.expression)),
    }
}

fn asked_by_filter(expression: &Expression<DeviceProperty>) -> MissingSet {
    match expression {
        Expression::Or(parts) | Expression::And(parts) => parts
            .iter()
            .map(asked_by_filter)
            .fold(MissingSet::NOTHING, MissingSet::or),
        Expression::Not(part) => asked_by_filter(part),
        Expression::Compare(comparison) => MissingSet::NOTHING.with(match comparison.property {
            DeviceProperty::DeviceId => Missing::Device,
            DeviceProperty::IsCompliant => Missing::Compliance,
            DeviceProperty::TrustType => Missing::TrustType,
            // What a row calls the operating system is what the client says of itself, not what its tenant says.
            DeviceProperty::DisplayName
            | DeviceProperty::DeviceOwnership
            | DeviceProperty::EnrollmentProfileName
            | DeviceProperty::Manufacturer
            | DeviceProperty::MdmAppId
            | DeviceProperty::Model
            | DeviceProperty::OperatingSystem
            | DeviceProperty::OperatingSystemVersion
            | DeviceProperty::PhysicalIds
            | DeviceProperty::ProfileType
            | DeviceProperty::SystemLabels
            | DeviceProperty::ExtensionAttribute(_) => Missing::DeviceAttributes,
        }),
    }
}

fn asked_by_controls(grant: &GrantControls, per_device: &BTreeSet<AgreementId>) -> MissingSet {
    let mut asked = MissingSet::NOTHING;
    for control in &grant.controls {
        let of_control: &[Missing] = match control {
            GrantControl::Block => continue,
            GrantControl::Mfa => &[Missing::Mfa],
            GrantControl::AuthenticationStrength(_) => &[Missing::Mfa, Missing::Method],
            GrantControl::CompliantDevice => &[
                Missing::Device,
                Missing::Compliance,
                Missing::TransferMethod,
            ],
            GrantControl::DomainJoinedDevice => {
                &[Missing::Device, Missing::TrustType, Missing::TransferMethod]
            }
            GrantControl::ApprovedApplication | GrantControl::CompliantApplication => {
                &[Missing::ClientProtection, Missing::Platform]
            }
            GrantControl::PasswordChange => &[Missing::Mfa, Missing::Remediation],
            GrantControl::RiskRemediation => &[Missing::Mfa, Missing::Method, Missing::Remediation],
            GrantControl::TermsOfUse(id) if per_device.contains(id) => &[
                Missing::TermsOfUse,
                Missing::Device,
                Missing::TransferMethod,
            ],
            GrantControl::TermsOfUse(_) => &[Missing::TermsOfUse],
            GrantControl::CustomAuthenticationFactor(_) => &[Missing::CustomControls],
        };
        // A legacy client cannot meet any of them.
        asked = asked
            .or(of_control.iter().copied().collect())
            .with(Missing::ClientApp);
    }
    asked
}
