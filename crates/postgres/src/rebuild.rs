//! Rebuilding the read models from the events: what is in doubt after a quick comparison is compared column by column under
//! row locks, and only what differs is written.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use ledger_app::store::{RebuiltPage, Refold, Refolded, StoreError, StoredEvent};
use ledger_domain::values::LicenseNumber;
use serde::Serialize;
use serde_json::Value;
use sqlx::postgres::PgPool;
use sqlx::{FromRow, PgConnection};

use crate::compare::{Compared, compare, snapshot};
use crate::error::{damaged, store_error};
use crate::read::histories;
use crate::rows::{COLUMNS, FactsRow, named};

pub(crate) const CURRENT: &str = "current_entitlement";
pub(crate) const VERSIONS: &str = "entitlement_versions";

/// How many licenses are looked at column by column at once, and kept from appends meanwhile.
const LICENSES_AT_ONCE: usize = 100;

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

/// The rows of one license.
#[derive(Default)]
struct Rows {
    current: Option<CurrentRow>,
    versions: BTreeMap<i64, VersionRow>,
}

type RowsByLicense = BTreeMap<String, Rows>;

/// Rebuilds a page of licenses: those whose rows are in doubt, some at a time.
pub(crate) async fn page(
    pool: &PgPool,
    after: Option<&str>,
    limit: u32,
    refold: Refold,
) -> Result<RebuiltPage, StoreError> {
    let (page, in_doubt) = compared(pool, after, limit, refold).await?;
    let mended = if in_doubt.is_empty() { Vec::new() } else { rebuild(pool, &in_doubt, refold).await? };
    Ok(RebuiltPage { mended, ..page })
}

/// Makes the rows of these licenses as they must be, and says what it took. What they were in doubt about may be over.
async fn rebuild(pool: &PgPool, licenses: &[String], refold: Refold) -> Result<Vec<String>, StoreError> {
    let mut mended = Vec::new();
    for some in licenses.chunks(LICENSES_AT_ONCE) {
        let mut transaction = pool.begin().await.map_err(store_error)?;
        lock(&mut transaction, some).await?;
        for (license, found, wanted) in rows(&mut transaction, some, refold).await? {
            mend(&mut transaction, &license, &found, &wanted, &mut mended).await?;
        }
        transaction.commit().await.map_err(store_error)?;
    }
    Ok(mended)
}

/// A page of licenses, and those of them whose rows may not be as they must be.
pub(crate) async fn compared(
    pool: &PgPool,
    after: Option<&str>,
    limit: u32,
    refold: Refold,
) -> Result<(RebuiltPage, Vec<String>), StoreError> {
    let mut snapshot = snapshot(pool).await?;
    let after = after.unwrap_or_default();
    let page = licenses_after(&mut snapshot, after, limit).await?;
    snapshot.commit().await.map_err(store_error)?;
    let to_the_end = count(page.len()) < u64::from(limit);
    let Compared { licenses, events, in_doubt } = compare(pool, after, &page, to_the_end, refold).await?;
    let last = page.into_iter().next_back().filter(|_| !to_the_end);
    let in_doubt: Vec<_> = in_doubt.into_iter().collect();
    Ok((RebuiltPage { last, licenses, events, in_doubt: count(in_doubt.len()), mended: Vec::new() }, in_doubt))
}

/// What the license's rows differ in from what its events make of them. Nothing is written.
pub(crate) async fn said(
    connection: &mut PgConnection,
    license: &String,
    refold: Refold,
) -> Result<Vec<String>, StoreError> {
    let mut lines = Vec::new();
    for (license, found, wanted) in rows(connection, std::slice::from_ref(license), refold).await? {
        lines.extend(differences(&license, &found, &wanted)?.into_iter().map(|difference| difference.line));
    }
    Ok(lines)
}

/// The rows of each license: those that there are, and those that the events make.
async fn rows(
    connection: &mut PgConnection,
    licenses: &[String],
    refold: Refold,
) -> Result<Vec<(String, Rows, Rows)>, StoreError> {
    let mut wanted = wanted(histories(&mut *connection, licenses).await?, refold)?;
    let mut found = found(connection, licenses).await?;
    let rows = licenses.iter().map(|license| {
        let (found, wanted) = (found.remove(license), wanted.remove(license));
        (license.clone(), found.unwrap_or_default(), wanted.unwrap_or_default())
    });
    Ok(rows.collect())
}

/// A row that is not as it must be.
struct Difference {
    table: &'static str,
    /// Of which version; none of the current row.
    version: Option<i64>,
    line: String,
}

fn differences(license: &str, found: &Rows, wanted: &Rows) -> Result<Vec<Difference>, StoreError> {
    if let (Some(found), Some(wanted)) = (&found.current, &wanted.current) {
        refuse_newer(found, wanted)?;
    }
    let mut differences = Vec::new();
    if let Some(what) = difference(found.current.as_ref(), wanted.current.as_ref())? {
        differences.push(Difference { table: CURRENT, version: None, line: format!("{license}: {CURRENT}: {what}") });
    }
    let versions: BTreeSet<_> = found.versions.keys().chain(wanted.versions.keys()).collect();
    for version in versions {
        if let Some(what) = difference(found.versions.get(version), wanted.versions.get(version))? {
            let line = format!("{license}: {VERSIONS}: version {version} {what}");
            differences.push(Difference { table: VERSIONS, version: Some(*version), line });
        }
    }
    Ok(differences)
}

/// The next licenses with events. From one to the next by the index, past all of its events.
async fn licenses_after(connection: &mut PgConnection, after: &str, limit: u32) -> Result<Vec<String>, StoreError> {
    let next = "SELECT aggregate_id FROM events WHERE aggregate_type = 'license' AND aggregate_id >";
    let query = format!(
        "WITH RECURSIVE page AS (
            SELECT ({next} $1 ORDER BY aggregate_id LIMIT 1) AS license, 1 AS place
            UNION ALL
            SELECT ({next} page.license ORDER BY aggregate_id LIMIT 1), place + 1
            FROM page WHERE license IS NOT NULL AND place < $2
        ) SELECT license FROM page WHERE license IS NOT NULL ORDER BY license"
    );
    let query = query.as_str();
    let query = sqlx::query_scalar(query).bind(after).bind(i64::from(limit));
    query.fetch_all(connection).await.map_err(store_error)
}

/// Keeps appends off the licenses until the end of the transaction, in the order in which they lock too.
async fn lock(connection: &mut PgConnection, licenses: &[String]) -> Result<(), StoreError> {
    let rows = "SELECT FROM current_entitlement WHERE license = ANY ($1) ORDER BY license FOR UPDATE";
    sqlx::query(rows).bind(licenses).execute(connection).await.map(|_| ()).map_err(store_error)
}

/// The rows that the events make.
fn wanted(events: Vec<(String, StoredEvent)>, refold: Refold) -> Result<RowsByLicense, StoreError> {
    let mut streams: BTreeMap<String, Vec<StoredEvent>> = BTreeMap::new();
    for (license, event) in events {
        streams.entry(license).or_default().push(event);
    }
    let rows = streams.into_iter().map(|(license, events)| {
        let rows = folded(&named(&license)?, &events, refold)?;
        Ok((license, rows))
    });
    rows.collect()
}

fn folded(license: &LicenseNumber, events: &[StoredEvent], refold: Refold) -> Result<Rows, StoreError> {
    let Refolded { state, versions } = Refolded::of(license, events, refold)?;
    let (Some(last), true) = (events.last(), versions.len() == events.len()) else {
        return Err(damaged(format_args!("license {license} did not fold to one version for each event")));
    };
    let row = |facts, event: &StoredEvent| VersionRow { facts: FactsRow::from(facts), recorded_at: event.recorded_at };
    let current = CurrentRow { version: row(&state.facts, last), fold: state.fold.into(), state: state.state };
    let versions = versions.iter().zip(events).map(|(facts, event)| row(facts, event));
    Ok(Rows { current: Some(current), versions: versions.map(|row| (row.facts.version, row)).collect() })
}

/// The rows that there are.
async fn found(connection: &mut PgConnection, licenses: &[String]) -> Result<RowsByLicense, StoreError> {
    let query = format!("SELECT {COLUMNS}, recorded_at, fold, state FROM {CURRENT} WHERE license = ANY ($1)");
    let current: Vec<CurrentRow> =
        sqlx::query_as(&query).bind(licenses).fetch_all(&mut *connection).await.map_err(store_error)?;
    let query = format!("SELECT {COLUMNS}, recorded_at FROM {VERSIONS} WHERE license = ANY ($1)");
    let versions: Vec<VersionRow> =
        sqlx::query_as(&query).bind(licenses).fetch_all(&mut *connection).await.map_err(store_error)?;
    let mut found = RowsByLicense::new();
    for row in current {
        let rows = found.entry(row.version.facts.license.clone()).or_default();
        rows.current = Some(row);
    }
    for row in versions {
        found.entry(row.facts.license.clone()).or_default().versions.insert(row.facts.version, row);
    }
    Ok(found)
}

/// Removes every row of the license that differs or has no event, and writes those that are wanted instead.
async fn mend(
    connection: &mut PgConnection,
    license: &str,
    found: &Rows,
    wanted: &Rows,
    mended: &mut Vec<String>,
) -> Result<(), StoreError> {
    for Difference { table, version, line } in differences(license, found, wanted)? {
        match version {
            None => {
                mended.push(if wanted.current.is_none() { removed(&line) } else { line });
                replace(connection, table, license, None, wanted.current.as_ref()).await?;
            }
            Some(number) => {
                let row = wanted.versions.get(&number);
                mended.push(if row.is_none() { removed(&line) } else { line });
                replace(connection, table, license, version, row).await?;
            }
        }
    }
    Ok(())
}

fn removed(line: &str) -> String {
    format!("{line} and was removed")
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
        (Some(_), None) => Some("has no event".to_owned()),
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

/// Puts a new row in the old one's place. Not an UPDATE: an append that waits for the old row, with what was judged on it,
/// would go on with the new one; so it finds none, and is judged anew.
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
