//! `history`: the events of a license.

use std::io::Write;

use chrono::{DateTime, Utc};
use ledger_app::ledger::Ledger;
use ledger_app::read::HistoryEntry;
use ledger_app::store::AsOf;
use ledger_domain::event::Event;
use ledger_domain::values::{Date, LicenseNumber};
use serde::Serializer;
use serde::ser::SerializeSeq;
use serde_json::json;

use crate::args::Format;
use crate::exit::{Ended, FINE, Failure};
use crate::output::{self, changes, table};
use crate::run::Run;
use crate::show::not_found;
use crate::values;

const AFTER_HELP: &str = "\
Examples:
  license-ledger history 10101-ABC12-XYZ34
  license-ledger history 10101-ABC12-XYZ34 --known-at 2012-09-01T00:00:00+04:00
  license-ledger history 10101-ABC12-XYZ34 --format json | jq '.[].type'";

/// How many events are read at a time: a history may be longer than memory should hold.
const EVENTS_AT_A_TIME: u32 = 1_000;

/// Show the events of a license, oldest first
///
/// They say everything that has happened to it: when, by whom, by which command, and what it changed.
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct HistoryArgs {
    /// The license number
    number: LicenseNumber,
    /// Only events with a business date up to this day
    #[arg(long, value_name = "DATE", value_parser = values::date)]
    on: Option<Date>,
    /// With only what the ledger knew at this instant, such as 2012-09-01T00:00:00Z
    #[arg(long, value_name = "INSTANT", value_parser = values::instant)]
    known_at: Option<DateTime<Utc>>,
}

/// Prints the events.
pub(crate) async fn history(run: &Run<'_>, args: &HistoryArgs) -> Ended {
    let ledger = run.ledger().await?;
    let when = run.when(args.on, args.known_at);
    let first = ledger.history(&args.number, 0, EVENTS_AT_A_TIME, when.as_of()).await?;
    if first.is_empty() {
        return Err(not_found(run, &args.number, when));
    }
    let pages = Pages { ledger: &ledger, number: &args.number, as_of: when.as_of(), page: first };
    match run.format {
        Format::Json => print_json(pages).await?,
        Format::Table => print_table(pages).await?,
    }
    Ok(FINE)
}

/// The pages of a history.
struct Pages<'a> {
    ledger: &'a Ledger,
    number: &'a LicenseNumber,
    as_of: AsOf,
    page: Vec<HistoryEntry>,
}

impl Pages<'_> {
    /// Reads the page after this one; it is empty when there is none.
    async fn turn(&mut self) -> Result<(), Failure> {
        let last = self.page.last().map_or(0, |entry| entry.sequence);
        self.page = self.ledger.history(self.number, last, EVENTS_AT_A_TIME, self.as_of).await?;
        Ok(())
    }
}

async fn print_json(mut pages: Pages<'_>) -> Result<(), Failure> {
    let mut writer = serde_json::Serializer::pretty(output::out());
    let mut array = (&mut writer).serialize_seq(None)?;
    while !pages.page.is_empty() {
        for entry in &pages.page {
            array.serialize_element(entry)?;
        }
        pages.turn().await?;
    }
    array.end()?;
    let mut out = writer.into_inner();
    out.write_all(b"\n")?;
    Ok(out.flush()?)
}

async fn print_table(mut pages: Pages<'_>) -> Result<(), Failure> {
    let mut table = table::table(&["", "on", "event"], &["what changed", "by", "recorded at"]);
    while !pages.page.is_empty() {
        for entry in &pages.page {
            table.add_row(row(entry));
        }
        pages.turn().await?;
    }
    output::text(&table::rendered(table))
}

fn row(entry: &HistoryEntry) -> [String; 6] {
    // The entry holds the event without its type, as the contract shows it.
    let event = serde_json::from_value::<Event>(json!({ (entry.event_type.clone()): entry.data }));
    [
        entry.sequence.to_string(),
        entry.on.to_string(),
        entry.event_type.clone(),
        event.map_or_else(|_| entry.data.to_string(), |event| changes::in_words(&event)),
        format!("{} ({})", entry.actor.name, entry.actor.role),
        // To the second: people who need more read the JSON.
        entry.recorded_at.split('.').next().unwrap_or_default().replace('T', " "),
    ]
}
