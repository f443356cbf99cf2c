//! A kept outcome, as far as the events of its command must say the same: for verification, for an export that is read
//! in, and for judging anew.

use std::collections::{BTreeMap, HashSet};

use ledger_domain::event::RefusalEvent;
use ledger_domain::violation::Text;
use ledger_seal::json::Json;
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::Value;
use serde_json::value::RawValue;
use uuid::Uuid;

use crate::outcome::OutcomeKind;

/// An outcome that was kept. What its events say stays as it is written, and is compared as it is written first: it is
/// canonical JSON, as leaves are.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct KeptOutcome {
    pub(crate) command_id: Uuid,
    pub(crate) outcome: OutcomeKind,
    pub(crate) replayed: bool,
    pub(crate) license: String,
    pub(crate) version: Option<u64>,
    pub(crate) events: Vec<KeptEvent>,
    pub(crate) price: Option<Box<RawValue>>,
    /// These, the way forward and what the command would do stand in no event: only the sealed digest tells.
    #[serde(rename = "warnings")]
    _warnings: IgnoredAny,
    #[serde(default, rename = "would")]
    _would: IgnoredAny,
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

/// A rule that it names.
#[derive(Debug, Deserialize)]
pub(crate) struct KeptViolation {
    pub(crate) rule: String,
    message: Text,
    #[serde(default)]
    pub(crate) facts: BTreeMap<String, Value>,
}

/// What is said of an outcome that is not [`KeptOutcome::is_whole`].
pub(crate) const NOT_WHOLE: &str =
    "its outcome has an event twice, tells another version than its events, or is a refusal with events or a price";

impl KeptOutcome {
    pub(crate) fn is_accepted(&self) -> bool {
        self.outcome == OutcomeKind::Accepted
    }

    /// How many events its command must have caused; a refusal is one too.
    pub(crate) fn events_caused(&self) -> usize {
        if self.is_accepted() { self.events.len() } else { 1 }
    }

    /// The event of a license that it names, and which of them it is.
    pub(crate) fn named(&self, license: &str, sequence: u64) -> Option<(usize, &KeptEvent)> {
        let is_it = |named: &KeptEvent| named.license == license && named.sequence == sequence;
        self.events.iter().enumerate().find(|(_, named)| is_it(named))
    }

    /// Whether its parts fit together: no event twice; the version that its license's last one made; of a refusal neither
    /// events nor a price.
    pub(crate) fn is_whole(&self) -> bool {
        let keys: HashSet<_> = self.events.iter().map(|event| (&event.license, event.sequence)).collect();
        let own = self.events.iter().filter(|event| event.license == self.license);
        let last = own.map(|event| event.sequence).max();
        let is_its_version = last.is_none() || last == self.version;
        let is_empty = self.events.is_empty() && self.price.is_none();
        keys.len() == self.events.len() && is_its_version && (self.is_accepted() || is_empty)
    }

    /// Whether it tells the refusal that was recorded.
    pub(crate) fn tells(&self, refusal: &RefusalEvent) -> bool {
        let RefusalEvent::CommandRejected(refused) = refusal;
        let told = self.violations.iter().map(|told| (&told.rule, &told.message, &told.facts));
        self.version == Some(refused.version)
            && self.license == refused.license.as_str()
            && told.eq(refused.violations.iter().map(|kept| (&kept.rule, &kept.message, &kept.facts)))
    }

    /// Whether its price is the one that its events record.
    pub(crate) fn tells_their_price(&self) -> bool {
        let told = self.price.as_deref().map(RawValue::get);
        match (told, self.events.iter().find_map(|event| price(event.data.get()))) {
            (Some(told), Some(recorded)) => canonical(told)
                .is_some_and(|told| told == recorded || canonical(recorded).is_some_and(|recorded| told == recorded)),
            (told, recorded) => told.is_none() && recorded.is_none(),
        }
    }
}

impl KeptEvent {
    /// Whether the event is of this type and says this, as canonical JSON.
    pub(crate) fn says(&self, event_type: &str, data: &str) -> bool {
        let told = self.data.get();
        self.event_type == event_type && (told == data || canonical(told).as_deref() == Some(data))
    }
}

/// The canonical form of JSON; none where it has none.
fn canonical(json: &str) -> Option<String> {
    Json::read(json).and_then(|json| json.canonical()).ok()
}

/// The price in what an event says, if there is one.
fn price(data: &str) -> Option<&str> {
    #[derive(Deserialize)]
    struct Priced<'d> {
        #[serde(borrow)]
        price: Option<&'d RawValue>,
    }
    serde_json::from_str::<Priced<'_>>(data).ok()?.price.map(RawValue::get)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An outcome with a price and one event with another, each as JSON.
    fn outcome(price: &str, data: &str) -> KeptOutcome {
        let json = format!(
            r#"{{"command_id":"0190c2b4-7d7e-7c3a-9a52-0d6f0a1b2c3d","outcome":"accepted","replayed":false,
                "license":"A-1","version":1,"price":{price},
                "events":[{{"type":"UsersReduced","license":"A-1","sequence":1,"data":{data}}}],
                "warnings":[],"violations":[]}}"#
        );
        serde_json::from_str(&json).unwrap()
    }

    #[test]
    fn an_event_is_named_by_what_it_says_not_by_how_it_is_written() {
        let canonical = r#"{"from":25,"to":10}"#;
        for data in [canonical, r#"{"to":10,"from":25}"#, r#"{ "to":1e1, "from":25 }"#] {
            let outcome = outcome("null", data);
            assert!(outcome.named("A-2", 1).is_none() && outcome.named("A-1", 2).is_none());
            let (0, named) = outcome.named("A-1", 1).unwrap() else { panic!("it is the first one") };
            assert!(named.says("UsersReduced", canonical), "{data}");
            assert!(!named.says("UsersGrown", canonical), "of another type");
            assert!(!named.says("UsersReduced", r#"{"from":25,"to":15}"#), "something else");
        }
        for other in [r#"{"from":25}"#, r#"{"from":25,"to":10,"x":1}"#, "null", r#""\ud800""#] {
            let outcome = outcome("null", other);
            assert!(!outcome.named("A-1", 1).unwrap().1.says("UsersReduced", canonical), "{other}");
        }
    }

    #[test]
    fn its_parts_fit_together() {
        let whole = || outcome("null", "{}");
        assert!(whole().is_whole());
        let another = KeptOutcome { version: Some(2), ..whole() };
        assert!(!another.is_whole(), "another version than its event's");
        let mut twice = whole();
        twice.events.extend(whole().events);
        assert!(!twice.is_whole(), "an event twice");
        let refusal = |events, price| KeptOutcome { outcome: OutcomeKind::Rejected, events, price, ..whole() };
        assert!(refusal(Vec::new(), None).is_whole());
        assert!(!refusal(whole().events, None).is_whole(), "a refusal with an event");
        assert!(!refusal(Vec::new(), outcome("1", "{}").price).is_whole(), "a refusal with a price");
        let of_others = KeptOutcome { license: "B-1".to_owned(), version: Some(7), ..whole() };
        assert!(of_others.is_whole(), "its license's own version is told by none of its events");
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
            ("null", "7", true),
        ] {
            assert_eq!(outcome(price, data).tells_their_price(), is_theirs, "{price} {data}");
        }
    }
}
