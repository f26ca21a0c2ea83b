//! Kills a process that is committing, and asks the database what it remembers (requirement X02).
//!
//! The child is this very test binary, asked for one test that does nothing unless a database is named in its
//! environment. `kill -9` shows that nothing is answered before it was handed to the operating system, and that a
//! torn end of the log is not read; that it reached the disk too is `synchronous = FULL`, which another test reads.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use portcullis_model::artefact::AuthorizationCodeState;
use portcullis_model::store::{Change, SignInQuery, Store, TenantStore};
use portcullis_store::{SqliteOptions, SqliteStore};

use crate::contract::samples::*;

const DATABASE: &str = "PORTCULLIS_CRASH_TEST_DATABASE";
const FIRST: &str = "PORTCULLIS_CRASH_TEST_FIRST_NUMBER";
const ROUNDS: u32 = 8;
const NUMBERS_PER_ROUND: u32 = 1_000_000;
const CALLERS: u32 = 16;

/// What the child said was durable.
#[derive(Default)]
struct Acknowledged {
    issued: BTreeSet<u32>,
    spent: BTreeSet<u32>,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn x02_a_killed_process_has_lost_nothing_that_it_acknowledged() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("portcullis.db");
    let mut acknowledged = Acknowledged::default();
    for round in 0..ROUNDS {
        // Not the same moment each time; which ones does not matter.
        let patience = Duration::from_millis(u64::from(20 + round * 47));
        let first = round * NUMBERS_PER_ROUND;
        let path_of_child = path.clone();
        let said = tokio::task::spawn_blocking(move || {
            run_child_and_kill_it(&path_of_child, first, patience)
        });
        let said = said.await.unwrap();
        assert!(
            !said.spent.is_empty(),
            "round {round}: killed before it did anything"
        );
        acknowledged.issued.extend(said.issued);
        acknowledged.spent.extend(said.spent);
        let store = SqliteStore::open(&path, SqliteOptions::default()).await;
        let store = store.unwrap();
        check(&*store.tenant(tenant(CONTOSO)), &acknowledged, first).await;
        store.close().await;
    }
}

/// Everything acknowledged is there, what is spent stays spent, and nothing is there by half.
async fn check(tenant: &dyn TenantStore, acknowledged: &Acknowledged, first: u32) {
    for n in &acknowledged.issued {
        assert!(
            tenant.find_code(hash(*n)).await.unwrap().is_some(),
            "code {n} is lost"
        );
        let query = SignInQuery {
            correlation_id: Some(uuid(*n)),
            ..SignInQuery::default()
        };
        let rows = tenant.list_sign_ins(&query).await.unwrap();
        assert_eq!(rows.len(), 1, "the log row of code {n} is lost");
    }
    for n in &acknowledged.spent {
        let (_, state) = tenant.find_code(hash(*n)).await.unwrap().unwrap();
        assert_eq!(
            state,
            AuthorizationCodeState::Spent,
            "code {n} is fresh again"
        );
        loses(tenant, vec![Change::SpendCode(hash(*n))], 0).await;
        let token = tenant.find_refresh_token(hash(*n)).await.unwrap();
        assert!(token.is_some(), "the token of code {n} is lost");
    }
    // Of the last round's unanswered changes each happened whole or not at all.
    let last = acknowledged.issued.last().copied().unwrap_or(first);
    for n in first..last + CALLERS {
        if let Some((_, state)) = tenant.find_code(hash(n)).await.unwrap() {
            let token = tenant.find_refresh_token(hash(n)).await.unwrap();
            let is_spent = state == AuthorizationCodeState::Spent;
            assert_eq!(is_spent, token.is_some(), "code {n} was redeemed by half");
        }
    }
}

fn run_child_and_kill_it(path: &Path, first: u32, patience: Duration) -> Acknowledged {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args([
            "--exact",
            "kill::child_commits_until_it_is_killed",
            "--nocapture",
        ])
        .env(DATABASE, path)
        .env(FIRST, first.to_string())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut acknowledged = Acknowledged::default();
    let mut begin: Option<Instant> = None;
    for line in BufReader::new(child.stdout.take().unwrap()).lines() {
        let line = line.unwrap();
        match line.split_once(' ') {
            Some(("issued", n)) => drop(acknowledged.issued.insert(n.parse().unwrap())),
            Some(("spent", n)) => {
                acknowledged.spent.insert(n.parse().unwrap());
                begin.get_or_insert_with(Instant::now);
            }
            Some(_) | None => {} // the test harness's own words
        }
        if begin.is_some_and(|begin| begin.elapsed() >= patience) {
            // SIGKILL. What the child had said by then is still in the pipe, and is read to its end.
            child.kill().unwrap();
        }
    }
    let status = child.wait().unwrap();
    assert!(!status.success(), "the child ended by itself");
    acknowledged
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[expect(
    clippy::disallowed_methods,
    reason = "a test binary takes no arguments of ours: the parent speaks through the environment"
)]
async fn child_commits_until_it_is_killed() {
    let Ok(path) = std::env::var(DATABASE) else {
        return;
    };
    let first: u32 = std::env::var(FIRST).unwrap().parse().unwrap();
    let store = SqliteStore::open(Path::new(&path), SqliteOptions::default()).await;
    let store: Arc<dyn Store> = Arc::new(store.unwrap());
    let mut callers = tokio::task::JoinSet::new();
    for caller in 0..CALLERS {
        let tenant = store.tenant(tenant(CONTOSO));
        callers.spawn(async move {
            for n in (first + caller..).step_by(CALLERS as usize) {
                let grant = grant(n, ada(), n);
                let issue = vec![
                    Change::IssueCode(code(n, &grant)),
                    Change::LogSignIn(Box::new(sign_in(n, i64::from(n)))),
                ];
                tenant.commit(issue).await.unwrap();
                say("issued", n);
                let redeem = vec![
                    Change::SpendCode(hash(n)),
                    Change::IssueRefreshToken(refresh_token(n, &grant)),
                ];
                tenant.commit(redeem).await.unwrap();
                say("spent", n);
            }
        });
    }
    callers.join_all().await;
}

fn say(what: &str, n: u32) {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{what} {n}").unwrap();
    out.flush().unwrap();
}
