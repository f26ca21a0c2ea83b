//! The one task that writes: it takes everything that has queued, applies it in one transaction, and answers after one flush.
//!
//! Each caller's changes are applied all or none: a lost condition undoes that caller's changes only. Nobody is
//! answered before the transaction is durable, and when it fails, everybody in it is told that the store failed.
//! A caller that goes away while it waits does not know whether its changes were applied.

use std::sync::Arc;

use jiff::Timestamp;
use portcullis_model::store::{CommitError, ImportSummary, StoreError, TenantWorld};
use tokio::sync::{mpsc, oneshot};

use crate::change::Step;
use crate::engine::{Connection, Engine, EngineError};
use crate::import;
use crate::purge;
use crate::sql::installation;
use crate::statement::statement;

use self::group::{Outcome, Straight};

/// The most callers in one transaction: enough to share a flush, few enough that the first need not wait for long.
const GROUP_LENGTH_MAX: usize = 256;

/// What waits for the writer.
pub(crate) enum Job {
    Commit(Commit),
    Import(Import),
    Purge {
        now: Timestamp,
        answer: oneshot::Sender<Result<u64, StoreError>>,
    },
    /// Work off what has queued, then close.
    Stop {
        answer: oneshot::Sender<()>,
    },
}

/// One caller's changes.
pub(crate) struct Commit {
    pub(crate) steps: Vec<Step>,
    pub(crate) answer: oneshot::Sender<Result<(), CommitError>>,
}

/// A world to make the store equal to.
pub(crate) struct Import {
    pub(crate) world: Vec<TenantWorld>,
    pub(crate) now: Timestamp,
    pub(crate) dry_run: bool,
    pub(crate) answer: oneshot::Sender<Result<Vec<ImportSummary>, StoreError>>,
}

/// Starts the writer; it ends with [`Job::Stop`], or when nobody can queue any more.
pub(crate) async fn start<E: Engine>(
    engine: Arc<E>,
    queue_length_max: usize,
) -> Result<mpsc::Sender<Job>, EngineError> {
    let connection = engine.connect_writer().await?;
    let (sender, queue) = mpsc::channel(queue_length_max.max(1));
    let writer = Writer {
        engine,
        connection: Some(connection),
        queue,
    };
    tokio::spawn(writer.run());
    Ok(sender)
}

struct Writer<E: Engine> {
    engine: Arc<E>,
    /// `None` after a connection was given up; the next transaction opens another.
    connection: Option<E::Writer>,
    queue: mpsc::Receiver<Job>,
}

/// A transaction that did not come to its end.
enum GroupError {
    /// A statement failed: nothing is applied, and one caller may be to blame for all.
    Statement(EngineError),
    /// The last word failed: nobody knows what is on the disk.
    Commit(EngineError),
}

impl<E: Engine> Writer<E> {
    async fn run(mut self) {
        let mut jobs = Vec::with_capacity(GROUP_LENGTH_MAX);
        let mut stopped = Vec::new();
        while self.queue.recv_many(&mut jobs, GROUP_LENGTH_MAX).await > 0 {
            let mut group = Vec::with_capacity(jobs.len());
            for job in jobs.drain(..) {
                match job {
                    Job::Commit(commit) => group.push(commit),
                    Job::Import(job) => {
                        self.commit_group(std::mem::take(&mut group)).await;
                        self.import(job).await;
                    }
                    Job::Purge { now, answer } => {
                        self.commit_group(std::mem::take(&mut group)).await;
                        // A caller that has gone away needs no answer; so in all `send`s here.
                        let _ = answer.send(self.purge(now).await);
                    }
                    Job::Stop { answer } => {
                        self.queue.close();
                        stopped.push(answer);
                    }
                }
            }
            self.commit_group(group).await;
        }
        if let Some(connection) = self.connection.take()
            && let Err(error) = connection.close().await
        {
            tracing::warn!(%error, "the writer's connection did not close in order");
        }
        for answer in stopped {
            let _ = answer.send(());
        }
    }

    /// Commits a group; when a statement fails, each caller alone, so that one caller's bad value fails nobody else.
    async fn commit_group(&mut self, mut group: Vec<Commit>) {
        group.retain(|commit| !commit.answer.is_closed());
        if group.is_empty() {
            return;
        }
        match self.try_group(&group).await {
            Ok(outcomes) => answer(group, outcomes),
            Err(GroupError::Statement(cause)) if group.len() == 1 => refuse(group, cause),
            Err(GroupError::Statement(cause)) => {
                tracing::warn!(error = %cause, callers = group.len(), "a group failed, its callers go one by one");
                for commit in group {
                    let alone = vec![commit];
                    match self.try_group(&alone).await {
                        Ok(outcomes) => answer(alone, outcomes),
                        Err(GroupError::Statement(cause) | GroupError::Commit(cause)) => {
                            refuse(alone, cause);
                        }
                    }
                }
            }
            Err(GroupError::Commit(cause)) => refuse(group, cause),
        }
    }

    async fn try_group(&mut self, group: &[Commit]) -> Result<Vec<Outcome>, GroupError> {
        let mut connection = self.begin().await.map_err(GroupError::Statement)?;
        match group::apply_straight(&mut connection, group).await {
            Ok(Straight::Done(outcomes)) => self.finish(connection, Ok(outcomes)).await,
            Ok(Straight::Undo) => {
                self.roll_back(connection).await;
                let mut connection = self.begin().await.map_err(GroupError::Statement)?;
                let outcomes = group::apply_with_marks(&mut connection, group).await;
                self.finish(connection, outcomes).await
            }
            Err(cause) => self.finish(connection, Err(cause)).await,
        }
    }

    /// Commits what a group came to, if there is something to commit.
    async fn finish(
        &mut self,
        connection: E::Writer,
        outcomes: Result<Vec<Outcome>, EngineError>,
    ) -> Result<Vec<Outcome>, GroupError> {
        match outcomes {
            Ok(outcomes) => {
                let has_lost_alone = matches!(outcomes.as_slice(), [Outcome::Lost(_)]);
                if has_lost_alone {
                    self.roll_back(connection).await;
                    return Ok(outcomes);
                }
                self.commit(connection).await.map_err(GroupError::Commit)?;
                Ok(outcomes)
            }
            Err(cause) => {
                self.roll_back(connection).await;
                Err(GroupError::Statement(cause))
            }
        }
    }

    async fn import(&mut self, job: Import) {
        let result = match self.begin().await {
            Ok(mut connection) => {
                match import::reconcile(&mut connection, &job.world, job.now).await {
                    Ok(summaries) if job.dry_run => {
                        self.roll_back(connection).await;
                        Ok(summaries)
                    }
                    Ok(summaries) => {
                        let committed = self.commit(connection).await;
                        committed
                            .map(|()| summaries)
                            .map_err(|cause| failed("imports a world", cause))
                    }
                    Err(error) => {
                        self.roll_back(connection).await;
                        Err(error)
                    }
                }
            }
            Err(cause) => Err(failed("begins an import", cause)),
        };
        let _ = job.answer.send(result);
    }

    async fn purge(&mut self, now: Timestamp) -> Result<u64, StoreError> {
        let doing = "deletes what expired";
        let mut connection = self.begin().await.map_err(|cause| failed(doing, cause))?;
        match purge::purge(&mut connection, now).await {
            Ok(rows) => {
                self.commit(connection)
                    .await
                    .map_err(|cause| failed(doing, cause))?;
                Ok(rows)
            }
            Err(cause) => {
                self.roll_back(connection).await;
                Err(failed(doing, cause))
            }
        }
    }

    /// Takes the connection into a transaction. Who fails to bring it back has given it up, and with it the transaction.
    async fn begin(&mut self) -> Result<E::Writer, EngineError> {
        let mut connection = match self.connection.take() {
            Some(connection) => connection,
            None => self.engine.connect_writer().await?,
        };
        connection.execute(&statement!(E::BEGIN_WRITING)).await?;
        Ok(connection)
    }

    async fn commit(&mut self, mut connection: E::Writer) -> Result<(), EngineError> {
        let committed = connection.execute(&statement!(installation::COMMIT)).await;
        match committed {
            Ok(_) => {
                self.connection = Some(connection);
                Ok(())
            }
            Err(cause) => {
                self.roll_back(connection).await;
                Err(cause)
            }
        }
    }

    async fn roll_back(&mut self, mut connection: E::Writer) {
        match connection
            .execute(&statement!(installation::ROLLBACK))
            .await
        {
            Ok(_) => self.connection = Some(connection),
            Err(error) => {
                tracing::warn!(%error, "the writer gives up a connection that cannot roll back");
            }
        }
    }
}

fn answer(group: Vec<Commit>, outcomes: Vec<Outcome>) {
    for (commit, outcome) in group.into_iter().zip(outcomes) {
        let result = match outcome {
            Outcome::Applied => Ok(()),
            Outcome::Lost(index) => Err(CommitError::Lost { index }),
        };
        let _ = commit.answer.send(result);
    }
}

fn refuse(group: Vec<Commit>, cause: EngineError) {
    tracing::error!(error = %cause, callers = group.len(), "the store could not commit");
    let cause = Arc::new(cause);
    for commit in group {
        let error = StoreError::Engine {
            doing: "commits changes",
            cause: Box::new(Arc::clone(&cause)),
        };
        let _ = commit.answer.send(Err(error.into()));
    }
}

/// An engine's error in the contract's words.
pub(crate) fn failed(doing: &'static str, cause: EngineError) -> StoreError {
    StoreError::Engine {
        doing,
        cause: Box::new(cause),
    }
}

mod group;
#[cfg(test)]
mod tests;
