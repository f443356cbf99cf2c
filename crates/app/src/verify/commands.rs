//! A command's record by itself: content and digest belong together, and its outcome is its own; and whether the events
//! that it names are there, where the log did not show them beside it.

use std::collections::HashMap;

use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::look::Look;
use super::record::{Content, Record};
use crate::audit::{CommandRecord, EventKey};
use crate::outcome::OutcomeKind;
use crate::recorded::{KeptOutcome, NOT_WHOLE};
use crate::store::StoreError;

/// Checks a record by itself; returns it as its events need it, and what is wrong.
pub(super) fn checked(row: CommandRecord) -> (Box<Record>, Vec<String>) {
    let mut damages = Vec::new();
    let mut damage = |row: &CommandRecord, what: &str| {
        damages.push(format!("command {} of license {}: {what}", row.command_id, row.license));
    };
    if Sha256::digest(&row.content).as_slice() != row.content_digest {
        damage(&row, "its content is not what its digest stands for");
    }
    if row.outcome_digest.as_ref().is_some_and(|digest| Sha256::digest(&row.outcome).as_slice() != *digest) {
        damage(&row, "its outcome is not what its digest stands for");
    }
    let content: Option<Content<'_>> = serde_json::from_str(&row.content).ok();
    let is_its = |content: &Content<'_>| content.license == row.license && content.on.is_none_or(|on| on == row.on);
    if !content.as_ref().is_some_and(is_its) {
        damage(&row, "its content is of another license or date");
    }
    let (record, error) = Record::read(row);
    if let Some(error) = error {
        damage(&record.row, &format!("its outcome cannot be read: {error}"));
    }
    if let Some(outcome) = &record.outcome {
        disagreements(&record.row, outcome).for_each(|what| damage(&record.row, what));
    }
    (Box::new(record), damages)
}

/// What the outcome says otherwise than the record around it.
fn disagreements(row: &CommandRecord, outcome: &KeptOutcome) -> impl Iterator<Item = &'static str> {
    let kind = if row.accepted { OutcomeKind::Accepted } else { OutcomeKind::Rejected };
    let expected = (row.command_id, row.license.as_str(), kind);
    let told = (outcome.command_id, outcome.license.as_str(), outcome.outcome);
    let is_another = told != expected || outcome.replayed;
    let is_another_price = row.accepted && !outcome.tells_their_price();
    let another = is_another.then_some("its outcome is not the one that was given to it");
    let not_whole = (!outcome.is_whole()).then_some(NOT_WHOLE);
    let another_price = is_another_price.then_some("its outcome tells another price than its events");
    [another, not_whole, another_price].into_iter().flatten()
}

/// The events of these records that were not met in the log must be there, and be their command's.
pub(super) async fn look_up(look: &mut Look, records: &[Box<Record>]) -> Result<(), StoreError> {
    let unmet = records.iter().flat_map(|record| record.unmet().map(move |key| (key, record.row.command_id)));
    let named: Vec<_> = unmet.collect();
    if named.is_empty() {
        return Ok(());
    }
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
