//! What a command's outcome says, as far as it can be compared with events.

use std::collections::BTreeMap;

use ledger_domain::event::RefusalEvent;
use ledger_domain::violation::Text;
use serde::Deserialize;
use serde_json::Value;
use uuid::Uuid;

use crate::seal::LogEntry;
use crate::store::LICENSE_STREAM;

/// An outcome as it was kept.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Outcome {
    pub(super) command_id: Uuid,
    pub(super) outcome: String,
    pub(super) replayed: bool,
    pub(super) license: String,
    pub(super) events: Vec<NamedEvent>,
    pub(super) price: Option<Value>,
    violations: Vec<Violation>,
}

/// An event that an outcome names.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct NamedEvent {
    #[serde(rename = "type")]
    pub(super) event_type: String,
    pub(super) license: String,
    pub(super) sequence: u64,
    pub(super) data: Value,
}

#[derive(Debug, Clone, Deserialize)]
struct Violation {
    rule: String,
    message: Text,
    #[serde(default)]
    facts: BTreeMap<String, Value>,
}

impl Outcome {
    pub(super) fn read(json: &str) -> serde_json::Result<Self> {
        serde_json::from_str(json)
    }

    /// What it says otherwise than the event of this command; nothing when they agree.
    pub(super) fn differs(&self, entry: &LogEntry) -> Option<&'static str> {
        let payload: Value = serde_json::from_str(&entry.leaf.payload).ok()?;
        if entry.leaf.stream_type != LICENSE_STREAM {
            return self.differs_from_refusal(&entry.leaf.payload);
        }
        let is_it = |named: &&NamedEvent| {
            (named.license.as_str(), named.sequence) == (&entry.leaf.stream_id, entry.leaf.sequence)
        };
        let Some(named) = self.events.iter().find(is_it) else { return Some("does not name it") };
        let is_same = named.event_type == entry.leaf.event_type && payload.get(&named.event_type) == Some(&named.data);
        (!is_same).then_some("names another event in its place")
    }

    fn differs_from_refusal(&self, payload: &str) -> Option<&'static str> {
        let RefusalEvent::CommandRejected(refused) = serde_json::from_str(payload).ok()?;
        let told = self.violations.iter().map(|told| (&told.rule, &told.message, &told.facts));
        let recorded = refused.violations.iter().map(|kept| (&kept.rule, &kept.message, &kept.facts));
        (!told.eq(recorded)).then_some("does not tell the same violations")
    }

    /// The price that its events record.
    pub(super) fn price_of_events(&self) -> Option<&Value> {
        self.events.iter().filter_map(|event| event.data.get("price")).find(|price| !price.is_null())
    }
}
