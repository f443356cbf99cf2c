//! Reading facts and histories.

use ledger_app::store::{AsOf, Expiring, Filter, StatusFilter, StoreError, StoredEvent};
use ledger_domain::command::Actor;
use ledger_domain::license::Facts;
use ledger_domain::values::LicenseNumber;
use sqlx::sqlite::SqliteRow;
use sqlx::{QueryBuilder, Sqlite, SqliteExecutor, SqlitePool};

use crate::error::failed;
use crate::rows::{self, COLUMNS, count, day_bound, get, instant_bound, parsed};

type Query = QueryBuilder<'static, Sqlite>;

pub(crate) async fn facts(
    readers: &SqlitePool,
    license: &LicenseNumber,
    as_of: AsOf,
) -> Result<Option<Facts>, StoreError> {
    let mut query = selected(as_of);
    query.push(format!(" WHERE {} = ", key(as_of))).push_bind(license.to_string());
    Ok(fetched(readers, query).await?.pop())
}

pub(crate) async fn list(
    readers: &SqlitePool,
    filter: &Filter,
    as_of: AsOf,
    after: Option<&LicenseNumber>,
    limit: u32,
) -> Result<Vec<Facts>, StoreError> {
    let mut query = selected(as_of);
    let key = key(as_of);
    query.push(format!(" WHERE {key} > ")).push_bind(after.map(ToString::to_string).unwrap_or_default());
    kept_to(&mut query, as_of, filter.kept_to.as_ref());
    filtered(&mut query, filter);
    query.push(format!(" ORDER BY {key} LIMIT ")).push_bind(limit);
    fetched(readers, query).await
}

pub(crate) async fn expiring(readers: &SqlitePool, asked: &Expiring, limit: u32) -> Result<Vec<Facts>, StoreError> {
    let as_of = AsOf { on: None, known_at: asked.known_at };
    let mut query = if as_of == AsOf::default() { from_table("swm_expiry") } else { selected(as_of) };
    query.push(" WHERE one.status IN ('active', 'blocked') AND one.swm_ends IS NOT NULL");
    query.push(" AND one.swm_ends >= ").push_bind(day_bound(asked.from));
    query.push(" AND one.swm_ends < ").push_bind(day_bound(asked.to));
    kept_to(&mut query, as_of, asked.kept_to.as_ref());
    if let Some(partner) = &asked.partner {
        query.push(" AND one.partner_name = ").push_bind(partner.clone());
    }
    if let Some((day, license)) = &asked.after {
        query.push(" AND (one.swm_ends, one.license) > (").push_bind(day_bound(*day));
        query.push(", ").push_bind(license.to_string()).push(")");
    }
    query.push(" ORDER BY one.swm_ends, one.license LIMIT ").push_bind(limit);
    fetched(readers, query).await
}

/// The row of each license as of then, called `one`: the current one, or its highest version that fits.
fn selected(as_of: AsOf) -> Query {
    if as_of == AsOf::default() {
        return from_table("current_entitlement");
    }
    let mut query = from_table("current_entitlement AS now CROSS JOIN entitlement_versions");
    query.push(" ON one.license = now.license AND one.version = (");
    query.push("SELECT version FROM entitlement_versions AS past WHERE past.license = now.license");
    if let Some(day) = as_of.on {
        query.push(" AND past.on_date <= ").push_bind(day_bound(day));
    }
    if let Some(instant) = as_of.known_at {
        query.push(" AND past.recorded_at <= ").push_bind(instant_bound(instant));
    }
    query.push(" ORDER BY version DESC LIMIT 1)");
    query
}

/// The license number, as the column that such a query goes through in order.
fn key(as_of: AsOf) -> &'static str {
    if as_of == AsOf::default() { "one.license" } else { "now.license" }
}

fn from_table(table: &str) -> Query {
    QueryBuilder::new(format!("SELECT one.{} FROM {table} AS one", COLUMNS.join(", one.")))
}

/// Of the past too only what is the partner's now.
fn kept_to(query: &mut Query, as_of: AsOf, partner: Option<&String>) {
    if let Some(partner) = partner {
        let table = if as_of == AsOf::default() { "one" } else { "now" };
        query.push(format!(" AND {table}.partner_name = ")).push_bind(partner.clone());
    }
}

fn filtered(query: &mut Query, filter: &Filter) {
    if let Some(product) = filter.product {
        query.push(" AND one.product = ").push_bind(product.name());
    }
    if let Some(partner) = &filter.partner {
        query.push(" AND one.partner_name = ").push_bind(partner.clone());
    }
    if let Some(holder) = &filter.holder {
        query.push(" AND (one.holder_name = ").push_bind(holder.clone());
        query.push(" OR one.holder_inn = ").push_bind(holder.clone()).push(")");
    }
    if let Some(license_type) = filter.license_type {
        query.push(" AND one.license_type = ").push_bind(license_type.name());
    }
    if let Some(plugin) = filter.plugin {
        // A plugin's column has its name.
        query.push(format!(" AND one.{} = 1", plugin.name()));
    }
    if let Some(day) = filter.swm_ends_from {
        query.push(" AND one.swm_ends >= ").push_bind(day_bound(day));
    }
    if let Some(day) = filter.swm_ends_before {
        query.push(" AND one.swm_ends < ").push_bind(day_bound(day));
    }
    with_status_if_any(query, filter.status);
}

fn with_status_if_any(query: &mut Query, status: Option<StatusFilter>) {
    match status {
        None => {}
        Some(StatusFilter::TrialOn(day)) => {
            query.push(" AND one.status = 'trial' AND one.trial_ends > ").push_bind(day_bound(day));
        }
        Some(StatusFilter::TrialOverOn(day)) => {
            query.push(" AND one.status = 'trial' AND one.trial_ends <= ").push_bind(day_bound(day));
        }
        Some(StatusFilter::Ordered) => with_status(query, "ordered"),
        Some(StatusFilter::Active) => with_status(query, "active"),
        Some(StatusFilter::Blocked) => with_status(query, "blocked"),
        Some(StatusFilter::Closed) => with_status(query, "closed"),
    }
}

fn with_status(query: &mut Query, status: &'static str) {
    query.push(" AND one.status = ").push_bind(status);
}

async fn fetched(readers: &SqlitePool, mut query: Query) -> Result<Vec<Facts>, StoreError> {
    let rows = query.build().fetch_all(readers).await.map_err(failed)?;
    rows.iter().map(rows::facts).collect()
}

const HISTORY: &str = "
    SELECT sequence, event_type, event_version, on_date, recorded_at, actor_name, actor_role, command_id, edition, payload
      FROM events WHERE aggregate_type = 'license' AND aggregate_id = ? AND sequence > ?
     ORDER BY sequence LIMIT ?";

pub(crate) async fn history(
    executor: impl SqliteExecutor<'_>,
    license: &str,
    after: u64,
    limit: u32,
) -> Result<Vec<StoredEvent>, StoreError> {
    let after = i64::try_from(after).unwrap_or(i64::MAX);
    let query = sqlx::query(HISTORY).bind(license).bind(after).bind(limit);
    let rows = query.fetch_all(executor).await.map_err(failed)?;
    rows.iter().map(|row| stored_event(row).map_err(|error| at_license(error, license))).collect()
}

fn stored_event(row: &SqliteRow) -> Result<StoredEvent, StoreError> {
    let sequence = count(row, "sequence")?;
    let payload: &str = get(row, "payload")?;
    let unreadable = |error| StoreError::Damaged(format!("event {sequence}: {error}"));
    Ok(StoredEvent {
        sequence,
        event_type: get(row, "event_type")?,
        event_version: get(row, "event_version")?,
        on: parsed(row, "on_date")?,
        recorded_at: parsed(row, "recorded_at")?,
        actor: Actor { name: get(row, "actor_name")?, role: parsed(row, "actor_role")? },
        command_id: parsed(row, "command_id")?,
        edition: get(row, "edition")?,
        event: serde_json::from_str(payload).map_err(unreadable)?,
    })
}

fn at_license(error: StoreError, license: &str) -> StoreError {
    match error {
        StoreError::Damaged(what) => StoreError::Damaged(format!("license {license}: {what}")),
        other => other,
    }
}
