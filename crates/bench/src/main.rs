//! Side-by-side benchmarks: the ledger against what the same database does at best, as ratios within one run.
//!
//! Reading order: [`args`] (what can be measured), [`rounds`] (how: floors and contenders in turns), then a file
//! for each measurement ([`command`], [`sealing`], [`history`], [`post`], [`mod@http`] with [`batch`], [`machines`],
//! [`bulk`], [`growth`], [`memory`]) over what they share: [`lines`] and [`mod@file`] make commands, [`places`] makes ledgers,
//! [`clients`] posts, [`service`] serves [`callers`] and
//! [`visitors`]; [`floor`]
//! is the bare database ([`pgbench`], [`bare_sqlite`]), [`same_rows`] and [`psql`] are floors too, [`stock`] is what others
//! have; [`cpu`] and [`cost`] say what it took, [`told`] makes lines of it, and [`report`] prints. [`distributor`] makes up what happens to licenses, for
//! [`seed`] and [`simulate`]. `docs/performance.md` holds the figures and says how to read them.

mod args;
mod bare_sqlite;
mod batch;
mod bulk;
mod callers;
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
mod sealing;
mod seed;
mod service;
mod simulate;
mod stock;
mod told;
mod visitors;

use anyhow::Result;
use clap::Parser;

use crate::args::{Cli, Effort, Verb};
use crate::bulk::BulkArgs;
use crate::growth::GrowthArgs;
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
        Verb::All => all(&places, effort, &MINUTES, &mut report).await?,
        Verb::Long => all(&places, effort, &LONG, &mut report).await?,
        Verb::Command => command::measure(&places, effort, &mut report).await?,
        Verb::Sealing => sealing::measure(&places, effort, &mut report).await?,
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

/// How much of everything is measured.
struct Amounts {
    /// In one file, for the peak of memory.
    commands: u64,
    /// Followed, rebuilt, verified, exported.
    events: u64,
    /// Of the ledgers that are compared.
    sizes: [u64; 2],
}

const MINUTES: Amounts = Amounts { commands: args::COMMANDS_IN_ALL, events: bulk::EVENTS, sizes: growth::SIZES };

const LONG: Amounts = Amounts { commands: 1_000_000, events: 1_000_000, sizes: growth::LONG_SIZES };

async fn all(places: &Places, effort: Effort, amounts: &Amounts, report: &mut Report) -> Result<()> {
    command::measure(places, effort, report).await?;
    sealing::measure(places, effort, report).await?;
    history::measure(places, effort, report).await?;
    post::measure(places, effort, report).await?;
    http::measure(places, effort, report).await?;
    machines::measure(places, effort, report).await?;
    bulk::measure(places, effort, &BulkArgs::seeded(amounts.events), report).await?;
    growth::measure(places, effort, &GrowthArgs::seeded(&amounts.sizes), report).await?;
    memory::measure(places, effort.commands_or(amounts.commands), report).await
}

/// Tells on standard error what is going on; standard output is for the table.
fn progress(what: &str) {
    eprintln!("{what}");
}
