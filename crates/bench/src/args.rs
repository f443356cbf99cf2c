//! What can be measured, and with how much effort.

use std::time::Duration;

use clap::{Parser, Subcommand};

use crate::bulk::{BulkArgs, FollowArgs};
use crate::growth::GrowthArgs;
use crate::seed::SeedArgs;
use crate::simulate::SimulateArgs;

/// How many commands `all` posts in one file for the peak of memory.
pub(crate) const COMMANDS_IN_ALL: u64 = 200_000;

const AFTER_HELP: &str = "\
Every figure is a median of turns: floor, contender, floor, …, floor, so that a machine that slows down slows both.
A ratio is one of two turns next to each other; the table shows their median, least and most.

Examples:
  just bench
  license-ledger-bench command --rounds 9
  license-ledger-bench memory --commands 1000000
  license-ledger-bench seed --database postgres://localhost/seeded --events 1000000";

/// Measures the ledger side by side with the bare database, in one run on one machine.
#[derive(Debug, Parser)]
#[command(name = "license-ledger-bench", after_help = AFTER_HELP, max_term_width = 100)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) effort: Effort,
    #[command(subcommand)]
    pub(crate) verb: Verb,
}

/// What to measure.
#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// Everything, in minutes: 200,000 events followed, rebuilt, verified, a ledger of 100,000 beside a small one
    All,
    /// Everything, with a million commands in one file, and a million events in the log and in the larger ledger
    Long,
    /// One command at a time, against one SELECT and one INSERT
    Command,
    /// Commands with the sealer at work beside, against commands that nobody seals
    Sealing,
    /// The same command on a short and on a long history
    History,
    /// A large file in groups, against one by one
    Post,
    /// Peak memory of `post` and `rebuild`
    Memory,
    /// Commands, reads and batches over HTTP, against the bare database and `post`
    Http,
    /// The whole log followed, rebuilt, verified, exported, imported, against COPY
    Bulk(BulkArgs),
    /// The same on a small and on larger ledgers, and what their indexes take
    Growth(GrowthArgs),
    /// Several services on one PostgreSQL against one, and reads on a streaming standby
    Machines,
    /// Go through a whole log, each event as what it is, and count
    Follow(FollowArgs),
    /// Ten years of a distributor with a million licenses, to size storage, peaks and rebuild time
    Simulate(SimulateArgs),
    /// Fill an empty ledger with a realistic mix
    Seed(SeedArgs),
}

/// How much effort to spend.
#[derive(Debug, Clone, Copy, clap::Args)]
pub(crate) struct Effort {
    /// How many turns each contender has
    #[arg(long, global = true, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) rounds: u32,

    /// How long a turn lasts, in seconds
    #[arg(long, global = true, default_value_t = 2, value_parser = clap::value_parser!(u64).range(1..))]
    seconds: u64,

    /// How many clients `command` and `http` have; without it 1, 8 and 32 in turn
    #[arg(long, global = true)]
    clients: Option<u32>,

    /// How many commands the file for the peak of memory holds; 200,000 by default, in `long` a million
    #[arg(long, global = true, value_parser = clap::value_parser!(u64).range(1..))]
    commands: Option<u64>,
}

impl Effort {
    pub(crate) const fn turn(self) -> Duration {
        Duration::from_secs(self.seconds)
    }

    /// Whether so many clients are to be measured.
    pub(crate) fn is_for(self, clients: u32) -> bool {
        self.clients.is_none_or(|wanted| wanted == clients)
    }

    pub(crate) fn commands_or(self, default: u64) -> u64 {
        self.commands.unwrap_or(default)
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_definition_holds_together() {
        Cli::command().debug_assert();
    }
}
