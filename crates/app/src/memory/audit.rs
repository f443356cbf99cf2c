//! Reading what is held as it is, for verification.

use async_trait::async_trait;
use uuid::Uuid;

use super::{Held, MemoryStore};
use crate::audit::{Audit, CommandRecord, EventKey};
use crate::store::{RebuiltPage, Refold, StoreError};

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
