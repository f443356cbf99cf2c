//! The store on SQLite.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use ledger_app::conformance;
use ledger_sqlite::SqliteStore;
use tempfile::TempDir;

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
