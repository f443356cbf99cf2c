//! A log read whole by processes of their own, with COPY in between.

use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use anyhow::Result;
use async_trait::async_trait;
use sqlx::{Connection, PgConnection};

use super::{Bulk, MOST_MB, TOLD};
use crate::cpu::Database;
use crate::psql::Psql;
use crate::report::{Goal, Report, Row};
use crate::rounds::{Contender, Rounds, Turn};
use crate::{child, progress};

/// How long the server may take to count what a process that has just ended did.
const COUNTS_WITHIN: Duration = Duration::from_millis(1_500);

/// What goes through the whole log, the share of COPY … TO STDOUT that it must reach, and its memory in megabytes.
const READERS: [(Reader, Option<f64>, f64); 4] = [
    (Reader::Follow, Some(1.5), 30.0),
    (Reader::Rebuild, Some(0.5), MOST_MB),
    (Reader::Verify, Some(0.4), MOST_MB),
    (Reader::Export, None, MOST_MB),
];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reader {
    Follow,
    Rebuild,
    Verify,
    Export,
}

impl Reader {
    const fn verb(self) -> &'static str {
        match self {
            Self::Follow => "follow",
            Self::Rebuild => "rebuild",
            Self::Verify => "verify",
            Self::Export => "export",
        }
    }
}

/// All of them, on the ledger of that database.
pub(super) async fn measure(bulk: Bulk<'_>, url: &str, report: &mut Report) -> Result<()> {
    for (reader, share, most_mb) in READERS {
        let verb = reader.verb();
        progress(&format!("bulk: {verb} …"));
        let before = temporary_files(url).await?;
        let rounds = turns(bulk, url, reader).await?;
        let peak = TOLD.peak(verb, rounds.contenders[0].cost.peaks_mb().clone(), most_mb);
        let goal: Vec<_> = share.into_iter().map(Goal::RatioAtLeast).collect();
        rounds.tell(TOLD, &goal, report);
        report.add(peak);
        if reader == Reader::Follow {
            let (name, files) = ("follow, temporary files on the server", temporary_files(url).await? - before);
            let row = TOLD.row(name, [files].into_iter().collect(), None, Some(Goal::AtMost(0.0)));
            report.add(Row { unit: "files", ..row });
        }
    }
    Ok(())
}

async fn turns(bulk: Bulk<'_>, url: &str, reader: Reader) -> Result<Rounds> {
    let psql = Psql::new(url)?;
    let events = psql.events().await?;
    let folder = bulk.places.folder();
    let own = std::env::current_exe()?;
    let mut command = Command::new(if reader == Reader::Follow { &own } else { bulk.program });
    command.args([reader.verb(), "--database", url]);
    let exported = (reader == Reader::Export).then(|| folder.join("read.ndjson"));
    command.args(&exported);
    let name = format!("{}, {events} events", reader.verb());
    let mut reading = [Reading { name, command, log: folder.join("bulk.log"), events }];
    let (effort, database) = (bulk.effort, Database::of(url).await?);
    let turns = (effort.rounds, effort.turn());
    let rounds = Rounds::run(turns, &database, &mut [Copying { psql, events }], &mut reading).await?;
    exported.map_or(Ok(()), std::fs::remove_file)?;
    Ok(rounds)
}

/// How many temporary files the server has written for that database so far.
async fn temporary_files(url: &str) -> Result<f64> {
    tokio::time::sleep(COUNTS_WITHIN).await;
    let mut connection = PgConnection::connect(url).await?;
    let files = "SELECT temp_files::float8 FROM pg_stat_database WHERE datname = current_database()";
    let files = sqlx::query_scalar(files).fetch_one(&mut connection).await?;
    connection.close().await?;
    Ok(files)
}

/// COPY … TO STDOUT.
struct Copying {
    psql: Psql,
    events: u64,
}

#[async_trait]
impl Contender for Copying {
    fn name(&self) -> String {
        "psql, COPY events TO STDOUT".to_owned()
    }

    async fn turn(&mut self, _: Duration) -> Result<Turn> {
        Ok(Turn::ran(&self.psql.copy_to_nowhere()?, self.events))
    }
}

/// A program that goes through the whole log.
struct Reading {
    name: String,
    command: Command,
    log: PathBuf,
    events: u64,
}

#[async_trait]
impl Contender for Reading {
    fn name(&self) -> String {
        self.name.clone()
    }

    async fn turn(&mut self, _: Duration) -> Result<Turn> {
        Ok(Turn::ran(&child::run(&mut self.command, &self.log)?, self.events))
    }
}
