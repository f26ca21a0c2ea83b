//! Deletes what has expired. The sign-in log, consent and keys do not expire.

use jiff::{SignedDuration, Timestamp};

use crate::engine::{Connection, EngineError};
use crate::sql::purge;
use crate::statement::statement;

/// How long a grant that was revoked before anything was kept of it is remembered: longer than any token lives.
const UNKNOWN_GRANT_MEMORY: SignedDuration = SignedDuration::from_hours(24 * 120);

/// A spent code is remembered after it expired, so that a second redemption still revokes what the first one gave.
const CODE_MEMORY: SignedDuration = SignedDuration::from_hours(24);

/// Deletes in one transaction of the caller; answers how many rows.
pub(crate) async fn purge<C: Connection>(
    connection: &mut C,
    now: Timestamp,
) -> Result<u64, EngineError> {
    let last_day = now.saturating_add(UNKNOWN_GRANT_MEMORY).unwrap_or(now);
    connection
        .execute(&statement!(purge::DATE_ALL_UNKNOWN_GRANTS, last_day))
        .await?;
    let old_codes = now.saturating_sub(CODE_MEMORY).unwrap_or(now);
    let mut rows = 0;
    for (sql, before) in [
        (purge::ALL_TRANSACTIONS, now),
        (purge::ALL_SESSIONS, now),
        (purge::ALL_CODES, old_codes),
        (purge::ALL_REFRESH_TOKENS, now),
        (purge::ALL_ASSERTION_IDS, now),
        (purge::ALL_THROTTLES, now),
        (purge::ALL_GRANTS, now),
    ] {
        rows += connection.execute(&statement!(sql, before)).await?;
    }
    Ok(rows)
}
