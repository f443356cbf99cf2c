//! Reading what is stored as it is, for verification.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use ledger_app::audit::{Audit, CommandRecord, EventKey};
use ledger_app::store::{RebuiltPage, Refold, StoreError};
use ledger_domain::values::Date;
use sqlx::{Executor, FromRow};
use uuid::Uuid;

use crate::PostgresStore;
use crate::error::store_error;
use crate::rebuild::{compared, count, licenses_after};
use crate::rows::{signed, unsigned};

pub(crate) const RECORDS: &str = "
    SELECT command_id, license, on_date, recorded_at, actor_name, actor_role, edition, accepted, digest, content, outcome
    FROM commands";

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
        let mut transaction = self.reads.begin().await.map_err(store_error)?;
        let snapshot = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY";
        transaction.execute(snapshot).await.map_err(store_error)?;
        let licenses = licenses_after(&mut transaction, after.unwrap_or_default(), limit).await?;
        let mut page = match compared(&mut transaction, &licenses, refold).await {
            Err(StoreError::Damaged(_)) => RebuiltPage::default(),
            page => page?,
        };
        if page.licenses == 0 {
            // One of them cannot be folded: which?
            for license in &licenses {
                match compared(&mut transaction, std::slice::from_ref(license), refold).await {
                    Err(StoreError::Damaged(what)) => page.mended.push(format!("license {license}: {what}")),
                    one => page.mended.extend(one?.mended),
                }
            }
        }
        page.licenses = count(licenses.len());
        page.last = licenses.into_iter().next_back().filter(|_| page.licenses == u64::from(limit));
        Ok(page)
    }
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
    digest: Vec<u8>,
    content: String,
    outcome: String,
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
            digest: row.digest,
            content: row.content,
            outcome: row.outcome,
        }
    }
}
