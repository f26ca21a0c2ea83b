//! Tenants to ask about: generated ones, shaped like those in the wild, and exported policies.

use std::net::{IpAddr, Ipv4Addr};
use std::path::Path;

use ipnet::Ipv4Net;
use portcullis_model::authentication_strength::BuiltInStrength;
use portcullis_model::conditional_access::signal::{RiskLevel, RiskLevels};
use portcullis_model::conditional_access::{
    ApplicationCondition, ApplicationConditions, ClientAppType, ConditionalAccessPolicy,
    Conditions, DevicePlatform, GrantControl, GrantControls, GrantOperator, IncludeExclude,
    LocationCondition, PlatformCondition, PolicyState, SessionControls, Target, UserCondition,
    UserConditions,
};
use portcullis_model::id::{Id, NamedLocationId, TenantId};
use portcullis_model::named_location::{NamedLocation, NamedLocationKind};
use portcullis_model::store::{TenantConfiguration, TenantWorld};
use portcullis_policy::compile::CompiledTenant;
use portcullis_whatif::directory::{DirectoryTenant, Drafts, People};
use portcullis_world::export::read_export;
use serde_json::Map;
use uuid::Uuid;

/// A seeded source of choices (a linear congruential generator; any will do).
pub(crate) struct Chance(pub(crate) u64);

impl Chance {
    pub(crate) fn below(&mut self, limit: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap_or(0) % limit
    }

    pub(crate) fn percent(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    pub(crate) fn some<T>(&mut self, most: usize, mut one: impl FnMut(&mut Self) -> T) -> Vec<T> {
        let count = 1 + self.below(most);
        (0..count).map(|_| one(self)).collect()
    }
}

pub(crate) fn id<K>(kind: u128, number: usize) -> Id<K> {
    Id::new(Uuid::from_u128(
        (kind << 96) | 0x4000_8000_0000_0000_0000 | number as u128,
    ))
}

pub(crate) fn generated(policies: usize, groups: usize, seed: u64) -> DirectoryTenant {
    let mut chance = Chance(seed);
    let mut configuration = TenantConfiguration::empty(TenantId::new(Uuid::from_u128(7)));
    "generated".clone_into(&mut configuration.organization.display_name);
    configuration.named_locations = (0..40)
        .map(|number| location(&mut chance, number))
        .collect();
    configuration.conditional_access_policies = (0..policies)
        .map(|number| policy(&mut chance, number, groups))
        .collect();
    let compiled = CompiledTenant::compile(&configuration);
    DirectoryTenant::new(configuration, compiled, People::NotListed)
}

/// The same with some policies changed, as an administrator would.
pub(crate) fn edited(tenant: &DirectoryTenant, edits: usize) -> DirectoryTenant {
    let mut chance = Chance(77);
    let stored = &tenant.configuration().conditional_access_policies;
    let changed = (0..edits).filter_map(|_| {
        let mut policy = stored.get(chance.below(stored.len()))?.clone();
        match chance.below(3) {
            0 => policy.conditions.users.exclude.clear(),
            1 => policy.conditions.platforms = None,
            _ => policy.grant_controls = Some(grant(GrantOperator::Or, vec![GrantControl::Block])),
        }
        Some(policy)
    });
    tenant.clone().with_drafts(Drafts {
        policies: changed.collect(),
        ..Drafts::default()
    })
}

fn location(chance: &mut Chance, number: usize) -> NamedLocation {
    let range = |chance: &mut Chance| {
        let octet = |number: usize| u8::try_from(number).unwrap_or_default();
        let first = Ipv4Addr::new(octet(chance.below(223) + 1), octet(chance.below(256)), 0, 0);
        Ipv4Net::new(first, octet(12 + chance.below(12)))
            .map_or_else(|_| IpAddr::from(first).into(), Into::into)
    };
    NamedLocation {
        id: id::<portcullis_model::id::NamedLocationKind>(4, number),
        display_name: format!("location {number}"),
        kind: NamedLocationKind::IpRanges {
            is_trusted: number.is_multiple_of(4),
            ranges: chance.some(10, range),
        },
        document: Map::new(),
    }
}

fn grant(operator: GrantOperator, controls: Vec<GrantControl>) -> GrantControls {
    GrantControls { operator, controls }
}

fn policy(chance: &mut Chance, number: usize, groups: usize) -> ConditionalAccessPolicy {
    let mut conditions = Conditions::new(users(chance, groups), target(chance));
    if chance.percent(25) {
        let platform = |chance: &mut Chance| {
            PlatformCondition::Platform(match chance.below(4) {
                0 => DevicePlatform::Windows,
                1 => DevicePlatform::Ios,
                2 => DevicePlatform::Android,
                _ => DevicePlatform::MacOs,
            })
        };
        conditions.platforms = Some(IncludeExclude {
            include: chance.some(2, platform),
            exclude: Vec::new(),
        });
    }
    if chance.percent(20) {
        let named = |chance: &mut Chance| LocationCondition::NamedLocation(named_location(chance));
        conditions.locations = Some(IncludeExclude {
            include: vec![LocationCondition::All],
            exclude: if chance.percent(50) {
                vec![LocationCondition::AllTrusted]
            } else {
                chance.some(2, named)
            },
        });
    }
    if chance.percent(40) {
        conditions.client_app_types = Some(if chance.percent(50) {
            vec![
                ClientAppType::Browser,
                ClientAppType::MobileAppsAndDesktopClients,
            ]
        } else {
            vec![ClientAppType::ExchangeActiveSync, ClientAppType::Other]
        });
    }
    if chance.percent(10) {
        conditions.sign_in_risk_levels = RiskLevels::default()
            .with(RiskLevel::High)
            .with(RiskLevel::Medium);
    }
    let grant_controls = controls(chance);
    // Nobody blocks everything: blocks are about legacy clients, or about some platform.
    if grant_controls.controls == [GrantControl::Block] {
        if chance.percent(60) {
            conditions.client_app_types = Some(vec![
                ClientAppType::ExchangeActiveSync,
                ClientAppType::Other,
            ]);
        } else {
            let platform = PlatformCondition::Platform(DevicePlatform::Linux);
            conditions.platforms = Some(IncludeExclude {
                include: vec![platform],
                exclude: Vec::new(),
            });
        }
    }
    ConditionalAccessPolicy {
        id: id(1, number),
        display_name: format!("policy {number}"),
        state: PolicyState::Enabled,
        conditions,
        grant_controls: Some(grant_controls),
        session_controls: SessionControls::default(),
        expanded_strength: None,
        document: Map::new(),
    }
}

fn named_location(chance: &mut Chance) -> NamedLocationId {
    id(4, chance.below(40))
}

fn controls(chance: &mut Chance) -> GrantControls {
    let [_, _, phishing_resistant] = BuiltInStrength::ALL;
    match chance.below(10) {
        0 | 1 => grant(GrantOperator::Or, vec![GrantControl::Block]),
        2 => grant(
            GrantOperator::Or,
            vec![
                GrantControl::CompliantDevice,
                GrantControl::DomainJoinedDevice,
            ],
        ),
        3 => grant(
            GrantOperator::Or,
            vec![GrantControl::Mfa, GrantControl::CompliantDevice],
        ),
        4 => grant(
            GrantOperator::Or,
            vec![GrantControl::AuthenticationStrength(phishing_resistant.id)],
        ),
        5 => grant(
            GrantOperator::And,
            vec![GrantControl::Mfa, GrantControl::CompliantDevice],
        ),
        _ => grant(GrantOperator::Or, vec![GrantControl::Mfa]),
    }
}

fn users(chance: &mut Chance, groups: usize) -> UserConditions {
    let group = |chance: &mut Chance| UserCondition::Group(id(2, chance.below(groups)));
    let include = match chance.below(10) {
        0..=2 => vec![UserCondition::All],
        3 => vec![UserCondition::GuestsOrExternalUsers],
        _ => chance.some(4, group),
    };
    let mut exclude = if chance.percent(70) {
        chance.some(3, group)
    } else {
        Vec::new()
    };
    if chance.percent(20) {
        exclude.push(UserCondition::User(id(3, chance.below(20))));
    }
    UserConditions { include, exclude }
}

fn target(chance: &mut Chance) -> Target {
    let application =
        |chance: &mut Chance| ApplicationCondition::Application(id(5, chance.below(200)));
    let include = match chance.below(10) {
        0..=4 => vec![ApplicationCondition::All],
        5 => vec![ApplicationCondition::Office365],
        _ => chance.some(4, application),
    };
    let exclude = if chance.percent(15) {
        chance.some(2, application)
    } else {
        Vec::new()
    };
    Target::Applications(ApplicationConditions {
        include,
        exclude,
        filter: None,
    })
}

/// Exported policies, as far as they can be read.
pub(crate) fn exported(path: &Path) -> Result<DirectoryTenant, String> {
    let export = read_export(path).map_err(|error| error.to_string())?;
    let mut organization =
        TenantConfiguration::empty(TenantId::new(Uuid::from_u128(8))).organization;
    "exported".clone_into(&mut organization.display_name);
    Ok(DirectoryTenant::of_world(TenantWorld {
        conditional_access_policies: Some(export.policies),
        named_locations: Some(export.named_locations),
        authentication_strengths: Some(export.authentication_strengths),
        authentication_contexts: Some(export.authentication_contexts),
        agreements: Some(export.agreements),
        cross_tenant_access_policy: export.cross_tenant_access_policy,
        ..TenantWorld::of_organization(organization)
    }))
}
