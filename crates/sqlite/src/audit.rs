//! Reading what is stored as it is, for verification.

use async_trait::async_trait;
use ledger_app::audit::{Audit, CommandRecord, EventKey};
use ledger_app::store::{RebuiltPage, Refold, StoreError};
use serde_json::json;
use sqlx::sqlite::SqliteRow;
use sqlx::{Connection, SqliteConnection};
use uuid::Uuid;

use crate::SqliteStore;
use crate::error::failed;
use crate::rebuild::{PAGE, differences};
use crate::rows::{count, get, parsed};

pub(crate) const RECORDS: &str = "
    SELECT command_id, license, on_date, recorded_at, actor_name, actor_role, edition, accepted, digest, content, outcome
      FROM commands";

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
        let query = sqlx::query_scalar(PAGE).bind(after.unwrap_or_default()).bind(limit);
        let licenses: Vec<String> = query.fetch_all(&mut *transaction).await.map_err(failed)?;
        let mut page = RebuiltPage::default();
        for license in &licenses {
            compare(&mut transaction, license, refold, &mut page).await?;
        }
        page.last = licenses.into_iter().next_back().filter(|_| page.licenses == u64::from(limit));
        Ok(page)
    }
}

async fn compare(
    connection: &mut SqliteConnection,
    license: &str,
    refold: Refold,
    page: &mut RebuiltPage,
) -> Result<(), StoreError> {
    page.licenses += 1;
    match differences(connection, license, refold).await {
        Err(StoreError::Damaged(what)) => page.mended.push(format!("license {license}: {what}")),
        lines => page.mended.extend(lines?),
    }
    Ok(())
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
        digest: get(row, "digest")?,
        content: get(row, "content")?,
        outcome: get(row, "outcome")?,
    })
}
