//! What the store asks of a database engine: a writer's connection, reads, snapshots, rows by column name.

use std::future::Future;

use uuid::Uuid;

use crate::statement::Statement;

/// What an engine's driver reports.
pub(crate) type EngineError = sqlx::Error;

/// A database engine with a database behind it. A new one is one file that implements this and [`Connection`].
pub trait Engine: Send + Sync + 'static {
    /// Rows as the driver gives them.
    type Row: Columns;
    /// The one connection that writes.
    type Writer: Connection<Row = Self::Row> + 'static;
    /// A connection whose reads all see one moment.
    type Snapshot: Connection<Row = Self::Row>;

    /// Begins a transaction that holds the right to write from its beginning.
    const BEGIN_WRITING: &'static str;

    /// Opens a connection for the writer.
    fn connect_writer(&self) -> impl Future<Output = Result<Self::Writer, EngineError>> + Send;

    /// Reads rows on any free connection; sees every commit that was acknowledged.
    fn read(
        &self,
        statement: &Statement,
    ) -> impl Future<Output = Result<Vec<Self::Row>, EngineError>> + Send;

    /// A connection for several reads that must agree with each other.
    fn snapshot(&self) -> impl Future<Output = Result<Self::Snapshot, EngineError>> + Send;

    /// Closes what reads.
    fn close(&self) -> impl Future<Output = ()> + Send;
}

/// One connection.
pub trait Connection: Send {
    /// Rows as the driver gives them.
    type Row: Columns;

    /// Runs a statement; answers how many rows it touched.
    fn execute(
        &mut self,
        statement: &Statement,
    ) -> impl Future<Output = Result<u64, EngineError>> + Send;

    /// Runs statements in this order, in as few round trips as the engine allows. All of them run, also after one that
    /// touched nothing; the first that fails is the last.
    fn execute_all(&mut self, statements: &[&Statement]) -> impl Future<Output = Touched> + Send;

    /// Runs a statement; answers its rows.
    fn fetch(
        &mut self,
        statement: &Statement,
    ) -> impl Future<Output = Result<Vec<Self::Row>, EngineError>> + Send;

    /// Closes the connection in order.
    fn close(self) -> impl Future<Output = Result<(), EngineError>> + Send;
}

/// What a list of statements did.
#[derive(Debug, Default)]
pub struct Touched {
    /// How many rows each statement touched that ran.
    pub(crate) rows: Vec<u64>,
    /// Why the next one failed.
    pub(crate) failure: Option<EngineError>,
}

impl From<Result<u64, EngineError>> for Touched {
    fn from(result: Result<u64, EngineError>) -> Self {
        match result {
            Ok(rows) => Self {
                rows: vec![rows],
                failure: None,
            },
            Err(cause) => Self {
                rows: Vec::new(),
                failure: Some(cause),
            },
        }
    }
}

/// A row's columns by name.
pub trait Columns: Send + Sync {
    fn uuid(&self, column: &str) -> Result<Uuid, EngineError>;
    fn bytes(&self, column: &str) -> Result<Vec<u8>, EngineError>;
    fn text(&self, column: &str) -> Result<String, EngineError>;
    fn optional_text(&self, column: &str) -> Result<Option<String>, EngineError>;
    fn integer(&self, column: &str) -> Result<i64, EngineError>;
    fn optional_integer(&self, column: &str) -> Result<Option<i64>, EngineError>;
    fn truth(&self, column: &str) -> Result<bool, EngineError>;
}
