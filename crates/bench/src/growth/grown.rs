//! A ledger of some size: what of it is asked about, and by whom, so that sizes alone differ.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use async_trait::async_trait;
use fastrand::Rng;
use ledger_app::edition::GivenFiles;
use ledger_app::ledger::Ledger;
use ledger_app::sealing::seal_all;
use ledger_app::store::Store;
use ledger_app::writer::Writer;
use ledger_domain::values::{Date, LicenseNumber};
use sqlx::{Connection, PgConnection};

use super::ask::{Ask, Asked, FEW, Of, PAGE};
use crate::lines::{Ids, Lines};
use crate::places;
use crate::rounds::{Contender, Turn};

/// How many licenses are asked about at most, by chance.
const ANY: i64 = 20_000;

/// A ledger of some size.
pub(super) struct Grown {
    pub(super) store: Arc<dyn Store>,
    pub(super) connection: PgConnection,
    pub(super) events: u64,
    /// What is asked next.
    pub(super) ask: Ask,
    /// Who writes commands.
    pub(super) writer: Writer,
    pub(super) few: Vec<LicenseNumber>,
    /// Shuffled again and again, so that none comes twice within [`FEW`].
    pub(super) any: Vec<LicenseNumber>,
    /// Those that a full page comes after.
    pub(super) listed: Vec<LicenseNumber>,
    /// Between which days a full page of SWM ends begins.
    pub(super) swm_ends: (Date, Date),
    pub(super) rng: Rng,
    pub(super) lines: Lines,
}

impl Grown {
    /// The ledger in that database, whose events are all sealed then.
    pub(super) async fn open(url: &str) -> Result<Self> {
        let store = places::store(url).await?;
        let events = seal_all(store.as_ref()).await?;
        let mut connection = PgConnection::connect(url).await?;
        sqlx::raw_sql("VACUUM ANALYZE").execute(&mut connection).await?;
        // As the product looks states up.
        sqlx::raw_sql("SET plan_cache_mode = force_generic_plan; SET jit = off").execute(&mut connection).await?;
        let any = active(&mut connection).await?;
        ensure!(any.len() > FEW, "only {} active licenses in {url}", any.len());
        Ok(Self {
            ask: Ask { asked: Asked::State, of: Of::Any },
            writer: stranger(&store).await?,
            few: any[..FEW].to_vec(),
            listed: listed(&mut connection, &any).await?,
            swm_ends: swm_ends(&mut connection).await?,
            rng: Rng::with_seed(1),
            lines: Lines::seeded(events),
            store,
            connection,
            events,
            any,
        })
    }

    /// From now on commands are written by somebody who remembers none of the licenses. The first command of a writer
    /// keeps the facts that it judges by: it is not measured.
    async fn be_a_stranger(&mut self) -> Result<()> {
        self.writer = stranger(&self.store).await?;
        let license = self.any[FEW].clone();
        self.command(&license, Ids::ByTime).await
    }

    /// As often as there are a few, other licenses follow, for those written are remembered now.
    async fn turn_to_others(&mut self) -> Result<()> {
        self.rng.shuffle(&mut self.any);
        if matches!(self.ask.asked, Asked::Command(_)) { self.be_a_stranger().await } else { Ok(()) }
    }

    /// Asks again and again; how long each took, in milliseconds. Strangers are made in between, unmeasured.
    async fn ask_until(&mut self, end: Instant) -> Result<Vec<f64>> {
        let mut latencies_ms = Vec::new();
        while Instant::now() < end {
            let next = latencies_ms.len() % FEW;
            if next == 0 && self.ask.of == Of::Any {
                self.turn_to_others().await?;
            }
            let license = if self.ask.of == Of::Few { &self.few[next] } else { &self.any[next] }.clone();
            let asked = Instant::now();
            self.ask(&license).await?;
            latencies_ms.push(asked.elapsed().as_secs_f64() * 1e3);
        }
        Ok(latencies_ms)
    }
}

/// Some of the licenses that take commands, by chance.
async fn active(connection: &mut PgConnection) -> Result<Vec<LicenseNumber>> {
    let active = "SELECT license FROM current_entitlement WHERE status = 'active' ORDER BY md5(license) LIMIT $1";
    let active: Vec<String> = sqlx::query_scalar(active).bind(ANY).fetch_all(connection).await?;
    Ok(active.iter().map(|license| license.parse()).collect::<Result<_, _>>()?)
}

/// Those of the licenses that a full page comes after.
async fn listed(connection: &mut PgConnection, any: &[LicenseNumber]) -> Result<Vec<LicenseNumber>> {
    let last = "SELECT license FROM current_entitlement ORDER BY license DESC OFFSET $1 LIMIT 1";
    let last: String = sqlx::query_scalar(last).bind(i64::from(PAGE)).fetch_one(connection).await?;
    Ok(any.iter().filter(|license| license.as_str() <= last.as_str()).cloned().collect())
}

/// The first day on which SWM ends, and the last that a full page begins with.
async fn swm_ends(connection: &mut PgConnection) -> Result<(Date, Date)> {
    let days = "SELECT (SELECT min(swm_ends) FROM swm_expiry), swm_ends FROM swm_expiry
        ORDER BY swm_ends DESC OFFSET $1 LIMIT 1";
    Ok(sqlx::query_as(days).bind(i64::from(PAGE)).fetch_one(connection).await?)
}

/// A writer over the ledger, who remembers none of its licenses.
async fn stranger(store: &Arc<dyn Store>) -> Result<Writer> {
    let ledger = Ledger::open(Arc::clone(store), GivenFiles::default()).await?;
    Ok(Writer::start(Arc::new(ledger)))
}

#[async_trait]
impl Contender for Grown {
    fn name(&self) -> String {
        format!("{}: {} events", self.ask, self.events)
    }

    /// Whoever gives commands to the few remembers them.
    async fn make_ready(&mut self) -> Result<()> {
        if matches!(self.ask, Ask { asked: Asked::Command(_), of: Of::Few }) {
            self.be_a_stranger().await?;
            for license in self.few.clone() {
                self.command(&license, Ids::ByTime).await?;
            }
        }
        Ok(())
    }

    async fn turn(&mut self, turn: Duration) -> Result<Turn> {
        let latencies_ms = self.ask_until(Instant::now() + turn).await?;
        self.store.settle().await?;
        let asked_for = Duration::from_secs_f64(latencies_ms.iter().sum::<f64>() / 1e3);
        Ok(Turn::timed(latencies_ms, asked_for))
    }
}
