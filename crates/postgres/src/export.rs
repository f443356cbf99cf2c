//! The ledger at one moment: a transaction that only reads, from one snapshot. It has no transaction number, so the
//! sealer is not held up by it.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use ledger_app::audit::CommandRecord;
use ledger_app::seal::{KeptCheckpoint, LogEntry};
use ledger_app::store::{EditionFiles, StoreError};
use ledger_app::transfer::Snapshot;
use ledger_app::transfer::line::{Adoption, SealKey};
use sqlx::postgres::PgPool;
use sqlx::{Executor, Postgres, Transaction};
use uuid::Uuid;

use crate::audit::{RECORDS, RecordRow};
use crate::editions;
use crate::error::store_error;
use crate::rows::{signed, unsigned};
use crate::seal::{self, EntryRow};

/// A transaction that sees one snapshot.
struct Moment(Transaction<'static, Postgres>);

pub(crate) async fn snapshot(pool: &PgPool) -> Result<Box<dyn Snapshot>, StoreError> {
    let mut transaction = pool.begin().await.map_err(store_error)?;
    transaction.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY").await.map_err(store_error)?;
    // The snapshot is taken by the first query.
    transaction.execute("SELECT FROM import").await.map_err(store_error)?;
    Ok(Box::new(Moment(transaction)))
}

#[async_trait]
impl Snapshot for Moment {
    async fn size(&mut self) -> Result<u64, StoreError> {
        let query = sqlx::query_scalar("SELECT coalesce(max(position) + 1, 0) FROM events");
        unsigned(query.fetch_one(&mut *self.0).await.map_err(store_error)?)
    }

    async fn events(&mut self, from: u64, limit: u32) -> Result<Vec<LogEntry>, StoreError> {
        let query = "
            SELECT position, aggregate_type, aggregate_id, sequence, event_type, event_version, on_date, recorded_at,
                actor_name, actor_role, command_id, NULL::bytea AS content_digest, NULL::bytea AS outcome_digest, edition,
                payload::text AS payload
            FROM events WHERE position >= $1 ORDER BY position LIMIT $2";
        let query = sqlx::query_as(query).bind(signed(from)).bind(i64::from(limit));
        let rows: Vec<EntryRow> = query.fetch_all(&mut *self.0).await.map_err(store_error)?;
        rows.into_iter().map(LogEntry::try_from).collect()
    }

    async fn records(&mut self, ids: &[Uuid]) -> Result<Vec<CommandRecord>, StoreError> {
        let query = format!("{RECORDS} WHERE command_id = ANY ($1)");
        let rows: Vec<RecordRow> =
            sqlx::query_as(&query).bind(ids).fetch_all(&mut *self.0).await.map_err(store_error)?;
        Ok(rows.into_iter().map(CommandRecord::from).collect())
    }

    async fn without_events(
        &mut self,
        after: Option<(DateTime<Utc>, Uuid)>,
        limit: u32,
    ) -> Result<Vec<CommandRecord>, StoreError> {
        // Within a text of the outcome the quotes would be escaped. A license's events get their positions in order: where
        // that of the version has its own, all have on which the command was judged.
        let query = format!(
            "{RECORDS} WHERE accepted AND strpos(outcome, '\"events\":[],') > 0
                AND ($1::timestamptz IS NULL OR (recorded_at, command_id) > ($1, $2))
                AND (license, (outcome::json ->> 'version')::bigint) NOT IN (
                    SELECT aggregate_id, sequence FROM events WHERE position IS NULL AND aggregate_type = 'license')
             ORDER BY recorded_at, command_id LIMIT $3"
        );
        let (at, id) = after.unzip();
        let query = sqlx::query_as(&query).bind(at).bind(id).bind(i64::from(limit));
        let rows: Vec<RecordRow> = query.fetch_all(&mut *self.0).await.map_err(store_error)?;
        Ok(rows.into_iter().map(CommandRecord::from).collect())
    }

    async fn edition(&mut self, edition: &str) -> Result<Option<EditionFiles>, StoreError> {
        editions::by_name(&mut *self.0, edition).await
    }

    async fn adoptions(&mut self) -> Result<Vec<Adoption>, StoreError> {
        let query = sqlx::query_as("SELECT edition, adopted_at FROM edition_adoptions ORDER BY adoption");
        let rows: Vec<(String, DateTime<Utc>)> = query.fetch_all(&mut *self.0).await.map_err(store_error)?;
        Ok(rows.into_iter().map(|(edition, adopted_at)| Adoption { edition, adopted_at }).collect())
    }

    async fn seal_keys(&mut self) -> Result<Vec<SealKey>, StoreError> {
        let query = sqlx::query_as("SELECT number, verifier, since FROM seal_keys ORDER BY number");
        let rows: Vec<(i64, String, DateTime<Utc>)> = query.fetch_all(&mut *self.0).await.map_err(store_error)?;
        let key = |(number, verifier, since)| Ok(SealKey { number: unsigned(number)?, verifier, since });
        rows.into_iter().map(key).collect()
    }

    async fn checkpoints(&mut self, after: Option<(u64, u64)>, limit: u32) -> Result<Vec<KeptCheckpoint>, StoreError> {
        seal::checkpoints(&mut *self.0, after, limit).await
    }
}
