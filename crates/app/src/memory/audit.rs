//! Reading what is held as it is, for verification.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use ledger_seal::leaf::Leaf;
use uuid::Uuid;

use super::{Held, MemoryStore};
use crate::audit::{Audit, AuditedEvent, CommandRecord, EventKey, RecordsPage};
use crate::seal::LogEntry;
use crate::store::{EditionFiles, LICENSE_STREAM, RebuiltPage, Refold, StoreError};

/// How many records are read at once as they lie.
const LYING: usize = 100;

#[async_trait]
impl Audit for MemoryStore {
    async fn records(&self, ids: &[Uuid]) -> Result<Vec<CommandRecord>, StoreError> {
        let held = self.held();
        Ok(ids.iter().filter_map(|id| held.records.get(id)).cloned().collect())
    }

    async fn records_after(&self, after: Option<Uuid>, limit: u32) -> Result<Vec<CommandRecord>, StoreError> {
        let held = self.held();
        let rest = held.records.values().filter(|record| after.is_none_or(|after| record.command_id > after));
        Ok(rest.take(usize::try_from(limit).unwrap_or(usize::MAX)).cloned().collect())
    }

    async fn records_from(&self, place: u64) -> Result<RecordsPage, StoreError> {
        let from = usize::try_from(place).unwrap_or(usize::MAX);
        let records: Vec<_> = self.held().records.values().skip(from).take(LYING).cloned().collect();
        let next = (records.len() == LYING).then(|| place + u64::try_from(LYING).unwrap_or_default());
        Ok(RecordsPage { records, next })
    }

    async fn events(&self, from: u64, limit: u32) -> Result<Vec<AuditedEvent>, StoreError> {
        let held = self.held();
        let alone = |entry: LogEntry| AuditedEvent {
            order_number: held.order_number(&entry.leaf),
            entry: LogEntry {
                leaf: Leaf { command_digest: [0; 32], outcome_digest: None, ..entry.leaf },
                has_record: false,
                ..entry
            },
        };
        Ok(held.entries(from, limit).into_iter().map(alone).collect())
    }

    async fn final_until(&self) -> Result<Option<DateTime<Utc>>, StoreError> {
        Ok(Some(self.held().final_until))
    }

    async fn schema(&self) -> Result<Vec<String>, StoreError> {
        Ok(Vec::new())
    }

    async fn editions(&self) -> Result<Vec<EditionFiles>, StoreError> {
        Ok(self.held().editions.values().cloned().collect())
    }

    async fn commands_of(&self, events: &[EventKey]) -> Result<Vec<(EventKey, Uuid)>, StoreError> {
        let held = self.held();
        let all = held.log.iter().map(|event| held.entry(event).leaf);
        let keys = all.map(|leaf| ((leaf.stream_type, leaf.stream_id, leaf.sequence), leaf.command_id));
        Ok(keys.filter(|(key, _)| events.contains(key)).collect())
    }

    async fn compare_page(&self, after: Option<&str>, limit: u32, refold: Refold) -> Result<RebuiltPage, StoreError> {
        self.held().compare_page(after, limit, refold)
    }
}

impl Held {
    /// The order that the event uses up, if it is held as used up.
    fn order_number(&self, leaf: &Leaf) -> Option<String> {
        let number = leaf.stream_id.parse().ok().filter(|_| leaf.stream_type == LICENSE_STREAM)?;
        let order = self.events.get(&number)?.get(&leaf.sequence)?.event.order_number()?.to_owned();
        self.orders.contains(&(number, order.clone())).then_some(order)
    }

    /// Rebuilds, and puts everything back.
    fn compare_page(&mut self, after: Option<&str>, limit: u32, refold: Refold) -> Result<RebuiltPage, StoreError> {
        let (current, versions) = (self.current.clone(), self.versions.clone());
        let page = self.rebuild_page(after, limit, refold);
        (self.current, self.versions) = (current, versions);
        let mut page = page?;
        for line in &mut page.mended {
            *line = line.trim_end_matches(" and was removed").to_owned();
        }
        Ok(page)
    }
}
