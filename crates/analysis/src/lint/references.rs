//! Policies that cannot be evaluated, or name what is not there.

use portcullis_model::conditional_access::{ConditionalAccessPolicy, UserCondition};
use portcullis_whatif::directory::NameOf;

use super::{Finding, Rule};
use crate::analysis::Analysis;

impl Analysis {
    pub(super) fn lint_references(&mut self, found: &mut Vec<Finding>) {
        let Some(side) = self.sides.first() else {
            return;
        };
        for (id, why) in side.compiled.not_evaluable() {
            let mut policies = side.policies().iter();
            if let Some(policy) = policies.find(|policy| policy.id == id) {
                found.push(Finding::about(
                    Rule::NotEvaluable,
                    policy,
                    format!("`{}` cannot be evaluated: {why}", policy.display_name),
                    "bring what it names, or take it out of the policy",
                ));
            }
        }
        if self.tenant.lists_people() {
            for policy in side.policies() {
                found.extend(self.missing(policy));
            }
        }
    }

    /// Users and groups that the directory does not have.
    fn missing(&self, policy: &ConditionalAccessPolicy) -> Option<Finding> {
        let users = &policy.conditions.users;
        let named = users.include.iter().chain(&users.exclude);
        let missing: Vec<String> = named
            .filter_map(|condition| match condition {
                UserCondition::User(id) => {
                    let name = self.tenant.name_of(NameOf::User, id.uuid());
                    name.is_none().then(|| format!("user `{id}`"))
                }
                UserCondition::Group(id) => {
                    let name = self.tenant.name_of(NameOf::Group, id.uuid());
                    name.is_none().then(|| format!("group `{id}`"))
                }
                UserCondition::All
                | UserCondition::Role(_)
                | UserCondition::GuestsOrExternalUsers
                | UserCondition::ExternalUsers { .. } => None,
            })
            .collect();
        (!missing.is_empty()).then(|| {
            Finding::about(
                Rule::MissingReference,
                policy,
                format!(
                    "`{}` names {}, which the directory does not have",
                    policy.display_name,
                    missing.join(" and ")
                ),
                "name what is meant, or take it out",
            )
        })
    }
}
