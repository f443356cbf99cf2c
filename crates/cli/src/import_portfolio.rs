//! `import-portfolio`: licenses from before the ledger, from a table.

use std::fs;
use std::path::{Path, PathBuf};

use ledger_app::portfolio::sheet::{MAX_FILE_BYTES, Row, Sheet, SheetError, text};
use ledger_app::portfolio::{Column, Fate, Import};
use ledger_app::post::PostContext;
use ledger_app::poster::Poster;
use ledger_domain::command::{Actor, Role};
use ledger_domain::values::Date;

use crate::actor::system_user;
use crate::exit::{Ended, FINE, Failure, REFUSED, note};
use crate::given::cannot_read;
use crate::output;
use crate::output::words::{counted, grouped};
use crate::progress::Count;
use crate::run::Run;
use crate::values;

const AFTER_HELP: &str = "\
Without --commit nothing is written: an opening cannot be undone. Standard output has the refused rows, as a table like \
the one given with a last column, reason: mend them and import that table, the reasons are not read. A row whose license was \
opened from a row that said the same is there already, and changes nothing: the same table may be imported again, also \
after a failure. docs/portfolio.md says what the columns are.

Examples:
  license-ledger import-portfolio portfolio.csv > refused.csv
  license-ledger import-portfolio portfolio.csv --on 2012-08-20 --commit > refused.csv";

/// Open licenses from before the ledger, from a table (CSV); a dry run unless told to commit
///
/// Each row is judged by itself, as of the day: a license that the ledger does not have is opened as it stands (LIC-2), as
/// the vendor desk. Rows that are refused are told, and nothing of them is kept.
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct ImportPortfolioArgs {
    /// The table: CSV in UTF-8, with a header, `,` or `;` between its cells
    #[arg(value_name = "FILE.csv")]
    file: PathBuf,
    /// The day on which the licenses stand as the table says; without it today
    #[arg(long, value_name = "DATE", value_parser = values::date)]
    on: Option<Date>,
    /// Open the licenses; without it, only say what would become of each row
    #[arg(long)]
    commit: bool,
    /// Write nothing, as is done anyway without --commit
    #[arg(long, conflicts_with = "commit")]
    dry_run: bool,
}

/// How many rows came to what.
#[derive(Default)]
struct Fates {
    opened: u64,
    already_there: u64,
    refused: u64,
}

/// Imports the table.
pub(crate) async fn import_portfolio(run: &Run<'_>, args: &ImportPortfolioArgs) -> Ended {
    let on = day(run, args.on)?;
    let bytes = read(&args.file)?;
    let sheet = sheet(&args.file, &bytes, Column::REQUIRED)?;
    let ledger = if args.commit { run.ledger_to_write().await? } else { run.ledger().await? };
    let mut fates = Fates::default();
    let ended = take_all(run, &sheet, Import::new(&ledger, on, args.commit), &mut fates).await;
    if args.commit
        && let Err(error) = ledger.settle().await
    {
        note(&format!("every license that was opened is in the ledger; its events are put in order later: {error}"));
    }
    note(&fates.summary(on, args.commit));
    ended.map(|()| if fates.refused == 0 { FINE } else { REFUSED })
}

async fn take_all(run: &Run<'_>, sheet: &Sheet<'_>, mut import: Import<'_>, fates: &mut Fates) -> Result<(), Failure> {
    let (mut rows, progress) = (sheet.rows().peekable(), Count::new());
    while rows.peek().is_some() {
        let group: Vec<Row> = rows.by_ref().take(Import::GROUP).collect();
        // A run can go on past midnight.
        let context = vendor_desk(run);
        let taken = import.take(sheet, &group, &context).await;
        let taken = taken.map_err(|error| {
            let remedy = "what was opened is in the ledger; import the same table again when that is mended";
            Failure::Store(error, Some(remedy.to_owned()))
        })?;
        print(sheet, &group, &taken, fates)?;
        progress.show("rows", fates.rows(), None);
    }
    progress.end();
    Ok(())
}

/// Prints the refused rows of a group, counts all, and tells the warnings.
fn print(sheet: &Sheet<'_>, rows: &[Row], taken: &[Fate], fates: &mut Fates) -> Result<(), Failure> {
    let mut refused = Vec::new();
    for (row, fate) in rows.iter().zip(taken) {
        match fate {
            Fate::Opened(warnings) => {
                fates.opened += 1;
                warnings.iter().for_each(|warning| note(&format!("line {}: warning: {warning}", row.line)));
            }
            Fate::AlreadyThere => fates.already_there += 1,
            Fate::Refused(reason) => {
                if fates.refused == 0 {
                    refused.extend(sheet.header_of_refused());
                }
                fates.refused += 1;
                refused.extend(sheet.refused(row, reason));
            }
        }
    }
    Ok(output::bytes(&refused)?)
}

impl Fates {
    const fn rows(&self) -> u64 {
        self.opened + self.already_there + self.refused
    }

    fn summary(&self, on: Date, commits: bool) -> String {
        let opened = if commits { "opened" } else { "would be opened" };
        let told = format!(
            "{}: {} {opened} on {on}, {} already there, {} refused",
            counted(self.rows(), "row", "rows"),
            grouped(self.opened),
            grouped(self.already_there),
            grouped(self.refused),
        );
        if commits { told } else { told + "; nothing was written: --commit does it" }
    }
}

/// The day asked for, which does not lie ahead.
fn day(run: &Run<'_>, on: Option<Date>) -> Result<Date, Failure> {
    let today = run.today();
    match on {
        Some(on) if on > today => Err(Failure::Usage(format!("--on {on} lies ahead: today is {today}"))),
        on => Ok(on.unwrap_or(today)),
    }
}

/// The system's user, as the vendor desk, which alone opens licenses.
pub(crate) fn vendor_desk(run: &Run<'_>) -> PostContext {
    PostContext::new(run.today(), Poster::local(Actor { role: Role::Vendor, ..system_user() }))
}

/// The file's bytes.
pub(crate) fn read(file: &Path) -> Result<Vec<u8>, Failure> {
    let name = file.display().to_string();
    let length = fs::metadata(file).map_err(|error| cannot_read(&name, &error))?.len();
    if length > MAX_FILE_BYTES {
        let most = MAX_FILE_BYTES >> 20;
        return Err(Failure::Usage(format!("{name} is over {most} MiB: divide it into several tables")));
    }
    fs::read(file).map_err(|error| cannot_read(&name, &error))
}

/// The bytes as a table with at least one row.
pub(crate) fn sheet<'b>(file: &Path, bytes: &'b [u8], needed: &[Column]) -> Result<Sheet<'b>, Failure> {
    let in_file = |error: SheetError| Failure::Usage(format!("{}: {error}", file.display()));
    let sheet = text(bytes).and_then(|text| Sheet::read(text, needed)).map_err(in_file)?;
    if sheet.rows().next().is_none() {
        return Err(Failure::Usage(format!("{}: there is no row below its header", file.display())));
    }
    Ok(sheet)
}
