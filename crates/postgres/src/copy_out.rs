//! Rows out of `COPY (…) TO STDOUT`, in its binary format: the quickest way to read many of them.
//!
//! Other than a query's, these rows are described nowhere: whoever reads them names the fields in the order in which the
//! statement does.

use std::ops::{Deref, DerefMut};

use chrono::{DateTime, Days, TimeDelta, Utc};
use futures::TryStreamExt;
use ledger_app::store::StoreError;
use ledger_domain::values::Date;
use sqlx::pool::PoolConnection;
use sqlx::postgres::PgPool;
use sqlx::{PgConnection, Postgres};
use uuid::Uuid;

use crate::error::{damaged, store_error};
use crate::rows::unsigned;

/// What the first row comes behind: a signature of 11 bytes, flags, and the length of an extension, which nobody uses.
const HEADER_BYTES: usize = 19;

/// PostgreSQL counts days and microseconds from 2000-01-01 on.
const EPOCH: (Date, DateTime<Utc>) = match Date::from_ymd_opt(2000, 1, 1) {
    Some(day) => (day, day.and_time(chrono::NaiveTime::MIN).and_utc()),
    None => (Date::MIN, DateTime::<Utc>::MIN_UTC),
};

/// A connection of the pool for a COPY. It goes back only when all was received: what somebody leaves in it who gives up in
/// the middle would be taken for the answer to what is asked next.
pub(crate) struct Borrowed {
    connection: PoolConnection<Postgres>,
    is_clean: bool,
}

impl Borrowed {
    pub(crate) async fn from(pool: &PgPool) -> Result<Self, StoreError> {
        Ok(Self { connection: pool.acquire().await.map_err(store_error)?, is_clean: false })
    }

    /// Gives it back: all that was asked has been received.
    pub(crate) fn give_back(mut self) {
        self.is_clean = true;
    }
}

impl Deref for Borrowed {
    type Target = PgConnection;

    fn deref(&self) -> &PgConnection {
        &self.connection
    }
}

impl DerefMut for Borrowed {
    fn deref_mut(&mut self) -> &mut PgConnection {
        &mut self.connection
    }
}

impl Drop for Borrowed {
    fn drop(&mut self) {
        if !self.is_clean {
            self.connection.close_on_drop();
        }
    }
}

/// Reads all rows of the query, each by `read`.
pub(crate) async fn rows<T>(
    pool: &PgPool,
    query: &str,
    read: impl Fn(&mut Fields<'_>) -> Result<T, StoreError>,
) -> Result<Vec<T>, StoreError> {
    let mut connection = Borrowed::from(pool).await?;
    let mut rows = Vec::new();
    each(&mut connection, query, |row| read(row).map(|row| rows.push(row))).await?;
    connection.give_back();
    Ok(rows)
}

/// Hands every row of the query on.
pub(crate) async fn each(
    connection: &mut PgConnection,
    query: &str,
    mut take: impl FnMut(&mut Fields<'_>) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    let mut begins_at = HEADER_BYTES;
    let message = |message: &[u8]| {
        let mut fields = Fields(message.get(begins_at..).unwrap_or_default());
        begins_at = 0;
        if fields.are_there()? { take(&mut fields) } else { Ok(()) }
    };
    messages(connection, &format!("COPY ({query}) TO STDOUT (FORMAT binary)"), message).await
}

/// Hands every row of the query on, in the text format: a line with its end.
pub(crate) async fn lines(
    connection: &mut PgConnection,
    query: &str,
    mut take: impl FnMut(&[u8]),
) -> Result<(), StoreError> {
    let line = |line: &[u8]| {
        take(line);
        Ok(())
    };
    messages(connection, &format!("COPY ({query}) TO STDOUT"), line).await
}

/// PostgreSQL sends each row in a message of its own. All are received, or the connection would be of no more use.
async fn messages(
    connection: &mut PgConnection,
    statement: &str,
    mut take: impl FnMut(&[u8]) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    let mut messages = connection.copy_out_raw(statement).await.map_err(store_error)?;
    let mut taken = Ok(());
    while let Some(message) = messages.try_next().await.map_err(store_error)? {
        taken = taken.and_then(|()| take(&message));
    }
    taken
}

/// The fields of a row that are not read yet.
pub(crate) struct Fields<'r>(&'r [u8]);

impl<'r> Fields<'r> {
    /// Whether it is a row: behind the last one a mark tells that it was.
    fn are_there(&mut self) -> Result<bool, StoreError> {
        Ok(i16::from_be_bytes(self.take()?) >= 0)
    }

    /// The next field as it came.
    fn field(&mut self) -> Result<Option<&'r [u8]>, StoreError> {
        let Ok(length) = usize::try_from(i32::from_be_bytes(self.take()?)) else { return Ok(None) };
        let (field, rest) = self.0.split_at_checked(length).ok_or_else(cut)?;
        self.0 = rest;
        Ok(Some(field))
    }

    fn take<const N: usize>(&mut self) -> Result<[u8; N], StoreError> {
        let (bytes, rest) = self.0.split_first_chunk().ok_or_else(cut)?;
        self.0 = rest;
        Ok(*bytes)
    }

    fn fixed<const N: usize>(&mut self) -> Result<[u8; N], StoreError> {
        self.bytes()?.try_into().map_err(|_| cut())
    }

    /// A field of bytes.
    pub(crate) fn bytes(&mut self) -> Result<&'r [u8], StoreError> {
        self.field()?.ok_or_else(|| damaged("a value is missing where the tables allow none to be"))
    }

    /// Bytes, or nothing.
    pub(crate) fn bytes_if_any(&mut self) -> Result<Option<&'r [u8]>, StoreError> {
        self.field()
    }

    /// A text, or JSON.
    pub(crate) fn text(&mut self) -> Result<&'r str, StoreError> {
        str::from_utf8(self.bytes()?).map_err(damaged)
    }

    /// A text, or null.
    pub(crate) fn text_if_any(&mut self) -> Result<Option<&'r str>, StoreError> {
        self.field()?.map(str::from_utf8).transpose().map_err(damaged)
    }

    /// A `bigint` that never is negative.
    pub(crate) fn count(&mut self) -> Result<u64, StoreError> {
        unsigned(i64::from_be_bytes(self.fixed()?))
    }

    /// A flag.
    pub(crate) fn flag(&mut self) -> Result<bool, StoreError> {
        Ok(self.fixed()? != [0])
    }

    /// A UUID.
    pub(crate) fn id(&mut self) -> Result<Uuid, StoreError> {
        self.fixed().map(Uuid::from_bytes)
    }

    /// A day.
    pub(crate) fn day(&mut self) -> Result<Date, StoreError> {
        let since = i32::from_be_bytes(self.fixed()?);
        let days = Days::new(since.unsigned_abs().into());
        let day = if since < 0 { EPOCH.0.checked_sub_days(days) } else { EPOCH.0.checked_add_days(days) };
        day.ok_or_else(|| damaged(format_args!("a date {since} days from 2000-01-01")))
    }

    /// An instant.
    pub(crate) fn instant(&mut self) -> Result<DateTime<Utc>, StoreError> {
        let since = i64::from_be_bytes(self.fixed()?);
        let instant = EPOCH.1.checked_add_signed(TimeDelta::microseconds(since));
        instant.ok_or_else(|| damaged(format_args!("an instant {since} microseconds from 2000-01-01")))
    }
}

fn cut() -> StoreError {
    damaged("a row of COPY in another form than PostgreSQL's binary one")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A field with its length before it.
    fn field(bytes: &[u8]) -> Vec<u8> {
        [&i32::try_from(bytes.len()).unwrap().to_be_bytes(), bytes].concat()
    }

    #[test]
    fn fields_are_read_in_their_order() {
        let id = Uuid::from_u128(7);
        let row = [
            field("ООО".as_bytes()),
            field(&12_i64.to_be_bytes()),
            field(&[1]),
            field(id.as_bytes()),
            field(&(-1_i32).to_be_bytes()),
            field(&1_000_001_i64.to_be_bytes()),
        ]
        .concat();
        let mut fields = Fields(&row);
        assert_eq!((fields.text().unwrap(), fields.count().unwrap(), fields.flag().unwrap()), ("ООО", 12, true));
        assert_eq!((fields.id().unwrap(), fields.day().unwrap()), (id, "1999-12-31".parse().unwrap()));
        assert_eq!(fields.instant().unwrap(), "2000-01-01T00:00:01.000001Z".parse::<DateTime<Utc>>().unwrap());
        assert!(fields.bytes().is_err(), "there is no more");
    }

    #[test]
    fn what_is_no_such_field_is_refused() {
        assert!(Fields(&field(&(-1_i64).to_be_bytes())).count().is_err(), "negative");
        assert!(Fields(&field(&7_i32.to_be_bytes())).count().is_err(), "too short");
        assert!(Fields(&field(&[0xff])).text().is_err(), "not UTF-8");
        assert!(Fields(&(-1_i32).to_be_bytes()).text().is_err(), "null");
        assert!(Fields(&field(b"text")[..6]).text().is_err(), "cut");
        assert!(Fields(&field(&i32::MAX.to_be_bytes())).day().is_err(), "infinity");
        assert!(Fields(&field(&i64::MIN.to_be_bytes())).instant().is_err(), "minus infinity");
    }

    #[test]
    fn the_mark_behind_the_last_row_is_no_row() {
        assert!(!Fields(&(-1_i16).to_be_bytes()).are_there().unwrap());
        assert!(Fields(&0_i16.to_be_bytes()).are_there().unwrap());
        assert!(Fields(&[]).are_there().is_err());
    }
}
