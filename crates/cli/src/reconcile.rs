//! `reconcile`: a list of licenses against the ledger.

use std::io::Write;
use std::path::PathBuf;

use ledger_app::next_commands::Example;
use ledger_app::portfolio::Column;
use ledger_app::reconcile::{Difference, Kind, Reconciliation};
use ledger_domain::values::Date;
use serde_json::Value;

use crate::args::Format;
use crate::exit::{Ended, FINE, Failure, REFUSED, note};
use crate::import_portfolio::{read, sheet, vendor_desk};
use crate::output::words::{counted, grouped};
use crate::output::{self, table};
use crate::run::Run;
use crate::values;

const AFTER_HELP: &str = "\
The list has the columns of a portfolio (docs/portfolio.md), or fewer: only those that are there are compared, and an empty \
cell is not, but of plugins, where it says that there are none. As JSON each difference is one line; its commands stand under \
`settle`, each judged as if those before it had been posted. `fill_in` names what nobody but you can know: order numbers \
and reasons. Exit status 1: something differs.

Examples:
  license-ledger reconcile vendors-list.csv --format table
  license-ledger reconcile vendors-list.csv --on 2012-12-31
  license-ledger reconcile vendors-list.csv | jq -c '.settle[].request' > commands.ndjson";

/// Compare a list of licenses (CSV) with the ledger, and say what would settle each difference
///
/// Tells which licenses are missing here, missing in the list, or not the same, and the commands that would make the ledger
/// say what the list says, judged as the vendor desk's. Nothing is written.
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct ReconcileArgs {
    /// The list: CSV in UTF-8, with a header, `,` or `;` between its cells
    #[arg(value_name = "FILE.csv")]
    file: PathBuf,
    /// The day of the list; without it today, by everything that is recorded
    #[arg(long, value_name = "DATE", value_parser = values::date)]
    on: Option<Date>,
}

/// How many differences there are.
#[derive(Default)]
struct Counts {
    missing_here: u64,
    missing_there: u64,
    different: u64,
    unreadable: u64,
}

/// Prints the differences.
pub(crate) async fn reconcile(run: &Run<'_>, args: &ReconcileArgs) -> Ended {
    let bytes = read(&args.file)?;
    let sheet = sheet(&args.file, &bytes, &[Column::License])?;
    run.needs_a_ledger()?;
    let ledger = run.ledger().await?;
    let context = vendor_desk(run);
    let mut reconciliation = Reconciliation::new(&ledger, &sheet, args.on, &context);
    let (mut counts, mut rows) = (Counts::default(), Vec::new());
    while let Some(difference) = reconciliation.next().await? {
        counts.add(difference.kind);
        match run.format {
            Format::Json => line(&difference)?,
            Format::Table => rows.push(in_words(&difference)?),
        }
    }
    if !rows.is_empty() {
        let mut table = table::table(&["license", "line", "what"], &["here → there", "to settle it"]);
        table.add_rows(rows);
        output::text(&table::rendered(table))?;
    }
    note(&counts.summary());
    Ok(if counts.all() == 0 { FINE } else { REFUSED })
}

fn line(difference: &Difference) -> Result<(), Failure> {
    let mut out = output::out();
    serde_json::to_writer(&mut out, difference)?;
    out.write_all(b"\n")?;
    Ok(out.flush()?)
}

impl Counts {
    const fn add(&mut self, kind: Kind) {
        match kind {
            Kind::MissingHere => self.missing_here += 1,
            Kind::MissingThere => self.missing_there += 1,
            Kind::Different => self.different += 1,
            Kind::Unreadable => self.unreadable += 1,
        }
    }

    const fn all(&self) -> u64 {
        self.missing_here + self.missing_there + self.different + self.unreadable
    }

    fn summary(&self) -> String {
        if self.all() == 0 {
            return "the list and the ledger say the same".to_owned();
        }
        format!(
            "{}: {} missing here, {} missing in the list, {} not the same, {} unreadable",
            counted(self.all(), "difference", "differences"),
            grouped(self.missing_here),
            grouped(self.missing_there),
            grouped(self.different),
            grouped(self.unreadable),
        )
    }
}

/// A difference as a row of a table.
fn in_words(difference: &Difference) -> Result<[String; 5], Failure> {
    let kind = match difference.kind {
        Kind::MissingHere => "missing here",
        Kind::MissingThere => "missing in the list",
        Kind::Different => "not the same",
        Kind::Unreadable => "unreadable",
    };
    let side = |text: &str| if text.is_empty() { output::words::NOTHING.to_owned() } else { text.to_owned() };
    let fields = difference.fields.iter();
    let fields: Vec<_> = fields.map(|f| format!("{}: {} → {}", f.field, side(&f.here), side(&f.there))).collect();
    let settle = difference.settle.iter().map(command).collect::<Result<Vec<_>, _>>()?;
    let line = difference.line.map(|line| line.to_string()).unwrap_or_default();
    let said = [settle, difference.notes.clone()].concat().join("\n");
    Ok([difference.license.clone(), line, kind.to_owned(), fields.join("\n"), said])
}

/// `add_users: accepted`, `renew_swm: rejected SWM-7`.
fn command(example: &Example) -> Result<String, Failure> {
    let outcome: Value = serde_json::from_str(example.outcome.get())?;
    let rules = outcome["violations"].as_array().into_iter().flatten().filter_map(|found| found["rule"].as_str());
    let rules: String = rules.map(|rule| format!(" {rule}")).collect();
    let kind = outcome["outcome"].as_str().unwrap_or_default();
    Ok(format!("{}: {kind}{rules}", example.request.command.name()))
}
