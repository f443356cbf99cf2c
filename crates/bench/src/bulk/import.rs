//! New licenses imported into one empty ledger after the other, with COPY of their events in between.

use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use anyhow::Result;
use async_trait::async_trait;

use super::{Bulk, MOST_MB, TOLD};
use crate::clients::post_all;
use crate::cpu::Database;
use crate::lines::Lines;
use crate::places;
use crate::psql::Psql;
use crate::report::{Goal, Report};
use crate::rounds::{Contender, Rounds, Turn};
use crate::{child, progress};

/// The share of COPY … FROM that an import must reach.
const GOAL: Goal = Goal::RatioAtLeast(0.4);

/// How many licenses are imported at most, each with the two events of its purchase.
pub(super) const LICENSES: u64 = 100_000;

/// How many purchases are posted at once, to be exported and imported.
const PURCHASES_AT_ONCE: u64 = 5_000;

pub(super) async fn measure(bulk: Bulk<'_>, licenses: u64, report: &mut Report) -> Result<()> {
    let Bulk { places, program, effort } = bulk;
    let (source, file) = exported(bulk, licenses).await?;
    let (database, psql) = (Database::of(&source).await?, Psql::new(&source)?);
    let (events, text) = (psql.events().await?, places.folder().join("events.copy"));
    psql.copy_to(&text)?;
    let url = places.new_postgres().await?;
    let (target, log) = (Psql::new(&url)?, places.folder().join("import.log"));
    let mut command = Command::new(program);
    command.args(["--database", &url, "import"]).arg(&file);
    let mut copying = [Copying { psql, events, text: text.clone() }];
    let mut importing = [Importing { command, log, target, licenses, events }];
    let rounds = Rounds::run((effort.rounds, effort.turn()), &database, &mut copying, &mut importing).await?;
    let peak = TOLD.peak("import", rounds.contenders[0].cost.peaks_mb().clone(), MOST_MB);
    rounds.tell(TOLD, &[GOAL], report);
    report.add(peak);
    std::fs::remove_file(text)?;
    std::fs::remove_file(file)?;
    places::drop_postgres(&url).await?;
    places::drop_postgres(&source).await
}

/// A ledger with so many licenses of two events each: its database, and its export.
async fn exported(bulk: Bulk<'_>, licenses: u64) -> Result<(String, PathBuf)> {
    progress(&format!("bulk: {licenses} licenses to import …"));
    let (source, folder) = (bulk.places.new_postgres().await?, bulk.places.folder());
    let ledger = places::open(&source).await?;
    let mut lines = Lines::seeded(8);
    for first in (0..licenses).step_by(usize::try_from(PURCHASES_AT_ONCE)?) {
        let numbers = first..(first + PURCHASES_AT_ONCE).min(licenses);
        post_all(&ledger, numbers.map(|number| lines.purchase(&format!("IMPORT-{number:08}"))).collect()).await?;
    }
    ledger.settle().await?;
    let file = folder.join("import.ndjson");
    let mut command = Command::new(bulk.program);
    command.args(["--database", &source, "export"]).arg(&file);
    child::run(&mut command, &folder.join("export.log"))?;
    Ok((source, file))
}

/// COPY … FROM into a table like that of the events, empty at first.
struct Copying {
    psql: Psql,
    events: u64,
    text: PathBuf,
}

#[async_trait]
impl Contender for Copying {
    fn name(&self) -> String {
        "psql, COPY FROM, events alone".to_owned()
    }

    async fn make_ready(&mut self) -> Result<()> {
        self.psql.empty_twin().map(|_| ())
    }

    async fn turn(&mut self, _: Duration) -> Result<Turn> {
        Ok(Turn::ran(&self.psql.copy_into_twin(&self.text)?, self.events))
    }
}

/// The program's import, into an empty ledger each time.
struct Importing {
    command: Command,
    log: PathBuf,
    target: Psql,
    licenses: u64,
    events: u64,
}

#[async_trait]
impl Contender for Importing {
    fn name(&self) -> String {
        format!("import, {} licenses, all tables", self.licenses)
    }

    async fn make_ready(&mut self) -> Result<()> {
        self.target.empty_database().map(|_| ())
    }

    async fn turn(&mut self, _: Duration) -> Result<Turn> {
        Ok(Turn::ran(&child::run(&mut self.command, &self.log)?, self.events))
    }
}
