//! The connections of the write path, and of looking up what a license is now.
//!
//! sqlx's pool asks the server for a sign of life whenever a connection goes back to it: a round trip more than the
//! two that a command costs, or the one of a look-up. These do not, and a connection whose last statement failed is simply not used again.

use std::sync::{Mutex, PoisonError};

use ledger_app::patience::in_time;
use ledger_app::store::StoreError;
use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{ConnectOptions, Executor};
use tokio::sync::{Semaphore, SemaphorePermit};

use crate::error::store_error;

/// How many statements run at once; further ones wait. PostgreSQL does not get faster with more.
const CONNECTIONS: usize = 16;

/// What a statement sees is of the moment it begins, also where the database has another default. Whoever waited for a
/// lock relies on it.
pub(crate) const READ_COMMITTED: &str = "SET default_transaction_isolation = 'read committed'";

/// How these statements are planned: once, and always by the keys. Statistics cannot be trusted there: those
/// of a ledger that has just been made say that reading a whole table is cheap. What looks expensive on paper is not
/// worth compiling.
const PLANS: &str = "SET plan_cache_mode = force_generic_plan; SET enable_seqscan = off; SET jit = off";

/// How long they wait for somebody else's lock: less than a connection that says nothing is waited for.
const LOCKS: &str = "SET lock_timeout = '10s'";

/// The connections, some of them idle.
pub(crate) struct Connections {
    options: PgConnectOptions,
    idle: Mutex<Vec<PgConnection>>,
    permits: Semaphore,
}

/// A connection in use. It goes back only by [`Lent::give_back`]; dropped, it is closed, whatever it was doing.
pub(crate) struct Lent<'a> {
    pub(crate) connection: PgConnection,
    from: &'a Connections,
    _permit: SemaphorePermit<'a>,
}

impl Connections {
    pub(crate) fn new(options: PgConnectOptions) -> Self {
        Self { options, idle: Mutex::default(), permits: Semaphore::new(CONNECTIONS) }
    }

    /// An idle connection, or a new one.
    pub(crate) async fn lend(&self) -> Result<Lent<'_>, StoreError> {
        let permit = self.permits.acquire().await.map_err(|closed| StoreError::Unavailable(closed.to_string()))?;
        let idle = self.idle().pop();
        let connection = match idle {
            Some(connection) => connection,
            None => self.connect().await.map_err(store_error)?,
        };
        Ok(Lent { connection, from: self, _permit: permit })
    }

    async fn connect(&self) -> Result<PgConnection, sqlx::Error> {
        let mut connection = self.options.connect().await?;
        connection.execute(READ_COMMITTED).await?;
        connection.execute(PLANS).await?;
        connection.execute(LOCKS).await?;
        Ok(connection)
    }

    /// Does what is to be done on one of them, within bounds. Where it fails the idle ones are closed: when the server
    /// went away, it took all of them along.
    pub(crate) async fn in_time<T>(&self, work: impl Future<Output = Result<T, StoreError>>) -> Result<T, StoreError> {
        let done = in_time(work).await;
        if matches!(done, Err(StoreError::Unavailable(_))) {
            self.idle().clear();
        }
        done
    }

    fn idle(&self) -> std::sync::MutexGuard<'_, Vec<PgConnection>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Lent<'_> {
    /// Puts the connection back after a statement, unless it broke.
    pub(crate) fn give_back<T>(self, result: Result<T, sqlx::Error>) -> Result<T, StoreError> {
        if matches!(&result, Ok(_) | Err(sqlx::Error::Database(_))) {
            self.from.idle().push(self.connection);
        }
        result.map_err(store_error)
    }
}
