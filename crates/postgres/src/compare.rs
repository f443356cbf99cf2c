//! Whose rows are as their events make them: compared by the bytes that COPY writes.
//!
//! Quick, and without a word on what is wrong. Whatever differs in a byte, cannot be read or cannot be folded is in doubt, and
//! left to [`crate::rebuild`], which looks at every column. So on how PostgreSQL writes a value only the speed depends.

use std::collections::BTreeSet;

use ledger_app::store::{Refold, StoreError};
use ledger_domain::event::Event;
use ledger_domain::license::Facts;
use ledger_domain::values::{Date, LicenseNumber};
use sqlx::postgres::PgPool;
use sqlx::{Connection, Executor, PgConnection, Postgres, Transaction};
use tokio::task::{JoinError, JoinSet};

use crate::copy::{Rows, unescaped};
use crate::copy_facts;
use crate::copy_out::{self, Borrowed, Fields};
use crate::error::{damaged, store_error};
use crate::expected::Expected;
use crate::rebuild::{CURRENT, VERSIONS};
use crate::rows::COLUMNS;

/// One state of the database, to read from by the keys: statistics of a ledger that has just been made cannot be trusted.
const SNAPSHOT: &str = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY; \
    SET LOCAL enable_seqscan = off; SET LOCAL jit = off";

/// The range of licenses, as settings of the transaction: a COPY takes no parameters.
const AFTER: &str = "ledger.after";
const TO: &str = "ledger.to";

/// On so many connections a page is compared.
const CONNECTIONS: usize = 4;

/// How many licenses are compared at once on each. Small parts of a large page, so that none of them is the last one at
/// work for long.
const PART_LICENSES: usize = 250;

/// What came of comparing.
#[derive(Default)]
pub(crate) struct Compared {
    /// How many licenses there are, those included that have rows and no events.
    pub(crate) licenses: u64,
    /// How many events the licenses have.
    pub(crate) events: u64,
    /// Those of the licenses whose rows may not be as they must be.
    pub(crate) in_doubt: BTreeSet<String>,
}

/// A transaction that only reads, all from one state of the database.
pub(crate) async fn snapshot(pool: &PgPool) -> Result<Transaction<'static, Postgres>, StoreError> {
    let mut transaction = pool.begin().await.map_err(store_error)?;
    transaction.execute(SNAPSHOT).await.map_err(store_error)?;
    Ok(transaction)
}

/// A range of licenses by number, and those in it that have events.
struct Part {
    /// All of it comes after this one.
    after: String,
    /// The last one; none: it goes on to the end.
    to: Option<String>,
    licenses: Vec<String>,
}

/// Compares all rows of a range of licenses: those after the first, up to the last of the ones given, or to the end. In
/// parts on some connections, so that neither the server nor this program waits for the other.
///
/// The licenses given are in order, and all that have events in this range.
pub(crate) async fn compare(
    pool: &PgPool,
    after: &str,
    licenses: &[String],
    to_the_end: bool,
    refold: Refold,
) -> Result<Compared, StoreError> {
    let (mut all, mut at_work) = (Compared::default(), JoinSet::new());
    for part in parts_of(after, licenses, to_the_end) {
        if at_work.len() == CONNECTIONS {
            all.add(at_work.join_next().await)?;
        }
        at_work.spawn(compare_alone(pool.clone(), part, refold));
    }
    while !at_work.is_empty() {
        all.add(at_work.join_next().await)?;
    }
    Ok(all)
}

impl Compared {
    /// Adds a part that is done.
    fn add(&mut self, part: Option<Result<Result<Self, StoreError>, JoinError>>) -> Result<(), StoreError> {
        let Some(part) = part else { return Ok(()) };
        let part = part.map_err(|error| StoreError::Unavailable(format!("comparing broke off: {error}")))??;
        self.licenses += part.licenses;
        self.events += part.events;
        self.in_doubt.extend(part.in_doubt);
        Ok(())
    }
}

fn parts_of(after: &str, licenses: &[String], to_the_end: bool) -> Vec<Part> {
    let mut parts: Vec<Part> = Vec::new();
    for licenses in licenses.chunks(PART_LICENSES) {
        let after = parts.last().and_then(|part| part.to.clone()).unwrap_or_else(|| after.to_owned());
        parts.push(Part { after, to: licenses.last().cloned(), licenses: licenses.to_vec() });
    }
    if parts.is_empty() {
        parts.push(Part { after: after.to_owned(), to: None, licenses: Vec::new() });
    }
    if let Some(last) = parts.last_mut().filter(|_| to_the_end) {
        last.to = None;
    }
    parts
}

/// Compares a part on a connection of its own, as it is in one state of the database.
async fn compare_alone(pool: PgPool, part: Part, refold: Refold) -> Result<Compared, StoreError> {
    let mut connection = Borrowed::from(&pool).await?;
    let mut snapshot = connection.begin().await.map_err(store_error)?;
    snapshot.execute(SNAPSHOT).await.map_err(store_error)?;
    let compared = compare_part(&mut snapshot, &part, refold).await?;
    snapshot.commit().await.map_err(store_error)?;
    connection.give_back();
    Ok(compared)
}

/// Compares all that the snapshot has in the range.
async fn compare_part(snapshot: &mut PgConnection, part: &Part, refold: Refold) -> Result<Compared, StoreError> {
    let range = sqlx::query("SELECT set_config($1, $2, true), set_config($3, $4, true)");
    let range = range.bind(AFTER).bind(&part.after).bind(TO).bind(part.to.as_deref().unwrap_or_default());
    range.execute(&mut *snapshot).await.map_err(store_error)?;
    let (events, mut wanted) = wanted(&mut *snapshot, part, refold).await?;
    let mut strays = BTreeSet::new();
    let mut stray = |license: Option<&str>| strays.extend(license.map(|license| unescaped(license).into_owned()));
    let versions = part.rows(&format!("{COLUMNS}, recorded_at"), VERSIONS, "license");
    copy_out::lines(&mut *snapshot, &versions, |line| stray(wanted.versions.meet(line))).await?;
    let current = part.rows(&format!("{COLUMNS}, recorded_at, fold, state"), CURRENT, "license");
    copy_out::lines(&mut *snapshot, &current, |line| stray(wanted.current.meet(line))).await?;
    strays.retain(|license| part.licenses.binary_search(license).is_err());
    let licenses = part.licenses.len() + strays.len();
    let in_doubt = part.licenses.iter().filter(|license| !wanted.is_met(license)).cloned();
    let in_doubt = in_doubt.chain(strays).collect();
    Ok(Compared { licenses: licenses.try_into().unwrap_or(u64::MAX), events, in_doubt })
}

impl Part {
    /// A table's rows of the range, as they lie: what the server puts in order it copies for that.
    fn rows(&self, columns: &str, table: &str, license: &str) -> String {
        let up_to = if self.to.is_some() { format!("AND {license} <= current_setting('{TO}')") } else { String::new() };
        format!("SELECT {columns} FROM {table} WHERE {license} > current_setting('{AFTER}') {up_to}")
    }
}

/// How many events there are, and the rows that they make.
async fn wanted(snapshot: &mut PgConnection, part: &Part, refold: Refold) -> Result<(u64, Wanted), StoreError> {
    let columns = "aggregate_id, sequence, event_type, on_date, recorded_at::text, payload";
    let of_licenses = "(SELECT * FROM events WHERE aggregate_type = 'license') AS event";
    let query = format!("{} ORDER BY aggregate_id, sequence", part.rows(columns, of_licenses, "aggregate_id"));
    let (mut count, mut wanted, mut history) = (0, Wanted::nothing(), History::default());
    let read = |row: &mut Fields<'_>| {
        let license = row.text()?;
        if license != history.license {
            wanted.add(&history, refold);
            history = History { license: license.to_owned(), ..History::default() };
        }
        count += 1;
        history.add(row);
        Ok(())
    };
    copy_out::each(snapshot, &query, read).await?;
    wanted.add(&history, refold);
    Ok((count, wanted))
}

/// The events of one license, as far as they are read.
#[derive(Default)]
struct History {
    license: String,
    events: Vec<(u64, Date, Event)>,
    /// When each was recorded, as PostgreSQL writes it.
    instants: Vec<String>,
    is_damaged: bool,
}

impl History {
    /// The license, if it is one and its events could be read.
    fn number(&self) -> Option<LicenseNumber> {
        let number: LicenseNumber = self.license.parse().ok()?;
        (number.as_str() == self.license && !self.is_damaged).then_some(number)
    }

    fn add(&mut self, row: &mut Fields<'_>) {
        match event(row) {
            Ok((event, instant)) => {
                self.events.push(event);
                self.instants.push(instant);
            }
            Err(_) => self.is_damaged = true,
        }
    }
}

fn event(row: &mut Fields<'_>) -> Result<((u64, Date, Event), String), StoreError> {
    let (sequence, event_type, on, instant) = (row.count()?, row.text()?, row.day()?, row.text()?.to_owned());
    let event: Event = serde_json::from_str(row.text()?).map_err(damaged)?;
    if event.event_type() != event_type {
        return Err(damaged(event_type));
    }
    Ok(((sequence, on, event), instant))
}

/// The rows that there must be.
struct Wanted {
    versions: Expected,
    current: Expected,
}

impl Wanted {
    fn nothing() -> Self {
        let rows = |table| Expected::of(Rows::into(table, COLUMNS));
        Self { versions: rows(VERSIONS), current: rows(CURRENT) }
    }

    /// Adds what the history makes; nothing, if it cannot be folded.
    fn add(&mut self, history: &History, refold: Refold) {
        let number = history.number();
        let (Some(license), Some(last)) = (number, history.instants.last()) else { return };
        let mut events = history.events.iter().map(|(sequence, on, event)| (*sequence, *on, event));
        let mut instants = history.instants.iter();
        let mut write = |facts: &Facts| {
            if let Some(instant) = instants.next() {
                copy_facts::push(self.versions.rows(), facts, instant);
                self.versions.rows().end();
            }
        };
        let Ok(state) = refold(&license, &mut events, &mut write) else { return self.versions.forget() };
        copy_facts::push(self.current.rows(), &state.facts, last);
        self.current.rows().plain(state.fold).text(&state.state).end();
        self.versions.expect(license.as_str());
        self.current.expect(license.as_str());
    }

    fn is_met(&self, license: &str) -> bool {
        self.versions.is_met(license) && self.current.is_met(license)
    }
}
