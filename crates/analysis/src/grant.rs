//! When a side grants, as a literal, for one evidence: every policy that applies is satisfied, and both tenants admit.
//!
//! What a control comes to for a kind of subject and an evidence is asked of the engine; what is added here is what the rest
//! of the sign-in contributes: the kind of client, the device, the platform, and the two actions with rules of their own.

use std::collections::{BTreeSet, HashMap};

use batsat::Lit;
use portcullis_model::conditional_access::signal::TransferMethod;
use portcullis_model::conditional_access::{
    ClientAppType, ConditionalAccessPolicy, DevicePlatform, GrantControl, GrantControls,
    GrantOperator, Target, UserAction,
};
use portcullis_model::id::{AgreementId, ClientId};

use crate::device::View;
use crate::evidence::{Ask, Evidence, Wallet};
use crate::probe::{Demanding, everything};
use crate::scope::{scopes, view};
use crate::side::Side;
use crate::space::Space;
use crate::target::Reached;
use crate::who::Who;

/// One side in the circuit.
pub(crate) struct Encoded {
    /// Of each policy: it applies.
    pub(crate) scopes: Vec<Lit>,
    /// The same, its conditions on risks of people aside.
    pub(crate) whatever_the_risk: Vec<Lit>,
    /// The same, its condition on places aside.
    pub(crate) whatever_the_place: Vec<Lit>,
    /// The same, its condition on devices aside.
    pub(crate) whatever_the_device: Vec<Lit>,
    view: View,
    /// Terms of use that are accepted on each registered device.
    per_device: BTreeSet<AgreementId>,
    /// Policies that cannot be evaluated, and so block.
    pub(crate) defects: Vec<bool>,
    /// Policies that may spare whoever signs in, in places that are not known.
    sparing: Vec<bool>,
    /// Policies that replace strengths in places that are not known.
    replacing_somewhere: Vec<bool>,
    /// All of them are passed over: what they would say is not known, and nothing is more lenient.
    pub(crate) is_lenient: bool,
    /// Both tenants let the user cross.
    pub(crate) admitted: Lit,
    modern: Lit,
    registering_device: Lit,
    registering_information: Lit,
    demands: Vec<(Demand, [Demanding; 2])>,
    granted: HashMap<(bool, Evidence), Lit>,
    shown: HashMap<(usize, Evidence), Lit>,
    passes: HashMap<(bool, usize, Evidence), Lit>,
}

/// A control, and the strength that a policy brings along with it.
#[derive(PartialEq)]
struct Demand {
    control: GrantControl,
    brought: Option<Box<portcullis_model::authentication_strength::AuthenticationStrengthPolicy>>,
}

/// The action whose rules differ: what is bound to a device cannot vouch for registering one.
const REGISTERING_DEVICE: Reached = Reached::Action(UserAction::RegisterOrJoinDevices);
const REACHING: Reached = Reached::Application(ClientId::DIRECTORY);

impl Encoded {
    pub(crate) fn new(space: &mut Space, at: usize, side: &Side) -> Self {
        let found = scopes(space, at, side);
        let scopes = found.iter().map(|scope| scope.whole).collect();
        let whatever_the_risk = found.iter().map(|scope| scope.whatever_the_risk).collect();
        let whatever_the_place = found.iter().map(|one| one.whatever_the_place).collect();
        let whatever_the_device = found.iter().map(|one| one.whatever_the_device).collect();
        let view = view(space, side);
        let blocking: Vec<_> = side.compiled.not_evaluable().map(|(id, _)| id).collect();
        let defects = side.policies().iter();
        let defects = defects
            .map(|policy| blocking.contains(&policy.id))
            .collect();
        let circuit = &mut space.circuit;
        let modern = space.clients.any(circuit, |client| is_modern(*client));
        let registering_device = space.targets.any(circuit, |one| {
            one.is(Reached::Action(UserAction::RegisterOrJoinDevices))
        });
        let registering_information = space.targets.any(circuit, |one| {
            one.is(Reached::Action(UserAction::RegisterSecurityInformation))
        });
        let admitted = admitted(space, at);
        Self {
            scopes,
            whatever_the_risk,
            whatever_the_place,
            whatever_the_device,
            view,
            per_device: per_device(side),
            defects,
            sparing: side
                .policies()
                .iter()
                .map(|policy| side.may_be_spared(policy))
                .collect(),
            replacing_somewhere: side
                .policies()
                .iter()
                .map(|policy| {
                    side.may_be_about(policy) && strengths_of_registration(policy).next().is_some()
                })
                .collect(),
            is_lenient: false,
            admitted,
            modern,
            registering_device,
            registering_information,
            demands: Vec::new(),
            granted: HashMap::new(),
            shown: HashMap::new(),
            passes: HashMap::new(),
        }
    }

    /// Granted, with this to show.
    pub(crate) fn granted(
        &mut self,
        space: &mut Space,
        side: &Side,
        wallet: &Wallet,
        evidence: Evidence,
    ) -> Lit {
        let key = (self.is_lenient, evidence);
        if let Some(known) = self.granted.get(&key) {
            return *known;
        }
        let mut all = vec![self.admitted];
        for number in 0..side.policies().len() {
            all.push(self.passes(space, side, wallet, evidence, number));
        }
        let granted = space.circuit.all(all);
        self.granted.insert(key, granted);
        granted
    }

    /// Whether of some policy it is not known what it says.
    pub(crate) fn has_doubts(&self) -> bool {
        let doubts = [&self.defects, &self.sparing, &self.replacing_somewhere];
        doubts.into_iter().any(|all| all.contains(&true))
    }

    fn is_passed_over(&self, number: usize) -> bool {
        let is_doubtful = |all: &[bool]| all.get(number) != Some(&false);
        self.is_lenient && (is_doubtful(&self.defects) || is_doubtful(&self.sparing))
    }

    /// What a policy says is looked at.
    pub(crate) fn counts(&self, number: usize) -> bool {
        !self.is_passed_over(number)
    }

    /// A policy lets pass: it does not apply, or is satisfied.
    pub(crate) fn passes(
        &mut self,
        space: &mut Space,
        side: &Side,
        wallet: &Wallet,
        evidence: Evidence,
        number: usize,
    ) -> Lit {
        let key = (self.is_lenient, number, evidence);
        if let Some(known) = self.passes.get(&key) {
            return *known;
        }
        let Some((policy, scope)) = side.policies().get(number).zip(self.scopes.get(number)) else {
            return space.circuit.never();
        };
        let scope = *scope;
        let is_defective = self.defects.get(number) != Some(&false);
        let satisfied = if self.is_passed_over(number) {
            space.circuit.always()
        } else if is_defective {
            space.circuit.never()
        } else {
            self.satisfied(space, side, wallet, evidence, policy)
        };
        let passes = space.circuit.any([!scope, satisfied]);
        self.passes.insert(key, passes);
        passes
    }

    /// What a policy demands is met, whether it applies or not.
    pub(crate) fn satisfied(
        &mut self,
        space: &mut Space,
        side: &Side,
        wallet: &Wallet,
        evidence: Evidence,
        policy: &ConditionalAccessPolicy,
    ) -> Lit {
        let Some(grant) = &policy.grant_controls else {
            return space.circuit.always();
        };
        if grant.controls.is_empty() || grant.controls.contains(&GrantControl::Block) {
            return space.circuit.never();
        }
        let is_about_resources = matches!(policy.conditions.target, Target::Applications(_));
        let mut met = Vec::new();
        let mut exempt = Vec::new();
        for control in &grant.controls {
            let its = match control {
                GrantControl::AuthenticationStrength(_) if is_about_resources => {
                    self.strength_of_resources(space, side, wallet, evidence, (control, policy))
                }
                _ => self.met(space, side, wallet, evidence, (control, policy)),
            };
            met.push(its);
            // A policy about all resources keeps nobody from registering a device by asking for one (specification 4.3).
            exempt.push(if is_about_resources && self.asks_for_device(control) {
                self.registering_device
            } else {
                space.circuit.never()
            });
        }
        let circuit = &mut space.circuit;
        let all_exempt = circuit.all(exempt.iter().copied());
        let pairs = met.into_iter().zip(exempt);
        match grant.operator {
            GrantOperator::And => {
                let each: Vec<Lit> = pairs
                    .map(|(met, exempt)| circuit.any([met, exempt]))
                    .collect();
                circuit.all(each)
            }
            GrantOperator::Or => {
                let each: Vec<Lit> = pairs
                    .map(|(met, exempt)| circuit.all([met, !exempt]))
                    .collect();
                circuit.any(each.into_iter().chain([all_exempt]))
            }
        }
    }

    /// While security information is registered, strengths of policies about that replace those of policies about resources
    /// (specification 5.4).
    fn strength_of_resources(
        &mut self,
        space: &mut Space,
        side: &Side,
        wallet: &Wallet,
        evidence: Evidence,
        (control, policy): (&GrantControl, &ConditionalAccessPolicy),
    ) -> Lit {
        let own = self.met(space, side, wallet, evidence, (control, policy));
        let mut demanded = Vec::new();
        let mut replacing = Vec::new();
        for (number, other) in side.policies().iter().enumerate() {
            let replaces_somewhere = self.replacing_somewhere.get(number) == Some(&true);
            let scope = if self.is_lenient && replaces_somewhere {
                self.whatever_the_place.get(number)
            } else {
                self.scopes.get(number)
            };
            let scope = scope.copied().unwrap_or(space.circuit.never());
            for strength in strengths_of_registration(other) {
                // Which one it is that replaces is not known of a policy that cannot be evaluated, and anything is the most lenient.
                let is_defective = self.defects.get(number) != Some(&false);
                let is_unknown =
                    self.is_lenient && (replaces_somewhere || self.is_passed_over(number));
                let met = if is_defective || is_unknown {
                    space.circuit.always()
                } else {
                    self.met(space, side, wallet, evidence, (strength, other))
                };
                demanded.push(scope);
                replacing.push(space.circuit.implies(scope, met));
            }
        }
        let circuit = &mut space.circuit;
        let any = circuit.any(demanded);
        let is_replaced = circuit.all([any, self.registering_information, self.modern]);
        let replacing = circuit.all(replacing);
        let replaced = circuit.all([is_replaced, replacing]);
        let kept = circuit.all([!is_replaced, own]);
        circuit.any([replaced, kept])
    }

    /// A control is met.
    fn met(
        &mut self,
        space: &mut Space,
        side: &Side,
        wallet: &Wallet,
        evidence: Evidence,
        (control, policy): (&GrantControl, &ConditionalAccessPolicy),
    ) -> Lit {
        let shown = self.shown(space, side, wallet, evidence, (control, Some(policy)));
        self.with_surroundings(space, control, shown)
    }

    /// What a demand comes to for each kind of subject, with everything else at its best; the engine is asked once.
    pub(crate) fn shown(
        &mut self,
        space: &mut Space,
        side: &Side,
        wallet: &Wallet,
        evidence: Evidence,
        (control, policy): (&GrantControl, Option<&ConditionalAccessPolicy>),
    ) -> Lit {
        let number = self.number(side, control, policy);
        if let Some(known) = self.shown.get(&(number, evidence)) {
            return *known;
        }
        let Some((_, [reaching, registering])) = self.demands.get(number) else {
            return space.circuit.never();
        };
        let meets = |demanding: &Demanding, reached: Reached, who: &Who| {
            let ask = Ask { side, who, reached };
            who.kind.is_person() && ask.meets(demanding, wallet, evidence)
        };
        let usual = space
            .whos
            .any(&mut space.circuit, |who| meets(reaching, REACHING, who));
        let registers = space.whos.any(&mut space.circuit, |who| {
            meets(registering, REGISTERING_DEVICE, who)
        });
        let circuit = &mut space.circuit;
        let usual = circuit.all([usual, !self.registering_device]);
        let registers = circuit.all([registers, self.registering_device]);
        let shown = circuit.any([usual, registers]);
        self.shown.insert((number, evidence), shown);
        shown
    }

    /// The number of a demand, each of which is compiled once.
    fn number(
        &mut self,
        side: &Side,
        control: &GrantControl,
        policy: Option<&ConditionalAccessPolicy>,
    ) -> usize {
        let wanted = demand(control, policy);
        let mut demands = self.demands.iter();
        if let Some(known) = demands.position(|(known, _)| *known == wanted) {
            return known;
        }
        self.demands
            .push((wanted, demanding(side, control, policy)));
        self.demands.len() - 1
    }

    /// What the rest of the sign-in adds to it.
    fn with_surroundings(&self, space: &mut Space, control: &GrantControl, shown: Lit) -> Lit {
        let has = self.has(space, control);
        // A sign-in through the device code grant shows no device (specification 5.5).
        let is_shown = if self.shows_device(control) {
            let by_device_code = space.flows.any(&mut space.circuit, |flow| {
                *flow == Some(TransferMethod::DeviceCodeFlow)
            });
            !by_device_code
        } else {
            space.circuit.always()
        };
        space.circuit.all([shown, has, is_shown, self.modern])
    }

    /// Whether the sign-in has to show a device itself.
    fn shows_device(&self, control: &GrantControl) -> bool {
        match control {
            GrantControl::CompliantDevice | GrantControl::DomainJoinedDevice => true,
            GrantControl::TermsOfUse(id) => self.per_device.contains(id),
            GrantControl::Block
            | GrantControl::Mfa
            | GrantControl::AuthenticationStrength(_)
            | GrantControl::ApprovedApplication
            | GrantControl::CompliantApplication
            | GrantControl::PasswordChange
            | GrantControl::RiskRemediation
            | GrantControl::CustomAuthenticationFactor(_) => false,
        }
    }

    /// Whether it wants a device, or an application on one.
    fn asks_for_device(&self, control: &GrantControl) -> bool {
        self.shows_device(control)
            || matches!(
                control,
                GrantControl::ApprovedApplication | GrantControl::CompliantApplication
            )
    }

    /// The device, the application and the platform are what a control wants; always, of a control that wants nothing of them.
    pub(crate) fn has(&self, space: &mut Space, control: &GrantControl) -> Lit {
        let on = |space: &mut Space, platforms: &[DevicePlatform]| {
            space.platforms.any(&mut space.circuit, |platform| {
                platform.is_some_and(|platform| platforms.contains(&platform))
            })
        };
        match control {
            GrantControl::Block => space.circuit.never(),
            GrantControl::TermsOfUse(id) if self.per_device.contains(id) => {
                space.device.is_registered(&mut space.circuit, self.view)
            }
            GrantControl::Mfa
            | GrantControl::AuthenticationStrength(_)
            | GrantControl::PasswordChange
            | GrantControl::RiskRemediation
            | GrantControl::TermsOfUse(_)
            | GrantControl::CustomAuthenticationFactor(_) => space.circuit.always(),
            GrantControl::CompliantDevice => {
                space.device.is_compliant(&mut space.circuit, self.view)
            }
            GrantControl::DomainJoinedDevice => {
                space.device.is_hybrid_joined(&mut space.circuit, self.view)
            }
            GrantControl::ApprovedApplication => {
                let platform = on(space, &[DevicePlatform::Ios, DevicePlatform::Android]);
                space.circuit.all([space.approved, platform])
            }
            GrantControl::CompliantApplication => {
                use DevicePlatform as P;
                let platform = on(space, &[P::Ios, P::Android, P::Windows]);
                space.circuit.all([space.protected, platform])
            }
        }
    }
}

/// What a policy demands, as a demand of its own.
fn demand(control: &GrantControl, policy: Option<&ConditionalAccessPolicy>) -> Demand {
    let brings = matches!(control, GrantControl::AuthenticationStrength(_));
    let brought = policy.and_then(|policy| policy.expanded_strength.clone());
    Demand {
        control: control.clone(),
        brought: brought.filter(|_| brings),
    }
}

/// A tenant that demands a control of whoever reaches anything, and one that demands it of whoever registers a device.
pub(crate) fn demanding(
    side: &Side,
    control: &GrantControl,
    policy: Option<&ConditionalAccessPolicy>,
) -> [Demanding; 2] {
    demanding_any(side, std::slice::from_ref(control), policy)
}

/// The same of any of these controls.
pub(crate) fn demanding_any(
    side: &Side,
    controls: &[GrantControl],
    policy: Option<&ConditionalAccessPolicy>,
) -> [Demanding; 2] {
    let registering = Target::UserActions(vec![UserAction::RegisterOrJoinDevices]);
    [everything(), registering].map(|target| {
        let grant = GrantControls {
            operator: GrantOperator::Or,
            controls: controls.to_vec(),
        };
        side.probe.demanding(target, grant, policy)
    })
}

/// Legacy clients meet no control (specification 4.6).
const fn is_modern(client: ClientAppType) -> bool {
    match client {
        ClientAppType::Browser | ClientAppType::MobileAppsAndDesktopClients => true,
        ClientAppType::ExchangeActiveSync | ClientAppType::EasSupported | ClientAppType::Other => {
            false
        }
    }
}

fn per_device(side: &Side) -> BTreeSet<AgreementId> {
    let agreements = side.configuration.agreements.iter();
    agreements
        .filter(|one| one.is_per_device_acceptance_required)
        .map(|one| one.id)
        .collect()
}

pub(crate) fn controls(policy: &ConditionalAccessPolicy) -> &[GrantControl] {
    let grant = policy.grant_controls.as_ref();
    grant.map_or(&[], |grant| &grant.controls)
}

/// The strengths of a policy that replace those of policies about resources (specification 5.4).
fn strengths_of_registration(
    policy: &ConditionalAccessPolicy,
) -> impl Iterator<Item = &GrantControl> {
    let is_about_actions = matches!(policy.conditions.target, Target::UserActions(_));
    let strengths = controls(policy).iter();
    strengths.filter(move |one| {
        is_about_actions && matches!(one, GrantControl::AuthenticationStrength(_))
    })
}

/// Some account of this kind may reach this through that.
fn admitted(space: &mut Space, at: usize) -> Lit {
    let mut refused = Vec::new();
    let circuit = &mut space.circuit;
    for (target, reached) in space.targets.iter() {
        for (through, client) in space.throughs.literals.iter().enumerate() {
            let door = target.door(at, through);
            let held_back = space
                .whos
                .any_at(circuit, |who, _| door.is_some_and(|door| !door.admits(who)));
            refused.push(circuit.all([held_back, reached, *client]));
        }
    }
    let refused = circuit.any(refused);
    !refused
}
