//! Every combination of up to four policies, each of which allows, challenges, refuses, is silent or cannot be evaluated.

use portcullis_model::conditional_access::GrantControl::{Block, CompliantDevice, Mfa};
use portcullis_model::conditional_access::{ConditionalAccessPolicy, PolicyState, UserCondition};

use crate::world::*;

/// What one policy does to the member of this story, whose device is compliant and who has not done MFA.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Does {
    Allow,
    Challenge,
    Refuse,
    StaySilent,
    Fail,
    /// Report-only, whatever it would do.
    Report,
}

const ALL: [Does; 6] = [
    Does::Allow,
    Does::Challenge,
    Does::Refuse,
    Does::StaySilent,
    Does::Fail,
    Does::Report,
];

fn policy_that(does: Does, number: u128) -> ConditionalAccessPolicy {
    let mut policy = match does {
        Does::Allow => require(&[CompliantDevice]),
        Does::Challenge => require(&[Mfa]),
        Does::Refuse | Does::Report | Does::StaySilent => require(&[Block]),
        Does::Fail => require(&[]),
    };
    if does == Does::StaySilent {
        policy.conditions.users.include = vec![UserCondition::User(id(0x77))];
    }
    if does == Does::Report {
        policy.state = PolicyState::ReportOnly;
    }
    policy.id = id(number);
    policy
}

#[test]
fn v02_refusal_wins_then_failure_then_challenge_and_everything_must_be_satisfied() {
    let sign_in = with_device(
        member(),
        contoso(),
        true,
        portcullis_model::device::DeviceTrustType::AzureAd,
    );
    let mut count = 0;
    for length in 0..=4u32 {
        for code in 0..ALL.len().pow(length) {
            let does: Vec<Does> = (0..length)
                .map(|place| ALL[code / ALL.len().pow(place) % ALL.len()])
                .collect();
            let policies: Vec<_> = does
                .iter()
                .zip(1..)
                .map(|(does, number)| policy_that(*does, number))
                .collect();
            let has = |one| does.contains(&one);
            let decision = decided(&contoso_with(NO_TRUST, &policies), &sign_in);
            let expect = if has(Does::Refuse) || has(Does::Fail) {
                "blocked 53003"
            } else if has(Does::Challenge) {
                "open: mfa in resource"
            } else {
                "granted"
            };
            assert_eq!(words(&decision), expect, "{does:?}");

            let in_force = [Does::Allow, Does::Challenge, Does::Refuse, Does::Fail];
            let status = serde_json::to_value(decision.status).unwrap();
            let expect = if expect != "granted" {
                "failure"
            } else if does.iter().any(|one| in_force.contains(one)) {
                "success"
            } else {
                "notApplied"
            };
            assert_eq!(status, expect, "{does:?}");
            for (found, does) in results(&decision).into_values().zip(&does) {
                let expect = match does {
                    Does::Allow => "success",
                    Does::Challenge | Does::Refuse => "failure",
                    Does::StaySilent => "notApplied",
                    Does::Fail => "unknown",
                    Does::Report => "reportOnlyFailure",
                };
                assert_eq!(found, expect, "{does:?}");
            }
            count += 1;
        }
    }
    assert_eq!(count, 1 + 6 + 36 + 216 + 1296);
}

/// Specification 5.7: a policy that matched user and application counts as looked at, even where its other conditions kept it out.
#[test]
fn the_status_counts_policies_that_matched_user_and_application() {
    use portcullis_model::conditional_access::{ClientAppType, DevicePlatform, PlatformCondition};
    let status = |edit: &dyn Fn(&mut ConditionalAccessPolicy)| {
        let mut policy = require(&[Block]);
        edit(&mut policy);
        let decision = decided(&contoso_with(NO_TRUST, &[policy]), &member());
        assert_eq!(words(&decision), "granted");
        serde_json::to_value(decision.status).unwrap()
    };
    assert_eq!(
        status(&|policy| {
            policy.conditions.platforms = Some(including(PlatformCondition::Platform(
                DevicePlatform::Windows,
            )));
        }),
        "success"
    );
    assert_eq!(
        status(&|policy| policy.conditions.client_app_types = Some(vec![ClientAppType::Other])),
        "success"
    );
    assert_eq!(
        status(&|policy| policy.conditions.users.include.clear()),
        "notApplied"
    );
    assert_eq!(
        status(&|policy| applications(policy).include.clear()),
        "notApplied"
    );
    assert_eq!(
        status(&|policy| policy.state = PolicyState::ReportOnly),
        "notApplied"
    );
}
