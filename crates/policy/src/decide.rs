//! The decision: every policy in force that matches must be satisfied, and whatever refuses wins.
//!
//! A sign-in that no policy matches is granted, as the specification says (5.1); one that reaches nothing, or that
//! both tenants did not admit, is not.

use std::collections::BTreeMap;
use std::sync::Arc;

use portcullis_model::id::PolicyId;
use portcullis_model::sign_in_log::{AppliedPolicyResult, ConditionalAccessStatus};
use smallvec::SmallVec;

use crate::compile::{CompiledPolicy, CompiledTenant};
use crate::decision::{Block, BlockReason, Challenge, Decision, Outcome, Requirement};
use crate::demand::TargetKind;
use crate::evidence::{Ask, ControlState, Evidence};
use crate::facts::{Origin, SignIn, Subject};
use crate::judge::{Bench, Judgement, Verdict, judge, verdict};
use crate::seen::Seen;
use crate::session_control::{Frequency, Kind, merge};
use crate::trace::result;

/// Decides one sign-in: pure, total, and the only source of a [`Permit`](crate::permit::Permit).
///
/// Enabled policies are enforced, report-only policies judged by the same rules and only logged, disabled ones not
/// looked at. Whether somebody is there to answer ([`Interaction`](crate::facts::Interaction)) changes nothing: what is
/// open stays open, and the caller says `interaction_required`.
pub fn decide(tenant: &CompiledTenant, sign_in: impl Into<Arc<SignIn>>) -> Decision {
    let sign_in = sign_in.into();
    let seen = Seen::whole(tenant, &sign_in);
    decide_on(tenant, &seen, Arc::clone(&sign_in))
}

/// Decides on the policies in scope within the bound of a What If; of a real sign-in every signal is given. `sign_in` is
/// what is seen.
///
/// Nothing on the way to a grant is put on the heap, as long as the tenant and the scope have the usual size; what a log
/// wants to know of each policy is worked out when it asks.
pub(crate) fn decide_on(
    tenant: &CompiledTenant,
    seen: &Seen<'_>,
    sign_in: Arc<SignIn>,
) -> Decision {
    let evidence = Evidence::gather(tenant, seen.sign_in);
    let scope = tenant.index().scope(seen);
    let in_force: InForce<'_> = tenant
        .policies_in(&scope.all, tenant.enabled())
        .map(|(_, policy)| policy)
        .collect();
    let bench = enforced_bench(&evidence, &in_force);
    let (outcome, results) = conclude(&bench, &in_force);
    let is_satisfied = results
        .iter()
        .all(|(_, result)| *result == AppliedPolicyResult::Success);
    let saying: InForce<'_> = in_force
        .iter()
        .filter(|policy| policy.has_session_controls)
        .copied()
        .collect();
    let is_concerned = scope.concerned.common(tenant.enabled()).next().is_some();
    Decision {
        outcome,
        status: status(is_concerned, is_satisfied),
        session_controls: merge(&saying, evidence.standing),
        results,
        tenant: tenant.clone(),
        not_given: (seen.not_given, seen.bound),
        sign_in,
    }
}

/// The enabled policies in scope and what they came to.
pub(crate) type Results = SmallVec<[(PolicyId, AppliedPolicyResult); 16]>;

/// The enabled policies in scope; a sign-in seldom meets more than a handful.
pub(crate) type InForce<'a> = SmallVec<[&'a CompiledPolicy; 16]>;

/// What each policy in scope came to, report-only ones included: the same judgement that the decision rests on.
pub(crate) fn judgements(tenant: &CompiledTenant, seen: &Seen<'_>) -> Vec<Judgement> {
    let evidence = Evidence::gather(tenant, seen.sign_in);
    let scope = tenant.index().scope(seen);
    let in_force: InForce<'_> = tenant
        .policies_in(&scope.all, tenant.enabled())
        .map(|(_, policy)| policy)
        .collect();
    let bench = enforced_bench(&evidence, &in_force);
    let enforced = tenant
        .policies_in(&scope.all, tenant.enabled())
        .map(|(number, policy)| judge(number, policy, &bench));
    let reported = tenant
        .policies_in(&scope.all, tenant.report_only())
        .filter(|(_, policy)| is_reported(policy))
        .map(|(number, policy)| judge(number, policy, &reported_bench(&bench, policy)));
    enforced.chain(reported).collect()
}

/// Against what the policies in force are judged.
pub(crate) fn enforced_bench<'a>(
    evidence: &'a Evidence<'a>,
    in_force: &[&'a CompiledPolicy],
) -> Bench<'a> {
    // Of a direct connect user no sign-in frequency is applied (decision 12).
    let frequency =
        Frequency::of(in_force).filter(|_| Kind::SignInFrequency.is_applied_to(evidence.standing));
    Bench::new(evidence, in_force.iter().copied(), frequency)
}

/// A report-only policy is judged as if it were enforced beside the others.
pub(crate) fn reported_bench<'a>(enforced: &Bench<'a>, policy: &CompiledPolicy) -> Bench<'a> {
    let frequency = Frequency::with(enforced.frequency, policy)
        .filter(|_| Kind::SignInFrequency.is_applied_to(enforced.evidence.standing));
    enforced.clone().with_frequency(frequency)
}

/// What users do to their own accounts is not looked at in report-only (specification 5.6).
fn is_reported(policy: &CompiledPolicy) -> bool {
    match policy.concern.target {
        TargetKind::Applications | TargetKind::AuthenticationContexts => true,
        TargetKind::UserActions => false,
    }
}

/// Refusals first, so that nobody is asked for a proof in vain (decision 15); then what is open, in the order of
/// challenges; else granted. Says too what each policy came to.
fn conclude(bench: &Bench<'_>, in_force: &[&CompiledPolicy]) -> (Outcome, Results) {
    let evidence = bench.evidence;
    let (tenant, sign_in) = (evidence.tenant, evidence.sign_in);
    let mut tally = Tally::default();
    let reaches_nothing = sign_in.audiences.is_empty()
        && sign_in.user_action.is_none()
        && sign_in.authentication_contexts.is_empty();
    if reaches_nothing {
        tally.block(BlockReason::NoAudience, None);
    }
    if !is_admitted(tenant, sign_in) {
        tally.block(BlockReason::NotAdmitted, None);
    }
    let mut results = Results::with_capacity(in_force.len());
    for policy in in_force {
        let verdict = verdict(policy, bench);
        results.push((policy.id, result(policy.state, Some(&verdict))));
        match verdict {
            Verdict::Satisfied => {}
            Verdict::Blocked(reason) => tally.block(reason, Some(policy.id)),
            Verdict::Open(asks) => {
                for ask in &asks {
                    tally.open(ask, Some(policy.id));
                }
            }
        }
    }
    // Demands of the request itself: a first factor, always, of a person; MFA, if it says so.
    let is_person = matches!(sign_in.subject, Subject::User(_));
    if is_person && !evidence.primary_is_proven(None) {
        let ask = Ask {
            challenge: Challenge::PrimaryAuthentication,
            place: evidence.primary_place,
            combinations: Vec::new(),
        };
        tally.open(&ask, None);
    }
    if sign_in.requests_mfa {
        match evidence.mfa(bench.regard(None)) {
            ControlState::Met(_) => {}
            ControlState::Open(asks) => {
                for ask in &asks {
                    tally.open(ask, None);
                }
            }
            ControlState::Unobtainable(reason) => tally.block(reason, None),
        }
    }
    (tally.outcome(), results)
}

/// Everything that stands in the way.
#[derive(Default)]
struct Tally {
    blocks: BTreeMap<BlockReason, Vec<PolicyId>>,
    open: BTreeMap<Challenge, Requirement>,
}

impl Tally {
    fn block(&mut self, reason: BlockReason, policy: Option<PolicyId>) {
        self.blocks.entry(reason).or_default().extend(policy);
    }

    fn open(&mut self, ask: &Ask, policy: Option<PolicyId>) {
        let requirement = self
            .open
            .entry(ask.challenge.clone())
            .or_insert_with(|| Requirement {
                challenge: ask.challenge.clone(),
                place: ask.place,
                policies: Vec::new(),
                combinations: ask.combinations.clone(),
            });
        requirement.policies.extend(policy);
    }

    fn outcome(mut self) -> Outcome {
        if let Some((reason, policies)) = self.blocks.pop_first() {
            return Outcome::Blocked(Block { reason, policies });
        }
        if self.open.is_empty() {
            return Outcome::Granted;
        }
        Outcome::Open(self.open.into_values().collect())
    }
}

/// Whether both tenants let this user cross for this request; always, when there is nothing to cross.
fn is_admitted(tenant: &CompiledTenant, sign_in: &SignIn) -> bool {
    match &sign_in.subject {
        Subject::ServicePrincipal(_) => true,
        Subject::User(user) => match &user.origin {
            Origin::Internal => true,
            Origin::External(admission) => {
                admission.covers(tenant.id(), sign_in.client, &sign_in.audiences)
            }
            Origin::WithoutHome(admission) => {
                admission.covers(tenant.id(), sign_in.client, &sign_in.audiences)
            }
        },
    }
}

/// Specification 5.7: only enabled policies count, and one that matched user and application counts even where its
/// other conditions then kept it out.
const fn status(is_concerned: bool, is_satisfied: bool) -> ConditionalAccessStatus {
    match (is_concerned, is_satisfied) {
        (false, _) => ConditionalAccessStatus::NotApplied,
        (true, true) => ConditionalAccessStatus::Success,
        (true, false) => ConditionalAccessStatus::Failure,
    }
}
