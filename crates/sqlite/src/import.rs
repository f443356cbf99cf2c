//! Putting a ledger into an empty one, in large transactions.

use ledger_app::audit::CommandRecord;
use ledger_app::store::{EditionFiles, StoreError};
use ledger_app::transfer::line::{Adoption, SealKey};
use ledger_app::transfer::{Chunk, ImportState, ImportedEvent};
use sqlx::{Connection, Row, SqliteConnection, SqliteExecutor};

use crate::error::failed;
use crate::insert::{COMMANDS, CURRENT, EVENTS, Table, VERSIONS, insert};
use crate::rows::{self, count, get, instant_text};
use crate::seal::signed;
use crate::value::Value;

const EDITIONS: Table =
    Table { name: "editions", columns: &["edition", "catalog", "prices"], overwritten_by_key: None };
const ADOPTIONS: Table =
    Table { name: "edition_adoptions", columns: &["edition", "adopted_at"], overwritten_by_key: None };
const SEAL_KEYS: Table =
    Table { name: "seal_keys", columns: &["number", "verifier", "since"], overwritten_by_key: None };
const CHECKPOINTS: Table =
    Table { name: "checkpoints", columns: &["size", "key", "root", "note", "signed_at"], overwritten_by_key: None };
const TREE_HASHES: Table =
    Table { name: "tree_hashes", columns: &["level", "first", "hashes"], overwritten_by_key: None };

/// What was imported; of nothing, whether anything else is there.
pub(crate) async fn state(connection: &mut SqliteConnection) -> Result<ImportState, StoreError> {
    if let Some(begun) = begun(&mut *connection).await? {
        return Ok(begun);
    }
    let sql =
        "SELECT EXISTS (SELECT 1 FROM events) OR EXISTS (SELECT 1 FROM commands) OR EXISTS (SELECT 1 FROM editions)
                   OR EXISTS (SELECT 1 FROM seal_keys) OR EXISTS (SELECT 1 FROM current_entitlement)
                   OR EXISTS (SELECT 1 FROM entitlement_versions)";
    let is_used: bool = sqlx::query_scalar(sql).fetch_one(connection).await.map_err(failed)?;
    Ok(if is_used { ImportState::Used } else { ImportState::Empty })
}

async fn begun(executor: impl SqliteExecutor<'_>) -> Result<Option<ImportState>, StoreError> {
    let sql = "SELECT digest, line, finished FROM import";
    let Some(row) = sqlx::query(sql).fetch_optional(executor).await.map_err(failed)? else { return Ok(None) };
    let digest: Vec<u8> = row.try_get("digest").map_err(failed)?;
    Ok(Some(match get(&row, "finished")? {
        true => ImportState::Finished { digest },
        false => ImportState::Begun { digest, line: count(&row, "line")? },
    }))
}

/// Whether only a part of a ledger is there.
pub(crate) async fn is_half_imported(executor: impl SqliteExecutor<'_>) -> Result<bool, StoreError> {
    Ok(matches!(begun(executor).await?, Some(ImportState::Begun { .. })))
}

pub(crate) async fn begin(connection: &mut SqliteConnection, digest: &[u8; 32]) -> Result<ImportState, StoreError> {
    let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await.map_err(failed)?;
    let state = state(&mut transaction).await?;
    if state != ImportState::Empty {
        return Ok(state);
    }
    let sql = "INSERT INTO import (one, digest, line, finished) VALUES (1, ?, 0, 0)";
    sqlx::query(sql).bind(digest.as_slice()).execute(&mut *transaction).await.map_err(failed)?;
    transaction.commit().await.map_err(failed)?;
    Ok(ImportState::Begun { digest: digest.to_vec(), line: 0 })
}

pub(crate) async fn write(
    connection: &mut SqliteConnection,
    chunk: &Chunk,
    from: u64,
    to: u64,
) -> Result<(), StoreError> {
    let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await.map_err(failed)?;
    advance(&mut transaction, from, to, false).await?;
    rows_of(&mut transaction, chunk).await.map_err(failed)?;
    transaction.commit().await.map_err(failed)
}

pub(crate) async fn finish(
    connection: &mut SqliteConnection,
    adoptions: &[Adoption],
    from: u64,
) -> Result<(), StoreError> {
    let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await.map_err(failed)?;
    advance(&mut transaction, from, from, true).await?;
    let rows = adoptions.iter().map(|one| vec![one.edition.as_str().into(), instant_text(one.adopted_at).into()]);
    insert(&mut transaction, &ADOPTIONS, rows.collect()).await.map_err(failed)?;
    transaction.commit().await.map_err(failed)
}

/// Notes how far the import has gone.
async fn advance(connection: &mut SqliteConnection, from: u64, to: u64, finished: bool) -> Result<(), StoreError> {
    let sql = "UPDATE import SET line = ?, finished = ? WHERE line = ? AND NOT finished";
    let query = sqlx::query(sql).bind(signed(to)).bind(finished).bind(signed(from));
    if query.execute(connection).await.map_err(failed)?.rows_affected() == 1 {
        return Ok(());
    }
    Err(StoreError::Conflict("another process imports into this ledger".to_owned()))
}

async fn rows_of(connection: &mut SqliteConnection, chunk: &Chunk) -> Result<(), sqlx::Error> {
    insert(connection, &EDITIONS, chunk.editions.iter().map(edition).collect()).await?;
    insert(connection, &COMMANDS, chunk.commands.iter().map(command).collect()).await?;
    insert(connection, &EVENTS, chunk.events.iter().map(event).collect()).await?;
    let instants: Vec<_> = chunk.events.iter().map(|event| instant_text(event.entry.leaf.recorded_at)).collect();
    let versions = chunk.events.iter().zip(&instants);
    let versions = versions.filter_map(|(event, at)| event.facts.as_ref().map(|facts| rows::values(facts, at)));
    insert(connection, &VERSIONS, versions.collect()).await?;
    let instants: Vec<_> = chunk.states.iter().map(|(_, at)| instant_text(*at)).collect();
    let states = chunk.states.iter().zip(&instants).map(|((state, _), at)| rows::state_values(state, at));
    insert(connection, &CURRENT, states.collect()).await?;
    let hashes: Vec<Vec<u8>> =
        chunk.runs.iter().map(|run| run.hashes.iter().flat_map(|hash| hash.0).collect()).collect();
    let runs = chunk.runs.iter().zip(&hashes);
    let runs = runs.map(|(run, hashes)| vec![u32::from(run.level).into(), run.first.into(), Value::Blob(hashes)]);
    insert(connection, &TREE_HASHES, runs.collect()).await?;
    insert(connection, &SEAL_KEYS, chunk.seal_keys.iter().map(seal_key).collect()).await?;
    let checkpoints = chunk.checkpoints.iter().map(|kept| {
        vec![
            kept.checkpoint.size.into(),
            kept.key.into(),
            Value::Blob(&kept.checkpoint.root.0),
            kept.note.as_str().into(),
            instant_text(kept.signed_at).into(),
        ]
    });
    insert(connection, &CHECKPOINTS, checkpoints.collect()).await
}

fn edition(files: &EditionFiles) -> Vec<Value<'_>> {
    [&files.edition, &files.catalog, &files.prices].map(|text| text.as_str().into()).into()
}

fn seal_key(key: &SealKey) -> Vec<Value<'_>> {
    vec![key.number.into(), key.verifier.as_str().into(), instant_text(key.since).into()]
}

fn command(record: &CommandRecord) -> Vec<Value<'_>> {
    vec![
        record.command_id.to_string().into(),
        record.license.as_str().into(),
        record.on.into(),
        instant_text(record.recorded_at).into(),
        record.actor_name.as_str().into(),
        record.actor_role.as_str().into(),
        record.edition.as_str().into(),
        record.content.as_str().into(),
        Value::Blob(&record.content_digest),
        record.accepted.into(),
        record.outcome.as_str().into(),
        record.outcome_digest.as_deref().map_or(Value::Null, Value::Blob),
    ]
}

fn event(event: &ImportedEvent) -> Vec<Value<'_>> {
    let leaf = &event.entry.leaf;
    vec![
        leaf.stream_type.as_str().into(),
        leaf.stream_id.as_str().into(),
        leaf.sequence.into(),
        leaf.event_type.as_str().into(),
        leaf.event_version.as_str().into(),
        leaf.payload.as_str().into(),
        "{}".into(),
        leaf.on.into(),
        instant_text(leaf.recorded_at).into(),
        leaf.actor_name.as_str().into(),
        leaf.actor_role.as_str().into(),
        leaf.command_id.to_string().into(),
        leaf.edition.as_str().into(),
        event.order_number.as_deref().into(),
        event.entry.position.into(),
    ]
}
