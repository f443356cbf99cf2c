//! The same command on licenses with a short and with a long history, in pairs: one, then the other.

use std::time::Instant;

use anyhow::Result;
use ledger_app::ledger::Ledger;

use crate::args::Effort;
use crate::clients::{post_all, post_one};
use crate::cost::Cost;
use crate::floor::Floor;
use crate::lines::Lines;
use crate::places::{Kind, Places};
use crate::progress;
use crate::report::{Goal, Report, Row};
use crate::samples::Samples;
use crate::told::Told;

/// How many times a license's history of eight events goes on: 10 and 10,002 events with the purchase.
const SHORT: usize = 1;
const LONG: usize = 1_250;

/// How many licenses of each kind, so that neither has all its rows on one page.
const LICENSES: usize = 4;

/// How many pairs in a turn. Each short license then ends at 60 events; every turn has new ones.
const PAIRS: usize = 50 * LICENSES;

/// What the turns gave, in milliseconds for a command.
#[derive(Default)]
struct Latencies {
    floor: Samples,
    short: Samples,
    long: Samples,
    ratios: Samples,
    /// How long commands waited. Processor time cannot be told apart: both kinds take turns within a millisecond.
    costs: [Cost; 2],
}

pub(crate) async fn measure(places: &Places, effort: Effort, report: &mut Report) -> Result<()> {
    for kind in Kind::BOTH {
        on(places, effort, kind, report).await?;
    }
    Ok(())
}

async fn on(places: &Places, effort: Effort, kind: Kind, report: &mut Report) -> Result<()> {
    progress(&format!("long history: {}, making 10,000 events a license …", kind.name()));
    let ledger = places.ledger(kind, "history.db").await?;
    let mut floor = Floor::prepare(places, kind, "history-floor.db", &ledger).await?;
    let mut lines = Lines::seeded(2);
    let long = licenses(&ledger, &mut lines, "LONG", LONG).await?;
    progress("long history: measuring …");
    let mut all = Latencies::default();
    all.floor.push(1e3 / floor.rate(1, effort.turn()).await?);
    for turn in 0..effort.rounds {
        let short = licenses(&ledger, &mut lines, &format!("SHORT-{turn:03}"), SHORT).await?;
        ledger.settle().await?;
        let waited = pairs(&ledger, &mut lines, &short, &long).await?;
        let [short, long] = waited.clone().map(|waited| waited.into_iter().collect::<Samples>().median());
        all.ratios.push(long / short);
        all.short.push(short);
        all.long.push(long);
        all.costs.iter_mut().zip(waited).for_each(|(cost, waited)| cost.waited(waited));
        ledger.settle().await?;
        all.floor.push(1e3 / floor.rate(1, effort.turn()).await?);
    }
    add(report, kind, floor.name(), all);
    Ok(())
}

fn add(report: &mut Report, kind: Kind, floor: &str, all: Latencies) {
    let goal = Goal::RatioWithin(all.floor.spread());
    let told = Told { measured: "long history", kind, clients: 1 };
    let row = |contender, figures, ratios, goal| Row { unit: "ms", ..told.row(contender, figures, ratios, goal) };
    let names = ["ledger, 10 events", "ledger, 10,000 events"];
    report.add(row(floor, all.floor, None, None));
    report.add(row(names[0], all.short, None, None));
    report.add(row(names[1], all.long, Some(all.ratios), Some(goal)));
    names.into_iter().zip(all.costs).for_each(|(name, cost)| report.add_cost(told.cost(name, cost)));
}

/// How long each of either kind took, in milliseconds. Who is first in a pair changes from pair to pair.
async fn pairs(ledger: &Ledger, lines: &mut Lines, short: &[String], long: &[String]) -> Result<[Vec<f64>; 2]> {
    let mut latencies = [Vec::new(), Vec::new()];
    for pair in 0..PAIRS {
        // Each license's server comes, goes, comes.
        let online = (pair / LICENSES).is_multiple_of(2);
        for which in [pair % 2, 1 - pair % 2] {
            let license = &[short, long][which][pair % LICENSES];
            let line = lines.server(license, online);
            let begun = Instant::now();
            post_one(ledger, line).await?;
            latencies[which].push(begun.elapsed().as_secs_f64() * 1e3);
        }
    }
    Ok(latencies)
}

/// New licenses, bought, and with so many times eight events.
async fn licenses(ledger: &Ledger, lines: &mut Lines, name: &str, times: usize) -> Result<Vec<String>> {
    let numbers: Vec<_> = (0..LICENSES).map(|i| format!("{name}-{i}")).collect();
    post_all(ledger, numbers.iter().map(|number| lines.purchase(number)).collect()).await?;
    for _ in 0..times {
        post_all(ledger, numbers.iter().flat_map(|number| eight_events(lines, number)).collect()).await?;
    }
    Ok(numbers)
}

/// Seven commands, three of them orders or their withdrawal.
fn eight_events(lines: &mut Lines, license: &str) -> Vec<String> {
    let mut commands = vec![lines.server(license, true), lines.server(license, false), lines.version(license)];
    commands.push(lines.more_users(license));
    commands.extend(lines.ordered_and_cancelled(license));
    commands.push(lines.version(license));
    commands
}
