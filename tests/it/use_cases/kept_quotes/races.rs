//! Two processes at once, on every store.

use std::sync::Arc;

use ledger_app::edition::GivenFiles;
use ledger_app::ledger::Ledger;
use ledger_app::memory::MemoryStore;
use ledger_app::promise::Committed;
use ledger_app::store::{AsOf, Store};
use ledger_postgres::PostgresStore;
use ledger_sqlite::SqliteStore;
use serde_json::{Value, json};
use tempfile::TempDir;
use throwaway_postgres::Server;

use super::super::{buy, command, post};
use super::{DAY, add_plugin, add_users, commit, done, keep};

/// How often each race is run: who wins must not matter.
const RACES: u32 = 8;

/// Two ledgers on one database, as two processes have them.
async fn two(first: impl Store + 'static, second: impl Store + 'static) -> [Arc<Ledger>; 2] {
    let open = async |store: Arc<dyn Store>| {
        Arc::new(Ledger::open(store, GivenFiles::default()).await.expect("the built-in files are good"))
    };
    [open(Arc::new(first)).await, open(Arc::new(second)).await]
}

async fn on_sqlite() -> ([Arc<Ledger>; 2], TempDir) {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("ledger.db");
    let open = async || SqliteStore::open(path.to_str().unwrap()).await.unwrap();
    (two(open().await, open().await).await, folder)
}

async fn on_postgres() -> [Arc<Ledger>; 2] {
    let url = Server::shared().await.unwrap().new_database().await.unwrap();
    let open = async || PostgresStore::connect(&url).await.unwrap();
    two(open().await, open().await).await
}

/// Memory is one process's, which two tasks share.
async fn in_memory() -> [Arc<Ledger>; 2] {
    let store: Arc<dyn Store> = Arc::new(MemoryStore::new());
    let ledger = Arc::new(Ledger::open(store, GivenFiles::default()).await.expect("the built-in files are good"));
    [Arc::clone(&ledger), ledger]
}

/// The command for a license of its own, with an id of its own.
fn on(race: u32, mut command: Value) -> Value {
    let license = format!("RACE-{race}");
    let id = format!("{license} {}", command["command_id"]);
    command["command_id"] = json!(uuid::Uuid::new_v5(&uuid::Uuid::NAMESPACE_OID, id.as_bytes()));
    command["license"] = license.into();
    command
}

async fn history(ledger: &Ledger, race: u32) -> Vec<Value> {
    let license = format!("RACE-{race}").parse().unwrap();
    let history = ledger.history(&license, 0, 100, AsOf::default()).await.unwrap();
    history.iter().map(|event| json!({"type": event.event_type, "by": event.command_id, "data": event.data})).collect()
}

/// Committed by both at once, it is done once, and both are told the same.
async fn both_commit(ledgers: [Arc<Ledger>; 2]) {
    for race in 0..RACES {
        post(&ledgers[0], "2012-01-20", &on(race, command(1, "2012-01-20", buy(25)))).await;
        let quoted = [on(race, add_users(2, 10)), on(race, add_plugin(3))];
        let (quote, promised) = keep(&ledgers[0], DAY, &quoted).await;
        let committing: Vec<_> = (0..4)
            .map(|task| {
                let (ledger, quote) = (Arc::clone(&ledgers[task % 2]), quote.clone());
                tokio::spawn(async move { done(commit(&ledger, DAY, &quote).await) })
            })
            .collect();
        let mut first = 0;
        for task in committing {
            let mut outcomes = task.await.unwrap();
            first += usize::from(outcomes.iter().all(|outcome| outcome["replayed"] == false));
            outcomes.iter_mut().for_each(|outcome| outcome["replayed"] = false.into());
            assert_eq!(outcomes, promised);
        }
        assert_eq!((first, history(&ledgers[1], race).await.len()), (1, 6));
    }
}

/// A command of another process at the same moment: the quote is done exactly as promised, or nothing of it is.
async fn one_competes(ledgers: [Arc<Ledger>; 2]) {
    for race in 0..RACES {
        post(&ledgers[0], "2012-01-20", &on(race, command(1, "2012-01-20", buy(25)))).await;
        let renewal = json!({"type": "renew_swm", "order": "PO-3", "years": 1, "registration": "automatic"});
        let renewal = on(race, command(3, DAY, renewal));
        let (quote, promised) = keep(&ledgers[0], DAY, &[on(race, add_users(2, 10)), renewal]).await;
        let (ledger, other) = (Arc::clone(&ledgers[0]), Arc::clone(&ledgers[1]));
        let committing = tokio::spawn(async move { commit(&ledger, DAY, &quote).await });
        let competing = tokio::spawn(async move { post(&other, DAY, &on(race, add_users(9, 5))).await });
        assert_eq!(competing.await.unwrap()["outcome"], "accepted");
        let history = history(&ledgers[1], race).await;
        match committing.await.unwrap() {
            Committed::Unknown => panic!("it was kept"),
            Committed::Done { .. } => {
                let promised = promised.iter().flat_map(|outcome| outcome["events"].as_array().unwrap());
                for event in promised {
                    let is_there = history.iter().any(|found| found["data"] == event["data"]);
                    assert!(is_there, "{event} is not in {history:?}");
                }
                assert_eq!(history.len(), 2 + 4 + 2);
            }
            Committed::Changed(_) => {
                let of_the_quote =
                    |event: &&Value| ["PO-2", "PO-3"].iter().any(|order| event["data"]["order"] == *order);
                assert_eq!((history.iter().filter(of_the_quote).count(), history.len()), (0, 2 + 2));
            }
        }
    }
}

/// The competitor comes first for certain: the renewal of 25 users was promised, and there are 30.
async fn one_was_faster(ledgers: [Arc<Ledger>; 2]) {
    post(&ledgers[0], "2012-01-20", &on(0, command(1, "2012-01-20", buy(25)))).await;
    let renewal = on(0, command(3, DAY, json!({"type": "renew_swm", "order": "PO-3", "years": 1})));
    let (quote, _) = keep(&ledgers[0], DAY, &[renewal]).await;
    post(&ledgers[1], DAY, &on(0, add_users(9, 5))).await;
    let before = history(&ledgers[0], 0).await;
    for ledger in &ledgers {
        let changed = super::changed(commit(ledger, DAY, &quote).await);
        assert_eq!(super::changes(&changed), [json!(["events", "price"])]);
    }
    assert_eq!(history(&ledgers[1], 0).await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_processes_commit_it_at_once_in_memory() {
    both_commit(in_memory().await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_processes_commit_it_at_once_on_sqlite() {
    let (ledgers, _folder) = on_sqlite().await;
    both_commit(ledgers).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_processes_commit_it_at_once_on_postgres() {
    both_commit(on_postgres().await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_competes_in_memory() {
    one_competes(in_memory().await).await;
    one_was_faster(in_memory().await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_competes_on_sqlite() {
    let (ledgers, _folder) = on_sqlite().await;
    one_competes(ledgers).await;
    let (ledgers, _folder) = on_sqlite().await;
    one_was_faster(ledgers).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_competes_on_postgres() {
    one_competes(on_postgres().await).await;
    one_was_faster(on_postgres().await).await;
}
