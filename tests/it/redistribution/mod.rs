//! Redistribution from outside: whole or not at all, whoever else posts and whatever dies meanwhile.

mod captured;
mod clients;
mod crash;
mod lineage;
mod model;
mod properties;
mod size;
mod staleness;

use std::collections::BTreeMap;
use std::sync::Arc;

use ledger_app::edition::GivenFiles;
use ledger_app::ledger::Ledger;
use ledger_app::memory::MemoryStore;
use ledger_app::store::{AsOf, Filter, Store};
use ledger_domain::license::Facts;
use ledger_domain::values::LicenseNumber;
use ledger_postgres::PostgresStore;
use ledger_sqlite::SqliteStore;
use serde_json::{Value, json};
use tempfile::TempDir;
use throwaway_postgres::Server;
use uuid::Uuid;

use crate::use_cases::{answers, context, lines};

pub(crate) const TODAY: &str = "2013-07-31";

/// A store, with what must stay as long as it is used.
pub(crate) struct Opened {
    pub(crate) store: Arc<dyn Store>,
    _folder: Option<TempDir>,
}

impl Opened {
    pub(crate) fn of(store: Arc<dyn Store>) -> Self {
        Self { store, _folder: None }
    }

    /// The same store, which must not be used for longer than the other is held.
    pub(crate) fn same(other: &Self) -> Self {
        Self::of(Arc::clone(&other.store))
    }

    pub(crate) fn memory() -> Self {
        Self::of(Arc::new(MemoryStore::new()))
    }

    pub(crate) async fn sqlite() -> Self {
        let folder = TempDir::new().expect("a folder");
        let path = folder.path().join("ledger.db");
        let store = SqliteStore::open(path.to_str().expect("a name in UTF-8")).await.expect("a file");
        Self { store: Arc::new(store), _folder: Some(folder) }
    }

    pub(crate) async fn postgres() -> Self {
        let url = Server::shared().await.expect("a server").new_database().await.expect("a database");
        Self::of(Arc::new(PostgresStore::connect(&url).await.expect("a database")))
    }

    async fn ledger(&self) -> Ledger {
        ledger_on(Arc::clone(&self.store)).await
    }
}

pub(crate) async fn ledger_on(store: Arc<dyn Store>) -> Ledger {
    Ledger::open(store, GivenFiles::default()).await.expect("good files")
}

/// Posts the commands as one group; their outcomes.
async fn post(ledger: &Ledger, commands: &[Value]) -> Vec<Value> {
    answers(&ledger.post(&lines(commands), &context(TODAY)).await)
}

/// Posts commands that must all be accepted.
async fn accept(ledger: &Ledger, commands: &[Value]) {
    for outcome in post(ledger, commands).await {
        assert_eq!(outcome["outcome"], "accepted", "{outcome}");
    }
}

/// A command with a new id.
pub(crate) fn on(day: &str, license: &str, command: Value) -> Value {
    json!({"command_id": Uuid::new_v4(), "license": license, "on": day, "command": command})
}

pub(crate) fn buy(users: u32) -> Value {
    json!({"type": "issue_license", "order": "PO-1", "product": "control", "users": users, "registration": "automatic",
        "holder": {"name": "ООО Ромашка"}})
}

fn split(into: &[(String, u32)]) -> Value {
    let into: Vec<_> = into.iter().map(|(license, users)| json!({"license": license, "users": users})).collect();
    json!({"type": "split_license", "into": into, "reason": "two servers", "confirm_irreversible": true})
}

pub(crate) fn merge(from: &[String]) -> Value {
    json!({"type": "merge_licenses", "from": from, "reason": "one server", "confirm_irreversible": true})
}

fn transfer(to: &str, users: u32) -> Value {
    json!({"type": "transfer_users", "to": to, "users": users, "reason": "new office", "confirm_irreversible": true})
}

pub(crate) fn number(text: &str) -> LicenseNumber {
    text.parse().expect("a license number")
}

/// All licenses as they stand.
pub(crate) async fn all_facts(store: &dyn Store) -> BTreeMap<String, Facts> {
    let facts = store.list(&Filter::default(), AsOf::default(), None, 1_000_000).await.expect("the store works");
    facts.into_iter().map(|facts| (facts.license.to_string(), facts)).collect()
}

fn users(facts: &Facts) -> u32 {
    facts.users.map_or(0, ledger_domain::values::Users::count)
}

/// The read models are what the events fold to.
pub(crate) async fn nothing_to_mend(ledger: &Ledger) {
    let mut mended = Vec::new();
    ledger.rebuild(|page| mended.extend(page.mended.clone())).await.expect("a rebuild");
    assert_eq!(mended, Vec::<String>::new());
}

/// A number from the environment: how long, or how often.
fn asked(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).map_or(otherwise, |asked| asked.parse().expect("a number"))
}
