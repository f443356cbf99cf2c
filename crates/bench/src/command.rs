//! One command at a time (load, decide, append one event, read models, command record), against what the bare database
//! does with a SELECT and an INSERT, and with one statement that writes the same rows; stock postgres-es and sqlite-es beside.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use async_trait::async_trait;
use ledger_app::ledger::Ledger;

use crate::args::Effort;
use crate::clients::{self, Client};
use crate::cpu::Database;
use crate::floor::Floor;
use crate::places::{Kind, Places};
use crate::progress;
use crate::report::{Goal, Report};
use crate::rounds::{Boxed, Contender, Figures, Rounds, Turn};
use crate::same_rows::SameRows;
use crate::stock;
use crate::told::Told;

/// Clients, and the share of each floor that the ledger must reach with them: first of SELECT + INSERT, then, on PostgreSQL,
/// of the same rows.
const GOALS: [(u32, Kind, &[f64]); 6] = [
    (1, Kind::Postgres, &[0.7, 0.8]),
    (8, Kind::Postgres, &[0.65, 0.8]),
    (32, Kind::Postgres, &[1.5, 1.5]),
    (1, Kind::Sqlite, &[0.75]),
    (8, Kind::Sqlite, &[1.5]),
    (32, Kind::Sqlite, &[2.0]),
];

pub(crate) async fn measure(places: &Places, effort: Effort, report: &mut Report) -> Result<()> {
    for (clients, kind, goals) in GOALS.into_iter().filter(|(clients, ..)| effort.is_for(*clients)) {
        progress(&format!("command: {}, {clients} client(s) …", kind.name()));
        let ledger = places.ledger(kind, &format!("command-{clients}.db")).await?;
        let bare = Floor::prepare(places, kind, &format!("command-floor-{clients}.db"), &ledger).await?;
        let mut floors: Vec<Boxed> = vec![Box::new(Bare { floor: bare, clients })];
        let mut database = Vec::new();
        if kind == Kind::Postgres {
            floors.push(Box::new(Same { rows: SameRows::prepare(places).await?, clients }));
            database = Database::of(&places.new_postgres().await?).await?;
        }
        let posting = Posting { clients: clients::new(&ledger, clients).await?, ledger };
        let mut contenders: Vec<Boxed> = vec![Box::new(posting)];
        contenders.extend(stock::contenders(places, kind, clients).await?);
        let rounds = Rounds::run((effort.rounds, effort.turn()), &database, &mut floors, &mut contenders).await?;
        add(report, Told { measured: "command", kind, clients }, goals, rounds);
    }
    Ok(())
}

/// A line for each floor, and one for each contender and floor.
fn add(report: &mut Report, told: Told, goals: &[f64], rounds: Rounds) {
    for figures in &rounds.floors {
        report.add(told.row(&figures.name, figures.rates.clone(), None, None));
    }
    for (contender, figures) in rounds.contenders.iter().enumerate() {
        // Others write other rows: they are held against the first floor alone.
        let floors = if contender == 0 { rounds.floors.len() } else { 1 };
        for (floor, of) in rounds.floors.iter().enumerate().take(floors) {
            let goal = goals.get(floor).copied().filter(|_| contender == 0).map(Goal::RatioAtLeast);
            let (name, ratios) = (format!("{} ÷ {}", figures.name, of.name), rounds.ratios(contender, floor));
            report.add(told.row(&name, figures.rates.clone(), Some(ratios), goal));
        }
    }
    for Figures { name, cost, .. } in rounds.floors.into_iter().chain(rounds.contenders) {
        report.add_cost(told.cost(&name, cost));
    }
}

/// The bare database.
pub(crate) struct Bare {
    pub(crate) floor: Floor,
    pub(crate) clients: u32,
}

#[async_trait]
impl Contender for Bare {
    fn name(&self) -> String {
        self.floor.name().to_owned()
    }

    async fn turn(&mut self, turn: Duration) -> Result<Turn> {
        self.floor.turn(self.clients, turn).await
    }
}

/// One statement that writes the same rows.
struct Same {
    rows: SameRows,
    clients: u32,
}

#[async_trait]
impl Contender for Same {
    fn name(&self) -> String {
        "pgbench, the same rows".to_owned()
    }

    async fn turn(&mut self, turn: Duration) -> Result<Turn> {
        self.rows.turn(self.clients, turn).await
    }
}

/// The ledger, with its clients.
struct Posting {
    clients: Vec<Client>,
    ledger: Arc<Ledger>,
}

#[async_trait]
impl Contender for Posting {
    fn name(&self) -> String {
        "ledger".to_owned()
    }

    async fn turn(&mut self, turn: Duration) -> Result<Turn> {
        clients::turn(&self.ledger, &mut self.clients, turn).await
    }
}
