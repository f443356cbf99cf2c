//! Looking at what is stored without changing it: the port that verification needs beside the sealed log.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use ledger_domain::values::Date;
use uuid::Uuid;

use crate::store::{RebuiltPage, Refold, StoreError};

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
    pub digest: Vec<u8>,
    /// Its canonical content.
    pub content: String,
    /// The whole outcome, as JSON.
    pub outcome: String,
}

/// An event's key: the stream's type, its id, the sequence.
pub type EventKey = (String, String, u64);

/// Reading what is stored, as it is.
#[async_trait]
pub trait Audit: Send + Sync {
    /// The records of these commands, as many as there are.
    async fn records(&self, ids: &[Uuid]) -> Result<Vec<CommandRecord>, StoreError>;

    /// Up to `limit` records, by id, after the one given.
    async fn records_after(&self, after: Option<Uuid>, limit: u32) -> Result<Vec<CommandRecord>, StoreError>;

    /// Which of these events there are, each with its command.
    async fn commands_of(&self, events: &[EventKey]) -> Result<Vec<(EventKey, Uuid)>, StoreError>;

    /// Compares the read models of up to `limit` licenses after `after` with what their events make of them, and writes
    /// nothing: what [`RebuiltPage::mended`] lists is what [`crate::store::Store::rebuild_page`] would mend, and what is
    /// wrong with the events of a license, which a rebuild stops at.
    async fn compare_page(&self, after: Option<&str>, limit: u32, refold: Refold) -> Result<RebuiltPage, StoreError>;
}
