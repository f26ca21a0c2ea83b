//! Random tenants: few things of each kind, so that policies and sign-ins meet.

use portcullis_model::application::{Application, ServicePrincipal, SignInAudience};
use portcullis_model::country::CountryCode;
use portcullis_model::id::{ClientId, Id, TenantId};
use portcullis_model::named_location::{CountryLookup, NamedLocation, NamedLocationKind};
use portcullis_model::store::TenantConfiguration;
use portcullis_model::terms_of_use::Agreement;
use portcullis_policy::compile::CompiledTenant;
use portcullis_whatif::directory::{Directory, DirectoryTenant, People};
use serde_json::{Map, json};
use uuid::Uuid;

use super::dice::Dice;
use super::{filters, policies, settings};
use crate::analysis::Analysis;
use crate::selection::Interest;
use crate::side::Counted;

pub(super) fn id<K>(number: u128) -> Id<K> {
    Id::new(Uuid::from_u128(number))
}

/// The tenant of every world.
pub(super) const OWN: u128 = 0xc0;
/// A tenant that everything is known of.
pub(super) const FABRIKAM: u128 = 0xfa;
/// One that only our settings and policies name.
pub(super) const WOODGROVE: u128 = 0x3d;
/// One that nobody names.
pub(super) const STRANGERS: u128 = 0x57;
/// Parts of what policies name as a whole, and what only settings name.
pub(super) const EXCHANGE: u128 = 0x0000_0002_0000_0ff1_ce00_0000_0000_0000;
pub(super) const AZURE_PORTAL: u128 = 0xc44b_4083_3bb0_49c1_b47d_974e_53cb_df3c;
pub(super) const ONLY_IN_SETTINGS: u128 = 0xa7;

pub(super) fn country(code: &str) -> CountryCode {
    code.parse().unwrap()
}

/// A tenant among others.
pub(super) struct World {
    pub(super) configuration: TenantConfiguration,
    pub(super) fabrikam: TenantConfiguration,
    pub(super) counted: Counted,
}

impl World {
    pub(super) fn directory(&self) -> Directory {
        let tenant = |configuration: &TenantConfiguration| {
            let compiled = CompiledTenant::compile(configuration);
            DirectoryTenant::new(configuration.clone(), compiled, People::NotListed)
        };
        Directory::new([tenant(&self.configuration), tenant(&self.fabrikam)])
    }

    pub(super) fn analysis(&self, interest: &Interest) -> Analysis {
        let directory = self.directory();
        let tenant = directory.tenant(id(OWN)).unwrap();
        Analysis::new(&directory, tenant, self.counted, interest)
    }

    /// What a reader needs to see of it.
    pub(super) fn shown(&self) -> String {
        let configuration = &self.configuration;
        let mut shown = String::new();
        for policy in &configuration.conditional_access_policies {
            let (conditions, grant) = (&policy.conditions, &policy.grant_controls);
            shown.push_str(&format!("{:?} {conditions:#?}\n{grant:#?}\n", policy.state));
        }
        let principals: Vec<String> = configuration
            .service_principals
            .iter()
            .map(|one| format!("{} of {}: {:?}", one.id, one.app_id, one.other))
            .collect();
        shown
            + &format!(
                "locations {:#?}\nprincipals {principals:#?}\nsettings {:#?}\nof fabrikam {:#?}",
                configuration.named_locations,
                configuration.cross_tenant_access_policy,
                self.fabrikam.cross_tenant_access_policy
            )
    }
}

pub(super) fn world(dice: &mut Dice, policies_most: usize) -> World {
    let mut configuration = TenantConfiguration::empty(id(OWN));
    let count = dice.below(policies_most + 1);
    for number in 0..count {
        let policy = policies::policy(dice, 1 + number as u128);
        configuration.conditional_access_policies.push(policy);
    }
    configuration.named_locations = locations(dice);
    configuration.authentication_strengths = policies::strengths(dice);
    configuration.agreements = vec![agreement(0x71, false), agreement(0x72, true)];
    let organization = &mut configuration.organization;
    let for_all_guests = json!(dice.chance(30));
    organization
        .other
        .insert("strengthsForAllGuests".into(), for_all_guests);
    if dice.chance(70) {
        configuration.applications = applications(dice);
    }
    if dice.chance(50) {
        configuration.service_principals = principals(dice);
    }
    configuration.cross_tenant_access_policy = settings::of_own(dice);
    let mut fabrikam = TenantConfiguration::empty(id(FABRIKAM));
    fabrikam.cross_tenant_access_policy = settings::of_fabrikam(dice);
    World {
        configuration,
        fabrikam,
        counted: dice.pick(&[Counted::Enabled, Counted::ReportOnlyToo]),
    }
}

fn applications(dice: &mut Dice) -> Vec<Application> {
    let own = [0xa1u128, 0xa2, 0xa3];
    own.iter()
        .map(|number| {
            let application: ClientId = id(*number);
            let mut application: Application = serde_json::from_value(json!({
                "id": application.to_string(),
                "appId": application.to_string(),
                "displayName": "Application",
                "supportsDirectConnect": dice.chance(50),
            }))
            .unwrap();
            if *number == 0xa2 {
                application.sign_in_audience = SignInAudience::AzureADMultipleOrgs;
            }
            application
        })
        .collect()
}

fn principals(dice: &mut Dice) -> Vec<ServicePrincipal> {
    let mut principal = |number: u128, application: u128| -> ServicePrincipal {
        let attributes = if dice.chance(80) {
            filters::attributes(dice)
        } else {
            json!(null)
        };
        serde_json::from_value(json!({
            "id": id::<()>(number).to_string(),
            "appId": id::<()>(application).to_string(),
            "displayName": "Principal",
            "customSecurityAttributes": attributes,
        }))
        .unwrap()
    };
    let [one, two, three, four] = [
        principal(0x51, 0xa1),
        principal(0x52, 0xa2),
        principal(0x53, EXCHANGE),
        principal(0x54, 0xa4),
    ];
    let of = |one: ServicePrincipal, owner: u128| ServicePrincipal {
        app_owner_organization_id: Some(id(owner)),
        ..one
    };
    vec![one, of(two, OWN), of(three, WOODGROVE), of(four, OWN)]
}

fn agreement(number: u128, is_per_device_acceptance_required: bool) -> Agreement {
    Agreement {
        id: id(number),
        display_name: String::new(),
        is_per_device_acceptance_required,
        document: Map::new(),
    }
}

/// Ranges with a common border, one inside another, of both families, one in the other's clothes, and the whole world.
const RANGES: [&str; 14] = [
    "192.0.2.0/24",
    "192.0.2.128/25",
    "192.0.2.77/25",
    "198.51.100.0/24",
    "198.51.100.255/32",
    "255.255.255.0/24",
    "0.0.0.0/0",
    "2001:db8::/32",
    "2001:db8:1::/48",
    "2001:db8:1::7/128",
    "::ffff:192.0.2.0/121",
    "::ffff:0.0.0.0/95",
    "::/0",
    "ffff::/16",
];

pub(super) fn locations(dice: &mut Dice) -> Vec<NamedLocation> {
    let place = |number, kind| NamedLocation {
        id: id(number),
        display_name: format!("place {number}"),
        kind,
        document: Map::new(),
    };
    let ranges = |dice: &mut Dice, most| NamedLocationKind::IpRanges {
        is_trusted: dice.chance(40),
        ranges: dice
            .several(0, most, &RANGES)
            .iter()
            .map(|range| range.parse().unwrap())
            .collect(),
    };
    let codes = ["NL", "DE", "US", "ZZ"].map(country);
    let countries = |dice: &mut Dice, lookup| NamedLocationKind::Countries {
        countries: dice.several(0, 3, &codes),
        lookup,
        includes_unknown: dice.chance(40),
    };
    let by_address = CountryLookup::ClientIpAddress;
    let by_coordinates = CountryLookup::AuthenticatorAppGps;
    vec![
        place(1, ranges(dice, 3)),
        place(2, ranges(dice, 3)),
        place(3, ranges(dice, 1)),
        place(5, countries(dice, by_address)),
        place(6, countries(dice, by_coordinates)),
        place(
            7,
            NamedLocationKind::CompliantNetwork {
                is_trusted: dice.chance(50),
            },
        ),
        place(8, countries(dice, by_address)),
        place(9, countries(dice, by_coordinates)),
    ]
}

pub(super) fn tenant(number: u128) -> TenantId {
    id(number)
}
