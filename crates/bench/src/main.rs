//! Side-by-side benchmarks: the ledger against what the same database does at best, as ratios within one run.
//!
//! Reading order: [`args`] (what can be measured), [`turns`] (how: floor and contender in turns), then a file for each
//! measurement ([`command`], [`history`], [`post`], [`mod@http`], [`memory`]) over what they share: [`lines`] and [`mod@file`] make
//! commands, [`places`] makes ledgers, [`clients`] posts, [`service`] serves, [`floor`] is the bare database ([`pgbench`], [`bare_sqlite`]),
//! and [`report`] prints. `docs/performance.md` holds the figures and says how to read them.

mod args;
mod bare_sqlite;
mod child;
mod clients;
mod command;
mod file;
mod floor;
mod history;
mod http;
mod lines;
mod machine;
mod memory;
mod pgbench;
mod places;
mod post;
mod report;
mod samples;
mod service;
mod turns;

use anyhow::Result;
use clap::Parser;

use crate::args::{Cli, Effort, Verb};
use crate::places::Places;
use crate::report::Report;

#[tokio::main]
async fn main() -> Result<()> {
    let cli = Cli::parse();
    let effort = cli.effort;
    let places = Places::new()?;
    let mut report = Report::new(machine::describe(&places).await?);
    match cli.verb {
        Verb::All => all(&places, effort, args::COMMANDS_IN_ALL, &mut report).await?,
        Verb::Long => all(&places, effort, args::COMMANDS_IN_LONG, &mut report).await?,
        Verb::Command => command::measure(&places, effort, &mut report).await?,
        Verb::History => history::measure(&places, effort, &mut report).await?,
        Verb::Post => post::measure(&places, effort, &mut report).await?,
        Verb::Http => http::measure(&places, effort, &mut report).await?,
        Verb::Memory => memory::measure(&places, effort.commands_or(args::COMMANDS_IN_ALL), &mut report).await?,
    }
    report.print(&machine::describe(&places).await?)
}

async fn all(places: &Places, effort: Effort, commands: u64, report: &mut Report) -> Result<()> {
    command::measure(places, effort, report).await?;
    history::measure(places, effort, report).await?;
    post::measure(places, effort, report).await?;
    http::measure(places, effort, report).await?;
    memory::measure(places, effort.commands_or(commands), report).await
}

/// Tells on standard error what is going on; standard output is for the table.
fn progress(what: &str) {
    eprintln!("{what}");
}
