//! Who is locked out, and who only seems to be.

use portcullis_analysis::lint::{Administrators, Lockout, Rule};
use serde_json::{Value, json};

use super::lints::{analysis, demanding, finds, spares};
use crate::story::{Story, block, mfa, policy};

const AZURE_PORTAL: &str = "c44b4083-3bb0-49c1-b47d-974e53cbdf3c";
const EXCHANGE_ADMIN_CENTER: &str = "497effe9-df71-4043-a8bb-14cf78c4b63b";

fn at(applications: &[&str]) -> Value {
    json!({ "applications": { "includeApplications": applications } })
}

/// Another portal is enough, whether a policy names it or not.
#[test]
fn a_block_of_some_portals_locks_nobody_out_who_reaches_another() {
    for blocked in [AZURE_PORTAL, EXCHANGE_ADMIN_CENTER, "Office365"] {
        let alone = Story::new([policy(1, at(&[blocked]), block())]);
        spares(&alone, Rule::Lockout);
        let lockout = analysis(&alone).lockout(&Administrators::default());
        assert!(matches!(lockout.unwrap(), Lockout::Open(_)), "{blocked}");
        let all = policy(2, at(&["MicrosoftAdminPortals"]), mfa());
        spares(
            &Story::new([policy(1, at(&[blocked]), block()), all]),
            Rule::Lockout,
        );
    }
    let all = Story::new([policy(1, at(&["MicrosoftAdminPortals"]), block())]);
    finds(&all, Rule::Lockout);
    // Where all else is shut, a portal that nobody names is as well.
    let but_directory_and_graph = json!({ "applications": {
        "includeApplications": ["All"],
        "excludeApplications": [
            "00000002-0000-0000-c000-000000000000", "00000003-0000-0000-c000-000000000000",
        ],
    } });
    let first = policy(1, at(&[AZURE_PORTAL]), block());
    let second = policy(2, but_directory_and_graph, block());
    finds(&Story::new([first, second]), Rule::Lockout);
}

/// What no device and no application of any platform meets is no way in.
#[test]
fn a_demand_that_no_platform_can_meet_locks_everybody_out() {
    let story = |controls: &[&str]| Story::new([policy(1, json!({}), demanding("AND", controls))]);
    finds(
        &story(&["domainJoinedDevice", "approvedApplication"]),
        Rule::Lockout,
    );
    // In one browser on Windows, or on a phone that is managed.
    spares(
        &story(&["domainJoinedDevice", "compliantApplication"]),
        Rule::Lockout,
    );
    spares(
        &story(&["compliantDevice", "approvedApplication"]),
        Rule::Lockout,
    );
    let only = |platforms: &[&str]| {
        let others = json!({
            "platforms": { "includePlatforms": ["all"], "excludePlatforms": platforms },
        });
        Story::new([
            policy(1, others, block()),
            policy(2, json!({}), demanding("OR", &["compliantDevice"])),
        ])
    };
    finds(&only(&["windowsPhone"]), Rule::Lockout);
    spares(&only(&["linux"]), Rule::Lockout);
}

/// The export has no locations, so that nobody knows what is spared.
#[test]
fn a_block_outside_of_places_that_are_not_there_is_not_said_to_block_everybody() {
    let outside = json!({
        "locations": { "includeLocations": ["All"], "excludeLocations": ["AllTrusted"] },
    });
    let story = Story::new([policy(1, outside.clone(), block())]);
    spares(&story, Rule::NobodyGetsIn);
    // What another policy shuts is shut in those places too, and it alone is why.
    let both = Story::new([
        policy(1, outside, block()),
        policy(2, at(&["Office365"]), block()),
    ]);
    let finding = finds(&both, Rule::NobodyGetsIn);
    assert!(
        finding.what.contains("`Policy 2` blocks") && !finding.what.contains("`Policy 1`"),
        "{}",
        finding.what
    );
}

/// Whoever signs in by a device code shows no device, on whatever platform.
#[test]
fn a_device_asked_for_in_the_device_code_flow_is_told_as_what_the_flow_never_shows() {
    let story = |flows: &str, operator: &str, controls: &[&str]| {
        let conditions = json!({ "authenticationFlows": { "transferMethods": flows } });
        Story::new([policy(1, conditions, demanding(operator, controls))])
    };
    let device = story("deviceCodeFlow", "OR", &["compliantDevice"]);
    let finding = finds(&device, Rule::NeverMetByClient);
    assert!(
        finding.what.contains("device code flow"),
        "{}",
        finding.what
    );
    assert!(!finding.cure.contains("platform"), "{}", finding.cure);
    assert!(finding.witness.is_some());
    spares(&device, Rule::NeverMetOnPlatform);
    spares(&device, Rule::NeverMet);
    let both = story("deviceCodeFlow", "AND", &["mfa", "compliantDevice"]);
    finds(&both, Rule::NeverMetByClient);
    let either = story("deviceCodeFlow", "OR", &["mfa", "compliantDevice"]);
    spares(&either, Rule::NeverMetByClient);
    let flows = "deviceCodeFlow,authenticationTransfer";
    spares(
        &story(flows, "OR", &["compliantDevice"]),
        Rule::NeverMetByClient,
    );
}
