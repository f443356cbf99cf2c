//! The migrations, and whether a file has them.

use std::collections::BTreeMap;

use ledger_app::store::StoreError;
use sqlx::migrate::{MigrateError, Migrator};
use sqlx::{Connection, Row, SqliteConnection, SqlitePool};

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

/// What of the tables, indexes, triggers and views is not as the migrations make it, one line each. A table or an index that
/// somebody added does no harm; a trigger does something to rows.
pub(crate) async fn differences(pool: &SqlitePool) -> Result<Vec<String>, StoreError> {
    let mut fresh = SqliteConnection::connect("sqlite::memory:").await.map_err(failed)?;
    MIGRATIONS.run_direct(&mut fresh).await.map_err(not_migrated)?;
    let made = objects(&mut fresh).await.map_err(failed)?;
    let mut file = pool.acquire().await.map_err(failed)?;
    let mut found = objects(&mut file).await.map_err(failed)?;
    let mut lines = Vec::new();
    for (object, sql) in made {
        match found.remove(&object) {
            None => lines.push(format!("the {} {} is gone", object.0, object.1)),
            Some(found) if found != sql => lines.push(format!("the {} {} was changed", object.0, object.1)),
            Some(_) => {}
        }
    }
    let triggers = found.keys().filter(|(kind, _)| kind == "trigger");
    lines.extend(triggers.map(|(kind, name)| format!("the {kind} {name} is none of the ledger's")));
    Ok(lines)
}

/// What there is, each by its kind and name, and how it is defined. What SQLite makes by itself is not defined at all.
async fn objects(connection: &mut SqliteConnection) -> Result<BTreeMap<(String, String), String>, sqlx::Error> {
    let query =
        "SELECT type, name, sql FROM sqlite_schema WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite@_%' ESCAPE '@'";
    let rows: Vec<(String, String, String)> = sqlx::query_as(query).fetch_all(connection).await?;
    Ok(rows.into_iter().map(|(kind, name, sql)| ((kind, name), sql)).collect())
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
