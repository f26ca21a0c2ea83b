//! What checkers that match patterns, and sweeps over grids, get wrong.

use std::collections::BTreeSet;

use portcullis_analysis::gap::Without;
use portcullis_analysis::invariant::{Invariant, Statement, Verdict};
use portcullis_analysis::region::End;
use portcullis_analysis::selection::{Reaching, Selection};
use portcullis_analysis::side::Counted;
use portcullis_analysis::target::Reached;
use portcullis_analysis::told::Names;
use portcullis_analysis::who::{Home, SubjectKind};
use portcullis_model::conditional_access::signal::RiskLevel;
use portcullis_model::conditional_access::{DevicePlatform, PolicyState};
use portcullis_policy::compile::CompiledTenant;
use portcullis_whatif::directory::{DirectoryTenant, People};
use serde_json::json;

use crate::story::{
    FABRIKAM, PAYROLL, Story, WIKI, block, contoso, countries, id, members, mfa, of, policy,
    ranges, strength, text,
};

const EXCLUDED: u128 = 0x21;

/// "Included elsewhere" is no test: elsewhere has conditions of its own.
#[test]
fn an_excluded_group_that_another_policy_includes_on_windows_only_is_a_gap_everywhere_else() {
    let everybody_else = json!({
        "users": { "includeUsers": ["All"], "excludeGroups": [text(EXCLUDED)] }
    });
    let elsewhere = |platforms| {
        json!({
            "users": { "includeGroups": [text(EXCLUDED)] },
            "platforms": { "includePlatforms": platforms },
        })
    };
    let story = |platforms| {
        Story::new([
            policy(1, everybody_else.clone(), mfa()),
            policy(2, elsewhere(platforms), mfa()),
        ])
    };
    for witness in story(json!(["windows"])).is_open(&Without::mfa(), &members()) {
        assert!(witness.groups.contains(&id(EXCLUDED)));
        assert_ne!(witness.platform, Some(DevicePlatform::Windows));
    }
    story(json!(["all"])).is_covered(&Without::mfa(), &members());
}

#[test]
fn an_exclusion_is_not_overlooked_because_everybody_is_included() {
    let conditions = json!({
        "users": { "includeUsers": ["All"], "excludeUsers": [text(0x11)] }
    });
    let witnesses = Story::new([policy(1, conditions, mfa())]).is_open(&Without::mfa(), &members());
    assert!(witnesses.iter().all(|one| one.user == Some(id(0x11))));
}

#[test]
fn all_users_are_guests_of_every_kind_too() {
    let story = Story::new([policy(1, json!({}), mfa())]).with_settings(open_settings(true));
    for kind in SubjectKind::ALL.into_iter().filter(|kind| kind.is_person()) {
        story.is_covered(&Without::mfa(), &of(kind));
    }
}

/// Direct connect is open, and Fabrikam's word on MFA counts or does not.
fn open_settings(trusts_mfa: bool) -> serde_json::Value {
    let everybody = json!({
        "usersAndGroups": {
            "accessType": "allowed",
            "targets": [{ "target": "AllUsers", "targetType": "user" }],
        },
        "applications": {
            "accessType": "allowed",
            "targets": [{ "target": "AllApplications", "targetType": "application" }],
        },
    });
    json!({
        "default": {},
        "partners": [{
            "tenantId": text(FABRIKAM),
            "isServiceProvider": true,
            "b2bDirectConnectInbound": everybody,
            "inboundTrust": { "isMfaAccepted": trusts_mfa },
        }],
    })
}

pub(super) fn with_payroll(mut story: Story) -> Story {
    let application = json!({
        "id": text(PAYROLL), "appId": text(PAYROLL), "displayName": "Payroll",
        "supportsDirectConnect": true,
    });
    let applications = &mut story.configuration.applications;
    applications.push(serde_json::from_value(application).unwrap());
    story
}

/// Guests are covered by their own tenant's MFA where that is trusted, and have to do it here where it is not.
#[test]
fn guests_are_covered_whether_their_home_is_trusted_or_not() {
    for trusts_mfa in [false, true] {
        let story = Story::new([policy(1, json!({}), mfa())]);
        let story = story.with_settings(open_settings(trusts_mfa));
        story.is_covered(&Without::mfa(), &of(SubjectKind::B2bCollaborationGuest));
        // They get in, with MFA of one place or the other.
        let guests = of(SubjectKind::B2bCollaborationGuest);
        story.is_open(&Without::phishing_resistant_mfa(), &guests);
    }
}

/// Direct connect users have nothing here to do MFA with.
#[test]
fn direct_connect_users_are_blocked_where_mfa_is_demanded_and_not_trusted() {
    let direct_connect = of(SubjectKind::B2bDirectConnectUser);
    let story = |trusts_mfa| {
        let story = Story::new([policy(1, json!({}), mfa())]);
        with_payroll(story.with_settings(open_settings(trusts_mfa)))
    };
    story(true).is_open(&Without::phishing_resistant_mfa(), &direct_connect);
    story(false).is_covered(&Without::phishing_resistant_mfa(), &direct_connect);
}

#[test]
fn mfa_or_a_compliant_device_is_not_mfa() {
    let either = json!({ "operator": "OR", "builtInControls": ["mfa", "compliantDevice"] });
    let both = json!({ "operator": "AND", "builtInControls": ["mfa", "compliantDevice"] });
    let story = |grant| Story::new([policy(1, json!({}), grant)]);
    for witness in story(either.clone()).is_open(&Without::mfa(), &members()) {
        assert!(witness.device.is_some_and(|device| device.is_compliant));
    }
    story(both).is_covered(&Without::mfa(), &members());
    let controls = Without::Controls(vec![
        portcullis_model::conditional_access::GrantControl::Mfa,
        portcullis_model::conditional_access::GrantControl::CompliantDevice,
    ]);
    story(either).is_covered(&controls, &members());
}

#[test]
fn what_a_policy_lets_through_that_cannot_be_evaluated_is_not_known() {
    let elsewhere = json!({ "locations": {
        "includeLocations": ["All"], "excludeLocations": [text(0x99)],
    } });
    let story = Story::new([policy(1, elsewhere, block())]);
    story.is_not_known(&Without::mfa(), &members());
    assert!(story.analysis(&[]).unknown()[0].contains("Policy 1"));

    let story = Story::new([
        story.configuration.conditional_access_policies[0].clone(),
        policy(2, json!({}), mfa()),
    ]);
    story.is_covered(&Without::mfa(), &members());
}

#[test]
fn a_policy_that_only_speaks_of_the_session_is_no_mfa() {
    let mut session_only = policy(1, json!({}), mfa());
    session_only.grant_controls = None;
    let story = Story::new([session_only]);
    story.is_open(&Without::mfa(), &members());
    story.is_open(&Without::AnyPolicy, &members());
}

#[test]
fn a_policy_that_only_reports_is_no_mfa_unless_one_asks_what_if_it_were() {
    let mut report_only = policy(1, json!({}), mfa());
    report_only.state = PolicyState::ReportOnly;
    let mut story = Story::new([report_only]);
    story.is_open(&Without::mfa(), &members());
    story.counted = Counted::ReportOnlyToo;
    story.is_covered(&Without::mfa(), &members());
}

#[test]
fn a_policy_about_high_risk_is_no_mfa_at_any_other() {
    let story = Story::new([policy(1, json!({ "signInRiskLevels": ["high"] }), mfa())]);
    for witness in story.is_open(&Without::mfa(), &members()) {
        assert_ne!(witness.sign_in_risk, RiskLevel::High);
    }
    let risky = Selection {
        sign_in_risks: BTreeSet::from([RiskLevel::High]),
        ..members()
    };
    story.is_covered(&Without::mfa(), &risky);
}

/// An unregistered device has no values, and passes every negative operator (specification 6.3).
#[test]
fn a_device_filter_that_excludes_what_is_not_compliant_leaves_unregistered_devices_out() {
    let filter = |mode: &str, rule: &str| {
        let conditions = json!({ "devices": { "deviceFilter": { "mode": mode, "rule": rule } } });
        Story::new([policy(1, conditions, mfa())])
    };
    let story = filter("exclude", "device.isCompliant -ne True");
    let witnesses = story.is_open(&Without::mfa(), &members());
    assert!(witnesses.iter().any(|one| one.device.is_none()));
    // The same by an include list, with a positive operator that unregistered devices fail.
    let story = filter("include", "device.isCompliant -eq False");
    let witnesses = story.is_open(&Without::mfa(), &members());
    assert!(witnesses.iter().any(|one| one.device.is_none()));
    // And what an administrator means by either.
    let story = filter("exclude", "device.isCompliant -eq True");
    for witness in story.is_open(&Without::mfa(), &members()) {
        assert!(witness.device.is_some_and(|device| device.is_compliant));
    }
}

#[test]
fn a_list_of_blocked_countries_without_unknown_ones_lets_unknown_countries_in() {
    let conditions = json!({ "locations": { "includeLocations": [text(1)] } });
    let blocked = |with_unknown| {
        Story::new([policy(1, conditions.clone(), block())]).at([
            countries(1, &["KP", "RU"], with_unknown),
            countries(2, &["DE"], true),
            countries(3, &["KP"], false),
        ])
    };
    let from = |at: u128, not: u128| Selection {
        locations: BTreeSet::from([id(at)]),
        not_locations: BTreeSet::from([id(not)]),
        ..members()
    };
    for witness in blocked(false).is_open(&Without::AnyPolicy, &from(2, 3)) {
        assert_ne!(witness.country, "KP".parse().ok());
    }
    let germany = "DE".parse().ok();
    for witness in blocked(true).is_open(&Without::AnyPolicy, &from(2, 3)) {
        assert_eq!(witness.country, germany);
    }
    let witnesses = blocked(false).is_open(&Without::AnyPolicy, &from(2, 3));
    assert!(witnesses.iter().any(|one| one.country != germany) || witnesses.len() == 1);
    blocked(false).is_covered(&Without::AnyPolicy, &from(3, 2));
}

#[test]
fn all_applications_but_one_leave_that_one_open() {
    let conditions = json!({
        "applications": { "includeApplications": ["All"], "excludeApplications": [text(WIKI)] }
    });
    let story = Story::new([policy(1, conditions, mfa())]);
    for witness in story.is_open(&Without::mfa(), &members()) {
        assert_eq!(witness.reached, Reached::Application(id(WIKI)));
    }
}

/// "All" in a question is every application, not some.
#[test]
fn a_policy_about_one_application_covers_that_one_and_no_other() {
    let conditions = json!({ "applications": { "includeApplications": [text(PAYROLL)] } });
    let story = Story::new([policy(1, conditions, mfa())]);
    let payroll = BTreeSet::from([Reached::Application(id(PAYROLL))]);
    let reaching = |reaching| members().reaching(reaching);
    story.is_covered(&Without::mfa(), &reaching(Reaching::Any(payroll.clone())));
    story.is_open(
        &Without::mfa(),
        &reaching(Reaching::ApplicationsBut(payroll)),
    );
    story.is_open(&Without::mfa(), &reaching(Reaching::Applications));
}

/// A strength keeps guests out whose identity is no tenant's; plain MFA they do here.
#[test]
fn guests_without_a_home_tenant_meet_mfa_and_no_strength() {
    let guests = Selection {
        homes: BTreeSet::from([Home::NoTenant]),
        ..of(SubjectKind::B2bCollaborationGuest)
    };
    let plain = Story::new([policy(1, json!({}), mfa())]);
    plain.is_covered(&Without::mfa(), &guests);
    plain.is_open(&Without::phishing_resistant_mfa(), &guests);
    let mut strong = Story::new([policy(1, json!({}), strength(0))]);
    strong.is_covered(&Without::phishing_resistant_mfa(), &guests);
    let organization = &mut strong.configuration.organization;
    organization
        .other
        .insert("strengthsForAllGuests".into(), json!(true));
    strong.is_open(&Without::phishing_resistant_mfa(), &guests);
}

#[test]
fn weaker_strengths_do_not_stand_for_stronger_ones() {
    let story = |number| Story::new([policy(1, json!({}), strength(number))]);
    for (demanded, open) in [
        (0, [false, true, true]),
        (1, [false, false, true]),
        (2, [false; 3]),
    ] {
        for (asked, open) in open.into_iter().enumerate() {
            let strengths = portcullis_model::authentication_strength::BuiltInStrength::ALL;
            let without = Without::strength(strengths[asked].id);
            if open {
                story(demanded).is_open(&without, &members());
            } else {
                story(demanded).is_covered(&without, &members());
            }
        }
    }
}

/// Real sets have the old word, the object, members of other tenants and enumerated tenants all at once.
#[test]
fn guests_of_one_tenant_are_not_guests_of_all_and_not_its_members() {
    let conditions = json!({
        "users": {
            "includeGuestsOrExternalUsers": {
                "guestOrExternalUserTypes": "b2bCollaborationGuest",
                "externalTenants": {
                    "@odata.type": "#microsoft.graph.conditionalAccessEnumeratedExternalTenants",
                    "membershipKind": "enumerated",
                    "members": [text(FABRIKAM)],
                },
            },
        },
    });
    let story = Story::new([policy(1, conditions, mfa())]);
    let from = |kind, home| Selection {
        homes: BTreeSet::from([home]),
        ..of(kind)
    };
    let fabrikam = Home::Tenant(id(FABRIKAM));
    let guest = SubjectKind::B2bCollaborationGuest;
    story.is_covered(&Without::mfa(), &from(guest, fabrikam));
    story.is_open(&Without::mfa(), &from(guest, Home::NoTenant));
    story.is_open(&Without::mfa(), &from(guest, Home::Tenant(id(0x3d))));
    story.is_open(
        &Without::mfa(),
        &from(SubjectKind::B2bCollaborationMember, fabrikam),
    );
    let word = json!({ "users": { "includeUsers": ["GuestsOrExternalUsers"] } });
    let story = Story::new([policy(1, word, mfa())]);
    story.is_covered(
        &Without::mfa(),
        &from(SubjectKind::B2bCollaborationMember, fabrikam),
    );
    story.is_covered(&Without::mfa(), &of(SubjectKind::InternalGuest));
    story.is_open(&Without::mfa(), &members());
}

/// A place that is not there could have been anywhere: the policy blocks, and the analysis does not guess (decision 18).
#[test]
fn a_policy_that_names_a_place_that_is_not_there_blocks() {
    let mut lost = policy(
        1,
        json!({ "locations": { "includeLocations": [text(9)] } }),
        mfa(),
    );
    Story::new([lost.clone()]).is_not_known(&Without::AnyPolicy, &members());
    lost.state = PolicyState::Disabled;
    Story::new([lost]).is_open(&Without::AnyPolicy, &members());
}

#[test]
fn a_list_of_gaps_that_was_cut_short_says_so() {
    let conditions = json!({
        "users": { "includeUsers": ["All"], "excludeUsers": [text(0x11)] },
        "applications": { "includeApplications": ["All"], "excludeApplications": [text(WIKI)] },
    });
    let story = Story::new([policy(1, conditions, mfa())]);
    let mut analysis = story.analysis(&[]);
    let first = analysis.gaps(&Without::mfa(), &members(), 1).unwrap();
    assert_eq!((first.gaps.len(), first.end), (1, End::Limit));
    let both = analysis.gaps(&Without::mfa(), &members(), 2).unwrap();
    assert_eq!((both.gaps.len(), both.end), (2, End::Complete));
    assert_eq!(analysis.tenant().id(), contoso());
}

/// Legacy clients can show no control: a grant keeps them out, and what grants nothing lets them in.
#[test]
fn legacy_clients_are_kept_out_by_any_demand_that_reaches_them() {
    let modern = json!({ "clientAppTypes": ["browser", "mobileAppsAndDesktopClients"] });
    let story = Story::new([policy(1, modern, mfa())]);
    for witness in story.is_open(&Without::mfa(), &members()) {
        use portcullis_model::conditional_access::ClientAppType as C;
        assert!(matches!(
            witness.client_app_type,
            C::ExchangeActiveSync | C::Other
        ));
    }
    Story::new([policy(1, json!({}), mfa())]).is_covered(&Without::mfa(), &members());
}

/// A risky user who must change the password gets in by changing it: whoever reads the witness must see that.
#[test]
fn a_witness_says_what_it_takes_beside_methods() {
    let change = json!({ "operator": "AND", "builtInControls": ["mfa", "passwordChange"] });
    let story = Story::new([policy(1, json!({ "userRiskLevels": ["high"] }), change)]);
    let risky = Selection {
        user_risks: [RiskLevel::High].into(),
        ..members()
    };
    let compiled = CompiledTenant::compile(&story.configuration);
    let tenant = DirectoryTenant::new(story.configuration.clone(), compiled, People::NotListed);
    for witness in story.is_open(&Without::managed_device(), &risky) {
        let told = witness.told(&Names::new(&tenant));
        assert!(told.ends_with(" after changing the password"), "{told}");
    }
}

/// An export of policies alone does not say which places are trusted: whoever is spared there may get in without MFA.
#[test]
fn what_trusted_places_spare_is_not_known_where_an_export_has_no_places() {
    let sparing = |spared: &str| json!({ "locations": { "includeLocations": ["All"], "excludeLocations": [spared] } });
    let story = Story::new([policy(1, sparing("AllTrusted"), mfa())]);
    story.is_not_known(&Without::mfa(), &members());
    story.is_not_known(&Without::AnyPolicy, &members());
    let told = story.analysis(&[]).unknown().join(" ");
    assert!(
        told.contains("trusted") && told.contains("`Policy 1`"),
        "{told}"
    );
    // Where another policy asks in all places, nothing hangs on it.
    let both = Story::new([
        policy(1, sparing("AllTrusted"), mfa()),
        policy(2, json!({}), mfa()),
    ]);
    both.is_covered(&Without::mfa(), &members());
    // With places beside it, what is trusted is known: here nothing is.
    let with_places = Story::new([policy(1, sparing("AllTrusted"), mfa())]);
    let with_places = with_places.at([ranges(0x41, &["203.0.113.0/24"])]);
    with_places.is_covered(&Without::mfa(), &members());
    assert!(with_places.analysis(&[]).unknown().is_empty());
}

/// Nor does it say who is blocked in trusted places.
#[test]
fn whoever_is_blocked_in_trusted_places_is_not_known_where_an_export_has_no_places() {
    let inside = json!({ "locations": { "includeLocations": ["AllTrusted"] } });
    let invariant = Invariant {
        name: "gets in".to_owned(),
        why: None,
        source: None,
        selection: members(),
        statement: Statement::NeverBlocked,
    };
    let verdict = |story: &Story| {
        let mut analysis = story.analysis(&[&invariant.selection]);
        analysis.check(&invariant, 9).unwrap()
    };
    let story = Story::new([policy(1, inside, block())]);
    assert!(matches!(verdict(&story), Verdict::Unknown));
    let with_places = story.at([ranges(0x41, &["203.0.113.0/24"])]);
    assert!(matches!(verdict(&with_places), Verdict::Holds));
}
