//! `verify-export`: a whole ledger in a file, checked without any database.

use std::path::PathBuf;

use ledger_app::transfer::import::{Contents, Told, look_through};
use ledger_seal::keys::Verifier;
use serde::Serialize;

use crate::args::Format;
use crate::exit::{Ended, FINE, note};
use crate::given::verifier;
use crate::import::{failure, opened};
use crate::output;
use crate::output::words::counted;
use crate::progress::Count;
use crate::run::Run;

const AFTER_HELP: &str = "\
The verifier is what `license-ledger seal init` and `seal status` print. Take it from the ledger's owner by another way \
than the file: whoever makes a ledger up signs it with a key of his own. The first damage is told with its line, and the \
exit status is 1.

Examples:
  license-ledger verify-export ledger.ndjson --key ledger.example/licenses+4f1c22d0+AeR…
  zstd -dc ledger.ndjson.zst | license-ledger verify-export - --key \"$(cat verifier.txt)\"";

/// Check an export, without any database
///
/// Every line by itself and against those before it, as an import does before it writes: events against their leaves, the
/// tree against every checkpoint, the last checkpoint against the key, command records, order numbers, conservation of
/// users, that every license's events follow on each other.
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct VerifyExportArgs {
    /// The export; `-` for standard input
    file: PathBuf,
    /// The verifier of the ledger's key (name+id+key), as its owner handed it over
    #[arg(long, value_name = "VERIFIER", value_parser = verifier)]
    key: Verifier,
}

/// What was found, as JSON shows it.
#[derive(Serialize)]
struct ContentsView {
    events: u64,
    signed: u64,
    root: String,
    commands: u64,
}

/// Looks the file through, and prints what it holds.
pub(crate) async fn verify(run: &Run<'_>, args: &VerifyExportArgs) -> Ended {
    let (name, source) = opened(Some(&args.file))?;
    let progress = Count::new();
    let mut tell = |told| {
        if let Told::Checked { events, of } = told {
            progress.show("events checked", events, Some(of));
        }
    };
    let contents = look_through(source.reader(), std::slice::from_ref(&args.key), &mut tell).await;
    progress.end();
    let contents = contents.map_err(|error| failure(error, &name))?;
    if contents.signed < contents.events {
        let later = counted(contents.events - contents.signed, "event", "events");
        note(&format!(
            "{name}: its last checkpoint does not cover the last {later}: only the file itself vouches for them"
        ));
    }
    match run.format {
        Format::Json => output::json(&ContentsView::from(&contents))?,
        Format::Table => output::text(&in_words(&contents))?,
    }
    Ok(FINE)
}

impl From<&Contents> for ContentsView {
    fn from(contents: &Contents) -> Self {
        let Contents { events, commands, root, signed } = *contents;
        Self { events, signed, root: root.to_string(), commands }
    }
}

fn in_words(contents: &Contents) -> String {
    format!(
        "{}, {} of them signed, and {}: all as it should be; the root of the log is {}",
        counted(contents.events, "event", "events"),
        contents.signed,
        counted(contents.commands, "command", "commands"),
        contents.root
    )
}
