//! When a policy applies, as a literal for each policy of a side.

use std::collections::BTreeSet;

use batsat::Lit;
use portcullis_model::conditional_access::{
    Conditions, DevicePlatform, ExternalUserType, ExternalUserTypes, LocationCondition,
    UserCondition, UserConditions,
};
use portcullis_model::id::{ClientId, ServicePrincipalId, TenantId};
use portcullis_policy::facts::{SignIn, Subject};
use portcullis_policy::hypothesis::SupposedOrigin;

use crate::device::View;
use crate::place::PlaceKind;
use crate::probe::{Cut, MOMENT, person};
use crate::side::Side;
use crate::space::{Space, any_of};
use crate::who::{Home, SubjectKind, Who};

/// The policies of a side, cut down to what they say of workload identities.
pub(crate) fn workload_cut(side: &Side) -> Cut {
    let policies = side.policies().iter();
    side.probe.cut(policies, |whole, open| {
        open.users = UserConditions {
            include: Vec::new(),
            exclude: Vec::new(),
        };
        open.client_applications
            .clone_from(&whole.client_applications);
    })
}

/// The policies that are about this workload identity.
pub(crate) fn about_workload(cut: &Cut, id: ServicePrincipalId) -> BTreeSet<usize> {
    let audiences = BTreeSet::from([ClientId::DIRECTORY]);
    let subject = Subject::ServicePrincipal(id);
    let sign_in = SignIn::new(subject, ClientId::DIRECTORY, audiences, MOMENT);
    cut.matching(sign_in, SupposedOrigin::Internal)
}

/// One side's policies on their way into the circuit.
struct Scoping {
    at: usize,
    view: View,
    workloads: Vec<BTreeSet<usize>>,
    /// On a platform that Exchange `ActiveSync` supports, and on one that it does not.
    clients: [Vec<BTreeSet<usize>>; 2],
    platforms: Vec<BTreeSet<usize>>,
    /// Of each kind of subject, the literal of having the type of direct connect users as well.
    direct_connect: Vec<Lit>,
}

/// When one policy applies.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Scope {
    /// All of its conditions hold.
    pub(crate) whole: Lit,
    /// All but those on the risk of the sign-in and of the user.
    pub(crate) whatever_the_risk: Lit,
    /// All but the one on places.
    pub(crate) whatever_the_place: Lit,
    /// All but the one on devices.
    pub(crate) whatever_the_device: Lit,
}

/// For each policy of a side when it applies.
pub(crate) fn scopes(space: &mut Space, at: usize, side: &Side) -> Vec<Scope> {
    let scoping = Scoping::new(space, at, side);
    let policies = side.policies().iter().enumerate();
    policies
        .map(|(number, policy)| scoping.policy(space, number, &policy.conditions))
        .collect()
}

/// How much of a device the tenant sees (specification 6.4).
pub(crate) fn view(space: &mut Space, side: &Side) -> View {
    let sees = |space: &mut Space, sees: &dyn Fn(TenantId) -> bool| {
        space.whos.any(&mut space.circuit, |who| match who.home {
            Home::Here => who.kind.is_person(),
            Home::NoTenant => false,
            Home::Tenant(tenant) | Home::AnyOtherTenant(tenant) => sees(tenant),
        })
    };
    let trust = |tenant| side.compiled.trust(tenant);
    let compliance = sees(space, &|tenant| trust(tenant).compliant_device);
    let trust_type = sees(space, &|tenant| trust(tenant).hybrid_joined_device);
    let any = space.circuit.any([compliance, trust_type]);
    View {
        device: space.circuit.all([space.device.registered, any]),
        compliance,
        trust_type,
    }
}

impl Scoping {
    fn new(space: &mut Space, at: usize, side: &Side) -> Self {
        let cut = workload_cut(side);
        let principals = space.principals.values.iter();
        let workloads = principals
            .map(|principals| {
                let first = principals.as_ref().and_then(|ids| ids.first());
                first.map_or_else(BTreeSet::new, |id| about_workload(&cut, *id))
            })
            .collect();
        let policies = || side.policies().iter();
        let cut = side.probe.cut(policies(), |whole, open| {
            open.client_app_types.clone_from(&whole.client_app_types);
        });
        let on = |platform: DevicePlatform| {
            let clients = space.clients.values.iter();
            let clients = clients.map(|client| {
                matching(&cut, |sign_in| {
                    sign_in.client_app_type = *client;
                    sign_in.platform = Some(platform);
                })
            });
            clients.collect()
        };
        // Exchange ActiveSync is told apart by platform (specification 4.6).
        let clients = [on(DevicePlatform::Windows), on(DevicePlatform::Linux)];
        let cut = side.probe.cut(policies(), |whole, open| {
            open.platforms.clone_from(&whole.platforms);
        });
        let platforms = space.platforms.values.iter();
        let platforms = platforms
            .map(|platform| matching(&cut, |sign_in| sign_in.platform = *platform))
            .collect();
        Self {
            at,
            view: view(space, side),
            workloads,
            clients,
            platforms,
            direct_connect: direct_connect(space, at),
        }
    }

    fn policy(&self, space: &mut Space, number: usize, conditions: &Conditions) -> Scope {
        let about = |seen: &[BTreeSet<usize>], at: usize| {
            seen.get(at)
                .is_some_and(|numbers| numbers.contains(&number))
        };
        let person = self.users(space, &conditions.users);
        let circuit = &mut space.circuit;
        let workload = space
            .principals
            .any_at(circuit, |at, _| about(&self.workloads, at));
        let subject = circuit.any([person, workload]);
        let target = space
            .targets
            .any(circuit, |target| about(&target.policies, self.at));
        let context = space
            .contexts
            .any(circuit, |context| about(&context.policies, self.at));
        let target = circuit.any([target, context]);
        let client = self.client(space, number);
        let circuit = &mut space.circuit;
        let platform = space
            .platforms
            .any_at(circuit, |at, _| about(&self.platforms, at));
        let personal = [
            space.sign_in_risks.any(circuit, |level| {
                let levels = conditions.sign_in_risk_levels;
                levels.is_empty() || levels.contains(*level)
            }),
            space.user_risks.any(circuit, |level| {
                let levels = conditions.user_risk_levels;
                levels.is_empty() || levels.contains(*level)
            }),
        ];
        let others = [
            space.principal_risks.any(circuit, |level| {
                let levels = conditions.service_principal_risk_levels;
                levels.is_empty() || levels.contains(*level)
            }),
            space.insider_risks.any(circuit, |level| {
                let levels = conditions.insider_risk_levels;
                levels.is_empty() || level.is_some_and(|level| levels.contains(level))
            }),
            space.flows.any(circuit, |flow| {
                let methods = conditions.transfer_methods;
                methods.is_empty() || flow.is_some_and(|flow| methods.contains(flow))
            }),
        ];
        let device = match &conditions.devices {
            None => circuit.always(),
            Some(condition) => space.device.matches(circuit, condition, self.view),
        };
        let place = self.places(space, conditions);
        let all = [subject, target, client, platform];
        let circuit = &mut space.circuit;
        let plain = circuit.all(all.into_iter().chain(others));
        let whatever_the_risk = circuit.all([plain, place, device]);
        let risky = circuit.all([plain].into_iter().chain(personal));
        Scope {
            whole: circuit.all([risky, place, device]),
            whatever_the_risk,
            whatever_the_place: circuit.all([risky, device]),
            whatever_the_device: circuit.all([risky, place]),
        }
    }

    /// The kind of client; Exchange `ActiveSync` is told apart by platform.
    fn client(&self, space: &mut Space, number: usize) -> Lit {
        let circuit = &mut space.circuit;
        let [supported, elsewhere] = &self.clients;
        let client = [supported, elsewhere].map(|seen| {
            space.clients.any_at(circuit, |at, _| {
                seen.get(at)
                    .is_some_and(|numbers| numbers.contains(&number))
            })
        });
        let [supported, elsewhere] = client;
        if supported == elsewhere {
            supported
        } else {
            let is_supported = space.platforms.any(circuit, |platform| {
                matches!(
                    platform,
                    Some(DevicePlatform::Ios | DevicePlatform::Android | DevicePlatform::Windows)
                )
            });
            let supported = circuit.all([supported, is_supported]);
            let elsewhere = circuit.all([elsewhere, !is_supported]);
            circuit.any([supported, elsewhere])
        }
    }

    fn users(&self, space: &mut Space, users: &UserConditions) -> Lit {
        let person = space
            .whos
            .any(&mut space.circuit, |who| who.kind.is_person());
        let include = users.include.iter().map(|one| self.user(space, one));
        let include: Vec<Lit> = include.collect();
        // A policy that excludes everybody cannot be evaluated, and blocks whomever it includes (decision 18).
        let exclude = users.exclude.iter();
        let exclude = exclude.filter(|one| **one != UserCondition::All);
        let exclude: Vec<Lit> = exclude.map(|one| self.user(space, one)).collect();
        let included = space.circuit.any(include);
        let excluded = space.circuit.any(exclude);
        space.circuit.all([person, included, !excluded])
    }

    fn user(&self, space: &mut Space, condition: &UserCondition) -> Lit {
        let circuit = &mut space.circuit;
        match condition {
            UserCondition::All => circuit.always(),
            UserCondition::User(id) => space.users.any(circuit, |users| users.contains(id)),
            UserCondition::Group(id) => space.groups.get(id).copied().unwrap_or(circuit.never()),
            UserCondition::Role(id) => space.roles.get(id).copied().unwrap_or(circuit.never()),
            UserCondition::GuestsOrExternalUsers => {
                self.external(space, ExternalUserTypes::ALL, None)
            }
            UserCondition::ExternalUsers { types, tenants } => {
                self.external(space, *types, tenants.as_deref())
            }
        }
    }

    fn external(
        &self,
        space: &mut Space,
        types: ExternalUserTypes,
        tenants: Option<&[TenantId]>,
    ) -> Lit {
        let from_there = |who: &Who| match tenants {
            None => true,
            // The list says nothing of guests that have no other tenant (specification 4.2).
            Some(_) if who.kind == SubjectKind::InternalGuest => true,
            Some(tenants) => who
                .home_tenant()
                .is_some_and(|home| tenants.contains(&home)),
        };
        let by_kind = space.whos.any(&mut space.circuit, |who| {
            types.intersects(who.types(false)) && from_there(who)
        });
        if !types.contains(ExternalUserType::B2bDirectConnectUser) {
            return by_kind;
        }
        let whos = space.whos.values.iter().zip(&self.direct_connect);
        let too = whos.filter(|(who, _)| from_there(who)).map(|(_, too)| *too);
        let all: Vec<Lit> = too.chain([by_kind]).collect();
        space.circuit.any(all)
    }

    fn places(&self, space: &mut Space, conditions: &Conditions) -> Lit {
        let Some(locations) = &conditions.locations else {
            return space.circuit.always();
        };
        // A condition without a list, or with a location that is not there, could mean anywhere (decision 18).
        let mut included = vec![space.circuit.constant(locations.include.is_empty())];
        for condition in &locations.include {
            let inside = self.place(space, condition, List::Include);
            included.push(inside.unwrap_or(space.circuit.always()));
        }
        let mut excluded = Vec::new();
        for condition in &locations.exclude {
            excluded.extend(self.place(space, condition, List::Exclude));
        }
        let included = space.circuit.any(included);
        let excluded = space.circuit.any(excluded);
        space.circuit.all([included, !excluded])
    }

    /// Whether a sign-in is in a place that a condition names; `None` for a location that is not there.
    fn place(&self, space: &mut Space, condition: &LocationCondition, list: List) -> Option<Lit> {
        let locations = space.place_classes.locations.get(self.at)?;
        let named: Vec<(PlaceKind, BTreeSet<usize>)> = match condition {
            LocationCondition::All => return Some(space.circuit.always()),
            LocationCondition::AllTrusted => locations
                .values()
                .filter(|inside| inside.is_trusted)
                .map(|inside| (inside.kind, inside.included.clone()))
                .collect(),
            LocationCondition::NamedLocation(id) => {
                let inside = locations.get(id)?;
                let classes = match list {
                    List::Include => &inside.included,
                    List::Exclude => &inside.excluded,
                };
                vec![(inside.kind, classes.clone())]
            }
        };
        let mut inside = Vec::new();
        for (kind, classes) in named {
            let literals = space.places.get(&kind)?;
            inside.push(any_of(&mut space.circuit, literals, |at| {
                classes.contains(&at)
            }));
        }
        Some(space.circuit.any(inside))
    }
}

#[derive(Clone, Copy)]
enum List {
    Include,
    Exclude,
}

fn matching(cut: &Cut, put: impl Fn(&mut SignIn)) -> BTreeSet<usize> {
    let member = Who {
        kind: SubjectKind::Member,
        home: Home::Here,
    };
    let (mut sign_in, origin) = person(&member, ClientId::DIRECTORY);
    put(&mut sign_in);
    cut.matching(sign_in, origin)
}

/// Of each kind of subject: it signs in, could come by direct connect too, and reaches something that direct connect reaches.
fn direct_connect(space: &mut Space, at: usize) -> Vec<Lit> {
    let count = space.whos.values.len();
    let mut literals = Vec::with_capacity(count);
    for who in 0..count {
        let circuit = &mut space.circuit;
        let mut ways = Vec::new();
        for (through, client) in space.throughs.literals.iter().enumerate() {
            let target = space.targets.any(circuit, |target| {
                let door = target.door(at, through);
                door.is_some_and(|door| door.adds_direct_connect(who))
            });
            ways.push(circuit.all([target, *client]));
        }
        let reaches = circuit.any(ways);
        let its = space.whos.literals.get(who).copied();
        let its = its.unwrap_or(circuit.never());
        literals.push(circuit.all([its, reaches, space.eligible]));
    }
    literals
}
