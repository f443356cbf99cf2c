//! The sealed log: the tree over all events and the checkpoints signed of it; the port to store them.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use ledger_domain::values::LicenseNumber;
use ledger_seal::checkpoint::Checkpoint;
use ledger_seal::hash::Hash;
use ledger_seal::keys::Verifier;
use ledger_seal::leaf::Leaf;
use ledger_seal::tiles::{Missing, Run, TileId, Tiles, grow};

use crate::store::{LICENSE_STREAM, StoreError};

/// An event in its place in the log, with all that its leaf says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogEntry {
    /// Its position: the leaf's index.
    pub position: u64,
    /// Its leaf. Where its command has no record, the digest in it is zeroes.
    pub leaf: Leaf,
    /// Whether its command has a record.
    pub has_record: bool,
}

impl LogEntry {
    /// The event, for people: `event 3 of license A-1 (position 17)`.
    #[must_use]
    pub fn name(&self) -> String {
        let Leaf { stream_type, stream_id, sequence, .. } = &self.leaf;
        name_of(stream_type, stream_id, *sequence, self.position)
    }

    /// The hash of its leaf.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] for an event that cannot be sealed: without its command's record, or with a payload that
    /// is not its own.
    pub fn leaf_hash(&self) -> Result<Hash, StoreError> {
        if !self.has_record {
            let command = self.leaf.command_id;
            return Err(StoreError::Damaged(format!("{}: its command {command} has no record", self.name())));
        }
        self.leaf.hash().map_err(|error| StoreError::Damaged(format!("{}: {error}", self.name())))
    }
}

/// An event, for people: `event 3 of license A-1 (position 17)`.
pub(crate) fn name_of(stream_type: &str, stream_id: &str, sequence: u64, position: u64) -> String {
    match stream_type {
        LICENSE_STREAM => format!("event {sequence} of license {stream_id} (position {position})"),
        other => format!("the {other} of command {stream_id} (position {position})"),
    }
}

/// A signed checkpoint as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptCheckpoint {
    /// The log, its size, its root. The log has no name where the key is not listed: that is damage.
    pub checkpoint: Checkpoint,
    /// The number of the key that signed it.
    pub key: u64,
    /// The signed note, byte for byte.
    pub note: String,
    /// When it was signed, to the microsecond.
    pub signed_at: DateTime<Utc>,
}

/// The log's stored tree and checkpoints. All of it is append-only.
#[async_trait]
pub trait SealedLog: Send + Sync {
    /// The events that have their position, from that one on, at most `limit`.
    async fn entries(&self, from: u64, limit: u32) -> Result<Vec<LogEntry>, StoreError>;

    /// The first `last` events of a license, in sequence, as far as they have their position.
    async fn entries_of(&self, license: &LicenseNumber, last: u64) -> Result<Vec<LogEntry>, StoreError>;

    /// How many events are sealed: those at positions below it.
    async fn sealed(&self) -> Result<u64, StoreError>;

    /// When the oldest event that is not sealed yet was recorded; `None`: every event is.
    async fn unsealed_since(&self) -> Result<Option<DateTime<Utc>>, StoreError> {
        let next = self.entries(self.sealed().await?, 1).await?;
        Ok(next.first().map(|entry| entry.leaf.recorded_at))
    }

    /// How many events are sealed, once all that were recorded at or before the instant are. Only on a standby is that
    /// waited for, a few seconds at most: elsewhere whoever needs the seal makes it.
    ///
    /// # Errors
    /// [`StoreError::Standby`] when the primary has not sealed them, or that has not come here.
    async fn sealed_up_to(&self, _instant: DateTime<Utc>) -> Result<u64, StoreError> {
        self.sealed().await
    }

    /// Adds the leaves of up to `limit` events that follow, in one transaction; returns of how many. Processes that do
    /// so at once come one after the other.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] for an event that cannot be sealed: nothing behind it is.
    async fn seal(&self, limit: u32) -> Result<u64, StoreError>;

    /// The stored hashes of these tiles, as many as there are.
    async fn tiles(&self, ids: &[TileId]) -> Result<Tiles, StoreError>;

    /// The keys that ever signed, oldest first: the key with the number `n` is the `n`-th.
    async fn seal_keys(&self) -> Result<Vec<Verifier>, StoreError>;

    /// Up to `limit` checkpoints, by size and number of the key, after the one with these.
    async fn checkpoints(&self, after: Option<(u64, u64)>, limit: u32) -> Result<Vec<KeptCheckpoint>, StoreError>;

    /// The checkpoint of the largest size, signed last.
    async fn last_checkpoint(&self) -> Result<Option<KeptCheckpoint>, StoreError>;

    /// Keeps a checkpoint, and with it the key that signs from now on, where that is another one than before: its number
    /// is the checkpoint's.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when the size was signed, or the number or key taken, meanwhile.
    async fn keep_checkpoint(&self, kept: &KeptCheckpoint, new_key: Option<&Verifier>) -> Result<(), StoreError>;
}

/// The pieces that these entries, which follow a log of that size, add to the stored tree. `begun` holds the tiles that
/// [`ledger_seal::tiles::begun`] names.
///
/// # Errors
/// [`StoreError::Damaged`] for a gap in the positions, an event that cannot be sealed, or a tile that lacks hashes.
pub fn grown(size: u64, begun: &Tiles, entries: &[LogEntry]) -> Result<Vec<Run>, StoreError> {
    let leaf = |(entry, expected): (&LogEntry, u64)| match entry.position {
        position if position == expected => entry.leaf_hash(),
        found => Err(StoreError::Damaged(format!("there is no event at position {expected}, and one at {found}"))),
    };
    let leaves: Result<Vec<_>, _> = entries.iter().zip(size..).map(leaf).collect();
    Ok(grow(size, begun, leaves?)?)
}

/// Hashes that are not there although the tree is as large as it is.
impl From<Missing> for StoreError {
    fn from(missing: Missing) -> Self {
        Self::Damaged(missing.to_string())
    }
}
