//! Side-by-side benchmarks: the ledger against what the same database does at best, as ratios within one run.
//!
//! Reading order: [`args`] (what can be measured), [`turns`] and [`rounds`] (how: floors and contenders in turns), then a file
//! for each measurement ([`command`], [`history`], [`post`], [`mod@http`], [`machines`], [`growth`], [`bulk`], [`memory`]) over what they
//! share: [`lines`] and [`mod@file`] make commands, [`places`] makes ledgers, [`clients`] posts, [`service`] serves; [`floor`]
//! is the bare database ([`pgbench`], [`bare_sqlite`]), [`same_rows`] and [`psql`] are floors too, [`stock`] is what others
//! have; [`cpu`] and [`cost`] say what it took, and [`report`] prints. [`distributor`] makes up what happens to licenses, for
//! [`seed`] and [`simulate`]. `docs/performance.md` holds the figures and says how to read them.

mod args;
mod bare_sqlite;
mod bulk;
mod child;
mod clients;
mod command;
mod cost;
mod cpu;
mod distributor;
mod file;
mod floor;
mod growth;
mod history;
mod http;
mod lines;
mod machine;
mod machines;
mod memory;
mod pgbench;
mod places;
mod post;
mod psql;
mod report;
mod rounds;
mod same_rows;
mod samples;
mod seed;
mod service;
mod simulate;
mod stock;
mod turns;

use anyhow::Result;
use clap::Parser;

use crate::args::{Cli, Effort, Verb};
use crate::bulk::BulkArgs;
use crate::places::Places;
use crate::report::Report;

#[tokio::main]
async fn main() -> Result<()> {
    let cli = Cli::parse();
    match cli.verb {
        Verb::Seed(args) => seed::run(&args).await,
        Verb::Simulate(args) => simulate::run(&args).await,
        Verb::Follow(args) => bulk::follow(&args).await,
        verb => measure(&verb, cli.effort).await,
    }
}

/// Measures, and prints the table.
async fn measure(verb: &Verb, effort: Effort) -> Result<()> {
    let places = Places::new()?;
    let mut report = Report::new(machine::describe(&places).await?);
    match verb {
        Verb::All => all(&places, effort, args::COMMANDS_IN_ALL, bulk::EVENTS, &mut report).await?,
        Verb::Long => all(&places, effort, args::COMMANDS_IN_LONG, args::COMMANDS_IN_LONG, &mut report).await?,
        Verb::Command => command::measure(&places, effort, &mut report).await?,
        Verb::History => history::measure(&places, effort, &mut report).await?,
        Verb::Post => post::measure(&places, effort, &mut report).await?,
        Verb::Http => http::measure(&places, effort, &mut report).await?,
        Verb::Memory => memory::measure(&places, effort.commands_or(args::COMMANDS_IN_ALL), &mut report).await?,
        Verb::Growth(args) => growth::measure(&places, effort, args, &mut report).await?,
        Verb::Machines => machines::measure(&places, effort, &mut report).await?,
        Verb::Bulk(args) => bulk::measure(&places, effort, args, &mut report).await?,
        Verb::Seed(_) | Verb::Simulate(_) | Verb::Follow(_) => {}
    }
    report.print(&machine::describe(&places).await?)
}

async fn all(places: &Places, effort: Effort, commands: u64, events: u64, report: &mut Report) -> Result<()> {
    command::measure(places, effort, report).await?;
    history::measure(places, effort, report).await?;
    post::measure(places, effort, report).await?;
    http::measure(places, effort, report).await?;
    machines::measure(places, effort, report).await?;
    bulk::measure(places, effort, &BulkArgs::seeded(events), report).await?;
    memory::measure(places, effort.commands_or(commands), report).await
}

/// Tells on standard error what is going on; standard output is for the table.
fn progress(what: &str) {
    eprintln!("{what}");
}
