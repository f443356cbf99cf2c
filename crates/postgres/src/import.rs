//! Putting a ledger into an empty one, in large transactions and by COPY.
//!
//! Two chunks are written at the same time, for what takes the time is the work of the server: all rows that only come to
//! others, whatever those are. What a chunk's end writes is little, and sees what the chunks before it wrote.

use std::io;

use async_trait::async_trait;
use ledger_app::read::instant;
use ledger_app::store::StoreError;
use ledger_app::transfer::line::Adoption;
use ledger_app::transfer::{Begun, Chunk, ImportState, ImportedEvent};
use sqlx::postgres::PgPool;
use sqlx::{Executor, PgConnection, PgExecutor, Postgres, Transaction};
use tokio::task::spawn_blocking;

use crate::copy::Rows;
use crate::copy_facts;
use crate::error::store_error;
use crate::rows::{COLUMNS, signed, unsigned};

/// What was imported; of nothing, whether anything else is there.
pub(crate) async fn state(connection: &mut PgConnection) -> Result<ImportState, StoreError> {
    if let Some(begun) = begun(&mut *connection).await? {
        return Ok(begun);
    }
    let query = "SELECT EXISTS (SELECT FROM events) OR EXISTS (SELECT FROM commands) OR EXISTS (SELECT FROM editions)
        OR EXISTS (SELECT FROM seal_keys) OR EXISTS (SELECT FROM current_entitlement)
        OR EXISTS (SELECT FROM entitlement_versions)";
    let is_used: bool = sqlx::query_scalar(query).fetch_one(connection).await.map_err(store_error)?;
    Ok(if is_used { ImportState::Used } else { ImportState::Empty })
}

async fn begun(executor: impl PgExecutor<'_>) -> Result<Option<ImportState>, StoreError> {
    let query = sqlx::query_as("SELECT digest, line, finished FROM import");
    let row: Option<(Vec<u8>, i64, bool)> = query.fetch_optional(executor).await.map_err(store_error)?;
    Ok(match row {
        None => None,
        Some((digest, _, true)) => Some(ImportState::Finished { digest }),
        Some((digest, line, false)) => Some(ImportState::Begun { digest, line: unsigned(line)? }),
    })
}

/// Whether only a part of a ledger is there.
pub(crate) async fn is_half_imported(executor: impl PgExecutor<'_>) -> Result<bool, StoreError> {
    Ok(matches!(begun(executor).await?, Some(ImportState::Begun { .. })))
}

pub(crate) async fn begin(pool: &PgPool, digest: &[u8; 32]) -> Result<ImportState, StoreError> {
    let mut transaction = pool.begin().await.map_err(store_error)?;
    // Whoever adopts an edition locks it too: either comes first, and is seen by the other.
    let lock = "LOCK TABLE edition_adoptions, import IN SHARE ROW EXCLUSIVE MODE";
    transaction.execute(lock).await.map_err(store_error)?;
    let state = state(&mut transaction).await?;
    if state != ImportState::Empty {
        return Ok(state);
    }
    let query = sqlx::query("INSERT INTO import (one, digest, line, finished) VALUES (1, $1, 0, false)");
    query.bind(digest.as_slice()).execute(&mut *transaction).await.map_err(store_error)?;
    transaction.commit().await.map_err(store_error)?;
    Ok(ImportState::Begun { digest: digest.to_vec(), line: 0 })
}

/// A chunk whose rows are written but for those that give way to others, or refer to others.
struct Written {
    transaction: Transaction<'static, Postgres>,
    rest: Rest,
}

/// What waits for the chunks before.
struct Rest {
    editions: Rows,
    /// The licenses of which there is a row.
    again: Vec<String>,
    states: Rows,
    seal_keys: Rows,
    checkpoints: Rows,
}

pub(crate) async fn begin_chunk(pool: &PgPool, chunk: Chunk) -> Result<Box<dyn Begun>, StoreError> {
    let made = spawn_blocking(move || {
        let first = [commands(&chunk), events(&chunk), versions(&chunk), states(&chunk, false), tree(&chunk)];
        (first, rest(&chunk))
    });
    let (first, rest) = made.await.map_err(|error| store_error(io::Error::from(error).into()))?;
    let mut transaction = pool.begin().await.map_err(store_error)?;
    for rows in first {
        rows.copy(&mut transaction).await?;
    }
    Ok(Box::new(Written { transaction, rest }))
}

#[async_trait]
impl Begun for Written {
    async fn end(self: Box<Self>, from: u64, to: u64) -> Result<(), StoreError> {
        let Self { mut transaction, rest } = *self;
        advance(&mut transaction, from, to, false).await?;
        rest.editions.copy(&mut transaction).await?;
        if !rest.again.is_empty() {
            let query = sqlx::query("DELETE FROM current_entitlement WHERE license = ANY ($1)").bind(rest.again);
            query.execute(&mut *transaction).await.map_err(store_error)?;
        }
        for rows in [rest.states, rest.seal_keys, rest.checkpoints] {
            rows.copy(&mut transaction).await?;
        }
        transaction.commit().await.map_err(store_error)
    }
}

pub(crate) async fn finish(pool: &PgPool, adoptions: &[Adoption], from: u64) -> Result<(), StoreError> {
    let mut transaction = pool.begin().await.map_err(store_error)?;
    advance(&mut transaction, from, from, true).await?;
    for Adoption { edition, adopted_at } in adoptions {
        let query = sqlx::query("INSERT INTO edition_adoptions (edition, adopted_at) VALUES ($1, $2)");
        query.bind(edition).bind(adopted_at).execute(&mut *transaction).await.map_err(store_error)?;
    }
    transaction.commit().await.map_err(store_error)
}

/// Notes how far the import has gone.
async fn advance(connection: &mut PgConnection, from: u64, to: u64, finished: bool) -> Result<(), StoreError> {
    let query = sqlx::query("UPDATE import SET line = $1, finished = $2 WHERE line = $3 AND NOT finished");
    let query = query.bind(signed(to)).bind(finished).bind(signed(from));
    if query.execute(connection).await.map_err(store_error)?.rows_affected() == 1 {
        return Ok(());
    }
    Err(StoreError::Conflict("another process imports into this ledger".to_owned()))
}

fn rest(chunk: &Chunk) -> Rest {
    let mut editions = Rows::into("editions", "edition, catalog, prices");
    for files in &chunk.editions {
        editions.text(&files.edition).text(&files.catalog).text(&files.prices).end();
    }
    let again = chunk.states.iter().filter(|(state, _)| state.base_version > 0);
    let again = again.map(|(state, _)| state.facts.license.to_string()).collect();
    let (seal_keys, checkpoints) = seals(chunk);
    Rest { editions, again, states: states(chunk, true), seal_keys, checkpoints }
}

fn commands(chunk: &Chunk) -> Rows {
    let columns = "command_id, license, on_date, content_digest, content, actor_name, actor_role, edition, accepted, outcome, \
                   outcome_digest, recorded_at";
    let mut rows = Rows::into("commands", columns);
    for record in &chunk.commands {
        rows.plain(record.command_id).text(&record.license).plain(record.on).bytes(&record.content_digest);
        rows.text(&record.content).text(&record.actor_name).text(&record.actor_role).text(&record.edition);
        rows.plain(record.accepted).text(&record.outcome).bytes_if_any(record.outcome_digest.as_deref());
        rows.plain(instant(record.recorded_at)).end();
    }
    rows
}

fn events(chunk: &Chunk) -> Rows {
    let columns = "aggregate_type, aggregate_id, sequence, event_type, event_version, payload, metadata, on_date, \
                   recorded_at, actor_name, actor_role, command_id, edition, order_number, position";
    let mut rows = Rows::into("events", columns);
    for ImportedEvent { entry, order_number, .. } in &chunk.events {
        let leaf = &entry.leaf;
        rows.text(&leaf.stream_type).text(&leaf.stream_id).plain(leaf.sequence).text(&leaf.event_type);
        rows.text(&leaf.event_version).text(&leaf.payload).plain("{}").plain(leaf.on);
        rows.plain(instant(leaf.recorded_at)).text(&leaf.actor_name).text(&leaf.actor_role).plain(leaf.command_id);
        rows.text(&leaf.edition).text_if_any(order_number.as_deref()).plain(entry.position).end();
    }
    rows
}

fn versions(chunk: &Chunk) -> Rows {
    let mut rows = Rows::into("entitlement_versions", &format!("{COLUMNS}, recorded_at"));
    for event in &chunk.events {
        if let Some(facts) = &event.facts {
            copy_facts::push(&mut rows, facts, &instant(event.entry.leaf.recorded_at));
            rows.end();
        }
    }
    rows
}

/// The states of licenses of which there is a row, or of the others.
fn states(chunk: &Chunk, again: bool) -> Rows {
    let mut rows = Rows::into("current_entitlement", &format!("{COLUMNS}, recorded_at, fold, state"));
    for (state, recorded_at) in chunk.states.iter().filter(|(state, _)| (state.base_version > 0) == again) {
        copy_facts::push(&mut rows, &state.facts, &instant(*recorded_at));
        rows.plain(state.fold).text(&state.state).end();
    }
    rows
}

fn tree(chunk: &Chunk) -> Rows {
    let mut rows = Rows::into("tree_hashes", "level, first, hashes");
    for run in &chunk.runs {
        let hashes: Vec<u8> = run.hashes.iter().flat_map(|hash| hash.0).collect();
        rows.plain(run.level).plain(run.first).bytes(&hashes).end();
    }
    rows
}

fn seals(chunk: &Chunk) -> (Rows, Rows) {
    let mut keys = Rows::into("seal_keys", "number, verifier, since");
    for key in &chunk.seal_keys {
        keys.plain(key.number).text(&key.verifier).plain(instant(key.since)).end();
    }
    let mut checkpoints = Rows::into("checkpoints", "size, key, root, note, signed_at");
    for kept in &chunk.checkpoints {
        checkpoints.plain(kept.checkpoint.size).plain(kept.key).bytes(&kept.checkpoint.root.0);
        checkpoints.text(&kept.note).plain(instant(kept.signed_at)).end();
    }
    (keys, checkpoints)
}
