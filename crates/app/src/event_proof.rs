//! The proof of one event, for people who have no database: its leaf, and a C2SP tlog-proof of it.

use ledger_seal::hash::{Hash, leaf_hash};
use ledger_seal::note::SignedNote;
use ledger_seal::tlog_proof::TlogProof;

use crate::seal::{KeptCheckpoint, LogEntry, SealedLog};
use crate::sealing::{prove_inclusion, signer};
use crate::store::{Store, StoreError};

/// An event, and the proof that it is in the sealed log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventProof {
    /// The event, for people: `event 3 of license A-1 (position 17)`.
    pub event: String,
    /// The leaf: canonical JSON (RFC 8785), to the byte what is hashed.
    pub leaf: String,
    /// The leaf's hash: SHA-256 over a zero byte and the leaf.
    pub leaf_hash: Hash,
    /// The proof of that hash.
    pub proof: TlogProof,
    /// The checkpoint that it leads to: the last one signed.
    pub checkpoint: KeptCheckpoint,
}

/// Why there is no proof.
#[derive(Debug, thiserror::Error)]
pub enum EventProofError {
    /// There is no such event.
    #[error("there is no event at position {position}: the ledger has {}", events_there(*.events))]
    NoEvent {
        /// The position asked for.
        position: u64,
        /// How many events have a position.
        events: u64,
    },
    /// Nothing was ever signed.
    #[error("nothing of this ledger is signed yet; `license-ledger seal init` makes the key and signs what is there")]
    NoCheckpoint,
    /// The event is newer than what is signed.
    #[error(
        "{event} is newer than the last signed checkpoint, which covers the first {size} events of the ledger; run \
         `license-ledger seal checkpoint`, and ask again"
    )]
    NotSigned {
        /// The event, for people.
        event: String,
        /// How many events the checkpoint covers.
        size: u64,
    },
    /// The store failed, or what it holds does not prove what it says.
    #[error(transparent)]
    Store(#[from] StoreError),
}

fn events_there(events: u64) -> String {
    match events.checked_sub(1) {
        None => "no events yet".to_owned(),
        Some(last) => format!("the positions 0 to {last}"),
    }
}

/// Proves that the event at the position is in the log, as it was signed last. Nothing is written but positions that were
/// due, and nothing is signed.
///
/// # Errors
/// [`EventProofError`]: no such event, none that a checkpoint covers, or the store's failure; [`StoreError::Damaged`]
/// when the proof would not be believed.
pub async fn prove_event(store: &dyn Store, position: u64) -> Result<EventProof, EventProofError> {
    store.settle().await?;
    let log = store.sealed_log();
    let entry = event_at(store, position).await?;
    let kept = log.last_checkpoint().await?.ok_or(EventProofError::NoCheckpoint)?;
    let size = kept.checkpoint.size;
    if position >= size {
        return Err(EventProofError::NotSigned { event: entry.name(), size });
    }
    let hashes = prove_inclusion(log, position, size).await?;
    Ok(checked(log, &entry, hashes, kept).await?)
}

async fn event_at(store: &dyn Store, position: u64) -> Result<LogEntry, EventProofError> {
    let entries = store.sealed_log().entries(position, 1).await?;
    match entries.into_iter().find(|entry| entry.position == position) {
        Some(entry) => Ok(entry),
        None => Err(EventProofError::NoEvent { position, events: store.head().await?.map_or(0, |head| head + 1) }),
    }
}

/// Nothing leaves the house that would not be believed there: the event or the tree is damaged then.
async fn checked(
    log: &dyn SealedLog,
    entry: &LogEntry,
    hashes: Vec<Hash>,
    kept: KeptCheckpoint,
) -> Result<EventProof, StoreError> {
    let event = entry.name();
    let damaged = |error: &dyn std::fmt::Display| StoreError::Damaged(format!("{event} cannot be proved: {error}"));
    let leaf = entry.leaf.canonical().map_err(|error| damaged(&error))?;
    let leaf_hash = leaf_hash(leaf.as_bytes());
    let note = SignedNote::parse(&kept.note).map_err(|error| damaged(&error))?;
    let proof = TlogProof { extra: None, index: entry.position, hashes, checkpoint: note };
    let signer = signer(log, &kept).await?;
    proof.verify(leaf_hash, signer.name(), std::slice::from_ref(&signer)).map_err(|error| damaged(&error))?;
    Ok(EventProof { event, leaf, leaf_hash, proof, checkpoint: kept })
}
