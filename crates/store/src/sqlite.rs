//! SQLite as an engine: the only file that knows its pragmas, its file and its driver.
//!
//! Write-ahead log, so that readers never wait for the writer; `synchronous = FULL`, so that a commit is on the disk
//! before it is answered; one connection writes, a few read.

use std::path::{Path, PathBuf};
use std::time::Duration;

use futures::StreamExt;
use sqlx::query::Query;
use sqlx::sqlite::{
    SqliteArguments, SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqlitePoolOptions,
    SqliteRow, SqliteSynchronous,
};
use sqlx::{
    AssertSqlSafe, ConnectOptions, Either, Executor, Pool, Row as _, Sqlite as Driver, Transaction,
};
use uuid::Uuid;

use crate::engine::{Columns, Connection, Engine, EngineError, Touched};
use crate::joined::JoinedTexts;
use crate::schema::{OpenError, migrate};
use crate::statement::{Statement, Value};
use crate::store::SqlStore;

use self::readers::Readers;

/// Transactions that read at a time.
const SNAPSHOTS_MAX: u32 = 2;

/// A store in one SQLite file.
pub type SqliteStore = SqlStore<Sqlite>;

/// How a SQLite store is opened.
#[derive(Debug, Clone, Copy)]
pub struct SqliteOptions {
    /// Connections that read.
    pub readers: u32,
    /// Callers whose changes may wait for the writer; more have to wait before they may queue.
    pub queue_length_max: usize,
    /// How long a statement waits for another process that holds the file.
    pub busy_timeout: Duration,
}

impl Default for SqliteOptions {
    fn default() -> Self {
        Self {
            readers: 4,
            queue_length_max: 1024,
            busy_timeout: Duration::from_secs(5),
        }
    }
}

impl SqliteStore {
    /// Opens the database in this file, makes it (readable by its owner only) when there is none, and brings its
    /// schema up to this release.
    pub async fn open(path: &Path, options: SqliteOptions) -> Result<Self, OpenError> {
        create_private(path).map_err(|cause| OpenError::File {
            path: path.display().to_string(),
            cause,
        })?;
        let failed = |cause| OpenError::Engine {
            path: path.display().to_string(),
            cause,
        };
        let connecting = connect_options(path, options);
        let mut writer = connecting.connect().await.map_err(failed)?;
        migrate(&mut writer).await?;
        sqlx::Connection::close(writer).await.map_err(failed)?;
        let reading = connecting.clone().pragma("query_only", "ON");
        let snapshots = SqlitePoolOptions::new()
            .max_connections(SNAPSHOTS_MAX)
            .test_before_acquire(false) // it is a file: there is no connection to lose
            .acquire_timeout(Duration::from_secs(10))
            .connect_lazy_with(reading.clone());
        let readers = Readers::open(reading, options.readers.max(1))
            .await
            .map_err(failed)?;
        let engine = Sqlite {
            connecting,
            readers,
            snapshots,
        };
        Self::start(engine, options.queue_length_max)
            .await
            .map_err(failed)
    }
}

fn connect_options(path: &Path, options: SqliteOptions) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(PathBuf::from(path))
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        .busy_timeout(options.busy_timeout)
        .pragma("journal_size_limit", "67108864") // a log that an import has blown up shrinks again
        .pragma("secure_delete", "FAST") // old hashes do not linger where wiping them costs no write
        .pragma("trusted_schema", "OFF")
        .pragma("temp_store", "MEMORY") // what a savepoint may have to restore is no reason to make files
        .statement_cache_capacity(256) // more than there are statements
        .disable_statement_logging() // no statement and no value ever reaches a log
}

/// The writer's own settings. New rows go to places all over their indexes: with too small a cache each is read again, and
/// with too short a log the same pages are copied back into the file again and again. What is durable, and when, stays the same.
fn writing(connecting: SqliteConnectOptions) -> SqliteConnectOptions {
    connecting
        .pragma("cache_size", "-16384") // KiB
        .pragma("wal_autocheckpoint", "4000") // pages: 16 MiB
}

/// Makes the file when there is none; the log beside it inherits its permissions.
fn create_private(path: &Path) -> std::io::Result<()> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map(|_| ())
}

/// The engine.
#[derive(Debug)]
pub struct Sqlite {
    connecting: SqliteConnectOptions,
    readers: Readers,
    /// Configurations and exports are read in transactions of their own, seldom.
    snapshots: Pool<Driver>,
}

impl Engine for Sqlite {
    type Row = SqliteRow;
    type Writer = SqliteWriter;
    type Snapshot = Transaction<'static, Driver>;

    /// A deferred transaction would have to be refused when it begins to write beside another process.
    const BEGIN_WRITING: &'static str = "BEGIN IMMEDIATE";

    async fn connect_writer(&self) -> Result<SqliteWriter, EngineError> {
        Ok(SqliteWriter {
            connection: writing(self.connecting.clone()).connect().await?,
            joined: JoinedTexts::default(),
        })
    }

    async fn read(&self, statement: &Statement) -> Result<Vec<SqliteRow>, EngineError> {
        self.readers.fetch(statement).await
    }

    async fn snapshot(&self) -> Result<Transaction<'static, Driver>, EngineError> {
        self.snapshots.begin().await
    }

    async fn close(&self) {
        self.readers.close().await;
        self.snapshots.close().await;
    }
}

/// The connection that writes, and the texts it has joined.
#[derive(Debug)]
pub struct SqliteWriter {
    connection: SqliteConnection,
    joined: JoinedTexts,
}

impl Connection for SqliteWriter {
    type Row = SqliteRow;

    async fn execute(&mut self, statement: &Statement) -> Result<u64, EngineError> {
        let done = bound(statement).execute(&mut self.connection).await?;
        Ok(done.rows_affected())
    }

    /// The driver runs every statement on a thread of its own, and going there and back costs more than a small
    /// statement: so the list goes as one text.
    async fn execute_all(&mut self, statements: &[&Statement]) -> Touched {
        let text = self.joined.text(statements);
        let query = sqlx::query(AssertSqlSafe(text)); // made of our own constants only
        let values = statements.iter().flat_map(|statement| &statement.values);
        let query = values.fold(query, bind);
        let mut results = Executor::fetch_many(&mut self.connection, query);
        let mut touched = Touched::default();
        while let Some(result) = results.next().await {
            match result {
                Ok(Either::Left(done)) => touched.rows.push(done.rows_affected()),
                Ok(Either::Right(_)) => {}
                Err(cause) => {
                    touched.failure = Some(cause);
                    break;
                }
            }
        }
        touched
    }

    async fn fetch(&mut self, statement: &Statement) -> Result<Vec<SqliteRow>, EngineError> {
        bound(statement).fetch_all(&mut self.connection).await
    }

    async fn close(self) -> Result<(), EngineError> {
        sqlx::Connection::close(self.connection).await
    }
}

impl Connection for Transaction<'static, Driver> {
    type Row = SqliteRow;

    async fn execute(&mut self, statement: &Statement) -> Result<u64, EngineError> {
        let done = bound(statement).execute(&mut **self).await?;
        Ok(done.rows_affected())
    }

    async fn execute_all(&mut self, statements: &[&Statement]) -> Touched {
        let mut touched = Touched::default();
        for statement in statements {
            match self.execute(statement).await {
                Ok(rows) => touched.rows.push(rows),
                Err(cause) => {
                    touched.failure = Some(cause);
                    break;
                }
            }
        }
        touched
    }

    async fn fetch(&mut self, statement: &Statement) -> Result<Vec<SqliteRow>, EngineError> {
        bound(statement).fetch_all(&mut **self).await
    }

    async fn close(self) -> Result<(), EngineError> {
        self.rollback().await
    }
}

fn bound(statement: &Statement) -> Query<'static, Driver, SqliteArguments> {
    let query = sqlx::query(statement.sql);
    statement.values.iter().fold(query, bind)
}

fn bind(
    query: Query<'static, Driver, SqliteArguments>,
    value: &Value,
) -> Query<'static, Driver, SqliteArguments> {
    match value {
        Value::Uuid(id) => query.bind(id.map(|id| id.as_bytes().to_vec())),
        Value::Bytes(bytes) => query.bind(bytes.clone()),
        Value::Text(text) => query.bind(text.clone()),
        Value::Integer(number) => query.bind(*number),
        Value::Truth(truth) => query.bind(*truth),
    }
}

impl Columns for SqliteRow {
    fn uuid(&self, column: &str) -> Result<Uuid, EngineError> {
        let bytes: &[u8] = self.try_get(column)?;
        Uuid::from_slice(bytes).map_err(|cause| EngineError::ColumnDecode {
            index: column.to_owned(),
            source: cause.into(),
        })
    }
    fn bytes(&self, column: &str) -> Result<Vec<u8>, EngineError> {
        self.try_get(column)
    }
    fn text(&self, column: &str) -> Result<String, EngineError> {
        self.try_get(column)
    }
    fn optional_text(&self, column: &str) -> Result<Option<String>, EngineError> {
        self.try_get(column)
    }
    fn integer(&self, column: &str) -> Result<i64, EngineError> {
        self.try_get(column)
    }
    fn optional_integer(&self, column: &str) -> Result<Option<i64>, EngineError> {
        self.try_get(column)
    }
    fn truth(&self, column: &str) -> Result<bool, EngineError> {
        self.try_get(column)
    }
}

mod readers;
#[cfg(test)]
mod tests;
