//! A command's record as its events are held against it.

use std::borrow::Cow;

use serde::Deserialize;

use crate::audit::{CommandRecord, EventKey};
use crate::recorded::{KeptEvent, KeptOutcome};
use crate::seal::LogEntry;
use crate::store::{LICENSE_STREAM, REFUSAL_STREAM};

/// A record, with what of its events was met in the log.
#[derive(Debug)]
pub(super) struct Record {
    /// Its columns; its content and the text of its outcome are not kept.
    pub(super) row: CommandRecord,
    /// SHA-256 of the content, if it is one.
    pub(super) digest: Option<[u8; 32]>,
    /// SHA-256 of the outcome, where the record has it.
    pub(super) outcome_digest: Option<[u8; 32]>,
    /// The outcome, if it can be read.
    pub(super) outcome: Option<KeptOutcome>,
    /// Whether each event that the outcome names was met.
    met: Vec<bool>,
    /// Whether the refusal was met.
    refusal_met: bool,
}

impl Record {
    /// The record with its outcome, or why that cannot be read.
    pub(super) fn read(mut row: CommandRecord) -> (Self, Option<serde_json::Error>) {
        let (outcome, error) = match serde_json::from_str::<KeptOutcome>(&row.outcome) {
            Ok(outcome) => (Some(outcome), None),
            Err(error) => (None, Some(error)),
        };
        let met = vec![false; outcome.as_ref().map_or(0, |outcome| outcome.events.len())];
        (row.content, row.outcome) = (String::new(), String::new());
        let digest = row.content_digest.as_slice().try_into().ok();
        let outcome_digest = row.outcome_digest.as_deref().and_then(|digest| digest.try_into().ok());
        (Self { row, digest, outcome_digest, outcome, met, refusal_met: false }, error)
    }

    /// The events that must be in the log and were not met: those that its outcome names, or the refusal.
    pub(super) fn unmet(&self) -> impl Iterator<Item = EventKey> {
        let refusal = self.misses_refusal().then(|| (REFUSAL_STREAM.to_owned(), self.row.command_id.to_string(), 1));
        let named = self.missed().map(|event| (LICENSE_STREAM.to_owned(), event.license.clone(), event.sequence));
        refusal.into_iter().chain(named)
    }

    /// Whether all its events were met.
    pub(super) fn is_done(&self) -> bool {
        !self.misses_refusal() && self.missed().next().is_none()
    }

    fn misses_refusal(&self) -> bool {
        !self.row.accepted && !self.refusal_met
    }

    fn missed(&self) -> impl Iterator<Item = &KeptEvent> {
        let outcome = self.outcome.iter().filter(|_| self.row.accepted);
        let named = outcome.flat_map(|outcome| &outcome.events).zip(&self.met);
        named.filter(|(_, met)| !**met).map(|(event, _)| event)
    }

    /// Notes that this event of its own is in the log.
    pub(super) fn meet(&mut self, entry: &LogEntry) {
        let leaf = &entry.leaf;
        if leaf.stream_type != LICENSE_STREAM {
            self.refusal_met |= leaf.sequence == 1 && leaf.stream_id == self.row.command_id.to_string();
        } else if let Some(met) =
            self.named(entry).map(|(number, _)| number).and_then(|number| self.met.get_mut(number))
        {
            *met = true;
        }
    }

    fn named(&self, entry: &LogEntry) -> Option<(usize, &KeptEvent)> {
        self.outcome.as_ref()?.named(&entry.leaf.stream_id, entry.leaf.sequence)
    }

    /// What the outcome, if it can be read, says otherwise than the event of this command; nothing when they agree. `data`
    /// is what the event says, as canonical JSON; of an event without any, that alone is told.
    pub(super) fn differs(&self, entry: &LogEntry, data: Option<&str>) -> Option<&'static str> {
        let outcome = self.outcome.as_ref()?;
        if entry.leaf.stream_type != LICENSE_STREAM {
            let refusal = serde_json::from_str(&entry.leaf.payload).ok()?;
            return (!outcome.tells(&refusal)).then_some("does not tell the same refusal");
        }
        let Some((_, named)) = self.named(entry) else { return Some("does not name it") };
        (!named.says(&entry.leaf.event_type, data?)).then_some("names another event in its place")
    }

    /// How many bytes it takes, about.
    pub(super) fn size(&self) -> usize {
        let event = |event: &KeptEvent| event.data.get().len() + size_of::<KeptEvent>() + 64;
        size_of::<Self>() + 256 + self.outcome.iter().flat_map(|outcome| &outcome.events).map(event).sum::<usize>()
    }
}

/// What of a command's content stands in columns too.
#[derive(Deserialize)]
pub(super) struct Content<'c> {
    #[serde(borrow)]
    pub(super) license: Cow<'c, str>,
    pub(super) on: Option<ledger_domain::values::Date>,
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use ledger_seal::leaf::Leaf;
    use uuid::Uuid;

    use super::*;

    const ID: Uuid = Uuid::from_u128(7);

    fn entry(payload: &str) -> LogEntry {
        let leaf = Leaf {
            stream_type: LICENSE_STREAM.to_owned(),
            stream_id: "A-1".to_owned(),
            sequence: 2,
            event_type: "UsersReduced".to_owned(),
            event_version: "1".to_owned(),
            on: "2012-08-20".parse().unwrap(),
            recorded_at: DateTime::UNIX_EPOCH,
            actor_name: "a".to_owned(),
            actor_role: "vendor".to_owned(),
            command_id: ID,
            command_digest: [0; 32],
            outcome_digest: None,
            edition: "e".to_owned(),
            payload: payload.to_owned(),
        };
        LogEntry { position: 0, leaf, has_record: true }
    }

    /// The record of an accepted command with one event.
    fn record(data: &str) -> Record {
        let outcome = format!(
            r#"{{"command_id":"{ID}","outcome":"accepted","replayed":false,"license":"A-1","version":2,"price":null,
                "events":[{{"type":"UsersReduced","license":"A-1","sequence":2,"data":{data}}}],"warnings":[],"violations":[]}}"#
        );
        let row = CommandRecord {
            command_id: ID,
            license: "A-1".to_owned(),
            on: "2012-08-20".parse().unwrap(),
            recorded_at: DateTime::UNIX_EPOCH,
            actor_name: "a".to_owned(),
            actor_role: "vendor".to_owned(),
            edition: "e".to_owned(),
            accepted: true,
            content_digest: vec![0; 32],
            content: String::new(),
            outcome,
            outcome_digest: None,
        };
        let (record, error) = Record::read(row);
        assert!(error.is_none(), "{error:?}");
        record
    }

    #[test]
    fn an_event_is_held_against_what_the_outcome_says_of_it() {
        let entry = entry(r#"{"UsersReduced":{"to":10,"from":25}}"#);
        let data = entry.leaf.data().ok();
        assert_eq!(record(r#"{ "to":10, "from":25 }"#).differs(&entry, data.as_deref()), None);
        let another = Some("names another event in its place");
        assert_eq!(record(r#"{"from":25,"to":15}"#).differs(&entry, data.as_deref()), another);
        assert_eq!(record("{}").differs(&entry, None), None, "an event that says nothing is damage by itself");
    }

    #[test]
    fn an_event_elsewhere_is_not_the_one_named() {
        let mut entry = entry(r#"{"UsersReduced":{}}"#);
        entry.leaf.sequence = 3;
        let mut record = record("{}");
        assert_eq!(record.differs(&entry, Some("{}")), Some("does not name it"));
        record.meet(&entry);
        assert!(!record.is_done());
        entry.leaf.sequence = 2;
        record.meet(&entry);
        assert!(record.is_done() && record.unmet().next().is_none());
    }

    #[test]
    fn a_refusal_is_missed_until_it_is_met() {
        let mut refused = record("{}");
        refused.row.accepted = false;
        assert_eq!(refused.unmet().collect::<Vec<_>>(), [(REFUSAL_STREAM.to_owned(), ID.to_string(), 1)]);
        let mut refusal = entry("{}");
        (refusal.leaf.stream_type, refusal.leaf.sequence) = (REFUSAL_STREAM.to_owned(), 1);
        refused.meet(&refusal);
        assert!(!refused.is_done(), "another command's");
        refusal.leaf.stream_id = ID.to_string();
        refused.meet(&refusal);
        assert!(refused.is_done());
    }
}
