//! Policies that cannot be evaluated, or name what is not there.

use portcullis_model::conditional_access::{
    ConditionalAccessPolicy, LocationCondition, UserCondition,
};
use portcullis_model::named_location::NamedLocation;
use portcullis_whatif::directory::NameOf;
use uuid::Uuid;

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
                    format!(
                        "`{}` cannot be evaluated: {}",
                        policy.display_name,
                        self.by_name(why)
                    ),
                    "bring what it names, or take it out of the policy",
                ));
            }
        }
        found.extend(self.no_trusted_place());
        if self.tenant.lists_people() {
            for policy in side.policies() {
                found.extend(self.missing(policy));
            }
        }
    }

    /// A reason with the names that the policies used instead of the ids that stand for them.
    fn by_name(&self, why: &str) -> String {
        let named = |word: &str| {
            let id = Uuid::try_parse(word).ok()?;
            let mut kinds = [NameOf::Agreement, NameOf::NamedLocation].into_iter();
            kinds.find_map(|of| self.tenant.name_of(of, id))
        };
        let words = why
            .split('`')
            .map(|word| named(word).unwrap_or_else(|| word.to_owned()));
        words.collect::<Vec<String>>().join("`")
    }

    /// Policies that speak of trusted locations where there is none.
    fn no_trusted_place(&self) -> Option<Finding> {
        let side = self.sides.first()?;
        let speaking = side
            .policies()
            .iter()
            .filter(|policy| speaks_of_trusted(policy));
        let speaking: Vec<&ConditionalAccessPolicy> = speaking.collect();
        if self.has_trusted_place() || speaking.is_empty() {
            return None;
        }
        let names = speaking.iter();
        let names: Vec<String> = names.map(|one| format!("`{}`", one.display_name)).collect();
        let mut finding = Finding::general(
            Rule::MissingReference,
            format!(
                "{} {} of trusted locations, and there is none: all places count as not trusted",
                some(&names),
                if names.len() == 1 { "speaks" } else { "speak" }
            ),
            "mark the named locations that are meant as trusted, or bring them with the policies",
        );
        finding.policies = speaking.iter().map(|one| one.id).collect();
        Some(finding)
    }

    fn has_trusted_place(&self) -> bool {
        let side = self.sides.first();
        let mut locations = side
            .into_iter()
            .flat_map(|side| &side.configuration.named_locations);
        locations.any(NamedLocation::is_trusted)
    }

    /// Whether a policy spares trusted locations where there is none.
    pub(super) fn spares_missing_trusted_places(&self, number: usize) -> bool {
        let side = self.sides.first();
        let policy = side.and_then(|side| side.policies().get(number));
        let locations = policy.and_then(|policy| policy.conditions.locations.as_ref());
        locations.is_some_and(|one| one.exclude.contains(&LocationCondition::AllTrusted))
            && !self.has_trusted_place()
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

/// Whether a policy includes or excludes trusted locations.
fn speaks_of_trusted(policy: &ConditionalAccessPolicy) -> bool {
    let locations = policy.conditions.locations.as_ref();
    locations.is_some_and(|one| {
        let mut all = one.include.iter().chain(&one.exclude);
        all.any(|one| *one == LocationCondition::AllTrusted)
    })
}

/// The first few names, and how many more there are.
pub(super) fn some(names: &[String]) -> String {
    const TOLD_MAX: usize = 4;
    let told: Vec<&str> = names.iter().take(TOLD_MAX).map(String::as_str).collect();
    match names.len().saturating_sub(TOLD_MAX) {
        0 => match told.split_last() {
            Some((last, [])) => (*last).to_owned(),
            Some((last, others)) => format!("{} and {last}", others.join(", ")),
            None => String::new(),
        },
        more => format!("{} and {more} more", told.join(", ")),
    }
}
