//! Nobody has to ask: what is recorded is sealed.

use std::sync::Arc;
use std::time::{Duration, Instant};

use ledger_app::sealing::status;
use ledger_app::store::Store;
use ledger_postgres::PostgresStore;
use ledger_sqlite::SqliteStore;
use tempfile::TempDir;
use throwaway_postgres::Server;
use tokio::time::sleep;

use super::history;

/// Far more than the sealer needs.
const PATIENCE: Duration = Duration::from_secs(30);

#[tokio::test(flavor = "multi_thread")]
async fn sqlite_seals_soon_after_the_commit() {
    let folder = TempDir::new().unwrap();
    sealed_soon(Arc::new(open(&folder).await)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn postgresql_seals_soon_after_the_commit() {
    let url = Server::shared().await.unwrap().new_database().await.unwrap();
    sealed_soon(Arc::new(PostgresStore::connect(&url).await.unwrap())).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_is_sealed_when_it_is_closed() {
    let folder = TempDir::new().unwrap();
    let file = Arc::new(open(&folder).await);
    history(&(Arc::clone(&file) as Arc<dyn Store>), 5).await;
    Arc::into_inner(file).expect("nobody else uses it").close().await;
    let status = status(&open(&folder).await).await.unwrap();
    assert!(status.events > 0 && status.sealed == status.events, "{status:?}");
}

async fn open(folder: &TempDir) -> SqliteStore {
    SqliteStore::open(folder.path().join("ledger.db").to_str().unwrap()).await.unwrap()
}

async fn sealed_soon(store: Arc<dyn Store>) {
    history(&store, 5).await;
    store.settle().await.unwrap();
    let begun = Instant::now();
    loop {
        let status = status(&*store).await.unwrap();
        if status.events > 0 && status.sealed == status.events {
            return;
        }
        assert!(begun.elapsed() < PATIENCE, "{status:?}");
        sleep(Duration::from_millis(50)).await;
    }
}
