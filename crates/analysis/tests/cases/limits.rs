//! Nothing at all, and far more of everything than anybody has: each question ends, and says the truth.

use portcullis_analysis::gap::Without;
use portcullis_analysis::region::End;
use portcullis_analysis::selection::Selection;
use portcullis_model::conditional_access::{
    ApplicationConditions, ConditionalAccessPolicy, IncludeExclude, PolicyState, Target,
};
use serde_json::json;

use crate::story::{Story, block, id, members, mfa, policy, ranges, text};

/// A policy with every list empty, which no document can say.
fn empty_lists() -> ConditionalAccessPolicy {
    let mut policy = policy(1, json!({}), mfa());
    let none = || IncludeExclude {
        include: Vec::new(),
        exclude: Vec::new(),
    };
    policy.conditions.users = none();
    policy.conditions.target = Target::Applications(ApplicationConditions {
        include: Vec::new(),
        exclude: Vec::new(),
        filter: None,
    });
    policy.conditions.client_app_types = Some(Vec::new());
    policy.conditions.platforms = Some(IncludeExclude {
        include: Vec::new(),
        exclude: Vec::new(),
    });
    policy.conditions.locations = Some(IncludeExclude {
        include: Vec::new(),
        exclude: Vec::new(),
    });
    policy.grant_controls.as_mut().unwrap().controls.clear();
    policy
}

#[test]
fn a_tenant_without_policies_is_one_gap() {
    let people = Selection::people();
    let workloads = Selection::workload_identities();
    for selection in [&Selection::default(), &people, &workloads, &members()] {
        for without in [
            Without::mfa(),
            Without::phishing_resistant_mfa(),
            Without::managed_device(),
            Without::AnyPolicy,
        ] {
            let gaps = Story::new([]).gaps(&without, selection);
            assert_eq!(gaps.end, End::Complete);
            assert!(!gaps.gaps.is_empty(), "{without:?} {selection:?}");
        }
    }
}

#[test]
fn disabled_policies_and_policies_about_nobody_change_nothing() {
    let mut disabled = policy(1, json!({}), block());
    disabled.state = PolicyState::Disabled;
    Story::new([disabled]).is_open(&Without::AnyPolicy, &members());
    Story::new([empty_lists()]).is_open(&Without::AnyPolicy, &members());
}

/// Ten times what a tenant may have: 2,000 policies, 1,000 groups, 2,000 named locations.
#[test]
fn far_more_than_anybody_has_is_answered_too() {
    let policies = (0..2_000u128).map(|number| {
        let group = 0x1_0000 + number % 1_000;
        let place = 0x2_0000 + number;
        let conditions = json!({
            "users": { "includeUsers": ["All"], "excludeGroups": [text(group)] },
            "applications": { "includeApplications": [text(0x3_0000 + number % 200)] },
            "locations": { "includeLocations": ["All"], "excludeLocations": [text(place)] },
        });
        policy(0x4_0000 + number, conditions, mfa())
    });
    let places = (0..2_000u128).map(|number| {
        let range = format!("10.{}.{}.0/24", number / 256, number % 256);
        ranges(0x2_0000 + number, &[&range])
    });
    let story = Story::new(policies).at(places);
    let mut analysis = story.analysis(&[]);
    let gaps = analysis.gaps(&Without::mfa(), &members(), 3).unwrap();
    assert_eq!((gaps.gaps.len(), gaps.end), (3, End::Limit));
    assert_eq!(
        analysis.tenant().configuration().named_locations[0].id,
        id(0x2_0000)
    );
}
