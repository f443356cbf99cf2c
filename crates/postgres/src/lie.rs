//! Events of the log read as they lie. An event gets its position about where it lies, so the blocks from that of the first
//! to that of the last one of a range hold nearly all of it; and to read blocks one after the other costs the server half
//! of what it costs to go by the index. What lies elsewhere is looked up.

use std::collections::HashSet;
use std::ops::Range;

use ledger_app::store::StoreError;
use sqlx::postgres::PgPool;

use crate::copy_out::{self, Borrowed, Fields};
use crate::error::store_error;
use crate::rows::signed;

/// How many events of a range may lie elsewhere to be looked up: with more the index is quicker.
const ELSEWHERE: usize = 500;

/// What is read of an event, and how.
pub(crate) struct Reader<T> {
    /// The statement, up to its FROM.
    pub(crate) select: &'static str,
    pub(crate) read: fn(&mut Fields<'_>) -> Result<T, StoreError>,
    pub(crate) position: fn(&T) -> u64,
}

impl<T> Reader<T> {
    /// The events from one position up to another, in order; fewer where there are gaps.
    pub(crate) async fn between(&self, pool: &PgPool, from: u64, to: u64) -> Result<Vec<T>, StoreError> {
        let by_the_index = format!("position >= {} AND position < {} ORDER BY position", signed(from), signed(to));
        self.range(pool, from..to, &by_the_index).await
    }

    /// So many events from a position on, in order, whatever gaps there are; fewer at the end.
    pub(crate) async fn from(&self, pool: &PgPool, from: u64, limit: u32) -> Result<Vec<T>, StoreError> {
        let by_the_index = format!("position >= {} ORDER BY position LIMIT {limit}", signed(from));
        self.range(pool, from..from.saturating_add(limit.into()), &by_the_index).await
    }

    async fn range(&self, pool: &PgPool, range: Range<u64>, by_the_index: &str) -> Result<Vec<T>, StoreError> {
        let mut connection = Borrowed::from(pool).await?;
        let events = match self.as_they_lie(&mut connection, range).await? {
            Some(events) => events,
            None => self.rows(&mut connection, by_the_index).await?,
        };
        connection.give_back();
        Ok(events)
    }

    /// All of the range; `None` where they lie apart, or not all are there.
    async fn as_they_lie(&self, connection: &mut Borrowed, range: Range<u64>) -> Result<Option<Vec<T>>, StoreError> {
        let Range { start: from, end: to } = range;
        let Some((first, last)) = blocks(connection, from, to).await? else { return Ok(None) };
        // Kept from the index, which the planner might take.
        let rows = format!(
            "ctid >= '({first},0)' AND ctid < '({},0)' AND position + 0 >= {} AND position + 0 < {}",
            last + 1,
            signed(from),
            signed(to)
        );
        let mut events = self.rows(connection, &rows).await?;
        let there: HashSet<u64> = events.iter().map(|event| (self.position)(event)).collect();
        let missing: Vec<u64> = (from..to).filter(|position| !there.contains(position)).collect();
        if missing.len() > ELSEWHERE {
            return Ok(None);
        }
        if !missing.is_empty() {
            let missing: Vec<_> = missing.iter().map(u64::to_string).collect();
            events.extend(self.rows(connection, &format!("position = ANY ('{{{}}}')", missing.join(","))).await?);
        }
        events.sort_unstable_by_key(|event| (self.position)(event));
        let is_whole = u64::try_from(events.len()).is_ok_and(|found| found == to - from);
        Ok(Some(events).filter(|_| is_whole))
    }

    async fn rows(&self, connection: &mut Borrowed, rows: &str) -> Result<Vec<T>, StoreError> {
        let mut events = Vec::new();
        let query = format!("{} FROM events WHERE {rows}", self.select);
        copy_out::each(connection, &query, |row| (self.read)(row).map(|event| events.push(event))).await?;
        Ok(events)
    }
}

/// The blocks between which the events of a range may lie: those of its first and its last one. None where one of the two
/// is missing, or they lie too far apart.
async fn blocks(connection: &mut Borrowed, from: u64, to: u64) -> Result<Option<(i64, i64)>, StoreError> {
    let query = "
        SELECT min(block), max(block), count(*)
        FROM (SELECT ((ctid::text::point)[0])::bigint AS block FROM events WHERE position IN ($1, $2)) AS ends";
    let query = sqlx::query_as(query).bind(signed(from)).bind(signed(to.saturating_sub(1)));
    let (first, last, ends): (Option<i64>, Option<i64>, i64) =
        query.fetch_one(&mut **connection).await.map_err(store_error)?;
    let is_near = |(first, last): &(i64, i64)| last.abs_diff(*first) < to.saturating_sub(from);
    Ok(first.zip(last).filter(|_| ends == 2).filter(is_near))
}
