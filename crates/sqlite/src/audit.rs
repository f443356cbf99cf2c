//! Reading what is stored as it is, for verification.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use ledger_app::audit::{Audit, AuditedEvent, CommandRecord, EventKey, RecordsPage};
use ledger_app::store::{EditionFiles, RebuiltPage, Refold, StoreError};
use serde_json::json;
use sqlx::Connection;
use sqlx::sqlite::SqliteRow;
use uuid::Uuid;

use crate::SqliteStore;
use crate::editions;
use crate::error::failed;
use crate::rebuild::{compared, differences};
use crate::rows::{count, get, parsed};
use crate::schema;
use crate::seal::{entry, signed};

pub(crate) const RECORDS: &str = "
    SELECT command_id, license, on_date, recorded_at, actor_name, actor_role, edition, accepted, content_digest, content, outcome,
           outcome_digest
      FROM commands";

/// How many records are read at once as they lie.
const LYING: u32 = 1_000;

#[async_trait]
impl Audit for SqliteStore {
    async fn records(&self, ids: &[Uuid]) -> Result<Vec<CommandRecord>, StoreError> {
        let sql = format!("{RECORDS} WHERE command_id IN (SELECT value FROM json_each(?))");
        let query = sqlx::query(&sql).bind(json!(ids).to_string());
        query.fetch_all(&self.readers).await.map_err(failed)?.iter().map(record).collect()
    }

    async fn records_after(&self, after: Option<Uuid>, limit: u32) -> Result<Vec<CommandRecord>, StoreError> {
        let sql = format!("{RECORDS} WHERE command_id > ? ORDER BY command_id LIMIT ?");
        let after = after.map(|id| id.to_string()).unwrap_or_default();
        let query = sqlx::query(&sql).bind(after).bind(limit);
        query.fetch_all(&self.readers).await.map_err(failed)?.iter().map(record).collect()
    }

    async fn records_from(&self, place: u64) -> Result<RecordsPage, StoreError> {
        let sql = "SELECT rowid, * FROM commands WHERE rowid > ? ORDER BY rowid LIMIT ?";
        let query = sqlx::query(sql).bind(signed(place)).bind(LYING);
        let rows = query.fetch_all(&self.readers).await.map_err(failed)?;
        let next = rows.last().map(|last| count(last, "rowid")).transpose()?;
        let records: Result<Vec<_>, _> = rows.iter().map(record).collect();
        Ok(RecordsPage { records: records?, next })
    }

    async fn events(&self, from: u64, limit: u32) -> Result<Vec<AuditedEvent>, StoreError> {
        let sql = "SELECT *, NULL AS content_digest, NULL AS outcome_digest FROM events WHERE position >= ? ORDER BY position LIMIT ?";
        let query = sqlx::query(sql).bind(signed(from)).bind(limit);
        let event = |row: &SqliteRow| Ok(AuditedEvent { entry: entry(row)?, order_number: get(row, "order_number")? });
        query.fetch_all(&self.readers).await.map_err(failed)?.iter().map(event).collect()
    }

    async fn final_until(&self) -> Result<Option<DateTime<Utc>>, StoreError> {
        let query = sqlx::query("SELECT final_until FROM sealer");
        let row = query.fetch_optional(&self.readers).await.map_err(failed)?;
        row.as_ref().map(|row| parsed(row, "final_until")).transpose()
    }

    async fn schema(&self) -> Result<Vec<String>, StoreError> {
        schema::differences(&self.readers).await
    }

    async fn editions(&self) -> Result<Vec<EditionFiles>, StoreError> {
        editions::all(&self.readers).await
    }

    async fn commands_of(&self, events: &[EventKey]) -> Result<Vec<(EventKey, Uuid)>, StoreError> {
        // The keys asked for come first, each looked up: CROSS JOIN keeps SQLite from turning that around.
        let sql = "
            SELECT aggregate_type, aggregate_id, sequence, command_id
              FROM json_each(?) AS asked CROSS JOIN events
             WHERE aggregate_type = asked.value ->> 0 AND aggregate_id = asked.value ->> 1
               AND sequence = asked.value ->> 2";
        let rows = sqlx::query(sql).bind(json!(events).to_string()).fetch_all(&self.readers).await.map_err(failed)?;
        let event = |row: &SqliteRow| {
            let key = (get(row, "aggregate_type")?, get(row, "aggregate_id")?, count(row, "sequence")?);
            Ok((key, parsed(row, "command_id")?))
        };
        rows.iter().map(event).collect()
    }

    async fn compare_page(&self, after: Option<&str>, limit: u32, refold: Refold) -> Result<RebuiltPage, StoreError> {
        let mut connection = self.readers.acquire().await.map_err(failed)?;
        // A transaction that only reads sees one state of the file.
        let mut transaction = connection.begin().await.map_err(failed)?;
        let (mut page, in_doubt) = compared(&mut transaction, after, limit, refold).await?;
        for license in &in_doubt {
            match differences(&mut transaction, license, refold).await {
                Err(StoreError::Damaged(what)) => page.mended.push(format!("license {license}: {what}")),
                lines => page.mended.extend(lines?),
            }
        }
        Ok(page)
    }
}

pub(crate) fn record(row: &SqliteRow) -> Result<CommandRecord, StoreError> {
    Ok(CommandRecord {
        command_id: parsed(row, "command_id")?,
        license: get(row, "license")?,
        on: parsed(row, "on_date")?,
        recorded_at: parsed(row, "recorded_at")?,
        actor_name: get(row, "actor_name")?,
        actor_role: get(row, "actor_role")?,
        edition: get(row, "edition")?,
        accepted: get(row, "accepted")?,
        content_digest: get(row, "content_digest")?,
        content: get(row, "content")?,
        outcome: get(row, "outcome")?,
        outcome_digest: get(row, "outcome_digest")?,
    })
}
