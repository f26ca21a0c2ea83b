//! Random sign-ins as the world sends them: nothing here knows how the analysis divides it.

use std::collections::BTreeSet;
use std::net::IpAddr;

use portcullis_model::authentication_context::AuthenticationContextId;
use portcullis_model::conditional_access::signal::{InsiderRiskLevel, RiskLevel, TransferMethod};
use portcullis_model::conditional_access::{ClientAppType, DevicePlatform, UserAction};
use portcullis_model::credential::AuthenticationMethod;
use portcullis_model::device::DeviceClaims;
use portcullis_model::id::{ClientId, GroupId, ServicePrincipalId, UserId};
use portcullis_model::store::TenantConfiguration;
use portcullis_model::user::{HomeAccount, UserType};
use portcullis_policy::compile::CompiledTenant;
use portcullis_policy::cross_tenant::{
    CrossTenantChannel, Crossing, admit, admit_without_home, can_direct_connect,
};
use portcullis_policy::external_user::external_user_types;
use portcullis_policy::facts::{
    Authenticator, Channel, ClientProtection, ExternalUserFacts, Fulfilled, Origin, PlaceFacts,
    Proof, RiskFacts, SignIn, Subject, UserSubject,
};
use portcullis_policy::hypothesis::SupposedOrigin;
use uuid::Uuid;

use super::dice::Dice;
use super::filters::device;
use super::policies::{AAGUIDS, ISSUERS, OIDS, PLATFORMS, context};
use super::settings::{ACCOUNTS, GROUP};
use super::worlds::{
    AZURE_PORTAL, EXCHANGE, FABRIKAM, ONLY_IN_SETTINGS, OWN, STRANGERS, WOODGROVE, World, country,
    id,
};
use crate::probe::MOMENT;
use crate::who::SubjectKind;

/// A sign-in, and what of it the facts do not say.
#[derive(Debug, Clone)]
pub(super) struct Drawn {
    pub(super) kind: SubjectKind,
    /// The tenant where the credentials live; `None` for guests of no tenant.
    pub(super) home: Option<u128>,
    /// Whether both tenants let this account cross, asked of the tenants themselves.
    pub(super) is_admitted: bool,
    pub(super) is_eligible: bool,
    pub(super) facts: SignIn,
    pub(super) origin: SupposedOrigin,
}

/// Of these applications on their own behalf, if there are any.
pub(super) fn sign_in(dice: &mut Dice, world: &World, principals: &[ServicePrincipalId]) -> Drawn {
    let mut kinds = SubjectKind::ALL.to_vec();
    kinds.extend([SubjectKind::Member; 4]);
    kinds.extend([SubjectKind::B2bCollaborationGuest; 3]);
    let mut kind = dice.pick(&kinds);
    if principals.is_empty() && kind == SubjectKind::WorkloadIdentity {
        kind = SubjectKind::Member;
    }
    let home = home(dice, kind);
    let (application, action) = reached(dice, kind);
    let client = if dice.chance(70) {
        application.unwrap_or(ClientId::DIRECTORY)
    } else {
        client(dice)
    };
    let audiences: BTreeSet<ClientId> = application.into_iter().collect();
    let account = HomeAccount {
        tenant_id: id(home.unwrap_or(OWN)),
        user_id: id(dice.pick(&[ACCOUNTS[0], ACCOUNTS[1], 0x99])),
    };
    let groups: BTreeSet<GroupId> = dice.maybe(30, &[id(GROUP)]).into_iter().collect();
    let crossing = |channel| Crossing {
        channel,
        home: account,
        home_groups: &groups,
        client,
        resources: &audiences,
    };
    let own = CompiledTenant::compile(&world.configuration);
    let away = CompiledTenant::compile(&other_tenant(world, home.unwrap_or(OWN)));
    let crosses = |channel| action.is_some() || admit(&away, &own, &crossing(channel)).is_ok();
    let (is_admitted, origin) = match channel(kind) {
        None => (true, SupposedOrigin::Internal),
        Some(_) if home.is_none() => (
            action.is_some() || admit_without_home(&own, client, &audiences).is_ok(),
            SupposedOrigin::WithoutHome,
        ),
        Some(channel) => (
            crosses(channel),
            SupposedOrigin::Tenant {
                channel,
                home: account,
            },
        ),
    };
    let is_eligible = kind.has_object()
        && channel(kind).is_some()
        && home.is_some()
        && can_direct_connect(&away, &own, &crossing(CrossTenantChannel::Collaboration));
    let subject = if kind == SubjectKind::WorkloadIdentity {
        Subject::ServicePrincipal(dice.pick(principals))
    } else {
        Subject::User(person(dice, kind, is_eligible))
    };
    let mut facts = SignIn::new(subject, client, audiences, MOMENT);
    facts.user_action = action;
    surroundings(dice, &mut facts, kind, home);
    Drawn {
        kind,
        home,
        is_admitted,
        is_eligible,
        facts,
        origin,
    }
}

fn channel(kind: SubjectKind) -> Option<CrossTenantChannel> {
    match kind {
        SubjectKind::Member | SubjectKind::InternalGuest | SubjectKind::WorkloadIdentity => None,
        SubjectKind::B2bCollaborationGuest
        | SubjectKind::B2bCollaborationMember
        | SubjectKind::OtherExternalUser => Some(CrossTenantChannel::Collaboration),
        SubjectKind::B2bDirectConnectUser => Some(CrossTenantChannel::DirectConnect),
        SubjectKind::ServiceProvider => Some(CrossTenantChannel::ServiceProvider),
    }
}

fn home(dice: &mut Dice, kind: SubjectKind) -> Option<u128> {
    match kind {
        SubjectKind::Member | SubjectKind::InternalGuest | SubjectKind::WorkloadIdentity => {
            Some(OWN)
        }
        SubjectKind::B2bDirectConnectUser | SubjectKind::ServiceProvider => {
            Some(dice.pick(&[FABRIKAM, WOODGROVE, STRANGERS]))
        }
        SubjectKind::B2bCollaborationGuest
        | SubjectKind::B2bCollaborationMember
        | SubjectKind::OtherExternalUser => dice.maybe(80, &[FABRIKAM, WOODGROVE, STRANGERS]),
    }
}

/// What is known of it, or one that lets everybody out.
fn other_tenant(world: &World, tenant: u128) -> TenantConfiguration {
    use portcullis_model::cross_tenant_access as x;
    if tenant == FABRIKAM {
        return world.fabrikam.clone();
    }
    let all = |target: &str, target_type| {
        Some(x::TargetConfiguration {
            access_type: x::AccessType::Allowed,
            targets: vec![x::Target {
                target: target.to_owned(),
                target_type,
            }],
        })
    };
    let everybody = x::B2bSetting {
        users_and_groups: all("AllUsers", x::TargetType::User),
        applications: all("AllApplications", x::TargetType::Application),
    };
    let mut configuration = TenantConfiguration::empty(id(tenant));
    let default = &mut configuration.cross_tenant_access_policy.default;
    default.b2b_collaboration_outbound = Some(everybody.clone());
    default.b2b_direct_connect_outbound = Some(everybody);
    configuration
}

fn client(dice: &mut Dice) -> ClientId {
    let all = [0xa1, 0xa2, 0xa3, 0xa9, AZURE_PORTAL, ONLY_IN_SETTINGS, 0xaf];
    id(dice.pick(&all))
}

fn reached(dice: &mut Dice, kind: SubjectKind) -> (Option<ClientId>, Option<UserAction>) {
    let mut actions = vec![UserAction::RegisterSecurityInformation];
    if !kind.is_external() {
        actions.push(UserAction::RegisterOrJoinDevices);
    }
    if kind.has_object() && dice.chance(15) {
        return (None, Some(dice.pick(&actions)));
    }
    let all = [
        0xa1u128,
        0xa1,
        0xa2,
        0xa3,
        0xa4,
        0xa9,
        0xaf,
        EXCHANGE,
        AZURE_PORTAL,
        ONLY_IN_SETTINGS,
    ];
    let mut all: Vec<ClientId> = all.iter().map(|number| id(*number)).collect();
    all.push(ClientId::DIRECTORY);
    (Some(dice.pick(&all)), None)
}

fn person(dice: &mut Dice, kind: SubjectKind, direct_connect_eligible: bool) -> UserSubject {
    let has_object = kind.has_object();
    let object = has_object.then_some(match kind {
        SubjectKind::InternalGuest | SubjectKind::B2bCollaborationGuest => Some(UserType::Guest),
        SubjectKind::OtherExternalUser => None,
        _ => Some(UserType::Member),
    });
    let channel = channel(kind).map_or(Channel::Internal, Into::into);
    let numbers = |dice: &mut Dice, first: u128, most: usize| -> Vec<u128> {
        let all: Vec<u128> = (0..3).map(|at| first + at).collect();
        dice.several(0, if has_object { most } else { 0 }, &all)
    };
    UserSubject {
        user: has_object.then(|| id(1 + dice.below(4) as u128)),
        origin: Origin::Internal,
        external_user_types: external_user_types(&ExternalUserFacts {
            object,
            channel,
            direct_connect_eligible,
        }),
        groups: numbers(dice, 0x21, 3).into_iter().map(id).collect(),
        roles: numbers(dice, 0x31, 2).into_iter().map(id).collect(),
    }
}

/// Around the borders of every range, and an IPv4 address in IPv6's clothes.
const ADDRESSES: [&str; 22] = [
    "192.0.1.255",
    "192.0.2.0",
    "192.0.2.127",
    "192.0.2.128",
    "192.0.2.255",
    "192.0.3.0",
    "198.51.100.0",
    "198.51.100.254",
    "198.51.100.255",
    "255.255.255.255",
    "0.0.0.0",
    "::ffff:192.0.2.200",
    "::ffff:192.0.2.3",
    "2001:db8::",
    "2001:db8:1::6",
    "2001:db8:1::7",
    "2001:db8:1:ffff:ffff:ffff:ffff:ffff",
    "2001:db8:2::",
    "2001:db7:ffff:ffff:ffff:ffff:ffff:ffff",
    "::fffe:0:1",
    "::",
    "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
];

fn surroundings(dice: &mut Dice, facts: &mut SignIn, kind: SubjectKind, home: Option<u128>) {
    let countries = ["NL", "DE", "US", "FR", "ZZ"].map(country);
    let addresses: Vec<IpAddr> = ADDRESSES.iter().map(|text| text.parse().unwrap()).collect();
    facts.ip_address = dice.maybe(90, &addresses);
    if dice.chance(20) {
        let bits = u32::try_from(dice.next() >> 32).unwrap();
        facts.ip_address = Some(std::net::Ipv4Addr::from_bits(bits).into());
    }
    facts.country = dice.maybe(80, &countries);
    facts.place = PlaceFacts {
        gps_country: dice.maybe(50, &countries),
        compliant_network: dice.maybe(50, &[id(OWN), id(OWN), id(FABRIKAM)]),
    };
    let mut platforms: Vec<Option<DevicePlatform>> = PLATFORMS.map(Some).to_vec();
    platforms.push(None);
    facts.platform = dice.pick(&platforms);
    if kind == SubjectKind::WorkloadIdentity {
        facts.risk.service_principal = dice.pick(&RiskLevel::ALL);
        return;
    }
    let clients = [
        ClientAppType::Browser,
        ClientAppType::Browser,
        ClientAppType::Browser,
        ClientAppType::MobileAppsAndDesktopClients,
        ClientAppType::MobileAppsAndDesktopClients,
        ClientAppType::ExchangeActiveSync,
        ClientAppType::Other,
    ];
    facts.client_app_type = dice.pick(&clients);
    let risk = |dice: &mut Dice| dice.maybe(60, &RiskLevel::ALL).unwrap_or(RiskLevel::None);
    facts.risk = RiskFacts {
        sign_in: risk(dice),
        user: risk(dice),
        service_principal: RiskLevel::None,
        insider: dice.maybe(40, &InsiderRiskLevel::ALL),
    };
    facts.transfer_method = dice.maybe(20, &TransferMethod::ALL);
    let contexts = ["c1", "c2", "c7", "c9"].map(context);
    let asked: Option<AuthenticationContextId> = dice.maybe(20, &contexts);
    facts.authentication_contexts.extend(asked);
    facts.client_protection = ClientProtection {
        is_approved: dice.chance(50),
        is_compliant: dice.chance(50),
    };
    let vouching = if dice.chance(90) {
        home
    } else {
        Some(WOODGROVE)
    };
    let vouching = vouching.unwrap_or(OWN);
    let claims: Option<DeviceClaims> = dice.chance(75).then(|| device(dice, id(vouching)));
    facts.device = claims;
}

/// Anything that somebody could have proven, in any of these tenants, at any age, with any key or certificate.
pub(super) fn prove(dice: &mut Dice, drawn: &Drawn) -> SignIn {
    let mut facts = drawn.facts.clone();
    if drawn.kind == SubjectKind::WorkloadIdentity {
        return facts;
    }
    let tenants = [id(drawn.home.unwrap_or(OWN)), id(OWN)];
    let first = [
        AuthenticationMethod::Password,
        AuthenticationMethod::Password,
        AuthenticationMethod::FederatedSingleFactor,
        AuthenticationMethod::WindowsHelloForBusiness,
    ];
    // What strengths restrict.
    let strong = [
        AuthenticationMethod::Fido2,
        AuthenticationMethod::X509CertificateMultiFactor,
        AuthenticationMethod::X509CertificateSingleFactor,
    ];
    let mut methods = vec![(tenants[0], dice.pick(&first))];
    for _ in 0..dice.below(5) {
        let method = if dice.chance(50) {
            dice.pick(&strong)
        } else {
            dice.pick(&AuthenticationMethod::ALL)
        };
        methods.push((dice.pick(&tenants), method));
    }
    for (number, (tenant, method)) in methods.into_iter().enumerate() {
        let seconds = MOMENT.as_second() - 3 + i64::try_from(number).unwrap();
        facts.proofs.push(Proof {
            tenant,
            method,
            at: portcullis_model::Timestamp::from_second(seconds.min(MOMENT.as_second())).unwrap(),
            authenticator: authenticator(dice, method),
        });
    }
    let done = |dice: &mut Dice| dice.chance(60).then_some(MOMENT);
    facts.fulfilled = Fulfilled {
        terms_of_use: dice
            .several(0, 2, &[id(0x71), id(0x72)])
            .into_iter()
            .collect(),
        custom_factors: dice.maybe(60, &["first".to_owned()]).into_iter().collect(),
        password_changed_at: done(dice),
        risk_remediated_at: done(dice),
    };
    facts
}

fn authenticator(dice: &mut Dice, method: AuthenticationMethod) -> Authenticator {
    match method {
        AuthenticationMethod::Fido2 => {
            let models = [AAGUIDS[0], AAGUIDS[1], 0xf1d2];
            Authenticator::Fido2(Uuid::from_u128(dice.pick(&models)))
        }
        AuthenticationMethod::X509CertificateSingleFactor
        | AuthenticationMethod::X509CertificateMultiFactor => Authenticator::Certificate {
            issuer_ski: dice.maybe(70, &ISSUERS).map(str::to_lowercase),
            policy_oids: dice
                .several(0, 2, &OIDS)
                .into_iter()
                .map(str::to_owned)
                .collect(),
        },
        _ => Authenticator::Unnamed,
    }
}

/// The user's object, for those who have one.
pub(super) fn user_of(facts: &SignIn) -> Option<UserId> {
    match &facts.subject {
        Subject::User(user) => user.user,
        Subject::ServicePrincipal(_) => None,
    }
}
