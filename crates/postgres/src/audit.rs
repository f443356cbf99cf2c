//! Reading what is stored as it is, for verification.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use ledger_app::audit::{Audit, AuditedEvent, CommandRecord, EventKey, RecordsPage};
use ledger_app::seal::LogEntry;
use ledger_app::store::{EditionFiles, RebuiltPage, Refold, StoreError};
use ledger_domain::values::Date;
use ledger_seal::leaf::Leaf;
use sqlx::FromRow;
use uuid::Uuid;

use crate::PostgresStore;
use crate::compare::snapshot;
use crate::copy_out::{self, Fields};
use crate::editions;
use crate::error::store_error;
use crate::log::Reader;
use crate::rebuild::{compared, said};
use crate::rows::{signed, unsigned};
use crate::schema;

pub(crate) const RECORDS: &str = "
    SELECT command_id, license, on_date, recorded_at, actor_name, actor_role, edition, accepted, content_digest, content, outcome,
        outcome_digest
    FROM commands";

/// What is read of an event without its command's record.
const EVENTS: Reader<AuditedEvent> = Reader {
    select: "
    SELECT position, aggregate_type, aggregate_id, sequence, event_type, event_version, on_date, recorded_at, actor_name,
        actor_role, command_id, edition, payload, order_number",
    read: event,
    position: |event| event.entry.position,
};

/// How many blocks of the records' table are read at once: of 8 KiB, as PostgreSQL is built.
const BLOCKS: u64 = 256;

#[async_trait]
impl Audit for PostgresStore {
    async fn records(&self, ids: &[Uuid]) -> Result<Vec<CommandRecord>, StoreError> {
        let query = format!("{RECORDS} WHERE command_id = ANY ($1)");
        let rows: Vec<RecordRow> =
            sqlx::query_as(&query).bind(ids).fetch_all(&self.reads).await.map_err(store_error)?;
        Ok(rows.into_iter().map(CommandRecord::from).collect())
    }

    async fn records_after(&self, after: Option<Uuid>, limit: u32) -> Result<Vec<CommandRecord>, StoreError> {
        let query = format!("{RECORDS} WHERE $1::uuid IS NULL OR command_id > $1 ORDER BY command_id LIMIT $2");
        let query = sqlx::query_as(&query).bind(after).bind(i64::from(limit));
        let rows: Vec<RecordRow> = query.fetch_all(&self.reads).await.map_err(store_error)?;
        Ok(rows.into_iter().map(CommandRecord::from).collect())
    }

    async fn records_from(&self, place: u64) -> Result<RecordsPage, StoreError> {
        let query = "SELECT pg_relation_size('commands') / current_setting('block_size')::bigint";
        let blocks: i64 = sqlx::query_scalar(query).fetch_one(&self.reads).await.map_err(store_error)?;
        let next = place.saturating_add(BLOCKS);
        let query = format!("{RECORDS} WHERE ctid >= '({place},0)' AND ctid < '({next},0)'");
        let records = copy_out::rows(&self.reads, &query, record).await?;
        Ok(RecordsPage { records, next: Some(next).filter(|next| *next < blocks.unsigned_abs()) })
    }

    async fn events(&self, from: u64, limit: u32) -> Result<Vec<AuditedEvent>, StoreError> {
        EVENTS.from(&self.reads, from, limit).await
    }

    async fn passed_over(&self, limit: u32) -> Result<Vec<EventKey>, StoreError> {
        let query = "
            SELECT aggregate_type, aggregate_id, sequence FROM events
            WHERE position IS NULL AND xid < (SELECT sealed_below FROM sealer) ORDER BY xid LIMIT $1";
        let query = sqlx::query_as(query).bind(i64::from(limit));
        let rows: Vec<(String, String, i64)> = query.fetch_all(&self.reads).await.map_err(store_error)?;
        rows.into_iter().map(|(stream, id, sequence)| Ok((stream, id, unsigned(sequence)?))).collect()
    }

    async fn final_until(&self) -> Result<Option<DateTime<Utc>>, StoreError> {
        // Before the first one nothing is final: to people that is the year 1970.
        let query = sqlx::query_scalar("SELECT greatest(final_until, 'epoch') FROM sealer");
        query.fetch_optional(&self.reads).await.map_err(store_error)
    }

    async fn schema(&self) -> Result<Vec<String>, StoreError> {
        schema::differences(&self.reads).await
    }

    async fn editions(&self) -> Result<Vec<EditionFiles>, StoreError> {
        editions::all(&self.reads).await
    }

    async fn commands_of(&self, events: &[EventKey]) -> Result<Vec<(EventKey, Uuid)>, StoreError> {
        let streams: Vec<_> = events.iter().map(|(stream, ..)| stream.as_str()).collect();
        let ids: Vec<_> = events.iter().map(|(_, id, _)| id.as_str()).collect();
        let sequences: Vec<_> = events.iter().map(|(.., sequence)| signed(*sequence)).collect();
        let query = "
            SELECT event.aggregate_type, event.aggregate_id, event.sequence, event.command_id
            FROM unnest($1::text[], $2::text[], $3::bigint[]) AS asked (stream, id, sequence)
            CROSS JOIN LATERAL (
                SELECT aggregate_type, aggregate_id, sequence, command_id FROM events
                WHERE (aggregate_type, aggregate_id, sequence) = (asked.stream, asked.id, asked.sequence) OFFSET 0
            ) AS event";
        let query = sqlx::query_as(query).bind(streams).bind(ids).bind(sequences);
        let rows: Vec<(String, String, i64, Uuid)> = query.fetch_all(&self.reads).await.map_err(store_error)?;
        rows.into_iter()
            .map(|(stream, id, sequence, command)| Ok(((stream, id, unsigned(sequence)?), command)))
            .collect()
    }

    async fn compare_page(&self, after: Option<&str>, limit: u32, refold: Refold) -> Result<RebuiltPage, StoreError> {
        let (mut page, in_doubt) = compared(&self.reads, after, limit, refold).await?;
        let mut snapshot = snapshot(&self.reads).await?;
        for license in &in_doubt {
            match said(&mut snapshot, license, refold).await {
                Err(StoreError::Damaged(what)) => page.mended.push(format!("license {license}: {what}")),
                lines => page.mended.extend(lines?),
            }
        }
        Ok(page)
    }
}

/// A record, as [`RECORDS`] names its columns.
fn record(row: &mut Fields<'_>) -> Result<CommandRecord, StoreError> {
    Ok(CommandRecord {
        command_id: row.id()?,
        license: row.text()?.to_owned(),
        on: row.day()?,
        recorded_at: row.instant()?,
        actor_name: row.text()?.to_owned(),
        actor_role: row.text()?.to_owned(),
        edition: row.text()?.to_owned(),
        accepted: row.flag()?,
        content_digest: row.bytes()?.to_owned(),
        content: row.text()?.to_owned(),
        outcome: row.text()?.to_owned(),
        outcome_digest: row.bytes_if_any()?.map(<[u8]>::to_owned),
    })
}

/// An event, as [`EVENTS`] names its columns.
fn event(row: &mut Fields<'_>) -> Result<AuditedEvent, StoreError> {
    let position = row.count()?;
    let leaf = Leaf {
        stream_type: row.text()?.to_owned(),
        stream_id: row.text()?.to_owned(),
        sequence: row.count()?,
        event_type: row.text()?.to_owned(),
        event_version: row.text()?.to_owned(),
        on: row.day()?,
        recorded_at: row.instant()?,
        actor_name: row.text()?.to_owned(),
        actor_role: row.text()?.to_owned(),
        command_id: row.id()?,
        command_digest: [0; 32],
        outcome_digest: None,
        edition: row.text()?.to_owned(),
        payload: row.text()?.to_owned(),
    };
    let order_number = row.text_if_any()?.map(str::to_owned);
    Ok(AuditedEvent { entry: LogEntry { position, leaf, has_record: false }, order_number })
}

/// A command's row.
#[derive(FromRow)]
pub(crate) struct RecordRow {
    command_id: Uuid,
    license: String,
    on_date: Date,
    recorded_at: DateTime<Utc>,
    actor_name: String,
    actor_role: String,
    edition: String,
    accepted: bool,
    content_digest: Vec<u8>,
    content: String,
    outcome: String,
    outcome_digest: Option<Vec<u8>>,
}

impl From<RecordRow> for CommandRecord {
    fn from(row: RecordRow) -> Self {
        Self {
            command_id: row.command_id,
            license: row.license,
            on: row.on_date,
            recorded_at: row.recorded_at,
            actor_name: row.actor_name,
            actor_role: row.actor_role,
            edition: row.edition,
            accepted: row.accepted,
            content_digest: row.content_digest,
            content: row.content,
            outcome: row.outcome,
            outcome_digest: row.outcome_digest,
        }
    }
}
