//! What a command's outcome says, as far as its events must say the same.

use std::collections::BTreeMap;

use ledger_domain::event::RefusalEvent;
use ledger_domain::violation::Text;
use serde::Deserialize;
use serde_json::Value;
use uuid::Uuid;

use crate::outcome::OutcomeKind;

/// An outcome that was kept.
#[derive(Debug, Deserialize)]
pub(crate) struct KeptOutcome {
    pub(crate) command_id: Uuid,
    pub(crate) outcome: OutcomeKind,
    pub(crate) replayed: bool,
    pub(crate) license: String,
    pub(crate) version: Option<u64>,
    #[serde(default)]
    pub(crate) events: Vec<KeptEvent>,
    #[serde(default)]
    pub(crate) price: Option<Value>,
    #[serde(default)]
    pub(crate) violations: Vec<KeptViolation>,
}

/// An event that it names.
#[derive(Debug, Deserialize)]
pub(crate) struct KeptEvent {
    #[serde(rename = "type")]
    pub(crate) event_type: String,
    pub(crate) license: String,
    pub(crate) sequence: u64,
    pub(crate) data: Value,
}

/// A rule that it names.
#[derive(Debug, Deserialize)]
pub(crate) struct KeptViolation {
    pub(crate) rule: String,
    pub(crate) message: Text,
    #[serde(default)]
    pub(crate) facts: BTreeMap<String, Value>,
}

impl KeptOutcome {
    pub(crate) fn is_accepted(&self) -> bool {
        self.outcome == OutcomeKind::Accepted
    }

    /// How many events its command must have caused; a refusal is one too.
    pub(crate) fn events_caused(&self) -> usize {
        if self.is_accepted() { self.events.len() } else { 1 }
    }

    /// Whether it names this event of a license.
    pub(crate) fn names(&self, license: &str, sequence: u64, event_type: &str, payload: &Value) -> bool {
        self.events.iter().any(|named| {
            (named.license.as_str(), named.sequence, named.event_type.as_str()) == (license, sequence, event_type)
                && payload.get(event_type) == Some(&named.data)
        })
    }

    /// Whether it tells the refusal that was recorded.
    pub(crate) fn tells(&self, refusal: &RefusalEvent) -> bool {
        let RefusalEvent::CommandRejected(refused) = refusal;
        let told = self.violations.iter().map(|told| (&told.rule, &told.message, &told.facts));
        let recorded = refused.violations.iter().map(|kept| (&kept.rule, &kept.message, &kept.facts));
        self.version == Some(refused.version) && self.license == refused.license.as_str() && told.eq(recorded)
    }

    /// Whether its price is the one that its events record.
    pub(crate) fn has_the_price_of_its_events(&self) -> bool {
        let of_events = self.events.iter().filter_map(|event| event.data.get("price")).find(|price| !price.is_null());
        self.price.as_ref().filter(|price| !price.is_null()) == of_events
    }
}
