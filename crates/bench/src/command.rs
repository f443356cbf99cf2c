//! One command at a time (load, decide, append one event, read models, command record), against one SELECT and one
//! INSERT of an event of the same size.

use anyhow::Result;
use ledger_app::ledger::Ledger;

use crate::args::Effort;
use crate::clients::{Client, rate};
use crate::floor::Floor;
use crate::places::{Kind, Places};
use crate::progress;
use crate::report::{Goal, Report, Row};
use crate::samples::Samples;
use crate::turns::in_turns;

/// The share of the floor that PostgreSQL must reach.
const GOAL: Goal = Goal::RatioAtLeast(0.5);

pub(crate) async fn measure(places: &Places, effort: Effort, report: &mut Report) -> Result<()> {
    for kind in Kind::BOTH {
        for clients in [1, 8, 32] {
            on(places, effort, kind, clients, report).await?;
        }
    }
    Ok(())
}

async fn on(places: &Places, effort: Effort, kind: Kind, clients: u32, report: &mut Report) -> Result<()> {
    progress(&format!("command: {}, {clients} client(s) …", kind.name()));
    let ledger = places.ledger(kind, &format!("command-{clients}.db")).await?;
    let mut floor = Floor::prepare(places, kind, &format!("command-floor-{clients}.db"), &ledger).await?;
    let mut posting = posting(&ledger, clients).await?;
    let turns = in_turns(
        effort.rounds,
        async || floor.rate(clients, effort.turn()).await,
        async || rate(&ledger, &mut posting, effort.turn()).await,
    );
    let turns = turns.await?;
    let row = |contender: &str, figures: Samples, ratios, goal| {
        let contender = format!("{}: {contender}", kind.name());
        Row { measured: "command", contender, clients, unit: "/s", figures, ratios, goal }
    };
    report.add(row(floor.name(), turns.floor, None, None));
    let goal = (kind == Kind::Postgres).then_some(GOAL);
    report.add(row("ledger, one command", turns.contender, Some(turns.ratios), goal));
    Ok(())
}

async fn posting(ledger: &Ledger, count: u32) -> Result<Vec<Client>> {
    let mut clients = Vec::new();
    for number in 0..count {
        clients.push(Client::new(ledger, number).await?);
    }
    Ok(clients)
}
