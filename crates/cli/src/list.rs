//! `list`: licenses by number.

use chrono::{DateTime, Utc};
use ledger_app::read::ListQuery;
use ledger_domain::entitlement::EntitlementStatus;
use ledger_domain::values::{Date, LicenseNumber, Product};

use crate::exit::{Ended, FINE};
use crate::output::licenses;
use crate::run::Run;
use crate::values;

const AFTER_HELP: &str = "\
Examples:
  license-ledger list --product control --status active
  license-ledger list --holder 7204196795 --on 2012-12-31
  license-ledger list --partner Softline --limit 200 --after 10101-ABC12-XYZ34";

/// List licenses by number
///
/// They come page by page: `next` says what to go on with as `--after`, and is null at the end.
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct ListArgs {
    /// Only of this product
    #[arg(long, value_parser = values::product())]
    product: Option<Product>,
    /// Only of the partner with exactly this name
    #[arg(long, value_name = "NAME")]
    partner: Option<String>,
    /// Only of the holder with exactly this name or INN
    #[arg(long, value_name = "NAME")]
    holder: Option<String>,
    /// Only with this status on the day
    #[arg(long, value_parser = values::status())]
    status: Option<EntitlementStatus>,
    /// The day; without it today, by everything that is recorded
    #[arg(long, value_name = "DATE", value_parser = values::date)]
    on: Option<Date>,
    /// With only what the ledger knew at this instant, such as 2012-09-01T00:00:00Z
    #[arg(long, value_name = "INSTANT", value_parser = values::instant)]
    known_at: Option<DateTime<Utc>>,
    /// Only what comes after this license
    #[arg(long, value_name = "NUMBER")]
    after: Option<LicenseNumber>,
    /// At most so many
    #[arg(long, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) limit: u32,
}

/// Prints a page.
pub(crate) async fn list(run: &Run<'_>, args: ListArgs) -> Ended {
    let ListArgs { product, partner, holder, status, on, known_at, after, limit } = args;
    let query = ListQuery { product, partner, holder, status, after, limit, ..ListQuery::default() };
    let page = run.ledger().await?.list(&query, run.when(on, known_at)).await?;
    licenses::page(&page, run.format)?;
    Ok(FINE)
}
