//! What a sign-in can reach: applications that policies tell apart, actions, and authentication contexts.

use std::collections::{BTreeMap, BTreeSet};

use portcullis_model::authentication_context::AuthenticationContextId;
use portcullis_model::conditional_access::UserAction;
use portcullis_model::id::ClientId;
use portcullis_policy::facts::SignIn;
use portcullis_policy::well_known_applications::{microsoft_admin_portals, office_365};
use uuid::Uuid;

use crate::mentions::Mentions;
use crate::probe::{Cut, person};
use crate::side::Side;
use crate::through::{Door, Passing, Through};
use crate::who::{Home, SubjectKind, Who};

/// What is reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Reached {
    /// A resource.
    Application(ClientId),
    /// What users do to their own account.
    Action(UserAction),
}

/// The application that stands for all that nobody names.
pub const ANY_OTHER_APPLICATION: ClientId =
    ClientId::new(Uuid::from_u128(0xa990_0000_0000_4000_8000_0000_0000_0001));

/// What users do to their own account.
pub(crate) const ACTIONS: [UserAction; 2] = [
    UserAction::RegisterSecurityInformation,
    UserAction::RegisterOrJoinDevices,
];

/// What no policy and no cross-tenant access setting tells apart.
#[derive(Debug, Clone)]
pub(crate) struct TargetClass {
    /// The first one is what a witness reaches.
    pub(crate) members: Vec<Reached>,
    /// Whether it also stands for every application that nobody names.
    pub(crate) is_rest: bool,
    /// Who may reach it, for each side and each class of applications through which it is reached.
    pub(crate) doors: Vec<Vec<Door>>,
    /// For each side the numbers of the policies that are about it.
    pub(crate) policies: Vec<BTreeSet<usize>>,
}

impl Reached {
    /// Makes a sign-in reach this.
    pub(crate) fn put(self, sign_in: &mut SignIn) {
        sign_in.audiences.clear();
        match self {
            Self::Application(application) => {
                sign_in.client = application;
                sign_in.audiences.insert(application);
            }
            Self::Action(action) => sign_in.user_action = Some(action),
        }
    }

    /// Whether subjects of this kind ever do it. Nobody without an object registers anything, no device of another tenant is
    /// registered here, and applications on their own behalf reach resources only.
    pub(crate) const fn is_done_by(self, kind: SubjectKind) -> bool {
        match self {
            Self::Application(_) => true,
            Self::Action(UserAction::RegisterSecurityInformation) => kind.has_object(),
            Self::Action(UserAction::RegisterOrJoinDevices) => {
                kind.has_object() && !kind.is_external()
            }
        }
    }

    pub(crate) const fn application(self) -> Option<ClientId> {
        match self {
            Self::Application(application) => Some(application),
            Self::Action(_) => None,
        }
    }
}

/// Contexts that no policy tells apart; without members it is none at all.
#[derive(Debug, Clone)]
pub(crate) struct ContextClass {
    pub(crate) members: Vec<AuthenticationContextId>,
    /// For each side the numbers of the policies that are about it.
    pub(crate) policies: Vec<BTreeSet<usize>>,
}

impl TargetClass {
    /// Whether this is in it.
    pub(crate) fn is(&self, reached: Reached) -> bool {
        self.members.contains(&reached)
    }

    /// Who may reach it through this class of applications, on a side.
    pub(crate) fn door(&self, at: usize, through: usize) -> Option<&Door> {
        self.doors.get(at)?.get(through)
    }
}

/// No context, and all classes of them. A context adds policies to those about the resource, and takes none away.
pub(crate) fn contexts(sides: &[Side], mentions: &Mentions) -> Vec<ContextClass> {
    let cuts: Vec<Cut> = sides.iter().map(cut).collect();
    let mut ids = mentions.contexts.clone();
    for side in sides {
        let own = side.configuration.authentication_contexts.iter();
        ids.extend(own.map(|context| context.id));
    }
    let mut classes: BTreeMap<Vec<BTreeSet<usize>>, Vec<AuthenticationContextId>> = BTreeMap::new();
    for id in ids {
        let policies = cuts.iter().map(|cut| {
            let member = Who {
                kind: SubjectKind::Member,
                home: Home::Here,
            };
            let (mut sign_in, origin) = person(&member, ClientId::DIRECTORY);
            sign_in.audiences.clear();
            sign_in.authentication_contexts.insert(id);
            cut.matching(sign_in, origin)
        });
        classes.entry(policies.collect()).or_default().push(id);
    }
    let none = ContextClass {
        members: Vec::new(),
        policies: vec![BTreeSet::new(); sides.len()],
    };
    let all = classes
        .into_iter()
        .map(|(policies, members)| ContextClass { members, policies });
    std::iter::once(none).chain(all).collect()
}

/// What tells one target from another: the policies about it, who may reach it, what it is, and whether somebody asks about it.
type Signature = (Vec<BTreeSet<usize>>, Vec<Vec<Passing>>, u8, Option<Reached>);

/// All classes of targets, whose doors are one for each of these classes of clients.
pub(crate) fn targets(
    sides: &[Side],
    candidates: Vec<Reached>,
    whos: &[Who],
    interest: &BTreeSet<Reached>,
    throughs: &[Through],
) -> Vec<TargetClass> {
    let cuts: Vec<Cut> = sides.iter().map(cut).collect();
    let mut classes: Vec<TargetClass> = Vec::new();
    let mut numbers: BTreeMap<Signature, usize> = BTreeMap::new();
    for candidate in candidates {
        let policies: Vec<BTreeSet<usize>> = cuts
            .iter()
            .map(|cut| {
                let member = Who {
                    kind: SubjectKind::Member,
                    home: Home::Here,
                };
                let (mut sign_in, origin) = person(&member, ClientId::DIRECTORY);
                candidate.put(&mut sign_in);
                cut.matching(sign_in, origin)
            })
            .collect();
        let doors: Vec<Vec<Door>> = sides
            .iter()
            .map(|side| {
                let doors = throughs.iter();
                let doors = doors.map(|through| Door::new(side, candidate, through, whos));
                doors.collect()
            })
            .collect();
        let seen = doors.iter();
        let seen = seen.map(|doors| doors.iter().flat_map(Door::passing).collect());
        let seen: Vec<Vec<Passing>> = seen.collect();
        let kind = match candidate {
            Reached::Application(_) => 0,
            // Judged by rules of their own.
            Reached::Action(UserAction::RegisterSecurityInformation) => 1,
            Reached::Action(UserAction::RegisterOrJoinDevices) => 2,
        };
        let next = classes.len();
        let alone = interest.contains(&candidate).then_some(candidate);
        let signature = (policies.clone(), seen, kind, alone);
        let number = *numbers.entry(signature).or_insert(next);
        let is_rest = candidate == Reached::Application(ANY_OTHER_APPLICATION);
        if let Some(class) = classes.get_mut(number) {
            class.members.push(candidate);
            class.is_rest |= is_rest;
        } else {
            classes.push(TargetClass {
                members: vec![candidate],
                is_rest,
                doors,
                policies,
            });
        }
    }
    classes
}

fn cut(side: &Side) -> Cut {
    let policies = side.policies().iter();
    side.probe
        .cut(policies, |whole, open| open.target = whole.target.clone())
}

/// What policies and settings name, what the tenant has, and one application that nobody names.
pub(crate) fn candidates(
    sides: &[Side],
    mentions: &Mentions,
    interest: &BTreeSet<Reached>,
) -> Vec<Reached> {
    let mut applications: BTreeSet<ClientId> = mentions.applications.clone();
    applications.insert(ClientId::DIRECTORY);
    applications.extend(interest.iter().filter_map(|one| one.application()));
    applications.remove(&ANY_OTHER_APPLICATION);
    for side in sides {
        let configuration = &side.configuration;
        applications.extend(&side.in_settings);
        applications.extend(
            configuration
                .service_principals
                .iter()
                .map(|one| one.app_id),
        );
        applications.extend(configuration.applications.iter().map(|one| one.app_id));
    }
    if mentions.names_office_365 {
        applications.extend(office_365());
    }
    if mentions.names_admin_portals {
        applications.extend(microsoft_admin_portals());
    }
    let applications = std::iter::once(ANY_OTHER_APPLICATION).chain(applications);
    applications
        .map(Reached::Application)
        .chain(ACTIONS.map(Reached::Action))
        .collect()
}
