//! The sealed log, in memory.

use std::collections::BTreeMap;

use async_trait::async_trait;
use ledger_domain::values::LicenseNumber;
use ledger_seal::hash::Hash;
use ledger_seal::keys::Verifier;
use ledger_seal::leaf::Leaf;
use ledger_seal::tiles::{Run, TileId, Tiles, begun};

use super::{Held, MemoryStore};
use crate::feed::FeedEvent;
use crate::seal::{KeptCheckpoint, LogEntry, SealedLog, grown};
use crate::store::{LICENSE_STREAM, REFUSAL_STREAM, StoreError};

/// What is sealed.
#[derive(Debug, Default)]
pub(super) struct Sealed {
    hashes: BTreeMap<(u8, u64), Vec<Hash>>,
    keys: Vec<Verifier>,
    checkpoints: BTreeMap<(u64, u64), KeptCheckpoint>,
}

#[async_trait]
impl SealedLog for MemoryStore {
    async fn entries(&self, from: u64, limit: u32) -> Result<Vec<LogEntry>, StoreError> {
        Ok(self.held().entries(from, limit))
    }

    async fn entries_of(&self, license: &LicenseNumber, last: u64) -> Result<Vec<LogEntry>, StoreError> {
        Ok(self.held().entries_of(license, last))
    }

    async fn sealed(&self) -> Result<u64, StoreError> {
        Ok(self.held().sealed.size())
    }

    async fn seal(&self, limit: u32) -> Result<u64, StoreError> {
        let mut held = self.held();
        let size = held.sealed.size();
        let runs = grown(size, &held.sealed.tiles(&begun(size)), &held.entries(size, limit))?;
        held.sealed.hashes.extend(runs.into_iter().map(|Run { level, first, hashes }| ((level, first), hashes)));
        Ok(held.sealed.size() - size)
    }

    async fn tiles(&self, ids: &[TileId]) -> Result<Tiles, StoreError> {
        Ok(self.held().sealed.tiles(ids))
    }

    async fn seal_keys(&self) -> Result<Vec<Verifier>, StoreError> {
        Ok(self.held().sealed.keys.clone())
    }

    async fn checkpoints(&self, after: Option<(u64, u64)>, limit: u32) -> Result<Vec<KeptCheckpoint>, StoreError> {
        let held = self.held();
        let rest = held.sealed.checkpoints.iter().filter(|(place, _)| after.is_none_or(|after| **place > after));
        Ok(rest.take(usize::try_from(limit).unwrap_or(usize::MAX)).map(|(_, kept)| kept.clone()).collect())
    }

    async fn last_checkpoint(&self) -> Result<Option<KeptCheckpoint>, StoreError> {
        Ok(self.held().sealed.checkpoints.values().next_back().cloned())
    }

    async fn keep_checkpoint(&self, kept: &KeptCheckpoint, new_key: Option<&Verifier>) -> Result<(), StoreError> {
        let sealed = &mut self.held().sealed;
        let place = (kept.checkpoint.size, kept.key);
        let number = u64::try_from(sealed.keys.len()).unwrap_or(u64::MAX) + u64::from(new_key.is_some());
        let is_taken = new_key.is_some_and(|key| sealed.keys.contains(key)) || sealed.checkpoints.contains_key(&place);
        if is_taken || number < kept.key || new_key.is_some() && number != kept.key {
            return Err(StoreError::Conflict(format!("a checkpoint of {} events, or its key, is kept", place.0)));
        }
        sealed.keys.extend(new_key.cloned());
        sealed.checkpoints.insert(place, kept.clone());
        Ok(())
    }
}

impl Sealed {
    fn size(&self) -> u64 {
        let last = self.hashes.range((0, 0)..(1, 0)).next_back();
        last.map_or(0, |((_, first), hashes)| first + u64::try_from(hashes.len()).unwrap_or_default())
    }

    fn tiles(&self, ids: &[TileId]) -> Tiles {
        let mut tiles = Tiles::default();
        for id in ids {
            let places = id.places();
            let runs = self.hashes.range((id.level, places.start)..(id.level, places.end));
            runs.for_each(|(_, hashes)| tiles.add(*id, hashes.iter().copied()));
        }
        tiles
    }
}

impl Held {
    pub(super) fn entries(&self, from: u64, limit: u32) -> Vec<LogEntry> {
        let rest = self.log.iter().filter(|event| event.position >= from);
        rest.take(usize::try_from(limit).unwrap_or(usize::MAX)).map(|event| self.entry(event)).collect()
    }

    fn entries_of(&self, license: &LicenseNumber, last: u64) -> Vec<LogEntry> {
        let is_its = |event: &&FeedEvent| event.stream_type == LICENSE_STREAM && event.license == *license;
        let its = self.log.iter().filter(is_its).filter(|event| event.sequence <= last);
        its.map(|event| self.entry(event)).collect()
    }

    pub(super) fn entry(&self, event: &FeedEvent) -> LogEntry {
        let is_refusal = event.stream_type == REFUSAL_STREAM;
        let record = self.records.get(&event.command_id);
        let digest = |bytes: &[u8]| bytes.try_into().ok();
        let leaf = Leaf {
            stream_type: event.stream_type.clone(),
            stream_id: if is_refusal { event.command_id.to_string() } else { event.license.to_string() },
            sequence: event.sequence,
            event_type: event.event_type.clone(),
            event_version: event.event_version.clone(),
            on: event.on,
            recorded_at: event.recorded_at,
            actor_name: event.actor.name.clone(),
            actor_role: event.actor.role.name().to_owned(),
            command_id: event.command_id,
            command_digest: record.and_then(|record| digest(&record.content_digest)).unwrap_or_default(),
            outcome_digest: record.and_then(|record| record.outcome_digest.as_deref()).and_then(digest),
            edition: event.edition.clone(),
            payload: event.payload.clone(),
        };
        LogEntry { position: event.position, leaf, has_record: record.is_some() }
    }
}
