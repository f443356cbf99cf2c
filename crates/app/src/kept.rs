//! Kept quotes: what was promised, until when; the port to keep them.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use ledger_domain::values::Date;
use uuid::Uuid;

use crate::store::StoreError;

/// A quote that was kept: these commands, with these outcomes, until that day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptQuote {
    /// Its id.
    pub id: Uuid,
    /// When it was kept, to the microsecond.
    pub kept_at: DateTime<Utc>,
    /// The name of whoever asked for it.
    pub kept_by: String,
    /// The partner that they were kept to; `None`: every license.
    pub partner: Option<String>,
    /// The last day on which it can be committed.
    pub valid_until: Date,
    /// The commands in order: a JSON array of requests, each with its date.
    pub commands: String,
    /// What each was promised: a JSON array of outcomes.
    pub outcomes: String,
}

/// Keeping quotes. They promise, they record nothing: no event, no read model.
#[async_trait]
pub trait KeptQuotes: Send + Sync {
    /// Keeps the quote.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when its id is taken.
    async fn keep_quote(&self, quote: &KeptQuote) -> Result<(), StoreError>;

    /// The quote with this id.
    async fn kept_quote(&self, id: Uuid) -> Result<Option<KeptQuote>, StoreError>;
}
