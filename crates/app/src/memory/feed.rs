//! The feed: an event's position is its place in the log.

use async_trait::async_trait;
use ledger_seal::leaf::Leaf;

use super::{Held, MemoryStore};
use crate::feed::{Feed, FeedEvent, FeedFilter, FeedPage, Window};
use crate::follow::{Followed, Stored};
use crate::seal::LogEntry;
use crate::store::StoreError;

#[async_trait]
impl Feed for MemoryStore {
    async fn feed(&self, after: Option<u64>, filter: &FeedFilter, limit: u32) -> Result<FeedPage, StoreError> {
        let held = self.held();
        let window = Window::after(after, limit);
        let looked_at = held.log.iter().filter(|event| (window.from..window.to).contains(&event.position));
        let fitting = looked_at.filter(|event| held.fits(event, filter));
        let events = fitting.take(usize::try_from(window.limit).unwrap_or(usize::MAX)).cloned().collect();
        Ok(window.page(events, held.head()))
    }

    async fn followed(&self, from: u64, to: u64) -> Result<Vec<Followed>, StoreError> {
        let entries = self.held().entries(from, u32::MAX);
        entries
            .iter()
            .take_while(|entry| entry.position < to)
            .map(|LogEntry { position, leaf, .. }| followed(*position, leaf))
            .collect()
    }

    async fn head(&self) -> Result<Option<u64>, StoreError> {
        Ok(self.held().head())
    }
}

fn followed(position: u64, leaf: &Leaf) -> Result<Followed, StoreError> {
    Followed::try_from(Stored {
        position,
        stream_type: &leaf.stream_type,
        stream_id: &leaf.stream_id,
        sequence: leaf.sequence,
        on: leaf.on,
        recorded_at: leaf.recorded_at,
        command_id: leaf.command_id,
        payload: &leaf.payload,
    })
}

impl Held {
    /// The position of the event that is written next.
    pub(super) fn next_position(&self) -> u64 {
        self.head().map_or(0, |head| head + 1)
    }

    fn head(&self) -> Option<u64> {
        self.log.last().map(|event| event.position)
    }

    fn fits(&self, event: &FeedEvent, filter: &FeedFilter) -> bool {
        let partner = || self.current.get(&event.license).and_then(|current| current.facts.partner.as_ref());
        filter.event_type.as_ref().is_none_or(|event_type| event.event_type == *event_type)
            && filter.license.as_ref().is_none_or(|license| event.license == *license)
            && filter.partner.as_ref().is_none_or(|name| partner().is_some_and(|partner| partner.name == *name))
    }
}
