//! What a decision tells of each condition: whether it matched, and by which rules, in Graph's words and in people's.

use std::collections::{BTreeMap, BTreeSet};

use portcullis_model::conditional_access::filter::FilterMode;
use portcullis_model::conditional_access::signal::{InsiderRiskLevel, RiskLevel, TransferMethod};
use portcullis_model::conditional_access::{
    ClientAppType, DeviceCondition, ExternalUserType, UserAction,
};
use portcullis_model::sign_in_log::RuleSatisfied;

use crate::dimension::{Dimension, RulesByPolicy};
use crate::facts::Subject;
use crate::index::{Condition, Index};
use crate::policy_set::PolicySet;
use crate::seen::Seen;
use crate::table::Key;
use crate::value::{
    LocationValue, PlatformValue, TargetValue, UserValue, WorkloadValue, action_values,
    audience_values, context_values, location_values, platform_values, user_values,
    workload_values,
};
use crate::what_if::Signal;

/// One condition, ready to be told: Graph's name, which policies it matched, and by which rules.
pub(super) struct Told<'a> {
    pub(super) condition: &'static str,
    subject: &'static str,
    /// Policies that say nothing of it, where that is not told.
    silent: Option<&'a PolicySet>,
    pub(super) matching: PolicySet,
    pub(super) included: BTreeMap<usize, Vec<Rule>>,
    pub(super) excluded: BTreeMap<usize, Vec<Rule>>,
}

/// A rule in Graph's word, if Graph has one, and in people's.
pub(super) struct Rule {
    graph: Option<&'static str>,
    people: String,
}

/// All conditions, in the order in which a reader looks for the one that kept a policy out.
pub(super) fn tell_all<'a>(index: &'a Index, seen: &Seen<'_>) -> Vec<Told<'a>> {
    Condition::ALL
        .into_iter()
        .map(|condition| {
            let (included, excluded) = rules(condition, index, seen);
            let (name, subject) = names(condition, seen);
            Told {
                condition: name,
                subject,
                silent: index.silent(condition),
                matching: index.matching(condition, seen),
                included,
                excluded,
            }
        })
        .collect()
}

/// Graph's name (`conditionalAccessConditions`) and what it is about.
fn names(condition: Condition, seen: &Seen<'_>) -> (&'static str, &'static str) {
    match condition {
        Condition::Subject => match seen.sign_in.subject {
            Subject::User(_) => ("users", "the user"),
            Subject::ServicePrincipal(_) => ("servicePrincipals", "the service principal"),
        },
        Condition::Target => ("application", "what is reached"),
        Condition::ClientAppType => ("clientType", "the kind of client"),
        Condition::DevicePlatform => ("devicePlatform", "the platform"),
        Condition::Location => ("location", "the location"),
        Condition::SignInRisk => ("signInRisk", "the risk of the sign-in"),
        Condition::UserRisk => ("userRisk", "the risk of the user"),
        Condition::ServicePrincipalRisk => {
            ("servicePrincipalRisk", "the risk of the service principal")
        }
        Condition::InsiderRisk => ("insiderRisk", "the insider risk"),
        Condition::Devices => ("deviceState", "the device"),
        Condition::AuthenticationFlow => ("authenticationFlows", "the way the session came here"),
    }
}

type Rules = BTreeMap<usize, Vec<Rule>>;

fn rules(condition: Condition, index: &Index, seen: &Seen<'_>) -> (Rules, Rules) {
    let sign_in = seen.sign_in;
    let risk = &sign_in.risk;
    let level = |signal, level: RiskLevel| seen.given(signal, Some(level)).into_iter();
    match condition {
        Condition::Subject => match &sign_in.subject {
            Subject::User(user) => named(&index.users, user_values(user)),
            Subject::ServicePrincipal(principal) => {
                let values = workload_values(*principal, &index.attributes);
                named(&index.workloads, values)
            }
        },
        Condition::Target => {
            let audiences = sign_in.audiences.iter();
            let values: BTreeSet<TargetValue> = audiences
                .flat_map(|audience| audience_values(*audience, &index.attributes))
                .chain(sign_in.user_action.into_iter().flat_map(action_values))
                .chain(context_values(sign_in))
                .collect();
            named(&index.targets, values.into_iter())
        }
        Condition::ClientAppType => {
            named(&index.client_app_types, crate::value::client_values(seen))
        }
        Condition::DevicePlatform => named(&index.platforms, platform_values(seen)),
        Condition::Location => {
            let values = location_values(seen, &index.named_locations);
            named(&index.locations, values.into_iter())
        }
        Condition::SignInRisk => {
            named(&index.sign_in_risk, level(Signal::SignInRisk, risk.sign_in))
        }
        Condition::UserRisk => named(&index.user_risk, level(Signal::UserRisk, risk.user)),
        Condition::ServicePrincipalRisk => {
            let level = level(Signal::ServicePrincipalRisk, risk.service_principal);
            named(&index.service_principal_risk, level)
        }
        Condition::InsiderRisk => {
            let level = seen.given(Signal::InsiderRisk, risk.insider);
            named(&index.insider_risk, level.into_iter())
        }
        Condition::Devices => device_rules(index, seen),
        Condition::AuthenticationFlow => {
            let method = seen.given(Signal::AuthenticationFlow, sign_in.transfer_method);
            named(&index.transfer_methods, method.into_iter())
        }
    }
}

/// The rules of the index that these values fulfil, by policy.
fn named<V: Key + RuleName>(
    dimension: &Dimension<V>,
    values: impl Iterator<Item = V>,
) -> (Rules, Rules) {
    let RulesByPolicy { included, excluded } = dimension.rules(values);
    let named = |rules: BTreeMap<usize, Vec<V>>| -> Rules {
        rules
            .into_iter()
            .map(|(policy, values)| (policy, values.iter().map(RuleName::name).collect()))
            .collect()
    };
    (named(included), named(excluded))
}

fn device_rules(index: &Index, seen: &Seen<'_>) -> (Rules, Rules) {
    let (mut included, mut excluded) = (Rules::new(), Rules::new());
    if seen.not_given.contains(Signal::Device) {
        return (included, excluded);
    }
    let device = seen.device();
    for (policy, device_rule) in index.devices.by_policy() {
        let matches = device_rule.test.holds(device.as_ref());
        let (graph, people) = match (&device_rule.condition, matches) {
            (DeviceCondition::Filter(filter), _) => {
                let graph = match (filter.mode, matches) {
                    (FilterMode::Include, true) | (FilterMode::Exclude, false) => "deviceFilter",
                    (FilterMode::Include, false) => "deviceFilterIncludeRuleNotMatched",
                    // What an exclude filter does not name is in by no rule of its own.
                    (FilterMode::Exclude, true) => continue,
                };
                (graph, format!("the filter `{}`", filter.rule.text))
            }
            (DeviceCondition::AllExceptStates(_), true) => {
                ("allDeviceStates", "all device states".to_owned())
            }
            (DeviceCondition::AllExceptStates(_), false) => ("deviceState", "its state".to_owned()),
        };
        let rules = if matches {
            &mut included
        } else {
            &mut excluded
        };
        rules.insert(policy, vec![rule(graph, people)]);
    }
    (included, excluded)
}

impl Told<'_> {
    /// Whether the policy says something of it, or is told of it anyway.
    pub(super) fn concerns(&self, policy: usize) -> bool {
        self.silent.is_none_or(|silent| !silent.contains(policy))
    }

    pub(super) fn rules(
        &self,
        rules: &BTreeMap<usize, Vec<Rule>>,
        policy: usize,
    ) -> Vec<RuleSatisfied> {
        let names: BTreeSet<_> = rules
            .get(&policy)
            .into_iter()
            .flatten()
            .filter_map(|rule| rule.graph)
            .collect();
        names
            .into_iter()
            .map(|name| RuleSatisfied {
                conditional_access_condition: self.condition.to_owned(),
                rule_satisfied: name.to_owned(),
            })
            .collect()
    }

    /// Why this condition keeps a policy out.
    pub(super) fn reason(&self, policy: usize) -> String {
        match self.excluded.get(&policy).and_then(|rules| rules.first()) {
            Some(rule) if rule.graph == Some("deviceFilterIncludeRuleNotMatched") => format!(
                "not applied: {} does not fulfil {}",
                self.subject, rule.people
            ),
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

/// How the log names a rule.
trait RuleName {
    fn name(&self) -> Rule;
}

fn rule(graph: &'static str, people: impl Into<String>) -> Rule {
    Rule {
        graph: Some(graph),
        people: people.into(),
    }
}

/// A rule that Graph has no name for.
fn unnamed(people: impl Into<String>) -> Rule {
    Rule {
        graph: None,
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

impl RuleName for WorkloadValue {
    fn name(&self) -> Rule {
        match self {
            Self::All => unnamed("all service principals of this tenant"),
            Self::ServicePrincipal(id) => unnamed(format!("service principal `{id}`")),
            Self::Attributes(_) => unnamed("the filter for service principals"),
        }
    }
}

impl RuleName for TargetValue {
    fn name(&self) -> Rule {
        match self {
            Self::All => rule("allApps", "all resources"),
            Self::Office365 => rule("office365", "`Office365`"),
            Self::MicrosoftAdminPortals => rule("microsoftAdminPortals", "`MicrosoftAdminPortals`"),
            Self::Application(id) => rule("appId", format!("application `{id}`")),
            Self::Attributes(_) => rule("appFilter", "the filter for applications"),
            Self::UserAction(UserAction::RegisterSecurityInformation) => {
                unnamed("the action `urn:user:registersecurityinfo`")
            }
            Self::UserAction(UserAction::RegisterOrJoinDevices) => {
                unnamed("the action `urn:user:registerdevice`")
            }
            Self::AuthenticationContext(id) => {
                rule("acr", format!("authentication context `{id}`"))
            }
        }
    }
}

impl RuleName for ClientAppType {
    fn name(&self) -> Rule {
        unnamed(format!("client app type `{self:?}`"))
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
            Self::Named(id) | Self::NamedOrUnlocated(id) => {
                rule("locationId", format!("named location `{id}`"))
            }
        }
    }
}

impl RuleName for RiskLevel {
    fn name(&self) -> Rule {
        unnamed(format!("risk level `{}`", RiskLevel::name(*self)))
    }
}

impl RuleName for InsiderRiskLevel {
    fn name(&self) -> Rule {
        let name = InsiderRiskLevel::name(*self);
        rule("insiderRisk", format!("insider risk `{name}`"))
    }
}

impl RuleName for TransferMethod {
    fn name(&self) -> Rule {
        let name = TransferMethod::name(*self);
        rule(name, format!("transfer method `{name}`"))
    }
}
