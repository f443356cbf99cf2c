//! Where ledgers are measured: a PostgreSQL server of our own, durable, and a folder for SQLite files.

use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result, ensure};
use ledger_app::edition::GivenFiles;
use ledger_app::ledger::Ledger;
use ledger_app::store::Store;
use ledger_postgres::PostgresStore;
use ledger_sqlite::SqliteStore;
use sqlx::postgres::PgConnectOptions;
use sqlx::{Connection, PgConnection};
use tempfile::TempDir;
use throwaway_postgres::Server;

/// Which store is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Postgres,
    Sqlite,
}

impl Kind {
    pub(crate) const BOTH: [Self; 2] = [Self::Postgres, Self::Sqlite];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Postgres => "PostgreSQL",
            Self::Sqlite => "SQLite",
        }
    }
}

/// The server and the folder; both go when this is dropped.
pub(crate) struct Places {
    server: Server,
    folder: TempDir,
}

impl Places {
    pub(crate) fn new() -> Result<Self> {
        let server = Server::start_durable()?;
        Ok(Self { server, folder: tempfile::tempdir_in("/tmp").context("a folder in /tmp")? })
    }

    /// A folder on the disk that is measured.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Starts a streaming standby of the PostgreSQL server.
    pub(crate) fn standby(&self) -> Result<Server> {
        Ok(self.server.standby()?)
    }

    /// The URL of a new, empty PostgreSQL database.
    pub(crate) async fn new_postgres(&self) -> Result<String> {
        Ok(self.server.new_database().await?)
    }

    /// An empty ledger.
    pub(crate) async fn ledger(&self, kind: Kind, name: &str) -> Result<Arc<Ledger>> {
        match kind {
            Kind::Postgres => open(&self.new_postgres().await?).await,
            Kind::Sqlite => open(&format!("sqlite:{}", self.folder().join(name).display())).await,
        }
    }
}

/// Drops a database of [`Places::new_postgres`], for its room on the disk.
pub(crate) async fn drop_postgres(url: &str) -> Result<()> {
    let options: PgConnectOptions = url.parse()?;
    let name = options.get_database().context("a URL without a database")?.to_owned();
    // Its name is made of letters, digits and underscores; still, nothing else is ever dropped.
    ensure!(name.starts_with("license_ledger_test_"), "{name} is not a database of a benchmark");
    let mut connection = PgConnection::connect_with(&options.database("postgres")).await?;
    sqlx::query(&format!("DROP DATABASE {name} WITH (FORCE)")).execute(&mut connection).await?;
    Ok(connection.close().await?)
}

/// The ledger in a database: `sqlite:PATH`, or a `postgres://` URL.
pub(crate) async fn open(database: &str) -> Result<Arc<Ledger>> {
    Ok(Arc::new(Ledger::open(store(database).await?, GivenFiles::default()).await?))
}

/// The store in a database.
pub(crate) async fn store(database: &str) -> Result<Arc<dyn Store>> {
    Ok(match database.strip_prefix("sqlite:") {
        Some(path) => Arc::new(SqliteStore::open(path).await?),
        None => Arc::new(PostgresStore::connect(database).await?),
    })
}
