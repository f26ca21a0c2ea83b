//! Our engine through its public face: model types in, a decision with the result of each policy out.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use anyhow::{Context, Result};
use ipnet::{IpNet, Ipv4Net};
use portcullis_model::Timestamp;
use portcullis_model::authentication_strength::BuiltInStrength;
use portcullis_model::conditional_access::filter::{DeviceFilter, FilterMode, FilterRule};
use portcullis_model::conditional_access::signal::{RiskLevel, RiskLevels};
use portcullis_model::conditional_access::{
    ApplicationCondition, ApplicationConditions, ClientAppType, ConditionalAccessPolicy,
    Conditions, DeviceCondition, DevicePlatform, ExternalUserTypes, FrequencyAuthenticationType,
    GrantControl, GrantControls, GrantOperator, IncludeExclude, LocationCondition,
    PersistentBrowser, PlatformCondition, PolicyState, SessionControls, SignInFrequency,
    SignInInterval, Target, UserCondition,
};
use portcullis_model::credential::{AuthenticationMethod, AuthenticationMethods};
use portcullis_model::cross_tenant_access::CrossTenantAccessPolicy;
use portcullis_model::device::{DeviceAttributes, DeviceClaims, DeviceTrustType};
use portcullis_model::id::{AgreementId, GroupId, Id, TenantId};
use portcullis_model::named_location::{NamedLocation, NamedLocationKind};
use portcullis_model::organization::Organization;
use portcullis_model::sign_in_log::AppliedPolicyResult;
use portcullis_model::store::TenantConfiguration;
use portcullis_model::terms_of_use::Agreement;
use portcullis_policy::decision::{Decision, Outcome};
use portcullis_policy::facts::{
    Authenticator, ClientProtection, Fulfilled, Interaction, MethodFacts, Methods, Origin, Proof,
    RiskFacts, SignIn, Subject, UserSubject,
};
use serde_json::Map;
use uuid::Uuid;

use crate::answer::{Answer, Verdict};
use crate::chance::Chance;
use crate::world::{
    self, CONTROLS, Demand, EXTENSIONS, Filter, Location, Places, Rule, TRUST_TYPES, Users, World,
};

/// What a number counts; each kind has ids of its own.
#[derive(Debug, Clone, Copy)]
pub enum Kind {
    Tenant,
    User,
    Group,
    Application,
    Location,
    Policy,
    Agreement,
    Device,
}

/// The id of a numbered thing: as scattered as real ones, always the same.
pub fn id(kind: Kind, number: usize) -> Uuid {
    let mut chance = Chance::new((kind as u64) << 32 | number as u64);
    Uuid::from_u64_pair(chance.number(), chance.number())
}

fn typed<K>(kind: Kind, number: usize) -> Id<K> {
    Id::new(id(kind, number))
}

/// Everything a tenant has configured, before it is compiled.
pub fn configuration(world: &World) -> Result<TenantConfiguration> {
    let policies: Result<Vec<_>> = world
        .policies
        .iter()
        .enumerate()
        .map(|(number, one)| policy(number, one))
        .collect();
    let locations: Result<Vec<_>> = world
        .locations
        .iter()
        .enumerate()
        .map(|(number, one)| location(number, one))
        .collect();
    Ok(TenantConfiguration {
        version: 1,
        organization: Organization {
            id: typed(Kind::Tenant, 0),
            display_name: "Contoso".into(),
            verified_domains: Vec::new(),
            branding: None,
            technical_notification_mails: Vec::new(),
            other: Map::new(),
        },
        applications: Vec::new(),
        service_principals: Vec::new(),
        conditional_access_policies: policies?,
        named_locations: locations?,
        authentication_strengths: Vec::new(),
        authentication_contexts: Vec::new(),
        agreements: vec![Agreement {
            id: agreement(),
            display_name: "Terms".into(),
            is_per_device_acceptance_required: false,
            document: Map::new(),
        }],
        cross_tenant_access_policy: CrossTenantAccessPolicy::default(),
        invariants: None,
    })
}

fn agreement() -> AgreementId {
    typed(Kind::Agreement, 0)
}

fn location(number: usize, location: &Location) -> Result<NamedLocation> {
    let range = |range: &world::Range| -> Result<IpNet> {
        Ok(IpNet::V4(Ipv4Net::new(range.first.into(), range.length)?))
    };
    let ranges: Result<Vec<_>> = location.ranges.iter().map(range).collect();
    Ok(NamedLocation {
        id: typed(Kind::Location, number),
        display_name: format!("Location {number}"),
        kind: NamedLocationKind::IpRanges {
            is_trusted: location.is_trusted,
            ranges: ranges?,
        },
        document: Map::new(),
    })
}

fn policy(number: usize, policy: &world::Policy) -> Result<ConditionalAccessPolicy> {
    Ok(ConditionalAccessPolicy {
        id: typed(Kind::Policy, number),
        display_name: format!("Policy {number}"),
        state: PolicyState::Enabled,
        conditions: conditions(policy)?,
        grant_controls: Some(controls(policy.demand)?),
        session_controls: SessionControls {
            sign_in_frequency: policy.hours_between_sign_ins.map(|hours| SignInFrequency {
                interval: SignInInterval::Hours(hours),
                authentication_type: FrequencyAuthenticationType::PrimaryAndSecondaryAuthentication,
            }),
            persistent_browser: policy.never_persistent.then_some(PersistentBrowser::Never),
            ..SessionControls::default()
        },
        expanded_strength: None,
        document: Map::new(),
    })
}

fn conditions(policy: &world::Policy) -> Result<Conditions> {
    let users = IncludeExclude {
        include: included_users(&policy.users),
        exclude: {
            let users = policy
                .excluded_users
                .iter()
                .map(|one| UserCondition::User(typed(Kind::User, *one)));
            let groups = policy
                .excluded_groups
                .iter()
                .map(|one| UserCondition::Group(typed(Kind::Group, *one)));
            users.chain(groups).collect()
        },
    };
    let application =
        |one: &usize| ApplicationCondition::Application(typed(Kind::Application, *one));
    let target = Target::Applications(ApplicationConditions {
        include: match &policy.applications {
            None => vec![ApplicationCondition::All],
            Some(some) => some.iter().map(application).collect(),
        },
        exclude: policy
            .excluded_applications
            .iter()
            .map(application)
            .collect(),
        filter: None,
    });
    let named = |one: &usize| platform(*one).map(PlatformCondition::Platform);
    let restricts_platforms = policy.platforms.is_some() || !policy.excluded_platforms.is_empty();
    let restricts_places = policy.locations.is_some() || policy.excluded_locations.is_some();
    Ok(Conditions {
        client_app_types: policy
            .client_types
            .as_ref()
            .map(|some| some.iter().filter_map(|one| client_type(*one)).collect()),
        platforms: restricts_platforms.then(|| IncludeExclude {
            include: match &policy.platforms {
                None => vec![PlatformCondition::All],
                Some(some) => some.iter().filter_map(named).collect(),
            },
            exclude: policy.excluded_platforms.iter().filter_map(named).collect(),
        }),
        locations: restricts_places.then(|| IncludeExclude {
            include: match &policy.locations {
                None => vec![LocationCondition::All],
                Some(some) => places(some),
            },
            exclude: policy
                .excluded_locations
                .as_ref()
                .map(places)
                .unwrap_or_default(),
        }),
        sign_in_risk_levels: risks(policy.sign_in_risks.as_deref()),
        user_risk_levels: risks(policy.user_risks.as_deref()),
        devices: policy.device_filter.map(filter).transpose()?,
        ..Conditions::new(users, target)
    })
}

fn included_users(users: &Users) -> Vec<UserCondition> {
    match users {
        Users::All => vec![UserCondition::All],
        Users::Named(some) => some
            .iter()
            .map(|one| UserCondition::User(typed(Kind::User, *one)))
            .collect(),
        Users::Groups(some) => some
            .iter()
            .map(|one| UserCondition::Group(typed(Kind::Group, *one)))
            .collect(),
    }
}

fn places(places: &Places) -> Vec<LocationCondition> {
    match places {
        Places::AllTrusted => vec![LocationCondition::AllTrusted],
        Places::Named(some) => some
            .iter()
            .map(|one| LocationCondition::NamedLocation(typed(Kind::Location, *one)))
            .collect(),
    }
}

fn risk(number: usize) -> RiskLevel {
    RiskLevel::ALL.get(number).copied().unwrap_or_default()
}

fn risks(numbers: Option<&[usize]>) -> RiskLevels {
    let numbers = numbers.unwrap_or_default().iter();
    numbers.fold(RiskLevels::default(), |risks, number| {
        risks.with(risk(*number))
    })
}

/// The rule as text, as Graph has it.
pub fn rule_text(rule: Rule) -> String {
    match rule {
        Rule::IsManaged { trust_type } => format!(
            "device.isCompliant -eq True -or device.trustType -eq \"{}\"",
            TRUST_TYPES.get(trust_type).copied().unwrap_or_default()
        ),
        Rule::HasExtension(number) => format!(
            "device.extensionAttribute1 -eq \"{}\"",
            EXTENSIONS.get(number).copied().unwrap_or_default()
        ),
    }
}

fn filter(filter: Filter) -> Result<DeviceCondition> {
    Ok(DeviceCondition::Filter(DeviceFilter {
        mode: if filter.excludes {
            FilterMode::Exclude
        } else {
            FilterMode::Include
        },
        rule: FilterRule::parse(&rule_text(filter.rule))
            .context("a generated rule does not parse")?,
    }))
}

fn controls(demand: Demand) -> Result<GrantControls> {
    let strength = BuiltInStrength::ALL
        .last()
        .context("there is no built-in strength")?;
    let all = [
        GrantControl::Mfa,
        GrantControl::AuthenticationStrength(strength.id),
        GrantControl::CompliantDevice,
        GrantControl::DomainJoinedDevice,
        GrantControl::ApprovedApplication,
        GrantControl::CompliantApplication,
        GrantControl::TermsOfUse(agreement()),
    ];
    debug_assert_eq!(all.len(), CONTROLS.len());
    let (operator, mask) = match demand {
        Demand::Block => {
            return Ok(GrantControls {
                operator: GrantOperator::Or,
                controls: vec![GrantControl::Block],
            });
        }
        Demand::All(mask) => (GrantOperator::And, mask),
        Demand::Any(mask) => (GrantOperator::Or, mask),
    };
    let named = all
        .into_iter()
        .enumerate()
        .filter(|(bit, _)| mask & (1 << bit) != 0);
    Ok(GrantControls {
        operator,
        controls: named.map(|(_, control)| control).collect(),
    })
}

fn platform(number: usize) -> Option<DevicePlatform> {
    use DevicePlatform as P;
    [P::Windows, P::MacOs, P::Linux, P::Ios, P::Android]
        .get(number)
        .copied()
}

fn client_type(number: usize) -> Option<ClientAppType> {
    use ClientAppType as C;
    [
        C::Browser,
        C::MobileAppsAndDesktopClients,
        C::ExchangeActiveSync,
        C::Other,
    ]
    .get(number)
    .copied()
}

/// The facts of a sign-in. The first factor is always proven; what else is, says the world.
pub fn sign_in(sign_in: &world::SignIn) -> Arc<SignIn> {
    use AuthenticationMethod as M;
    let tenant: TenantId = typed(Kind::Tenant, 0);
    let at = Timestamp::UNIX_EPOCH;
    let proof = |method| Proof {
        tenant,
        method,
        at,
        authenticator: Authenticator::Unnamed,
    };
    let proven = [
        Some(M::Password),
        sign_in.did_one_time_code.then_some(M::SoftwareOath),
        sign_in.did_security_key.then_some(M::Fido2),
    ];
    let registered = [M::Password, M::SoftwareOath, M::Fido2].into_iter();
    let methods = Methods {
        registered: registered.fold(AuthenticationMethods::NONE, AuthenticationMethods::with),
        registrable: AuthenticationMethods::NONE,
    };
    let groups: BTreeSet<GroupId> = sign_in
        .groups
        .iter()
        .map(|one| typed(Kind::Group, *one))
        .collect();
    let subject = Subject::User(UserSubject {
        user: Some(typed(Kind::User, sign_in.user)),
        origin: Origin::Internal,
        external_user_types: ExternalUserTypes::NONE,
        groups: groups.into_iter().collect(),
        roles: [].into(),
    });
    let application = typed(Kind::Application, sign_in.application);
    Arc::new(SignIn {
        client_app_type: client_type(sign_in.client_type).unwrap_or(ClientAppType::Other),
        platform: platform(sign_in.platform),
        ip_address: Some(std::net::Ipv4Addr::from_bits(sign_in.address).into()),
        device: device(sign_in, tenant),
        client_protection: ClientProtection {
            is_approved: sign_in.application_is_approved,
            is_compliant: sign_in.application_is_protected,
        },
        risk: RiskFacts {
            sign_in: risk(sign_in.sign_in_risk),
            user: risk(sign_in.user_risk),
            ..RiskFacts::default()
        },
        proofs: proven.into_iter().flatten().map(proof).collect(),
        fulfilled: Fulfilled {
            terms_of_use: sign_in.accepted_terms.then(agreement).into_iter().collect(),
            ..Fulfilled::default()
        },
        methods: MethodFacts {
            home: methods,
            resource: methods,
        },
        interaction: Interaction::Interactive,
        ..SignIn::new(subject, application, BTreeSet::from([application]), at)
    })
}

fn device(sign_in: &world::SignIn, tenant_id: TenantId) -> Option<DeviceClaims> {
    let trust_type = match sign_in.trust_type {
        1 => DeviceTrustType::AzureAd,
        2 => DeviceTrustType::ServerAd,
        3 => DeviceTrustType::Workplace,
        _ => return None,
    };
    let extension = EXTENSIONS
        .get(sign_in.extension)
        .filter(|text| !text.is_empty());
    Some(DeviceClaims {
        tenant_id,
        device_id: typed(Kind::Device, sign_in.user),
        is_compliant: sign_in.is_compliant,
        trust_type,
        attributes: DeviceAttributes {
            extension_attributes: extension
                .map(|text| (1, (*text).to_owned()))
                .into_iter()
                .collect(),
            ..DeviceAttributes::default()
        },
    })
}

/// What a decision says, in this benchmark's words: from the rows of the log, as somebody reads them later. What is open
/// and what refuses are the same failure there.
pub fn answer(decision: &Decision) -> Result<Answer> {
    let mut results = Vec::new();
    for (policy, number) in decision.policies().iter().zip(0..) {
        match policy.result {
            AppliedPolicyResult::Success => results.push((number, Verdict::Granted)),
            AppliedPolicyResult::Failure => results.push((number, Verdict::Blocked)),
            AppliedPolicyResult::NotApplied => {}
            AppliedPolicyResult::NotEnabled
            | AppliedPolicyResult::Unknown
            | AppliedPolicyResult::ReportOnlySuccess
            | AppliedPolicyResult::ReportOnlyFailure
            | AppliedPolicyResult::ReportOnlyNotApplied
            | AppliedPolicyResult::ReportOnlyInterrupted => {
                anyhow::bail!(
                    "`{}` came to {:?}: {}",
                    policy.id,
                    policy.result,
                    policy.reason
                )
            }
        }
    }
    let outcome = match &decision.outcome {
        Outcome::Granted => Verdict::Granted,
        Outcome::Open(_) => Verdict::Open,
        Outcome::Blocked(_) => Verdict::Blocked,
    };
    Ok(Answer { outcome, results })
}

/// Whether our decision is the naive one. A policy that is open and one that refuses are the same failure
/// in the log.
pub fn agrees(ours: &Answer, naive: &Answer) -> bool {
    let failed = |answer: &Answer| -> BTreeMap<u32, bool> {
        let results = answer.results.iter();
        results
            .map(|(number, verdict)| (*number, *verdict != Verdict::Granted))
            .collect()
    };
    ours.outcome == naive.outcome && failed(ours) == failed(naive)
}
