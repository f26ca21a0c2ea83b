//! The reference point, not a peer: ids are small numbers, each value of each dimension has one bitmap over the policies,
//! nothing is told of single policies, and only this benchmark's conditions exist.

use crate::answer::{Shown, Verdict};
use crate::world::{
    APPLICATIONS, CLIENT_TYPES, Demand, EXTENSIONS, GROUPS, LOCATIONS, PLATFORMS, Policy, RISKS,
    Rule, SignIn, TRUST_TYPES, USERS, Users, World,
};

const WORDS_MAX: usize = 64;

/// Empty: no bit is set.
type Bits = Vec<u64>;

pub struct Bitmaps {
    words: usize,
    all_users: Bits,
    users: Vec<Bits>,
    groups: Vec<Bits>,
    excluded_users: Vec<Bits>,
    excluded_groups: Vec<Bits>,
    applications: Vec<Bits>,
    client_types: Vec<Bits>,
    platforms: Vec<Bits>,
    sign_in_risks: Vec<Bits>,
    user_risks: Vec<Bits>,
    /// By compliance, trust type and extension.
    devices: Vec<Bits>,
    anywhere: Bits,
    locations: Vec<Bits>,
    excluded_locations: Vec<Bits>,
    /// Last address of each piece of the address space, and the locations around it.
    pieces: Vec<(u32, Vec<usize>)>,
    demands: Vec<Demand>,
}

fn device(is_compliant: bool, trust_type: usize, extension: usize) -> usize {
    (usize::from(is_compliant) * TRUST_TYPES.len() + trust_type) * EXTENSIONS.len() + extension
}

impl Bitmaps {
    pub fn new(world: &World) -> Self {
        let words = world.policies.len().div_ceil(64);
        assert!(
            words <= WORDS_MAX,
            "too many policies for the reference point"
        );
        let mut bitmaps = Self {
            words,
            all_users: Bits::new(),
            users: vec![Bits::new(); USERS],
            groups: vec![Bits::new(); GROUPS],
            excluded_users: vec![Bits::new(); USERS],
            excluded_groups: vec![Bits::new(); GROUPS],
            applications: vec![Bits::new(); APPLICATIONS],
            client_types: vec![Bits::new(); CLIENT_TYPES.len()],
            platforms: vec![Bits::new(); PLATFORMS.len()],
            sign_in_risks: vec![Bits::new(); RISKS.len()],
            user_risks: vec![Bits::new(); RISKS.len()],
            devices: vec![Bits::new(); 2 * TRUST_TYPES.len() * EXTENSIONS.len()],
            anywhere: Bits::new(),
            locations: vec![Bits::new(); LOCATIONS],
            excluded_locations: vec![Bits::new(); LOCATIONS],
            pieces: pieces(world),
            demands: world.policies.iter().map(|policy| policy.demand).collect(),
        };
        for (number, policy) in world.policies.iter().enumerate() {
            bitmaps.add(world, number, policy);
        }
        bitmaps
    }

    fn add(&mut self, world: &World, number: usize, policy: &Policy) {
        let words = self.words;
        let set = |bits: &mut Bits| {
            bits.resize(words, 0);
            bits[number / 64] |= 1 << (number % 64);
        };
        let holds = |list: &Option<Vec<usize>>, value: usize| {
            list.as_ref().is_none_or(|list| list.contains(&value))
        };
        match &policy.users {
            Users::All => set(&mut self.all_users),
            Users::Named(users) => users.iter().for_each(|one| set(&mut self.users[*one])),
            Users::Groups(groups) => groups.iter().for_each(|one| set(&mut self.groups[*one])),
        }
        policy
            .excluded_users
            .iter()
            .for_each(|one| set(&mut self.excluded_users[*one]));
        policy
            .excluded_groups
            .iter()
            .for_each(|one| set(&mut self.excluded_groups[*one]));
        for (value, bits) in self.applications.iter_mut().enumerate() {
            let excluded = policy.excluded_applications.contains(&value);
            if holds(&policy.applications, value) && !excluded {
                set(bits);
            }
        }
        for (value, bits) in self.platforms.iter_mut().enumerate() {
            if holds(&policy.platforms, value) && !policy.excluded_platforms.contains(&value) {
                set(bits);
            }
        }
        for (dimension, list) in [
            (&mut self.client_types, &policy.client_types),
            (&mut self.sign_in_risks, &policy.sign_in_risks),
            (&mut self.user_risks, &policy.user_risks),
        ] {
            for (value, bits) in dimension.iter_mut().enumerate() {
                if holds(list, value) {
                    set(bits);
                }
            }
        }
        for is_compliant in [false, true] {
            for trust_type in 0..TRUST_TYPES.len() {
                for extension in 0..EXTENSIONS.len() {
                    let matches = policy.device_filter.is_none_or(|filter| {
                        let fulfils = match filter.rule {
                            Rule::IsManaged { trust_type: named } => {
                                is_compliant || trust_type == named
                            }
                            Rule::HasExtension(named) => extension == named,
                        };
                        fulfils != filter.excludes
                    });
                    if matches {
                        set(&mut self.devices[device(is_compliant, trust_type, extension)]);
                    }
                }
            }
        }
        match &policy.locations {
            None => set(&mut self.anywhere),
            Some(places) => {
                world
                    .places(places)
                    .into_iter()
                    .for_each(|one| set(&mut self.locations[one]));
            }
        }
        for one in policy
            .excluded_locations
            .iter()
            .flat_map(|places| world.places(places))
        {
            set(&mut self.excluded_locations[one]);
        }
    }

    /// The outcome; which policies apply is left in `found`.
    pub fn decide(&self, sign_in: &SignIn, found: &mut [u64; WORDS_MAX]) -> Verdict {
        let found = &mut found[..self.words];
        found.fill(0);
        add(found, &self.all_users);
        add(found, &self.users[sign_in.user]);
        for group in &sign_in.groups {
            add(found, &self.groups[*group]);
        }
        remove(found, &self.excluded_users[sign_in.user]);
        for group in &sign_in.groups {
            remove(found, &self.excluded_groups[*group]);
        }
        let around = self
            .pieces
            .partition_point(|(last, _)| *last < sign_in.address);
        let around = &self.pieces[around].1;
        let mut inside = [0; WORDS_MAX];
        let inside = &mut inside[..self.words];
        add(inside, &self.anywhere);
        for location in around {
            add(inside, &self.locations[*location]);
        }
        for location in around {
            remove(inside, &self.excluded_locations[*location]);
        }
        keep(found, inside);
        keep(found, &self.applications[sign_in.application]);
        keep(found, &self.client_types[sign_in.client_type]);
        keep(found, &self.platforms[sign_in.platform]);
        keep(found, &self.sign_in_risks[sign_in.sign_in_risk]);
        keep(found, &self.user_risks[sign_in.user_risk]);
        let device = device(sign_in.is_compliant, sign_in.trust_type, sign_in.extension);
        keep(found, &self.devices[device]);
        let shown = Shown::of(sign_in);
        let verdicts = numbers(found).map(|number| shown.judge(self.demands[number as usize]));
        verdicts.max().unwrap_or(Verdict::Granted)
    }

    pub fn scratch() -> [u64; WORDS_MAX] {
        [0; WORDS_MAX]
    }
}

fn add(found: &mut [u64], bits: &[u64]) {
    found
        .iter_mut()
        .zip(bits)
        .for_each(|(word, bits)| *word |= bits);
}

fn remove(found: &mut [u64], bits: &[u64]) {
    found
        .iter_mut()
        .zip(bits)
        .for_each(|(word, bits)| *word &= !bits);
}

/// An empty list of bits keeps nothing.
fn keep(found: &mut [u64], bits: &[u64]) {
    if bits.is_empty() {
        found.fill(0);
    }
    found
        .iter_mut()
        .zip(bits)
        .for_each(|(word, bits)| *word &= bits);
}

/// The numbers of the bits that are set, ascending.
pub fn numbers(found: &[u64]) -> impl Iterator<Item = u32> + '_ {
    found.iter().zip(0_u32..).flat_map(|(word, index)| {
        let mut rest = *word;
        std::iter::from_fn(move || {
            let bit = (rest != 0).then(|| rest.trailing_zeros())?;
            rest &= rest - 1;
            Some(index * 64 + bit)
        })
    })
}

fn pieces(world: &World) -> Vec<(u32, Vec<usize>)> {
    let ranges = world.locations.iter().flat_map(|location| &location.ranges);
    let mut lasts: Vec<u32> = ranges
        .flat_map(|range| {
            [
                range.first.checked_sub(1),
                Some(range.first | !range.mask()),
            ]
        })
        .flatten()
        .chain([u32::MAX])
        .collect();
    lasts.sort_unstable();
    lasts.dedup();
    lasts
        .into_iter()
        .map(|last| (last, world.locations_around(last)))
        .collect()
}
