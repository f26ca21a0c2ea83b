//! Controls of policies about risk: whose risk it is, and who may do something about it (specification 5.5, 8.7, decision 14).

use portcullis_model::conditional_access::signal::{RiskLevel, RiskLevels};
use portcullis_model::conditional_access::{
    ConditionalAccessPolicy, FrequencyAuthenticationType, GrantControl, GrantOperator,
    IncludeExclude, PolicyState, SignInFrequency, SignInInterval,
};
use portcullis_model::credential::{AuthenticationMethod as M, AuthenticationMethods};
use portcullis_policy::facts::{Methods, SignIn};

use super::controls::{but, guest_without_home, world};
use crate::world::*;

/// A policy about users at high risk that demands these.
fn at_risk(controls: &[GrantControl]) -> ConditionalAccessPolicy {
    let mut policy = require(controls);
    policy.conditions.user_risk_levels = RiskLevels::default().with(RiskLevel::High);
    policy
}

fn risky(sign_in: SignIn) -> SignIn {
    but(sign_in, |it| it.risk.user = RiskLevel::High)
}

#[test]
fn a_password_is_changed_after_mfa_with_a_method_from_before() {
    let change = world(&[at_risk(&[GrantControl::Mfa, GrantControl::PasswordChange])]);
    let registering = Methods {
        registered: AuthenticationMethods::of([M::Password]),
        registrable: AuthenticationMethods::of([M::SoftwareOath]),
    };
    let passwordless = Methods {
        registered: AuthenticationMethods::of([M::Fido2]),
        ..registering
    };
    let proven = || with_mfa(risky(member()), contoso());
    for (sign_in, expect) in [
        (member(), "granted"),
        (
            risky(member()),
            "open: mfa in resource, password change in resource",
        ),
        (proven(), "open: password change in resource"),
        (
            but(proven(), |it| {
                it.fulfilled.password_changed_at = Some(ago(5));
            }),
            "granted",
        ),
        (
            but(proven(), |it| {
                it.fulfilled.risk_remediated_at = Some(ago(5));
            }),
            "granted",
        ),
        // A change without MFA before it is none, and everything that is asked for is told.
        (
            but(risky(member()), |it| {
                it.fulfilled.password_changed_at = Some(ago(5));
            }),
            "open: mfa in resource, password change in resource",
        ),
        (
            but(proven(), |it| {
                it.fulfilled.password_changed_at = Some(ago(100_000));
            }),
            "open: password change in resource",
        ),
        (
            but(risky(member()), |it| it.methods = everywhere(registering)),
            "blocked 53004",
        ),
        (
            but(proven(), |it| it.methods = everywhere(passwordless)),
            "blocked 50142",
        ),
        // The seed: guests are blocked, their risk is their home tenant's.
        (with_mfa(risky(guest()), contoso()), "blocked 53011"),
        (risky(guest_without_home()), "blocked 50177"),
    ] {
        assert_eq!(outcome(&change, &sign_in), expect);
    }
}

#[test]
fn a_remediation_brings_a_strength_and_every_time_and_comes_before_a_password() {
    let remediate = world(&[at_risk(&[GrantControl::RiskRemediation])]);
    let strength = "strength (password,softwareOath) in resource";
    let proven = || with_mfa(risky(member()), contoso());
    assert_eq!(
        outcome(&remediate, &risky(member())),
        format!("open: {strength}, remediation in resource")
    );
    assert_eq!(
        outcome(&remediate, &proven()),
        "open: remediation in resource"
    );
    let done = but(proven(), |it| {
        it.fulfilled.risk_remediated_at = Some(ago(5));
    });
    assert_eq!(outcome(&remediate, &done), "granted");
    assert_eq!(outcome(&remediate, &risky(guest())), "blocked 53011");
    let session = decided(&remediate, &done).session_controls();
    let (interval, ..) = session.sign_in_frequency.unwrap();
    assert_eq!(interval, SignInInterval::EveryTime);

    let mut both = [
        at_risk(&[GrantControl::RiskRemediation]),
        at_risk(&[GrantControl::Mfa, GrantControl::PasswordChange]),
    ];
    both[1].id = id(2);
    let both = world(&both);
    assert_eq!(outcome(&both, &proven()), "open: remediation in resource");
    assert_eq!(outcome(&both, &done), "granted");
    // Who has no password to change is not kept out for it.
    let passwordless = |sign_in| {
        but(sign_in, |it| {
            it.methods = everywhere(Methods {
                registered: AuthenticationMethods::of([M::Fido2]),
                ..Methods::default()
            });
        })
    };
    assert_eq!(
        outcome(&both, &passwordless(proven())),
        "open: remediation in resource"
    );
    assert_eq!(outcome(&both, &passwordless(done)), "granted");
}

/// What need not be done takes no precedence: a remediation that is one of several alternatives, or whose policy
/// only reports or cannot be evaluated.
#[test]
fn a_remediation_that_nobody_must_do_leaves_the_password_change() {
    let with = |change: &dyn Fn(&mut ConditionalAccessPolicy)| {
        let mut other = at_risk(&[GrantControl::Mfa, GrantControl::RiskRemediation]);
        other.id = id(2);
        change(&mut other);
        world(&[
            at_risk(&[GrantControl::Mfa, GrantControl::PasswordChange]),
            other,
        ])
    };
    let proven = with_mfa(risky(member()), contoso());
    let alternative = with(&|policy| {
        policy.grant_controls.as_mut().unwrap().operator = GrantOperator::Or;
    });
    assert_eq!(
        outcome(&alternative, &proven),
        "open: password change in resource"
    );
    let reported = with(&|policy| policy.state = PolicyState::ReportOnly);
    assert_eq!(
        outcome(&reported, &proven),
        "open: password change in resource"
    );
    let demanded = with(&|_| ());
    assert_eq!(outcome(&demanded, &proven), "open: remediation in resource");
    let alone = with(&|policy| {
        let grant = policy.grant_controls.as_mut().unwrap();
        grant.operator = GrantOperator::Or;
        grant.controls = vec![GrantControl::RiskRemediation];
    });
    assert_eq!(outcome(&alone, &proven), "open: remediation in resource");
    // What cannot be evaluated blocks, and has nothing remediated: who has no password is told of that first.
    let broken = with(&|policy| {
        policy.conditions.locations = Some(IncludeExclude {
            include: vec![],
            exclude: vec![],
        });
    });
    let passwordless = but(proven, |it| {
        it.methods = everywhere(Methods {
            registered: AuthenticationMethods::of([M::Fido2]),
            ..Methods::default()
        });
    });
    assert_eq!(outcome(&broken, &passwordless), "blocked 50142");
}

/// Specification 5.4: a change counts only after MFA that was good enough then; MFA once more afterwards harms nothing.
#[test]
fn a_password_change_counts_only_after_mfa() {
    let mut change = at_risk(&[GrantControl::Mfa, GrantControl::PasswordChange]);
    let proof_and_change = |proofs: &[i64], changed| {
        but(risky(member()), |it| {
            it.proofs.extend(
                proofs
                    .iter()
                    .map(|seconds| proof(contoso(), M::SoftwareOath, *seconds)),
            );
            it.fulfilled.password_changed_at = Some(ago(changed));
        })
    };
    let asked = "open: password change in resource";
    let plain = world(&[change.clone()]);
    assert_eq!(outcome(&plain, &proof_and_change(&[300], 600)), asked);
    assert_eq!(outcome(&plain, &proof_and_change(&[600], 300)), "granted");
    assert_eq!(outcome(&plain, &proof_and_change(&[600], 600)), "granted");
    assert_eq!(
        outcome(&plain, &proof_and_change(&[600, 60], 300)),
        "granted"
    );
    change.session_controls.sign_in_frequency = Some(SignInFrequency {
        interval: SignInInterval::Hours(1),
        authentication_type: FrequencyAuthenticationType::SecondaryAuthentication,
    });
    let hourly = world(&[change]);
    assert_eq!(outcome(&hourly, &proof_and_change(&[4000, 60], 300)), asked);
    assert_eq!(
        outcome(&hourly, &proof_and_change(&[4000, 60], 3900)),
        "granted"
    );
}

#[test]
fn a_block_for_user_risk_says_whose_risk_it_is() {
    let block = world(&[at_risk(&[GrantControl::Block])]);
    assert_eq!(outcome(&block, &risky(member())), "blocked 53003");
    assert_eq!(outcome(&block, &risky(guest())), "blocked 53011");
    let plain = world(&[require(&[GrantControl::Block])]);
    assert_eq!(outcome(&plain, &risky(guest())), "blocked 53003");
}

/// Specification 5.5, decision 14: what is not registered is registered only where nothing speaks against it.
#[test]
fn mfa_is_open_only_to_who_has_or_may_register_a_method() {
    let none = AuthenticationMethods::NONE;
    let of = |registered, registrable| {
        everywhere(Methods {
            registered,
            registrable,
        })
    };
    let totp = AuthenticationMethods::of([M::SoftwareOath]);
    let hello = AuthenticationMethods::of([M::WindowsHelloForBusiness]);
    let mut for_risk = require(&[GrantControl::Mfa]);
    for_risk.conditions.sign_in_risk_levels = RiskLevels::default().with(RiskLevel::Medium);
    let risk = |it: &mut SignIn| it.risk.sign_in = RiskLevel::Medium;
    for trust in [NO_TRUST, MFA_TRUST] {
        let plain = contoso_with(trust, &[require(&[GrantControl::Mfa])]);
        let risky = contoso_with(trust, &[for_risk.clone()]);
        for base in [member(), guest()] {
            let with = |methods| but(base.clone(), |it| it.methods = methods);
            for (methods, expect, at_risk) in [
                (of(totp, none), "open: mfa", "open: mfa"),
                (of(none, totp), "open: mfa", "blocked 53004"),
                (of(none, none), "blocked 53003", "blocked 53004"),
                // Nobody is asked for it in the middle, and nobody registers it there.
                (of(hello, none), "blocked 53003", "blocked 53004"),
                (of(none, hello), "blocked 53003", "blocked 53004"),
            ] {
                let found = outcome(&plain, &with(methods));
                assert!(found.starts_with(expect), "{methods:?}: {found}");
                let found = outcome(&risky, &but(with(methods), risk));
                assert!(found.starts_with(at_risk), "{methods:?} at risk: {found}");
            }
        }
    }
}
