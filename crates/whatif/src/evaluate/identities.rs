//! Those whom policies name by an id, each as the one who signs in.
//!
//! There may be thousands of them, so nothing here looks at every policy for each: how it ends is decided on the tenant as it is
//! compiled already, and which policies apply is asked of those alone that name the one.

use std::collections::BTreeSet;

use portcullis_policy::facts::{SignIn, Subject};
use portcullis_policy::hypothesis::Supposed;

use super::alternatives::{Case, hang_policy, note_case};
use super::prepared::Prepared;
use super::{Answer, Applicability, Filters, PolicyAnswer, Signal, outcome, refused, worlds};
use crate::directory::{NameOf, Unresolved};
use crate::resolve::Question;
use crate::resolve::identity::{Named, could_be};

/// Completes an answer by what would be otherwise if it were one of them.
pub(super) fn compare(
    question: &Question<'_>,
    answer: &mut Answer,
    supposed: &[PolicyAnswer],
) -> Result<(), Unresolved> {
    let Some(who) = &question.situation.user else {
        return Ok(());
    };
    if !answer.not_given.contains(&Signal::User) {
        return Ok(());
    }
    let named = could_be(question.tenant, who).included;
    let prepared = Prepared::of(question, Filters::ThreeValued)?;
    let configuration = question.tenant.configuration();
    let told = |supposed: &Supposed| outcome(question.directory, configuration, supposed.outcome());
    let mut sayable = prepared.ends().sayable();
    let combinations_max = (COMBINATIONS_MAX / named.len().max(1)).max(1);
    if sayable.len() > combinations_max {
        answer.suppositions.push(format!(
            "of each of {} users whom policies name, what nobody said is as it usually is, or nearly: {combinations_max} of {} combinations were tried; name the user to try them all",
            named.len(),
            sayable.len()
        ));
        sayable.truncate(combinations_max);
    }
    let may_apply = answer.hanging_policies();
    let mut few = prepared.without_policies(question.tenant);
    for one in &named {
        let sign_in = as_user(&prepared.resolved.sign_in, one);
        let rows = prepared.rows(question.tenant, &mut few, (&sign_in, &one.policies));
        for (number, row) in one.policies.iter().zip(&rows) {
            if let Some(supposed) = supposed.get(*number) {
                hang_policy(answer, *number, (supposed, row), Signal::User);
            }
        }
        if refused(&answer.gates).is_some() {
            continue;
        }
        let ends = prepared.ends().of_another(&sign_in);
        let explored = worlds::explore(&ends, &sayable, &told);
        let known = question.tenant.name_of(NameOf::User, one.id.uuid());
        let name = known.unwrap_or_else(|| one.id.to_string());
        let case = Case {
            signal: Signal::User,
            words: format!("the user is {name}"),
            outcome: told(&explored.certain),
            if_everything_applies: explored.if_everything_applies,
            otherwise: explored.otherwise,
            open: may_apply.union(&open(&rows)).copied().collect(),
        };
        note_case(answer, case);
    }
    Ok(())
}

/// So many combinations of what nobody said are decided for all of them together; of more, those that differ least from a sign-in
/// of which nothing is said.
const COMBINATIONS_MAX: usize = 20_000;

/// The sign-in by this one.
fn as_user(sign_in: &SignIn, one: &Named) -> SignIn {
    let mut sign_in = sign_in.clone();
    if let Subject::User(user) = &mut sign_in.subject {
        user.user = Some(one.id);
    }
    sign_in
}

/// What the policies that name this one hang on.
fn open(rows: &[PolicyAnswer]) -> BTreeSet<Signal> {
    let rows = rows.iter();
    rows.flat_map(|row| match &row.applicability {
        Applicability::DependsOn(signals) => signals.clone(),
        Applicability::Applies | Applicability::DoesNotApply { .. } => BTreeSet::new(),
    })
    .collect()
}
