//! The log in parts, read block by block: to visit each block of a part once costs the server a quarter less than to go by
//! the index from event to event.

use ledger_app::store::StoreError;
use sqlx::postgres::PgPool;
use sqlx::{Connection, Executor, PgConnection};

use crate::copy_out::{self, Borrowed, Fields};
use crate::error::store_error;
use crate::rows::signed;

/// Which blocks these are the index tells first. It is not left to statistics, which a new ledger has none of.
const BLOCK_BY_BLOCK: &str = "SET LOCAL enable_indexscan = off; SET LOCAL enable_seqscan = off; SET LOCAL jit = off";

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
        let mut connection = Borrowed::from(pool).await?;
        let events = self.part(&mut connection, from, to).await?;
        connection.give_back();
        Ok(events)
    }

    /// So many events from a position on, in order, whatever gaps there are; fewer at the end.
    pub(crate) async fn from(&self, pool: &PgPool, from: u64, limit: u32) -> Result<Vec<T>, StoreError> {
        let mut connection = Borrowed::from(pool).await?;
        let mut events = self.part(&mut connection, from, from.saturating_add(limit.into())).await?;
        if u32::try_from(events.len()) != Ok(limit) {
            // There are gaps, or this is the end.
            let rows = format!("position >= {} ORDER BY position LIMIT {limit}", signed(from));
            events = self.rows(&mut connection, &rows).await?;
        }
        connection.give_back();
        Ok(events)
    }

    async fn part(&self, connection: &mut PgConnection, from: u64, to: u64) -> Result<Vec<T>, StoreError> {
        let mut transaction = connection.begin().await.map_err(store_error)?;
        transaction.execute(BLOCK_BY_BLOCK).await.map_err(store_error)?;
        let rows = format!("position >= {} AND position < {}", signed(from), signed(to));
        let mut events = self.rows(&mut transaction, &rows).await?;
        transaction.commit().await.map_err(store_error)?;
        // They lie about in their order, and a server with little memory would sort them on its disk.
        events.sort_by_key(|event| (self.position)(event));
        Ok(events)
    }

    async fn rows(&self, connection: &mut PgConnection, rows: &str) -> Result<Vec<T>, StoreError> {
        let mut events = Vec::new();
        let query = format!("{} FROM events WHERE {rows}", self.select);
        copy_out::each(connection, &query, |row| (self.read)(row).map(|event| events.push(event))).await?;
        Ok(events)
    }
}
