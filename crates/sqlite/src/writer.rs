//! The one connection that writes.

use ledger_app::store::StoreError;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, Connection, SqliteConnection};
use tokio::sync::{Mutex, MutexGuard};

use crate::error::failed;

/// The writing connection, taken by one task at a time: SQLite has one writer anyway, and who waits here waits fairly.
pub(crate) struct Writer {
    /// How to connect; `None` when the file is open for reading only.
    options: Option<SqliteConnectOptions>,
    idle: Mutex<Option<SqliteConnection>>,
}

/// The connection while a task writes. Dropped without [`Lease::end`] (the task was cancelled) it closes the
/// connection, which rolls back; the next task connects anew.
pub(crate) struct Lease<'w> {
    idle: MutexGuard<'w, Option<SqliteConnection>>,
    connection: SqliteConnection,
}

impl Writer {
    pub(crate) fn new(options: SqliteConnectOptions, connection: SqliteConnection) -> Self {
        Self { options: Some(options), idle: Mutex::new(Some(connection)) }
    }

    pub(crate) fn none() -> Self {
        Self { options: None, idle: Mutex::default() }
    }

    /// False when the file is open for reading only.
    pub(crate) const fn can_write(&self) -> bool {
        self.options.is_some()
    }

    /// The connection, as soon as no other task has it.
    pub(crate) async fn lease(&self) -> Result<Lease<'_>, StoreError> {
        let Some(options) = &self.options else {
            return Err(StoreError::Unavailable("it cannot be written, only read".to_owned()));
        };
        let mut idle = self.idle.lock().await;
        let connection = match idle.take() {
            Some(connection) => connection,
            None => options.connect().await.map_err(failed)?,
        };
        Ok(Lease { idle, connection })
    }

    pub(crate) async fn close(self) {
        if let Some(connection) = self.idle.into_inner() {
            // Nothing is lost when closing fails: what was committed is in the log.
            connection.close().await.ok();
        }
    }
}

impl Lease<'_> {
    pub(crate) const fn connection(&mut self) -> &mut SqliteConnection {
        &mut self.connection
    }

    /// Gives the connection back, unless it failed: after a full disk, say, it is not known what it stands in.
    pub(crate) fn end<T>(mut self, done: Result<T, StoreError>) -> Result<T, StoreError> {
        if matches!(done, Ok(_) | Err(StoreError::Conflict(_) | StoreError::Newer(_) | StoreError::NotYetFinal { .. }))
        {
            *self.idle = Some(self.connection);
        }
        done
    }
}
