//! `rebuild`: every read model made anew from the events.

use ledger_app::rebuild::RebuildSummary;
use serde::Serialize;

use crate::args::Format;
use crate::exit::{Ended, FINE, note};
use crate::output;
use crate::output::words::counted;
use crate::run::Run;

const AFTER_HELP: &str = "\
Examples:
  license-ledger rebuild
  license-ledger rebuild --format json";

/// Make every read model anew from the events
///
/// The ledger stays in use meanwhile. A healthy one comes out as it was; what had to be mended is told on standard error.
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct RebuildArgs {}

/// What was done, as JSON shows it.
#[derive(Serialize)]
struct Rebuilt {
    licenses: u64,
    events: u64,
    mended: u64,
}

/// Rebuilds, and prints what was looked at and mended.
pub(crate) async fn rebuild(run: &Run<'_>) -> Ended {
    run.needs_a_ledger()?;
    let tell =
        |page: &ledger_app::store::RebuiltPage| page.mended.iter().for_each(|what| note(&format!("mended: {what}")));
    let RebuildSummary { licenses, events, mended } = run.ledger().await?.rebuild(tell).await?;
    match run.format {
        Format::Json => output::json(&Rebuilt { licenses, events, mended })?,
        Format::Table => output::text(&format!(
            "{} of {} looked at, {} mended",
            counted(licenses, "license", "licenses"),
            counted(events, "event", "events"),
            counted(mended, "row", "rows")
        ))?,
    }
    Ok(FINE)
}
