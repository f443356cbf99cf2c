//! What a ledger takes on the disk at some moment, and how fast it is gone through.

use std::process::Command;
use std::time::Duration;

use anyhow::Result;
use sqlx::{Connection, PgConnection};

use super::scale::Amount;
use crate::child::{self, Run};
use crate::clients::per_second;
use crate::places::Places;
use crate::psql::Psql;

/// A ledger at some moment.
#[derive(Debug)]
pub(crate) struct State {
    pub(crate) amount: Amount,
    /// The tables with rows, the largest first.
    pub(crate) tables: Vec<Table>,
    /// Events a second, by what goes through all of them.
    pub(crate) rates: Vec<(&'static str, f64)>,
}

/// What a table takes on the disk.
#[derive(Debug, Clone)]
pub(crate) struct Table {
    pub(crate) name: String,
    pub(crate) rows: u64,
    /// With what is stored beside it (TOAST), without its indexes.
    pub(crate) bytes: u64,
    pub(crate) index_bytes: u64,
}

impl Table {
    /// With its indexes.
    pub(crate) const fn all_bytes(&self) -> u64 {
        self.bytes + self.index_bytes
    }
}

impl State {
    /// As it is now, posted at that rate.
    pub(crate) async fn measure(places: &Places, url: &str, posted: f64) -> Result<Self> {
        let tables = tables(url).await?;
        let rows = |name: &str| tables.iter().find(|table| table.name == name).map_or(0, |table| table.rows);
        let (commands, events) = (rows("commands"), rows("events"));
        let rate = |run: Run| per_second(events, Duration::from_secs_f64(run.seconds));
        let mut rates = vec![("post", posted), ("COPY events TO STDOUT", rate(Psql::new(url)?.copy_to_nowhere()?))];
        let program = child::license_ledger()?;
        for verb in ["rebuild", "verify"] {
            let mut command = Command::new(&program);
            command.args(["--database", url, verb]);
            rates.push((verb, rate(child::run(&mut command, &places.folder().join("simulate.log"))?)));
        }
        let amount = Amount { commands, events, licenses: rows("current_entitlement") };
        Ok(Self { amount, tables, rates })
    }
}

/// The tables with rows, the largest first.
pub(crate) async fn tables(url: &str) -> Result<Vec<Table>> {
    let sizes = "
        SELECT quote_ident(relname), pg_table_size(oid), pg_indexes_size(oid) FROM pg_class
        WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace AND relname !~ '^_'
        ORDER BY pg_total_relation_size(oid) DESC";
    let mut connection = PgConnection::connect(url).await?;
    let sizes: Vec<(String, i64, i64)> = sqlx::query_as(sizes).fetch_all(&mut connection).await?;
    let mut tables = Vec::new();
    for (name, bytes, index_bytes) in sizes {
        let count = format!("SELECT count(*) FROM {name}");
        let rows: i64 = sqlx::query_scalar(&count).fetch_one(&mut connection).await?;
        let (rows, bytes, index_bytes) = (rows.try_into()?, bytes.try_into()?, index_bytes.try_into()?);
        tables.push(Table { name, rows, bytes, index_bytes });
    }
    connection.close().await?;
    tables.retain(|table| table.rows > 0);
    Ok(tables)
}
