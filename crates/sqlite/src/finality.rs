//! Up to which instant the log is final.

use chrono::{DateTime, SubsecRound, Utc};
use ledger_app::store::StoreError;
use sqlx::{Connection, SqliteConnection};

use crate::SqliteStore;
use crate::error::{failed, is_unwritable};
use crate::rows::instant_bound;

/// An instant that is over is made final: appends record after it from now on, also when a clock is set back.
/// Of a file that cannot be written nobody can say more than that the instant is over.
pub(crate) async fn wait_until_final(store: &SqliteStore, instant: DateTime<Utc>) -> Result<(), StoreError> {
    let now = crate::now();
    if instant.trunc_subsecs(6) > now {
        return Err(StoreError::NotYetFinal { asked: instant, final_until: now });
    }
    let asked = instant_bound(instant);
    if !store.writer.can_write() || final_until(&store.readers).await? >= asked {
        return Ok(());
    }
    let mut lease = store.writer.lease().await?;
    let done = make_final(lease.connection(), &asked).await;
    lease.end(done)
}

async fn final_until(readers: &sqlx::SqlitePool) -> Result<String, StoreError> {
    sqlx::query_scalar("SELECT final_until FROM sealer").fetch_one(readers).await.map_err(failed)
}

async fn make_final(connection: &mut SqliteConnection, instant: &str) -> Result<(), StoreError> {
    let mut transaction = match connection.begin_with("BEGIN IMMEDIATE").await {
        Err(error) if is_unwritable(&error) => return Ok(()),
        begun => begun.map_err(failed)?,
    };
    let sql = "UPDATE sealer SET final_until = max(final_until, ?)";
    sqlx::query(sql).bind(instant).execute(&mut *transaction).await.map_err(failed)?;
    transaction.commit().await.map_err(failed)
}
