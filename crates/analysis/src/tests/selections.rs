//! Random selections, and what they select, said once more.

use std::collections::BTreeSet;

use portcullis_model::conditional_access::signal::{RiskLevel, TransferMethod};
use portcullis_model::conditional_access::{ClientAppType, DevicePlatform, UserAction};
use portcullis_model::named_location::NamedLocation;
use portcullis_policy::facts::{SignIn, Subject};

use super::dice::Dice;
use super::locate::is_inside;
use super::worlds::{FABRIKAM, WOODGROVE, id};
use crate::selection::{Principals, Reaching, Selection};
use crate::space::ANY_OTHER_TENANT;
use crate::target::Reached;
use crate::who::{Home, SubjectKind, Who};

pub(super) fn selection(dice: &mut Dice) -> Selection {
    fn set<T: Clone + Ord>(
        dice: &mut Dice,
        percent: usize,
        most: usize,
        from: &[T],
    ) -> BTreeSet<T> {
        if dice.chance(percent) {
            dice.several(1, most, from).into_iter().collect()
        } else {
            BTreeSet::new()
        }
    }
    let homes = [
        Home::Here,
        Home::NoTenant,
        Home::Tenant(id(FABRIKAM)),
        Home::Tenant(id(WOODGROVE)),
        Home::AnyOtherTenant(ANY_OTHER_TENANT),
    ];
    let reached = [
        Reached::Application(id(0xa1)),
        Reached::Application(id(0xa9)),
        Reached::Action(UserAction::RegisterSecurityInformation),
        Reached::Action(UserAction::RegisterOrJoinDevices),
    ];
    let principals = |dice: &mut Dice, percent| Principals {
        users: set(dice, percent, 1, &[id(1), id(4)]),
        groups: set(dice, percent, 1, &[id(0x21), id(0x22)]),
        roles: set(dice, percent, 1, &[id(0x31)]),
    };
    let (any_of, none_of) = (principals(dice, 15), principals(dice, 15));
    let locations = [1u128, 2, 5, 6, 7].map(id);
    Selection {
        kinds: set(dice, 70, 2, &SubjectKind::ALL),
        homes: set(dice, 20, 3, &homes),
        any_of,
        none_of,
        reaching: match dice.below(6) {
            0 => Reaching::Anything,
            1 | 2 => Reaching::Applications,
            3 => Reaching::ApplicationsBut(set(dice, 100, 2, &reached)),
            _ => Reaching::Any(set(dice, 100, 2, &reached)),
        },
        clients: set(
            dice,
            60,
            1,
            &[
                ClientAppType::Browser,
                ClientAppType::MobileAppsAndDesktopClients,
                ClientAppType::Other,
            ],
        ),
        platforms: set(
            dice,
            60,
            2,
            &[
                Some(DevicePlatform::Windows),
                Some(DevicePlatform::Ios),
                Some(DevicePlatform::Linux),
                None,
            ],
        ),
        locations: set(dice, 15, 2, &locations),
        not_locations: set(dice, 15, 2, &locations),
        sign_in_risks: set(dice, 50, 2, &RiskLevel::ALL),
        user_risks: set(dice, 50, 2, &RiskLevel::ALL),
        flows: set(
            dice,
            50,
            1,
            &[
                None,
                Some(TransferMethod::DeviceCodeFlow),
                Some(TransferMethod::AuthenticationTransfer),
            ],
        ),
    }
}

/// The same with only one or two of its parts, so that random sign-ins meet it.
pub(super) fn loosened(dice: &mut Dice, mut selection: Selection) -> Selection {
    let kept = dice.below(11);
    let all = Selection::default();
    let locations = [1u128, 2, 5, 6, 7].map(id);
    match kept {
        2 => selection.any_of.groups.extend([id(0x21), id(0x22)]),
        3 => selection.none_of.groups.extend([id(0x21), id(0x22)]),
        7 => selection.locations.extend(dice.several(1, 3, &locations)),
        8 => selection
            .not_locations
            .extend(dice.several(1, 3, &locations)),
        _ => {}
    }
    for part in 0..11 {
        if part == kept || dice.chance(10) {
            continue;
        }
        match part {
            0 => selection.kinds.clear(),
            1 => selection.homes.clear(),
            2 => selection.any_of = all.any_of.clone(),
            3 => selection.none_of = all.none_of.clone(),
            4 => selection.reaching = all.reaching.clone(),
            5 => selection.clients.clear(),
            6 => selection.platforms.clear(),
            7 => selection.locations.clear(),
            8 => selection.not_locations.clear(),
            9 => selection.flows.clear(),
            _ => {
                selection.sign_in_risks.clear();
                selection.user_risks.clear();
            }
        }
    }
    selection
}

/// Whether a sign-in of this kind of subject is selected.
pub(super) fn is_selected(
    selection: &Selection,
    who: &Who,
    facts: &SignIn,
    located: &[NamedLocation],
) -> bool {
    fn says<T: Ord>(set: &BTreeSet<T>, value: &T) -> bool {
        set.is_empty() || set.contains(value)
    }
    let is_any = |principals: &Principals| match &facts.subject {
        Subject::ServicePrincipal(_) => false,
        Subject::User(user) => {
            user.user
                .is_some_and(|user| principals.users.contains(&user))
                || user.groups.iter().any(|id| principals.groups.contains(id))
                || user.roles.iter().any(|id| principals.roles.contains(id))
        }
    };
    let is_inside_any = |ids: &BTreeSet<_>| {
        let mut located = located.iter();
        located.any(|one| ids.contains(&one.id) && is_inside(one, facts))
    };
    let reached = match (facts.user_action, facts.audiences.first()) {
        (Some(action), _) => Reached::Action(action),
        (None, application) => Reached::Application(*application.unwrap()),
    };
    let is_application = reached.application().is_some();
    let is_reached = match &selection.reaching {
        Reaching::Anything => true,
        Reaching::Applications => is_application,
        Reaching::ApplicationsBut(others) => is_application && !others.contains(&reached),
        Reaching::Any(these) => these.contains(&reached),
    };
    says(&selection.kinds, &who.kind)
        && says(&selection.homes, &who.home)
        && is_reached
        && says(&selection.clients, &facts.client_app_type)
        && says(&selection.platforms, &facts.platform)
        && says(&selection.sign_in_risks, &facts.risk.sign_in)
        && says(&selection.user_risks, &facts.risk.user)
        && says(&selection.flows, &facts.transfer_method)
        && (selection.any_of.is_empty() || is_any(&selection.any_of))
        && !is_any(&selection.none_of)
        && (selection.locations.is_empty() || is_inside_any(&selection.locations))
        && !is_inside_any(&selection.not_locations)
}
