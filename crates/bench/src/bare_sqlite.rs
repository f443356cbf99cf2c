//! The floor on SQLite: one connection with one SELECT by key and one INSERT of an event, each its own commit.

use std::time::{Duration, Instant};

use anyhow::Result;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use sqlx::{ConnectOptions, SqliteConnection};

use crate::places::Places;
use crate::rounds::Turn;

const TABLES: &str = "
    CREATE TABLE states (license TEXT PRIMARY KEY, state TEXT NOT NULL) STRICT, WITHOUT ROWID;
    CREATE TABLE events (license TEXT NOT NULL, sequence INTEGER NOT NULL, payload TEXT NOT NULL,
        PRIMARY KEY (license, sequence)) STRICT, WITHOUT ROWID;";

/// As many licenses as a client of the ledger has.
const LICENSES: i64 = 100;

/// The bare tables, in a file of their own.
pub(crate) struct BareSqlite {
    connection: SqliteConnection,
    payload: String,
    sequence: i64,
}

impl BareSqlite {
    /// Makes the tables; state and payload are the size of the ledger's.
    pub(crate) async fn prepare(places: &Places, name: &str, state: &str, payload: String) -> Result<Self> {
        let options = SqliteConnectOptions::new().filename(places.folder().join(name)).create_if_missing(true);
        let options = options.journal_mode(SqliteJournalMode::Wal).synchronous(SqliteSynchronous::Full);
        let mut connection = options.disable_statement_logging().connect().await?;
        sqlx::raw_sql(TABLES).execute(&mut connection).await?;
        for license in 0..LICENSES {
            let fill = sqlx::query("INSERT INTO states VALUES (?, ?)").bind(license.to_string()).bind(state);
            fill.execute(&mut connection).await?;
        }
        Ok(Self { connection, payload, sequence: 0 })
    }

    /// Both statements, again and again.
    pub(crate) async fn turn(&mut self, turn: Duration) -> Result<Turn> {
        let begun = Instant::now();
        let mut latencies_ms = Vec::new();
        while begun.elapsed() < turn {
            let asked = Instant::now();
            self.select_and_insert().await?;
            latencies_ms.push(asked.elapsed().as_secs_f64() * 1e3);
        }
        Ok(Turn::timed(latencies_ms, begun.elapsed()))
    }

    async fn select_and_insert(&mut self) -> Result<()> {
        self.sequence += 1;
        let license = (self.sequence % LICENSES).to_string();
        let select = sqlx::query("SELECT state FROM states WHERE license = ?").bind(&license);
        select.fetch_one(&mut self.connection).await?;
        let insert = sqlx::query("INSERT INTO events VALUES (?, ?, ?)");
        insert.bind(&license).bind(self.sequence).bind(&self.payload).execute(&mut self.connection).await?;
        Ok(())
    }
}
