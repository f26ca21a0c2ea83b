//! What a decision tells of each policy: the run's own marks, put into the words of the sign-in log.

use std::collections::{BTreeMap, BTreeSet};

use portcullis_model::conditional_access::{ExternalUserType, PolicyState, SessionControls};
use portcullis_model::sign_in_log::{
    AppliedConditionalAccessPolicy, AppliedPolicyResult, RuleSatisfied,
};

use crate::compile::{CompiledPolicy, Demand};
use crate::decision::{BlockReason, Decision, Place, grant_control_text};
use crate::evidence::{ControlState, Evidence, Standing};
use crate::index::{
    ApplicationValue, Dimension, LocationValue, PlatformValue, RulesByPolicy, UserValue,
    application_values, location_values, platform_values, user_of, user_values,
};
use crate::judge::{Judgement, Verdict};
use crate::policy_set::PolicySet;

impl Decision {
    /// Each policy of the tenant, in the order of configuration, as the log wants it.
    pub fn policies(&self) -> Vec<AppliedConditionalAccessPolicy> {
        let evidence = Evidence::gather(&self.tenant, &self.sign_in);
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
                tell(number, policy, judgement, &dimensions, &evidence)
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
    number: usize,
    policy: &CompiledPolicy,
    judgement: Option<&Judgement>,
    dimensions: &[Told<'_>],
    evidence: &Evidence<'_>,
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
    // Session controls are demands too: what is not applied to this user is said apart (decision 12).
    let session_controls = match judgement {
        Some(_) => session_control_texts(&policy.session_controls),
        None => Vec::new(),
    };
    let (enforced_session_controls, session_controls_not_satisfied) =
        if evidence.session_controls_apply() {
            (session_controls, Vec::new())
        } else {
            (Vec::new(), session_controls)
        };
    AppliedConditionalAccessPolicy {
        id: policy.id,
        display_name: policy.display_name.clone(),
        result: result(policy.state, judgement.map(|judgement| judgement.verdict)),
        enforced_grant_controls: judgement
            .into_iter()
            .flat_map(|judgement| &judgement.controls)
            .map(|(control, _)| grant_control_text(control).to_owned())
            .collect(),
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
        reason: match (policy.state, judgement, not_satisfied.first()) {
            (PolicyState::Disabled, ..) => "not evaluated: the policy is disabled".to_owned(),
            (_, Some(judgement), _) => reason(policy, judgement, evidence),
            (_, None, Some(dimension)) => dimension.reason(number),
            (_, None, None) => "not applied".to_owned(),
        },
    }
}

/// Specification 5.6.
fn result(state: PolicyState, verdict: Option<Verdict>) -> AppliedPolicyResult {
    use AppliedPolicyResult as R;
    match (state, verdict) {
        (PolicyState::Disabled, _) => R::NotEnabled,
        (PolicyState::Enabled, None) => R::NotApplied,
        (PolicyState::Enabled, Some(Verdict::Satisfied)) => R::Success,
        (PolicyState::Enabled, Some(Verdict::Blocked(BlockReason::PolicyNotEvaluable))) => {
            R::Unknown
        }
        (PolicyState::Enabled, Some(Verdict::Open { .. } | Verdict::Blocked(_))) => R::Failure,
        (PolicyState::ReportOnly, None) => R::ReportOnlyNotApplied,
        (PolicyState::ReportOnly, Some(Verdict::Satisfied)) => R::ReportOnlySuccess,
        (PolicyState::ReportOnly, Some(Verdict::Open { .. })) => R::ReportOnlyInterrupted,
        (PolicyState::ReportOnly, Some(Verdict::Blocked(_))) => R::ReportOnlyFailure,
    }
}

fn session_control_texts(controls: &SessionControls) -> Vec<String> {
    let frequency = controls.sign_in_frequency.map(|_| "SignInFrequency");
    let persistence = controls
        .persistent_browser
        .map(|_| "PersistentBrowserSessionMode");
    frequency
        .into_iter()
        .chain(persistence)
        .map(str::to_owned)
        .collect()
}

/// One sentence about a policy in scope.
fn reason(policy: &CompiledPolicy, judgement: &Judgement, evidence: &Evidence<'_>) -> String {
    if let Some(defect) = &policy.defect {
        return match policy.state {
            PolicyState::ReportOnly => format!("would block: cannot be evaluated, {defect}"),
            PolicyState::Enabled | PolicyState::Disabled => {
                format!("blocks: cannot be evaluated, {defect}")
            }
        };
    }
    let would = match policy.state {
        PolicyState::ReportOnly => "report-only, nothing is enforced: ",
        PolicyState::Enabled | PolicyState::Disabled => "",
    };
    let stale = match judgement.verdict {
        Verdict::Open { primary: true, .. } => {
            "the first factor is older than the sign-in frequency allows; "
        }
        Verdict::Open { primary: false, .. } | Verdict::Satisfied | Verdict::Blocked(_) => "",
    };
    let controls: Vec<String> = judgement
        .controls
        .iter()
        .map(|(control, state)| {
            format!(
                "{} {}",
                control.name(),
                control_text(*state, evidence.standing)
            )
        })
        .collect();
    let demand = match (&policy.demand, controls.is_empty()) {
        (Demand::Nothing, _) | (_, true) => "no control is demanded".to_owned(),
        (Demand::Block, _) => "the policy blocks".to_owned(),
        (Demand::All(_), _) => controls.join(", and "),
        (Demand::Any(_), _) => controls.join(", or "),
    };
    format!("{would}{stale}{demand}")
}

fn control_text(state: ControlState, standing: Standing) -> &'static str {
    match (state, standing) {
        (ControlState::Met(tenant), Standing::Foreign(_, home, _)) if tenant == home => {
            "met by the home tenant's claim, which is trusted"
        }
        (ControlState::Met(_), _) => "met in this tenant",
        (ControlState::Open(Place::HomeTenant(_)), _) => {
            "open: the home tenant asks for it, its claim is trusted"
        }
        (ControlState::Open(Place::ResourceTenant(_)), Standing::Foreign(..)) => {
            "open: this tenant asks for it, the home tenant's claim is not trusted"
        }
        (ControlState::Open(Place::ResourceTenant(_)), _) => "open: this tenant asks for it",
        (ControlState::Unobtainable(reason), _) => unobtainable_text(reason),
    }
}

fn unobtainable_text(reason: BlockReason) -> &'static str {
    match reason {
        BlockReason::BlockedByPolicy => "cannot be met by this kind of client",
        BlockReason::InboundMfaTrustRequired => {
            "cannot be met: MFA of direct connect users counts only from the home tenant, whose claim is not trusted"
        }
        BlockReason::DeviceNotCompliant => {
            "not met: the user's own tenant vouches for no compliant device"
        }
        BlockReason::DeviceNotDomainJoined => {
            "not met: the user's own tenant vouches for no hybrid joined device"
        }
        BlockReason::DeviceTrustNotConfigured => {
            "cannot be met: the home tenant's word on devices is not trusted"
        }
        BlockReason::PolicyNotEvaluable | BlockReason::NoAudience | BlockReason::NotAdmitted => {
            "cannot be met"
        }
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
