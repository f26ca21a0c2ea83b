//! What changes between two versions of a tenant, and for whom; what only looks different changes nothing.

use portcullis_analysis::analysis::Analysis;
use portcullis_analysis::difference::{Change, Changes, ProofPlace, SessionPart};
use portcullis_analysis::region::End;
use portcullis_analysis::selection::{Interest, Selection};
use portcullis_analysis::side::Counted;
use portcullis_analysis::told::Names;
use portcullis_model::conditional_access::{GrantControl, PolicyState};
use portcullis_model::id::PolicyId;
use portcullis_policy::compile::CompiledTenant;
use portcullis_policy::decision::Outcome;
use portcullis_whatif::directory::{Directory, DirectoryTenant, People};
use serde_json::{Value, json};

use super::pitfalls::with_payroll;
use crate::story::{FABRIKAM, Story, block, id, mfa, policy, ranges, strength, text};

const GROUP: u128 = 0x21;

fn analysis(before: &Story, after: &Story) -> Analysis {
    let tenant = |story: &Story| {
        let configuration = story.configuration.clone();
        let compiled = CompiledTenant::compile(&configuration);
        DirectoryTenant::new(configuration, compiled, People::NotListed)
    };
    let (before, after) = (tenant(before), tenant(after));
    let directory = Directory::new([before.clone()]);
    let interest = Interest::default();
    Analysis::of_change(&directory, &before, &after, Counted::Enabled, &interest)
}

fn changes(before: &Story, after: &Story) -> Vec<Changes> {
    let mut analysis = analysis(before, after);
    let changes = analysis.differences(&Selection::default(), 50).unwrap();
    assert!(changes.iter().all(|one| one.end == End::Complete));
    changes
}

fn kinds(before: &Story, after: &Story) -> Vec<Change> {
    let changes = changes(before, after);
    changes.into_iter().map(|one| one.change).collect()
}

fn everybody_but(groups: &[u128]) -> Value {
    let groups: Vec<String> = groups.iter().map(|group| text(*group)).collect();
    json!({ "users": { "includeUsers": ["All"], "excludeGroups": groups } })
}

#[test]
fn a_new_name_another_order_and_another_way_to_say_it_change_nothing() {
    let windows_or_not = |platforms: Value, number| {
        policy(
            number,
            json!({ "platforms": { "includePlatforms": platforms } }),
            mfa(),
        )
    };
    let before = Story::new([
        policy(1, json!({}), block()),
        policy(2, everybody_but(&[GROUP]), mfa()),
        windows_or_not(json!(["all"]), 3),
    ]);
    let mut renamed = policy(7, everybody_but(&[GROUP]), mfa());
    renamed.display_name = "another name".to_owned();
    let after = Story::new([
        windows_or_not(
            json!(
                [
                    "windows",
                    "macOS",
                    "linux",
                    "iOS",
                    "android",
                    "windowsPhone",
                    "all"
                ][6..7]
            ),
            8,
        ),
        renamed,
        policy(9, json!({}), block()),
    ]);
    assert_eq!(kinds(&before, &after), []);
    assert_eq!(kinds(&before, &before), []);
}

#[test]
fn one_more_exclusion_touches_exactly_whom_it_names() {
    let before = Story::new([policy(1, everybody_but(&[]), mfa())]);
    let after = Story::new([policy(1, everybody_but(&[GROUP]), mfa())]);
    let found = changes(&before, &after);
    // Asked before wherever MFA could be met; legacy clients could not, and get in now.
    let kinds: Vec<&Change> = found.iter().map(|one| &one.change).collect();
    assert_eq!(
        kinds,
        [
            &Change::LetIn,
            &Change::NoLongerAsked(vec![GrantControl::Mfa])
        ]
    );
    for changed in found.iter().flat_map(|one| &one.classes) {
        assert!(changed.before.groups.contains(&id(GROUP)));
        assert_eq!(changed.after, Outcome::Granted);
        assert_ne!(changed.before.outcome, Outcome::Granted);
        assert!(
            changed.class.who.contains(&text(GROUP)),
            "{}",
            changed.class
        );
    }
}

#[test]
fn who_is_let_in_and_shut_out_is_told_apart_from_who_is_asked() {
    let before = Story::new([policy(1, everybody_but(&[]), block())]);
    let after = Story::new([policy(1, everybody_but(&[]), mfa())]);
    assert_eq!(kinds(&before, &after), [Change::LetIn]);
    assert_eq!(kinds(&after, &before), [Change::ShutOut]);
    let stronger = Story::new([policy(1, everybody_but(&[]), strength(2))]);
    let found = kinds(&after, &stronger);
    assert!(
        found
            .iter()
            .any(|change| matches!(change, Change::NewlyAsked(controls)
        if matches!(controls.as_slice(), [GrantControl::AuthenticationStrength(_)])))
    );
    // Guests whose word on MFA is not trusted cannot meet such a strength (seed article, Table 1).
    assert!(found.contains(&Change::ShutOut));
}

#[test]
fn switching_a_policy_off_or_to_report_only_is_a_change() {
    let before = Story::new([policy(1, json!({}), mfa())]);
    for state in [PolicyState::ReportOnly, PolicyState::Disabled] {
        let mut switched = policy(1, json!({}), mfa());
        switched.state = state;
        let after = Story::new([switched]);
        let found = kinds(&before, &after);
        assert!(
            found.contains(&Change::NoLongerAsked(vec![GrantControl::Mfa])),
            "{found:?}"
        );
    }
}

#[test]
fn a_range_that_grows_touches_only_the_new_addresses() {
    let outside =
        json!({ "locations": { "includeLocations": ["All"], "excludeLocations": [text(0x41)] } });
    let story =
        |cidr: &str| Story::new([policy(1, outside.clone(), mfa())]).at([ranges(0x41, &[cidr])]);
    let (before, after) = (story("203.0.113.0/25"), story("203.0.113.0/24"));
    for one in changes(&before, &after).iter().flat_map(|one| &one.classes) {
        let address = one.before.ip_address.unwrap().to_string();
        let last: u8 = address.strip_prefix("203.0.113.").unwrap().parse().unwrap();
        assert!(last >= 128, "{address}");
    }
    assert!(!changes(&before, &after).is_empty());
}

#[test]
fn trust_and_settings_are_compared_too() {
    let settings = |trusts: bool| {
        json!({ "default": {}, "partners": [{
            "tenantId": text(FABRIKAM), "inboundTrust": { "isCompliantDeviceAccepted": trusts },
        }] })
    };
    let grant = json!({ "operator": "OR", "builtInControls": ["compliantDevice"] });
    let story =
        |trusts| Story::new([policy(1, json!({}), grant.clone())]).with_settings(settings(trusts));
    let found = changes(&story(false), &story(true));
    assert!(
        found.iter().all(|one| one.change == Change::LetIn),
        "{found:?}"
    );
    let homes = found.iter().flat_map(|one| &one.classes);
    assert!(
        homes
            .clone()
            .all(|one| one.before.who.home_tenant() == Some(id(FABRIKAM)))
    );
    assert!(homes.count() > 0);
}

#[test]
fn sessions_are_compared_by_what_they_come_to() {
    let with = |hours: u32| {
        let mut one = policy(1, everybody_but(&[]), mfa());
        let document = json!({
            "id": text(2), "displayName": "session", "state": "enabled",
            "conditions": { "users": { "includeUsers": ["All"] },
                "applications": { "includeApplications": ["All"] }, "clientAppTypes": ["all"] },
            "sessionControls": { "signInFrequency": {
                "isEnabled": true, "type": "hours", "value": hours,
                "frequencyInterval": "timeBased" } },
        });
        let session = portcullis_model::conditional_access::ConditionalAccessPolicy::from_document(
            document.as_object().unwrap().clone(),
        )
        .unwrap();
        one.display_name = "mfa".to_owned();
        Story::new([one, session])
    };
    assert_eq!(kinds(&with(8), &with(8)), []);
    assert_eq!(
        kinds(&with(8), &with(4)),
        [Change::Session(SessionPart::SignInFrequency)]
    );
}

/// A slower look at the same: whatever two versions decide differently about a sign-in with a password alone is among the changes.
#[test]
fn nothing_that_differs_is_missed_for_any_pair_of_small_policies() {
    let groups = [vec![], vec![GROUP]];
    let grants = [
        mfa(),
        block(),
        strength(2),
        json!({ "operator": "OR", "builtInControls": ["mfa", "compliantDevice"] }),
    ];
    for (one, excluded) in groups.iter().enumerate() {
        for (two, others) in groups.iter().enumerate() {
            for (a, first) in grants.iter().enumerate() {
                for (b, second) in grants.iter().enumerate() {
                    let before = Story::new([policy(1, everybody_but(excluded), first.clone())]);
                    let after = Story::new([policy(1, everybody_but(others), second.clone())]);
                    let found = kinds(&before, &after);
                    assert_eq!(
                        found.is_empty(),
                        one == two && a == b,
                        "{one} {two} {a} {b}: {found:?}"
                    );
                }
            }
        }
    }
}

/// A policy that demands the same of others, and stays, was told as why.
#[test]
fn only_policies_that_apply_to_whoever_it_changes_for_are_told_as_why() {
    let vault = json!({ "applications": { "includeApplications": [text(0xa9)] } });
    let rest = |excluded: &[u128]| {
        let mut conditions = everybody_but(excluded);
        conditions["applications"] =
            json!({ "includeApplications": ["All"], "excludeApplications": [text(0xa9)] });
        policy(1, conditions, mfa())
    };
    let stays = policy(2, vault, mfa());
    let before = Story::new([rest(&[]), stays.clone()]);
    let after = Story::new([rest(&[GROUP]), stays]);
    let why = |after: &Story| -> Vec<PolicyId> {
        let found = changes(&before, after);
        let asked = |one: &&Changes| matches!(one.change, Change::NoLongerAsked(_));
        let mut asked = found.iter().filter(asked);
        let only = asked.next().unwrap().policies.clone();
        assert!(asked.next().is_none());
        only
    };
    assert_eq!(why(&after), [id(1)]);
    // Where each changes for somebody, each is why; where nothing does, there is nothing to tell.
    assert_eq!(why(&Story::new([])), [id(1), id(2)]);
    assert_eq!(kinds(&before, &before), []);
}

#[test]
fn two_exports_are_of_the_same_tenant_whatever_their_folders_are_called() {
    let before = Story::new([policy(1, json!({}), mfa())]);
    let mut after = Story::new([policy(1, everybody_but(&[GROUP]), mfa())]);
    after.configuration.organization.id = id(0xc1);
    assert!(!kinds(&before, &after).is_empty());
    after.configuration.conditional_access_policies = vec![policy(1, json!({}), mfa())];
    assert!(kinds(&before, &after).is_empty());
}

/// MFA for everybody, and a word on whether that of Fabrikam is believed.
fn trusting(is_trusted: bool, grant: Value) -> Story {
    Story::new([policy(1, json!({}), grant)]).with_settings(json!({
        "partners": [{ "tenantId": text(FABRIKAM), "inboundTrust": { "isMfaAccepted": is_trusted } }],
    }))
}

#[test]
fn where_mfa_is_proven_changes_with_trust_and_is_told_of_whoever_it_touches() {
    let (before, after) = (trusting(false, mfa()), trusting(true, mfa()));
    let found = changes(&before, &after);
    let of_mfa = || vec![GrantControl::Mfa];
    let told: Vec<&Change> = found.iter().map(|one| &one.change).collect();
    assert_eq!(
        told,
        [
            &Change::CountsNow(ProofPlace::Home, of_mfa()),
            &Change::CountsNoMore(ProofPlace::Here, of_mfa()),
        ]
    );
    for one in &found {
        assert_eq!(one.policies.len(), 1);
        for changed in &one.classes {
            assert_eq!(changed.before.who.home_tenant(), Some(id(FABRIKAM)));
            let is_granted =
                [&changed.before.outcome, &changed.after].map(|one| *one == Outcome::Granted);
            let is_granted_after = !matches!(one.change, Change::CountsNoMore(..));
            assert_eq!(is_granted, [!is_granted_after, is_granted_after]);
        }
    }
    let places = [" (proven at home)", " (proven here)"];
    for (one, place) in found.iter().zip(places) {
        let told = one.classes[0]
            .before
            .told(&Names::new(analysis(&before, &after).tenant()));
        assert!(told.ends_with(place), "{told}");
    }
    assert_eq!(analysis(&before, &after).unknown(), [""; 0]);
    // The other way round, and not at all.
    let back: Vec<Change> = kinds(&after, &before);
    assert_eq!(
        back,
        [
            Change::CountsNow(ProofPlace::Here, of_mfa()),
            Change::CountsNoMore(ProofPlace::Home, of_mfa()),
        ]
    );
    assert_eq!(kinds(&after, &after), []);
}

#[test]
fn a_demand_that_goes_is_told_as_that_though_trust_changes_too() {
    let open = Story::new([]).with_settings(json!({
        "partners": [{ "tenantId": text(FABRIKAM), "inboundTrust": { "isMfaAccepted": true } }],
    }));
    let found = kinds(&trusting(false, mfa()), &open);
    assert_eq!(
        found,
        [
            Change::LetIn,
            Change::NoLongerAsked(vec![GrantControl::Mfa])
        ]
    );
}

#[test]
fn trust_changes_nothing_where_nothing_is_asked_that_could_be_proven() {
    let device = json!({ "operator": "OR", "builtInControls": ["compliantDevice"] });
    for grant in [block(), device] {
        let (before, after) = (trusting(false, grant.clone()), trusting(true, grant));
        assert_eq!(kinds(&before, &after), []);
    }
}

#[test]
fn where_a_device_would_do_as_well_only_those_without_one_are_told_of() {
    let either = json!({ "operator": "OR", "builtInControls": ["mfa", "compliantDevice"] });
    let trusting = |mfa: bool| {
        Story::new([policy(1, json!({}), either.clone())]).with_settings(json!({
            "partners": [{ "tenantId": text(FABRIKAM), "inboundTrust": {
                "isMfaAccepted": mfa, "isCompliantDeviceAccepted": true } }],
        }))
    };
    let found = changes(&trusting(false), &trusting(true));
    let moved: Vec<_> = found
        .iter()
        .filter(|one| matches!(one.change, Change::CountsNow(ProofPlace::Home, _)))
        .flat_map(|one| &one.classes)
        .collect();
    assert!(!moved.is_empty());
    for one in moved {
        let is_shown = one.before.transfer_method.is_none();
        let compliant = one
            .before
            .device
            .as_ref()
            .is_some_and(|device| device.is_compliant);
        assert!(!(is_shown && compliant), "{}", one.class);
    }
}

/// A guest with an object here who could come by direct connect has that type too, as long as the settings let one come so.
#[test]
fn what_sort_of_guest_somebody_is_follows_the_settings_of_each_side() {
    let story = |access: &str| {
        let all = |target: &str, kind: &str| json!({ "accessType": access, "targets": [{ "target": target, "targetType": kind }] });
        let of_direct_connect = json!({ "users": {
            "includeGuestsOrExternalUsers": {
                "guestOrExternalUserTypes": "b2bDirectConnectUser",
                "externalTenants": { "@odata.type": "#microsoft.graph.conditionalAccessAllExternalTenants",
                    "membershipKind": "all" },
            },
        } });
        let story = Story::new([policy(1, of_direct_connect, block())]).with_settings(json!({
            "partners": [{ "tenantId": text(FABRIKAM), "b2bDirectConnectInbound": {
                "usersAndGroups": all("AllUsers", "user"),
                "applications": all("AllApplications", "application"),
            } }],
        }));
        with_payroll(story)
    };
    let found = changes(&story("allowed"), &story("blocked"));
    let told: Vec<&Change> = found.iter().map(|one| &one.change).collect();
    assert_eq!(told, [&Change::LetIn]);
    assert_eq!(
        kinds(&story("blocked"), &story("allowed")),
        [Change::ShutOut]
    );
}

/// Two exports of policies alone: which places are trusted is not known, but that some are, since policies speak of them.
#[test]
fn what_changes_inside_trusted_places_only_is_told_of_exports_without_places() {
    let sparing = || json!({ "locations": { "includeLocations": ["All"], "excludeLocations": ["AllTrusted"] } });
    let before = Story::new([policy(1, sparing(), mfa())]);
    let after = Story::new([policy(1, json!({}), mfa())]);
    let found = changes(&before, &after);
    let told: Vec<&Change> = found.iter().map(|one| &one.change).collect();
    let of_mfa = || vec![GrantControl::Mfa];
    assert_eq!(told, [&Change::ShutOut, &Change::NewlyAsked(of_mfa())]);
    for one in found.iter().flat_map(|one| &one.classes) {
        let conditions = one.class.conditions.join(", ");
        assert!(
            conditions.contains("from inside a trusted location"),
            "{conditions}"
        );
        assert!(
            one.before
                .ip_address
                .unwrap()
                .to_string()
                .starts_with("192.0.2.")
        );
    }
    assert_eq!(kinds(&before, &before), []);
    assert_eq!(analysis(&before, &after).unknown(), [""; 0]);
    // Where one side has its places, what the other one trusts cannot be compared with them.
    let placed = before.at([ranges(0x41, &["203.0.113.0/24"])]);
    let without = Story::new([policy(1, sparing(), mfa())]);
    assert_eq!(analysis(&placed, &without).unknown().len(), 1);
}

#[test]
fn of_a_place_that_shrinks_only_the_part_that_is_left_out_is_told() {
    let within = |range: &str| {
        let outside =
            json!({ "locations": { "includeLocations": ["All"], "excludeLocations": [text(1)] } });
        Story::new([policy(1, outside, block())]).at([ranges(1, &[range])])
    };
    let changes = changes(&within("10.0.0.0/8"), &within("10.0.0.0/9"));
    let told: Vec<String> = changes
        .iter()
        .flat_map(|one| &one.classes)
        .map(|one| one.class.conditions.join(", "))
        .collect();
    assert_eq!(told, ["from a part of what is inside Place 1"]);
}
