//! Policies about groups or roles, when nobody knows which the user has: asked again as if the user had theirs.

use std::collections::BTreeSet;
use std::sync::Arc;

use portcullis_model::conditional_access::{ConditionalAccessPolicy, UserCondition};
use portcullis_model::store::TenantConfiguration;
use portcullis_policy::compile::CompiledTenant;
use portcullis_policy::facts::{SignIn, Subject};
use portcullis_policy::hypothesis::Hypothesis;
use portcullis_policy::what_if::{self, Applies, NotGiven, Reason};

use super::{Applicability, PolicyAnswer, Signal};
use crate::resolve::Resolved;

/// Turns "not about this user" into "depends" where a group or a role that nobody denied would bring the user in. That the user is
/// in no excluded group is supposed, and said. Answers the sign-in of somebody who has all of them, if there are any.
pub(super) fn reconsider(
    configuration: &TenantConfiguration,
    resolved: &Resolved,
    not_given: NotGiven,
    policies: &mut [PolicyAnswer],
) -> Option<SignIn> {
    let unknown: BTreeSet<Signal> = [Signal::Groups, Signal::Roles]
        .into_iter()
        .filter(|signal| resolved.not_given.contains(signal))
        .collect();
    if unknown.is_empty() {
        return None;
    }
    let mut everything = None;
    // Cloned once and not with every policy: there may be thousands.
    let without_policies = TenantConfiguration {
        conditional_access_policies: Vec::new(),
        ..configuration.clone()
    };
    let stored = &configuration.conditional_access_policies;
    for (told, policy) in policies.iter_mut().zip(stored) {
        let out = Applicability::DoesNotApply {
            condition: Reason::Users,
        };
        if told.applicability != out {
            continue;
        }
        let Some((sign_in, joined)) = joining(&resolved.sign_in, policy, &unknown) else {
            continue;
        };
        // This policy alone, so that the others cost nothing.
        let alone = CompiledTenant::compile(&TenantConfiguration {
            conditional_access_policies: vec![policy.clone()],
            ..without_policies.clone()
        });
        let hypothesis = Hypothesis::new(&alone, sign_in, resolved.origin);
        let so_far = everything.as_ref().unwrap_or(&resolved.sign_in);
        let with_these = joining(so_far, policy, &unknown).map(|(sign_in, _)| sign_in);
        let what_if = what_if::evaluate(&alone, &hypothesis, not_given);
        let applies = what_if.policies.first().map(|scope| &scope.applies);
        // What it would demand is worth knowing; alone, since the others come to the same.
        let mut rows = what_if.possible.policies().into_iter();
        let mut hang = |signals: BTreeSet<Signal>| {
            told.applicability = Applicability::DependsOn(signals);
            if let Some(applied) = rows.next() {
                told.result = applied.result;
                told.reason.clone_from(&applied.reason);
                told.applied = applied;
            }
        };
        match applies {
            Some(Applies::Yes) => {
                hang(joined);
                everything = with_these;
            }
            Some(Applies::DependsOn(signals)) => {
                let others = signals.iter().copied().map(Signal::from);
                hang(joined.into_iter().chain(others).collect());
                everything = with_these;
            }
            Some(Applies::No(_)) | None => {}
        }
    }
    everything
}

/// The sign-in of somebody who is in every group and holds every role that the policy includes; `None` when it names none that
/// is unknown.
fn joining(
    sign_in: &SignIn,
    policy: &ConditionalAccessPolicy,
    unknown: &BTreeSet<Signal>,
) -> Option<(SignIn, BTreeSet<Signal>)> {
    let mut sign_in = sign_in.clone();
    let mut joined = BTreeSet::new();
    let Subject::User(user) = &mut sign_in.subject else {
        return None;
    };
    for condition in &policy.conditions.users.include {
        match condition {
            UserCondition::Group(group) if unknown.contains(&Signal::Groups) => {
                user.groups = with(&user.groups, *group);
                joined.insert(Signal::Groups);
            }
            UserCondition::Role(role) if unknown.contains(&Signal::Roles) => {
                user.roles = with(&user.roles, *role);
                joined.insert(Signal::Roles);
            }
            UserCondition::Group(_)
            | UserCondition::Role(_)
            | UserCondition::All
            | UserCondition::User(_)
            | UserCondition::GuestsOrExternalUsers
            | UserCondition::ExternalUsers { .. } => {}
        }
    }
    (!joined.is_empty()).then_some((sign_in, joined))
}

/// These and one more, each once, ascending.
fn with<T: Copy + Ord>(some: &[T], one: T) -> Arc<[T]> {
    let all: BTreeSet<T> = some.iter().copied().chain([one]).collect();
    all.into_iter().collect()
}
