//! Writing many rows with few statements.

use sqlx::SqliteConnection;

use crate::rows::COLUMNS;
use crate::value::Value;

/// At most so many rows in one statement. Counts are split into powers of two, so that few statements are prepared.
const ROWS_AT_MOST: usize = 64;

/// Statements of so few rows go together. More would make too many different texts, each of which is prepared.
const ROWS_TOGETHER: usize = 8;

/// A table that rows are written to.
pub(crate) struct Table {
    /// Its name.
    pub(crate) name: &'static str,
    /// The columns written, the key first.
    pub(crate) columns: &'static [&'static str],
    /// How a row that is there is overwritten; `None`: it is an error.
    pub(crate) overwritten_by_key: Option<Overwriting>,
}

/// How a row that is there is overwritten.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Overwriting {
    /// How many columns the key has.
    key: usize,
    /// The columns that stay as they are.
    keeping: &'static [&'static str],
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
        "content_digest",
        "accepted",
        "outcome",
        "outcome_digest",
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
pub(crate) const MENDED_VERSIONS: Table =
    Table { overwritten_by_key: Some(Overwriting { key: 2, keeping: &[] }), ..VERSIONS };

/// The columns of [`CURRENT`]: the facts, the fold's number, the folded state.
const CURRENT_COLUMNS: [&str; COLUMNS.len() + 2] = {
    let mut columns = ["fold"; COLUMNS.len() + 2];
    let (facts, _) = columns.split_at_mut(COLUMNS.len());
    facts.copy_from_slice(&COLUMNS);
    columns[COLUMNS.len() + 1] = "state";
    columns
};

/// The licenses as they stand.
pub(crate) const CURRENT: Table = Table {
    name: "current_entitlement",
    columns: &CURRENT_COLUMNS,
    overwritten_by_key: Some(Overwriting { key: 1, keeping: &[] }),
};

/// Its columns that are in an index, in their order.
pub(crate) const INDEXED: [&str; 5] = ["status", "holder_name", "holder_inn", "partner_name", "swm_ends"];

/// Licenses of which no indexed column changes: SQLite takes an entry out of an index and puts it in again whenever a
/// statement names one of its columns, whether it changes or not.
pub(crate) const STEADY: Table =
    Table { overwritten_by_key: Some(Overwriting { key: 1, keeping: &INDEXED }), ..CURRENT };

/// Statements to be run one after the other. Those that stand together go to the connection's thread together: its
/// waking up, and ours, costs more than a small statement.
#[derive(Default)]
pub(crate) struct Script<'v> {
    parts: Vec<Part<'v>>,
}

/// Statements that go together.
struct Part<'v> {
    sql: String,
    values: Vec<Value<'v>>,
    rows: usize,
}

impl<'v> Script<'v> {
    /// Adds the rows, each with a value for every column.
    pub(crate) fn insert(&mut self, table: &Table, rows: Vec<Vec<Value<'v>>>) {
        let mut left = rows.len();
        let mut rows = rows.into_iter();
        while left > 0 {
            let count = power_of_two_within(left.min(ROWS_AT_MOST));
            self.statement(&table.insert_sql(count), count, rows.by_ref().take(count).flatten());
            left -= count;
        }
    }

    /// Adds a statement without values.
    pub(crate) fn add(&mut self, sql: &str) {
        self.statement(sql, 0, []);
    }

    /// Adds a statement with so many rows.
    fn statement(&mut self, sql: &str, rows: usize, values: impl IntoIterator<Item = Value<'v>>) {
        match self.parts.last_mut().filter(|part| part.rows + rows <= ROWS_TOGETHER) {
            Some(part) => {
                part.sql += ";";
                part.sql += sql;
                part.values.extend(values);
                part.rows += rows;
            }
            None => self.parts.push(Part { sql: sql.to_owned(), values: values.into_iter().collect(), rows }),
        }
    }

    /// Runs them.
    pub(crate) async fn run(self, connection: &mut SqliteConnection) -> Result<(), sqlx::Error> {
        for Part { sql, values, .. } in self.parts {
            let query = values.into_iter().fold(sqlx::query(&sql), |query, value| query.bind(value));
            query.execute(&mut *connection).await?;
        }
        Ok(())
    }
}

/// Writes the rows, each with a value for every column.
pub(crate) async fn insert(
    connection: &mut SqliteConnection,
    table: &Table,
    rows: Vec<Vec<Value<'_>>>,
) -> Result<(), sqlx::Error> {
    let mut script = Script::default();
    script.insert(table, rows);
    script.run(connection).await
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
            Some(overwriting) => format!("{insert} {}", self.overwriting(overwriting)),
        }
    }

    fn overwriting(&self, Overwriting { key, keeping }: Overwriting) -> String {
        let (key, rest) = self.columns.split_at(key);
        let overwritten = rest.iter().filter(|column| !keeping.contains(column));
        let set: Vec<_> = overwritten.map(|column| format!("{column}=excluded.{column}")).collect();
        format!("ON CONFLICT ({}) DO UPDATE SET {}", key.join(","), set.join(","))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_that_may_be_there_is_overwritten_by_its_key() {
        let table = Table {
            name: "t",
            columns: &["a", "b", "c", "d"],
            overwritten_by_key: Some(Overwriting { key: 1, keeping: &["d"] }),
        };
        assert_eq!(
            table.insert_sql(2),
            "INSERT INTO t (a,b,c,d) VALUES (?,?,?,?),(?,?,?,?) ON CONFLICT (a) DO UPDATE SET b=excluded.b,c=excluded.c"
        );
    }

    #[test]
    fn counts_are_split_into_powers_of_two() {
        assert_eq!([1, 2, 3, 45, 64].map(power_of_two_within), [1, 2, 2, 32, 64]);
    }
}
