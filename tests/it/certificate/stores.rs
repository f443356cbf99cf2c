//! Every license of a ledger is certified, whatever happened to it: splits, merges, trials, blocks.

use std::sync::Arc;

use chrono::Utc;
use ledger_app::certificate::check;
use ledger_app::edition::GivenFiles;
use ledger_app::ledger::Ledger;
use ledger_app::memory::MemoryStore;
use ledger_app::read::{ListQuery, When};
use ledger_app::sealing::init;
use ledger_app::store::Store;
use ledger_postgres::PostgresStore;
use ledger_seal::keys::SecretKey;
use ledger_sqlite::SqliteStore;
use tempfile::TempDir;
use throwaway_postgres::Server;

use super::ORIGIN;
use crate::seal::history;

/// Days in the life of the example year.
const DAYS: [&str; 3] = ["2011-06-30", "2012-12-31", "2013-07-31"];

/// How many certificates there are: none for a license before its first event.
async fn every_license_is_certified(store: Arc<dyn Store>) -> usize {
    history(&store, 150).await;
    let key = SecretKey::new(ORIGIN, &[7; 32]).unwrap();
    let size = init(&*store, &key, Utc::now()).await.unwrap().checkpoint.size;
    let ledger = Ledger::open(store, GivenFiles::default()).await.unwrap();
    let when = When { today: "2013-07-31".parse().unwrap(), on: None, known_at: None };
    let page = ledger.list(&ListQuery { limit: 1_000, ..ListQuery::default() }, when).await.unwrap();
    let mut made = 0;
    for license in page.items.iter().map(|entitlement| &entitlement.license) {
        for day in DAYS {
            let Some(certificate) = ledger.certificate(license, day.parse().unwrap(), None).await.unwrap() else {
                continue;
            };
            made += 1;
            let proved = check(&certificate, key.verifier(), &ledger.edition().programme.catalog);
            assert_eq!(proved.map(|checkpoint| checkpoint.size), Ok(size), "{license} on {day}");
            let when = When { on: Some(day.parse().unwrap()), ..when };
            assert_eq!(Some(certificate.entitlement), ledger.show(license, when).await.unwrap());
        }
    }
    made
}

#[tokio::test(flavor = "multi_thread")]
async fn every_license_is_certified_on_every_store() {
    let folder = TempDir::new().unwrap();
    let sqlite = SqliteStore::open(folder.path().join("ledger.db").to_str().unwrap()).await.unwrap();
    let postgres = Server::shared().await.unwrap().new_database().await.unwrap();
    let postgres = PostgresStore::connect(&postgres).await.unwrap();
    let in_memory = every_license_is_certified(Arc::new(MemoryStore::new())).await;
    assert!(in_memory > 300, "{in_memory} certificates");
    assert_eq!(every_license_is_certified(Arc::new(sqlite)).await, in_memory);
    assert_eq!(every_license_is_certified(Arc::new(postgres)).await, in_memory);
}
