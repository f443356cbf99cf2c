//! The migrations, and whether a file has them.

use ledger_app::store::StoreError;
use sqlx::migrate::{MigrateError, Migrator};
use sqlx::{Connection, Row, SqliteConnection};

use crate::error::failed;

static MIGRATIONS: Migrator = sqlx::migrate!("../../migrations/sqlite");

/// What a file is to this program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Schema {
    /// Every migration has run.
    Current,
    /// It is empty, or an older ledger.
    Older,
    /// A database of something else.
    Foreign,
    /// A newer version of this program has migrated it.
    Newer,
}

/// Looks at the file, and writes nothing.
pub(crate) async fn look_at(connection: &mut SqliteConnection) -> Result<Schema, sqlx::Error> {
    let tables = "SELECT count(*) AS tables, coalesce(sum(name = '_sqlx_migrations'), 0) AS ours FROM sqlite_schema";
    let row = sqlx::query(tables).fetch_one(&mut *connection).await?;
    match (row.try_get::<i64, _>("tables")?, row.try_get::<i64, _>("ours")?) {
        (0, _) => return Ok(Schema::Older),
        (_, 0) => return Ok(Schema::Foreign),
        _ => {}
    }
    let applied: i64 = sqlx::query_scalar("SELECT coalesce(max(version), 0) FROM _sqlx_migrations WHERE success")
        .fetch_one(&mut *connection)
        .await?;
    Ok(match applied.cmp(&last_migration()) {
        std::cmp::Ordering::Less => Schema::Older,
        std::cmp::Ordering::Equal => Schema::Current,
        std::cmp::Ordering::Greater => Schema::Newer,
    })
}

fn last_migration() -> i64 {
    MIGRATIONS.iter().map(|migration| migration.version).max().unwrap_or_default()
}

/// Runs the migrations that are missing, all in one transaction. Two processes may do so at once: the second waits
/// for the first and finds nothing to do.
pub(crate) async fn migrate(connection: &mut SqliteConnection) -> Result<(), StoreError> {
    let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await.map_err(failed)?;
    MIGRATIONS.run_direct(&mut *transaction).await.map_err(not_migrated)?;
    transaction.commit().await.map_err(failed)
}

fn not_migrated(error: MigrateError) -> StoreError {
    match error {
        MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _) => failed(error),
        MigrateError::VersionMissing(version) => newer(version),
        other => StoreError::Damaged(other.to_string()),
    }
}

fn newer(version: i64) -> StoreError {
    StoreError::Newer(format!("it has migration {version}, this program's last is {}", last_migration()))
}
