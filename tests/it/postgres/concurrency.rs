//! Many writers at once: nobody waits in a circle, and whoever comes too late is told so.

use std::sync::Arc;

use ledger_app::rebuild::refold;
use ledger_app::store::{AsOf, Batch, Store, StoreError, Wanted};
use ledger_domain::license::License;
use ledger_postgres::PostgresStore;
use tokio::task::JoinSet;
use uuid::Uuid;

use super::support::{Written, batch, bought, number, open};

const WRITERS: usize = 16;
const ROUNDS: usize = 5;

/// The license as loaded.
async fn load(store: &PostgresStore, license: &str) -> Written {
    let wanted = Wanted { command_id: Uuid::new_v4(), license: number(license), order: None };
    let loaded = store.load(&[wanted]).await.unwrap();
    let state = loaded.states.get(&number(license)).map(|row| serde_json::from_slice::<License>(&row.state).unwrap());
    Written { license: number(license), state }
}

/// Writes until it succeeds; only conflicts are tried again.
async fn write(store: &PostgresStore, licenses: &[String]) {
    loop {
        let mut judged = Vec::new();
        for license in licenses {
            judged.push(load(store, license).await.use_once());
        }
        match store.append(&batch(judged)).await {
            Ok(()) => return,
            Err(StoreError::Conflict(_)) => {}
            Err(error) => panic!("{error:?}"),
        }
    }
}

async fn run(store: PostgresStore, licenses_of: impl Fn(usize, usize) -> Vec<String>) -> Arc<PostgresStore> {
    let store = Arc::new(store);
    let mut writers = JoinSet::new();
    for writer in 0..WRITERS {
        let store = Arc::clone(&store);
        let rounds: Vec<_> = (0..ROUNDS).map(|round| licenses_of(writer, round)).collect();
        writers.spawn(async move {
            for licenses in rounds {
                write(&store, &licenses).await;
            }
        });
    }
    writers.join_all().await;
    store
}

async fn assert_version(store: &PostgresStore, license: &str, version: usize) {
    let facts = store.facts(&number(license), AsOf::default()).await.unwrap().unwrap();
    assert_eq!(facts.version, u64::try_from(version).unwrap(), "{license}");
}

#[tokio::test(flavor = "multi_thread")]
async fn writers_of_many_licenses_in_any_order_never_deadlock() {
    let opened = open().await;
    for license in 0..8 {
        bought(&opened.store, &format!("EX-{license}")).await;
    }
    let three =
        |writer: usize, round: usize| (0..3).map(|n| format!("EX-{}", (writer * 3 + round * 5 + n * 3) % 8)).collect();
    let store = run(opened.store, three).await;
    let mut versions = 0;
    for license in 0..8 {
        versions += store.facts(&number(&format!("EX-{license}")), AsOf::default()).await.unwrap().unwrap().version;
    }
    assert_eq!(versions, 8 * 2 + u64::try_from(WRITERS * ROUNDS * 3 * 2).unwrap());
    assert!(store.rebuild_page(None, 100, refold).await.unwrap().mended.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_who_buy_one_number_one_succeeds() {
    let opened = open().await;
    let store = Arc::new(opened.store);
    let mut buyers = JoinSet::new();
    for _ in 0..WRITERS {
        let store = Arc::clone(&store);
        let buying: Batch = batch(vec![Written::none("EX-1").buy("PO-1"), Written::none("EX-2").buy("PO-1")]);
        buyers.spawn(async move { store.append(&buying).await });
    }
    let results = buyers.join_all().await;
    assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 1);
    let late = results.iter().filter(|result| matches!(result, Err(StoreError::Conflict(_))));
    assert_eq!(late.count(), WRITERS - 1);
    assert_version(&store, "EX-1", 2).await;
}
