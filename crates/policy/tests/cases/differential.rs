//! Generated worlds and sign-ins: the engine and the reference evaluator must agree on everything they both say.

use std::collections::BTreeSet;
use std::net::IpAddr;

use portcullis_model::authentication_context::AuthenticationContextId;
use portcullis_model::conditional_access::signal::{InsiderRiskLevel, InsiderRiskLevels};
use portcullis_model::conditional_access::{
    ApplicationCondition, ClientAppType, ConditionalAccessPolicy, Conditions, DevicePlatform,
    ExternalUserType, ExternalUserTypes, FrequencyAuthenticationType, GrantControl, GrantControls,
    GrantOperator, IncludeExclude, LocationCondition, PersistentBrowser, PlatformCondition,
    PolicyState, SessionControls, SignInFrequency, SignInInterval, Target, UserCondition,
};
use portcullis_model::credential::AuthenticationMethod;
use portcullis_model::cross_tenant_access::InboundTrust;
use portcullis_model::device::{DeviceAttributes, DeviceClaims, DeviceTrustType};
use portcullis_model::id::{ClientId, TenantId};
use portcullis_model::store::TenantConfiguration;
use portcullis_policy::compile::CompiledTenant;
use portcullis_policy::cross_tenant::CrossTenantChannel;
use portcullis_policy::decide::decide;
use portcullis_policy::decision::Outcome;
use portcullis_policy::external_user::external_user_types;
use portcullis_policy::facts::{
    ExternalUserFacts, Origin, Proof, RiskFacts, SignIn, Subject, UserSubject,
};
use proptest::collection::{btree_set, vec};
use proptest::option;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use serde_json::Map;

use crate::reference::{Answer, evaluate};
use crate::world::*;

fn answer(configuration: &TenantConfiguration, sign_in: &SignIn) -> Answer {
    let decision = decide(&CompiledTenant::compile(configuration), sign_in);
    let policies = decision.policies();
    Answer {
        outcome: decision.outcome.clone(),
        status: decision.status,
        session: decision.session_controls.clone(),
        results: policies
            .iter()
            .map(|policy| (policy.id, policy.result))
            .collect(),
        conditions_not_satisfied: policies
            .iter()
            .zip(&configuration.conditional_access_policies)
            .filter(|(_, policy)| policy.state != PolicyState::Disabled)
            .map(|(told, _)| (told.id, told.conditions_not_satisfied.clone()))
            .collect(),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(), failure_persistence: None, ..ProptestConfig::default() })]

    /// Requirements V08, V12, V14.
    #[test]
    fn v14_the_engine_and_the_reference_agree(
        configuration in configuration(),
        sign_in in sign_in(),
    ) {
        prop_assert_eq!(answer(&configuration, &sign_in), evaluate(&configuration, &sign_in));
    }

    /// Requirement V12: report-only policies neither block nor grant nor ask; only their own log entries tell of them.
    #[test]
    fn v12_report_only_policies_change_nothing(
        configuration in configuration(),
        sign_in in sign_in(),
    ) {
        let mut without = configuration.clone();
        without
            .conditional_access_policies
            .retain(|policy| policy.state == PolicyState::Enabled);
        let [with, without] = [&configuration, &without].map(|world| answer(world, &sign_in));
        prop_assert_eq!(with.outcome, without.outcome);
        prop_assert_eq!(with.status, without.status);
        prop_assert_eq!(with.session, without.session);
    }

    /// A permit exists exactly when everything is granted, and is bound to what was decided.
    #[test]
    fn a_permit_is_the_granted_sign_in(configuration in configuration(), sign_in in sign_in()) {
        let decision = decide(&CompiledTenant::compile(&configuration), &sign_in);
        let granted = decision.outcome == Outcome::Granted;
        match decision.permit() {
            None => prop_assert!(!granted || sign_in.audiences.is_empty()),
            Some(permit) => {
                prop_assert!(granted);
                prop_assert!(!permit.audiences().is_empty());
                prop_assert_eq!(permit.tenant(), contoso());
                prop_assert_eq!(permit.subject(), &sign_in.subject);
                prop_assert_eq!(permit.client(), sign_in.client);
                prop_assert_eq!(permit.audiences(), &sign_in.audiences);
                prop_assert_eq!(permit.granted_at(), sign_in.at);
            }
        }
    }
}

/// Agreement means little where nothing happens: the generated worlds come to every kind of end.
#[test]
fn generated_sign_ins_come_to_every_end() {
    let mut runner = TestRunner::deterministic();
    let mut found = BTreeSet::new();
    for _ in 0..3000 {
        let configuration = configuration().new_tree(&mut runner).unwrap().current();
        let sign_in = sign_in().new_tree(&mut runner).unwrap().current();
        let decision = decide(&CompiledTenant::compile(&configuration), &sign_in);
        found.insert(words(&decision));
        found.extend(results(&decision).into_values());
    }
    let expect = "granted|blocked 53000|blocked 530004|blocked 53001|blocked 53003|blocked 90071|\
        open: mfa in home|open: mfa in resource|open: primary in home|open: primary in resource|\
        open: primary in home, mfa in home|open: primary in home, mfa in resource|\
        open: primary in resource, mfa in resource|success|failure|notApplied|notEnabled|unknown|\
        reportOnlySuccess|reportOnlyFailure|reportOnlyInterrupted|reportOnlyNotApplied";
    let expect: BTreeSet<String> = expect.split('|').map(str::to_owned).collect();
    assert_eq!(found, expect);
}

/// Many more in the nightly run: `PROPTEST_CASES=1000000 cargo test -p portcullis-policy --release`.
pub(crate) fn cases() -> u32 {
    match ProptestConfig::default().cases {
        256 => 1500, // proptest's own default: nobody asked for more
        asked => asked,
    }
}

/// The generated universe is small, so that policies and sign-ins meet: three of each thing.
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
    let locations = || {
        Just(vec![
            location(1, true, &["192.0.2.0/24", "2001:db8:1::/48"]),
            location(2, false, &["192.0.2.128/25", "198.51.100.0/24"]),
            location(3, false, &[]),
        ])
    };
    (vec(policy_of(), 0..6), trust(), trust(), locations()).prop_map(
        |(mut policies, of_partner, of_default, named_locations)| {
            for (number, policy) in policies.iter_mut().enumerate() {
                policy.id = id(number as u128 + 1);
            }
            let mut configuration = contoso_with(NO_TRUST, &policies);
            configuration.named_locations = named_locations;
            let settings = &mut configuration.cross_tenant_access_policy;
            settings.default.inbound_trust = of_default;
            settings.partners[0].settings.inbound_trust = of_partner;
            configuration
        },
    )
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

fn conditions() -> impl Strategy<Value = Conditions> {
    let users = prop_oneof![
        4 => Just(including(UserCondition::All)),
        6 => include_exclude(user_condition()),
    ];
    let applications = prop_oneof![
        4 => Just(including(ApplicationCondition::All)),
        6 => include_exclude(prop_oneof![
            1 => Just(ApplicationCondition::All),
            8 => application().prop_map(ApplicationCondition::Application),
        ]),
    ];
    let platform = prop_oneof![
        2 => Just(PlatformCondition::All),
        5 => platform().prop_map(PlatformCondition::Platform),
    ];
    let location = prop_oneof![
        2 => Just(LocationCondition::All),
        2 => Just(LocationCondition::AllTrusted),
        // The fourth does not exist.
        12 => (1..=3u128)
            .prop_map(|number| LocationCondition::NamedLocation(id(number))),
        1 => (4..=4u128).prop_map(|number| LocationCondition::NamedLocation(id(number))),
    ];
    (
        users,
        applications,
        option::weighted(0.3, vec(client_app_type(), 0..3)),
        option::weighted(0.3, include_exclude(platform)),
        option::weighted(0.3, include_exclude(location)),
        option::weighted(0.1, vec(context(), 1..3)),
        option::weighted(0.2, subsequence(InsiderRiskLevel::ALL.to_vec(), 1..3)),
    )
        .prop_map(
            |(users, applications, client_app_types, platforms, locations, contexts, risks)| {
                let resources = reaching(&applications.include, &applications.exclude);
                let risks = risks.unwrap_or_default().into_iter();
                Conditions {
                    client_app_types,
                    platforms,
                    locations,
                    insider_risk_levels: risks
                        .fold(InsiderRiskLevels::default(), InsiderRiskLevels::with),
                    ..Conditions::new(
                        users,
                        contexts.map_or(resources, Target::AuthenticationContexts),
                    )
                }
            },
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
            types
                .into_iter()
                .fold(ExternalUserTypes::NONE, ExternalUserTypes::with)
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

fn grant_controls() -> impl Strategy<Value = Option<GrantControls>> {
    let all = vec![
        GrantControl::Mfa,
        GrantControl::CompliantDevice,
        GrantControl::DomainJoinedDevice,
    ];
    let list = prop_oneof![
        2 => Just(vec![GrantControl::Block]),
        1 => Just(vec![]),
        1 => Just(vec![GrantControl::Mfa, GrantControl::Block]),
        15 => Just(vec![GrantControl::Mfa]),
        20 => subsequence(all, 1..=3),
    ];
    let operator = select(vec![GrantOperator::And, GrantOperator::Or]);
    option::weighted(
        0.8,
        (operator, list).prop_map(|(operator, built_in_controls)| GrantControls {
            operator,
            controls: built_in_controls,
        }),
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
    (
        option::weighted(0.3, frequency),
        option::weighted(0.3, persistent),
    )
        .prop_map(|(sign_in_frequency, persistent_browser)| SessionControls {
            sign_in_frequency,
            persistent_browser,
            ..SessionControls::default()
        })
}

pub(crate) fn sign_in() -> impl Strategy<Value = SignIn> {
    let addresses: Vec<IpAddr> = [
        "192.0.2.1",
        "192.0.2.200",
        "198.51.100.9",
        "203.0.113.5",
        "2001:db8:1::7",
    ]
    .iter()
    .map(|text| text.parse().unwrap())
    .collect();
    let applications = prop_oneof![
        1 => Just(BTreeSet::new()),
        20 => btree_set(application(), 1..3),
    ];
    (
        subject(),
        applications,
        (
            client_app_type(),
            option::of(platform()),
            option::of(select(addresses)),
        ),
        option::of(device()),
        vec(proof_of(), 0..4),
        (option::weighted(0.85, age_seconds()), any::<bool>()),
        prop::bool::weighted(0.1),
        (
            btree_set(context(), 0..2),
            option::of(select(InsiderRiskLevel::ALL.to_vec())),
        ),
    )
        .prop_map(
            |(subject, audiences, client, device, mut proofs, own, requests_mfa, signals)| {
                let (authentication_contexts, insider) = signals;
                let (client_app_type, platform, ip_address) = client;
                let mut sign_in = SignIn {
                    subject,
                    audiences,
                    client_app_type,
                    platform,
                    ip_address,
                    device,
                    proofs: Vec::new(),
                    requests_mfa,
                    authentication_contexts,
                    risk: RiskFacts {
                        insider,
                        ..RiskFacts::default()
                    },
                    ..member()
                };
                // Most people have proven a first factor, and half of those with a device have their own tenant's word.
                let home = own_tenant(&sign_in);
                let (primary_age, own_device) = own;
                proofs.extend(
                    primary_age.map(|age| proof(home, AuthenticationMethod::Password, age)),
                );
                sign_in.proofs = proofs;
                if let Some(device) = sign_in.device.as_mut().filter(|_| own_device) {
                    device.tenant_id = home;
                }
                sign_in
            },
        )
}

fn context() -> impl Strategy<Value = AuthenticationContextId> + Clone {
    select(vec!["c1".parse().unwrap(), "c2".parse().unwrap()])
}

fn own_tenant(sign_in: &SignIn) -> TenantId {
    match &sign_in.subject {
        Subject::User(user) => user.home().map_or(contoso(), |home| home.tenant_id),
        Subject::ServicePrincipal(_) => contoso(),
    }
}

fn subject() -> impl Strategy<Value = Subject> {
    let user_type = option::of(select(vec![
        portcullis_model::user::UserType::Member,
        portcullis_model::user::UserType::Guest,
    ]));
    // Both tenants are asked once; the proof is the same for every generated user.
    let all = BTreeSet::from([payroll(), id(0xa2), id(0xa3)]);
    let from = |channel, home| Origin::External(admission(channel, home, &all));
    let origin = prop_oneof![
        3 => Just(Origin::Internal),
        2 => Just(from(CrossTenantChannel::Collaboration, fabrikam())),
        2 => Just(from(CrossTenantChannel::Collaboration, woodgrove())),
        3 => Just(from(CrossTenantChannel::DirectConnect, fabrikam())),
    ];
    let groups = btree_set(small(), 0..3);
    let roles = btree_set(small(), 0..2);
    let user = (small(), origin, user_type, any::<bool>(), groups, roles).prop_map(
        |(user, origin, user_type, direct_connect_eligible, groups, roles)| {
            let mut subject = UserSubject {
                user: None,
                origin,
                external_user_types: ExternalUserTypes::NONE,
                groups: groups.into_iter().map(id).collect(),
                roles: roles.into_iter().map(id).collect(),
            };
            let channel = subject.channel();
            let has_object = channel != portcullis_policy::facts::Channel::DirectConnect;
            subject.user = has_object.then(|| id(user));
            subject.external_user_types = external_user_types(&ExternalUserFacts {
                object: has_object.then_some(user_type),
                channel,
                direct_connect_eligible,
            });
            Subject::User(subject)
        },
    );
    prop_oneof![1 => Just(Subject::ServicePrincipal(id(7))), 20 => user]
}

/// Tells of every tenant, any age up to four hours, and sometimes of the future.
fn proof_of() -> impl Strategy<Value = Proof> {
    let method = select(vec![
        AuthenticationMethod::Password,
        AuthenticationMethod::SoftwareOath,
    ]);
    (tenant_of(), method, age_seconds())
        .prop_map(|(tenant, method, age_seconds)| proof(tenant, method, age_seconds))
}

fn age_seconds() -> impl Strategy<Value = i64> {
    select(vec![
        -1000, -300, -1, 0, 60, 299, 300, 3599, 3600, 7200, 10_799, 14_400,
    ])
}

fn device() -> impl Strategy<Value = DeviceClaims> {
    let trust_type = select(vec![
        DeviceTrustType::Workplace,
        DeviceTrustType::AzureAd,
        DeviceTrustType::ServerAd,
    ]);
    (tenant_of(), any::<bool>(), trust_type).prop_map(|(tenant_id, is_compliant, trust_type)| {
        DeviceClaims {
            tenant_id,
            device_id: id(0xde),
            is_compliant,
            trust_type,
            attributes: DeviceAttributes::default(),
        }
    })
}

fn tenant_of() -> impl Strategy<Value = TenantId> {
    select(vec![contoso(), fabrikam(), woodgrove()])
}

fn small() -> impl Strategy<Value = u128> + Clone {
    1..=3u128
}

fn application() -> impl Strategy<Value = ClientId> + Clone {
    select(vec![payroll(), id(0xa2), id(0xa3)])
}

fn platform() -> impl Strategy<Value = DevicePlatform> + Clone {
    select(vec![
        DevicePlatform::Windows,
        DevicePlatform::Ios,
        DevicePlatform::Linux,
    ])
}

fn client_app_type() -> impl Strategy<Value = ClientAppType> + Clone {
    prop_oneof![
        6 => Just(ClientAppType::Browser),
        6 => Just(ClientAppType::MobileAppsAndDesktopClients),
        1 => Just(ClientAppType::ExchangeActiveSync),
        1 => Just(ClientAppType::EasSupported),
        1 => Just(ClientAppType::Other),
    ]
}
