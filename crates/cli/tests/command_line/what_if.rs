//! What would happen, asked as a stranger would: worlds, exports, an installation, drafts, Graph's body, the log.

use std::fs;

use serde_json::{Value, json};

use crate::running::{Place, Said};

const DEMO_WORLD: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../../scenarios/two-organisations"
);
const GRACE_AT_PAYROLL: [&str; 4] = ["--user", "grace@fabrikam.example", "--app", "Payroll"];

fn draft() -> Value {
    json!({
        "displayName": "Nobody from Fabrikam", "state": "enabled",
        "conditions": {
            "users": { "includeGuestsOrExternalUsers": {
                "guestOrExternalUserTypes": "b2bCollaborationGuest",
                "externalTenants": {
                    "@odata.type": "#microsoft.graph.conditionalAccessEnumeratedExternalTenants",
                    "membershipKind": "enumerated", "members": ["fafafafa-0000-4000-8000-000000000001"]
                }
            } },
            "applications": { "includeApplications": ["All"] }, "clientAppTypes": ["all"]
        },
        "grantControls": { "operator": "OR", "builtInControls": ["block"] }
    })
}

#[test]
fn a_world_is_asked_and_both_tenants_answer() {
    let place = Place::new();
    let said = place.run_well(&[&["whatif", DEMO_WORLD], &GRACE_AT_PAYROLL[..]].concat());
    for part in [
        "Grace Hopper (b2bCollaborationGuest of Fabrikam) at Payroll, decided by Contoso",
        "Asked for more, but blocked from a legacy client\n  Multifactor authentication at Fabrikam, the user's own tenant: “MFA for guests”.",
        "Blocked from a legacy client (error 53003): that hangs on clientApp, which was not said.",
        "Fabrikam  its outbound access settings let the user out",
        "depends  Rehearsal: block outside trusted locations (report-only)  on ip, which was not said",
        "Supposed\n",
    ] {
        assert!(said.contains(part), "`{part}` in: {said}");
    }
    assert!(!said.contains('\u{1b}'), "colour without a terminal");
    let narrow = place
        .command(&[&["whatif", DEMO_WORLD], &GRACE_AT_PAYROLL[..]].concat())
        .env("COLUMNS", "50")
        .output()
        .unwrap();
    let narrow = String::from_utf8(narrow.stdout).unwrap();
    assert!(
        narrow.lines().all(|line| line.chars().count() <= 51),
        "{narrow}"
    );
}

#[test]
fn drafts_change_the_answer_and_nothing_else() {
    let place = Place::new();
    fs::write(place.path("draft.json"), draft().to_string()).unwrap();
    let ask = |more: &[&str]| {
        place.run_well(&[&["whatif", DEMO_WORLD], &GRACE_AT_PAYROLL[..], more].concat())
    };
    let with = ask(&["--policies", "draft.json"]);
    assert!(
        with.contains("Blocked\n  A policy blocks (error 53003): “Nobody from Fabrikam”."),
        "{with}"
    );
    assert!(ask(&[]).contains("Asked for more"));
    assert!(ask(&["--proven", "password", "--proven", "softwareOath"]).contains("Granted"));
    assert!(
        ask(&["--trust", "mfa=no"]).contains("at Contoso, the tenant whose application is reached")
    );
}

#[test]
fn graphs_body_gets_graphs_answer() {
    let place = Place::new();
    let body = json!({
        "signInIdentity": { "@odata.type": "#microsoft.graph.userSignIn", "userId": "c0c0c0c0-0001-4000-8000-000000000012" },
        "signInContext": {
            "@odata.type": "#microsoft.graph.applicationContext",
            "includeApplications": ["c0c0c0c0-0004-4000-8000-000000000001"]
        },
        "signInConditions": {},
        "appliedPoliciesOnly": true,
    });
    fs::write(place.path("request.json"), body.to_string()).unwrap();
    let arguments = [
        "whatif",
        DEMO_WORLD,
        "--request",
        "request.json",
        "--output",
        "json",
    ];
    let answer: Value = serde_json::from_str(&place.run_well(&arguments)).unwrap();
    let names: Vec<_> = answer["value"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| &one["displayName"])
        .collect();
    assert_eq!(names.len(), 2, "{names:?}");
    let ours = &answer["portcullis"];
    assert_eq!(ours["outcome"], "dependsOn");
    assert_eq!(ours["ifNoOtherPolicyApplies"]["outcome"], "asked");
    assert_eq!(ours["otherwise"][0]["dependsOn"], json!(["clientApp"]));
    assert_eq!(ours["otherwise"][0]["error"], 53003);
    fs::write(place.path("request.json"), "{\"signInIdentity\": 1}").unwrap();
    place.run(&arguments).assert_refused(
        1,
        &[
            "`request.json` is refused",
            "$.signInIdentity: expected an object",
        ],
    );
}

#[test]
fn options_come_on_top_of_graphs_body() {
    let place = Place::new();
    let body = json!({
        "signInIdentity": { "@odata.type": "#microsoft.graph.userSignIn", "userId": "c0c0c0c0-0001-4000-8000-000000000012" },
        "signInContext": {
            "@odata.type": "#microsoft.graph.applicationContext",
            "includeApplications": ["c0c0c0c0-0004-4000-8000-000000000001"]
        },
        "signInConditions": { "userRiskLevel": "low" },
    });
    fs::write(place.path("request.json"), body.to_string()).unwrap();
    let ask = |command: &str, more: &[&str]| {
        place.run_well(&[&[command, DEMO_WORLD, "--request", "request.json"], more].concat())
    };
    for command in ["whatif", "explain"] {
        let plain = ask(command, &[]);
        assert!(
            plain.contains("at Fabrikam, the user's own tenant"),
            "{plain}"
        );
        let distrusted = ask(command, &["--trust", "mfa=no"]);
        assert!(
            distrusted.contains("at Contoso, the tenant whose"),
            "{distrusted}"
        );
        let proven = ask(
            command,
            &["--proven", "password", "--proven", "softwareOath"],
        );
        assert!(proven.contains("Granted"), "{proven}");
        let silent = ask(command, &["--silent"]);
        assert!(
            silent.contains("`interaction_required` (error 50076)"),
            "{silent}"
        );
    }
    let answer = ask("whatif", &["--platform", "windows", "--output", "json"]);
    let answer: Value = serde_json::from_str(&answer).unwrap();
    let unsaid = answer["portcullis"]["notSaid"].to_string();
    assert!(
        !unsaid.contains("platform") && !unsaid.contains("userRisk"),
        "{unsaid}"
    );
    let short = ask("whatif", &["--applied-only"]);
    assert!(
        short.contains("“MFA for guests”") && !short.contains("Emergency stop"),
        "{short}"
    );
    place
        .run(&[
            "whatif",
            DEMO_WORLD,
            "--request",
            "request.json",
            "--user-type",
            "member",
        ])
        .assert_refused(
            1,
            &["as `b2bCollaborationGuest`", "leave the description out"],
        );
    place
        .run(&[
            "whatif",
            DEMO_WORLD,
            "--user",
            "grace@fabrikam.example",
            "--app",
            "nosuchapp",
        ])
        .assert_refused(1, &["application `nosuchapp` is not known"]);
}

#[test]
fn exported_policies_are_asked_without_a_world() {
    let place = Place::new();
    fs::create_dir(place.path("export")).unwrap();
    fs::write(place.path("export/one.json"), draft().to_string()).unwrap();
    fs::write(place.path("export/two.json"), "{\"conditions\": 7}").unwrap();
    let guest = [
        "whatif",
        "export",
        "--user-type",
        "b2bCollaborationGuest",
        "--home-tenant",
        "fafafafa-0000-4000-8000-000000000001",
        "--app",
        "Exchange Online",
    ];
    // A policy that nobody looked at could have blocked.
    let parts = [
        "could change the answer",
        "--leave-out-unreadable",
        "two.json",
    ];
    place.run(&guest).assert_refused(1, &parts);
    let said = place.run(&[&guest[..], &["--leave-out-unreadable"]].concat());
    assert_eq!(said.code, Some(0), "{}", said.error);
    assert!(
        said.out.contains("at Exchange Online, decided by export"),
        "{}",
        said.out
    );
    assert!(said.out.contains("Blocked"), "{}", said.out);
    assert!(
        said.error.contains("could not be read whole") && said.error.contains("two.json"),
        "{}",
        said.error
    );
    let member = place.run_well(&[
        "whatif",
        "export",
        "--user",
        "eve@example.com",
        "--app",
        "Exchange Online",
        "--leave-out-unreadable",
    ]);
    assert!(
        member.contains(
            "Depends: granted unless the user is a guest from elsewhere and the account belongs to tenant fafafafa-"
        ),
        "{member}"
    );
    assert!(member.contains("this world has no users"), "{member}");
    place
        .run(&["whatif", "nowhere", "--user", "a", "--app", "b"])
        .assert_refused(1, &["there is nothing at `nowhere`"]);
}

#[test]
fn drafts_name_what_the_tenant_has() {
    let place = Place::new();
    let no = blocking(&json!({ "includeApplications": ["Payroll"] }));
    fs::write(place.path("draft.json"), no.to_string()).unwrap();
    let ask = [
        &["whatif", DEMO_WORLD, "--policies", "draft.json"],
        &GRACE_AT_PAYROLL[..],
    ]
    .concat();
    let said = place.run(&ask);
    assert_eq!(said.error, "");
    assert!(
        said.out
            .contains("at Payroll, decided by Contoso\n\nBlocked"),
        "{}",
        said.out
    );
}

/// Asks about a member at an application; the export is these files.
fn member_at(files: &[(&str, Value)], app: &str) -> Said {
    let place = Place::new();
    fs::create_dir(place.path("export")).unwrap();
    for (name, content) in files {
        fs::write(place.path(&format!("export/{name}")), content.to_string()).unwrap();
    }
    place.run(&["whatif", "export", "--user-type", "member", "--app", app])
}

/// A policy that blocks everybody at these applications.
fn blocking(applications: &Value) -> Value {
    json!({ "displayName": "No", "state": "enabled",
        "conditions": { "users": { "includeUsers": ["All"] }, "applications": applications },
        "grantControls": { "operator": "OR", "builtInControls": ["block"] } })
}

#[test]
fn a_policy_in_an_envelope_is_asked_and_one_that_nobody_found_refuses_the_answer() {
    let everywhere = blocking(&json!({ "includeApplications": ["All"] }));
    let said = member_at(
        &[("a.json", json!({ "Policies": [everywhere] }))],
        "Exchange Online",
    );
    assert!(
        said.out.contains("\nBlocked\n"),
        "{}{}",
        said.out,
        said.error
    );
    let beside = json!({ "value": [everywhere], "backup": { "old": [everywhere] } });
    let said = member_at(&[("a.json", beside)], "Exchange Online");
    said.assert_refused(1, &["$.backup.old[0]", "could be a policy"]);
}

#[test]
fn policies_name_microsofts_applications_as_the_command_line_does() {
    let exchange = "00000002-0000-0ff1-ce00-000000000000";
    let only = blocking(&json!({ "includeApplications": ["Exchange Online"] }));
    let all_but = blocking(
        &json!({ "includeApplications": ["All"], "excludeApplications": ["Exchange Online"] }),
    );
    for (policy, verdict) in [(only, "\nBlocked\n"), (all_but, "\nGranted\n")] {
        for app in ["Exchange Online", "Office 365 Exchange Online", exchange] {
            let said = member_at(&[("a.json", policy.clone())], app);
            assert!(
                said.out.starts_with("a member at Exchange Online"),
                "{}",
                said.out
            );
            assert!(said.out.contains(verdict), "{app}: {}", said.out);
            assert_eq!(said.error, "");
        }
    }
    // What nothing has may be what is reached.
    let own = blocking(&json!({ "includeApplications": ["My Own App"] }));
    let said = member_at(&[("a.json", own)], "Exchange Online");
    let depends = "Depends: granted unless “No” applies";
    assert!(said.out.contains(depends), "{}", said.out);
}

#[test]
fn files_without_a_policy_are_told_with_what_they_hold() {
    let location = json!({ "displayName": "HQ", "countriesAndRegions": ["NL"] });
    let said = member_at(
        &[
            ("places.json", json!([location])),
            ("settings.json", json!({ "colour": "red" })),
        ],
        "Exchange Online",
    );
    let parts = [
        "no policy can be read from `export`",
        "places.json: one object beside policies, and no policy",
        "settings.json: an object without `conditions`",
    ];
    said.assert_refused(1, &parts);
    member_at(&[], "Exchange Online").assert_refused(1, &["there is no `.json` file"]);
}

const STAFF: &str = "22222222-0000-4000-8000-000000000001";
const FINANCE: &str = "22222222-0000-4000-8000-000000000002";
const DAVE: &str = "22222222-0000-4000-8000-000000000003";
const DAEMON: &str = "22222222-0000-4000-8000-000000000004";

/// Two policies: about a group, and about whatever signs in on its own behalf.
fn exported_for_staff_and_daemons() -> Place {
    let place = Place::new();
    fs::create_dir(place.path("export")).unwrap();
    let write = |name: &str, value: Value| {
        fs::write(
            place.path(&format!("export/{name}.json")),
            value.to_string(),
        )
        .unwrap();
    };
    let block = |name: &str, conditions: Value| {
        let mut conditions = conditions;
        conditions["applications"] = json!({ "includeApplications": ["All"] });
        json!({ "displayName": name, "state": "enabled", "conditions": conditions,
            "grantControls": { "operator": "OR", "builtInControls": ["block"] } })
    };
    write(
        "policies",
        json!({ "value": [
        block("No staff", json!({ "users": { "includeGroups": [STAFF] } })),
        block("No daemons", json!({ "users": { "includeUsers": ["None"] },
            "clientApplications": { "includeServicePrincipals": ["ServicePrincipalsInMyTenant"] } })),
    ] }),
    );
    place
}

fn ask_export(place: &Place, who: [&str; 2]) -> String {
    let asked = [
        &["whatif", "export"],
        &who[..],
        &["--app", "Exchange Online"],
    ]
    .concat();
    place.run_well(&asked)
}

#[test]
fn without_who_lies_beside_it_an_export_says_what_that_leaves_open() {
    let place = exported_for_staff_and_daemons();
    let ask = |who| ask_export(&place, who);
    // Without them it hangs on the group, and the daemon is supposed this tenant's own.
    let dave = ask(["--user", "dave@contoso.example"]);
    assert!(
        dave.contains("Depends: granted unless “No staff” applies"),
        "{dave}"
    );
    let daemon = ask(["--service-principal", DAEMON]);
    assert!(
        daemon.contains("Blocked") && daemon.contains("for this tenant alone"),
        "{daemon}"
    );
}

/// Graph's answers beside the policies: people are named, groups nest, and a service principal is one of this tenant's.
#[test]
fn who_lies_beside_exported_policies_can_be_named() {
    let place = exported_for_staff_and_daemons();
    let ask = |who| ask_export(&place, who);
    let write = |name: &str, value: Value| {
        fs::write(
            place.path(&format!("export/{name}.json")),
            value.to_string(),
        )
        .unwrap();
    };
    write(
        "users",
        json!({ "value": [{ "id": DAVE, "displayName": "Dave", "userPrincipalName": "dave@contoso.example",
        "userType": "Member", "jobTitle": null }] }),
    );
    write(
        "groups",
        json!({ "value": [
        { "id": FINANCE, "displayName": "Finance", "securityEnabled": true, "members": [{ "id": DAVE }] },
        { "id": STAFF, "displayName": "Staff", "securityEnabled": true, "members": [{ "id": FINANCE }] },
    ] }),
    );
    write(
        "servicePrincipals",
        json!({ "value": [{ "id": DAEMON, "appId": FINANCE, "displayName": "Nightly",
        "servicePrincipalType": "Application", "signInAudience": "AzureADMyOrg", "appOwnerOrganizationId": STAFF }] }),
    );
    let dave = ask(["--user", "Dave"]);
    assert!(
        dave.contains("Blocked\n  A policy blocks (error 53003): “No staff”."),
        "{dave}"
    );
    let daemon = ask(["--service-principal", "Nightly"]);
    assert!(
        daemon.contains("Blocked") && !daemon.contains("for this tenant alone"),
        "{daemon}"
    );
    place
        .run(&[
            "whatif",
            "export",
            "--user",
            "eve",
            "--app",
            "Exchange Online",
        ])
        .assert_refused(1, &["user `eve` is not known"]);
}

#[test]
fn explaining_a_described_sign_in_tells_why() {
    let place = Place::new();
    let asked = |command| [&[command, DEMO_WORLD], &GRACE_AT_PAYROLL[..]].concat();
    let why = place.run_well(&asked("explain"));
    for part in [
        "Asked for more",
        "Why\n",
        "Policies in force: 4; certain to apply: 2; may apply: 0.",
        "“MFA for guests” applies because of",
        "It demands multifactor authentication.",
        "Kept out by the condition `application`: “Vault needs a compliant device”",
        "“Rehearsal: block outside trusted locations” may apply: that hangs on ip, which was not said.",
    ] {
        assert!(why.contains(part), "`{part}` in: {why}");
    }
    assert_ne!(why, place.run_well(&asked("whatif")));
}

#[test]
fn an_installation_is_asked_as_it_is_now() {
    let place = Place::new();
    place.run_well(&["import", DEMO_WORLD]);
    let said = place.run_well(&[&["whatif"], &GRACE_AT_PAYROLL[..]].concat());
    assert!(
        said.contains("Multifactor authentication at Fabrikam"),
        "{said}"
    );
    let said = place.run_well(&[&["explain", "portcullis-data"], &GRACE_AT_PAYROLL[..]].concat());
    assert!(
        said.contains("Multifactor authentication at Fabrikam"),
        "{said}"
    );
    let nobody = [
        "explain",
        "--tenant",
        "contoso",
        "--correlation-id",
        "62e90394-69f5-4237-9190-012177145e10",
    ];
    place
        .run(&nobody)
        .assert_refused(1, &["Contoso has no sign-in with correlation id"]);
}

#[test]
fn what_cannot_be_asked_is_told_with_what_could() {
    let place = Place::new();
    for (arguments, code, part) in [
        (&["--user", "dave", "--app", "Payroll"][..], 1, "known are"),
        (&["--app", "Payroll"], 1, "nobody signs in"),
        (&["--user", "dave@contoso.example"], 1, "nothing is reached"),
        (
            &[
                "--user",
                "dave@contoso.example",
                "--app",
                "Payroll",
                "--platform",
                "beos",
            ],
            2,
            "possible values: android",
        ),
        (
            &[
                "--user",
                "dave@contoso.example",
                "--app",
                "Payroll",
                "--proven",
                "luck",
            ],
            2,
            "methods are: password",
        ),
        (
            &[
                "--user",
                "dave@contoso.example",
                "--app",
                "Payroll",
                "--device",
                "colour=red",
            ],
            1,
            "unknown field `colour`",
        ),
        (
            &[
                "--user",
                "dave@contoso.example",
                "--app",
                "Payroll",
                "--country",
                "Holland",
            ],
            2,
            "two letters",
        ),
    ] {
        place
            .run(&[&["whatif", DEMO_WORLD], arguments].concat())
            .assert_refused(code, &[part]);
    }
}

#[test]
fn shells_learn_our_words() {
    let place = Place::new();
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let script = place.run_well(&["completions", shell]);
        assert!(script.contains("whatif"), "{shell}");
    }
    assert!(
        place
            .run_well(&["completions", "bash"])
            .contains("b2bDirectConnectUser")
    );
}
