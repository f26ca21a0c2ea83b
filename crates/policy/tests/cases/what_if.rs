//! What If: policies apply for sure, perhaps, or not, with signals left out (specification 9).

use portcullis_model::conditional_access::GrantControl::{Block, Mfa};
use portcullis_model::conditional_access::signal::{RiskLevel, RiskLevels};
use portcullis_model::conditional_access::{
    ClientAppType, ConditionalAccessPolicy, DevicePlatform, IncludeExclude, LocationCondition,
    PlatformCondition, PolicyState, UserCondition,
};
use portcullis_model::sign_in_log::AppliedPolicyResult;
use portcullis_policy::compile::CompiledTenant;
use portcullis_policy::decide::decide;
use portcullis_policy::decision::Outcome;
use portcullis_policy::facts::{Origin, SignIn, Subject};
use portcullis_policy::hypothesis::{Hypothesis, SupposedOrigin};
use portcullis_policy::what_if::{Applies, NotGiven, Reason, Signal, WhatIf, evaluate};

use proptest::prelude::*;
use proptest::sample::subsequence;

use crate::generated::{CASES, configuration, sign_in};
use crate::world::*;

fn asked(policies: &[ConditionalAccessPolicy], sign_in: SignIn, left_out: &[Signal]) -> WhatIf {
    let mut configuration = contoso_with(NO_TRUST, policies);
    configuration.named_locations = vec![
        location(1, true, &["192.0.2.0/24"]),
        location(2, false, &["198.51.100.0/24"]),
    ];
    let tenant = CompiledTenant::compile(&configuration);
    let hypothesis = Hypothesis::new(&tenant, sign_in, SupposedOrigin::Internal);
    evaluate(&tenant, &hypothesis, left_out.iter().copied().collect())
}

fn applies(edit: impl FnOnce(&mut ConditionalAccessPolicy), left_out: &[Signal]) -> Applies {
    let mut policy = require(&[Block]);
    edit(&mut policy);
    let mut sign_in = member();
    sign_in.platform = Some(DevicePlatform::Windows);
    sign_in.ip_address = Some("192.0.2.7".parse().unwrap());
    asked(&[policy], sign_in, left_out)
        .policies
        .remove(0)
        .applies
}

#[test]
fn a_signal_left_out_matters_only_to_policies_that_look_at_it() {
    use Signal::{Device, DevicePlatform as Platform};
    let platforms = |include: &[PlatformCondition], exclude: &[PlatformCondition]| {
        let condition = Some(IncludeExclude {
            include: include.to_vec(),
            exclude: exclude.to_vec(),
        });
        move |policy: &mut ConditionalAccessPolicy| policy.conditions.platforms = condition
    };
    let all = PlatformCondition::All;
    let windows = PlatformCondition::Platform(DevicePlatform::Windows);
    let linux = PlatformCondition::Platform(DevicePlatform::Linux);
    let depends = |signals: &[Signal]| Applies::DependsOn(signals.to_vec());
    let no = Applies::No;
    // Everything is left out that no condition looks at.
    assert_eq!(applies(|_| {}, &Signal::ALL), Applies::Yes);
    // Given, it decides; left out, it may be anything; and some conditions are met by anything.
    assert_eq!(applies(platforms(&[windows], &[]), &[]), Applies::Yes);
    assert_eq!(
        applies(platforms(&[linux], &[]), &[]),
        no(Reason::DevicePlatform)
    );
    assert_eq!(
        applies(platforms(&[linux], &[]), &[Platform]),
        depends(&[Platform])
    );
    assert_eq!(applies(platforms(&[all], &[]), &[Platform]), Applies::Yes);
    assert_eq!(
        applies(platforms(&[all], &[windows]), &[Platform]),
        depends(&[Platform])
    );
    assert_eq!(
        applies(platforms(&[all], &[windows]), &[Device]),
        no(Reason::DevicePlatform)
    );
    assert_eq!(
        applies(platforms(&[windows], &[all]), &[Platform]),
        no(Reason::DevicePlatform)
    );
}

/// Only the signal that a location is found by matters to it.
#[test]
fn a_location_depends_on_what_it_is_found_by() {
    use Signal::{Country, IpAddress};
    let depends = |signals: &[Signal]| Applies::DependsOn(signals.to_vec());
    let no = Applies::No;
    let place = |include: LocationCondition, exclude: Option<LocationCondition>| {
        let condition = IncludeExclude {
            include: vec![include],
            exclude: exclude.into_iter().collect(),
        };
        move |policy: &mut ConditionalAccessPolicy| policy.conditions.locations = Some(condition)
    };
    let (anywhere, trusted) = (LocationCondition::All, LocationCondition::AllTrusted);
    let second = LocationCondition::NamedLocation(id(2));
    assert_eq!(applies(place(anywhere, None), &Signal::ALL), Applies::Yes);
    assert_eq!(
        applies(place(second, None), &[IpAddress, Country]),
        depends(&[IpAddress])
    );
    assert_eq!(
        applies(place(second, None), &[Country]),
        no(Reason::Location)
    );
    assert_eq!(
        applies(place(anywhere, Some(trusted)), &[Country]),
        no(Reason::Location)
    );
    assert_eq!(
        applies(place(anywhere, Some(trusted)), &[IpAddress]),
        depends(&[IpAddress])
    );
}

#[test]
fn what_is_sure_to_fail_depends_on_nothing() {
    use Signal::SignInRisk;
    let depends = |signals: &[Signal]| Applies::DependsOn(signals.to_vec());
    let no = Applies::No;
    let somebody_else = |policy: &mut ConditionalAccessPolicy| {
        policy.conditions.users.include = vec![UserCondition::User(id(0x77))];
        policy.conditions.sign_in_risk_levels = RiskLevels::default().with(RiskLevel::High);
    };
    assert_eq!(applies(somebody_else, &Signal::ALL), no(Reason::Users));
    let risky = |policy: &mut ConditionalAccessPolicy| {
        policy.conditions.sign_in_risk_levels = RiskLevels::default().with(RiskLevel::High);
        policy.conditions.client_app_types = Some(vec![ClientAppType::Browser]);
    };
    assert_eq!(applies(risky, &[SignInRisk]), depends(&[SignInRisk]));
    assert_eq!(
        applies(risky, &[SignInRisk, Signal::ClientAppType]),
        depends(&[Signal::ClientAppType, SignInRisk])
    );
    assert_eq!(
        applies(|policy| policy.state = PolicyState::Disabled, &[]),
        no(Reason::PolicyNotEnabled)
    );
}

/// Graph's order (specification 9.4): of several conditions that fail the first is told.
#[test]
fn the_first_reason_in_graphs_order_is_told() {
    let failing = |policy: &mut ConditionalAccessPolicy| {
        policy.conditions.client_app_types = Some(vec![ClientAppType::Other]);
        policy.conditions.platforms = Some(including(PlatformCondition::Platform(
            DevicePlatform::Linux,
        )));
        policy.conditions.sign_in_risk_levels = RiskLevels::default().with(RiskLevel::High);
    };
    assert_eq!(applies(failing, &[]), Applies::No(Reason::DevicePlatform));
    assert_eq!(
        applies(failing, &[Signal::DevicePlatform]),
        Applies::No(Reason::ClientApps)
    );
}

/// The decision on what applies for sure, and the one if everything applies that could.
#[test]
fn both_decisions_are_given_and_the_log_of_each_agrees() {
    let always = policy(
        1,
        portcullis_model::conditional_access::GrantOperator::And,
        &[Mfa],
    );
    let mut perhaps = policy(
        2,
        portcullis_model::conditional_access::GrantOperator::And,
        &[Block],
    );
    perhaps.conditions.sign_in_risk_levels = RiskLevels::default().with(RiskLevel::High);
    let what_if = asked(&[always, perhaps], member(), &[Signal::SignInRisk]);
    assert!(
        matches!(what_if.definite.outcome(), Outcome::Open(_)),
        "{:?}",
        what_if.definite
    );
    assert!(
        matches!(what_if.possible.outcome(), Outcome::Blocked(_)),
        "{:?}",
        what_if.possible
    );
    let results = |supposed: &portcullis_policy::hypothesis::Supposed| -> Vec<String> {
        let policies = supposed.policies();
        policies
            .iter()
            .map(|policy| format!("{:?} {:?}", policy.result, policy.conditions_not_satisfied))
            .collect()
    };
    assert_eq!(
        results(&what_if.definite),
        ["Failure []", "NotApplied [\"signInRisk\"]"]
    );
    assert_eq!(results(&what_if.possible), ["Failure []", "Failure []"]);
    // Nothing left out: both are the decision itself.
    let whole = asked(&[require(&[Mfa])], member(), &[]);
    assert_eq!(whole.definite.outcome(), whole.possible.outcome());
    assert_eq!(NotGiven::NOTHING, [].into_iter().collect());
}

/// The same sign-in as a supposed one.
fn supposed(tenant: &CompiledTenant, sign_in: &SignIn) -> Hypothesis {
    let origin = match &sign_in.subject {
        Subject::ServicePrincipal(_) => SupposedOrigin::Internal,
        Subject::User(user) => match &user.origin {
            Origin::Internal => SupposedOrigin::Internal,
            Origin::External(admission) => SupposedOrigin::Tenant {
                channel: admission.channel(),
                home: admission.home(),
            },
            Origin::WithoutHome(_) => SupposedOrigin::WithoutHome,
        },
    };
    Hypothesis::new(tenant, sign_in.clone(), origin)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: CASES, failure_persistence: None, ..ProptestConfig::default() })]

    /// Requirement V12: with nothing left out, a What If is the decision; and what is left out never makes it say of a policy
    /// what turns out to be false.
    #[test]
    fn v12_a_what_if_is_the_decision_as_far_as_it_knows(
        configuration in configuration(),
        sign_in in sign_in(),
        left_out in subsequence(Signal::ALL.to_vec(), 0..6),
    ) {
        let tenant = CompiledTenant::compile(&configuration);
        let decision = decide(&tenant, &sign_in);
        let hypothesis = supposed(&tenant, &sign_in);
        let whole = evaluate(&tenant, &hypothesis, NotGiven::NOTHING);
        prop_assert_eq!(whole.definite.outcome(), &decision.outcome);
        prop_assert_eq!(whole.definite.policies(), decision.policies());
        let what_if = evaluate(&tenant, &hypothesis, left_out.into_iter().collect());
        for (policy, told) in what_if.policies.iter().zip(decision.policies()) {
            // Of what users do to their own accounts a real sign-in reports nothing, but a What If tells (specification 5.6).
            let applies = told.result != AppliedPolicyResult::NotEnabled
                && told.conditions_not_satisfied.is_empty();
            match policy.applies {
                Applies::Yes => prop_assert!(applies, "{told:?}"),
                Applies::No(_) => prop_assert!(!applies, "{told:?}"),
                Applies::DependsOn(_) => {}
            }
        }
    }
}
