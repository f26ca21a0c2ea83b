//! Session controls: how old a proof may be, whose cookie lasts, and who is spared (specification 5.9 to 5.11).

use portcullis_model::conditional_access::FrequencyAuthenticationType::{
    self, PrimaryAndSecondaryAuthentication as Both, SecondaryAuthentication as SecondOnly,
};
use portcullis_model::conditional_access::GrantControl::{Block, Mfa};
use portcullis_model::conditional_access::PersistentBrowser::{self, Always, Never};
use portcullis_model::conditional_access::SignInInterval::{self, EveryTime, Hours};
use portcullis_model::conditional_access::{ConditionalAccessPolicy, PolicyState};
use portcullis_model::credential::AuthenticationMethod::{Password, SoftwareOath};
use portcullis_model::id::PolicyId;
use portcullis_policy::decision::Outcome;
use portcullis_policy::facts::SignIn;

use crate::world::*;

/// A member or guest whose first and second factor are so many seconds old.
fn aged(mut sign_in: SignIn, primary: i64, second: Option<i64>) -> SignIn {
    let home = sign_in.proofs[0].tenant;
    sign_in.proofs = vec![proof(home, Password, primary)];
    sign_in
        .proofs
        .extend(second.map(|age| proof(home, SoftwareOath, age)));
    sign_in
}

#[test]
fn a_first_factor_is_renewed_once_it_is_as_old_as_the_interval() {
    for (interval, age_seconds, expect) in [
        (Hours(1), 3599, "granted"),
        (Hours(1), 3600, "open: primary in resource"),
        (Hours(24), 86_399, "granted"),
        (Hours(24), 86_400, "open: primary in resource"),
        (EveryTime, 299, "granted"),
        (EveryTime, 300, "open: primary in resource"),
        // Never zero: that would ask for ever.
        (Hours(0), 299, "granted"),
        (Hours(0), 300, "open: primary in resource"),
        // The clock of another node may be ahead, but not by much.
        (Hours(1), -300, "granted"),
        (Hours(1), -301, "open: primary in resource"),
    ] {
        let configuration = contoso_with(NO_TRUST, &[frequency(1, interval, Both)]);
        let found = outcome(&configuration, &aged(member(), age_seconds, None));
        assert_eq!(found, expect, "{interval:?} {age_seconds}");
    }
}

#[test]
fn the_latest_proof_counts() {
    let mut sign_in = aged(member(), 7200, None);
    sign_in.proofs.push(proof(contoso(), Password, 10));
    sign_in.proofs.push(proof(contoso(), Password, 9000));
    let configuration = contoso_with(NO_TRUST, &[frequency(1, Hours(1), Both)]);
    assert_eq!(outcome(&configuration, &sign_in), "granted");
}

#[test]
fn a_second_factor_is_renewed_where_mfa_is_demanded() {
    for (authentication_type, primary, second, expect) in [
        (Both, 60, Some(60), "granted"),
        (Both, 60, Some(3600), "open: mfa in resource"),
        (Both, 3600, Some(60), "open: primary in resource"),
        (
            Both,
            3600,
            Some(3600),
            "open: primary in resource, mfa in resource",
        ),
        (SecondOnly, 3600, Some(60), "granted"),
        (SecondOnly, 3600, Some(3600), "open: mfa in resource"),
        (SecondOnly, 60, None, "open: mfa in resource"),
    ] {
        let policies = [require(&[Mfa]), frequency(2, Hours(1), authentication_type)];
        let found = outcome(
            &contoso_with(NO_TRUST, &policies),
            &aged(member(), primary, second),
        );
        assert_eq!(
            found, expect,
            "{authentication_type:?} {primary} {second:?}"
        );
    }
    // Where nobody demands MFA, an old second factor is nobody's business.
    let only_frequency = contoso_with(NO_TRUST, &[frequency(2, Hours(1), Both)]);
    assert_eq!(
        outcome(&only_frequency, &aged(member(), 60, Some(7200))),
        "granted"
    );
}

/// A guest's first factor is the home tenant's, trusted or not.
#[test]
fn a_guest_renews_the_first_factor_at_home() {
    for trust in [NO_TRUST, MFA_TRUST] {
        let configuration = contoso_with(trust, &[frequency(1, Hours(1), Both)]);
        let found = outcome(&configuration, &aged(guest(), 7200, None));
        assert_eq!(found, "open: primary in home", "{trust:?}");
    }
}

/// Decision 12.
#[test]
fn v07_session_controls_are_not_applied_to_direct_connect_users_and_the_log_says_so() {
    let mut policy = frequency(1, EveryTime, Both);
    policy.session_controls.persistent_browser = Some(Never);
    let configuration = contoso_with(NO_TRUST, &[policy]);
    let old = |sign_in| aged(sign_in, 7200, None);

    let decision = decided(&configuration, &old(direct_connect_user()));
    assert_eq!(words(&decision), "granted");
    assert_eq!(decision.session_controls().sign_in_frequency, None);
    assert_eq!(decision.session_controls().persistent_browser, None);
    let told = &decision.policies()[0];
    assert_eq!(
        told.session_controls_not_satisfied,
        ["SignInFrequency", "PersistentBrowserSessionMode"]
    );
    assert!(told.enforced_session_controls.is_empty());

    // Neither would they be, were the policy enforced.
    let mut reported = configuration.clone();
    reported.conditional_access_policies[0].state = PolicyState::ReportOnly;
    let decision = decided(&reported, &old(direct_connect_user()));
    assert_eq!(results(&decision)[&id(1)], "reportOnlySuccess");

    let decision = decided(&configuration, &old(guest()));
    assert_eq!(words(&decision), "open: primary in home");
    let told = &decision.policies()[0];
    assert!(told.session_controls_not_satisfied.is_empty());
    assert_eq!(
        told.enforced_session_controls,
        ["SignInFrequency", "PersistentBrowserSessionMode"]
    );
}

/// Decision 16: of the interval and of the authentication type the stricter wins, and the policies behind it are named.
#[test]
fn frequencies_merge_to_the_stricter_one() {
    type Said = (SignInInterval, FrequencyAuthenticationType);
    let cases: [(&[Said], Said, &[u128]); 6] = [
        (&[(Hours(4), Both)], (Hours(4), Both), &[1]),
        (
            &[(Hours(4), Both), (Hours(1), Both)],
            (Hours(1), Both),
            &[2],
        ),
        (
            &[(Hours(1), Both), (EveryTime, Both)],
            (EveryTime, Both),
            &[2],
        ),
        (
            &[(Hours(1), SecondOnly), (Hours(4), Both)],
            (Hours(1), Both),
            &[1, 2],
        ),
        (
            &[(Hours(1), SecondOnly), (Hours(4), Both), (Hours(1), Both)],
            (Hours(1), Both),
            &[3],
        ),
        (
            &[(Hours(1), Both), (Hours(1), Both)],
            (Hours(1), Both),
            &[1, 2],
        ),
    ];
    for (said, strictest, due_to) in cases {
        let policies: Vec<ConditionalAccessPolicy> = said
            .iter()
            .zip(1..)
            .map(|((interval, kind), number)| frequency(number, *interval, *kind))
            .collect();
        let decision = decided(
            &contoso_with(NO_TRUST, &policies),
            &aged(member(), 100_000, None),
        );
        let due_to: Vec<PolicyId> = due_to.iter().map(|number| id(*number)).collect();
        let merged = decision.session_controls().sign_in_frequency;
        assert_eq!(
            merged,
            Some((strictest.0, strictest.1, due_to.clone())),
            "{said:?}"
        );
        // Only they are behind the challenge, and only they failed.
        match &decision.outcome {
            Outcome::Open(open) => assert_eq!(open[0].policies, due_to, "{said:?}"),
            other => panic!("{other:?}"),
        }
        for (policy, result) in results(&decision) {
            assert_eq!(
                result == "failure",
                due_to.contains(&policy),
                "{said:?} {policy}"
            );
        }
    }
}

#[test]
fn never_beats_always() {
    let cases: [(&[PersistentBrowser], Option<PersistentBrowser>, &[u128]); 5] = [
        (&[], None, &[]),
        (&[Always], Some(Always), &[1]),
        (&[Always, Never], Some(Never), &[2]),
        (&[Never, Always, Never], Some(Never), &[1, 3]),
        (&[Always, Always], Some(Always), &[1, 2]),
    ];
    for (modes, expect, due_to) in cases {
        let policies: Vec<ConditionalAccessPolicy> = modes
            .iter()
            .zip(1..)
            .map(|(mode, number)| {
                let mut policy = frequency(number, Hours(1), Both);
                policy.session_controls.sign_in_frequency = None;
                policy.session_controls.persistent_browser = Some(*mode);
                policy
            })
            .collect();
        let decision = decided(&contoso_with(NO_TRUST, &policies), &member());
        let due_to: Vec<PolicyId> = due_to.iter().map(|number| id(*number)).collect();
        let expect = expect.map(|mode| (mode, due_to));
        assert_eq!(
            decision.session_controls().persistent_browser,
            expect,
            "{modes:?}"
        );
    }
}

#[test]
fn only_policies_in_force_and_in_scope_speak_of_the_session() {
    let mut reported = frequency(1, EveryTime, Both);
    reported.state = PolicyState::ReportOnly;
    let mut disabled = frequency(2, EveryTime, Both);
    disabled.state = PolicyState::Disabled;
    let mut of_others = frequency(3, EveryTime, Both);
    of_others.conditions.users.include.clear();
    let decision = decided(
        &contoso_with(NO_TRUST, &[reported, disabled, of_others]),
        &aged(member(), 7200, None),
    );
    assert_eq!(words(&decision), "granted");
    assert_eq!(decision.session_controls().sign_in_frequency, None);
    assert_eq!(results(&decision)[&id(1)], "reportOnlyInterrupted");
}

/// MFA that the request itself demands is met, open and refused like a policy's, and no policy is blamed.
#[test]
fn a_request_for_mfa_is_met_where_a_policys_would_be() {
    for (sign_in, trust, expect) in [
        (member(), NO_TRUST, "open: mfa in resource"),
        (with_mfa(member(), contoso()), NO_TRUST, "granted"),
        (guest(), NO_TRUST, "open: mfa in resource"),
        (guest(), MFA_TRUST, "open: mfa in home"),
        (with_mfa(guest(), fabrikam()), MFA_TRUST, "granted"),
        (direct_connect_user(), NO_TRUST, "blocked 90071"),
        (direct_connect_user(), MFA_TRUST, "open: mfa in home"),
    ] {
        let mut sign_in = sign_in;
        sign_in.requests_mfa = true;
        let decision = decided(&contoso_with(trust, &[]), &sign_in);
        assert_eq!(words(&decision), expect, "{sign_in:#?}");
        match &decision.outcome {
            Outcome::Granted => {}
            Outcome::Blocked(block) => assert!(block.policies.is_empty()),
            Outcome::Open(open) => assert!(open.iter().all(|one| one.policies.is_empty())),
        }
    }
    // A sign-in frequency holds for it too.
    let mut sign_in = aged(member(), 60, Some(7200));
    sign_in.requests_mfa = true;
    let hourly = contoso_with(NO_TRUST, &[frequency(1, Hours(1), SecondOnly)]);
    assert_eq!(outcome(&hourly, &sign_in), "open: mfa in resource");
}

#[test]
fn a_refusal_names_the_policies_that_refuse_for_that_reason() {
    let mut policies = [1, 2, 3].map(|number| {
        let mut policy = require(&[if number == 2 { Mfa } else { Block }]);
        policy.id = id(number);
        policy
    });
    policies[2].display_name = "third".into();
    match decided(&contoso_with(NO_TRUST, &policies), &direct_connect_user()).outcome {
        Outcome::Blocked(block) => assert_eq!(block.policies, [id(1), id(3)]),
        other => panic!("{other:?}"),
    }
}

/// Two policies that say one thing or another of the session.
fn of_every_kind() -> [ConditionalAccessPolicy; 2] {
    use portcullis_model::conditional_access::CloudAppSecurity::{BlockDownloads, MonitorOnly};
    use portcullis_model::conditional_access::ContinuousAccessEvaluation::{
        Disabled, StrictLocation,
    };
    use portcullis_model::conditional_access::SessionControls;
    let saying = |number: u128, session_controls: SessionControls| {
        let mut policy = policy(
            number,
            portcullis_model::conditional_access::GrantOperator::And,
            &[],
        );
        policy.grant_controls = None;
        policy.session_controls = session_controls;
        policy
    };
    [
        saying(
            1,
            SessionControls {
                application_enforced_restrictions: true,
                cloud_app_security: Some(MonitorOnly),
                continuous_access_evaluation: Some(Disabled),
                global_secure_access_filtering_profile: Some("b".into()),
                ..SessionControls::default()
            },
        ),
        saying(
            2,
            SessionControls {
                cloud_app_security: Some(BlockDownloads),
                continuous_access_evaluation: Some(StrictLocation),
                secure_sign_in_session: true,
                disable_resilience_defaults: true,
                global_secure_access_filtering_profile: Some("a".into()),
                ..SessionControls::default()
            },
        ),
    ]
}

/// Decision 16, specification 5.9: the stricter of each kind, and who says it.
#[test]
fn every_session_control_is_merged_and_names_its_policies() {
    use portcullis_model::conditional_access::CloudAppSecurity::BlockDownloads;
    use portcullis_model::conditional_access::ContinuousAccessEvaluation::StrictLocation;
    let [one, two] = [id(1), id(2)];
    let configuration = contoso_with(NO_TRUST, &of_every_kind());
    let of_member = decided(&configuration, &member()).session_controls();
    assert_eq!(of_member.application_enforced_restrictions, [one]);
    assert_eq!(
        of_member.cloud_app_security,
        Some((BlockDownloads, vec![one, two]))
    );
    assert_eq!(
        of_member.continuous_access_evaluation,
        Some((StrictLocation, vec![two]))
    );
    assert_eq!(of_member.secure_sign_in_session, [two]);
    assert_eq!(of_member.disable_resilience_defaults, [two]);
    let profiles = &of_member.global_secure_access_filtering_profiles;
    assert_eq!(profiles.get("a"), Some(&vec![two]));
    assert_eq!(profiles.get("b"), Some(&vec![one]));
}

/// Decision 12, specification 10.6.
#[test]
fn guests_and_direct_connect_users_are_spared_what_is_not_for_them() {
    let two = id(2);
    let configuration = contoso_with(NO_TRUST, &of_every_kind());
    for (sign_in, spared) in [
        (guest(), &["ContinuousAccessEvaluation"][..]),
        (
            direct_connect_user(),
            &[
                "ApplicationEnforcedRestrictions",
                "CloudAppSecurity",
                "ContinuousAccessEvaluation",
            ],
        ),
    ] {
        let decision = decided(&configuration, &sign_in);
        assert_eq!(
            decision.session_controls().continuous_access_evaluation,
            None
        );
        assert_eq!(decision.session_controls().secure_sign_in_session, [two]);
        assert_eq!(
            decision.policies()[0].session_controls_not_satisfied,
            spared
        );
    }
}
