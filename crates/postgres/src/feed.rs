//! The feed: what the sealer has given a position.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use ledger_app::feed::{Feed, FeedEvent, FeedFilter, FeedPage, Window};
use ledger_app::follow::{Followed, Stored};
use ledger_app::store::StoreError;
use ledger_domain::command::Actor;
use ledger_domain::values::Date;
use sqlx::postgres::PgRow;
use sqlx::{FromRow, Row};
use uuid::Uuid;

use crate::PostgresStore;
use crate::copy_out::Fields;
use crate::error::{damaged, store_error};
use crate::log::Reader;
use crate::rows::{named, signed, unsigned};

/// The last position, in every row, with the events that fit; one row without an event where none does. One statement
/// sees one snapshot, so no event up to that position is missing. The license of a refusal is its command's. The
/// subqueries are look-ups by key, whatever the statistics say (OFFSET 0).
const FEED: &str = "
    SELECT head.position AS head, fits.*
    FROM (SELECT max(position) AS position FROM events) AS head
    LEFT JOIN LATERAL (
        SELECT event.position, event.aggregate_type, event.sequence, event.event_type, event.event_version,
            event.on_date, event.recorded_at, event.actor_name, event.actor_role, event.command_id, event.edition,
            event.payload::text AS payload, about.license
        FROM events AS event
        LEFT JOIN LATERAL (
            SELECT license FROM commands
            WHERE event.aggregate_type = 'refusal' AND command_id = event.command_id OFFSET 0
        ) AS refused ON true
        CROSS JOIN LATERAL (
            SELECT CASE event.aggregate_type WHEN 'refusal' THEN refused.license ELSE event.aggregate_id END AS license
        ) AS about
        WHERE event.position >= $1 AND event.position < $2
            AND ($3::text IS NULL OR event.event_type = $3)
            AND ($4::text IS NULL OR about.license = $4)
            AND ($5::text IS NULL
                OR $5 = (SELECT partner_name FROM current_entitlement WHERE license = about.license))
        ORDER BY event.position LIMIT $6
    ) AS fits ON true
    ORDER BY fits.position";

/// What is read of an event to be followed.
const FOLLOWED: Reader<Followed> = Reader {
    select: "SELECT position, aggregate_type, aggregate_id, sequence, on_date, recorded_at, command_id, payload",
    read: followed,
    position: |followed| followed.position,
};

#[async_trait]
impl Feed for PostgresStore {
    async fn feed(&self, after: Option<u64>, filter: &FeedFilter, limit: u32) -> Result<FeedPage, StoreError> {
        let window = Window::after(after, limit);
        let query = sqlx::query(FEED).bind(signed(window.from)).bind(signed(window.to)).bind(&filter.event_type);
        let query = query.bind(filter.license.as_ref().map(ToString::to_string)).bind(&filter.partner);
        let rows = query.bind(i64::from(window.limit)).fetch_all(&self.reads).await.map_err(store_error)?;
        let head = rows.first().map(|row| position_if_any(row, "head")).transpose()?.flatten();
        let events: Result<Vec<_>, _> = rows.iter().filter_map(|row| event(row).transpose()).collect();
        Ok(window.page(events?, head))
    }

    async fn followed(&self, from: u64, to: u64) -> Result<Vec<Followed>, StoreError> {
        FOLLOWED.between(&self.reads, from, to).await
    }

    async fn head(&self) -> Result<Option<u64>, StoreError> {
        let query = "SELECT max(position) AS head FROM events";
        let row = sqlx::query(query).fetch_one(&self.reads).await.map_err(store_error)?;
        position_if_any(&row, "head")
    }
}

/// An event, as [`FOLLOWED`] names its columns.
fn followed(row: &mut Fields<'_>) -> Result<Followed, StoreError> {
    Followed::try_from(Stored {
        position: row.count()?,
        stream_type: row.text()?,
        stream_id: row.text()?,
        sequence: row.count()?,
        on: row.day()?,
        recorded_at: row.instant()?,
        command_id: row.id()?,
        payload: row.text()?,
    })
}

fn position_if_any(row: &PgRow, column: &str) -> Result<Option<u64>, StoreError> {
    row.try_get::<Option<i64>, _>(column).map_err(store_error)?.map(unsigned).transpose()
}

/// An event's row as it comes from the database.
#[derive(FromRow)]
struct EventRow {
    aggregate_type: String,
    license: Option<String>,
    sequence: i64,
    event_type: String,
    event_version: String,
    on_date: Date,
    recorded_at: DateTime<Utc>,
    actor_name: String,
    actor_role: String,
    command_id: Uuid,
    edition: String,
    payload: String,
}

fn event(row: &PgRow) -> Result<Option<FeedEvent>, StoreError> {
    let Some(position) = position_if_any(row, "position")? else { return Ok(None) };
    let row = EventRow::from_row(row).map_err(store_error)?;
    let license = row.license.ok_or_else(|| damaged(format_args!("the refusal at {position} has no command")))?;
    Ok(Some(FeedEvent {
        position,
        stream_type: row.aggregate_type,
        license: named(&license)?,
        sequence: unsigned(row.sequence)?,
        event_type: row.event_type,
        event_version: row.event_version,
        on: row.on_date,
        recorded_at: row.recorded_at,
        actor: Actor { name: row.actor_name, role: named(&row.actor_role)? },
        command_id: row.command_id,
        edition: row.edition,
        payload: row.payload,
    }))
}
