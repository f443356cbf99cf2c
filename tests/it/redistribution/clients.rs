//! Many clients redistribute at once among a few licenses, and name them in any order.
//!
//! `LICENSE_LEDGER_SECONDS` says how long (default 5).

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use ledger_app::ledger::Ledger;
use ledger_app::store::{Store, StoredEvent};
use ledger_postgres::PostgresStore;
use ledger_sqlite::SqliteStore;
use serde_json::Value;
use throwaway_postgres::Server;
use tokio::task::JoinSet;

use super::{all_facts, asked, buy, ledger_on, merge, nothing_to_mend, number, on, post, split, transfer, users};

const CLIENTS: usize = 16;
const POOL: usize = 10;
const BOUGHT: u32 = 100;
const DAY: &str = "2012-08-20";

/// Luck that can be had again: a linear congruential generator, its upper bits.
struct Luck(u64);

impl Luck {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).expect("31 bits") % bound
    }
}

/// What the clients share: who is in the pool, and how many numbers were given. The ledger itself is behind this.
#[derive(Default)]
struct Pool {
    licenses: Mutex<Vec<String>>,
    given: AtomicU64,
}

impl Pool {
    /// A few of the licenses, in any order.
    fn some(&self, count: usize, luck: &mut Luck) -> Vec<String> {
        let mut licenses = self.licenses.lock().expect("no panic").clone();
        (0..count).map(|_| licenses.swap_remove(luck.below(licenses.len()))).collect()
    }

    /// A number; now and then one that another client has just been given.
    fn fresh(&self, luck: &mut Luck) -> String {
        let again = u64::from(luck.below(8) == 0);
        format!("NEW-{}", self.given.fetch_add(1 - again, Ordering::Relaxed).saturating_sub(again))
    }

    /// Puts one license in for another.
    fn replace(&self, old: &str, new: &str) {
        let mut licenses = self.licenses.lock().expect("no panic");
        if let Some(place) = licenses.iter_mut().find(|license| *license == old) {
            new.clone_into(place);
        }
    }
}

/// A command and its outcome.
type Told = (Value, Value);

/// Redistributes until the time is over; what was told.
async fn client(ledger: Ledger, pool: Arc<Pool>, mut luck: Luck, until: Instant) -> Vec<Told> {
    let mut told = Vec::new();
    while Instant::now() < until {
        let named = pool.some(2 + luck.below(3), &mut luck);
        let command = command(&named, &pool, &mut luck);
        let outcome = post(&ledger, std::slice::from_ref(&command)).await.remove(0);
        let is_used_up = outcome["outcome"] == "rejected" || command["command"]["type"] == "merge_licenses";
        told.push((command, outcome));
        // A license that was merged, or that lineage keeps from the others, makes room for a fresh one.
        if is_used_up {
            let fresh = pool.fresh(&mut luck);
            let bought = on(DAY, &fresh, buy(BOUGHT));
            let outcome = post(&ledger, std::slice::from_ref(&bought)).await.remove(0);
            if outcome["outcome"] == "accepted" {
                pool.replace(&named[1], &fresh);
            }
            told.push((bought, outcome));
        }
    }
    told
}

fn command(named: &[String], pool: &Pool, luck: &mut Luck) -> Value {
    let users = |luck: &mut Luck| 5 * u32::try_from(1 + luck.below(3)).expect("few");
    let redistribution = match luck.below(8) {
        0..3 => merge(&named[1..]),
        3 => split(&[(pool.fresh(luck), users(luck)), (pool.fresh(luck) + "-B", users(luck))]),
        _ => transfer(&named[1], users(luck)),
    };
    let mut command = on(DAY, &named[0], redistribution);
    if luck.below(4) == 0 {
        command["expected_version"] = (2 + luck.below(3)).into();
    }
    command
}

/// What the ledger holds is what the clients were told, no more and no less.
async fn holds_what_was_told(store: &dyn Store, told: &[Told]) {
    let mut written: HashMap<String, Vec<(String, StoredEvent)>> = HashMap::new();
    let facts = all_facts(store).await;
    for license in facts.keys() {
        for event in store.history(&number(license), 0, 1_000_000).await.expect("the store works") {
            written.entry(event.command_id.to_string()).or_default().push((license.clone(), event));
        }
    }
    let mut kinds: BTreeMap<String, usize> = BTreeMap::new();
    for (command, outcome) in told {
        let kind = format!("{} {}", command["command"]["type"], outcome["outcome"]);
        *kinds.entry(kind).or_default() += 1;
        let events = written.remove(command["command_id"].as_str().expect("an id")).unwrap_or_default();
        is_whole(outcome, &events);
    }
    eprintln!("{kinds:?}");
    let bought: Vec<_> = written.values().flatten().collect();
    assert!(bought.len() == 2 * POOL, "only the first purchases were nobody's: {bought:?}");
    let accepted = |kind: &str| kinds.get(&format!("\"{kind}\" \"accepted\"")).copied().unwrap_or(0);
    let purchases = u32::try_from(POOL + accepted("issue_license")).expect("few");
    assert_eq!(facts.values().map(users).sum::<u32>(), purchases * BOUGHT, "only purchases make users");
    for kind in ["merge_licenses", "split_license", "transfer_users"] {
        assert!(accepted(kind) > 0, "no {kind} was accepted: {kinds:?}");
    }
}

/// All events of an accepted command are there, and sum to zero; of any other there is none.
fn is_whole(outcome: &Value, written: &[(String, StoredEvent)]) {
    let mut told: Vec<_> = outcome["events"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|event| {
            let license = event["license"].as_str().expect("a number").to_owned();
            (
                license,
                event["sequence"].as_u64().expect("a sequence"),
                event["type"].as_str().expect("a type").to_owned(),
            )
        })
        .collect();
    let mut found: Vec<_> =
        written.iter().map(|(license, event)| (license.clone(), event.sequence, event.event_type.clone())).collect();
    told.sort();
    found.sort();
    assert_eq!(told, found, "{outcome}");
    assert_eq!(outcome["outcome"] == "accepted", !found.is_empty(), "{outcome}");
    let moved: i64 = written.iter().filter_map(|(_, event)| event.event.users_moved()).sum();
    assert_eq!(moved, 0, "{outcome}");
}

/// Each client has a ledger of its own, as a process of its own would.
async fn clients(stores: Vec<Arc<dyn Store>>, seconds: u64) {
    let pool = Arc::new(Pool::default());
    let first = ledger_on(Arc::clone(&stores[0])).await;
    let licenses: Vec<_> = (0..POOL).map(|nth| format!("POOL-{nth}")).collect();
    super::accept(&first, &licenses.iter().map(|license| on(DAY, license, buy(BOUGHT))).collect::<Vec<_>>()).await;
    *pool.licenses.lock().expect("no panic") = licenses;
    let until = Instant::now() + Duration::from_secs(seconds);
    let mut running = JoinSet::new();
    for (nth, store) in (0..).zip(&stores) {
        let ledger = ledger_on(Arc::clone(store)).await;
        running.spawn(client(ledger, Arc::clone(&pool), Luck(nth * 7_919 + 1), until));
    }
    let told: Vec<_> = running.join_all().await.into_iter().flatten().collect();
    holds_what_was_told(stores[0].as_ref(), &told).await;
    nothing_to_mend(&first).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn clients_redistribute_at_once_on_postgres() {
    let server = Server::start().expect("a server");
    let url = server.new_database().await.expect("a database");
    let mut stores: Vec<Arc<dyn Store>> = Vec::new();
    for _ in 0..CLIENTS {
        stores.push(Arc::new(PostgresStore::connect(&url).await.expect("a database")));
    }
    clients(stores, asked("LICENSE_LEDGER_SECONDS", 5)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn clients_redistribute_at_once_on_sqlite() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("ledger.db");
    let mut stores: Vec<Arc<dyn Store>> = Vec::new();
    for _ in 0..4 {
        stores.push(Arc::new(SqliteStore::open(path.to_str().expect("UTF-8")).await.expect("a file")));
    }
    clients(stores, asked("LICENSE_LEDGER_SECONDS", 5).div_ceil(2)).await;
}
