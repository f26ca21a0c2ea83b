//! Which policies apply, and what each comes to.

use std::collections::BTreeSet;

use portcullis_model::sign_in_log::AppliedPolicyResult;
use portcullis_whatif::evaluate::{Answer, Applicability, PolicyAnswer};
use portcullis_whatif::situation::OneOrMany;

use super::{Difference, listed};
use crate::expectation::{Expectation, ResultWord, word};
use crate::names::names_policy;

/// Compares the set of policies that apply.
pub(super) fn applied(expect: &Expectation, answer: &Answer) -> Vec<Difference> {
    let Some(OneOrMany(expected)) = &expect.applied else {
        return Vec::new();
    };
    let is_expected = |policy: &PolicyAnswer| {
        expected
            .iter()
            .any(|name| names_policy(name, policy.id, &policy.display_name))
    };
    let mut differences: Vec<Difference> = expected
        .iter()
        .filter(|name| find(answer, name).is_empty())
        .map(|name| unknown(format!("applied: {name}"), answer))
        .collect();
    let wrong: Vec<&PolicyAnswer> = answer
        .policies
        .iter()
        .filter(|policy| is_expected(policy) != applies(policy))
        .collect();
    if !wrong.is_empty() {
        let found = answer.policies.iter().filter(|policy| applies(policy));
        let found = listed(found.map(|policy| policy.display_name.clone()));
        let why: Vec<String> = wrong
            .iter()
            .map(|policy| {
                let does = if applies(policy) {
                    "applies"
                } else {
                    "does not apply"
                };
                format!("`{}` {does}: {}", policy.display_name, policy.reason)
            })
            .collect();
        differences.push(
            Difference::new("applied", listed(expected.iter().cloned()), found)
                .because(why.join("; ")),
        );
    }
    differences
}

/// Compares the results of single policies.
pub(super) fn results(expect: &Expectation, answer: &Answer) -> Vec<Difference> {
    let mut differences = Vec::new();
    for (name, expected) in &expect.policies {
        let member = format!("policies.{name}");
        let found = find(answer, name);
        if found.is_empty() {
            differences.push(unknown(member.clone(), answer));
        }
        for policy in found {
            let result = result(policy);
            let is_same = match expected {
                ResultWord::Applies => applies(policy),
                ResultWord::Success
                | ResultWord::Failure
                | ResultWord::NotApplied
                | ResultWord::NotEnabled
                | ResultWord::Unknown
                | ResultWord::ReportOnlySuccess
                | ResultWord::ReportOnlyFailure
                | ResultWord::ReportOnlyNotApplied
                | ResultWord::ReportOnlyInterrupted
                | ResultWord::DependsOn => result == *expected,
            };
            if !is_same {
                differences.push(
                    Difference::new(member.clone(), word(expected), word(result))
                        .because(policy.reason.clone()),
                );
            }
        }
    }
    differences
}

fn find<'a>(answer: &'a Answer, name: &str) -> Vec<&'a PolicyAnswer> {
    let policies = answer.policies.iter();
    policies
        .filter(|policy| names_policy(name, policy.id, &policy.display_name))
        .collect()
}

fn unknown(member: String, answer: &Answer) -> Difference {
    let names: BTreeSet<String> = answer
        .policies
        .iter()
        .map(|policy| policy.display_name.clone())
        .collect();
    Difference::new(member, "a policy of this name", "there is none")
        .because(format!("the policies are: {}", listed(names)))
}

fn result(policy: &PolicyAnswer) -> ResultWord {
    match policy.applicability {
        Applicability::DependsOn(_) => ResultWord::DependsOn,
        Applicability::Applies | Applicability::DoesNotApply { .. } => policy.result.into(),
    }
}

/// Whether it is in scope.
pub(crate) fn applies(policy: &PolicyAnswer) -> bool {
    let is_in_scope = match policy.result {
        AppliedPolicyResult::Success
        | AppliedPolicyResult::Failure
        | AppliedPolicyResult::Unknown
        | AppliedPolicyResult::ReportOnlySuccess
        | AppliedPolicyResult::ReportOnlyFailure
        | AppliedPolicyResult::ReportOnlyInterrupted => true,
        AppliedPolicyResult::NotApplied
        | AppliedPolicyResult::NotEnabled
        | AppliedPolicyResult::ReportOnlyNotApplied => false,
    };
    is_in_scope && !matches!(policy.applicability, Applicability::DependsOn(_))
}
