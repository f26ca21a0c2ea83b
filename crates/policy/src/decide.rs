//! The decision: every policy in force that matches must be satisfied, and whatever refuses wins.
//!
//! A sign-in that no policy matches is granted, as the specification says (5.1); one that reaches nothing, or that
//! both tenants did not admit, is not.

use std::collections::BTreeMap;

use portcullis_model::conditional_access::GrantControl;
use portcullis_model::id::PolicyId;
use portcullis_model::sign_in_log::ConditionalAccessStatus;

use crate::compile::{CompiledPolicy, CompiledTenant};
use crate::decision::{Block, BlockReason, Challenge, Decision, Outcome, Place, Requirement};
use crate::evidence::{ControlState, Evidence};
use crate::facts::{Origin, SignIn, Subject};
use crate::index::Scope;
use crate::judge::{Judgement, Verdict, judge};
use crate::session_control::{Frequency, merge};

/// Decides one sign-in: pure, total, and the only source of a [`Permit`](crate::permit::Permit).
///
/// Enabled policies are enforced, report-only policies judged by the same rules and only logged, disabled ones not
/// looked at. Whether somebody is there to answer ([`Interaction`](crate::facts::Interaction)) changes nothing: what is
/// open stays open, and the caller says `interaction_required`.
pub fn decide(tenant: &CompiledTenant, sign_in: &SignIn) -> Decision {
    let evidence = Evidence::gather(tenant, sign_in);
    let scope = tenant.scope(sign_in);
    let in_force: Vec<_> = tenant.policies_in(&scope.all, tenant.enabled()).collect();

    // Of a direct connect user no session control is applied (decision 12).
    let applied: Vec<&CompiledPolicy> = in_force
        .iter()
        .filter(|_| evidence.session_controls_apply())
        .map(|(_, policy)| *policy)
        .collect();
    let frequency = Frequency::of(&applied);

    let enforced: Vec<Judgement> = in_force
        .iter()
        .map(|(number, policy)| judge(*number, policy, frequency, &evidence))
        .collect();
    // A report-only policy is judged as if it were enforced beside the others.
    let reported: Vec<Judgement> = tenant
        .policies_in(&scope.all, tenant.report_only())
        .map(|(number, policy)| {
            let frequency =
                Frequency::with(frequency, policy).filter(|_| evidence.session_controls_apply());
            judge(number, policy, frequency, &evidence)
        })
        .collect();

    Decision {
        outcome: conclude(tenant, sign_in, &evidence, &enforced, frequency),
        status: status(tenant, &scope, &enforced),
        session_controls: merge(&applied),
        judgements: enforced.into_iter().chain(reported).collect(),
        sign_in: sign_in.clone(),
        tenant: tenant.clone(),
        scope,
    }
}

/// Refusals first, so that nobody is asked for a proof in vain (decision 15); then what is open, in the order of
/// challenges; else granted.
fn conclude(
    tenant: &CompiledTenant,
    sign_in: &SignIn,
    evidence: &Evidence<'_>,
    enforced: &[Judgement],
    frequency: Option<Frequency>,
) -> Outcome {
    let mut tally = Tally::default();
    if sign_in.audiences.is_empty() {
        tally.block(BlockReason::NoAudience, None);
    }
    if !is_admitted(tenant, sign_in) {
        tally.block(BlockReason::NotAdmitted, None);
    }
    for judgement in enforced {
        let policy = tenant.policy_id(judgement.policy);
        match judgement.verdict {
            Verdict::Satisfied => {}
            Verdict::Blocked(reason) => tally.block(reason, policy),
            Verdict::Open { primary, mfa } => {
                let primary = primary.then_some(evidence.primary_place);
                tally.open(Challenge::PrimaryAuthentication, primary, policy);
                tally.open(Challenge::MultifactorAuthentication, mfa, policy);
            }
        }
    }
    // Demands of the request itself: a first factor, always, of a person; MFA, if it says so.
    let is_person = matches!(sign_in.subject, Subject::User(_));
    if is_person && !evidence.primary_is_proven(None) {
        let place = Some(evidence.primary_place);
        tally.open(Challenge::PrimaryAuthentication, place, None);
    }
    if sign_in.requests_mfa {
        match evidence.of(&GrantControl::Mfa, frequency.map(Frequency::interval)) {
            ControlState::Met(_) => {}
            ControlState::Open(place) => {
                tally.open(Challenge::MultifactorAuthentication, Some(place), None);
            }
            ControlState::Unobtainable(reason) => tally.block(reason, None),
        }
    }
    tally.outcome()
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

    fn open(&mut self, challenge: Challenge, place: Option<Place>, policy: Option<PolicyId>) {
        if let Some(place) = place {
            let requirement = self.open.entry(challenge).or_insert(Requirement {
                challenge,
                place,
                policies: Vec::new(),
            });
            requirement.policies.extend(policy);
        }
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
        },
    }
}

/// Specification 5.7: only enabled policies count, and one that matched user and application counts even where its
/// other conditions then kept it out.
fn status(
    tenant: &CompiledTenant,
    scope: &Scope,
    enforced: &[Judgement],
) -> ConditionalAccessStatus {
    let mut concerned = scope.users.clone();
    concerned.intersect(&scope.applications);
    concerned.intersect(tenant.enabled());
    if concerned.is_empty() {
        ConditionalAccessStatus::NotApplied
    } else if enforced
        .iter()
        .all(|judgement| judgement.verdict == Verdict::Satisfied)
    {
        ConditionalAccessStatus::Success
    } else {
        ConditionalAccessStatus::Failure
    }
}
