//! COPY by psql, the plainest client there is: the floor of whatever reads or writes a whole log.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use sqlx::{Connection, PgConnection};

use crate::child::{self, Run};

/// psql on a database.
pub(crate) struct Psql {
    program: PathBuf,
    url: String,
    log: tempfile::TempDir,
}

impl Psql {
    pub(crate) fn new(url: &str) -> Result<Self> {
        let program = throwaway_postgres::bin_dir()?.join("psql");
        ensure!(program.is_file(), "there is no {}: install PostgreSQL's client programs", program.display());
        Ok(Self { program, url: url.to_owned(), log: tempfile::tempdir()? })
    }

    /// How many events there are.
    pub(crate) async fn events(&self) -> Result<u64> {
        let mut connection = PgConnection::connect(&self.url).await?;
        let count: i64 = sqlx::query_scalar("SELECT count(*) FROM events").fetch_one(&mut connection).await?;
        connection.close().await?;
        u64::try_from(count).context("a count below zero")
    }

    /// Every event as text, thrown away: psql's standard output is /dev/null.
    pub(crate) fn copy_to_nowhere(&self) -> Result<Run> {
        self.run("COPY events TO STDOUT")
    }

    /// Every event as text, into a file.
    pub(crate) fn copy_to(&self, file: &Path) -> Result<Run> {
        self.run(&format!(r"\copy events to '{}'", file.display()))
    }

    /// A table like that of the events, with its indexes, empty.
    pub(crate) fn empty_twin(&self) -> Result<Run> {
        self.run("DROP TABLE IF EXISTS twin; CREATE TABLE twin (LIKE events INCLUDING ALL)")
    }

    /// The file's events into that table.
    pub(crate) fn copy_into_twin(&self, file: &Path) -> Result<Run> {
        self.run(&format!(r"\copy twin from '{}'", file.display()))
    }

    /// Everything that a ledger made in the database goes.
    pub(crate) fn empty_database(&self) -> Result<Run> {
        self.run("DROP SCHEMA IF EXISTS reporting CASCADE; DROP SCHEMA public CASCADE; CREATE SCHEMA public")
    }

    fn run(&self, what: &str) -> Result<Run> {
        let mut command = Command::new(&self.program);
        command.args(["--no-psqlrc", "--quiet", "--set", "ON_ERROR_STOP=1", "--command", what, &self.url]);
        child::run(&mut command, &self.log.path().join("psql.log"))
    }
}
