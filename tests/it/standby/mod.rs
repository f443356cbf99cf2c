//! A streaming standby: the service and the command line answer on it as far as it has come, and write nothing.

mod command_line;
mod service;

use std::fs;
use std::time::Duration;

use serde_json::Value;
use sqlx::{Connection, PgConnection};
use tempfile::TempDir;
use throwaway_postgres::Server;
use tokio::time::Instant;

use crate::command_line::Cli;
use crate::files::root;

/// How long anything may take to come along. The primary says every two seconds what is final.
const SOON: Duration = Duration::from_secs(60);

/// A ledger with the example year, signed, on a primary of its own; and its standby.
struct Pair {
    /// On the primary.
    cli: Cli,
    /// The URL on the primary.
    url: String,
    /// The URL on the standby.
    copy: String,
    folder: TempDir,
    _standby: Server,
    primary: Server,
}

impl Pair {
    async fn new() -> Self {
        let primary = Server::start().unwrap();
        let url = primary.new_database().await.unwrap();
        let (cli, folder) = (Cli::on(url.clone()), TempDir::new().unwrap());
        cli.post(&fs::read_to_string(root().join("examples/year.ndjson")).unwrap());
        let key = folder.path().join("seal.key");
        cli.json(&["seal", "init", "--key", key.to_str().unwrap(), "--origin", "ledger.example/licenses"]);
        let standby = primary.standby().unwrap();
        let copy = standby.url_of(&url);
        Self { cli, url, copy, folder, _standby: standby, primary }
    }

    async fn on_primary(&self) -> PgConnection {
        PgConnection::connect(&self.url).await.unwrap()
    }

    async fn on_standby(&self) -> PgConnection {
        PgConnection::connect(&self.copy).await.unwrap()
    }

    /// Waits until the standby has come as far as the primary is now.
    async fn caught_up(&self) {
        let query = "SELECT pg_current_wal_insert_lsn()::text";
        let there: String = sqlx::query_scalar(query).fetch_one(&mut self.on_primary().await).await.unwrap();
        self.until(&format!("SELECT pg_last_wal_replay_lsn() >= '{there}'::pg_lsn")).await;
    }

    /// Waits until the standby says yes.
    async fn until(&self, query: &str) {
        let mut standby = self.on_standby().await;
        let begun = Instant::now();
        while !sqlx::query_scalar::<_, Option<bool>>(query).fetch_one(&mut standby).await.unwrap().unwrap_or_default() {
            assert!(begun.elapsed() < SOON, "it does not come to pass: {query}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Waits until the standby has heard that all it holds is final.
    async fn all_is_final(&self) {
        self.until("SELECT final_until >= (SELECT max(recorded_at) FROM events) FROM sealer").await;
    }
}

fn items(page: &Value) -> &[Value] {
    page["items"].as_array().expect("a list")
}
