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
async fn sqlite_seals_with_the_commit() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("ledger.db");
    let store: Arc<dyn Store> = Arc::new(SqliteStore::open(path.to_str().unwrap()).await.unwrap());
    history(&store, 5).await;
    let status = status(&*store).await.unwrap();
    assert!(status.events > 0 && status.sealed == status.events, "{status:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn postgresql_seals_soon_after_the_commit() {
    let url = Server::shared().await.unwrap().new_database().await.unwrap();
    let store: Arc<dyn Store> = Arc::new(PostgresStore::connect(&url).await.unwrap());
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
