//! How many small commits per second the store makes durable, and what group commit is worth: as a ratio to one
//! transaction per commit on the same disk in the same run.
//!
//! `cargo run --release -p portcullis-store --example commit_rate [folder on the disk to measure]`

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use portcullis_model::Timestamp;
use portcullis_model::artefact::{AuthorizationCode, Transaction};
use portcullis_model::id::{Id, TenantId};
use portcullis_model::secret::TokenHash;
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
    println!("one transaction per commit, one caller     {alone:>8.0} commits/s   1.0");
    for shape in [Shape::OneChange, Shape::Redemption] {
        for callers in [1, 16, 64] {
            let name = format!("{shape:?}-{callers}.db");
            let rate = grouped(&folder.path().join(name), callers, shape).await?;
            let ratio = rate / alone;
            println!("{shape:<30} {callers:>3} callers   {rate:>8.0} commits/s   {ratio:.1}");
        }
    }
    Ok(())
}

/// What a caller commits.
#[derive(Debug, Clone, Copy)]
enum Shape {
    /// Begins a transaction.
    OneChange,
    /// Issues a code, then spends it: two commits, of two statements and of one.
    Redemption,
}

impl std::fmt::Display for Shape {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.pad(match self {
            Self::OneChange => "one change",
            Self::Redemption => "issue a code, spend a code",
        })
    }
}

async fn grouped(path: &Path, callers: u32, shape: Shape) -> Result<f64, Failure> {
    let store = SqliteStore::open(path, SqliteOptions::default()).await?;
    let tenant: Arc<dyn TenantStore> = Arc::from(store.tenant(TenantId::new(Uuid::from_u128(1))));
    let begin = Instant::now();
    let mut running = tokio::task::JoinSet::new();
    for caller in 0..callers {
        let tenant = Arc::clone(&tenant);
        running.spawn(async move { call(&*tenant, caller, shape, begin).await });
    }
    let mut commits = 0_u32;
    while let Some(done) = running.join_next().await {
        commits += done??;
    }
    let rate = f64::from(commits) / begin.elapsed().as_secs_f64();
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
        }
    }
    Ok(commits)
}

/// The same insertion without a writer task: a transaction each.
async fn naive(path: &Path) -> Result<f64, Failure> {
    use sqlx::ConnectOptions;
    use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};

    let store = SqliteStore::open(path, SqliteOptions::default()).await?;
    store.close().await;
    let options = SqliteConnectOptions::new()
        .filename(path)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full);
    let mut connection = options.disable_statement_logging().connect().await?;
    let begin = Instant::now();
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
    Ok(f64::from(commits) / begin.elapsed().as_secs_f64())
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
