//! Over HTTP, on PostgreSQL: commands and reads of clients that each keep a connection, against the bare database; and a
//! batch, against `post` of the same kind of file ([`batch`]).

use std::path::Path;
use std::time::Duration;

use anyhow::Result;
use async_trait::async_trait;

use crate::args::Effort;
use crate::callers::{Act, Callers};
use crate::command::Bare;
use crate::cpu::Database;
use crate::floor::Floor;
use crate::places::{Kind, Places};
use crate::report::{Goal, Report};
use crate::rounds::{Contender, Rounds, Turn};
use crate::service::{self, Service};
use crate::told::Told;
use crate::{batch, child, progress};

/// Clients, with the shares of the floor that commands and reads must reach.
const GOALS: [(u32, f64, f64); 3] = [(1, 0.35, 0.6), (8, 0.45, 0.6), (32, 0.9, 0.6)];

pub(crate) async fn measure(places: &Places, effort: Effort, report: &mut Report) -> Result<()> {
    let program = child::license_ledger()?;
    for (clients, commands, reads) in GOALS.into_iter().filter(|(clients, ..)| effort.is_for(*clients)) {
        progress(&format!("http: {clients} client(s) …"));
        one_by_one(places, &program, effort, (clients, [commands, reads]), report).await?;
    }
    batch::measure(places, &program, effort, report).await
}

/// So many callers of one service: commands, then reads.
async fn one_by_one(
    places: &Places,
    program: &Path,
    effort: Effort,
    (clients, goals): (u32, [f64; 2]),
    report: &mut Report,
) -> Result<()> {
    let url = places.new_postgres().await?;
    let (service, database) = (Service::start(program, &url, places.folder())?, Database::of(&url).await?);
    let told = Told { measured: "http", kind: Kind::Postgres, clients };
    let [commands, reads] = goals.map(Goal::RatioAtLeast);
    let ledger = places.ledger(Kind::Postgres, "").await?;
    let floor = Floor::prepare(places, Kind::Postgres, "", &ledger).await?;
    let (mut bare, mut callers) = ([Bare { floor, clients }], [Callers::new(&service, clients).await?]);
    let turns = (effort.rounds, effort.turn());
    let rounds = Rounds::run(turns, &database, &mut bare, &mut callers).await?;
    rounds.tell(told, &[commands], report);
    let mut reading = bare.map(BareReads);
    callers[0].act = Act::Read;
    let rounds = Rounds::run(turns, &database, &mut reading, &mut callers).await?;
    // A peak only goes up: after the reads it is that of the commands too.
    let peak = told.peak("a service", rounds.contenders[0].cost.peaks_mb().clone(), service::MOST_MB);
    rounds.tell(told, &[reads], report);
    report.add(peak);
    Ok(())
}

/// The bare database, read only.
struct BareReads(Bare);

#[async_trait]
impl Contender for BareReads {
    fn name(&self) -> String {
        "pgbench, SELECT".to_owned()
    }

    async fn turn(&mut self, turn: Duration) -> Result<Turn> {
        self.0.floor.reads(self.0.clients, turn).await
    }
}
