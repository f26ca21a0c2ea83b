//! What is SQLite's own: the file, its permissions, its settings, and that it takes every statement.

use std::os::unix::fs::PermissionsExt;

use sqlx::Executor;

use super::*;
use crate::sql;

async fn opened(path: &Path) -> SqliteStore {
    SqliteStore::open(path, SqliteOptions::default())
        .await
        .unwrap()
}

async fn connection(path: &Path) -> SqliteConnection {
    let options = connect_options(path, SqliteOptions::default());
    options.connect().await.unwrap()
}

#[tokio::test]
async fn every_statement_prepares() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("portcullis.db");
    opened(&path).await.close().await;
    let mut connection = connection(&path).await;
    let mut count = 0;
    for (name, sql) in sql::all() {
        if let Err(error) = connection
            .prepare(sqlx::SqlSafeStr::into_sql_str(*sql))
            .await
        {
            panic!("{name}: {error}");
        }
        count += 1;
    }
    assert!(count > 80, "only {count} statements were prepared");
}

#[tokio::test]
async fn every_statement_of_a_tenant_names_its_tenant() {
    let across_tenants = [sql::installation::ALL, sql::purge::ALL].concat();
    for (name, sql) in sql::all() {
        let is_known = across_tenants.contains(&(*name, *sql)) || *name == "FIND_CLAIM";
        assert!(
            is_known || sql.contains("tenant_id"),
            "{name} reaches rows of every tenant"
        );
    }
}

#[tokio::test]
async fn commits_are_flushed_before_they_are_answered() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("portcullis.db");
    opened(&path).await.close().await;
    let mut connection = connection(&path).await;
    for (pragma, wanted) in [
        ("PRAGMA journal_mode", "wal"),
        ("PRAGMA synchronous", "2"),
        ("PRAGMA foreign_keys", "1"),
    ] {
        let row = sqlx::query(pragma)
            .fetch_one(&mut connection)
            .await
            .unwrap();
        let found = row
            .try_get_unchecked::<String, _>(0)
            .unwrap_or_else(|_| row.get_unchecked::<i64, _>(0).to_string());
        assert_eq!(found, wanted, "{pragma}");
    }
}

#[tokio::test]
async fn only_the_owner_reads_the_file_and_its_log() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("portcullis.db");
    let store = opened(&path).await;
    for file in ["portcullis.db", "portcullis.db-wal", "portcullis.db-shm"] {
        let metadata = std::fs::metadata(folder.path().join(file)).unwrap();
        assert_eq!(metadata.permissions().mode() & 0o777, 0o600, "{file}");
    }
    store.close().await;
}

#[tokio::test]
async fn a_newer_schema_is_refused_with_the_cure() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("portcullis.db");
    opened(&path).await.close().await;
    let mut connection = connection(&path).await;
    sqlx::query(
        "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) \
         VALUES (999, 'later', true, x'00', 0)",
    )
    .execute(&mut connection)
    .await
    .unwrap();
    let refused = SqliteStore::open(&path, SqliteOptions::default()).await;
    let error = refused.map(|_| ()).unwrap_err();
    assert!(
        matches!(error, OpenError::NewerSchema { found: 999, .. }),
        "{error:?}"
    );
    assert!(error.to_string().contains("use the release"), "{error}");
}

#[tokio::test]
async fn a_reader_cannot_write() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("portcullis.db");
    let store = opened(&path).await;
    let engine = store.engine();
    let refused = engine
        .read(&crate::statement::statement!(
            "DELETE FROM consent WHERE tenant_id IS NULL"
        ))
        .await;
    assert!(refused.is_err());
}

#[tokio::test]
async fn a_closed_store_says_that_it_failed() {
    use portcullis_model::id::{GrantId, TenantId};
    use portcullis_model::store::{Change, CommitError, Store};

    let folder = tempfile::tempdir().unwrap();
    let store = opened(&folder.path().join("portcullis.db")).await;
    let tenant = store.tenant(TenantId::new(Uuid::from_u128(1)));
    store.close().await;
    let change = Change::RevokeGrant(GrantId::new(Uuid::from_u128(2)));
    let refused = tenant.commit(vec![change]).await;
    assert!(matches!(refused, Err(CommitError::Store(_))), "{refused:?}");
    assert!(store.ping().await.is_err());
}

#[tokio::test]
async fn the_log_is_read_along_its_indexes() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("portcullis.db");
    opened(&path).await.close().await;
    let mut connection = connection(&path).await;
    for (sql, wanted) in [
        (sql::sign_in_log::LIST, "sqlite_autoindex_sign_in_log_1"),
        (sql::sign_in_log::LIST_OF_USER_ID, "sign_in_log_user"),
        (sql::sign_in_log::LIST_OF_USER_NAME, "sign_in_log_user_name"),
        (
            sql::sign_in_log::LIST_OF_CORRELATION,
            "sign_in_log_correlation",
        ),
    ] {
        let explain = sqlx::query(sqlx::AssertSqlSafe(format!("EXPLAIN QUERY PLAN {sql}")));
        let plan = explain.fetch_one(&mut connection).await.unwrap();
        let plan: String = plan.get("detail");
        assert!(plan.contains(&format!("USING INDEX {wanted} ")), "{plan}");
    }
}

#[tokio::test]
async fn what_was_committed_is_there_when_the_file_is_opened_again() {
    use portcullis_model::id::{GrantId, TenantId};
    use portcullis_model::store::{Change, Store};

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("portcullis.db");
    let id = Uuid::from_u128(1);
    for round in 0..3_u128 {
        let store = opened(&path).await;
        let tenant = store.tenant(TenantId::new(id));
        for earlier in 0..round {
            let grant = GrantId::new(Uuid::from_u128(earlier));
            assert!(tenant.is_grant_revoked(grant).await.unwrap());
        }
        tenant.commit(Vec::new()).await.unwrap();
        let grant = GrantId::new(Uuid::from_u128(round));
        tenant
            .commit(vec![Change::RevokeGrant(grant)])
            .await
            .unwrap();
        // Dropped, not closed.
    }
}

#[tokio::test]
async fn a_full_queue_lets_callers_wait() {
    use portcullis_model::id::{GrantId, TenantId};
    use portcullis_model::store::{Change, Store};

    let folder = tempfile::tempdir().unwrap();
    let options = SqliteOptions {
        queue_length_max: 1,
        ..SqliteOptions::default()
    };
    let path = folder.path().join("portcullis.db");
    let store = SqliteStore::open(&path, options).await.unwrap();
    let mut callers = tokio::task::JoinSet::new();
    for n in 0..200_u128 {
        let tenant = store.tenant(TenantId::new(Uuid::from_u128(1)));
        let grant = GrantId::new(Uuid::from_u128(n));
        callers.spawn(async move { tenant.commit(vec![Change::RevokeGrant(grant)]).await });
    }
    for result in callers.join_all().await {
        result.unwrap();
    }
}

#[tokio::test]
async fn readers_are_shared_and_come_back_whatever_became_of_the_read() {
    let folder = tempfile::tempdir().unwrap();
    let store = opened(&folder.path().join("portcullis.db")).await;
    let readers = &store.engine().readers;
    let statement = crate::statement::statement!(
        "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000) SELECT i FROM n"
    );
    // More than there are connections, half of them given up in the middle.
    let reads = (0..12_u64).map(|n| {
        let patience = Duration::from_millis(if n % 2 == 0 { 2 } else { 60_000 });
        tokio::time::timeout(patience, readers.fetch(&statement))
    });
    let ended = futures::future::join_all(reads).await;
    let done = ended
        .iter()
        .filter(|end| matches!(end, Ok(Ok(rows)) if rows.len() == 20_000));
    assert!(done.count() >= 6);
    let opened = readers.idle_count();
    assert!((1..=4).contains(&opened), "{opened} connections");
    let wrong = crate::statement::statement!("SELECT nothing FROM nowhere");
    assert!(readers.fetch(&wrong).await.is_err());
    assert_eq!(readers.idle_count(), opened - 1, "it is given up");
    let one = crate::statement::statement!("SELECT 1");
    for _ in 0..opened {
        assert_eq!(readers.fetch(&one).await.unwrap().len(), 1);
    }
    store.close().await;
    assert!(matches!(
        readers.fetch(&one).await,
        Err(EngineError::PoolClosed)
    ));
}
