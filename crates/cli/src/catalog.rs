//! `catalog`: the facts that commands are judged by, checked and shown.

mod check;
mod view;

use clap::ValueEnum;
use ledger_domain::values::Date;

use crate::args::Format;
use crate::exit::{Ended, FINE};
use crate::output;
use crate::run::Run;
use crate::values;

const AFTER_CHECK: &str = "\
Without --catalog or --prices it checks what the ledger uses now. Exit status 1 when the files cannot be used; price \
rows that look mistaken (SWM-4) are listed, and can be used.

Examples:
  license-ledger catalog check --prices prices-2013.csv
  license-ledger catalog check --catalog catalog.toml --prices builtin";

const AFTER_SHOW: &str = "\
Examples:
  license-ledger catalog show --on 2012-08-20
  license-ledger catalog show --files prices > prices-2013.csv
  license-ledger catalog show --files catalog --catalog builtin";

const AFTER_HELP: &str = "\
Examples:
  license-ledger catalog check --prices prices-2013.csv
  license-ledger catalog show --on 2012-08-20";

/// Check or show the facts that commands are judged by
///
/// They are dated data in two files: the catalog (products, plugins, terms, releases) and the price list. What `post` was
/// given last is the ledger's current edition.
#[derive(Debug, clap::Subcommand)]
#[command(after_help = AFTER_HELP)]
pub(crate) enum CatalogCommand {
    /// Check a catalog and a price list before they are used
    #[command(after_help = AFTER_CHECK)]
    Check,
    Show(ShowArgs),
}

/// Show what is sold on a day, on which terms, and at which prices
///
/// Shows products, plugins, license types, terms, the price list in force, and the hash of the edition they come from.
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER_SHOW)]
pub(crate) struct ShowArgs {
    /// The day; without it today
    #[arg(long, value_name = "DATE", value_parser = values::date)]
    on: Option<Date>,
    /// Print one of the two files as it is, to start one's own from
    #[arg(long, value_enum, value_name = "FILE", conflicts_with = "on")]
    files: Option<File>,
}

/// A file of an edition.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum File {
    /// The catalog (TOML)
    Catalog,
    /// The price list (CSV)
    Prices,
}

/// Checks or shows.
pub(crate) async fn catalog(run: &Run<'_>, command: &CatalogCommand) -> Ended {
    match command {
        CatalogCommand::Check => check::check(run).await,
        CatalogCommand::Show(args) => show(run, args).await,
    }
}

async fn show(run: &Run<'_>, args: &ShowArgs) -> Ended {
    match args.files {
        Some(file) => {
            let text = run.with_edition(|edition| match file {
                File::Catalog => edition.files.catalog.clone(),
                File::Prices => edition.files.prices.clone(),
            });
            output::bytes(text.await?.as_bytes())?;
        }
        None => {
            let on = args.on.unwrap_or_else(|| run.today());
            let view = run.with_edition(|edition| view::View::new(edition, on)).await?;
            match run.format {
                Format::Json => output::json(&view)?,
                Format::Table => output::text(&view.in_tables())?,
            }
        }
    }
    Ok(FINE)
}
