//! A whole ledger taken out into a file and put into an empty one: export and import, and the port they need.
//!
//! Reading order: [`mod@line`] (the file, line by line), [`export`], [`import`], `check` (all that a file must be, before
//! anything is written), `write`, `fold` (what the licenses become).

mod blocks;
mod check;
pub mod export;
mod fold;
mod growing;
pub mod import;
pub mod line;
mod write;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use ledger_domain::license::Facts;
use ledger_seal::tiles::Run;
use uuid::Uuid;

use crate::audit::CommandRecord;
use crate::seal::{KeptCheckpoint, LogEntry};
use crate::store::{EditionFiles, StateWrite, Store, StoreError};
use crate::transfer::line::{Adoption, SealKey};

pub use import::ImportError;

/// A store whose whole ledger can be taken out, and one put in.
#[async_trait]
pub trait Transfer: Store {
    /// The ledger as it is now; what is written later is not in it. Whoever wants it whole settles first.
    async fn snapshot(&self) -> Result<Box<dyn Snapshot>, StoreError>;

    /// The bytes of an edition, if it was ever adopted.
    async fn edition(&self, edition: &str) -> Result<Option<EditionFiles>, StoreError>;

    /// Whether something was imported.
    async fn import_state(&self) -> Result<ImportState, StoreError>;

    /// Begins the import of the file with that SHA-256 into a ledger that is empty, or finds it begun. Until it is
    /// finished nothing else can be written, and the ledger cannot be opened for anything else.
    async fn begin_import(&self, digest: &[u8; 32]) -> Result<ImportState, StoreError>;

    /// Begins to write what some lines say, in one transaction, which [`Begun::end`] ends. Where a store can, it writes
    /// all that does not depend on the chunks before, so that some are written at the same time.
    async fn begin_chunk<'s>(&'s self, chunk: Chunk) -> Result<Box<dyn Begun + 's>, StoreError>;

    /// Ends the import: adopts the editions in that order, and lets the ledger be used.
    ///
    /// # Errors
    /// As [`Begun::end`].
    async fn finish_import(&self, adoptions: &[Adoption], from: u64) -> Result<(), StoreError>;
}

/// A chunk that is being written: without its end it is not.
#[async_trait]
pub trait Begun: Send {
    /// Writes the rest, once the chunks before are written, and notes that what the lines behind `from` up to `to` say is
    /// there.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when the import has gone further than `from` meanwhile: another process is at it.
    async fn end(self: Box<Self>, from: u64, to: u64) -> Result<(), StoreError>;
}

/// What was imported into a ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ImportState {
    /// Nothing, and nothing else is in it.
    Empty,
    /// Nothing, but it is in use.
    Used,
    /// A part of the file with that SHA-256: what its first `line` lines say.
    Begun {
        /// SHA-256 of the file.
        digest: Vec<u8>,
        /// How many lines of it are written.
        line: u64,
    },
    /// The file with that SHA-256.
    Finished {
        /// SHA-256 of the file.
        digest: Vec<u8>,
    },
}

/// A ledger at one moment.
#[async_trait]
pub trait Snapshot: Send {
    /// How many events have their position.
    async fn size(&mut self) -> Result<u64, StoreError>;

    /// The events from a position on, at most `limit`. The command digests in their leaves are left zero.
    async fn events(&mut self, from: u64, limit: u32) -> Result<Vec<LogEntry>, StoreError>;

    /// The records of these commands, as many as there are.
    async fn records(&mut self, ids: &[Uuid]) -> Result<Vec<CommandRecord>, StoreError>;

    /// Accepted commands that seem to have caused no event, by instant and id, after the one with these, at most
    /// `limit`. Those that were judged on an event without a position are left out: they belong to a later moment.
    async fn without_events(
        &mut self,
        after: Option<(DateTime<Utc>, Uuid)>,
        limit: u32,
    ) -> Result<Vec<CommandRecord>, StoreError>;

    /// The bytes of an edition.
    async fn edition(&mut self, edition: &str) -> Result<Option<EditionFiles>, StoreError>;

    /// What was adopted, oldest first.
    async fn adoptions(&mut self) -> Result<Vec<Adoption>, StoreError>;

    /// The keys that ever signed, oldest first.
    async fn seal_keys(&mut self) -> Result<Vec<SealKey>, StoreError>;

    /// Up to `limit` checkpoints, by size and number of the key, after the one with these.
    async fn checkpoints(&mut self, after: Option<(u64, u64)>, limit: u32) -> Result<Vec<KeptCheckpoint>, StoreError>;
}

/// Rows to write, in the order in which they refer to each other.
#[derive(Debug, Default)]
pub struct Chunk {
    /// Editions of facts.
    pub editions: Vec<EditionFiles>,
    /// Command records.
    pub commands: Vec<CommandRecord>,
    /// Events, by position.
    pub events: Vec<ImportedEvent>,
    /// What licenses are after an event, each with its instant. There may be a row of the version that it begins with
    /// (`base_version`), which gives way.
    pub states: Vec<(StateWrite, DateTime<Utc>)>,
    /// Pieces of the tree.
    pub runs: Vec<Run>,
    /// Keys that signed.
    pub seal_keys: Vec<SealKey>,
    /// Checkpoints.
    pub checkpoints: Vec<KeptCheckpoint>,
}

/// An event to write as it was recorded elsewhere.
#[derive(Debug)]
pub struct ImportedEvent {
    /// The event.
    pub entry: LogEntry,
    /// The order number that it uses up (UPG-5).
    pub order_number: Option<String>,
    /// The facts after it; none of a refusal.
    pub facts: Option<Facts>,
}
