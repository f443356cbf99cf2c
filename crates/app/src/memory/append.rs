//! Appending: everything is checked and made ready first, and then nothing can fail.

use std::collections::HashSet;

use chrono::{DateTime, TimeDelta, Utc};
use ledger_domain::event::Event;
use ledger_domain::license::Facts;
use ledger_domain::values::LicenseNumber;
use uuid::Uuid;

use super::{Current, Held, Version};
use crate::audit::CommandRecord;
use crate::feed::FeedEvent;
use crate::store::{
    Answer, Batch, JudgedCommand, LICENSE_STREAM, NewEvent, StateRow, StateWrite, StoreError, StoredEvent,
};

/// An event that passed every check.
struct Ready {
    /// As it goes into the log, its position still to come.
    logged: FeedEvent,
    /// What becomes of its license; none for a refusal.
    recorded: Option<Recorded>,
}

/// An event of a license.
struct Recorded {
    event: StoredEvent,
    order: Option<String>,
    facts: Option<Facts>,
}

/// The keys that a batch takes, so that it cannot take one twice.
#[derive(Default)]
struct Taken<'a> {
    commands: HashSet<uuid::Uuid>,
    sequences: HashSet<(&'a str, &'a str, u64)>,
    orders: HashSet<(&'a str, &'a str)>,
}

impl Held {
    pub(super) fn append(&mut self, batch: &Batch, now: DateTime<Utc>) -> Result<(), StoreError> {
        self.check_versions(batch)?;
        if !batch.commands.is_empty() && !self.editions.contains_key(&batch.edition) {
            return Err(StoreError::Damaged(format!("edition {} was never adopted", batch.edition)));
        }
        let recorded_at = self.recorded_at(batch, now);
        let mut taken = Taken::default();
        let mut ready = Vec::new();
        for command in &batch.commands {
            self.check_command(command, &mut taken)?;
            for event in &command.events {
                self.check_event(event, &mut taken)?;
                ready.push(made_ready(event, command, &batch.edition, recorded_at)?);
            }
        }
        self.write(batch, ready);
        self.records.extend(batch.commands.iter().map(|command| record(command, &batch.edition, recorded_at)));
        Ok(())
    }

    fn version(&self, license: &LicenseNumber) -> u64 {
        self.current.get(license).map_or(0, |current| current.row.version)
    }

    fn check_versions(&self, batch: &Batch) -> Result<(), StoreError> {
        let bases = batch.states.iter().map(|state| (&state.facts.license, state.base_version));
        let guards = batch.guards.iter().map(|(license, version)| (license, *version));
        for (license, expected) in bases.chain(guards) {
            let found = self.version(license);
            if found != expected {
                return conflict(format!("license {license} is at version {found}, not {expected}"));
            }
        }
        for state in &batch.states {
            let Some(Current { row, .. }) = self.current.get(&state.facts.license) else { continue };
            if row.fold > state.fold {
                return Err(newer_fold(&state.facts.license, row.fold));
            }
            if state.base_state.as_ref().is_some_and(|base| base.as_bytes() != row.state) {
                return conflict(format!("the state of license {} was mended", state.facts.license));
            }
        }
        Ok(())
    }

    /// One instant for the whole batch: not before the last one of any of its licenses, after all that is final.
    fn recorded_at(&self, batch: &Batch, now: DateTime<Utc>) -> DateTime<Utc> {
        let last =
            |state: &StateWrite| self.events.get(&state.facts.license)?.values().next_back().map(|e| e.recorded_at);
        let after_final = self.final_until + TimeDelta::microseconds(1);
        batch.states.iter().filter_map(last).fold(now.max(after_final), DateTime::max)
    }

    fn check_command(&self, command: &JudgedCommand, taken: &mut Taken<'_>) -> Result<(), StoreError> {
        let id = command.command_id;
        if self.answers.contains_key(&id) || !taken.commands.insert(id) {
            return conflict(format!("command {id} was answered already"));
        }
        Ok(())
    }

    fn check_event<'a>(&self, event: &'a NewEvent, taken: &mut Taken<'a>) -> Result<(), StoreError> {
        let (stream, sequence) = (event.stream_id.as_str(), event.sequence);
        if self.has_event(event)? || !taken.sequences.insert((event.stream_type, stream, sequence)) {
            return conflict(format!("{} {stream} has an event {sequence} already", event.stream_type));
        }
        let Some(order) = event.order_number.as_deref() else { return Ok(()) };
        let key = (license_number(event)?, order.to_owned());
        if self.orders.contains(&key) || !taken.orders.insert((stream, order)) {
            return conflict(format!("license {stream} has an order {order} already"));
        }
        Ok(())
    }

    fn has_event(&self, event: &NewEvent) -> Result<bool, StoreError> {
        if event.stream_type != LICENSE_STREAM {
            return Ok(self.refusals.contains(&event.stream_id));
        }
        let events = self.events.get(&license_number(event)?);
        Ok(events.is_some_and(|events| events.contains_key(&event.sequence)))
    }

    fn write(&mut self, batch: &Batch, ready: Vec<Ready>) {
        for command in &batch.commands {
            let answer = Answer { digest: command.content_digest, outcome: command.outcome.clone().into_bytes() };
            self.answers.insert(command.command_id, answer);
            let refusals = command.events.iter().filter(|event| event.stream_type != LICENSE_STREAM);
            self.refusals.extend(refusals.map(|event| event.stream_id.clone()));
        }
        for (Ready { logged, recorded }, position) in ready.into_iter().zip(self.next_position()..) {
            if let Some(recorded) = recorded {
                self.record(&logged.license, recorded);
            }
            self.log.push(FeedEvent { position, ..logged });
        }
        self.current.extend(batch.states.iter().map(|state| (state.facts.license.clone(), Current::from(state))));
    }

    fn record(&mut self, license: &LicenseNumber, recorded: Recorded) {
        let Recorded { event, order, facts } = recorded;
        self.orders.extend(order.map(|order| (license.clone(), order)));
        if let Some(facts) = facts {
            let version = Version { recorded_at: event.recorded_at, facts };
            self.versions.entry(license.clone()).or_default().insert(event.sequence, version);
        }
        self.events.entry(license.clone()).or_default().insert(event.sequence, event);
    }
}

/// The command's record.
fn record(command: &JudgedCommand, edition: &str, recorded_at: DateTime<Utc>) -> (Uuid, CommandRecord) {
    let record = CommandRecord {
        command_id: command.command_id,
        license: command.license.to_string(),
        on: command.on,
        recorded_at,
        actor_name: command.actor.name.clone(),
        actor_role: command.actor.role.name().to_owned(),
        edition: edition.to_owned(),
        accepted: command.accepted,
        content_digest: command.content_digest.to_vec(),
        content: command.content.clone(),
        outcome: command.outcome.clone(),
        outcome_digest: Some(command.outcome_digest.to_vec()),
    };
    (record.command_id, record)
}

impl From<&StateWrite> for Current {
    fn from(write: &StateWrite) -> Self {
        let state = write.state.clone().into_bytes();
        let row = StateRow { version: write.facts.version, fold: write.fold, state };
        Self { row, facts: write.facts.clone() }
    }
}

/// The stored forms of an event.
fn made_ready(
    event: &NewEvent,
    command: &JudgedCommand,
    edition: &str,
    recorded_at: DateTime<Utc>,
) -> Result<Ready, StoreError> {
    let is_refusal = event.stream_type != LICENSE_STREAM;
    let license = if is_refusal { command.license.clone() } else { license_number(event)? };
    let logged = FeedEvent {
        position: 0,
        stream_type: event.stream_type.to_owned(),
        license,
        sequence: event.sequence,
        event_type: event.event_type.to_owned(),
        event_version: event.event_version.to_owned(),
        on: command.on,
        recorded_at,
        actor: command.actor.clone(),
        command_id: command.command_id,
        edition: edition.to_owned(),
        payload: event.payload.clone(),
    };
    let recorded = if is_refusal { None } else { Some(recorded(event, &logged)?) };
    Ok(Ready { logged, recorded })
}

/// What a license's event does to its license.
fn recorded(event: &NewEvent, logged: &FeedEvent) -> Result<Recorded, StoreError> {
    let parsed: Event = serde_json::from_str(&event.payload)
        .map_err(|error| StoreError::Damaged(format!("event {} of {}: {error}", event.sequence, event.stream_id)))?;
    let stored = StoredEvent {
        sequence: logged.sequence,
        event_type: logged.event_type.clone(),
        event_version: logged.event_version.clone(),
        on: logged.on,
        recorded_at: logged.recorded_at,
        actor: logged.actor.clone(),
        command_id: logged.command_id,
        edition: logged.edition.clone(),
        event: parsed,
    };
    Ok(Recorded { event: stored, order: event.order_number.clone(), facts: event.facts.clone() })
}

fn license_number(event: &NewEvent) -> Result<LicenseNumber, StoreError> {
    event.stream_id.parse().map_err(|error| StoreError::Damaged(format!("\"{}\": {error}", event.stream_id)))
}

/// The error for a row that a newer program folded.
pub(super) fn newer_fold(license: &LicenseNumber, fold: u32) -> StoreError {
    StoreError::Newer(format!("the state of license {license} is of fold {fold}"))
}

const fn conflict(what: String) -> Result<(), StoreError> {
    Err(StoreError::Conflict(what))
}
