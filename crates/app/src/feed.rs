//! The feed: every event of the ledger in the order of its position, refusals included; the port to read it.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use ledger_domain::command::Actor;
use ledger_domain::values::{Date, LicenseNumber};
use uuid::Uuid;

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

/// Reading the log in order.
#[async_trait]
pub trait Feed: Send + Sync {
    /// Up to `limit` events that fit, after the position (`None`: from the first one), out of the next [`FEED_LOOK`]
    /// positions. Only events that have their position are seen: [`crate::store::Store::settle`] gives it to the rest.
    async fn feed(&self, after: Option<u64>, filter: &FeedFilter, limit: u32) -> Result<FeedPage, StoreError>;

    /// The last position given; `None` in an empty ledger.
    async fn head(&self) -> Result<Option<u64>, StoreError>;
}
