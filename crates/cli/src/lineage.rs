//! `lineage`: where a license's users came from, and where they went.

use ledger_domain::values::{Date, LicenseNumber};

use crate::args::Format;
use crate::exit::{Ended, FINE};
use crate::output::{self, family};
use crate::run::Run;
use crate::show::not_found;
use crate::values;

const AFTER_HELP: &str = "\
Examples:
  license-ledger lineage 10101-ABC12-XYZ34
  license-ledger lineage 10101-ABC12-XYZ34 --on 2012-12-31
  license-ledger lineage 10101-ABC12-XYZ34 --format json | jq '.moves[] | select(.kind == \"transfer\")'";

/// Show the family of a license: splits, merges and transfers
///
/// Draws every license that its users came from or went to, through any number of others, as a tree: with dates, users,
/// and the months of SWM that were given up.
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct LineageArgs {
    /// The license number
    number: LicenseNumber,
    /// The day; without it today
    #[arg(long, value_name = "DATE", value_parser = values::date)]
    on: Option<Date>,
}

/// Prints the family.
pub(crate) async fn lineage(run: &Run<'_>, args: &LineageArgs) -> Ended {
    let when = run.when(args.on, None);
    let Some(family) = run.ledger().await?.lineage(&args.number, when).await? else {
        return Err(not_found(run, &args.number, when));
    };
    match run.format {
        Format::Json => output::json(&family)?,
        Format::Table => output::text(&family::tree(&family))?,
    }
    Ok(FINE)
}
