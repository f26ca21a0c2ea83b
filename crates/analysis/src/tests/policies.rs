//! Random policies: every condition and control, borders and empty lists among them.

use portcullis_model::authentication_context::AuthenticationContextId;
use portcullis_model::authentication_strength::{
    AuthenticationStrengthPolicy, CombinationConfiguration, CombinationRestriction,
};
use portcullis_model::conditional_access::signal::{
    InsiderRiskLevel, InsiderRiskLevels, RiskLevel, RiskLevels, TransferMethod, TransferMethods,
};
use portcullis_model::conditional_access::{
    ApplicationCondition, ApplicationConditions, ClientAppType, ClientApplicationConditions,
    ConditionalAccessPolicy, Conditions, DeviceCondition, DevicePlatform, DeviceState,
    ExternalUserType, ExternalUserTypes, FrequencyAuthenticationType, GrantControl, GrantControls,
    GrantOperator, IncludeExclude, LocationCondition, PlatformCondition, PolicyState,
    ServicePrincipalCondition, SessionControls, SignInFrequency, SignInInterval, Target,
    UserAction, UserCondition,
};
use portcullis_model::credential::{AuthenticationMethod as M, AuthenticationMethods};
use serde_json::Map;
use uuid::Uuid;

use super::dice::Dice;
use super::filters::{attribute_filter, device_filter};
use super::worlds::{AZURE_PORTAL, EXCHANGE, FABRIKAM, OWN, WOODGROVE, id, tenant};

pub(super) const PLATFORMS: [DevicePlatform; 6] = [
    DevicePlatform::Windows,
    DevicePlatform::MacOs,
    DevicePlatform::Linux,
    DevicePlatform::Ios,
    DevicePlatform::Android,
    DevicePlatform::WindowsPhone,
];
pub(super) const AAGUIDS: [u128; 2] = [0xf1d0, 0xf1d1];
pub(super) const ISSUERS: [&str; 2] = ["aa01", "BB02"];
pub(super) const OIDS: [&str; 2] = ["1.2.3", "1.2.4"];

pub(super) fn context(text: &str) -> AuthenticationContextId {
    text.parse().unwrap()
}

fn list<T: Clone>(dice: &mut Dice, from: &[T], excluded_percent: usize) -> IncludeExclude<T> {
    // Almost never an empty include list: such a policy only blocks.
    let least = usize::from(!dice.chance(5));
    let most = if dice.chance(excluded_percent) { 2 } else { 0 };
    IncludeExclude {
        include: dice.several(least, 2, from),
        exclude: dice.several(0, most, from),
    }
}

pub(super) fn policy(dice: &mut Dice, number: u128) -> ConditionalAccessPolicy {
    let mut conditions = Conditions::new(users(dice), target(dice));
    if dice.chance(8) {
        conditions.client_applications = Some(workloads(dice));
        if !dice.chance(5) {
            conditions.users.include.clear();
            conditions.users.exclude.clear();
        }
    }
    circumstances(dice, &mut conditions);
    signals(dice, &mut conditions);
    // Nobody can say how often an application on its own behalf signs in (rule CA-V41).
    let session_controls = match conditions.client_applications {
        Some(_) => SessionControls::default(),
        None => session_controls(dice),
    };
    ConditionalAccessPolicy {
        id: id(number),
        display_name: format!("policy {number}"),
        state: dice.pick(&[
            PolicyState::Enabled,
            PolicyState::Enabled,
            PolicyState::Enabled,
            PolicyState::Enabled,
            PolicyState::Enabled,
            PolicyState::ReportOnly,
            PolicyState::Disabled,
        ]),
        conditions,
        grant_controls: grant_controls(dice),
        session_controls,
        expanded_strength: None,
        document: Map::new(),
    }
}

fn users(dice: &mut Dice) -> IncludeExclude<UserCondition> {
    let one = |dice: &mut Dice| match dice.below(14) {
        0..=2 => UserCondition::User(id(1 + dice.below(3) as u128)),
        3..=5 => UserCondition::Group(id(0x21 + dice.below(3) as u128)),
        6..=7 => UserCondition::Role(id(0x31 + dice.below(2) as u128)),
        8..=9 => UserCondition::GuestsOrExternalUsers,
        _ => {
            let types = dice.several(1, 3, &ExternalUserType::ALL);
            let tenants = [FABRIKAM, WOODGROVE, OWN].map(tenant);
            UserCondition::ExternalUsers {
                types: types
                    .into_iter()
                    .fold(ExternalUserTypes::NONE, ExternalUserTypes::with),
                tenants: dice.chance(50).then(|| dice.several(0, 2, &tenants)),
            }
        }
    };
    let include = if dice.chance(55) {
        vec![UserCondition::All]
    } else {
        (0..=dice.below(3)).map(|_| one(dice)).collect()
    };
    let mut exclude: Vec<UserCondition> = Vec::new();
    if dice.chance(50) {
        exclude.extend((0..=dice.below(2)).map(|_| one(dice)));
    }
    if dice.chance(2) {
        exclude.push(UserCondition::All);
    }
    IncludeExclude { include, exclude }
}

fn workloads(dice: &mut Dice) -> ClientApplicationConditions {
    let one = [
        ServicePrincipalCondition::All,
        ServicePrincipalCondition::ServicePrincipal(id(0x51)),
        ServicePrincipalCondition::ServicePrincipal(id(0x52)),
        ServicePrincipalCondition::ServicePrincipal(id(0x54)),
    ];
    let IncludeExclude { include, exclude } = list(dice, &one, 40);
    ClientApplicationConditions {
        include,
        exclude: exclude
            .into_iter()
            .filter(|one| *one != ServicePrincipalCondition::All || dice.chance(10))
            .collect(),
        filter: dice.chance(30).then(|| attribute_filter(dice)),
    }
}

fn target(dice: &mut Dice) -> Target {
    let all = ApplicationCondition::All;
    let named = [
        ApplicationCondition::Office365,
        ApplicationCondition::MicrosoftAdminPortals,
        ApplicationCondition::Application(id(0xa1)),
        ApplicationCondition::Application(id(0xa2)),
        ApplicationCondition::Application(id(0xa3)),
        ApplicationCondition::Application(id(0xa9)),
        ApplicationCondition::Application(id(EXCHANGE)),
        ApplicationCondition::Application(id(AZURE_PORTAL)),
    ];
    let actions = [
        UserAction::RegisterSecurityInformation,
        UserAction::RegisterOrJoinDevices,
    ];
    let contexts = ["c1", "c2", "c7"].map(context);
    let (include, exclude) = match dice.below(20) {
        0..=6 => (vec![all], vec![]),
        7..=9 => (vec![all], dice.several(1, 2, &named)),
        10..=16 => (dice.several(1, 3, &named), dice.several(0, 1, &named)),
        17 | 18 => return Target::UserActions(dice.several(1, 2, &actions)),
        _ => return Target::AuthenticationContexts(dice.several(1, 2, &contexts)),
    };
    let exclude = if dice.chance(1) {
        vec![ApplicationCondition::All]
    } else {
        exclude
    };
    Target::Applications(ApplicationConditions {
        include: if dice.chance(2) { Vec::new() } else { include },
        exclude,
        filter: dice.chance(15).then(|| attribute_filter(dice)),
    })
}

fn circumstances(dice: &mut Dice, conditions: &mut Conditions) {
    let clients = [
        ClientAppType::Browser,
        ClientAppType::MobileAppsAndDesktopClients,
        ClientAppType::ExchangeActiveSync,
        ClientAppType::EasSupported,
        ClientAppType::Other,
    ];
    if dice.chance(20) {
        conditions.client_app_types = Some(dice.several(0, 3, &clients));
    }
    let mut platforms: Vec<PlatformCondition> = PLATFORMS.map(PlatformCondition::Platform).to_vec();
    platforms.extend([PlatformCondition::All; 3]);
    if dice.chance(20) {
        conditions.platforms = Some(list(dice, &platforms, 60));
    }
    let mut locations: Vec<LocationCondition> = [1u128, 2, 3, 5, 6, 7, 8, 9]
        .map(|number| LocationCondition::NamedLocation(id(number)))
        .to_vec();
    locations.extend([LocationCondition::All; 3]);
    locations.extend([LocationCondition::AllTrusted; 3]);
    if dice.chance(5) {
        // There is none with this id.
        locations.push(LocationCondition::NamedLocation(id(4)));
    }
    if dice.chance(30) {
        conditions.locations = Some(list(dice, &locations, 70));
    }
}

fn signals(dice: &mut Dice, conditions: &mut Conditions) {
    let risks = |dice: &mut Dice, percent| {
        let levels = if dice.chance(percent) {
            dice.several(1, 3, &RiskLevel::ALL)
        } else {
            Vec::new()
        };
        levels
            .into_iter()
            .fold(RiskLevels::default(), RiskLevels::with)
    };
    conditions.sign_in_risk_levels = risks(dice, 15);
    conditions.user_risk_levels = risks(dice, 15);
    conditions.service_principal_risk_levels = risks(
        dice,
        if conditions.client_applications.is_some() {
            40
        } else {
            3
        },
    );
    if dice.chance(8) {
        let levels = dice.several(1, 2, &InsiderRiskLevel::ALL);
        conditions.insider_risk_levels = levels
            .into_iter()
            .fold(InsiderRiskLevels::default(), InsiderRiskLevels::with);
    }
    if dice.chance(10) {
        let methods = dice.several(1, 2, &TransferMethod::ALL);
        conditions.transfer_methods = methods
            .into_iter()
            .fold(TransferMethods::default(), TransferMethods::with);
    }
    let states = [DeviceState::Compliant, DeviceState::DomainJoined];
    conditions.devices = match dice.below(20) {
        0..=5 => Some(DeviceCondition::Filter(device_filter(dice))),
        6 => Some(DeviceCondition::AllExceptStates(
            dice.several(0, 2, &states),
        )),
        _ => None,
    };
}

fn grant_controls(dice: &mut Dice) -> Option<GrantControls> {
    let strengths = [2u128, 3, 4, 0x61, 0x62, 0x63, 0x64];
    let one = |dice: &mut Dice| match dice.below(20) {
        0..=4 => GrantControl::Mfa,
        5..=9 => GrantControl::AuthenticationStrength(id(dice.pick(&strengths))),
        10..=12 => GrantControl::CompliantDevice,
        13 | 14 => GrantControl::DomainJoinedDevice,
        15 => GrantControl::ApprovedApplication,
        16 => GrantControl::CompliantApplication,
        17 => dice.pick(&[GrantControl::PasswordChange, GrantControl::RiskRemediation]),
        18 => GrantControl::TermsOfUse(id(dice.pick(&[0x71u128, 0x72]))),
        _ => GrantControl::CustomAuthenticationFactor("first".to_owned()),
    };
    let mut controls: Vec<GrantControl> = match dice.below(40) {
        0..=3 => return None,
        4..=7 => vec![GrantControl::Block],
        8 => Vec::new(),
        9 => vec![GrantControl::Mfa, GrantControl::Block],
        // Neither strength nor terms exist.
        10 => vec![
            GrantControl::AuthenticationStrength(id(0x6f)),
            GrantControl::Mfa,
        ],
        11 => vec![GrantControl::TermsOfUse(id(0x7f))],
        12..=25 => vec![one(dice)],
        _ => (0..2 + dice.below(2)).map(|_| one(dice)).collect(),
    };
    controls.sort();
    controls.dedup();
    Some(GrantControls {
        operator: dice.pick(&[GrantOperator::And, GrantOperator::Or]),
        controls,
    })
}

fn session_controls(dice: &mut Dice) -> SessionControls {
    let interval = [SignInInterval::EveryTime, SignInInterval::Hours(1)];
    let types = [
        FrequencyAuthenticationType::PrimaryAndSecondaryAuthentication,
        FrequencyAuthenticationType::SecondaryAuthentication,
    ];
    SessionControls {
        sign_in_frequency: dice.chance(20).then(|| SignInFrequency {
            interval: dice.pick(&interval),
            authentication_type: dice.pick(&types),
        }),
        ..SessionControls::default()
    }
}

/// Strengths of the tenant's own: with and without restrictions, one of a single factor, one restricted twice.
pub(super) fn strengths(dice: &mut Dice) -> Vec<AuthenticationStrengthPolicy> {
    let strength =
        |number, allowed_combinations, combination_configurations| AuthenticationStrengthPolicy {
            id: id(number),
            display_name: format!("strength {number}"),
            allowed_combinations,
            combination_configurations,
            document: Map::new(),
        };
    let configuration = |combination, restriction| CombinationConfiguration {
        applies_to_combinations: vec![combination],
        restriction,
    };
    let keys = |dice: &mut Dice| CombinationRestriction::Fido2 {
        allowed_aaguids: dice
            .several(1, 2, &AAGUIDS)
            .into_iter()
            .map(Uuid::from_u128)
            .collect(),
    };
    let texts = |dice: &mut Dice, least, all: [&str; 2]| {
        let some = dice.several(least, 2, &all);
        some.into_iter().map(str::to_owned).collect::<Vec<_>>()
    };
    let certificates = |dice: &mut Dice| CombinationRestriction::X509Certificate {
        allowed_issuer_skis: texts(dice, 0, ISSUERS),
        allowed_policy_oids: texts(dice, 0, OIDS),
    };
    vec![
        strength(
            0x61,
            vec![
                AuthenticationMethods::of([M::Password, M::Sms]),
                AuthenticationMethods::of([M::Fido2]),
            ],
            vec![configuration(
                AuthenticationMethods::of([M::Fido2]),
                keys(dice),
            )],
        ),
        strength(
            0x62,
            vec![
                AuthenticationMethods::of([M::X509CertificateMultiFactor]),
                AuthenticationMethods::of([M::HardwareOath, M::FederatedSingleFactor]),
            ],
            vec![configuration(
                AuthenticationMethods::of([M::X509CertificateMultiFactor]),
                certificates(dice),
            )],
        ),
        strength(
            0x63,
            vec![AuthenticationMethods::of([M::Password])],
            Vec::new(),
        ),
        strength(
            0x64,
            vec![
                AuthenticationMethods::of([M::X509CertificateMultiFactor]),
                AuthenticationMethods::of([M::Password, M::X509CertificateSingleFactor]),
                AuthenticationMethods::of([M::WindowsHelloForBusiness]),
            ],
            vec![
                configuration(
                    AuthenticationMethods::of([M::X509CertificateMultiFactor]),
                    certificates(dice),
                ),
                configuration(
                    AuthenticationMethods::of([M::X509CertificateMultiFactor]),
                    certificates(dice),
                ),
                configuration(
                    AuthenticationMethods::of([M::X509CertificateSingleFactor]),
                    certificates(dice),
                ),
            ],
        ),
    ]
}
