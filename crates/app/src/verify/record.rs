//! A command's record as its events are held against it.

use std::borrow::Cow;

use ledger_domain::event::RefusalEvent;
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;
use uuid::Uuid;

use crate::audit::{CommandRecord, EventKey};
use crate::recorded::{KeptViolation, are_told, canonical, price};
use crate::seal::LogEntry;
use crate::store::{LICENSE_STREAM, REFUSAL_STREAM};

/// A record, with what of its events was met in the log.
#[derive(Debug)]
pub(super) struct Record {
    /// Its columns; its content and the text of its outcome are not kept.
    pub(super) row: CommandRecord,
    /// SHA-256 of the content, if it is one.
    pub(super) digest: Option<[u8; 32]>,
    /// The outcome, if it can be read.
    pub(super) outcome: Option<Outcome>,
    /// Whether the refusal was met.
    refusal_met: bool,
}

/// An outcome as it was kept.
#[derive(Debug, Deserialize)]
pub(super) struct Outcome {
    pub(super) command_id: Uuid,
    pub(super) outcome: String,
    pub(super) replayed: bool,
    pub(super) license: String,
    pub(super) events: Vec<NamedEvent>,
    price: Option<Box<RawValue>>,
    violations: Vec<KeptViolation>,
}

/// An event that an outcome names.
#[derive(Debug, Deserialize)]
pub(super) struct NamedEvent {
    #[serde(rename = "type")]
    event_type: String,
    license: String,
    sequence: u64,
    data: Box<RawValue>,
    #[serde(skip)]
    met: bool,
}

impl Record {
    /// The record with its outcome, or why that cannot be read.
    pub(super) fn read(mut row: CommandRecord) -> (Self, Option<serde_json::Error>) {
        let (outcome, error) = match serde_json::from_str(&row.outcome) {
            Ok(outcome) => (Some(outcome), None),
            Err(error) => (None, Some(error)),
        };
        (row.content, row.outcome) = (String::new(), String::new());
        let digest = row.digest.as_slice().try_into().ok();
        (Self { row, digest, outcome, refusal_met: false }, error)
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

    fn missed(&self) -> impl Iterator<Item = &NamedEvent> {
        let outcome = self.outcome.iter().filter(|_| self.row.accepted);
        outcome.flat_map(|outcome| &outcome.events).filter(|event| !event.met)
    }

    /// Notes that this event of its own is in the log.
    pub(super) fn meet(&mut self, entry: &LogEntry) {
        let leaf = &entry.leaf;
        if leaf.stream_type != LICENSE_STREAM {
            self.refusal_met |= leaf.sequence == 1 && leaf.stream_id == self.row.command_id.to_string();
        } else if let Some(named) = self.outcome.as_mut().and_then(|outcome| outcome.named(entry)) {
            named.met = true;
        }
    }

    /// How many bytes it takes, about.
    pub(super) fn size(&self) -> usize {
        let event = |event: &NamedEvent| event.data.get().len() + size_of::<NamedEvent>() + 64;
        size_of::<Self>() + 256 + self.outcome.iter().flat_map(|outcome| &outcome.events).map(event).sum::<usize>()
    }
}

impl Outcome {
    fn named(&mut self, entry: &LogEntry) -> Option<&mut NamedEvent> {
        self.events.iter_mut().find(|named| named.is(entry))
    }

    /// What it says otherwise than the event of this command; nothing when they agree. `data` is the event's, as canonical
    /// JSON, if it has any: so outcomes are written.
    pub(super) fn differs(&self, entry: &LogEntry, data: Option<&str>) -> Option<&'static str> {
        if entry.leaf.stream_type != LICENSE_STREAM {
            return self.differs_from_refusal(&entry.leaf.payload);
        }
        let Some(named) = self.events.iter().find(|named| named.is(entry)) else { return Some("does not name it") };
        let is_same = named.event_type == entry.leaf.event_type
            && (data == Some(named.data.get())
                || said(entry, &named.event_type)?.is_some_and(|said| value(named.data.get()) == Some(said)));
        (!is_same).then_some("names another event in its place")
    }

    fn differs_from_refusal(&self, payload: &str) -> Option<&'static str> {
        let RefusalEvent::CommandRejected(refused) = serde_json::from_str(payload).ok()?;
        (!are_told(&self.violations, &refused)).then_some("does not tell the same violations")
    }

    /// Whether it tells the price that its events record.
    pub(super) fn tells_their_price(&self) -> bool {
        let told = self.price.as_deref().map(RawValue::get);
        let recorded = self.events.iter().find_map(|event| price(event.data.get()));
        match (told, recorded) {
            (Some(told), Some(recorded)) => {
                canonical(told).as_deref() == Some(recorded) || value(told) == value(recorded)
            }
            (told, recorded) => told == recorded,
        }
    }
}

impl NamedEvent {
    fn is(&self, entry: &LogEntry) -> bool {
        (self.license.as_str(), self.sequence) == (&entry.leaf.stream_id, entry.leaf.sequence)
    }
}

/// What the event says under that type; none where its payload is no JSON.
fn said(entry: &LogEntry, event_type: &str) -> Option<Option<Value>> {
    let payload: Value = serde_json::from_str(&entry.leaf.payload).ok()?;
    Some(payload.get(event_type).cloned())
}

fn value(json: &str) -> Option<Value> {
    serde_json::from_str(json).ok()
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
    use serde_json::json;

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
            edition: "e".to_owned(),
            payload: payload.to_owned(),
        };
        LogEntry { position: 0, leaf, has_record: true }
    }

    /// The record of an accepted command with one event.
    fn record(data: &str, price: &Value) -> Record {
        let outcome = format!(
            r#"{{"command_id":"{ID}","outcome":"accepted","replayed":false,"license":"A-1","version":2,"price":{price},
                "events":[{{"type":"UsersReduced","license":"A-1","sequence":2,"data":{data}}}],"violations":[]}}"#
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
            digest: vec![0; 32],
            content: String::new(),
            outcome,
        };
        let (record, error) = Record::read(row);
        assert!(error.is_none(), "{error:?}");
        record
    }

    fn differs(data: &str, payload: &str) -> Option<&'static str> {
        let entry = entry(payload);
        let canonical = entry.leaf.data().ok();
        record(data, &Value::Null).outcome.unwrap().differs(&entry, canonical.as_deref())
    }

    #[test]
    fn how_the_outcome_is_written_does_not_matter_but_what_it_says_does() {
        let payload = r#"{"UsersReduced":{"to":10,"from":25}}"#;
        for same in [r#"{"from":25,"to":10}"#, r#"{"to":10,"from":25}"#, r#"{ "from": 25, "to": 10 }"#] {
            assert_eq!(differs(same, payload), None, "{same}");
        }
        for other in [r#"{"from":25,"to":15}"#, r#"{"from":25}"#, r#"{"from":25,"to":10,"x":1}"#, "null", r#""\ud800""#]
        {
            assert_eq!(differs(other, payload), Some("names another event in its place"), "{other}");
        }
        let of_another_type = r#"{"UsersGrown":{"from":25,"to":10}}"#;
        assert_eq!(differs(r#"{"from":25,"to":10}"#, of_another_type), Some("names another event in its place"));
        assert_eq!(differs(r#""\ud800""#, of_another_type), Some("names another event in its place"));
    }

    #[test]
    fn an_event_elsewhere_is_not_the_one_named() {
        let mut entry = entry(r#"{"UsersReduced":{}}"#);
        entry.leaf.sequence = 3;
        let mut record = record("{}", &Value::Null);
        assert_eq!(record.outcome.as_ref().unwrap().differs(&entry, Some("{}")), Some("does not name it"));
        record.meet(&entry);
        assert!(!record.is_done());
        entry.leaf.sequence = 2;
        record.meet(&entry);
        assert!(record.is_done() && record.unmet().next().is_none());
    }

    #[test]
    fn the_price_told_is_that_of_the_events() {
        let price = json!({"total": "10.00", "currency": "EUR"});
        let tells = |data: &str, price: &Value| record(data, price).outcome.unwrap().tells_their_price();
        for data in
            [r#"{"price":{"currency":"EUR","total":"10.00"}}"#, r#"{"price":{"total":"10.00","currency":"EUR"}}"#]
        {
            assert!(tells(data, &price), "{data}");
            assert!(
                !tells(data, &Value::Null) && !tells(data, &json!({"total": "11.00", "currency": "EUR"})),
                "{data}"
            );
        }
        for data in ["{}", r#"{"price":null}"#, "7"] {
            assert!(tells(data, &Value::Null) && !tells(data, &price), "{data}");
        }
    }

    #[test]
    fn a_refusal_is_missed_until_it_is_met() {
        let mut refused = record("{}", &Value::Null);
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
