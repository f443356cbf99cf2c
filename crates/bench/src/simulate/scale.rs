//! From a part to the whole: each table has as many times the rows as there is more of what it has rows of.

use super::state::{State, Table};

/// How much there is of what tables have rows of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Amount {
    pub(crate) commands: u64,
    pub(crate) events: u64,
    /// With those that were split off or bought beside.
    pub(crate) licenses: u64,
}

impl Amount {
    /// How many times as many rows the table has when there is so much.
    pub(crate) fn times(self, table: &str, all: Self) -> f64 {
        match table {
            "events" | "entitlement_versions" | "tree_hashes" => float(all.events) / float(self.events),
            "commands" => float(all.commands) / float(self.commands),
            "current_entitlement" => float(all.licenses) / float(self.licenses),
            // Editions, keys, checkpoints: they do not grow with the licenses.
            _ => 1.0,
        }
    }
}

impl State {
    /// The bytes of these tables of it, with their indexes, when there is so much.
    pub(crate) fn scaled_bytes<'t>(&self, tables: impl IntoIterator<Item = &'t Table>, all: Amount) -> f64 {
        let scaled = |table: &Table| float(table.all_bytes()) * self.amount.times(&table.name, all);
        tables.into_iter().map(scaled).sum()
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts here are far below 2^52")]
pub(crate) const fn float(count: u64) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_table_grows_with_what_it_has_rows_of() {
        let part = Amount { commands: 10, events: 100, licenses: 2 };
        let all = Amount { commands: 20, events: 300, licenses: 10 };
        let tables = ["commands", "events", "current_entitlement", "editions"];
        assert_eq!(tables.map(|table| part.times(table, all)), [2.0, 3.0, 5.0, 1.0]);
        let table = |name: &str| Table { name: name.to_owned(), rows: 1, bytes: 7, index_bytes: 3 };
        let state = State { amount: part, tables: tables.map(table).to_vec(), rates: Vec::new() };
        assert!((state.scaled_bytes(&state.tables, all) - 110.0).abs() < 1e-9);
    }
}
