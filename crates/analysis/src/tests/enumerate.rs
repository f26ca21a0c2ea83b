//! Every sign-in of a small space that differs in something that its policies look at; everything else is left to chance.

use std::collections::BTreeSet;

use batsat::Lit;
use portcullis_model::conditional_access::{
    ClientAppType, ConditionalAccessPolicy, ExternalUserType, GrantControl, Target, UserCondition,
};

use crate::analysis::Analysis;
use crate::circuit::Answer;
use crate::region::Point;
use crate::space::{AxisId, Switch};

/// What policies, or a question about these controls, look at: axes and switches.
pub(super) struct Active {
    pub(super) axes: BTreeSet<AxisId>,
    pub(super) eligible: bool,
    pub(super) compliant: bool,
    pub(super) protection: bool,
}

impl Active {
    pub(super) fn of(policies: &[ConditionalAccessPolicy], asked: &[GrantControl]) -> Self {
        let mut active = Self {
            axes: BTreeSet::from([
                AxisId::Who,
                AxisId::User,
                AxisId::Principal,
                AxisId::Target,
                AxisId::Through,
                AxisId::Client,
            ]),
            eligible: false,
            compliant: false,
            protection: false,
        };
        for control in asked {
            active.control(control);
        }
        for policy in policies {
            active.policy(policy);
        }
        active
    }

    fn policy(&mut self, policy: &ConditionalAccessPolicy) {
        let conditions = &policy.conditions;
        let mut add = |is_named: bool, axes: &[AxisId]| {
            if is_named {
                self.axes.extend(axes);
            }
        };
        let is_about_contexts = matches!(conditions.target, Target::AuthenticationContexts(_));
        add(is_about_contexts, &[AxisId::Context]);
        add(conditions.platforms.is_some(), &[AxisId::Platform]);
        let clients = conditions.client_app_types.as_deref().unwrap_or_default();
        let by_platform = clients.contains(&ClientAppType::EasSupported);
        add(by_platform, &[AxisId::Platform]);
        add(
            conditions.locations.is_some(),
            &[
                AxisId::Address,
                AxisId::Country,
                AxisId::Coordinates,
                AxisId::CompliantNetwork,
            ],
        );
        add(
            !conditions.sign_in_risk_levels.is_empty(),
            &[AxisId::SignInRisk],
        );
        add(!conditions.user_risk_levels.is_empty(), &[AxisId::UserRisk]);
        let principal = !conditions.service_principal_risk_levels.is_empty();
        add(principal, &[AxisId::PrincipalRisk]);
        add(
            !conditions.insider_risk_levels.is_empty(),
            &[AxisId::InsiderRisk],
        );
        add(!conditions.transfer_methods.is_empty(), &[AxisId::Flow]);
        add(conditions.devices.is_some(), &[AxisId::DeviceJoin]);
        self.compliant |= conditions.devices.is_some();
        let users = conditions.users.include.iter();
        self.eligible |= users.chain(&conditions.users.exclude).any(|one| match one {
            UserCondition::GuestsOrExternalUsers => true,
            UserCondition::ExternalUsers { types, .. } => {
                types.contains(ExternalUserType::B2bDirectConnectUser)
            }
            _ => false,
        });
        for control in policy.grant_controls.iter().flat_map(|one| &one.controls) {
            self.control(control);
        }
    }

    fn control(&mut self, control: &GrantControl) {
        match control {
            GrantControl::CompliantDevice | GrantControl::DomainJoinedDevice => {
                self.axes.extend([AxisId::DeviceJoin, AxisId::Flow]);
                self.compliant = true;
            }
            GrantControl::ApprovedApplication | GrantControl::CompliantApplication => {
                self.axes.insert(AxisId::Platform);
                self.protection = true;
            }
            _ => {}
        }
    }

    pub(super) fn switch(&self, switch: &Switch) -> bool {
        match switch {
            Switch::Group(_) | Switch::Role(_) | Switch::HasValue(_) | Switch::Text(..) => true,
            Switch::DirectConnectEligible => self.eligible,
            Switch::DeviceCompliant => self.compliant,
            Switch::ApprovedApplication | Switch::ProtectedApplication => self.protection,
        }
    }
}

/// All points among these sign-ins; `None` when there are more than that.
pub(super) fn points(
    analysis: &mut Analysis,
    among: &[Lit],
    active: &Active,
    most: usize,
) -> Option<Vec<Point>> {
    let space = &analysis.space;
    let axes = active.axes.iter();
    let mut choices: Vec<Vec<Lit>> = axes.map(|axis| space.literals(*axis).to_vec()).collect();
    for (switch, literal) in space.switches.clone() {
        if active.switch(&switch) {
            choices.push(vec![literal, !literal]);
        }
    }
    let mut assumed = among.to_vec();
    let mut found = Vec::new();
    walk(analysis, &mut assumed, &choices, most, &mut found).then_some(found)
}

fn walk(
    analysis: &mut Analysis,
    assumed: &mut Vec<Lit>,
    choices: &[Vec<Lit>],
    most: usize,
    found: &mut Vec<Point>,
) -> bool {
    if analysis.space.circuit.solve(assumed) != Answer::Yes {
        return true;
    }
    let Some((first, others)) = choices.split_first() else {
        found.push(analysis.space.point());
        return found.len() <= most;
    };
    first.iter().all(|literal| {
        assumed.push(*literal);
        let goes_on = walk(analysis, assumed, others, most, found);
        assumed.pop();
        goes_on
    })
}
