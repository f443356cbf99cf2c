//! Whose rows are as their events make them: compared as the JSON that SQLite makes of them, a license at a time.
//!
//! Quick, and without a word on what is wrong. Whatever differs in a byte, cannot be read or cannot be folded is in doubt, and
//! left to [`crate::rebuild`], which looks at every column.

use std::collections::HashMap;

use futures::TryStreamExt;
use ledger_app::store::{Refold, StoreError};
use ledger_domain::event::Event;
use ledger_domain::license::Facts;
use ledger_domain::values::{Date, LicenseNumber};
use sqlx::{FromRow, SqliteConnection};

use crate::error::failed;
use crate::insert::{CURRENT, Table, VERSIONS};
use crate::rows::{state_values, values};
use crate::value::push_json;

/// What lies between two events of a license, and between the fields of one: JSON never has these characters in it.
const BETWEEN_EVENTS: char = '\u{1e}';
const BETWEEN_FIELDS: char = '\u{1f}';

/// The events of the licenses in a range, all of a license in one text. They come in the order of the key.
const EVENTS: &str = "
    SELECT aggregate_id AS license,
           group_concat(sequence || char(31) || event_type || char(31) || on_date || char(31) || recorded_at || char(31)
                        || payload, char(30)) AS rows
      FROM events WHERE aggregate_type = 'license' AND aggregate_id >= ? AND aggregate_id <= ? GROUP BY aggregate_id";

/// What came of comparing.
#[derive(Default)]
pub(crate) struct Compared {
    /// How many events the licenses have.
    pub(crate) events: u64,
    /// Those of the licenses whose rows may not be as they must be.
    pub(crate) in_doubt: Vec<String>,
}

/// The rows of a license, that are made of its events and have not been found.
#[derive(Default)]
struct Wanted {
    versions: Option<String>,
    current: Option<String>,
}

/// All of a license's rows in a table, or its events, as one text.
#[derive(FromRow)]
struct Gathered {
    license: String,
    rows: String,
}

/// Compares the rows of these licenses: all that the transaction sees from the first of them to the last, in order.
pub(crate) async fn compare(
    transaction: &mut SqliteConnection,
    licenses: &[String],
    refold: Refold,
) -> Result<Compared, StoreError> {
    let (Some(first), Some(last)) = (licenses.first(), licenses.last()) else { return Ok(Compared::default()) };
    let range = [first.as_str(), last.as_str()];
    let (mut events, mut wanted) = (0, HashMap::<String, Wanted>::new());
    let fold = |Gathered { license, rows }: Gathered| {
        events += rows.split(BETWEEN_EVENTS).map(|_| 1).sum::<u64>();
        wanted.extend(folded(&license, &rows, refold).map(|rows| (license, rows)));
    };
    each(transaction, EVENTS, range, fold).await?;
    let meet = |found: Gathered| {
        if let Some(wanted) = wanted.get_mut(&found.license) {
            wanted.versions.take_if(|rows| *rows == found.rows);
        }
    };
    each(transaction, &gathered(&VERSIONS), range, meet).await?;
    let meet = |found: Gathered| {
        if let Some(wanted) = wanted.get_mut(&found.license) {
            wanted.current.take_if(|rows| *rows == found.rows);
        }
    };
    each(transaction, &gathered(&CURRENT), range, meet).await?;
    let is_met = |wanted: &Wanted| wanted.versions.is_none() && wanted.current.is_none();
    let in_doubt = licenses.iter().filter(|license| !wanted.get(*license).is_some_and(is_met));
    Ok(Compared { events, in_doubt: in_doubt.cloned().collect() })
}

/// A table's rows of the licenses in a range, as JSON.
fn gathered(table: &Table) -> String {
    let (columns, table) = (table.columns.join(", "), table.name);
    format!(
        "SELECT license, group_concat(json_array({columns}), char(10)) AS rows
           FROM {table} WHERE license >= ? AND license <= ? GROUP BY license"
    )
}

async fn each(
    transaction: &mut SqliteConnection,
    sql: &str,
    [first, last]: [&str; 2],
    mut take: impl FnMut(Gathered),
) -> Result<(), StoreError> {
    let mut rows = sqlx::query_as(sql).bind(first).bind(last).fetch(transaction);
    while let Some(gathered) = rows.try_next().await.map_err(failed)? {
        take(gathered);
    }
    Ok(())
}

/// What the events make of the license, if they can be read and folded.
fn folded(license: &str, events: &str, refold: Refold) -> Option<Wanted> {
    let number: LicenseNumber = license.parse().ok().filter(|number: &LicenseNumber| number.as_str() == license)?;
    let events: Vec<_> = events.split(BETWEEN_EVENTS).map(read).collect::<Option<_>>()?;
    let mut instants = events.iter().map(|read| read.recorded_at);
    let mut versions = String::new();
    let mut write = |facts: &Facts| {
        if !versions.is_empty() {
            versions.push('\n');
        }
        push_json(&mut versions, &values(facts, instants.next().unwrap_or_default()));
    };
    let mut folding = events.iter().map(|read| (read.sequence, read.on, &read.event));
    let state = refold(&number, &mut folding, &mut write).ok()?;
    let mut current = String::new();
    push_json(&mut current, &state_values(&state, events.last()?.recorded_at));
    Some(Wanted { versions: Some(versions), current: Some(current) })
}

/// An event, as far as it is folded.
struct Read<'r> {
    sequence: u64,
    on: Date,
    recorded_at: &'r str,
    event: Event,
}

fn read(fields: &str) -> Option<Read<'_>> {
    let mut fields = fields.splitn(5, BETWEEN_FIELDS);
    let (sequence, event_type) = (fields.next()?.parse().ok()?, fields.next()?);
    let (on, recorded_at) = (fields.next()?.parse().ok()?, fields.next()?);
    let event: Event = serde_json::from_str(fields.next()?).ok()?;
    (event.event_type() == event_type).then_some(Read { sequence, on, recorded_at, event })
}
