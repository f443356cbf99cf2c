//! Neither the tree nor what was signed of it can be changed, and a number of it is taken once.

use std::sync::Arc;

use ledger_app::sealing::{init, seal_all};
use ledger_app::store::Store;
use ledger_postgres::PostgresStore;
use ledger_seal::keys::SecretKey;
use ledger_sqlite::SqliteStore;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, Executor, PgPool};
use tempfile::TempDir;
use throwaway_postgres::Server;

use super::history;

const REFUSED: [&str; 9] = [
    "UPDATE tree_hashes SET first = first + 1",
    "UPDATE tree_hashes SET hashes = hashes",
    "DELETE FROM tree_hashes WHERE level = 1",
    "UPDATE seal_keys SET verifier = ''",
    "DELETE FROM seal_keys",
    "UPDATE checkpoints SET note = ''",
    "UPDATE checkpoints SET signed_at = signed_at",
    "DELETE FROM checkpoints",
    "INSERT INTO tree_hashes (level, first, hashes) SELECT level, first, hashes FROM tree_hashes",
];

async fn sealed(store: Arc<dyn Store>) {
    history(&store, 150).await;
    assert!(seal_all(&*store).await.unwrap() > 300);
    let key = SecretKey::new("ledger.example/1", &[1; 32]).unwrap();
    init(&*store, &key, chrono::Utc::now()).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn postgresql_refuses_every_change() {
    let url = Server::shared().await.unwrap().new_database().await.unwrap();
    sealed(Arc::new(PostgresStore::connect(&url).await.unwrap())).await;
    let pool = PgPool::connect(&url).await.unwrap();
    for statement in REFUSED.iter().chain(&["TRUNCATE tree_hashes", "TRUNCATE checkpoints"]) {
        assert!(pool.execute(*statement).await.is_err(), "{statement}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn sqlite_refuses_every_change() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("ledger.db");
    sealed(Arc::new(SqliteStore::open(path.to_str().unwrap()).await.unwrap())).await;
    let mut file = SqliteConnectOptions::new().filename(&path).connect().await.unwrap();
    let replace = ["tree_hashes", "seal_keys", "checkpoints"]
        .map(|table| format!("INSERT OR REPLACE INTO {table} SELECT * FROM {table}"));
    for statement in REFUSED.iter().map(ToString::to_string).chain(replace) {
        assert!(file.execute(statement.as_str()).await.is_err(), "{statement}");
    }
}
