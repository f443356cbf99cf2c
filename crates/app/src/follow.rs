//! Following the log: every event in the order of its position, as what it is.
//!
//! The feed ([`crate::feed`]) shows events to others, filtered and as they are stored; this is for going through all of
//! them, as fast as they can be read.

use std::collections::VecDeque;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use ledger_domain::event::{Event, RefusalEvent};
use ledger_domain::values::Date;
use tokio::task::JoinHandle;
use uuid::Uuid;

use crate::ahead::broken_off;
use crate::seal::name_of;
use crate::store::{LICENSE_STREAM, Store, StoreError};

/// How many events are read at once.
const PAGE: u64 = 3_000;

/// How many pages are read beside each other: a database takes longer to read them than to send them.
const AHEAD: usize = 3;

/// An event in its place in the log.
#[derive(Debug, Clone, PartialEq)]
pub struct Followed {
    /// Its place: counted from 0, without gaps.
    pub position: u64,
    /// The license number; of a refusal the id of the refused command.
    pub stream_id: String,
    /// Its sequence within its stream.
    pub sequence: u64,
    /// The business date.
    pub on: Date,
    /// When the ledger wrote it, to the microsecond.
    pub recorded_at: DateTime<Utc>,
    /// The command.
    pub command_id: Uuid,
    /// What it says.
    pub event: Logged,
}

/// What an event says.
#[derive(Debug, Clone, PartialEq)]
pub enum Logged {
    /// Something happened to a license.
    License(Event),
    /// A command was refused.
    Refusal(RefusalEvent),
}

impl Logged {
    /// Reads a payload.
    ///
    /// # Errors
    /// A payload that is none of that kind of stream.
    pub fn read(stream_type: &str, payload: &str) -> serde_json::Result<Self> {
        if stream_type == LICENSE_STREAM {
            serde_json::from_str(payload).map(Self::License)
        } else {
            serde_json::from_str(payload).map(Self::Refusal)
        }
    }

    /// Its type.
    #[must_use]
    pub const fn event_type(&self) -> &'static str {
        match self {
            Self::License(event) => event.event_type(),
            Self::Refusal(event) => event.event_type(),
        }
    }

    /// The version of its format.
    #[must_use]
    pub const fn event_version(&self) -> &'static str {
        match self {
            Self::License(event) => event.event_version(),
            Self::Refusal(event) => event.event_version(),
        }
    }
}

/// What a store reads of an event to be followed; the payload is read where its bytes are.
#[derive(Debug, Clone, Copy)]
pub struct Stored<'r> {
    /// Its place.
    pub position: u64,
    /// The kind of its stream.
    pub stream_type: &'r str,
    /// The stream's id.
    pub stream_id: &'r str,
    /// Its sequence.
    pub sequence: u64,
    /// The business date.
    pub on: Date,
    /// When it was written.
    pub recorded_at: DateTime<Utc>,
    /// The command.
    pub command_id: Uuid,
    /// The event as stored.
    pub payload: &'r str,
}

impl TryFrom<Stored<'_>> for Followed {
    type Error = StoreError;

    /// # Errors
    /// [`StoreError::Damaged`] for an event that cannot be read.
    fn try_from(stored: Stored<'_>) -> Result<Self, StoreError> {
        let Stored { position, stream_type, stream_id, sequence, on, recorded_at, command_id, payload } = stored;
        let event = Logged::read(stream_type, payload).map_err(|error| {
            let name = name_of(stream_type, stream_id, sequence, position);
            StoreError::Damaged(format!("{name}: its payload: {error}"))
        })?;
        Ok(Self { position, stream_id: stream_id.to_owned(), sequence, on, recorded_at, command_id, event })
    }
}

/// Whoever goes through the log. While a page is worked on, the next ones are read.
pub struct Follower {
    store: Arc<dyn Store>,
    /// The position whose page is asked for next, and the one before which the log ended.
    next: u64,
    end: u64,
    coming: VecDeque<JoinHandle<Result<Vec<Followed>, StoreError>>>,
}

impl Follower {
    /// Begins at that position, and goes on to where the log ends now.
    ///
    /// # Errors
    /// The store's failure.
    pub async fn begin(store: Arc<dyn Store>, from: u64) -> Result<Self, StoreError> {
        let end = store.head().await?.map_or(0, |head| head + 1);
        Ok(Self { store, next: from, end, coming: VecDeque::new() })
    }

    /// The next events, by position; `None` at the end. To go on from there, begin anew.
    ///
    /// # Errors
    /// The store's failure; [`StoreError::Damaged`] for an event that cannot be read.
    pub async fn page(&mut self) -> Result<Option<Vec<Followed>>, StoreError> {
        while self.coming.len() < AHEAD && self.next < self.end {
            let (store, from) = (Arc::clone(&self.store), self.next);
            self.next = from.saturating_add(PAGE).min(self.end);
            let to = self.next;
            self.coming.push_back(tokio::spawn(async move { store.followed(from, to).await }));
        }
        let Some(page) = self.coming.pop_front() else { return Ok(None) };
        page.await.map_err(|error| broken_off(&error))?.map(Some)
    }

    /// Before which position it ends.
    #[must_use]
    pub const fn end(&self) -> u64 {
        self.end
    }
}
