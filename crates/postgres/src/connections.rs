//! The connections of the write path, and of looking up what a license is now.
//!
//! sqlx's pool asks the server for a sign of life whenever a connection goes back to it: a round trip more than the
//! two that a command costs, or the one of a look-up. These are asked only after a rest, and a connection whose last
//! statement failed is not used again.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use ledger_app::patience::in_time;
use ledger_app::store::StoreError;
use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{ConnectOptions, Connection, Executor};
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::{Instant, timeout};

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

/// How long a connection may rest and still be used without a sign of life: on its way something may have forgotten it.
const REST: Duration = Duration::from_secs(30);

/// How long the sign of life may take.
const SIGN_OF_LIFE: Duration = Duration::from_secs(2);

/// The connections, some of them idle.
pub(crate) struct Connections {
    options: PgConnectOptions,
    idle: Mutex<Vec<Idle>>,
    permits: Semaphore,
}

/// A connection that nobody uses.
struct Idle {
    connection: PgConnection,
    since: Instant,
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
        let connection = match self.alive().await {
            Some(connection) => connection,
            None => self.connect().await.map_err(store_error)?,
        };
        Ok(Lent { connection, from: self, _permit: permit })
    }

    /// One of the idle ones; none where there is none that lives.
    async fn alive(&self) -> Option<PgConnection> {
        let idle = self.idle().pop();
        let Idle { mut connection, since } = idle?;
        if since.elapsed() < REST {
            return Some(connection);
        }
        let lives = timeout(SIGN_OF_LIFE, connection.ping()).await.is_ok_and(|answer| answer.is_ok());
        if !lives {
            // The others have rested as long, or longer.
            self.idle().clear();
        }
        lives.then_some(connection)
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

    fn idle(&self) -> std::sync::MutexGuard<'_, Vec<Idle>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Lent<'_> {
    /// Puts the connection back after a statement, unless it broke.
    pub(crate) fn give_back<T>(self, result: Result<T, sqlx::Error>) -> Result<T, StoreError> {
        if matches!(&result, Ok(_) | Err(sqlx::Error::Database(_))) {
            self.from.idle().push(Idle { connection: self.connection, since: Instant::now() });
        }
        result.map_err(store_error)
    }
}
