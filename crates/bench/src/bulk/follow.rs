//! `follow`: the whole log, typed and in order, by the product's own reader.

use std::time::Instant;

use anyhow::{Result, ensure};
use ledger_app::follow::Follower;

use crate::clients::per_second;
use crate::{places, progress};

/// Which log to follow.
#[derive(Debug, clap::Args)]
pub(crate) struct FollowArgs {
    /// The ledger: sqlite:PATH or a postgres:// URL
    #[arg(long, value_name = "URL")]
    database: String,
}

/// Goes through the whole log, each event as what it is, and tells how many there were.
pub(crate) async fn follow(args: &FollowArgs) -> Result<()> {
    let begun = Instant::now();
    let mut follower = Follower::begin(places::store(&args.database).await?, 0).await?;
    let mut next = 0;
    while let Some(page) = follower.page().await? {
        for followed in page {
            ensure!(followed.position == next, "position {} came where {next} was to come", followed.position);
            next += 1;
        }
    }
    progress(&format!("{next} events, {:.0}/s", per_second(next, begun.elapsed())));
    Ok(())
}
