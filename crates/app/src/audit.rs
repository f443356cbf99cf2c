//! Looking at what is stored without changing it: the port that verification needs beside the sealed log.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use ledger_domain::values::Date;
use uuid::Uuid;

use crate::seal::LogEntry;
use crate::store::{EditionFiles, RebuiltPage, Refold, StoreError};

/// A command's record, as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommandRecord {
    /// Its id.
    pub command_id: Uuid,
    /// The license it is about.
    pub license: String,
    /// Its business date.
    pub on: Date,
    /// When the ledger wrote it.
    pub recorded_at: DateTime<Utc>,
    /// Who posted it.
    pub actor_name: String,
    /// As what.
    pub actor_role: String,
    /// The edition of facts that it was judged by.
    pub edition: String,
    /// Whether it was accepted; else rejected by a rule.
    pub accepted: bool,
    /// SHA-256 of the content.
    pub content_digest: Vec<u8>,
    /// Its canonical content.
    pub content: String,
    /// The whole outcome, as JSON.
    pub outcome: String,
    /// SHA-256 of the outcome, which the leaves of its events hold; none: it is from before outcomes were sealed.
    pub outcome_digest: Option<Vec<u8>>,
}

/// Records in the order in which they lie.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct RecordsPage {
    /// The records, which may be none.
    pub records: Vec<CommandRecord>,
    /// The place where it goes on; `None`: these were the last.
    pub next: Option<u64>,
}

/// An event's key: the stream's type, its id, the sequence.
pub type EventKey = (String, String, u64);

/// An event as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditedEvent {
    /// The event with its position, without what its command's record says: as if there were none.
    pub entry: LogEntry,
    /// The order number that stands beside it, by which no order is placed twice (UPG-5).
    pub order_number: Option<String>,
}

/// Reading what is stored, as it is.
#[async_trait]
pub trait Audit: Send + Sync {
    /// The records of these commands, as many as there are.
    async fn records(&self, ids: &[Uuid]) -> Result<Vec<CommandRecord>, StoreError>;

    /// Up to `limit` records, by id, after the one given.
    async fn records_after(&self, after: Option<Uuid>, limit: u32) -> Result<Vec<CommandRecord>, StoreError>;

    /// Some records from that place on, in the order in which the store keeps them, which is about that in which they were
    /// written: so none has to be looked for. The first place is 0. Records that come in meanwhile may be among them.
    async fn records_from(&self, place: u64) -> Result<RecordsPage, StoreError>;

    /// The events that have their position, from that one on, at most `limit`.
    async fn events(&self, from: u64, limit: u32) -> Result<Vec<AuditedEvent>, StoreError>;

    /// Events, at most `limit`, that wait for their position where nobody looks for them any more: they would never be
    /// sealed. Stores that give the position in the append have none.
    async fn passed_over(&self, _limit: u32) -> Result<Vec<EventKey>, StoreError> {
        Ok(Vec::new())
    }

    /// Up to when nothing can be recorded any more, as the database keeps it; none where it keeps nothing, which is damage.
    async fn final_until(&self) -> Result<Option<DateTime<Utc>>, StoreError>;

    /// What of the store's own rules, such as its tables, triggers and views, is not as this program makes it; one line
    /// each.
    async fn schema(&self) -> Result<Vec<String>, StoreError>;

    /// Every edition of facts that is kept.
    async fn editions(&self) -> Result<Vec<EditionFiles>, StoreError>;

    /// Which of these events there are, each with its command.
    async fn commands_of(&self, events: &[EventKey]) -> Result<Vec<(EventKey, Uuid)>, StoreError>;

    /// Compares the read models of up to `limit` licenses after `after` with what their events make of them, and writes
    /// nothing: what [`RebuiltPage::mended`] lists is what [`crate::store::Store::rebuild_page`] would mend, and what is
    /// wrong with the events of a license, which a rebuild stops at.
    async fn compare_page(&self, after: Option<&str>, limit: u32, refold: Refold) -> Result<RebuiltPage, StoreError>;
}
