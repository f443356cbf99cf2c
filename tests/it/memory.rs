//! The store in memory.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use chrono::{DateTime, TimeDelta, Utc};
use ledger_app::conformance::{self, five_licenses};
use ledger_app::memory::MemoryStore;
use ledger_app::store::Store;

#[tokio::test(flavor = "multi_thread")]
async fn it_does_what_every_store_must() {
    conformance::run_all(async || MemoryStore::new()).await;
}

#[tokio::test]
async fn a_rebuild_names_and_mends_every_damage() {
    let store = Arc::new(MemoryStore::new());
    conformance::rebuild_mends(Arc::clone(&store), async |damage| store.damage(damage)).await;
}

#[tokio::test]
async fn a_clock_set_back_sets_no_record_back() {
    let seconds = Arc::new(AtomicI64::new(1000));
    let clock = Arc::clone(&seconds);
    let at = |second| DateTime::<Utc>::UNIX_EPOCH + TimeDelta::seconds(second);
    let store: Arc<dyn Store> = Arc::new(MemoryStore::with_clock(move || at(clock.load(Ordering::Relaxed))));
    store.wait_until_final(at(900)).await.unwrap();
    seconds.store(500, Ordering::Relaxed);
    five_licenses(&store).await;
    let history = store.history(&"A-1".parse().unwrap(), 0, 10).await.unwrap();
    assert_eq!(history.len(), 3);
    assert!(history.iter().all(|event| event.recorded_at == at(900) + TimeDelta::microseconds(1)));
}
