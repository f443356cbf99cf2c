//! Making the read models anew from the events.

use std::collections::{BTreeMap, BTreeSet};

use ledger_app::store::{RebuiltPage, Refold, Refolded, StoreError, StoredEvent};
use ledger_domain::values::LicenseNumber;
use sqlx::{Connection, SqliteConnection};

use crate::error::failed;
use crate::insert::{CURRENT, MENDED_VERSIONS, Table, insert};
use crate::read::history;
use crate::rows::{COLUMNS, count, instant_text, state_values, values};
use crate::value::{Value, raw_row};

/// Every license with events or with a row, so that strays are found too. Each part is cut to the page by itself.
pub(crate) const PAGE: &str = "
    SELECT license FROM (SELECT DISTINCT aggregate_id AS license FROM events
                          WHERE aggregate_type = 'license' AND aggregate_id > ?1 ORDER BY aggregate_id LIMIT ?2)
    UNION
    SELECT license FROM (SELECT license FROM current_entitlement WHERE license > ?1 ORDER BY license LIMIT ?2)
    UNION
    SELECT license FROM (SELECT DISTINCT license FROM entitlement_versions WHERE license > ?1 ORDER BY license LIMIT ?2)
    ORDER BY license LIMIT ?2";

/// A license's rows in a table, by version.
type Rows<'r> = BTreeMap<u64, Vec<Value<'r>>>;

pub(crate) async fn page(
    connection: &mut SqliteConnection,
    after: Option<&str>,
    limit: u32,
    refold: Refold,
) -> Result<RebuiltPage, StoreError> {
    let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await.map_err(failed)?;
    let query = sqlx::query_scalar(PAGE).bind(after.unwrap_or_default()).bind(limit);
    let licenses: Vec<String> = query.fetch_all(&mut *transaction).await.map_err(failed)?;
    let mut page = RebuiltPage::default();
    for license in &licenses {
        rebuild(&mut transaction, license, refold, &mut page).await?;
    }
    let is_full = u32::try_from(licenses.len()).is_ok_and(|count| count == limit);
    page.last = licenses.into_iter().next_back().filter(|_| is_full);
    transaction.commit().await.map_err(failed)?;
    Ok(page)
}

async fn rebuild(
    connection: &mut SqliteConnection,
    license: &str,
    refold: Refold,
    page: &mut RebuiltPage,
) -> Result<(), StoreError> {
    let events = history(&mut *connection, license, 0, u32::MAX).await?;
    let refolded = refolded(license, &events, refold)?;
    let instants: Vec<_> = events.iter().map(|event| instant_text(event.recorded_at)).collect();
    let (current, versions) = wanted(refolded.as_ref(), &instants);
    page.licenses += 1;
    page.events += u64::try_from(events.len()).unwrap_or(u64::MAX);
    page.mended.extend(mend(connection, &CURRENT, license, current).await?);
    page.mended.extend(mend(connection, &MENDED_VERSIONS, license, versions).await?);
    Ok(())
}

/// What the license's rows differ in from what its events make of it. Nothing is written.
pub(crate) async fn differences(
    connection: &mut SqliteConnection,
    license: &str,
    refold: Refold,
) -> Result<Vec<String>, StoreError> {
    let events = history(&mut *connection, license, 0, u32::MAX).await?;
    let refolded = refolded(license, &events, refold)?;
    let instants: Vec<_> = events.iter().map(|event| instant_text(event.recorded_at)).collect();
    let (current, versions) = wanted(refolded.as_ref(), &instants);
    let mut lines = Vec::new();
    for (table, wanted) in [(&CURRENT, &current), (&MENDED_VERSIONS, &versions)] {
        let stored = stored(connection, table, license).await?;
        check_fold(license, &stored, wanted)?;
        lines.extend(strays(table, license, &stored, wanted).map(|(_, line)| line));
        lines.extend(differing(table, license, &stored, wanted).map(|(_, line)| line));
    }
    Ok(lines)
}

/// The versions that no event has made, and what to say of them.
fn strays<'r>(
    table: &'r Table,
    license: &'r str,
    stored: &'r Rows<'_>,
    wanted: &'r Rows<'_>,
) -> impl Iterator<Item = (u64, String)> {
    let strays = stored.keys().filter(|version| !wanted.contains_key(version));
    strays.map(move |version| (*version, format!("{license}: {}: version {version} has no event", table.name)))
}

/// The versions that are missing or not as they must be, and what to say of them.
fn differing<'r>(
    table: &'r Table,
    license: &'r str,
    stored: &'r Rows<'_>,
    wanted: &'r Rows<'_>,
) -> impl Iterator<Item = (u64, String)> {
    wanted.iter().filter_map(move |(version, row)| {
        let what = difference(table, stored.get(version), row)?;
        Some((*version, format!("{license}: {}: version {version} {what}", table.name)))
    })
}

fn refolded(license: &str, events: &[StoredEvent], refold: Refold) -> Result<Option<Refolded>, StoreError> {
    if events.is_empty() {
        return Ok(None);
    }
    let number: LicenseNumber =
        license.parse().map_err(|error| StoreError::Damaged(format!("\"{license}\": {error}")))?;
    refold(&number, events).map(Some)
}

/// The rows as they must be: the current one and the versions; none for a license without events.
fn wanted<'r>(refolded: Option<&'r Refolded>, instants: &'r [String]) -> (Rows<'r>, Rows<'r>) {
    let (Some(Refolded { state, versions }), Some(last)) = (refolded, instants.last()) else {
        return (Rows::new(), Rows::new());
    };
    let current = Rows::from([(state.facts.version, state_values(state, last))]);
    let versions = versions.iter().zip(instants);
    (current, versions.map(|(facts, at)| (facts.version, values(facts, at))).collect())
}

/// Makes the license's rows of a table as they must be, and says what it took.
async fn mend(
    connection: &mut SqliteConnection,
    table: &Table,
    license: &str,
    wanted: Rows<'_>,
) -> Result<Vec<String>, StoreError> {
    let stored = stored(connection, table, license).await?;
    check_fold(license, &stored, &wanted)?;
    let mut lines = Vec::new();
    for (version, line) in strays(table, license, &stored, &wanted) {
        remove(connection, table, license, version).await?;
        lines.push(format!("{line} and was removed"));
    }
    let (differing, said): (BTreeSet<_>, Vec<_>) = differing(table, license, &stored, &wanted).unzip();
    lines.extend(said);
    let rows = wanted.into_iter().filter(|(version, _)| differing.contains(version)).map(|(_, row)| row);
    insert(connection, table, rows.collect()).await.map_err(failed)?;
    Ok(lines)
}

async fn stored(connection: &mut SqliteConnection, table: &Table, license: &str) -> Result<Rows<'static>, StoreError> {
    let sql = format!("SELECT {} FROM {} WHERE license = ?", table.columns.join(","), table.name);
    let rows = sqlx::query(&sql).bind(license).fetch_all(connection).await.map_err(failed)?;
    rows.iter().map(|row| Ok((count(row, "version")?, raw_row(row)?))).collect()
}

/// A state that a newer program folded is not this one's to change. Only the current rows have a fold.
fn check_fold(license: &str, stored: &Rows<'_>, wanted: &Rows<'_>) -> Result<(), StoreError> {
    let fold = |rows: &Rows<'_>| match rows.values().next()?.get(COLUMNS.len())? {
        Value::Integer(fold) => Some(*fold),
        _ => None,
    };
    match (fold(stored), fold(wanted)) {
        (Some(stored), Some(wanted)) if stored > wanted => {
            Err(StoreError::Newer(format!("the state of license {license} is of fold {stored}")))
        }
        _ => Ok(()),
    }
}

async fn remove(
    connection: &mut SqliteConnection,
    table: &Table,
    license: &str,
    version: u64,
) -> Result<(), StoreError> {
    let sql = format!("DELETE FROM {} WHERE license = ? AND version = ?", table.name);
    let version = i64::try_from(version).unwrap_or(i64::MAX);
    sqlx::query(&sql).bind(license).bind(version).execute(connection).await.map(|_| ()).map_err(failed)
}

/// What differs between a row as it is stored and as it must be; nothing when they are the same.
fn difference(table: &Table, stored: Option<&Vec<Value<'_>>>, wanted: &[Value<'_>]) -> Option<String> {
    let Some(stored) = stored else { return Some("was missing".to_owned()) };
    let pairs = table.columns.iter().zip(stored.iter().zip(wanted));
    let columns: Vec<_> = pairs.filter(|(_, (is, must))| is != must).map(|(column, _)| *column).collect();
    if columns.is_empty() { None } else { Some(format!("differed in {}", columns.join(", "))) }
}
