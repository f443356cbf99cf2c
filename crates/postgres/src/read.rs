//! Reading: facts now and as of a day or an instant, histories.

use ledger_app::store::{AsOf, Expiring, Filter, LICENSE_STREAM, StatusFilter, StoreError, StoredEvent};
use ledger_domain::command::Actor;
use ledger_domain::event::Event;
use ledger_domain::license::Facts;
use ledger_domain::values::{Date, LicenseNumber};
use sqlx::postgres::{PgPool, PgRow};
use sqlx::{FromRow, PgExecutor, Postgres, QueryBuilder};

use crate::error::{damaged, store_error};
use crate::rows::{COLUMNS, FactsRow, named, signed, unsigned};

/// The facts of one license.
pub(crate) async fn facts(pool: &PgPool, license: &LicenseNumber, as_of: AsOf) -> Result<Option<Facts>, StoreError> {
    let mut query = select(as_of);
    query.push(" WHERE license = ").push_bind(license.as_str());
    Ok(fetch(pool, query).await?.pop())
}

/// The facts of the licenses that fit, by number.
pub(crate) async fn list(
    pool: &PgPool,
    filter: &Filter,
    as_of: AsOf,
    after: Option<&LicenseNumber>,
    limit: u32,
) -> Result<Vec<Facts>, StoreError> {
    let mut query = select(as_of);
    query.push(" WHERE license > ").push_bind(after.map_or("", LicenseNumber::as_str));
    push_kept_to(&mut query, as_of, filter.kept_to.as_deref());
    push_filter(&mut query, filter);
    query.push(" ORDER BY license LIMIT ").push_bind(i64::from(limit));
    fetch(pool, query).await
}

/// The facts of the licenses whose SWM ends in the period, soonest first.
pub(crate) async fn expiring(pool: &PgPool, asked: &Expiring, limit: u32) -> Result<Vec<Facts>, StoreError> {
    let as_of = AsOf { on: None, known_at: asked.known_at };
    let mut query = select(as_of);
    query.push(" WHERE status IN ('active', 'blocked') AND swm_ends >= ").push_bind(asked.from);
    query.push(" AND swm_ends < ").push_bind(asked.to);
    push_kept_to(&mut query, as_of, asked.kept_to.as_deref());
    if let Some(partner) = &asked.partner {
        query.push(" AND partner_name = ").push_bind(partner.as_str());
    }
    if let Some((day, license)) = &asked.after {
        query.push(" AND (swm_ends, license) > (").push_bind(*day).push(", ").push_bind(license.as_str()).push(")");
    }
    query.push(" ORDER BY swm_ends, license LIMIT ").push_bind(i64::from(limit));
    fetch(pool, query).await
}

/// A SELECT of the facts as they are, or were: of each license the last version of that day, known at that instant.
///
/// Business dates and instants never go back within a license, so that is the highest version that fits.
fn select<'q>(as_of: AsOf) -> QueryBuilder<'q, Postgres> {
    let mut query = QueryBuilder::new(format!("SELECT {COLUMNS} FROM "));
    if as_of == AsOf::default() {
        query.push("current_entitlement AS entitlement");
        return query;
    }
    query.push("(SELECT license AS number, partner_name AS partner_now FROM current_entitlement) AS known CROSS JOIN LATERAL (");
    query.push("SELECT * FROM entitlement_versions WHERE license = known.number");
    if let Some(day) = as_of.on {
        query.push(" AND on_date <= ").push_bind(day);
    }
    if let Some(instant) = as_of.known_at {
        query.push(" AND recorded_at <= ").push_bind(instant);
    }
    query.push(" ORDER BY version DESC LIMIT 1) AS entitlement");
    query
}

/// Of the past too only what is the partner's now.
fn push_kept_to<'q>(query: &mut QueryBuilder<'q, Postgres>, as_of: AsOf, partner: Option<&'q str>) {
    if let Some(partner) = partner {
        let column = if as_of == AsOf::default() { "partner_name" } else { "partner_now" };
        query.push(format_args!(" AND {column} = ")).push_bind(partner);
    }
}

fn push_filter<'q>(query: &mut QueryBuilder<'q, Postgres>, filter: &'q Filter) {
    if let Some(product) = filter.product {
        query.push(" AND product = ").push_bind(product.name());
    }
    if let Some(partner) = &filter.partner {
        query.push(" AND partner_name = ").push_bind(partner.as_str());
    }
    if let Some(holder) = &filter.holder {
        query.push(" AND (holder_name = ").push_bind(holder.as_str());
        query.push(" OR holder_inn = ").push_bind(holder.as_str()).push(")");
    }
    if let Some(license_type) = filter.license_type {
        query.push(" AND license_type = ").push_bind(license_type.name());
    }
    if let Some(plugin) = filter.plugin {
        // A plugin's column has its name.
        query.push(" AND ").push(plugin.name());
    }
    if let Some(day) = filter.swm_ends_from {
        query.push(" AND swm_ends >= ").push_bind(day);
    }
    if let Some(day) = filter.swm_ends_before {
        query.push(" AND swm_ends < ").push_bind(day);
    }
    if let Some(status) = filter.status {
        push_status(query, status);
    }
}

fn push_status(query: &mut QueryBuilder<'_, Postgres>, status: StatusFilter) {
    match status {
        StatusFilter::Ordered => query.push(" AND status = 'ordered'"),
        StatusFilter::TrialOn(day) => query.push(" AND status = 'trial' AND trial_ends > ").push_bind(day),
        StatusFilter::TrialOverOn(day) => query.push(" AND status = 'trial' AND trial_ends <= ").push_bind(day),
        StatusFilter::Active => query.push(" AND status = 'active'"),
        StatusFilter::Blocked => query.push(" AND status = 'blocked'"),
        StatusFilter::Closed => query.push(" AND status = 'closed'"),
    };
}

async fn fetch(pool: &PgPool, mut query: QueryBuilder<'_, Postgres>) -> Result<Vec<Facts>, StoreError> {
    let rows: Vec<FactsRow> = query.build_query_as().fetch_all(pool).await.map_err(store_error)?;
    rows.into_iter().map(Facts::try_from).collect()
}

/// What is read of an event.
const EVENT_COLUMNS: &str = "aggregate_id, sequence, event_type, event_version, payload::text AS payload, on_date, \
    recorded_at, actor_name, actor_role, command_id, edition";

/// The events of a license.
pub(crate) async fn history(
    pool: &PgPool,
    license: &LicenseNumber,
    after: u64,
    limit: u32,
) -> Result<Vec<StoredEvent>, StoreError> {
    let query = format!(
        "SELECT {EVENT_COLUMNS} FROM events
         WHERE aggregate_type = $1 AND aggregate_id = $2 AND sequence > $3 ORDER BY sequence LIMIT $4"
    );
    let query = sqlx::query(&query).bind(LICENSE_STREAM).bind(license.as_str());
    let rows = query.bind(signed(after)).bind(i64::from(limit)).fetch_all(pool).await.map_err(store_error)?;
    rows.iter().map(|row| stored_event(row).map(|(_, event)| event)).collect()
}

/// The whole histories of the licenses, by license and sequence.
pub(crate) async fn histories(
    executor: impl PgExecutor<'_>,
    licenses: &[String],
) -> Result<Vec<(String, StoredEvent)>, StoreError> {
    let query = format!(
        "SELECT {EVENT_COLUMNS} FROM events
         WHERE aggregate_type = $1 AND aggregate_id = ANY ($2) ORDER BY aggregate_id, sequence"
    );
    let query = sqlx::query(&query).bind(LICENSE_STREAM).bind(licenses);
    let rows = query.fetch_all(executor).await.map_err(store_error)?;
    rows.iter().map(stored_event).collect()
}

/// An event's row as it comes from the database.
#[derive(FromRow)]
struct EventRow {
    aggregate_id: String,
    sequence: i64,
    event_type: String,
    event_version: String,
    payload: String,
    on_date: Date,
    recorded_at: chrono::DateTime<chrono::Utc>,
    actor_name: String,
    actor_role: String,
    command_id: uuid::Uuid,
    edition: String,
}

/// The stream's id and the event; what cannot be read is damage, never skipped.
fn stored_event(row: &PgRow) -> Result<(String, StoredEvent), StoreError> {
    let row = EventRow::from_row(row).map_err(store_error)?;
    let place = format!("event {} of {}", row.sequence, row.aggregate_id);
    let event: Event = serde_json::from_str(&row.payload).map_err(|error| damaged(format_args!("{place}: {error}")))?;
    if event.event_type() != row.event_type {
        return Err(damaged(format_args!("{place} is called {} and is a {}", row.event_type, event.event_type())));
    }
    let stored = StoredEvent {
        sequence: unsigned(row.sequence)?,
        event_type: row.event_type,
        event_version: row.event_version,
        on: row.on_date,
        recorded_at: row.recorded_at,
        actor: Actor { name: row.actor_name, role: named(&row.actor_role)? },
        command_id: row.command_id,
        edition: row.edition,
        event,
    };
    Ok((row.aggregate_id, stored))
}
