//! Connections that read: lent to one caller at a time, and taken back as they are.
//!
//! The driver's own pool asks each connection that comes back whether it still lives; on a file that costs as much as a
//! small read and tells nothing. Here one whose read failed is given up, and the next caller opens another.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use sqlx::ConnectOptions;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqliteRow};
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::timeout;

use super::bound;
use crate::engine::EngineError;
use crate::statement::Statement;

/// How long a caller waits for a free connection.
const WAIT_MAX: Duration = Duration::from_secs(10);

/// The connections of one store.
#[derive(Debug)]
pub(super) struct Readers {
    connecting: SqliteConnectOptions,
    count: u32,
    /// One for each connection there may be; closed with the store.
    permits: Semaphore,
    /// The last one in is the first one out: its memory is warm.
    idle: Mutex<Vec<SqliteConnection>>,
}

/// A connection in use. Whoever goes away in the middle of a read hands it back all the same: the driver ends the
/// statement when nobody takes its rows.
struct Lent<'r> {
    readers: &'r Readers,
    connection: Option<SqliteConnection>,
    _permit: SemaphorePermit<'r>,
}

impl Drop for Lent<'_> {
    fn drop(&mut self) {
        self.readers.idle().extend(self.connection.take());
    }
}

impl Readers {
    /// Opens the first of `count` connections; the others follow when they are needed.
    pub(super) async fn open(
        connecting: SqliteConnectOptions,
        count: u32,
    ) -> Result<Self, EngineError> {
        let first = connecting.connect().await?;
        let permits = usize::try_from(count).unwrap_or(Semaphore::MAX_PERMITS);
        Ok(Self {
            connecting,
            count,
            permits: Semaphore::new(permits),
            idle: Mutex::new(vec![first]),
        })
    }

    /// The rows of a statement.
    pub(super) async fn fetch(&self, statement: &Statement) -> Result<Vec<SqliteRow>, EngineError> {
        let permit = self.permit().await?;
        let idle = self.idle().pop();
        let connection = match idle {
            Some(connection) => connection,
            None => self.connecting.connect().await?,
        };
        let mut lent = Lent {
            readers: self,
            connection: None,
            _permit: permit,
        };
        let fetched = bound(statement)
            .fetch_all(lent.connection.insert(connection))
            .await;
        if fetched.is_err() {
            lent.connection = None;
        }
        fetched
    }

    /// Waits for the reads that are under way, then closes every connection; whoever comes later is told so.
    pub(super) async fn close(&self) {
        // An error says that the store was closed before.
        let all = self.permits.acquire_many(self.count).await;
        self.permits.close();
        drop(all);
        let idle = std::mem::take(&mut *self.idle());
        for connection in idle {
            if let Err(error) = sqlx::Connection::close(connection).await {
                tracing::warn!(%error, "a reading connection did not close in order");
            }
        }
    }

    async fn permit(&self) -> Result<SemaphorePermit<'_>, EngineError> {
        match timeout(WAIT_MAX, self.permits.acquire()).await {
            Ok(Ok(permit)) => Ok(permit),
            Ok(Err(_)) => Err(EngineError::PoolClosed),
            Err(_) => Err(EngineError::PoolTimedOut),
        }
    }

    fn idle(&self) -> MutexGuard<'_, Vec<SqliteConnection>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    #[cfg(test)]
    pub(super) fn idle_count(&self) -> usize {
        self.idle().len()
    }
}
