//! `list`: licenses by number.

use chrono::{DateTime, Utc};
use ledger_app::read::ListQuery;
use ledger_domain::entitlement::EntitlementStatus;
use ledger_domain::values::{Date, LicenseNumber, LicenseType, Plugin, Product};

use crate::exit::{Ended, FINE};
use crate::output::licenses;
use crate::run::Run;
use crate::values;

const AFTER_HELP: &str = "\
Examples:
  license-ledger list --product control --status active
  license-ledger list --holder 7204196795 --on 2012-12-31
  license-ledger list --license-type government --plugin antivirus
  license-ledger list --swm-ends-from 2013-01-01 --swm-ends-before 2013-02-01
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
    /// Only of this license type
    #[arg(long, value_parser = values::license_type())]
    license_type: Option<LicenseType>,
    /// Only with this plugin
    #[arg(long, value_parser = values::plugin())]
    plugin: Option<Plugin>,
    /// Only those whose SWM ends on this day or later
    #[arg(long, value_name = "DATE", value_parser = values::date)]
    swm_ends_from: Option<Date>,
    /// Only those whose SWM ends before this day
    #[arg(long, value_name = "DATE", value_parser = values::date)]
    swm_ends_before: Option<Date>,
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
    #[arg(long, value_name = "N", default_value_t = 50, value_parser = values::whole(1, u32::MAX))]
    pub(crate) limit: u32,
}

/// Prints a page.
pub(crate) async fn list(run: &Run<'_>, args: ListArgs) -> Ended {
    let when = run.when(args.on, args.known_at);
    let query = ListQuery {
        product: args.product,
        partner: args.partner,
        holder: args.holder,
        status: args.status,
        license_type: args.license_type,
        plugin: args.plugin,
        swm_ends_from: args.swm_ends_from,
        swm_ends_before: args.swm_ends_before,
        kept_to: None,
        after: args.after,
        limit: args.limit,
    };
    run.note_if_there_is_none();
    let page = run.ledger().await?.list(&query, when).await?;
    licenses::page(&page, run.format)?;
    Ok(FINE)
}
