//! Applying a group: everybody's changes in few round trips, and what each caller came to.
//!
//! First straight through, without marks: hardly anybody loses, and a mark costs SQLite a copy of every page that is
//! touched after it. When somebody loses beside others, the writer takes all of it back and goes through the group again
//! with marks, so that only those who lose are undone.

use super::Commit;
use crate::change::{Expectation, Step};
use crate::engine::{Connection, EngineError, Touched};
use crate::sql::installation;
use crate::statement::{Statement, statement};

/// Where a caller's changes ended.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    Applied,
    /// The change at this place lost.
    Lost(usize),
}

/// Where a group ended that was applied without marks.
pub(super) enum Straight {
    /// In order; who lost has left nothing behind.
    Done(Vec<Outcome>),
    /// Somebody lost after or before another change of theirs, which is to be undone.
    Undo,
}

/// Callers with the same kinds of change, one after the other, that go in one round trip. Powers of two up to this: each
/// length is a text that the driver keeps prepared.
const RUN_LENGTH_MAX: usize = 8;

/// Applies each caller's changes without marks.
pub(super) async fn apply_straight<C: Connection>(
    connection: &mut C,
    group: &[Commit],
) -> Result<Straight, EngineError> {
    let mut outcomes = Vec::with_capacity(group.len());
    let mut rest = group;
    while !rest.is_empty() {
        let (run, others) = rest.split_at(run_length(rest));
        rest = others;
        let steps = run.iter().flat_map(|commit| &commit.steps);
        let statements: Vec<&Statement> = steps.map(|step| &step.statement).collect();
        let touched = run_all(connection, &statements).await;
        let mut rows = touched.rows.iter();
        for commit in run {
            let lost = lost(&commit.steps, rows.by_ref().take(commit.steps.len()));
            match lost {
                // What failed after it would not have run at all; its caller undoes the whole transaction.
                Some(change) if group.len() == 1 => {
                    return Ok(Straight::Done(vec![Outcome::Lost(change)]));
                }
                Some(_) if can_lose_late(&commit.steps) => return Ok(Straight::Undo),
                Some(change) => outcomes.push(Outcome::Lost(change)),
                None => outcomes.push(Outcome::Applied),
            }
        }
        if let Some(cause) = touched.failure {
            return Err(cause);
        }
    }
    Ok(Straight::Done(outcomes))
}

/// How many callers from the first on go together.
fn run_length(group: &[Commit]) -> usize {
    let Some((first, others)) = group.split_first() else {
        return 0;
    };
    let same = others.iter().take_while(|other| is_alike(first, other));
    let alike = 1 + same.take(RUN_LENGTH_MAX - 1).count();
    1 << alike.ilog2()
}

fn is_alike(one: &Commit, other: &Commit) -> bool {
    let texts = |commit: &Commit| {
        let steps = commit.steps.iter();
        steps.map(|step| step.statement.sql).collect::<Vec<_>>()
    };
    one.steps.len() == other.steps.len() && texts(one) == texts(other)
}

/// Applies each caller's changes, and undoes those of callers who lose. A group of one needs no mark: its caller undoes the
/// whole transaction.
pub(super) async fn apply_with_marks<C: Connection>(
    connection: &mut C,
    group: &[Commit],
) -> Result<Vec<Outcome>, EngineError> {
    let (mark, forget) = (
        statement!(installation::MARK),
        statement!(installation::FORGET_MARK),
    );
    let mut outcomes = Vec::with_capacity(group.len());
    let mut has_mark = false;
    for commit in group {
        let needs_mark = group.len() > 1 && can_lose_late(&commit.steps);
        let before: &[&Statement] = match (needs_mark, has_mark) {
            (false, _) => &[],
            (true, false) => &[&mark],
            (true, true) => &[&forget, &mark],
        };
        has_mark |= needs_mark;
        let outcome = apply_one(connection, before, &commit.steps).await?;
        if needs_mark && matches!(outcome, Outcome::Lost(_)) {
            let undo = statement!(installation::RETURN_TO_MARK);
            connection.execute(&undo).await?;
        }
        outcomes.push(outcome);
    }
    Ok(outcomes)
}

/// Whether a condition may fail after or before another statement is applied. One that stands alone leaves nothing to
/// undo.
fn can_lose_late(steps: &[Step]) -> bool {
    steps.len() > 1
        && steps
            .iter()
            .any(|step| step.expectation == Expectation::OneRow)
}

/// Applies one caller's changes after the statements that mark their beginning. The list runs to its end also after a
/// condition did not hold; what came of it then is the caller's to undo.
async fn apply_one<C: Connection>(
    connection: &mut C,
    before: &[&Statement],
    steps: &[Step],
) -> Result<Outcome, EngineError> {
    let statements = steps.iter().map(|step| &step.statement);
    let all: Vec<&Statement> = before.iter().copied().chain(statements).collect();
    let touched = run_all(connection, &all).await;
    match (
        lost(steps, touched.rows.iter().skip(before.len())),
        touched.failure,
    ) {
        // What failed after a lost change would not have run at all.
        (Some(change), _) => Ok(Outcome::Lost(change)),
        (None, Some(cause)) => Err(cause),
        (None, None) => Ok(Outcome::Applied),
    }
}

/// The change that lost first, by how many rows each step has touched.
fn lost<'r>(steps: &[Step], rows: impl Iterator<Item = &'r u64>) -> Option<usize> {
    steps
        .iter()
        .zip(rows)
        .find(|(step, rows)| step.expectation == Expectation::OneRow && **rows == 0)
        .map(|(step, _)| step.change)
}

async fn run_all<C: Connection>(connection: &mut C, statements: &[&Statement]) -> Touched {
    match statements {
        [only] => Touched::from(connection.execute(only).await),
        all => connection.execute_all(all).await,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn caller(texts: &[&'static str]) -> Commit {
        let steps = texts.iter().map(|text| Step {
            statement: statement!(*text),
            expectation: Expectation::Any,
            change: 0,
        });
        Commit {
            steps: steps.collect(),
            answer: tokio::sync::oneshot::channel().0,
        }
    }

    #[test]
    fn alike_callers_go_together_in_powers_of_two() {
        let mut group = Vec::new();
        assert_eq!(run_length(&group), 0);
        for wanted in [1, 2, 2, 4, 4, 4, 4, 8, 8, 8, 8] {
            group.push(caller(&["A", "B"]));
            assert_eq!(run_length(&group), wanted, "of {}", group.len());
        }
        let others: [&[&'static str]; 3] = [&["A"], &["A", "B", "C"], &["B", "A"]];
        for other in others {
            let mixed = [caller(&["A", "B"]), caller(other), caller(&["A", "B"])];
            assert_eq!(run_length(&mixed), 1, "{other:?}");
        }
    }
}
