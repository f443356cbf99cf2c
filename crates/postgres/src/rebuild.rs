//! Rebuilding the read models from the events: compared under row locks, and only what differs is written.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use ledger_app::store::{RebuiltPage, Refold, Refolded, StoreError, StoredEvent};
use ledger_domain::values::LicenseNumber;
use serde::Serialize;
use serde_json::Value;
use sqlx::postgres::PgPool;
use sqlx::{FromRow, PgConnection};

use crate::error::{damaged, store_error};
use crate::read::histories;
use crate::rows::{COLUMNS, FactsRow, named};

const CURRENT: &str = "current_entitlement";
const VERSIONS: &str = "entitlement_versions";

/// A row of `entitlement_versions`, as it is or must be.
#[derive(Debug, Clone, PartialEq, Serialize, FromRow)]
struct VersionRow {
    #[serde(flatten)]
    #[sqlx(flatten)]
    facts: FactsRow,
    recorded_at: DateTime<Utc>,
}

/// A row of `current_entitlement`, as it is or must be.
#[derive(Debug, Clone, PartialEq, Serialize, FromRow)]
struct CurrentRow {
    #[serde(flatten)]
    #[sqlx(flatten)]
    version: VersionRow,
    fold: i64,
    state: String,
}

/// The rows of some licenses, by license, and by license and version.
#[derive(Default)]
struct Rows {
    current: BTreeMap<String, CurrentRow>,
    versions: BTreeMap<(String, i64), VersionRow>,
}

/// Rebuilds a page of licenses in one transaction.
pub(crate) async fn page(
    pool: &PgPool,
    after: Option<&str>,
    limit: u32,
    refold: Refold,
) -> Result<RebuiltPage, StoreError> {
    let mut transaction = pool.begin().await.map_err(store_error)?;
    let licenses = licenses_after(&mut transaction, after.unwrap_or_default(), limit).await?;
    lock(&mut transaction, &licenses).await?;
    let events = histories(&mut *transaction, &licenses).await?;
    let mut page = RebuiltPage { licenses: count(licenses.len()), events: count(events.len()), ..Default::default() };
    let wanted = wanted(events, refold)?;
    let found = found(&mut transaction, &licenses).await?;
    mend(&mut transaction, &found, &wanted, &mut page.mended).await?;
    transaction.commit().await.map_err(store_error)?;
    page.last = licenses.into_iter().last().filter(|_| page.licenses == u64::from(limit));
    Ok(page)
}

/// The next licenses with events or with rows, so that strays are found too.
async fn licenses_after(connection: &mut PgConnection, after: &str, limit: u32) -> Result<Vec<String>, StoreError> {
    let query = "
        (SELECT DISTINCT aggregate_id FROM events WHERE aggregate_type = 'license' AND aggregate_id > $1
            ORDER BY aggregate_id LIMIT $2)
        UNION (SELECT license FROM current_entitlement WHERE license > $1 ORDER BY license LIMIT $2)
        UNION (SELECT DISTINCT license FROM entitlement_versions WHERE license > $1 ORDER BY license LIMIT $2)
        ORDER BY 1 LIMIT $2";
    let query = sqlx::query_scalar(query).bind(after).bind(i64::from(limit));
    query.fetch_all(connection).await.map_err(store_error)
}

/// Keeps appends off the licenses until the end of the transaction, in the order in which they lock too.
async fn lock(connection: &mut PgConnection, licenses: &[String]) -> Result<(), StoreError> {
    let rows = "SELECT FROM current_entitlement WHERE license = ANY ($1) ORDER BY license FOR UPDATE";
    sqlx::query(rows).bind(licenses).execute(connection).await.map(|_| ()).map_err(store_error)
}

/// The rows that the events make.
fn wanted(events: Vec<(String, StoredEvent)>, refold: Refold) -> Result<Rows, StoreError> {
    let mut streams: BTreeMap<String, Vec<StoredEvent>> = BTreeMap::new();
    for (license, event) in events {
        streams.entry(license).or_default().push(event);
    }
    let mut rows = Rows::default();
    for (license, events) in streams {
        let number: LicenseNumber = named(&license)?;
        rows.add(license, refold(&number, &events)?, &events)?;
    }
    Ok(rows)
}

impl Rows {
    fn add(&mut self, license: String, refolded: Refolded, events: &[StoredEvent]) -> Result<(), StoreError> {
        let Refolded { state, versions } = refolded;
        let (Some(last), true) = (events.last(), versions.len() == events.len()) else {
            return Err(damaged(format_args!("license {license} did not fold to one version for each event")));
        };
        let version = VersionRow { facts: FactsRow::from(&state.facts), recorded_at: last.recorded_at };
        let current = CurrentRow { version, fold: state.fold.into(), state: state.state };
        for (facts, event) in versions.iter().zip(events) {
            let row = VersionRow { facts: FactsRow::from(facts), recorded_at: event.recorded_at };
            self.versions.insert((license.clone(), row.facts.version), row);
        }
        self.current.insert(license, current);
        Ok(())
    }
}

/// The rows that there are.
async fn found(connection: &mut PgConnection, licenses: &[String]) -> Result<Rows, StoreError> {
    let query = format!("SELECT {COLUMNS}, recorded_at, fold, state FROM {CURRENT} WHERE license = ANY ($1)");
    let query = sqlx::query_as(&query).bind(licenses);
    let current: Vec<CurrentRow> = query.fetch_all(&mut *connection).await.map_err(store_error)?;
    let query = format!("SELECT {COLUMNS}, recorded_at FROM {VERSIONS} WHERE license = ANY ($1)");
    let query = sqlx::query_as(&query).bind(licenses);
    let versions: Vec<VersionRow> = query.fetch_all(&mut *connection).await.map_err(store_error)?;
    let key = |row: &VersionRow| (row.facts.license.clone(), row.facts.version);
    Ok(Rows {
        current: current.into_iter().map(|row| (row.version.facts.license.clone(), row)).collect(),
        versions: versions.into_iter().map(|row| (key(&row), row)).collect(),
    })
}

/// Removes every row that differs or has no event, and writes those that are wanted instead.
async fn mend(
    connection: &mut PgConnection,
    found: &Rows,
    wanted: &Rows,
    mended: &mut Vec<String>,
) -> Result<(), StoreError> {
    for license in keys(&found.current, &wanted.current) {
        let (found, wanted) = (found.current.get(license), wanted.current.get(license));
        if let (Some(found), Some(wanted)) = (found, wanted) {
            refuse_newer(found, wanted)?;
        }
        if let Some(what) = difference(found, wanted)? {
            mended.push(format!("{license}: {CURRENT}: {what}"));
            replace(connection, CURRENT, license, None, wanted).await?;
        }
    }
    for key in keys(&found.versions, &wanted.versions) {
        let (license, version) = key;
        let (found, wanted) = (found.versions.get(key), wanted.versions.get(key));
        if let Some(what) = difference(found, wanted)? {
            mended.push(format!("{license}: {VERSIONS}: version {version} {what}"));
            replace(connection, VERSIONS, license, Some(*version), wanted).await?;
        }
    }
    Ok(())
}

fn keys<'a, Key: Ord, Row>(found: &'a BTreeMap<Key, Row>, wanted: &'a BTreeMap<Key, Row>) -> BTreeSet<&'a Key> {
    found.keys().chain(wanted.keys()).collect()
}

fn refuse_newer(found: &CurrentRow, wanted: &CurrentRow) -> Result<(), StoreError> {
    if found.fold <= wanted.fold {
        return Ok(());
    }
    let license = &found.version.facts.license;
    Err(StoreError::Newer(format!("the state of license {license} is of fold {}", found.fold)))
}

/// What is wrong with a row, if anything.
fn difference<Row: PartialEq + Serialize>(
    found: Option<&Row>,
    wanted: Option<&Row>,
) -> Result<Option<String>, StoreError> {
    Ok(match (found, wanted) {
        (None, Some(_)) => Some("was missing".to_owned()),
        (Some(_), None) => Some("has no event and was removed".to_owned()),
        (Some(found), Some(wanted)) if found != wanted => Some(format!("differed: {}", columns(found, wanted)?)),
        _ => None,
    })
}

/// The columns in which two rows differ.
fn columns<Row: Serialize>(found: &Row, wanted: &Row) -> Result<String, StoreError> {
    let found = serde_json::to_value(found).map_err(damaged)?;
    let wanted = serde_json::to_value(wanted).map_err(damaged)?;
    let columns = wanted.as_object().into_iter().flatten();
    let differing = columns.filter(|(name, value)| found.get(name.as_str()) != Some(value));
    Ok(differing.map(|(name, _): (&String, &Value)| name.as_str()).collect::<Vec<_>>().join(", "))
}

async fn replace<Row: Serialize>(
    connection: &mut PgConnection,
    table: &str,
    license: &str,
    version: Option<i64>,
    row: Option<&Row>,
) -> Result<(), StoreError> {
    let delete = format!("DELETE FROM {table} WHERE license = $1 AND ($2 IS NULL OR version = $2)");
    let delete = sqlx::query(&delete).bind(license).bind(version);
    delete.execute(&mut *connection).await.map_err(store_error)?;
    let Some(row) = row else { return Ok(()) };
    let insert = format!("INSERT INTO {table} SELECT * FROM json_populate_record(NULL::{table}, $1::json)");
    let insert = sqlx::query(&insert).bind(serde_json::to_string(row).map_err(damaged)?);
    insert.execute(&mut *connection).await.map(|_| ()).map_err(store_error)
}

fn count(number: usize) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}
