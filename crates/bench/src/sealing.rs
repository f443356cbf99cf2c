//! What sealing costs those who post: the same commands on a ledger whose sealer seals beside, and on one where nobody
//! seals. On SQLite the sealer cannot be kept away: this is on PostgreSQL.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use async_trait::async_trait;
use ledger_app::ledger::Ledger;
use ledger_app::sealing::seal_all;
use sqlx::{Connection, PgConnection};

use crate::args::Effort;
use crate::clients::{self, Client};
use crate::cpu::Database;
use crate::places::{self, Kind, Places};
use crate::progress;
use crate::report::{Goal, Report, Row};
use crate::rounds::{Contender, Figures, Rounds, Turn};
use crate::samples::Samples;
use crate::told::Told;

/// How much more processor time a command may take where it is sealed.
const COST: Goal = Goal::RatioAtMost(1.15);

/// In what share of a turn all of its events must be sealed after it.
const LATER: f64 = 0.5;

/// How often to look whether all is sealed.
const LOOKS_EVERY: Duration = Duration::from_millis(20);

/// With the lease in the hands of somebody who never uses it, no process seals by itself.
const NOBODY_SEALS: &str = "UPDATE sealer SET holder = gen_random_uuid(), leased_until = 'infinity'";

pub(crate) async fn measure(places: &Places, effort: Effort, report: &mut Report) -> Result<()> {
    for clients in [1, 8, 32].into_iter().filter(|clients| effort.is_for(*clients)) {
        progress(&format!("sealing: {clients} client(s) …"));
        let url = places.new_postgres().await?;
        let mut without = [Posting::new(unsealed(&url).await?, clients, false).await?];
        let mut with = [Posting::new(places.ledger(Kind::Postgres, "").await?, clients, true).await?];
        let turns = (effort.rounds, effort.turn());
        let rounds = Rounds::run(turns, &Database::of(&url).await?, &mut without, &mut with).await?;
        let [Posting { sealed_after, .. }] = with;
        add(report, Told { measured: "sealing", kind: Kind::Postgres, clients }, effort, (rounds, sealed_after));
    }
    Ok(())
}

/// A ledger on which nobody seals.
async fn unsealed(url: &str) -> Result<Arc<Ledger>> {
    // The first one makes the tables.
    drop(places::open(url).await?);
    let mut connection = PgConnection::connect(url).await?;
    sqlx::raw_sql(NOBODY_SEALS).execute(&mut connection).await?;
    connection.close().await?;
    places::open(url).await
}

/// What a command costs with the sealer, as a share of what it costs without; and how long the sealer was at it afterwards.
fn add(report: &mut Report, told: Told, effort: Effort, (rounds, sealed_after): (Rounds, Samples)) {
    let [without, with] = [&rounds.floors[0], &rounds.contenders[0]].map(|figures: &Figures| &figures.cost);
    let row = |name, unit, with: &Samples, without: &Samples, goal| Row {
        unit,
        ..told.row(name, with.clone(), Some(with.shares_of(without)), Some(goal))
    };
    // What the floor's own turns differ by cannot be measured.
    let no_later = |without: &Samples| Goal::RatioAtMost(1.0 + without.spread());
    let (dear, cheap) = (with.processor_us(), without.processor_us());
    report.add(row("processor time of a sealed command", "µs", &dear, &cheap, COST));
    for (name, with, without) in [
        ("half of the sealed commands wait", with.p50_ms(), without.p50_ms()),
        ("all but one in a hundred wait", with.p99_ms(), without.p99_ms()),
    ] {
        report.add(row(name, "ms", with, without, no_later(without)));
    }
    let goal = Goal::AtMost(LATER * effort.turn().as_secs_f64());
    report.add(Row { unit: "s", ..told.row("all is sealed after a turn in", sealed_after, None, Some(goal)) });
    rounds.tell(told, &[], report);
}

/// Clients of a ledger.
struct Posting {
    ledger: Arc<Ledger>,
    clients: Vec<Client>,
    /// Whether a sealer is at work.
    is_sealed: bool,
    /// How long after each turn it was done, in seconds.
    sealed_after: Samples,
}

impl Posting {
    async fn new(ledger: Arc<Ledger>, clients: u32, is_sealed: bool) -> Result<Self> {
        let clients = clients::new(&ledger, clients).await?;
        Ok(Self { ledger, clients, is_sealed, sealed_after: Samples::default() })
    }

    async fn is_behind(&self) -> Result<bool> {
        Ok(self.ledger.store().sealed_log().unsealed_since().await?.is_some())
    }

    /// Waits until the sealer has done all of the turn's work, which is the turn's too.
    async fn sealed(&mut self) -> Result<()> {
        let begun = Instant::now();
        while self.is_behind().await? {
            tokio::time::sleep(LOOKS_EVERY).await;
        }
        self.sealed_after.push(begun.elapsed().as_secs_f64());
        Ok(())
    }
}

#[async_trait]
impl Contender for Posting {
    fn name(&self) -> String {
        if self.is_sealed { "commands, sealed beside" } else { "commands, never sealed" }.to_owned()
    }

    /// What the last turn left unsealed is sealed between turns.
    async fn make_ready(&mut self) -> Result<()> {
        seal_all(self.ledger.store()).await?;
        Ok(())
    }

    async fn turn(&mut self, turn: Duration) -> Result<Turn> {
        let posted = clients::post(&self.ledger, &mut self.clients, turn).await?;
        if self.is_sealed {
            self.sealed().await?;
        } else {
            ensure!(self.is_behind().await?, "somebody sealed what nobody was to seal");
        }
        Ok(posted)
    }
}
