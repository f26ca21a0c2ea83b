//! Brings a database to the schema of this release, and refuses one that is newer.

use sqlx::SqlSafeStr;
use sqlx::migrate::{Migrate, MigrateError, Migration, MigrationType, Migrator};

/// The migrations in order. They only move forward; the number is the version.
const MIGRATIONS: &[(i64, &str, &str)] = &[
    (1, "begin", include_str!("../migrations/0001_begin.sql")),
    (
        2,
        "find log rows by person",
        include_str!("../migrations/0002_find_log_rows_by_person.sql"),
    ),
    (
        3,
        "last use of sessions",
        include_str!("../migrations/0003_last_use_of_sessions.sql"),
    ),
    (
        4,
        "key check",
        include_str!("../migrations/0004_key_check.sql"),
    ),
    (
        5,
        "interactive log rows",
        include_str!("../migrations/0005_interactive_log_rows.sql"),
    ),
    (
        6,
        "forgotten sign-ins",
        include_str!("../migrations/0006_forgotten_sign_ins.sql"),
    ),
];

/// A store could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The file could not be made or looked at.
    #[error("cannot create or read the database file `{path}`")]
    File {
        /// Which file.
        path: String,
        /// Why.
        #[source]
        cause: std::io::Error,
    },
    /// The engine could not open it.
    #[error("cannot open the database `{path}`")]
    Engine {
        /// Which database.
        path: String,
        /// Why.
        #[source]
        cause: sqlx::Error,
    },
    /// A later release has written to it.
    #[error(
        "the database has schema version {found}, and this release knows versions up to {known}: use the release \
         that wrote it, or a newer one"
    )]
    NewerSchema {
        /// The version in the database.
        found: i64,
        /// The newest version of this release.
        known: i64,
    },
    /// A migration failed, or one that was applied is not the one of this release.
    #[error("cannot bring the database to schema version {known}")]
    Migration {
        /// The newest version of this release.
        known: i64,
        /// Why.
        #[source]
        cause: MigrateError,
    },
}

/// Applies what is missing.
pub(crate) async fn migrate<C: Migrate>(connection: &mut C) -> Result<(), OpenError> {
    let migrations = MIGRATIONS
        .iter()
        .map(|(version, name, sql)| {
            let description = std::borrow::Cow::Borrowed(*name);
            Migration::new(
                *version,
                description,
                MigrationType::Simple,
                sql.into_sql_str(),
                false,
            )
        })
        .collect();
    let known = MIGRATIONS.last().map_or(0, |(version, _, _)| *version);
    Migrator::with_migrations(migrations)
        .run_direct(None, connection, false)
        .await
        .map_err(|cause| match cause {
            MigrateError::VersionMissing(found) if found > known => {
                OpenError::NewerSchema { found, known }
            }
            cause => OpenError::Migration { known, cause },
        })
}
