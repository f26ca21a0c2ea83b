//! Whether a method may be registered now, where a policy about that hangs on what nobody said.
//!
//! Whoever has no method and is asked for MFA registers one first, unless a policy about security information refuses that
//! (53010). Such a policy is not about what is reached, and so hangs for no condition of the sign-in itself.

use std::collections::BTreeSet;

use portcullis_model::conditional_access::{
    ConditionalAccessPolicy, PolicyState, Target, UserCondition,
};
use portcullis_model::id::PolicyId;
use portcullis_model::store::TenantConfiguration;
use portcullis_policy::compile::CompiledTenant;
use portcullis_policy::hypothesis::Supposed;

use super::prepared::Prepared;
use super::{Applicability, Filters, Otherwise, Signal, outcome};
use crate::directory::Unresolved;
use crate::resolve::Question;
use crate::situation::{Situation, UserActionWord};

/// How it ends if those policies do not apply, and if they do.
pub(super) fn ends(question: &Question<'_>) -> Result<Vec<Otherwise>, Unresolved> {
    let open = hanging(question)?;
    let signals: BTreeSet<Signal> = open.iter().flat_map(|(_, on)| on.clone()).collect();
    if signals.is_empty() {
        return Ok(Vec::new());
    }
    let prepared = Prepared::of(question, Filters::ThreeValued)?;
    let told = |supposed: &Supposed| {
        let configuration = question.tenant.configuration();
        outcome(question.directory, configuration, supposed.outcome())
    };
    let is_open = |policy: &ConditionalAccessPolicy| open.iter().any(|(id, _)| *id == policy.id);
    let without = |mut tenant: TenantConfiguration| {
        tenant
            .conditional_access_policies
            .retain(|one| !is_open(one));
        tenant
    };
    let within = |mut tenant: TenantConfiguration| {
        let policies = tenant.conditional_access_policies.iter_mut();
        policies.filter(|one| is_open(one)).for_each(widen);
        tenant
    };
    let surely = prepared.surely(question.tenant);
    let cases = [
        (
            without(surely.clone()),
            "no policy keeps methods from being registered",
        ),
        (
            within(surely.clone()),
            "policies about registering methods apply",
        ),
    ];
    let ends = cases.map(|(configuration, words)| {
        let compiled = CompiledTenant::compile(&configuration);
        Otherwise {
            signals: signals.clone(),
            words: words.to_owned(),
            manner: None,
            but: Vec::new(),
            outcome: told(&prepared.ends().at(&compiled).definite(&[])),
        }
    });
    Ok(ends.into())
}

/// The policies in force about registering methods that hang on something, and on what.
fn hanging(question: &Question<'_>) -> Result<Vec<(PolicyId, BTreeSet<Signal>)>, Unresolved> {
    let registers = |policy: &ConditionalAccessPolicy| {
        policy.state == PolicyState::Enabled
            && matches!(policy.conditions.target, Target::UserActions(_))
    };
    let mut policies = question
        .tenant
        .configuration()
        .conditional_access_policies
        .iter();
    if question.situation.user.is_none() || !policies.any(registers) {
        return Ok(Vec::new());
    }
    let registering = Situation {
        user_action: Some(UserActionWord::RegisterSecurityInformation),
        ..Situation::default()
    };
    let situation = registering.over(question.situation);
    let registering = Question {
        situation: &situation,
        ..*question
    };
    let rows = Prepared::of(&registering, Filters::ThreeValued)?.policies;
    let open = rows.into_iter().filter_map(|row| match row.applicability {
        Applicability::DependsOn(signals) if row.state == PolicyState::Enabled => {
            Some((row.id, signals))
        }
        Applicability::DependsOn(_)
        | Applicability::Applies
        | Applicability::DoesNotApply { .. } => None,
    });
    // One about all resources is about no action.
    let about_actions = |(id, _): &(PolicyId, BTreeSet<Signal>)| {
        let stored = &question.tenant.configuration().conditional_access_policies;
        stored
            .iter()
            .any(|policy| policy.id == *id && registers(policy))
    };
    Ok(open.filter(about_actions).collect())
}

/// As if what nobody said brought everybody in; what controls look at, too, is left as it is.
fn widen(policy: &mut ConditionalAccessPolicy) {
    policy.conditions.users.include = vec![UserCondition::All];
    policy.conditions.locations = None;
    policy.conditions.devices = None;
}
