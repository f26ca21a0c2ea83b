//! How many small commits per second the store makes durable, and what group commit is worth: as a ratio to one
//! transaction per commit on the same disk in the same run. And, beside them, what a look-up costs.
//!
//! `cargo run --release -p portcullis-store --example commit_rate [folder on the disk to measure]`

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use portcullis_model::Timestamp;
use portcullis_model::artefact::{AuthorizationCode, Transaction};
use portcullis_model::id::{Id, TenantId};
use portcullis_model::secret::TokenHash;
use portcullis_model::session::{AuthenticationSession, SessionClient, SessionSubject, SessionUse};
use portcullis_model::sign_in_log::SignIn;
use portcullis_model::store::{Change, Store, TenantStore};
use portcullis_store::{SqliteOptions, SqliteStore};
use uuid::Uuid;

type Failure = Box<dyn std::error::Error + Send + Sync>;

/// How long each figure is measured.
const DURATION: Duration = Duration::from_secs(3);

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let folder = std::env::args().nth(1);
    let folder = match &folder {
        Some(parent) => tempfile::tempdir_in(parent)?,
        None => tempfile::tempdir()?,
    };
    let alone = naive(&folder.path().join("naive.db")).await?;
    print("one transaction per commit", 1, alone, alone);
    for shape in [Shape::OneChange, Shape::Redemption, Shape::SignIn] {
        for callers in [1, 16, 64] {
            let name = format!("{shape:?}-{callers}.db");
            let rate = grouped(&folder.path().join(name), callers, shape).await?;
            print(&shape.to_string(), callers, rate, alone);
        }
    }
    for callers in [1, 16, 64] {
        let rate = reads(&folder.path().join(format!("reads-{callers}.db")), callers).await?;
        print("read a session", callers, rate, alone);
    }
    Ok(())
}

/// Look-ups of a session by its cookie.
async fn reads(path: &Path, callers: u32) -> Result<Rate, Failure> {
    let store = SqliteStore::open(path, SqliteOptions::default()).await?;
    let tenant: Arc<dyn TenantStore> = Arc::from(store.tenant(TenantId::new(Uuid::from_u128(1))));
    for number in 0..u128::from(callers) {
        let open = Change::OpenSession(session(number));
        tenant.commit(vec![open]).await?;
    }
    let (begin, processor_before) = (Instant::now(), processor_seconds());
    let mut running = tokio::task::JoinSet::new();
    for caller in 0..callers {
        let tenant = Arc::clone(&tenant);
        running.spawn(async move {
            let mut reads = 0_u32;
            while begin.elapsed() < DURATION {
                tenant.find_session_by_cookie(hash(caller.into())).await?;
                reads += 1;
            }
            Ok::<_, Failure>(reads)
        });
    }
    let mut reads = 0_u32;
    while let Some(done) = running.join_next().await {
        reads += done??;
    }
    let rate = Rate::since(begin, processor_before, reads);
    store.close().await;
    Ok(rate)
}

/// What was measured.
#[derive(Debug, Clone, Copy)]
struct Rate {
    commits_per_second: f64,
    processor_microseconds_per_commit: f64,
}

impl Rate {
    fn since(begin: Instant, processor_before: f64, commits: u32) -> Self {
        let processor_seconds = processor_seconds() - processor_before;
        Self {
            commits_per_second: f64::from(commits) / begin.elapsed().as_secs_f64(),
            processor_microseconds_per_commit: processor_seconds * 1e6 / f64::from(commits),
        }
    }
}

fn print(what: &str, callers: u32, rate: Rate, alone: Rate) {
    println!(
        "{what:<28} {callers:>3} callers {:>8.0} per second (x {:.1}) {:>6.0} us of processor each",
        rate.commits_per_second,
        rate.commits_per_second / alone.commits_per_second,
        rate.processor_microseconds_per_commit,
    );
}

/// What this process has used of the processors, user and system (Linux; elsewhere it reads 0).
fn processor_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let after_name = stat.rsplit_once(") ").map_or("", |(_, rest)| rest);
    let ticks = after_name.split(' ').skip(11).take(2);
    ticks
        .filter_map(|ticks| ticks.parse::<f64>().ok())
        .sum::<f64>()
        / 100.0
}

/// What a caller commits.
#[derive(Debug, Clone, Copy)]
enum Shape {
    /// Begins a transaction.
    OneChange,
    /// Issues a code, then spends it: two commits, of two statements and of one.
    Redemption,
    /// What a silent sign-in commits: renews a session, joins it, issues a code, logs it.
    SignIn,
}

impl std::fmt::Display for Shape {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.pad(match self {
            Self::OneChange => "one change",
            Self::Redemption => "issue a code, spend a code",
            Self::SignIn => "silent sign-in",
        })
    }
}

async fn grouped(path: &Path, callers: u32, shape: Shape) -> Result<Rate, Failure> {
    let store = SqliteStore::open(path, SqliteOptions::default()).await?;
    let tenant: Arc<dyn TenantStore> = Arc::from(store.tenant(TenantId::new(Uuid::from_u128(1))));
    let (begin, processor_before) = (Instant::now(), processor_seconds());
    let mut running = tokio::task::JoinSet::new();
    for caller in 0..callers {
        let tenant = Arc::clone(&tenant);
        running.spawn(async move { call(&*tenant, caller, shape, begin).await });
    }
    let mut commits = 0_u32;
    while let Some(done) = running.join_next().await {
        commits += done??;
    }
    let rate = Rate::since(begin, processor_before, commits);
    store.close().await;
    Ok(rate)
}

async fn call(
    tenant: &dyn TenantStore,
    caller: u32,
    shape: Shape,
    begin: Instant,
) -> Result<u32, Failure> {
    let mut commits = 0;
    while begin.elapsed() < DURATION {
        let number = u128::from(caller) << 32 | u128::from(commits);
        match shape {
            Shape::OneChange => {
                let change = Change::BeginTransaction(transaction(number));
                tenant.commit(vec![change]).await?;
                commits += 1;
            }
            Shape::Redemption => {
                let code = code(number)?;
                let hash = code.hash;
                tenant.commit(vec![Change::IssueCode(code)]).await?;
                tenant.commit(vec![Change::SpendCode(hash)]).await?;
                commits += 2;
            }
            Shape::SignIn => {
                let mut session = session(u128::from(caller));
                let from_cookie = hash(u128::from(caller) << 32 | u128::from(commits));
                if commits == 0 {
                    session.cookie_hash = from_cookie;
                    tenant
                        .commit(vec![Change::OpenSession(session.clone())])
                        .await?;
                }
                session.cookie_hash = hash(u128::from(caller) << 32 | u128::from(commits + 1));
                let client = SessionClient {
                    session: session.id,
                    client: Id::new(Uuid::from_u128(41)),
                    subject: "a pairwise subject".into(),
                    correlation_id: Id::new(Uuid::from_u128(scattered(number))),
                };
                let changes = vec![
                    Change::RenewSession {
                        session,
                        from_cookie,
                    },
                    Change::JoinSession(client),
                    Change::IssueCode(code(number)?),
                    Change::LogSignIn(Box::new(sign_in(number)?)),
                ];
                tenant.commit(changes).await?;
                commits += 1;
            }
        }
    }
    Ok(commits)
}

/// The same insertion without a writer task: a transaction each.
async fn naive(path: &Path) -> Result<Rate, Failure> {
    use sqlx::ConnectOptions;
    use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};

    let store = SqliteStore::open(path, SqliteOptions::default()).await?;
    store.close().await;
    let options = SqliteConnectOptions::new()
        .filename(path)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full);
    let mut connection = options.disable_statement_logging().connect().await?;
    let (begin, processor_before) = (Instant::now(), processor_seconds());
    let mut commits = 0_u32;
    while begin.elapsed() < DURATION {
        let transaction = transaction(commits.into());
        sqlx::query("BEGIN IMMEDIATE")
            .execute(&mut connection)
            .await?;
        sqlx::query(
            "INSERT INTO sign_in_transaction \
            (tenant_id, transaction_id, version, browser_hash, state, expires_at) \
            VALUES ($1, $2, 0, $3, $4, $5) ON CONFLICT DO NOTHING",
        )
        .bind(Uuid::from_u128(1).as_bytes().to_vec())
        .bind(transaction.id.uuid().as_bytes().to_vec())
        .bind(transaction.browser_hash.0.to_vec())
        .bind(transaction.state)
        .bind(transaction.expires_at.as_microsecond())
        .execute(&mut connection)
        .await?;
        sqlx::query("COMMIT").execute(&mut connection).await?;
        commits += 1;
    }
    Ok(Rate::since(begin, processor_before, commits))
}

/// Spreads numbers over all ids, as random ids are.
fn scattered(number: u128) -> u128 {
    number.wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835)
}

fn hash(number: u128) -> TokenHash {
    let mut bytes = [0; 32];
    for (target, source) in bytes.iter_mut().zip(scattered(number).to_le_bytes()) {
        *target = source;
    }
    TokenHash(bytes)
}

fn transaction(number: u128) -> Transaction {
    Transaction {
        id: Id::new(Uuid::from_u128(scattered(number))),
        version: 0,
        browser_hash: hash(number),
        state: "{\"step\":\"password\",\"client\":\"00000000-0000-4000-8000-000000000000\"}".into(),
        expires_at: Timestamp::MAX,
    }
}

fn code(number: u128) -> Result<AuthorizationCode, Failure> {
    let id = Uuid::from_u128(scattered(number));
    let moment = Timestamp::UNIX_EPOCH;
    let grant = serde_json::json!({
        "id": id, "client": id, "subject": {"user": id}, "session": id, "homeSession": null,
        "scopes": ["openid", "profile"], "resources": [id],
        "proofs": [{"method": "password", "at": moment}], "homeProofs": [], "device": null,
        "authenticationContexts": [], "authenticatedAt": moment, "ipAddress": "192.0.2.7",
        "userAgent": "a browser", "clientAppType": "browser", "redirectKind": "web",
        "grantedAt": moment, "correlationId": id
    });
    Ok(AuthorizationCode {
        hash: hash(number),
        grant: serde_json::from_value(grant)?,
        redirect_uri: "https://app.example/callback".into(),
        code_challenge: None,
        nonce: None,
        expires_at: Timestamp::MAX,
    })
}

fn session(number: u128) -> AuthenticationSession {
    let id = Uuid::from_u128(scattered(number));
    AuthenticationSession {
        id: Id::new(id),
        cookie_hash: hash(number),
        subject: SessionSubject::User(Id::new(id)),
        home_session: None,
        proofs: Vec::new(),
        device: None,
        created_at: Timestamp::UNIX_EPOCH,
        expires_at: Timestamp::MAX,
        is_persistent: false,
        last_use: SessionUse {
            at: Timestamp::UNIX_EPOCH,
            ip_address: None,
            user_agent: None,
        },
    }
}

fn sign_in(number: u128) -> Result<SignIn, Failure> {
    let id = Uuid::from_u128(scattered(number));
    let moment = Timestamp::from_millisecond(i64::try_from(number & 0xffff_ffff)?)?;
    Ok(serde_json::from_value(serde_json::json!({
        "id": id, "createdDateTime": moment, "correlationId": id,
        "userPrincipalName": "ada@contoso.example", "userId": id, "appId": id,
        "isInteractive": false, "signInEventTypes": ["nonInteractiveUser"],
        "authenticationProtocol": "authorizationCodeWithPkce", "incomingTokenType": "none",
        "resourceTenantId": id, "crossTenantAccessType": "none",
        "status": {"errorCode": 0}, "conditionalAccessStatus": "success",
        "appliedConditionalAccessPolicies": [], "conditionalAccessAudiences": [id],
        "authenticationRequirement": "singleFactorAuthentication", "authenticationDetails": [],
        "deviceDetail": {}
    }))?)
}
