//! A part of the licenses, written to a ledger on PostgreSQL through the product, and measured there: half-way and at its end,
//! so that it is seen how well the one foretells the other.

use std::time::{Duration, Instant};

use anyhow::Result;
use sqlx::{Connection, PgConnection};

use super::Plan;
use super::state::{State, Table, tables};
use crate::clients::per_second;
use crate::distributor::Lives;
use crate::places::{self, Places};
use crate::progress;
use crate::seed::{self, Written};

/// What the part came to.
#[derive(Debug)]
pub(crate) struct Measured {
    pub(crate) written: Written,
    /// When half of its events were written.
    pub(crate) half: State,
    pub(crate) whole: State,
    /// The tables at the end, without the room that old row versions left.
    pub(crate) packed: Vec<Table>,
}

/// Writes the plan's licenses in the order of their days, and measures. So many events are expected.
pub(crate) async fn measure(places: &Places, plan: &Plan, events: u64) -> Result<Measured> {
    let url = places.new_postgres().await?;
    let mut lives = Lives::new(&plan.distributor, plan.licenses)?.until(plan.ends);
    let mut writing = Writing { url: &url, written: Written::default(), took: Duration::ZERO };
    writing.write(&mut lives, events / 2).await?;
    progress("measuring half of it …");
    let half = State::measure(places, &url, writing.rate()).await?;
    writing.write(&mut lives, u64::MAX).await?;
    progress("measuring all of it …");
    let whole = State::measure(places, &url, writing.rate()).await?;
    pack(&url).await?;
    Ok(Measured { written: writing.written, half, whole, packed: tables(&url).await? })
}

/// What was written so far.
struct Writing<'u> {
    url: &'u str,
    written: Written,
    took: Duration,
}

impl Writing<'_> {
    /// Goes on until there are so many events, or nothing comes any more.
    async fn write(&mut self, lives: &mut Lives, events: u64) -> Result<()> {
        let (begun, before) = (Instant::now(), self.written);
        let ledger = places::open(self.url).await?;
        let written = seed::write(&ledger, lives, |so_far| before.events + so_far.events < events).await?;
        ledger.settle().await?;
        self.took += begun.elapsed();
        self.written = before + written;
        Ok(())
    }

    /// Events a second.
    fn rate(&self) -> f64 {
        per_second(self.written.events, self.took)
    }
}

/// Writes every table and index anew.
async fn pack(url: &str) -> Result<()> {
    let mut connection = PgConnection::connect(url).await?;
    sqlx::raw_sql("VACUUM (FULL, ANALYZE)").execute(&mut connection).await?;
    Ok(connection.close().await?)
}
