//! The decision: every policy in force that matches must be satisfied, and whatever refuses wins.
//!
//! A sign-in that no policy matches is granted, as the specification says (5.1); one that reaches nothing, or that
//! both tenants did not admit, is not.

use std::sync::Arc;

use portcullis_model::conditional_access::SignInFrequency;
use portcullis_model::id::PolicyId;
use portcullis_model::sign_in_log::ConditionalAccessStatus;
use smallvec::{SmallVec, smallvec};

use crate::brief::Brief;
use crate::compile::{CompiledPolicy, CompiledTenant};
use crate::decision::{Block, BlockReason, Decision, Outcome, SessionDecision};
use crate::demand::TargetKind;
use crate::dimension::Bound;
use crate::evidence::{ControlState, Detail, Evidence};
use crate::facts::{Origin, SignIn, Subject};
use crate::judge::{Bench, Judgement, Verdict, verdict};
use crate::open::Open;
use crate::policy_set::PolicySet;
use crate::results::Failed;
use crate::seen::Seen;
use crate::session_control::{Frequency, Kind, merge};
use crate::what_if::NotGiven;

/// Decides one sign-in: pure, total, and the only source of a [`Permit`](crate::permit::Permit).
///
/// Enabled policies are enforced, report-only policies judged by the same rules and only logged, disabled ones not
/// looked at. Whether somebody is there to answer ([`Interaction`](crate::facts::Interaction)) changes nothing: what is
/// open stays open, and the caller says `interaction_required`.
pub fn decide(tenant: &CompiledTenant, sign_in: impl Into<Arc<SignIn>>) -> Decision {
    decide_within(tenant, sign_in.into(), (NotGiven::NOTHING, Bound::Definite))
}

/// Decides on the policies in scope within the bound of a What If; of a real sign-in every signal is given.
///
/// Nothing on the way to a grant is put on the heap, as long as the tenant and the scope have the usual size; what a log
/// wants to know of each policy is worked out when it asks.
pub(crate) fn decide_within(
    tenant: &CompiledTenant,
    sign_in: Arc<SignIn>,
    not_given: (NotGiven, Bound),
) -> Decision {
    let seen = Seen::within(tenant, &sign_in, not_given.0, not_given.1);
    let mut in_force = tenant.index().no_policy();
    let is_concerned = tenant
        .index()
        .find_scope(&seen, tenant.enabled(), &mut in_force);
    let evidence = Evidence::gather(tenant, &sign_in);
    let bench = enforced_bench(&evidence, &in_force);
    let (outcome, failed) = conclude(&bench, &in_force);
    let status = status(is_concerned, failed.is_empty());
    Decision {
        tenant: tenant.clone(),
        not_given,
        in_force,
        failed,
        status,
        outcome,
        sign_in,
    }
}

/// What each policy in scope came to, report-only ones included: the same judgement that the decision rests on.
pub(crate) fn judgements(tenant: &CompiledTenant, seen: &Seen<'_>) -> Vec<Judgement> {
    let evidence = Evidence::gather(tenant, seen.sign_in);
    let scope = tenant.index().scope(seen);
    let bench = enforced_bench(&evidence, &scope);
    let judgement = |number, verdict| Judgement {
        policy: number,
        verdict,
    };
    let enforced = tenant
        .briefs_in(&scope, tenant.enabled())
        .map(|(number, policy)| judgement(number, verdict(policy, &bench)));
    let reported = tenant
        .briefs_in(&scope, tenant.report_only())
        .filter(|(_, policy)| is_reported(policy))
        .map(|(number, policy)| {
            let bench = reported_bench(&bench, policy.frequency, policy.remediates);
            judgement(number, verdict(policy, &bench))
        });
    enforced.chain(reported).collect()
}

/// Against what the policies in force are judged.
#[inline]
pub(crate) fn enforced_bench<'a>(evidence: &'a Evidence<'a>, scope: &PolicySet) -> Bench<'a> {
    let tenant = evidence.tenant;
    let in_force = tenant.briefs_in(scope, tenant.enabled());
    let in_force = in_force.map(|(_, policy)| policy);
    let briefs = tenant.briefs();
    let (mut frequency, mut remediates) = (None, false);
    scope.for_each_common(tenant.renewing(), |number| {
        let Some(policy) = briefs.get(number) else {
            return;
        };
        if let Some(said) = policy.frequency {
            frequency = Some(Frequency::with(frequency, said));
        }
        // Such a policy brings a sign-in frequency, so that none is overlooked.
        remediates |= policy.remediates;
    });
    // Of a direct connect user no sign-in frequency is applied (decision 12).
    let frequency = frequency.filter(|_| Kind::SignInFrequency.is_applied_to(evidence.standing));
    Bench::new(evidence, in_force, frequency, remediates)
}

/// A report-only policy with this sign-in frequency, and that has the risk remediated or not, is judged as if it were enforced beside the others.
pub(crate) fn reported_bench<'a>(
    enforced: &Bench<'a>,
    said: Option<SignInFrequency>,
    remediates: bool,
) -> Bench<'a> {
    let so_far = enforced.frequency;
    let frequency = said
        .map(|one| Frequency::with(so_far, one))
        .or(so_far)
        .filter(|_| Kind::SignInFrequency.is_applied_to(enforced.evidence.standing));
    enforced.clone().reporting(frequency, remediates)
}

/// What the policies in force say together of the session.
pub(crate) fn session(
    tenant: &CompiledTenant,
    sign_in: &SignIn,
    in_force: &PolicySet,
) -> SessionDecision {
    if !in_force.has_common(tenant.saying()) {
        return SessionDecision::default();
    }
    let saying: SmallVec<[&CompiledPolicy; 16]> = in_force
        .common(tenant.saying())
        .filter_map(|number| tenant.policies().get(number))
        .collect();
    merge(&saying, Evidence::gather(tenant, sign_in).standing)
}

/// What users do to their own accounts is not looked at in report-only (specification 5.6).
fn is_reported(policy: &Brief) -> bool {
    match policy.concern.target {
        TargetKind::Applications | TargetKind::AuthenticationContexts => true,
        TargetKind::UserActions => false,
    }
}

/// Refusals first, so that nobody is asked for a proof in vain (decision 15); then what is open, in the order of
/// challenges; else granted. Says too what each policy came to.
fn conclude(bench: &Bench<'_>, in_force: &PolicySet) -> (Outcome, Failed) {
    let (tenant, sign_in) = (bench.evidence.tenant, bench.evidence.sign_in);
    let mut refusal = Refusal::default();
    let reaches_nothing = sign_in.audiences.is_empty()
        && sign_in.user_action.is_none()
        && sign_in.authentication_contexts.is_empty();
    if reaches_nothing {
        refusal.add(BlockReason::NoAudience, None);
    }
    if !is_admitted(tenant, sign_in) {
        refusal.add(BlockReason::NotAdmitted, None);
    }
    let of_request = OfRequest::lacking(bench);
    if let Some(ControlState::Unobtainable(reason)) = &of_request.mfa {
        refusal.add(*reason, None);
    }
    let briefs = tenant.briefs();
    let failed = Failed::among(in_force, |number| {
        let not_evaluable = Verdict::Blocked(BlockReason::PolicyNotEvaluable);
        let policy = briefs.get(number);
        match policy.map_or(not_evaluable, |policy| verdict(policy, bench)) {
            Verdict::Satisfied => true,
            Verdict::Open => false,
            Verdict::Blocked(reason) => {
                refusal.add(reason, briefs.id(number));
                false
            }
        }
    });
    if let Some(reason) = refusal.reason {
        let mut policies = refusal.policies;
        // What demands a method is half of the reason; the other half forbids to register one.
        if reason == BlockReason::ProofUpBlockedByPolicy {
            policies.extend(bench.evidence.refusing_registration());
        }
        return (Outcome::Blocked(Block { reason, policies }), failed);
    }
    if failed.is_empty() && of_request.is_nothing() {
        return (Outcome::Granted, failed);
    }
    let mut open = Open::default();
    // Where nothing refuses, what is not satisfied is open.
    let results = failed.results(in_force);
    for (number, _) in results.filter(|(_, is_satisfied)| !is_satisfied) {
        if let Some(policy) = briefs.get(number) {
            open.add_policy(bench, policy, briefs.id(number));
        }
    }
    if of_request.primary {
        open.add_all(&smallvec![bench.evidence.ask_for_primary()], None);
    }
    if let Some(ControlState::Open(asks)) = &of_request.mfa {
        open.add_all(asks, None);
    }
    (Outcome::Open(open.in_order()), failed)
}

/// What the request itself demands and has not.
struct OfRequest {
    /// A first factor: always, of a person.
    primary: bool,
    /// MFA, if the request says so.
    mfa: Option<ControlState>,
}

impl OfRequest {
    #[inline]
    fn lacking(bench: &Bench<'_>) -> Self {
        let evidence = bench.evidence;
        let is_person = matches!(evidence.sign_in.subject, Subject::User(_));
        let demands_mfa = evidence.sign_in.requests_mfa;
        let mfa = demands_mfa.then(|| evidence.mfa(bench.regard(None, Detail::Whole)));
        Self {
            primary: is_person && !evidence.primary_is_proven(None),
            mfa: mfa.filter(|state| !matches!(state, ControlState::Met(_))),
        }
    }

    fn is_nothing(&self) -> bool {
        !self.primary && self.mfa.is_none()
    }
}

/// The first of the reasons to refuse, in their order, and the policies that have it.
#[derive(Default)]
struct Refusal {
    reason: Option<BlockReason>,
    policies: Vec<PolicyId>,
}

/// Where one policy refuses, some more often do.
const REFUSING: usize = 16;

impl Refusal {
    fn add(&mut self, reason: BlockReason, policy: Option<PolicyId>) {
        let so_far = *self.reason.get_or_insert(reason);
        if reason < so_far {
            self.reason = Some(reason);
            self.policies.clear();
        }
        if reason <= so_far {
            if self.policies.is_empty() {
                self.policies.reserve(REFUSING);
            }
            if let Some(policy) = policy {
                self.policies.push(policy);
            }
        }
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
