//! The store in memory.

use std::sync::Arc;

use ledger_app::conformance;
use ledger_app::memory::MemoryStore;

#[tokio::test(flavor = "multi_thread")]
async fn it_does_what_every_store_must() {
    conformance::run_all(async || MemoryStore::new()).await;
}

#[tokio::test]
async fn a_rebuild_mends_it() {
    let store = Arc::new(MemoryStore::new());
    conformance::rebuild_mends(Arc::clone(&store), |damage| {
        store.damage(damage);
        std::future::ready(())
    })
    .await;
}
