//! `seal proof`: one event, proved to somebody who has neither the database nor this program.

use std::path::{Path, PathBuf};

use ledger_app::event_proof::{EventProof, EventProofError, prove_event};
use serde::Serialize;

use super::Summary;
use crate::args::Format;
use crate::exit::{Ended, FINE, Failure};
use crate::output;
use crate::output::card::card;
use crate::output::words::grouped;
use crate::run::Run;
use crate::store::OpenMode;
use crate::values;

const AFTER_HELP: &str = "\
The proof is a file of c2sp.org/tlog-proof: the position, the hashes from the leaf up to the root, and the last signed \
checkpoint. The leaf is what the ledger says of the event, as canonical JSON; its hash is SHA-256 over a zero byte and \
the leaf. With the verifier, any tool for such logs checks them (docs/audit.md). Whoever gets the leaf sees the event: \
orders, prices, who posted them.

Examples:
  license-ledger seal proof 1042 --to 1042.tlog-proof --leaf 1042.json
  license-ledger seal proof 0 --format json | jq -r .proof";

/// Prove that an event is in the log, as it was signed last
///
/// Events newer than the last checkpoint have no proof yet: `license-ledger seal checkpoint` signs them. Nothing is
/// signed here, and no key is needed.
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct ProofArgs {
    /// The event's position, from 0; the feed, exports and certificates name it
    #[arg(allow_negative_numbers = true, value_parser = values::whole(0, u64::MAX))]
    position: u64,
    /// Write the proof to this file; one that is there is replaced
    #[arg(long, value_name = "FILE")]
    to: Option<PathBuf>,
    /// Write the leaf to this file, to the byte as it is hashed; one that is there is replaced
    #[arg(long, value_name = "FILE")]
    leaf: Option<PathBuf>,
}

/// A proof, as JSON shows it.
#[derive(Serialize)]
struct ProofView<'a> {
    position: u64,
    event: &'a str,
    leaf: &'a str,
    leaf_hash: String,
    checkpoint: Summary<'a>,
    proof: String,
}

/// Proves the event.
pub(super) async fn proof(run: &Run<'_>, args: &ProofArgs) -> Ended {
    run.needs_a_ledger()?;
    let store = run.database.open(OpenMode::Read).await?;
    let proved = prove_event(&*store, args.position).await?;
    if let Some(path) = &args.to {
        output::file(path, &proved.proof.to_string())?;
    }
    if let Some(path) = &args.leaf {
        output::file(path, &proved.leaf)?;
    }
    match run.format {
        Format::Json => output::json(&ProofView {
            position: args.position,
            event: &proved.event,
            leaf: &proved.leaf,
            leaf_hash: proved.leaf_hash.to_string(),
            checkpoint: Summary::of(&proved.checkpoint),
            proof: proved.proof.to_string(),
        })?,
        Format::Table => output::text(&in_words(&proved, args))?,
    }
    Ok(FINE)
}

/// What went to files is named, the rest is shown.
fn in_words(proved: &EventProof, args: &ProofArgs) -> String {
    let name = |path: &Path| path.display().to_string();
    let facts = card([
        ("event", proved.event.clone()),
        ("leaf", args.leaf.as_deref().map_or_else(|| proved.leaf.clone(), name)),
        ("leaf's hash", proved.leaf_hash.to_string()),
        ("signed events", grouped(proved.checkpoint.checkpoint.size)),
        ("proof", args.to.as_deref().map_or_else(|| "below".to_owned(), name)),
    ]);
    if args.to.is_some() { facts } else { format!("{facts}\n\n{}", proved.proof) }
}

impl From<EventProofError> for Failure {
    fn from(error: EventProofError) -> Self {
        match error {
            EventProofError::Store(error) => error.into(),
            _ => Self::Refused(error.to_string()),
        }
    }
}
