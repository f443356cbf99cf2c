//! What the licenses become while they are imported.
//!
//! A license is kept in memory until its last event, which the check has seen, and is written then: once, and not with
//! every chunk that it is in. Only where too many are in the middle of their events all of them are written, and loaded
//! again when they go on. What a run that was killed had in memory is folded anew from what it wrote.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use ledger_domain::event::Event;
use ledger_domain::license::{EventPlace, FOLD, License, evolve};
use ledger_domain::values::LicenseNumber;
use uuid::Uuid;

use super::check::Licenses;
use super::{Chunk, ImportedEvent, Transfer};
use crate::rebuild::state_write;
use crate::seal::LogEntry;
use crate::store::{StateRow, StateWrite, StoreError, Wanted};

/// How many licenses are kept in the middle of their events, of about a kilobyte each.
pub(super) const KEPT: usize = 20_000;
/// How many events of a history are read at once.
const PAGE: u32 = 1_000;

/// The licenses in the middle of their events.
#[derive(Default)]
pub(super) struct Folding {
    /// Every license with its last event.
    licenses: Licenses,
    kept: HashMap<LicenseNumber, Kept>,
    /// How many may be kept.
    at_most: usize,
}

/// A license after some of its events.
struct Kept {
    license: License,
    /// The version of its row; 0: there is none.
    row: u64,
    recorded_at: DateTime<Utc>,
}

/// An event, and of which license; of none if it is a refusal.
pub(super) struct ToFold {
    pub(super) entry: LogEntry,
    pub(super) event: Option<(LicenseNumber, Event)>,
}

impl Folding {
    pub(super) fn new(licenses: Licenses, at_most: usize) -> Self {
        Self { licenses, kept: HashMap::new(), at_most }
    }

    /// The licenses that go on with these events and are not kept, each with its version by then.
    pub(super) fn missing(&self, events: &[ToFold]) -> Vec<(LicenseNumber, u64)> {
        let mut firsts = HashMap::new();
        for ToFold { entry, event } in events {
            if let Some((license, _)) = event.as_ref().filter(|(license, _)| !self.kept.contains_key(license)) {
                firsts.entry(license).or_insert(entry.leaf.sequence);
            }
        }
        let versions = firsts.into_iter().map(|(license, first)| (license.clone(), first - 1));
        versions.filter(|(_, version)| *version > 0).collect()
    }

    /// Loads licenses as they were written, which must be these versions.
    pub(super) async fn load(
        &mut self,
        store: &dyn Transfer,
        missing: Vec<(LicenseNumber, u64)>,
    ) -> Result<(), StoreError> {
        let wanted = |(license, _): &(LicenseNumber, u64)| Wanted {
            command_id: Uuid::nil(),
            license: license.clone(),
            order: None,
        };
        let wanted: Vec<_> = missing.iter().map(wanted).collect();
        let mut states = store.load(&wanted).await?.states;
        for (number, version) in missing {
            let row = states.remove(&number);
            let kept = written(store, &number, row, version).await?;
            let kept = kept.filter(|kept| kept.license.facts.version == version).ok_or_else(|| {
                StoreError::Damaged(format!(
                    "the imported part of license {number} is not what the file says; import into a new ledger"
                ))
            })?;
            self.kept.insert(number, kept);
        }
        Ok(())
    }

    /// Folds events whose licenses are kept or begin.
    pub(super) fn fold(&mut self, events: Vec<ToFold>, chunk: &mut Chunk) -> Result<(), StoreError> {
        for ToFold { entry, event } in events {
            let (mut order_number, mut facts) = (None, None);
            if let Some((number, event)) = event {
                order_number = event.order_number().map(str::to_owned);
                let kept = self.after(&number, &entry, &event)?;
                facts = Some(kept.license.facts.clone());
                if self.licenses.get(&number).is_some_and(|last| last.sequence == entry.leaf.sequence) {
                    chunk.states.push(kept.write()?);
                } else {
                    self.kept.insert(number, kept);
                }
            }
            chunk.events.push(ImportedEvent { entry, order_number, facts });
        }
        if self.kept.len() > self.at_most {
            for (_, kept) in self.kept.drain() {
                chunk.states.push(kept.write()?);
            }
        }
        Ok(())
    }

    fn after(&mut self, number: &LicenseNumber, entry: &LogEntry, event: &Event) -> Result<Kept, StoreError> {
        let (before, row) = self.kept.remove(number).map(|kept| (kept.license, kept.row)).unzip();
        let place = EventPlace { license: number, sequence: entry.leaf.sequence, on: entry.leaf.on };
        let license = evolve(before, &place, event).map_err(unreadable)?;
        Ok(Kept { license, row: row.unwrap_or_default(), recorded_at: entry.leaf.recorded_at })
    }
}

impl Kept {
    fn write(self) -> Result<(StateWrite, DateTime<Utc>), StoreError> {
        Ok((state_write(&self.license, self.row)?, self.recorded_at))
    }
}

/// A license after its event `upto`, which is written; its row may be of an earlier one, or not there.
async fn written(
    store: &dyn Transfer,
    number: &LicenseNumber,
    row: Option<StateRow>,
    upto: u64,
) -> Result<Option<Kept>, StoreError> {
    let version = row.as_ref().map_or(0, |row| row.version);
    let row = row.filter(|row| row.fold == FOLD).map(|row| serde_json::from_slice::<License>(&row.state));
    let mut license = row.transpose().map_err(unreadable)?;
    let mut recorded_at = DateTime::<Utc>::MIN_UTC;
    loop {
        let after = license.as_ref().map_or(0, |license| license.facts.version);
        let events = if after < upto { store.history(number, after, PAGE).await? } else { Vec::new() };
        if events.is_empty() {
            return Ok(license.map(|license| Kept { license, row: version, recorded_at }));
        }
        for stored in events {
            let place = EventPlace { license: number, sequence: stored.sequence, on: stored.on };
            license = Some(evolve(license, &place, &stored.event).map_err(unreadable)?);
            recorded_at = stored.recorded_at;
        }
    }
}

fn unreadable(error: impl std::fmt::Display) -> StoreError {
    StoreError::Damaged(error.to_string())
}

#[cfg(test)]
mod tests {
    use ledger_seal::leaf::Leaf;
    use serde_json::{Value, json};

    use super::super::check::Last;
    use super::*;

    const PLACE: &str = "2012-08-20T09:30:00Z";

    /// Two licenses, of three events and of one.
    fn licenses() -> Licenses {
        [("A-1", 3), ("B-1", 1)].map(|(license, sequence)| (license.parse().unwrap(), Last::at(sequence))).into()
    }

    fn event(license: &str, sequence: u64, event: &Value) -> ToFold {
        let leaf = Leaf {
            stream_type: "license".to_owned(),
            stream_id: license.to_owned(),
            sequence,
            event_type: String::new(),
            event_version: "1".to_owned(),
            on: "2012-08-20".parse().unwrap(),
            recorded_at: PLACE.parse().unwrap(),
            actor_name: String::new(),
            actor_role: String::new(),
            command_id: Uuid::nil(),
            command_digest: [0; 32],
            outcome_digest: None,
            edition: String::new(),
            payload: event.to_string(),
        };
        let event = Some((license.parse().unwrap(), serde_json::from_value(event.clone()).unwrap()));
        ToFold { entry: LogEntry { position: 0, leaf, has_record: false }, event }
    }

    fn trial(license: &str) -> ToFold {
        let holder = json!({"name": "ООО «Ромашка»", "inn": null, "country": "RU"});
        let trial = json!({"product": "connect", "holder": holder, "plugins": [], "ends": "2012-09-19"});
        event(license, 1, &json!({"TrialRegistered": trial}))
    }

    fn online(sequence: u64, server: &str) -> ToFold {
        event("A-1", sequence, &json!({"ServerCameOnline": {"server": server}}))
    }

    /// Folds a chunk; returns of each state that it writes the license, the version, and that of the row before.
    fn folded(folding: &mut Folding, events: Vec<ToFold>) -> Vec<(String, u64, u64)> {
        let (count, mut chunk) = (events.len(), Chunk::default());
        folding.fold(events, &mut chunk).unwrap();
        assert!(chunk.events.len() == count && chunk.events.iter().all(|event| event.facts.is_some()));
        let state = |(state, at): &(StateWrite, DateTime<Utc>)| {
            assert_eq!(*at, PLACE.parse::<DateTime<Utc>>().unwrap());
            let license: License = serde_json::from_str(&state.state).unwrap();
            assert_eq!(license.facts, state.facts);
            (state.facts.license.to_string(), state.facts.version, state.base_version)
        };
        chunk.states.iter().map(state).collect()
    }

    #[test]
    fn a_license_is_written_with_its_last_event() {
        let mut folding = Folding::new(licenses(), 1);
        assert_eq!(folding.missing(&[trial("A-1"), trial("B-1"), online(2, "one")]), [], "they begin");
        let written = folded(&mut folding, vec![trial("A-1"), trial("B-1"), online(2, "one")]);
        assert_eq!(written, [("B-1".to_owned(), 1, 0)]);
        assert_eq!(folding.missing(&[online(3, "two")]), [], "it is kept");
        assert_eq!(folded(&mut folding, vec![online(3, "two")]), [("A-1".to_owned(), 3, 0)]);
    }

    #[test]
    fn where_too_many_are_kept_they_are_written_and_missing_later() {
        let mut folding = Folding::new(licenses(), 0);
        assert_eq!(folded(&mut folding, vec![trial("A-1"), online(2, "one")]), [("A-1".to_owned(), 2, 0)]);
        let missing = folding.missing(&[trial("B-1"), online(3, "two")]);
        assert_eq!(missing, [("A-1".parse().unwrap(), 2)]);
    }

    #[test]
    fn a_row_that_was_loaded_gives_way() {
        let mut folding = Folding::new(licenses(), 1);
        folded(&mut folding, vec![trial("A-1"), online(2, "one")]);
        folding.kept.values_mut().for_each(|kept| kept.row = 2);
        assert_eq!(folded(&mut folding, vec![online(3, "two")]), [("A-1".to_owned(), 3, 2)]);
    }
}
