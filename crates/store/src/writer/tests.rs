//! The writer on an engine that fails as a test says: who is told what, and when.

use std::collections::BTreeMap;
use std::sync::Mutex;

use portcullis_model::id::TenantId;
use portcullis_model::store::Change;
use tokio::sync::Notify;
use tokio::sync::oneshot::Receiver;
use uuid::Uuid;

use super::*;
use crate::change::steps;
use crate::engine::{Columns, Touched};
use crate::sql::artefact;
use crate::statement::Statement;

/// An engine that keeps a list of what it ran.
#[derive(Default)]
struct Scripted {
    ran: Mutex<Vec<&'static str>>,
    /// How often each text still fails.
    failures: Mutex<BTreeMap<&'static str, u32>>,
    /// Texts that touch no row.
    touches_nothing: Mutex<Vec<&'static str>>,
    connections: Mutex<u32>,
    /// When set, a `COMMIT` says that it began, and waits.
    gate: Option<Gate>,
}

#[derive(Default)]
struct Gate {
    begun: Notify,
    open: Notify,
}

impl Scripted {
    fn failing(sql: &'static str, times: u32) -> Arc<Self> {
        let engine = Self::default();
        engine.fail(sql, times);
        Arc::new(engine)
    }

    fn fail(&self, sql: &'static str, times: u32) {
        self.failures.lock().unwrap().insert(sql, times);
    }

    fn ran(&self) -> Vec<&'static str> {
        self.ran.lock().unwrap().clone()
    }

    fn count(&self, sql: &str) -> usize {
        self.ran().iter().filter(|ran| **ran == sql).count()
    }
}

struct ScriptedConnection(Arc<Scripted>);

impl Engine for Arc<Scripted> {
    type Row = NoRow;
    type Writer = ScriptedConnection;
    type Snapshot = ScriptedConnection;
    const BEGIN_WRITING: &'static str = "BEGIN";

    async fn connect_writer(&self) -> Result<ScriptedConnection, EngineError> {
        *self.connections.lock().unwrap() += 1;
        Ok(ScriptedConnection(Arc::clone(self)))
    }
    async fn read(&self, _: &Statement) -> Result<Vec<NoRow>, EngineError> {
        Ok(Vec::new())
    }
    async fn snapshot(&self) -> Result<ScriptedConnection, EngineError> {
        Ok(ScriptedConnection(Arc::clone(self)))
    }
    async fn close(&self) {}
}

impl Connection for ScriptedConnection {
    type Row = NoRow;

    async fn execute(&mut self, statement: &Statement) -> Result<u64, EngineError> {
        let sql = statement.sql;
        self.0.ran.lock().unwrap().push(sql);
        if let Some(times) = self.0.failures.lock().unwrap().get_mut(sql)
            && *times > 0
        {
            *times -= 1;
            return Err(EngineError::WorkerCrashed);
        }
        if sql == installation::COMMIT
            && let Some(gate) = &self.0.gate
        {
            gate.begun.notify_one();
            gate.open.notified().await;
        }
        let touches_nothing = self.0.touches_nothing.lock().unwrap().contains(&sql);
        Ok(u64::from(!touches_nothing))
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

    async fn fetch(&mut self, _: &Statement) -> Result<Vec<NoRow>, EngineError> {
        Ok(Vec::new())
    }

    async fn close(self) -> Result<(), EngineError> {
        Ok(())
    }
}

/// The scripted engine has no rows.
struct NoRow;

impl Columns for NoRow {
    fn uuid(&self, _: &str) -> Result<Uuid, EngineError> {
        Err(EngineError::RowNotFound)
    }
    fn bytes(&self, _: &str) -> Result<Vec<u8>, EngineError> {
        Err(EngineError::RowNotFound)
    }
    fn text(&self, _: &str) -> Result<String, EngineError> {
        Err(EngineError::RowNotFound)
    }
    fn optional_text(&self, _: &str) -> Result<Option<String>, EngineError> {
        Err(EngineError::RowNotFound)
    }
    fn integer(&self, _: &str) -> Result<i64, EngineError> {
        Err(EngineError::RowNotFound)
    }
    fn optional_integer(&self, _: &str) -> Result<Option<i64>, EngineError> {
        Err(EngineError::RowNotFound)
    }
    fn truth(&self, _: &str) -> Result<bool, EngineError> {
        Err(EngineError::RowNotFound)
    }
}

type Answer = Receiver<Result<(), CommitError>>;

/// Queues a change; the writer takes all that are queued before the test next waits.
fn queue(sender: &mpsc::Sender<Job>, change: Change) -> Answer {
    queue_all(sender, vec![change])
}

fn queue_all(sender: &mpsc::Sender<Job>, changes: Vec<Change>) -> Answer {
    let (answer, answered) = oneshot::channel();
    let tenant = TenantId::new(Uuid::from_u128(1));
    let steps = steps(tenant, changes).unwrap();
    let queued = sender.try_send(Job::Commit(Commit { steps, answer }));
    assert!(queued.is_ok());
    answered
}

fn revoke(n: u128) -> Change {
    Change::RevokeGrant(portcullis_model::id::Id::new(Uuid::from_u128(n)))
}

fn spend(n: u8) -> Change {
    Change::SpendCode(portcullis_model::secret::TokenHash([n; 32]))
}

async fn started(engine: &Arc<Scripted>) -> mpsc::Sender<Job> {
    start(Arc::new(Arc::clone(engine)), 64).await.unwrap()
}

#[tokio::test]
async fn b19_a_commit_that_fails_is_told_to_everybody_in_the_group() {
    let engine = Scripted::failing(installation::COMMIT, 1);
    let sender = started(&engine).await;
    let answers = [1, 2, 3].map(|n| queue(&sender, revoke(n)));
    for answer in answers {
        let answer = answer.await.unwrap();
        assert!(matches!(answer, Err(CommitError::Store(_))), "{answer:?}");
    }
    assert_eq!(engine.count(installation::COMMIT), 1, "{:?}", engine.ran());
    assert_eq!(engine.count(installation::ROLLBACK), 1);
    queue(&sender, revoke(4)).await.unwrap().unwrap();
}

#[tokio::test]
async fn x02_nobody_is_answered_before_the_commit_is_durable() {
    let engine = Arc::new(Scripted {
        gate: Some(Gate::default()),
        ..Scripted::default()
    });
    *engine.touches_nothing.lock().unwrap() = vec![artefact::SPEND_CODE];
    let sender = started(&engine).await;
    let mut applied = queue(&sender, revoke(1));
    let mut lost = queue(&sender, spend(1));
    let gate = engine.gate.as_ref().unwrap();
    gate.begun.notified().await;
    assert!(applied.try_recv().is_err(), "answered too early");
    assert!(lost.try_recv().is_err(), "answered too early");
    gate.open.notify_one();
    applied.await.unwrap().unwrap();
    let lost = lost.await.unwrap();
    assert!(
        matches!(lost, Err(CommitError::Lost { index: 0 })),
        "{lost:?}"
    );
}

#[tokio::test]
async fn a_statement_that_fails_makes_its_group_go_one_by_one() {
    // It fails in the group, and again when its caller is alone.
    let engine = Scripted::failing(artefact::SPEND_CODE, 2);
    let sender = started(&engine).await;
    let before = queue(&sender, revoke(1));
    let to_blame = queue(&sender, spend(1));
    let after = queue(&sender, revoke(2));
    before.await.unwrap().unwrap();
    let refused = to_blame.await.unwrap();
    assert!(matches!(refused, Err(CommitError::Store(_))), "{refused:?}");
    after.await.unwrap().unwrap();
    assert_eq!(engine.count(installation::ROLLBACK), 2);
    assert_eq!(engine.count(installation::COMMIT), 2);
    assert_eq!(*engine.connections.lock().unwrap(), 1);
}

#[tokio::test]
async fn a_connection_that_cannot_roll_back_is_given_up() {
    let engine = Scripted::failing(installation::COMMIT, 1);
    engine.fail(installation::ROLLBACK, 1);
    let sender = started(&engine).await;
    assert!(queue(&sender, revoke(1)).await.unwrap().is_err());
    queue(&sender, revoke(2)).await.unwrap().unwrap();
    assert_eq!(*engine.connections.lock().unwrap(), 2);
}

#[tokio::test]
async fn one_who_loses_alone_commits_nothing() {
    let engine = Arc::new(Scripted::default());
    *engine.touches_nothing.lock().unwrap() = vec![artefact::SPEND_CODE];
    let sender = started(&engine).await;
    let lost = queue(&sender, spend(1)).await.unwrap();
    assert!(
        matches!(lost, Err(CommitError::Lost { index: 0 })),
        "{lost:?}"
    );
    assert_eq!(engine.count(installation::COMMIT), 0);
    assert_eq!(engine.count(installation::ROLLBACK), 1);
}

#[tokio::test]
async fn nobody_is_marked_while_nobody_loses() {
    let engine = Arc::new(Scripted::default());
    let sender = started(&engine).await;
    let answers = [1, 2, 3].map(|n| queue_all(&sender, vec![revoke(n.into()), spend(n)]));
    for answer in answers {
        answer.await.unwrap().unwrap();
    }
    assert_eq!(engine.count(installation::MARK), 0, "{:?}", engine.ran());
    assert_eq!(engine.count("BEGIN"), 1);
    assert_eq!(engine.count(artefact::SPEND_CODE), 3);
    assert_eq!(engine.count(installation::COMMIT), 1);
}

#[tokio::test]
async fn who_loses_beside_others_is_undone_alone() {
    let engine = Arc::new(Scripted::default());
    *engine.touches_nothing.lock().unwrap() = vec![artefact::SPEND_CODE];
    let sender = started(&engine).await;
    let first = queue_all(&sender, vec![revoke(1), revoke(2)]);
    let loser = queue_all(&sender, vec![revoke(3), spend(1)]);
    let third = queue_all(&sender, vec![revoke(4), revoke(5)]);
    first.await.unwrap().unwrap();
    let lost = loser.await.unwrap();
    assert!(
        matches!(lost, Err(CommitError::Lost { index: 1 })),
        "{lost:?}"
    );
    third.await.unwrap().unwrap();
    // All of it was taken back once; then only the loser's part.
    let ran = engine.ran();
    assert_eq!(engine.count(installation::ROLLBACK), 1, "{ran:?}");
    assert_eq!(engine.count(installation::RETURN_TO_MARK), 1, "{ran:?}");
    assert_eq!(engine.count(installation::COMMIT), 1, "{ran:?}");
    let undone = ran
        .iter()
        .position(|sql| *sql == installation::RETURN_TO_MARK);
    let marked = ran.iter().rposition(|sql| *sql == installation::MARK);
    assert!(marked < undone, "{ran:?}");
}

#[tokio::test]
async fn what_fails_after_a_lost_change_is_told_as_lost() {
    let engine = Scripted::failing(artefact::REVOKE_GRANT, 9);
    *engine.touches_nothing.lock().unwrap() = vec![artefact::SPEND_CODE];
    let sender = started(&engine).await;
    let lost = queue_all(&sender, vec![spend(1), revoke(1)]).await.unwrap();
    assert!(
        matches!(lost, Err(CommitError::Lost { index: 0 })),
        "{lost:?}"
    );
    assert_eq!(engine.count(installation::COMMIT), 0);
}

#[tokio::test]
async fn what_queued_before_the_end_is_still_worked_off() {
    let engine = Arc::new(Scripted::default());
    let sender = started(&engine).await;
    let queued = queue(&sender, revoke(1));
    let (answer, stopped) = oneshot::channel();
    assert!(sender.try_send(Job::Stop { answer }).is_ok());
    let late = queue(&sender, revoke(2));
    stopped.await.unwrap();
    queued.await.unwrap().unwrap();
    late.await.unwrap().unwrap();
    assert!(sender.is_closed());
}
