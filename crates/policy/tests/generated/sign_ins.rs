//! Generated sign-ins: people of every kind, workload identities, and what is known of them.

use std::collections::BTreeSet;
use std::net::IpAddr;

use portcullis_model::conditional_access::signal::{InsiderRiskLevel, RiskLevel, TransferMethod};
use portcullis_model::conditional_access::{ClientAppType, ExternalUserTypes, UserAction};
use portcullis_model::credential::AuthenticationMethod as M;
use portcullis_model::id::TenantId;
use portcullis_model::user::{HomeAccount, UserType};
use portcullis_policy::compile::CompiledTenant;
use portcullis_policy::cross_tenant::{CrossTenantChannel, Crossing, admit, admit_without_home};
use portcullis_policy::external_user::external_user_types;
use portcullis_policy::facts::{
    Authenticator, Channel, ClientProtection, ExternalUserFacts, Fulfilled, Interaction,
    MethodFacts, Methods, Origin, PlaceFacts, Proof, RiskFacts, SignIn, Subject, UserSubject,
};
use proptest::collection::{btree_set, vec};
use proptest::option;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};

use super::filters::device;
use super::{
    AAGUIDS, ISSUERS, OIDS, application, audiences, context, country, methods_of, platform,
    service_principal, small, tenant_of,
};
use crate::world::*;

pub(crate) fn sign_in() -> impl Strategy<Value = SignIn> {
    (
        subject(),
        reached(),
        circumstances(),
        option::weighted(0.6, device(tenant_of())),
        history(),
        risk(),
        (methods(), fulfilled()),
    )
        .prop_map(
            |(subject, reached, circumstances, device, history, risk, person)| {
                let (client_app_type, platform, ip_address, country, place, transfer_method) =
                    circumstances;
                let (proofs, primary, own_device, requests_mfa, is_interactive) = history;
                let mut sign_in = SignIn {
                    subject,
                    audiences: reached.0,
                    user_action: reached.1,
                    authentication_contexts: reached.2,
                    client_app_type,
                    platform,
                    ip_address,
                    country,
                    place,
                    transfer_method,
                    device,
                    proofs,
                    risk,
                    methods: person.0,
                    fulfilled: person.1.0,
                    client_protection: person.1.1,
                    requests_mfa,
                    interaction: if is_interactive {
                        Interaction::Interactive
                    } else {
                        Interaction::Silent
                    },
                    ..member()
                };
                // Most people have proven a first factor, and most of those with a device have their own tenant's word.
                let home = own_tenant(&sign_in);
                let primary = primary.map(|(method, age_seconds)| proof(home, method, age_seconds));
                sign_in.proofs.extend(primary);
                if let Some(device) = sign_in.device.as_mut().filter(|_| own_device) {
                    device.tenant_id = home;
                }
                if home == contoso() {
                    sign_in.methods.home = sign_in.methods.resource;
                }
                sign_in
            },
        )
}

fn own_tenant(sign_in: &SignIn) -> TenantId {
    match &sign_in.subject {
        Subject::User(user) => user.home().map_or(contoso(), |home| home.tenant_id),
        Subject::ServicePrincipal(_) => contoso(),
    }
}

// Who.

fn subject() -> impl Strategy<Value = Subject> {
    let user_type = option::of(select(vec![UserType::Member, UserType::Guest]));
    let origin = prop_oneof![
        7 => Just(Origin::Internal),
        2 => Just(from(CrossTenantChannel::Collaboration, fabrikam())),
        2 => Just(from(CrossTenantChannel::Collaboration, woodgrove())),
        2 => Just(from(CrossTenantChannel::DirectConnect, fabrikam())),
        1 => Just(from(CrossTenantChannel::ServiceProvider, fabrikam())),
        1 => Just(from_no_tenant()),
    ];
    let groups = btree_set(small(), 0..3);
    let roles = btree_set(small(), 0..2);
    let user = (small(), origin, user_type, any::<bool>(), groups, roles).prop_map(
        |(user, origin, user_type, is_eligible, groups, roles)| {
            let direct_connect_eligible = is_eligible && matches!(origin, Origin::External(_));
            let mut subject = UserSubject {
                user: None,
                origin,
                external_user_types: ExternalUserTypes::NONE,
                groups: groups.into_iter().map(id).collect(),
                roles: roles.into_iter().map(id).collect(),
            };
            let channel = subject.channel();
            let has_object = matches!(channel, Channel::Internal | Channel::Collaboration);
            subject.user = has_object.then(|| id(user));
            subject.external_user_types = external_user_types(&ExternalUserFacts {
                object: has_object.then_some(user_type),
                channel,
                direct_connect_eligible,
            });
            Subject::User(subject)
        },
    );
    prop_oneof![
        1 => service_principal().prop_map(Subject::ServicePrincipal),
        12 => user,
    ]
}

/// Both tenants are asked; whoever crosses may reach everything.
fn from(channel: CrossTenantChannel, home: TenantId) -> Origin {
    let resources: BTreeSet<_> = audiences().into_iter().collect();
    let crossing = Crossing {
        channel,
        home: HomeAccount {
            tenant_id: home,
            user_id: home_user(),
        },
        home_groups: &BTreeSet::new(),
        client: payroll(),
        resources: &resources,
    };
    Origin::External(admit(&open_tenant(home), &open_tenant(contoso()), &crossing).unwrap())
}

fn from_no_tenant() -> Origin {
    let resources: BTreeSet<_> = audiences().into_iter().collect();
    let resource = open_tenant(contoso());
    Origin::WithoutHome(admit_without_home(&resource, payroll(), &resources).unwrap())
}

fn open_tenant(own: TenantId) -> CompiledTenant {
    let mut configuration = tenant(own);
    let settings = &mut configuration.cross_tenant_access_policy;
    settings.default = open_to_direct_connect();
    if own == contoso() {
        settings.partners = contoso_with(NO_TRUST, &[])
            .cross_tenant_access_policy
            .partners;
        settings.partners[0].is_service_provider = Some(true);
    }
    let mut all = audiences().into_iter();
    configuration.applications = all
        .by_ref()
        .map(|app_id| {
            let mut application = configuration.applications[0].clone();
            application.app_id = app_id;
            application
        })
        .collect();
    CompiledTenant::compile(&configuration)
}

// What, by what, from where.

type Reached = (
    BTreeSet<portcullis_model::id::ClientId>,
    Option<UserAction>,
    BTreeSet<portcullis_model::authentication_context::AuthenticationContextId>,
);

fn reached() -> impl Strategy<Value = Reached> {
    let action = select(vec![
        UserAction::RegisterSecurityInformation,
        UserAction::RegisterOrJoinDevices,
    ]);
    let none = BTreeSet::new;
    prop_oneof![
        24 => btree_set(application(), 1..3).prop_map(move |some| (some, None, none())),
        4 => (btree_set(application(), 1..3), btree_set(context(), 1..3))
            .prop_map(|(some, contexts)| (some, None, contexts)),
        1 => btree_set(context(), 0..3).prop_map(|contexts| (BTreeSet::new(), None, contexts)),
        4 => (btree_set(application(), 0..2), action)
            .prop_map(|(some, action)| (some, Some(action), BTreeSet::new())),
    ]
}

type Circumstances = (
    ClientAppType,
    Option<portcullis_model::conditional_access::DevicePlatform>,
    Option<IpAddr>,
    Option<portcullis_model::country::CountryCode>,
    PlaceFacts,
    Option<TransferMethod>,
);

/// Addresses around the borders of the ranges, and an IPv4 address in IPv6's clothes.
const ADDRESSES: [&str; 11] = [
    "192.0.1.255",
    "192.0.2.0",
    "192.0.2.127",
    "192.0.2.128",
    "192.0.2.255",
    "192.0.3.0",
    "198.51.100.9",
    "::ffff:192.0.2.200",
    "2001:db8:1::7",
    "2001:db8:1:ffff:ffff:ffff:ffff:ffff",
    "2001:db8:2::",
];

fn circumstances() -> impl Strategy<Value = Circumstances> {
    let client = prop_oneof![
        9 => Just(ClientAppType::Browser),
        9 => Just(ClientAppType::MobileAppsAndDesktopClients),
        1 => Just(ClientAppType::ExchangeActiveSync),
        1 => Just(ClientAppType::EasSupported),
        1 => Just(ClientAppType::Other),
    ];
    let addresses: Vec<IpAddr> = ADDRESSES.iter().map(|text| text.parse().unwrap()).collect();
    let network = option::weighted(0.4, tenant_of());
    let place =
        (option::of(country()), network).prop_map(|(gps_country, compliant_network)| PlaceFacts {
            gps_country,
            compliant_network,
        });
    (
        client,
        option::of(platform()),
        option::weighted(0.9, select(addresses)),
        option::weighted(0.7, country()),
        place,
        option::weighted(0.15, select(TransferMethod::ALL.to_vec())),
    )
}

// What is known of them.

type History = (Vec<Proof>, Option<(M, i64)>, bool, bool, bool);

fn history() -> impl Strategy<Value = History> {
    let first = prop_oneof![
        12 => Just(M::Password),
        1 => Just(M::Email),
        1 => Just(M::FederatedSingleFactor),
        1 => Just(M::X509CertificateSingleFactor),
        1 => Just(M::WindowsHelloForBusiness),
        1 => Just(M::Fido2),
        1 => Just(M::Sms),
    ];
    (
        vec(proof_of(), 0..4),
        option::weighted(0.9, (first, age_seconds())),
        prop::bool::weighted(0.7),
        prop::bool::weighted(0.1),
        prop::bool::weighted(0.8),
    )
}

/// Of every tenant, every method, any age up to four hours, and sometimes of the future.
fn proof_of() -> impl Strategy<Value = Proof> {
    let method = prop_oneof![
        3 => Just(M::Password),
        5 => Just(M::SoftwareOath),
        2 => Just(M::Fido2),
        2 => Just(M::X509CertificateMultiFactor),
        8 => select(M::ALL.to_vec()),
    ];
    (tenant_of(), method, age_seconds()).prop_flat_map(|(tenant, method, age_seconds)| {
        authenticator(method).prop_map(move |authenticator| Proof {
            authenticator,
            ..proof(tenant, method, age_seconds)
        })
    })
}

fn authenticator(method: M) -> BoxedStrategy<Authenticator> {
    let unnamed = Just(Authenticator::Unnamed);
    match method {
        M::Fido2 => {
            let model = select(AAGUIDS.to_vec()).prop_map(uuid::Uuid::from_u128);
            prop_oneof![unnamed, model.prop_map(Authenticator::Fido2)].boxed()
        }
        M::X509CertificateSingleFactor | M::X509CertificateMultiFactor => {
            let issuer = option::of(select(ISSUERS.map(str::to_lowercase).to_vec()));
            let oids = subsequence(OIDS.map(str::to_owned).to_vec(), 0..=2);
            let certificate =
                (issuer, oids).prop_map(|(issuer_ski, policy_oids)| Authenticator::Certificate {
                    issuer_ski,
                    policy_oids,
                });
            prop_oneof![1 => unnamed, 4 => certificate].boxed()
        }
        _ => unnamed.boxed(),
    }
}

fn age_seconds() -> impl Strategy<Value = i64> {
    select(vec![
        -1000, -300, -1, 0, 60, 299, 300, 3599, 3600, 7200, 10_799, 14_400,
    ])
}

fn risk() -> impl Strategy<Value = RiskFacts> {
    let level = || {
        prop_oneof![
            2 => Just(RiskLevel::None),
            2 => select(RiskLevel::ALL.to_vec()),
        ]
    };
    let insider = option::weighted(0.3, select(InsiderRiskLevel::ALL.to_vec()));
    (level(), level(), level(), insider).prop_map(|(sign_in, user, service_principal, insider)| {
        RiskFacts {
            sign_in,
            user,
            service_principal,
            insider,
        }
    })
}

fn methods() -> impl Strategy<Value = MethodFacts> {
    let one = || {
        let some = methods_of(&M::ALL, 4);
        let usual = prop_oneof![
            4 => Just(EVERYDAY.registered),
            1 => Just(portcullis_model::credential::AuthenticationMethods::of([M::Password])),
            3 => methods_of(&M::ALL, 5),
        ];
        (usual, some).prop_map(|(registered, registrable)| Methods {
            registered,
            registrable,
        })
    };
    (one(), one()).prop_map(|(home, resource)| MethodFacts { home, resource })
}

fn fulfilled() -> impl Strategy<Value = (Fulfilled, ClientProtection)> {
    let terms = subsequence(vec![0x71u128, 0x72, 0x73], 0..=3);
    let custom = subsequence(vec!["first".to_owned(), "second".to_owned()], 0..=2);
    let done = || option::weighted(0.4, age_seconds());
    (terms, custom, done(), done(), any::<bool>(), any::<bool>()).prop_map(
        |(terms, custom, changed, remediated, is_approved, is_compliant)| {
            let fulfilled = Fulfilled {
                terms_of_use: terms.into_iter().map(id).collect(),
                custom_factors: custom.into_iter().collect(),
                password_changed_at: changed.map(ago),
                risk_remediated_at: remediated.map(ago),
            };
            let protection = ClientProtection {
                is_approved,
                is_compliant,
            };
            (fulfilled, protection)
        },
    )
}
