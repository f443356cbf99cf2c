//! `support`: whether support is free, paid or none on a day.

use ledger_app::read::SupportError;
use ledger_domain::support::{Support, SupportKind, SupportRequest};
use ledger_domain::values::{Currency, Date, LicenseNumber};

use crate::args::Format;
use crate::exit::{Ended, FINE, Failure};
use crate::output::words::NOTHING;
use crate::output::{self, card};
use crate::run::Run;
use crate::show::not_found;
use crate::values;

const AFTER_HELP: &str = "\
Examples:
  license-ledger support 10101-ABC12-XYZ34 --on 2012-08-20
  license-ledger support 10101-ABC12-XYZ34 --currency USD
  license-ledger support 10101-ABC12-XYZ34 --partner-support-id 4711";

/// Say whether support is free, paid or none on a day
///
/// The answer says why, by which rule, until when, and for paid support the price of an incident.
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct SupportArgs {
    /// The license number
    number: LicenseNumber,
    /// The day; without it today
    #[arg(long, value_name = "DATE", value_parser = values::date)]
    on: Option<Date>,
    /// The Support ID of the partner who asks
    #[arg(long, value_name = "ID")]
    partner_support_id: Option<String>,
    /// The currency to pay in, such as EUR
    #[arg(long, value_name = "CODE", value_parser = values::currency)]
    currency: Option<Currency>,
}

/// Prints the answer.
pub(crate) async fn support(run: &Run<'_>, args: SupportArgs) -> Ended {
    let SupportArgs { number, on, partner_support_id, currency } = args;
    let when = run.when(on, None);
    let asked = SupportRequest { partner_support_id, currency };
    let support = match run.ledger().await?.support(&number, &asked, when).await {
        Ok(Some(support)) => support,
        Ok(None) => return Err(not_found(run, &number, when)),
        Err(SupportError::Store(error)) => return Err(error.into()),
        Err(error @ SupportError::NoFee(_)) => return Err(Failure::Usage(format!("--currency: {error}"))),
    };
    match run.format {
        Format::Json => output::json(&support)?,
        Format::Table => output::text(&in_words(&support))?,
    }
    Ok(FINE)
}

fn in_words(answer: &Support) -> String {
    let kind = match answer.support {
        SupportKind::Free => "free",
        SupportKind::Paid => "paid",
        SupportKind::None => "none",
    };
    let price =
        answer.price.as_ref().map(|price| format!("{} {} an incident, before taxes", price.amount, price.currency));
    let nothing = || NOTHING.to_owned();
    card::card([
        ("support", kind.to_owned()),
        ("price", price.unwrap_or_else(nothing)),
        ("until", answer.until.map_or_else(nothing, |until| until.to_string())),
        ("why", answer.why.en.clone()),
        ("rule", answer.rule.to_owned()),
    ])
}
