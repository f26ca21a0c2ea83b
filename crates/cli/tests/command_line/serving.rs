//! Servers from the command line: what they refuse, what they say, and how they end.

use std::io::{BufRead as _, BufReader, Read as _};
use std::net::TcpListener;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use portcullis_testkit::remote::client::RemoteClient;
use portcullis_testkit::remote::world::{self, Algorithm, TENANT};
use serde_json::Value;
use url::Url;

use crate::running::Place;

/// A server that was started; killed when dropped.
pub(crate) struct Running {
    child: Child,
    pub(crate) said: Value,
}

impl Running {
    /// Starts it and reads its first line, which is JSON.
    pub(crate) fn start(place: &Place, arguments: &[&str]) -> Self {
        let mut command = place.command(arguments);
        let mut child = command
            .args(["--output", "json"])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut line = String::new();
        let mut out = BufReader::new(child.stdout.take().unwrap());
        out.read_line(&mut line).unwrap();
        let said = serde_json::from_str(&line).unwrap();
        Self { child, said }
    }

    /// Asks it to stop with a signal, and waits.
    fn stop(mut self, signal: &str) -> (ExitStatus, Duration) {
        let began = Instant::now();
        let id = self.child.id().to_string();
        assert!(
            Command::new("kill")
                .args([signal, &id])
                .status()
                .unwrap()
                .success()
        );
        (self.child.wait().unwrap(), began.elapsed())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

#[test]
fn serve_refuses_what_would_be_unsafe_or_broken_before_it_makes_a_folder() {
    let place = Place::new();
    std::fs::write(place.path("junk.pem"), "junk").unwrap();
    let tls = ["--tls-certificate", "junk.pem", "--tls-key", "junk.pem"];
    for (arguments, parts) in [
        (
            &["--address", "0.0.0.0"][..],
            &["plain HTTP is served on loopback only", "--trusted-proxy"][..],
        ),
        (
            &["--public-url", "http://login.example.com"],
            &["must begin with https"],
        ),
        (
            &["--public-url", "https://login.example.com/x"],
            &["must have no path"],
        ),
        (&tls, &["`junk.pem`", "cannot be used", "no certificate"]),
        (
            &["--tls-certificate", "none.pem", "--tls-key", "junk.pem"],
            &["cannot read `none.pem`"],
        ),
        (
            &["--country-database", "none.mmdb"],
            &["cannot read the country database `none.mmdb`"],
        ),
        (
            &["--country-database", "junk.pem"],
            &["`junk.pem`", "no country database in MaxMind format"],
        ),
    ] {
        let arguments = [&["serve", "--port", "0"], arguments].concat();
        place.run(&arguments).assert_refused(1, parts);
    }
    assert!(!place.path("portcullis-data").exists());
}

#[test]
fn a_port_that_is_taken_is_named_with_the_cure() {
    let place = Place::new();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let parts = [
        &format!("cannot listen on 127.0.0.1:{port}"),
        "0 takes a free one",
    ];
    let parts = parts.map(|part| part as &str);
    place
        .run(&["serve", "--port", &port])
        .assert_refused(1, &parts);
    let demo = ["demo", "--port", &port, "--payroll-port", "0"];
    place.run(&demo).assert_refused(1, &parts);
}

#[test]
fn the_demo_finds_its_data_again_starts_over_and_ends_cleanly() {
    let place = Place::new();
    let demo = ["demo", "--port", "0", "--payroll-port", "0"];
    let first = Running::start(&place, &demo);
    let people = first.said["people"].as_array().unwrap();
    assert!(people.len() > 5 && people.iter().all(|person| person["password"].is_string()));
    let names = people
        .iter()
        .take(4)
        .map(|person| person["userPrincipalName"].as_str());
    let names: Vec<&str> = names.map(Option::unwrap).collect();
    let as_told = [
        "ada@fabrikam",
        "grace@fabrikam",
        "wendy@woodgrove",
        "frank@fabrikam",
    ];
    assert_eq!(names, as_told.map(|name| format!("{name}.example")));
    assert!(
        first.said["address"]
            .as_str()
            .unwrap()
            .starts_with("http://localhost:")
    );
    let (status, took) = first.stop("-INT");
    assert_eq!(status.code(), Some(0), "Ctrl-C is how a demo ends");
    assert!(took < Duration::from_secs(5), "{took:?}");

    let key = place.path("portcullis-demo/master.key");
    let before = std::fs::read(&key).unwrap();
    let second = Running::start(&place, &demo);
    assert_eq!(std::fs::read(&key).unwrap(), before);
    let fresh = [&demo[..], &["--fresh"]].concat();
    let parts = ["a demo is running on `", "nothing was deleted", "--data"];
    place.run(&fresh).assert_refused(1, &parts);
    assert_eq!(std::fs::read(&key).unwrap(), before);
    assert_eq!(second.stop("-TERM").0.code(), Some(0));
    let third = Running::start(&place, &fresh);
    assert_ne!(std::fs::read(&key).unwrap(), before);
    assert_eq!(third.stop("-TERM").0.code(), Some(0));

    // As if somebody else had made the installation.
    let mine = std::fs::read(&key).unwrap();
    std::fs::remove_file(place.path("portcullis-demo/demo.lock")).unwrap();
    let parts = ["was not made by `portcullis demo`", "nothing was deleted"];
    place.run(&fresh).assert_refused(1, &parts);
    assert_eq!(std::fs::read(&key).unwrap(), mine);
}

#[test]
fn the_demo_tells_five_stories_without_colour_when_nobody_looks() {
    let place = Place::new();
    let mut command = place.command(&["demo", "--port", "0", "--payroll-port", "0"]);
    let mut child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut out = BufReader::new(child.stdout.take().unwrap());
    let mut text = String::new();
    while !text.contains("Ctrl-C") {
        assert!(out.read_line(&mut text).unwrap() > 0, "ended after: {text}");
    }
    let id = child.id().to_string();
    assert!(
        Command::new("kill")
            .args(["-INT", &id])
            .status()
            .unwrap()
            .success()
    );
    out.read_to_string(&mut text).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(0));
    assert!(
        !text.contains('\u{1b}') && !text.contains("{payroll}"),
        "{text}"
    );
    for part in ["ada@fabrikam.example", "  5. ", "portcullis demo --fresh"] {
        assert!(text.contains(part), "`{part}` in: {text}");
    }
}

#[tokio::test]
async fn a_running_server_takes_up_a_rotated_key_within_seconds() {
    let place = Place::new();
    world::write(&place.path("world")).unwrap();
    place.run_well(&["import", "world"]);
    let server = Running::start(&place, &["serve", "--port", "0"]);
    let url = Url::parse(server.said["publicUrl"].as_str().unwrap()).unwrap();
    let client = RemoteClient::new(&url, Algorithm::Rs256).unwrap();
    // The first token makes the first key.
    let answer = client.client_credentials(&client.own_scope()).await;
    answer.unwrap().granted().unwrap();
    let said = place.run_well(&["keys", "rotate", "--tenant", "bench", "--when", "now"]);
    let key = said
        .split_once("key ")
        .unwrap()
        .1
        .split_once(' ')
        .unwrap()
        .0;
    let keys = url.join(&format!("{TENANT}/discovery/v2.0/keys")).unwrap();
    let until = Instant::now() + Duration::from_secs(20);
    loop {
        let published = client.read(keys.clone(), "").await.unwrap();
        let mut published = published["keys"].as_array().unwrap().iter();
        if published.any(|published| published["kid"] == key) {
            break;
        }
        assert!(Instant::now() < until, "{key} is not published");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    assert_eq!(server.stop("-TERM").0.code(), Some(0));
}

/// Requirement S13: an administrator sees where somebody is signed in and ends it, while the server runs.
#[tokio::test]
async fn s13_an_administrator_lists_and_revokes_the_sessions_of_a_user() {
    let place = Place::new();
    world::write(&place.path("world")).unwrap();
    place.run_well(&["import", "world"]);
    let server = Running::start(&place, &["serve", "--port", "0"]);
    let url = Url::parse(server.said["publicUrl"].as_str().unwrap()).unwrap();
    let client = RemoteClient::new(&url, Algorithm::Rs256).unwrap();
    let (name, other) = (world::name(1), world::name(2));
    let code = client.sign_in(&name).await.unwrap();
    let tokens = client.redeem(&code).await.unwrap().granted().unwrap();
    let sessions = |verb: &str, user: &str, more: &[&str]| {
        let asked = ["sessions", verb, "--tenant", "bench", "--user", user];
        place.run_well(&[&asked, more].concat())
    };
    let json = |text: &str| serde_json::from_str::<Value>(text).unwrap();
    let listed = json(&sessions("list", &name, &["--output", "json"]));
    let listed = listed["value"].as_array().unwrap();
    assert_eq!(listed.len(), 1, "{listed:?}");
    assert_eq!(listed[0]["ipAddress"], "127.0.0.1");
    let text = sessions("list", &name.to_uppercase(), &[]);
    let id = listed[0]["id"].as_str().unwrap();
    assert!(text.contains(id) && !text.contains('\u{1b}'), "{text}");
    assert!(sessions("list", &other, &[]).contains("has no session at"));
    // Somebody else's end changes nothing.
    sessions("revoke", &other, &[]);
    let refreshed = client.refresh(tokens.text("refresh_token").unwrap()).await;
    let tokens = refreshed.unwrap().granted().unwrap();
    let ended = json(&sessions("revoke", &name, &["--output", "json"]));
    assert_eq!(ended["endedSessions"], 1, "{ended}");
    let refused = client.refresh(tokens.text("refresh_token").unwrap()).await;
    assert_eq!(refused.unwrap().body["error"], "invalid_grant");
    assert!(client.authorize_silently().await.is_err());
    assert!(sessions("list", &name, &[]).contains("has no session at"));
    let nobody = ["sessions", "list", "--tenant", "bench", "--user", "nobody"];
    place
        .run(&nobody)
        .assert_refused(1, &["has no user `nobody`", "userPrincipalName"]);
    drop(server);
}

/// Requirement S13: an administrator ends one session of somebody, and the others go on.
#[tokio::test]
async fn s13_an_administrator_ends_one_session_and_the_others_go_on() {
    let place = Place::new();
    world::write(&place.path("world")).unwrap();
    place.run_well(&["import", "world"]);
    let server = Running::start(&place, &["serve", "--port", "0"]);
    let url = Url::parse(server.said["publicUrl"].as_str().unwrap()).unwrap();
    let name = world::name(1);
    let mut browsers = Vec::new();
    for _ in 0..2 {
        let client = RemoteClient::new(&url, Algorithm::Rs256).unwrap();
        let code = client.sign_in(&name).await.unwrap();
        let tokens = client.redeem(&code).await.unwrap().granted().unwrap();
        browsers.push((client, tokens));
    }
    let json = |text: &str| serde_json::from_str::<Value>(text).unwrap();
    let list = || {
        let asked = ["sessions", "list", "--tenant", "bench", "--user", &name];
        let listed = json(&place.run_well(&[&asked[..], &["--output", "json"]].concat()));
        let sessions = listed["value"].as_array().unwrap().clone();
        let mut ids: Vec<String> = sessions
            .iter()
            .map(|session| session["id"].as_str().unwrap().to_owned())
            .collect();
        ids.sort();
        ids
    };
    let before = list();
    assert_eq!(before.len(), 2, "{before:?}");
    let revoke = ["sessions", "revoke", "--tenant", "bench"];
    let said = place.run_well(&[&revoke[..], &["--session", &before[0]]].concat());
    assert!(said.contains(&before[0]), "{said}");
    assert_eq!(list(), before[1..]);
    // Exactly one browser is out: no silent sign-in and no refresh.
    let mut silent = Vec::new();
    for (client, tokens) in &browsers {
        let goes_on = client.authorize_silently().await.is_ok();
        let refreshed = client.refresh(tokens.text("refresh_token").unwrap()).await;
        assert_eq!(refreshed.unwrap().granted().is_ok(), goes_on);
        silent.push(goes_on);
    }
    silent.sort_unstable();
    assert_eq!(silent, [false, true]);
    // It is gone; and nobody says both or neither.
    place
        .run(&[&revoke[..], &["--session", &before[0]]].concat())
        .assert_refused(1, &["has no session", "sessions list"]);
    let both = ["--session", before[1].as_str(), "--user", name.as_str()];
    place
        .run(&[&revoke[..], &both].concat())
        .assert_refused(2, &["cannot be used with"]);
    place
        .run(&revoke)
        .assert_refused(2, &["--user", "--session"]);
    drop(server);
}
