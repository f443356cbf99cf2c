//! `simulate`: ten years of a distributor with a million licenses, to know what they come to: commands in a year and in the
//! busiest hour, bytes on the disk, how long a rebuild takes.
//!
//! Every command is decided by the ledger's own code, in memory, by the clock of the made-up years ([`decided`]). A part of the
//! same licenses, one in a hundred, is then posted into a ledger on PostgreSQL ([`part`]): what a row takes there and how fast
//! it is rebuilt ([`state`]) is multiplied ([`scale`]). That the part came to the same number of events either way is
//! checked; and how well the part is foretold by its own half, and all by the part, is told beside ([`told`]).

mod decided;
mod part;
mod scale;
mod state;
mod tally;
mod told;

use anyhow::{Result, ensure};
use chrono::Months;
use ledger_domain::values::Date;

use crate::distributor::Distributor;
use crate::places::Places;
use crate::{machine, progress};

use decided::decide;
use tally::Tally;

const AFTER_HELP: &str = "\
The licenses are sold over all of the years, most of them before a year ends; servers report, holders renew, in campaigns
and when SWM ends. What is printed says whether it was counted (all licenses, decided in memory), measured (the part that
was written to PostgreSQL) or extrapolated (the part, times the counts), and how well the part was foretold by its half.

Examples:
  license-ledger-bench simulate
  license-ledger-bench simulate --licenses 100000 --years 3 --part 20";

/// How much to simulate.
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct SimulateArgs {
    /// How many licenses are sold
    #[arg(long, default_value_t = 1_000_000, value_parser = clap::value_parser!(u64).range(1..))]
    licenses: u64,

    /// In how many years
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=50))]
    years: u32,

    /// One license in so many is written to PostgreSQL and measured
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u64).range(1..))]
    part: u64,

    /// The first day
    #[arg(long, default_value = "2026-01-01")]
    from: Date,

    /// Another seed, other licenses
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

/// What is simulated.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Plan {
    distributor: Distributor,
    licenses: u64,
    /// The day after the last.
    ends: Date,
}

impl Plan {
    /// An empty count of its days.
    fn tally(&self) -> Tally {
        let days = (self.ends - self.distributor.opens).num_days();
        Tally::new(self.distributor.opens, usize::try_from(days).unwrap_or_default())
    }
}

impl SimulateArgs {
    fn plan(&self) -> Result<Plan> {
        let ends = self.from + Months::new(12 * self.years);
        let sells_for_days = u32::try_from((ends - self.from).num_days())?;
        let distributor = Distributor { seed: self.seed, opens: self.from, sells_for_days };
        Ok(Plan { distributor, licenses: self.licenses, ends })
    }
}

pub(crate) async fn run(args: &SimulateArgs) -> Result<()> {
    let plan = args.plan()?;
    progress(&format!("deciding all that comes up for {} licenses in {} years …", plan.licenses, args.years));
    let whole = decide(&plan)?;
    let part = Plan { licenses: (plan.licenses / args.part).max(1), ..plan };
    let expected = decide(&part)?;
    progress(&format!("writing {} of the licenses …", part.licenses));
    let places = Places::new()?;
    let in_memory = expected.tally.total();
    let measured = part::measure(&places, &part, in_memory.events).await?;
    let written = measured.written;
    ensure!(
        (written.commands, written.events) == (in_memory.commands, in_memory.events),
        "the ledger wrote {written:?}, and the same commands came to {in_memory:?} in memory"
    );
    told::tell(&machine::describe(&places).await?, &whole, &expected, &measured)
}
