//! `report`: whole lists for other programs and for spreadsheets.

use std::io::Write;

use chrono::{DateTime, Utc};
use clap::ValueEnum;
use ledger_app::read::instant;
use ledger_app::report::{Period, Question, Report, Standpoint};
use ledger_app::sheet::{Delimiter, Table};
use ledger_domain::values::Date;
use serde_json::json;

use crate::args::GivenFormat;
use crate::exit::{Ended, FINE, Failure};
use crate::output;
use crate::run::Run;
use crate::values;

const SWM_EXPIRY_HELP: &str = "\
Examples:
  license-ledger report swm-expiry --from 2013-01-01 --to 2013-02-01
  license-ledger report swm-expiry --from 2013-01-01 --to 2013-02-01 --format csv --delimiter ';' --bom > ends.csv";
const ENTITLEMENTS_HELP: &str = "\
Examples:
  license-ledger report entitlements --on 2012-12-31 --format csv > year.csv
  license-ledger report entitlements --on 2012-12-31 --known-at 2013-01-10T00:00:00+04:00";
const SALES_HELP: &str = "\
Examples:
  license-ledger report sales --from 2012-01-01 --to 2013-01-01 --format csv > sales.csv";
const REFUSALS_HELP: &str = "\
Examples:
  license-ledger report refusals --from 2012-08-01 --to 2012-09-01";

/// Write a report: a whole list of one moment
///
/// Each carries the position and the root of the sealed log that it was made at (docs/reporting.md).
#[derive(Debug, clap::Subcommand)]
#[command(after_help = SALES_HELP)]
pub(crate) enum ReportCommand {
    /// Licenses in use whose Software Maintenance ends in a period, soonest first
    #[command(after_help = SWM_EXPIRY_HELP)]
    SwmExpiry(PeriodArgs),
    /// All licenses on a day, by number
    #[command(after_help = ENTITLEMENTS_HELP)]
    Entitlements(EntitlementsArgs),
    /// The lines sold, in the order of the log
    #[command(after_help = SALES_HELP)]
    Sales(PeriodArgs),
    /// The commands refused, in the order of the log: who, when, what, by which rules
    #[command(after_help = REFUSALS_HELP)]
    Refusals(PeriodArgs),
}

/// A report on a period.
#[derive(Debug, clap::Args)]
pub(crate) struct PeriodArgs {
    /// The first day; without it from the beginning, for swm-expiry from today on
    #[arg(long, value_name = "DATE", value_parser = values::date)]
    from: Option<Date>,
    /// The day after the last one; without it to the end
    #[arg(long, value_name = "DATE", value_parser = values::date)]
    to: Option<Date>,
    #[command(flatten)]
    how: HowArgs,
}

/// A report on a day.
#[derive(Debug, clap::Args)]
pub(crate) struct EntitlementsArgs {
    /// The day; without it today, by everything that is recorded
    #[arg(long, value_name = "DATE", value_parser = values::date)]
    on: Option<Date>,
    #[command(flatten)]
    how: HowArgs,
}

/// How a report is written.
#[derive(Debug, clap::Args)]
pub(crate) struct HowArgs {
    /// With only what the ledger knew at this instant, such as 2012-09-01T00:00:00Z; without it now
    #[arg(long, value_name = "INSTANT", value_parser = values::instant)]
    known_at: Option<DateTime<Utc>>,
    /// CSV: what stands between the cells; spreadsheets set to Russian expect `;`
    #[arg(long, value_enum, value_name = "SIGN", default_value = ",")]
    delimiter: Sign,
    /// CSV: begin with a byte order mark, by which a spreadsheet knows UTF-8
    #[arg(long)]
    bom: bool,
}

/// What stands between cells.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Sign {
    /// As the standard has it.
    #[value(name = ",")]
    Comma,
    /// As spreadsheets set to Russian expect it.
    #[value(name = ";")]
    Semicolon,
}

/// Writes the report.
pub(crate) async fn report(run: &Run<'_>, command: ReportCommand) -> Ended {
    let (name, question, how) = match command {
        ReportCommand::SwmExpiry(args) => ("swm-expiry", Question::SwmExpiry(period(&args)?), args.how),
        ReportCommand::Entitlements(args) => ("entitlements", Question::Entitlements(args.on), args.how),
        ReportCommand::Sales(args) => ("sales", Question::Sales(period(&args)?), args.how),
        ReportCommand::Refusals(args) => ("refusals", Question::Refusals(period(&args)?), args.how),
    };
    let is_csv = match run.given_format {
        Some(GivenFormat::Table) => {
            return Err(Failure::Usage("a report is written with --format json or --format csv".to_owned()));
        }
        given => given == Some(GivenFormat::Csv),
    };
    run.needs_a_ledger()?;
    let ledger = run.ledger().await?;
    let report = ledger.report(question, run.today(), how.known_at).await?;
    if is_csv {
        csv(report, question, &how).await?
    } else {
        as_json(report, name).await?
    }
    Ok(FINE)
}

fn period(args: &PeriodArgs) -> Result<Period, Failure> {
    match (args.from, args.to) {
        (Some(from), Some(to)) if from > to => {
            Err(Failure::Usage(format!("--from {from} is after --to {to}; exchange the two")))
        }
        (from, to) => Ok(Period { from, to }),
    }
}

/// One object: the moment, then the rows, one a line. They are written as they are read.
async fn as_json(mut report: Report<'_>, name: &str) -> Result<(), Failure> {
    let mut page = report.page().await?;
    let mut out = output::out();
    let Standpoint { known_at, position, root } = &report.standpoint;
    let (known_at, root) = (json!(instant(*known_at)), json!(root));
    write!(out, "{{\"report\":\"{name}\",\"known_at\":{known_at},\"position\":{position},\"root\":{root},\"items\":[")?;
    let mut separator = "\n";
    while let Some(rows) = page {
        for row in &rows {
            out.write_all(separator.as_bytes())?;
            serde_json::to_writer(&mut out, row)?;
            separator = ",\n";
        }
        page = report.page().await?;
    }
    out.write_all(b"\n]}\n")?;
    Ok(out.flush()?)
}

/// A table. Every row ends with the moment; so it stays with the rows, however they are sorted and cut.
async fn csv(mut report: Report<'_>, question: Question, how: &HowArgs) -> Result<(), Failure> {
    let mut page = report.page().await?;
    let delimiter = match how.delimiter {
        Sign::Comma => Delimiter::Comma,
        Sign::Semicolon => Delimiter::Semicolon,
    };
    let columns = [question.columns(), &Standpoint::COLUMNS].concat();
    let mut sheet = Table { delimiter, bom: how.bom }.begin(output::out(), &columns)?;
    let moment = report.standpoint.cells();
    while let Some(rows) = page {
        for row in &rows {
            sheet.row(row.cells().into_iter().chain(moment.clone()))?;
        }
        page = report.page().await?;
    }
    Ok(sheet.end()?.flush()?)
}
