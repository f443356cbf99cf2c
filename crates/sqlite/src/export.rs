//! The ledger at one moment: a transaction that only reads.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use ledger_app::audit::CommandRecord;
use ledger_app::seal::{KeptCheckpoint, LogEntry};
use ledger_app::store::{EditionFiles, StoreError};
use ledger_app::transfer::Snapshot;
use ledger_app::transfer::line::{Adoption, SealKey};
use ledger_seal::checkpoint::Checkpoint;
use ledger_seal::keys::Verifier;
use ledger_seal::leaf::Leaf;
use serde_json::json;
use sqlx::sqlite::SqliteRow;
use sqlx::{Sqlite, Transaction};
use uuid::Uuid;

use crate::SqliteStore;
use crate::audit::{RECORDS, record};
use crate::editions;
use crate::error::failed;
use crate::rows::{count, get, instant_text, parsed};

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
                          actor_name, actor_role, command_id, edition, payload
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
        let (size, key) = after.map_or((-1, 0), |(size, key)| (signed(size), signed(key)));
        let sql = "SELECT size, key, root, note, signed_at, verifier
                     FROM checkpoints JOIN seal_keys ON seal_keys.number = checkpoints.key
                    WHERE (size, key) > (?, ?) ORDER BY size, key LIMIT ?";
        let query = sqlx::query(sql).bind(size).bind(key).bind(limit);
        query.fetch_all(&mut *self.0).await.map_err(failed)?.iter().map(checkpoint).collect()
    }
}

fn entry(row: &SqliteRow) -> Result<LogEntry, StoreError> {
    let leaf = Leaf {
        stream_type: get(row, "aggregate_type")?,
        stream_id: get(row, "aggregate_id")?,
        sequence: count(row, "sequence")?,
        event_type: get(row, "event_type")?,
        event_version: get(row, "event_version")?,
        on: parsed(row, "on_date")?,
        recorded_at: parsed(row, "recorded_at")?,
        actor_name: get(row, "actor_name")?,
        actor_role: get(row, "actor_role")?,
        command_id: parsed(row, "command_id")?,
        command_digest: [0; 32],
        edition: get(row, "edition")?,
        payload: get(row, "payload")?,
    };
    Ok(LogEntry { position: count(row, "position")?, leaf, has_record: false })
}

fn checkpoint(row: &SqliteRow) -> Result<KeptCheckpoint, StoreError> {
    let signer: Verifier = parsed(row, "verifier")?;
    let root: &[u8] = get(row, "root")?;
    let root = root.try_into().map_err(|error| StoreError::Damaged(format!("the root of a checkpoint: {error}")))?;
    Ok(KeptCheckpoint {
        checkpoint: Checkpoint { origin: signer.name().to_owned(), size: count(row, "size")?, root },
        key: count(row, "key")?,
        note: get(row, "note")?,
        signed_at: parsed(row, "signed_at")?,
    })
}

/// A number as SQLite stores it. None comes near the limit.
pub(crate) fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
