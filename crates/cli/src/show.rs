//! `show`: what a license is worth on a day.

use chrono::{DateTime, Utc};
use ledger_app::read::When;
use ledger_domain::values::{Date, LicenseNumber};

use crate::args::Format;
use crate::exit::{Ended, FINE, Failure};
use crate::output::{self, card};
use crate::run::Run;
use crate::values;

const AFTER_HELP: &str = "\
Examples:
  license-ledger show 10101-ABC12-XYZ34
  license-ledger show 10101-ABC12-XYZ34 --on 2012-08-20
  license-ledger show 10101-ABC12-XYZ34 --on 2012-08-20 --known-at 2012-09-01T00:00:00+04:00";

/// Show what a license is worth on a day
///
/// It is shown as its events up to that day made it, with what works then.
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct ShowArgs {
    /// The license number
    number: LicenseNumber,
    /// The day; without it today, by everything that is recorded
    #[arg(long, value_name = "DATE", value_parser = values::date)]
    on: Option<Date>,
    /// With only what the ledger knew at this instant, such as 2012-09-01T00:00:00Z
    #[arg(long, value_name = "INSTANT", value_parser = values::instant)]
    known_at: Option<DateTime<Utc>>,
}

/// Prints the entitlement.
pub(crate) async fn show(run: &Run<'_>, args: &ShowArgs) -> Ended {
    let when = run.when(args.on, args.known_at);
    let Some(license) = run.ledger().await?.show(&args.number, when).await? else {
        return Err(not_found(run, &args.number, when));
    };
    match run.format {
        Format::Json => output::json(&license)?,
        Format::Table => output::text(&card::entitlement(&license))?,
    }
    Ok(FINE)
}

/// No such license, or none yet on that day or at that instant.
pub(crate) fn not_found(run: &Run<'_>, number: &LicenseNumber, when: When) -> Failure {
    if let Err(no_ledger) = run.needs_a_ledger() {
        return no_ledger;
    }
    let on = when.on.map(|on| format!(" on {on}")).unwrap_or_default();
    let known_at =
        when.known_at.map(|at| format!(", as known at {}", ledger_app::read::instant(at))).unwrap_or_default();
    Failure::Refused(format!(
        "there is no license {number} in {}{on}{known_at}; `license-ledger list` shows what there is",
        run.database
    ))
}
