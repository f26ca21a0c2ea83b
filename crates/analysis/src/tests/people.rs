//! Listed people: each is where their kind, their names, nested groups and roles put them, and whoever is nowhere does not
//! exist.

use std::collections::{BTreeMap, BTreeSet};

use batsat::Lit;
use portcullis_model::group::{Group, RoleAssignment};
use portcullis_model::id::{GroupId, RoleTemplateId, UserId};
use portcullis_model::user::User;
use portcullis_policy::compile::CompiledTenant;
use portcullis_whatif::directory::{Directory, DirectoryTenant, People};
use serde_json::json;
use uuid::Uuid;

use super::dice::Dice;
use super::worlds::{FABRIKAM, OWN, STRANGERS, World, id, world};
use crate::analysis::Analysis;
use crate::circuit::Answer;
use crate::gap::Without;
use crate::selection::{Interest, Reaching, Selection};
use crate::who::{Home, SubjectKind};

const USERS: std::ops::Range<u128> = 1..7;
const GROUPS: [u128; 5] = [0x21, 0x22, 0x23, 0x24, 0x25];

struct Listing {
    users: Vec<User>,
    groups: Vec<Group>,
    roles: Vec<RoleAssignment>,
    kinds: BTreeMap<UserId, (SubjectKind, Option<u128>)>,
}

fn listing(dice: &mut Dice) -> Listing {
    let text = |number: u128| Uuid::from_u128(number).to_string();
    let mut kinds = BTreeMap::new();
    let mut users = Vec::new();
    for number in USERS {
        let home = dice.maybe(40, &[FABRIKAM, STRANGERS]);
        let user_type = dice.pick(&["Member", "Guest"]);
        let mut document = json!({
            "id": text(number),
            "userPrincipalName": format!("user{number}@contoso.example"),
            "displayName": format!("User {number}"),
            "userType": user_type,
        });
        if let Some(home) = home {
            document["homeAccount"] = json!({ "tenantId": text(home), "userId": text(0x99) });
        }
        let user: User = serde_json::from_value(document).unwrap();
        let kind = match (home, user_type) {
            (None, "Member") => SubjectKind::Member,
            (None, _) => SubjectKind::InternalGuest,
            (Some(_), "Member") => SubjectKind::B2bCollaborationMember,
            (Some(_), _) => SubjectKind::B2bCollaborationGuest,
        };
        kinds.insert(user.id, (kind, home));
        users.push(user);
    }
    // Groups in groups, in circles too.
    let members: Vec<u128> = USERS.chain(GROUPS).collect();
    let groups = GROUPS.iter().map(|number| {
        let members = dice.several(0, 3, &members);
        let members: Vec<String> = members.into_iter().map(text).collect();
        let group = json!({
            "id": text(*number), "displayName": format!("Group {number}"), "members": members,
        });
        serde_json::from_value(group).unwrap()
    });
    let groups: Vec<Group> = groups.collect();
    let roles = [0x31u128, 0x32].map(|role| RoleAssignment {
        principal_id: Uuid::from_u128(dice.pick(&members)),
        role_definition_id: id(role),
    });
    Listing {
        users,
        groups,
        roles: roles.into(),
        kinds,
    }
}

impl Listing {
    /// Whatever somebody is in, by asking every group again until nothing changes.
    fn memberships(&self, user: UserId) -> (BTreeSet<GroupId>, BTreeSet<RoleTemplateId>) {
        let mut inside = BTreeSet::from([user.uuid()]);
        loop {
            let more = self.groups.iter().filter(|group| {
                let mut members = group.members.iter();
                members.any(|member| inside.contains(member))
            });
            let more: Vec<Uuid> = more.map(|group| group.id.uuid()).collect();
            let before = inside.len();
            inside.extend(more);
            if inside.len() == before {
                break;
            }
        }
        let groups = self.groups.iter().map(|group| group.id);
        let roles = self.roles.iter();
        let roles = roles.filter(|role| inside.contains(&role.principal_id));
        (
            groups.filter(|id| inside.contains(&id.uuid())).collect(),
            roles.map(|role| role.role_definition_id).collect(),
        )
    }
}

fn analysis(world: &World, listing: &Listing) -> Analysis {
    let listed = People::listed(Some(listing.users.clone()), &listing.groups, &listing.roles);
    let tenant = |configuration: &_, people| {
        let compiled = CompiledTenant::compile(configuration);
        DirectoryTenant::new(configuration.clone(), compiled, people)
    };
    let directory = Directory::new([
        tenant(&world.configuration, listed),
        tenant(&world.fabrikam, People::NotListed),
    ]);
    let own = directory.tenant(id(OWN)).unwrap();
    Analysis::new(&directory, own, world.counted, &Interest::default())
}

/// Literals of being this person.
fn person(analysis: &Analysis, listing: &Listing, user: UserId) -> Vec<Lit> {
    let space = &analysis.space;
    let (groups, roles) = listing.memberships(user);
    let (kind, home) = listing.kinds[&user];
    let is_named = |tenant: u128| {
        let mut all = space.whos.values.iter();
        all.any(|who| who.home == Home::Tenant(id(tenant)))
    };
    let who = space.whos.find(|who| {
        who.kind == kind
            && match home {
                None => who.home == Home::Here,
                Some(home) if is_named(home) => who.home == Home::Tenant(id(home)),
                Some(_) => matches!(who.home, Home::AnyOtherTenant(_)),
            }
    });
    let named = |users: &Vec<UserId>| users.contains(&user);
    let is_named = space.users.values.iter().any(named);
    let name = space.users.find(|users| {
        if is_named {
            named(users)
        } else {
            users.is_empty()
        }
    });
    let mut literals = vec![who.unwrap(), name.unwrap(), space.populated];
    let say = |holds: bool, literal: Lit| if holds { literal } else { !literal };
    let in_groups = space.groups.iter();
    literals.extend(in_groups.map(|(id, literal)| say(groups.contains(id), *literal)));
    let with_roles = space.roles.iter();
    literals.extend(with_roles.map(|(id, literal)| say(roles.contains(id), *literal)));
    literals
}

#[test]
fn everybody_who_is_listed_exists_and_nobody_else_with_an_object() {
    let mut nobody = 0;
    for seed in 0..40 {
        let mut dice = Dice::new(seed);
        let world = world(&mut dice, 5);
        let listing = listing(&mut dice);
        let mut analysis = analysis(&world, &listing);
        let mut everybody = BTreeSet::new();
        for user in &listing.users {
            let literals = person(&analysis, &listing, user.id);
            assert_eq!(
                analysis.space.circuit.solve(&literals),
                Answer::Yes,
                "seed {seed}"
            );
            let facts = literals[..2].iter().chain(&literals[3..]);
            everybody.insert(facts.copied().collect::<Vec<Lit>>());
        }
        for _ in 0..30 {
            let user = dice.pick(&listing.users).id;
            let mut literals = person(&analysis, &listing, user);
            let at = dice.below(literals.len());
            if at < 3 {
                continue;
            }
            literals[at] = !literals[at];
            let facts = literals[..2].iter().chain(&literals[3..]);
            let exists = everybody.contains(&facts.copied().collect::<Vec<Lit>>());
            let answer = analysis.space.circuit.solve(&literals);
            assert_eq!(answer == Answer::Yes, exists, "seed {seed}");
            nobody += usize::from(!exists);
        }
    }
    assert!(nobody > 100, "{nobody}");
}

/// Whoever is told to be in a class could be its sign-in, and everybody who could is told.
#[test]
fn a_class_tells_exactly_the_people_who_are_in_it() {
    let mut told = 0;
    for seed in 0..40 {
        let mut dice = Dice::new(seed);
        let world = world(&mut dice, 4);
        let listing = listing(&mut dice);
        let mut analysis = analysis(&world, &listing);
        let people = SubjectKind::ALL
            .into_iter()
            .filter(|kind| kind.has_object());
        let selection = Selection::of_kinds(people).reaching(Reaching::Applications);
        let without = dice.pick(&[
            Without::mfa(),
            Without::managed_device(),
            Without::AnyPolicy,
        ]);
        let gaps = analysis.gaps(&without, &selection, 300).unwrap();
        let lacking = analysis.lacking(0, &without).goal;
        let among = analysis.select(&selection);
        let found: BTreeSet<UserId> = gaps
            .gaps
            .iter()
            .flat_map(|gap| gap.class.people.iter().copied())
            .collect();
        told += found.len();
        if gaps.end != crate::region::End::Complete {
            continue;
        }
        for user in &listing.users {
            let mut literals = person(&analysis, &listing, user.id);
            literals.extend(&among);
            literals.push(lacking);
            let is_gap = analysis.space.circuit.solve(&literals) == Answer::Yes;
            assert_eq!(
                found.contains(&user.id),
                is_gap,
                "seed {seed}: {without:?} {}",
                user.id
            );
        }
    }
    assert!(told > 60, "{told}");
}
