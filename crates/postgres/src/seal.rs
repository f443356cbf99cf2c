//! The sealed log. The process with the sealer's lease seals what has its position; any process can, when it needs it.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use ledger_app::seal::{KeptCheckpoint, LogEntry, SealedLog, grown};
use ledger_app::sealing::STROKE;
use ledger_app::store::{LICENSE_STREAM, StoreError};
use ledger_domain::values::{Date, LicenseNumber};
use ledger_seal::checkpoint::Checkpoint;
use ledger_seal::hash::{HASH_BYTES, Hash};
use ledger_seal::keys::Verifier;
use ledger_seal::leaf::Leaf;
use ledger_seal::tiles::{Run, TileId, Tiles, begun};
use sqlx::postgres::PgPool;
use sqlx::{FromRow, PgConnection, PgExecutor};
use uuid::Uuid;

use crate::PostgresStore;
use crate::error::{damaged, store_error};
use crate::rows::{named, signed, unsigned};
use crate::sealer::{wait_until_sealed, waiting_since};
use crate::standby::is_standby;

/// Events with their commands' digests: a look-up by key each, whatever the statistics say (OFFSET 0).
const ENTRIES: &str = "
    SELECT position, aggregate_type, aggregate_id, sequence, event_type, event_version, event.on_date,
        event.recorded_at, event.actor_name, event.actor_role, event.command_id, content_digest,
        outcome_digest, event.edition, payload::text AS payload
    FROM events AS event
    LEFT JOIN LATERAL (SELECT content_digest, outcome_digest FROM commands WHERE command_id = event.command_id OFFSET 0) AS record ON true";

/// How many events are sealed.
pub(crate) const SEALED: &str = "
    SELECT coalesce((SELECT first + octet_length(hashes) / 32 FROM tree_hashes
                     WHERE level = 0 ORDER BY first DESC LIMIT 1), 0)";

const CHECKPOINTS: &str =
    "SELECT size, key, root, note, signed_at, verifier FROM checkpoints LEFT JOIN seal_keys ON number = key";

#[async_trait]
impl SealedLog for PostgresStore {
    async fn entries(&self, from: u64, limit: u32) -> Result<Vec<LogEntry>, StoreError> {
        entries(&self.reads, from, limit).await
    }

    async fn entries_of(&self, license: &LicenseNumber, last: u64) -> Result<Vec<LogEntry>, StoreError> {
        let query = format!(
            "{ENTRIES} WHERE aggregate_type = $1 AND aggregate_id = $2 AND sequence <= $3 AND position IS NOT NULL \
             ORDER BY sequence"
        );
        let query = sqlx::query_as(&query).bind(LICENSE_STREAM).bind(license.as_str()).bind(signed(last));
        let rows: Vec<EntryRow> = query.fetch_all(&self.reads).await.map_err(store_error)?;
        rows.into_iter().map(LogEntry::try_from).collect()
    }

    async fn sealed(&self) -> Result<u64, StoreError> {
        sealed(&self.reads).await
    }

    async fn unsealed_since(&self) -> Result<Option<DateTime<Utc>>, StoreError> {
        let next = entries(&self.reads, sealed(&self.reads).await?, 1).await?;
        match next.first() {
            Some(entry) => Ok(Some(entry.leaf.recorded_at)),
            None => waiting_since(&self.reads).await,
        }
    }

    async fn sealed_up_to(&self, instant: DateTime<Utc>) -> Result<u64, StoreError> {
        if is_standby(&mut *self.reads.acquire().await.map_err(store_error)?).await? {
            return wait_until_sealed(&self.reads, instant).await;
        }
        sealed(&self.reads).await
    }

    async fn seal(&self, limit: u32) -> Result<u64, StoreError> {
        seal(&self.reads, limit).await
    }

    async fn tiles(&self, ids: &[TileId]) -> Result<Tiles, StoreError> {
        tiles(&self.reads, ids).await
    }

    async fn seal_keys(&self) -> Result<Vec<Verifier>, StoreError> {
        let query = sqlx::query_scalar("SELECT verifier FROM seal_keys ORDER BY number");
        let keys: Vec<String> = query.fetch_all(&self.reads).await.map_err(store_error)?;
        keys.iter().map(|key| named(key)).collect()
    }

    async fn checkpoints(&self, after: Option<(u64, u64)>, limit: u32) -> Result<Vec<KeptCheckpoint>, StoreError> {
        checkpoints(&self.reads, after, limit).await
    }

    async fn last_checkpoint(&self) -> Result<Option<KeptCheckpoint>, StoreError> {
        let query = format!("{CHECKPOINTS} ORDER BY size DESC, key DESC LIMIT 1");
        let row: Option<CheckpointRow> =
            sqlx::query_as(&query).fetch_optional(&self.reads).await.map_err(store_error)?;
        row.map(KeptCheckpoint::try_from).transpose()
    }

    async fn keep_checkpoint(&self, kept: &KeptCheckpoint, new_key: Option<&Verifier>) -> Result<(), StoreError> {
        let mut transaction = self.reads.begin().await.map_err(store_error)?;
        if let Some(verifier) = new_key {
            let query = sqlx::query("INSERT INTO seal_keys (number, verifier, since) VALUES ($1, $2, $3)");
            let query = query.bind(signed(kept.key)).bind(verifier.to_string()).bind(kept.signed_at);
            query.execute(&mut *transaction).await.map_err(store_error)?;
        }
        let query = "INSERT INTO checkpoints (size, key, root, note, signed_at) VALUES ($1, $2, $3, $4, $5)";
        let query = sqlx::query(query).bind(signed(kept.checkpoint.size)).bind(signed(kept.key));
        let query = query.bind(kept.checkpoint.root.0.as_slice()).bind(&kept.note).bind(kept.signed_at);
        query.execute(&mut *transaction).await.map_err(store_error)?;
        transaction.commit().await.map_err(store_error)
    }
}

/// Seals whatever has its position, stroke by stroke. What fails is tried again at the sealer's next look; whoever needs
/// the seal asks for it, and is told of the failure there.
pub(crate) async fn seal_what_waits(pool: &PgPool) {
    while matches!(any_waits(pool).await, Ok(true)) && seal(pool, STROKE).await.is_ok_and(|count| count > 0) {}
}

/// Looking costs no transaction number. The last position is the last entry of its index.
async fn any_waits(pool: &PgPool) -> Result<bool, StoreError> {
    let query = format!("SELECT coalesce((SELECT max(position) FROM events) >= ({SEALED}), false)");
    sqlx::query_scalar(&query).fetch_one(pool).await.map_err(store_error)
}

async fn seal(pool: &PgPool, limit: u32) -> Result<u64, StoreError> {
    let mut transaction = pool.begin().await.map_err(store_error)?;
    // Those who seal at once come one after the other; whoever reads is not in their way.
    let lock = sqlx::query("LOCK TABLE tree_hashes IN SHARE ROW EXCLUSIVE MODE");
    lock.execute(&mut *transaction).await.map_err(store_error)?;
    let size = sealed(&mut *transaction).await?;
    let entries = entries(&mut *transaction, size, limit).await?;
    let begun = tiles(&mut *transaction, &begun(size)).await?;
    write(&mut transaction, grown(size, &begun, &entries)?).await?;
    transaction.commit().await.map_err(store_error)?;
    Ok(u64::try_from(entries.len()).unwrap_or_default())
}

async fn write(connection: &mut PgConnection, runs: Vec<Run>) -> Result<(), StoreError> {
    let (mut levels, mut firsts, mut hashes) = (Vec::new(), Vec::new(), Vec::new());
    for run in runs {
        levels.push(i16::from(run.level));
        firsts.push(signed(run.first));
        hashes.push(run.hashes.iter().flat_map(|hash| hash.0).collect::<Vec<u8>>());
    }
    let query = "INSERT INTO tree_hashes (level, first, hashes)
                 SELECT * FROM unnest($1::smallint[], $2::bigint[], $3::bytea[])";
    let query = sqlx::query(query).bind(levels).bind(firsts).bind(hashes);
    query.execute(connection).await.map(|_| ()).map_err(store_error)
}

async fn sealed(executor: impl PgExecutor<'_>) -> Result<u64, StoreError> {
    let size: i64 = sqlx::query_scalar(SEALED).fetch_one(executor).await.map_err(store_error)?;
    unsigned(size)
}

async fn tiles(executor: impl PgExecutor<'_>, ids: &[TileId]) -> Result<Tiles, StoreError> {
    let levels: Vec<_> = ids.iter().map(|id| i16::from(id.level)).collect();
    let (starts, ends): (Vec<_>, Vec<_>) =
        ids.iter().map(|id| id.places()).map(|places| (signed(places.start), signed(places.end))).unzip();
    let query = "
        SELECT tile.number - 1, hashes
        FROM unnest($1::smallint[], $2::bigint[], $3::bigint[]) WITH ORDINALITY AS tile (level, start, stop, number)
        CROSS JOIN LATERAL (
            SELECT first, hashes FROM tree_hashes
            WHERE level = tile.level AND first >= tile.start AND first < tile.stop ORDER BY first OFFSET 0
        ) AS piece
        ORDER BY tile.number, piece.first";
    let query = sqlx::query_as(query).bind(levels).bind(starts).bind(ends);
    let rows: Vec<(i64, Vec<u8>)> = query.fetch_all(executor).await.map_err(store_error)?;
    let mut tiles = Tiles::default();
    for (number, bytes) in rows {
        let id = usize::try_from(number).ok().and_then(|number| ids.get(number));
        let id = id.ok_or_else(|| damaged("a tile that was not asked for"))?;
        let hashes: Result<Vec<_>, _> = bytes.chunks(HASH_BYTES).map(hash).collect();
        tiles.add(*id, hashes?);
    }
    Ok(tiles)
}

fn hash(bytes: &[u8]) -> Result<Hash, StoreError> {
    bytes.try_into().map_err(|error| damaged(format_args!("the sealed log: {error}")))
}

async fn entries(executor: impl PgExecutor<'_>, from: u64, limit: u32) -> Result<Vec<LogEntry>, StoreError> {
    let query = format!("{ENTRIES} WHERE position >= $1 ORDER BY position LIMIT $2");
    let query = sqlx::query_as(&query).bind(signed(from)).bind(i64::from(limit));
    let rows: Vec<EntryRow> = query.fetch_all(executor).await.map_err(store_error)?;
    rows.into_iter().map(LogEntry::try_from).collect()
}

/// Up to `limit` checkpoints, by size and number of the key, after the one with these.
pub(crate) async fn checkpoints(
    executor: impl PgExecutor<'_>,
    after: Option<(u64, u64)>,
    limit: u32,
) -> Result<Vec<KeptCheckpoint>, StoreError> {
    let (size, key) = after.map_or((-1, 0), |(size, key)| (signed(size), signed(key)));
    let query = format!("{CHECKPOINTS} WHERE (size, key) > ($1, $2) ORDER BY size, key LIMIT $3");
    let query = sqlx::query_as(&query).bind(size).bind(key).bind(i64::from(limit));
    let rows: Vec<CheckpointRow> = query.fetch_all(executor).await.map_err(store_error)?;
    rows.into_iter().map(KeptCheckpoint::try_from).collect()
}

/// An event's row, with its command's digest.
#[derive(FromRow)]
pub(crate) struct EntryRow {
    position: i64,
    aggregate_type: String,
    aggregate_id: String,
    sequence: i64,
    event_type: String,
    event_version: String,
    on_date: Date,
    recorded_at: DateTime<Utc>,
    actor_name: String,
    actor_role: String,
    command_id: Uuid,
    content_digest: Option<Vec<u8>>,
    outcome_digest: Option<Vec<u8>>,
    edition: String,
    payload: String,
}

impl TryFrom<EntryRow> for LogEntry {
    type Error = StoreError;

    fn try_from(row: EntryRow) -> Result<Self, StoreError> {
        let digest = |bytes: Option<Vec<u8>>| {
            let digest = bytes.map(<[u8; 32]>::try_from).transpose();
            digest.map_err(|_| damaged(format_args!("a digest of command {}", row.command_id)))
        };
        let (digest, outcome_digest) = (digest(row.content_digest)?, digest(row.outcome_digest)?);
        let leaf = Leaf {
            stream_type: row.aggregate_type,
            stream_id: row.aggregate_id,
            sequence: unsigned(row.sequence)?,
            event_type: row.event_type,
            event_version: row.event_version,
            on: row.on_date,
            recorded_at: row.recorded_at,
            actor_name: row.actor_name,
            actor_role: row.actor_role,
            command_id: row.command_id,
            command_digest: digest.unwrap_or_default(),
            outcome_digest,
            edition: row.edition,
            payload: row.payload,
        };
        Ok(Self { position: unsigned(row.position)?, leaf, has_record: digest.is_some() })
    }
}

/// A checkpoint's row, with the key that signed it.
#[derive(FromRow)]
struct CheckpointRow {
    size: i64,
    key: i64,
    root: Vec<u8>,
    note: String,
    signed_at: DateTime<Utc>,
    verifier: Option<String>,
}

impl TryFrom<CheckpointRow> for KeptCheckpoint {
    type Error = StoreError;

    fn try_from(row: CheckpointRow) -> Result<Self, StoreError> {
        let signer: Option<Verifier> = row.verifier.as_deref().map(named).transpose()?;
        let origin = signer.map(|signer| signer.name().to_owned()).unwrap_or_default();
        let (size, root) = (unsigned(row.size)?, hash(&row.root)?);
        Ok(Self {
            checkpoint: Checkpoint { origin, size, root },
            key: unsigned(row.key)?,
            note: row.note,
            signed_at: row.signed_at,
        })
    }
}
