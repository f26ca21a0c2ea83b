//! What a decision tells of each policy: the run's own marks, put into the words of the sign-in log.

mod control;

use std::collections::{BTreeMap, BTreeSet};

use portcullis_model::conditional_access::{ExternalUserType, PolicyState};
use portcullis_model::sign_in_log::{AppliedConditionalAccessPolicy, RuleSatisfied};

use crate::compile::CompiledPolicy;
use crate::decide::{enforced_bench, reported_bench};
use crate::decision::Decision;
use crate::evidence::Evidence;
use crate::index::{
    ApplicationValue, Dimension, LocationValue, PlatformValue, RulesByPolicy, UserValue,
    application_values, location_values, platform_values, user_of, user_values,
};
use crate::judge::{Bench, Judgement};
use crate::policy_set::PolicySet;

impl Decision {
    /// Each policy of the tenant, in the order of configuration, as the log wants it.
    pub fn policies(&self) -> Vec<AppliedConditionalAccessPolicy> {
        let evidence = Evidence::gather(&self.tenant, &self.sign_in);
        let in_force: Vec<&CompiledPolicy> = self
            .tenant
            .policies_in(&self.scope.all, self.tenant.enabled())
            .map(|(_, policy)| policy)
            .collect();
        let bench = enforced_bench(&evidence, &in_force);
        let dimensions = self.dimensions();
        let judgements: BTreeMap<usize, &Judgement> = self
            .judgements
            .iter()
            .map(|judgement| (judgement.policy, judgement))
            .collect();
        self.tenant
            .policies()
            .iter()
            .enumerate()
            .map(|(number, policy)| {
                let judgement = judgements.get(&number).copied();
                match policy.state {
                    PolicyState::ReportOnly => {
                        let bench = reported_bench(&bench, policy);
                        tell((number, policy), judgement, &dimensions, &bench)
                    }
                    PolicyState::Enabled | PolicyState::Disabled => {
                        tell((number, policy), judgement, &dimensions, &bench)
                    }
                }
            })
            .collect()
    }

    /// The dimensions, in the order in which a reader looks for the one that kept a policy out.
    fn dimensions(&self) -> [Told<'_>; 5] {
        let index = self.tenant.index();
        let named_locations = self.tenant.named_locations();
        let scope = &self.scope;
        let users = user_of(&self.sign_in).into_iter().flat_map(user_values);
        let applications: BTreeSet<_> = self
            .sign_in
            .audiences
            .iter()
            .flat_map(|audience| application_values(*audience))
            .collect();
        let platforms = platform_values(&self.sign_in);
        let locations = location_values(&self.sign_in, named_locations);
        [
            Told::new("users", "the user", &scope.users, &index.users, users),
            Told::new(
                "application",
                "what is reached",
                &scope.applications,
                &index.applications,
                applications.into_iter(),
            ),
            Told {
                condition: "clientType",
                subject: "the kind of client",
                matching: &scope.client_app_types,
                included: BTreeMap::new(),
                excluded: BTreeMap::new(),
            },
            Told::new(
                "devicePlatform",
                "the platform",
                &scope.platforms,
                &index.platforms,
                platforms,
            ),
            Told::new(
                "location",
                "the location",
                &scope.locations,
                &index.locations,
                locations,
            ),
        ]
    }
}

/// One dimension, ready to be told: Graph's name, which policies it matched, and by which rules.
struct Told<'a> {
    condition: &'static str,
    subject: &'static str,
    matching: &'a PolicySet,
    included: BTreeMap<usize, Vec<Rule>>,
    excluded: BTreeMap<usize, Vec<Rule>>,
}

/// A rule in Graph's word and in people's.
struct Rule {
    graph: &'static str,
    people: String,
}

impl<'a> Told<'a> {
    fn new<V: Copy + Ord + RuleName>(
        condition: &'static str,
        subject: &'static str,
        matching: &'a PolicySet,
        dimension: &Dimension<V>,
        values: impl Iterator<Item = V>,
    ) -> Self {
        let RulesByPolicy { included, excluded } = dimension.rules(values);
        let named = |rules: BTreeMap<usize, Vec<V>>| -> BTreeMap<usize, Vec<Rule>> {
            rules
                .into_iter()
                .map(|(policy, values)| (policy, values.iter().map(RuleName::name).collect()))
                .collect()
        };
        Self {
            condition,
            subject,
            matching,
            included: named(included),
            excluded: named(excluded),
        }
    }

    fn rules(&self, rules: &BTreeMap<usize, Vec<Rule>>, policy: usize) -> Vec<RuleSatisfied> {
        let names: BTreeSet<_> = rules
            .get(&policy)
            .into_iter()
            .flatten()
            .map(|rule| rule.graph)
            .collect();
        names
            .into_iter()
            .map(|name| RuleSatisfied {
                conditional_access_condition: self.condition.to_owned(),
                rule_satisfied: name.to_owned(),
            })
            .collect()
    }

    /// Why this dimension keeps a policy out.
    fn reason(&self, policy: usize) -> String {
        match self.excluded.get(&policy).and_then(|rules| rules.first()) {
            Some(rule) => format!(
                "not applied: {} is excluded by {}",
                self.subject, rule.people
            ),
            None => format!(
                "not applied: no rule of the policy includes {}",
                self.subject
            ),
        }
    }
}

fn tell(
    (number, policy): (usize, &CompiledPolicy),
    judgement: Option<&Judgement>,
    dimensions: &[Told<'_>],
    bench: &Bench<'_>,
) -> AppliedConditionalAccessPolicy {
    let (satisfied, not_satisfied): (Vec<&Told<'_>>, Vec<&Told<'_>>) = dimensions
        .iter()
        .filter(|_| policy.state != PolicyState::Disabled)
        .partition(|dimension| dimension.matching.contains(number));
    let names = |dimensions: &[&Told<'_>]| {
        dimensions
            .iter()
            .map(|dimension| dimension.condition.to_owned())
            .collect()
    };
    let verdict = judgement.map(|judgement| &judgement.verdict);
    let (enforced_session_controls, session_controls_not_satisfied) = match judgement {
        Some(_) => control::session_controls(policy, bench.evidence.standing),
        None => (Vec::new(), Vec::new()),
    };
    AppliedConditionalAccessPolicy {
        id: policy.id,
        display_name: policy.display_name.clone(),
        result: control::result(policy.state, verdict),
        enforced_grant_controls: match judgement {
            Some(_) => control::grant_controls(policy),
            None => Vec::new(),
        },
        enforced_session_controls,
        conditions_satisfied: names(&satisfied),
        conditions_not_satisfied: names(&not_satisfied),
        include_rules_satisfied: satisfied
            .iter()
            .chain(&not_satisfied)
            .flat_map(|dimension| dimension.rules(&dimension.included, number))
            .collect(),
        exclude_rules_satisfied: not_satisfied
            .iter()
            .flat_map(|dimension| dimension.rules(&dimension.excluded, number))
            .collect(),
        session_controls_not_satisfied,
        authentication_strength: judgement.and_then(|_| control::strength(policy, bench)),
        reason: match (policy.state, verdict, not_satisfied.first()) {
            (PolicyState::Disabled, ..) => "not evaluated: the policy is disabled".to_owned(),
            (_, Some(verdict), _) => control::reason(policy, verdict, bench),
            (_, None, Some(dimension)) => dimension.reason(number),
            (_, None, None) => {
                "not applied: what users do to their own accounts is not looked at in report-only"
                    .to_owned()
            }
        },
    }
}

/// How the log names a rule.
trait RuleName {
    fn name(&self) -> Rule;
}

fn rule(graph: &'static str, people: impl Into<String>) -> Rule {
    Rule {
        graph,
        people: people.into(),
    }
}

impl RuleName for UserValue {
    fn name(&self) -> Rule {
        match self {
            Self::All => rule("allUsers", "all users"),
            Self::User(id) => rule("userId", format!("user `{id}`")),
            Self::Group(id) => rule("groupId", format!("group `{id}`")),
            Self::Role(id) => rule("roleId", format!("role `{id}`")),
            Self::External(one, None) => {
                rule(one.name(), format!("external user type `{}`", one.name()))
            }
            Self::External(one, Some(tenant)) => rule(
                ExternalUserType::name(*one),
                format!("external user type `{}` of tenant `{tenant}`", one.name()),
            ),
        }
    }
}

impl RuleName for ApplicationValue {
    fn name(&self) -> Rule {
        match self {
            Self::All => rule("allApps", "all resources"),
            Self::Application(id) => rule("appId", format!("application `{id}`")),
        }
    }
}

impl RuleName for PlatformValue {
    fn name(&self) -> Rule {
        match self {
            Self::All => rule("allDevicePlatforms", "all platforms"),
            Self::Platform(platform) => rule("devicePlatform", format!("platform `{platform:?}`")),
        }
    }
}

impl RuleName for LocationValue {
    fn name(&self) -> Rule {
        match self {
            Self::All => rule("allLocations", "all locations"),
            Self::AllTrusted => rule("allTrustedLocations", "all trusted locations"),
            Self::Named(id) => rule("locationId", format!("named location `{id}`")),
        }
    }
}
