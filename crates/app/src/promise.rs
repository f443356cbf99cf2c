//! What a kept quote promises, and what has changed of it.
//!
//! Promised of a command is that it is accepted, what each of its events says (type, license, data), its price and its
//! warnings. Not promised are `version` and the events' `sequence`: they tell only where in a license's history the
//! events come to stand, and whatever else happens to the license moves them. Who needs the license untouched names
//! `expected_version` in the command. Nor is `replayed`: it tells when a command was done, not what it did.

use ledger_domain::values::{Date, LicenseNumber};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;
use uuid::Uuid;

use crate::judge::{Judged, unwritable};
use crate::kept::KeptQuote;
use crate::outcome::{Answered, Outcome};
use crate::post::Entry;
use crate::store::StoreError;

/// What commands would give, and the promise of it, if it was kept.
#[derive(Debug)]
pub struct Quoted {
    /// One answer per line.
    pub answered: Vec<Answered>,
    /// The promise; `None`: not every command was accepted, so nothing was kept.
    pub quote: Option<Promise>,
}

/// A quote that is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Promise {
    /// Its id, to commit it by.
    pub id: Uuid,
    /// The last day on which it can be committed.
    pub valid_until: Date,
}

/// The answer to a quote.
#[derive(Debug, Serialize, JsonSchema)]
pub struct QuoteAnswer {
    /// What each command would give, in order, each judged as those before it would leave the licenses.
    #[schemars(with = "Vec<Outcome>")]
    pub outcomes: Vec<Box<RawValue>>,
    /// The promise, where the quote was kept; else null.
    pub quote: Option<Promise>,
}

impl QuoteAnswer {
    /// The answer.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] for outcomes that are no JSON.
    pub fn new(answered: &[Answered], quote: Option<Promise>) -> Result<Self, StoreError> {
        Ok(Self { outcomes: raw(answered)?, quote })
    }
}

/// What became of a quote that was to be committed.
#[derive(Debug)]
pub enum Committed {
    /// There is no such quote, or it was kept for another partner: nobody is told which.
    Unknown,
    /// Done exactly as promised, now or before.
    Done {
        /// The outcomes in order; `replayed` where they were done before.
        answered: Vec<Answered>,
    },
    /// Not everything would come out as promised: nothing was written.
    Changed(QuoteChanged),
}

/// The answer to a quote that was committed.
#[derive(Debug, Serialize, JsonSchema)]
pub struct QuoteCommitted {
    /// Its id.
    pub quote: Uuid,
    /// What each command gave, in order: the events and prices promised.
    #[schemars(with = "Vec<Outcome>")]
    pub outcomes: Vec<Box<RawValue>>,
}

impl QuoteCommitted {
    /// The answer.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] for outcomes that are no JSON.
    pub fn new(quote: Uuid, answered: &[Answered]) -> Result<Self, StoreError> {
        Ok(Self { quote, outcomes: raw(answered)? })
    }
}

/// Why a quote was not committed: what has changed since it was kept.
#[derive(Debug, Serialize, JsonSchema)]
pub struct QuoteChanged {
    /// Its id.
    pub quote: Uuid,
    /// The last day on which it could be committed.
    pub valid_until: Date,
    /// Whether that day is over.
    pub expired: bool,
    /// Its commands, all of them, in order.
    pub commands: Vec<CommandChange>,
}

/// A command of a quote: what was promised of it, and what it would give now.
#[derive(Debug, Serialize, JsonSchema)]
pub struct CommandChange {
    /// The command.
    pub command_id: Uuid,
    /// Its license.
    pub license: LicenseNumber,
    /// What of the promise does not hold; empty where all of it does.
    pub changed: Vec<Changed>,
    /// What was promised.
    #[schemars(with = "Outcome")]
    pub promised: Box<RawValue>,
    /// What it would give now, after those before it; a refusal names its rules, `version` is the license's.
    #[schemars(with = "Outcome")]
    pub now: Box<RawValue>,
}

/// A part of a promise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Changed {
    /// The command is not accepted any more. Nothing else is listed then.
    Outcome,
    /// Its events say something else.
    Events,
    /// It has another price.
    Price,
    /// Something else is worth telling.
    Warnings,
}

/// What is promised of an outcome.
#[derive(Deserialize, PartialEq)]
struct Terms {
    outcome: String,
    events: Vec<EventTerms>,
    price: Value,
    warnings: Value,
}

/// What an event says, wherever it stands.
#[derive(Deserialize, PartialEq)]
struct EventTerms {
    #[serde(rename = "type")]
    event_type: String,
    license: String,
    data: Value,
}

/// The quote's commands, with what has changed of each.
pub(crate) fn changes(
    kept: &KeptQuote,
    entries: &[Entry],
    judged: &[Judged],
) -> Result<Vec<CommandChange>, StoreError> {
    let unreadable = || StoreError::Damaged(format!("the outcomes of quote {} cannot be read", kept.id));
    let promised: Vec<Box<RawValue>> = serde_json::from_str(&kept.outcomes).map_err(|_| unreadable())?;
    if promised.len() != entries.len() {
        return Err(unreadable());
    }
    let requests = entries.iter().filter_map(Entry::request);
    let change = |((promised, request), judged): ((Box<RawValue>, &ledger_domain::command::Request), &Judged)| {
        let now = raw_value(&judged.answered)?;
        Ok(CommandChange {
            command_id: request.command_id,
            license: request.license.clone(),
            changed: changed(&promised, &now).map_err(|_| unreadable())?,
            promised,
            now,
        })
    };
    promised.into_iter().zip(requests).zip(judged).map(change).collect()
}

fn changed(promised: &RawValue, now: &RawValue) -> serde_json::Result<Vec<Changed>> {
    let (promised, now): (Terms, Terms) = (serde_json::from_str(promised.get())?, serde_json::from_str(now.get())?);
    if promised.outcome != now.outcome {
        return Ok(vec![Changed::Outcome]);
    }
    let parts = [
        (Changed::Events, promised.events == now.events),
        (Changed::Price, promised.price == now.price),
        (Changed::Warnings, promised.warnings == now.warnings),
    ];
    Ok(parts.into_iter().filter(|(_, holds)| !holds).map(|(part, _)| part).collect())
}

fn raw(answered: &[Answered]) -> Result<Vec<Box<RawValue>>, StoreError> {
    answered.iter().map(raw_value).collect()
}

/// The outcome as it is, to stand within another answer.
pub(crate) fn raw_value(answered: &Answered) -> Result<Box<RawValue>, StoreError> {
    RawValue::from_string(answered.json.clone()).map_err(|error| unwritable(&error))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn compared(change: impl FnOnce(&mut Value)) -> Vec<Changed> {
        let promised = json!({"outcome": "accepted", "replayed": false, "version": 3, "price": {"total": "207.00"},
            "events": [{"type": "UpgradeOrdered", "license": "ABC-1", "sequence": 3, "data": {"order": "PO-2"}}],
            "warnings": [], "violations": []});
        let mut now = promised.clone();
        change(&mut now);
        let raw = |value: Value| RawValue::from_string(value.to_string()).unwrap();
        changed(&raw(promised), &raw(now)).unwrap()
    }

    #[test]
    fn where_the_events_stand_is_not_promised() {
        let moved = |now: &mut Value| {
            now["version"] = 8.into();
            now["replayed"] = true.into();
            now["events"][0]["sequence"] = 8.into();
        };
        assert_eq!(compared(moved), []);
    }

    #[test]
    fn everything_else_is() {
        assert_eq!(compared(|now| now["price"]["total"] = "208.00".into()), [Changed::Price]);
        assert_eq!(compared(|now| now["price"] = Value::Null), [Changed::Price]);
        assert_eq!(compared(|now| now["events"][0]["data"]["order"] = "PO-3".into()), [Changed::Events]);
        assert_eq!(compared(|now| now["events"][0]["license"] = "ABC-2".into()), [Changed::Events]);
        assert_eq!(compared(|now| now["events"] = json!([])), [Changed::Events]);
        assert_eq!(compared(|now| now["warnings"] = json!([{"rule": "SWM-6"}])), [Changed::Warnings]);
        assert_eq!(compared(|now| now["outcome"] = "rejected".into()), [Changed::Outcome]);
    }
}
