//! Generated worlds and sign-ins: the engine and the reference evaluator must agree on everything they both say.

use std::collections::BTreeSet;

use portcullis_model::conditional_access::PolicyState;
use portcullis_model::sign_in_log::AppliedPolicyResult;
use portcullis_policy::compile::CompiledTenant;
use portcullis_policy::decide::decide;
use portcullis_policy::decision::{BlockReason, Outcome};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

use crate::agreement::{compare, engine};
use crate::generated::{CASES, configuration, sign_in};
use crate::world::*;

proptest! {
    #![proptest_config(ProptestConfig { cases: CASES, failure_persistence: None, ..ProptestConfig::default() })]

    /// Requirements V08, V12, V14.
    #[test]
    fn v14_the_engine_and_the_reference_agree(
        configuration in configuration(),
        sign_in in sign_in(),
    ) {
        compare(&configuration, &sign_in).map_err(TestCaseError::fail)?;
    }

    /// Requirement V12: report-only policies neither block nor grant nor ask; only their own log entries tell of them.
    #[test]
    fn v12_report_only_policies_change_nothing(
        configuration in configuration(),
        sign_in in sign_in(),
    ) {
        let mut without = configuration.clone();
        without
            .conditional_access_policies
            .retain(|policy| policy.state == PolicyState::Enabled);
        let [with, without] = [&configuration, &without].map(|world| engine(world, &sign_in));
        prop_assert_eq!(with.outcome, without.outcome);
        prop_assert_eq!(with.status, without.status);
        prop_assert_eq!(with.session, without.session);
    }

    /// What a decision says of the policies in scope is what its rows for the log say of all.
    #[test]
    fn results_are_those_of_the_log(configuration in configuration(), sign_in in sign_in()) {
        let decision = decide(&CompiledTenant::compile(&configuration), &sign_in);
        let told: Vec<_> = decision
            .policies()
            .into_iter()
            .filter(|row| matches!(
                row.result,
                AppliedPolicyResult::Success
                    | AppliedPolicyResult::Failure
                    | AppliedPolicyResult::Unknown
            ))
            .map(|row| (row.id, row.result))
            .collect();
        prop_assert_eq!(decision.results().collect::<Vec<_>>(), told);
    }

    /// A permit exists exactly when everything is granted, and is bound to what was decided.
    #[test]
    fn a_permit_is_the_granted_sign_in(configuration in configuration(), sign_in in sign_in()) {
        let decision = decide(&CompiledTenant::compile(&configuration), &sign_in);
        let granted = decision.outcome == Outcome::Granted;
        match decision.permit() {
            // What is not a resource gets no token.
            None => prop_assert!(!granted || sign_in.audiences.is_empty()),
            Some(permit) => {
                prop_assert!(granted);
                prop_assert!(!permit.audiences().is_empty());
                prop_assert_eq!(permit.tenant(), contoso());
                prop_assert_eq!(permit.subject(), &sign_in.subject);
                prop_assert_eq!(permit.client(), sign_in.client);
                prop_assert_eq!(permit.audiences(), &sign_in.audiences);
                prop_assert_eq!(permit.granted_at(), sign_in.at);
            }
        }
    }
}

/// Agreement means little where nothing happens: the generated worlds come to every kind of end.
#[test]
fn generated_sign_ins_come_to_every_end() {
    let mut runner = TestRunner::deterministic();
    let strategy = (configuration(), sign_in());
    let mut reasons = BTreeSet::new();
    let mut challenges = BTreeSet::new();
    let mut places = BTreeSet::new();
    let mut ends = BTreeSet::new();
    for _ in 0..2000 {
        let (configuration, sign_in) = strategy.new_tree(&mut runner).unwrap().current();
        let decision = decide(&CompiledTenant::compile(&configuration), &sign_in);
        ends.extend(results(&decision).into_values());
        match &decision.outcome {
            Outcome::Granted => {
                ends.insert("granted".into());
            }
            Outcome::Blocked(block) => {
                reasons.insert(block.reason);
            }
            Outcome::Open(requirements) => {
                for requirement in requirements {
                    let challenge = format!("{:?}", requirement.challenge);
                    challenges.insert(challenge.split('(').next().unwrap().to_owned());
                    places.insert(requirement.place.tenant());
                }
            }
        }
    }
    // Nobody is generated whom the tenants do not let cross; the others come up in thousands of cases, but not always in
    // these.
    let absent = [
        BlockReason::NotAdmitted,
        BlockReason::ServiceProviderAtRisk,
        BlockReason::ProofUpBlockedByPolicy,
        BlockReason::UserRiskAtHome,
    ];
    reasons.extend(absent);
    let expect: BTreeSet<_> = BlockReason::ALL.into();
    assert_eq!(reasons, expect);
    let expect = "PrimaryAuthentication|AuthenticationStrength|MultifactorAuthentication|RiskRemediation|\
        PasswordChange|TermsOfUse|CustomAuthenticationFactor";
    assert_eq!(challenges, expect.split('|').map(str::to_owned).collect());
    assert_eq!(places, BTreeSet::from([contoso(), fabrikam(), woodgrove()]));
    let expect = "granted|success|failure|notApplied|notEnabled|unknown|\
        reportOnlySuccess|reportOnlyFailure|reportOnlyInterrupted|reportOnlyNotApplied";
    assert_eq!(ends, expect.split('|').map(str::to_owned).collect());
}
