//! `expiring`: licenses whose Software Maintenance ends in a period.

use chrono::{DateTime, Utc};
use ledger_app::store::Expiring;
use ledger_domain::values::{Date, LicenseNumber};

use crate::exit::{Ended, FINE, Failure};
use crate::output::licenses;
use crate::run::Run;
use crate::values;

const AFTER_HELP: &str = "\
Examples:
  license-ledger expiring --from 2013-01-01 --to 2013-02-01
  license-ledger expiring --from 2013-01-01 --to 2013-02-01 --partner Softline --limit 200";

/// List licenses whose Software Maintenance ends in a period, soonest first
///
/// These are the active and the blocked ones: whom to offer a renewal. They come page by page, as `list` gives them.
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct ExpiringArgs {
    /// The first day of the period
    #[arg(long, value_name = "DATE", value_parser = values::date)]
    from: Date,
    /// The day after the last one of the period
    #[arg(long, value_name = "DATE", value_parser = values::date)]
    to: Date,
    /// Only of the partner with exactly this name
    #[arg(long, value_name = "NAME")]
    partner: Option<String>,
    /// With only what the ledger knew at this instant, such as 2012-09-01T00:00:00Z
    #[arg(long, value_name = "INSTANT", value_parser = values::instant)]
    known_at: Option<DateTime<Utc>>,
    /// Only what comes after this: `next` of the page before
    #[arg(long, value_name = "KEY", value_parser = values::expiring_key)]
    after: Option<(Date, LicenseNumber)>,
    /// At most so many
    #[arg(long, value_name = "N", default_value_t = 50, value_parser = values::whole(1, u32::MAX))]
    limit: u32,
}

/// Prints a page.
pub(crate) async fn expiring(run: &Run<'_>, args: ExpiringArgs) -> Ended {
    let ExpiringArgs { from, to, partner, known_at, after, limit } = args;
    if from > to {
        return Err(Failure::Usage(format!("--from {from} is after --to {to}; exchange the two")));
    }
    let asked = Expiring { from, to, partner, kept_to: None, known_at, after };
    run.note_if_there_is_none();
    let page = run.ledger().await?.expiring(&asked, limit, run.when(None, known_at)).await?;
    licenses::page(&page, run.format)?;
    Ok(FINE)
}
