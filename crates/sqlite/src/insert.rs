//! Writing many rows with few statements.

use sqlx::SqliteConnection;

use crate::rows::COLUMNS;
use crate::value::Value;

/// At most so many rows in one statement. Counts are split into powers of two, so that few statements are prepared.
const ROWS_AT_MOST: usize = 64;

/// A table that rows are written to.
pub(crate) struct Table {
    /// Its name.
    pub(crate) name: &'static str,
    /// The columns written, the key first.
    pub(crate) columns: &'static [&'static str],
    /// How many columns the key has, where a row that is there is overwritten; `None`: it is an error.
    pub(crate) overwritten_by_key: Option<usize>,
}

/// The commands' records.
pub(crate) const COMMANDS: Table = Table {
    name: "commands",
    columns: &[
        "command_id",
        "license",
        "on_date",
        "recorded_at",
        "actor_name",
        "actor_role",
        "edition",
        "content",
        "digest",
        "accepted",
        "outcome",
    ],
    overwritten_by_key: None,
};

/// The events.
pub(crate) const EVENTS: Table = Table {
    name: "events",
    columns: &[
        "aggregate_type",
        "aggregate_id",
        "sequence",
        "event_type",
        "event_version",
        "payload",
        "metadata",
        "on_date",
        "recorded_at",
        "actor_name",
        "actor_role",
        "command_id",
        "edition",
        "order_number",
        "position",
    ],
    overwritten_by_key: None,
};

/// The licenses as they were after each event.
pub(crate) const VERSIONS: Table = Table { name: "entitlement_versions", columns: &COLUMNS, overwritten_by_key: None };

/// The same, to mend them.
pub(crate) const MENDED_VERSIONS: Table = Table { overwritten_by_key: Some(2), ..VERSIONS };

/// The columns of [`CURRENT`]: the facts, the fold's number, the folded state.
const CURRENT_COLUMNS: [&str; COLUMNS.len() + 2] = {
    let mut columns = ["fold"; COLUMNS.len() + 2];
    let (facts, _) = columns.split_at_mut(COLUMNS.len());
    facts.copy_from_slice(&COLUMNS);
    columns[COLUMNS.len() + 1] = "state";
    columns
};

/// The licenses as they stand.
pub(crate) const CURRENT: Table =
    Table { name: "current_entitlement", columns: &CURRENT_COLUMNS, overwritten_by_key: Some(1) };

/// Writes the rows, each with a value for every column.
pub(crate) async fn insert(
    connection: &mut SqliteConnection,
    table: &Table,
    rows: Vec<Vec<Value<'_>>>,
) -> Result<(), sqlx::Error> {
    let mut left = rows.len();
    let mut rows = rows.into_iter();
    while left > 0 {
        let count = power_of_two_within(left.min(ROWS_AT_MOST));
        let sql = table.insert_sql(count);
        let values = rows.by_ref().take(count).flatten();
        let query = values.fold(sqlx::query(&sql), |query, value| query.bind(value));
        query.execute(&mut *connection).await?;
        left -= count;
    }
    Ok(())
}

/// The largest power of two that is at most `count`, which is not 0.
const fn power_of_two_within(count: usize) -> usize {
    1 << count.ilog2()
}

impl Table {
    fn insert_sql(&self, rows: usize) -> String {
        let row = format!("({})", vec!["?"; self.columns.len()].join(","));
        let insert =
            format!("INSERT INTO {} ({}) VALUES {}", self.name, self.columns.join(","), vec![row; rows].join(","));
        match self.overwritten_by_key {
            None => insert,
            Some(key) => format!("{insert} {}", self.overwriting(key)),
        }
    }

    fn overwriting(&self, key: usize) -> String {
        let (key, rest) = self.columns.split_at(key);
        let set: Vec<_> = rest.iter().map(|column| format!("{column}=excluded.{column}")).collect();
        format!("ON CONFLICT ({}) DO UPDATE SET {}", key.join(","), set.join(","))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_that_may_be_there_is_overwritten_by_its_key() {
        let table = Table { name: "t", columns: &["a", "b", "c"], overwritten_by_key: Some(1) };
        assert_eq!(
            table.insert_sql(2),
            "INSERT INTO t (a,b,c) VALUES (?,?,?),(?,?,?) ON CONFLICT (a) DO UPDATE SET b=excluded.b,c=excluded.c"
        );
    }

    #[test]
    fn counts_are_split_into_powers_of_two() {
        assert_eq!([1, 2, 3, 45, 64].map(power_of_two_within), [1, 2, 2, 32, 64]);
    }
}
