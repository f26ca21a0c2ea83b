//! The space of all sign-ins: every dimension a policy can look at, divided into what some policy tells apart.

mod axis;
mod people;

use std::collections::{BTreeMap, BTreeSet};

use batsat::Lit;
use portcullis_model::conditional_access::signal::{InsiderRiskLevel, RiskLevel, TransferMethod};
use portcullis_model::conditional_access::{ClientAppType, DevicePlatform};
use portcullis_model::id::{GroupId, RoleTemplateId, ServicePrincipalId, TenantId, UserId};
use portcullis_whatif::directory::DirectoryTenant;
use uuid::Uuid;

use crate::circuit::Circuit;
use crate::device::Device;
use crate::mentions::Mentions;
use crate::place::{PlaceKind, Places};
use crate::selection::Interest;
use crate::side::Side;
use crate::target::{ACTIONS, ContextClass, Reached, TargetClass, candidates, contexts, targets};
use crate::through::{Through, throughs};
use crate::who::{Home, SubjectKind, Who};

pub(crate) use axis::{Axis, AxisId, Platform, Switch, any_of};
pub(crate) use people::{Listed, listed};

/// The tenant that stands for all that nobody names.
pub(crate) const ANY_OTHER_TENANT: TenantId =
    TenantId::new(Uuid::from_u128(0x7e0a_0000_0000_4000_8000_0000_0000_0001));

/// Everything a sign-in can be, as literals of one circuit.
pub(crate) struct Space {
    pub(crate) circuit: Circuit,
    pub(crate) whos: Axis<Who>,
    /// Users that policies name, those together that no policy tells apart; an empty list is everybody else.
    pub(crate) users: Axis<Vec<UserId>>,
    /// The same of service principals; `None` is a person.
    pub(crate) principals: Axis<Option<Vec<ServicePrincipalId>>>,
    pub(crate) targets: Axis<TargetClass>,
    /// Through which application, where cross-tenant access settings tell clients apart.
    pub(crate) throughs: Axis<Through>,
    /// What the application asks for by name beside it.
    pub(crate) contexts: Axis<ContextClass>,
    pub(crate) clients: Axis<ClientAppType>,
    pub(crate) platforms: Axis<Platform>,
    pub(crate) places: BTreeMap<PlaceKind, Vec<Lit>>,
    pub(crate) place_classes: Places,
    pub(crate) sign_in_risks: Axis<RiskLevel>,
    pub(crate) user_risks: Axis<RiskLevel>,
    pub(crate) principal_risks: Axis<RiskLevel>,
    pub(crate) insider_risks: Axis<Option<InsiderRiskLevel>>,
    pub(crate) flows: Axis<Option<TransferMethod>>,
    pub(crate) device: Device,
    pub(crate) groups: BTreeMap<GroupId, Lit>,
    pub(crate) roles: BTreeMap<RoleTemplateId, Lit>,
    pub(crate) approved: Lit,
    pub(crate) protected: Lit,
    /// A guest could have come by direct connect too.
    pub(crate) eligible: Lit,
    /// Every literal that is true or false by itself, with what it says.
    pub(crate) switches: Vec<(Switch, Lit)>,
    /// Whether the directory lists its people.
    pub(crate) lists_people: bool,
    /// The people the directory lists; empty where it lists none.
    pub(crate) listed: Vec<Listed>,
    /// Assumed where somebody must exist: whoever has an object is one of the listed people.
    pub(crate) populated: Lit,
}

impl Space {
    pub(crate) fn new(sides: &[Side], tenant: &DirectoryTenant, interest: &Interest) -> Self {
        let mut mentions = Mentions::default();
        for policy in sides.iter().flat_map(Side::policies) {
            mentions.add(policy);
        }
        mentions.users.extend(&interest.users);
        mentions.groups.extend(&interest.groups);
        mentions.roles.extend(&interest.roles);
        mentions.tenants.extend(&interest.tenants);
        let whos = Who::all(&homes(sides, &mentions));
        let reached = candidates(sides, &mentions, &interest.reached);
        let throughs = throughs(sides, &whos, &reached);
        let targets = targets(sides, reached, &whos, &interest.reached, &throughs);
        let places = Places::of(sides);
        let mut circuit = Circuit::new();
        let device = Device::new(&mut circuit, &mentions.device);
        let places_literals = places
            .classes
            .iter()
            .map(|(kind, classes)| (*kind, axis::literals(&mut circuit, classes.len())))
            .collect();
        let principals = principals(sides, &mentions);
        let mut space = Self {
            whos: Axis::new(&mut circuit, whos),
            users: Axis::new(&mut circuit, users(sides, &mentions, interest)),
            principals: Axis::new(&mut circuit, principals),
            targets: Axis::new(&mut circuit, targets),
            throughs: Axis::new(&mut circuit, throughs),
            contexts: Axis::new(&mut circuit, contexts(sides, &mentions)),
            clients: Axis::new(&mut circuit, axis::CLIENTS.to_vec()),
            platforms: Axis::new(&mut circuit, axis::PLATFORMS.to_vec()),
            places: places_literals,
            place_classes: places,
            sign_in_risks: Axis::new(&mut circuit, RiskLevel::ALL.to_vec()),
            user_risks: Axis::new(&mut circuit, RiskLevel::ALL.to_vec()),
            principal_risks: Axis::new(&mut circuit, RiskLevel::ALL.to_vec()),
            insider_risks: Axis::new(&mut circuit, axis::optional(InsiderRiskLevel::ALL)),
            flows: Axis::new(&mut circuit, axis::optional(TransferMethod::ALL)),
            device,
            groups: named(&mut circuit, &mentions.groups),
            roles: named(&mut circuit, &mentions.roles),
            approved: circuit.free(),
            protected: circuit.free(),
            eligible: circuit.free(),
            switches: Vec::new(),
            lists_people: tenant.lists_people(),
            listed: Vec::new(),
            populated: circuit.free(),
            circuit,
        };
        space.require_sense();
        space.switches = space.all_switches();
        space.listed = listed(&mut space, tenant);
        space
    }

    /// What no sign-in is: nobody is in a group without an object, and so on.
    fn require_sense(&mut self) {
        let circuit = &mut self.circuit;
        let objectless = self.whos.any(circuit, |who| !who.kind.has_object());
        let workload = self.whos.any(circuit, |who| !who.kind.is_person());
        let unnamed = self
            .users
            .any(circuit, |users: &Vec<UserId>| users.is_empty());
        circuit.require([!objectless, unnamed]);
        for literal in self.groups.values().chain(self.roles.values()) {
            circuit.require([!objectless, !*literal]);
        }
        let is_person = self.principals.any(circuit, Option::is_none);
        let differs = circuit.differ(workload, is_person);
        circuit.require([differs]);
        // An application on its own behalf has no device, no session and no risk of a person, and reaches resources only.
        let no_device = self.whos.any(circuit, |who| {
            !who.kind.is_person() || (who.kind.is_external() && who.home == Home::NoTenant)
        });
        let registered = self.device.registered;
        circuit.require([!no_device, !registered]);
        for reached in ACTIONS.map(Reached::Action) {
            let its = self.targets.any(circuit, |target| target.is(reached));
            let others = self.whos.any(circuit, |who| !reached.is_done_by(who.kind));
            circuit.require([!others, !its]);
        }
        let quiet = [
            self.sign_in_risks
                .any(circuit, |level| *level == RiskLevel::None),
            self.user_risks
                .any(circuit, |level| *level == RiskLevel::None),
            self.insider_risks.any(circuit, Option::is_none),
            self.flows.any(circuit, Option::is_none),
            self.contexts
                .any(circuit, |context: &ContextClass| context.members.is_empty()),
            // A confidential client (specification 4.6).
            self.clients
                .any(circuit, |client| *client == ClientAppType::Browser),
        ];
        for literal in quiet {
            circuit.require([!workload, literal]);
        }
        let no_risk = self
            .principal_risks
            .any(circuit, |level| *level == RiskLevel::None);
        circuit.require([workload, no_risk]);
        circuit.require([!self.approved, !workload]);
        circuit.require([!self.protected, !workload]);
        let may_be_eligible = self.whos.any(circuit, |who| {
            who.kind.is_external() && who.kind.has_object() && who.home_tenant().is_some()
        });
        circuit.require([!self.eligible, may_be_eligible]);
    }

    /// The literals of an axis.
    pub(crate) fn literals(&self, axis: AxisId) -> &[Lit] {
        let place = |kind| self.places.get(&kind).map_or(&[][..], Vec::as_slice);
        match axis {
            AxisId::Who => &self.whos.literals,
            AxisId::User => &self.users.literals,
            AxisId::Principal => &self.principals.literals,
            AxisId::Target => &self.targets.literals,
            AxisId::Through => &self.throughs.literals,
            AxisId::Context => &self.contexts.literals,
            AxisId::Client => &self.clients.literals,
            AxisId::Platform => &self.platforms.literals,
            AxisId::Address => place(PlaceKind::Address),
            AxisId::Country => place(PlaceKind::Country),
            AxisId::Coordinates => place(PlaceKind::Coordinates),
            AxisId::CompliantNetwork => place(PlaceKind::CompliantNetwork),
            AxisId::SignInRisk => &self.sign_in_risks.literals,
            AxisId::UserRisk => &self.user_risks.literals,
            AxisId::PrincipalRisk => &self.principal_risks.literals,
            AxisId::InsiderRisk => &self.insider_risks.literals,
            AxisId::Flow => &self.flows.literals,
            AxisId::DeviceJoin => &self.device.joins,
        }
    }

    fn all_switches(&self) -> Vec<(Switch, Lit)> {
        let mut switches: Vec<(Switch, Lit)> = Vec::new();
        switches.extend(
            self.groups
                .iter()
                .map(|(id, one)| (Switch::Group(*id), *one)),
        );
        switches.extend(self.roles.iter().map(|(id, one)| (Switch::Role(*id), *one)));
        switches.push((Switch::DirectConnectEligible, self.eligible));
        switches.push((Switch::DeviceCompliant, self.device.compliant));
        for (property, its) in &self.device.properties {
            if its.present != self.device.registered {
                switches.push((Switch::HasValue(*property), its.present));
            }
            for (test, literal) in &its.tests {
                switches.push((Switch::Text(*property, test.clone()), *literal));
            }
        }
        switches.push((Switch::ApprovedApplication, self.approved));
        switches.push((Switch::ProtectedApplication, self.protected));
        switches
    }

    /// The plainest value of each axis, the one a reader expects where nothing else is said.
    pub(crate) fn plain(&self) -> Vec<Lit> {
        let first = |literals: &[Lit]| literals.first().copied();
        let clients = self.clients.literals.first();
        let mut plain: Vec<Lit> = [
            self.whos.find(|who| who.kind == SubjectKind::Member),
            self.users.find(Vec::is_empty),
            self.throughs.find(|through| through.clients.is_empty()),
            self.targets.find(|target| target.is_rest),
            self.contexts.find(|context| context.members.is_empty()),
            clients.copied(),
            self.platforms
                .find(|platform| *platform == Some(DevicePlatform::Windows)),
            self.sign_in_risks.find(|level| *level == RiskLevel::None),
            self.user_risks.find(|level| *level == RiskLevel::None),
            self.principal_risks.find(|level| *level == RiskLevel::None),
            self.insider_risks.find(Option::is_none),
            self.flows.find(Option::is_none),
        ]
        .into_iter()
        .flatten()
        .collect();
        plain.extend(self.places.values().filter_map(|literals| first(literals)));
        plain.extend([!self.device.registered, !self.approved, !self.protected]);
        plain
    }

    /// Whether a kind of subject may reach anything at all, on any side: words need not except those that never come.
    pub(crate) fn can_come(&self, who: usize) -> bool {
        let mut targets = self.targets.values.iter();
        targets.any(|target| {
            let is_application = target.members.iter().any(|one| one.application().is_some());
            let mut doors = target.doors.iter().flatten();
            is_application && doors.any(|door| door.admits(who))
        })
    }

    /// Whether the directory lists its people, and nobody of this kind among them, who would have an object here.
    pub(crate) fn has_nobody(&self, kind: SubjectKind) -> bool {
        let whos = self.listed.iter();
        let mut whos = whos.filter_map(|class| self.whos.values.get(class.who));
        self.lists_people && kind.has_object() && !whos.any(|who| who.kind == kind)
    }

    /// What is reached, by its class.
    pub(crate) fn reached(&self, class: usize) -> Option<Reached> {
        let class = self.targets.values.get(class)?;
        class.members.first().copied()
    }
}

/// Other tenants: those that policies or settings name, and one that nobody names.
fn homes(sides: &[Side], mentions: &Mentions) -> Vec<Home> {
    let mut named: BTreeSet<TenantId> = mentions.tenants.clone();
    named.extend(sides.iter().flat_map(Side::partners));
    for side in sides {
        named.remove(&side.configuration.organization.id);
    }
    let other = std::iter::once(Home::AnyOtherTenant(ANY_OTHER_TENANT));
    named.into_iter().map(Home::Tenant).chain(other).collect()
}

fn named<I: Ord + Copy>(circuit: &mut Circuit, ids: &BTreeSet<I>) -> BTreeMap<I, Lit> {
    let ids = ids.iter();
    ids.map(|id| (*id, circuit.free_and_rather_false()))
        .collect()
}

/// Users that every policy includes and excludes alike are one.
fn users(sides: &[Side], mentions: &Mentions, interest: &Interest) -> Vec<Vec<UserId>> {
    use portcullis_model::conditional_access::UserCondition;
    type Signature = (Vec<(usize, usize, bool)>, Option<UserId>);
    let mut classes: BTreeMap<Signature, Vec<UserId>> = BTreeMap::new();
    let mut signatures: BTreeMap<UserId, Vec<(usize, usize, bool)>> = BTreeMap::new();
    for (at, side) in sides.iter().enumerate() {
        for (number, policy) in side.policies().iter().enumerate() {
            let users = &policy.conditions.users;
            let included = users.include.iter().map(|one| (one, true));
            let excluded = users.exclude.iter().map(|one| (one, false));
            for (condition, is_included) in included.chain(excluded) {
                if let UserCondition::User(id) = condition {
                    let signature = signatures.entry(*id).or_default();
                    signature.push((at, number, is_included));
                }
            }
        }
    }
    for id in &mentions.users {
        let mut signature = signatures.remove(id).unwrap_or_default();
        signature.sort_unstable();
        signature.dedup();
        let alone = interest.users.contains(id).then_some(*id);
        classes.entry((signature, alone)).or_default().push(*id);
    }
    std::iter::once(Vec::new())
        .chain(classes.into_values())
        .collect()
}

/// Service principals that a policy can be about, by what the policies make of them; first no principal at all.
fn principals(sides: &[Side], mentions: &Mentions) -> Vec<Option<Vec<ServicePrincipalId>>> {
    let mut ids: BTreeSet<ServicePrincipalId> = mentions.principals.clone();
    for side in sides {
        ids.extend(
            side.configuration
                .service_principals
                .iter()
                .map(|one| one.id),
        );
    }
    let cuts: Vec<_> = sides.iter().map(crate::scope::workload_cut).collect();
    let mut classes: BTreeMap<Vec<BTreeSet<usize>>, Vec<ServicePrincipalId>> = BTreeMap::new();
    for id in ids {
        let seen = cuts
            .iter()
            .map(|cut| crate::scope::about_workload(cut, id))
            .collect();
        classes.entry(seen).or_default().push(id);
    }
    std::iter::once(None)
        .chain(classes.into_values().map(Some))
        .collect()
}
