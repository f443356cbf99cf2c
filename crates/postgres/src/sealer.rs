//! Positions and the final instant (`0003_sealer.sql` says how they come about).
//!
//! Whoever takes a step holds the lock of the sealer's one row, so any process can take one when it needs it. The lease
//! only says which process looks for work by itself.

use std::time::Duration;

use chrono::{DateTime, Utc};
use ledger_app::store::StoreError;
use sqlx::postgres::PgPool;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, timeout};
use uuid::Uuid;

use crate::error::store_error;
use crate::rows::unsigned;
use crate::seal::{SEALED, seal_what_waits};

/// The events that wait, the oldest first: with LIMIT 1 that is the first entry of an index. Asked with EXISTS the planner
/// may expect to meet one soon, and go through the whole table.
const WITHOUT_POSITION: &str = "
    FROM events
    WHERE position IS NULL AND xid >= (
        SELECT CASE WHEN system = system_identifier THEN sealed_below ELSE '0' END FROM sealer, pg_control_system())
    ORDER BY xid";

/// Whether the events' transaction numbers are another cluster's, from before a restore: they mean nothing here.
const RESTORED: &str = "(SELECT system <> system_identifier FROM sealer, pg_control_system())";

/// How many events are given their position in one transaction.
const BATCH: i64 = 1_000;

/// How often the process with the lease looks for work.
const LOOKS_EVERY: Duration = Duration::from_millis(250);

/// How long the lease lasts; it is renewed at a third.
const LEASE: Duration = Duration::from_secs(6);

/// How long one look may take. It goes on as long as there is work, of which a burst leaves some minutes.
const PATIENCE_AT_WORK: Duration = Duration::from_secs(300);

/// How long somebody waits for positions, or for an instant to become final.
const PATIENCE: Duration = Duration::from_secs(5);

/// How many steps it takes to make an instant final.
const STEPS: usize = 3;

/// How long to wait for an open transaction before looking again.
const PAUSE: Duration = Duration::from_millis(10);

/// The task that gives positions; it ends when this is dropped.
pub(crate) struct Sealer(JoinHandle<()>);

impl Sealer {
    pub(crate) fn start(pool: PgPool) -> Self {
        Self(tokio::spawn(work(pool)))
    }
}

impl Drop for Sealer {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Looks for work whenever this process has the lease. What fails is tried again at the next look; whoever needs a
/// position asks for it by [`settle`], and is told of the failure there. A server that says nothing is given up.
async fn work(pool: PgPool) {
    let mut lease = Lease { holder: Uuid::new_v4(), asked: None, is_held: false };
    loop {
        sleep(LOOKS_EVERY).await;
        if timeout(PATIENCE_AT_WORK, look(&pool, &mut lease)).await.is_err() {
            lease.asked = None;
        }
    }
}

/// What this process knows of the lease.
struct Lease {
    holder: Uuid,
    /// When it was asked for last.
    asked: Option<Instant>,
    is_held: bool,
}

async fn look(pool: &PgPool, lease: &mut Lease) {
    if lease.asked.is_none_or(|asked| asked.elapsed() > LEASE / 3) {
        lease.is_held = take(pool, lease.holder).await.unwrap_or(false);
        lease.asked = Some(Instant::now());
        if lease.is_held {
            publish_what_is_final(pool).await;
        }
    }
    if lease.is_held {
        while seal_if_any(pool).await.is_ok_and(|given| given >= BATCH) {}
        seal_what_waits(pool).await;
    }
}

/// Takes the lease, or keeps it, unless another process has it. On a standby there is none, until it is promoted.
async fn take(pool: &PgPool, holder: Uuid) -> Result<bool, sqlx::Error> {
    if sqlx::query_scalar("SELECT pg_is_in_recovery()").fetch_one(pool).await? {
        return Ok(false);
    }
    let query = "UPDATE sealer SET holder = $1, leased_until = clock_timestamp() + make_interval(secs => $2)
                 WHERE holder = $1 OR leased_until < clock_timestamp()";
    let query = sqlx::query(query).bind(holder).bind(LEASE.as_secs_f64());
    Ok(query.execute(pool).await?.rows_affected() == 1)
}

/// Gives positions to up to [`BATCH`] events, and returns to how many. Looking costs no transaction number. On a standby
/// positions come from the primary.
async fn seal_if_any(pool: &PgPool) -> Result<i64, sqlx::Error> {
    let query = format!(
        "SELECT CASE WHEN NOT pg_is_in_recovery() AND (SELECT xid {WITHOUT_POSITION} LIMIT 1) IS NOT NULL
             THEN ledger_seal($1) ELSE 0 END"
    );
    sqlx::query_scalar(&query).bind(BATCH).fetch_one(pool).await
}

/// The transactions that there are by now. On a standby there are none of its own: positions come from the primary.
const NOW: &str = "SELECT CASE WHEN NOT pg_is_in_recovery() THEN pg_snapshot_xmax(pg_current_snapshot())::text END";

/// Gives every event that is committed by now its position.
///
/// # Errors
/// [`StoreError::Unavailable`] when a transaction that has been open for long holds the order back.
pub(crate) async fn settle(pool: &PgPool) -> Result<(), StoreError> {
    let begun = Instant::now();
    let now: Option<String> = scalar(pool, NOW).await?;
    let Some(now) = now else { return Ok(()) };
    // What was restored was committed before.
    let waiting = format!("SELECT coalesce((SELECT xid < '{now}' OR {RESTORED} {WITHOUT_POSITION} LIMIT 1), false)");
    while scalar(pool, &waiting).await? {
        let given = seal_if_any(pool).await.map_err(store_error)?;
        if given == 0 {
            if begun.elapsed() > PATIENCE {
                return Err(StoreError::Unavailable(
                    "an open transaction holds back the order of the events".to_owned(),
                ));
            }
            sleep(PAUSE).await;
        }
    }
    Ok(())
}

/// When the oldest event without a position was recorded.
pub(crate) async fn waiting_since(pool: &PgPool) -> Result<Option<DateTime<Utc>>, StoreError> {
    let query = format!("SELECT recorded_at {WITHOUT_POSITION} LIMIT 1");
    sqlx::query_scalar(&query).fetch_optional(pool).await.map_err(store_error)
}

async fn scalar<T>(pool: &PgPool, query: &str) -> Result<T, StoreError>
where
    (T,): for<'r> sqlx::FromRow<'r, sqlx::postgres::PgRow>,
    T: Send + Unpin,
{
    sqlx::query_scalar(query).fetch_one(pool).await.map_err(store_error)
}

/// Waits until all that was recorded at or before the instant is sealed on this standby, and returns how many events are.
///
/// # Errors
/// [`StoreError::Standby`] when that does not come to pass within a few seconds.
pub(crate) async fn wait_until_sealed(pool: &PgPool, instant: DateTime<Utc>) -> Result<u64, StoreError> {
    let query = format!(
        "WITH sealed AS (SELECT ({SEALED}) AS size), waiting AS MATERIALIZED (
             SELECT recorded_at FROM events WHERE position >= (SELECT size FROM sealed)
             UNION ALL SELECT recorded_at FROM (SELECT recorded_at {WITHOUT_POSITION}) AS last)
         SELECT size FROM sealed WHERE NOT EXISTS (SELECT FROM waiting WHERE recorded_at <= $1)"
    );
    let begun = Instant::now();
    loop {
        let size: Option<i64> =
            sqlx::query_scalar(&query).bind(instant).fetch_optional(pool).await.map_err(store_error)?;
        if let Some(size) = size {
            return unsigned(size);
        }
        if begun.elapsed() > PATIENCE {
            return Err(StoreError::Standby(format!("not all that was recorded up to {instant} is sealed here")));
        }
        sleep(PAUSE).await;
    }
}

/// Waits until nothing can be recorded at or before the instant any more, and does what it takes. A standby can only say
/// what its primary has published.
///
/// # Errors
/// [`StoreError::NotYetFinal`] when that does not come to pass within a few seconds.
pub(crate) async fn wait_until_final(pool: &PgPool, instant: DateTime<Utc>) -> Result<(), StoreError> {
    let published = "SELECT final_until >= $1, greatest(final_until, 'epoch'), pg_is_in_recovery() FROM sealer";
    let published: (bool, DateTime<Utc>, bool) =
        sqlx::query_as(published).bind(instant).fetch_one(pool).await.map_err(store_error)?;
    match published {
        (true, ..) => return Ok(()),
        (false, final_until, true) => return Err(StoreError::NotYetFinal { asked: instant, final_until }),
        (false, _, false) => {}
    }
    let begun = Instant::now();
    loop {
        let (is_final, is_over, final_until) = finalise(pool, instant).await.map_err(store_error)?;
        if is_final {
            return Ok(());
        }
        if !is_over || begun.elapsed() > PATIENCE {
            return Err(StoreError::NotYetFinal { asked: instant, final_until });
        }
        sleep(PAUSE).await;
    }
}

/// Moves the final instant on to about now. Standbys answer about the past as far as that goes: they cannot move it.
/// What does not come to pass because of an open transaction does so the next time.
async fn publish_what_is_final(pool: &PgPool) {
    let now = Utc::now();
    for _ in 0..STEPS {
        match finalise(pool, now).await {
            Ok((false, ..)) => {}
            Ok((true, ..)) | Err(_) => return,
        }
    }
}

/// Takes one step. Returns whether the instant is final, whether it is over, and what is final.
async fn finalise(pool: &PgPool, instant: DateTime<Utc>) -> Result<(bool, bool, DateTime<Utc>), sqlx::Error> {
    // Before the first call nothing is final: to people that is the year 1970.
    let query = "SELECT final_until >= $1, now >= $1, greatest(final_until, 'epoch') FROM ledger_finalise($1)";
    sqlx::query_as(query).bind(instant).fetch_one(pool).await
}
