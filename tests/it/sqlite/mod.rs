//! The store on SQLite: the suite that every store passes, and what a file can be beside a ledger.

mod files;
mod opening;
mod stock;

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use ledger_app::conformance::{self, five_licenses};
use ledger_app::store::Store;
use ledger_sqlite::SqliteStore;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, SqliteConnection};
use tempfile::TempDir;

/// A file in a folder of its own, which goes with it.
struct File {
    folder: TempDir,
    path: PathBuf,
}

impl File {
    fn new() -> Self {
        let folder = TempDir::new().unwrap();
        Self { path: folder.path().join("ledger.db"), folder }
    }

    fn path(&self) -> &str {
        self.path.to_str().unwrap()
    }

    async fn open(&self) -> SqliteStore {
        SqliteStore::open(self.path()).await.unwrap()
    }

    /// A file with five licenses in it, closed.
    async fn filled() -> Self {
        let file = Self::new();
        let store = Arc::new(file.open().await);
        five_licenses(&(Arc::clone(&store) as Arc<dyn Store>)).await;
        Arc::into_inner(store).expect("nobody else uses it").close().await;
        file
    }

    /// The bare database.
    async fn connect(&self) -> SqliteConnection {
        SqliteConnectOptions::new().filename(&self.path).foreign_keys(false).connect().await.unwrap()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn it_does_what_every_store_must() {
    let folder = TempDir::new().unwrap();
    let count = AtomicU32::new(0);
    conformance::run_all(async || {
        let path = folder.path().join(format!("{}.db", count.fetch_add(1, Ordering::Relaxed)));
        SqliteStore::open(path.to_str().unwrap()).await.unwrap()
    })
    .await;
}

#[tokio::test]
async fn a_rebuild_names_and_mends_every_damage() {
    let file = File::new();
    let store = Arc::new(file.open().await);
    conformance::rebuild_mends(store, async |damage| {
        let done = sqlx::query(damage.sql()).execute(&mut file.connect().await).await.unwrap();
        assert_eq!(done.rows_affected(), 1, "{damage:?}");
    })
    .await;
}
