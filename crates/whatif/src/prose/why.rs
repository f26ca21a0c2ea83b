//! Why a sign-in would end as it does, in sentences: what was asked before the policies, what each that counts says, and what kept
//! the others out.

use std::collections::BTreeMap;

use portcullis_model::conditional_access::PolicyState;
use portcullis_model::sign_in_log::RuleSatisfied;

use super::control::demand;
use super::{Section, Told, capitalised, tell, unsaid, which_passed};
use crate::evaluate::{Answer, Applicability, Gate, PolicyAnswer};

/// The answer in words, with the reasons of everything in place of the table of policies.
pub fn explain(answer: &Answer) -> Told {
    let mut told = tell(answer);
    told.sections
        .retain(|section| section.heading != "Policies");
    let mut lines = before(answer);
    lines.extend(in_force(answer));
    lines.extend(kept_out(answer));
    let rows: Vec<Vec<String>> = lines.into_iter().map(|line| vec![line]).collect();
    if !rows.is_empty() {
        told.sections.insert(
            0,
            Section {
                heading: "Why",
                rows,
            },
        );
    }
    told
}

fn before(answer: &Answer) -> Vec<String> {
    let refusal = answer.gates.iter().find_map(Gate::refusal);
    if refusal.is_some() {
        return vec![
            "It ends before the policies are asked; what they would say follows.".to_owned(),
        ];
    }
    Vec::new()
}

/// How many policies count, and then each of them.
fn in_force(answer: &Answer) -> Vec<String> {
    let applying = |policy: &&PolicyAnswer| policy.applicability == Applicability::Applies;
    let open = |policy: &&PolicyAnswer| matches!(policy.applicability, Applicability::DependsOn(_));
    let enforced = |policy: &&PolicyAnswer| policy.state == PolicyState::Enabled;
    let count = |is: &dyn Fn(&&PolicyAnswer) -> bool| {
        let policies = answer.policies.iter().filter(enforced);
        policies.filter(|policy| is(policy)).count()
    };
    let all = answer.policies.iter().filter(enforced).count();
    let mut lines = vec![format!(
        "Policies in force: {all}; certain to apply: {}; may apply: {}.",
        count(&applying),
        count(&open)
    )];
    let mut listed: Vec<&PolicyAnswer> = answer.policies.iter().filter(applying).collect();
    listed.extend(answer.policies.iter().filter(open));
    lines.extend(listed.into_iter().map(policy));
    lines
}

fn policy(policy: &PolicyAnswer) -> String {
    let name = format!("“{}”", policy.display_name);
    let applied = &policy.applied;
    let demand = demand(
        &applied.enforced_grant_controls,
        &applied.enforced_session_controls,
    );
    match (&policy.applicability, policy.state) {
        // Where no control is demanded there is nothing to meet.
        (Applicability::Applies, PolicyState::Enabled | PolicyState::Disabled)
            if applied.enforced_grant_controls.is_empty() =>
        {
            format!(
                "{name} applies{}. {demand}",
                because(&applied.include_rules_satisfied)
            )
        }
        (Applicability::Applies, PolicyState::Enabled | PolicyState::Disabled) => format!(
            "{name} applies{}. {demand} That is {}: {}.{}",
            because(&policy.applied.include_rules_satisfied),
            which_passed(policy.result),
            policy.reason,
            hanging(policy)
        ),
        // The reason says itself that nothing is enforced.
        (Applicability::Applies, PolicyState::ReportOnly) => format!(
            "{name} applies{}. {demand} {}.{}",
            because(&policy.applied.include_rules_satisfied),
            capitalised(&policy.reason),
            hanging(policy)
        ),
        (Applicability::DependsOn(signals), state) => {
            let rehearsal = match state {
                PolicyState::ReportOnly => " Report-only, it would decide nothing.",
                PolicyState::Enabled | PolicyState::Disabled => "",
            };
            format!(
                "{name} may apply: that hangs on {}. {demand}{rehearsal}",
                unsaid(signals)
            )
        }
        (Applicability::DoesNotApply { .. }, _) => format!("{name} does not apply."),
    }
}

/// What its controls would have to know.
fn hanging(policy: &PolicyAnswer) -> String {
    if policy.result_depends_on.is_empty() {
        return String::new();
    }
    format!(" That hangs on {}.", unsaid(&policy.result_depends_on))
}

/// The rules that brought the sign-in in, as the log has them.
fn because(rules: &[RuleSatisfied]) -> String {
    let rules: Vec<String> = rules
        .iter()
        .map(|rule| {
            format!(
                "{} by {}",
                rule.conditional_access_condition, rule.rule_satisfied
            )
        })
        .collect();
    if rules.is_empty() {
        String::new()
    } else {
        format!(" because of {}", rules.join(", "))
    }
}

/// Those that do not apply, together for each condition that keeps them out.
fn kept_out(answer: &Answer) -> Vec<String> {
    let mut by_condition: BTreeMap<_, Vec<String>> = BTreeMap::new();
    for policy in &answer.policies {
        if let Applicability::DoesNotApply { condition } = policy.applicability {
            let names = by_condition.entry(condition).or_default();
            names.push(format!("“{}”", policy.display_name));
        }
    }
    by_condition
        .into_iter()
        .map(|(condition, names)| {
            format!(
                "Kept out by the condition `{}`: {}.",
                condition.name(),
                names.join(", ")
            )
        })
        .collect()
}
