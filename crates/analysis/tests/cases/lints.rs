//! Each rule of lint on a tenant that breaks it, and on the nearest one that does not.

use portcullis_analysis::analysis::Analysis;
use portcullis_analysis::lint::{Administrators, Finding, Lockout, Rule};
use portcullis_analysis::selection::Interest;
use portcullis_analysis::side::Counted;
use portcullis_model::conditional_access::DevicePlatform;
use portcullis_model::named_location::NamedLocationKind;
use portcullis_policy::compile::CompiledTenant;
use portcullis_policy::decision::Outcome;
use portcullis_whatif::directory::{Directory, DirectoryTenant, People};
use serde_json::{Value, json};

use crate::story::{
    FABRIKAM, PAYROLL, Story, block, countries, mfa, policy, ranges, strength, text,
};

const GROUP: u128 = 0x21;
const GLOBAL_ADMINISTRATOR: &str = "62e90394-69f5-4237-9190-012177145e10";

pub(super) fn analysis(story: &Story) -> Analysis {
    let configuration = story.configuration.clone();
    let compiled = CompiledTenant::compile(&configuration);
    let tenant = DirectoryTenant::new(configuration, compiled, People::NotListed);
    let directory = Directory::new([tenant.clone()]);
    let interest = Administrators::default()
        .interest()
        .and(Interest::default());
    Analysis::new(&directory, &tenant, Counted::Enabled, &interest)
}

pub(super) fn lint(story: &Story) -> Vec<Finding> {
    analysis(story).lint(&Administrators::default()).unwrap()
}

#[track_caller]
pub(super) fn finds(story: &Story, rule: Rule) -> Finding {
    let found = lint(story);
    let told: Vec<_> = found
        .iter()
        .map(|one| (one.rule.name(), one.what.clone()))
        .collect();
    let one = found.into_iter().find(|one| one.rule == rule);
    one.unwrap_or_else(|| panic!("{} is not in {told:?}", rule.name()))
}

#[track_caller]
pub(super) fn spares(story: &Story, rule: Rule) {
    let found = lint(story);
    let one = found.iter().find(|one| one.rule == rule);
    assert!(one.is_none(), "{one:?}");
}

fn but_for(group: u128) -> Value {
    json!({ "users": { "includeUsers": ["All"], "excludeGroups": [text(group)] } })
}

#[test]
fn a_block_of_everybody_locks_the_administrators_out() {
    let story = Story::new([policy(1, json!({}), block())]);
    let finding = finds(&story, Rule::Lockout);
    assert!(finding.witness.is_some());
    let roles =
        json!({ "users": { "includeUsers": ["All"], "excludeRoles": [GLOBAL_ADMINISTRATOR] } });
    spares(&Story::new([policy(1, roles, block())]), Rule::Lockout);
    assert!(matches!(
        analysis(&story)
            .lockout(&Administrators::default())
            .unwrap(),
        Lockout::LockedOut(_)
    ));
}

#[test]
fn without_an_account_for_emergencies_somebody_is_told() {
    let windows = json!({ "platforms": { "includePlatforms": ["windows"] } });
    let everywhere = Story::new([
        policy(1, windows.clone(), block()),
        policy(
            2,
            json!({ "platforms": { "includePlatforms": ["all"], "excludePlatforms": ["windows"] } }),
            json!({ "operator": "OR", "builtInControls": ["compliantDevice"] }),
        ),
    ]);
    assert!(finds(&everywhere, Rule::NoBreakGlass).witness.is_some());
    let mut excluded = windows;
    excluded["users"] = json!({ "includeUsers": ["All"], "excludeGroups": [text(GROUP)] });
    spares(
        &Story::new([policy(1, excluded, block())]),
        Rule::NoBreakGlass,
    );
}

#[test]
fn a_policy_that_excludes_all_that_it_includes_protects_nothing() {
    let swallowed =
        json!({ "users": { "includeGroups": [text(GROUP)], "excludeGroups": [text(GROUP)] } });
    finds(
        &Story::new([policy(1, swallowed, mfa())]),
        Rule::SwallowedByExclusion,
    );
    let contradicting = json!({
        "platforms": { "includePlatforms": ["windows"] }, "clientAppTypes": ["all"],
        "users": { "includeUsers": ["None"] },
    });
    finds(
        &Story::new([policy(1, contradicting, mfa())]),
        Rule::NeverApplies,
    );
    spares(
        &Story::new([policy(1, but_for(GROUP), mfa())]),
        Rule::SwallowedByExclusion,
    );
}

#[test]
fn what_the_others_demand_already_is_redundant_and_the_others_are_named() {
    let story = Story::new([
        policy(1, json!({}), mfa()),
        policy(
            2,
            json!({ "platforms": { "includePlatforms": ["windows"] } }),
            mfa(),
        ),
    ]);
    let finding = finds(&story, Rule::Redundant);
    assert!(
        finding.what.contains("`Policy 2`") && finding.what.contains("`Policy 1`"),
        "{}",
        finding.what
    );
    let story = Story::new([
        policy(1, json!({}), mfa()),
        policy(
            2,
            json!({ "platforms": { "includePlatforms": ["windows"] } }),
            strength(2),
        ),
    ]);
    spares(&story, Rule::Redundant);
}

#[test]
fn of_two_equal_policies_only_one_is_to_miss() {
    let story = Story::new([policy(1, json!({}), mfa()), policy(2, json!({}), mfa())]);
    let redundant = lint(&story)
        .into_iter()
        .filter(|one| one.rule == Rule::Redundant);
    assert_eq!(redundant.count(), 1);
}

/// The article's table: device claims of a tenant that is not trusted, password change of guests.
#[test]
fn what_guests_can_never_meet_is_told_until_trust_makes_it_possible() {
    let device = json!({ "operator": "OR", "builtInControls": ["compliantDevice"] });
    let story = |trusts: bool| {
        Story::new([policy(
            1,
            json!({ "users": { "includeGuestsOrExternalUsers": {
            "guestOrExternalUserTypes": "b2bCollaborationGuest",
            "externalTenants": {
                "@odata.type": "#microsoft.graph.conditionalAccessEnumeratedExternalTenants",
                "membershipKind": "enumerated", "members": [text(FABRIKAM)],
            },
        } } }),
            device.clone(),
        )])
        .with_settings(json!({ "default": {}, "partners": [{
            "tenantId": text(FABRIKAM), "inboundTrust": { "isCompliantDeviceAccepted": trusts },
        }] }))
    };
    let finding = finds(&story(false), Rule::NeverMet);
    assert!(
        finding.what.contains("B2B collaboration guests"),
        "{}",
        finding.what
    );
    assert!(finding.witness.is_some());
    spares(&story(true), Rule::NeverMet);
}

#[test]
fn a_risk_list_without_a_higher_level_is_no_threshold() {
    let risks =
        |levels: Value| Story::new([policy(1, json!({ "signInRiskLevels": levels }), mfa())]);
    let finding = finds(&risks(json!(["medium"])), Rule::RiskIsNoThreshold);
    let witness = finding.witness.unwrap();
    assert_eq!(witness.sign_in_risk.name(), "high");
    spares(&risks(json!(["medium", "high"])), Rule::RiskIsNoThreshold);
    // Somebody else takes care of the higher one.
    let both = Story::new([
        policy(1, json!({ "signInRiskLevels": ["medium"] }), mfa()),
        policy(2, json!({ "signInRiskLevels": ["high"] }), block()),
    ]);
    spares(&both, Rule::RiskIsNoThreshold);
}

#[test]
fn a_filter_that_excludes_by_a_negative_operator_lets_unregistered_devices_out() {
    let filter = |mode: &str, rule: &str| json!({ "devices": { "deviceFilter": { "mode": mode, "rule": rule } } });
    let story = |mode, rule| Story::new([policy(1, filter(mode, rule), block())]);
    let rule = "device.extensionAttribute1 -ne \"SAW\"";
    let finding = finds(&story("exclude", rule), Rule::UnregisteredDevicesOut);
    assert!(finding.witness.unwrap().device.is_none());
    spares(&story("include", rule), Rule::UnregisteredDevicesOut);
    spares(
        &story("exclude", "device.extensionAttribute1 -eq \"SAW\""),
        Rule::UnregisteredDevicesOut,
    );
}

#[test]
fn a_list_of_blocked_countries_lets_the_unknown_one_pass() {
    let story = |with_unknown| {
        let inside = json!({ "locations": { "includeLocations": [text(0x41)] } });
        Story::new([policy(1, inside, block())]).at([countries(0x41, &["XX"], with_unknown)])
    };
    let finding = finds(&story(false), Rule::UnknownCountryOut);
    assert_eq!(finding.witness.unwrap().country, None);
    spares(&story(true), Rule::UnknownCountryOut);
}

/// MFA in one country, and MFA everywhere else: whoever comes from nowhere is asked by the other policy.
#[test]
fn an_unknown_country_that_another_policy_takes_care_of_is_none_to_tell() {
    let inside = json!({ "locations": { "includeLocations": [text(0x41)] } });
    let outside = json!({
        "locations": { "includeLocations": ["All"], "excludeLocations": [text(0x41)] },
    });
    let story = Story::new([policy(1, inside, mfa()), policy(2, outside, mfa())]);
    spares(
        &story.at([countries(0x41, &["FI"], false)]),
        Rule::UnknownCountryOut,
    );
}

#[test]
fn a_policy_that_cannot_be_evaluated_is_told_first() {
    let nowhere = json!({ "locations": { "includeLocations": [text(0x99)] } });
    let found = lint(&Story::new([policy(1, nowhere, mfa())]));
    assert!(found.iter().any(|one| one.rule == Rule::NotEvaluable));
}

#[test]
fn trust_that_nobody_asks_for_is_told() {
    let trusting = json!({ "default": {}, "partners": [{
        "tenantId": text(FABRIKAM), "inboundTrust": { "isMfaAccepted": true },
    }] });
    let unused = Story::new([policy(1, json!({}), block())]).with_settings(trusting.clone());
    finds(&unused, Rule::UnusedTrust);
    spares(
        &Story::new([policy(1, json!({}), mfa())]).with_settings(trusting),
        Rule::UnusedTrust,
    );
}

#[test]
fn a_tenant_without_policies_has_nothing_to_find() {
    assert!(lint(&Story::new([])).is_empty());
}

fn missing_terms() -> Value {
    json!({ "operator": "OR", "builtInControls": [], "termsOfUse": [text(0x99)] })
}

/// A policy that names what is not there blocks: that is told once, and nothing else counts on it.
#[test]
fn a_policy_that_cannot_be_evaluated_makes_no_other_one_pointless_and_is_not_told_twice() {
    let story = Story::new([
        policy(1, json!({}), missing_terms()),
        policy(2, json!({}), mfa()),
    ]);
    finds(&story, Rule::NotEvaluable);
    spares(&story, Rule::Redundant);
    spares(&story, Rule::NeverMet);
    // The tenant that it is an export of has what is missing here.
    spares(&story, Rule::Lockout);
    let blocked = Story::new([
        policy(1, json!({}), block()),
        policy(2, json!({}), missing_terms()),
    ]);
    let lockout = finds(&blocked, Rule::Lockout);
    assert!(
        lockout.what.contains("mend those first"),
        "{}",
        lockout.what
    );
}

#[test]
fn nobody_is_locked_out_by_what_spares_trusted_places_that_an_export_does_not_have() {
    let spared =
        json!({ "locations": { "includeLocations": ["All"], "excludeLocations": ["AllTrusted"] } });
    let story = Story::new([policy(1, spared, block())]);
    spares(&story, Rule::Lockout);
    finds(&story, Rule::MissingReference);
    let with_places = story.at([countries(0x41, &["FI"], false)]);
    finds(&with_places, Rule::Lockout);
}

fn away_from_trusted_places() -> Value {
    json!({ "locations": { "includeLocations": ["All"], "excludeLocations": ["AllTrusted"] } })
}

/// An export without locations: what spares trusted ones may well spare some.
#[test]
fn trusted_locations_that_are_not_there_make_no_policy_pointless() {
    let story = Story::new([
        policy(1, away_from_trusted_places(), mfa()),
        policy(
            2,
            json!({ "platforms": { "includePlatforms": ["iOS"] } }),
            mfa(),
        ),
    ]);
    spares(&story, Rule::Redundant);
    let alike = Story::new([
        policy(1, away_from_trusted_places(), block()),
        policy(2, away_from_trusted_places(), mfa()),
    ]);
    finds(&alike, Rule::Redundant);
    let finding = finds(&story, Rule::MissingReference);
    assert!(
        finding.what.contains("`Policy 1` speaks"),
        "{}",
        finding.what
    );
    let mut headquarters = ranges(0x41, &["203.0.113.0/24"]);
    if let NamedLocationKind::IpRanges { is_trusted, .. } = &mut headquarters.kind {
        *is_trusted = true;
    }
    let story = story.at([headquarters]);
    spares(&story, Rule::MissingReference);
}

#[test]
fn of_those_that_cover_a_policy_no_more_are_named_than_it_takes() {
    let administrators = json!({ "users": { "includeRoles": [GLOBAL_ADMINISTRATOR] } });
    let portals = json!({
        "users": { "includeRoles": [GLOBAL_ADMINISTRATOR] },
        "applications": { "includeApplications": ["MicrosoftAdminPortals"] },
    });
    let story = Story::new([
        policy(1, json!({}), mfa()),
        policy(2, administrators, strength(2)),
        policy(3, portals, mfa()),
    ]);
    let finding = finds(&story, Rule::Redundant);
    assert_eq!(finding.policies.len(), 2, "{}", finding.what);
}

#[test]
fn policies_of_one_name_are_told_apart_by_their_ids() {
    let mut twins = [policy(1, json!({}), mfa()), policy(2, json!({}), mfa())];
    for twin in &mut twins {
        twin.display_name = "Twin".to_owned();
    }
    let finding = finds(&Story::new(twins), Rule::Redundant);
    for id in [text(1), text(2)] {
        assert!(finding.what.contains(&id), "{}", finding.what);
    }
}

/// Where nobody says who there is: an account for emergencies is in one group, not in those that policies are about as well.
#[test]
fn a_group_that_every_policy_excludes_is_for_emergencies_though_others_include_and_block() {
    let service_accounts = json!({
        "users": { "includeGroups": [text(0x22)], "excludeGroups": [text(GROUP)] },
        "platforms": { "includePlatforms": ["windows"] },
    });
    let more_service_accounts = json!({
        "users": { "includeGroups": [text(0x23)] },
        "platforms": { "includePlatforms": ["windows"] },
    });
    let mut everybody = but_for(GROUP);
    everybody["platforms"] = json!({ "includePlatforms": ["windows"] });
    let story = Story::new([
        policy(1, everybody, block()),
        policy(2, service_accounts, block()),
        policy(3, more_service_accounts, block()),
    ]);
    spares(&story, Rule::NoBreakGlass);
}

#[test]
fn what_contradicts_what_in_a_policy_that_never_applies_is_told() {
    let told = |conditions: Value| {
        let story = Story::new([policy(1, conditions, mfa())]);
        finds(&story, Rule::NeverApplies).what
    };
    let nothing = told(json!({ "applications": { "includeApplications": ["None"] } }));
    assert!(nothing.contains("includes no application"), "{nothing}");
    let nobody = told(json!({ "users": { "includeUsers": ["None"] } }));
    assert!(nobody.contains("includes no user"), "{nobody}");
    let apart = told(json!({
        "clientAppTypes": ["browser"],
        "signInRiskLevels": ["high"],
        "locations": { "includeLocations": ["AllTrusted"] },
    }));
    assert!(apart.contains("says of the locations"), "{apart}");
    assert!(!apart.contains("risk"), "{apart}");
}

#[test]
fn what_can_never_be_met_is_told_by_the_name_of_the_strength() {
    let story = Story::new([policy(1, json!({}), strength(2))]);
    let finding = finds(&story, Rule::NeverMet);
    assert!(
        finding
            .what
            .contains("demands strength “Phishing resistant MFA”, which can never be met by"),
        "{}",
        finding.what
    );
    let change = json!({ "operator": "AND", "builtInControls": ["mfa", "passwordChange"] });
    let risky = json!({ "userRiskLevels": ["high"] });
    let finding = finds(&Story::new([policy(1, risky, change)]), Rule::NeverMet);
    assert!(
        finding.cure.starts_with("leave these users out"),
        "{}",
        finding.cure
    );
}

/// A block that was to have a location and has none: an outage that no other rule sees.
#[test]
fn what_nobody_reaches_is_told_with_the_policies_that_shut_it() {
    let registering = json!({
        "applications": { "includeUserActions": ["urn:user:registersecurityinfo"] },
    });
    let story = |conditions: Value| {
        Story::new([policy(1, json!({}), mfa()), policy(2, conditions, block())])
    };
    let finding = finds(&story(registering.clone()), Rule::NobodyGetsIn);
    assert!(
        finding.what.contains("registering security information")
            && finding.what.contains("`Policy 2` blocks"),
        "{}",
        finding.what
    );
    assert!(finding.witness.is_some());
    let mut spared = registering.clone();
    spared["users"] = json!({ "includeUsers": ["All"], "excludeGroups": [text(GROUP)] });
    spares(&story(spared), Rule::NobodyGetsIn);
    let mut somewhere = registering;
    somewhere["platforms"] = json!({ "includePlatforms": ["linux"] });
    spares(&story(somewhere), Rule::NobodyGetsIn);
    // A legacy client that is left open is no way in for people.
    let modern = json!({
        "applications": { "includeApplications": [text(PAYROLL)] },
        "clientAppTypes": ["browser", "mobileAppsAndDesktopClients"],
    });
    let finding = finds(
        &Story::new([policy(1, modern, block())]),
        Rule::NobodyGetsIn,
    );
    assert!(finding.what.contains(&text(PAYROLL)), "{}", finding.what);
}

/// Whoever is excluded by name is not spared because of the place.
#[test]
fn an_excluded_group_is_not_spared_because_of_its_country() {
    let mut inside = but_for(GROUP);
    inside["locations"] = json!({ "includeLocations": [text(0x41)] });
    let mut outside = but_for(GROUP);
    outside["locations"] = json!({ "includeLocations": ["All"], "excludeLocations": [text(0x41)] });
    let story = Story::new([policy(1, inside, mfa()), policy(2, outside, mfa())]);
    let finland = countries(0x41, &["FI"], false);
    spares(&story.at([finland]), Rule::UnknownCountryOut);
}

fn on(platforms: &[&str]) -> Value {
    json!({ "platforms": { "includePlatforms": platforms } })
}

pub(super) fn demanding(operator: &str, controls: &[&str]) -> Value {
    json!({ "operator": operator, "builtInControls": controls })
}

/// The engine would take a tenant's word for a hybrid joined iPhone; no tenant gives it.
#[test]
fn what_no_device_of_a_platform_ever_is_blocks_there_in_effect() {
    let story = |conditions: Value, grant: Value| Story::new([policy(1, conditions, grant)]);
    let hybrid = demanding("OR", &["domainJoinedDevice"]);
    let finding = finds(
        &story(on(&["iOS"]), hybrid.clone()),
        Rule::NeverMetOnPlatform,
    );
    let what = "`Policy 1` demands a hybrid joined device, which nobody can show on iOS";
    assert!(finding.what.starts_with(what), "{}", finding.what);
    let witness = finding.witness.unwrap();
    assert_eq!(witness.platform, Some(DevicePlatform::Ios));
    assert_ne!(witness.outcome, Outcome::Granted);
    // Where some platform can, the others are told.
    let finding = finds(&story(json!({}), hybrid.clone()), Rule::NeverMetOnPlatform);
    assert!(
        finding.what.contains("macOS, Linux, iOS, Android") && !finding.what.contains("Windows,"),
        "{}",
        finding.what
    );
    spares(&story(on(&["windows"]), hybrid), Rule::NeverMetOnPlatform);
    let both = demanding("AND", &["mfa", "domainJoinedDevice"]);
    finds(
        &story(on(&["macOS"]), both.clone()),
        Rule::NeverMetOnPlatform,
    );
    spares(&story(on(&["windows"]), both), Rule::NeverMetOnPlatform);
}

#[test]
fn an_application_is_protected_on_some_platforms_only() {
    let story = |platforms: &[&str], grant: Value| Story::new([policy(1, on(platforms), grant)]);
    let approved = demanding("OR", &["approvedApplication"]);
    let windows = story(&["windows"], approved.clone());
    let finding = finds(&windows, Rule::NeverMetOnPlatform);
    assert_eq!(
        finding.witness.unwrap().platform,
        Some(DevicePlatform::Windows)
    );
    // Said once: that it is about members and guests says nothing more.
    spares(&windows, Rule::NeverMet);
    spares(
        &story(&["iOS", "android"], approved),
        Rule::NeverMetOnPlatform,
    );
    let protected = demanding("OR", &["compliantApplication"]);
    spares(
        &story(&["iOS", "windows"], protected.clone()),
        Rule::NeverMetOnPlatform,
    );
    finds(
        &story(&["macOS"], protected.clone()),
        Rule::NeverMetOnPlatform,
    );
    // Of guests it never counts, wherever they are: that is another finding.
    let mut guests = on(&["iOS", "android"]);
    guests["users"] = json!({ "includeUsers": ["GuestsOrExternalUsers"] });
    let story = Story::new([policy(1, guests, protected)]);
    spares(&story, Rule::NeverMetOnPlatform);
    finds(&story, Rule::NeverMet);
}

/// Platforms that nobody manages are told only of policies that are about no other.
#[test]
fn a_compliant_device_is_asked_in_vain_where_only_unknown_platforms_are_left() {
    let compliant = demanding("OR", &["compliantDevice"]);
    spares(
        &Story::new([policy(1, json!({}), compliant.clone())]),
        Rule::NeverMetOnPlatform,
    );
    let supported = ["windows", "macOS", "linux", "iOS", "android"];
    let others =
        json!({ "platforms": { "includePlatforms": ["all"], "excludePlatforms": supported } });
    let finding = finds(
        &Story::new([policy(1, others, compliant)]),
        Rule::NeverMetOnPlatform,
    );
    assert!(
        finding
            .what
            .contains("Windows Phone or an unknown platform"),
        "{}",
        finding.what
    );
}

#[test]
fn an_alternative_that_a_platform_does_not_know_is_none() {
    let story = |platforms: &[&str], controls: &[&str]| {
        Story::new([policy(1, on(platforms), demanding("OR", controls))])
    };
    let hybrid = ["compliantDevice", "domainJoinedDevice"];
    let finding = finds(&story(&["macOS"], &hybrid), Rule::PointlessAlternative);
    assert!(
        finding
            .what
            .starts_with("`Policy 1` takes a hybrid joined device instead"),
        "{}",
        finding.what
    );
    assert_eq!(
        finding.witness.unwrap().platform,
        Some(DevicePlatform::MacOs)
    );
    spares(&story(&["macOS"], &hybrid), Rule::NeverMetOnPlatform);
    spares(
        &story(&["macOS", "windows"], &hybrid),
        Rule::PointlessAlternative,
    );
    let approved = ["mfa", "approvedApplication"];
    finds(&story(&["linux"], &approved), Rule::PointlessAlternative);
    spares(&story(&["android"], &approved), Rule::PointlessAlternative);
    // Where no alternative is left the policy blocks in effect, which is said instead.
    let neither = story(&["linux"], &["approvedApplication", "domainJoinedDevice"]);
    finds(&neither, Rule::NeverMetOnPlatform);
    spares(&neither, Rule::PointlessAlternative);
}

#[test]
fn what_is_demanded_of_legacy_clients_alone_is_a_block() {
    let story = |types: &[&str], grant: Value| {
        Story::new([policy(1, json!({ "clientAppTypes": types }), grant)])
    };
    let legacy = ["exchangeActiveSync", "other"];
    let finding = finds(&story(&legacy, mfa()), Rule::NeverMetByClient);
    assert_ne!(finding.witness.unwrap().outcome, Outcome::Granted);
    spares(&story(&legacy, block()), Rule::NeverMetByClient);
    spares(&story(&["browser", "other"], mfa()), Rule::NeverMetByClient);
    // Whoever uses it is sent to an application that is approved.
    let approved = demanding("OR", &["approvedApplication"]);
    spares(
        &story(&["exchangeActiveSync"], approved),
        Rule::NeverMetByClient,
    );
}
