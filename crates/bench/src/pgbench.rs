//! The floor on PostgreSQL: pgbench with one SELECT by key and one INSERT of an event, prepared, each its own commit.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use sqlx::{Connection, PgConnection};

use crate::places::Places;

/// As many licenses for each client as the ledger's clients have. The sequence goes up with every event of a client,
/// so that no two events share a key.
const SCRIPT: &str = "\
\\set license 100 * :client_id + random(1, 100)
\\set sequence :sequence + 1
SELECT state FROM states WHERE license = :license;
INSERT INTO events VALUES (:license, :sequence, :payload);
";

/// Reads alone.
const READS: &str = "\
\\set license 100 * :client_id + random(1, 100)
SELECT state FROM states WHERE license = :license;
";

/// Keys like the ledger's, and nothing that a ledger could do without.
const TABLES: &str = "
    CREATE TABLE states (license text COLLATE \"C\" PRIMARY KEY, state text NOT NULL);
    CREATE TABLE events (license text COLLATE \"C\", sequence bigint, payload json NOT NULL,
        PRIMARY KEY (license, sequence))";

/// More clients than are ever measured.
const CLIENTS: i32 = 64;

/// No client makes more events in one turn.
const EVENTS_IN_A_TURN: u64 = 100_000_000;

/// The bare tables, in a database of their own.
pub(crate) struct Pgbench {
    program: PathBuf,
    script: PathBuf,
    reads: PathBuf,
    url: String,
    payload: String,
    turns: u64,
}

impl Pgbench {
    /// Makes the tables; state and payload are the size of the ledger's.
    pub(crate) async fn prepare(places: &Places, state: &str, payload: String) -> Result<Self> {
        let url = places.new_postgres().await?;
        let mut connection = PgConnection::connect(&url).await?;
        sqlx::raw_sql(TABLES).execute(&mut connection).await?;
        let fill = "INSERT INTO states SELECT number::text, $1 FROM generate_series(1, 100 * $2::int) AS number";
        sqlx::query(fill).bind(state).bind(CLIENTS).execute(&mut connection).await?;
        connection.close().await?;
        let script = places.folder().join("floor.sql");
        std::fs::write(&script, SCRIPT)?;
        let reads = places.folder().join("reads.sql");
        std::fs::write(&reads, READS)?;
        let program = throwaway_postgres::bin_dir()?.join("pgbench");
        Ok(Self { program, script, reads, url, payload, turns: 0 })
    }

    /// Transactions a second.
    pub(crate) async fn rate(&mut self, clients: u32, turn: Duration) -> Result<f64> {
        self.turns += 1;
        self.run(&self.script, clients, turn).await
    }

    /// Reads of a state by its key, a second.
    pub(crate) async fn reads(&self, clients: u32, turn: Duration) -> Result<f64> {
        self.run(&self.reads, clients, turn).await
    }

    async fn run(&self, script: &Path, clients: u32, turn: Duration) -> Result<f64> {
        let mut command = Command::new(&self.program);
        let threads = clients.min(2).to_string();
        command
            .args(["--no-vacuum", "--protocol=prepared", "--random-seed=1"])
            .args(["--jobs", &threads, "--client", &clients.to_string(), "--time", &turn.as_secs().to_string()])
            .args(["--define", &format!("sequence={}", self.turns * EVENTS_IN_A_TURN)])
            .args(["--define", &format!("payload={}", self.payload)])
            .arg("--file")
            .arg(script)
            .arg(&self.url);
        let output = tokio::task::spawn_blocking(move || command.output()).await?.context("pgbench")?;
        ensure!(output.status.success(), "pgbench failed: {}", String::from_utf8_lossy(&output.stderr));
        rate(&String::from_utf8_lossy(&output.stdout))
    }
}

/// "tps = 4711.123456 (without initial connection time)"
fn rate(output: &str) -> Result<f64> {
    let figure = output.lines().find_map(|line| line.strip_prefix("tps = ")?.split(' ').next());
    Ok(figure.context("pgbench says no rate")?.parse()?)
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_rate_is_read_from_what_pgbench_says() {
        let output = "number of clients: 1\nlatency average = 0.2 ms\ntps = 4711.5 (without initial connection time)\n";
        assert_eq!(super::rate(output).unwrap(), 4711.5);
        assert!(super::rate("").is_err());
    }
}
