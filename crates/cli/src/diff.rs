//! `diff`: what changed in what was known.

use std::io::Write;

use chrono::{DateTime, Utc};
use ledger_app::diff::{Between, Difference};
use ledger_app::ledger::Ledger;
use ledger_domain::values::{Date, LicenseNumber};
use serde::Serializer;
use serde::ser::SerializeSeq;
use serde_json::Value;

use crate::args::Format;
use crate::exit::{Ended, FINE, Failure};
use crate::output;
use crate::run::Run;
use crate::values;

const AFTER_HELP: &str = "\
Examples:
  license-ledger diff --known-at 2012-08-01T00:00:00+04:00 --known-at 2012-09-01T00:00:00+04:00
  license-ledger diff --known-at 2012-08-01T00:00:00Z --known-at 2012-09-01T00:00:00Z 10101-ABC12-XYZ34
  license-ledger diff --known-at 2012-08-01T00:00:00Z --known-at 2012-09-01T00:00:00Z --on 2012-07-15";

/// Show what changed in what was known, and through which events
///
/// Of each license: the fields of its entitlement that differ, and the events recorded after the first instant, up to
/// the second.
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct DiffArgs {
    /// Only of this license
    number: Option<LicenseNumber>,
    /// The two instants, the earlier one first, such as 2012-09-01T00:00:00Z
    #[arg(long, value_name = "INSTANT", value_parser = values::instant, required = true)]
    known_at: Vec<DateTime<Utc>>,
    /// The day to compare the entitlements on; without it today, by all that was known
    #[arg(long, value_name = "DATE", value_parser = values::date)]
    on: Option<Date>,
}

/// Prints the differences.
pub(crate) async fn diff(run: &Run<'_>, args: &DiffArgs) -> Ended {
    let [from, to] = args.known_at[..] else {
        return Err(Failure::Usage("give --known-at twice: the earlier instant, then the later one".to_owned()));
    };
    if from > to {
        return Err(Failure::Usage("the first --known-at is after the second; exchange the two".to_owned()));
    }
    let between = Between { today: run.today(), on: args.on, from, to };
    run.needs_a_ledger()?;
    let ledger = run.ledger().await?;
    let mut pages = Pages { ledger: &ledger, between, number: args.number.as_ref(), after: None, is_over: false };
    match run.format {
        Format::Json => print_json(&mut pages).await?,
        Format::Table => print_text(&mut pages).await?,
    }
    Ok(FINE)
}

/// The differences, page by page.
struct Pages<'a> {
    ledger: &'a Ledger,
    between: Between,
    number: Option<&'a LicenseNumber>,
    after: Option<LicenseNumber>,
    is_over: bool,
}

impl Pages<'_> {
    /// The next page, which may be empty; `None` at the end.
    async fn next(&mut self) -> Result<Option<Vec<Difference>>, Failure> {
        if self.is_over {
            return Ok(None);
        }
        if let Some(number) = self.number {
            self.is_over = true;
            return Ok(Some(self.ledger.diff_of(number, &self.between).await?.into_iter().collect()));
        }
        let (page, next) = self.ledger.diff_page(self.after.as_ref(), &self.between).await?;
        self.is_over = next.is_none();
        self.after = next;
        Ok(Some(page))
    }
}

async fn print_json(pages: &mut Pages<'_>) -> Result<(), Failure> {
    // Before anything is printed, so that a refusal leaves no half of an answer.
    let mut page = pages.next().await?;
    let mut writer = serde_json::Serializer::pretty(output::out());
    let mut array = (&mut writer).serialize_seq(None)?;
    while let Some(differences) = page {
        for difference in &differences {
            array.serialize_element(difference)?;
        }
        page = pages.next().await?;
    }
    array.end()?;
    let mut out = writer.into_inner();
    out.write_all(b"\n")?;
    Ok(out.flush()?)
}

async fn print_text(pages: &mut Pages<'_>) -> Result<(), Failure> {
    let mut out = output::out();
    let mut is_empty = true;
    while let Some(differences) = pages.next().await? {
        for difference in &differences {
            is_empty = false;
            write_text(&mut out, difference)?;
        }
    }
    if is_empty {
        out.write_all(b"nothing was recorded in between\n")?;
    }
    Ok(out.flush()?)
}

fn write_text(out: &mut impl Write, difference: &Difference) -> std::io::Result<()> {
    writeln!(out, "{}", difference.license)?;
    for (name, change) in &difference.changed {
        writeln!(out, "  {name}: {} → {}", in_words(&change.before), in_words(&change.after))?;
    }
    for event in &difference.events {
        let by = format!("{} ({})", event.actor.name, event.actor.role);
        let (sequence, on, at) = (event.sequence, event.on, &event.recorded_at);
        writeln!(out, "  event {sequence} {} on {on}, by {by}, recorded at {at}", event.event_type)?;
    }
    Ok(())
}

fn in_words(value: &Value) -> String {
    match value {
        Value::Null => "–".to_owned(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}
