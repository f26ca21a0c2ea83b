//! A generated tenant and its sign-ins, everything by number; each engine puts them into its own words.
//!
//! Conditions and controls are as frequent as in the 1,181 public policies that were counted (excluded groups 70 %, client
//! types 49 %, platforms 22 %, locations 18 %, device filters 9 %, and so on), but for these: a fifth of the policies
//! blocks, and those are about legacy clients, risk or untrusted places, as real ones are; and fewer are for everybody, so
//! that large worlds are not a heap of the same and some sign-ins are granted.

use crate::chance::Chance;

pub const USERS: usize = 5_000;
pub const GROUPS: usize = 500;
pub const APPLICATIONS: usize = 200;
pub const LOCATIONS: usize = 40;
/// The last one is the unknown platform, which only `all` names.
pub const PLATFORMS: [&str; 6] = ["windows", "macOS", "linux", "iOS", "android", "unknown"];
pub const NAMED_PLATFORMS: usize = 5;
pub const CLIENT_TYPES: [&str; 4] = [
    "browser",
    "mobileAppsAndDesktopClients",
    "exchangeActiveSync",
    "other",
];
/// The first of these can show a challenge; the others are legacy.
pub const MODERN_CLIENT_TYPES: usize = 2;
pub const RISKS: [&str; 4] = ["none", "low", "medium", "high"];
/// The first one: not registered.
pub const TRUST_TYPES: [&str; 4] = ["", "AzureAD", "ServerAD", "Workplace"];
pub const SERVER_AD: usize = 2;
/// Values of `extensionAttribute1`; the first one: none.
pub const EXTENSIONS: [&str; 5] = ["", "PAW", "KIOSK", "SAW", "VDI"];

/// Grant controls, as bits of a mask in this order.
pub const CONTROLS: [&str; 7] = [
    "mfa",
    "authenticationStrength",
    "compliantDevice",
    "domainJoinedDevice",
    "approvedApplication",
    "compliantApplication",
    "termsOfUse",
];
pub const MFA: u8 = 1;
pub const STRENGTH: u8 = 2;
pub const COMPLIANT_DEVICE: u8 = 4;
pub const DOMAIN_JOINED_DEVICE: u8 = 8;
pub const APPROVED_APPLICATION: u8 = 16;
pub const COMPLIANT_APPLICATION: u8 = 32;
pub const TERMS_OF_USE: u8 = 64;
/// How often each occurs, of 1,181 policies.
const CONTROL_WEIGHTS: [usize; 7] = [298, 148, 161, 102, 27, 45, 16];

/// A range of addresses: the first one, and how many bits are fixed.
#[derive(Debug, Clone, Copy)]
pub struct Range {
    pub first: u32,
    pub length: u8,
}

impl Range {
    pub const fn mask(self) -> u32 {
        if self.length == 0 {
            0
        } else {
            u32::MAX << (32 - self.length)
        }
    }

    pub const fn contains(self, address: u32) -> bool {
        address & self.mask() == self.first
    }
}

#[derive(Debug, Clone)]
pub struct Location {
    pub ranges: Vec<Range>,
    pub is_trusted: bool,
}

#[derive(Debug, Clone)]
pub enum Users {
    All,
    Named(Vec<usize>),
    Groups(Vec<usize>),
}

/// `AllTrusted`, or some by number.
#[derive(Debug, Clone)]
pub enum Places {
    AllTrusted,
    Named(Vec<usize>),
}

/// The rule of a device filter, as the two most frequent shapes have it.
#[derive(Debug, Clone, Copy)]
pub enum Rule {
    /// `device.isCompliant -eq True -or device.trustType -eq "…"`.
    IsManaged { trust_type: usize },
    /// `device.extensionAttribute1 -eq "…"`.
    HasExtension(usize),
}

#[derive(Debug, Clone, Copy)]
pub struct Filter {
    pub excludes: bool,
    pub rule: Rule,
}

/// What a policy demands.
#[derive(Debug, Clone, Copy)]
pub enum Demand {
    Block,
    All(u8),
    Any(u8),
}

/// A policy; `None` and an empty list say nothing.
#[derive(Debug, Clone)]
pub struct Policy {
    pub users: Users,
    pub excluded_users: Vec<usize>,
    pub excluded_groups: Vec<usize>,
    pub applications: Option<Vec<usize>>,
    pub excluded_applications: Vec<usize>,
    pub client_types: Option<Vec<usize>>,
    pub platforms: Option<Vec<usize>>,
    pub excluded_platforms: Vec<usize>,
    pub locations: Option<Places>,
    pub excluded_locations: Option<Places>,
    pub sign_in_risks: Option<Vec<usize>>,
    pub user_risks: Option<Vec<usize>>,
    pub device_filter: Option<Filter>,
    pub demand: Demand,
    /// Session controls are merged by our engine alone; they change no answer.
    pub hours_between_sign_ins: Option<u32>,
    pub never_persistent: bool,
}

#[derive(Debug, Clone)]
pub struct SignIn {
    pub user: usize,
    pub groups: Vec<usize>,
    pub application: usize,
    pub address: u32,
    pub platform: usize,
    pub client_type: usize,
    pub sign_in_risk: usize,
    pub user_risk: usize,
    /// Compliance and trust type; trust type 0 is no registered device.
    pub is_compliant: bool,
    pub trust_type: usize,
    pub extension: usize,
    pub did_one_time_code: bool,
    pub did_security_key: bool,
    pub application_is_approved: bool,
    pub application_is_protected: bool,
    pub accepted_terms: bool,
}

#[derive(Debug, Clone)]
pub struct World {
    pub locations: Vec<Location>,
    pub policies: Vec<Policy>,
    pub sign_ins: Vec<SignIn>,
}

impl World {
    /// The same for the same arguments, always.
    pub fn generate(seed: u64, policies: usize, sign_ins: usize) -> Self {
        let mut chance = Chance::new(seed);
        let locations: Vec<Location> = (0..LOCATIONS).map(|_| location(&mut chance)).collect();
        let policies = (0..policies).map(|_| policy(&mut chance)).collect();
        let groups: Vec<Vec<usize>> = (0..USERS)
            .map(|_| {
                let count = chance.between(1, 20);
                chance.pick(GROUPS, count)
            })
            .collect();
        let sign_ins = (0..sign_ins)
            .map(|_| sign_in(&mut chance, &groups, &locations))
            .collect();
        Self {
            locations,
            policies,
            sign_ins,
        }
    }

    /// The locations around an address, ascending.
    pub fn locations_around(&self, address: u32) -> Vec<usize> {
        let around = |location: &&Location| location.ranges.iter().any(|one| one.contains(address));
        let all = self.locations.iter().enumerate();
        all.filter(|(_, location)| around(location))
            .map(|(number, _)| number)
            .collect()
    }

    /// What a condition means, by number.
    pub fn places(&self, places: &Places) -> Vec<usize> {
        match places {
            Places::Named(numbers) => numbers.clone(),
            Places::AllTrusted => {
                let all = self.locations.iter().enumerate();
                all.filter(|(_, one)| one.is_trusted)
                    .map(|(number, _)| number)
                    .collect()
            }
        }
    }
}

fn location(chance: &mut Chance) -> Location {
    let count = chance.between(1, 10);
    let range = |chance: &mut Chance| {
        let length = u8::try_from(chance.between(16, 30)).unwrap_or(16);
        let all = Range { first: 0, length };
        Range {
            first: (chance.number() as u32) & all.mask(),
            length,
        }
    };
    Location {
        ranges: (0..count).map(|_| range(chance)).collect(),
        is_trusted: chance.percent(40),
    }
}

fn some(chance: &mut Chance, limit: usize, (low, high): (usize, usize)) -> Vec<usize> {
    let count = chance.between(low, high);
    chance.pick(limit, count)
}

fn some_if(chance: &mut Chance, share: usize, limit: usize, between: (usize, usize)) -> Vec<usize> {
    if chance.percent(share) {
        some(chance, limit, between)
    } else {
        Vec::new()
    }
}

fn policy(chance: &mut Chance) -> Policy {
    let users = match chance.weighted(&[20, 10, 70]) {
        0 => Users::All,
        1 => Users::Named(some(chance, USERS, (1, 4))),
        _ => Users::Groups(some(chance, GROUPS, (1, 5))),
    };
    let applications = chance
        .percent(50)
        .then(|| some(chance, APPLICATIONS, (1, 8)));
    let excluded_applications = match &applications {
        None => some_if(chance, 20, APPLICATIONS, (1, 5)),
        Some(_) => Vec::new(),
    };
    let (platforms, excluded_platforms) = match chance.weighted(&[78, 14, 8]) {
        0 => (None, Vec::new()),
        1 => (Some(some(chance, NAMED_PLATFORMS, (1, 3))), Vec::new()),
        _ => (None, some(chance, NAMED_PLATFORMS, (1, 4))),
    };
    let (locations, excluded_locations) = match chance.weighted(&[82, 7, 7, 4]) {
        0 => (None, None),
        1 => (None, Some(Places::AllTrusted)),
        2 => (None, Some(Places::Named(some(chance, LOCATIONS, (1, 3))))),
        _ => (Some(Places::Named(some(chance, LOCATIONS, (1, 3)))), None),
    };
    let policy = Policy {
        users,
        excluded_users: some_if(chance, 13, USERS, (1, 2)),
        excluded_groups: some_if(chance, 70, GROUPS, (1, 2)),
        applications,
        excluded_applications,
        client_types: chance
            .percent(49)
            .then(|| some(chance, CLIENT_TYPES.len(), (1, 2))),
        platforms,
        excluded_platforms,
        locations,
        excluded_locations,
        sign_in_risks: chance.percent(7).then(|| risks(chance)),
        user_risks: chance.percent(4).then(|| risks(chance)),
        device_filter: chance.percent(9).then(|| filter(chance)),
        demand: demand(chance),
        hours_between_sign_ins: chance
            .percent(12)
            .then(|| if chance.percent(50) { 12 } else { 24 }),
        never_persistent: chance.percent(6),
    };
    match policy.demand {
        Demand::Block => narrow(policy, chance),
        Demand::All(_) | Demand::Any(_) => policy,
    }
}

/// What blocks is about legacy clients, a high risk or untrusted places.
fn narrow(policy: Policy, chance: &mut Chance) -> Policy {
    match chance.weighted(&[50, 25, 25]) {
        0 => Policy {
            client_types: Some(vec![2, 3]),
            ..policy
        },
        1 => Policy {
            sign_in_risks: Some(vec![3]),
            ..policy
        },
        _ => Policy {
            users: match policy.users {
                Users::All => Users::Groups(some(chance, GROUPS, (1, 5))),
                other @ (Users::Named(_) | Users::Groups(_)) => other,
            },
            locations: None,
            excluded_locations: Some(Places::AllTrusted),
            ..policy
        },
    }
}

fn risks(chance: &mut Chance) -> Vec<usize> {
    if chance.percent(50) {
        vec![3]
    } else {
        vec![2, 3]
    }
}

fn filter(chance: &mut Chance) -> Filter {
    if chance.percent(50) {
        let trust_type = chance.between(1, 3);
        Filter {
            excludes: chance.percent(70),
            rule: Rule::IsManaged { trust_type },
        }
    } else {
        let extension = chance.between(1, 4);
        Filter {
            excludes: chance.percent(50),
            rule: Rule::HasExtension(extension),
        }
    }
}

/// Of those with controls, 22 % have several, most of them as alternatives.
fn demand(chance: &mut Chance) -> Demand {
    if chance.percent(20) {
        return Demand::Block;
    }
    let count = if chance.percent(22) {
        chance.between(2, 3)
    } else {
        1
    };
    let mask = (0..count).fold(0, |mask, _| mask | (1 << chance.weighted(&CONTROL_WEIGHTS)));
    if chance.percent(21) {
        Demand::All(mask)
    } else {
        Demand::Any(mask)
    }
}

fn sign_in(chance: &mut Chance, groups: &[Vec<usize>], locations: &[Location]) -> SignIn {
    let user = chance.below(USERS);
    let number = chance.number() as u32;
    let address = match locations.get(chance.below(LOCATIONS)) {
        Some(location) if chance.percent(60) => {
            let range = location.ranges.get(chance.below(location.ranges.len()));
            range.map_or(number, |range| range.first | (number & !range.mask()))
        }
        Some(_) | None => number,
    };
    let is_registered = chance.percent(70);
    let is_compliant = is_registered && chance.percent(60);
    let trust_type = if is_registered {
        chance.between(1, 3)
    } else {
        0
    };
    // Of a device that nobody manages, no extension attribute is known.
    let is_managed = is_compliant || trust_type == SERVER_AD;
    let platform = chance.below(PLATFORMS.len());
    SignIn {
        user,
        groups: groups.get(user).cloned().unwrap_or_default(),
        application: chance.below(APPLICATIONS),
        address,
        platform,
        client_type: chance.weighted(&[60, 30, 5, 5]),
        sign_in_risk: if chance.percent(85) {
            0
        } else {
            chance.below(RISKS.len())
        },
        user_risk: if chance.percent(90) {
            0
        } else {
            chance.below(RISKS.len())
        },
        is_compliant,
        trust_type,
        extension: if is_managed && chance.percent(20) {
            chance.between(1, 4)
        } else {
            0
        },
        did_one_time_code: chance.percent(50),
        did_security_key: chance.percent(30),
        application_is_approved: chance.percent(50),
        application_is_protected: chance.percent(50),
        accepted_terms: chance.percent(70),
    }
}
