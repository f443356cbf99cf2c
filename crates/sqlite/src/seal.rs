//! The sealed log. A task beside the writer seals what was appended; any process can, when it needs it.

use async_trait::async_trait;
use ledger_app::seal::{KeptCheckpoint, LogEntry, SealedLog, grown};
use ledger_app::store::{LICENSE_STREAM, StoreError};
use ledger_domain::values::LicenseNumber;
use ledger_seal::checkpoint::Checkpoint;
use ledger_seal::hash::{HASH_BYTES, Hash};
use ledger_seal::keys::Verifier;
use ledger_seal::leaf::Leaf;
use ledger_seal::tiles::{Run, TileId, Tiles, begun};
use sqlx::sqlite::SqliteRow;
use sqlx::{Connection, SqliteConnection, SqliteExecutor};

use crate::SqliteStore;
use crate::error::failed;
use crate::insert::{Table, insert};
use crate::rows::{count, get, instant_text, parsed};
use crate::value::Value;

const TREE_HASHES: Table =
    Table { name: "tree_hashes", columns: &["level", "first", "hashes"], overwritten_by_key: None };

/// Events with their commands' digests. SQLite is kept from going through the commands first.
const ENTRIES: &str = "
    SELECT position, aggregate_type, aggregate_id, sequence, event_type, event_version, events.on_date,
           events.recorded_at, events.actor_name, events.actor_role, events.command_id, content_digest,
           outcome_digest, events.edition, payload
      FROM events LEFT JOIN commands ON commands.command_id = events.command_id";

const CHECKPOINTS: &str = "
    SELECT size, key, root, note, signed_at, verifier
      FROM checkpoints LEFT JOIN seal_keys ON seal_keys.number = checkpoints.key";

#[async_trait]
impl SealedLog for SqliteStore {
    async fn entries(&self, from: u64, limit: u32) -> Result<Vec<LogEntry>, StoreError> {
        entries(&self.readers, from, limit).await
    }

    async fn entries_of(&self, license: &LicenseNumber, last: u64) -> Result<Vec<LogEntry>, StoreError> {
        let sql = format!(
            "{ENTRIES} WHERE aggregate_type = ? AND aggregate_id = ? AND sequence <= ? AND position IS NOT NULL \
             ORDER BY sequence"
        );
        let query = sqlx::query(&sql).bind(LICENSE_STREAM).bind(license.to_string()).bind(signed(last));
        query.fetch_all(&self.readers).await.map_err(failed)?.iter().map(entry).collect()
    }

    async fn sealed(&self) -> Result<u64, StoreError> {
        sealed(&self.readers).await
    }

    async fn seal(&self, limit: u32) -> Result<u64, StoreError> {
        let mut lease = self.writer.lease().await?;
        let done = seal(lease.connection(), limit).await;
        lease.end(done)
    }

    async fn tiles(&self, ids: &[TileId]) -> Result<Tiles, StoreError> {
        let mut connection = self.readers.acquire().await.map_err(failed)?;
        tiles(&mut connection, ids).await
    }

    async fn seal_keys(&self) -> Result<Vec<Verifier>, StoreError> {
        let sql = "SELECT verifier FROM seal_keys ORDER BY number";
        let rows = sqlx::query(sql).fetch_all(&self.readers).await.map_err(failed)?;
        rows.iter().map(|row| parsed(row, "verifier")).collect()
    }

    async fn checkpoints(&self, after: Option<(u64, u64)>, limit: u32) -> Result<Vec<KeptCheckpoint>, StoreError> {
        checkpoints(&self.readers, after, limit).await
    }

    async fn last_checkpoint(&self) -> Result<Option<KeptCheckpoint>, StoreError> {
        let sql = format!("{CHECKPOINTS} ORDER BY size DESC, key DESC LIMIT 1");
        let row = sqlx::query(&sql).fetch_optional(&self.readers).await.map_err(failed)?;
        row.as_ref().map(checkpoint).transpose()
    }

    async fn keep_checkpoint(&self, kept: &KeptCheckpoint, new_key: Option<&Verifier>) -> Result<(), StoreError> {
        let mut lease = self.writer.lease().await?;
        let done = keep(lease.connection(), kept, new_key).await;
        lease.end(done)
    }
}

/// Seals up to `limit` events that follow what is sealed, in a transaction of its own.
pub(crate) async fn seal(connection: &mut SqliteConnection, limit: u32) -> Result<u64, StoreError> {
    let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await.map_err(failed)?;
    let count = stroke(&mut transaction, limit).await?;
    transaction.commit().await.map_err(failed)?;
    Ok(count)
}

async fn stroke(connection: &mut SqliteConnection, limit: u32) -> Result<u64, StoreError> {
    let size = sealed(&mut *connection).await?;
    let entries = entries(&mut *connection, size, limit).await?;
    if entries.is_empty() {
        return Ok(0);
    }
    let begun = tiles(connection, &begun(size)).await?;
    let rows: Vec<_> = grown(size, &begun, &entries)?.into_iter().map(bytes).collect();
    let values = rows
        .iter()
        .map(|(level, first, hashes)| vec![Value::from(u32::from(*level)), Value::from(*first), Value::Blob(hashes)]);
    insert(connection, &TREE_HASHES, values.collect()).await.map_err(failed)?;
    Ok(u64::try_from(entries.len()).unwrap_or_default())
}

fn bytes(run: Run) -> (u8, u64, Vec<u8>) {
    (run.level, run.first, run.hashes.iter().flat_map(|hash| hash.0).collect())
}

async fn sealed(executor: impl SqliteExecutor<'_>) -> Result<u64, StoreError> {
    let sql = "SELECT coalesce((SELECT first + length(hashes) / 32 FROM tree_hashes
                                 WHERE level = 0 ORDER BY first DESC LIMIT 1), 0) AS size";
    count(&sqlx::query(sql).fetch_one(executor).await.map_err(failed)?, "size")
}

async fn tiles(connection: &mut SqliteConnection, ids: &[TileId]) -> Result<Tiles, StoreError> {
    let sql = "SELECT hashes FROM tree_hashes WHERE level = ? AND first >= ? AND first < ? ORDER BY first";
    let mut tiles = Tiles::default();
    for id in ids {
        let places = id.places();
        let query = sqlx::query(sql).bind(id.level).bind(signed(places.start)).bind(signed(places.end));
        for row in query.fetch_all(&mut *connection).await.map_err(failed)? {
            tiles.add(*id, hashes(get(&row, "hashes")?)?);
        }
    }
    Ok(tiles)
}

fn hashes(bytes: &[u8]) -> Result<Vec<Hash>, StoreError> {
    bytes.chunks(HASH_BYTES).map(hash).collect()
}

fn hash(bytes: &[u8]) -> Result<Hash, StoreError> {
    bytes.try_into().map_err(|error| StoreError::Damaged(format!("the sealed log: {error}")))
}

async fn entries(executor: impl SqliteExecutor<'_>, from: u64, limit: u32) -> Result<Vec<LogEntry>, StoreError> {
    let sql = format!("{ENTRIES} WHERE position >= ? ORDER BY position LIMIT ?");
    let query = sqlx::query(&sql).bind(signed(from)).bind(limit);
    query.fetch_all(executor).await.map_err(failed)?.iter().map(entry).collect()
}

/// Up to `limit` checkpoints, by size and number of the key, after the one with these.
pub(crate) async fn checkpoints(
    executor: impl SqliteExecutor<'_>,
    after: Option<(u64, u64)>,
    limit: u32,
) -> Result<Vec<KeptCheckpoint>, StoreError> {
    let (size, key) = after.map_or((-1, 0), |(size, key)| (signed(size), signed(key)));
    let sql = format!("{CHECKPOINTS} WHERE (size, key) > (?, ?) ORDER BY size, key LIMIT ?");
    let query = sqlx::query(&sql).bind(size).bind(key).bind(limit);
    query.fetch_all(executor).await.map_err(failed)?.iter().map(checkpoint).collect()
}

/// An event's row, with its command's digest.
pub(crate) fn entry(row: &SqliteRow) -> Result<LogEntry, StoreError> {
    let (digest, outcome_digest) = (digest(row, "content_digest")?, digest(row, "outcome_digest")?);
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
        command_digest: digest.unwrap_or_default(),
        outcome_digest,
        edition: get(row, "edition")?,
        payload: get(row, "payload")?,
    };
    Ok(LogEntry { position: count(row, "position")?, leaf, has_record: digest.is_some() })
}

fn digest(row: &SqliteRow, column: &str) -> Result<Option<[u8; 32]>, StoreError> {
    let digest: Option<&[u8]> = get(row, column)?;
    let digest = digest.map(<[u8; 32]>::try_from).transpose();
    digest.map_err(|_| StoreError::Damaged(format!("the {column} of a command has not 32 bytes")))
}

fn checkpoint(row: &SqliteRow) -> Result<KeptCheckpoint, StoreError> {
    let verifier: Option<String> = get(row, "verifier")?;
    let signer = verifier.map(|_| parsed::<Verifier>(row, "verifier")).transpose()?;
    let origin = signer.map(|signer| signer.name().to_owned()).unwrap_or_default();
    let root = hash(get(row, "root")?)?;
    Ok(KeptCheckpoint {
        checkpoint: Checkpoint { origin, size: count(row, "size")?, root },
        key: count(row, "key")?,
        note: get(row, "note")?,
        signed_at: parsed(row, "signed_at")?,
    })
}

async fn keep(
    connection: &mut SqliteConnection,
    kept: &KeptCheckpoint,
    new_key: Option<&Verifier>,
) -> Result<(), StoreError> {
    let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await.map_err(failed)?;
    let (key, signed_at) = (signed(kept.key), instant_text(kept.signed_at));
    if let Some(verifier) = new_key {
        let query = sqlx::query("INSERT INTO seal_keys (number, verifier, since) VALUES (?, ?, ?)");
        let query = query.bind(key).bind(verifier.to_string()).bind(&signed_at);
        query.execute(&mut *transaction).await.map_err(failed)?;
    }
    let query = sqlx::query("INSERT INTO checkpoints (size, key, root, note, signed_at) VALUES (?, ?, ?, ?, ?)");
    let query = query.bind(signed(kept.checkpoint.size)).bind(key).bind(kept.checkpoint.root.0.to_vec());
    query.bind(&kept.note).bind(&signed_at).execute(&mut *transaction).await.map_err(failed)?;
    transaction.commit().await.map_err(failed)
}

/// A number as SQLite stores it. None comes near the limit.
pub(crate) fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
