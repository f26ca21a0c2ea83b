//! An answer in Graph's shape: the policies as they are stored, each with whether it applies, and under one member of the
//! envelope what Graph cannot say (specification 9.4).

#[cfg(test)]
mod tests;

use portcullis_model::Timestamp;
use portcullis_model::conditional_access::ConditionalAccessPolicy;
use portcullis_policy::decision::{Challenge, SessionDecision};
use serde_json::{Map, Value, json};

use crate::directory::{Directory, DirectoryTenant, Unresolved};
use crate::evaluate::{
    Answer, AnswerOutcome, Applicability, Asked, Otherwise, Passage, PolicyAnswer, Reason, Signal,
    Verdict, WhoSignsIn, evaluate, evaluate_as_listed,
};
use crate::graph_request::GraphRequest;
use crate::prose::challenge_name;
use crate::situation::{Absent, Situation};

/// What is asked in Graph's terms.
#[derive(Debug, Clone, Copy)]
pub struct GraphQuestion<'q> {
    /// The sign-in; what it does not say has Graph's defaults in Graph's part, and is not known in ours.
    pub situation: &'q Situation,
    /// Only policies that apply are wanted.
    pub applied_policies_only: bool,
    /// What of the request counts for less than its writer may think.
    pub notes: &'q [String],
    /// What an absent member means in our part.
    pub absent: Absent,
}

impl GraphRequest {
    /// The question of a request that came in Graph's shape.
    pub fn question(&self) -> GraphQuestion<'_> {
        GraphQuestion {
            situation: &self.situation,
            applied_policies_only: self.applied_policies_only,
            notes: &self.notes,
            absent: Absent::Unknown,
        }
    }
}

/// Graph's envelope: `value` by Graph's rules, `portcullis` by ours.
pub fn graph_answer(
    directory: &Directory,
    tenant: &DirectoryTenant,
    question: GraphQuestion<'_>,
    at: Timestamp,
) -> Result<Value, Unresolved> {
    let ours = evaluate(directory, tenant, (question.situation, question.absent), at)?;
    let filled = question.situation.clone().with_graph_defaults();
    let graphs = evaluate_as_listed(directory, tenant, &filled, at)?;
    let stored = &tenant.configuration().conditional_access_policies;
    let value: Vec<Value> = graphs
        .policies
        .iter()
        .zip(stored)
        .filter(|(told, _)| {
            !question.applied_policies_only || told.applicability == Applicability::Applies
        })
        .map(|(told, policy)| result(told, policy))
        .collect();
    let mut portcullis = answer_json(&ours);
    if let Some(members) = portcullis.as_object_mut() {
        members.insert("notes".to_owned(), json!(question.notes));
    }
    Ok(json!({
        "@odata.context": "$metadata#Collection(microsoft.graph.whatIfAnalysisResult)",
        "value": value,
        "portcullis": portcullis,
    }))
}

/// Graph `whatIfAnalysisResult`: the whole policy and two members more. A policy that hangs on what was not said does not apply
/// (specification 9.5).
fn result(told: &PolicyAnswer, policy: &ConditionalAccessPolicy) -> Value {
    let mut result = policy.document.clone();
    result.insert("id".to_owned(), json!(told.id));
    let (applies, reasons) = match &told.applicability {
        Applicability::Applies => (true, "notSet"),
        Applicability::DoesNotApply { condition } => (false, condition.name()),
        Applicability::DependsOn(signals) => (
            false,
            signals
                .iter()
                .filter_map(|signal| condition_of(policy, *signal))
                .min()
                .map_or("notEnoughInformation", |condition| condition.name()),
        ),
    };
    result.insert("policyApplies".to_owned(), json!(applies));
    result.insert("analysisReasons".to_owned(), json!(reasons));
    Value::Object(result)
}

/// The condition of a policy that asks for a signal. Supported clients of Exchange `ActiveSync` are told by their platform (specification
/// 4.4), which makes no condition on platforms of that on clients.
fn condition_of(policy: &ConditionalAccessPolicy, signal: Signal) -> Option<Reason> {
    match signal.condition() {
        Some(Reason::DevicePlatform) if policy.conditions.platforms.is_none() => {
            Some(Reason::ClientApps)
        }
        condition => condition,
    }
}

/// What we say of a sign-in, as one object.
pub fn answer_json(answer: &Answer) -> Value {
    let mut told = Map::new();
    let mut put = |name: &str, value: Value| told.insert(name.to_owned(), value);
    put(
        "tenant",
        json!({ "id": answer.tenant, "displayName": answer.tenant_name }),
    );
    put("signIn", who_json(&answer.who));
    put("reached", json!(answer.reached));
    match answer.verdict() {
        Verdict::Granted | Verdict::Asked | Verdict::Blocked => {
            outcome_json(answer, &answer.outcome, &mut put);
        }
        // Whoever reads no further must not take one of the outcomes for the outcome.
        Verdict::DependsOn => {
            put("outcome", json!("dependsOn"));
            put(
                "ifNoOtherPolicyApplies",
                one_outcome(answer, &answer.outcome).into(),
            );
        }
    }
    if let Some(possible) = &answer.if_everything_applies {
        put(
            "ifEveryPolicyThatCouldApplies",
            one_outcome(answer, possible).into(),
        );
    }
    if !answer.otherwise.is_empty() {
        put("otherwise", otherwise_json(answer, &answer.otherwise));
    }
    put("conditionalAccessStatus", json!(answer.status));
    put("sessionControls", session_json(&answer.session));
    let gates = answer.gates.iter().map(|gate| {
        let signals = match &gate.passage {
            Passage::DependsOn { signals, .. } => Some(signals),
            Passage::Open | Passage::Refused(_) => None,
        };
        json!({
            "tenantId": gate.tenant, "tenantDisplayName": gate.tenant_name, "said": gate.said,
            "error": gate.refusal(), "dependsOn": signals,
        })
    });
    put("beforePolicies", gates.collect());
    put(
        "policies",
        answer.policies.iter().map(policy_json).collect(),
    );
    put("dependsOn", json!(answer.depends_on));
    put("notSaid", json!(answer.not_given));
    put("supposed", json!(answer.suppositions));
    Value::Object(told)
}

/// The ends that hang on something, each with those that hang on more beside.
fn otherwise_json(answer: &Answer, ends: &[Otherwise]) -> Value {
    let otherwise = ends.iter().map(|one| {
        let mut told = one_outcome(answer, &one.outcome);
        told.insert("dependsOn".to_owned(), json!(one.signals));
        told.insert("if".to_owned(), json!(one.words));
        if !one.but.is_empty() {
            told.insert("otherwise".to_owned(), otherwise_json(answer, &one.but));
        }
        Value::Object(told)
    });
    otherwise.collect()
}

fn who_json(who: &WhoSignsIn) -> Value {
    json!({
        "displayName": who.name,
        "externalUserTypes": who.user_types,
        "homeTenant": who.home_tenant.map(|id| json!({ "id": id, "displayName": who.home_tenant_name })),
    })
}

fn one_outcome(answer: &Answer, outcome: &AnswerOutcome) -> Map<String, Value> {
    let mut told = Map::new();
    outcome_json(answer, outcome, &mut |name, value| {
        told.insert(name.to_owned(), value)
    });
    told
}

fn outcome_json(
    answer: &Answer,
    outcome: &AnswerOutcome,
    put: &mut dyn FnMut(&str, Value) -> Option<Value>,
) {
    match outcome {
        AnswerOutcome::Granted => {
            put("outcome", json!("granted"));
        }
        AnswerOutcome::Asked(asked) => {
            put("outcome", json!("asked"));
            put("asks", asked.iter().map(asked_json).collect());
            if let Some(refusal) = answer.silent_refusal(outcome) {
                put(
                    "clientGets",
                    json!({ "error": refusal.oauth_error, "error_codes": [refusal.error] }),
                );
            }
        }
        AnswerOutcome::Blocked(blocked) => {
            put("outcome", json!("blocked"));
            put("error", json!(blocked.error));
            put("reason", json!(blocked.sentence));
            put("blockingPolicies", json!(blocked.policies));
        }
    }
}

fn asked_json(asked: &Asked) -> Value {
    let methods = asked.combinations.iter().map(ToString::to_string);
    json!({
        "control": challenge_name(&asked.challenge),
        "controlId": challenge_id(&asked.challenge),
        "controlDisplayName": asked.named,
        "at": asked.place,
        "tenantId": asked.tenant,
        "tenantDisplayName": asked.tenant_name,
        "methods": methods.collect::<Vec<_>>(),
        "policies": asked.policies,
    })
}

/// The id of what is asked for, where one control is many.
pub fn challenge_id(challenge: &Challenge) -> Option<String> {
    match challenge {
        Challenge::AuthenticationStrength(id) => Some(id.to_string()),
        Challenge::TermsOfUse(id) => Some(id.to_string()),
        Challenge::CustomAuthenticationFactor(id) => Some(id.clone()),
        Challenge::PrimaryAuthentication
        | Challenge::MultifactorAuthentication
        | Challenge::RiskRemediation
        | Challenge::PasswordChange => None,
    }
}

fn policy_json(policy: &PolicyAnswer) -> Value {
    let (applies, condition, signals) = match &policy.applicability {
        Applicability::Applies => ("yes", None, None),
        Applicability::DoesNotApply { condition } => ("no", Some(*condition), None),
        Applicability::DependsOn(signals) => ("dependsOn", None, Some(signals)),
    };
    let log = &policy.applied;
    json!({
        "id": policy.id,
        "displayName": policy.display_name,
        "state": policy.state,
        "applies": applies,
        "failingCondition": condition.map(Reason::name),
        "dependsOn": signals,
        "result": policy.result,
        "resultDependsOn": policy.result_depends_on,
        "reason": policy.reason,
        "enforcedGrantControls": log.enforced_grant_controls,
        "enforcedSessionControls": log.enforced_session_controls,
        "includeRulesSatisfied": log.include_rules_satisfied,
        "excludeRulesSatisfied": log.exclude_rules_satisfied,
    })
}

/// What holds of the session: each control that is set, what it says, and the policies that say so.
pub fn session_json(session: &SessionDecision) -> Value {
    let words = crate::prose::session_words(session).into_iter();
    words
        .map(|(control, value, policies)| {
            json!({ "control": control, "value": value, "policies": policies })
        })
        .collect()
}
