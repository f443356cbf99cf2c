//! `verify`: the whole ledger looked through.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use chrono::Utc;
use ledger_app::verify::{self, Evidence, Told, Verified};
use ledger_seal::keys::Verifier;
use serde::Serialize;

use crate::args::Format;
use crate::exit::{Ended, FINE, Failure, REFUSED, note};
use crate::given::{cannot_read, verifier};
use crate::output;
use crate::output::words::counted;
use crate::progress::{Count, how_far};
use crate::run::Run;
use crate::store::OpenMode;

const AFTER_HELP: &str = "\
What is damaged is told on standard error, a line each: which event, which license, what. Without a checkpoint that was \
kept elsewhere, somebody who has the database can change everything and seal it anew.

Examples:
  license-ledger verify
  license-ledger verify --checkpoint /mnt/auditor/checkpoints
  license-ledger verify --checkpoint last.checkpoint --key ledger.example/licenses+4f1c22d0+AeR…";

/// Look through the whole ledger for damage
///
/// Positions without gaps, every event against the sealed log, the log against every checkpoint, command records,
/// conservation of users, read models against their events. The ledger stays in use meanwhile.
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct VerifyArgs {
    /// A checkpoint kept elsewhere, or a folder of them (*.checkpoint); may be given several times
    #[arg(long = "checkpoint", value_name = "FILE")]
    checkpoints: Vec<PathBuf>,
    /// The verifier of the key that they must be signed by (name+id+key), as it was handed over; else the ledger's own list
    /// is believed
    // `--verifier` was its name once: scripts may hold it.
    #[arg(long = "key", alias = "verifier", value_name = "VERIFIER", value_parser = verifier)]
    keys: Vec<Verifier>,
}

/// What was found, as JSON shows it.
#[derive(Serialize)]
struct VerifiedView {
    events: u64,
    sealed: u64,
    root: Option<String>,
    licenses: u64,
    commands: u64,
    checkpoints: u64,
    damages: u64,
}

/// Verifies, and prints what was looked at.
pub(crate) async fn verify(run: &Run<'_>, args: &VerifyArgs) -> Ended {
    let evidence =
        Evidence { verifiers: args.keys.clone(), checkpoints: checkpoints(&args.checkpoints)?, now: Some(Utc::now()) };
    run.needs_a_ledger()?;
    let store = run.database.open(OpenMode::Read).await?;
    // The passes run beside each other.
    let (progress, mut passes) = (Count::new(), BTreeMap::new());
    let mut tell = |told| match told {
        Told::Progress { what, done, total } => {
            passes.insert(what, how_far(what, done, total));
            progress.say(passes.values().map(String::as_str).collect::<Vec<_>>().join(", "));
        }
        Told::Damage(what) => progress.beside(|| note(&format!("damaged: {what}"))),
    };
    let verified = verify::verify(&store, &evidence, &mut tell).await;
    progress.end();
    let verified = verified?;
    match run.format {
        Format::Json => output::json(&VerifiedView::from(&verified))?,
        Format::Table => output::text(&in_words(&verified))?,
    }
    if args.checkpoints.is_empty() {
        note(
            "no checkpoint kept elsewhere was given: whoever has the database could have changed everything and sealed it anew",
        );
    }
    Ok(if verified.damages == 0 { FINE } else { REFUSED })
}

/// The files, and those in the folders, by name.
fn checkpoints(given: &[PathBuf]) -> Result<Vec<(String, String)>, Failure> {
    let mut files = Vec::new();
    for path in given {
        if path.is_dir() { files.extend(folder(path)?) } else { files.push(path.clone()) }
    }
    let read = |path: PathBuf| {
        let name = path.display().to_string();
        fs::read_to_string(&path).map(|note| (name.clone(), note)).map_err(|error| cannot_read(&name, &error))
    };
    files.into_iter().map(read).collect()
}

fn folder(path: &Path) -> Result<Vec<PathBuf>, Failure> {
    let unreadable = |error| cannot_read(&path.display().to_string(), &error);
    let mut files = Vec::new();
    for entry in fs::read_dir(path).map_err(unreadable)? {
        let file = entry.map_err(unreadable)?.path();
        files.extend((file.extension().is_some_and(|end| end == "checkpoint")).then_some(file));
    }
    if files.is_empty() {
        return Err(Failure::Usage(format!("{} holds no file *.checkpoint; give one that does", path.display())));
    }
    files.sort();
    Ok(files)
}

impl From<&Verified> for VerifiedView {
    fn from(verified: &Verified) -> Self {
        let Verified { events, sealed, root, licenses, commands, checkpoints, damages } = *verified;
        Self { events, sealed, root: root.map(|root| root.to_string()), licenses, commands, checkpoints, damages }
    }
}

fn in_words(verified: &Verified) -> String {
    format!(
        "{}, {} of them sealed, {}, {}, {}: {}",
        counted(verified.events, "event", "events"),
        verified.sealed,
        counted(verified.licenses, "license", "licenses"),
        counted(verified.commands, "command", "commands"),
        counted(verified.checkpoints, "checkpoint", "checkpoints"),
        match verified.damages {
            0 => "all as it should be".to_owned(),
            damages => counted(damages, "damage", "damages"),
        }
    )
}
