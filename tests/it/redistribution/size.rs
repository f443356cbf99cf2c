//! The largest redistributions: hundreds of licenses in one transaction.

use std::time::{Duration, Instant};

use super::{Opened, accept, all_facts, buy, merge, nothing_to_mend, on, post, split, users};

const MANY: usize = 500;

/// An idle machine takes less than a second; a debug build under the load of other tests gets more.
const AT_MOST: Duration = if cfg!(debug_assertions) { Duration::from_secs(5) } else { Duration::from_secs(1) };

/// Runs it, tells how long it took, and holds it to the limit.
async fn in_time<T>(what: &str, future: impl Future<Output = T>) -> T {
    let begun = Instant::now();
    let result = future.await;
    let took = begun.elapsed();
    eprintln!("{what}: {} ms", took.as_millis());
    assert!(took < AT_MOST, "{what} took {took:?}");
    result
}

async fn hundreds_at_once(opened: Opened, store: &str) {
    let ledger = opened.ledger().await;
    let many: Vec<String> = (1..=MANY).map(|nth| format!("MANY-{nth:03}")).collect();
    accept(&ledger, &[on("2012-08-20", "WHOLE-1", buy(5)), on("2012-08-20", "OTHER-1", buy(10))]).await;
    accept(&ledger, &many.iter().map(|license| on("2012-08-20", license, buy(10))).collect::<Vec<_>>()).await;

    // One of them is of another holder: none is merged.
    let rename = serde_json::json!({"type": "rename_holder", "name": "АО Вега", "confirm_irreversible": true});
    accept(&ledger, &[on("2012-08-20", "OTHER-1", rename)]).await;
    let before = all_facts(opened.store.as_ref()).await;
    let with_another: Vec<_> = many.iter().cloned().chain(["OTHER-1".to_owned()]).collect();
    let refused = [on("2012-09-20", "WHOLE-1", merge(&with_another))];
    let refused = in_time(&format!("{store}: a merge of 501 refused"), post(&ledger, &refused)).await;
    assert_eq!(refused[0]["violations"][0]["rule"], "VND-7", "{}", refused[0]);
    assert_eq!(all_facts(opened.store.as_ref()).await, before);

    let merged = [on("2012-09-20", "WHOLE-1", merge(&many))];
    in_time(&format!("{store}: a merge of 500"), accept(&ledger, &merged)).await;
    let after = all_facts(opened.store.as_ref()).await;
    assert_eq!(users(&after["WHOLE-1"]), 5005);
    assert!(many.iter().all(|license| after[license].merged_into == Some(super::number("WHOLE-1"))));

    let parts = |users: u32| (1..=MANY).map(|nth| (format!("PART-{nth:03}"), users)).collect::<Vec<_>>();
    accept(&ledger, &[on("2012-09-20", "WHOLE-2", buy(2505))]).await;
    let refused = [on("2012-09-20", "WHOLE-2", split(&parts(10)))];
    let refused = in_time(&format!("{store}: a split into 500 refused"), post(&ledger, &refused)).await;
    assert_eq!(refused[0]["violations"][0]["rule"], "VND-7");
    assert_eq!(all_facts(opened.store.as_ref()).await.len(), MANY + 3);

    let done = [on("2012-09-20", "WHOLE-2", split(&parts(5)))];
    in_time(&format!("{store}: a split into 500"), accept(&ledger, &done)).await;
    let after = all_facts(opened.store.as_ref()).await;
    assert_eq!(users(&after["WHOLE-2"]), 5);
    assert!(parts(5).iter().all(|(part, of)| users(&after[part]) == *of));
    nothing_to_mend(&ledger).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn hundreds_at_once_on_sqlite() {
    hundreds_at_once(Opened::sqlite().await, "SQLite").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn hundreds_at_once_on_postgres() {
    hundreds_at_once(Opened::postgres().await, "PostgreSQL").await;
}
