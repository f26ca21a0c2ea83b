//! Concrete sign-ins: what the solver found, spelled out, decided by the engine before anybody sees it.

mod situation;

use std::collections::BTreeSet;
use std::net::IpAddr;

use batsat::Lit;
use portcullis_model::authentication_context::AuthenticationContextId;
use portcullis_model::conditional_access::signal::{InsiderRiskLevel, RiskLevel, TransferMethod};
use portcullis_model::conditional_access::{ClientAppType, DevicePlatform, UserAction};
use portcullis_model::country::CountryCode;
use portcullis_model::credential::{AuthenticationMethod, Factor};
use portcullis_model::device::DeviceClaims;
use portcullis_model::id::{
    AgreementId, ClientId, DeviceId, GroupId, RoleTemplateId, ServicePrincipalId, TenantId, UserId,
};
use portcullis_policy::decision::{Outcome, SessionDecision};
use portcullis_policy::facts::{ClientProtection, Origin, Proof, SignIn, Subject, UserSubject};
use portcullis_policy::hypothesis::{Hypothesis, SupposedOrigin};

use crate::device::{JOINS, attributes, device_id};
use crate::evidence::{Evidence, Shown, Wallet};
use crate::place::{PlaceKind, PlaceValue};
use crate::probe::{ACCOUNT, MOMENT};
use crate::region::Point;
use crate::side::Side;
use crate::space::{AxisId, Space, Switch};
use crate::target::Reached;
use crate::who::{Home, Who};

/// A sign-in that answers a question; the engine has confirmed it.
#[derive(Debug, Clone, PartialEq)]
pub struct Witness {
    /// What kind of subject, and from where.
    pub who: Who,
    /// The user's object here: somebody the directory lists, somebody a policy names, or nobody in particular.
    pub user: Option<UserId>,
    /// Whether the directory lists that user.
    pub is_listed: bool,
    /// The application, if it is one on its own behalf.
    pub principal: Option<ServicePrincipalId>,
    /// Groups that matter to the policies.
    pub groups: BTreeSet<GroupId>,
    /// Roles that matter to the policies.
    pub roles: BTreeSet<RoleTemplateId>,
    /// What is reached.
    pub reached: Reached,
    /// Through what other application, where the cross-tenant access settings make a difference between that and itself.
    pub client: Option<ClientId>,
    /// What the application asks for by name beside it.
    pub authentication_context: Option<AuthenticationContextId>,
    /// By what kind of client.
    pub client_app_type: ClientAppType,
    /// From what platform; `None` is unknown.
    pub platform: Option<DevicePlatform>,
    /// From what address.
    pub ip_address: Option<IpAddr>,
    /// From what country; `None` is unknown.
    pub country: Option<CountryCode>,
    /// By what coordinates; `None` are none.
    pub gps_country: Option<CountryCode>,
    /// Through the tenant's compliant network.
    pub compliant_network: bool,
    /// On what device.
    pub device: Option<DeviceClaims>,
    /// In what client application.
    pub client_protection: ClientProtection,
    /// At what risk of the sign-in.
    pub sign_in_risk: RiskLevel,
    /// At what risk of the user.
    pub user_risk: RiskLevel,
    /// At what risk of the service principal.
    pub principal_risk: RiskLevel,
    /// At what insider risk.
    pub insider_risk: Option<InsiderRiskLevel>,
    /// Moved here from another device.
    pub transfer_method: Option<TransferMethod>,
    /// What was proven, each method once: no more than it takes.
    pub proven: Vec<AuthenticationMethod>,
    /// Whether to say where methods are proven: the same proof elsewhere would be another story.
    tells_places: bool,
    /// Terms that were accepted, because it takes that.
    pub accepted: BTreeSet<AgreementId>,
    /// What the decision was.
    pub outcome: Outcome,
    facts: SignIn,
    origin: SupposedOrigin,
}

/// The engine does not say what the solver said: a fault of ours. Nothing is answered.
#[derive(Debug, Clone, thiserror::Error)]
#[error(
    "the analysis is wrong about a sign-in, please report it: it expected `{expected}` of {what}, and the engine decides `{decided}`"
)]
pub struct Disagreement {
    /// What the analysis said.
    pub expected: String,
    /// What the engine says.
    pub decided: String,
    /// The sign-in.
    pub what: String,
}

impl Witness {
    /// The application.
    pub const fn application(&self) -> Option<ClientId> {
        self.reached.application()
    }

    /// The action.
    pub const fn user_action(&self) -> Option<UserAction> {
        match self.reached {
            Reached::Action(action) => Some(action),
            Reached::Application(_) => None,
        }
    }

    /// The sign-in as the engine was shown it.
    pub(crate) const fn facts(&self) -> &SignIn {
        &self.facts
    }

    /// What would hold of the session, once granted by a tenant.
    pub(crate) fn session(&self, side: &Side) -> SessionDecision {
        session(side, self.facts.clone(), self.origin)
    }
}

pub(crate) fn session(side: &Side, facts: SignIn, origin: SupposedOrigin) -> SessionDecision {
    let compiled = &side.compiled;
    let supposed = Hypothesis::new(compiled, facts, origin).decide(compiled);
    supposed.session_controls()
}

pub(crate) fn decide(side: &Side, facts: SignIn, origin: SupposedOrigin) -> Outcome {
    let compiled = &side.compiled;
    let supposed = Hypothesis::new(compiled, facts, origin).decide(compiled);
    supposed.outcome().clone()
}

/// A point of the space as the facts of a sign-in, without anything proven.
pub(crate) struct Reading<'a> {
    space: &'a Space,
    side: &'a Side,
    at: usize,
    point: &'a Point,
}

impl<'a> Reading<'a> {
    pub(crate) fn new(space: &'a Space, side: &'a Side, at: usize, point: &'a Point) -> Self {
        Self {
            space,
            side,
            at,
            point,
        }
    }

    fn value<'v, V>(&self, axis: AxisId, values: &'v [V]) -> Option<&'v V> {
        values.get(*self.point.values.get(&axis)?)
    }

    fn holds(&self, literal: Lit) -> bool {
        let switches = &self.space.switches;
        let found = switches.iter().zip(&self.point.switches);
        let mut found = found.filter(|((_, its), _)| *its == literal);
        found.next().is_some_and(|(_, holds)| *holds)
    }

    fn who(&self) -> Who {
        let member = Who {
            kind: crate::who::SubjectKind::Member,
            home: Home::Here,
        };
        self.value(AxisId::Who, &self.space.whos.values)
            .copied()
            .unwrap_or(member)
    }

    /// Through what other application this one is reached.
    fn client(&self, reached: ClientId) -> Option<ClientId> {
        let through = self.value(AxisId::Through, &self.space.throughs.values)?;
        Some(through.client(reached)).filter(|client| *client != reached)
    }

    fn place(&self, kind: PlaceKind) -> Option<PlaceValue> {
        let axis = match kind {
            PlaceKind::Address => AxisId::Address,
            PlaceKind::Country => AxisId::Country,
            PlaceKind::Coordinates => AxisId::Coordinates,
            PlaceKind::CompliantNetwork => AxisId::CompliantNetwork,
        };
        let classes = self.space.place_classes.classes.get(&kind)?;
        Some(self.value(axis, classes)?.representative)
    }

    fn on<T: Copy + Ord>(&self, pick: fn(&Switch) -> Option<T>) -> BTreeSet<T> {
        let switches = &self.space.switches;
        let held = switches.iter().zip(&self.point.switches);
        held.filter(|(_, holds)| **holds)
            .filter_map(|((switch, _), _)| pick(switch))
            .collect()
    }

    /// The facts, and who that is in the directory.
    pub(crate) fn facts(&self) -> Option<(SignIn, SupposedOrigin, Option<UserId>)> {
        let space = self.space;
        let who = self.who();
        let target_at = *self.point.values.get(&AxisId::Target)?;
        let target = space.targets.values.get(target_at)?;
        let who_at = *self.point.values.get(&AxisId::Who)?;
        let door = target.door(self.at, *self.point.values.get(&AxisId::Through)?)?;
        let account = door.admitted.get(who_at).copied().flatten();
        let account = account.unwrap_or(ACCOUNT);
        let users = self.value(AxisId::User, &space.users.values)?;
        let mut groups = self.on(|switch| match switch {
            Switch::Group(id) => Some(*id),
            _ => None,
        });
        let mut roles = self.on(|switch| match switch {
            Switch::Role(id) => Some(*id),
            _ => None,
        });
        let listed = self.listed(who_at, &groups, &roles);
        let user = listed.or_else(|| users.first().copied()).unwrap_or(ACCOUNT);
        if !who.kind.has_object() {
            (groups, roles) = (BTreeSet::new(), BTreeSet::new());
        }
        let reached = *target.members.first()?;
        let principals = self.value(AxisId::Principal, &space.principals.values)?;
        let subject = if let Some(principals) = principals {
            Subject::ServicePrincipal(*principals.first()?)
        } else {
            let could = door.adds_direct_connect(who_at);
            Subject::User(UserSubject {
                user: who.kind.has_object().then_some(user),
                origin: Origin::Internal,
                external_user_types: who.types(could && self.holds(space.eligible)),
                groups: groups.into_iter().collect(),
                roles: roles.into_iter().collect(),
            })
        };
        let mut sign_in = SignIn::new(subject, ClientId::DIRECTORY, BTreeSet::new(), MOMENT);
        reached.put(&mut sign_in);
        let context = self.value(AxisId::Context, &space.contexts.values)?;
        sign_in
            .authentication_contexts
            .extend(context.members.first());
        self.surroundings(&mut sign_in, &who)?;
        Some((sign_in, who.origin(account), listed))
    }

    /// One of the listed people who is all that.
    fn listed(
        &self,
        who: usize,
        groups: &BTreeSet<GroupId>,
        roles: &BTreeSet<RoleTemplateId>,
    ) -> Option<UserId> {
        let user = *self.point.values.get(&AxisId::User)?;
        let mut listed = self.space.listed.iter();
        let found = listed.find(|class| class.is(who, user, groups, roles));
        found.and_then(|class| class.users.first()).copied()
    }

    fn surroundings(&self, sign_in: &mut SignIn, who: &Who) -> Option<()> {
        let space = self.space;
        let own = self.side.configuration.organization.id;
        sign_in.client_app_type = *self.value(AxisId::Client, &space.clients.values)?;
        sign_in.platform = *self.value(AxisId::Platform, &space.platforms.values)?;
        for kind in PlaceKind::ALL {
            self.place(kind)?.put(sign_in, self.side);
        }
        sign_in.risk.sign_in = *self.value(AxisId::SignInRisk, &space.sign_in_risks.values)?;
        sign_in.risk.user = *self.value(AxisId::UserRisk, &space.user_risks.values)?;
        sign_in.risk.service_principal =
            *self.value(AxisId::PrincipalRisk, &space.principal_risks.values)?;
        sign_in.risk.insider = *self.value(AxisId::InsiderRisk, &space.insider_risks.values)?;
        sign_in.transfer_method = *self.value(AxisId::Flow, &space.flows.values)?;
        sign_in.client_protection = ClientProtection {
            is_approved: self.holds(space.approved),
            is_compliant: self.holds(space.protected),
        };
        let device = &space.device;
        let (join, _) = self.value(AxisId::DeviceJoin, &JOINS)?;
        if let Some(trust_type) = join {
            sign_in.device = Some(DeviceClaims {
                tenant_id: who.home_tenant().unwrap_or(own),
                device_id: DeviceId::new(device_id(device, |literal| self.holds(literal))),
                is_compliant: self.holds(device.compliant),
                trust_type: *trust_type,
                attributes: attributes(device, |literal| self.holds(literal)),
            });
        }
        Some(())
    }
}

/// What a witness must come to, and what it must not have.
pub(crate) struct Claim<'a> {
    /// Whether it is granted; `None`: whatever `lacks` says is enough.
    pub(crate) is_granted: Option<bool>,
    /// The engine, asked whether what must be lacking is met after all.
    pub(crate) lacks: &'a dyn Fn(&SignIn, SupposedOrigin) -> bool,
}

/// Shows a point with an evidence to the engine; `None` where the engine does not confirm it.
pub(crate) fn confirm(
    reading: &Reading<'_>,
    wallet: &Wallet,
    evidence: Evidence,
    claim: &Claim<'_>,
) -> Option<Witness> {
    let (facts, origin, listed) = reading.facts()?;
    let side = reading.side;
    let own = side.configuration.organization.id;
    let who = reading.who();
    let home = who.home_tenant().unwrap_or(own);
    let show = |evidence: Evidence| {
        let mut facts = facts.clone();
        if who.kind.is_person() {
            wallet.show(evidence, &mut facts, own, home);
        }
        facts
    };
    let holds = |facts: &SignIn| {
        let outcome = decide(side, facts.clone(), origin);
        let is_granted = outcome == Outcome::Granted;
        let is_as_claimed = claim.is_granted.is_none_or(|claimed| claimed == is_granted);
        (is_as_claimed && (claim.lacks)(facts, origin)).then_some(outcome)
    };
    holds(&show(evidence))?;
    // Nobody reads a list of every method there is: as little as it takes.
    let mut evidence = evidence;
    if claim.is_granted != Some(false) {
        evidence = least(wallet, evidence, |fewer| holds(&show(fewer)).is_some());
    }
    let mut facts = show(evidence);
    prove_once(&mut facts, (own, side.compiled.trust(home).mfa), |fewer| {
        holds(fewer).is_some()
    });
    let outcome = holds(&facts)?;
    let confirmed = Confirmed {
        facts,
        origin,
        listed,
        outcome,
    };
    Some(witness(reading, confirmed, wallet.tells_places_apart))
}

/// Nobody proves a method in two tenants where one is enough; where either is, it is the one at which this tenant looks.
fn prove_once(
    facts: &mut SignIn,
    (own, trusts_home): (TenantId, bool),
    will_do: impl Fn(&SignIn) -> bool,
) {
    let looked_at = |proof: &Proof| {
        let at_home = trusts_home || proof.method.factor() == Factor::First;
        (proof.tenant != own) == at_home
    };
    let all = facts.proofs.clone();
    let (kept, others): (Vec<Proof>, Vec<Proof>) = all.into_iter().partition(looked_at);
    for proof in others.iter().chain(&kept) {
        let is_same = |other: &&Proof| {
            other.method == proof.method && other.authenticator == proof.authenticator
        };
        if facts.proofs.iter().filter(is_same).count() < 2 {
            continue;
        }
        let mut fewer = facts.clone();
        if let Some(at) = fewer.proofs.iter().position(|other| other == proof) {
            fewer.proofs.remove(at);
        }
        if will_do(&fewer) {
            *facts = fewer;
        }
    }
}

/// A sign-in as the engine confirmed it.
struct Confirmed {
    facts: SignIn,
    origin: SupposedOrigin,
    listed: Option<UserId>,
    outcome: Outcome,
}

/// The plainest of the evidences that will do: a password alone if possible, else without whatever can be missed.
fn least(wallet: &Wallet, evidence: Evidence, will_do: impl Fn(Evidence) -> bool) -> Evidence {
    let is_password =
        |shown: &Shown| matches!(shown, Shown::Proof(AuthenticationMethod::Password, ..));
    let mut alone = wallet
        .shown(evidence)
        .filter(|(_, shown)| is_password(shown));
    let alone = alone.next().map(|(at, _)| Evidence::NONE.with(at));
    if let Some(alone) = alone.filter(|alone| will_do(*alone)) {
        return alone;
    }
    // Passwords last, since everybody has one; what is both factors at once before what is one.
    let mut order: Vec<(usize, usize)> = wallet
        .shown(evidence)
        .map(|(at, shown)| {
            let rank = match shown {
                _ if is_password(shown) => 4,
                Shown::Proof(method, ..) => match method.factor() {
                    Factor::First => 1,
                    Factor::Both => 2,
                    Factor::Second => 3,
                },
                Shown::Accepted(_)
                | Shown::Vouched(_)
                | Shown::PasswordChanged
                | Shown::RiskRemediated => 0,
            };
            (rank, at)
        })
        .collect();
    order.sort_unstable();
    let mut least = evidence;
    for (_, at) in order {
        let fewer = least.without(at);
        if fewer != least && will_do(fewer) {
            least = fewer;
        }
    }
    least
}

fn witness(reading: &Reading<'_>, confirmed: Confirmed, tells_places: bool) -> Witness {
    let Confirmed {
        facts,
        origin,
        listed,
        outcome,
    } = confirmed;
    let proven: BTreeSet<AuthenticationMethod> =
        facts.proofs.iter().map(|proof| proof.method).collect();
    let (user, principal, groups, roles) = match &facts.subject {
        Subject::User(user) => {
            let groups = user.groups.iter().copied().collect();
            let roles = user.roles.iter().copied().collect();
            (user.user, None, groups, roles)
        }
        Subject::ServicePrincipal(id) => (None, Some(*id), BTreeSet::new(), BTreeSet::new()),
    };
    let target = reading.point.values.get(&AxisId::Target);
    let reached = target.and_then(|at| reading.space.reached(*at));
    let side = reading.side;
    let own: TenantId = side.configuration.organization.id;
    let who = reading.who();
    let application = reached.and_then(Reached::application);
    Witness {
        who,
        user,
        is_listed: listed.is_some(),
        principal,
        groups,
        roles,
        reached: reached.unwrap_or(Reached::Application(ClientId::DIRECTORY)),
        client: application.and_then(|one| reading.client(one)),
        authentication_context: facts.authentication_contexts.first().copied(),
        client_app_type: facts.client_app_type,
        platform: facts.platform,
        ip_address: facts.ip_address,
        country: facts.country,
        gps_country: facts.place.gps_country,
        compliant_network: facts.place.compliant_network == Some(own),
        device: facts.device.clone(),
        client_protection: facts.client_protection,
        sign_in_risk: facts.risk.sign_in,
        user_risk: facts.risk.user,
        principal_risk: facts.risk.service_principal,
        insider_risk: facts.risk.insider,
        transfer_method: facts.transfer_method,
        proven: proven.into_iter().collect(),
        tells_places: tells_places && who.home_tenant().is_some(),
        accepted: facts.fulfilled.terms_of_use.clone(),
        outcome,
        facts,
        origin,
    }
}
