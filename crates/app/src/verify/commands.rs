//! The command records by id: content and digest belong together, and what an outcome names is there.

use std::collections::HashMap;

use ledger_domain::values::Date;
use serde::Deserialize;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::Look;
use super::record::Outcome;
use crate::audit::{CommandRecord, EventKey};
use crate::store::{LICENSE_STREAM, REFUSAL_STREAM, StoreError};

/// How many records are read at once.
const PAGE: u32 = 500;

/// What of a command's content stands in columns too.
#[derive(Deserialize)]
struct Content {
    license: String,
    on: Option<Date>,
}

/// Goes through all records; returns how many there are.
pub(super) async fn look_through(look: &mut Look<'_>) -> Result<u64, StoreError> {
    let (mut count, mut after) = (0, None);
    loop {
        let records = look.store.audit().records_after(after, PAGE).await?;
        let Some(last) = records.last() else { return Ok(count) };
        after = Some(last.command_id);
        count += u64::try_from(records.len()).unwrap_or_default();
        let outcomes: Vec<_> = records.iter().map(|record| (record, outcome(look, record))).collect();
        causes(look, &outcomes).await?;
        look.progress("commands", count, None);
    }
}

/// Checks a record by itself; returns its outcome, if that can be read.
fn outcome(look: &mut Look<'_>, record: &CommandRecord) -> Option<Outcome> {
    let id = record.command_id;
    if Sha256::digest(&record.content).as_slice() != record.digest {
        look.damage(format!(
            "command {id} of license {}: its content is not what its digest stands for",
            record.license
        ));
    }
    let content: Option<Content> = serde_json::from_str(&record.content).ok();
    let is_its = |content: &Content| content.license == record.license && content.on.is_none_or(|on| on == record.on);
    if !content.as_ref().is_some_and(is_its) {
        look.damage(format!("command {id} of license {}: its content is of another license or date", record.license));
    }
    match Outcome::read(&record.outcome) {
        Ok(outcome) => {
            agrees(look, record, &outcome);
            Some(outcome)
        }
        Err(error) => {
            look.damage(format!("command {id} of license {}: its outcome cannot be read: {error}", record.license));
            None
        }
    }
}

fn agrees(look: &mut Look<'_>, record: &CommandRecord, outcome: &Outcome) {
    let expected = (record.command_id, record.license.as_str(), if record.accepted { "accepted" } else { "rejected" });
    if (outcome.command_id, outcome.license.as_str(), outcome.outcome.as_str()) != expected || outcome.replayed {
        let (id, license) = (record.command_id, &record.license);
        look.damage(format!("command {id} of license {license}: its outcome is not the one that was given to it"));
    }
    let price = outcome.price.as_ref().filter(|price| !price.is_null());
    if record.accepted && price != outcome.price_of_events() {
        let (id, license) = (record.command_id, &record.license);
        look.damage(format!("command {id} of license {license}: its outcome tells another price than its events"));
    }
}

/// The events that an outcome names, and the refusal's, must be there and be its command's.
async fn causes(look: &mut Look<'_>, outcomes: &[(&CommandRecord, Option<Outcome>)]) -> Result<(), StoreError> {
    let named: Vec<_> = outcomes.iter().flat_map(|(record, outcome)| keys(record, outcome.as_ref())).collect();
    let events: Vec<EventKey> = named.iter().map(|(key, _)| key.clone()).collect();
    let found: HashMap<EventKey, Uuid> = look.store.audit().commands_of(&events).await?.into_iter().collect();
    for (key, id) in named {
        let what = match found.get(&key) {
            Some(cause) if *cause == id => continue,
            Some(other) => format!("is recorded as one of command {other}"),
            None => "is not there".to_owned(),
        };
        let (stream, number, sequence) = key;
        look.damage(format!("command {id}: its event {sequence} of {stream} {number} {what}"));
    }
    Ok(())
}

fn keys(record: &CommandRecord, outcome: Option<&Outcome>) -> Vec<(EventKey, Uuid)> {
    let id = record.command_id;
    if !record.accepted {
        return vec![((REFUSAL_STREAM.to_owned(), id.to_string(), 1), id)];
    }
    let events = outcome.into_iter().flat_map(|outcome| &outcome.events);
    events.map(|event| ((LICENSE_STREAM.to_owned(), event.license.clone(), event.sequence), id)).collect()
}
