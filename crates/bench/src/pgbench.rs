//! The floor on PostgreSQL: pgbench with one SELECT by key and one INSERT of an event, prepared, each its own commit.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use sqlx::{Connection, PgConnection};

use crate::places::Places;
use crate::rounds::Turn;

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
        Ok(Self { script, reads, url, payload, turns: 0 })
    }

    /// Reads of a state by its key, again and again.
    pub(crate) async fn reads(&self, clients: u32, turn: Duration) -> Result<Turn> {
        run(&self.url, &self.reads, &[], clients, turn).await
    }

    /// A SELECT and an INSERT, again and again.
    pub(crate) async fn turn(&mut self, clients: u32, turn: Duration) -> Result<Turn> {
        self.turns += 1;
        let sequence = (self.turns * EVENTS_IN_A_TURN).to_string();
        let defined = [("sequence", sequence.as_str()), ("payload", self.payload.as_str())];
        run(&self.url, &self.script, &defined, clients, turn).await
    }
}

/// Runs the script with prepared statements, each its own commit, planned once.
pub(crate) async fn run(
    url: &str,
    script: &Path,
    defined: &[(&str, &str)],
    clients: u32,
    turn: Duration,
) -> Result<Turn> {
    let mut command = Command::new(throwaway_postgres::bin_dir()?.join("pgbench"));
    let threads = clients.min(2).to_string();
    command
        .env("PGOPTIONS", "-c plan_cache_mode=force_generic_plan -c jit=off")
        .args(["--no-vacuum", "--protocol=prepared", "--random-seed=1"])
        .args(["--jobs", &threads, "--client", &clients.to_string(), "--time", &turn.as_secs().to_string()]);
    for (name, value) in defined {
        command.args(["--define", &format!("{name}={value}")]);
    }
    command.arg("--file").arg(script).arg(url);
    let output = tokio::task::spawn_blocking(move || command.output()).await?.context("pgbench")?;
    ensure!(output.status.success(), "pgbench failed: {}", String::from_utf8_lossy(&output.stderr));
    told(&String::from_utf8_lossy(&output.stdout))
}

/// "number of transactions actually processed: 14133", "tps = 4711.123456 (without initial connection time)"
fn told(output: &str) -> Result<Turn> {
    let figure = |before: &str| output.lines().find_map(|line| line.strip_prefix(before)?.split(' ').next());
    let rate = figure("tps = ").context("pgbench says no rate")?.parse()?;
    let count = figure("number of transactions actually processed: ").context("pgbench says no count")?.parse()?;
    Ok(Turn { rate, count, ..Turn::default() })
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_rate_is_read_from_what_pgbench_says() {
        let output = "number of transactions actually processed: 14133\nnumber of failed transactions: 0 (0.000%)\n\
            latency average = 0.2 ms\ntps = 4711.5 (without initial connection time)\n";
        let told = super::told(output).unwrap();
        assert_eq!((told.rate, told.count), (4711.5, 14133));
        assert!(super::told("").is_err());
    }
}
