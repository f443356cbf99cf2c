//! The floor: what the same database does at best, with one SELECT by key and one INSERT of an event.

use std::time::Duration;

use anyhow::{Context, Result, bail};
use ledger_app::ledger::Ledger;
use ledger_app::store::Wanted;
use uuid::Uuid;

use crate::bare_sqlite::BareSqlite;
use crate::clients::post_one;
use crate::lines::Lines;
use crate::pgbench::Pgbench;
use crate::places::{Kind, Places};
use crate::rounds::Turn;

/// The license whose state and event the floor's rows are as large as.
pub(crate) const EXAMPLE: &str = "CLIENT-000-EXAMPLE";

/// A bare database.
pub(crate) enum Floor {
    Postgres(Pgbench),
    Sqlite(BareSqlite),
}

impl Floor {
    /// Makes the bare tables; its rows are as large as the ledger's.
    pub(crate) async fn prepare(places: &Places, kind: Kind, name: &str, ledger: &Ledger) -> Result<Self> {
        let (state, payload) = example(ledger).await?;
        Ok(match kind {
            Kind::Postgres => Self::Postgres(Pgbench::prepare(places, &state, payload).await?),
            Kind::Sqlite => Self::Sqlite(BareSqlite::prepare(places, name, &state, payload).await?),
        })
    }

    pub(crate) const fn name(&self) -> &'static str {
        match self {
            Self::Postgres(_) => "pgbench, SELECT + INSERT",
            Self::Sqlite(_) => "one connection, SELECT + INSERT",
        }
    }

    /// Transactions a second.
    pub(crate) async fn rate(&mut self, clients: u32, turn: Duration) -> Result<f64> {
        Ok(self.turn(clients, turn).await?.rate)
    }

    /// Reads of a state by its key, again and again. That of SQLite is not asked for.
    pub(crate) async fn reads(&self, clients: u32, turn: Duration) -> Result<Turn> {
        match self {
            Self::Postgres(pgbench) => pgbench.reads(clients, turn).await,
            Self::Sqlite(_) => bail!("a floor on PostgreSQL was asked for"),
        }
    }

    /// Transactions, again and again. SQLite has one writer, so there is one client.
    pub(crate) async fn turn(&mut self, clients: u32, turn: Duration) -> Result<Turn> {
        match self {
            Self::Postgres(pgbench) => pgbench.turn(clients, turn).await,
            Self::Sqlite(sqlite) => sqlite.turn(turn).await,
        }
    }
}

/// Makes a license with an event as measured commands make it.
pub(crate) async fn make_example(ledger: &Ledger) -> Result<()> {
    let mut lines = Lines::seeded(u64::MAX);
    post_one(ledger, lines.purchase(EXAMPLE)).await?;
    post_one(ledger, lines.server(EXAMPLE, true)).await
}

/// A state and an event's payload as the ledger stores them.
async fn example(ledger: &Ledger) -> Result<(String, String)> {
    make_example(ledger).await?;
    let wanted = Wanted { command_id: Uuid::nil(), license: EXAMPLE.parse()?, order: None };
    let loaded = ledger.store().load(&[wanted]).await?;
    let state = loaded.states.into_values().next().context("no state")?;
    let event = ledger.store().history(&EXAMPLE.parse()?, 2, 1).await?.pop().context("no event")?;
    Ok((String::from_utf8(state.state)?, serde_json::to_string(&event.event)?))
}
