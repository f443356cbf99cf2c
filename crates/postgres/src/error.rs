//! What a failure of the database means to the ledger.

use std::fmt::Display;

use ledger_app::store::StoreError;
use sqlx::Error;
use sqlx::error::DatabaseError;
use sqlx::migrate::MigrateError;

/// The kind of the failure.
pub(crate) fn store_error(error: Error) -> StoreError {
    match &error {
        Error::Database(reported) => reported_error(reported.as_ref()),
        Error::ColumnDecode { .. } | Error::Decode(_) | Error::ColumnNotFound(_) | Error::RowNotFound => damaged(error),
        Error::Migrate(_) => damaged(error),
        _ => StoreError::Unavailable(error.to_string()),
    }
}

/// What the server reported, by its SQLSTATE; those that begin with LL are raised by the ledger's own functions.
fn reported_error(error: &dyn DatabaseError) -> StoreError {
    let code = error.code().unwrap_or_default();
    let text = match code.as_ref() {
        code if code.starts_with("LL") => error.message().to_owned(),
        code => format!("{} ({code})", error.message()),
    };
    match code.as_ref() {
        // Unique violation, serialization failure, deadlock; a version that no longer holds.
        "23505" | "40001" | "40P01" | "LL001" => StoreError::Conflict(text),
        "LL002" => StoreError::Newer(text),
        "LL005" => StoreError::HalfImported,
        // Read only, as every transaction on a standby is.
        "25006" => StoreError::Standby(text),
        // A lock that was not to be had in time; a statement that took longer than somebody has set.
        "55P03" | "57014" => StoreError::Held(text),
        code if is_unavailable(code) => StoreError::Unavailable(text),
        _ => StoreError::Damaged(text),
    }
}

/// Connection, transaction state, authorization, no such database, resources, object in use,
/// intervention, system.
fn is_unavailable(code: &str) -> bool {
    code == "42501" || ["08", "25", "28", "3D", "53", "55", "57", "58"].iter().any(|class| code.starts_with(class))
}

/// Something stored that cannot be.
pub(crate) fn damaged(what: impl Display) -> StoreError {
    StoreError::Damaged(what.to_string())
}

/// Why the tables could not be brought up to date.
pub(crate) fn migration_failed(error: MigrateError) -> StoreError {
    match error {
        MigrateError::VersionMissing(version) => {
            StoreError::Newer(format!("its tables are at migration {version}, which this version does not know"))
        }
        MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _) => store_error(error),
        other => damaged(format_args!("its tables are not as they were made: {other}")),
    }
}
