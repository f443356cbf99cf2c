//! `export`: the whole ledger as a file.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write, stdout};
use std::path::{Path, PathBuf};

use ledger_app::transfer::Transfer;
use ledger_app::transfer::export::{ExportError, Exported, export as export_to};
use serde::Serialize;

use crate::args::Format;
use crate::exit::{Ended, FINE, Failure, note};
use crate::given::cannot_write;
use crate::output;
use crate::output::words::counted;
use crate::progress::Count;
use crate::run::Run;

const AFTER_HELP: &str = "\
The file holds events, command records, editions of facts, keys and checkpoints, as of one moment; the ledger stays in \
use meanwhile. API keys and kept quotes are not in it. docs/export.md explains each line.

Examples:
  license-ledger export ledger.ndjson
  license-ledger export | zstd > ledger.ndjson.zst
  license-ledger --database postgres://db.example/ledger export | license-ledger --database sqlite:copy.db import";

/// Write the whole ledger to a file, as NDJSON
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct ExportArgs {
    /// The file, which is complete when it is there; without one, standard output
    file: Option<PathBuf>,
}

/// What was exported, as JSON shows it.
#[derive(Serialize)]
struct ExportedView {
    events: u64,
    commands: u64,
    root: String,
}

/// Exports the ledger.
pub(crate) async fn export(run: &Run<'_>, args: &ExportArgs) -> Ended {
    run.needs_a_ledger()?;
    let store = run.database.open_to_export().await?;
    // Every event that is committed by now is in the export.
    store.settle().await?;
    match args.file.as_deref() {
        Some(file) if file.as_os_str() != "-" => to_file(run, &*store, file).await,
        _ => {
            let mut out = BufWriter::new(stdout());
            let exported = written(&*store, &mut out).await.map_err(|error| match error {
                ExportError::Store(error) => Failure::from(error),
                ExportError::Output(error) => Failure::Output(error),
            })?;
            note(&in_words(&exported));
            Ok(FINE)
        }
    }
}

/// Writes beside the file, and moves what is complete to its place.
async fn to_file(run: &Run<'_>, store: &dyn Transfer, file: &Path) -> Ended {
    let mut part = file.as_os_str().to_owned();
    part.push(".part");
    let part = PathBuf::from(part);
    let out = File::create(&part).map_err(|error| cannot_write(file, &error))?;
    let mut out = BufWriter::new(out);
    let done = match written(store, &mut out).await {
        Ok(exported) => out
            .into_inner()
            .map_err(io::IntoInnerError::into_error)
            .and_then(|out| out.sync_all())
            .and_then(|()| fs::rename(&part, file))
            .map(|()| exported)
            .map_err(ExportError::Output),
        Err(error) => Err(error),
    };
    let exported = done.map_err(|error| {
        // What is not complete is of no use; where it cannot be removed, its name says what it is.
        fs::remove_file(&part).ok();
        match error {
            ExportError::Store(error) => Failure::from(error),
            ExportError::Output(error) => cannot_write(file, &error),
        }
    })?;
    match run.format {
        Format::Json => output::json(&ExportedView::from(&exported))?,
        Format::Table => output::text(&in_words(&exported))?,
    }
    Ok(FINE)
}

async fn written(store: &dyn Transfer, out: &mut (dyn Write + Send)) -> Result<Exported, ExportError> {
    let mut snapshot = store.snapshot().await?;
    let progress = Count::new();
    let mut show = |done, total| progress.show("events", done, Some(total));
    let exported = export_to(&mut *snapshot, out, &mut show).await;
    progress.end();
    exported
}

impl From<&Exported> for ExportedView {
    fn from(exported: &Exported) -> Self {
        Self { events: exported.events, commands: exported.commands, root: exported.root.to_string() }
    }
}

fn in_words(exported: &Exported) -> String {
    format!(
        "{} and {} exported; the root of the log is {}",
        counted(exported.events, "event", "events"),
        counted(exported.commands, "command", "commands"),
        exported.root
    )
}
