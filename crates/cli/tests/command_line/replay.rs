//! Past sign-ins decided again, as a stranger would: logs of every shape, our own log there and back, exit codes.

use std::fs::{self, File};

use portcullis_testkit::remote::client::RemoteClient;
use portcullis_testkit::remote::world::{self, Algorithm};
use serde_json::{Value, json};
use url::Url;

use crate::running::{Place, Said};
use crate::serving::Running;

const DEMO_WORLD: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../../scenarios/two-organisations"
);
const CONTOSO: &str = "c0c0c0c0-0000-4000-8000-000000000001";
const REHEARSAL: &str = "Rehearsal: block outside trusted locations";

/// Dave at Payroll, from this address.
fn row(from: &str) -> Value {
    json!({
        "createdDateTime": "2026-06-01T12:00:00Z", "userId": "c0c0c0c0-0001-4000-8000-000000000002",
        "userPrincipalName": "dave@contoso.example", "resourceId": "c0c0c0c0-0004-4000-8000-000000000001",
        "resourceDisplayName": "Payroll", "homeTenantId": CONTOSO, "resourceTenantId": CONTOSO,
        "ipAddress": from, "clientAppUsed": "Browser", "status": {"errorCode": 0}, "conditionalAccessStatus": "notApplied",
    })
}

fn inside() -> Value {
    row("203.0.113.7")
}

fn outside() -> Value {
    row("198.51.100.7")
}

/// Enables the rehearsal, of this log in the folder.
fn rehearse(place: &Place, log: &str, more: &[&str]) -> Said {
    let asked = [
        "replay",
        DEMO_WORLD,
        "--tenant",
        "contoso",
        "--signins",
        log,
        "--enable",
        REHEARSAL,
    ];
    place.run(&[&asked[..], more].concat())
}

fn json_of(said: &Said) -> Value {
    serde_json::from_str(&said.out).unwrap_or_else(|error| panic!("{error}: {said:?}"))
}

#[test]
fn whoever_would_newly_be_blocked_is_told_with_policy_reason_and_example() {
    let place = Place::new();
    let log = json!({"@odata.context": "x", "value": [inside(), outside(), outside()]});
    fs::write(place.path("log.json"), log.to_string()).unwrap();
    let said = rehearse(&place, "log.json", &["--examples", "1"]);
    assert_eq!(said.code, Some(1), "{said:?}");
    for part in [
        "Contoso: 3 sign-ins by 1 user, 2026-06-01 to 2026-06-01\n",
        "\nCompared\n  changed  Rehearsal: block outside trusted locations\n",
        "\nNewly blocked: 2 sign-ins by 1 user\n",
        "  “Rehearsal: block outside trusted locations”: a policy blocks (error 53003); 2 sign-ins by 1 user\n",
        "      element 2 (line 1): 2026-06-01 12:00:00 UTC  dave@contoso.example at Payroll from 198.51.100.7\n",
        "\nUnchanged: 1 sign-in by 1 user\n",
        "3 agree (100.0 %)",
    ] {
        assert!(said.out.contains(part), "`{part}` in: {}", said.out);
    }
    assert_eq!(said.out.matches("dave@").count(), 1, "{}", said.out);
    assert!(
        !said.out.contains('\u{1b}') && said.error.is_empty(),
        "{said:?}"
    );
}

#[test]
fn every_shape_and_encoding_of_a_log_is_read() {
    let place = Place::new();
    let (one, two) = (inside(), outside());
    let list = json!([one, two]);
    let lines = format!("{one}\n\n{two}\n");
    let utf16 = |big: bool, text: &str| -> Vec<u8> {
        let units = text.encode_utf16();
        units
            .flat_map(|unit| {
                if big {
                    unit.to_be_bytes()
                } else {
                    unit.to_le_bytes()
                }
            })
            .collect()
    };
    for (name, bytes) in [
        ("lines", lines.clone().into_bytes()),
        ("mark", format!("\u{feff}{lines}").into_bytes()),
        ("list", list.to_string().into_bytes()),
        (
            "pretty",
            serde_json::to_vec_pretty(&json!({"value": list})).unwrap(),
        ),
        ("little", utf16(false, &format!("\u{feff}{lines}"))),
        ("big", utf16(true, &format!("\u{feff}{list}"))),
        ("unmarked", utf16(false, &list.to_string())),
    ] {
        fs::write(place.path("log"), bytes).unwrap();
        let said = rehearse(&place, "log", &["--output", "json"]);
        let changes = &json_of(&said)["changes"];
        assert_eq!(
            (said.code, &changes["newlyBlocked"]["signIns"]),
            (Some(1), &json!(1)),
            "{name}"
        );
        assert_eq!(changes["unchanged"]["signIns"], 1, "{name}");
    }
    let mut command = place.command(&[
        "replay",
        DEMO_WORLD,
        "--tenant",
        "contoso",
        "--signins",
        "-",
        "--output",
        "json",
    ]);
    let output = command
        .stdin(File::open(place.path("log")).unwrap())
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(0), "{output:?}");
}

#[test]
fn what_cannot_be_read_is_counted_with_its_line_and_ends_nothing() {
    let place = Place::new();
    let text = format!("{}\nnonsense\n{{\"a\":1}}\n{}\n", inside(), inside());
    fs::write(place.path("log"), text).unwrap();
    let said = rehearse(&place, "log", &[]);
    assert_eq!(said.code, Some(2), "{said:?}");
    for part in [
        "2 could not be read",
        "line 2 cannot be read: it is no JSON",
        "line 3 is no `signIn`",
        "Unchanged: 2 sign-ins",
    ] {
        assert!(said.out.contains(part), "`{part}` in: {}", said.out);
    }
    let page = json!({"@odata.nextLink": "https://example.com/", "value": [inside()]});
    fs::write(place.path("log"), page.to_string()).unwrap();
    assert!(
        rehearse(&place, "log", &[])
            .error
            .contains("one page of a longer list")
    );
}

#[test]
fn what_cannot_be_replayed_exits_2_and_names_the_cure() {
    let place = Place::new();
    fs::write(place.path("log"), "").unwrap();
    for (arguments, part) in [
        (&["replay", DEMO_WORLD][..], "--signins FILE"),
        (&["replay"], "--signins FILE"),
        (
            &["replay", "nowhere", "--signins", "log"],
            "there is nothing at `nowhere`",
        ),
        (
            &["replay", DEMO_WORLD, "--signins", "log"],
            "with `--tenant`; there are: ",
        ),
        (
            &[
                "replay",
                DEMO_WORLD,
                "--signins",
                "none",
                "--tenant",
                "contoso",
            ],
            "cannot read `none`",
        ),
        (
            &[
                "replay",
                DEMO_WORLD,
                "--signins",
                ".",
                "--tenant",
                "contoso",
            ],
            "is a folder",
        ),
        (
            &[
                "replay",
                DEMO_WORLD,
                "--signins",
                "log",
                "--tenant",
                "contoso",
                "--enable",
                "x",
            ],
            "no policy is called `x`",
        ),
        (
            &["replay", DEMO_WORLD, "--policies", "a", "--against", "b"],
            "cannot be used with",
        ),
        (
            &[
                "replay",
                DEMO_WORLD,
                "--signins",
                "log",
                "--examples",
                "101",
            ],
            "from 0 to 100",
        ),
    ] {
        place.run(arguments).assert_refused(2, &[part]);
    }
}

/// What holds nothing shows nothing: a build must not pass because of an empty file.
#[test]
fn a_log_without_a_sign_in_is_refused() {
    let place = Place::new();
    for empty in ["", "\n", "[]", r#"{"value":[]}"#] {
        fs::write(place.path("log"), empty).unwrap();
        let arguments = [
            "replay",
            DEMO_WORLD,
            "--signins",
            "log",
            "--tenant",
            "contoso",
        ];
        let said = place.run(&arguments);
        said.assert_refused(2, &["the log holds no sign-in"]);
    }
}

/// Rows as our own server writes them: read back, decided again under the same policies, they come to the same.
#[tokio::test]
async fn our_own_log_comes_to_the_same_and_agrees_with_itself() {
    let place = Place::new();
    world::write(&place.path("world")).unwrap();
    place.run_well(&["import", "world"]);
    let server = Running::start(&place, &["serve", "--port", "0"]);
    let url = Url::parse(server.said["publicUrl"].as_str().unwrap()).unwrap();
    let client = RemoteClient::new(&url, Algorithm::Rs256).unwrap();
    let code = client.sign_in(&world::name(1)).await.unwrap();
    let tokens = client.redeem(&code).await.unwrap().granted().unwrap();
    let refresh = tokens.text("refresh_token").unwrap();
    client.refresh(refresh).await.unwrap().granted().unwrap();
    client.authorize_silently().await.unwrap();
    let scope = client.own_scope();
    client
        .client_credentials(&scope)
        .await
        .unwrap()
        .granted()
        .unwrap();
    drop(server);

    let log = place.run_well(&[
        "signins", "--tenant", "bench", "--top", "1000", "--output", "json",
    ]);
    let rows = serde_json::from_str::<Value>(&log).unwrap()["value"]
        .as_array()
        .unwrap()
        .len();
    assert!(rows >= 4, "{log}");
    fs::write(place.path("log.json"), &log).unwrap();
    let block = json!({
        "id": "dddddddd-0006-4000-8000-000000000001", "displayName": "Nobody", "state": "enabled",
        "conditions": {
            "users": {"includeUsers": ["All"]}, "applications": {"includeApplications": ["All"]}, "clientAppTypes": ["all"],
            "signInRiskLevels": ["high"],
        },
        "grantControls": {"operator": "OR", "builtInControls": ["block"]},
    });
    fs::write(place.path("risk.json"), block.to_string()).unwrap();
    let mut everybody = block;
    everybody["conditions"]["signInRiskLevels"] = json!([]);
    fs::write(place.path("everybody.json"), everybody.to_string()).unwrap();

    let own = ["replay", "--tenant", "bench", "--output", "json"];
    let of_file = [
        "replay",
        "world",
        "--signins",
        "log.json",
        "--output",
        "json",
    ];
    for asked in [&own[..], &of_file] {
        let same = place.run(asked);
        assert_eq!(same.code, Some(0), "{same:?}");
        let found = json_of(&same);
        assert_eq!(found["changes"]["unchanged"]["signIns"], rows, "{found}");
        assert_eq!(
            (&found["log"]["agreed"], &found["log"]["notComparable"]),
            (&json!(rows), &json!(0)),
            "{found}"
        );
        let stopped = place.run(&[asked, &["--policies", "everybody.json"]].concat());
        let changes = &json_of(&stopped)["changes"];
        assert_eq!(
            (stopped.code, &changes["cannotSay"]["signIns"]),
            (Some(1), &json!(0)),
            "{changes}"
        );
        // An application on its own behalf meets no policy about users.
        assert_eq!(changes["newlyBlocked"]["signIns"], rows - 1, "{changes}");
    }
    // Our server sees no risk: of its own log that is known.
    let calm = place.run(&[&own[..], &["--policies", "risk.json"]].concat());
    assert_eq!(calm.code, Some(0), "{calm:?}");
}
