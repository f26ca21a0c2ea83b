//! Registering security information: whose strengths count, and who may not register at all (specification 4.3, 5.4, 5.5).

use portcullis_model::conditional_access::{
    ConditionalAccessPolicy, GrantControl, GrantOperator, PlatformCondition, PolicyState, Target,
    UserAction,
};
use portcullis_model::credential::{AuthenticationMethod as M, AuthenticationMethods};
use portcullis_model::device::DeviceTrustType;
use portcullis_model::id::PolicyId;
use portcullis_model::sign_in_log::AuthenticationStrengthResult as R;
use portcullis_policy::decision::{Block, BlockReason, Outcome};
use portcullis_policy::facts::{Methods, SignIn};

use super::controls::but;
use crate::world::*;

const MFA: u128 = 2;
const PHISHING_RESISTANT: u128 = 4;

/// A policy about an action that demands these.
fn about(action: UserAction, controls: &[GrantControl]) -> ConditionalAccessPolicy {
    let mut policy = policy(7, GrantOperator::And, controls);
    policy.conditions.target = Target::UserActions(vec![action]);
    policy
}

fn registering(sign_in: SignIn, action: UserAction) -> SignIn {
    but(sign_in, |it| it.user_action = Some(action))
}

/// Somebody without a second factor, who may register one.
fn unregistered(sign_in: SignIn) -> SignIn {
    but(sign_in, |it| {
        it.methods = everywhere(Methods {
            registered: AuthenticationMethods::of([M::Password]),
            registrable: AuthenticationMethods::of([M::SoftwareOath]),
        });
    })
}

#[test]
fn strengths_about_the_action_replace_those_about_resources_and_nothing_else_of_them() {
    let strength = |number| GrantControl::AuthenticationStrength(id(number));
    let action = UserAction::RegisterSecurityInformation;
    let everything = require(&[strength(PHISHING_RESISTANT), GrantControl::CompliantDevice]);
    let of_action = about(action, &[strength(MFA)]);
    let alone = contoso_with(NO_TRUST, std::slice::from_ref(&everything));
    let both = contoso_with(NO_TRUST, &[everything, of_action]);
    let proven = registering(with_mfa(member(), contoso()), action);
    let compliant = with_device(proven.clone(), contoso(), true, DeviceTrustType::AzureAd);
    assert_eq!(outcome(&alone, &compliant), "blocked 54009");
    assert_eq!(outcome(&both, &compliant), "granted");
    assert_eq!(outcome(&both, &proven), "blocked 53000");
    let results: Vec<R> = decided(&both, &compliant)
        .policies()
        .iter()
        .filter_map(|policy| policy.authentication_strength.as_ref())
        .map(|strength| strength.authentication_strength_result)
        .collect();
    assert_eq!(results, [R::SkippedForProofUp, R::Satisfied]);
    // Without the action, the policy about resources stands as it is.
    let elsewhere = but(compliant, |it| it.user_action = None);
    assert_eq!(outcome(&both, &elsewhere), "blocked 54009");
}

/// The policy about the action is met by another of its controls; what takes the place of the other policy's strength is
/// not, and stays open.
#[test]
fn a_strength_about_the_action_that_is_open_is_open_for_policies_about_resources() {
    let strength = |number| GrantControl::AuthenticationStrength(id(number));
    let action = UserAction::RegisterSecurityInformation;
    let mut either = about(action, &[GrantControl::Mfa, strength(PHISHING_RESISTANT)]);
    if let Some(grant) = &mut either.grant_controls {
        grant.operator = GrantOperator::Or;
    }
    let tenant = contoso_with(NO_TRUST, &[require(&[strength(MFA)]), either]);
    let proven = but(registering(with_mfa(member(), contoso()), action), |it| {
        it.methods = everywhere(Methods {
            registered: AuthenticationMethods::of([M::Password, M::SoftwareOath, M::Fido2]),
            registrable: AuthenticationMethods::NONE,
        });
    });
    assert_eq!(
        outcome(&tenant, &proven),
        "open: strength (fido2) in resource"
    );
}

#[test]
fn a_policy_about_the_action_keeps_methods_from_being_registered() {
    let action = UserAction::RegisterSecurityInformation;
    let mfa = require(&[GrantControl::Mfa]);
    let device = about(action, &[GrantControl::CompliantDevice]);
    let circular = about(action, &[GrantControl::Mfa]);
    let terms = about(
        action,
        &[GrantControl::CustomAuthenticationFactor("Duo".into())],
    );
    let mut elsewhere = device.clone();
    elsewhere.conditions.platforms = Some(including(PlatformCondition::Platform(
        portcullis_model::conditional_access::DevicePlatform::Linux,
    )));
    let mut disabled = device.clone();
    disabled.state = PolicyState::ReportOnly;
    for (beside, expect) in [
        (&device, "blocked 53010"),
        (&circular, "blocked 53010"),
        (&terms, "open: mfa in resource"),
        (&elsewhere, "open: mfa in resource"),
        (&disabled, "open: mfa in resource"),
    ] {
        let configuration = contoso_with(NO_TRUST, &[mfa.clone(), beside.clone()]);
        assert_eq!(outcome(&configuration, &unregistered(member())), expect);
        assert_eq!(outcome(&configuration, &unregistered(guest())), expect);
        // Who has a method registers none.
        assert_eq!(outcome(&configuration, &member()), "open: mfa in resource");
    }
    // What the home tenant says of registering there is its own business.
    let trusting = contoso_with(MFA_TRUST, &[mfa, device]);
    assert_eq!(
        outcome(&trusting, &unregistered(guest())),
        "open: mfa in home"
    );
}

/// Whoever reads the log of a refusal learns which policies about registering are its cause.
#[test]
fn a_refusal_to_register_names_what_demands_a_method_and_what_keeps_it_from_being_registered() {
    let action = UserAction::RegisterSecurityInformation;
    let numbered = |number: u128, mut policy: ConditionalAccessPolicy| {
        policy.id = id(number);
        policy
    };
    let policies = [
        numbered(11, about(action, &[GrantControl::CompliantDevice])),
        numbered(12, require(&[GrantControl::Mfa])),
        numbered(13, about(action, &[GrantControl::Block])),
        // Lets register whoever accepts, and demands nothing that is in the way.
        numbered(
            14,
            about(
                action,
                &[GrantControl::CustomAuthenticationFactor("Duo".into())],
            ),
        ),
        numbered(15, require(&[GrantControl::CompliantDevice])),
    ];
    let configuration = contoso_with(NO_TRUST, &policies);
    let named = |sign_in: &SignIn| match decided(&configuration, sign_in).outcome {
        Outcome::Blocked(Block { reason, policies }) => (reason, policies),
        other => panic!("{other:?}"),
    };
    let expect = |numbers: &[u128]| numbers.iter().map(|number| id(*number)).collect();
    let reason = BlockReason::ProofUpBlockedByPolicy;
    let sign_in = unregistered(member());
    assert_eq!(named(&sign_in), (reason, expect(&[12, 11, 13])));
    // The request itself demands it.
    let requesting = but(sign_in.clone(), |it| it.requests_mfa = true);
    let alone = contoso_with(NO_TRUST, &policies[..1]);
    let decision = decided(&alone, &requesting);
    let policies = expect(&[11]);
    assert_eq!(
        decision.outcome,
        Outcome::Blocked(Block { reason, policies })
    );
    // Who registers is refused by the policies themselves, and by no other.
    let (reason, policies) = named(&registering(sign_in, action));
    assert_eq!(reason, BlockReason::BlockedByPolicy);
    assert_eq!(policies, expect(&[13]) as Vec<PolicyId>);
}

#[test]
fn a_policy_does_not_keep_a_device_from_being_registered_by_asking_for_one() {
    let action = UserAction::RegisterOrJoinDevices;
    let device = contoso_with(NO_TRUST, &[require(&[GrantControl::CompliantDevice])]);
    assert_eq!(outcome(&device, &member()), "blocked 53000");
    assert_eq!(outcome(&device, &registering(member(), action)), "granted");
    let both = [GrantControl::CompliantDevice, GrantControl::Mfa];
    let both = contoso_with(NO_TRUST, &[require(&both)]);
    assert_eq!(
        outcome(&both, &registering(member(), action)),
        "open: mfa in resource"
    );
}

/// Specification 5.6.
#[test]
fn report_only_does_not_look_at_actions() {
    let action = UserAction::RegisterSecurityInformation;
    let mut policy = about(action, &[GrantControl::Block]);
    let sign_in = registering(member(), action);
    let found = |policy: &ConditionalAccessPolicy| {
        let decision = decided(
            &contoso_with(NO_TRUST, std::slice::from_ref(policy)),
            &sign_in,
        );
        results(&decision).into_values().next().unwrap()
    };
    assert_eq!(found(&policy), "failure");
    policy.state = PolicyState::ReportOnly;
    assert_eq!(found(&policy), "reportOnlyNotApplied");
}
