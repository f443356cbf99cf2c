//! A part of the licenses, written to a ledger on PostgreSQL through the product, and measured there.

use std::process::Command;
use std::time::Duration;

use anyhow::Result;
use sqlx::{Connection, PgConnection};

use super::Plan;
use crate::child;
use crate::clients::per_second;
use crate::distributor::Lives;
use crate::places::{self, Places};
use crate::psql::Psql;
use crate::seed::{self, Written};

/// What the part came to.
#[derive(Debug)]
pub(crate) struct Measured {
    pub(crate) written: Written,
    pub(crate) licenses: u64,
    /// The tables with rows as they were written, the largest first.
    pub(crate) tables: Vec<Table>,
    /// The same without the room that old row versions left.
    pub(crate) packed: Vec<Table>,
    /// Events a second.
    pub(crate) copy: f64,
    pub(crate) rebuild: f64,
    pub(crate) verify: f64,
    pub(crate) posted: f64,
}

/// What a table takes on the disk.
#[derive(Debug)]
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

/// Writes the plan's licenses in the order of their days, and measures.
pub(crate) async fn measure(places: &Places, plan: &Plan) -> Result<Measured> {
    let url = places.new_postgres().await?;
    let ledger = places::open(&url).await?;
    let mut lives = Lives::new(&plan.distributor, plan.licenses)?.until(plan.ends);
    let begun = std::time::Instant::now();
    let written = seed::write(&ledger, &mut lives, |_| true).await?;
    ledger.settle().await?;
    let posted = per_second(written.events, begun.elapsed());
    drop(ledger);
    let tables = self::tables(&url).await?;
    let rows = |name: &str| tables.iter().find(|table| table.name == name).map_or(0, |table| table.rows);
    let licenses = rows("current_entitlement");
    let program = child::license_ledger()?;
    let rate = |verb: &str| {
        let mut command = Command::new(&program);
        command.args(["--database", &url, verb]);
        let run = child::run(&mut command, &places.folder().join("simulate.log"))?;
        anyhow::Ok(per_second(written.events, Duration::from_secs_f64(run.seconds)))
    };
    let copy = Psql::new(&url)?.copy_to_nowhere()?;
    let copy = per_second(written.events, Duration::from_secs_f64(copy.seconds));
    let (rebuild, verify) = (rate("rebuild")?, rate("verify")?);
    pack(&url).await?;
    Ok(Measured { written, licenses, tables, packed: self::tables(&url).await?, copy, rebuild, verify, posted })
}

/// Writes every table and index anew.
async fn pack(url: &str) -> Result<()> {
    let mut connection = PgConnection::connect(url).await?;
    sqlx::raw_sql("VACUUM (FULL, ANALYZE)").execute(&mut connection).await?;
    Ok(connection.close().await?)
}

async fn tables(url: &str) -> Result<Vec<Table>> {
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
