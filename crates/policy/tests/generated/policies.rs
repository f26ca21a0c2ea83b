//! Generated tenants: policies of every kind, and what they name.

use portcullis_model::application::{Application, ServicePrincipal, SignInAudience};
use portcullis_model::authentication_strength::{
    AuthenticationStrengthPolicy, CombinationConfiguration, CombinationRestriction,
};
use portcullis_model::conditional_access::signal::{
    InsiderRiskLevel, InsiderRiskLevels, RiskLevel, RiskLevels, TransferMethod, TransferMethods,
};
use portcullis_model::conditional_access::{
    ApplicationCondition, ApplicationConditions, ClientAppType, ClientApplicationConditions,
    CloudAppSecurity, ConditionalAccessPolicy, Conditions, ContinuousAccessEvaluation,
    DeviceCondition, DeviceState, ExternalUserType, ExternalUserTypes, FrequencyAuthenticationType,
    GrantControl, GrantControls, GrantOperator, IncludeExclude, LocationCondition,
    PersistentBrowser, PlatformCondition, PolicyState, ServicePrincipalCondition, SessionControls,
    SignInFrequency, SignInInterval, Target, UserAction, UserCondition,
};
use portcullis_model::credential::{AuthenticationMethod as M, AuthenticationMethods};
use portcullis_model::cross_tenant_access::InboundTrust;
use portcullis_model::named_location::{CountryLookup, NamedLocation, NamedLocationKind};
use portcullis_model::store::TenantConfiguration;
use portcullis_model::terms_of_use::Agreement;
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use serde_json::{Map, json};

use super::filters::{attribute_filter, attributes, device_filter};
use super::{
    AAGUIDS, AZURE_PORTAL, EXCHANGE, ISSUERS, OIDS, application, context, platform,
    service_principal, small,
};
use crate::world::*;

pub(crate) fn configuration() -> impl Strategy<Value = TenantConfiguration> {
    let trust = || {
        option::of(
            [
                option::of(any::<bool>()),
                option::of(any::<bool>()),
                option::of(any::<bool>()),
            ]
            .prop_map(|[mfa, compliant, hybrid]| InboundTrust {
                is_mfa_accepted: mfa,
                is_compliant_device_accepted: compliant,
                is_hybrid_azure_ad_joined_device_accepted: hybrid,
            }),
        )
    };
    (
        vec(policy_of(), 0..6),
        trust(),
        trust(),
        locations(),
        strengths(),
        prop::bool::weighted(0.3),
        (attributes(), attributes()),
    )
        .prop_map(
            |(
                policies,
                of_partner,
                of_default,
                locations,
                strengths,
                for_all_guests,
                attributes,
            )| {
                let mut configuration = contoso_with(NO_TRUST, &policies);
                let policies = &mut configuration.conditional_access_policies;
                for (number, policy) in policies.iter_mut().enumerate() {
                    policy.id = id(number as u128 + 1);
                }
                configuration.named_locations = locations;
                configuration.authentication_strengths = strengths;
                configuration.agreements = vec![agreement(0x71, false), agreement(0x72, true)];
                let settings = &mut configuration.cross_tenant_access_policy;
                settings.default.inbound_trust = of_default;
                settings.partners[0].settings.inbound_trust = of_partner;
                let organization = &mut configuration.organization;
                let for_all_guests = json!(for_all_guests);
                organization
                    .other
                    .insert("strengthsForAllGuests".into(), for_all_guests);
                add_service_principals(&mut configuration, attributes);
                configuration
            },
        )
}

/// Payroll is this tenant's own, the second application is for others too, Exchange is somebody else's.
fn add_service_principals(
    configuration: &mut TenantConfiguration,
    (one, other): (serde_json::Value, serde_json::Value),
) {
    let second: &mut Application = &mut configuration.applications[1];
    second.sign_in_audience = SignInAudience::AzureADMultipleOrgs;
    let principal = |number: u128, application: u128, attributes| -> ServicePrincipal {
        serde_json::from_value(json!({
            "id": id::<()>(number).to_string(),
            "appId": id::<()>(application).to_string(),
            "displayName": "Principal",
            "customSecurityAttributes": attributes,
        }))
        .unwrap()
    };
    configuration.service_principals = vec![
        principal(0x51, 0xa1, one),
        ServicePrincipal {
            app_owner_organization_id: Some(configuration.organization.id),
            ..principal(0x52, 0xa2, other)
        },
        ServicePrincipal {
            app_owner_organization_id: Some(woodgrove()),
            ..principal(0x53, EXCHANGE, json!(null))
        },
    ];
}

fn agreement(number: u128, is_per_device_acceptance_required: bool) -> Agreement {
    Agreement {
        id: id(number),
        display_name: String::new(),
        is_per_device_acceptance_required,
        document: Map::new(),
    }
}

fn locations() -> impl Strategy<Value = Vec<NamedLocation>> {
    let place = |number, kind| NamedLocation {
        id: id(number),
        display_name: String::new(),
        kind,
        document: Map::new(),
    };
    let countries = |lookup| {
        (subsequence_of(country_list(), 0..=2), any::<bool>()).prop_map(
            move |(countries, includes_unknown)| NamedLocationKind::Countries {
                countries,
                lookup,
                includes_unknown,
            },
        )
    };
    (
        countries(CountryLookup::ClientIpAddress),
        countries(CountryLookup::AuthenticatorAppGps),
        any::<bool>(),
    )
        .prop_map(move |(by_address, by_coordinates, is_trusted)| {
            vec![
                location(1, true, &["192.0.2.0/24", "2001:db8:1::/48"]),
                location(2, false, &["192.0.2.128/25", "198.51.100.0/24"]),
                location(3, false, &[]),
                place(5, by_address),
                place(6, by_coordinates),
                place(7, NamedLocationKind::CompliantNetwork { is_trusted }),
            ]
        })
}

fn country_list() -> Vec<portcullis_model::country::CountryCode> {
    ["NL", "DE", "US"].map(|text| text.parse().unwrap()).into()
}

fn subsequence_of<T: Clone + std::fmt::Debug + 'static>(
    all: Vec<T>,
    count: std::ops::RangeInclusive<usize>,
) -> impl Strategy<Value = Vec<T>> {
    subsequence(all, count)
}

/// Three strengths of the tenant's own, with and without restrictions.
fn strengths() -> impl Strategy<Value = Vec<AuthenticationStrengthPolicy>> {
    let configuration = |combination, restriction| CombinationConfiguration {
        applies_to_combinations: vec![combination],
        restriction,
    };
    let keys = subsequence(AAGUIDS.to_vec(), 0..=2).prop_map(move |models| {
        let restriction = CombinationRestriction::Fido2 {
            allowed_aaguids: models.into_iter().map(uuid::Uuid::from_u128).collect(),
        };
        vec![configuration(
            AuthenticationMethods::of([M::Fido2]),
            restriction,
        )]
    });
    let texts = |all: [&str; 2]| subsequence(all.map(str::to_owned).to_vec(), 0..=2);
    let certificates = (texts(ISSUERS), texts(OIDS)).prop_map(
        move |(allowed_issuer_skis, allowed_policy_oids)| {
            let restriction = CombinationRestriction::X509Certificate {
                allowed_issuer_skis,
                allowed_policy_oids,
            };
            vec![configuration(
                AuthenticationMethods::of([M::X509CertificateMultiFactor]),
                restriction,
            )]
        },
    );
    (keys, certificates).prop_map(move |(keys, certificates)| {
        let strength = |number, allowed_combinations, combination_configurations| {
            AuthenticationStrengthPolicy {
                id: id(number),
                display_name: String::new(),
                allowed_combinations,
                combination_configurations,
                document: Map::new(),
            }
        };
        vec![
            strength(
                0x61,
                vec![
                    AuthenticationMethods::of([M::Password, M::Sms]),
                    AuthenticationMethods::of([M::Fido2]),
                ],
                keys,
            ),
            strength(
                0x62,
                vec![
                    AuthenticationMethods::of([M::X509CertificateMultiFactor]),
                    AuthenticationMethods::of([M::HardwareOath, M::FederatedSingleFactor]),
                ],
                certificates,
            ),
            strength(
                0x63,
                vec![AuthenticationMethods::of([M::Password])],
                Vec::new(),
            ),
        ]
    })
}

fn policy_of() -> impl Strategy<Value = ConditionalAccessPolicy> {
    let state = prop_oneof![
        6 => Just(PolicyState::Enabled),
        2 => Just(PolicyState::ReportOnly),
        1 => Just(PolicyState::Disabled),
    ];
    (state, conditions(), grant_controls(), session_controls()).prop_map(
        |(state, conditions, grant_controls, session_controls)| ConditionalAccessPolicy {
            id: id(0),
            display_name: String::new(),
            state,
            conditions,
            grant_controls,
            session_controls,
            expanded_strength: None,
            document: Map::new(),
        },
    )
}

// Whom and what.

fn conditions() -> impl Strategy<Value = Conditions> {
    let who = prop_oneof![
        4 => Just((including(UserCondition::All), None)),
        6 => include_exclude(user_condition()).prop_map(|users| (users, None)),
        1 => workloads().prop_map(|wanted| {
            (IncludeExclude { include: Vec::new(), exclude: Vec::new() }, Some(wanted))
        }),
    ];
    (who, target(), circumstances(), signals()).prop_map(
        |((users, client_applications), target, (types, platforms, locations), signals)| {
            let mut conditions = Conditions::new(users, target);
            conditions.client_applications = client_applications;
            conditions.client_app_types = types;
            conditions.platforms = platforms;
            conditions.locations = locations;
            let (sign_in, user, principal, insider, methods, devices) = signals;
            conditions.sign_in_risk_levels = sign_in;
            conditions.user_risk_levels = user;
            conditions.service_principal_risk_levels = principal;
            conditions.insider_risk_levels = insider;
            conditions.transfer_methods = methods;
            conditions.devices = devices;
            conditions
        },
    )
}

fn workloads() -> impl Strategy<Value = ClientApplicationConditions> {
    let one = prop_oneof![
        2 => Just(ServicePrincipalCondition::All),
        2 => service_principal().prop_map(ServicePrincipalCondition::ServicePrincipal),
    ];
    (
        include_exclude(one),
        option::weighted(0.3, attribute_filter()),
    )
        .prop_map(|(list, filter)| ClientApplicationConditions {
            include: list.include,
            exclude: list.exclude,
            filter,
        })
}

fn target() -> impl Strategy<Value = Target> {
    let one = prop_oneof![
        1 => Just(ApplicationCondition::All),
        1 => Just(ApplicationCondition::Office365),
        1 => Just(ApplicationCondition::MicrosoftAdminPortals),
        8 => application().prop_map(ApplicationCondition::Application),
    ];
    let filter = option::weighted(0.2, attribute_filter());
    let some = (include_exclude(one), filter).prop_map(|(list, filter)| ApplicationConditions {
        include: list.include,
        exclude: list.exclude,
        filter,
    });
    let actions = vec![
        UserAction::RegisterSecurityInformation,
        UserAction::RegisterOrJoinDevices,
    ];
    prop_oneof![
        5 => Just(reaching(&[ApplicationCondition::All], &[])),
        1 => Just(reaching(
            &[ApplicationCondition::All],
            &[ApplicationCondition::Application(id(AZURE_PORTAL))],
        )),
        5 => some.prop_map(Target::Applications),
        1 => subsequence(actions, 1..=2).prop_map(Target::UserActions),
        1 => vec(context(), 1..3).prop_map(Target::AuthenticationContexts),
    ]
}

type Circumstances = (
    Option<Vec<ClientAppType>>,
    Option<IncludeExclude<PlatformCondition>>,
    Option<IncludeExclude<LocationCondition>>,
);

fn circumstances() -> impl Strategy<Value = Circumstances> {
    let platform = prop_oneof![
        2 => Just(PlatformCondition::All),
        5 => platform().prop_map(PlatformCondition::Platform),
    ];
    let location = prop_oneof![
        2 => Just(LocationCondition::All),
        2 => Just(LocationCondition::AllTrusted),
        // The fourth does not exist.
        24 => select(vec![1u128, 2, 3, 5, 6, 7])
            .prop_map(|number| LocationCondition::NamedLocation(id(number))),
        1 => Just(LocationCondition::NamedLocation(id(4))),
    ];
    let client = select(vec![
        ClientAppType::Browser,
        ClientAppType::MobileAppsAndDesktopClients,
        ClientAppType::ExchangeActiveSync,
        ClientAppType::EasSupported,
        ClientAppType::Other,
    ]);
    (
        option::weighted(0.15, vec(client, 0..4)),
        option::weighted(0.2, include_exclude(platform)),
        option::weighted(0.25, include_exclude(location)),
    )
}

type Signals = (
    RiskLevels,
    RiskLevels,
    RiskLevels,
    InsiderRiskLevels,
    TransferMethods,
    Option<DeviceCondition>,
);

fn signals() -> impl Strategy<Value = Signals> {
    let risks = |chance| {
        option::weighted(chance, subsequence(RiskLevel::ALL.to_vec(), 1..=3)).prop_map(|list| {
            let levels = list.unwrap_or_default().into_iter();
            levels.fold(RiskLevels::default(), RiskLevels::with)
        })
    };
    let insider = subsequence(InsiderRiskLevel::ALL.to_vec(), 1..=3);
    let insider = option::weighted(0.05, insider).prop_map(|list| {
        let levels = list.unwrap_or_default().into_iter();
        levels.fold(InsiderRiskLevels::default(), InsiderRiskLevels::with)
    });
    let transfer = subsequence(TransferMethod::ALL.to_vec(), 1..=2);
    let transfer = option::weighted(0.08, transfer).prop_map(|list| {
        let methods = list.unwrap_or_default().into_iter();
        methods.fold(TransferMethods::default(), TransferMethods::with)
    });
    let states = vec![DeviceState::Compliant, DeviceState::DomainJoined];
    let devices = prop_oneof![
        4 => device_filter().prop_map(DeviceCondition::Filter),
        1 => subsequence(states, 0..=2).prop_map(DeviceCondition::AllExceptStates),
    ];
    (
        risks(0.15),
        risks(0.15),
        risks(0.05),
        insider,
        transfer,
        option::weighted(0.25, devices),
    )
}

fn include_exclude<S>(one: S) -> impl Strategy<Value = IncludeExclude<S::Value>>
where
    S: Strategy + Clone,
{
    (vec(one.clone(), 0..4), vec(one, 0..2))
        .prop_map(|(include, exclude)| IncludeExclude { include, exclude })
}

fn user_condition() -> impl Strategy<Value = UserCondition> + Clone {
    let types = || {
        subsequence(ExternalUserType::ALL.to_vec(), 1..4).prop_map(|types| {
            let none = ExternalUserTypes::NONE;
            types.into_iter().fold(none, ExternalUserTypes::with)
        })
    };
    let tenants = option::of(vec(select(vec![fabrikam(), woodgrove(), contoso()]), 1..3));
    prop_oneof![
        1 => Just(UserCondition::All),
        3 => small().prop_map(|number| UserCondition::User(id(number))),
        3 => small().prop_map(|number| UserCondition::Group(id(number))),
        2 => small().prop_map(|number| UserCondition::Role(id(number))),
        2 => Just(UserCondition::GuestsOrExternalUsers),
        4 => (types(), tenants)
            .prop_map(|(types, tenants)| UserCondition::ExternalUsers { types, tenants }),
    ]
}

// What is demanded.

fn grant_controls() -> impl Strategy<Value = Option<GrantControls>> {
    let one = prop_oneof![
        30 => Just(GrantControl::Mfa),
        // Built in, the tenant's own, and one that does not exist.
        24 => select(vec![2u128, 2, 3, 4, 0x61, 0x62, 0x63])
            .prop_map(|number| GrantControl::AuthenticationStrength(id(number))),
        1 => Just(GrantControl::AuthenticationStrength(id(0x64))),
        15 => Just(GrantControl::CompliantDevice),
        12 => Just(GrantControl::DomainJoinedDevice),
        6 => Just(GrantControl::ApprovedApplication),
        6 => Just(GrantControl::CompliantApplication),
        20 => Just(GrantControl::PasswordChange),
        6 => Just(GrantControl::RiskRemediation),
        // The last does not exist.
        12 => select(vec![0x71u128, 0x71, 0x71, 0x72, 0x72, 0x73])
            .prop_map(|number| GrantControl::TermsOfUse(id(number))),
        6 => select(vec!["first", "second"])
            .prop_map(|name| GrantControl::CustomAuthenticationFactor(name.into())),
    ];
    let list = prop_oneof![
        2 => Just(vec![GrantControl::Block]),
        1 => Just(vec![]),
        1 => Just(vec![GrantControl::Mfa, GrantControl::Block]),
        10 => Just(vec![GrantControl::Mfa]),
        // What Graph would store: each control once.
        20 => one.clone().prop_map(|one| vec![one]),
        20 => vec(one, 2..4).prop_map(|mut list| {
            list.sort();
            list.dedup();
            list
        }),
    ];
    let operator = select(vec![GrantOperator::And, GrantOperator::Or]);
    option::weighted(
        0.85,
        (operator, list).prop_map(|(operator, controls)| GrantControls { operator, controls }),
    )
}

fn session_controls() -> impl Strategy<Value = SessionControls> {
    let interval = prop_oneof![
        Just(SignInInterval::EveryTime),
        (1..4u32).prop_map(SignInInterval::Hours)
    ];
    let authentication_type = select(vec![
        FrequencyAuthenticationType::PrimaryAndSecondaryAuthentication,
        FrequencyAuthenticationType::SecondaryAuthentication,
    ]);
    let frequency = (interval, authentication_type).prop_map(|(interval, authentication_type)| {
        SignInFrequency {
            interval,
            authentication_type,
        }
    });
    let persistent = select(vec![PersistentBrowser::Always, PersistentBrowser::Never]);
    let proxy = select(vec![
        CloudAppSecurity::MonitorOnly,
        CloudAppSecurity::Configured,
        CloudAppSecurity::BlockDownloads,
    ]);
    let evaluation = select(vec![
        ContinuousAccessEvaluation::Disabled,
        ContinuousAccessEvaluation::StrictEnforcement,
        ContinuousAccessEvaluation::StrictLocation,
    ]);
    let seldom = || prop::bool::weighted(0.15);
    let profile = select(vec!["profile 1", "profile 2"]).prop_map(str::to_owned);
    (
        option::weighted(0.25, frequency),
        option::weighted(0.2, persistent),
        option::weighted(0.15, proxy),
        option::weighted(0.15, evaluation),
        [seldom(), seldom(), seldom()],
        option::weighted(0.15, profile),
    )
        .prop_map(
            |(sign_in_frequency, persistent_browser, proxy, evaluation, flags, profile)| {
                let [restrictions, bound, no_resilience] = flags;
                SessionControls {
                    sign_in_frequency,
                    persistent_browser,
                    application_enforced_restrictions: restrictions,
                    cloud_app_security: proxy,
                    secure_sign_in_session: bound,
                    disable_resilience_defaults: no_resilience,
                    continuous_access_evaluation: evaluation,
                    global_secure_access_filtering_profile: profile,
                }
            },
        )
}
