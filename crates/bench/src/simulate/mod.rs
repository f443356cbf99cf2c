//! `simulate`: ten years of a distributor with a million licenses, to know what they come to: commands in a year and in the
//! busiest hour, bytes on the disk, how long a rebuild takes.
//!
//! Every command is decided by the ledger's own code, in memory, by the clock of the made-up years ([`decided`]). A part of the
//! same licenses, one in a hundred, is then posted into a ledger on PostgreSQL ([`part`]): what a row takes there and how fast
//! it is rebuilt is multiplied ([`told`]). That the part came to the same number of events either way is checked.

mod decided;
mod part;
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
and when SWM ends. What is printed under \"measured\" comes from the part that was written, all else from its counts.

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
    let measured = part::measure(&places, &part).await?;
    let (written, expected) = (measured.written, expected.tally.total());
    ensure!(
        (written.commands, written.events) == (expected.commands, expected.events),
        "the ledger wrote {written:?}, and the same commands came to {expected:?} in memory"
    );
    told::tell(&machine::describe(&places).await?, &whole, &measured)
}
