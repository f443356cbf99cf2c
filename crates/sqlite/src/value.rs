//! Values as SQLite stores them, so that a row can be bound, read back and compared column by column.

use std::borrow::Cow;

use ledger_app::store::StoreError;
use ledger_domain::values::Date;
use sqlx::encode::IsNull;
use sqlx::error::BoxDynError;
use sqlx::sqlite::{SqliteArgumentValue, SqliteRow, SqliteTypeInfo};
use sqlx::{Encode, Row, Sqlite, Type, TypeInfo, ValueRef};

use crate::error::failed;

/// A value of any of SQLite's types that the ledger uses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Value<'v> {
    Null,
    Integer(i64),
    Text(Cow<'v, str>),
    Blob(&'v [u8]),
}

impl<'q> Encode<'q, Sqlite> for Value<'q> {
    fn encode(self, buffer: &mut Vec<SqliteArgumentValue<'q>>) -> Result<IsNull, BoxDynError> {
        buffer.push(match self {
            Self::Null => return Ok(IsNull::Yes),
            Self::Integer(number) => SqliteArgumentValue::Int64(number),
            Self::Text(text) => SqliteArgumentValue::Text(text),
            Self::Blob(bytes) => SqliteArgumentValue::Blob(Cow::Borrowed(bytes)),
        });
        Ok(IsNull::No)
    }

    fn encode_by_ref(&self, buffer: &mut Vec<SqliteArgumentValue<'q>>) -> Result<IsNull, BoxDynError> {
        self.clone().encode(buffer)
    }
}

impl Type<Sqlite> for Value<'_> {
    fn type_info() -> SqliteTypeInfo {
        <str as Type<Sqlite>>::type_info()
    }
}

impl<'v> From<&'v str> for Value<'v> {
    fn from(text: &'v str) -> Self {
        Self::Text(Cow::Borrowed(text))
    }
}

impl From<String> for Value<'_> {
    fn from(text: String) -> Self {
        Self::Text(Cow::Owned(text))
    }
}

impl From<Date> for Value<'_> {
    fn from(day: Date) -> Self {
        day.to_string().into()
    }
}

impl From<bool> for Value<'_> {
    fn from(flag: bool) -> Self {
        Self::Integer(flag.into())
    }
}

impl From<u32> for Value<'_> {
    fn from(count: u32) -> Self {
        Self::Integer(count.into())
    }
}

impl From<u64> for Value<'_> {
    /// No sequence comes near the limit.
    fn from(count: u64) -> Self {
        Self::Integer(i64::try_from(count).unwrap_or(i64::MAX))
    }
}

impl<'v, T: Into<Self>> From<Option<T>> for Value<'v> {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

/// Appends a row as the JSON array that SQLite's `json_array` makes of it.
pub(crate) fn push_json(text: &mut String, row: &[Value<'_>]) {
    text.push('[');
    for (index, value) in row.iter().enumerate() {
        if index > 0 {
            text.push(',');
        }
        match value {
            Value::Integer(number) => text.push_str(&number.to_string()),
            Value::Text(value) => text.push_str(&serde_json::Value::from(value.as_ref()).to_string()),
            // Bytes are no JSON; the tables compared have none.
            Value::Null | Value::Blob(_) => text.push_str("null"),
        }
    }
    text.push(']');
}

/// A whole row as it is stored.
pub(crate) fn raw_row(row: &SqliteRow) -> Result<Vec<Value<'static>>, StoreError> {
    (0..row.len()).map(|index| raw(row, index).map_err(failed)).collect()
}

fn raw(row: &SqliteRow, index: usize) -> Result<Value<'static>, sqlx::Error> {
    let value = row.try_get_raw(index)?;
    if value.is_null() {
        return Ok(Value::Null);
    }
    if value.type_info().name() == "INTEGER" {
        return row.try_get(index).map(Value::Integer);
    }
    row.try_get::<String, _>(index).map(Value::from)
}
