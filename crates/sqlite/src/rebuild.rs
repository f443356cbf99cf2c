//! Making the read models anew from the events: what is in doubt after a quick comparison is compared column by column while
//! nobody else writes, and only what differs is written.

use std::collections::{BTreeMap, BTreeSet};

use ledger_app::store::{RebuiltPage, Refold, Refolded, StoreError, StoredEvent};
use ledger_domain::values::LicenseNumber;
use sqlx::{Connection, SqliteConnection, SqlitePool};

use crate::compare::compare;
use crate::error::failed;
use crate::insert::{CURRENT, MENDED_VERSIONS, Table, insert};
use crate::read::history;
use crate::rows::{COLUMNS, count, instant_text, state_values, values};
use crate::value::{Value, raw_row};

/// Every license with events or with a row, so that strays are found too. Each part is cut to the page by itself.
const PAGE: &str = "
    SELECT license FROM (SELECT DISTINCT aggregate_id AS license FROM events
                          WHERE aggregate_type = 'license' AND aggregate_id > ?1 ORDER BY aggregate_id LIMIT ?2)
    UNION
    SELECT license FROM (SELECT license FROM current_entitlement WHERE license > ?1 ORDER BY license LIMIT ?2)
    UNION
    SELECT license FROM (SELECT DISTINCT license FROM entitlement_versions WHERE license > ?1 ORDER BY license LIMIT ?2)
    ORDER BY license LIMIT ?2";

/// How many licenses are compared at once, their rows held in memory, or rebuilt in one transaction.
const LICENSES_AT_ONCE: usize = 1_000;

/// A license's rows in a table, by version.
type Rows<'r> = BTreeMap<u64, Vec<Value<'r>>>;

/// Rebuilds a page of licenses: those whose rows are in doubt, some at a time.
pub(crate) async fn page(
    readers: &SqlitePool,
    writer: &mut SqliteConnection,
    after: Option<&str>,
    limit: u32,
    refold: Refold,
) -> Result<RebuiltPage, StoreError> {
    let mut reader = readers.acquire().await.map_err(failed)?;
    // A transaction that only reads sees one state of the file.
    let mut transaction = reader.begin().await.map_err(failed)?;
    let (mut page, in_doubt) = compared(&mut transaction, after, limit, refold).await?;
    transaction.commit().await.map_err(failed)?;
    for some in in_doubt.chunks(LICENSES_AT_ONCE) {
        let mut transaction = writer.begin_with("BEGIN IMMEDIATE").await.map_err(failed)?;
        for license in some {
            page.mended.extend(rebuild(&mut transaction, license, refold).await?);
        }
        transaction.commit().await.map_err(failed)?;
    }
    Ok(page)
}

/// A page of licenses, and those of them whose rows may not be as they must be.
pub(crate) async fn compared(
    transaction: &mut SqliteConnection,
    after: Option<&str>,
    limit: u32,
    refold: Refold,
) -> Result<(RebuiltPage, Vec<String>), StoreError> {
    let query = sqlx::query_scalar(PAGE).bind(after.unwrap_or_default()).bind(limit);
    let licenses: Vec<String> = query.fetch_all(&mut *transaction).await.map_err(failed)?;
    let (mut events, mut in_doubt) = (0, Vec::new());
    for some in licenses.chunks(LICENSES_AT_ONCE) {
        let compared = compare(transaction, some, refold).await?;
        events += compared.events;
        in_doubt.extend(compared.in_doubt);
    }
    let count = |list: &Vec<String>| u64::try_from(list.len()).unwrap_or(u64::MAX);
    let (licenses, last) = (count(&licenses), licenses.into_iter().next_back());
    let last = last.filter(|_| licenses == u64::from(limit));
    Ok((RebuiltPage { last, licenses, events, in_doubt: count(&in_doubt), mended: Vec::new() }, in_doubt))
}

async fn rebuild(connection: &mut SqliteConnection, license: &str, refold: Refold) -> Result<Vec<String>, StoreError> {
    let events = history(&mut *connection, license, 0, u32::MAX).await?;
    let refolded = refolded(license, &events, refold)?;
    let instants: Vec<_> = events.iter().map(|event| instant_text(event.recorded_at)).collect();
    let (current, versions) = wanted(refolded.as_ref(), &instants);
    let mut mended = mend(connection, &CURRENT, license, current).await?;
    mended.extend(mend(connection, &MENDED_VERSIONS, license, versions).await?);
    Ok(mended)
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
    Refolded::of(&number, events, refold).map(Some)
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
