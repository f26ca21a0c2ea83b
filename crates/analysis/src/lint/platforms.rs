//! Controls that a platform can never meet: a block that does not look like one, or an alternative that is none (specification
//! 5.5, 4.6).

use batsat::Lit;
use portcullis_model::conditional_access::signal::TransferMethod;
use portcullis_model::conditional_access::{
    ClientAppType, ConditionalAccessPolicy, DevicePlatform, GrantControl, GrantOperator, UserAction,
};

use super::controls::Hopeless;
use super::{Finding, Rule, Whom};
use crate::analysis::Analysis;
use crate::circuit::Answer;
use crate::grant::controls;
use crate::region::{Found, Question, Region};
use crate::space::Platform;
use crate::target::Reached;
use crate::told::{or, platform};
use crate::witness::Witness;

/// What a policy comes to on the platforms it is about.
#[derive(Default)]
struct Platforms {
    /// Those on which nobody can meet it, though some who sign in there could elsewhere.
    dead: Vec<(Platform, Lit)>,
    /// Whether somebody can meet it on another.
    is_alive: bool,
}

impl Analysis {
    /// Tells platforms on which a policy blocks in effect; true where that is all it does.
    pub(super) fn lint_platforms(
        &mut self,
        number: usize,
        policy: &ConditionalAccessPolicy,
        hopeless: &mut Hopeless,
        found: &mut Vec<Finding>,
    ) -> bool {
        let bound: Vec<GrantControl> = controls(policy)
            .iter()
            .filter(|control| is_bound(control))
            .cloned()
            .collect();
        let is_demand = !controls(policy).contains(&GrantControl::Block);
        if bound.is_empty() || !is_demand || self.is_defective(number) {
            return false;
        }
        if self.lint_device_code(number, policy, found) {
            return true;
        }
        let has_another_way = is_or(policy) && bound.len() < controls(policy).len();
        let mut platforms = Platforms::default();
        if !has_another_way {
            platforms = self.platforms(number, policy, hopeless);
        }
        let names_current = |(one, _): &(Platform, Lit)| one.is_some_and(is_current);
        // Nobody is told of what nobody uses any more, or recognises, unless the policy is about nothing else.
        let is_worth_telling = !platforms.is_alive || platforms.dead.iter().any(names_current);
        if !platforms.dead.is_empty() && is_worth_telling {
            found.push(self.blocked_in_effect(number, policy, &platforms));
            return !platforms.is_alive;
        }
        if is_or(policy) {
            for control in bound {
                found.extend(self.dead_alternative(number, policy, &control));
            }
        }
        false
    }

    /// What a device says of itself is something that there is on its platform.
    pub(super) fn devices_that_there_are(&mut self) -> Vec<Lit> {
        let mut all = Vec::new();
        for control in [
            GrantControl::CompliantDevice,
            GrantControl::DomainJoinedDevice,
        ] {
            let Some(encoded) = self.encoded.first() else {
                continue;
            };
            let has = encoded.has(&mut self.space, &control);
            let circuit = &mut self.space.circuit;
            let there = self
                .space
                .platforms
                .any(circuit, |platform| can_be_met_on(&control, *platform));
            all.push(circuit.implies(has, there));
        }
        all
    }

    fn platforms(
        &mut self,
        number: usize,
        policy: &ConditionalAccessPolicy,
        hopeless: &mut Hopeless,
    ) -> Platforms {
        let whole = self.wallet.whole();
        let passes = self.passes(0, whole, number);
        let satisfied = self.satisfied(whole, policy);
        let mut platforms = Platforms::default();
        for (platform, there) in self.platform_literals() {
            let among = self.signing_in_there(number, policy, (platform, there));
            let all: Vec<Lit> = among.iter().copied().chain([passes]).collect();
            if self.is_possible(&all, Whom::Anybody) != Answer::No {
                platforms.is_alive |= self.is_possible(&all, Whom::Listed) == Answer::Yes;
                continue;
            }
            let is_to_blame = self.whos().into_iter().any(|(_, who)| {
                let all: Vec<Lit> = among.iter().copied().chain([who]).collect();
                !self.is_hopeless(hopeless, satisfied, who)
                    && self.is_possible(&all, Whom::Listed) == Answer::Yes
            });
            if is_to_blame {
                platforms.dead.push((platform, there));
            }
        }
        platforms
    }

    /// Sign-ins in scope from a platform, by what could show something, without what no device there ever is.
    fn signing_in_there(
        &mut self,
        number: usize,
        policy: &ConditionalAccessPolicy,
        (platform, there): (Platform, Lit),
    ) -> Vec<Lit> {
        let mut among = vec![self.scope(number), self.modern(), there];
        among.extend(self.encoded.first().map(|one| one.admitted));
        // Nobody is kept from registering a device by being asked for one (specification 4.3).
        let registering = Reached::Action(UserAction::RegisterOrJoinDevices);
        let circuit = &mut self.space.circuit;
        let registers = self.space.targets.any(circuit, |one| one.is(registering));
        among.push(!registers);
        let missing = controls(policy).iter();
        let missing = missing.filter(|control| !can_be_met_on(control, platform));
        for control in missing {
            if let Some(encoded) = self.encoded.first() {
                among.push(!encoded.has(&mut self.space, control));
            }
        }
        among
    }

    fn platform_literals(&self) -> Vec<(Platform, Lit)> {
        let all = self.space.platforms.iter();
        all.map(|(platform, literal)| (*platform, literal))
            .collect()
    }

    fn blocked_in_effect(
        &mut self,
        number: usize,
        policy: &ConditionalAccessPolicy,
        platforms: &Platforms,
    ) -> Finding {
        let dead = platforms.dead.iter();
        let names: Vec<String> = dead.map(|(one, _)| platform(*one).to_owned()).collect();
        let mut finding = Finding::about(
            Rule::NeverMetOnPlatform,
            policy,
            format!(
                "`{}` demands {}, which nobody can show on {}: there it blocks whomever it is about",
                policy.display_name,
                self.demanded(policy),
                or(names)
            ),
            "name the platforms that can meet it, and ask the others for what they can show, or say `block` if that is meant",
        );
        if let Some(first) = platforms.dead.first() {
            let among = self.signing_in_there(number, policy, *first);
            let passes = self.passes(0, self.wallet.whole(), number);
            finding.witness = self.signs_in(!passes, &among, &[false]);
        }
        finding
    }

    /// An alternative of a policy that is about none of the platforms that know it.
    fn dead_alternative(
        &mut self,
        number: usize,
        policy: &ConditionalAccessPolicy,
        control: &GrantControl,
    ) -> Option<Finding> {
        if controls(policy).len() < 2 {
            return None;
        }
        let circuit = &mut self.space.circuit;
        let there = self
            .space
            .platforms
            .any(circuit, |platform| can_be_met_on(control, *platform));
        let mut among = vec![self.scope(number), self.modern()];
        among.extend(self.encoded.first().map(|one| one.admitted));
        let all: Vec<Lit> = among.iter().copied().chain([there]).collect();
        if self.is_possible(&among, Whom::Listed) != Answer::Yes
            || self.is_possible(&all, Whom::Anybody) != Answer::No
        {
            return None;
        }
        let mut finding = Finding::about(
            Rule::PointlessAlternative,
            policy,
            format!(
                "`{}` takes {} instead of something else, and is about no platform that knows it",
                policy.display_name,
                self.control(control, policy)
            ),
            "take that alternative out, or let the policy be about a platform that knows it",
        );
        finding.witness = self.signs_in(!there, &among, &[true, false]);
        Some(finding)
    }

    /// Tells what is demanded of a device where all whom the policy is about sign in by a device code, by which none is shown
    /// (specification 5.5), on whatever platform; true where that makes it a block.
    fn lint_device_code(
        &mut self,
        number: usize,
        policy: &ConditionalAccessPolicy,
        found: &mut Vec<Finding>,
    ) -> bool {
        let is_of_device = |one: &GrantControl| {
            matches!(
                one,
                GrantControl::CompliantDevice | GrantControl::DomainJoinedDevice
            )
        };
        let mut controls = controls(policy).iter();
        let asks = if is_or(policy) {
            controls.all(is_of_device)
        } else {
            controls.any(is_of_device)
        };
        let by_device_code = self.space.flows.any(&mut self.space.circuit, |flow| {
            *flow == Some(TransferMethod::DeviceCodeFlow)
        });
        let mut among = vec![self.scope(number), self.modern()];
        among.extend(self.encoded.first().map(|one| one.admitted));
        let otherwise: Vec<Lit> = among.iter().copied().chain([!by_device_code]).collect();
        if !asks
            || self.is_possible(&among, Whom::Listed) != Answer::Yes
            || self.is_possible(&otherwise, Whom::Anybody) != Answer::No
        {
            return false;
        }
        let mut finding = Finding::about(
            Rule::NeverMetByClient,
            policy,
            format!(
                "`{}` demands {} in the device code flow alone, in which no device is shown: it blocks whomever it is about",
                policy.display_name,
                self.demanded(policy)
            ),
            "say `block` if that is meant, or let the policy be about other sign-ins too",
        );
        let passes = self.passes(0, self.wallet.whole(), number);
        finding.witness = self.signs_in(!passes, &among, &[false]);
        found.push(finding);
        true
    }

    /// Legacy clients show nothing, so that whatever is demanded of them alone is a block.
    pub(super) fn lint_legacy_clients(
        &mut self,
        number: usize,
        policy: &ConditionalAccessPolicy,
        found: &mut Vec<Finding>,
    ) {
        let controls = controls(policy);
        // To Exchange ActiveSync another application is offered instead (specification 4.6): that is what it is for.
        let says_so = |one: &GrantControl| match one {
            GrantControl::Block | GrantControl::ApprovedApplication => true,
            GrantControl::Mfa
            | GrantControl::AuthenticationStrength(_)
            | GrantControl::CompliantDevice
            | GrantControl::DomainJoinedDevice
            | GrantControl::CompliantApplication
            | GrantControl::PasswordChange
            | GrantControl::RiskRemediation
            | GrantControl::TermsOfUse(_)
            | GrantControl::CustomAuthenticationFactor(_) => false,
        };
        let is_about_legacy = policy.conditions.client_app_types.as_ref();
        let is_about_legacy =
            is_about_legacy.is_some_and(|types| types.iter().all(|one| is_legacy(*one)));
        if controls.is_empty()
            || controls.iter().any(says_so)
            || !is_about_legacy
            || self.is_defective(number)
        {
            return;
        }
        let mut among = vec![self.scope(number)];
        among.extend(self.encoded.first().map(|one| one.admitted));
        if self.is_possible(&among, Whom::Listed) != Answer::Yes {
            return;
        }
        let mut finding = Finding::about(
            Rule::NeverMetByClient,
            policy,
            format!(
                "`{}` demands {} of legacy clients alone, which can show nothing: it blocks whomever it is about",
                policy.display_name,
                self.demanded(policy)
            ),
            "say `block` if that is meant, or name browsers and modern clients",
        );
        let passes = self.passes(0, self.wallet.whole(), number);
        finding.witness = self.signs_in(!passes, &among, &[false]);
        found.push(finding);
    }

    /// One such sign-in, granted or not as is said first if the engine can say that.
    fn signs_in(&mut self, goal: Lit, among: &[Lit], outcomes: &[bool]) -> Option<Witness> {
        let granted = self.granted_to_all(0);
        for is_granted in outcomes {
            let outcome = if *is_granted { granted } else { !granted };
            let among = among.iter().copied().chain([outcome]).collect();
            let (_, point) = self.space.find(&Question { goal, among });
            let found = point.map(|point| Found {
                region: Region::default(),
                point,
            });
            let witness = found.and_then(|found| self.confirmed_decided(&found, *is_granted).ok());
            if witness.is_some() {
                return witness;
            }
        }
        None
    }
}

fn is_or(policy: &ConditionalAccessPolicy) -> bool {
    let grant = policy.grant_controls.as_ref();
    grant.is_some_and(|grant| grant.operator == GrantOperator::Or)
}

/// Whether some platform can never meet it.
fn is_bound(control: &GrantControl) -> bool {
    !can_be_met_on(control, None)
}

/// Where a control can be met at all (specification 5.5). The engine asks for the platform of an application only; of a device
/// it takes the word of whoever vouches for it, and no tenant vouches for such a device elsewhere.
fn can_be_met_on(control: &GrantControl, platform: Platform) -> bool {
    use DevicePlatform as P;
    let is_one_of = |all: &[DevicePlatform]| platform.is_some_and(|one| all.contains(&one));
    match control {
        GrantControl::DomainJoinedDevice => is_one_of(&[P::Windows]),
        GrantControl::CompliantDevice => platform.is_some_and(is_current),
        GrantControl::ApprovedApplication => is_one_of(&[P::Ios, P::Android]),
        GrantControl::CompliantApplication => is_one_of(&[P::Ios, P::Android, P::Windows]),
        GrantControl::Block
        | GrantControl::Mfa
        | GrantControl::AuthenticationStrength(_)
        | GrantControl::PasswordChange
        | GrantControl::RiskRemediation
        | GrantControl::TermsOfUse(_)
        | GrantControl::CustomAuthenticationFactor(_) => true,
    }
}

/// Platforms whose devices can be managed.
const fn is_current(platform: DevicePlatform) -> bool {
    match platform {
        DevicePlatform::Windows
        | DevicePlatform::MacOs
        | DevicePlatform::Linux
        | DevicePlatform::Ios
        | DevicePlatform::Android => true,
        DevicePlatform::WindowsPhone => false,
    }
}

const fn is_legacy(client: ClientAppType) -> bool {
    match client {
        ClientAppType::ExchangeActiveSync | ClientAppType::EasSupported | ClientAppType::Other => {
            true
        }
        ClientAppType::Browser | ClientAppType::MobileAppsAndDesktopClients => false,
    }
}
