//! The one write path: a batch in one transaction.

use std::collections::HashMap;

use chrono::{DateTime, TimeDelta, Utc};
use ledger_app::store::{Batch, JudgedCommand, NewEvent, StoreError};
use ledger_domain::values::LicenseNumber;
use serde::Deserialize;
use sqlx::SqliteConnection;
use sqlx::sqlite::SqliteRow;

use crate::error::failed;
use crate::insert::{COMMANDS, CURRENT, EVENTS, INDEXED, STEADY, Script, VERSIONS};
use crate::rows::{self, count, get, instant_text, parsed};
use crate::value::Value;

/// A license's row as it is stored.
#[derive(Deserialize)]
struct Head {
    license: String,
    version: u64,
    fold: u32,
    recorded_at: String,
    state: String,
    /// What is in [`INDEXED`].
    indexed: Vec<Option<String>>,
}

/// The rows of the licenses that a batch changes or was judged by.
type Heads = HashMap<String, Head>;

/// Where the batch is written: the first event's position, and the instant of them all.
struct Place {
    position: u64,
    recorded_at: String,
}

/// Writes the batch, in few statements: each costs handing it to another thread, and being woken by it.
pub(crate) async fn append(connection: &mut SqliteConnection, batch: &Batch) -> Result<(), StoreError> {
    let done = transaction(connection, batch).await;
    if done.is_err() {
        // When this fails there is none any more, or the connection is not used again.
        sqlx::query("ROLLBACK").execute(connection).await.ok();
    }
    done
}

async fn transaction(connection: &mut SqliteConnection, batch: &Batch) -> Result<(), StoreError> {
    let begun = begin(connection, batch).await?;
    let heads = heads(&begun)?;
    check(batch, &heads)?;
    let place = place(&begun, &heads)?;
    write(connection, batch, &heads, &place).await.map_err(failed)
}

/// Begins a transaction: the rows of the licenses that the batch changes or was judged by, and where it is written. All
/// in one row, for each wakes us up.
async fn begin(connection: &mut SqliteConnection, batch: &Batch) -> Result<SqliteRow, StoreError> {
    let changed = batch.states.iter().map(|state| &state.facts.license);
    let licenses: Vec<_> = changed.chain(batch.guards.iter().map(|(license, _)| license)).collect();
    let sql = format!(
        "BEGIN IMMEDIATE;
        SELECT final_until, (SELECT coalesce(max(position) + 1, 0) FROM events) AS position,
               (SELECT json_group_array(json_array(license, version, fold, recorded_at, state, json_array({})))
                  FROM current_entitlement WHERE license IN (SELECT value FROM json_each(?))) AS heads
          FROM sealer",
        INDEXED.join(",")
    );
    let asked = serde_json::json!(licenses).to_string();
    let begun = sqlx::query(&sql).bind(asked).fetch_optional(connection).await.map_err(failed)?;
    begun.ok_or_else(|| StoreError::Damaged("there is no sealer".to_owned()))
}

fn heads(begun: &SqliteRow) -> Result<Heads, StoreError> {
    let heads: Vec<Head> = serde_json::from_str(get(begun, "heads")?)
        .map_err(|error| StoreError::Damaged(format!("a row of current_entitlement: {error}")))?;
    Ok(heads.into_iter().map(|head| (head.license.clone(), head)).collect())
}

fn check(batch: &Batch, heads: &Heads) -> Result<(), StoreError> {
    let bases = batch.states.iter().map(|state| (&state.facts.license, state.base_version));
    let guards = batch.guards.iter().map(|(license, version)| (license, *version));
    for (license, expected) in bases.chain(guards) {
        check_version(license, expected, heads)?;
    }
    for state in &batch.states {
        let license = &state.facts.license;
        let Some(head) = heads.get(license.as_str()) else { continue };
        if head.fold > state.fold {
            return Err(StoreError::Newer(format!("the state of license {license} is of fold {}", head.fold)));
        }
        if state.base_state.as_ref().is_some_and(|base| *base != head.state) {
            return Err(StoreError::Conflict(format!("the state of license {license} was mended")));
        }
    }
    Ok(())
}

fn check_version(license: &LicenseNumber, expected: u64, heads: &Heads) -> Result<(), StoreError> {
    let found = heads.get(license.as_str()).map_or(0, |head| head.version);
    if found == expected {
        return Ok(());
    }
    Err(StoreError::Conflict(format!("license {license} is at version {found}, not {expected}")))
}

/// One instant for the whole batch: not before the last one of any of its licenses, after all that is final.
fn place(row: &SqliteRow, heads: &Heads) -> Result<Place, StoreError> {
    let final_until: DateTime<Utc> = parsed(row, "final_until")?;
    let earliest = instant_text(crate::now().max(final_until + TimeDelta::microseconds(1)));
    let last = heads.values().map(|head| head.recorded_at.as_str()).max().unwrap_or_default();
    Ok(Place { position: count(row, "position")?, recorded_at: earliest.as_str().max(last).to_owned() })
}

async fn write(
    connection: &mut SqliteConnection,
    batch: &Batch,
    heads: &Heads,
    place: &Place,
) -> Result<(), sqlx::Error> {
    let at = place.recorded_at.as_str();
    let events = || batch.commands.iter().flat_map(|command| command.events.iter().map(move |event| (command, event)));
    let commands = batch.commands.iter().map(|command| command_row(command, &batch.edition, at));
    let rows = events()
        .zip(place.position..)
        .map(|((command, event), position)| event_row(command, event, &batch.edition, at, position));
    let versions = events().filter_map(|(_, event)| event.facts.as_ref()).map(|facts| rows::values(facts, at));
    let states = batch.states.iter().map(|state| (state.facts.license.as_str(), rows::state_values(state, at)));
    let (steady, states): (Vec<_>, Vec<_>) = states.partition(|(license, row)| is_steady(row, heads.get(*license)));
    let mut script = Script::default();
    script.insert(&COMMANDS, commands.collect());
    script.insert(&EVENTS, rows.collect());
    script.insert(&VERSIONS, versions.collect());
    for (table, states) in [(&STEADY, steady), (&CURRENT, states)] {
        script.insert(table, states.into_iter().map(|(_, row)| row).collect());
    }
    script.add("COMMIT");
    script.run(connection).await
}

/// Whether no indexed column changes.
fn is_steady(row: &[Value<'_>], head: Option<&Head>) -> bool {
    let indexed = CURRENT.columns.iter().zip(row).filter(|(column, _)| INDEXED.contains(column));
    head.is_some_and(|head| {
        indexed.map(|(_, value)| value.clone()).eq(head.indexed.iter().map(|value| Value::from(value.as_deref())))
    })
}

fn command_row<'b>(command: &'b JudgedCommand, edition: &'b str, recorded_at: &'b str) -> Vec<Value<'b>> {
    vec![
        command.command_id.to_string().into(),
        command.license.as_str().into(),
        command.on.into(),
        recorded_at.into(),
        command.actor.name.as_str().into(),
        command.actor.role.name().into(),
        edition.into(),
        command.content.as_str().into(),
        Value::Blob(&command.content_digest),
        command.accepted.into(),
        command.outcome.as_str().into(),
        Value::Blob(&command.outcome_digest),
    ]
}

fn event_row<'b>(
    command: &'b JudgedCommand,
    event: &'b NewEvent,
    edition: &'b str,
    recorded_at: &'b str,
    position: u64,
) -> Vec<Value<'b>> {
    vec![
        event.stream_type.into(),
        event.stream_id.as_str().into(),
        event.sequence.into(),
        event.event_type.into(),
        event.event_version.into(),
        event.payload.as_str().into(),
        "{}".into(),
        command.on.into(),
        recorded_at.into(),
        command.actor.name.as_str().into(),
        command.actor.role.name().into(),
        command.command_id.to_string().into(),
        edition.into(),
        event.order_number.as_deref().into(),
        position.into(),
    ]
}
