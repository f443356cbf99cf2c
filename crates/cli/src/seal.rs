//! `seal`: the key that signs for the ledger, checkpoints of its log, and proofs of its events.

mod files;
mod proof;

use std::path::PathBuf;
use std::time::Duration;

use chrono::Utc;
use ledger_app::read::instant;
use ledger_app::seal::KeptCheckpoint;
use ledger_app::sealing::{self, SealStatus, new_key};
use ledger_app::store::Store;
use ledger_seal::keys::Verifier;
use serde::Serialize;
use tokio::time::sleep;

use crate::args::Format;
use crate::exit::{Ended, FINE, Failure};
use crate::output;
use crate::output::card::card;
use crate::output::words::{NOTHING, grouped};
use crate::run::Run;
use crate::store::OpenMode;
use crate::values;

const AFTER_HELP: &str = "\
Every event is sealed by itself soon after it is recorded. A checkpoint is what of that is signed: keep checkpoints \
where nobody who can write the database can write too, and `license-ledger verify --checkpoint FILE` will find whatever \
is changed since.

Examples:
  license-ledger seal init --origin ledger.example/licenses
  license-ledger seal checkpoint --to /mnt/auditor/checkpoints
  license-ledger seal status";

const AFTER_INIT: &str = "\
Examples:
  license-ledger seal init
  license-ledger seal init --origin ledger.example/licenses --key /etc/license-ledger/seal.key --to checkpoints";

const AFTER_CHECKPOINT: &str = "\
Examples:
  license-ledger seal checkpoint
  license-ledger seal checkpoint --to /mnt/auditor/checkpoints --every 60
  license-ledger seal checkpoint --format json | jq -r .note > last.checkpoint";

const AFTER_STATUS: &str = "\
Examples:
  license-ledger seal status
  license-ledger seal status --format json | jq -r '.keys[].verifier' > verifiers.txt";

const AFTER_ROTATE: &str = "\
Examples:
  license-ledger seal rotate --to checkpoints";

/// Sign how far the ledger's log goes, and what it holds
#[derive(Debug, clap::Subcommand)]
#[command(after_help = AFTER_HELP)]
pub(crate) enum SealCommand {
    Init(InitArgs),
    Checkpoint(CheckpointArgs),
    /// Show the last checkpoint, the keys, and what waits
    #[command(after_help = AFTER_STATUS)]
    Status,
    Rotate(RotateArgs),
    Proof(proof::ProofArgs),
}

/// Make the key that signs for the ledger, and a first checkpoint
///
/// Hand out what is shown as verifier: checkpoints are checked with it. The key's file must stay secret.
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER_INIT)]
pub(crate) struct InitArgs {
    /// The log's name, for good: a name of yours without `https://`; else a random one is made up
    #[arg(long, value_name = "NAME")]
    origin: Option<String>,
    #[command(flatten)]
    files: Files,
}

/// Seal what is there, and sign it
///
/// A log that has not grown since the last checkpoint gives that one again.
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER_CHECKPOINT)]
pub(crate) struct CheckpointArgs {
    #[command(flatten)]
    files: Files,
    /// Go on, and sign again after so many minutes whenever the log has grown, until stopped
    #[arg(long, value_name = "MINUTES", value_parser = values::whole(1u64, 525_600), requires = "to")]
    every: Option<u64>,
}

/// Replace the key: what is signed from now on is signed with another one
///
/// The checkpoint of this moment is signed with both. The old key's file is overwritten; its verifier stays in the
/// ledger's list.
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER_ROTATE)]
pub(crate) struct RotateArgs {
    #[command(flatten)]
    files: Files,
}

/// Where the key is, and where checkpoints go.
#[derive(Debug, clap::Args)]
struct Files {
    /// The file of the secret key, readable by its owner only
    #[arg(long, value_name = "FILE", env = "LICENSE_LEDGER_SEAL_KEY", default_value = "license-ledger.key")]
    key: PathBuf,
    /// Write the checkpoint to a file in this folder instead of printing it
    #[arg(long, value_name = "DIR")]
    to: Option<PathBuf>,
}

/// Does what is asked about the seal.
pub(crate) async fn seal(run: &Run<'_>, command: SealCommand) -> Ended {
    match command {
        SealCommand::Init(args) => init(run, &args).await,
        SealCommand::Checkpoint(args) => checkpoint(run, &args).await,
        SealCommand::Status => status(run).await,
        SealCommand::Rotate(args) => rotate(run, &args.files).await,
        SealCommand::Proof(args) => proof::proof(run, &args).await,
    }
}

async fn init(run: &Run<'_>, args: &InitArgs) -> Ended {
    let origin = args.origin.clone().unwrap_or_else(sealing::new_origin);
    let key = new_key(&origin).map_err(Failure::from)?;
    let store = run.database.open(OpenMode::Write).await?;
    let made = files::make_key(&args.files.key, &key)?;
    let kept = sealing::init(&*store, &key, Utc::now()).await?;
    made.keep();
    show(run, &args.files, &kept, key.verifier())
}

async fn checkpoint(run: &Run<'_>, args: &CheckpointArgs) -> Ended {
    run.needs_a_ledger()?;
    let store = run.database.open(OpenMode::Read).await?;
    let key = files::read_key(&args.files.key)?;
    loop {
        let kept = sealing::checkpoint(&*store, &key, Utc::now()).await?;
        show(run, &args.files, &kept, key.verifier())?;
        let Some(minutes) = args.every else { return Ok(FINE) };
        sleep_while_unchanged(&*store, &kept, minutes).await?;
    }
}

/// Sleeps, and goes on as long as there is nothing new to sign.
async fn sleep_while_unchanged(store: &dyn Store, last: &KeptCheckpoint, minutes: u64) -> Result<(), Failure> {
    loop {
        sleep(Duration::from_secs(minutes * 60)).await;
        if sealing::seal_all(store).await? > last.checkpoint.size {
            return Ok(());
        }
    }
}

async fn rotate(run: &Run<'_>, files: &Files) -> Ended {
    run.needs_a_ledger()?;
    let store = run.database.open(OpenMode::Read).await?;
    let old = files::read_key(&files.key)?;
    let new = new_key(old.verifier().name()).map_err(Failure::from)?;
    // The new key is in a file before the ledger knows it: a crash between the two loses no key.
    let next = files.key.with_added_extension("new");
    let made = files::make_key(&next, &new)?;
    let kept = sealing::rotate(&*store, &old, &new, Utc::now()).await?;
    made.keep();
    files::replace(&next, &files.key)?;
    show(run, files, &kept, new.verifier())
}

/// A checkpoint that was just signed, as JSON shows it.
#[derive(Serialize)]
struct CheckpointView<'a> {
    #[serde(flatten)]
    summary: Summary<'a>,
    verifier: String,
    note: &'a str,
    file: Option<String>,
}

/// What a checkpoint says.
#[derive(Serialize)]
struct Summary<'a> {
    origin: &'a str,
    size: u64,
    root: String,
    signed_at: String,
}

impl<'a> Summary<'a> {
    fn of(kept: &'a KeptCheckpoint) -> Self {
        let checkpoint = &kept.checkpoint;
        let (origin, root) = (checkpoint.origin.as_str(), checkpoint.root.to_string());
        Self { origin, size: checkpoint.size, root, signed_at: instant(kept.signed_at) }
    }
}

fn show(run: &Run<'_>, files: &Files, kept: &KeptCheckpoint, verifier: &Verifier) -> Ended {
    let file = files.to.as_ref().map(|folder| files::write_checkpoint(folder, kept, verifier)).transpose()?;
    let (verifier, file) = (verifier.to_string(), file.map(|file| file.display().to_string()));
    match (run.format, &file) {
        (Format::Json, _) => {
            output::json(&CheckpointView { summary: Summary::of(kept), verifier, note: &kept.note, file })?;
        }
        (Format::Table, Some(file)) => output::text(&card([
            ("checkpoint", file.clone()),
            ("events", grouped(kept.checkpoint.size)),
            ("verifier", verifier),
        ]))?,
        (Format::Table, None) => output::text(&format!("{}\nverifier: {verifier}", kept.note))?,
    }
    Ok(FINE)
}

/// How far the ledger is sealed, as JSON shows it.
#[derive(Serialize)]
struct StatusView<'a> {
    events: u64,
    sealed: u64,
    lag: u64,
    unsigned: u64,
    keys: Vec<KeyView>,
    last: Option<Summary<'a>>,
}

/// A key that ever signed, as JSON shows it.
#[derive(Serialize)]
struct KeyView {
    number: u64,
    verifier: String,
}

async fn status(run: &Run<'_>) -> Ended {
    run.note_if_there_is_none();
    let store = run.database.open(OpenMode::Read).await?;
    store.settle().await?;
    let status = sealing::status(&*store).await?;
    let view = StatusView::of(&status);
    match run.format {
        Format::Json => output::json(&view)?,
        Format::Table => output::text(&in_words(&view))?,
    }
    Ok(FINE)
}

impl<'a> StatusView<'a> {
    fn of(status: &'a SealStatus) -> Self {
        let keys = status.keys.iter().zip(1..);
        let signed = status.last.as_ref().map_or(0, |last| last.checkpoint.size);
        Self {
            events: status.events,
            sealed: status.sealed,
            lag: status.events.saturating_sub(status.sealed),
            unsigned: status.events.saturating_sub(signed),
            keys: keys.map(|(key, number)| KeyView { number, verifier: key.to_string() }).collect(),
            last: status.last.as_ref().map(Summary::of),
        }
    }
}

fn in_words(status: &StatusView<'_>) -> String {
    let last = |fact: fn(&Summary<'_>) -> String| status.last.as_ref().map_or_else(|| NOTHING.to_owned(), fact);
    let keys: Vec<_> = status.keys.iter().map(|key| key.verifier.clone()).collect();
    card([
        ("events", grouped(status.events)),
        ("sealed", grouped(status.sealed)),
        ("lag", grouped(status.lag)),
        ("not signed", grouped(status.unsigned)),
        ("last checkpoint", last(|last| grouped(last.size))),
        ("signed at", last(|last| last.signed_at.clone())),
        ("root", last(|last| last.root.clone())),
        ("verifiers", if keys.is_empty() { NOTHING.to_owned() } else { keys.join("\n") }),
    ])
}
