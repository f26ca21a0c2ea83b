//! What the analysis once got wrong, each in the smallest world that shows it.

use std::collections::BTreeSet;

use portcullis_analysis::gap::Without;
use portcullis_analysis::invariant::{Invariant, Statement, Verdict};
use portcullis_analysis::selection::{Reaching, Selection};
use portcullis_analysis::target::Reached;
use portcullis_analysis::who::{Home, SubjectKind};
use portcullis_model::authentication_strength::AuthenticationStrengthPolicy;
use portcullis_model::conditional_access::{GrantControl, UserAction, UserCondition};
use portcullis_model::store::TenantConfiguration;
use portcullis_model::terms_of_use::Agreement;
use serde_json::{Value, json};

use crate::story::{
    FABRIKAM, PAYROLL, Story, WIKI, block, contoso, id, members, of, policy, ranges, text,
};

/// Guests of Fabrikam who reach this.
fn guests_at(application: u128) -> Selection {
    let reached = BTreeSet::from([Reached::Application(id(application))]);
    Selection {
        homes: BTreeSet::from([Home::Tenant(id(FABRIKAM))]),
        ..of(SubjectKind::B2bCollaborationGuest)
    }
    .reaching(Reaching::Any(reached))
}

fn gate(users: &[(&str, String)], applications: &[String]) -> Value {
    let users = users
        .iter()
        .map(|(kind, target)| json!({ "target": target, "targetType": kind }));
    let applications = applications
        .iter()
        .map(|target| json!({ "target": target, "targetType": "application" }));
    json!({
        "usersAndGroups": { "accessType": "allowed", "targets": users.collect::<Vec<_>>() },
        "applications": { "accessType": "allowed", "targets": applications.collect::<Vec<_>>() },
    })
}

fn everybody() -> (&'static str, String) {
    ("user", "AllUsers".to_owned())
}

fn inbound(gate: &Value) -> Value {
    json!({ "default": { "b2bCollaborationInbound": gate } })
}

/// An application that only settings name was lost among those that nobody names, of which the settings say something else.
#[test]
fn an_application_that_only_settings_name_is_told_from_all_others() {
    let held_back = json!({
        "usersAndGroups": { "accessType": "blocked", "targets": [{ "target": "AllUsers", "targetType": "user" }] },
        "applications": { "accessType": "blocked", "targets": [{ "target": text(PAYROLL), "targetType": "application" }] },
    });
    let story = Story::new([]).with_settings(inbound(&held_back));
    let gaps = story.gaps(&Without::mfa(), &of(SubjectKind::B2bCollaborationGuest));
    let told: Vec<&str> = gaps
        .gaps
        .iter()
        .map(|gap| gap.class.reaching.as_str())
        .collect();
    assert_eq!(told, [format!("any application but {}", text(PAYROLL))]);
    // And one that they let guests reach, where they let them reach nothing else.
    let let_in = gate(&[everybody()], &[text(PAYROLL)]);
    let story = story.with_settings(inbound(&let_in));
    story.is_open(&Without::mfa(), &of(SubjectKind::B2bCollaborationGuest));
}

/// A setting that names the client opens whatever the client reaches (specification 1.6).
#[test]
fn guests_reach_an_application_through_a_client_that_settings_name() {
    let settings = inbound(&gate(&[everybody()], &[text(PAYROLL)]));
    let story = Story::new([]).with_settings(settings);
    story.is_open(&Without::mfa(), &guests_at(WIKI));
}

/// A client that settings name opens what they do not: the class says through which, and some are refused all the same.
#[test]
fn a_class_says_through_which_client_the_door_is_open() {
    let settings = inbound(&gate(&[everybody()], &[text(PAYROLL)]));
    let story = Story::new([]).with_settings(settings);
    let selection = guests_at(WIKI);
    let gaps = story.gaps(&Without::mfa(), &selection);
    let told: Vec<String> = gaps.gaps.iter().map(|gap| gap.class.to_string()).collect();
    let through = format!("through {}", text(PAYROLL));
    assert!(!told.is_empty());
    assert!(
        told.iter().all(|class| class.ends_with(&through)),
        "{told:?}"
    );
    let never_blocked = Invariant {
        name: "guests always get there".into(),
        why: None,
        source: None,
        selection,
        statement: Statement::NeverBlocked,
    };
    let mut analysis = story.analysis(&[&never_blocked.selection]);
    let verdict = analysis.check(&never_blocked, 6).unwrap();
    let Verdict::Violated { violations, .. } = verdict else {
        panic!("a guest who comes by itself is refused: {verdict:?}");
    };
    assert!(violations.iter().any(|one| one.witness.client.is_none()));
    // What the settings name themselves is open through anything.
    let selection = guests_at(PAYROLL);
    let gaps = story.gaps(&Without::mfa(), &selection);
    let told: Vec<String> = gaps.gaps.iter().map(|gap| gap.class.to_string()).collect();
    assert!(
        told.iter().all(|class| !class.contains("through")),
        "{told:?}"
    );
    // A list that names no application lets nobody through any.
    let story = Story::new([]).with_settings(inbound(&gate(&[everybody()], &[])));
    story.is_covered(&Without::mfa(), &guests_at(WIKI));
}

/// A setting that shuts one application shuts what is reached through it too.
#[test]
fn a_client_that_settings_shut_out_is_told_apart() {
    let mut shut = gate(&[everybody()], &[text(PAYROLL)]);
    shut["applications"]["accessType"] = "blocked".into();
    let story = Story::new([]).with_settings(inbound(&shut));
    let gaps = story.gaps(&Without::mfa(), &guests_at(WIKI));
    let told: Vec<String> = gaps.gaps.iter().map(|gap| gap.class.to_string()).collect();
    let not_through = format!("not through {}", text(PAYROLL));
    assert!(!told.is_empty());
    assert!(
        told.iter().all(|class| class.ends_with(&not_through)),
        "{told:?}"
    );
}

/// Only accounts that our settings name were tried, not those that the home tenant's settings name.
#[test]
fn an_account_is_found_that_only_its_own_tenant_lets_out() {
    let mut story = Story::new([]);
    let mut fabrikam = TenantConfiguration::empty(id(FABRIKAM));
    let all = "AllApplications".to_owned();
    let outbound = gate(&[("user", text(0x91))], std::slice::from_ref(&all));
    fabrikam.cross_tenant_access_policy =
        serde_json::from_value(json!({ "default": { "b2bCollaborationOutbound": outbound } }))
            .unwrap();
    story.others.push(fabrikam);
    story.is_open(&Without::mfa(), &guests_at(WIKI));
    // Theirs is a user and ours a group: somebody can be both.
    let story = story.with_settings(inbound(&gate(&[("group", text(0x95))], &[all])));
    story.is_open(&Without::mfa(), &guests_at(WIKI));
}

/// The directory is reached through an application that takes part in direct connect.
#[test]
fn direct_connect_users_reach_the_directory_through_an_application_that_takes_part() {
    let all = gate(&[everybody()], &["AllApplications".to_owned()]);
    let settings = json!({ "default": { "b2bDirectConnectInbound": all } });
    let mut story = Story::new([]).with_settings(settings);
    let application = json!({
        "id": text(PAYROLL), "appId": text(PAYROLL), "displayName": "Payroll",
        "supportsDirectConnect": true,
    });
    let application = serde_json::from_value(application).unwrap();
    story.configuration.applications.push(application);
    let directory = Reached::Application(portcullis_model::id::ClientId::DIRECTORY);
    let direct_connect = of(SubjectKind::B2bDirectConnectUser);
    let directory = direct_connect.reaching(Reaching::Any(BTreeSet::from([directory])));
    // The witness says by which, so that it can be asked about as it is.
    for witness in story.is_open(&Without::mfa(), &directory) {
        assert_eq!(witness.client, Some(id(PAYROLL)));
        assert_eq!(witness.situation().client, Some(text(PAYROLL)));
    }
}

/// An unknown address is inside no range, not even inside one of all addresses (specification 4.5).
#[test]
fn a_place_of_all_addresses_leaves_an_unknown_address_out() {
    let conditions = json!({ "locations": { "includeLocations": [text(1)] } });
    let story = Story::new([policy(1, conditions, block())]);
    // A document may hold no wider ones.
    let all = (0..256).flat_map(|first| [format!("{first}.0.0.0/8"), format!("{first:x}00::/8")]);
    let all: Vec<String> = all.collect();
    let all: Vec<&str> = all.iter().map(String::as_str).collect();
    let story = story.at([ranges(1, &all)]);
    for witness in story.is_open(&Without::AnyPolicy, &members()) {
        assert_eq!(witness.ip_address, None);
    }
}

/// Devices of guests are not registered here, so that no application of theirs counts as approved (specification 5.5).
#[test]
fn an_approved_application_of_a_guest_is_a_gap_like_any_other() {
    let story = Story::new([]);
    let without = Without::Controls(vec![
        GrantControl::ApprovedApplication,
        GrantControl::CompliantApplication,
    ]);
    let guests = of(SubjectKind::B2bCollaborationGuest);
    let gaps = story.gaps(&without, &guests);
    // One class, without a word about applications or platforms.
    assert_eq!(gaps.gaps.len(), 1);
    assert_eq!(gaps.gaps[0].class.conditions, Vec::<String>::new());
}

/// One certificate can be of the issuer that one configuration wants and under the policy that another wants.
#[test]
fn a_certificate_meets_two_configurations_of_one_strength() {
    let strength = |number: u128, method, configurations: Value| {
        let document = json!({
            "id": text(number),
            "displayName": format!("Strength {number}"),
            "policyType": "custom",
            "requirementsSatisfied": "mfa",
            "allowedCombinations": [method],
            "combinationConfigurations": configurations,
        });
        let document = document.as_object().unwrap().clone();
        AuthenticationStrengthPolicy::from_document(document).unwrap()
    };
    let configuration = |issuers: &[&str], policies: &[&str]| {
        json!({
            "@odata.type": "#microsoft.graph.x509CertificateCombinationConfiguration",
            "appliesToCombinations": ["x509CertificateMultiFactor"],
            "allowedIssuerSkis": issuers,
            "allowedPolicyOIDs": policies,
        })
    };
    let issuer = "9A4248C6AC8C2931AB2A86537818E92E7B6C97B6";
    let twice = json!([
        configuration(&[issuer], &[]),
        configuration(&[], &["1.2.3", "1.2.4"]),
        configuration(&[], &["1.2.5"]),
    ]);
    let demands = json!({
        "operator": "OR", "builtInControls": [], "authenticationStrength": { "id": text(0x61) },
    });
    let mut story = Story::new([policy(1, json!({}), demands)]);
    story.configuration.authentication_strengths = vec![
        strength(0x61, "x509CertificateMultiFactor", twice),
        strength(0x62, "fido2", json!([])),
    ];
    story.is_open(&Without::strength(id(0x62)), &members());
}

/// Such a policy cannot be evaluated, and blocks whomever it includes (decision 18); what was meant is not known.
#[test]
fn a_policy_that_excludes_everybody_blocks() {
    let mut nonsense = policy(1, json!({}), block());
    nonsense.conditions.users.exclude.push(UserCondition::All);
    Story::new([nonsense]).is_not_known(&Without::AnyPolicy, &members());
}

/// A policy about all resources asks nobody who registers a device for one, so that such a policy is no measure there.
#[test]
fn whoever_registers_a_device_without_a_managed_one_is_a_gap() {
    let registering = Reached::Action(UserAction::RegisterOrJoinDevices);
    let selection = members().reaching(Reaching::Any(BTreeSet::from([registering])));
    let story = Story::new([policy(1, json!({}), crate::story::mfa())]);
    let witnesses = story.is_open(&Without::managed_device(), &selection);
    assert!(witnesses.iter().all(|one| one.reached == registering));
    assert_eq!(story.configuration.organization.id, contoso());
}

/// What is done beside proving methods was supposed to be done, so that nobody was found who did not.
#[test]
fn whoever_did_not_do_what_is_done_beside_proving_methods_is_found() {
    let mut story = Story::new([policy(1, json!({}), crate::story::mfa())]);
    let terms = json!({ "id": text(0x71), "displayName": "Terms" });
    let terms = Agreement::from_document(terms.as_object().unwrap().clone()).unwrap();
    story.configuration.agreements.push(terms);
    for control in [
        GrantControl::TermsOfUse(id(0x71)),
        GrantControl::PasswordChange,
        GrantControl::RiskRemediation,
        GrantControl::CustomAuthenticationFactor("other".to_owned()),
    ] {
        story.is_open(&Without::Controls(vec![control]), &members());
    }
}
