//! What SQLite's errors mean to the ledger.

use ledger_app::store::StoreError;
use sqlx::error::DatabaseError;

// Primary result codes, https://www.sqlite.org/rescode.html.
const PERM: u32 = 3;
const BUSY: u32 = 5;
const LOCKED: u32 = 6;
const READONLY: u32 = 8;
const CORRUPT: u32 = 11;
const CANTOPEN: u32 = 14;
const CONSTRAINT: u32 = 19;
const NOTADB: u32 = 26;

// Extended ones, of CONSTRAINT.
const PRIMARY_KEY: u32 = 1555;
const TRIGGER: u32 = 1811;
const UNIQUE: u32 = 2067;

/// The store's error for one of the database. A read model's key is never taken while the events' keys are free,
/// unless the read model is damaged.
pub(crate) fn failed(error: sqlx::Error) -> StoreError {
    match &error {
        sqlx::Error::Database(database) => database_failed(database.as_ref()),
        sqlx::Error::ColumnDecode { .. } | sqlx::Error::Decode(_) | sqlx::Error::ColumnNotFound(_) => {
            StoreError::Damaged(error.to_string())
        }
        _ => StoreError::Unavailable(error.to_string()),
    }
}

fn database_failed(error: &dyn DatabaseError) -> StoreError {
    let message = error.message().to_owned();
    let code = code(error);
    match (code & 0xff, code) {
        (CONSTRAINT, PRIMARY_KEY | UNIQUE) if message.contains("entitlement") => {
            StoreError::Damaged(format!("{message}; `license-ledger rebuild` mends it"))
        }
        (CONSTRAINT, PRIMARY_KEY | UNIQUE | TRIGGER) => StoreError::Conflict(message),
        (CONSTRAINT | CORRUPT, _) => StoreError::Damaged(message),
        (NOTADB, _) => StoreError::Unavailable("it is not an SQLite database".to_owned()),
        (READONLY, _) => StoreError::Unavailable("it cannot be written, only read".to_owned()),
        _ => StoreError::Unavailable(message),
    }
}

/// Whether another connection was in the way, so that trying again may help.
pub(crate) fn is_busy(error: &sqlx::Error) -> bool {
    is_one_of(error, &[BUSY, LOCKED])
}

/// Whether the file can be read at most.
pub(crate) fn is_unwritable(error: &sqlx::Error) -> bool {
    is_one_of(error, &[READONLY, CANTOPEN, PERM])
}

fn is_one_of(error: &sqlx::Error, codes: &[u32]) -> bool {
    error.as_database_error().is_some_and(|error| codes.contains(&(code(error) & 0xff)))
}

fn code(error: &dyn DatabaseError) -> u32 {
    error.code().and_then(|code| code.parse().ok()).unwrap_or_default()
}
