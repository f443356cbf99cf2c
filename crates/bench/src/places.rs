//! Where ledgers are measured: a PostgreSQL server of our own, durable, and a folder for SQLite files.

use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result};
use ledger_app::edition::GivenFiles;
use ledger_app::ledger::Ledger;
use ledger_app::store::Store;
use ledger_postgres::PostgresStore;
use ledger_sqlite::SqliteStore;
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

    /// The URL of a new, empty PostgreSQL database.
    pub(crate) async fn new_postgres(&self) -> Result<String> {
        Ok(self.server.new_database().await?)
    }

    /// An empty ledger.
    pub(crate) async fn ledger(&self, kind: Kind, name: &str) -> Result<Arc<Ledger>> {
        let store: Arc<dyn Store> = match kind {
            Kind::Postgres => Arc::new(PostgresStore::connect(&self.new_postgres().await?).await?),
            Kind::Sqlite => Arc::new(SqliteStore::open(&self.folder().join(name).to_string_lossy()).await?),
        };
        Ok(Arc::new(Ledger::open(store, GivenFiles::default()).await?))
    }
}
