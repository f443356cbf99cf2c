//! The feed. The single writer gave every event its position, so it is all there as soon as it is written.

use async_trait::async_trait;
use ledger_app::feed::{Feed, FeedEvent, FeedFilter, FeedPage, Window};
use ledger_app::follow::{Followed, Stored};
use ledger_app::store::StoreError;
use ledger_domain::command::Actor;
use sqlx::sqlite::SqliteRow;

use crate::SqliteStore;
use crate::error::failed;
use crate::rows::{count, get, parsed};

/// The last position, in every row, with the events that fit; one row without an event where none does. What is true
/// of a refusal's license is in its command.
const FEED: &str = "
    SELECT head.position AS head, fits.*
      FROM (SELECT max(position) AS position FROM events) AS head
      LEFT JOIN (
        SELECT *
          FROM (SELECT *, CASE aggregate_type WHEN 'refusal'
                            THEN (SELECT license FROM commands WHERE commands.command_id = events.command_id)
                            ELSE aggregate_id END AS license
                  FROM events
                 WHERE position >= ?1 AND position < ?2 AND (?3 IS NULL OR event_type = ?3)) AS event
         WHERE (?4 IS NULL OR license = ?4)
           AND (?5 IS NULL OR ?5 = (SELECT partner_name FROM current_entitlement
                                     WHERE current_entitlement.license = event.license))
         ORDER BY position LIMIT ?6) AS fits
     ORDER BY fits.position";

#[async_trait]
impl Feed for SqliteStore {
    async fn feed(&self, after: Option<u64>, filter: &FeedFilter, limit: u32) -> Result<FeedPage, StoreError> {
        let window = Window::after(after, limit);
        let license = filter.license.as_ref().map(ToString::to_string);
        let query = sqlx::query(FEED).bind(signed(window.from)).bind(signed(window.to)).bind(&filter.event_type);
        let query = query.bind(license).bind(&filter.partner).bind(window.limit);
        let rows = query.fetch_all(&self.readers).await.map_err(failed)?;
        let head = rows.first().map(|row| position_if_any(row, "head")).transpose()?.flatten();
        let events: Result<Vec<_>, _> = rows.iter().filter_map(|row| event(row).transpose()).collect();
        Ok(window.page(events?, head))
    }

    async fn followed(&self, from: u64, to: u64) -> Result<Vec<Followed>, StoreError> {
        let sql = "SELECT * FROM events WHERE position >= ? AND position < ? ORDER BY position";
        let query = sqlx::query(sql).bind(signed(from)).bind(signed(to));
        query.fetch_all(&self.readers).await.map_err(failed)?.iter().map(followed).collect()
    }

    async fn head(&self) -> Result<Option<u64>, StoreError> {
        let sql = "SELECT max(position) AS head FROM events";
        let row = sqlx::query(sql).fetch_one(&self.readers).await.map_err(failed)?;
        position_if_any(&row, "head")
    }
}

fn event(row: &SqliteRow) -> Result<Option<FeedEvent>, StoreError> {
    let Some(position) = position_if_any(row, "position")? else { return Ok(None) };
    Ok(Some(FeedEvent {
        position,
        stream_type: get(row, "aggregate_type")?,
        license: parsed(row, "license")?,
        sequence: count(row, "sequence")?,
        event_type: get(row, "event_type")?,
        event_version: get(row, "event_version")?,
        on: parsed(row, "on_date")?,
        recorded_at: parsed(row, "recorded_at")?,
        actor: Actor { name: get(row, "actor_name")?, role: parsed(row, "actor_role")? },
        command_id: parsed(row, "command_id")?,
        edition: get(row, "edition")?,
        payload: get(row, "payload")?,
    }))
}

fn followed(row: &SqliteRow) -> Result<Followed, StoreError> {
    Followed::try_from(Stored {
        position: count(row, "position")?,
        stream_type: get(row, "aggregate_type")?,
        stream_id: get(row, "aggregate_id")?,
        sequence: count(row, "sequence")?,
        on: parsed(row, "on_date")?,
        recorded_at: parsed(row, "recorded_at")?,
        command_id: parsed(row, "command_id")?,
        payload: get(row, "payload")?,
    })
}

fn position_if_any(row: &SqliteRow, column: &str) -> Result<Option<u64>, StoreError> {
    get::<Option<i64>>(row, column)?.map(|_| count(row, column)).transpose()
}

/// A position as SQLite stores it. None comes near the limit.
fn signed(position: u64) -> i64 {
    i64::try_from(position).unwrap_or(i64::MAX)
}
