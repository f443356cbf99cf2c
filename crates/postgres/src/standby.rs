//! A streaming standby: it can be read, and everything in it comes from its primary, the tables too.

use ledger_app::store::StoreError;
use sqlx::PgConnection;
use sqlx::migrate::{Migrate, MigrateError, Migrator};

use crate::error::{migration_failed, store_error};

/// Whether the server is one, and not yet promoted.
pub(crate) async fn is_standby(connection: &mut PgConnection) -> Result<bool, StoreError> {
    sqlx::query_scalar("SELECT pg_is_in_recovery()").fetch_one(connection).await.map_err(store_error)
}

/// Checks that its tables are those that this program would make.
///
/// # Errors
/// [`StoreError::Newer`] and [`StoreError::Damaged`] as on a primary; [`StoreError::Unavailable`] as long as the tables
/// are older.
pub(crate) async fn must_be_up_to_date(connection: &mut PgConnection, program: &Migrator) -> Result<(), StoreError> {
    let applied = connection.list_applied_migrations().await.map_err(migration_failed)?;
    for applied in &applied {
        let known = program.iter().find(|known| known.version == applied.version);
        let known = known.ok_or_else(|| migration_failed(MigrateError::VersionMissing(applied.version)))?;
        if known.checksum != applied.checksum {
            return Err(migration_failed(MigrateError::VersionMismatch(applied.version)));
        }
    }
    let lacks = program.iter().find(|known| applied.iter().all(|applied| applied.version != known.version));
    lacks.map_or(Ok(()), |lacks| {
        Err(StoreError::Unavailable(format!(
            "this is a standby whose tables lack migration {}: run this version on the primary first",
            lacks.version
        )))
    })
}
