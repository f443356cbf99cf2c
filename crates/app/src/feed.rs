//! The feed: every event of the ledger in the order of its position, refusals included; the port to read it.

use std::collections::HashMap;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use ledger_domain::command::Actor;
use ledger_domain::values::{Date, LicenseNumber};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;
use serde_json::value::RawValue;
use uuid::Uuid;

use crate::follow::Followed;
use crate::read::instant;
use crate::store::StoreError;

/// Which events are asked for; what is absent does not narrow.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FeedFilter {
    /// Only of this type, such as `UsersReduced`.
    pub event_type: Option<String>,
    /// Only about this license: its events, and what was refused to it.
    pub license: Option<LicenseNumber>,
    /// Only about licenses whose partner has exactly this name now.
    pub partner: Option<String>,
}

/// An event in its place in the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FeedEvent {
    /// Its place: counted from 0, without gaps.
    pub position: u64,
    /// [`crate::store::LICENSE_STREAM`] or [`crate::store::REFUSAL_STREAM`].
    pub stream_type: String,
    /// The license it is about; of a refusal the one that the refused command was for.
    pub license: LicenseNumber,
    /// Its sequence within its stream.
    pub sequence: u64,
    /// Its type.
    pub event_type: String,
    /// The version of its format.
    pub event_version: String,
    /// The business date.
    pub on: Date,
    /// When the ledger wrote it, to the microsecond.
    pub recorded_at: DateTime<Utc>,
    /// Who posted the command.
    pub actor: Actor,
    /// The command.
    pub command_id: Uuid,
    /// The edition of facts it was judged by.
    pub edition: String,
    /// The event as stored: `{"UsersReduced": {…}}`.
    pub payload: String,
}

/// What one look at the log found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FeedPage {
    /// The events that fit, by position.
    pub events: Vec<FeedEvent>,
    /// The last position that was looked at, fitting or not: where to go on. `None`: there is nothing after.
    pub looked_up_to: Option<u64>,
}

/// How many positions one look goes through at most, so that a filter that fits little costs no more than one that fits
/// everything.
pub const FEED_LOOK: u32 = 5_000;

/// One look, as stores take it: the positions `[from, to)`, and at most so many events out of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// The first position.
    pub from: u64,
    /// The first position that it does not go to any more.
    pub to: u64,
    /// At most so many events, and at least one: a look always leads on.
    pub limit: u32,
}

impl Window {
    /// The look at the next [`FEED_LOOK`] positions after the one given.
    #[must_use]
    pub fn after(after: Option<u64>, limit: u32) -> Self {
        let from = after.map_or(0, |after| after.saturating_add(1));
        Self { from, to: from.saturating_add(u64::from(FEED_LOOK)), limit: limit.max(1) }
    }

    /// The page of the events found, in a log whose last position is `head`. A full page ends the look at its last
    /// event; any other went through the window as far as the log goes.
    #[must_use]
    pub fn page(self, events: Vec<FeedEvent>, head: Option<u64>) -> FeedPage {
        let is_full = u32::try_from(events.len()).is_ok_and(|count| count == self.limit);
        let cut_at = events.last().filter(|_| is_full).map(|event| event.position);
        let gone_through = head.filter(|head| *head >= self.from).map(|head| head.min(self.to.saturating_sub(1)));
        FeedPage { events, looked_up_to: cut_at.or(gone_through) }
    }
}

/// Reading the log in order.
#[async_trait]
pub trait Feed: Send + Sync {
    /// Up to `limit` events that fit, after the position (`None`: from the first one), out of the next [`FEED_LOOK`]
    /// positions. Only events that have their position are seen: [`crate::store::Store::settle`] gives it to the rest.
    async fn feed(&self, after: Option<u64>, filter: &FeedFilter, limit: u32) -> Result<FeedPage, StoreError>;

    /// The events at the positions `[from, to)`, read to be gone through. Only events that have their position are seen.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] for an event that cannot be read.
    async fn followed(&self, from: u64, to: u64) -> Result<Vec<Followed>, StoreError>;

    /// The last position given; `None` in an empty ledger.
    async fn head(&self) -> Result<Option<u64>, StoreError>;
}

/// An event as the feed shows it.
#[derive(Debug, Serialize, JsonSchema)]
pub struct FeedEntry {
    /// Its place: counted from 0, without gaps.
    pub position: u64,
    /// `license`, or `refusal` for a command that a rule refused.
    pub stream: String,
    /// The license it is about; of a refusal the one that the refused command was for.
    pub license: LicenseNumber,
    /// Its sequence within its stream: of a refusal always 1.
    pub sequence: u64,
    /// Its type.
    #[serde(rename = "type")]
    pub event_type: String,
    /// The version of its format.
    pub version: String,
    /// Its business date.
    pub on: Date,
    /// When the ledger wrote it, in UTC, to the microsecond.
    pub recorded_at: String,
    /// Who posted the command.
    pub actor: Actor,
    /// The command.
    pub command_id: Uuid,
    /// The edition of facts it was judged by: a SHA-256.
    pub edition: String,
    /// What it says, as it was written.
    #[schemars(with = "Value")]
    pub data: Box<RawValue>,
}

/// A page of the feed.
#[derive(Debug, Serialize, JsonSchema)]
pub struct FeedAnswer {
    /// The events, by position.
    pub items: Vec<FeedEntry>,
    /// The last position that was looked at, fitting or not: what to ask on with as `after`. Null: there is nothing
    /// after the one asked with; ask on with that.
    pub next: Option<u64>,
}

impl TryFrom<FeedPage> for FeedAnswer {
    type Error = StoreError;

    /// # Errors
    /// [`StoreError::Damaged`] for an event that is no JSON.
    fn try_from(page: FeedPage) -> Result<Self, StoreError> {
        let items = page.events.into_iter().map(FeedEntry::try_from).collect::<Result<_, _>>()?;
        Ok(Self { items, next: page.looked_up_to })
    }
}

impl TryFrom<FeedEvent> for FeedEntry {
    type Error = StoreError;

    /// # Errors
    /// [`StoreError::Damaged`] for an event that is no JSON.
    fn try_from(event: FeedEvent) -> Result<Self, StoreError> {
        let position = event.position;
        let damaged = |what: &str| StoreError::Damaged(format!("the event at position {position} {what}"));
        // `{"UsersReduced": {…}}`: one field, named after the type.
        let tagged: HashMap<String, Box<RawValue>> =
            serde_json::from_str(&event.payload).map_err(|error| damaged(&format!("cannot be read: {error}")))?;
        let data = tagged.into_values().next().ok_or_else(|| damaged("says nothing"))?;
        Ok(Self {
            position,
            stream: event.stream_type,
            license: event.license,
            sequence: event.sequence,
            event_type: event.event_type,
            version: event.event_version,
            on: event.on,
            recorded_at: instant(event.recorded_at),
            actor: event.actor,
            command_id: event.command_id,
            edition: event.edition,
            data,
        })
    }
}
