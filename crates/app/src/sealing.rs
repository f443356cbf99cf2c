//! Sealing: every event gets its leaf, and now and then somebody signs how far the log goes.

use chrono::{DateTime, SubsecRound, Utc};
use ledger_seal::checkpoint::{Checkpoint, CheckpointError};
use ledger_seal::hash::Hash;
use ledger_seal::keys::{SecretKey, Verifier};
use ledger_seal::ranges;
use ledger_seal::tiles::needed;
use uuid::Uuid;

use crate::seal::{KeptCheckpoint, SealedLog};
use crate::store::{Store, StoreError};

/// How many events are sealed in one transaction.
pub const STROKE: u32 = 1_000;

/// Why nothing was signed.
#[derive(Debug, thiserror::Error)]
pub enum SealError {
    /// There is a key already.
    #[error("this ledger has a key since its first checkpoint; `license-ledger seal rotate` replaces it")]
    HasKey,
    /// There is none.
    #[error("this ledger has no key yet; `license-ledger seal init` makes one")]
    NoKey,
    /// The key is not the one that signs for this ledger.
    #[error("the key {given} is not the one that signs for this ledger now: that is {expected}")]
    OtherKey {
        /// The key given.
        given: String,
        /// The key of the ledger.
        expected: String,
    },
    /// The stored tree does not grow from the last checkpoint: it was changed since.
    #[error(
        "the log does not begin any more as it did when its checkpoint of {size} events was signed: it was changed; \
         `license-ledger verify` says where"
    )]
    Changed {
        /// The size that was signed.
        size: u64,
    },
    /// The system gives no random bytes.
    #[error("the system gives no random bytes: {0}; try again later")]
    NotRandom(getrandom::Error),
    /// The log's name cannot stand in a signature.
    #[error("the log's name: {0}")]
    Name(#[from] ledger_seal::keys::KeyError),
    /// The checkpoint cannot be written.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// How far the ledger is sealed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealStatus {
    /// How many events have a position.
    pub events: u64,
    /// How many of them are sealed.
    pub sealed: u64,
    /// The keys that ever signed, oldest first.
    pub keys: Vec<Verifier>,
    /// The last checkpoint.
    pub last: Option<KeptCheckpoint>,
}

/// Gives every committed event its position and seals it. Returns how many events are sealed.
///
/// # Errors
/// The store's failure; [`StoreError::Damaged`] for an event that cannot be sealed.
pub async fn seal_all(store: &dyn Store) -> Result<u64, StoreError> {
    store.settle().await?;
    while store.sealed_log().seal(STROKE).await? > 0 {}
    store.sealed_log().sealed().await
}

/// How far the ledger is sealed. Nothing is written.
///
/// # Errors
/// The store's failure.
pub async fn status(store: &dyn Store) -> Result<SealStatus, StoreError> {
    let (log, head) = (store.sealed_log(), store.head().await?);
    Ok(SealStatus {
        events: head.map_or(0, |head| head + 1),
        sealed: log.sealed().await?,
        keys: log.seal_keys().await?,
        last: log.last_checkpoint().await?,
    })
}

/// A name for a log whose owner gives none: there is no other like it.
#[must_use]
pub fn new_origin() -> String {
    format!("license-ledger/{}", Uuid::new_v4())
}

/// A new key for the log of that name.
///
/// # Errors
/// [`SealError::Name`] for a name with spaces or plus signs; [`SealError::NotRandom`].
pub fn new_key(origin: &str) -> Result<SecretKey, SealError> {
    let mut seed = [0; 32];
    getrandom::fill(&mut seed).map_err(SealError::NotRandom)?;
    Ok(SecretKey::new(origin, &seed)?)
}

/// Makes the key the ledger's first, and signs a first checkpoint with it.
///
/// # Errors
/// [`SealError::HasKey`] when there is one.
pub async fn init(store: &dyn Store, key: &SecretKey, now: DateTime<Utc>) -> Result<KeptCheckpoint, SealError> {
    if !store.sealed_log().seal_keys().await?.is_empty() {
        return Err(SealError::HasKey);
    }
    sign(store, &[key], 1, Some(key.verifier()), now).await
}

/// Seals what is there, and signs how far the log goes. A size that the key has signed is not signed again.
///
/// # Errors
/// [`SealError`] when the key is not the ledger's, or the log was changed.
pub async fn checkpoint(store: &dyn Store, key: &SecretKey, now: DateTime<Utc>) -> Result<KeptCheckpoint, SealError> {
    let number = number_of(store, key).await?;
    sign(store, &[key], number, None, now).await
}

/// Makes another key the one that signs from now on. The checkpoint of this moment is signed by both, so that whoever
/// trusts the old one sees that it is the same log.
///
/// # Errors
/// [`SealError`] when the old key is not the ledger's, or the log was changed.
pub async fn rotate(
    store: &dyn Store,
    old: &SecretKey,
    new: &SecretKey,
    now: DateTime<Utc>,
) -> Result<KeptCheckpoint, SealError> {
    let number = number_of(store, old).await? + 1;
    sign(store, &[old, new], number, Some(new.verifier()), now).await
}

/// The number of the ledger's current key, which the one given must be.
async fn number_of(store: &dyn Store, key: &SecretKey) -> Result<u64, SealError> {
    let keys = store.sealed_log().seal_keys().await?;
    let current = keys.last().ok_or(SealError::NoKey)?;
    if current != key.verifier() {
        return Err(SealError::OtherKey { given: key.verifier().to_string(), expected: current.to_string() });
    }
    Ok(u64::try_from(keys.len()).unwrap_or(u64::MAX))
}

async fn sign(
    store: &dyn Store,
    keys: &[&SecretKey],
    number: u64,
    new_key: Option<&Verifier>,
    now: DateTime<Utc>,
) -> Result<KeptCheckpoint, SealError> {
    let (log, size) = (store.sealed_log(), seal_all(store).await?);
    let last = log.last_checkpoint().await?;
    if let Some(last) = &last {
        check_grows(log, last, size).await?;
    }
    if let Some(last) = last.filter(|last| (last.checkpoint.size, last.key) == (size, number)) {
        return Ok(last);
    }
    let origin = keys.last().map(|key| key.verifier().name()).unwrap_or_default().to_owned();
    let checkpoint = Checkpoint { origin, size, root: root(log, size).await? };
    let note = checkpoint.sign(keys)?.to_string();
    let kept = KeptCheckpoint { checkpoint, key: number, note, signed_at: now.trunc_subsecs(6) };
    log.keep_checkpoint(&kept, new_key).await?;
    Ok(kept)
}

/// Nothing is signed that does not begin with what was signed before.
async fn check_grows(log: &dyn SealedLog, last: &KeptCheckpoint, size: u64) -> Result<(), SealError> {
    let Checkpoint { size: before, root: signed, .. } = last.checkpoint;
    if before <= size && root(log, before).await? == signed { Ok(()) } else { Err(SealError::Changed { size: before }) }
}

/// The key that signed the checkpoint, as the ledger lists it.
///
/// # Errors
/// The store's failure; [`StoreError::Damaged`] when the key is not listed.
pub async fn signer(log: &dyn SealedLog, kept: &KeptCheckpoint) -> Result<Verifier, StoreError> {
    let mut keys = log.seal_keys().await?;
    let place = usize::try_from(kept.key).ok().and_then(|key| key.checked_sub(1));
    match place.filter(|place| *place < keys.len()) {
        Some(place) => Ok(keys.swap_remove(place)),
        None => Err(StoreError::Damaged(format!("there is no key {}", kept.key))),
    }
}

/// The root of the log when it had that size.
///
/// # Errors
/// The store's failure; [`StoreError::Damaged`] when hashes of it are not there.
pub async fn root(log: &dyn SealedLog, size: u64) -> Result<Hash, StoreError> {
    let ids: Vec<_> = needed(std::slice::from_ref(&(0..size))).into_iter().collect();
    Ok(log.tiles(&ids).await?.root(size)?)
}

/// The proof that the event at the position is in the log of that size, its sibling first.
///
/// # Errors
/// As [`root`].
pub async fn prove_inclusion(log: &dyn SealedLog, position: u64, size: u64) -> Result<Vec<Hash>, StoreError> {
    prove(log, &ranges::inclusion(position, size)).await
}

/// The proof that the log of the new size begins with the one of the old.
///
/// # Errors
/// As [`root`].
pub async fn prove_consistency(log: &dyn SealedLog, old: u64, new: u64) -> Result<Vec<Hash>, StoreError> {
    prove(log, &ranges::consistency(old, new)).await
}

async fn prove(log: &dyn SealedLog, ranges: &[std::ops::Range<u64>]) -> Result<Vec<Hash>, StoreError> {
    let ids: Vec<_> = needed(ranges).into_iter().collect();
    Ok(log.tiles(&ids).await?.hashes(ranges)?)
}
