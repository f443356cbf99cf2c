//! The ledger at one moment: a transaction that only reads.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use ledger_app::audit::CommandRecord;
use ledger_app::seal::{KeptCheckpoint, LogEntry};
use ledger_app::store::{EditionFiles, StoreError};
use ledger_app::transfer::Snapshot;
use ledger_app::transfer::line::{Adoption, SealKey};
use serde_json::json;
use sqlx::{Sqlite, Transaction};
use uuid::Uuid;

use crate::SqliteStore;
use crate::audit::{RECORDS, record};
use crate::editions;
use crate::error::failed;
use crate::rows::{count, get, instant_text, parsed};
use crate::seal::{self, entry, signed};

/// A transaction: it sees the file as it was at its first statement.
struct Moment(Transaction<'static, Sqlite>);

pub(crate) async fn snapshot(store: &SqliteStore) -> Result<Box<dyn Snapshot>, StoreError> {
    let mut transaction = store.readers.begin().await.map_err(failed)?;
    sqlx::query("SELECT count(*) FROM import").execute(&mut *transaction).await.map_err(failed)?;
    Ok(Box::new(Moment(transaction)))
}

#[async_trait]
impl Snapshot for Moment {
    async fn size(&mut self) -> Result<u64, StoreError> {
        let sql = "SELECT coalesce(max(position) + 1, 0) AS size FROM events";
        count(&sqlx::query(sql).fetch_one(&mut *self.0).await.map_err(failed)?, "size")
    }

    async fn events(&mut self, from: u64, limit: u32) -> Result<Vec<LogEntry>, StoreError> {
        let sql =
            "SELECT position, aggregate_type, aggregate_id, sequence, event_type, event_version, on_date, recorded_at,
                          actor_name, actor_role, command_id, NULL AS content_digest, NULL AS outcome_digest, edition, payload
                     FROM events WHERE position >= ? ORDER BY position LIMIT ?";
        let query = sqlx::query(sql).bind(signed(from)).bind(limit);
        query.fetch_all(&mut *self.0).await.map_err(failed)?.iter().map(entry).collect()
    }

    async fn records(&mut self, ids: &[Uuid]) -> Result<Vec<CommandRecord>, StoreError> {
        let sql = format!("{RECORDS} WHERE command_id IN (SELECT value FROM json_each(?))");
        let query = sqlx::query(&sql).bind(json!(ids).to_string());
        query.fetch_all(&mut *self.0).await.map_err(failed)?.iter().map(record).collect()
    }

    async fn without_events(
        &mut self,
        after: Option<(DateTime<Utc>, Uuid)>,
        limit: u32,
    ) -> Result<Vec<CommandRecord>, StoreError> {
        // Within a text of the outcome the quotes would be escaped.
        let sql = format!(
            "{RECORDS} WHERE accepted AND instr(outcome, '\"events\":[],') > 0 AND (recorded_at, command_id) > (?, ?)
              ORDER BY recorded_at, command_id LIMIT ?"
        );
        let (at, id) = after.map(|(at, id)| (instant_text(at), id.to_string())).unwrap_or_default();
        let query = sqlx::query(&sql).bind(at).bind(id).bind(limit);
        query.fetch_all(&mut *self.0).await.map_err(failed)?.iter().map(record).collect()
    }

    async fn edition(&mut self, edition: &str) -> Result<Option<EditionFiles>, StoreError> {
        editions::by_name(&mut *self.0, edition).await
    }

    async fn adoptions(&mut self) -> Result<Vec<Adoption>, StoreError> {
        let sql = "SELECT edition, adopted_at FROM edition_adoptions ORDER BY adoption";
        let rows = sqlx::query(sql).fetch_all(&mut *self.0).await.map_err(failed)?;
        rows.iter()
            .map(|row| Ok(Adoption { edition: get(row, "edition")?, adopted_at: parsed(row, "adopted_at")? }))
            .collect()
    }

    async fn seal_keys(&mut self) -> Result<Vec<SealKey>, StoreError> {
        let sql = "SELECT number, verifier, since FROM seal_keys ORDER BY number";
        let rows = sqlx::query(sql).fetch_all(&mut *self.0).await.map_err(failed)?;
        let key = |row| {
            Ok(SealKey { number: count(row, "number")?, verifier: get(row, "verifier")?, since: parsed(row, "since")? })
        };
        rows.iter().map(key).collect()
    }

    async fn checkpoints(&mut self, after: Option<(u64, u64)>, limit: u32) -> Result<Vec<KeptCheckpoint>, StoreError> {
        seal::checkpoints(&mut *self.0, after, limit).await
    }
}
