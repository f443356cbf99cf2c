//! What a command's outcome says, as far as its events must say the same.

use ledger_domain::event::RefusalEvent;
use serde::Deserialize;
use serde_json::value::RawValue;
use uuid::Uuid;

use crate::outcome::OutcomeKind;
use crate::recorded::{KeptViolation, are_told, canonical, price};

/// An outcome that was kept. What its events say stays as it is written, and is compared as it is written first: it is
/// canonical JSON, as leaves are.
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
    pub(crate) price: Option<Box<RawValue>>,
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
    pub(crate) data: Box<RawValue>,
}

impl KeptOutcome {
    pub(crate) fn is_accepted(&self) -> bool {
        self.outcome == OutcomeKind::Accepted
    }

    /// How many events its command must have caused; a refusal is one too.
    pub(crate) fn events_caused(&self) -> usize {
        if self.is_accepted() { self.events.len() } else { 1 }
    }

    /// Whether it names this event of a license. `data` is what the event says, as canonical JSON.
    pub(crate) fn names(&self, license: &str, sequence: u64, event_type: &str, data: &str) -> bool {
        self.events.iter().any(|named| {
            (named.license.as_str(), named.sequence, named.event_type.as_str()) == (license, sequence, event_type)
                && (named.data.get() == data || canonical(named.data.get()).as_deref() == Some(data))
        })
    }

    /// Whether it tells the refusal that was recorded.
    pub(crate) fn tells(&self, refusal: &RefusalEvent) -> bool {
        let RefusalEvent::CommandRejected(refused) = refusal;
        self.version == Some(refused.version)
            && self.license == refused.license.as_str()
            && are_told(&self.violations, refused)
    }

    /// Whether its price is the one that its events record.
    pub(crate) fn has_the_price_of_its_events(&self) -> bool {
        let told = self.price.as_deref().map(RawValue::get);
        match (told, self.events.iter().find_map(|event| price(event.data.get()))) {
            (Some(told), Some(recorded)) => canonical(told)
                .is_some_and(|told| told == recorded || canonical(recorded).is_some_and(|recorded| told == recorded)),
            (told, recorded) => told.is_none() && recorded.is_none(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An outcome with a price and one event with another, each as JSON.
    fn outcome(price: &str, data: &str) -> KeptOutcome {
        let json = format!(
            r#"{{"command_id":"0190c2b4-7d7e-7c3a-9a52-0d6f0a1b2c3d","outcome":"accepted","replayed":false,
                "license":"A-1","version":1,"price":{price},
                "events":[{{"type":"UsersReduced","license":"A-1","sequence":1,"data":{data}}}]}}"#
        );
        serde_json::from_str(&json).unwrap()
    }

    #[test]
    fn an_event_is_named_by_what_it_says_not_by_how_it_is_written() {
        let canonical = r#"{"from":25,"to":10}"#;
        for data in [canonical, r#"{ "to":1e1, "from":25 }"#] {
            let outcome = outcome("null", data);
            assert!(outcome.names("A-1", 1, "UsersReduced", canonical), "{data}");
            assert!(!outcome.names("A-2", 1, "UsersReduced", canonical), "of another license");
            assert!(!outcome.names("A-1", 2, "UsersReduced", canonical), "another one");
            assert!(!outcome.names("A-1", 1, "UsersGrown", canonical), "of another type");
            assert!(!outcome.names("A-1", 1, "UsersReduced", r#"{"from":25,"to":15}"#), "saying something else");
        }
    }

    #[test]
    fn the_price_is_that_of_the_events() {
        for (price, data, is_theirs) in [
            ("null", "{}", true),
            ("null", r#"{"price":null}"#, true),
            (r#"{"total":"1","lines":[]}"#, r#"{"price":{"lines":[],"total":"1"}}"#, true),
            (r#"{"total":"1","lines":[]}"#, r#"{"price":{ "total":"1","lines":[]}}"#, true),
            (r#"{"total":"1"}"#, r#"{"price":{"total":"2"}}"#, false),
            (r#"{"total":"1"}"#, "{}", false),
            ("null", r#"{"price":{"total":"1"}}"#, false),
        ] {
            assert_eq!(outcome(price, data).has_the_price_of_its_events(), is_theirs, "{price} {data}");
        }
    }
}
