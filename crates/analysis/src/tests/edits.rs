//! A second version of a random tenant: policies added, taken away and edited, settings, strengths and places changed; and
//! edits that only look like some.

use portcullis_model::conditional_access::{
    CloudAppSecurity, ConditionalAccessPolicy, Conditions, FrequencyAuthenticationType,
    GrantControl, GrantControls, GrantOperator, PersistentBrowser, PolicyState, SessionControls,
    SignInFrequency, SignInInterval,
};
use portcullis_model::cross_tenant_access::InboundTrust;
use portcullis_model::store::TenantConfiguration;
use serde_json::Map;

use super::brute_force::tiny;
use super::dice::Dice;
use super::worlds::{World, id};
use super::{policies, settings, worlds};
use crate::probe::{everybody, everything};

/// What an edit does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Edit {
    Add,
    Remove,
    Users,
    Target,
    Grant,
    Operator,
    Session,
    State,
    Trust,
    Settings,
    Places,
    Rename,
    Reorder,
    NewId,
}

const EDITS: [Edit; 16] = [
    Edit::Add,
    Edit::Remove,
    Edit::Users,
    Edit::Users,
    Edit::Target,
    Edit::Grant,
    Edit::Operator,
    Edit::Session,
    Edit::State,
    Edit::Trust,
    Edit::Trust,
    Edit::Settings,
    Edit::Places,
    Edit::Rename,
    Edit::Reorder,
    Edit::NewId,
];

/// Something that everybody is asked for, so that it shows who may prove it where.
pub(super) fn demanding(dice: &mut Dice, number: u128) -> ConditionalAccessPolicy {
    use GrantControl as C;
    let strength = |number: u128| C::AuthenticationStrength(id(number));
    let controls = [
        vec![C::Mfa],
        vec![C::Mfa],
        vec![C::Mfa, C::CompliantDevice],
        vec![strength(2)],
        vec![strength(4)],
        vec![strength(0x61)],
        vec![strength(0x64), C::Mfa],
    ];
    let grant = GrantControls {
        operator: GrantOperator::Or,
        controls: dice.pick(&controls),
    };
    ConditionalAccessPolicy {
        id: id(number),
        display_name: format!("demanding {number}"),
        state: PolicyState::Enabled,
        conditions: Conditions::new(everybody(), everything()),
        grant_controls: dice.chance(80).then_some(grant),
        session_controls: session(dice),
        expanded_strength: None,
        document: Map::new(),
    }
}

/// Some parts of a session.
fn session(dice: &mut Dice) -> SessionControls {
    let frequencies = [
        SignInInterval::EveryTime,
        SignInInterval::Hours(1),
        SignInInterval::Hours(9),
    ];
    let renewed = [
        FrequencyAuthenticationType::PrimaryAndSecondaryAuthentication,
        FrequencyAuthenticationType::SecondaryAuthentication,
    ];
    SessionControls {
        sign_in_frequency: dice.chance(40).then(|| SignInFrequency {
            interval: dice.pick(&frequencies),
            authentication_type: dice.pick(&renewed),
        }),
        persistent_browser: dice.maybe(30, &[PersistentBrowser::Always, PersistentBrowser::Never]),
        application_enforced_restrictions: dice.chance(20),
        cloud_app_security: dice.maybe(
            30,
            &[
                CloudAppSecurity::MonitorOnly,
                CloudAppSecurity::BlockDownloads,
            ],
        ),
        secure_sign_in_session: dice.chance(20),
        ..SessionControls::default()
    }
}

/// Edits that change nothing about any sign-in.
const APPEARANCES: [Edit; 3] = [Edit::Rename, Edit::Reorder, Edit::NewId];

/// A tenant with little in it, mostly something that everybody is asked for.
pub(super) fn earlier(dice: &mut Dice) -> World {
    let mut world = tiny(dice);
    if dice.chance(70) {
        let demanding = demanding(dice, 0x80);
        let policies = &mut world.configuration.conditional_access_policies;
        policies.truncate(1);
        policies.push(demanding);
    }
    world
}

/// The same tenant later, and what was done to it.
pub(super) fn later(dice: &mut Dice, world: &World) -> (TenantConfiguration, Vec<Edit>) {
    let from: &[Edit] = if dice.chance(10) {
        &APPEARANCES
    } else {
        &EDITS
    };
    let edits = dice.several(1, 3, from);
    let mut after = world.configuration.clone();
    for edit in &edits {
        apply(dice, *edit, &mut after);
    }
    (after, edits)
}

/// Whether it only looks like a change.
pub(super) fn is_appearance(edits: &[Edit]) -> bool {
    edits.iter().all(|edit| APPEARANCES.contains(edit))
}

fn apply(dice: &mut Dice, edit: Edit, after: &mut TenantConfiguration) {
    let number = 0x100 + dice.below(1_000) as u128;
    let fresh = if dice.chance(40) {
        demanding(dice, number)
    } else {
        policies::policy(dice, number)
    };
    let all = &mut after.conditional_access_policies;
    let count = all.len();
    let chosen = if count == 0 { 0 } else { dice.below(count) };
    match edit {
        Edit::Add => all.push(fresh),
        Edit::Reorder => all.reverse(),
        Edit::Trust => trust(dice, after),
        Edit::Settings => after.cross_tenant_access_policy = settings::of_own(dice),
        Edit::Places => {
            let others = worlds::locations(dice);
            let located = after.named_locations.iter_mut();
            for one in located {
                let mut others = others.iter().filter(|other| other.id == one.id);
                if let Some(other) = others.next().filter(|_| dice.chance(40)) {
                    one.kind = other.kind.clone();
                }
            }
        }
        Edit::Remove => {
            if count > 0 {
                all.remove(chosen);
            }
        }
        Edit::Users
        | Edit::Target
        | Edit::Grant
        | Edit::Operator
        | Edit::Session
        | Edit::State
        | Edit::Rename
        | Edit::NewId => {
            let Some(policy) = all.get_mut(chosen) else {
                return;
            };
            match edit {
                Edit::Users => policy.conditions.users = fresh.conditions.users,
                Edit::Target => policy.conditions.target = fresh.conditions.target,
                Edit::Grant => policy.grant_controls = fresh.grant_controls,
                Edit::Operator => {
                    if let Some(grant) = &mut policy.grant_controls {
                        turn(grant);
                    }
                }
                Edit::Session => policy.session_controls = session(dice),
                Edit::State => {
                    policy.state = dice.pick(&[
                        PolicyState::Enabled,
                        PolicyState::ReportOnly,
                        PolicyState::Disabled,
                    ]);
                }
                Edit::NewId => policy.id = id(0x900 + chosen as u128),
                _ => policy.display_name.push_str(", renamed"),
            }
        }
    }
}

fn turn(grant: &mut GrantControls) {
    grant.operator = match grant.operator {
        GrantOperator::And => GrantOperator::Or,
        GrantOperator::Or => GrantOperator::And,
    };
}

/// Of one partner or of everybody else.
fn trust(dice: &mut Dice, after: &mut TenantConfiguration) {
    let policy = &mut after.cross_tenant_access_policy;
    let settings = match policy.partners.first_mut() {
        Some(partner) if dice.chance(60) => &mut partner.settings,
        Some(_) | None => &mut policy.default,
    };
    let was = settings.inbound_trust.unwrap_or(InboundTrust {
        is_mfa_accepted: None,
        is_compliant_device_accepted: None,
        is_hybrid_azure_ad_joined_device_accepted: None,
    });
    let turned = |one: Option<bool>| Some(!one.unwrap_or_default());
    let mut trust = was;
    match dice.below(4) {
        0 => trust.is_compliant_device_accepted = turned(was.is_compliant_device_accepted),
        1 => {
            let hybrid = was.is_hybrid_azure_ad_joined_device_accepted;
            trust.is_hybrid_azure_ad_joined_device_accepted = turned(hybrid);
        }
        _ => trust.is_mfa_accepted = turned(was.is_mfa_accepted),
    }
    settings.inbound_trust = Some(trust);
}
